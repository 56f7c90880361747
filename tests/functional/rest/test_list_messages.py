"""GET /conversations/{conversation_id}/messages: history, ascending, from wherever one asks."""

from typing import Any

import pytest

from tests.functional.replies import WRONG_IDS, Refusal, invalid, refusal
from tests.functional.talk import bare, open_direct, say
from tests.harness import Parley, User


def talk(parley: Parley, count: int) -> tuple[User, str]:
    """Returns Alice and her conversation with Bob, in which they have taken turns."""
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    for number in range(1, count + 1):
        say(alice if number % 2 else bob, conversation_id, f"text {number}")
    return alice, conversation_id


def page(person: User, conversation_id: str, query: str = "") -> dict[str, Any]:
    reply = person.get(f"/conversations/{conversation_id}/messages{query}")
    assert reply.status == 200, reply
    found: dict[str, Any] = reply.json
    return found


def seqs(found: dict[str, Any]) -> list[int]:
    return [message["seq"] for message in found["messages"]]


def test_page_is_compressed_for_a_client_that_takes_gzip(parley: Parley) -> None:
    alice, conversation_id = talk(parley, 30)
    path = f"/conversations/{conversation_id}/messages"

    plain, compressed = (alice.get(path, headers={"Accept-Encoding": coding}) for coding in ("identity", "gzip"))

    assert (plain.headers.get("content-encoding"), compressed.headers["content-encoding"]) == (None, "gzip")
    assert compressed.json == plain.json
    assert compressed.body_bytes * 10 < plain.body_bytes


def test_messages_are_shown_whole(parley: Parley) -> None:
    alice, conversation_id = talk(parley, 2)

    found = page(alice, conversation_id)

    assert found["messages"] == [bare(alice.get(f"/messages/{conversation_id}.{seq}").json) for seq in (1, 2)]
    assert found == {"messages": found["messages"], "found_oldest": True, "found_newest": True, "users": found["users"]}


def test_empty_conversation_has_an_empty_page(parley: Parley) -> None:
    alice, conversation_id = talk(parley, 0)
    empty = {"messages": [], "found_oldest": True, "found_newest": True, "users": {}}

    for query in ("", "?before=1", "?after=0", "?around=1", "?limit=1"):
        assert page(alice, conversation_id, query) == empty
    assert page(alice, conversation_id, "?page=1") == empty | {"total": 0}


def test_pages_of_any_kind_say_where_they_lie(parley: Parley) -> None:
    alice, conversation_id = talk(parley, 7)
    asked = {
        "": ([1, 2, 3, 4, 5, 6, 7], True, True),
        "?limit=3": ([5, 6, 7], False, True),
        "?before=5&limit=3": ([2, 3, 4], False, False),
        "?before=2&limit=3": ([1], True, False),
        "?before=1": ([], True, False),
        "?before=999999999999999": ([1, 2, 3, 4, 5, 6, 7], True, True),
        "?after=0&limit=3": ([1, 2, 3], True, False),
        "?after=5": ([6, 7], False, True),
        "?after=7": ([], False, True),
        "?after=1000": ([], False, True),
        "?around=4&limit=3": ([3, 4, 5], False, False),
        "?around=1&limit=3": ([1, 2, 3], True, False),
        "?around=7&limit=3": ([5, 6, 7], False, True),
        "?around=1000&limit=2": ([6, 7], False, True),
    }

    found = {query: page(alice, conversation_id, query) for query in asked}

    assert {q: (seqs(one), one["found_oldest"], one["found_newest"]) for q, one in found.items()} == asked


def test_counted_pages_start_with_the_newest_and_say_the_total(parley: Parley) -> None:
    alice, conversation_id = talk(parley, 7)
    asked = {
        "?page=1&per_page=3": ([5, 6, 7], False, True),
        "?page=2&per_page=3": ([2, 3, 4], False, False),
        "?page=3&per_page=3": ([1], True, False),
        "?page=4&per_page=3": ([], True, False),
        "?page=1": ([1, 2, 3, 4, 5, 6, 7], True, True),
        "?per_page=2": ([6, 7], False, True),
    }

    found = {query: page(alice, conversation_id, query) for query in asked}

    assert {q: (seqs(one), one["found_oldest"], one["found_newest"]) for q, one in found.items()} == asked
    assert {one["total"] for one in found.values()} == {7}


def test_fifty_come_unasked(parley: Parley) -> None:
    alice, conversation_id = talk(parley, 51)

    found = page(alice, conversation_id)

    assert seqs(found) == list(range(2, 52))
    assert (found["found_oldest"], found["found_newest"]) == (False, True)


