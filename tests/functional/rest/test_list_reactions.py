"""GET /messages/{message_id}/reactions: the people who reacted to a message, with what and when."""

from urllib.parse import quote, urlencode

from tests.functional.replies import WRONG_IDS, invalid, refusal
from tests.functional.streams.test_start_fan_out import large_group
from tests.functional.talk import in_s, make_group, named, open_direct, say
from tests.harness import Parley, User

LIKE, HEART = "👍", "❤️"


def react(person: User, message_id: str, *emojis: str) -> None:
    for emoji in emojis:
        assert person.put(f"/messages/{message_id}/reactions/{quote(emoji)}").status == 200


def listed(person: User, message_id: str, **query: object) -> list[tuple[str, str]]:
    """Returns the people and emojis of all pages."""
    found: list[tuple[str, str]] = []
    for _ in range(200):
        reply = person.get(f"/messages/{message_id}/reactions?{urlencode(query)}")
        assert reply.status == 200, reply
        found += [(one["user_id"], one["emoji"]) for one in reply.json["reactions"]]
        if reply.json["next"] is None:
            return found
        query["cursor"] = reply.json["next"]
    raise AssertionError("the pages do not end")


def test_message_names_who_reacted_with_what_and_when(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    [message_id] = say(alice, open_direct(alice, bob), "hello")
    first = in_s(parley, 0)
    react(bob, message_id, LIKE)
    parley.advance(5)
    second = in_s(parley, 0)
    react(alice, message_id, HEART)

    reply = alice.get(f"/messages/{message_id}/reactions")

    assert reply.json == {
        "reactions": [
            {"user_id": "alice", "emoji": HEART, "reacted_at": second},
            {"user_id": "bob", "emoji": LIKE, "reacted_at": first},
        ],
        "next": None,
        "users": named(parley, "alice", "bob"),
    }


def test_one_emoji_can_be_asked_for_in_any_of_its_forms(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    [message_id] = say(alice, open_direct(alice, bob), "hello")
    react(bob, message_id, LIKE, HEART)

    assert listed(alice, message_id, emoji=HEART) == [("bob", HEART)]
    assert listed(alice, message_id, emoji="❤") == [("bob", HEART)]
    assert listed(alice, message_id, emoji="🎉") == []


def test_reaction_that_was_taken_back_is_not_listed(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    [message_id] = say(alice, open_direct(alice, bob), "hello")
    react(alice, message_id, LIKE)
    react(bob, message_id, LIKE)
    assert bob.delete(f"/messages/{message_id}/reactions/{quote(LIKE)}").status == 200

    assert listed(alice, message_id) == [("alice", LIKE)]


def test_deleted_message_has_no_reactions(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    [message_id] = say(alice, open_direct(alice, bob), "hello")
    react(bob, message_id, LIKE)
    assert alice.delete(f"/messages/{message_id}?scope=everyone").status == 200

    assert listed(bob, message_id) == []


def test_people_of_a_group_come_page_by_page_and_twenty_emojis_too(parley: Parley) -> None:
    alice = parley.user("alice")
    others = [parley.user(f"u{number:02}") for number in range(12)]
    [message_id] = say(alice, make_group(alice, *others), "hello")
    emojis = [chr(0x1F600 + number) for number in range(20)]
    for person in others:
        react(person, message_id, LIKE if person is others[0] else emojis[0])
    react(others[11], message_id, *emojis[1:19])

    assert len(alice.get(f"/messages/{message_id}/reactions").json["reactions"]) <= 5
    assert listed(alice, message_id) == [
        ("u00", LIKE),
        *((f"u{number:02}", emojis[0]) for number in range(1, 12)),
        *(("u11", emoji) for emoji in emojis[1:19]),
    ]
    assert listed(alice, message_id, emoji=emojis[0], limit=4) == [
        (f"u{number:02}", emojis[0]) for number in range(1, 12)
    ]


def test_large_group_ends_once_all_are_found_and_those_who_left_are_not_named(parley: Parley) -> None:
    alice, carol, dan = (parley.user(one) for one in ("alice", "u100", "u110"))
    people = [f"u{number:03}" for number in range(250)]
    group = large_group(alice, people)
    [message_id] = say(alice, group, "hello")
    react(carol, message_id, LIKE)

    first = alice.get(f"/messages/{message_id}/reactions").json
    rest = listed(alice, message_id, cursor=first["next"])
    react(dan, message_id, LIKE)
    assert dan.delete(f"/conversations/{group}/members/u110").status == 200

    assert (first["reactions"], rest) == ([], [("u100", LIKE)])
    assert listed(alice, message_id) == [("u100", LIKE)]


def test_bad_query_is_refused_by_field(parley: Parley) -> None:
    alice = parley.user("alice")
    [message_id] = say(alice, open_direct(alice, parley.user("bob")), "hello")
    queries = {
        "emoji=x": ("?emoji", "bad_format"),
        "emoji=": ("?emoji", "too_short"),
        "cursor=x": ("?cursor", "bad_cursor"),
        "cursor=WyJib2IiLC0xXQ": ("?cursor", "bad_cursor"),
        "limit=0": ("?limit", "too_small"),
    }

    refused = {query: refusal(alice.get(f"/messages/{message_id}/reactions?{query}")) for query in queries}

    assert refused == {query: invalid(field) for query, field in queries.items()}


def test_wrong_id_is_refused(parley: Parley) -> None:
    alice = parley.user("alice")

    refused = {name: refusal(alice.get(f"/messages/{wrong}/reactions")) for name, wrong in WRONG_IDS.items()}

    assert refused == dict.fromkeys(WRONG_IDS, invalid(("{message_id}", "bad_format")))


def test_stranger_sees_nothing(parley: Parley) -> None:
    alice, eve = parley.user("alice"), parley.user("eve")
    [message_id] = say(alice, open_direct(alice, parley.user("bob")), "hello")

    assert refusal(eve.get(f"/messages/{message_id}/reactions")) == ("message_not_found", 404, [])
