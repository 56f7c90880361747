"""Clocks of tickets: what is stored and recorded is what a replay of the messages and the history gives."""

import random
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any

import pytest

from parley.domain.support import clocks
from parley.domain.support.clocks import ClockEvent, Clocks, Fact
from parley.domain.support.desk import Desk
from tests.functional.desk import ALWAYS_OPEN, agent, change, open_ticket, respond, run_desk
from tests.functional.replies import at_once
from tests.functional.talk import say
from tests.harness import Parley, User

MINUTE, HOUR = 60, 3_600  # seconds
HEAD = """
time_zone = "Europe/Berlin"
teams = ["quality"]
warn_percent = 50
"""
HOURS = """
[hours]
monday = ["08:00-18:00"]
tuesday = ["08:00-18:00"]
wednesday = ["08:00-18:00"]
thursday = ["08:00-18:00"]
friday = ["08:00-18:00"]
saturday = ["10:00-14:00"]
sunday = ["00:00-24:00"]
"""
PROMISES = """
[categories.general]
name = "General"

[targets.medium]
first_response = "2h"
next_response = "1h"
resolution = "10h"

[targets.urgent]
first_response = "30m"
resolution = "3h"

[escalation.breach]
clocks = ["first_response", "next_response"]
priority = "urgent"
team = "quality"
"""


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Desk:
    return run_desk(monkeypatch, HEAD + HOURS + PROMISES)


@pytest.fixture
def open_desk(monkeypatch: pytest.MonkeyPatch) -> Desk:
    """The same desk without closing times: whenever the test runs, its clocks do, too."""
    return run_desk(monkeypatch, HEAD + ALWAYS_OPEN + PROMISES)


def adapter(name: str) -> Any:
    """Returns a module that needs the names of the tables, which the harness has set by now."""
    return import_module(f"parley.adapters.support.{name}")


def acts_of(parley: Parley, alice: User, agnes: User, ticket_id: str) -> list[Callable[[], object]]:
    return [
        lambda: say(alice, ticket_id, "Hello?"),
        lambda: say(alice, ticket_id, "Still there?"),
        lambda: respond(agnes, ticket_id),
        lambda: change(agnes, ticket_id, status="waiting_on_customer"),
        lambda: change(agnes, ticket_id, status="in_progress"),
        lambda: change(agnes, ticket_id, status="resolved"),
        lambda: change(alice, ticket_id, status="open"),
        lambda: change(agnes, ticket_id, priority="medium"),
        lambda: change(agnes, ticket_id, priority="urgent"),
        lambda: change(agnes, ticket_id, tags=[str(parley.clock())]),
        lambda: parley.run_schedule("SweepTickets"),
        lambda: parley.run_schedule("SweepTickets"),
    ]


def facts_of(parley: Parley, alice: User, ticket_id: str) -> Iterator[tuple[int, str | None, dict[str, Any]]]:
    """Yields the time, the side that has written, and the state after it, of all that happened but the clocks' own."""
    entries = adapter("ticket_history").entries_after(ticket_id, 0, 1_000)
    states = {entry.at_ms: entry.about["state"] for entry in entries if not entry.about["event"].startswith("sla_")}
    page = alice.get(f"/conversations/{ticket_id}/messages?limit=100").json
    assert page["found_oldest"]
    sides = {
        from_time(message["created_at"]): message["from"]
        for message in page["messages"]
        if message["kind"] == "text" and message["from"] in ("requester", "support")
    }
    state: dict[str, Any] = {}
    for at_ms in sorted({*states, *sides}):
        state = states.get(at_ms, state)
        yield at_ms, sides.get(at_ms), state


def from_time(text: str) -> int:
    from parley.domain.api.times import from_rfc3339

    at_ms = from_rfc3339(text)
    assert at_ms is not None
    return at_ms


