"""POST /support/tickets/bulk: each ticket is changed, or refused, by itself."""

from collections.abc import Iterable
from json import dumps
from typing import Any

import pytest

from tests.functional.desk import (
    agent,
    answered_ticket,
    ask,
    change,
    change_all,
    history,
    open_ticket,
    take,
    use_office,
)
from tests.functional.replies import refusal
from tests.functional.talk import names
from tests.harness import Parley

UNKNOWN = "t_" + "a" * 26


def codes(results: Iterable[dict[str, Any]]) -> list[tuple[str, str] | int]:
    """Returns the status of each ticket that was changed; the code and pointer of each that was refused."""
    return [
        each["status"]
        if "problem" not in each
        else (each["problem"]["code"], "".join(one["pointer"] for one in each["problem"].get("errors", [])))
        for each in results
    ]


def test_agent_changes_many_tickets_alike(parley: Parley) -> None:
    alice, bob, agnes = parley.user("alice"), parley.user("bob"), agent(parley)
    ticket_ids = [open_ticket(alice), open_ticket(bob), open_ticket(alice)]

    reply = change_all(
        agnes, ticket_ids, status="in_progress", priority="high", category="booking", tags=["vip"], assignee_id="agnes"
    )

    assert reply.status == 200, reply
    results = reply.json["results"]
    assert [each["id"] for each in results] == ticket_ids
    fields = ("status", "priority", "category", "tags", "assignee_id", "version")
    for each, requester in zip(results, ("alice", "bob", "alice"), strict=True):
        assert (each["status"], each["ticket"]["requester_id"]) == (200, requester)
        changed = ["in_progress", "high", "booking", ["vip"], "agnes", 2]
        assert [each["ticket"][name] for name in fields] == changed
        stored = agnes.get(f"/support/tickets/{each['id']}").json
        assert [stored[name] for name in fields] == changed
        [_, entry] = history(agnes, each["id"])
        assert (entry["event"], entry["user_id"]) == ("updated", "agnes")
    assert reply.json["users"].keys() == {"alice", "bob", "agnes"}


def test_each_requester_hears_of_their_ticket_alone(parley: Parley) -> None:
    alice, bob, agnes = parley.user("alice"), parley.user("bob"), agent(parley)
    ticket_ids = [open_ticket(alice), open_ticket(bob)]
    devices = [alice.connect(), bob.connect()]

    change_all(agnes, ticket_ids, priority="low")

    for device, ticket_id in zip(devices, ticket_ids, strict=True):
        frames = device.events()
        assert names(frames) == ["message_notification", "ticket_updated"]
        assert [frame["data"]["conversation_id"] for frame in frames] == [ticket_id] * 2


def test_a_refused_ticket_stops_no_other_and_stays_as_it_is(parley: Parley) -> None:
    alice, agnes = parley.user("alice"), agent(parley)
    mine, closed, others = open_ticket(agnes), open_ticket(alice), open_ticket(alice)
    assert change(agnes, closed, status="closed").status == 200

    results = change_all(agnes, [mine, closed, UNKNOWN, others], priority="high", status="resolved").json["results"]

    assert codes(results) == [
        ("own_ticket", "/changes/priority"),
        ("illegal_status", "/changes/status"),
        ("ticket_not_found", ""),
        200,
    ]
    assert "Possible: none" in results[1]["problem"]["detail"]
    assert [agnes.get(f"/support/tickets/{one}").json["priority"] for one in (mine, closed)] == ["medium", "medium"]
    assert [len(history(agnes, one)) for one in (mine, closed)] == [1, 2]
    assert codes(change_all(agnes, [closed], priority="low").json["results"]) == [("ticket_closed", "")]


def test_a_repeat_gets_the_same_and_changes_nothing(parley: Parley) -> None:
    alice, agnes = parley.user("alice"), agent(parley)
    ticket_ids = [open_ticket(alice), UNKNOWN, open_ticket(alice)]

    first = change_all(agnes, ticket_ids, status="closed", category="complaint")
    again = change_all(agnes, ticket_ids, status="closed", category="complaint")

    assert (again.status, again.json) == (200, first.json)
    assert [len(history(agnes, one)) for one in (ticket_ids[0], ticket_ids[2])] == [2, 2]


def test_an_agent_who_is_in_the_tickets_has_read_what_they_did(parley: Parley) -> None:
    alice, agnes = parley.user("alice"), agent(parley)
    ticket_id = answered_ticket(alice, agnes)

    change_all(agnes, [ticket_id], priority="low")

    assert [one.get(f"/support/tickets/{ticket_id}").json["unread"] for one in (agnes, alice)] == [0, 2]


