"""A frame on its way to one device."""

from msgspec import Struct


class Post(Struct, frozen=True, kw_only=True):
    """A frame that one device of one person should still get."""

    user_id: str
    connection_id: str
    since_ms: int  # when the connection was made: a young one may still be connecting
    last_sign_ms: int | None  # when the person was last known to be there, should this device turn out to be gone
    frame: str
    conversation_id: str | None = None  # whose members alone may get it


class Unasked(Struct, frozen=True, kw_only=True):
    """An answer that the calling device must get, even if it has not asked for one."""


class NotYet(Exception):
    """The device takes nothing now, and may in a moment: what a queue holds should stay there."""
