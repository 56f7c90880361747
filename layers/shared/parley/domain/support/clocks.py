"""The SLA clocks of a ticket: a fold over its facts, so that a replay of the history gives the same clocks.

A clock counts business time against a target. Each fact (a message, a change of the ticket, or the sweep's look) first
lets the instants pass that lie before it: a warning and a breach happen at their own instants, however late the
sweep looks. So no breach is missed, and none is recorded twice.

    first_response   runs from the start until the desk's first reply
    next_response    runs from the requester's first message after a reply until the next reply, if it has a target
    resolution       runs from the start until the ticket is resolved; it runs again if the ticket is opened again

All three stand still while the ticket waits for the customer, and end when the ticket is resolved or closed.
"""

from collections.abc import Iterable, Mapping
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from parley.domain.api.types import TicketStatus
from parley.domain.support.hours import Hours
from parley.domain.support.status import is_running

ClockName = Literal["first_response", "next_response", "resolution"]
ClockEventKind = Literal["warning", "breach"]


class Target(Struct, frozen=True, kw_only=True):
    """The business milliseconds that each clock has; None: the clock has no target."""

    first_response: int | None = None
    next_response: int | None = None
    resolution: int | None = None

    def of(self, name: ClockName) -> int | None:
        """Returns the target of a clock."""
        return {
            "first_response": self.first_response,
            "next_response": self.next_response,
            "resolution": self.resolution,
        }[name]

    @property
    def longest_ms(self) -> int:
        """Returns the longest of its times; 0 if it promises nothing."""
        return max(each or 0 for each in (self.first_response, self.next_response, self.resolution))


class Terms(Struct, frozen=True, kw_only=True):
    """The promise that the clocks of a ticket are held to at a time: its hours, its target, the share that warns."""

    hours: Hours
    target: Target
    warn_percent: int


class Clock(Struct, frozen=True, kw_only=True, array_like=True):
    """One clock: it has used `used_ms` of business time until `running_since_ms`, or in all if it stands still.

    `ended_at_ms` is the time of the reply or resolution that ended it.
    """

    started_at_ms: int
    used_ms: int = 0
    running_since_ms: int | None = None
    ended_at_ms: int | None = None
    target_ms: int | None = None
    warned_at_ms: int | None = None
    breached_at_ms: int | None = None


class Clocks(Struct, frozen=True, kw_only=True, array_like=True):
    """The clocks of a ticket after the facts so far; a clock that has not begun is None."""

    status: TicketStatus
    first_response: Clock | None = None
    next_response: Clock | None = None
    resolution: Clock | None = None

    def named(self) -> dict[ClockName, Clock]:
        """Returns the clocks that have begun, by name."""
        clocks: dict[ClockName, Clock | None] = {
            "first_response": self.first_response,
            "next_response": self.next_response,
            "resolution": self.resolution,
        }
        return {name: clock for name, clock in clocks.items() if clock is not None}

    @property
    def overdue_since_ms(self) -> int | None:
        """Returns the first breach of a clock that has not ended; None if no reply and no resolution is overdue."""
        breaches = (clock.breached_at_ms for clock in self.named().values() if clock.ended_at_ms is None)
        return min((at_ms for at_ms in breaches if at_ms is not None), default=None)


class Fact(Struct, frozen=True, kw_only=True):
    """Something that happened to a ticket: a message of one side, and the status and the terms from then on.

    A fact without a message and with the same status and terms is a look at the clocks.
    """

    at_ms: int
    status: TicketStatus
    message: Literal["requester", "support"] | None = None


class ClockEvent(Struct, frozen=True, kw_only=True, array_like=True):
    """A clock has used the share of its target that warns, or more than its target; `at_ms` is that instant."""

    clock: ClockName
    kind: ClockEventKind
    at_ms: int


def start(at_ms: int, terms: Terms) -> Clocks:
    """Returns the clocks of a new ticket."""
    running = Clock(started_at_ms=at_ms, running_since_ms=at_ms)
    return Clocks(
        status="open",
        first_response=replace(running, target_ms=terms.target.first_response),
        resolution=replace(running, target_ms=terms.target.resolution),
    )


def advance(
    clocks: Clocks, fact: Fact, before: Terms, after: Terms | None = None
) -> tuple[Clocks, tuple[ClockEvent, ...]]:
    """Returns the clocks after a fact, and the warnings and breaches that have come since, in their order.

    `before` are the terms until the fact, `after` those from it on, if it changes them (a new priority, say). Facts
    come in the order of their times.
    """
    passed, events = _pass(clocks, fact.at_ms, before)
    moved = _moved(passed, fact, before)
    if after is not None and after != before:
        moved = _under(moved, fact.at_ms, before, after)
    return replace(moved, status=fact.status), events


