"""SLA clocks: a fold that gives what a replay gives, and what a reckoning by hand gives."""

from collections.abc import Sequence
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Struct

from parley.domain.api.types import TicketStatus
from parley.domain.support import clocks
from parley.domain.support.clocks import ClockEvent, Clocks, Fact, Target, Terms
from parley.domain.support.hours import DAYS, Hours, Span, around_the_clock, weekly
from parley.domain.support.status import after_message

HOUR = 3_600_000
MONDAY = 1_795_392_000_000 - 4 * 86_400_000  # 2026-11-23, midnight
FOREVER = MONDAY + 400 * 86_400_000
ALWAYS = around_the_clock()
OFFICE = Hours(time_zone="Europe/Berlin", week=weekly({day: (Span(540, 1020),) for day in DAYS[:5]}))
TARGET = Target(first_response=4 * HOUR, next_response=2 * HOUR, resolution=16 * HOUR)
HIGH = Target(first_response=HOUR, next_response=HOUR, resolution=4 * HOUR)


def terms(hours: Hours = ALWAYS, target: Target = TARGET) -> Terms:
    return Terms(hours=hours, target=target, warn_percent=75)


class Action(Struct, frozen=True):
    """Something that people do to a ticket some time after what was before."""

    wait_ms: int
    what: Literal["requester", "support", "resolve", "wait", "work", "urgent", "close", "look"]


def fact_of(action: Action, at_ms: int, status: TicketStatus) -> Fact:
    """Returns the fact of an action, by the rules of states."""
    if status == "closed" or action.what in ("look", "urgent"):
        return Fact(at_ms=at_ms, status=status)
    if action.what in ("requester", "support"):
        return Fact(at_ms=at_ms, status=after_message(status, action.what), message=action.what)
    after: dict[str, TicketStatus] = {
        "resolve": "resolved",
        "wait": "waiting_on_customer" if status != "resolved" else status,
        "work": "in_progress",
        "close": "closed",
    }
    return Fact(at_ms=at_ms, status=after[action.what])


def play(actions: Sequence[Action], hours: Hours) -> tuple[Clocks, list[ClockEvent]]:
    """Returns the clocks after the actions and a last look much later, and all events."""
    now, found, held_to = MONDAY, clocks.start(MONDAY, terms(hours)), terms(hours)
    events: list[ClockEvent] = []
    for action in actions:
        now += action.wait_ms
        after = terms(hours, HIGH) if action.what == "urgent" else held_to
        found, come = clocks.advance(found, fact_of(action, now, found.status), held_to, after)
        held_to, events = after, [*events, *come]
    found, come = clocks.advance(found, Fact(at_ms=FOREVER, status=found.status), held_to)
    return found, [*events, *come]


waits = st.one_of(st.integers(0, 20 * HOUR), st.sampled_from([0, 1, HOUR, 2 * HOUR, 3 * HOUR, 4 * HOUR, 16 * HOUR]))
kinds = st.sampled_from(["requester", "support", "resolve", "wait", "work", "urgent", "close"])
histories = st.lists(st.builds(Action, waits, kinds), max_size=12)
desks = st.sampled_from([ALWAYS, OFFICE])


@settings(deadline=None)
@given(histories, desks, st.data())
def test_looks_in_between_change_nothing(history: list[Action], hours: Hours, data: st.DataObject) -> None:
    """Plays a history as it is, and with the sweep looking at any times in between."""
    watched: list[Action] = []
    for action in history:
        looks = sorted(data.draw(st.lists(st.integers(0, action.wait_ms), max_size=3)))
        waited = 0
        for at in looks:
            watched.append(Action(at - waited, "look"))
            waited = at
        watched.append(Action(action.wait_ms - waited, action.what))

    assert play(watched, hours) == play(history, hours)


