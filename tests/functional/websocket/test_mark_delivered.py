"""mark_delivered: a device of the caller has a message and all before it."""

from tests.functional.talk import contents, forget_events, in_s, names, open_direct, say
from tests.harness import Parley


def test_members_are_told_and_nothing_counts_as_read(parley: Parley) -> None:
    alice, bob, eve = parley.user("alice"), parley.user("bob"), parley.user("eve")
    conversation_id = open_direct(alice, bob)
    _, second = say(alice, conversation_id, "one", "two")
    phone, laptop, screen, outsider = bob.connect(), bob.connect(), alice.connect(), eve.connect()
    forget_events(phone, laptop, screen)

    reply = phone.request("mark_delivered", {"message_id": second})

    assert reply["data"] == {
        "conversation_id": conversation_id,
        "read_seq": 0,
        "delivered_seq": 2,
        "unread": 2,
        "moved": True,
        "own": None,
    }
    told = {
        "conversation_id": conversation_id,
        "message_id": second,
        "seq": 2,
        "user_id": "bob",
        "delivered_at": in_s(parley, 0),
    }
    for socket in (laptop, screen):
        frames = socket.events()
        assert (names(frames), contents(frames)) == (["message_delivered"], [told])
    assert phone.frames == [] and outsider.frames == []
    receipt = {"user_id": "bob", "delivered_at": in_s(parley, 0), "read_at": None, "played_at": None}
    assert alice.get(f"/messages/{second}/receipts").json["receipts"] == [receipt]


def test_what_was_read_was_delivered(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    first, _ = say(alice, conversation_id, "one", "two")
    phone, screen = bob.connect(), alice.connect()
    phone.request("mark_read", {"message_id": first})
    forget_events(screen)

    reply = phone.request("mark_delivered", {"message_id": first})

    assert (reply["data"]["moved"], reply["data"]["delivered_seq"]) == (False, 1)


def test_delivered_time_stays_when_it_is_read_later(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    [first] = say(alice, conversation_id, "one")
    phone = bob.connect()
    phone.request("mark_delivered", {"message_id": first})
    delivered_at = in_s(parley, 0)
    parley.advance(9)

    phone.request("mark_read", {"message_id": first})

    receipt = {"user_id": "bob", "delivered_at": delivered_at, "read_at": in_s(parley, 0), "played_at": None}
    assert alice.get(f"/messages/{first}/receipts").json["receipts"] == [receipt]


def test_delivered_twice_it_is_one_move(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    [first] = say(alice, conversation_id, "one")
    phone, screen = bob.connect(), alice.connect()
    forget_events(screen)
    parley.deliver_twice = True

    reply = phone.request("mark_delivered", {"message_id": first})

    assert reply["data"]["moved"] is True
    assert len({one["delivered_at"] for one in contents(screen.events())}) == 1
