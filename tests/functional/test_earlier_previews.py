"""The preview of a conversation whose last message the reader has deleted for themselves: the message before it."""

from typing import Any

import pytest

from parley.domain.conversations.head import LOOK_BACK
from tests.functional.talk import make_group, open_direct, say
from tests.harness import Parley, User

Json = dict[str, Any]


def hide(person: User, conversation_id: str, *seqs: int) -> None:
    for seq in seqs:
        assert person.delete(f"/messages/{conversation_id}.{seq}?scope=me").status == 200


def previews(person: User, conversation_id: str) -> list[Json | None]:
    """Returns the preview of a conversation in every answer that has it."""
    cursor = person.get(f"/conversations/{conversation_id}").json["last_seq"]
    joined = person.post("/sync", json={"cursors": {}}).json["joined"]
    listed = person.post("/sync", json={"cursors": {conversation_id: cursor}, "list_limit": 5}).json["listed"]
    pages = [joined, listed["conversations"], person.get("/conversations").json["conversations"]]
    found = [one for page in pages for one in page if one["id"] == conversation_id]
    found.append(person.get(f"/conversations/{conversation_id}").json)
    return [one["last_message"] for one in found]


def preview(person: User, conversation_id: str) -> Json | None:
    """Returns the preview, which is the same in every answer."""
    first, *others = previews(person, conversation_id)
    assert len(others) == 3
    assert others == [first] * 3
    return first


def text(person: User, conversation_id: str) -> str | None:
    shown = preview(person, conversation_id)
    return None if shown is None else str(shown["text"])


@pytest.fixture(params=["direct", "group"])
def place(request: pytest.FixtureRequest, parley: Parley) -> tuple[User, User, str, int]:
    """Returns two people, their conversation, and its last seq, to which the messages of a test are added."""
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob) if request.param == "direct" else make_group(alice, bob)
    parley.drain()
    return alice, bob, conversation_id, bob.get(f"/conversations/{conversation_id}").json["last_seq"]


Place = tuple[User, User, str, int]


def test_the_preview_is_the_message_before_the_one_that_i_deleted(place: Place) -> None:
    alice, bob, conversation_id, begin = place
    say(alice, conversation_id, "one", "two", "three")
    whole = alice.get(f"/conversations/{conversation_id}").json["last_message"]

    hide(bob, conversation_id, begin + 3)
    assert (text(bob, conversation_id), text(alice, conversation_id)) == ("two", "three")
    assert preview(bob, conversation_id) == whole | {
        "id": f"{conversation_id}.{begin + 2}",
        "seq": begin + 2,
        "text": "two",
        "created_at": bob.get(f"/messages/{conversation_id}.{begin + 2}").json["created_at"],
    }

    hide(bob, conversation_id, begin + 2)
    assert text(bob, conversation_id) == "one"
    hide(bob, conversation_id, begin + 1)
    made = None if conversation_id.startswith("d_") else "The group was made."  # the system message that made it
    assert text(bob, conversation_id) == made
    say(alice, conversation_id, "four")
    assert text(bob, conversation_id) == "four"
    hide(bob, conversation_id, begin + 4)
    assert text(bob, conversation_id) == made


def test_messages_that_i_deleted_before_are_passed_over(place: Place) -> None:
    alice, bob, conversation_id, begin = place
    say(alice, conversation_id, "one", "two", "three", "four")

    hide(bob, conversation_id, begin + 2, begin + 3, begin + 4, begin + 2)

    assert text(bob, conversation_id) == "one"


def test_the_preview_follows_the_earlier_message(place: Place) -> None:
    alice, bob, conversation_id, begin = place
    say(alice, conversation_id, "one", "two")
    hide(bob, conversation_id, begin + 2)

    alice.patch(f"/messages/{conversation_id}.{begin + 1}", json={"text": "first"})
    assert text(bob, conversation_id) == "first"
    alice.delete(f"/messages/{conversation_id}.{begin + 1}")
    shown = preview(bob, conversation_id)
    assert shown is not None
    assert (shown["text"], shown["deleted_at"] is not None) == ("", True)


