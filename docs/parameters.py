"""The table of the template's parameters in docs/reference/parameters.md."""

import re
from collections.abc import Mapping
from typing import Any

PAGE = "docs/reference/parameters.md"
HEAD = "| parameter | default | |\n|---|---|---|\n"


def filled(page: str, parameters: Mapping[str, Mapping[str, Any]]) -> str:
    """Returns the page with its table of parameters as the template has them."""
    rows = "".join(_row(name, str(one.get("Default", "")), one["Description"]) for name, one in parameters.items())
    return re.sub(rf"{re.escape(HEAD)}(\|.*\n)*", lambda _: HEAD + rows, page)


def _row(name: str, default: str, description: str) -> str:
    return f"| `{name}` | {f'`{default}` ' if default else ''}| {description} |\n"
