"""A frame on its way to one device."""

from msgspec import Struct


class Post(Struct, frozen=True, kw_only=True):
    """A frame for one device of one person, not delivered yet."""

    user_id: str
    connection_id: str
    since_ms: int  # when the connection was made: a young connection may still be connecting
    last_sign_ms: int | None  # when the person was last known to be online, in case this device turns out to be gone
    frame: str
    conversation_id: str | None = None  # the conversation whose members alone may get it


class Unasked(Struct, frozen=True, kw_only=True):
    """An answer that the calling device must get, even if it did not ask for an answer."""


class NotYet(Exception):
    """The device takes nothing now, and may in a moment. A queue should keep the frame."""
