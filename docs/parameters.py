"""The table of the template's parameters in docs/reference/parameters.md."""

import re
from collections.abc import Mapping
from typing import Any

PAGE = "docs/reference/parameters.md"
HEAD = "| parameter | default | allowed | |\n|---|---|---|---|\n"


def filled(page: str, parameters: Mapping[str, Mapping[str, Any]]) -> str:
    """Returns the page with its table of parameters as the template has them."""
    rows = "".join(_row(name, one) for name, one in parameters.items())
    return re.sub(rf"{re.escape(HEAD)}(\|.*\n)*", lambda _: HEAD + rows, page)


def allowed(parameter: Mapping[str, Any]) -> str:
    """Returns the values that CloudFormation accepts: a list, or bounds; empty if only a form is asked for, or none."""
    if "AllowedValues" in parameter:
        return ", ".join(f"`{value}`" for value in parameter["AllowedValues"])
    least, most = parameter.get("MinValue"), parameter.get("MaxValue")
    if least is None and most is None:
        return ""
    return f"{least:,} to {most:,}" if most is not None else f"at least {least:,}"


def _row(name: str, parameter: Mapping[str, Any]) -> str:
    cells = f"`{name}`", _code(str(parameter.get("Default", ""))), allowed(parameter), parameter["Description"]
    return "".join(f"| {cell} " if cell else "| " for cell in cells) + "|\n"


def _code(text: str) -> str:
    return f"`{text}`" if text else ""
