"""Lists and histories of one `custom_type`: bounded reads, short pages, and a cursor that leaves nothing out."""

from typing import Any

import pytest

from tests.functional.replies import invalid, refusal
from tests.functional.talk import fill, make_group, open_direct, say
from tests.harness import Parley, User


def sent(person: User, conversation_id: str, custom_type: str | None) -> str:
    body = {"text": "hello", "custom_type": custom_type, "metadata": {"a": 1}}
    return str(person.post(f"/conversations/{conversation_id}/messages", json=body).json["id"])


def pages(person: User, path: str) -> list[dict[str, Any]]:
    """Returns all pages of a list, the first one first."""
    found = [person.get(path).json]
    while "next" in found[-1] and found[-1]["next"]:
        found.append(person.get(f"{path}&cursor={found[-1]['next']}").json)
    return found


def seqs(page: dict[str, Any]) -> list[int]:
    return [one["seq"] for one in page["messages"]]


def test_history_of_one_type_leaves_nothing_out(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    direct = open_direct(alice, bob)
    for number in range(1, 10):
        sent(alice, direct, ("card", None, "cards")[number % 3])  # cards are 3, 6 and 9

    found = pages(bob, f"/conversations/{direct}/messages?custom_type=card&limit=2")

    assert [seqs(page) for page in found] == [[6, 9], [3]]
    assert [(page["found_oldest"], page["found_newest"]) for page in found] == [(False, True), (True, False)]
    older = bob.get(f"/conversations/{direct}/messages?custom_type=card&before=6").json
    assert (seqs(older), older.get("next")) == ([3], None)
    assert seqs(bob.get(f"/conversations/{direct}/messages?custom_type=card&before=1").json) == []


def test_request_looks_through_so_many_and_says_where_it_goes_on(
    parley: Parley, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("parley.domain.conversations.history.MAX_LOOKED_AT", 10)
    alice = parley.user("alice")
    direct = open_direct(alice, parley.user("bob"))
    sent(alice, direct, "card")
    say(alice, direct, *["plain"] * 24)

    found = pages(alice, f"/conversations/{direct}/messages?custom_type=card")

    assert [seqs(page) for page in found] == [[], [], [1]]


def test_page_of_long_messages_ends_early_and_goes_on(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("parley.domain.conversations.history.MAX_CHARACTERS_LOOKED_AT", 30_000)
    alice = parley.user("alice")
    direct = open_direct(alice, parley.user("bob"))
    sent(alice, direct, "card")
    fill(parley, direct, ["x" * 10_000] * 7)

    found = pages(alice, f"/conversations/{direct}/messages?custom_type=card&limit=100")

    assert [seqs(page) for page in found] == [[5, 6, 7], [2, 3, 4], [1]]


def test_page_that_fills_an_answer_goes_on_where_it_was_cut(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("parley.domain.conversations.history.MAX_PAGE_BYTES", 12_000)
    alice = parley.user("alice")
    direct = open_direct(alice, parley.user("bob"))
    sent(alice, direct, "card")
    fill(parley, direct, ["x" * 5_000] * 5)

    found = pages(alice, f"/conversations/{direct}/messages?custom_type=card")

    assert [seqs(page) for page in found] == [[4, 5], [2, 3], [1]]


def test_deleted_and_hidden_messages_are_of_no_type(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    direct = open_direct(alice, bob)
    gone, hidden, kept = (sent(alice, direct, "card") for _ in range(3))
    alice.delete(f"/messages/{gone}")
    bob.delete(f"/messages/{hidden}?scope=me")

    path = f"/conversations/{direct}/messages?custom_type=card"

    assert [one["id"] for one in bob.get(path).json["messages"]] == [kept]
    assert [one["id"] for one in alice.get(path).json["messages"]] == [hidden, kept]


@pytest.mark.parametrize("place", ["after=1", "around=1", "page=1", "per_page=5"])
def test_other_kinds_of_pages_have_no_type(parley: Parley, place: str) -> None:
    alice = parley.user("alice")
    direct = open_direct(alice, parley.user("bob"))

    refused = alice.get(f"/conversations/{direct}/messages?custom_type=card&{place}")

    assert refusal(refused) == invalid((f"?{place.partition('=')[0]}", "contradiction"))


def test_cursor_needs_its_type_and_no_other_place(parley: Parley) -> None:
    alice = parley.user("alice")
    direct = open_direct(alice, parley.user("bob"))
    path = f"/conversations/{direct}/messages"

    assert refusal(alice.get(f"{path}?cursor=abc")) == invalid(("?cursor", "contradiction"))
    assert refusal(alice.get(f"{path}?custom_type=a&cursor=abc")) == invalid(("?cursor", "bad_cursor"))
    assert refusal(alice.get(f"{path}?custom_type=a&cursor=abc&before=2")) == invalid(("?before", "contradiction"))
    assert refusal(alice.get(f"{path}?custom_type=a%20b")) == invalid(("?custom_type", "bad_format"))


def test_list_of_one_type(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    orders = [make_group(alice, bob, title=f"Order {number}", custom_type="order") for number in range(3)]
    make_group(alice, bob, custom_type="club")
    make_group(alice, bob)

    found = pages(bob, "/conversations?custom_type=order&limit=2")

    assert {one["id"] for page in found for one in page["conversations"]} == set(orders)
    assert sum(len(page["conversations"]) for page in found) == 3
    titled = bob.get("/conversations?custom_type=order&q=2").json["conversations"]
    assert [one["title"] for one in titled] == ["Order 2"]
    assert refusal(bob.get("/conversations?custom_type=")) == invalid(("?custom_type", "bad_format"))
