"""PUT /messages/{message_id}/played: the caller has played a voice message; the members learn of it."""

import pytest

from tests.functional.attachments import say_aloud
from tests.functional.replies import at_once, refusal
from tests.functional.streams.test_start_fan_out import large_group
from tests.functional.talk import contents, forget_events, in_s, make_group, names, open_direct, say
from tests.harness import Parley, Reply, User
from tests.harness.fixtures import forget_told


@pytest.fixture
def alice(parley: Parley) -> User:
    return parley.user("alice")


@pytest.fixture
def bob(parley: Parley) -> User:
    return parley.user("bob")


def play(person: User, message_id: str) -> Reply:
    return person.put(f"/messages/{message_id}/played")


def played_at(reader: User, message_id: str) -> dict[str, str | None]:
    found = reader.get(f"/messages/{message_id}/receipts").json["receipts"]
    return {one["user_id"]: one["played_at"] for one in found}


def test_playing_is_kept_and_told_to_all_devices_but_the_calling_one(parley: Parley, alice: User, bob: User) -> None:
    conversation_id = open_direct(alice, bob)
    message_id = say_aloud(parley, alice, conversation_id)["id"]
    screen, tablet = alice.connect(), bob.connect()
    forget_events(screen, tablet)
    assert played_at(alice, message_id) == {"bob": None}

    reply = play(bob, message_id)

    at = in_s(parley, 0)
    assert (reply.status, reply.json) == (
        200,
        {"conversation_id": conversation_id, "message_id": message_id, "played_at": at},
    )
    told = {"conversation_id": conversation_id, "message_id": message_id, "user_id": "bob", "played_at": at}
    for device in (screen, tablet):
        frames = device.events()
        assert (names(frames), contents(frames)) == (["message_played"], [told])
    assert played_at(alice, message_id) == played_at(bob, message_id) == {"bob": at}


def test_first_time_counts(parley: Parley, alice: User, bob: User) -> None:
    message_id = say_aloud(parley, alice, open_direct(alice, bob))["id"]
    first = play(bob, message_id).json
    screen = alice.connect()
    parley.advance(5)

    again = play(bob, message_id)

    assert (again.status, again.json) == (200, first)
    assert screen.events("message_played") == []
    assert played_at(alice, message_id) == {"bob": first["played_at"]}


def test_retry_in_another_process_tells_again_with_the_first_time(parley: Parley, alice: User, bob: User) -> None:
    message_id = say_aloud(parley, alice, open_direct(alice, bob))["id"]
    first = play(bob, message_id).json
    screen = alice.connect()
    parley.advance(5)
    forget_told()

    play(bob, message_id)

    assert [one["played_at"] for one in contents(screen.events("message_played"))] == [first["played_at"]]


def test_two_devices_at_once_keep_one_time_and_tell_of_it(parley: Parley, alice: User, bob: User) -> None:
    message_id = say_aloud(parley, alice, open_direct(alice, bob))["id"]
    screen = alice.connect()

    replies = at_once([lambda: play(bob, message_id)] * 4)

    assert {(one.status, one.json["played_at"]) for one in replies} == {(200, in_s(parley, 0))}
    assert {one["played_at"] for one in contents(screen.events("message_played"))} == {in_s(parley, 0)}


def test_playing_marks_nothing_as_read(parley: Parley, alice: User, bob: User) -> None:
    conversation_id = open_direct(alice, bob)
    message_id = say_aloud(parley, alice, conversation_id)["id"]

    play(bob, message_id)

    [receipt] = alice.get(f"/messages/{message_id}/receipts").json["receipts"]
    assert receipt["read_at"] is None
    assert bob.get(f"/conversations/{conversation_id}").json["unread"] == 1


def test_own_playing_of_the_sender_changes_nothing(parley: Parley, alice: User, bob: User) -> None:
    message_id = say_aloud(parley, alice, open_direct(alice, bob))["id"]
    screen = bob.connect()

    reply = play(alice, message_id)

    assert (reply.status, reply.json["played_at"]) == (200, None)
    assert screen.events() == []
    assert played_at(alice, message_id) == {"bob": None}


def test_only_voice_messages_are_played(parley: Parley, alice: User, bob: User) -> None:
    conversation_id = open_direct(alice, bob)
    [text] = say(alice, conversation_id, "hello")
    message_id = say_aloud(parley, alice, conversation_id)["id"]
    alice.delete(f"/messages/{message_id}")

    assert refusal(play(bob, text)) == refusal(play(alice, text)) == ("not_a_voice_message", 409, [])
    assert refusal(play(bob, message_id)) == ("message_deleted", 409, [])


def test_outsider_is_told_the_message_does_not_exist(parley: Parley, alice: User, bob: User) -> None:
    eve, carol = parley.user("eve"), parley.user("carol")
    conversation_id, group = open_direct(alice, bob), make_group(alice, bob, carol)
    in_direct, in_group = (say_aloud(parley, alice, where)["id"] for where in (conversation_id, group))
    assert play(carol, in_group).status == 200
    alice.delete(f"/conversations/{group}/members/carol")

    told = [
        refusal(play(eve, in_direct)),
        refusal(play(eve, in_group)),
        refusal(play(carol, in_group)),
        refusal(play(alice, f"{conversation_id}.2")),
        refusal(play(alice, "d_" + "a" * 26 + ".1")),
    ]

    assert told == [("message_not_found", 404, [])] * 5


def test_play_under_a_block_is_shown_after_it(parley: Parley, alice: User, bob: User) -> None:
    conversation_id = open_direct(alice, bob)
    before, under = (say_aloud(parley, alice, conversation_id)["id"] for _ in range(2))
    play(bob, before)
    at = in_s(parley, 0)
    bob.put("/users/alice/block")
    screen, tablet = alice.connect(), bob.connect()
    parley.advance(5)

    assert play(bob, under).status == 200

    later = in_s(parley, 0)
    assert screen.events("message_played") == []
    assert [one["message_id"] for one in contents(tablet.events("message_played"))] == [under]
    assert (played_at(alice, before), played_at(alice, under)) == ({"bob": at}, {"bob": None})
    assert played_at(bob, under) == {"bob": later}
    bob.delete("/users/alice/block")
    assert played_at(alice, under) == {"bob": later}
    bob.put("/users/alice/block")  # a second block hides only what happens under it
    assert played_at(alice, under) == {"bob": later}


def test_in_a_group_the_one_with_a_block_learns_nothing(parley: Parley, alice: User, bob: User) -> None:
    carol = parley.user("carol")
    message_id = say_aloud(parley, alice, make_group(alice, bob, carol))["id"]
    bob.put("/users/alice/block")
    screen, of_carol = alice.connect(), carol.connect()

    play(bob, message_id)

    at = in_s(parley, 0)
    assert (names(screen.events()), names(of_carol.events())) == ([], ["message_played"])
    assert played_at(alice, message_id) == {"bob": None, "carol": None}
    assert played_at(carol, message_id) == {"bob": at, "carol": None}


def test_in_a_large_group_only_own_devices_hear_and_receipts_show_it(parley: Parley, alice: User) -> None:
    member = parley.user("u007")
    group = large_group(alice, [f"u{number:03}" for number in range(120)])
    message_id = say_aloud(parley, alice, group)["id"]
    screen, tablet = alice.connect(), member.connect()

    assert play(member, message_id).status == 200

    assert (screen.events("message_played"), len(tablet.events("message_played"))) == ([], 1)
    assert played_at(alice, message_id)["u007"] == in_s(parley, 0)
