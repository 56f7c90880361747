"""POST /me/notifications/seen: the whole inbox is seen, on all devices."""

from tests.functional.notifying import decided, notice_the_rows
from tests.functional.talk import open_direct, say
from tests.harness import Parley

PATH = "/me/notifications"


def test_everything_is_seen_and_what_comes_later_is_not(parley: Parley) -> None:
    alice, bob, carol = (parley.user(name) for name in ("alice", "bob", "carol"))
    of_alice, of_carol = open_direct(alice, bob), open_direct(carol, bob)
    say(alice, of_alice, "one")
    say(carol, of_carol, "two")
    parley.drain()
    phone = bob.connect()
    parley.advance(1)

    reply = bob.post(f"{PATH}/seen")

    assert reply.status == 200, reply
    assert [frame["data"] for frame in phone.events("notifications_seen")] == [reply.json]
    found = bob.get(PATH).json
    assert found["unseen"] == 0 and {each["seen"] for each in found["notifications"]} == {True}
    parley.advance(61)
    say(carol, of_carol, "three")
    parley.drain()
    assert bob.get(PATH).json["unseen"] == 1


def test_a_message_that_comes_a_second_later_in_the_same_conversation_is_unseen(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    say(alice, conversation_id, "one")
    parley.drain()
    parley.advance(1)
    assert bob.post(f"{PATH}/seen").status == 200
    assert bob.get(PATH).json["unseen"] == 0
    parley.advance(1)
    phone = bob.connect()
    say(alice, conversation_id, "two")
    parley.drain()

    found = bob.get(PATH).json

    [entry] = found["notifications"]
    assert (entry["text"], entry["seen"], found["unseen"]) == ("two", False, 1)
    [told] = phone.events("notification")
    assert told["data"]["notification"]["seen"] is False


def test_a_message_that_was_in_no_inbox_yet_is_told(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    say(alice, conversation_id, "one")
    parley.drain()
    bob.connect()
    say(alice, conversation_id, "two")
    notice_the_rows(parley)
    assert bob.post(f"{PATH}/seen").status == 200
    parley.drain()

    [entry] = bob.get(PATH).json["notifications"]
    assert entry["text"] == "two" and decided(parley, "bob", f"{conversation_id}#2")["in_app"] == ("sent", "told")


def test_an_earlier_request_that_comes_late_changes_nothing(parley: Parley) -> None:
    bob = parley.user("bob")
    bob.post(f"{PATH}/seen")
    parley.clock.ms -= 1000

    assert bob.post(f"{PATH}/seen").status == 200
