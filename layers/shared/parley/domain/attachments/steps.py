"""The work that follows an act with attachments: the stream finds it, a queue brings it to its function."""

from typing import Literal

from msgspec import Struct


class AttachmentStep(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Attachments of a message that was `sent`, or that their message `released`: it was deleted, say.

    Or that are `held`, because a moderator has removed their message, which can be restored.

    `picture_id` is that of a picture of a preview that a change has taken off the message.

    A step may come twice, and after the steps of later acts.
    """

    kind: Literal["sent", "released", "held"]
    conversation_id: str
    seq: int
    attachment_ids: tuple[str, ...]
    picture_id: str | None = None
