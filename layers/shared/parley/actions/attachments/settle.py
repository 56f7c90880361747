"""The steps for attachments of messages: into the gallery after a send, deleted after the message's deletion."""

from collections.abc import Iterable

from parley.actions.attachments import endings
from parley.adapters.attachments import attachments, limits, lives, pictures
from parley.adapters.conversations import messages
from parley.adapters.dynamodb import batches, conditions, tables
from parley.domain.attachments import retention
from parley.domain.attachments.attachment import StoredAttachment
from parley.domain.attachments.steps import AttachmentStep

SLACK_MS = 3_600_000  # after the last moment at which a removed message can be restored


def settle_attachments(step: AttachmentStep, now_ms: int) -> None:
    """Does a step. It may come twice, and after the steps of later acts."""
    match step.kind:
        case "sent" | "held":
            settle_sent(step.attachment_ids, step.conversation_id, step.seq, now_ms)
        case "released":
            # One row that cannot be read is reported here, and must not keep the others from their end.
            for attachment_id in attachments.some_readable(step.attachment_ids):
                endings.release(attachment_id, step.seq, now_ms)
            if step.picture_id is not None:
                pictures.delete(step.conversation_id, step.seq, step.picture_id)


def settle_sent(attachment_ids: Iterable[str], conversation_id: str, seq: int, now_ms: int) -> int:
    """Puts the attachments of one message into the gallery, and takes them out of their owner's count.

    If the message is deleted, they end instead: the step that releases them may have been given up. If a moderator has
    removed it, the sweep looks again when it can be restored no more; the gallery leaves them out. Returns how many
    ended. Three round trips for attachments that stay.
    """
    wanted = tuple(attachment_ids)
    for _ in conditions.tries():
        sent, is_shown, held_until_ms = _read(wanted, conversation_id, seq)
        try:
            if is_shown or held_until_ms > now_ms:
                _settle(sent, now_ms, None if is_shown else held_until_ms)
                return 0
            for each in sent:
                endings.end(each, now_ms)
            return len(sent)
        except conditions.LostRace:
            continue
    raise conditions.busy()


def _read(attachment_ids: Iterable[str], conversation_id: str, seq: int) -> tuple[list[StoredAttachment], bool, int]:
    """Returns those attachments that the message carries, whether it shows them, and until when they are held."""
    files = [attachments.key(each) for each in attachment_ids]
    rows = batches.read_rows({tables.File: files, tables.Message: [(conversation_id, seq)]})
    found = attachments.readable(rows, attachment_ids).values()
    sent = [each for each in found if each.seq == seq and each.state == "clean"]
    held_until_ms = messages.restorable_until_ms(rows, conversation_id, seq)
    return sent, messages.is_shown(rows, conversation_id, seq), held_until_ms + SLACK_MS


def _settle(sent: list[StoredAttachment], now_ms: int, held_until_ms: int | None) -> None:
    if not sent:
        return
    counted = sum(each.is_counted for each in sent)
    usage = lives.read_usage(sent[0].user_id).without(counted) if counted else None
    retention_days = limits.retention_days()
    lives.settle([(each, _next_look_s(each, retention_days, held_until_ms)) for each in sent], usage, now_ms)


def _next_look_s(attachment: StoredAttachment, retention_days: int, held_until_ms: int | None) -> int | None:
    """Returns when the sweep looks at an attachment again: at the end of its days, or of the time it is held."""
    ends_s = (retention.kept_until_s(attachment, retention_days), held_until_ms and held_until_ms // 1000)
    return min((end_s for end_s in ends_s if end_s is not None), default=None)
