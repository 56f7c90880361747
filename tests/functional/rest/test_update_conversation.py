"""PATCH /conversations/{conversation_id}: title and rules of a group, and the life of a conversation."""

import pytest

from tests.functional.replies import Refusal, invalid, refusal
from tests.functional.talk import make_group, open_direct, say
from tests.harness import Parley

MINE = {"booking": ["b1"]}
ABOUT = {"type": "booking", "id": "b1"}


def test_title_changes_for_everybody_with_a_note(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    group = make_group(alice, bob)
    screen = bob.connect()

    changed = alice.patch(f"/conversations/{group}", json={"title": "Go club", "description": "Mondays"})

    assert (changed.status, changed.json["title"], changed.json["description"]) == (200, "Go club", "Mondays")
    heard = screen.events()
    told = {one["event"]: one["data"] for one in heard}
    assert told["message_notification"]["message"]["system"] == {"event": "conversation_changed", "title": "Go club"}
    assert told["conversation_updated"]["shared"]["title"] == "Go club"
    assert changed.json == alice.get(f"/conversations/{group}").json


def test_null_takes_a_description_away(parley: Parley) -> None:
    alice = parley.user("alice")
    group = make_group(alice, description="Mondays")

    assert alice.patch(f"/conversations/{group}", json={"description": None}).json["description"] is None


def test_same_again_changes_nothing(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    group = make_group(alice, bob)
    first = alice.patch(f"/conversations/{group}", json={"title": "Go club"})
    screen = bob.connect()

    again = alice.patch(f"/conversations/{group}", json={"title": "Go club"})

    assert again.json == first.json
    assert screen.events() == []


@pytest.mark.parametrize(
    ("posting", "member", "owner"), [("admins", 403, 201), ("nobody", 403, 403)], ids=["announce only", "read only"]
)
def test_who_may_write_is_the_groups_choice(parley: Parley, posting: str, member: int, owner: int) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    group = make_group(alice, bob)
    alice.patch(f"/conversations/{group}", json={"posting": posting})

    replies = [one.post(f"/conversations/{group}/messages", json={"text": "hello"}) for one in (bob, alice)]

    assert [reply.status for reply in replies] == [member, owner]
    assert refusal(replies[0])[0] == "posting_restricted"
    assert replies[0].json["rule"]
    assert "send_message" not in bob.get(f"/conversations/{group}").json["capabilities"]


def test_closed_conversation_can_only_be_read_until_it_is_opened_again(parley: Parley) -> None:
    alice, bob = parley.user("alice", contexts=MINE), parley.user("bob", contexts=MINE)
    opened = alice.post("/conversations", json={"type": "direct", "user_id": "bob", "context": ABOUT}).json["id"]
    [message_id] = say(alice, opened, "hello")
    screen = bob.connect()

    assert bob.patch(f"/conversations/{opened}", json={"state": "closed"}).json["state"] == "closed"

    refused = [
        alice.post(f"/conversations/{opened}/messages", json={"text": "one more"}),
        alice.patch(f"/messages/{message_id}", json={"text": "changed"}),
        bob.put(f"/messages/{message_id}/reactions/%F0%9F%91%8D"),
        bob.put(f"/messages/{message_id}/pin"),
    ]
    assert {refusal(one)[0] for one in refused} == {"conversation_closed"}
    assert screen.request("typing_start", {"conversation_id": opened})["error"]["code"] == "conversation_closed"
    assert bob.patch(f"/messages/{message_id}/read").status == 200
    assert len(bob.get(f"/conversations/{opened}/messages").json["messages"]) == 2

    assert alice.patch(f"/conversations/{opened}", json={"state": "open"}).json["state"] == "open"
    assert alice.post(f"/conversations/{opened}/messages", json={"text": "one more"}).status == 201


def test_what_opens_a_closed_group_may_change_the_rest_of_it_too(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    path = f"/conversations/{make_group(alice, bob)}"
    closing: dict[str, object] = {"title": "The end", "state": "closed"}
    assert [alice.patch(path, json=closing).status for _ in range(2)] == [200, 200]

    for body in ({"title": "Not yet"}, {"title": "Not yet", "state": "closed"}):
        assert refusal(alice.patch(path, json=body))[:2] == ("conversation_closed", 403)
    assert "edit_conversation" not in alice.get(path).json["capabilities"]
    opened = alice.patch(path, json={"title": "A new beginning", "state": "open"}).json

    assert (opened["title"], opened["state"]) == ("A new beginning", "open")
    assert "edit_conversation" in opened["capabilities"]


def test_conversation_about_nothing_has_no_end(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")

    refused = alice.patch(f"/conversations/{open_direct(alice, bob)}", json={"state": "closed"})

    assert refusal(refused)[:2] == ("no_life_cycle", 403)


def test_member_changes_nothing(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    group = make_group(alice, bob)

    for body in ({"title": "Mine"}, {"posting": "nobody"}, {"slow_mode_s": 5}, {"state": "closed"}):
        assert refusal(bob.patch(f"/conversations/{group}", json=body))[:2] == ("admins_only", 403)
    assert alice.get(f"/conversations/{group}").json["title"] == "Chess"


WRONG: dict[str, tuple[dict[str, object], Refusal]] = {
    "no title": ({"title": None}, invalid(("/title", "required"))),
    "blank": ({"title": " "}, invalid(("/title", "blank"))),
    "long": ({"title": "x" * 201}, invalid(("/title", "too_long"))),
    "long description": ({"description": "x" * 1001}, invalid(("/description", "too_long"))),
    "posting": ({"posting": "some"}, invalid(("/posting", "not_allowed"))),
    "slow": ({"slow_mode_s": 121}, invalid(("/slow_mode_s", "too_large"))),
    "negative": ({"slow_mode_s": -1}, invalid(("/slow_mode_s", "too_small"))),
    "state": ({"state": "ajar"}, invalid(("/state", "not_allowed"))),
    "unknown": ({"colour": "red"}, invalid(("/colour", "unknown_field"))),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_fields_are_named(parley: Parley, name: str) -> None:
    alice = parley.user("alice")
    body, expected = WRONG[name]

    assert refusal(alice.patch(f"/conversations/{make_group(alice)}", json=body)) == expected
