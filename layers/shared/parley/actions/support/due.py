"""The sweep of tickets: warnings and breaches of clocks, escalations, the notice before the end, the end, archiving.

All that is due of a ticket is recorded in one transaction, under the condition that the ticket is as it was read. So
nothing is recorded twice, however often the sweep looks; and a ticket stays due until all is told.
"""

from collections.abc import Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace
from pynamodb.transactions import TransactWrite

from parley.actions import access, named, push, sweep
from parley.actions.conversations import group_changes
from parley.actions.support import firing, walking
from parley.actions.support.firing import Acts
from parley.actions.sweep import Run, Sweep
from parley.adapters.conversations import conversations, journal, messages
from parley.adapters.dynamodb import batches, conditions, tables
from parley.adapters.support import desks, tickets
from parley.domain.api.identity import DESK
from parley.domain.api.outbox import OutboxEntry
from parley.domain.api.request import Request
from parley.domain.conversations.head import Head
from parley.domain.conversations.named import in_event
from parley.domain.conversations.steps import Step
from parley.domain.live.sweeps import Key
from parley.domain.support import ticket_clocks, ticket_steps
from parley.domain.support.clocks import ClockEvent
from parley.domain.support.events import ticket_sla
from parley.domain.support.ticket import StoredTicket
from parley.domain.support.ticket_clocks import Look

# A hundred each, so 300 tickets a second with those that the run does itself: an entry of `overdue=1`, or of a
# priority, takes 2 of the 1,000 write units that one key has a second (DynamoDB quotas).
JOBS_A_SECOND = 3


class Due(Struct, frozen=True):
    """A ticket that is due, and its conversation."""

    ticket: StoredTicket
    head: Head


def sweep_tickets(request: Request, run: Run) -> int:
    """Looks at the tickets that are due; returns at how many. Jobs of the queue look at all but the first hundred.

    Before that it walks on through the open tickets if the desk has new idle rules (`walking.py`).
    """
    run.attempt(lambda: walking.walk_open_tickets(request, run))
    return sweep.sweep_due(request, run, SWEEP)


def _sweep_ticket(request: Request, run: Run, key: Key, read: Due | None) -> int:
    """Looks at one ticket; returns 1, or 0 if it is not due any more."""
    for _ in conditions.tries():
        found = read or _read([key]).get(key)
        read = None
        if found is None or found.ticket.due_at_s is None or found.ticket.due_at_s > request.now_s:
            return 0  # another run has looked, or a reply has stopped the clock
        try:
            _look_after(access.as_desk(request.now_ms, request.request_id), found)
        except conditions.LostRace:
            continue
        return 1
    return 0  # the next minute's sweep does it


def _read(keys: Sequence[Key]) -> Mapping[Key, Due]:
    """Returns the tickets of these ids that exist and can be read, with their conversations; one round trip."""
    ticket_ids = [key[0] for key in keys]
    rows = batches.read_rows(
        {
            tables.Ticket: [tickets.key(ticket_id) for ticket_id in ticket_ids],
            tables.Conversation: [(ticket_id,) for ticket_id in ticket_ids],
        }
    )
    states, heads = tickets.readable(rows, ticket_ids), conversations.readable_heads(rows, ticket_ids)
    return {
        (ticket_id,): Due(states[ticket_id], heads[ticket_id])
        for ticket_id in ticket_ids
        if ticket_id in states and ticket_id in heads
    }


def _look_after(request: Request, found: Due) -> None:
    """Does what is due of a ticket; raises LostRace if the ticket has changed meanwhile.

    A move of the next look alone is one round trip, two if a try before it may have died before it told of its change.
    Warnings and breaches are two with their agents' devices, told before they are written: a kill then tells twice. A
    change is written, told, and only then is the ticket no longer due: five round trips.
    """
    desk = desks.current()
    looked = ticket_clocks.look(found.ticket, request.now_ms, desk)
    acts = firing.at_look(request, found.ticket, found.head, looked, desk)
    _tell_clocks(request, found.head, looked)
    step = _step(request, found.head, looked, acts, desk.closing.notice)
    if step is None:
        _record(request, found, looked, acts)
        return
    kept = replace(acts.after, due_at_s=found.ticket.due_at_s)
    journal.write(step, request.now_s, lambda transaction: _put(transaction, request, found, looked, acts, kept))
    there = {mine.user_id: mine for mine in step.members.added}
    group_changes.tell_news(request, step.after, there, step.messages, step.changes, kept)
    tickets.move_due(kept, acts.after.due_at_s)


