"""GET /conversations/{conversation_id}/pins: what is pinned, as it is now."""

import json

import pytest

from tests.functional.replies import invalid, refusal
from tests.functional.talk import fill, make_group, open_direct, say
from tests.harness import Parley, User


def pages(person: User, conversation_id: str) -> list[list[int]]:
    """Returns the seqs on each page of what is pinned, as a client reads it that follows `next`."""
    found: list[list[int]] = []
    cursor: str | None = ""
    while cursor is not None:
        reply = person.get(f"/conversations/{conversation_id}/pins" + (f"?cursor={cursor}" if cursor else ""))
        assert reply.status == 200, reply
        assert len(json.dumps(reply.text)) < 6_000_000  # JSON within JSON, as Lambda answers
        found.append([one["seq"] for one in reply.json["messages"]])
        cursor = reply.json["next"]
    return found


def test_latest_pin_comes_first_as_the_message_is_now(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    direct = open_direct(alice, bob)
    first, second, third = say(alice, direct, "one", "two", "three")
    for message_id in (third, first, second):
        alice.put(f"/messages/{message_id}/pin")
    alice.patch(f"/messages/{first}", json={"text": "uno"})
    bob.put(f"/messages/{first}/reactions/%F0%9F%91%8D")

    pins = bob.get(f"/conversations/{direct}/pins").json["messages"]

    assert [one["text"] for one in pins] == ["two", "uno", "three"]
    assert pins[1]["reactions"][0]["mine"] is True


def test_group_without_pins_has_an_empty_list(parley: Parley) -> None:
    alice = parley.user("alice")

    assert alice.get(f"/conversations/{make_group(alice)}/pins").json == {"messages": [], "next": None, "users": {}}


def test_pins_that_are_longer_than_an_answer_come_in_parts(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    direct = open_direct(alice, bob)
    say(alice, direct, "one")
    fill(parley, direct, ["👋" * 10_000] * 50)
    for seq in range(1, 51):
        parley.advance(2)
        assert alice.put(f"/messages/{direct}.{seq}/pin").status == 200

    found = pages(bob, direct)

    assert [seq for page in found for seq in page] == list(range(50, 0, -1))
    assert len(found) == 2


def test_pin_that_is_taken_off_between_two_pages_hides_no_other(
    parley: Parley, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("parley.domain.conversations.history.MAX_PAGE_BYTES", 2_000)
    alice, bob = parley.user("alice"), parley.user("bob")
    direct = open_direct(alice, bob)
    ids = say(alice, direct, *"abcdefgh")
    for message_id in ids:
        alice.put(f"/messages/{message_id}/pin")
    first = bob.get(f"/conversations/{direct}/pins").json
    shown = [one["id"] for one in first["messages"]]
    assert 1 <= len(shown) < 6

    for message_id in (shown[-1], ids[0]):  # the one that the cursor is about, and one that is still to come
        alice.delete(f"/messages/{message_id}/pin")
    found = list(shown)
    page = first
    while page["next"] is not None:
        page = bob.get(f"/conversations/{direct}/pins?cursor={page['next']}").json
        found += [one["id"] for one in page["messages"]]

    assert set(found) >= set(ids[1:])


def test_wrong_cursor_is_named(parley: Parley) -> None:
    alice = parley.user("alice")
    group = make_group(alice)

    for cursor in ("!", "WzBd", "WzUxXQ"):  # none of ours, 0, 51
        refused = alice.get(f"/conversations/{group}/pins?cursor={cursor}")
        assert refusal(refused) == invalid(("?cursor", "bad_cursor")), cursor
