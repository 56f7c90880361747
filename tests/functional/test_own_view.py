"""Each answer shows a message or a conversation as the caller sees it, also the answer to a repetition."""

from collections.abc import Callable

import pytest

from tests.functional.exports import exported, fetched, lines
from tests.functional.talk import bare, contents, make_group, open_direct, say
from tests.harness import Frame, Parley, User
from tests.harness.fixtures import forget_told

THUMB = "%F0%9F%91%8D"
Send = Callable[[User, str], Frame]


def over_rest(alice: User, conversation_id: str) -> Frame:
    body = {"text": "hello", "client_id": "c1"}
    return dict(alice.post(f"/conversations/{conversation_id}/messages", json=body).json)


def over_websocket(alice: User, conversation_id: str) -> Frame:
    body = {"conversation_id": conversation_id, "text": "hello", "client_id": "c1"}
    return dict(alice.connect().request("send_message", body)["data"])


def to_user(alice: User, conversation_id: str) -> Frame:
    return dict(alice.post("/messages", json={"user_id": "bob", "text": "hello", "client_id": "c1"}).json)


def by_forwarding(alice: User, conversation_id: str) -> Frame:
    source = open_direct(alice, alice.parley.user("carol"))
    alice.post(f"/conversations/{source}/messages", json={"text": "hello", "client_id": "source"})
    body = {"conversation_ids": [conversation_id], "client_id": "f1"}
    [message] = alice.post(f"/messages/{source}.1/forward", json=body).json["messages"]
    return dict(message)


@pytest.mark.parametrize("send", [over_rest, over_websocket, to_user, by_forwarding])
@pytest.mark.parametrize("hidden", [False, True], ids=["reacted", "deleted for me"])
def test_replayed_send_answers_as_a_read_does(parley: Parley, send: Send, hidden: bool) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    first = send(alice, conversation_id)
    assert first["replayed"] is False
    for person in (alice, bob):
        assert person.put(f"/messages/{first['id']}/reactions/{THUMB}").status == 200
    if hidden:
        assert alice.delete(f"/messages/{first['id']}?scope=me").status == 200
    read = alice.get(f"/messages/{first['id']}").json

    again = send(alice, conversation_id)

    assert again == read | {"replayed": True}
    assert (again["deleted_at"] is not None) == (again["text"] == "") == hidden
    assert [one["mine"] for one in again["reactions"]] == [True] * (not hidden)


def test_replayed_send_to_a_group_answers_as_a_read_does(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    group = make_group(alice, bob)
    first = over_rest(alice, group)
    alice.put(f"/messages/{first['id']}/reactions/{THUMB}")

    assert over_rest(alice, group) == alice.get(f"/messages/{first['id']}").json | {"replayed": True}


def test_group_that_is_made_again_is_answered_as_a_read_does(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    body = {"type": "group", "title": "Chess", "member_ids": ["bob"], "client_id": "g1"}
    group = alice.post("/conversations", json=body).json["id"]
    say(bob, group, "nasty")
    alice.put("/users/bob/block")

    again = alice.post("/conversations", json=body)

    assert again.status == 200
    assert again.json == alice.get(f"/conversations/{group}").json
    assert again.json["last_message"]["blocked"] is True


@pytest.mark.parametrize("way", ["POST", "PUT"])
def test_who_hears_late_of_having_been_added_is_shown_the_group_as_they_read_it(parley: Parley, way: str) -> None:
    alice, bob, carol = parley.user("alice"), parley.user("bob"), parley.user("carol")
    group = make_group(alice, bob)
    carol.put("/users/bob/block")

    def add() -> None:
        path, body = f"/conversations/{group}/members", {"user_ids": ["carol"]}
        reply = alice.post(path, json=body) if way == "POST" else alice.put(f"{path}/carol", json={"role": "member"})
        assert reply.status in (200, 201), reply

    add()
    say(bob, group, "nasty", "and more")
    screen = carol.connect()
    forget_told()

    add()

    [created] = contents(screen.events("conversation_created"))
    assert created["conversation"] == bare(carol.get(f"/conversations/{group}").json)
    assert (created["conversation"]["unread"], created["conversation"]["last_message"]["blocked"]) == (3, True)


def test_exported_lines_are_marked_as_the_api_marks_them(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    group = make_group(alice, bob)
    say(bob, group, "nasty")
    alice.put("/users/bob/block")

    _, *messages = lines(fetched(parley, exported(parley, alice, group)["url"]))

    assert messages == alice.get(f"/conversations/{group}/messages").json["messages"]
    assert [one["blocked"] for one in messages] == [False, True]
