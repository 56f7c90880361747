"""The job of the queue that looks at links."""

from msgspec import Struct


class PreviewJob(Struct, frozen=True, kw_only=True):
    """A message whose first link may get a preview, and when it got the link."""

    conversation_id: str
    seq: int
    at_ms: int