def test_page_may_be_larger_than_one_answer_of_the_store(parley: Parley) -> None:
    alice, conversation_id = talk(parley, 0)
    say(alice, conversation_id, *["👋" * 10_000] * 28)  # 40 KB each; a query of DynamoDB's ends after 1 MB

    assert seqs(page(alice, conversation_id)) == list(range(1, 29))


def test_texts_that_no_answer_could_hold_come_in_shorter_pages(parley: Parley) -> None:
    alice, conversation_id = talk(parley, 0)
    say(alice, conversation_id, *["\1" * 9_999 + "x"] * 84)  # 70 KB each, as JSON within JSON; Lambda answers with 6 MB

    newest = page(alice, conversation_id, "?limit=100")
    rest = page(alice, conversation_id, f"?limit=100&before={seqs(newest)[0]}")
    counted = alice.get(f"/conversations/{conversation_id}/messages?page=1&per_page=100")

    assert seqs(rest) + seqs(newest) == list(range(1, 85))
    assert (newest["found_oldest"], newest["found_newest"]) == (False, True)
    assert (rest["found_oldest"], rest["found_newest"]) == (True, False)
    assert refusal(counted) == ("page_too_large", 413, [("?per_page", "too_large")])


def test_reading_marks_nothing(parley: Parley) -> None:
    alice, conversation_id = talk(parley, 2)

    page(alice, conversation_id)

    assert alice.get(f"/conversations/{conversation_id}").json["unread"] == 1


def test_outsider_is_told_the_conversation_does_not_exist(parley: Parley) -> None:
    _, conversation_id = talk(parley, 1)
    eve = parley.user("eve")

    outside = eve.get(f"/conversations/{conversation_id}/messages")
    nowhere = eve.get("/conversations/d_" + "a" * 26 + "/messages")

    assert refusal(outside) == refusal(nowhere) == ("conversation_not_found", 404, [])


WRONG: dict[str, Refusal] = {
    "?before=0": invalid(("?before", "too_small")),
    "?before=-1": invalid(("?before", "too_small")),
    "?before=ten": invalid(("?before", "wrong_type")),
    f"?before={10**15 + 1}": invalid(("?before", "too_large")),
    "?after=-1": invalid(("?after", "too_small")),
    f"?after={10**40}": invalid(("?after", "too_large")),
    "?around=0": invalid(("?around", "too_small")),
    "?around=1e3": invalid(("?around", "wrong_type")),
    "?limit=0": invalid(("?limit", "too_small")),
    "?limit=101": invalid(("?limit", "too_large")),
    "?page=0": invalid(("?page", "too_small")),
    "?page=-3": invalid(("?page", "too_small")),
    f"?page={10**15 + 1}": invalid(("?page", "too_large")),
    "?per_page=0": invalid(("?per_page", "too_small")),
    "?per_page=101": invalid(("?per_page", "too_large")),
    "?cursor=abc": invalid(("?cursor", "contradiction")),
    "?start=abc": invalid(("?start", "unknown_field")),
    "?before=5&after=1": invalid(("?before", "contradiction"), ("?after", "contradiction")),
    "?around=5&page=1": invalid(("?around", "contradiction")),
    "?page=1&limit=5": invalid(("?limit", "contradiction")),
    "?before=5&before=6": invalid(("?before", "repeated")),
    "?before=%F0%9F%91%8B": invalid(("?before", "wrong_type")),
}


def test_wrong_queries_are_named(parley: Parley) -> None:
    alice, conversation_id = talk(parley, 1)

    refused = {query: refusal(alice.get(f"/conversations/{conversation_id}/messages{query}")) for query in WRONG}

    assert refused == WRONG


@pytest.mark.parametrize("query", ["?page=999999999999999&per_page=100", "?page=1000000000000000"])
def test_page_far_beyond_the_end_is_empty(parley: Parley, query: str) -> None:
    alice, conversation_id = talk(parley, 1)

    assert page(alice, conversation_id, query) == {
        "messages": [],
        "found_oldest": True,
        "found_newest": False,
        "users": {},
        "total": 1,
    }


def test_what_is_no_conversations_id_is_refused(parley: Parley) -> None:
    alice = parley.user("alice")

    refused = {name: refusal(alice.get(f"/conversations/{wrong}/messages")) for name, wrong in WRONG_IDS.items()}

    assert refused == dict.fromkeys(WRONG_IDS, invalid(("{conversation_id}", "bad_format")))
