"""sync over WebSocket: what this device has missed, as much as one frame holds, and where to go on."""

import json
from urllib.parse import quote

import pytest

from local.websocket import MAX_MESSAGE_BYTES
from tests.functional.talk import bare, frame_refusal, make_group, open_direct, say
from tests.harness import Frame, Parley, Socket, User

SKIN_TONES = "🏻🏼🏽🏾🏿"


def sync(socket: Socket, cursors: object = None) -> Frame:
    reply = socket.request("sync", {} if cursors is None else {"cursors": cursors})
    assert reply["type"] == "ack", reply
    assert len(json.dumps(reply, ensure_ascii=False).encode()) < MAX_MESSAGE_BYTES
    return dict(reply["data"])


def catch_up(socket: Socket, conversation_id: str) -> list[Frame]:
    """Asks again and again with the cursor of each answer until the verdict is `complete`; returns all messages."""
    cursor: object = 0
    messages: list[Frame] = []
    for _ in range(100):
        part = sync(socket, {conversation_id: cursor})["conversations"][conversation_id]
        messages += part["messages"]
        if part["verdict"] == "complete":
            return messages
        cursor = part["next"]
    raise AssertionError("no end")


def history(person: User, conversation_id: str) -> list[Frame]:
    page = person.get(f"/conversations/{conversation_id}/messages?limit=100").json
    assert page["found_oldest"]
    return list(page["messages"])