def test_a_cleared_history_is_not_shown(place: Place) -> None:
    alice, bob, conversation_id, begin = place
    say(alice, conversation_id, "one", "two", "three")
    hide(bob, conversation_id, begin + 3)

    cleared = [bob.delete(f"/conversations/{conversation_id}/history?seq={begin + number}") for number in (1, 2)]

    assert [one.json["last_message"] and one.json["last_message"]["text"] for one in cleared] == ["two", None]
    assert preview(bob, conversation_id) is None


def test_messages_from_before_my_time_are_not_shown(place: Place) -> None:
    alice, bob, conversation_id, begin = place
    say(alice, conversation_id, "one", "two")
    bob.delete(f"/conversations/{conversation_id}/history?seq={begin + 1}")

    hide(bob, conversation_id, begin + 2)

    assert preview(bob, conversation_id) is None


@pytest.mark.parametrize(("hidden", "shown"), [(LOOK_BACK, "there"), (LOOK_BACK + 1, None)])
def test_100_messages_before_the_last_one_are_looked_through(parley: Parley, hidden: int, shown: str | None) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    say(alice, conversation_id, "there")
    for number in range(hidden):
        parley.clock.ms += 2000
        say(alice, conversation_id, f"number {number}")

    for seq in range(2, hidden + 2):
        parley.clock.ms += 2000
        hide(bob, conversation_id, seq)

    assert text(bob, conversation_id) == shown


def test_the_people_of_the_earlier_message_are_named(parley: Parley) -> None:
    alice, bob, carol = (parley.user(one) for one in ("alice", "bob", "carol"))
    group = make_group(alice, bob, carol)
    say(carol, group, "one")
    say(alice, group, "two")
    hide(bob, group, 3)

    for path in ("/conversations", f"/conversations/{group}"):
        assert "carol" in bob.get(path).json["users"]
    assert "carol" in bob.post("/sync", json={"cursors": {}}).json["users"]
    assert "carol" in bob.post("/sync", json={"cursors": {group: 3}, "list_limit": 5}).json["users"]


def test_a_blocked_sender_of_the_earlier_message_is_marked(parley: Parley) -> None:
    alice, bob, carol = (parley.user(one) for one in ("alice", "bob", "carol"))
    group = make_group(alice, bob, carol)
    say(carol, group, "one")
    say(alice, group, "two")
    bob.put("/users/carol/block")
    hide(bob, group, 3)

    shown = preview(bob, group)

    assert shown is not None
    assert (shown["sender_id"], shown["blocked"]) == ("carol", True)


def test_a_search_of_the_list_reads_the_message_that_it_shows(place: Place) -> None:
    alice, bob, conversation_id, begin = place
    say(alice, conversation_id, "apples", "pears")
    hide(bob, conversation_id, begin + 2)

    found = {word: bob.get(f"/conversations?q={word}").json["conversations"] for word in ("apples", "pears")}

    assert ([one["id"] for one in found["apples"]], found["pears"]) == ([conversation_id], [])
    assert found["apples"][0]["last_message"]["text"] == "apples"


def test_every_answer_with_the_conversation_shows_the_earlier_message(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    about = {"type": "direct", "user_id": "alice"}
    direct = open_direct(alice, bob)
    made = {"type": "group", "title": "Ours", "member_ids": ["alice"], "client_id": "c1"}
    group = bob.post("/conversations", json=made).json["id"]
    for conversation_id, seq in ((direct, 1), (group, 2)):
        say(alice, conversation_id, "one", "two")
        hide(bob, conversation_id, seq + 1)

    answers = [
        bob.post("/conversations", json=about),
        bob.post("/conversations", json=made),
        bob.patch(f"/conversations/{group}", json={"metadata": {"n": 1}}),
        bob.patch(f"/conversations/{direct}/settings", json={"pinned": True}),
        bob.patch(f"/conversations/{group}/archive", json={"archived": True}),
        bob.patch(f"/conversations/{group}/archive", json={"archived": False}),
    ]

    assert [one.status for one in answers] == [200] * len(answers)
    assert [one.json["last_message"]["text"] for one in answers] == ["one"] * len(answers)


def test_the_same_wish_twice_keeps_the_preview(place: Place) -> None:
    alice, bob, conversation_id, begin = place
    say(alice, conversation_id, "one", "two")
    hide(bob, conversation_id, begin + 2, begin + 2)

    assert text(bob, conversation_id) == "one"