def due_ms(clocks: Clocks, terms: Terms) -> int | None:
    """Returns the instant of the next warning or breach; None if none will come without another fact."""
    known = [at_ms for clock in clocks.named().values() for _, at_ms in instants(clock, terms)]
    return min(known, default=None)


def _pass(clocks: Clocks, now_ms: int, terms: Terms) -> tuple[Clocks, tuple[ClockEvent, ...]]:
    """Records the warnings and breaches whose instants lie before `now_ms`.

    A reply at the very instant is in time, so an instant counts only when it is over.
    """
    events: list[ClockEvent] = []
    changed: dict[str, Clock] = {}
    for name, clock in clocks.named().items():
        for kind, at_ms in instants(clock, terms):
            if at_ms < now_ms:
                events.append(ClockEvent(clock=name, kind=kind, at_ms=at_ms))
                field = "warned_at_ms" if kind == "warning" else "breached_at_ms"
                changed[name] = replace(changed.get(name, clock), **{field: at_ms})
    ordered = sorted(events, key=lambda event: event.at_ms)
    return replace(clocks, **changed), tuple(ordered)


def instants(clock: Clock, terms: Terms) -> Iterable[tuple[ClockEventKind, int]]:
    """Yields the instants of a running clock that are not recorded yet: the warning's and the breach's."""
    if clock.running_since_ms is None or clock.target_ms is None:
        return
    amounts: Mapping[ClockEventKind, tuple[int, int | None]] = {
        "warning": (clock.target_ms * terms.warn_percent // 100, clock.warned_at_ms),
        "breach": (clock.target_ms, clock.breached_at_ms),
    }
    for kind, (amount_ms, recorded_at_ms) in amounts.items():
        # A target that became shorter than what was used has been missed at the change, not before.
        at_ms = terms.hours.after(clock.running_since_ms, amount_ms - clock.used_ms)
        if recorded_at_ms is None and at_ms is not None:
            yield kind, at_ms


def _moved(clocks: Clocks, fact: Fact, terms: Terms) -> Clocks:
    """Returns the clocks as a message and the status of a fact leave them."""
    runs = is_running(fact.status)
    is_over = fact.status in ("resolved", "closed")
    replies = fact.message == "support"
    first, following, resolution = clocks.first_response, clocks.next_response, clocks.resolution
    if first is not None and first.ended_at_ms is None:
        first = _turned(first, fact.at_ms, terms, runs=runs, ends=replies or is_over)
    elif fact.message == "requester" and runs and _begins(following, terms):
        following = Clock(started_at_ms=fact.at_ms, running_since_ms=fact.at_ms, target_ms=terms.target.next_response)
    if following is not None and following.ended_at_ms is None:
        following = _turned(following, fact.at_ms, terms, runs=runs, ends=replies or is_over)
    if resolution is not None:
        resolution = _turned(resolution, fact.at_ms, terms, runs=runs, ends=is_over)
    return replace(clocks, first_response=first, next_response=following, resolution=resolution)


def _begins(following: Clock | None, terms: Terms) -> bool:
    """Says whether the next response is due from now on; where none is promised, a message changes no clock."""
    return terms.target.next_response is not None and (following is None or following.ended_at_ms is not None)


def _turned(clock: Clock, at_ms: int, terms: Terms, *, runs: bool, ends: bool) -> Clock:
    """Returns a clock that runs, stands still or has ended from now on; one that runs on stays as it is."""
    if ends:
        ended_at_ms = at_ms if clock.ended_at_ms is None else clock.ended_at_ms
        return replace(_stopped(clock, at_ms, terms), ended_at_ms=ended_at_ms)
    if not runs:
        return replace(_stopped(clock, at_ms, terms), ended_at_ms=None)
    started_at_ms = at_ms if clock.running_since_ms is None else clock.running_since_ms
    return replace(clock, running_since_ms=started_at_ms, ended_at_ms=None)


def _stopped(clock: Clock, at_ms: int, terms: Terms) -> Clock:
    if clock.running_since_ms is None:
        return clock
    used_ms = clock.used_ms + terms.hours.business_ms(clock.running_since_ms, at_ms)
    return replace(clock, used_ms=used_ms, running_since_ms=None)


def _under(clocks: Clocks, at_ms: int, before: Terms, after: Terms) -> Clocks:
    """Returns the clocks that have not ended under new terms; what they have used stays used."""
    changed: dict[str, Clock] = {}
    for name, clock in clocks.named().items():
        if clock.ended_at_ms is None or name == "resolution":
            runs = clock.running_since_ms is not None
            used = _stopped(clock, at_ms, before)
            changed[name] = replace(used, running_since_ms=at_ms if runs else None, target_ms=after.target.of(name))
    return replace(clocks, **changed)
