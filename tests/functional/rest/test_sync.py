"""POST /sync: what a client that was away has missed, with a verdict for each conversation."""

from collections.abc import Mapping
from typing import Any

import pytest

from parley.domain.api import ids
from tests.functional.replies import BetweenMarksAndMessages, Refusal, invalid, malformed_bodies, refusal, stored
from tests.functional.talk import bare, contents, forget_events, in_s, joined, make_group, open_direct, say
from tests.harness import Parley, User

NOWHERE = "d_" + "a" * 26
MANY = [ids.direct_conversation_id("alice", f"user{number}", "general", "") for number in range(101)]


def sync(person: User, cursors: Mapping[str, object] | None = None) -> dict[str, Any]:
    reply = person.post("/sync", json={} if cursors is None else {"cursors": cursors})
    assert reply.status == 200, reply
    assert set(reply.json) == {
        "conversations",
        "joined",
        "left",
        "joined_capped",
        "later",
        "blocked",
        "as_of",
        "listed",
        "users",
    }
    caught: dict[str, Any] = reply.json
    return caught


def seqs(part: dict[str, Any]) -> list[int]:
    return [message["seq"] for message in part["messages"]]


def test_newcomer_gets_an_empty_answer(parley: Parley) -> None:
    empty = {
        "conversations": {},
        "joined": [],
        "left": [],
        "joined_capped": False,
        "later": [],
        "blocked": [],
        "as_of": in_s(parley, 0),
        "listed": None,
        "users": {},
    }

    assert sync(parley.user("alice")) == sync(parley.user("bob"), {}) == empty


