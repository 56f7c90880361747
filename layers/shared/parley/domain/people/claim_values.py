"""Finds a claim in a token, by its name or by a path, and reads JSON that an issuer wrote."""

import json
from collections.abc import Mapping
from typing import Any, NoReturn

from parley.domain.api.errors import Unauthenticated


class NotStrictJson(Exception):
    """The text is no JSON, is nested too deep, or has an object with one name twice (RFC 7519, 4)."""


def read_json(text: str | bytes) -> Any:
    """Returns what JSON text says; raises NotStrictJson.

    Two readers may take two different values of a name that is there twice, so such a text says nothing for sure.
    """
    try:
        return json.loads(text, object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:
        raise NotStrictJson from error


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise NotStrictJson
    return found


def find(claims: Mapping[str, Any], name: str) -> Any:
    """Returns a claim's value, None if it is not there; raises Unauthenticated if a path leads into a list or a text.

    `name` is a claim's whole name (`https://example.com/role`), or a path with dots (`realm_access.roles`). Of the
    names that begin the path the longest counts, so a claim with the exact name comes first, and a part of a path may
    hold dots itself.
    """
    found: Any = claims
    rest: str | None = name
    while rest is not None and found is not None:
        if not isinstance(found, Mapping):
            refuse(name, "is a path through a value that is not an object")
        step = next((head for head in _heads(rest) if head in found), None)
        if step is None:
            return None
        found = found[step]
        rest = rest[len(step) + 1 :] if len(step) < len(rest) else None
    return found


def _heads(path: str) -> list[str]:
    """Returns the beginnings of a path that end before a dot or at its end, the longest first."""
    parts = path.split(".")
    return [".".join(parts[:length]) for length in range(len(parts), 0, -1)]


def refuse(name: str, wanted: str) -> NoReturn:
    """Raises the refusal of a token for one claim."""
    raise Unauthenticated("token_claims", f"The token's claim `{name}` {wanted}.", claim=name)
