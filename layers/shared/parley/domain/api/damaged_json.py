"""Reads a field of a JSON object that no parser takes: cut off, nested too deep, or with half a surrogate pair."""

import json
import re

from parley.domain.api.fields import is_unicode

# A text, closed or not, or one sign. The loop gives nothing back and an open text reaches the end, so it looks at each
# character once.
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)|[{}\[\]:,]', re.DOTALL)


def text_member(raw: str, name: str) -> str | None:
    """Returns the text under `name` in the outermost object, in linear time; None if it has none.

    If the name occurs twice, the last one counts, as in `bodies.decode`.
    """
    found: str | None = None
    depth, text, key = 0, "", ""
    for token in _TOKEN.finditer(raw):
        sign = token[0]
        if sign == ":":
            key = text if depth == 1 else ""
            found = None if _read(key) == name else found
        elif sign in "{[]},":
            depth += (sign in "{[") - (sign in "]}")
            text, key = "", ""
        elif depth == 1:
            text = sign
            found = _read(text) if _read(key) == name else found
            key = ""
    return found


def _read(token: str) -> str | None:
    """Returns the content of a text in quotes; None if JSON does not allow it, or UTF-8 cannot write it."""
    try:
        text = json.loads(token)
    except ValueError:
        return None
    return text if isinstance(text, str) and is_unicode(text) else None
