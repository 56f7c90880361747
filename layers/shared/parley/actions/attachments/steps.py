"""The work that follows messages with attachments, begun by the stream."""

from collections.abc import Mapping
from typing import Any, Literal

from parley.adapters.conversations import message_rows
from parley.adapters.live import queues
from parley.domain.api import ids
from parley.domain.attachments.steps import AttachmentStep
from parley.domain.previews.job import dropped


def start_attachment_steps(row: Mapping[str, Any]) -> None:
    """Queues a step if the row is a message with attachments, or says that a message has released some.

    Also if it is a change that has taken the picture of a preview off its message. One call of the queue.
    """
    step = _step_of(row) or _step_of_picture(row)
    if step is not None:
        queues.settle_on([step])


def _step_of_picture(row: Mapping[str, Any]) -> AttachmentStep | None:
    conversation_id, _, what = row["conversation_id"].partition("#")
    follow_ups = row.get("errands", "").split(",") if what == "c" else ()
    for picture_id in filter(None, map(dropped, follow_ups)):
        seq = int(row["change"]["message_seq"])
        return AttachmentStep(
            kind="released", conversation_id=conversation_id, seq=seq, attachment_ids=(), picture_id=picture_id
        )
    return None


def _step_of(row: Mapping[str, Any]) -> AttachmentStep | None:
    if row.get("outbox") == "attachments_released":
        conversation_id, seq = ids.split_message_id(row["conversation_id"].rpartition("#")[2], "")
        released = tuple(row["about"]["attachment_ids"])
        kind: Literal["released", "held"] = "held" if row["about"].get("is_held") else "released"
        return AttachmentStep(kind=kind, conversation_id=conversation_id, seq=seq, attachment_ids=released)
    sent = message_rows.attachment_ids(row) if "kind" in row else ()
    if not sent:
        return None
    return AttachmentStep(kind="sent", conversation_id=row["conversation_id"], seq=row["seq"], attachment_ids=sent)
