"""The environment that template.yaml gives to every function: read by name, loud when something is missing."""

import os


class MissingVariable(Exception):
    """A variable that template.yaml sets under Globals is not there: the deployment is broken, not the request."""


def required(name: str) -> str:
    """Returns the variable's text; raises MissingVariable where it is not set or empty."""
    value = os.environ.get(name, "")
    if not value:
        raise MissingVariable(f"the environment variable {name} is not set (template.yaml, Globals)")
    return value


def optional(name: str, default: str = "") -> str:
    """Returns the variable's text, or `default` where it is not set or empty (an empty parameter means: not set)."""
    return os.environ.get(name, "") or default
