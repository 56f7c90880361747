"""GET /me/notifications: the inbox, newest first, each entry as the caller may see it now."""

from tests.functional.notifying import spoil
from tests.functional.talk import make_group, meet, open_direct, say
from tests.harness import Frame, Parley, User

PATH = "/me/notifications"


def inbox(reader: User, query: str = "") -> Frame:
    reply = reader.get(f"{PATH}{query}")
    assert reply.status == 200, reply
    return dict(reply.json)


def test_unread_messages_of_a_conversation_are_one_entry(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    say(alice, conversation_id, "one", "two")
    parley.drain()

    found = inbox(bob)

    [entry] = found["notifications"]
    assert (found["unseen"], found["capped"], found["next"]) == (1, False, None)
    assert (entry["kind"], entry["title"], entry["text"], entry["count"]) == ("message", "Alice", "two", 2)
    assert entry["message_id"] == f"{conversation_id}.2" and not entry["seen"]
    assert inbox(alice)["notifications"] == []


def test_reading_the_conversation_on_any_device_makes_the_entry_seen(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    say(alice, conversation_id, "one")
    parley.drain()
    bob.patch(f"/conversations/{conversation_id}/read-all")

    found = inbox(bob)

    assert found["unseen"] == 0 and [each["seen"] for each in found["notifications"]] == [True]


def test_an_entry_says_what_the_message_says_now(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    [message_id] = say(alice, conversation_id, "helo")
    parley.drain()
    alice.patch(f"/messages/{message_id}", json={"text": "hello"})
    assert [each["text"] for each in inbox(bob)["notifications"]] == ["hello"]

    alice.delete(f"/messages/{message_id}")
    assert "hello" not in str(inbox(bob))


def test_nothing_of_a_group_that_one_has_left_is_in_the_list(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    group = make_group(alice, bob)
    say(alice, group, "secret")
    parley.drain()
    assert {each["kind"] for each in inbox(bob)["notifications"]} == {"invitation", "message"}

    alice.delete(f"/conversations/{group}/members/bob")

    assert inbox(bob) == {"notifications": [], "unseen": 0, "capped": False, "next": None}


def test_nothing_of_a_person_whom_one_has_blocked_is_in_the_list(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    say(alice, conversation_id, "hello")
    parley.drain()
    bob.put("/users/alice/block")

    assert inbox(bob)["notifications"] == []


def test_pages_end_and_hold_each_entry_once(parley: Parley) -> None:
    bob = parley.user("bob")
    others = [parley.user(f"u{number}") for number in range(5)]
    for other in others:
        say(other, open_direct(other, bob), "hello")
        parley.drain()
        parley.advance(1)

    first = inbox(bob, "?limit=2")
    second = inbox(bob, f"?limit=2&cursor={first['next']}")
    third = inbox(bob, f"?limit=2&cursor={second['next']}")

    titles = [each["title"] for page in (first, second, third) for each in page["notifications"]]
    assert titles == ["U4", "U3", "U2", "U1", "U0"] and third["next"] is None
    assert (first["unseen"], second["unseen"]) == (5, None)


def test_an_entry_that_cannot_be_read_hides_no_other(parley: Parley) -> None:
    alice, bob, carol = (parley.user(name) for name in ("alice", "bob", "carol"))
    of_alice, of_carol = open_direct(alice, bob), open_direct(carol, bob)
    say(alice, of_alice, "one")
    say(carol, of_carol, "two")
    parley.drain()
    spoil(parley, "bob", f"c#{of_alice}", "seq")

    assert [each["title"] for each in inbox(bob)["notifications"]] == ["Carol"]


def test_a_reaction_says_which(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = meet(alice, bob)
    [message_id] = say(bob, conversation_id, "well?")
    alice.put(f"/messages/{message_id}/reactions/%F0%9F%91%8D")
    parley.drain()
    assert "Alice reacted with 👍" in [each["text"] for each in inbox(bob)["notifications"]]

    alice.delete(f"/messages/{message_id}/reactions/%F0%9F%91%8D")
    assert "reaction" not in {each["kind"] for each in inbox(bob)["notifications"]}
