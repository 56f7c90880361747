"""POST /support/sla/simulate: what other targets or hours would have told of past tickets."""

from typing import Any

import pytest

from parley.domain.api.times import rfc3339
from parley.domain.support.past import MAX_MESSAGES
from parley.domain.support.simulation import MAX_TEXT_CHARACTERS
from tests.functional.desk import agent, change, history, merge, open_ticket, respond, run_desk
from tests.functional.moving import imported_ticket
from tests.functional.queued import archive
from tests.functional.replies import invalid, malformed_bodies, refusal, stored
from tests.functional.talk import fill, meet, say
from tests.harness import Call, Parley, Reply, User

HOUR_MS = 3_600_000
HOURLY = {"medium": {"first_response": "1h"}}
PROMISES = """
time_zone = "Europe/Berlin"

[categories.general]
name = "General"

[categories.booking]
name = "Bookings"

[targets.medium]
first_response = "4h"
resolution = "500h"
"""


@pytest.fixture(autouse=True)
def targets(monkeypatch: pytest.MonkeyPatch) -> None:
    run_desk(monkeypatch, PROMISES)


def admin(parley: Parley) -> User:
    return parley.user("ada", role="support_admin")


def simulate(person: User, **body: object) -> Reply:
    return person.post("/support/sla/simulate", json=body)


def simulated(person: User, **body: object) -> dict[str, Any]:
    """Returns the answer of one page that holds all."""
    reply = simulate(person, **body)
    assert reply.status == 200 and reply.json["next"] is None, reply
    found: dict[str, Any] = reply.json
    return found


def events(found: dict[str, Any]) -> dict[str, list[tuple[str, str, str]]]:
    """Returns the events of each ticket, by its id."""
    return {
        ticket["ticket_id"]: [(event["clock"], event["kind"], event["at"]) for event in ticket["events"]]
        for ticket in found["tickets"]
    }


