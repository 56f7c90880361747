"""PUT /messages/{message_id}/pin: a message stays at hand for all members."""

from tests.functional.replies import refusal
from tests.functional.talk import contents, make_group, open_direct, say
from tests.harness import Parley


def test_pinned_for_both(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    direct = open_direct(alice, bob)
    [message_id] = say(alice, direct, "the address")
    screen = alice.connect()

    first, again = (bob.put(f"/messages/{message_id}/pin") for _ in range(2))

    assert (first.status, first.json["pinned"]) == (200, True)
    assert again.json == first.json
    [told] = contents(screen.events("message_updated"))
    assert told["message"]["pinned"] is True


def test_in_a_group_its_admins_pin(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    group = make_group(alice, bob)
    [message_id] = say(bob, group, "the address")

    assert refusal(bob.put(f"/messages/{message_id}/pin"))[:2] == ("admins_only", 403)
    assert alice.put(f"/messages/{message_id}/pin").status == 200


def test_a_conversation_has_fifty_pins(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    direct = open_direct(alice, bob)
    messages = say(alice, direct, *(f"{number}" for number in range(51)))
    replies = [alice.put(f"/messages/{one}/pin") for one in messages]

    assert [reply.status for reply in replies] == [200] * 50 + [409]
    assert refusal(replies[-1])[0] == "too_many_pins"
