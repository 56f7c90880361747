"""DELETE /messages/{message_id}/pin: a pin is taken off."""

from tests.functional.talk import contents, open_direct, say
from tests.harness import Parley


def test_pin_is_taken_off(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    direct = open_direct(alice, bob)
    [message_id] = say(alice, direct, "the address")
    alice.put(f"/messages/{message_id}/pin")
    screen = alice.connect()

    taken_off = bob.delete(f"/messages/{message_id}/pin")

    assert (taken_off.status, taken_off.json["pinned"]) == (200, False)
    assert len(contents(screen.events("message_updated"))) == 1
    assert bob.get(f"/conversations/{direct}/pins").json["messages"] == []


def test_where_there_is_none_nothing_happens(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    [message_id] = say(alice, open_direct(alice, bob), "the address")
    screen = alice.connect()

    assert bob.delete(f"/messages/{message_id}/pin").json["change_seq"] == 0
    assert screen.events() == []
