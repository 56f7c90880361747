"""Tickets of another system: imported with their messages, notes, ratings and history, and undone."""

import time
from pathlib import Path
from typing import Any

import pytest

from tests.functional.desk import agent, change, history, note, open_ticket, put_on_duty, respond, take, use_desk
from tests.functional.erasures import erased, everything
from tests.functional.moving import (
    begin,
    bring,
    finish,
    finish_ticket,
    host_of,
    imported_ticket,
    message,
    notes,
    people,
    ticket,
)
from tests.functional.replies import invalid, refusal, stored
from tests.functional.talk import forget_events
from tests.harness import Frame, Parley, Reply, Socket

PATH = "/migration/conversations"
AT = "2024-03-01T09:00:00Z"
TAKEN = {"event": "updated", "user_id": "sam", "at": AT, "changes": {"assignee_id": {"from": None, "to": "sam"}}}
SOLVED = {"event": "updated", "user_id": "sam", "at": AT, "changes": {"status": {"from": "open", "to": "resolved"}}}
RATED = {"event": "rated", "user_id": "alice", "at": AT, "rating": 4, "comment": "Quick."}
BOTH = [{"user_id": user_id, "read_seq": 0} for user_id in ("alice", "sam")]


@pytest.fixture(autouse=True)
def _now(parley: Parley) -> None:
    parley.clock.ms = time.time_ns() // 1_000_000  # the stream goes by the clock on the wall


def sweep(parley: Parley) -> None:
    parley.run_schedule("ClearStalePresence")
    parley.run_schedule("SweepTickets")
    parley.drain()


def told(phone: Socket) -> list[str]:
    """Returns the events of a device, without those of profiles, which the import's people have."""
    return [frame["event"] for frame in phone.events() if frame["event"] != "user_updated"]


def undo(parley: Parley, conversation_id: str) -> Reply:
    return host_of(parley).delete(f"{PATH}/{conversation_id}?run=rehearsal-1")


def imported_notes(parley: Parley) -> str:
    """Returns the id of the imported notes of the ticket, one of sam's."""
    notes_id = begin(parley, notes("sam"))
    assert bring(parley, notes_id, message(1, "sam", "They have called twice.")).status == 200
    reply = finish(parley, notes_id, 1, {"user_id": "sam", "read_seq": 1})
    assert reply.status == 200, reply
    return notes_id


def test_finished_ticket_is_as_it_was(parley: Parley) -> None:
    state = {"priority": "high", "category": "booking", "tags": ["old-117"], "replied_at": AT}
    ticket_id = imported_ticket(parley, history=[TAKEN, SOLVED, RATED], status="resolved", rating=4, **state)
    alice, sam = parley.user("alice"), agent(parley, "sam")

    seen = alice.get(f"/support/tickets/{ticket_id}").json

    assert (seen["subject"], seen["status"], seen["priority"]) == ("My bicycle is broken", "resolved", "high")
    assert (seen["category"], seen["tags"], seen["assignee_id"]) == ("booking", ["old-117"], "sam")
    assert (seen["rating"], seen["created_at"], seen["unread"]) == (4, "2024-03-01T08:00:00.000Z", 0)
    assert [entry["event"] for entry in history(alice, ticket_id)] == ["created", "updated", "updated", "rated"]
    assert history(alice, ticket_id)[3]["comment"] == "Quick."
    listed = [one["id"] for one in alice.get("/support/tickets").json["tickets"]]
    assert listed == [
        one["id"] for one in sam.get("/support/tickets/admin/all?assignee=sam&status=resolved").json["tickets"]
    ]
    found = sam.get(f"/support/tickets/admin/all?q={seen['number']}").json["tickets"]
    assert [one["id"] for one in found] == [ticket_id]
    said = alice.get(f"/conversations/{ticket_id}/messages").json["messages"]
    assert [(each["text"], each["from"]) for each in said] == [("message 1", "requester"), ("message 2", "support")]


