"""Messages in tickets and notes: what each changes of its ticket, in its own transaction, and who is told."""

from functools import partial

from msgspec import Struct
from msgspec.structs import replace

from parley.actions import access, named, push
from parley.actions.conversations import group_changes
from parley.actions.live import ticket_viewers
from parley.actions.parallel import in_parallel
from parley.adapters.conversations import conversations, messages
from parley.adapters.conversations.journal import Beside
from parley.adapters.conversations.messages import Ahead
from parley.adapters.support import desks, tickets
from parley.domain.api.errors import Forbidden
from parley.domain.api.request import Request
from parley.domain.conversations import rights, send_steps
from parley.domain.conversations.head import Head, Membership
from parley.domain.conversations.message import StoredMessage
from parley.domain.conversations.steps import Step
from parley.domain.support import note_steps, roster, ticket_clocks, ticket_steps
from parley.domain.support.ticket import StoredTicket, goes_on_in
from parley.domain.support.ticket_steps import TicketAct


def check_not_merged(ticket: StoredTicket) -> None:
    """Refuses a message in a merged ticket: a follow-up, which a closed one has, would part what was merged."""
    if detail := goes_on_in(ticket):
        raise Forbidden("conversation_closed", detail, rule=rights.NOT_CLOSED.rule)


class OfDesk(Struct, frozen=True):
    """The part of a message that is its ticket's: the rows written beside it, and the state that they leave."""

    beside: Beside
    ticket: StoredTicket


def in_ticket(request: Request, step: Step, ahead: Ahead, act: TicketAct | None = None) -> tuple[Step, OfDesk | None]:
    """Returns a message's step with all that it does to its ticket, and the ticket's own part, if it has one.

    An agent's first message brings them in, and a note the agent who has the ticket. The requester's message opens a
    ticket that waits for them, or is resolved; the agents on duty hear of it if nobody has the ticket. The desk's first
    reply is an entry of the history. With an `act` the message is an agent's, and its entry is always written. No round
    trip.
    """
    if act is not None:
        step = ticket_steps.known_by(step, act.fingerprint)
    if arriving := _arriving(request, step.before, ahead, act):
        step = send_steps.with_agents(step, request, arriving)
    ticket, message = ahead.ticket, step.new_message
    if ticket is None or step.before.is_notes:
        return step, None
    desk, side = desks.current(), message.side
    if side not in ("requester", "support"):
        return step, None
    if act is None:
        after = ticket_steps.after_message(ticket, side, desk, message.created_at_ms)
    else:
        after = ticket_steps.after_act(ticket, act, message.created_at_ms)
    after = ticket_clocks.moved(ticket, after, message.created_at_ms, desk, side)
    if act is not None and after.status != ticket.status:
        after = ticket_clocks.relisted(after)
    step = replace(step, tells_desk=side == "requester" and roster.waits(after))
    if after == ticket:
        return step, None
    if after.entries == ticket.entries:  # only clocks have begun or ended: that is no entry, the messages tell it
        return step, OfDesk(partial(tickets.put_changed, before=ticket, after=after, history=None), after)
    subject = step.before.title or ""
    changes = ticket_steps.changes_between(ticket, after, step.before, subject)
    if changes:
        step = ticket_steps.with_change(step, request, changes, closes=after.status == "closed")
    first_ms = None if after.replied_at_ms == ticket.replied_at_ms else message.created_at_ms - ticket.created_at_ms
    event = "updated" if changes else "responded"
    more = {} if act is None else act.about
    entry = ticket_steps.history_entry(after, request, event, changes, first_response_ms=first_ms, **more)
    return step, OfDesk(partial(tickets.put_changed, before=ticket, after=after, history=entry), after)


def _arriving(request: Request, head: Head, ahead: Ahead, act: TicketAct | None) -> list[str]:
    """Returns the agents whom a message brings in: its author, the one of its act, in notes who has the ticket."""
    arriving = [request.user_id] if access.comes_in(request, ahead.mine) else []
    if act is not None and act.arrives is not None and act.arrives not in arriving:
        arriving.append(act.arrives)
    there = (request.user_id, head.requester_id, *head.participants)
    assignee_id = note_steps.assignee_of(ahead.ticket) if head.is_notes and not head.is_large else None
    if assignee_id is not None and assignee_id not in there:
        arriving.append(assignee_id)
    return arriving


def tell(request: Request, step: Step, of_desk: OfDesk | None, beside_notes: Head | None) -> named.Users:
    """Tells those in a ticket of a message that has changed more than the conversation; returns the people it names."""
    there = {mine.user_id: mine for mine in step.members.added}
    ticket = None if of_desk is None else of_desk.ticket
    also = ticket_viewers.agents_in(beside_notes)
    users = group_changes.tell_news(request, step.after, there, step.messages, step.changes, ticket, also)
    push.remember(step.new_message.message_id)
    return users


def tell_again(request: Request, head: Head, message: StoredMessage, mine: Membership | None) -> named.Users | None:
    """Tells again of a message that has changed its ticket, or brought the caller in; None if it did neither.

    An earlier try may have died before it told. One to three round trips more. Nothing but the message is told again if
    something has changed since.
    """
    first = max(1, head.shared_seq - 1)
    if not head.shared_seq:
        return None
    found, note = in_parallel(
        lambda: messages.changes(head.conversation_id, first, head.shared_seq),
        lambda: messages.get_message(head.conversation_id, message.seq + 1),
    )
    made = [change for change in found if change.message_seq == message.seq]
    if not made:
        return None
    told = [message]
    is_note = note is not None and note.kind == "system"  # none of a change of tags alone
    if note is not None and is_note and message.kind != "system" and made[-1].kind == "ticket_updated":
        told.append(note)
    came = [(user_id, head.conversation_id) for change in made for user_id in change.user_ids]
    there = {} if mine is None else {mine.user_id: mine}
    if any(user_id not in there for user_id, _ in came):
        there |= {user_id: side for (user_id, _), side in conversations.memberships(came).items()}
    users = group_changes.tell_news(request, head, there, told, made)
    push.remember(message.message_id)
    return users
