"""POST /conversations/{conversation_id}/members: people come into a group, are shown it, and the others are told."""

import pytest

from tests.functional.replies import invalid, refusal
from tests.functional.talk import bare, contents, make_group, names, say
from tests.harness import Parley


def test_newcomers_are_shown_the_group_and_the_others_are_told(parley: Parley) -> None:
    alice, bob, carol = (parley.user(one) for one in ("alice", "bob", "carol"))
    group = make_group(alice, bob)
    say(alice, group, "before your time")
    screens = [one.connect() for one in (alice, bob, carol)]

    added = alice.post(f"/conversations/{group}/members", json={"user_ids": ["carol", "bob", "carol"]})

    assert added.status == 200
    assert bare(added.json) == {"conversation_id": group, "user_ids": ["carol", "bob"], "member_count": 3}
    heard = [screen.events() for screen in screens]
    assert [sorted(names(one)) for one in heard[:2]] == [["member_added", "message_notification"]] * 2
    told = {one["event"]: one["data"] for one in heard[2]}
    assert set(told) == {"conversation_created", "message_notification", "member_added"}
    shown = told["conversation_created"]["conversation"]
    assert (shown["role"], shown["member_count"], shown["title"]) == ("member", 3, "Chess")
    assert shown == bare(carol.get(f"/conversations/{group}").json)
    note = told["message_notification"]["message"]
    assert (note["kind"], note["system"]) == ("system", {"event": "members_added", "user_ids": ["carol"]})


def test_newcomer_reads_what_was_said_before_and_finds_nothing_of_it_unread(parley: Parley) -> None:
    alice, bob, carol = (parley.user(one) for one in ("alice", "bob", "carol"))
    group = make_group(alice, bob)
    say(alice, group, "before your time")

    alice.post(f"/conversations/{group}/members", json={"user_ids": ["carol"]})

    texts = [one["text"] for one in carol.get(f"/conversations/{group}/messages").json["messages"]]
    assert texts == ["The group was made.", "before your time", "Members were added."]
    assert carol.get(f"/conversations/{group}").json["unread"] == 1


def test_only_admins_add_people(parley: Parley) -> None:
    alice, bob, _ = (parley.user(one) for one in ("alice", "bob", "carol"))
    group = make_group(alice, bob)

    refused = bob.post(f"/conversations/{group}/members", json={"user_ids": ["carol"]})

    assert refusal(refused)[:2] == ("admins_only", 403)
    assert refused.json["rule"]
    assert alice.get(f"/conversations/{group}").json["member_count"] == 2


def test_direct_conversation_takes_nobody_in(parley: Parley) -> None:
    alice, bob, _ = (parley.user(one) for one in ("alice", "bob", "carol"))
    direct = alice.post("/conversations", json={"type": "direct", "user_id": "bob"}).json["id"]

    assert refusal(bob.post(f"/conversations/{direct}/members", json={"user_ids": ["carol"]}))[0] == "groups_only"


def test_nobody_is_brought_in_whom_the_policy_keeps_apart(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POLICY", "school")
    teacher, student = parley.user("teacher", role="teacher"), parley.user("student", role="student")
    parley.user("parent", role="parent")
    group = make_group(teacher, student)
    teacher.patch(f"/conversations/{group}/members/student", json={"role": "admin"})

    refused = student.post(f"/conversations/{group}/members", json={"user_ids": ["teacher", "parent"]})

    assert refusal(refused) == ("unknown_user", 404, [("/user_ids/1", "not_allowed")])
    assert "parent" not in teacher.get(f"/conversations/{group}/members").text


def test_wrong_fields_are_named(parley: Parley) -> None:
    alice = parley.user("alice")
    path = f"/conversations/{make_group(alice)}/members"

    assert refusal(alice.post(path, json={})) == invalid(("/user_ids", "required"))
    assert refusal(alice.post(path, json={"user_ids": []})) == invalid(("/user_ids", "too_few_items"))
    assert refusal(alice.post(path, json={"user_ids": ["a/b"]})) == invalid(("/user_ids/0", "bad_format"))
    assert refusal(alice.post(path, json={"user_ids": "bob"})) == invalid(("/user_ids", "wrong_type"))


def test_a_group_of_a_hundred_grows_past_what_its_head_lists(parley: Parley) -> None:
    alice, last = parley.user("alice"), parley.user("z-last")
    group = make_group(alice)
    for first in (0, 50):
        people = [f"u{number}" for number in range(first, first + 50)]
        assert alice.post(f"/conversations/{group}/members", json={"user_ids": people}).status == 200
    alice.post(f"/conversations/{group}/members", json={"user_ids": ["z-last"]})
    parley.drain()
    screen = last.connect()

    [message_id] = say(alice, group, "to all of you")

    assert alice.get(f"/conversations/{group}").json["member_count"] == 102
    parley.drain()
    assert [one["message"]["id"] for one in contents(screen.events("message_notification"))] == [message_id]
    assert last.get("/conversations").json["conversations"][0]["id"] == group


def test_there_is_an_end_to_a_groups_growth(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("parley.domain.conversations.group_steps.MAX_MEMBERS", 3)
    alice, bob = parley.user("alice"), parley.user("bob")
    group = make_group(alice, bob)
    path = f"/conversations/{group}/members"

    many = alice.post(path, json={"user_ids": ["bob", "carol", "dave"]})
    last = alice.post(path, json={"user_ids": ["bob", "carol"]})
    one_more = alice.put(f"{path}/dave", json={})
    again = alice.post(path, json={"user_ids": ["carol", "bob"]})

    assert [refusal(one) for one in (many, one_more)] == [("too_many_members", 409, [])] * 2
    assert (last.status, again.status) == (200, 200)
    assert [one["user_id"] for one in alice.get(path).json["members"]] == ["alice", "bob", "carol"]