def test_missed_messages_come_and_nothing_comes_twice(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    say(alice, conversation_id, "one", "two", "three")
    phone = bob.connect()

    part = sync(phone, {conversation_id: {"seq": 1}})["conversations"][conversation_id]
    nothing = sync(phone, {conversation_id: part["next"]})["conversations"][conversation_id]

    assert [message["text"] for message in part["messages"]] == ["two", "three"]
    assert (part["verdict"], part["last_seq"], part["changes"]) == ("complete", 3, [])
    assert (nothing["verdict"], nothing["messages"]) == ("complete", [])


def test_conversation_that_the_device_does_not_know_is_in_joined(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    say(alice, conversation_id, "one")

    caught = sync(bob.connect())

    assert caught["joined"] == [bare(bob.get(f"/conversations/{conversation_id}").json)]
    assert (caught["conversations"], caught["left"], caught["joined_capped"]) == ({}, [], False)


def test_conversation_that_is_not_the_callers_is_in_left(parley: Parley) -> None:
    alice, bob, eve = parley.user("alice"), parley.user("bob"), parley.user("eve")
    conversation_id = open_direct(alice, bob)
    say(alice, conversation_id, "secret")
    unknown = "d_" + "a" * 26

    caught = sync(eve.connect(), {conversation_id: 0, unknown: 5})

    assert caught["left"] == [conversation_id, unknown]
    assert (caught["conversations"], caught["joined"], caught["joined_capped"]) == ({}, [], False)


def test_long_absence_is_caught_up_part_by_part(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    say(alice, conversation_id, *(f"{number} " + "ä" * 9000 for number in range(9)))

    caught = catch_up(bob.connect(), conversation_id)

    assert caught == history(bob, conversation_id)
    assert len(caught) == 9


def test_changes_come_with_the_message_as_it_is_now(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    direct = open_direct(alice, bob)
    [message_id] = say(alice, direct, "helo")
    alice.patch(f"/messages/{message_id}", json={"text": "hello"})

    caught = sync(bob.connect(), {direct: {"seq": 1, "change_seq": 0}})["conversations"][direct]

    assert [(one["event"], one["data"]["message"]["text"]) for one in caught["changes"]] == [
        ("message_updated", "hello")
    ]
    assert caught["verdict"] == "complete"


def test_many_large_groups_fit_one_frame(parley: Parley) -> None:
    alice = parley.user("alice")
    groups = {make_group(alice, title="😀" * 200, description="😀" * 1_000) for _ in range(25)}
    phone = alice.connect()

    caught = sync(phone)
    known = {one["id"]: 0 for one in caught["joined"]}
    named = sync(phone, known)

    assert caught["joined_capped"] and len(known) > 15  # 6 KB each
    assert known.keys() < groups
    assert (named["conversations"].keys(), named["later"]) == (known.keys(), [])


def test_list_comes_along_as_far_as_the_frame_holds_it(parley: Parley) -> None:
    alice = parley.user("alice")
    groups = [make_group(alice, title="😀" * 200, description="😀" * 1_000) for _ in range(40)]
    phone = alice.connect()
    known = dict.fromkeys(groups[:5], 0)

    reply = phone.request("sync", {"cursors": known, "list_limit": 40})

    assert len(json.dumps(reply, ensure_ascii=False).encode()) < MAX_MESSAGE_BYTES
    page = reply["data"]["listed"]
    rest = alice.get(f"/conversations?limit=100&cursor={page['next']}").json
    assert 10 < len(page["conversations"]) < 40  # 6 KB each
    assert {one["id"] for one in (*page["conversations"], *rest["conversations"])} == set(groups)
    assert len(page["conversations"]) + len(rest["conversations"]) == len(groups)
    assert reply["data"]["conversations"].keys() == known.keys()
    assert reply["data"]["joined_capped"]


def test_list_over_websocket_is_that_of_get_conversations(parley: Parley) -> None:
    alice, bob = parley.user("alice", name="Alice"), parley.user("bob", name="Bob")
    direct, group = open_direct(alice, bob), make_group(bob, alice, title="Choir")
    say(bob, direct, "one")

    data = bob.connect().request("sync", {"cursors": {direct: 0}, "list_limit": 10})["data"]

    listed = bob.get("/conversations?limit=10").json
    users = listed.pop("users")  # those of the whole answer are beside its parts

    assert data["listed"] == listed
    assert users.items() <= data["users"].items()
    assert {one["id"] for one in data["listed"]["conversations"]} == {direct, group}
    assert data["joined"] == []


def test_longest_message_comes_and_the_next_one_after_it(parley: Parley) -> None:
    people = [parley.user(f"{number:02}{'u' * 126}") for number in range(20)]
    alice = parley.user("alice" + "a" * 123)
    group = make_group(alice, *people)
    [first] = say(alice, group, "short")
    draft = {"text": "\1" * 9_999 + "x", "mentions": [one.user_id for one in people], "client_id": "c" * 64}
    longest = alice.post(f"/conversations/{group}/messages", json=draft | {"reply_to": first}).json["id"]
    for number in range(20):
        couple = f"👩{SKIN_TONES[number % 5]}‍❤️‍💋‍👩{SKIN_TONES[number // 5]}"
        assert alice.put(f"/messages/{longest}/reactions/{quote(couple)}").status == 200
    say(alice, group, "after it")

    caught = catch_up(people[0].connect(), group)

    assert len(json.dumps(caught[2], ensure_ascii=False).encode()) > 64_000
    assert caught == history(people[0], group)


def test_cursor_beyond_the_end_starts_again_there(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    say(alice, conversation_id, "one")

    part = sync(bob.connect(), {conversation_id: 77})["conversations"][conversation_id]

    assert (part["verdict"], part["messages"], part["next"]["seq"]) == ("truncated", [], 1)


@pytest.mark.parametrize(
    "data, fields",
    [
        ({"cursors": []}, [("/data/cursors", "wrong_type")]),
        ({"cursors": {"d_x": "1"}}, [("/data/cursors/d_x", "bad_format")]),
        ({"cursors": {"": 1}}, [("/data/cursors/", "bad_format")]),
        ({"cursors": {"a/b~c": 1}}, [("/data/cursors/a~1b~0c", "bad_format")]),
        ({"cursors": {"d_" + "a" * 26: -1}}, [("/data/cursors/d_" + "a" * 26, "too_small")]),
        ({"cursors": {"d_" + "a" * 26: "1"}}, [("/data/cursors/d_" + "a" * 26, "wrong_type")]),
        ({"cursors": {"d_" + "a" * 26: {"seq": 1.5}}}, [("/data/cursors/d_" + "a" * 26 + "/seq", "wrong_type")]),
        ({"cursors": {"d_" + "a" * 26: {"when": 1}}}, [("/data/cursors/d_" + "a" * 26 + "/when", "unknown_field")]),
        ({"cursors": {f"d_{'a' * 24}{a}{b}": 0 for a in "abcdefghijk" for b in "abcdefghij"}},
         [("/data/cursors", "too_many_items")]),
        ({"since": 0}, [("/data/since", "unknown_field")]),
    ],
    ids=["list", "no id", "empty id", "slash", "negative", "text", "fraction", "unknown", "many", "other field"],
)  # fmt: skip
def test_bad_input_is_refused_by_field(parley: Parley, data: object, fields: list[tuple[str, str]]) -> None:
    reply = parley.user("alice").connect().request("sync", data)

    assert frame_refusal(reply) == ("invalid_request", 400, fields)
