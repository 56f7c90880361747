"""Put the attachments of a sent message into the gallery, or delete those of a deleted one."""

from parley.actions.attachments import settle
from parley.domain.attachments.steps import AttachmentStep
from parley.triggers.queue import queue


@queue(AttachmentStep)
def handler(step: AttachmentStep, now_ms: int) -> None:
    settle.settle_attachments(step, now_ms)
