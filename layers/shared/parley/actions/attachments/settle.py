"""The steps for attachments of messages: into the gallery after a send, deleted after the message's deletion."""

from collections.abc import Iterable

from parley.actions.attachments import endings
from parley.adapters.attachments import attachments, limits, lives
from parley.adapters.conversations import messages
from parley.adapters.dynamodb import batches, conditions, tables
from parley.domain.attachments import retention
from parley.domain.attachments.attachment import StoredAttachment
from parley.domain.attachments.steps import AttachmentStep


def settle_attachments(step: AttachmentStep, now_ms: int) -> None:
    """Does a step. It may come twice, and after the steps of later acts."""
    match step.kind:
        case "sent":
            settle_sent(step.attachment_ids, step.conversation_id, step.seq, now_ms)
        case "released":
            # One row that cannot be read is reported here, and must not keep the others from their end.
            for attachment_id in attachments.some_readable(step.attachment_ids):
                endings.release(attachment_id, step.seq, now_ms)


def settle_sent(attachment_ids: Iterable[str], conversation_id: str, seq: int, now_ms: int) -> int:
    """Puts the attachments of one message into the gallery, and takes them out of their owner's count.

    If the message is deleted, they end instead: the step that releases them may have been given up. Returns how many
    ended. Three round trips for attachments that stay.
    """
    wanted = tuple(attachment_ids)
    for _ in conditions.tries():
        sent, is_shown = _read(wanted, conversation_id, seq)
        try:
            if is_shown:
                _settle(sent, now_ms)
                return 0
            for each in sent:
                endings.end(each, now_ms)
            return len(sent)
        except conditions.LostRace:
            continue
    raise conditions.busy()


def _read(attachment_ids: Iterable[str], conversation_id: str, seq: int) -> tuple[list[StoredAttachment], bool]:
    """Returns those attachments that the message carries, and whether it shows them."""
    files = [attachments.key(each) for each in attachment_ids]
    rows = batches.read_rows({tables.File: files, tables.Message: [(conversation_id, seq)]})
    found = attachments.readable(rows, attachment_ids).values()
    sent = [each for each in found if each.seq == seq and each.state == "clean"]
    return sent, messages.is_shown(rows, conversation_id, seq)


def _settle(sent: list[StoredAttachment], now_ms: int) -> None:
    if not sent:
        return
    counted = sum(each.is_counted for each in sent)
    usage = lives.read_usage(sent[0].user_id).without(counted) if counted else None
    retention_days = limits.retention_days()
    lives.settle([(each, retention.kept_until_s(each, retention_days)) for each in sent], usage, now_ms)
