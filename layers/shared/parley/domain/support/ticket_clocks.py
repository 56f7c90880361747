"""The clocks of a ticket beside its state: how each fact moves them, when the sweep looks next, and what it then does.

A fact that comes after an instant records in the state that the clock has warned or missed its target. The entry in
the history is the sweep's alone (`Sla.unsaid` waits for it), so there is one place that writes it, and escalates.
"""

from collections.abc import Iterable

from msgspec import Struct
from msgspec.structs import replace

from parley.domain.support import clocks, ticket_steps
from parley.domain.support.clocks import ClockEvent, Fact
from parley.domain.support.desk import PRIORITIES, Desk, Escalation
from parley.domain.support.status import Side
from parley.domain.support.ticket import Sla, StoredTicket

DAY_MS = 24 * 3_600_000
# Entries of one look. A transaction has 100 rows (DynamoDB quotas); more come only if nobody has looked for very long.
MAX_SAID = 20


def opened(ticket: StoredTicket, desk: Desk) -> StoredTicket:
    """Returns a new ticket with its clocks; a desk without targets has none. Words of an agent are a first reply."""
    if not desk.targets:
        return ticket
    terms = desk.terms(ticket.priority, ticket.category)
    started = clocks.start(ticket.created_at_ms, terms)
    if ticket.replied_at_ms is not None:
        said = Fact(at_ms=ticket.created_at_ms, status=ticket.status, message="support")
        started, _ = clocks.advance(started, said, terms)
    return due_exactly(replace(ticket, sla=Sla(clocks=started)), desk)


def moved(
    before: StoredTicket, after: StoredTicket, at_ms: int, desk: Desk, message: Side | None = None
) -> StoredTicket:
    """Returns a ticket's next state with the clocks as a fact leaves them: a message, or what differs in the two.

    While the status stays, the sweep's next look is only ever moved to an earlier time: that saves a write of the
    index for each reply. The sweep moves it on.
    """
    found = replace(after, sla=_advanced(before, after, at_ms, desk, message))
    if after.status != before.status:
        return due_exactly(replace(found, status_at_ms=at_ms, noticed_at_ms=None), desk)
    due_at_s = next_due_s(found, desk)
    if due_at_s is None or (before.due_at_s is not None and before.due_at_s <= due_at_s):
        return found
    return replace(found, due_at_s=due_at_s)


def relisted(ticket: StoredTicket) -> StoredTicket:
    """Returns a ticket that is among the overdue ones if it has missed a target and still waits."""
    return replace(ticket, overdue_since_ms=None if ticket.sla is None else ticket.sla.clocks.overdue_since_ms)


class Look(Struct, frozen=True, kw_only=True):
    """The result of the sweep's look at a ticket: its state `after`, and what goes into its history.

    `said` are the warnings and breaches that are recorded now, by entries that begin after those of the state before;
    `recorded` is the ticket after them and before `after`, which differs if the look has changed the ticket, too.
    `is_noticed` if the requester is told now that the ticket will be closed.
    """

    recorded: StoredTicket
    after: StoredTicket
    said: tuple[ClockEvent, ...] = ()
    is_noticed: bool = False

    @property
    def is_change(self) -> bool:
        """Says whether the look has changed what people see of the ticket."""
        return self.after.version != self.recorded.version


def look(ticket: StoredTicket, now_ms: int, desk: Desk) -> Look:
    """Returns what is due of a ticket: warnings and breaches, an escalation, a notice, its end, its archiving."""
    recorded, said = _recorded(ticket, now_ms, desk)
    recorded = relisted(recorded)
    after, is_noticed = recorded, False
    close_ms, notice_ms, archive_ms = closing_ms(ticket, desk)
    if fields := _escalated(recorded, said, desk):
        after = _changed(recorded, now_ms, desk, **fields)
    elif notice_ms is not None and notice_ms < now_ms:
        after, is_noticed = replace(recorded, noticed_at_ms=now_ms), True
    elif close_ms is not None and close_ms < now_ms:
        after = relisted(_changed(recorded, now_ms, desk, status="closed"))
    elif archive_ms is not None and archive_ms < now_ms:
        after = replace(recorded, archived_at_ms=now_ms)
    return Look(recorded=recorded, after=due_exactly(after, desk), said=said, is_noticed=is_noticed)


