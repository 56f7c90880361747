"""leave_conversation: the device gets notifications only, and the others are told."""

import pytest

from tests.functional.talk import contents, forget_events, frame_refusal, joined, names, open_direct, say
from tests.harness import Parley


def test_device_that_left_gets_notifications_only(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    phone, laptop = joined(bob, conversation_id), joined(bob, conversation_id)

    reply = phone.request("leave_conversation", {"conversation_id": conversation_id})
    forget_events(phone, laptop)
    say(alice, conversation_id, "hello")

    assert reply["data"] == {"conversation_id": conversation_id}
    assert names(phone.events()) == ["message_notification"]
    assert names(laptop.events()) == ["new_message"]


def test_the_others_are_told_and_outsiders_are_not(parley: Parley) -> None:
    alice, bob, eve = parley.user("alice"), parley.user("bob"), parley.user("eve")
    conversation_id = open_direct(alice, bob)
    screen, laptop, phone, outsider = bob.connect(), alice.connect(), joined(alice, conversation_id), eve.connect()
    forget_events(screen, laptop, phone)

    phone.request("leave_conversation", {"conversation_id": conversation_id})

    told = {"conversation_id": conversation_id, "user_id": "alice"}
    for socket in (screen, laptop):
        frames = socket.events()
        assert (names(frames), contents(frames)) == (["user_left_conversation"], [told])
    assert phone.frames == [] and outsider.frames == []


def test_leaving_what_is_not_open_is_nobodys_news(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    screen, phone = bob.connect(), alice.connect()
    forget_events(screen)

    reply = phone.request("leave_conversation", {"conversation_id": conversation_id})

    assert reply["type"] == "ack"
    assert screen.frames == []


def test_delivered_twice_it_is_told_once(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    screen, phone = bob.connect(), joined(alice, conversation_id)
    forget_events(screen)
    parley.deliver_twice = True

    phone.request("leave_conversation", {"conversation_id": conversation_id})

    assert names(screen.events()) == ["user_left_conversation"]


@pytest.mark.parametrize(
    "data, fields",
    [
        ({}, [("/data/conversation_id", "required")]),
        ({"conversation_id": None}, [("/data/conversation_id", "wrong_type")]),
        ({"conversation_id": "x" * 5000}, [("/data/conversation_id", "bad_format")]),
    ],
    ids=["missing", "null", "endless"],
)
def test_bad_input_is_refused_by_field(parley: Parley, data: object, fields: list[tuple[str, str]]) -> None:
    reply = parley.user("alice").connect().request("leave_conversation", data)

    assert frame_refusal(reply) == ("invalid_request", 400, fields)
