"""Notes of a ticket: what agents say among themselves. They are a conversation beside it, without its requester."""

from parley.actions import limits, push, screening
from parley.actions.conversations import group_changes
from parley.actions.live import ticket_viewers
from parley.actions.messages import messages
from parley.actions.messages.content import check_content
from parley.actions.messages.messages import HistoryPage
from parley.actions.support.answers import no_ticket
from parley.adapters.conversations import conversations, journal
from parley.adapters.dynamodb import batches, conditions, tables
from parley.adapters.people import account_states, agents
from parley.adapters.support import tickets
from parley.domain.api import ids
from parley.domain.api.errors import Forbidden, NotFound
from parley.domain.api.identity import SERVICE_ROLE
from parley.domain.api.request import Request
from parley.domain.api.requests import Draft, History
from parley.domain.api.types import SentMessage
from parley.domain.conversations.head import Head
from parley.domain.support import note_steps
from parley.domain.support.requests import AddNote
from parley.domain.support.ticket import StoredTicket


def add_note(request: Request, ticket_id: str, wanted: AddNote) -> SentMessage:
    """Writes a note as the caller, an agent, and tells the agents in the notes; a repeat gets the first answer again.

    A note of a ticket that has some is a send: three round trips, and one more if other agents are in the notes. The
    first one makes their conversation: four.
    """
    ids.check_ticket_id(ticket_id, "{ticket_id}")
    _require(request, agents.is_agent)
    draft = Draft(text=wanted.text, client_id=wanted.client_id)
    notes_id = ids.notes_id(ticket_id)
    for _ in conditions.tries():
        try:
            sent = messages.send_message(request, notes_id, draft)
        except NotFound as refusal:
            if refusal.code != "conversation_not_found":
                raise
        else:
            if sent.replayed:
                _tell_again(request, notes_id, sent)
            return sent
        try:
            return _begin(request, ticket_id, draft)
        except conditions.LostRace:
            continue
    raise conditions.busy()


def list_notes(request: Request, ticket_id: str, query: History) -> HistoryPage:
    """Returns a page of a ticket's notes, ascending, to agents and the host's server; an empty one before the first.

    Two round trips, three for the host's own server.
    """
    ids.check_ticket_id(ticket_id, "{ticket_id}")
    _require(request, lambda role: role == SERVICE_ROLE or agents.is_agent(role))
    try:
        return messages.list_messages(request, ids.notes_id(ticket_id), query)
    except NotFound:
        empty = note_steps.no_notes(request, _ticket_with_notes(request, ticket_id)[0])
        return messages.history_page(request, empty, query, lambda *_: [])


def _require(request: Request, allows: account_states.Allows) -> None:
    """Refuses others alike, whatever ticket they name: at once, or with the operation's first read."""
    refusal = Forbidden("agents_only", "Only agents read and write notes.", rule="AgentRoles")
    account_states.require_role(request, allows, refusal)


def _ticket_with_notes(request: Request, ticket_id: str) -> tuple[StoredTicket, Head | None]:
    """Returns a ticket whose notes are open to the caller, an agent, and its conversation; one round trip.

    Raises NotFound if there is no such ticket, and Forbidden to its requester.
    """
    rows = batches.read_rows({tables.Ticket: [tickets.key(ticket_id)], tables.Conversation: [(ticket_id,)]})
    ticket = tickets.of(rows, ticket_id)
    if ticket is None:
        raise no_ticket()
    if ticket.requester_id == request.user_id:
        rule = "the requester of a ticket never sees its notes, also as an agent"
        raise Forbidden("own_ticket", "The notes of your own ticket are closed to you.", rule=rule)
    return ticket, conversations.head_of(rows, ticket_id)


def _begin(request: Request, ticket_id: str, draft: Draft) -> SentMessage:
    """Writes the first note, with the conversation that holds it; three round trips, four if others are told.

    Raises LostRace if another agent was first, or if the ticket has lost its requester meanwhile (an erasure).
    """
    check_content(request, draft)
    (ticket, beside), asked = limits.own_beside(
        request,
        ids.notes_id(ticket_id),
        lambda: _ticket_with_notes(request, ticket_id),
        text=draft.counted,
        always=True,
    )
    screened = screening.screen(request, draft.words)
    step = note_steps.first_note(request, ticket, draft, screened.text)
    step = screening.flagged(request, limits.counted(request, step, asked), screened)
    with conditions.transaction() as transaction:
        journal.put_step(transaction, step, request.now_s)
        tickets.put_requester_check(transaction, ticket)
    note, also = step.new_message, ticket_viewers.agents_in(beside)
    users = group_changes.tell_created(request, step.after, note, also)
    return messages.sent_now(request, note, users)


def _tell_again(request: Request, notes_id: str, sent: SentMessage) -> None:
    """Shows the author's devices the conversation again, if it was this note that has made it; one round trip more.

    The try that made it may have died before it told them.
    """
    if sent.seq != 1:
        return
    head = conversations.head(notes_id)
    if head is not None and head.last_seq == 1 and push.is_news(request, (notes_id, 0), head.created_at_ms):
        group_changes.tell_created(request, head)