def closing_ms(ticket: StoredTicket, desk: Desk) -> tuple[int | None, int | None, int | None]:
    """Returns when a ticket closes itself, when its requester is told so, and when it leaves the queues.

    A notice that comes late moves the end: the requester has all the days that it promises them.
    """
    closing, since_ms = desk.closing, ticket.since_ms
    if ticket.status == "closed" and ticket.archived_at_ms is None:
        return None, None, since_ms + closing.archive_after_days * DAY_MS
    if ticket.status != "resolved" or not closing.resolved_after_days:
        return None, None, None
    close_ms, before_ms = since_ms + closing.resolved_after_days * DAY_MS, closing.notice_before_days * DAY_MS
    if before_ms and ticket.noticed_at_ms is None:
        return close_ms, close_ms - before_ms, None
    return max(close_ms, (ticket.noticed_at_ms or 0) + before_ms), None, None


def next_due_s(ticket: StoredTicket, desk: Desk) -> int | None:
    """Returns the second at which the sweep must look at a ticket: an instant counts when it is over."""
    instants = [each for each in closing_ms(ticket, desk) if each is not None]
    if ticket.sla is not None:
        instants += [event.at_ms for event in ticket.sla.unsaid]
        next_ms = clocks.due_ms(ticket.sla.clocks, desk.terms(ticket.priority, ticket.category))
        instants += [] if next_ms is None else [next_ms]
    if ticket.idle_at_ms is not None and ticket.status != "closed":
        instants.append(ticket.idle_at_ms)
    return min(instants) // 1000 + 1 if instants else None


def due_exactly(ticket: StoredTicket, desk: Desk) -> StoredTicket:
    """Returns a ticket with its next look; at once if it is among the overdue ones and should not be, or the reverse.

    A message cannot see to that itself: it changes no list of the queue.
    """
    due_at_s = next_due_s(ticket, desk)
    if ticket.is_overdue != (ticket.overdue_since_ms is not None):
        due_at_s = ticket.since_ms // 1000 + 1
    return replace(ticket, due_at_s=due_at_s)


def _advanced(
    before: StoredTicket, after: StoredTicket, at_ms: int, desk: Desk, message: Side | None = None
) -> Sla | None:
    if before.sla is None:
        return None
    old, new = (desk.terms(each.priority, each.category) for each in (before, after))
    fact = Fact(at_ms=at_ms, status=after.status, message=message)
    found, come = clocks.advance(before.sla.clocks, fact, old, new)
    return Sla(clocks=found, unsaid=(*before.sla.unsaid, *come))


def _recorded(ticket: StoredTicket, now_ms: int, desk: Desk) -> tuple[StoredTicket, tuple[ClockEvent, ...]]:
    """Returns a ticket with what has come by now as said, and what that is."""
    sla = _advanced(ticket, ticket, now_ms, desk)
    if sla is None:
        return ticket, ()
    said, left = sla.unsaid[:MAX_SAID], sla.unsaid[MAX_SAID:]
    hidden = (ticket.hidden or 0) + len(said)
    found = replace(ticket, sla=Sla(clocks=sla.clocks, unsaid=left), hidden=hidden or None)
    return replace(found, entries=ticket.entries + len(said)), said


def _changed(ticket: StoredTicket, now_ms: int, desk: Desk, **fields: object) -> StoredTicket:
    return moved(ticket, ticket_steps.changed_at(ticket, now_ms, **fields), now_ms, desk)


def _escalated(ticket: StoredTicket, said: tuple[ClockEvent, ...], desk: Desk) -> dict[str, object]:
    """Returns the fields that the desk changes because of what was said of clocks that have not ended yet."""
    if ticket.sla is None:
        return {}
    running = {name for name, clock in ticket.sla.clocks.named().items() if clock.ended_at_ms is None}
    return escalated(ticket, [event for event in said if event.clock in running], desk)


def escalated(ticket: StoredTicket, said: Iterable[ClockEvent], desk: Desk) -> dict[str, object]:
    """Returns the fields that the desk's file changes because of warnings and breaches of one look."""
    fields: dict[str, object] = {}
    for event in said:
        asked = desk.escalations.get(event.kind)
        if asked is not None and event.clock in asked.clocks:
            fields |= _of_escalation(replace(ticket, **fields), asked)
    return {name: value for name, value in fields.items() if value != getattr(ticket, name)}


def _of_escalation(ticket: StoredTicket, asked: Escalation) -> dict[str, object]:
    fields: dict[str, object] = {}
    if asked.priority is not None and PRIORITIES.index(asked.priority) > PRIORITIES.index(ticket.priority):
        fields["priority"] = asked.priority
    if asked.team is not None:
        fields["team"] = asked.team
    if asked.to_nobody:
        fields["assignee_id"] = None
    return fields