@settings(deadline=None)
@given(histories, desks)
def test_each_clock_warns_and_breaches_once_at_the_instant_of_its_target(history: list[Action], hours: Hours) -> None:
    """Reckons each clock's business time again from the times at which it ran, without the fold."""
    history = [action for action in history if action.what != "urgent"]
    _, events = play(history, hours)

    for name in ("first_response", "resolution"):
        target = TARGET.of(name)
        assert target is not None
        runs = runs_of(name, history)
        for kind, amount in (("warning", target * 75 // 100), ("breach", target)):
            come = [event.at_ms for event in events if (event.clock, event.kind) == (name, kind)]
            assert come == instant_of(amount, runs, hours), (name, kind)


def runs_of(name: str, history: Sequence[Action]) -> list[tuple[int, int]]:
    """Returns the spans in which a clock of the history ran, from the states alone."""
    now, is_over = MONDAY, False
    state: TicketStatus = "open"
    since: int | None = MONDAY
    runs: list[tuple[int, int]] = []
    for action in history:
        now += action.wait_ms
        fact = fact_of(action, now, state)
        state = fact.status
        if name == "first_response":
            is_over = is_over or fact.message == "support" or state in ("resolved", "closed")
        runs_on = state in ("open", "in_progress") and not is_over
        if since is not None and not runs_on:
            runs.append((since, now))
            since = None
        elif since is None and runs_on:
            since = now
    return runs if since is None else [*runs, (since, FOREVER)]


def instant_of(amount: int, runs: Sequence[tuple[int, int]], hours: Hours) -> list[int]:
    """Returns the instant at which the spans together have more than an amount of business time, if they have."""
    for start, end in runs:
        inside = hours.business_ms(start, end)
        if inside > amount or (inside == amount and end > (hours.after(start, amount) or end)):
            found = hours.after(start, amount)
            return [] if found is None else [found]
        amount -= inside
    return []


def test_reply_at_the_very_instant_is_in_time() -> None:
    found, events = play([Action(4 * HOUR, "support")], ALWAYS)

    assert found.first_response is not None
    assert (found.first_response.breached_at_ms, found.first_response.used_ms) == (None, 4 * HOUR)
    assert [event.kind for event in events if event.clock == "first_response"] == ["warning"]


def test_late_reply_is_a_breach_at_the_instant_of_the_target() -> None:
    _, events = play([Action(9 * HOUR, "support")], ALWAYS)

    breach = ClockEvent(clock="first_response", kind="breach", at_ms=MONDAY + 4 * HOUR)
    assert breach in events


def test_clocks_stand_still_while_the_ticket_waits_for_the_customer() -> None:
    history = [Action(HOUR, "wait"), Action(1000 * HOUR, "requester"), Action(HOUR, "support")]

    found, events = play(history, ALWAYS)

    assert found.first_response is not None and found.first_response.used_ms == 2 * HOUR
    assert [event for event in events if event.clock == "first_response"] == []


def test_every_message_after_a_reply_has_a_clock_of_its_own() -> None:
    history = [
        Action(HOUR, "support"),
        Action(HOUR, "requester"),
        Action(HOUR, "requester"),  # the clock runs from the first of the two
        Action(2 * HOUR, "support"),
        Action(HOUR, "requester"),
        Action(HOUR, "resolve"),
    ]

    found, events = play(history, ALWAYS)

    breaches = [event.at_ms for event in events if (event.clock, event.kind) == ("next_response", "breach")]
    assert breaches == [MONDAY + 4 * HOUR]
    assert found.next_response is not None and found.next_response.used_ms == HOUR


def test_reopened_ticket_goes_on_where_its_resolution_stood() -> None:
    history = [Action(10 * HOUR, "resolve"), Action(500 * HOUR, "requester")]

    _, events = play(history, ALWAYS)

    breach = ClockEvent(clock="resolution", kind="breach", at_ms=MONDAY + 516 * HOUR)
    assert breach in events


def test_resolution_ends_when_the_ticket_is_resolved_and_not_when_it_is_closed() -> None:
    found, _ = play([Action(10 * HOUR, "resolve"), Action(100 * HOUR, "close")], ALWAYS)

    assert found.resolution is not None
    assert found.resolution.ended_at_ms == MONDAY + 10 * HOUR


def test_shorter_target_is_missed_at_the_change_and_not_before() -> None:
    _, events = play([Action(3 * HOUR, "urgent")], ALWAYS)

    breaches = [event for event in events if event.kind == "breach" and event.clock == "first_response"]
    assert breaches == [ClockEvent(clock="first_response", kind="breach", at_ms=MONDAY + 3 * HOUR)]


@pytest.mark.parametrize("hours", [ALWAYS, OFFICE], ids=["always", "office"])
def test_next_instant_is_the_one_that_the_sweep_has_to_look_at(hours: Hours) -> None:
    found = clocks.start(MONDAY, terms(hours))
    due = clocks.due_ms(found, terms(hours))
    seen: list[ClockEvent] = []
    while due is not None:
        before, nothing = clocks.advance(found, Fact(at_ms=due, status="open"), terms(hours))
        assert nothing == ()
        found, come = clocks.advance(before, Fact(at_ms=due + 1, status="open"), terms(hours))
        assert [event.at_ms for event in come] == [due] * len(come) and come
        seen += come
        due = clocks.due_ms(found, terms(hours))

    assert [(event.clock, event.kind) for event in seen] == [
        ("first_response", "warning"),
        ("first_response", "breach"),
        ("resolution", "warning"),
        ("resolution", "breach"),
    ]


def test_clock_without_a_target_counts_and_promises_nothing() -> None:
    free = terms(target=Target())
    found = clocks.start(MONDAY, free)

    found, events = clocks.advance(found, Fact(at_ms=FOREVER, status="resolved"), free)

    assert events == () and clocks.due_ms(found, free) is None
    assert found.resolution is not None and found.resolution.used_ms == FOREVER - MONDAY
