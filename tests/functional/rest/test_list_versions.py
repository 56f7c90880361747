"""GET /messages/{message_id}/versions: what a message said before, for those who moderate."""

import json

from tests.functional.moderation import open_to_moderators
from tests.functional.replies import invalid, refusal
from tests.functional.talk import make_group, open_direct, say
from tests.harness import Parley, Reply


def texts(reply: Reply) -> list[str]:
    return [one["text"] for one in reply.json["versions"]]


def test_moderator_reads_what_was_edited_and_what_was_deleted(parley: Parley) -> None:
    alice, bob, moderator = parley.user("alice"), parley.user("bob"), parley.user("mo", role="moderator")
    [message_id] = say(alice, open_to_moderators(parley, open_direct(alice, bob)), "one")
    alice.patch(f"/messages/{message_id}", json={"text": "two"})
    assert texts(moderator.get(f"/messages/{message_id}/versions")) == ["one", "two"]

    alice.delete(f"/messages/{message_id}")

    assert texts(moderator.get(f"/messages/{message_id}/versions")) == ["one", "two"]


def test_moderator_reads_nothing_of_a_conversation_without_a_report(parley: Parley) -> None:
    alice, bob, moderator = parley.user("alice"), parley.user("bob"), parley.user("mo", role="moderator")
    [message_id] = say(alice, open_direct(alice, bob), "one")

    assert refusal(moderator.get(f"/messages/{message_id}/versions")) == ("message_not_found", 404, [])


def test_in_a_group_its_admins_read_them(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    [message_id] = say(bob, make_group(alice, bob), "one")
    bob.patch(f"/messages/{message_id}", json={"text": "two"})

    assert texts(alice.get(f"/messages/{message_id}/versions")) == ["one", "two"]
    assert refusal(bob.get(f"/messages/{message_id}/versions"))[:2] == ("admins_only", 403)


def test_in_a_direct_conversation_nobody_else_does(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    [message_id] = say(alice, open_direct(alice, bob), "one")

    assert refusal(bob.get(f"/messages/{message_id}/versions"))[:2] == ("groups_only", 403)


def test_versions_that_are_longer_than_an_answer_come_in_parts(parley: Parley) -> None:
    alice, bob, moderator = parley.user("alice"), parley.user("bob"), parley.user("mo", role="moderator")
    [message_id] = say(alice, open_to_moderators(parley, open_direct(alice, bob)), "0".ljust(10_000, "\x01"))
    for number in range(1, 101):
        parley.advance(1)
        edited = alice.patch(f"/messages/{message_id}", json={"text": str(number).ljust(10_000, "\x01")})
        assert edited.status == 200, edited

    found, cursor, pages = [], "", 0
    while cursor is not None:
        reply = moderator.get(f"/messages/{message_id}/versions" + (f"?cursor={cursor}" if cursor else ""))
        assert len(json.dumps(reply.text)) < 6_000_000
        found += [int(text.strip("\x01")) for text in texts(reply)]
        cursor, pages = reply.json["next"], pages + 1

    assert (found, pages) == (list(range(101)), 2)


def test_wrong_cursor_is_named(parley: Parley) -> None:
    alice, moderator = parley.user("alice"), parley.user("mo", role="moderator")
    [message_id] = say(alice, make_group(alice), "one")

    for cursor in ("!", "WzBd", "WzEwMl0"):  # none of ours, 0, 102
        refused = moderator.get(f"/messages/{message_id}/versions?cursor={cursor}")
        assert refusal(refused) == invalid(("?cursor", "bad_cursor")), cursor


def test_moderator_is_told_of_a_message_that_there_is_not(parley: Parley) -> None:
    moderator = parley.user("mo", role="moderator")

    refused = moderator.get(f"/messages/d_{'a' * 26}.1/versions")
    assert refusal(refused)[:2] == ("message_not_found", 404)
