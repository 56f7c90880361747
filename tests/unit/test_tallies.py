"""The history of a ticket leaves the queue as it is, and what happened on each day."""

from collections.abc import Mapping
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from parley.domain.figures.tallies import OPEN, Place, Tally, added, agent_code, tally

AT_MS = 1_795_246_260_000  # 2026-11-21
STATUSES = ("open", "in_progress", "waiting_on_customer", "resolved", "closed")
State = dict[str, Any]


def entry(event: str, before: State | None, after: State, **about: object) -> dict[str, Any]:
    changes = {
        name: {"from": before[name], "to": after[name]} for name in after if before and before[name] != after[name]
    }
    told = {"event": event, "user_id": "agnes", "changes": changes, "state": after, "opened_at_ms": AT_MS, **about}
    return {"outbox": "ticket", "conversation_id": "#ticket#t_1", "created_at_ms": AT_MS + 60_000, "about": told}


def state(**fields: object) -> State:
    plain: State = {
        "status": "open",
        "priority": "low",
        "category": "general",
        "assignee_id": None,
        "team": None,
        "tags": [],
    }
    return {**plain, **fields}


def numbers(counted: Tally) -> dict[Place, Mapping[str, int]]:
    found = {place: added({}, amounts) for place, amounts in counted.counts.items()}
    return {place: amounts for place, amounts in found.items() if amounts}


def test_new_ticket_is_in_the_queue_and_of_its_day() -> None:
    counted = numbers(tally(entry("created", None, state(team="travel")), 0))

    assert counted["queue", "totals#0"] == {
        "status:open": 1,
        "priority:low": 1,
        "category:general": 1,
        "team:travel": 1,
        "unassigned": 1,
    }
    assert counted["desk#day", "2026-11-21#all"] == {"opened": 1, "backlog": 1}
    assert counted["desk#category", "2026-11-21#general"] == {"opened": 1, "backlog": 1}


def test_imported_ticket_is_in_the_queue_and_no_day_opened_it() -> None:
    row = {**entry("imported", None, state(assignee_id="agnes")), "outbox": "ticket_import"}
    undone = {**row, "about": {**row["about"], "event": "undone"}}

    counted, both = tally(row, 0), tally(row, 0)
    both.include(tally(undone, 0))

    agent = agent_code("agnes")
    assert numbers(counted) == {
        ("queue", "totals#0"): {"status:open": 1, "priority:low": 1, "category:general": 1},
        ("queue", f"assignee#{agent}"): {"open": 1},
        ("desk#day", "2026-11-21#all"): {"backlog": 1},
        ("desk#category", "2026-11-21#general"): {"backlog": 1},
        ("desk#priority", "2026-11-21#low"): {"backlog": 1},
        ("desk#agent", f"2026-11-21#{agent}"): {"backlog": 1},
    }
    assert counted.agents == {("agents", agent): "agnes"}
    assert numbers(both) == {}


def test_taking_a_ticket_moves_it_to_the_agent() -> None:
    before, after = state(), state(status="in_progress", assignee_id="agnes")

    counted = tally(entry("updated", before, after), 3)

    assert numbers(counted) == {
        ("queue", "totals#3"): {"status:open": -1, "status:in_progress": 1, "unassigned": -1},
        ("queue", f"assignee#{agent_code('agnes')}"): {"open": 1},
    }
    assert counted.agents == {("agents", agent_code("agnes")): "agnes"}


def test_resolving_counts_the_time_since_it_was_opened_for_the_assignee() -> None:
    before = state(assignee_id="agnes")

    counted = numbers(tally(entry("updated", before, {**before, "status": "resolved"}), 0))

    of_day = counted["desk#day", "2026-11-21#all"]
    assert (of_day["resolved"], of_day["backlog"]) == (1, -1)
    assert [name for name in of_day if name.startswith("resolution:")] == ["resolution:41"]
    assert counted["desk#agent", f"2026-11-21#{agent_code('agnes')}"] == of_day
    assert counted["queue", f"assignee#{agent_code('agnes')}"] == {"open": -1}


def test_closing_what_is_resolved_resolves_nothing_more() -> None:
    before = state(status="resolved")

    counted = numbers(tally(entry("updated", before, state(status="closed")), 0))

    assert counted == {("queue", "totals#0"): {"status:resolved": -1, "status:closed": 1}}


def test_first_reply_counts_for_its_writer() -> None:
    after = state(assignee_id="bert")

    counted = numbers(tally(entry("responded", after, after, first_response_ms=1000), 0))

    assert counted["desk#day", "2026-11-21#all"] == {"first:0": 1}
    assert counted["desk#agent", f"2026-11-21#{agent_code('agnes')}"] == {"first:0": 1}
    assert ("desk#agent", f"2026-11-21#{agent_code('bert')}") not in counted


def test_breaches_and_ratings_count_for_the_assignee() -> None:
    now = state(assignee_id="agnes")

    breach = numbers(tally(entry("sla_breach", now, now, clock="resolution", at_ms=AT_MS), 0))
    rated = numbers(tally(entry("rated", now, now, rating=4), 0))

    agent = ("desk#agent", f"2026-11-21#{agent_code('agnes')}")
    assert breach[agent] == {"breach:resolution": 1}
    assert rated[agent] == {"ratings": 1, "stars": 4}


def test_entries_of_before_the_figures_count_for_nothing() -> None:
    row = entry("created", None, state())
    row["about"] = {"event": "created", "user_id": "alice"}

    assert tally(row, 0).places == set()


states = st.builds(
    state,
    status=st.sampled_from(STATUSES),
    priority=st.sampled_from(["low", "high"]),
    category=st.sampled_from(["general", "booking"]),
    team=st.sampled_from([None, "travel"]),
    assignee_id=st.sampled_from([None, "agnes", "bert"]),
)


@given(st.lists(states, min_size=1, max_size=12))
def test_any_history_leaves_the_queue_as_the_last_state_is(history: list[State]) -> None:
    whole = Tally()
    for before, after in zip([None, *history], history, strict=False):
        whole.include(tally(entry("updated" if before else "created", before, after), 0))
    direct = tally(entry("created", None, history[-1]), 0)

    def queue(counted: Tally) -> dict[Place, Mapping[str, int]]:
        return {place: amounts for place, amounts in numbers(counted).items() if place[0] == "queue"}

    assert queue(whole) == queue(direct)
    backlog = numbers(whole).get(("desk#day", "2026-11-21#all"), {}).get("backlog", 0)
    assert backlog == int(history[-1]["status"] in OPEN)
