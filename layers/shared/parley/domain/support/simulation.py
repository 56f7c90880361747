"""Simulations of promises: the policy that a request names, and what its clocks would have told of past tickets."""

from collections.abc import Sequence
from typing import Annotated, Literal

from msgspec import Meta, Struct, to_builtins
from msgspec.structs import replace

from parley.domain.api.errors import Field, Invalid
from parley.domain.api.requests import Body, Cursor, DayOrTime, Limit
from parley.domain.api.times import rfc3339
from parley.domain.api.types import TicketStatus
from parley.domain.support import policy
from parley.domain.support.clocks import ClockEvent, ClockEventKind, ClockName
from parley.domain.support.desk import CLOCKS, Desk, Priority
from parley.domain.support.desk_file import MAX_NAMES
from parley.domain.support.hours import Hours
from parley.domain.support.past import LeftOut
from parley.domain.support.policy import MAX_HOLIDAYS
from parley.domain.support.requests import CategoryName
from parley.domain.support.ticket import StoredTicket

MAX_TEXT_CHARACTERS = 20  # of a span, a day or a duration; `policy.py` says what is wrong with a shorter one

HoursKey = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "holidays"]
_Text = Annotated[str, Meta(max_length=MAX_TEXT_CHARACTERS)]
_Texts = Annotated[list[_Text], Meta(max_length=MAX_HOLIDAYS)]
_Target = dict[ClockName, _Text]
_Targets = Annotated[dict[CategoryName, _Text | _Target], Meta(max_length=MAX_NAMES + len(CLOCKS))]


class SlaPolicy(Body, frozen=True, kw_only=True):
    """The promises to simulate, as the desk's file says them; what is left out is the desk's own.

    `hours` are spans by weekday, `["09:00-17:00"]`, and `holidays` days; `{}` is around the clock. `targets` are
    durations by priority and clock, `{"urgent": {"first_response": "1h"}}`, and by category below that.
    """

    time_zone: Annotated[str, Meta(max_length=64)] | None = None
    hours: dict[HoursKey, _Texts] | None = None
    targets: dict[Priority, _Targets] | None = None
    warn_percent: Annotated[int, Meta(ge=1, le=100)] | None = None


class SimulateSla(Body, frozen=True, kw_only=True, rename={"since": "from"}):
    """POST /support/sla/simulate: a policy, and the tickets that were opened from one time to before another."""

    policy: SlaPolicy = SlaPolicy()
    since: DayOrTime | None = None
    to: DayOrTime | None = None
    cursor: Cursor | None = None
    limit: Limit = 50


class SimulatedEvent(Struct, frozen=True, kw_only=True):
    """A warning or a breach that the policy would have told, at its own instant."""

    clock: ClockName
    kind: ClockEventKind
    at: str


class SimulatedTicket(Struct, frozen=True, kw_only=True):
    """A past ticket as it is now, and what the policy would have told of it, in the order of time."""

    ticket_id: str
    number: str
    status: TicketStatus
    priority: Priority
    category: str
    created_at: str
    merged_into: str | None
    events: list[SimulatedEvent]


class ClockCounts(Struct, frozen=True, kw_only=True):
    """The events of each clock."""

    first_response: int
    next_response: int
    resolution: int


class SimulationCounts(Struct, frozen=True, kw_only=True):
    """The sums of a page: its tickets, those with a breach, and the events by clock."""

    tickets: int
    breached: int
    warnings: ClockCounts
    breaches: ClockCounts


class Simulation(Struct, frozen=True, kw_only=True):
    """A page of past tickets under a policy, in no order that tells anything.

    It may hold fewer than `limit`, or none: only without `next` it is the last. `total` counts the page alone.
    """

    tickets: list[SimulatedTicket]
    left_out: list[LeftOut]
    total: SimulationCounts
    next: str | None


def desk_under(wanted: SlaPolicy, desk: Desk, pointer: str) -> Desk:
    """Returns the desk with the promises of a policy; raises Invalid for a mistake, with the pointer of its place."""
    try:
        hours = _hours(wanted, desk)
        targets = desk.targets
        if wanted.targets is not None:
            targets = policy.targets_of(to_builtins(wanted.targets), hours, desk.categories)
        else:
            _check_own_targets(desk, hours)
    except policy.Mistake as mistake:
        place = "/".join((pointer, *mistake.path))
        fields = (Field(place, mistake.code, mistake.limit),)
        raise Invalid("invalid_request", f"{mistake}.", fields=fields) from None
    percent = desk.warn_percent if wanted.warn_percent is None else wanted.warn_percent
    return replace(desk, hours=hours, targets=targets, warn_percent=percent, escalations={})


def _hours(wanted: SlaPolicy, desk: Desk) -> Hours:
    """Returns the hours of a policy: with another time zone alone the desk's own week, in that zone."""
    time_zone = desk.hours.time_zone if wanted.time_zone is None else wanted.time_zone
    if wanted.hours is not None:
        return policy.hours_of(time_zone, to_builtins(wanted.hours))
    policy.check_time_zone(time_zone)
    return replace(desk.hours, time_zone=time_zone)


def _check_own_targets(desk: Desk, hours: Hours) -> None:
    """Raises Mistake if the desk's own targets are too long for other hours."""
    longest = max((each.longest_ms for each in desk.targets.values()), default=0)
    if longest > policy.minutes_a_year(hours) * 60_000:
        raise policy.Mistake("A target of the desk's own is more than these hours are open in a year", "hours")


def seen(ticket: StoredTicket, events: Sequence[ClockEvent]) -> SimulatedTicket:
    """Returns a ticket with its events, as the caller sees them."""
    return SimulatedTicket(
        ticket_id=ticket.ticket_id,
        number=ticket.number,
        status=ticket.status,
        priority=ticket.priority,
        category=ticket.category,
        created_at=rfc3339(ticket.created_at_ms),
        merged_into=ticket.merged_into,
        events=[SimulatedEvent(clock=each.clock, kind=each.kind, at=rfc3339(each.at_ms)) for each in events],
    )


def counts_of(tickets: Sequence[SimulatedTicket]) -> SimulationCounts:
    """Returns the sums of simulated tickets."""

    def of(kind: ClockEventKind) -> ClockCounts:
        clocks = [event.clock for ticket in tickets for event in ticket.events if event.kind == kind]
        return ClockCounts(**{name: clocks.count(name) for name in CLOCKS})

    breached = sum(any(event.kind == "breach" for event in ticket.events) for ticket in tickets)
    return SimulationCounts(tickets=len(tickets), breached=breached, warnings=of("warning"), breaches=of("breach"))
