"""The ids under which Parley keeps people."""

import hashlib
import re
from collections.abc import Mapping
from typing import Any

_as_they_are = re.compile(r"[A-Za-z0-9._~@|:+=-]{1,128}")
_escaped = re.compile(r"[^A-Za-z0-9._~@|:+-]")
_of_one = ("id", "user_id", "sender_id", "requester_id", "assignee_id")
_of_many = ("user_ids", "member_ids", "owner_ids", "add", "remove", "mentions")
_everybody = "*"  # of `mentions`

UserId = str | int


def parley_id(user_id: UserId) -> str:
    """Returns the id under which Parley keeps a person: most ids as they are, those with a slash or a space mapped.

    A mapped id stays as it is, so all methods take your own ids and Parley's.
    """
    given = str(user_id)
    if _as_they_are.fullmatch(given):
        return given
    mapped = "~parley.id-" + _escaped.sub(_bytes_of, given)
    return mapped if len(mapped) <= 128 else "~parley.sha256-" + hashlib.sha256(given.encode()).hexdigest()


def _bytes_of(found: re.Match[str]) -> str:
    return "".join(f"={byte:02X}" for byte in found[0].encode())


def with_parley_ids(body: Mapping[str, Any]) -> dict[str, Any]:
    """Returns a body with Parley's ids of the people whom it names."""
    return {name: _mapped(name, value) for name, value in body.items()}


def _mapped(name: str, value: Any) -> Any:
    if name in _of_one and isinstance(value, UserId):
        return parley_id(value)
    if name in _of_many and isinstance(value, list | tuple):
        return [each if each == _everybody else parley_id(each) for each in value]
    return value
