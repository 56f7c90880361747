"""GET /support/queue-counts: how many tickets there are now, for agents."""

import time

import pytest

from tests.functional.desk import agent
from tests.functional.figures import History
from tests.functional.replies import refusal
from tests.functional.talk import named
from tests.harness import Parley

PATH = "/support/queue-counts"


@pytest.fixture(autouse=True)
def _now(parley: Parley) -> None:
    parley.clock.ms = time.time_ns() // 1_000_000  # the stream goes by the clock on the wall


def test_nothing_is_zero_by_every_name_of_the_desk(parley: Parley) -> None:
    counts = agent(parley).get(PATH).json

    assert counts == {
        "status": {"open": 0, "in_progress": 0, "waiting_on_customer": 0, "resolved": 0, "closed": 0},
        "open": 0,
        "unassigned": 0,
        "priority": {"low": 0, "medium": 0, "high": 0, "urgent": 0},
        "category": {"general": 0, "booking": 0, "destination": 0, "complaint": 0},
        "team": {},
        "assignees": [],
        "users": {},
    }


def test_queue_is_as_its_tickets_are(parley: Parley) -> None:
    agnes, history = agent(parley), History(parley)
    bert = agent(parley, "bert")
    history.opened(1, priority="urgent", category="booking")
    history.opened(2)
    history.opened(3, team="travel", assignee_id="agnes")
    history.opened(4)
    history.changed(1, status="in_progress", assignee_id="agnes")
    history.changed(2, status="resolved")
    history.changed(4, assignee_id="bert", category="complaint")

    counts = agnes.get(PATH).json

    assert counts["status"] == {"open": 2, "in_progress": 1, "waiting_on_customer": 0, "resolved": 1, "closed": 0}
    assert (counts["open"], counts["unassigned"]) == (3, 0)
    assert counts["priority"] == {"low": 0, "medium": 2, "high": 0, "urgent": 1}
    assert counts["category"] == {"general": 1, "booking": 1, "destination": 0, "complaint": 1}
    assert counts["team"] == {"travel": 1}
    assert counts["assignees"] == [{"user_id": "agnes", "count": 2}, {"user_id": "bert", "count": 1}]
    assert counts["users"] == named(parley, agnes.user_id, bert.user_id)


def test_agent_who_leaves_a_ticket_is_not_named(parley: Parley) -> None:
    history = History(parley)
    history.opened(1, assignee_id="agnes")
    history.changed(1, assignee_id=None)

    counts = agent(parley).get(PATH).json

    assert (counts["assignees"], counts["unassigned"]) == ([], 1)


def test_two_round_trips_are_enough(parley: Parley) -> None:
    agnes, history = agent(parley), History(parley)
    for number in range(12):
        history.opened(number, assignee_id="bert")
    agnes.get(PATH)

    with parley.watch() as calls:
        agnes.get(PATH)

    own = [call.operation for call in calls if call.function == "CountQueues"]
    # Side by side: the admission, the queue and the agents. Then the names.
    assert sorted(own) == ["BatchGetItem", "BatchGetItem", "Query", "Query"]


@pytest.mark.parametrize("role", [None, "teacher", "moderator"])
def test_others_are_refused(parley: Parley, role: str | None) -> None:
    assert refusal(parley.user("carol", role=role).get(PATH)) == ("agents_only", 403, [])