def test_shorter_target_would_have_been_missed(parley: Parley) -> None:
    alice, agnes, ada = parley.user("alice"), agent(parley), admin(parley)
    ticket_id = open_ticket(alice)
    opened_ms = parley.clock()
    parley.advance(2 * 3_600)
    respond(agnes, ticket_id)
    number = agnes.get(f"/support/tickets/{ticket_id}").json["number"]

    found = simulated(ada, policy={"targets": HOURLY, "warn_percent": 50})

    warning = {"clock": "first_response", "kind": "warning", "at": rfc3339(opened_ms + HOUR_MS // 2)}
    breach = {"clock": "first_response", "kind": "breach", "at": rfc3339(opened_ms + HOUR_MS)}
    assert found == {
        "tickets": [
            {
                "ticket_id": ticket_id,
                "number": number,
                "status": "open",
                "priority": "medium",
                "category": "general",
                "created_at": rfc3339(opened_ms),
                "merged_into": None,
                "events": [warning, breach],
            }
        ],
        "left_out": [],
        "total": {
            "tickets": 1,
            "breached": 1,
            "warnings": {"first_response": 1, "next_response": 0, "resolution": 0},
            "breaches": {"first_response": 1, "next_response": 0, "resolution": 0},
        },
        "next": None,
    }
    assert events(simulated(ada)) == {ticket_id: []}  # the desk's own promise was kept


def test_part_of_a_policy_that_is_left_out_is_the_desks_own(parley: Parley) -> None:
    parley.clock.ms = 1_795_946_400_000  # a Sunday, 11:00 in Berlin and 10:00 in UTC
    alice, ada = parley.user("alice"), admin(parley)
    ticket_id = open_ticket(alice)
    opened_ms = parley.clock()
    parley.advance(9 * 3_600)
    week = {"sunday": ["12:00-24:00"]}

    def breach(**policy: object) -> str:
        [*_, found] = events(simulated(ada, policy=policy))[ticket_id]
        assert found[:2] == ("first_response", "breach")
        return found[2]

    assert breach() == rfc3339(opened_ms + 4 * HOUR_MS)
    assert breach(hours={}) == breach(time_zone="Asia/Tokyo") == breach()  # around the clock
    assert breach(hours=week) == rfc3339(opened_ms + 5 * HOUR_MS)
    assert breach(hours=week, time_zone="UTC") == rfc3339(opened_ms + 6 * HOUR_MS)
    assert breach(hours=week, targets=HOURLY) == rfc3339(opened_ms + 2 * HOUR_MS)
    own = {"medium": {"first_response": "1h", "general": {"first_response": "3h"}}}
    assert breach(targets=own) == rfc3339(opened_ms + 3 * HOUR_MS)
    assert events(simulated(ada, policy={"targets": {}})) == {ticket_id: []}


def test_opening_words_of_an_agent_are_a_reply_and_taken_messages_are_none(parley: Parley) -> None:
    alice, agnes, ada = parley.user("alice"), agent(parley), admin(parley)
    asked = open_ticket(agnes, requester_id="alice")
    first = open_ticket(alice)
    say(agnes, first, "Let me look.")
    chat = meet(alice, agnes)
    say(agnes, chat, "I think so, too.")
    taken = agnes.post("/support/tickets", json={"subject": "Seat", "from": {"conversation_id": chat}})
    parley.advance(2 * 3_600)

    found = events(simulated(ada, policy={"targets": HOURLY}))

    assert found.pop(asked) == found.pop(first) == []
    assert taken.status == 201 and [event[1] for event in found.pop(taken.json["id"])] == ["warning", "breach"]
    assert found == {}


def test_message_that_opens_a_ticket_again_begins_the_next_response_by_the_targets_of_that_time(parley: Parley) -> None:
    alice, agnes, ada = parley.user("alice"), agent(parley), admin(parley)
    ticket_id = open_ticket(alice, priority="low")
    respond(agnes, ticket_id)
    assert change(agnes, ticket_id, priority="urgent", status="waiting_on_customer").status == 200
    parley.advance(600)
    said_ms = parley.clock()
    say(alice, ticket_id, "Hello?")
    parley.advance(3_000)
    change(agnes, ticket_id, status="resolved")
    parley.advance(600)
    targets = {"low": {"next_response": "10m"}, "urgent": {"next_response": "30m"}}

    found = events(simulated(ada, policy={"targets": targets, "warn_percent": 100}))

    at = rfc3339(said_ms + 1_800_000)
    assert found == {ticket_id: [("next_response", "warning", at), ("next_response", "breach", at)]}


def test_closed_archived_and_merged_tickets_are_past_ones_too(parley: Parley) -> None:
    alice, agnes, ada = parley.user("alice"), agent(parley), admin(parley)
    closed, archived, merged, into = (open_ticket(alice) for _ in range(4))
    parley.advance(90 * 60)
    change(agnes, closed, status="closed")
    change(agnes, archived, status="closed")
    archive(archived)
    assert merge(agnes, merged, into).status == 200

    found = simulated(ada, policy={"targets": HOURLY, "warn_percent": 100})

    assert events(found).keys() == {closed, archived, merged, into}
    assert all([event[1] for event in events(found)[one]] == ["warning", "breach"] for one in events(found))
    assert [one["merged_into"] for one in found["tickets"] if one["ticket_id"] == merged] == [into]
    assert found["total"]["breached"] == 4


def test_deleted_message_was_written_all_the_same(parley: Parley) -> None:
    alice, agnes, ada = parley.user("alice"), agent(parley), admin(parley)
    ticket_id = open_ticket(alice)
    [message_id] = say(agnes, ticket_id, "Let me look.")
    assert agnes.delete(f"/messages/{message_id}?scope=everyone").status in (200, 204)
    parley.advance(2 * 3_600)

    assert events(simulated(ada, policy={"targets": HOURLY})) == {ticket_id: []}


def test_tickets_of_which_nothing_is_said_are_named(parley: Parley) -> None:
    alice, ada = parley.user("alice"), admin(parley)
    imported, own, damaged, good = imported_ticket(parley), open_ticket(ada), open_ticket(alice), open_ticket(alice)
    say(alice, damaged, "Hello?")
    messages = parley.template.resources["Messages"].ref
    key = {"conversation_id": {"S": damaged}, "seq": {"N": "2"}}
    parley.store.client("dynamodb").delete_item(TableName=messages, Key=key)
    parley.advance(600 * 3_600)
    ada.token = parley.token("ada", "support_admin")

    found = simulated(ada)

    assert events(found).keys() == {good}
    assert {one["ticket_id"]: one["reason"] for one in found["left_out"]} == {
        imported: "imported",
        own: "own_ticket",
        damaged: "unreadable",
    }
    assert all(one["number"] for one in found["left_out"])


def test_ticket_with_as_many_messages_as_a_page_reads_is_simulated_and_a_longer_one_is_not(parley: Parley) -> None:
    alice, ada = parley.user("alice"), admin(parley)
    most, more, short = open_ticket(alice), open_ticket(alice), open_ticket(alice)
    for ticket_id, count in ((most, MAX_MESSAGES), (more, 10_000)):
        fill(parley, ticket_id, ["a"] * count, from_ms=parley.clock())
    parley.advance(3_600)

    pages: list[dict[str, Any]] = []
    while not pages or pages[-1]["next"] is not None:
        reply = simulate(ada, **({"cursor": pages[-1]["next"]} if pages else {}))
        assert reply.status == 200, reply
        pages.append(reply.json)

    assert len(pages) == 2  # `most` and `short` do not fit into one
    assert sorted(ticket_id for page in pages for ticket_id in events(page)) == sorted([most, short])
    assert [one for page in pages for one in page["left_out"] if one["reason"] == "too_long"] == [
        one for page in pages for one in page["left_out"] if one["ticket_id"] == more
    ]


def test_pages_hold_every_ticket_of_a_time_once(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("parley.actions.support.past.PART", 5)
    monkeypatch.setattr("parley.actions.support.past.MAX_EXAMINED", 15)
    alice, ada = parley.user("alice"), admin(parley)
    ticket_ids = []
    times = []
    for _ in range(9):
        ticket_ids.append(open_ticket(alice))
        times.append(rfc3339(parley.clock()))
        parley.advance(60)
    scans: list[int] = []

    class Scans:
        def before(self, call: Call) -> None:
            if call.operation == "Scan":
                scans.append(call.params["Limit"])

        def after(self, call: Call) -> None: ...

    parley.hooks.append(Scans())
    found: list[str] = []
    cursor, empty = None, 0
    while cursor is not None or not scans:
        scans.clear()
        body = {"from": times[2], "to": times[7], "limit": 2, **({"cursor": cursor} if cursor else {})}
        reply = simulate(ada, **body)
        assert reply.status == 200, reply
        assert len(reply.json["tickets"]) <= 2 and 1 <= len(scans) <= 3 and set(scans) == {5}
        found += events(reply.json)
        empty += not reply.json["tickets"]
        cursor = reply.json["next"]

    assert sorted(found) == sorted(ticket_ids[2:7])
    assert empty > 0  # such a page is short, and has a next one


@pytest.mark.parametrize(
    "times",
    [
        {"to": "1970-01-01"},
        {"to": "1960-01-01"},
        {"from": "9999-12-31T23:59:59.999Z"},
        {"from": "1960-01-01", "to": "1960-01-02"},
    ],
)
def test_time_without_a_ticket_is_an_empty_page(parley: Parley, times: dict[str, str]) -> None:
    ada = admin(parley)
    open_ticket(parley.user("alice"))

    reply = simulate(ada, **times)

    assert (reply.status, reply.json["tickets"], reply.json["next"]) == (200, [], None), reply


def test_page_that_is_full_ends_after_the_last_ticket_that_it_names(
    parley: Parley, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice, ada = parley.user("alice"), admin(parley)
    ticket_ids = sorted(open_ticket(ada if number % 2 else alice) for number in range(10))
    parley.advance(60)
    monkeypatch.setattr("parley.domain.conversations.history.MAX_PAGE_BYTES", 400)

    pages = [simulate(ada)]
    while pages[-1].json["next"]:
        pages.append(simulate(ada, cursor=pages[-1].json["next"]))

    named = [each["ticket_id"] for page in pages for part in ("tickets", "left_out") for each in page.json[part]]
    assert sorted(named) == ticket_ids
    assert len(pages) > 2


def test_nothing_is_written_and_nobody_is_told(parley: Parley) -> None:
    alice, agnes, ada = parley.user("alice"), agent(parley), admin(parley)
    ticket_id = open_ticket(alice)
    parley.advance(2 * 3_600)
    socket = agnes.connect()
    entries, before = history(agnes, ticket_id), stored(parley)

    simulated(ada, policy={"targets": HOURLY})

    assert {name for name, rows in stored(parley).items() if rows != before[name]} == set()
    assert history(agnes, ticket_id) == entries and socket.events() == []


def test_admins_and_the_host_may_and_the_log_says_that_the_host_did(parley: Parley) -> None:
    alice, agnes, host = parley.user("alice"), agent(parley), parley.user("backend", role="service")
    ticket_id = open_ticket(alice)

    assert refusal(simulate(alice)) == refusal(simulate(agnes)) == ("support_admins_only", 403, [])
    assert events(simulated(host)).keys() == events(simulated(admin(parley))).keys() == {ticket_id}
    [entry] = parley.user("mona", role="moderator").get("/admin/audit?action=list_tickets").json["entries"]
    assert (entry["actor_id"], entry["details"]) == ("backend", {"by": "simulate_sla"})


BAD: dict[str, tuple[dict[str, object], list[tuple[str, str]]]] = {
    "time zone": ({"time_zone": "Europe/Berlyn"}, [("/policy/time_zone", "not_allowed")]),
    "day": ({"hours": {"funday": []}}, [("/policy/hours/funday", "not_allowed")]),
    "span": ({"hours": {"monday": ["9-17"]}}, [("/policy/hours/monday", "bad_format")]),
    "backward": ({"hours": {"monday": ["17:00-09:00"]}}, [("/policy/hours/monday", "not_allowed")]),
    "overlap": ({"hours": {"monday": ["09:00-12:00", "11:00-17:00"]}}, [("/policy/hours/monday", "not_allowed")]),
    "many spans": (
        {"hours": {"monday": [f"{hour:02}:00-{hour:02}:30" for hour in range(11)]}},
        [("/policy/hours/monday", "too_many_items")],
    ),
    "holiday": ({"hours": {"holidays": ["2026-02-30"]}}, [("/policy/hours/holidays", "bad_format")]),
    "holidays": (
        {"hours": {"holidays": ["2026-02-20"] * 401}},
        [("/policy/hours/holidays", "too_many_items")],
    ),
    "never open": ({"hours": {"monday": []}}, [("/policy/hours", "not_allowed")]),
    "own targets too long": ({"hours": {"monday": ["09:00-09:05"]}}, [("/policy/hours", "not_allowed")]),
    "priority": ({"targets": {"huge": {}}}, [("/policy/targets/huge", "not_allowed")]),
    "category": (
        {"targets": {"low": {"seats": {"resolution": "1h"}}}},
        [("/policy/targets/low/seats", "not_allowed")],
    ),
    "clock": ({"targets": {"low": {"answer": "1h"}}}, [("/policy/targets/low/answer", "unknown_field")]),
    "clock of a category": (
        {"targets": {"low": {"general": {"answer": "1h"}}}},
        [("/policy/targets/low/general/answer", "not_allowed")],
    ),
    "duration": ({"targets": {"low": {"resolution": "8 hours"}}}, [("/policy/targets/low/resolution", "bad_format")]),
    "long text": (
        {"targets": {"low": {"resolution": "1" * (MAX_TEXT_CHARACTERS + 1)}}},
        [("/policy/targets/low/resolution", "too_long")],
    ),
    "more than a year": (
        {"targets": {"low": {"general": {"resolution": "9000h"}}}},
        [("/policy/targets/low/general/resolution", "not_allowed")],
    ),
    "percent": ({"warn_percent": 101}, [("/policy/warn_percent", "too_large")]),
    "escalation": ({"escalation": {}}, [("/policy/escalation", "unknown_field")]),
}


@pytest.mark.parametrize("name", BAD)
def test_mistake_in_a_policy_is_named_by_its_pointer(parley: Parley, name: str) -> None:
    policy, fields = BAD[name]

    reply = simulate(admin(parley), policy=policy)

    assert refusal(reply) == invalid(*fields)


def test_other_fields_are_checked(parley: Parley) -> None:
    ada = admin(parley)

    assert refusal(simulate(ada, **{"from": "2026-02-30"})) == invalid(("/from", "bad_format"))
    assert refusal(simulate(ada, to="2026-02-30")) == invalid(("/to", "bad_format"))
    backwards = invalid(("/from", "contradiction"), ("/to", "contradiction"))
    for end in ("2026-10-01", "2026-09-30", "1970-01-01"):
        assert refusal(simulate(ada, **{"from": "2026-10-01", "to": end})) == backwards
    assert refusal(simulate(ada, cursor="abc")) == invalid(("/cursor", "bad_cursor"))
    assert refusal(simulate(ada, limit=101)) == invalid(("/limit", "too_large"))
    assert refusal(simulate(ada, policy=None)) == invalid(("/policy", "wrong_type"))
    assert malformed_bodies(lambda raw: ada.post("/support/sla/simulate", raw=raw)) == {}
