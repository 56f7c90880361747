"""The environment that template.yaml gives to every function: read by name; a missing variable raises an error."""

import os


class MissingVariable(Exception):
    """A variable that the Globals in stacks/ set is not there: the deployment is broken, not the request."""


class WrongVariable(Exception):
    """A variable breaks a promise of template.yaml: the deployment is broken, not the request."""


def required(name: str) -> str:
    """Returns the variable's text; raises MissingVariable if it is not set or empty."""
    value = os.environ.get(name, "")
    if not value:
        raise MissingVariable(f"the environment variable {name} is not set (Globals in stacks/)")
    return value


def optional(name: str, default: str = "") -> str:
    """Returns the variable's text, or `default` if it is not set or empty (an empty parameter means: not set)."""
    return os.environ.get(name, "") or default


def whole_number(name: str, text: str, least: int, most: int) -> int:
    """Returns a variable's number; raises WrongVariable for anything else, or one out of bounds."""
    if not (text.isascii() and text.isdigit() and least <= int(text) <= most):
        raise WrongVariable(f"{name}={text!r} is not a whole number from {least} to {most}")
    return int(text)
