"""GET /admin/stats/users: what each person has written and received, for moderators."""

import csv
import io
import time
from typing import Any
from urllib.parse import parse_qs

import pytest

from parley.domain.figures import tallies
from parley.domain.figures.days import day_of
from tests.functional.desk import agent, note, open_ticket
from tests.functional.erasures import erased
from tests.functional.figures import DAY_MS, bring, message, record
from tests.functional.replies import refusal
from tests.functional.talk import make_group, named, open_direct, say
from tests.harness import Parley, User

PATH = "/admin/stats/users"
MINUTE_MS = 60_000


@pytest.fixture(autouse=True)
def _now(parley: Parley) -> None:
    parley.clock.ms = time.time_ns() // 1_000_000


def moderator(parley: Parley) -> User:
    return parley.user("mona", role="moderator")


def all_of(reader: User, query: str = "") -> dict[str, dict[str, Any]]:
    """Returns the figures of everybody, page by page, by person."""
    found: dict[str, dict[str, Any]] = {}
    cursor = ""
    while True:
        page = reader.get(f"{PATH}?{query}{cursor}").json
        assert not found.keys() & {row["user_id"] for row in page["people"]}
        found |= {row.pop("user_id"): row for row in page["people"]}
        if page["next"] is None:
            return found
        cursor = f"&cursor={page['next']}"


def test_each_person_has_what_they_wrote_and_received(parley: Parley) -> None:
    alice, bob, carol = (parley.user(name) for name in ("alice", "bob", "carol"))
    conversation_id = open_direct(alice, bob)
    say(alice, conversation_id, "one", "two")
    say(bob, conversation_id, "three")
    say(carol, make_group(carol, alice, bob), "four")
    parley.drain()

    found = all_of(moderator(parley))

    minute = rfc_minute(parley)
    assert found == {
        "alice": {"sent": 2, "received": 2, "conversations": 2, "last_active_at": minute},
        "bob": {"sent": 1, "received": 3, "conversations": 2, "last_active_at": minute},
        "carol": {"sent": 1, "received": 0, "conversations": 1, "last_active_at": minute},
        "mona": {"sent": 0, "received": 0, "conversations": 0, "last_active_at": None},
    }


def rfc_minute(parley: Parley) -> str:
    """Returns the minute in which it is."""
    in_day_ms = parley.clock() % DAY_MS // MINUTE_MS
    return f"{day_of(parley.clock())}T{in_day_ms // 60:02d}:{in_day_ms % 60:02d}:00.000Z"


def test_ticket_counts_for_its_requester_and_notes_for_their_author_alone(parley: Parley) -> None:
    alice, agnes, bert = parley.user("alice"), agent(parley, "agnes"), agent(parley, "bert")
    ticket_id = open_ticket(alice)
    assert agnes.post(f"/support/tickets/{ticket_id}/respond", json={"text": "Hello"}).status == 201
    assert note(agnes, ticket_id).status == 201
    assert note(bert, ticket_id, "I know").status == 201
    parley.drain()

    found = all_of(moderator(parley))

    assert (found["alice"]["sent"], found["alice"]["received"], found["alice"]["conversations"]) == (1, 1, 1)
    assert (found["agnes"]["sent"], found["agnes"]["conversations"]) == (2, 1)
    assert (found["bert"]["sent"], found["bert"]["received"], found["bert"]["conversations"]) == (1, 0, 0)


def test_days_bound_what_counts(parley: Parley) -> None:
    alice = parley.user("alice")
    today_ms = parley.clock()
    for number, days in enumerate((40, 3, 2, 1, 0), start=1):
        parley.clock.ms = today_ms - days * DAY_MS
        bring(parley, [record(number, message(parley, 2, "alice"))])
    parley.clock.ms = today_ms
    mona = moderator(parley)
    between = f"from={day_of(today_ms - 3 * DAY_MS)}&to={day_of(today_ms - DAY_MS)}"

    assert alice.user_id in all_of(mona)
    assert all_of(mona, between)["alice"]["sent"] == 3
    assert all_of(mona)["alice"]["sent"] == 4
    assert all_of(mona, between)["alice"]["last_active_at"].startswith(day_of(today_ms - DAY_MS))


def test_pages_name_everybody_once(parley: Parley) -> None:
    for number in range(23):
        parley.user(f"u{number}")
    mona = moderator(parley)

    whole, by_two = all_of(mona), all_of(mona, "limit=2")

    assert whole.keys() == by_two.keys() == {"mona", *(f"u{number}" for number in range(23))}
    page = mona.get(f"{PATH}?limit=2").json
    assert page["users"] == named(parley, *(row["user_id"] for row in page["people"]))