def test_what_was_missed_comes_whole_and_in_order(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    say(alice, conversation_id, "one", "two")
    say(bob, conversation_id, "three")

    caught = sync(bob, {conversation_id: {"seq": 1, "change_seq": 0}})

    messages = [bare(bob.get(f"/messages/{conversation_id}.{seq}").json) for seq in (2, 3)]
    assert caught["conversations"] == {
        conversation_id: {
            "verdict": "complete",
            "messages": messages,
            "changes": [],
            "last_seq": 3,
            "last_change_seq": 0,
            "mine": {
                "read_seq": 3,
                "delivered_seq": 3,
                "unread": 0,
                "mention_seqs": [],
                "unread_from_seq": None,
                "settings": {"pinned": False, "muted_until": None, "notifications": "all"},
                "own_seq": 0,
                "archived": False,
                "visible_from_seq": 1,
            },
            "markers": [{"user_id": "alice", "read_seq": 2, "delivered_seq": 2}],
            "next": {"seq": 3, "change_seq": 0},
        }
    }
    assert (caught["joined"], caught["left"]) == ([], [])


def test_bare_number_is_a_seq(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    say(alice, conversation_id, "one", "two")

    assert sync(bob, {conversation_id: 1}) == sync(bob, {conversation_id: {"seq": 1}})


def test_who_is_up_to_date_gets_nothing_new(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    say(alice, conversation_id, "one")

    part = sync(bob, {conversation_id: 1})["conversations"][conversation_id]

    assert (part["verdict"], part["messages"], part["next"]["seq"]) == ("complete", [], 1)


def test_what_is_too_much_for_one_answer_is_truncated_and_goes_on_where_it_says(parley: Parley) -> None:
    alice, bob, carol = parley.user("alice"), parley.user("bob"), parley.user("carol")
    with_alice, with_carol = open_direct(bob, alice), open_direct(bob, carol)
    say(alice, with_alice, "hello")
    say(carol, with_carol, *["\1" * 9_999 + "x"] * 90)  # 70 KB each, as JSON within JSON writes them

    cursors: dict[str, object] = {with_alice: 0, with_carol: 0}
    got: dict[str, list[int]] = {with_alice: [], with_carol: []}
    verdicts: list[str] = []
    for _ in range(2):
        parts = sync(bob, cursors)["conversations"]
        for conversation_id, part in parts.items():
            got[conversation_id] += seqs(part)
        cursors = {conversation_id: part["next"] for conversation_id, part in parts.items()}
        verdicts.append(parts[with_carol]["verdict"])

    assert got == {with_alice: [1], with_carol: list(range(1, 91))}
    assert verdicts == ["truncated", "complete"]


def test_conversations_that_the_client_does_not_know_are_joined(parley: Parley) -> None:
    alice, bob, carol = parley.user("alice"), parley.user("bob"), parley.user("carol")
    known = open_direct(alice, bob)
    new = open_direct(carol, alice)
    say(carol, new, "hello")

    caught = sync(alice, {known: 0})

    assert caught["joined"] == [bare(alice.get(f"/conversations/{new}").json)]
    assert set(caught["conversations"]) == {known}


def test_what_is_not_the_callers_is_left_and_nobody_learns_whether_it_exists(parley: Parley) -> None:
    alice, bob, eve = parley.user("alice"), parley.user("bob"), parley.user("eve")
    theirs = open_direct(alice, bob)
    say(alice, theirs, "secret")

    caught = sync(eve, {theirs: 0, NOWHERE: 0})

    assert caught["left"] == [theirs, NOWHERE]
    assert (caught["conversations"], caught["joined"]) == ({}, [])


def test_cursor_from_beyond_the_end_starts_again_at_the_end(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    say(alice, conversation_id, "one")

    part = sync(bob, {conversation_id: 10**15})["conversations"][conversation_id]

    assert (part["verdict"], part["messages"], part["next"]["seq"]) == ("truncated", [], 1)


def test_subscribe_then_read_misses_nothing(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    say(alice, conversation_id, "before")
    screen = joined(bob, conversation_id)
    forget_events(screen)

    say(alice, conversation_id, "between")
    caught = sync(bob, {conversation_id: 0})
    say(alice, conversation_id, "after")

    read = seqs(caught["conversations"][conversation_id])
    heard = [one["message"]["seq"] for one in contents(screen.events("new_message"))]
    assert (read, heard) == ([1, 2], [2, 3])  # one comes both ways, and clients drop it by its seq


def test_it_writes_nothing_and_tells_nobody(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    say(alice, conversation_id, "one")
    screen = alice.connect()
    before = stored(parley)

    sync(bob, {conversation_id: 0})

    assert stored(parley) == before
    assert screen.frames == []


WRONG: dict[str, tuple[object, Refusal]] = {
    "list": ([NOWHERE], invalid(("/cursors", "wrong_type"))),
    "null": (None, invalid(("/cursors", "wrong_type"))),
    "text for a seq": ({NOWHERE: "1"}, invalid((f"/cursors/{NOWHERE}", "wrong_type"))),
    "fraction": ({NOWHERE: 1.5}, invalid((f"/cursors/{NOWHERE}", "wrong_type"))),
    "negative": ({NOWHERE: -1}, invalid((f"/cursors/{NOWHERE}", "too_small"))),
    "huge": ({NOWHERE: 10**40}, invalid((f"/cursors/{NOWHERE}", "too_large"))),
    "negative seq": ({NOWHERE: {"seq": -1}}, invalid((f"/cursors/{NOWHERE}/seq", "too_small"))),
    "unknown field": ({NOWHERE: {"sequence": 1}}, invalid((f"/cursors/{NOWHERE}/sequence", "unknown_field"))),
    "no id": ({"": 1}, invalid(("/cursors/", "bad_format"))),
    "word for an id": ({"nothing": 1}, invalid(("/cursors/nothing", "bad_format"))),
    "slash": ({"a/b~c": 1}, invalid(("/cursors/a~1b~0c", "bad_format"))),
    "emoji": ({"👋": 1}, invalid(("/cursors/👋", "bad_format"))),
    "long id": ({"d" * 3_000: 1}, invalid((f"/cursors/{'d' * 100}…", "bad_format"))),
    "too many": (dict.fromkeys(MANY, 0), invalid(("/cursors", "too_many_items"))),
}


def test_wrong_fields_are_named(parley: Parley) -> None:
    alice = parley.user("alice")

    refused = {name: refusal(alice.post("/sync", json={"cursors": given})) for name, (given, _) in WRONG.items()}

    assert refused == {name: expected for name, (_, expected) in WRONG.items()}


def test_unknown_field_is_named(parley: Parley) -> None:
    reply = parley.user("alice").post("/sync", json={"cursor": {}})

    assert refusal(reply) == invalid(("/cursor", "unknown_field"))


def test_body_that_is_no_json_object_is_refused(parley: Parley) -> None:
    alice = parley.user("alice")

    assert malformed_bodies(lambda raw: alice.post("/sync", raw=raw)) == {}


def test_own_reaction_is_said_to_be_mine_when_the_message_changed_again(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    direct = open_direct(alice, bob)
    [message_id] = say(alice, direct, "helo")
    alice.patch(f"/messages/{message_id}", json={"text": "hello"})
    bob.put(f"/messages/{message_id}/reactions/%F0%9F%91%8D")

    of_bob, of_alice = (sync(one, {direct: 1})["conversations"][direct]["changes"] for one in (bob, alice))

    fresh = bare(bob.get(f"/messages/{message_id}").json)
    assert [one["event"] for one in of_bob] == ["message_updated", "reaction_added"]
    assert [one["data"]["message"] for one in of_bob] == [fresh, fresh]
    assert fresh["reactions"] == [{"emoji": "👍", "count": 1, "mine": True}]
    assert not of_alice[1]["data"]["message"]["reactions"][0]["mine"]


@pytest.mark.parametrize("method, path", [("POST", "/sync"), ("GET", "/conversations/{}/messages")])
def test_message_that_counts_a_reaction_made_meanwhile_says_whose_it_is(parley: Parley, method: str, path: str) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    direct = open_direct(alice, bob)
    [message_id] = say(alice, direct, "hello")
    react = BetweenMarksAndMessages(parley, lambda: bob.put(f"/messages/{message_id}/reactions/%F0%9F%91%8D"))
    parley.hooks.append(react)

    answer = bob.request(method, path.format(direct), json={"cursors": {direct: 0}} if method == "POST" else None).json

    [message] = (answer["conversations"][direct] if method == "POST" else answer)["messages"]
    assert message["reactions"] == [{"emoji": "👍", "count": 1, "mine": True}]


def test_how_far_the_other_person_has_read_comes_for_direct_conversations(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    direct, group = open_direct(alice, bob), make_group(alice, bob)
    one, two, _ = say(alice, direct, "one", "two", "three")
    bob.patch(f"/messages/{one}/read")
    bob.connect().request("mark_delivered", {"message_id": two})

    caught = sync(alice, {direct: 3, group: 1})["conversations"]

    assert caught[direct]["markers"] == [{"user_id": "bob", "read_seq": 1, "delivered_seq": 2}]
    assert caught[group]["markers"] == []


def test_whom_one_has_blocked_comes_with_the_time_as_of_which_it_is_so(parley: Parley) -> None:
    alice, tablet = parley.user("alice"), parley.user("alice").connect()
    alice.put("/users/eve/block")
    alice.put("/users/mallory/block")
    parley.advance(1)
    alice.delete("/users/mallory/block")

    caught = sync(alice)

    changes = contents(tablet.events("block_changed"))
    assert (caught["blocked"], caught["as_of"]) == (["eve"], in_s(parley, 0))
    assert [(one["user_id"], one["blocked"], one["at"]) for one in changes] == [
        ("eve", True, in_s(parley, -1)),
        ("mallory", True, in_s(parley, -1)),
        ("mallory", False, in_s(parley, 0)),
    ]


def test_archived_conversations_are_joined_too(parley: Parley) -> None:
    alice, bob, carol = parley.user("alice"), parley.user("bob"), parley.user("carol")
    archived, active = open_direct(alice, bob), open_direct(alice, carol)
    alice.patch(f"/conversations/{archived}/archive", json={"archived": True})

    caught = sync(alice)

    assert {one["id"]: one["archived"] for one in caught["joined"]} == {archived: True, active: False}
    assert not caught["joined_capped"]


def listed(person: User, query: str) -> dict[str, Any]:
    page: dict[str, Any] = person.get(f"/conversations?{query}").json
    return page


@pytest.mark.parametrize("knows", ["nothing", "some", "everything"])
def test_list_comes_along_as_get_conversations_shows_it(parley: Parley, knows: str) -> None:
    alice, bob, carol = (parley.user(name, name=name.title()) for name in ("alice", "bob", "carol"))
    direct, other = open_direct(alice, bob), open_direct(carol, alice)
    group, archived = make_group(bob, alice, title="Choir"), open_direct(alice, parley.user("dave"))
    for person, place in ((bob, direct), (carol, other), (bob, group), (alice, archived)):
        parley.advance(1)
        say(person, place, "hello")
    alice.put(f"/users/{bob.user_id}/block")
    alice.patch(f"/conversations/{archived}/archive", json={"archived": True})
    known = {"nothing": [], "some": [direct, group], "everything": [direct, other, group, archived]}[knows]
    list_ = listed(alice, "limit=50")

    reply = alice.post("/sync", json={"cursors": dict.fromkeys(known, 0), "list_limit": 50})

    assert reply.json["listed"] == {name: list_[name] for name in ("conversations", "next")}
    assert list_["users"].items() <= reply.json["users"].items()
    assert [one["id"] for one in list_["conversations"]] == [group, other, direct]
    new = {direct, other, group, archived} - set(known)
    assert {one["id"] for one in reply.json["joined"]} == new & {archived}  # the others are in the list
    assert set(reply.json["conversations"]) == set(known)
    assert not reply.json["joined_capped"]


def test_list_goes_on_with_the_cursor_of_get_conversations(parley: Parley) -> None:
    alice = parley.user("alice")
    places = [open_direct(alice, parley.user(f"friend{number}")) for number in range(5)]
    for place in places:
        parley.advance(1)
        say(alice, place, "hello")

    page = alice.post("/sync", json={"list_limit": 2}).json["listed"]
    rest = listed(alice, f"limit=50&cursor={page['next']}")

    assert [one["id"] for one in (*page["conversations"], *rest["conversations"])] == places[::-1]
    assert rest["next"] is None


@pytest.mark.parametrize("wrong", [0, 101, "2", None])
def test_list_limit_is_a_number_from_1_to_100(parley: Parley, wrong: object) -> None:
    reply = parley.user("alice").post("/sync", json={"list_limit": wrong})

    if wrong is None:
        assert reply.json["listed"] is None
    else:
        assert [one["pointer"] for one in reply.json["errors"]] == ["/list_limit"]


def test_message_that_was_hidden_before_it_came_says_so(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    direct = open_direct(alice, bob)
    [message_id] = say(alice, direct, "not for bob")
    bob.delete(f"/messages/{message_id}?scope=me")

    [of_bob] = sync(bob, {direct: 0})["conversations"][direct]["messages"]
    [of_alice] = sync(alice, {direct: 0})["conversations"][direct]["messages"]
    alice.delete(f"/messages/{message_id}")
    [of_both] = sync(bob, {direct: 0})["conversations"][direct]["messages"]

    assert (of_bob["hidden"], of_bob["text"]) == (True, "")
    assert (of_alice["hidden"], of_alice["text"]) == (False, "not for bob")
    assert of_both["hidden"]


def test_under_a_block_the_other_ones_markers_stay_as_they_were(parley: Parley) -> None:
    alice, mallory = parley.user("alice"), parley.user("mallory")
    direct = open_direct(alice, mallory)
    one, two = say(alice, direct, "one", "two")
    mallory.patch(f"/messages/{one}/read")
    mallory.put("/users/alice/block")
    mallory.patch(f"/messages/{two}/read")

    under_it = sync(alice, {direct: 2})["conversations"][direct]["markers"]
    mallory.delete("/users/alice/block")
    after_it = sync(alice, {direct: 2})["conversations"][direct]["markers"]

    assert [one["read_seq"] for one in (*under_it, *after_it)] == [1, 2]
