"""mark_conversation_read: the caller has read all of a conversation."""

import pytest

from tests.functional.talk import contents, forget_events, frame_refusal, in_s, names, open_direct, say
from tests.harness import Parley


def test_everything_counts_as_read_and_the_others_learn_of_it(parley: Parley) -> None:
    alice, bob, eve = parley.user("alice"), parley.user("bob"), parley.user("eve")
    conversation_id = open_direct(alice, bob)
    say(alice, conversation_id, "one", "two", "three")
    phone, laptop, screen, outsider = bob.connect(), bob.connect(), alice.connect(), eve.connect()
    forget_events(phone, laptop, screen)

    reply = phone.request("mark_conversation_read", {"conversation_id": conversation_id})

    assert reply["data"] == {
        "conversation_id": conversation_id,
        "read_seq": 3,
        "delivered_seq": 3,
        "unread": 0,
        "moved": True,
        "own": None,
    }
    told = {"conversation_id": conversation_id, "seq": 3, "user_id": "bob", "read_at": in_s(parley, 0)}
    for socket in (laptop, screen):
        frames = socket.events()
        assert (names(frames), contents(frames)) == (["conversation_read"], [told])
    assert phone.frames == [] and outsider.frames == []
    assert bob.get("/unread-count").json["total"] == 0


def test_empty_conversation_is_read_already(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    phone, screen = bob.connect(), alice.connect()
    forget_events(screen)

    reply = phone.request("mark_conversation_read", {"conversation_id": conversation_id})

    assert (reply["data"]["moved"], reply["data"]["unread"]) == (False, 0)
    assert screen.frames == []


def test_delivered_twice_the_first_time_counts(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    [first] = say(alice, conversation_id, "one")
    phone, screen = bob.connect(), alice.connect()
    forget_events(screen)
    parley.deliver_twice = True

    phone.request("mark_conversation_read", {"conversation_id": conversation_id})

    assert {one["read_at"] for one in contents(screen.events())} == {in_s(parley, 0)}
    assert alice.get(f"/messages/{first}/receipts").json["receipts"][0]["read_at"] == in_s(parley, 0)


@pytest.mark.parametrize(
    "data, fields",
    [
        ({}, [("/data/conversation_id", "required")]),
        ({"conversation_id": True}, [("/data/conversation_id", "wrong_type")]),
        ({"conversation_id": "all"}, [("/data/conversation_id", "bad_format")]),
    ],
    ids=["missing", "true", "word"],
)
def test_bad_input_is_refused_by_field(parley: Parley, data: object, fields: list[tuple[str, str]]) -> None:
    reply = parley.user("alice").connect().request("mark_conversation_read", data)

    assert frame_refusal(reply) == ("invalid_request", 400, fields)
