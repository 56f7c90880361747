"""Undoing an import, as long as nobody has used the conversation."""

from collections.abc import Sequence

from parley.actions.people.profiles import require_service
from parley.adapters.conversations import conversations, message_rows
from parley.adapters.dynamodb import batches, conditions, tables
from parley.adapters.live import queues
from parley.adapters.moving import import_rows, ticket_rows
from parley.adapters.support import tickets
from parley.domain.api import ids
from parley.domain.api.request import Request
from parley.domain.attachments.steps import AttachmentStep
from parley.domain.conversations.group_steps import MAX_MEMBERS
from parley.domain.conversations.head import Head
from parley.domain.moving import imports
from parley.domain.moving.imports import Import, UndoAnswer
from parley.domain.moving.requests import OfRun
from parley.domain.moving.tickets import counted
from parley.domain.support.ticket import StoredTicket

MAX_UNDONE = 1_000  # reactions, and messages, that one request deletes


def undo_import(request: Request, conversation_id: str, query: OfRun) -> UndoAnswer:
    """Deletes what a run has imported, or a part of it; says whether all of it is gone, as it is if nothing was there.

    Raises Conflict if the conversation was used since: a message, a change, a marker that moved. The first part takes
    four round trips, one more for each 100 members and for each 25 rows, and hides the conversation. A ticket goes
    after its notes.
    """
    require_service(request, "undo an import", "DELETE /migration/conversations")
    ids.check_conversation_id(conversation_id, "{conversation_id}")
    is_ticket = ids.is_ticket_id(conversation_id)
    notes_id = ids.notes_id(conversation_id)
    keys: dict[type[tables.Table], list[batches.Key]] = {
        tables.Conversation: [(each,) for each in (conversation_id, *((notes_id,) if is_ticket else ()))],
        tables.Ticket: [tickets.key(conversation_id)] if is_ticket else [],
    }
    for _ in conditions.tries():
        rows = batches.read_rows(keys)
        known = import_rows.import_of(rows, conversation_id)
        if known is None:
            return UndoAnswer(conversation_id=conversation_id, done=True)
        ticket = tickets.of(rows, conversation_id) if is_ticket else None
        _check_untouched(known, query.run)
        has_notes = is_ticket and rows.has(tables.Conversation, notes_id)
        if has_notes or (ticket is not None and not ticket.is_as_imported):
            if known.is_being_undone:
                import_rows.restore(known, query.run)
            raise imports.is_live()
        try:
            return UndoAnswer(conversation_id=conversation_id, done=_undo(request, known, query.run, ticket))
        except conditions.LostRace:
            continue
    raise conditions.busy()


def _check_untouched(known: Import, run: str) -> None:
    """Raises Conflict if another run made the conversation, or if it has moved since this one finished it."""
    if known.run != run:
        raise imports.being_imported() if known.is_hidden else imports.is_live()
    head = known.head
    is_moved = known.done_seq not in (None, head.last_seq) or head.last_change_seq or head.is_reported
    if not known.is_being_undone and is_moved:
        raise imports.is_live()


def _undo(request: Request, known: Import, run: str, ticket: StoredTicket | None) -> bool:
    """Deletes a part; the memberships first, so that no list has the conversation, and the head last.

    A ticket goes before the memberships: once it is gone, there is no way back.
    """
    head = known.head
    if not known.is_being_undone:
        import_rows.claim(known, run)
    members = _members(head)
    is_whole = known.done_seq is not None and (ticket is not None or not head.is_ticket)
    if is_whole and not import_rows.are_as_imported(head.conversation_id, members):
        import_rows.restore(known, run)
        raise imports.is_live()
    if ticket is not None:
        ticket_rows.delete_ticket(ticket, counted(ticket, "undone", request.now_ms))
    if head.is_ticket:
        ticket_rows.delete_history(head.conversation_id)
    import_rows.delete_memberships(head.conversation_id, members)
    if not import_rows.delete_marks(head.conversation_id, MAX_UNDONE):
        return False
    found = import_rows.next_messages(head.conversation_id, MAX_UNDONE)
    _release_files(head.conversation_id, found)
    import_rows.delete_messages(head.conversation_id, found)
    if len(found) == MAX_UNDONE:
        return False
    import_rows.delete_head(head, run)
    return True


def _release_files(conversation_id: str, found: Sequence[tables.Message]) -> None:
    """Queues the end of the attachments of these messages; one call for each ten messages that have some."""
    steps = [
        AttachmentStep(
            kind="released", conversation_id=conversation_id, seq=int(row.seq), attachment_ids=attachment_ids
        )
        for row in found
        if (attachment_ids := message_rows.attachment_ids({"attachments": row.attachments}))
    ]
    if steps:
        queues.settle_on(steps)


def _members(head: Head) -> list[str]:
    return list(head.participants) or conversations.member_ids(head.conversation_id, MAX_MEMBERS)