def replayed(facts: Iterator[tuple[int, str | None, dict[str, Any]]], desk: Desk, end_ms: int) -> tuple[Clocks, Any]:
    """Returns the clocks at the end, and all that they tell, from the facts alone."""
    (start_ms, _, state), *rest = facts
    found = clocks.start(start_ms, desk.terms(state["priority"], state["category"]))
    told: list[ClockEvent] = []
    for at_ms, side, after in rest:
        terms = [desk.terms(each["priority"], each["category"]) for each in (state, after)]
        fact = Fact(at_ms=at_ms, status=after["status"], message=side)  # type: ignore[arg-type]
        found, come = clocks.advance(found, fact, *terms)
        state, told = after, [*told, *come]
    last = Fact(at_ms=end_ms, status=state["status"])
    found, come = clocks.advance(found, last, desk.terms(state["priority"], state["category"]))
    return found, [*told, *come]


@pytest.mark.parametrize("seed", range(12))
def test_any_sequence_of_acts_and_clock_steps_gives_what_its_replay_gives(
    parley: Parley, desk: Desk, seed: int
) -> None:
    chance = random.Random(seed)
    alice, agnes = parley.user("alice"), agent(parley)
    ticket_id = open_ticket(alice)
    acts = acts_of(parley, alice, agnes, ticket_id)
    for _ in range(24):
        parley.advance(chance.choice([61, 10 * MINUTE, 29 * MINUTE, HOUR, 4 * HOUR]) + chance.random())
        for person, role in ((alice, None), (agnes, "agent")):
            person.token = parley.token(person.user_id, role)
        chance.choice(acts)()
    for after_s in (2 * HOUR, MINUTE, MINUTE):  # an escalation shortens targets, which are missed at that instant
        parley.advance(after_s)
        parley.run_schedule("SweepTickets")
    for person, role in ((alice, None), (agnes, "agent")):
        person.token = parley.token(person.user_id, role)

    end_ms = parley.clock()
    expected, told = replayed(facts_of(parley, alice, ticket_id), desk, end_ms)

    state = adapter("tickets").some([ticket_id])[ticket_id]
    terms = desk.terms(state.priority, state.category)
    stored, not_looked_at = clocks.advance(state.sla.clocks, Fact(at_ms=end_ms, status=state.status), terms)
    assert stored == expected
    entries = adapter("ticket_history").entries_after(ticket_id, 0, 1_000)
    recorded = [
        ClockEvent(clock=about["clock"], kind=about["event"].removeprefix("sla_"), at_ms=int(about["at_ms"]))
        for about in (entry.about for entry in entries)
        if about["event"].startswith("sla_")
    ]
    assert state.sla.unsaid == () and not_looked_at == ()
    assert sorted(map(str, recorded)) == sorted(map(str, told))
    assert [entry.number for entry in entries] == list(range(1, len(entries) + 1))


@pytest.mark.parametrize("seed", range(3))
def test_replies_and_sweeps_at_once_record_everything_once(parley: Parley, open_desk: Desk, seed: int) -> None:
    """Lets agents, the requester and three sweeps meet at one ticket whose target is missed."""
    alice, agnes, ben = parley.user("alice"), agent(parley), agent(parley, "ben")
    ticket_id = open_ticket(alice)
    parley.advance(130 * MINUTE)
    for person, role in ((alice, None), (agnes, "agent"), (ben, "agent")):
        person.token = parley.token(person.user_id, role)

    acts = [
        lambda: parley.run_schedule("SweepTickets"),
        lambda: respond(agnes, ticket_id),
        lambda: change(ben, ticket_id, tags=["late"]),
        lambda: parley.run_schedule("SweepTickets"),
        lambda: say(alice, ticket_id, "Hello?"),
    ]
    random.Random(seed).shuffle(acts)
    at_once(acts)
    parley.advance(MINUTE)
    parley.run_schedule("SweepTickets")

    entries = [entry.about for entry in adapter("ticket_history").entries_after(ticket_id, 0, 100)]
    told = [(about["event"], about["clock"]) for about in entries if about["event"].startswith("sla_")]
    assert len(told) == len(set(told))
    # If the sweep came first it has escalated, and an urgent ticket has had half of its time.
    assert {("sla_warning", "first_response"), ("sla_breach", "first_response")} <= set(told)
    assert len(told) == 2 + (("sla_warning", "resolution") in told)
