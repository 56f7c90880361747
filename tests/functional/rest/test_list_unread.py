"""GET /unread: what the caller has not read, by conversation, the most recently active first."""

import pytest

from tests.functional.replies import refusal
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
        "next": None,
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

    assert eve.get("/unread").json == {
        "conversations": [],
        "total": 0,
        "capped": False,
        "tickets": [],
        "next": None,
    }


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
    page = alice.get("/unread").json
    assert page["capped"] is True
    rest = alice.get(f"/unread?cursor={page['next']}").json
    assert (rest["total"], rest["capped"], rest["next"]) == (1, False, None)
    assert alice.get("/unread-count?exact=true").json == {
        "total": 2,
        "conversations": 2,
        "capped": False,
        "tickets": {"total": 0, "conversations": 0},
    }


@pytest.mark.parametrize("hours", [0, 1], ids=["of one hour", "of several"])
def test_pages_hold_each_conversation_once(parley: Parley, monkeypatch: pytest.MonkeyPatch, hours: int) -> None:
    monkeypatch.setattr("parley.actions.conversations.unread.MAX_COUNTED", 2)
    alice = parley.user("alice", expires_in_s=12 * 3600)
    made = []
    for number in range(5):
        other = parley.user(f"user{number}")
        made.append(open_direct(other, alice))
        for _ in range(number):
            say(other, made[-1], "hello")
        parley.advance(hours * 3600)

    found: list[str] = []
    totals, cursor = [], ""
    while True:
        page = alice.get(f"/unread{cursor}").json
        found += [one["conversation_id"] for one in page["conversations"]]
        totals.append(page["total"])
        assert page["capped"] == (page["next"] is not None)
        if page["next"] is None:
            break
        cursor = f"?cursor={page['next']}"

    assert sorted(found) == sorted(made[1:])  # nothing is unread in the first one
    assert (len(totals), sum(totals)) == (3, 10)
    if hours:
        assert (found, totals) == (list(reversed(made[1:])), [7, 3, 0])


@pytest.mark.parametrize("cursor", ["x", "bm8", "W10x", "WzEsMl0", "%FF"])
def test_a_cursor_of_nobodys_is_refused(parley: Parley, cursor: str) -> None:
    code, status, _ = refusal(parley.user("alice").get(f"/unread?cursor={cursor}"))

    assert (code, status) == ("invalid_request", 400)
