"""PUT /messages/{message_id}/reactions/{emoji}: one of a kind per person, counted for all."""

from urllib.parse import quote

import pytest

from tests.functional.replies import BetweenMarksAndMessages, at_once, refusal
from tests.functional.talk import contents, forget_events, joined, make_group, open_direct, say
from tests.harness import Parley, Reply, User


def react(person: User, message_id: str, emoji: str) -> Reply:
    return person.put(f"/messages/{message_id}/reactions/{quote(emoji, safe='')}")


def test_reaction_is_counted_and_mine_is_mine(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    direct = open_direct(alice, bob)
    [message_id] = say(alice, direct, "hello")
    screen = joined(alice, direct)
    forget_events(screen)

    reacted = react(bob, message_id, "👍")
    react(alice, message_id, "👍")
    react(alice, message_id, "🎉")

    assert reacted.json["reactions"] == [{"emoji": "👍", "count": 1, "mine": True}]
    told = contents(screen.events("reaction_added"))
    assert [(one["user_id"], one["emoji"]) for one in told] == [("bob", "👍"), ("alice", "👍"), ("alice", "🎉")]
    assert bob.get(f"/conversations/{direct}/messages").json["messages"][0]["reactions"] == [
        {"emoji": "👍", "count": 2, "mine": True},
        {"emoji": "🎉", "count": 1, "mine": False},
    ]


def test_the_same_again_counts_once(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    [message_id] = say(alice, open_direct(alice, bob), "hello")
    screen = alice.connect()

    first, again = (react(bob, message_id, "👍") for _ in range(2))

    assert first.json == again.json
    assert len(screen.events("reaction_added")) == 1


@pytest.mark.parametrize("emoji", ["❤️", "👩🏽‍💻", "🇩🇪", "👨‍👩‍👧‍👦", "1️⃣", "🏳️‍🌈"])
def test_any_emoji_is_one(parley: Parley, emoji: str) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    [message_id] = say(alice, open_direct(alice, bob), "hello")

    assert react(bob, message_id, emoji).json["reactions"] == [{"emoji": emoji, "count": 1, "mine": True}]


@pytest.mark.parametrize("emoji", ["a", "👍👍", ":)", "1", "x" * 300, "👍 "])
def test_anything_else_is_refused(parley: Parley, emoji: str) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    [message_id] = say(alice, open_direct(alice, bob), "hello")

    assert refusal(react(bob, message_id, emoji)) == ("invalid_request", 400, [("{emoji}", "bad_format")])


def test_everybody_who_reacts_at_once_is_counted(parley: Parley) -> None:
    people = [parley.user(f"u{number}") for number in range(6)]
    group = make_group(people[0], *people[1:])
    [message_id] = say(people[0], group, "hello")

    replies = at_once([lambda p=person: react(p, message_id, "👍") for person in people])  # type: ignore[misc]

    assert {reply.status for reply in replies} == {200}
    assert people[0].get(f"/messages/{message_id}").json["reactions"] == [{"emoji": "👍", "count": 6, "mine": True}]


def test_same_reaction_on_two_devices_at_once_is_counted_once(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    [message_id] = say(alice, open_direct(alice, bob), "hello")
    parley.hooks.append(BetweenMarksAndMessages(parley, lambda: react(bob, message_id, "👍")))

    reply = react(bob, message_id, "👍")

    assert (reply.status, reply.json["reactions"]) == (200, [{"emoji": "👍", "count": 1, "mine": True}])
    assert alice.get(f"/messages/{message_id}").json["reactions"] == [{"emoji": "👍", "count": 1, "mine": False}]


def test_a_message_carries_twenty_kinds(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    [message_id] = say(alice, open_direct(alice, bob), "hello")
    for number in range(20):
        assert react(bob, message_id, chr(0x1F600 + number)).status == 200

    assert refusal(react(bob, message_id, "👍"))[:2] == ("too_many_reactions", 409)
    assert react(alice, message_id, chr(0x1F600)).status == 200


def test_deleted_message_takes_none(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    [message_id] = say(alice, open_direct(alice, bob), "hello")
    alice.delete(f"/messages/{message_id}")

    assert refusal(react(bob, message_id, "👍"))[:2] == ("message_deleted", 409)
