"""Tickets of the past: the facts that have moved their clocks, read from their messages alone.

A message says on which side it was written, and a system message tells each change of status, priority and category.
So the messages in their order hold all that a replay of the clocks needs. An edited, deleted or removed message is
still a fact: it was written then.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal

from msgspec import Struct
from msgspec.structs import replace

from parley.domain.api.types import Moved, TicketStatus
from parley.domain.support import clocks
from parley.domain.support.clocks import ClockEvent, Fact
from parley.domain.support.desk import Desk, Priority
from parley.domain.support.status import Side, after_message
from parley.domain.support.ticket import StoredTicket

MAX_EXAMINED = 5_000  # rows of the table of tickets that one request looks at
MAX_MESSAGES = 3_000  # messages of all tickets of a page together; a ticket that has more is left out

Reason = Literal["imported", "own_ticket", "too_long", "unreadable"]


class PastMessage(Struct, frozen=True, kw_only=True):
    """A message of a past ticket: who has written it, and the changes that it tells, if it is a system message.

    `text` is that of now, and empty unless it was asked for. `is_system` of a system message, also of one that tells no
    change of these.
    """

    seq: int
    at_ms: int
    side: Side | Literal["system"] | None
    changes: Mapping[str, Moved] = {}
    sender_id: str = ""
    is_system: bool = False
    text: str = ""


class PastFact(Struct, frozen=True, kw_only=True):
    """Something that happened to a past ticket, and what it was from then on."""

    at_ms: int
    status: TicketStatus
    priority: Priority
    category: str
    message: Side | None = None
    seq: int = 0

    @property
    def of_clocks(self) -> Fact:
        """Returns the fact as the clocks take it."""
        return Fact(at_ms=self.at_ms, status=self.status, message=self.message)


class LeftOut(Struct, frozen=True, kw_only=True):
    """A ticket of which nothing is said, and why.

    `imported`: the desk promised nothing for it. `own_ticket`: the caller is its requester. `too_long`: it has more
    messages than a request reads. `unreadable`: a row of it is damaged.
    """

    ticket_id: str
    number: str
    reason: Reason


def left_out(ticket: StoredTicket, rows: int | None, user_id: str, most: int) -> Reason | None:
    """Returns why a ticket of so many rows is left out; None if they are to be read. A page reads `most` of them."""
    if ticket.requester_id == user_id:
        return "own_ticket"
    if ticket.imported_entries is not None:
        return "imported"
    if rows is None:
        return "unreadable"
    return "too_long" if rows > most else None


def facts_of(ticket: StoredTicket, messages: Sequence[PastMessage]) -> Iterator[PastFact]:
    """Yields the facts of a ticket in their order; the first one is its opening."""
    now = _opening(ticket, messages)
    yield now
    for message in after_opening(ticket, messages):
        if message.side in ("requester", "support"):
            # The system message after it tells the same: it was one act, and is one fact.
            after = after_message(now.status, message.side)
            now = replace(now, at_ms=message.at_ms, status=after, message=message.side, seq=message.seq)
            yield now
        elif moved := _moved(now, message.changes):
            now = replace(now, at_ms=message.at_ms, message=None, seq=message.seq, **moved)
            yield now


def _opening(ticket: StoredTicket, messages: Sequence[PastMessage]) -> PastFact:
    """Returns the first fact: a new ticket is open, and has what its first changes say that it had."""
    first: dict[str, Any] = {"priority": ticket.priority, "category": ticket.category}
    for message in reversed(messages):
        first |= {name: moved.before for name, moved in message.changes.items() if name in first and moved.before}
    is_answer = ticket.source_message_id is None and bool(messages) and messages[0].side == "support"
    return PastFact(at_ms=ticket.created_at_ms, status="open", message="support" if is_answer else None, seq=1, **first)


def after_opening(ticket: StoredTicket, messages: Sequence[PastMessage]) -> Sequence[PastMessage]:
    """Returns the messages after those that opened a ticket: one, or all that were taken over at that moment."""
    if ticket.source_message_id is None:
        return messages[1:]
    return messages[sum(1 for message in messages if message.at_ms <= ticket.created_at_ms) :]


def _moved(now: PastFact, changes: Mapping[str, Moved]) -> dict[str, Any]:
    """Returns the fields of a fact that a system message changes."""
    names = ("status", "priority", "category")
    found = {name: changes[name].after for name in names if name in changes}
    return {name: value for name, value in found.items() if value is not None and value != getattr(now, name)}


def simulated(facts: Iterable[PastFact], desk: Desk, now_ms: int) -> list[ClockEvent]:
    """Returns the warnings and breaches that a desk's clocks would have told of a ticket by now, in their order.

    It is the live engine's own fold (`clocks.py`). The changes are those that happened: of this desk's escalations
    none is done.
    """
    first, *others = facts
    terms = desk.terms(first.priority, first.category)
    found, told = clocks.start(first.at_ms, terms), list[ClockEvent]()
    if first.message is not None:
        found, _ = clocks.advance(found, first.of_clocks, terms)
    for each in others:
        after = desk.terms(each.priority, each.category)
        found, come = clocks.advance(found, each.of_clocks, terms, after)
        told.extend(come)
        terms = after
    told.extend(clocks.advance(found, Fact(at_ms=now_ms, status=found.status), terms)[1])
    return told