def test_only_agents_and_the_hosts_server_may(parley: Parley) -> None:
    alice, host = parley.user("alice"), parley.user("backend", role="service")
    ticket_id = open_ticket(alice)

    assert refusal(change_all(alice, [ticket_id], status="closed")) == ("agents_only", 403, [])
    [done] = change_all(host, [ticket_id], priority="urgent").json["results"]
    assert (done["status"], done["ticket"]["priority"]) == (200, "urgent")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"ids": [], "changes": {"status": "open"}}, [("/ids", "too_few_items")]),
        (
            {"ids": [f"t_{'a' * 24}{one}{two}" for one in "abc" for two in "abcdefghijklmnopq"], "changes": {}},
            [("/ids", "too_many_items")],
        ),
        ({"ids": [UNKNOWN, UNKNOWN], "changes": {"status": "open"}}, [("/ids/1", "repeated")]),
        ({"ids": ["d_" + "a" * 26], "changes": {"status": "open"}}, [("/ids/0", "bad_format")]),
        ({"ids": [UNKNOWN], "changes": {}}, [("/changes", "required")]),
        ({"ids": [UNKNOWN], "changes": {"subject": "Ours"}}, [("/changes/subject", "unknown_field")]),
        ({"ids": [UNKNOWN], "changes": {"status": "merged"}}, [("/changes/status", "not_allowed")]),
    ],
    ids=["none", "too many", "twice", "no ticket", "nothing", "subject", "status"],
)
def test_wrong_requests_are_refused_as_a_whole(
    parley: Parley, body: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    reply = agent(parley).post("/support/tickets/bulk", json=body)

    assert refusal(reply) == ("invalid_request", 400, expected)


def test_what_the_desk_does_not_have_is_refused_before_anything_happens(parley: Parley) -> None:
    alice, agnes = parley.user("alice"), agent(parley)
    ticket_id = open_ticket(alice)

    for field, code in (("category", "unknown_category"), ("team", "unknown_team")):
        reply = change_all(agnes, [ticket_id], status="closed", **{field: "nowhere"})
        assert refusal(reply) == (code, 400, [(f"/changes/{field}", "not_allowed")])

    [result] = change_all(agnes, [ticket_id], status="closed", assignee_id="alice").json["results"]
    assert (result["problem"]["code"], result["status"]) == ("own_ticket", 403)
    parley.user("bob")
    [result] = change_all(agnes, [ticket_id], status="closed", assignee_id="bob").json["results"]
    assert codes([result]) == [("unknown_assignee", "/changes/assignee_id")]
    assert alice.get(f"/support/tickets/{ticket_id}").json["status"] == "open"


def test_team_follows_the_category_unless_it_is_named(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    use_office(monkeypatch)
    alice, agnes = parley.user("alice"), agent(parley)
    ticket_id = open_ticket(alice, category="general")

    [followed] = change_all(agnes, [ticket_id], category="booking").json["results"]
    [named] = change_all(agnes, [ticket_id], category="complaint", team=None).json["results"]

    assert (followed["ticket"]["team"], named["ticket"]["team"]) == ("travel", None)


def test_fifty_tickets_are_changed_although_fewer_messages_may_be_sent_at_once(parley: Parley) -> None:
    alice, host, agnes = parley.user("alice"), parley.user("backend", role="service"), agent(parley)
    ticket_ids = [str(ask(host, requester_id="alice").json["id"]) for _ in range(50)]

    reply = change_all(agnes, ticket_ids, priority="urgent")

    assert codes(reply.json["results"]) == [200] * 50
    assert '"live"' in reply.headers["ratelimit"]
    assert alice.get(f"/support/tickets/{ticket_ids[-1]}").json["priority"] == "urgent"
    assert len(dumps(reply.json)) < 60_000


def test_tickets_beyond_the_limit_are_refused_by_themselves(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    alice, agnes = parley.user("alice"), agent(parley)
    ticket_ids = [open_ticket(alice) for _ in range(3)]
    monkeypatch.setenv("LIVE_BURST", "2")
    monkeypatch.setenv("LIVE_PER_MINUTE", "1")

    first = change_all(agnes, ticket_ids, priority="high").json["results"]

    assert sorted(each["status"] for each in first) == [200, 200, 429]
    [refused] = [each["problem"] for each in first if each["status"] == 429]
    assert (refused["code"], refused["rule"], refused["retry_after_ms"] > 0) == ("rate_limited", "live", True)
    again = change_all(agnes, ticket_ids, priority="high").json["results"]
    assert [each["status"] for each in again] == [each["status"] for each in first]
    parley.clock.ms += 60_000
    assert codes(change_all(agnes, ticket_ids, priority="high").json["results"]) == [200, 200, 200]


def test_of_an_agents_bulk_and_another_who_takes_each_ticket_has_both(parley: Parley) -> None:
    alice, agnes, ben = parley.user("alice"), agent(parley), agent(parley, "ben")
    ticket_id = open_ticket(alice)

    change_all(agnes, [ticket_id], tags=["late"])
    take(ben, ticket_id)

    ticket = alice.get(f"/support/tickets/{ticket_id}").json
    assert (ticket["tags"], ticket["assignee_id"], ticket["version"]) == (["late"], "ben", 3)
