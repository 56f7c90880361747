"""GET /conversations/{conversation_id}/mentions: what the caller has not read and is named in, the newest first."""

import json
from typing import Any

from tests.functional.replies import BetweenMarksAndMessages, invalid, refusal
from tests.functional.talk import fill, make_group, open_direct, say
from tests.harness import Parley, User


def name(sender: User, conversation_id: str, *texts: str, whom: str = "bob") -> list[str]:
    """Sends texts that mention a person; returns the ids of the messages."""
    path = f"/conversations/{conversation_id}/messages"
    replies = [sender.post(path, json={"text": text, "mentions": [whom]}) for text in texts]
    assert {reply.status for reply in replies} == {201}, replies
    return [str(reply.json["id"]) for reply in replies]


def page(person: User, conversation_id: str, **query: object) -> Any:
    """Returns one answer; arguments of None are left out."""
    asked = "&".join(f"{key}={value}" for key, value in query.items() if value is not None)
    reply = person.get(f"/conversations/{conversation_id}/mentions" + (f"?{asked}" if asked else ""))
    assert reply.status == 200, reply
    assert len(json.dumps(reply.text)) < 6_000_000  # JSON within JSON, as Lambda answers
    return reply.json


def ids(found: Any) -> list[str]:
    return [one["id"] for one in found["messages"]]


def pages(person: User, conversation_id: str, limit: int | None = None) -> list[list[str]]:
    """Returns the ids on each page, as a client reads it that follows `next`."""
    found = [page(person, conversation_id, limit=limit)]
    while found[-1]["next"] is not None:
        found.append(page(person, conversation_id, limit=limit, cursor=found[-1]["next"]))
    return [ids(one) for one in found]


def test_unread_mentions_come_newest_first_as_the_history_shows_them(parley: Parley) -> None:
    alice, bob, carol = parley.user("alice"), parley.user("bob"), parley.user("carol")
    group = make_group(alice, bob, carol)
    [read] = name(alice, group, "@bob read already")
    bob.patch(f"/messages/{read}/read")
    [named] = name(alice, group, "@bob look")
    say(alice, group, "of nobody")
    name(alice, group, "@carol look", whom="carol")
    [everyone] = name(carol, group, "all!", whom="*")
    bob.put(f"/messages/{named}/reactions/%F0%9F%91%8D")

    found = page(bob, group)

    history = bob.get(f"/conversations/{group}/messages").json["messages"]
    assert found["messages"] == [one for one in reversed(history) if one["id"] in (named, everyone)]
    assert (found["next"], found.keys()) == (None, {"messages", "next", "users"})
    assert found["messages"][1]["reactions"][0]["mine"] is True
    counted = bob.get(f"/conversations/{group}").json["mention_seqs"]
    assert [one["seq"] for one in reversed(found["messages"])] == counted