def _record(request: Request, found: Due, looked: Look, acts: Acts) -> None:
    """Writes what changes nothing that people see: entries of clocks and rules, queues, the next look."""
    before = found.ticket
    if replace(acts.after, due_at_s=before.due_at_s, idle_at_ms=before.idle_at_ms, fired=before.fired) == before:
        _tell_again(request, found)
    if replace(acts.after, due_at_s=before.due_at_s, idle_at_ms=before.idle_at_ms) == before:
        if acts.after.idle_at_ms == before.idle_at_ms:
            tickets.move_due(before, acts.after.due_at_s)
        else:
            tickets.move_idle(before, acts.after)
        return
    with conditions.transaction() as transaction:
        _put(transaction, request, found, looked, acts, acts.after)


def _put(
    transaction: TransactWrite, request: Request, found: Due, looked: Look, acts: Acts, after: StoredTicket
) -> None:
    """Adds the ticket's next state and the entries of its history: two write units for each row."""
    said = [_entry(request, found.ticket, number, event) for number, event in enumerate(looked.said, start=1)]
    change = None
    if looked.is_change:
        subject = found.head.title or ""
        changes = ticket_steps.changes_between(looked.recorded, looked.after, found.head, subject)
        escalated = True if "status" not in changes else None  # or closed; an agent's turn may come after it
        change = ticket_steps.history_entry(looked.after, request, "updated", changes, escalated=escalated)
    more = [*said, *acts.entries(request, looked.after.hidden)]
    tickets.put_changed(transaction, before=found.ticket, after=after, history=change, more=more)


def _entry(request: Request, before: StoredTicket, number: int, event: ClockEvent) -> OutboxEntry:
    """Returns the entry of a warning or a breach, with the ticket as it was then: who had it, for the figures."""
    at = replace(before, entries=before.entries + number, hidden=(before.hidden or 0) + number)
    return ticket_steps.history_entry(at, request, f"sla_{event.kind}", clock=event.clock, at_ms=event.at_ms)


def _step(request: Request, head: Head, looked: Look, acts: Acts, notice: str) -> Step | None:
    """Returns the step of what people see: a change with its system message, messages, the notice; None for nothing."""
    if looked.is_noticed and not acts.firings:
        return ticket_steps.notice(request, head, notice)
    texts = [*([notice] if looked.is_noticed else []), *acts.texts]
    changes = ticket_steps.changes_between(looked.recorded, acts.after, head, head.title or "")
    return ticket_steps.acts_of_desk(request, head, acts.after, texts, changes, acts.arrives)


def _tell_again(request: Request, found: Due) -> None:
    """Tells again of the sweep's last change, or notice: the try that wrote it may have died before it told."""
    head, noticed_at_ms = found.head, found.ticket.noticed_at_ms
    change = push.untold_change(request, head.conversation_id, head.shared_seq)
    if change is not None and change.user_id == DESK and change.kind == "ticket_updated":
        firing.tell_made(request, head, change)
        return
    what = (head.conversation_id, "notice")
    if noticed_at_ms is not None and push.is_news(request, what, noticed_at_ms):
        message = messages.get_message(head.conversation_id, head.last_seq)
        if message is not None and message.sender_id == DESK:
            group_changes.tell_news(request, head, {}, (message,), ())


def _tell_clocks(request: Request, head: Head, looked: Look) -> None:
    """Tells the agents in a ticket of its warnings and breaches: never the requester. One or two round trips."""
    people = [user_id for user_id in head.participants if user_id != head.requester_id]
    if not people or not looked.said:
        return
    told = [ticket_sla(event, head, looked.recorded) for event in looked.said]
    devices, users = named.naming(request, in_event(told[0]), lambda: push.devices_of(people))
    talk = [push.Told(people, push.naming_frames_of(event, users), head.conversation_id) for event in told]
    push.tell_all(request, talk, devices)


SWEEP = Sweep[Due](
    kind="tickets",
    names=("ticket_id",),
    due=lambda request: tickets.due(request.now_s),
    read=_read,
    sweep_one=_sweep_ticket,
    put_off=lambda request, key: tickets.put_off(key[0], request.now_s),
    jobs_a_second=JOBS_A_SECOND,
)
