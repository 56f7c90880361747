"""GET /unread-count: how much the caller has not read, as arithmetic, so that it never drifts."""

from collections.abc import Callable

import pytest

from tests.functional.replies import invalid, refusal
from tests.functional.talk import open_direct, say
from tests.harness import Parley, User


def count(person: User) -> tuple[int, int, bool]:
    reply = person.get("/unread-count")
    assert reply.status == 200, reply
    assert set(reply.json) == {"total", "conversations", "capped", "tickets"}
    return reply.json["total"], reply.json["conversations"], reply.json["capped"]


def test_newcomer_has_nothing_unread(parley: Parley) -> None:
    assert count(parley.user("alice")) == (0, 0, False)


def test_others_messages_count_and_ones_own_do_not(parley: Parley) -> None:
    alice, bob, carol = parley.user("alice"), parley.user("bob"), parley.user("carol")
    with_bob, with_carol = open_direct(alice, bob), open_direct(alice, carol)
    say(bob, with_bob, "one", "two")
    say(carol, with_carol, "one")

    assert (count(alice), count(bob), count(carol)) == ((3, 2, False), (0, 0, False), (0, 0, False))

    say(alice, with_bob, "an answer")
    assert (count(alice), count(bob)) == ((1, 1, False), (1, 1, False))


@pytest.mark.parametrize(
    "read",
    [
        lambda person, conversation_id: person.patch(f"/conversations/{conversation_id}/read-all"),
        lambda person, conversation_id: person.patch(f"/messages/{conversation_id}.3/read"),
        lambda person, conversation_id: say(person, conversation_id, "an answer"),
    ],
    ids=["read-all", "read the last", "answer"],
)
def test_what_was_read_counts_no_more(parley: Parley, read: Callable[[User, str], object]) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    say(bob, conversation_id, "one", "two", "three")
    assert count(alice) == (3, 1, False)

    read(alice, conversation_id)

    assert count(alice) == (0, 0, False)


def test_it_takes_no_query(parley: Parley) -> None:
    assert refusal(parley.user("alice").get("/unread-count?limit=5")) == invalid(("?limit", "unknown_field"))


def test_an_exact_count_looks_further_and_says_if_there_are_more(
    parley: Parley, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("parley.actions.conversations.unread.MAX_COUNTED", 1)
    monkeypatch.setattr("parley.actions.conversations.unread.MAX_EXACT", 2)
    alice = parley.user("alice")
    for number in (1, 2, 3):
        other = parley.user(f"user{number}")
        say(other, open_direct(other, alice), "hello")
        told = [alice.get(f"/unread-count{query}").json for query in ("", "?exact=false", "?exact=true")]
        seen = [(one["total"], one["conversations"], one["capped"]) for one in told]
        assert seen[:2] == [(1, 1, number > 1)] * 2
        assert seen[2] == (min(number, 2), min(number, 2), number > 2)
    assert alice.get("/me").json["unread"]["total"] == 1


@pytest.mark.parametrize("value", ["yes", "1", "", "True", "null"])
def test_exact_is_true_or_false(parley: Parley, value: str) -> None:
    _, status, fields = refusal(parley.user("alice").get(f"/unread-count?exact={value}"))

    assert (status, [pointer for pointer, _ in fields]) == (400, ["?exact"])
