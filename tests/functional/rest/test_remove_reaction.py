"""DELETE /messages/{message_id}/reactions/{emoji}: a reaction is taken back."""

from tests.functional.replies import at_once
from tests.functional.talk import contents, open_direct, say
from tests.harness import Parley

THUMB = "%F0%9F%91%8D"


def test_reaction_is_taken_back(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    [message_id] = say(alice, open_direct(alice, bob), "hello")
    for person in (alice, bob):
        person.put(f"/messages/{message_id}/reactions/{THUMB}")
    screen = alice.connect()

    removed = bob.delete(f"/messages/{message_id}/reactions/{THUMB}")

    assert removed.json["reactions"] == [{"emoji": "👍", "count": 1, "mine": False}]
    [told] = contents(screen.events("reaction_removed"))
    assert (told["user_id"], told["emoji"], told["message"]["reactions"][0]["count"]) == ("bob", "👍", 1)


def test_what_was_never_given_is_not_taken(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    [message_id] = say(alice, open_direct(alice, bob), "hello")
    alice.put(f"/messages/{message_id}/reactions/{THUMB}")
    screen = alice.connect()

    kept = bob.delete(f"/messages/{message_id}/reactions/{THUMB}")

    assert kept.json["reactions"] == [{"emoji": "👍", "count": 1, "mine": False}]
    assert screen.events() == []


def test_given_again_it_counts_once(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    [message_id] = say(alice, open_direct(alice, bob), "hello")
    path = f"/messages/{message_id}/reactions/{THUMB}"
    for request in (bob.put, bob.delete, bob.put):
        answer = request(path)

    assert answer.json["reactions"] == [{"emoji": "👍", "count": 1, "mine": True}]


def test_given_and_taken_at_once_by_two_the_count_is_right(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    [message_id] = say(alice, open_direct(alice, bob), "hello")
    path = f"/messages/{message_id}/reactions/{THUMB}"
    bob.put(path)

    at_once([lambda: bob.delete(path), lambda: alice.put(path)])

    assert alice.get(f"/messages/{message_id}").json["reactions"] == [{"emoji": "👍", "count": 1, "mine": True}]
