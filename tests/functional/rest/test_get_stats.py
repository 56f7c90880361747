"""GET /admin/stats: messages, active people and new conversations by day, for moderators."""

import time

import pytest

from parley.domain.figures.days import day_of
from tests.functional.figures import DAY_MS, bring, message, record
from tests.functional.replies import refusal
from tests.functional.talk import open_direct, say
from tests.harness import Parley, User

PATH = "/admin/stats"


@pytest.fixture(autouse=True)
def _now(parley: Parley) -> None:
    parley.clock.ms = time.time_ns() // 1_000_000


def moderator(parley: Parley) -> User:
    return parley.user("mona", role="moderator")


def test_today_is_counted(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    say(alice, conversation_id, "one", "two")
    say(bob, conversation_id, "three")
    parley.drain()

    today = day_of(parley.clock())
    found = moderator(parley).get(f"{PATH}?from={today}").json

    numbers = {"messages": 3, "active_people": 2, "conversations": 1, "contexts": {"general": 1}}
    assert found == {"from": today, "to": today, "total": numbers, "days": [{"day": today, **numbers}]}


def test_people_who_write_on_two_days_are_one_in_the_total(parley: Parley) -> None:
    today_ms = parley.clock()
    sequence = 0
    for day, people in ((today_ms - DAY_MS, 40), (today_ms, 60)):
        parley.clock.ms = day
        rows = [message(parley, number + 2, f"u{number}") for number in range(people)]
        bring(parley, [record(sequence + number, row) for number, row in enumerate(rows, start=1)])
        sequence += people
    parley.clock.ms = today_ms

    found = moderator(parley).get(f"{PATH}?from={day_of(today_ms - DAY_MS)}").json

    assert [day["active_people"] for day in found["days"]] == [40, 60]
    assert (found["total"]["active_people"], found["total"]["messages"]) == (60, 100)


def test_programs_are_no_active_people(parley: Parley) -> None:
    of_host, of_desk = message(parley, 2, via="host"), message(parley, 3, "~parley.system-desk")
    rows = [of_host, of_desk, message(parley, 4, kind="system")]
    bring(parley, [record(number, row) for number, row in enumerate(rows, start=1)])

    [today] = moderator(parley).get(f"{PATH}?from={day_of(parley.clock())}").json["days"]

    assert (today["messages"], today["active_people"]) == (2, 0)


def test_days_come_as_a_table(parley: Parley) -> None:
    bring(parley, [record(1, message(parley, 1, context_type="class")), record(2, message(parley, 2))])
    today, before = day_of(parley.clock()), day_of(parley.clock() - DAY_MS)

    reply = moderator(parley).get(f"{PATH}?from={before}&format=csv")

    assert reply.headers["content-type"] == "text/csv; charset=utf-8"
    assert reply.text.split("\r\n") == [
        "day,messages,active_people,conversations,contexts.class",
        f"{before},0,0,0,",
        f"{today},2,1,1,1",
        "",
    ]


@pytest.mark.parametrize(
    ("accept", "query", "kind"),
    [
        ("text/csv", "", "text/csv; charset=utf-8"),
        ("application/json;q=0.5, text/csv;q=0.6", "", "text/csv; charset=utf-8"),
        ("application/json, text/csv", "", "application/json"),
        ("*/*", "", "application/json"),
        (None, "", "application/json"),
        ("text/csv", "?format=json", "application/json"),
        ("application/json", "?format=csv", "text/csv; charset=utf-8"),
    ],
)
def test_header_accept_asks_for_a_table_unless_the_query_says_otherwise(
    parley: Parley, accept: str | None, query: str, kind: str
) -> None:
    reply = moderator(parley).get(f"{PATH}{query}", headers={"Accept": accept})

    assert (reply.status, reply.headers["content-type"]) == (200, kind)
    assert reply.text.startswith("day," if kind.startswith("text") else "{")


def test_refusal_is_a_problem_document_whatever_the_client_accepts(parley: Parley) -> None:
    reply = parley.user("carol").get(PATH, headers={"Accept": "text/csv"})

    assert (reply.status, reply.headers["content-type"]) == (403, "application/problem+json")


def test_a_year_of_days_takes_a_query_for_a_megabyte(parley: Parley) -> None:
    mona = moderator(parley)
    mona.get(PATH)

    with parley.watch() as calls:
        assert len(mona.get(f"{PATH}?from=2025-01-01&to=2026-01-01").json["days"]) == 366

    assert sorted(call.operation for call in calls if call.function == "GetStats") == ["BatchGetItem", "Query", "Query"]


def test_too_many_days_are_refused(parley: Parley) -> None:
    reply = moderator(parley).get(f"{PATH}?from=2025-01-01&to=2026-01-02")

    assert refusal(reply) == ("invalid_request", 400, [("?to", "too_large")])


@pytest.mark.parametrize("role", [None, "agent"])
def test_others_are_refused(parley: Parley, role: str | None) -> None:
    assert refusal(parley.user("carol", role=role).get(PATH)) == ("moderators_only", 403, [])


def test_hosts_server_reads_them(parley: Parley) -> None:
    assert parley.user("backend", role="service").get(PATH).status == 200