def test_own_message_is_no_mention(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    group = make_group(alice, bob)

    [everyone] = name(alice, group, "all!", whom="*")
    name(alice, group, "@alice, that is me", whom="alice")

    assert page(alice, group) == {"messages": [], "next": None, "users": {}}
    assert ids(page(bob, group)) == [everyone]


def test_what_was_read_or_answered_is_no_mention_any_more(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    direct = open_direct(alice, bob)
    name(alice, direct, "@bob?")
    assert len(page(bob, direct)["messages"]) == 1

    say(bob, direct, "yes")

    assert page(bob, direct) == {"messages": [], "next": None, "users": {}}


def test_mentions_follow_the_text_of_a_message(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    direct = open_direct(alice, bob)
    [first, second] = [*say(alice, direct, "look"), *name(alice, direct, "@bob look")]

    alice.patch(f"/messages/{first}", json={"text": "@bob look", "mentions": ["bob"]})
    alice.patch(f"/messages/{second}", json={"text": "never mind"})

    assert ids(page(bob, direct)) == [first]


def test_pages_hold_as_many_as_asked_for(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    direct = open_direct(alice, bob)
    first, second, third, fourth = name(alice, direct, *"abcd")

    assert pages(bob, direct, limit=2) == [[fourth, third], [second, first]]
    assert pages(bob, direct, limit=3) == [[fourth, third, second], [first]]


def test_mentions_that_are_longer_than_an_answer_come_in_parts(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    direct = open_direct(alice, bob)
    for _ in range(60):
        parley.advance(2)
        name(alice, direct, "@bob")
    fill(parley, direct, ["👋" * 10_000] * 60)

    found = pages(bob, direct, limit=60)

    assert [one for some in found for one in some] == [f"{direct}.{seq}" for seq in range(60, 0, -1)]
    assert len(found) == 2


def test_message_that_is_deleted_for_everyone_or_for_the_caller_is_left_out(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    direct = open_direct(alice, bob)
    first, second, third, fourth, fifth = name(alice, direct, *"abcde")

    alice.delete(f"/messages/{fifth}")
    for hidden in (fourth, second):
        bob.delete(f"/messages/{hidden}?scope=me")

    assert pages(bob, direct, limit=1) == [[third], [first]]
    assert pages(bob, direct) == [[third, first]]
    bob.delete(f"/messages/{first}?scope=me")
    assert pages(bob, direct, limit=1) == [[third]]
    bob.delete(f"/messages/{third}?scope=me")
    assert pages(bob, direct) == [[]]


def test_message_of_somebody_blocked_is_marked(parley: Parley) -> None:
    alice, bob, mallory = parley.user("alice"), parley.user("bob"), parley.user("mallory")
    group = make_group(alice, bob, mallory)
    name(mallory, group, "nasty")
    name(alice, group, "nice")

    bob.put("/users/mallory/block")

    assert {one["text"]: one["blocked"] for one in page(bob, group)["messages"]} == {"nasty": True, "nice": False}


def test_marker_that_moves_between_two_pages_ends_the_list_where_it_stands(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    direct = open_direct(alice, bob)
    first, second, third, fourth, fifth = name(alice, direct, *"abcde")
    start = page(bob, direct, limit=2)
    assert ids(start) == [fifth, fourth]

    bob.patch(f"/messages/{first}/read")
    name(alice, direct, "f")
    rest = page(bob, direct, limit=2, cursor=start["next"])

    assert (ids(rest), rest["next"]) == ([third, second], None)
    bob.patch(f"/messages/{fifth}/read")
    assert page(bob, direct, limit=2, cursor=start["next"]) == {"messages": [], "next": None, "users": {}}


def test_message_that_changes_while_the_list_is_read_is_shown_as_it_is_now(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    direct = open_direct(alice, bob)
    first, second, third = name(alice, direct, *"abc")

    def change() -> None:
        alice.delete(f"/messages/{third}")
        bob.delete(f"/messages/{second}?scope=me")

    parley.hooks.append(BetweenMarksAndMessages(parley, change))

    assert pages(bob, direct) == [[first]]


def test_strangers_learn_nothing(parley: Parley) -> None:
    alice, bob, eve = parley.user("alice"), parley.user("bob"), parley.user("eve")
    group = make_group(alice, bob)
    name(alice, group, "@bob look")
    nowhere = "g_" + "a" * 26

    told = [eve.get(f"/conversations/{one}/mentions") for one in (group, open_direct(alice, bob), nowhere)]

    assert [refusal(one) for one in told] == [("conversation_not_found", 404, [])] * 3
    bob.delete(f"/conversations/{group}/members/bob")
    assert bob.get(f"/conversations/{group}/mentions").status == 404


def test_wrong_cursor_and_limit_are_named(parley: Parley) -> None:
    alice = parley.user("alice")
    path = f"/conversations/{make_group(alice)}/mentions"

    for cursor in ("!", "WzBd", "W10"):  # none of ours, 0, nothing
        assert refusal(alice.get(f"{path}?cursor={cursor}")) == invalid(("?cursor", "bad_cursor")), cursor
    assert alice.get(f"{path}?limit=101").status == 400
