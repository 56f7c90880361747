"""The steps for attachments of messages: into the gallery after a send, deleted after the message's deletion."""

from collections.abc import Iterable

from parley.actions.attachments import endings
from parley.adapters.attachments import attachments, limits, lives
from parley.adapters.dynamodb import conditions
from parley.domain.attachments import retention
from parley.domain.attachments.attachment import StoredAttachment
from parley.domain.attachments.steps import AttachmentStep


def settle_attachments(step: AttachmentStep, now_ms: int) -> None:
    """Does a step. It may come twice, and after the steps of later acts."""
    match step.kind:
        case "sent":
            settle_sent(step.attachment_ids, step.seq, now_ms)
        case "released":
            # One row that cannot be read is reported here, and must not keep the others from their end.
            for attachment_id in attachments.some_readable(step.attachment_ids):
                endings.release(attachment_id, step.seq, now_ms)


def settle_sent(attachment_ids: Iterable[str], seq: int, now_ms: int) -> None:
    """Puts the attachments of one message into the gallery, and takes them out of their owner's count.

    Those that their message has released meanwhile stay out of the gallery. Three round trips.
    """
    wanted = tuple(attachment_ids)
    for _ in conditions.tries():
        sent = [
            each for each in attachments.some_readable(wanted).values() if each.seq == seq and each.state == "clean"
        ]
        if not sent:
            return
        try:
            _settle(sent, now_ms)
        except conditions.LostRace:
            continue
        return
    raise conditions.busy()


def _settle(sent: list[StoredAttachment], now_ms: int) -> None:
    counted = sum(each.is_counted for each in sent)
    usage = lives.read_usage(sent[0].user_id).without(counted) if counted else None
    retention_days = limits.retention_days()
    lives.settle([(each, retention.kept_until_s(each, retention_days)) for each in sent], usage, now_ms)
