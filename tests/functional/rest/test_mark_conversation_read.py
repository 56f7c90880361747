"""PATCH /conversations/{conversation_id}/read-all: the caller has read all of it."""

from tests.functional.replies import WRONG_IDS, Meanwhile, invalid, refusal, stored
from tests.functional.talk import contents, forget_events, in_s, names, open_direct, say
from tests.harness import Parley, Reply, User


def mark_all(person: User, conversation_id: str) -> Reply:
    return person.patch(f"/conversations/{conversation_id}/read-all")


def test_nothing_is_unread_any_more(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    say(alice, conversation_id, "one", "two", "three")
    assert bob.get("/unread-count").json["total"] == 3

    reply = mark_all(bob, conversation_id)

    assert (reply.status, reply.json) == (
        200,
        {
            "conversation_id": conversation_id,
            "read_seq": 3,
            "delivered_seq": 3,
            "unread": 0,
            "moved": True,
            "own": None,
        },
    )
    assert bob.get("/unread-count").json["total"] == 0
    shown = alice.get(f"/conversations/{conversation_id}").json
    assert {one["user_id"]: one["read_seq"] for one in shown["members"]} == {"alice": 3, "bob": 3}


def test_every_device_of_both_is_told_and_no_outsider(parley: Parley) -> None:
    alice, bob, eve = parley.user("alice"), parley.user("bob"), parley.user("eve")
    conversation_id = open_direct(alice, bob)
    say(alice, conversation_id, "one", "two")
    sockets, outsider = [alice.connect(), bob.connect(), bob.connect()], eve.connect()
    forget_events(*sockets)

    mark_all(bob, conversation_id)

    told = {"conversation_id": conversation_id, "seq": 2, "user_id": "bob", "read_at": in_s(parley, 0)}
    for socket in sockets:
        frames = socket.events()
        assert (names(frames), contents(frames)) == (["conversation_read"], [told])
    assert outsider.frames == []


def test_a_second_time_moves_nothing_and_tells_nobody(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    say(alice, conversation_id, "one")
    mark_all(bob, conversation_id)
    screen = alice.connect()
    before = stored(parley)

    reply = mark_all(bob, conversation_id)

    assert (reply.json["moved"], reply.json["read_seq"]) == (False, 1)
    assert stored(parley) == before
    assert screen.frames == []


def test_empty_conversation_has_nothing_to_read(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    before = stored(parley)

    reply = mark_all(bob, conversation_id)

    assert reply.json == {
        "conversation_id": conversation_id,
        "read_seq": 0,
        "delivered_seq": 0,
        "unread": 0,
        "moved": False,
        "own": None,
    }
    assert stored(parley) == before


def test_a_message_that_comes_meanwhile_stays_unread(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    say(alice, conversation_id, "one")
    race = Meanwhile("TransactWriteItems", lambda: say(alice, conversation_id, "two"))
    parley.hooks.append(race)

    mark_all(bob, conversation_id)

    assert race.happened
    shown = bob.get(f"/conversations/{conversation_id}").json
    assert (shown["last_seq"], shown["read_seq"], shown["unread"]) == (2, 1, 1)


def test_only_the_callers_marker_moves(parley: Parley) -> None:
    alice, bob, carol = parley.user("alice"), parley.user("bob"), parley.user("carol")
    with_alice, with_carol = open_direct(bob, alice), open_direct(bob, carol)
    say(alice, with_alice, "one")
    say(carol, with_carol, "one")
    say(bob, with_alice, "two")

    mark_all(bob, with_alice)

    assert bob.get("/unread").json["conversations"][0]["conversation_id"] == with_carol
    assert alice.get("/unread-count").json["total"] == 1


def test_outsider_is_told_it_does_not_exist(parley: Parley) -> None:
    alice, bob, eve = parley.user("alice"), parley.user("bob"), parley.user("eve")
    conversation_id = open_direct(alice, bob)
    say(alice, conversation_id, "secret")
    screen = bob.connect()
    before = stored(parley)

    outside, nowhere = mark_all(eve, conversation_id), mark_all(eve, "d_" + "a" * 26)

    assert refusal(outside) == refusal(nowhere) == ("conversation_not_found", 404, [])
    assert stored(parley) == before
    assert screen.frames == []


def test_what_is_no_conversations_id_is_refused(parley: Parley) -> None:
    alice = parley.user("alice")

    refused = {name: refusal(mark_all(alice, wrong)) for name, wrong in WRONG_IDS.items()}

    assert refused == dict.fromkeys(WRONG_IDS, invalid(("{conversation_id}", "bad_format")))
