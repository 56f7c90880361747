"""A group's `history`: people who are added see all messages, or only those since they came."""

import pytest

from tests.functional.replies import invalid, refusal
from tests.functional.talk import contents, forget_events, joined, make_group, names, say
from tests.harness import Parley, User


def seen(reader: User, group: str) -> list[str]:
    """Returns the texts that a person wrote there and that a reader sees, and the events of system messages."""
    reply = reader.get(f"/conversations/{group}/messages?limit=100")
    assert reply.status == 200, reply
    return [one["system"]["event"] if one["system"] else one["text"] for one in reply.json["messages"]]


def add(person: User, group: str, *user_ids: str) -> None:
    reply = person.post(f"/conversations/{group}/members", json={"user_ids": list(user_ids)})
    assert reply.status == 200, reply


def test_newcomers_see_only_messages_since_they_came(parley: Parley) -> None:
    alice, bob, carol = (parley.user(name) for name in ("alice", "bob", "carol"))
    group = make_group(alice, bob, history="joined")
    [old_id] = say(alice, group, "old")
    screen = carol.connect()

    add(alice, group, "carol")
    say(alice, group, "new")

    assert seen(carol, group) == ["members_added", "new"]
    assert seen(bob, group) == ["group_created", "old", "members_added", "new"]
    read = carol.get(f"/conversations/{group}").json
    assert (read["history"], read["visible_from_seq"], read["unread"]) == ("joined", 3, 2)
    assert carol.get(f"/messages/{old_id}").status == 404
    assert carol.get("/search?q=old").json["results"] == []
    [created] = contents(screen.events("conversation_created"))
    assert created["conversation"]["visible_from_seq"] == 3
    assert carol.post("/sync", json={"cursors": {group: 0}}).json["conversations"][group]["verdict"] == "complete"


def test_changes_of_older_messages_are_not_told_to_newcomers(parley: Parley) -> None:
    alice, bob, carol = (parley.user(name) for name in ("alice", "bob", "carol"))
    group = make_group(alice, bob, history="joined")
    [old_id] = say(alice, group, "old")
    add(alice, group, "carol")
    screens = [joined(person, group) for person in (bob, carol)]
    forget_events(*screens)

    assert alice.patch(f"/messages/{old_id}", json={"text": "older"}).status == 200

    assert [names(screen.events("message_updated")) for screen in screens] == [["message_updated"], []]


def test_choice_counts_for_those_who_come_afterwards(parley: Parley) -> None:
    alice, bob, carol, dave = (parley.user(name) for name in ("alice", "bob", "carol", "dave"))
    group = make_group(alice, bob)
    say(alice, group, "old")
    add(alice, group, "carol")

    changed = alice.patch(f"/conversations/{group}", json={"history": "joined"})

    assert (changed.status, changed.json["history"]) == (200, "joined")
    add(alice, group, "dave")
    assert seen(carol, group) == ["group_created", "old", "members_added", "history_changed", "members_added"]
    assert seen(dave, group) == ["members_added"]
    assert alice.patch(f"/conversations/{group}", json={"history": "all"}).status == 200
    assert seen(dave, group) == ["members_added", "history_changed"]
    assert dave.delete(f"/conversations/{group}/members/dave").status == 200
    add(alice, group, "dave")
    assert seen(dave, group)[:2] == ["group_created", "old"]


def test_members_hear_of_the_choice(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    group = make_group(alice, bob)
    screen = bob.connect()

    alice.patch(f"/conversations/{group}", json={"history": "joined"})

    [told] = contents(screen.events("conversation_updated"))
    assert told["shared"]["history"] == "joined"
    assert bob.patch(f"/conversations/{group}", json={"history": "all"}).status == 403


def test_everyone_of_a_role_sees_nothing_older_either(parley: Parley) -> None:
    alice = parley.user("alice", role="teacher")
    host = parley.user("backend", role="service")
    people = [{"id": f"t{number}", "role": "teacher"} for number in range(3)]
    assert host.put("/users", json={"users": people}).status == 200
    group = make_group(alice, history="joined")
    say(alice, group, "old")
    body = {"everyone": {"role": "teacher"}, "client_id": "e1"}
    assert alice.post(f"/conversations/{group}/members", json=body).status in (200, 202)
    parley.drain()

    assert seen(parley.user("t1", role="teacher"), group) == ["everyone_added"]


@pytest.mark.parametrize(("body", "code"), [({"history": "none"}, "not_allowed"), ({"history": None}, "wrong_type")])
def test_bad_choices_are_named(parley: Parley, body: dict[str, object], code: str) -> None:
    alice = parley.user("alice")
    group = make_group(alice)

    assert refusal(alice.patch(f"/conversations/{group}", json=body)) == invalid(("/history", code))


def test_direct_conversation_has_no_choice(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    body = {"type": "direct", "user_id": bob.user_id, "history": "joined"}

    assert refusal(alice.post("/conversations", json=body)) == invalid(("/history", "contradiction"))
