"""Cursors: the start of a list's next page, as an opaque text that a client hands back."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import TypeVar

import msgspec
from msgspec import Struct

from parley.domain.api.errors import Invalid

Position = TypeVar("Position", bound=Struct)


def encode(position: Struct) -> str:
    """Returns the cursor of a position."""
    return urlsafe_b64encode(msgspec.json.encode(position)).decode().rstrip("=")


def decode(cursor: str | None, kind: type[Position], pointer: str = "?cursor") -> Position | None:
    """Returns the position of a cursor, None for None; raises Invalid if Parley did not make it.

    Fields of a cursor become part of a key, so `kind` must bound every field.
    """
    if cursor is None:
        return None
    try:
        return msgspec.json.decode(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)), type=kind)
    except (ValueError, msgspec.MsgspecError, RecursionError) as error:
        raise unknown(pointer) from error


def unknown(pointer: str = "?cursor") -> Invalid:
    """Returns the refusal of a cursor that Parley did not make."""
    return Invalid.field(pointer, "bad_cursor", "Parley did not make this cursor; start again without one.")
