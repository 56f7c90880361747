"""PATCH /messages/{message_id}/read: the caller has read this message and all before it."""

from typing import Any

from tests.functional.replies import WRONG_IDS, Meanwhile, invalid, refusal, stored
from tests.functional.talk import contents, forget_events, in_s, names, open_direct, say
from tests.harness import Parley, Reply, User


def mark(person: User, message_id: str) -> Reply:
    return person.patch(f"/messages/{message_id}/read")


def read_seqs(person: User, conversation_id: str) -> dict[str, int]:
    members: list[dict[str, Any]] = person.get(f"/conversations/{conversation_id}").json["members"]
    return {one["user_id"]: one["read_seq"] for one in members}


def test_marker_moves_to_the_message_and_what_was_read_was_delivered(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    sent = say(alice, conversation_id, "one", "two", "three")

    reply = mark(bob, sent[1])

    assert (reply.status, reply.json) == (
        200,
        {
            "conversation_id": conversation_id,
            "read_seq": 2,
            "delivered_seq": 2,
            "unread": 1,
            "moved": True,
            "own": None,
        },
    )
    assert read_seqs(alice, conversation_id) == read_seqs(bob, conversation_id) == {"alice": 3, "bob": 2}
    assert bob.get(f"/conversations/{conversation_id}").json["unread"] == 1


def test_every_device_of_both_is_told_and_no_outsider(parley: Parley) -> None:
    alice, bob, eve = parley.user("alice"), parley.user("bob"), parley.user("eve")
    conversation_id = open_direct(alice, bob)
    [message_id] = say(alice, conversation_id, "hello")
    sockets = [alice.connect(), alice.connect(), bob.connect()]
    outsider = eve.connect()
    forget_events(*sockets)

    mark(bob, message_id)

    told = {
        "conversation_id": conversation_id,
        "message_id": message_id,
        "seq": 1,
        "user_id": "bob",
        "read_at": in_s(parley, 0),
    }
    for socket in sockets:
        frames = socket.events()
        assert (names(frames), contents(frames)) == (["message_read"], [told])
    assert outsider.frames == []


def test_marker_never_goes_back_and_nobody_is_told_of_it(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    sent = say(alice, conversation_id, "one", "two", "three")
    mark(bob, sent[2])
    screen = alice.connect()
    before = stored(parley)

    earlier, again = mark(bob, sent[0]), mark(bob, sent[2])

    stands = {
        "conversation_id": conversation_id,
        "read_seq": 3,
        "delivered_seq": 3,
        "unread": 0,
        "moved": False,
        "own": None,
    }
    assert (earlier.status, earlier.json) == (again.status, again.json) == (200, stands)
    assert stored(parley) == before
    assert screen.frames == []


def test_a_later_read_that_is_faster_is_not_undone(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    sent = say(alice, conversation_id, "one", "two")
    race = Meanwhile("TransactWriteItems", lambda: mark(bob, sent[1]))
    parley.hooks.append(race)

    reply = mark(bob, sent[0])

    assert race.happened
    assert (reply.status, reply.json["moved"]) == (200, False)
    assert read_seqs(alice, conversation_id) == {"alice": 2, "bob": 2}


def test_who_has_written_has_read_what_was_before(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    [first] = say(alice, conversation_id, "one")
    say(bob, conversation_id, "two")
    before = stored(parley)

    reply = mark(bob, first)

    assert (reply.json["moved"], reply.json["read_seq"], reply.json["unread"]) == (False, 2, 0)
    assert stored(parley) == before


def test_outsider_is_told_the_message_does_not_exist(parley: Parley) -> None:
    alice, bob, eve = parley.user("alice"), parley.user("bob"), parley.user("eve")
    conversation_id = open_direct(alice, bob)
    [message_id] = say(alice, conversation_id, "secret")
    screen = alice.connect()
    before = stored(parley)

    told = [
        refusal(mark(eve, message_id)),
        refusal(mark(eve, "d_" + "a" * 26 + ".1")),
        refusal(mark(bob, f"{conversation_id}.2")),
        refusal(mark(bob, f"{conversation_id}.999999999999999")),
    ]

    assert told == [("message_not_found", 404, [])] * 4
    assert stored(parley) == before
    assert screen.frames == []


def test_what_is_no_messages_id_is_refused(parley: Parley) -> None:
    alice = parley.user("alice")

    refused = {name: refusal(mark(alice, wrong)) for name, wrong in WRONG_IDS.items()}

    assert refused == dict.fromkeys(WRONG_IDS, invalid(("{message_id}", "bad_format")))