def test_counts_have_it_and_no_day_has_opened_it(parley: Parley) -> None:
    ticket_id = imported_ticket(parley, priority="urgent", history=[TAKEN])
    parley.drain()
    sam = agent(parley, "sam")

    counts = sam.get("/support/queue-counts").json

    assert (counts["open"], counts["priority"]["urgent"]) == (1, 1)
    assert counts["assignees"] == [{"user_id": "sam", "count": 1}]
    days = parley.user("root", role="support_admin").get("/support/metrics").json["rows"]
    assert all(row["opened"] == row["resolved"] == 0 for row in days) and days[-1]["backlog"] == 1
    assert change(sam, ticket_id, status="resolved").status == 200
    parley.drain()
    assert sam.get("/support/queue-counts").json["open"] == 0


def test_nobody_is_told_and_nobody_gets_it(parley: Parley, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    use_desk(monkeypatch, tmp_path, '[assignment]\nmethod = "round_robin"\n')
    agnes, sam = agent(parley, "agnes"), agent(parley, "sam")
    alice = parley.user("alice")
    people(parley, "alice", "sam")
    phones = [person.connect() for person in (agnes, sam, alice)]
    put_on_duty(agnes)
    put_on_duty(sam)
    forget_events(*phones)

    ticket_id = imported_ticket(parley, assignee_id=None)
    parley.drain()
    sweep(parley)

    assert [told(phone) for phone in phones] == [[], [], []]
    assert sam.get(f"/support/tickets/{ticket_id}").json["assignee_id"] is None
    assert [entry["event"] for entry in history(sam, ticket_id)] == ["created"]
    assert take(sam, ticket_id).status == 200


def test_days_of_a_resolved_ticket_begin_with_the_import(parley: Parley) -> None:
    ticket_id = imported_ticket(parley, status="resolved", status_at=AT)
    found = []
    for days in (0, 6, 4):  # the notice comes two days before the end
        parley.clock.ms += days * 24 * 3_600_000
        sweep(parley)
        found.append(agent(parley, "sam").get(f"/support/tickets/{ticket_id}").json)

    assert [each["last_seq"] for each in found[:2]] == [2, 3]
    assert [each["status"] for each in found] == ["resolved", "resolved", "closed"]


def test_ticket_that_was_closed_long_ago_is_in_no_queue(parley: Parley) -> None:
    ticket_id = imported_ticket(parley, status="closed", status_at=AT)
    sam, alice = agent(parley, "sam"), parley.user("alice")

    assert sam.get("/support/tickets/admin/all?status=closed").json["tickets"] == []
    assert [one["id"] for one in alice.get("/support/tickets").json["tickets"]] == [ticket_id]
    assert refusal(alice.post(f"/conversations/{ticket_id}/messages", json={"text": "again"}))[1] == 403


def test_no_clock_of_the_desk_runs(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUPPORT", "office")
    ticket_id = imported_ticket(parley, category=None)

    parley.clock.ms += 30 * 24 * 3_600_000
    sweep(parley)
    sam = agent(parley, "sam")

    assert sam.get("/support/tickets/admin/all?overdue=true").json["tickets"] == []
    assert not [entry for entry in history(sam, ticket_id) if entry["event"].startswith("sla")]


def test_work_goes_on_in_it(parley: Parley) -> None:
    ticket_id = imported_ticket(parley, history=[TAKEN], replied_at=AT)
    alice, sam = parley.user("alice"), agent(parley, "sam")

    assert respond(sam, ticket_id, "Is it solved?").status == 201
    assert change(sam, ticket_id, status="waiting_on_customer").status == 200
    assert alice.post(f"/conversations/{ticket_id}/messages", json={"text": "No."}).status == 201

    seen = sam.get(f"/support/tickets/{ticket_id}").json
    assert (seen["status"], seen["version"]) == ("open", 3)
    assert [entry["number"] for entry in history(sam, ticket_id)] == [1, 2, 3, 4]


def test_notes_come_with_it_and_its_requester_sees_none(parley: Parley) -> None:
    ticket_id = imported_ticket(parley)
    notes_id = imported_notes(parley)
    alice, sam = parley.user("alice"), agent(parley, "sam")

    found = sam.get(f"/support/tickets/{ticket_id}/notes").json["messages"]

    assert [each["text"] for each in found] == ["They have called twice."]
    assert notes_id == "n_" + ticket_id[2:]
    assert note(sam, ticket_id, "And once more.").json["seq"] == 2
    assert refusal(alice.get(f"/support/tickets/{ticket_id}/notes"))[0] == "agents_only"
    assert alice.get(f"/conversations/{notes_id}/messages").status == 404


def test_nothing_is_left_of_it(parley: Parley) -> None:
    people(parley, "alice", "sam", "tom")
    before = stored(parley)
    moved = {"assignee_id": {"from": "tom", "to": "sam"}}  # a former agent, who is not in it
    ticket_id = imported_ticket(parley, tags=["a", "b"], history=[{**TAKEN, "changes": moved}, {**RATED}], rating=4)
    notes_id = imported_notes(parley)

    assert refusal(undo(parley, ticket_id)) == ("conversation_live", 409, [])
    assert undo(parley, notes_id).json["done"]
    assert undo(parley, ticket_id).json["done"]
    assert stored(parley) == before
    parley.drain()
    counts = agent(parley, "sam").get("/support/queue-counts").json
    assert (counts["open"], counts["assignees"]) == (0, [])
    assert undo(parley, ticket_id).json["done"]


def test_unfinished_ticket_is_undone(parley: Parley) -> None:
    people(parley, "alice", "sam")
    before = stored(parley)
    ticket_id = begin(parley, ticket("alice", "sam"))
    bring(parley, ticket_id, message(1))

    assert undo(parley, ticket_id).json["done"]
    assert stored(parley) == before


@pytest.mark.parametrize("use", ["message", "read", "change", "note", "follow_up"])
def test_ticket_that_was_used_stays(parley: Parley, use: str) -> None:
    status = "closed" if use == "follow_up" else "open"
    ticket_id = imported_ticket(parley, status=status)
    alice, sam = parley.user("alice"), agent(parley, "sam")
    if use == "message":
        assert alice.post(f"/conversations/{ticket_id}/messages", json={"text": "hello"}).status == 201
    elif use == "read":
        bring_back = host_of(parley).get(f"/conversations/{ticket_id}")
        assert bring_back.status == 200
        assert alice.patch(f"/conversations/{ticket_id}/settings", json={"pinned": True}).status == 200
    elif use == "change":
        assert change(sam, ticket_id, priority="low").status == 200
    elif use == "note":
        assert note(sam, ticket_id).status == 201
    else:
        open_ticket(alice, follow_up_of=ticket_id)
    before = stored(parley)

    assert refusal(undo(parley, ticket_id)) == ("conversation_live", 409, [])
    assert stored(parley) == before


def test_former_agent_may_have_it(parley: Parley) -> None:
    ticket_id = imported_ticket(parley, status="closed")

    assert parley.user("sam").get(f"/conversations/{ticket_id}").status == 404  # membership alone admits nobody
    assert parley.user("alice").get(f"/support/tickets/{ticket_id}").json["assignee_id"] == "sam"


@pytest.mark.parametrize(
    "body, fields",
    [
        (ticket("alice", "sam", title=None), [("/title", "required")]),
        (ticket("alice", requester_id=None), [("/requester_id", "required")]),
        (ticket("alice", requester_id="sam"), [("/requester_id", "contradiction")]),
        (ticket("alice", "alice"), [("/members/1/user_id", "repeated")]),
        (ticket("alice", closed=True), [("/closed", "contradiction")]),
        (ticket("alice", description="x"), [("/description", "contradiction")]),
        (ticket("alice", members=[{"user_id": "alice", "role": "owner"}]), [("/members/0/role", "contradiction")]),
        (ticket(*(["alice"] + [f"p{number}" for number in range(100)])), [("/members", "too_many_items")]),
        (notes("sam", title="Notes"), [("/title", "contradiction")]),
        (notes("sam", requester_id="alice"), [("/requester_id", "contradiction")]),
    ],
)
def test_wrong_ticket_is_refused_and_named(parley: Parley, body: Frame, fields: list[tuple[str, str]]) -> None:
    people(parley, "alice", "sam")
    before = stored(parley)

    assert refusal(host_of(parley).post(PATH, json=body)) == invalid(*fields)
    assert stored(parley) == before


def test_ticket_about_what_the_policy_does_not_know_is_refused(parley: Parley) -> None:
    people(parley, "alice")
    body = ticket("alice", context={"type": "spaceship", "id": "1"})

    expected = ("unknown_context_type", 400, [("/context/type", "not_allowed")])
    assert refusal(host_of(parley).post(PATH, json=body)) == expected


def test_notes_come_after_their_ticket_and_without_its_requester(parley: Parley) -> None:
    people(parley, "alice", "sam")
    host = host_of(parley)

    missing = ("ticket_not_found", 404, [("/source_id", "not_allowed")])
    assert refusal(host.post(PATH, json=notes("sam"))) == missing
    begin(parley, ticket("alice", "sam"))
    assert refusal(host.post(PATH, json=notes("alice"))) == invalid(("/members/0/user_id", "contradiction"))
    assert refusal(host.post(PATH, json=notes("sam", run="second")))[0] == "conversation_importing"


@pytest.mark.parametrize(
    "state, fields",
    [
        ({"status": "new"}, [("/ticket/status", "not_allowed")]),
        ({"priority": "normal"}, [("/ticket/priority", "not_allowed")]),
        ({"tags": ["two words"]}, [("/ticket/tags/0", "bad_format")]),
        ({"rating": 6}, [("/ticket/rating", "too_large")]),
        ({"assignee_id": "alice"}, [("/ticket/assignee_id", "contradiction")]),
        ({"assignee_id": "tom"}, [("/ticket/assignee_id", "contradiction")]),
        ({"status_at": "2199-01-01T00:00:00Z"}, [("/ticket/status_at", "too_large")]),
        ({"replied_at": "2020-01-01T00:00:00Z"}, [("/ticket/replied_at", "too_small")]),
        ({"history": [TAKEN, {**TAKEN, "at": "2024-03-01T08:30:00Z"}]}, [("/ticket/history/1/at", "too_small")]),
        ({"history": [TAKEN, {**TAKEN, "event": "created"}]}, [("/ticket/history/1/event", "not_allowed")]),
        ({"history": [RATED]}, [("/ticket/rating", "contradiction")]),
        ({"history": [{**TAKEN, "rating": 3}], "rating": 3}, [("/ticket/history/0/rating", "contradiction")]),
        ({"history": [{**TAKEN, "comment": "Well"}]}, [("/ticket/history/0/comment", "contradiction")]),
        (
            {"history": [{**SOLVED, "changes": {"status": {"from": "new", "to": "open"}}}]},
            [("/ticket/history/0/changes/status/from", "not_allowed")],
        ),
        ({"history": [TAKEN] * 251}, [("/ticket/history", "too_many_items")]),
    ],
)
def test_wrong_state_is_refused_and_named(parley: Parley, state: Frame, fields: list[tuple[str, str]]) -> None:
    people(parley, "alice", "sam")
    ticket_id = begin(parley, ticket("alice", "sam"))
    before = stored(parley)

    assert refusal(finish_ticket(parley, ticket_id, 0, *BOTH, **state)) == invalid(*fields)
    assert stored(parley) == before


@pytest.mark.parametrize(
    "state, code, pointer",
    [
        ({"category": "bicycles"}, "unknown_category", "/ticket/category"),
        ({"team": "north"}, "unknown_team", "/ticket/team"),
        ({"history": [{**TAKEN, "user_id": "zoe"}]}, "unknown_user", "/ticket/history/0/user_id"),
        (
            {"history": [{**TAKEN, "changes": {"assignee_id": {"from": "zoe", "to": None}}}]},
            "unknown_user",
            "/ticket/history/0/changes/assignee_id/from",
        ),
    ],
)
def test_names_that_nobody_knows_are_refused(parley: Parley, state: Frame, code: str, pointer: str) -> None:
    people(parley, "alice", "sam")
    ticket_id = begin(parley, ticket("alice", "sam"))

    found = refusal(finish_ticket(parley, ticket_id, 0, *BOTH, **state))
    assert (found[0], found[2]) == (code, [(pointer, "not_allowed")])


def test_state_is_of_tickets_alone(parley: Parley) -> None:
    people(parley, "alice", "sam")
    ticket_id = begin(parley, ticket("alice", "sam"))
    notes_id = begin(parley, notes("sam"))

    assert refusal(finish(parley, ticket_id, 0, *BOTH)) == invalid(("/ticket", "required"))
    sam: dict[str, Any] = {"user_id": "sam", "read_seq": 0}
    assert refusal(finish_ticket(parley, notes_id, 0, sam)) == invalid(("/ticket", "contradiction"))


def test_longest_history_is_imported(parley: Parley) -> None:
    ticket_id = imported_ticket(parley, history=[TAKEN] * 250, replied_at=AT)

    host = host_of(parley)
    last = host.get(f"/support/tickets/{ticket_id}/history?limit=100").json
    assert len(last["entries"]) == 100 and last["next"]
    assert undo(parley, ticket_id).json["done"]


def test_system_messages_tell_of_changes(parley: Parley) -> None:
    people(parley, "alice", "sam")
    ticket_id = begin(parley, ticket("alice", "sam"))
    moved = {"status": {"from": "open", "to": "in_progress"}, "assignee_id": {"from": None, "to": "sam"}}
    told = {"event": "ticket_updated", "user_ids": ["sam"], "changes": moved}
    assert bring(parley, ticket_id, message(1, "sam", "", kind="system", system=told)).status == 200
    assert bring(parley, ticket_id, message(1, "sam", "", kind="system", system=told)).status == 200
    assert finish_ticket(parley, ticket_id, 1, *BOTH).status == 200

    [seen] = parley.user("alice").get(f"/conversations/{ticket_id}/messages").json["messages"]
    assert seen["system"]["changes"] == moved


def test_export_reads_the_state(parley: Parley) -> None:
    ticket_id = imported_ticket(parley, status="closed", status_at=AT, replied_at=AT, rating=5, tags=["x"])
    notes_id = imported_notes(parley)
    host = host_of(parley)

    found = {one["id"]: one for one in host.get(PATH).json["conversations"]}

    state = found[ticket_id]["ticket"]
    assert (state["status"], state["status_at"], state["replied_at"]) == (
        "closed",
        AT[:-1] + ".000Z",
        AT[:-1] + ".000Z",
    )
    assert (state["rating"], state["tags"], state["assignee_id"]) == (5, ["x"], "sam")
    assert found[notes_id]["ticket"] is None
    sides = host.get(f"{PATH}/{notes_id}/members").json["members"]
    assert [(each["user_id"], each["read_seq"]) for each in sides] == [("sam", 1)]
    assert host.get(f"/conversations/{notes_id}/messages").json["messages"][0]["text"] == "They have called twice."


@pytest.mark.parametrize("user_id", ["alice", "sam", "tom"])
def test_erasure_finds_people_of_an_imported_ticket(parley: Parley, user_id: str) -> None:
    people(parley, "alice", "sam", "tom")
    moved = {**TAKEN, "user_id": "tom", "changes": {"assignee_id": {"from": "tom", "to": "sam"}}}
    ticket_id = imported_ticket(parley, history=[moved, RATED], rating=4, tags=["of-alice"])
    imported_notes(parley)
    parley.drain()

    erased(parley, user_id)

    parley.drain()
    assert f'"{user_id}"' not in everything(parley)
    host = host_of(parley)
    assert len(host.get(f"/support/tickets/{ticket_id}/history").json["entries"]) >= 3


def test_history_says_who_answered_and_what_a_rating_changed(parley: Parley) -> None:
    answered = {"event": "responded", "user_id": "sam", "at": AT}
    again = {**RATED, "rating": 5, "comment": "Very quick."}
    entries = [answered, {**RATED, "rating": 2}, again]
    ticket_id = imported_ticket(parley, history=entries, status="resolved", rating=5)

    found = history(parley.user("alice"), ticket_id)

    assert [entry["event"] for entry in found] == ["created", "responded", "rated", "rated"]
    assert [entry["changes"] for entry in found[1:]] == [
        {},
        {"rating": {"from": None, "to": "2"}},
        {"rating": {"from": "2", "to": "5"}},
    ]


def test_system_message_is_of_neither_side(parley: Parley) -> None:
    people(parley, "alice", "sam", "tom")
    ticket_id = begin(parley, ticket("alice", "sam"))
    told: Frame = {"kind": "system", "text": "", "system": {"event": "ticket_merged"}}

    assert bring(parley, ticket_id, message(1, "tom", **told)).status == 200
    assert finish_ticket(parley, ticket_id, 1, *BOTH).status == 200

    [seen] = parley.user("alice").get(f"/conversations/{ticket_id}/messages").json["messages"]
    assert (seen["from"], seen["text"]) == ("system", "The ticket was merged with another one.")
