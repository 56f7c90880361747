"""typing_start: the others see the caller typing, for five seconds."""

import pytest

from tests.functional.talk import contents, forget_events, frame_refusal, in_s, make_group, names, open_direct
from tests.harness import Parley


def test_members_see_it_with_its_end_and_nobody_else_does(parley: Parley) -> None:
    alice, bob, eve = parley.user("alice"), parley.user("bob"), parley.user("eve")
    conversation_id = open_direct(alice, bob)
    screen, laptop, phone, outsider = bob.connect(), alice.connect(), alice.connect(), eve.connect()
    forget_events(screen, laptop, phone)

    reply = phone.request("typing_start", {"conversation_id": conversation_id})

    assert reply["data"] == {"conversation_id": conversation_id, "expires_at": in_s(parley, 5)}
    told = {"conversation_id": conversation_id, "user_id": "alice", "expires_at": in_s(parley, 5)}
    for socket in (screen, laptop):
        frames = socket.events()
        assert (names(frames), contents(frames)) == (["user_typing"], [told])
    assert phone.frames == [] and outsider.frames == []


def test_who_types_on_is_seen_for_longer(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    phone, screen = alice.connect(), bob.connect()
    phone.request("typing_start", {"conversation_id": conversation_id})
    parley.advance(3)

    phone.request("typing_start", {"conversation_id": conversation_id})
    forget_events(screen)
    parley.advance(3)
    parley.run_schedule("ClearStaleTyping")

    assert screen.frames == []
    typing = screen.request("join_conversation", {"conversation_id": conversation_id})["data"]["typing"]
    assert [one["user_id"] for one in typing] == ["alice"]


def test_delivered_twice_there_is_one_row(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    phone = alice.connect()
    parley.deliver_twice = True
    phone.request("typing_start", {"conversation_id": conversation_id})
    parley.deliver_twice = False

    reply = bob.connect().request("join_conversation", {"conversation_id": conversation_id})

    assert len(reply["data"]["typing"]) == 1


@pytest.mark.parametrize("action", ["typing_start", "typing_stop"])
@pytest.mark.parametrize(
    "data, fields",
    [
        ({}, [("/data/conversation_id", "required")]),
        ({"conversation_id": ["d_x"]}, [("/data/conversation_id", "wrong_type")]),
        ({"conversation_id": "d_x/../y"}, [("/data/conversation_id", "bad_format")]),
        ({"conversation_id": "d_" + "a" * 26, "user_id": "bob"}, [("/data/user_id", "unknown_field")]),
    ],
    ids=["missing", "list", "slash", "for somebody else"],
)
def test_bad_input_is_refused_by_field(
    parley: Parley, action: str, data: object, fields: list[tuple[str, str]]
) -> None:
    reply = parley.user("alice").connect().request(action, data)

    assert frame_refusal(reply) == ("invalid_request", 400, fields)


def test_typing_right_after_ones_own_message_is_shown(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    screen, phone = bob.connect(), alice.connect()
    shown = 0
    for text in "abcd":
        forget_events(screen)
        phone.send({"action": "typing_start", "data": {"conversation_id": conversation_id}})
        shown += "user_typing" in names(screen.events())
        parley.advance(1)
        phone.request("send_message", {"conversation_id": conversation_id, "text": text})
        parley.advance(0.3)

    assert shown == 4


def test_a_message_ends_typing_though_it_is_answered_at_once(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    screen, phone = bob.connect(), alice.connect()
    phone.send({"action": "typing_start", "data": {"conversation_id": conversation_id}})
    phone.request("send_message", {"conversation_id": conversation_id, "text": "well?"})
    screen.request("send_message", {"conversation_id": conversation_id, "text": "well."})

    joined = bob.connect().request("join_conversation", {"conversation_id": conversation_id})["data"]

    assert joined["typing"] == []


@pytest.mark.parametrize("action", ["typing_start", "typing_stop"])
def test_forgotten_device_that_only_types_learns_of_it(parley: Parley, action: str) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    parley.lose_disconnects = True
    screen = alice.connect()
    table = parley.functions.environment["CONNECTIONS_TABLE"]
    parley.store.client("dynamodb").delete_item(TableName=table, Key={"user_id": {"S": "alice"}})

    screen.send({"action": action, "data": {"conversation_id": conversation_id}})

    [frame] = screen.frames
    assert (frame["type"], frame["error"]["code"]) == ("error", "connection_forgotten")
    assert screen.request("ping")["type"] == "ack"
    assert screen.request(action, {"conversation_id": conversation_id})["type"] == "ack"


def test_member_who_was_removed_and_added_again_types_no_more(parley: Parley) -> None:
    alice, bob, dave = (parley.user(name) for name in ("alice", "bob", "dave"))
    group = make_group(alice, bob, dave)
    keyboard = bob.connect()
    keyboard.request("typing_start", {"conversation_id": group})
    alice.delete(f"/conversations/{group}/members/bob")
    assert alice.post(f"/conversations/{group}/members", json={"user_ids": ["bob"]}).status in (200, 201)

    screen = dave.connect()
    before = screen.request("join_conversation", {"conversation_id": group})["data"]["typing"]
    screen.events()
    keyboard.request("typing_start", {"conversation_id": group})

    assert before == []
    assert names(screen.events()) == ["user_typing"]
