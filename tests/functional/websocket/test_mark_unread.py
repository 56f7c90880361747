"""mark_unread: the conversation is unread for the caller from a message on."""

import pytest

from tests.functional.talk import contents, forget_events, frame_refusal, names, open_direct, say
from tests.harness import Parley


def test_unread_again_on_all_devices_and_for_nobody_else(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    say(alice, conversation_id, "one", "two", "three")
    phone, laptop, screen = bob.connect(), bob.connect(), alice.connect()
    phone.request("mark_conversation_read", {"conversation_id": conversation_id})
    forget_events(phone, laptop, screen)

    reply = phone.request("mark_unread", {"conversation_id": conversation_id, "seq": 2})

    assert reply["data"] == {
        "conversation_id": conversation_id,
        "read_seq": 3,
        "delivered_seq": 3,
        "unread": 2,
        "moved": False,
        "own": {
            "own_seq": 1,
            "settings": {"pinned": False, "muted_until": None, "notifications": "all"},
            "archived": False,
            "last_seq": 3,
            "visible_from_seq": 1,
            "read_seq": 3,
            "unread_from_seq": 2,
        },
    }
    frames = laptop.events()
    assert (names(frames), contents(frames)[0]["own"]["unread_from_seq"]) == (["conversation_updated"], 2)
    assert phone.frames == [] and screen.frames == []
    assert bob.get("/unread-count").json["total"] == 2


def test_delivered_twice_it_is_marked_once(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    say(bob, conversation_id, "one")
    phone = bob.connect()
    parley.deliver_twice = True

    reply = phone.request("mark_unread", {"conversation_id": conversation_id, "seq": 1})

    assert (reply["data"]["unread"], reply["data"]["own"]["own_seq"]) == (1, 1)


@pytest.mark.parametrize(
    "data, fields",
    [
        ({"seq": 1}, [("/data/conversation_id", "required")]),
        ({"conversation_id": "all", "seq": 1}, [("/data/conversation_id", "bad_format")]),
        ({"conversation_id": "here"}, [("/data/seq", "required")]),
        ({"conversation_id": "here", "seq": 0}, [("/data/seq", "too_small")]),
        ({"conversation_id": "here", "seq": 2}, [("/data/seq", "too_large")]),
    ],
)
def test_bad_input_is_refused_by_field(parley: Parley, data: dict[str, object], fields: list[tuple[str, str]]) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    say(alice, conversation_id, "one")
    told = {name: conversation_id if value == "here" else value for name, value in data.items()}

    reply = alice.connect().request("mark_unread", told)

    assert frame_refusal(reply) == ("invalid_request", 400, fields)
