"""The job of the queue that looks at links."""

from msgspec import Struct

from parley.domain.api.types import PreviewImage

LOOK = "preview"  # the follow-up of an edit that brings a link
_DROP = "picture:"  # what the follow-up of a change begins with that takes a picture off its message; its id follows


class PreviewJob(Struct, frozen=True, kw_only=True):
    """A message whose first link may get a preview, and when it got the link.

    With `picture` the scanner has found the picture of its page clean.
    """

    conversation_id: str
    seq: int
    at_ms: int
    picture: PreviewImage | None = None


def drop(picture_id: str) -> str:
    """Returns the follow-up of a change that takes a picture off."""
    return f"{_DROP}{picture_id}"


def dropped(follow_up: str) -> str | None:
    """Returns the id of the picture that a follow-up takes off; None if it is another one."""
    return follow_up.removeprefix(_DROP) if follow_up.startswith(_DROP) else None


def is_of_preview(follow_up: str) -> bool:
    """Says whether a follow-up concerns a preview, and not the members."""
    return follow_up == LOOK or follow_up.startswith(_DROP)
