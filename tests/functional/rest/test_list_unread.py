"""GET /unread: what the caller has not read, by conversation, the most recently active first."""

from tests.functional.talk import open_direct, say
from tests.harness import Parley


def test_conversations_with_something_unread_newest_first(parley: Parley) -> None:
    alice, bob, carol, dave = (parley.user(name) for name in ("alice", "bob", "carol", "dave"))
    with_bob, with_carol, with_dave = (open_direct(alice, one) for one in (bob, carol, dave))
    say(bob, with_bob, "one", "two")
    alice.patch(f"/messages/{with_bob}.1/read")
    parley.advance(5)
    say(carol, with_carol, "one")
    say(alice, with_carol, "answered")
    parley.advance(5)
    say(dave, with_dave, "one", "two", "three")

    assert alice.get("/unread").json == {
        "conversations": [
            {"conversation_id": with_dave, "unread": 3, "read_seq": 0, "last_seq": 3},
            {"conversation_id": with_bob, "unread": 1, "read_seq": 1, "last_seq": 2},
        ],
        "total": 4,
        "capped": False,
        "tickets": [],
    }
    assert alice.get("/unread-count").json == {
        "total": 4,
        "conversations": 2,
        "capped": False,
        "tickets": {"total": 0, "conversations": 0},
    }


def test_nobody_sees_what_others_have_not_read(parley: Parley) -> None:
    alice, bob, eve = parley.user("alice"), parley.user("bob"), parley.user("eve")
    say(bob, open_direct(alice, bob), "one")

    assert eve.get("/unread").json == {"conversations": [], "total": 0, "capped": False, "tickets": []}


def test_the_hundred_most_recently_active_are_counted(parley: Parley) -> None:
    alice = parley.user("alice", expires_in_s=12 * 3600)
    carol = parley.user("carol")
    say(carol, open_direct(carol, alice), "long ago")
    parley.advance(3600)
    for number in range(99):
        open_direct(alice, parley.bearer("", f"user{number}"))
    assert alice.get("/unread-count").json == {
        "total": 1,
        "conversations": 1,
        "capped": False,
        "tickets": {"total": 0, "conversations": 0},
    }

    parley.advance(3600)
    bob = parley.user("bob")
    say(bob, open_direct(bob, alice), "hello")

    assert alice.get("/unread-count").json == {
        "total": 1,
        "conversations": 1,
        "capped": True,
        "tickets": {"total": 0, "conversations": 0},
    }
    assert alice.get("/unread").json["capped"] is True
