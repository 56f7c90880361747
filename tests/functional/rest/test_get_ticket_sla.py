"""GET /support/tickets/{ticket_id}/sla: the clocks of a ticket, for those who work for the desk."""

import pytest

from parley.domain.api.times import rfc3339
from tests.functional.desk import agent, change, open_ticket, respond, run_desk
from tests.functional.replies import refusal
from tests.functional.talk import say
from tests.harness import Parley

MINUTE_MS = 60_000
TARGETS = """
time_zone = "Europe/Berlin"

[hours]
sunday = ["09:00-10:00", "11:00-24:00"]
holidays = ["2027-12-25"]

[categories.general]
name = "General"

[targets.medium]
first_response = "1h"
next_response = "30m"
resolution = "8h"

[closing]
resolved_after_days = 3
"""


@pytest.fixture(autouse=True)
def targets(monkeypatch: pytest.MonkeyPatch) -> None:
    run_desk(monkeypatch, TARGETS)


def on_sunday(parley: Parley) -> int:
    """Moves the clock to a Sunday, 11:00 in Berlin; returns it."""
    parley.clock.ms = 1_795_946_400_000
    return parley.clock()


def test_answer_says_how_far_each_clock_is(parley: Parley) -> None:
    now_ms = on_sunday(parley)
    alice, agnes = parley.user("alice"), agent(parley)
    ticket_id = open_ticket(alice)
    parley.advance(50 * 60)

    found = agnes.get(f"/support/tickets/{ticket_id}/sla").json

    def after(minutes: int) -> str:
        return rfc3339(now_ms + minutes * MINUTE_MS)

    assert found == {
        "ticket_id": ticket_id,
        "status": "open",
        "overdue": False,
        "first_response": {
            "target_ms": 60 * MINUTE_MS,
            "used_ms": 50 * MINUTE_MS,
            "started_at": after(0),
            "running_since": after(0),
            "warns_at": None,
            "due_at": after(60),
            "warned_at": after(48),
            "breached_at": None,
            "ended_at": None,
        },
        "next_response": None,
        "resolution": {
            "target_ms": 480 * MINUTE_MS,
            "used_ms": 50 * MINUTE_MS,
            "started_at": after(0),
            "running_since": after(0),
            "warns_at": after(384),
            "due_at": after(480),
            "warned_at": None,
            "breached_at": None,
            "ended_at": None,
        },
        "warn_percent": 80,
        "is_open": True,
        "time_zone": "Europe/Berlin",
        "hours": {"sunday": ["09:00-10:00", "11:00-24:00"]},
        "holidays": ["2027-12-25"],
        "closes_at": None,
        "archives_at": None,
    }


def test_breach_is_shown_before_the_sweep_has_recorded_it(parley: Parley) -> None:
    now_ms = on_sunday(parley)
    alice, agnes = parley.user("alice"), agent(parley)
    ticket_id = open_ticket(alice)
    parley.advance(61 * 60)

    found = agnes.get(f"/support/tickets/{ticket_id}/sla").json

    assert (found["overdue"], found["first_response"]["breached_at"]) == (True, rfc3339(now_ms + 60 * MINUTE_MS))
    respond(agnes, ticket_id)
    say(alice, ticket_id, "And my seat?")
    change(agnes, ticket_id, status="resolved")
    found = agnes.get(f"/support/tickets/{ticket_id}/sla").json
    assert (found["overdue"], found["next_response"]["ended_at"]) == (False, rfc3339(parley.clock()))
    assert found["closes_at"] == rfc3339(parley.clock() + 3 * 86_400_000)
    change(agnes, ticket_id, status="closed")
    closed = agnes.get(f"/support/tickets/{ticket_id}/sla").json
    assert closed["archives_at"] == rfc3339(parley.clock() + 30 * 86_400_000)


def test_requester_never_sees_the_clocks(parley: Parley) -> None:
    alice, agnes, ben = parley.user("alice"), agent(parley), agent(parley, "ben")
    ticket_id, own_id = open_ticket(alice), open_ticket(agnes)

    path = f"/support/tickets/{ticket_id}/sla"
    assert refusal(alice.get(path)) == ("agents_only", 403, [])
    assert refusal(alice.get(path.replace(ticket_id, "t_" + "a" * 26))) == ("agents_only", 403, [])
    assert refusal(agnes.get(path.replace(ticket_id, own_id))) == ("own_ticket", 403, [])
    assert refusal(ben.get(path.replace(ticket_id, "t_" + "a" * 26))) == ("ticket_not_found", 404, [])
    assert ben.get(path.replace(ticket_id, own_id)).status == 200


def test_host_reads_them_and_the_audit_log_says_so(parley: Parley) -> None:
    ticket_id = open_ticket(parley.user("alice"))
    host = parley.user("host", role="service")

    assert host.get(f"/support/tickets/{ticket_id}/sla").json["ticket_id"] == ticket_id
    assert refusal(host.get(f"/support/tickets/t_{'a' * 26}/sla")) == ("ticket_not_found", 404, [])

    [entry] = parley.user("mona", role="moderator").get("/admin/audit").json["entries"]
    assert (entry["action"], entry["target"], entry["details"]) == (
        "read_conversation",
        ticket_id,
        {"what": "ticket_sla"},
    )