def test_runs_that_are_not_merged_yet_count_and_merged_ones_still_do(parley: Parley) -> None:
    for number in range(90):
        parley.user(f"u{number}")
    mona = moderator(parley)
    rows = [message(parley, number + 2, f"u{number % 90}") for number in range(90)]
    seen = []
    for batch in range(tallies.MERGE_RUNS + 2):
        bring(parley, [record(batch * 90 + number, row) for number, row in enumerate(rows, start=1)])
        if batch in (0, 5, tallies.MERGE_RUNS - 2, tallies.MERGE_RUNS - 1, tallies.MERGE_RUNS + 1):
            found = all_of(mona)
            seen.append({found[f"u{number}"]["sent"] for number in range(90)})

    assert seen == [{1}, {6}, {tallies.MERGE_RUNS - 1}, {tallies.MERGE_RUNS}, {tallies.MERGE_RUNS + 2}]


def test_erased_person_is_in_no_page_and_in_no_row(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("robert-the-second")
    say(bob, open_direct(alice, bob), "one")
    parley.drain()

    erased(parley, "robert-the-second")

    assert "robert-the-second" not in all_of(moderator(parley))
    table = parley.template.resources["Figures"].ref
    assert "robert" not in str(parley.store.client("dynamodb").scan(TableName=table, ConsistentRead=True)["Items"])


def test_program_counts_for_those_who_read_it_alone(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    host = parley.user("backend", role="service")
    sent = host.post(f"/conversations/{conversation_id}/messages", json={"text": "Hello", "sender_id": "alice"})
    assert sent.status == 201, sent
    parley.drain()

    found = all_of(moderator(parley))

    assert (found["alice"]["sent"], found["bob"]["received"]) == (0, 1)


def test_table_leads_to_its_next_page(parley: Parley) -> None:
    parley.user("alice", name="=Alice, the first")
    for number in range(6):
        parley.user(f"u{number}", name=f"U {number}")
    mona = moderator(parley)
    lines: list[list[str]] = []
    query = "limit=1&from=2026-11-01&to=2026-11-02"
    while query:
        reply = mona.get(f"{PATH}?{query}", headers={"Accept": "text/csv"})
        assert reply.headers["content-type"] == "text/csv; charset=utf-8"
        head, *page = csv.reader(io.StringIO(reply.text, newline=""))
        assert head == ["user_id", "name", "sent", "received", "conversations", "last_active_at"]
        lines += page
        link = reply.headers.get("link", "")
        assert ("Link" in reply.headers["access-control-expose-headers"]) == bool(link)
        query = link.removeprefix("<?").removesuffix('>; rel="next"')
        assert not query or parse_qs(query)["from"] == ["2026-11-01"]

    assert len(lines) == 8
    assert ["alice", "'=Alice, the first", "0", "0", "0", ""] in lines


def test_page_takes_as_many_round_trips_with_a_year_as_with_a_day(parley: Parley) -> None:
    parley.user("alice")
    mona = moderator(parley)
    cursor, people = "", dict[str, object]()
    while "alice" not in people:  # the parts of the directory that have nobody are pages, too
        with parley.watch() as calls:
            page = mona.get(f"{PATH}?from=2025-01-01&to=2026-01-01{cursor}").json
        people, cursor = page["users"], f"&cursor={page['next']}"

    made = [call.operation for call in calls if call.function == "ListUserStats"]
    assert sorted(made) == ["BatchGetItem", "BatchGetItem", *["Query"] * (3 + 2 * len(people))]


@pytest.mark.parametrize("cursor", ["x", "AAAA"])
def test_foreign_cursor_is_refused(parley: Parley, cursor: str) -> None:
    assert refusal(moderator(parley).get(f"{PATH}?cursor={cursor}")) == (
        "invalid_request",
        400,
        [("?cursor", "bad_cursor")],
    )


def test_cursor_of_the_directory_is_refused(parley: Parley) -> None:
    for number in range(3):
        parley.user(f"u{number}")
    mona = moderator(parley)
    cursor = mona.get("/users?limit=1").json["next"]

    assert mona.get(f"{PATH}?cursor={cursor}").status == 400


@pytest.mark.parametrize(
    ("query", "fields"),
    [("limit=101", [("?limit", "too_large")]), ("from=2025-01-01&to=2026-01-02", [("?to", "too_large")])],
)
def test_mistakes_are_named(parley: Parley, query: str, fields: list[tuple[str, str]]) -> None:
    assert refusal(moderator(parley).get(f"{PATH}?{query}")) == ("invalid_request", 400, fields)


@pytest.mark.parametrize("role", [None, "agent", "support_admin"])
def test_others_are_refused(parley: Parley, role: str | None) -> None:
    assert refusal(parley.user("carol", role=role).get(PATH)) == ("moderators_only", 403, [])


def test_hosts_server_reads_them(parley: Parley) -> None:
    assert parley.user("backend", role="service").get(PATH).status == 200
