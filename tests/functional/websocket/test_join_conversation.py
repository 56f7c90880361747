"""join_conversation: from now on this device gets the conversation's messages in full."""

import pytest

from bench.calls import recording
from parley.domain.live.presence import MAX_JOINED
from tests.functional.talk import (
    bare,
    contents,
    forget_events,
    frame_refusal,
    in_s,
    joined,
    make_group,
    names,
    open_direct,
    say,
)
from tests.harness import Call, Parley, Socket

LONG = "ä" * 300


def test_device_that_joined_gets_all_of_a_message_the_other_one_a_preview(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    phone, laptop = joined(bob, conversation_id), bob.connect()

    say(alice, conversation_id, LONG)

    [full], [cut] = phone.events(), laptop.events()
    assert (full["event"], full["data"]["message"]["text"]) == ("new_message", LONG)
    assert (cut["event"], cut["data"]["message"]["text"]) == ("message_notification", LONG[:100])


def test_the_others_are_told_and_own_devices_too(parley: Parley) -> None:
    alice, bob, eve = parley.user("alice"), parley.user("bob"), parley.user("eve")
    conversation_id = open_direct(alice, bob)
    screen, laptop, phone, outsider = bob.connect(), alice.connect(), alice.connect(), eve.connect()
    forget_events(screen, laptop, phone)

    phone.request("join_conversation", {"conversation_id": conversation_id})

    told = {"conversation_id": conversation_id, "user_id": "alice"}
    for socket in (screen, laptop):
        frames = socket.events()
        assert (names(frames), contents(frames)) == (["user_joined_conversation"], [told])
    assert phone.frames == [] and outsider.frames == []


def test_answer_says_how_far_it_goes_and_who_types(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    say(alice, conversation_id, "one", "two")
    alice.connect().request("typing_start", {"conversation_id": conversation_id})

    reply = bob.connect().request("join_conversation", {"conversation_id": conversation_id})

    assert bare(reply["data"]) == {
        "conversation_id": conversation_id,
        "last_seq": 2,
        "last_change_seq": 0,
        "typing": [{"conversation_id": conversation_id, "user_id": "alice", "expires_at": in_s(parley, 5)}],
        "viewers": [],
    }


def test_who_has_stopped_typing_or_types_oneself_is_not_in_the_answer(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    screen = bob.connect()
    alice.connect().request("typing_start", {"conversation_id": conversation_id})
    parley.advance(6)
    screen.request("typing_start", {"conversation_id": conversation_id})

    assert screen.request("join_conversation", {"conversation_id": conversation_id})["data"]["typing"] == []


def test_joining_twice_is_joining_once(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    phone = joined(bob, conversation_id)
    parley.deliver_twice = True
    phone.request("join_conversation", {"conversation_id": conversation_id})
    parley.deliver_twice = False

    say(alice, conversation_id, "hello")

    assert names(phone.events()) == ["new_message"]
    assert phone.request("ping")["data"]["joined"] == [conversation_id]


def test_a_device_has_at_most_so_many_open(parley: Parley) -> None:
    alice = parley.user("alice")
    last, one_more = (open_direct(alice, parley.bearer("", friend)) for friend in ("bob", "carol"))
    phone = alice.connect()
    open_without_asking(parley, phone, MAX_JOINED - 1)

    replies = [phone.request("join_conversation", {"conversation_id": one}) for one in (last, one_more, last)]

    assert (replies[0]["type"], replies[2]["type"]) == ("ack", "ack")
    assert frame_refusal(replies[1])[:2] == ("too_many_joined", 409)
    assert len(phone.request("ping")["data"]["joined"]) == MAX_JOINED


def open_without_asking(parley: Parley, phone: Socket, count: int) -> None:
    """Writes into the table that a device has so many conversations open: joining them would take seconds."""
    parley.store.client("dynamodb").update_item(
        TableName=parley.functions.environment["CONNECTIONS_TABLE"],
        Key={"user_id": {"S": phone.user.user_id}},
        UpdateExpression="SET connections.#id.joined = :joined",
        ExpressionAttributeNames={"#id": phone.connection_id},
        ExpressionAttributeValues={":joined": {"M": {f"d_{number:026}": {"BOOL": True} for number in range(count)}}},
    )


@pytest.mark.parametrize(
    "data, fields",
    [
        ({}, [("/data/conversation_id", "required")]),
        ({"conversation_id": 7}, [("/data/conversation_id", "wrong_type")]),
        ({"conversation_id": ""}, [("/data/conversation_id", "bad_format")]),
        ({"conversation_id": "d_../../x"}, [("/data/conversation_id", "bad_format")]),
        ({"conversation_id": "👋"}, [("/data/conversation_id", "bad_format")]),
        ({"conversation_id": "d_" + "a" * 26, "extra": 1}, [("/data/extra", "unknown_field")]),
    ],
    ids=["missing", "number", "empty", "path", "emoji", "unknown field"],
)
def test_bad_input_is_refused_by_field(parley: Parley, data: object, fields: list[tuple[str, str]]) -> None:
    reply = parley.user("alice").connect().request("join_conversation", data)

    assert frame_refusal(reply) == ("invalid_request", 400, fields)


def test_outsider_is_told_the_conversation_does_not_exist(parley: Parley) -> None:
    alice, bob, eve = parley.user("alice"), parley.user("bob"), parley.user("eve")
    conversation_id = open_direct(alice, bob)
    spy = eve.connect()

    reply = spy.request("join_conversation", {"conversation_id": conversation_id})
    say(alice, conversation_id, "secret")

    assert frame_refusal(reply)[:2] == ("conversation_not_found", 404)
    assert spy.frames == []


def test_in_a_large_group_nobody_is_said_to_type(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    people = [f"u{number}" for number in range(100)]
    group = make_group(alice, bob)
    for first in (0, 50):
        added = alice.post(f"/conversations/{group}/members", json={"user_ids": people[first : first + 50]})
        assert added.status == 200, added
    reply = bob.connect().request("typing_start", {"conversation_id": group})
    assert reply["type"] == "ack", reply

    phone = alice.connect()
    parley.hooks.clear()  # the recorder looks at items under the functions' names, which their roles do not allow
    with recording() as joining:
        reply = phone.request("join_conversation", {"conversation_id": group})

    # No event tells of it there, so none would end it either; and two thousand would be more than a frame holds.
    assert reply["data"]["typing"] == []
    # Nor are they read: two thousand rows would be 50 read units a join.
    typing = parley.template.resources["Typing"].ref
    assert [call.operation for call in joining.calls if call.params.get("TableName") == typing] == []


class ClosesMeanwhile:
    """A hook: the device closes the conversation after a join has found it open, and before the join reads why."""

    def __init__(self, phone: Socket, conversation_id: str) -> None:
        parley = phone.user.parley
        self._table = parley.template.resources["Connections"].ref
        self._dynamodb = parley.store.client("dynamodb")
        self._phone = phone
        self._conversation_id = conversation_id
        self.happened = False

    def before(self, call: Call) -> None:
        if call.operation == "BatchGetItem" and set(call.params["RequestItems"]) == {self._table} and not self.happened:
            self.happened = True
            self._dynamodb.update_item(
                TableName=self._table,
                Key={"user_id": {"S": self._phone.user.user_id}},
                UpdateExpression="REMOVE connections.#device.joined.#here",
                ExpressionAttributeNames={"#device": self._phone.connection_id, "#here": self._conversation_id},
            )

    def after(self, call: Call) -> None:
        pass


def test_conversation_that_is_closed_meanwhile_is_opened_again(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    phone = joined(alice, conversation_id)
    closes = ClosesMeanwhile(phone, conversation_id)

    parley.hooks.append(closes)
    reply = phone.request("join_conversation", {"conversation_id": conversation_id})
    parley.hooks.remove(closes)

    assert closes.happened
    assert reply["type"] == "ack", reply
    assert conversation_id in phone.request("ping")["data"]["joined"]
