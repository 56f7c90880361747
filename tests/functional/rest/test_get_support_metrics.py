"""GET /support/metrics: what happened at the desk, for those who run it."""

import time

import pytest

from parley.domain.figures.days import day_of
from tests.functional.figures import DAY_MS, History
from tests.functional.replies import refusal
from tests.functional.talk import named
from tests.harness import Parley, User

PATH = "/support/metrics"
HOUR_MS = 3_600_000
NONE = {"count": 0, "median_ms": None, "p90_ms": None}


@pytest.fixture(autouse=True)
def _now(parley: Parley) -> None:
    parley.clock.ms = time.time_ns() // 1_000_000


def admin(parley: Parley) -> User:
    return parley.user("ada", role="support_admin")


def two_days(parley: Parley) -> tuple[str, str]:
    """Lets tickets be opened, answered, resolved, reopened and rated on two days, the second is today."""
    today_ms = parley.clock()
    parley.clock.ms = today_ms - DAY_MS
    history = History(parley)
    history.opened(1, category="booking", priority="high")
    history.opened(2)
    history.opened(3, assignee_id="bert")
    history.changed(1, assignee_id="agnes")
    history.happened(1, "responded", user_id="agnes", first_response_ms=60_000)
    history.happened(1, "sla_breach", clock="resolution", at_ms=parley.clock())
    parley.clock.ms = today_ms
    history.changed(1, status="resolved")
    history.happened(1, "rated", rating=5)
    history.changed(3, status="closed")
    history.changed(3, status="open")
    return day_of(today_ms - DAY_MS), day_of(today_ms)


def test_days_tell_what_happened_and_what_was_left(parley: Parley) -> None:
    before, today = two_days(parley)

    found = admin(parley).get(f"{PATH}?from={before}&to={today}").json

    first, second = found["rows"]
    assert (found["from"], found["to"], found["by"], found["error"]) == (before, today, "day", 0.05)
    assert (first["key"], first["opened"], first["resolved"], first["backlog"]) == (before, 3, 0, 3)
    assert first["first_response"]["median_ms"] == pytest.approx(60_000, rel=0.05)
    assert first["breaches"] == {"first_response": 0, "next_response": 0, "resolution": 1}
    assert first["resolution"] == NONE
    assert (second["key"], second["resolved"], second["reopened"], second["backlog"]) == (today, 2, 1, 2)
    assert second["resolution"]["count"] == 2
    assert second["resolution"]["p90_ms"] == pytest.approx(DAY_MS, rel=0.05)
    assert second["ratings"] == {"count": 1, "mean": 5.0}
    assert (found["total"]["opened"], found["total"]["resolved"]) == (3, 2)


def test_backlog_of_a_day_that_is_over_is_what_it_was(parley: Parley) -> None:
    before, _ = two_days(parley)

    [row] = admin(parley).get(f"{PATH}?from={before}&to={before}").json["rows"]

    assert row["backlog"] == 3


def test_categories_and_priorities_have_rows_of_their_own(parley: Parley) -> None:
    two_days(parley)

    categories = admin(parley).get(f"{PATH}?by=category").json["rows"]
    priorities = admin(parley).get(f"{PATH}?by=priority").json["rows"]

    assert [(row["key"], row["opened"], row["resolved"], row["backlog"]) for row in categories] == [
        ("booking", 1, 1, None),
        ("general", 2, 1, None),
    ]
    assert [(row["key"], row["opened"]) for row in priorities] == [("high", 1), ("medium", 2)]


def test_agents_are_named(parley: Parley) -> None:
    for user_id in ("agnes", "bert"):
        parley.user(user_id, role="agent")
    two_days(parley)

    found = admin(parley).get(f"{PATH}?by=agent").json

    rows = {row["key"]: row for row in found["rows"]}
    assert list(rows) == ["agnes", "bert"]
    assert (rows["agnes"]["first_response"]["count"], rows["agnes"]["resolved"]) == (1, 1)
    assert rows["bert"]["resolved"] == 1
    assert found["users"] == named(parley, "agnes", "bert")


def test_days_without_anything_are_zero(parley: Parley) -> None:
    found = admin(parley).get(f"{PATH}?from=2024-02-28&to=2024-03-01").json

    assert [row["key"] for row in found["rows"]] == ["2024-02-28", "2024-02-29", "2024-03-01"]
    assert found["total"]["opened"] == 0 and found["rows"][0]["first_response"] == NONE


def test_without_days_the_answer_is_of_the_last_thirty(parley: Parley) -> None:
    rows = admin(parley).get(PATH).json["rows"]

    assert (len(rows), rows[-1]["key"]) == (30, day_of(parley.clock()))


@pytest.mark.parametrize(("query", "accept"), [("&format=csv", None), ("", "text/csv, */*;q=0.1")])
def test_rows_come_as_a_table(parley: Parley, query: str, accept: str | None) -> None:
    two_days(parley)

    reply = admin(parley).get(f"{PATH}?by=category{query}", headers={"Accept": accept})

    assert reply.headers["content-type"] == "text/csv; charset=utf-8"
    lines = reply.text.split("\r\n")
    assert lines[0].startswith("key,opened,resolved,reopened,backlog,first_response.count,first_response.median_ms")
    assert [line.split(",")[:4] for line in lines[1:3]] == [["booking", "1", "1", "0"], ["general", "2", "1", "1"]]
    assert lines[3:] == [""]


@pytest.mark.parametrize(
    ("query", "fields"),
    [
        ("from=2026-02-30", [("?from", "bad_format")]),
        ("to=today", [("?to", "bad_format")]),
        ("from=2026-03-02&to=2026-03-01", [("?from", "contradiction"), ("?to", "contradiction")]),
        ("from=2025-01-01&to=2026-01-02", [("?to", "too_large")]),
        ("by=team", [("?by", "not_allowed")]),
        ("format=xml", [("?format", "not_allowed")]),
        ("since=2026-03-02", [("?since", "unknown_field")]),
    ],
    ids=["no day", "no date", "wrong order", "367 days", "unknown facet", "unknown format", "unknown"],
)
def test_mistakes_are_named(parley: Parley, query: str, fields: list[tuple[str, str]]) -> None:
    assert refusal(admin(parley).get(f"{PATH}?{query}")) == ("invalid_request", 400, fields)


def test_first_and_last_day_of_the_calendar_are_days(parley: Parley) -> None:
    assert len(admin(parley).get(f"{PATH}?to=0001-01-01").json["rows"]) == 1
    assert len(admin(parley).get(f"{PATH}?to=9999-12-31").json["rows"]) == 30


def test_a_year_is_possible(parley: Parley) -> None:
    rows = admin(parley).get(f"{PATH}?from=2025-01-01&to=2026-01-01").json["rows"]

    assert len(rows) == 366


@pytest.mark.parametrize("role", [None, "agent", "moderator"])
def test_others_are_refused(parley: Parley, role: str | None) -> None:
    assert refusal(parley.user("carol", role=role).get(PATH)) == ("support_admins_only", 403, [])


def test_hosts_server_reads_them(parley: Parley) -> None:
    assert parley.user("backend", role="service").get(PATH).status == 200
