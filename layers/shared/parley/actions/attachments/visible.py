"""The attachments that a user may see: those of messages that they can read, and their own before they are sent."""

from collections.abc import Iterable, Sequence

from parley.actions import access
from parley.adapters.attachments import limits
from parley.adapters.conversations import conversations, messages, personal_marks
from parley.adapters.dynamodb import batches, tables, unreadable
from parley.domain.api import ids
from parley.domain.api.request import Request
from parley.domain.attachments.attachment import StoredAttachment
from parley.domain.conversations.message import StoredMessage


def keys(request: Request, found: Sequence[StoredAttachment]) -> dict[type[tables.Table], Iterable[batches.Key]]:
    """Returns the keys that `is_visible` needs of these attachments: at most four for each."""
    sent = [(each.conversation_id, each.seq) for each in found if each.seq is not None]
    conversation_ids = list(dict.fromkeys(each.conversation_id for each in found))
    with_members = [conversation_id for conversation_id in conversation_ids if ids.has_members(conversation_id)]
    wanted: dict[type[tables.Table], list[batches.Key]] = {
        tables.Conversation: [(conversation_id,) for conversation_id in conversation_ids],
        tables.Membership: [(request.user_id, conversation_id) for conversation_id in with_members],
        tables.Message: list(sent),
        tables.Receipt: [personal_marks.hidden_key(where, request.user_id, seq) for where, seq in sent],
    }
    return {model: its_keys for model, its_keys in wanted.items() if its_keys}


def is_visible(request: Request, rows: batches.Rows, attachment: StoredAttachment) -> bool:
    """Says whether the caller may see an attachment now, whatever its state is.

    Only its owner sees an attachment that is not sent, also before its conversation exists.
    """
    conversation_id, is_own = attachment.conversation_id, attachment.user_id == request.user_id
    head = conversations.head_of(rows, conversation_id)
    if head is None:
        return is_own and attachment.seq is None
    mine = conversations.membership_of(rows, request.user_id, conversation_id)
    if attachment.seq is None:
        return is_own and access.is_admitted(request, head, mine)
    is_reached = access.seen_at(request, head, mine, attachment.seq) is not None
    return is_reached and message_of(request, rows, attachment) is not None


def message_of(request: Request, rows: batches.Rows, attachment: StoredAttachment) -> StoredMessage | None:
    """Returns the message of an attachment, if the caller gets files of it now; None if its row is damaged."""
    return _giving_files(request, rows, attachment.conversation_id, attachment.seq or 0)


def access_message(request: Request, conversation_id: str, seq: int) -> StoredMessage | None:
    """Returns a message that the caller may read, or None if they get no files of it now; one round trip.

    Raises NotFound for all others.
    """
    rows = batches.read_rows(
        {
            tables.Conversation: [(conversation_id,)],
            tables.Membership: [(request.user_id, conversation_id)] if ids.has_members(conversation_id) else [],
            tables.Message: [(conversation_id, seq)],
            tables.Receipt: [personal_marks.hidden_key(conversation_id, request.user_id, seq)],
        }
    )
    head = conversations.head_of(rows, conversation_id)
    mine = conversations.membership_of(rows, request.user_id, conversation_id)
    is_there = rows.has(tables.Message, conversation_id, seq)
    if not is_there or access.seen_at(request, head, mine, seq) is None:
        raise access.no_message()
    return _giving_files(request, rows, conversation_id, seq)


def _giving_files(request: Request, rows: batches.Rows, conversation_id: str, seq: int) -> StoredMessage | None:
    """Returns a message of a batch, if the caller, who may read the conversation, gets files of it now.

    A message is gone if it was deleted for everyone, or by the caller for themselves. Files of an old one are not kept.
    """
    try:
        message = messages.message_of(rows, conversation_id, seq)
        if message is None or personal_marks.is_hidden(rows, conversation_id, request.user_id, seq):
            return None
    except unreadable.ERRORS:
        unreadable.report("Messages", [ids.message_id(conversation_id, seq)])
        return None
    is_kept = message.deleted_at_ms is None and message.keeps_files(limits.files_since_ms(request.now_ms))
    return message if is_kept else None
