"""mark_read: the caller has read a message and all before it; everybody else in the conversation learns of it."""

import pytest

from tests.functional.streams.test_start_fan_out import large_group
from tests.functional.talk import contents, forget_events, frame_refusal, in_s, names, open_direct, say
from tests.harness import Parley
from tests.harness.fixtures import forget_told


def test_members_are_told_once_with_the_exact_time(parley: Parley) -> None:
    alice, bob, eve = parley.user("alice"), parley.user("bob"), parley.user("eve")
    conversation_id = open_direct(alice, bob)
    _, second, third = say(alice, conversation_id, "one", "two", "three")
    phone, laptop, screen, outsider = bob.connect(), bob.connect(), alice.connect(), eve.connect()
    forget_events(phone, laptop, screen)
    parley.advance(7)

    reply = phone.request("mark_read", {"message_id": second})

    assert reply["data"] == {
        "conversation_id": conversation_id,
        "read_seq": 2,
        "delivered_seq": 2,
        "unread": 1,
        "moved": True,
        "own": None,
    }
    told = {
        "conversation_id": conversation_id,
        "message_id": second,
        "seq": 2,
        "user_id": "bob",
        "read_at": in_s(parley, 0),
    }
    for socket in (laptop, screen):
        frames = socket.events()
        assert (names(frames), contents(frames)) == (["message_read"], [told])
    assert phone.frames == [] and outsider.frames == []
    assert alice.get(f"/messages/{second}/receipts").json["receipts"][0]["read_at"] == in_s(parley, 0)
    assert alice.get(f"/messages/{third}/receipts").json["receipts"][0]["read_at"] is None


@pytest.mark.parametrize("retried", [False, True], ids=["at once", "by a retry"])
def test_own_other_devices_hear_of_it_in_a_large_group_too(parley: Parley, retried: bool) -> None:
    alice, bob = parley.user("alice"), parley.user("u000")
    group = large_group(alice, [f"u{number:03}" for number in range(120)])
    [message_id] = say(alice, group, "to all of you")
    parley.drain()
    phone, laptop, screen = bob.connect(), bob.connect(), alice.connect()
    forget_events(phone, laptop, screen)

    phone.request("mark_read", {"message_id": message_id})
    if retried:
        forget_told()
        laptop.events()
        phone.request("mark_read", {"message_id": message_id})

    [told] = contents(laptop.events("message_read"))
    assert (told["message_id"], told["user_id"]) == (message_id, "u000")
    assert phone.frames == [] and screen.frames == []


def test_marker_never_moves_back(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    first, second = say(alice, conversation_id, "one", "two")
    phone, screen = bob.connect(), alice.connect()
    phone.request("mark_read", {"message_id": second})
    forget_events(screen)

    reply = phone.request("mark_read", {"message_id": first})

    assert (reply["data"]["moved"], reply["data"]["read_seq"]) == (False, 2)
    assert screen.frames == []


def test_delivered_twice_the_first_time_counts(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    [first] = say(alice, conversation_id, "one")
    phone, screen = bob.connect(), alice.connect()
    forget_events(screen)
    read_at = in_s(parley, 0)
    parley.deliver_twice = True
    phone.request("mark_read", {"message_id": first})
    parley.advance(60)
    again = phone.request("mark_read", {"message_id": first})

    assert again["data"]["moved"] is False
    assert {one["read_at"] for one in contents(screen.events())} == {read_at}
    assert alice.get(f"/messages/{first}/receipts").json["receipts"][0]["read_at"] == read_at


def test_own_message_is_read_already(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    [own] = say(alice, conversation_id, "one")
    phone, screen = alice.connect(), bob.connect()
    forget_events(screen)

    reply = phone.request("mark_read", {"message_id": own})

    assert (reply["data"]["moved"], reply["data"]["unread"]) == (False, 0)
    assert screen.frames == []


@pytest.mark.parametrize("action", ["mark_read", "mark_delivered"])
@pytest.mark.parametrize(
    "data, fields",
    [
        ({}, [("/data/message_id", "required")]),
        ({"message_id": 7}, [("/data/message_id", "wrong_type")]),
        ({"message_id": "d_x.1"}, [("/data/message_id", "bad_format")]),
        ({"message_id": "d_" + "a" * 26 + ".0"}, [("/data/message_id", "bad_format")]),
        ({"message_id": "d_" + "a" * 26 + ".-1"}, [("/data/message_id", "bad_format")]),
        ({"message_id": "d_" + "a" * 26 + ".1" + "0" * 30}, [("/data/message_id", "bad_format")]),
        ({"message_id": "d_" + "a" * 26 + ".1/2"}, [("/data/message_id", "bad_format")]),
        ({"message_id": "d_" + "a" * 26 + ".1", "read_at": "now"}, [("/data/read_at", "unknown_field")]),
    ],
    ids=["missing", "number", "short", "zero", "negative", "endless", "slash", "time"],
)
def test_bad_input_is_refused_by_field(
    parley: Parley, action: str, data: object, fields: list[tuple[str, str]]
) -> None:
    reply = parley.user("alice").connect().request(action, data)

    assert frame_refusal(reply) == ("invalid_request", 400, fields)


@pytest.mark.parametrize("action", ["mark_read", "mark_delivered"])
def test_message_that_is_not_written_yet_does_not_exist(parley: Parley, action: str) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    say(alice, conversation_id, "one")
    phone = bob.connect()

    for message_id in (f"{conversation_id}.2", f"{conversation_id}.999999999999999", "d_" + "a" * 26 + ".1"):
        reply = phone.request(action, {"message_id": message_id})
        assert frame_refusal(reply)[:2] == ("message_not_found", 404)
    assert bob.get(f"/conversations/{conversation_id}").json["read_seq"] == 0
