"""GET /conversations/{conversation_id}/attachments: the files of a conversation, newest first."""

from typing import Any

import pytest

from tests.functional.attachments import carry, clean_attachment, set_row
from tests.functional.replies import invalid, refusal
from tests.functional.talk import in_s, make_group, open_direct, say
from tests.harness import Parley, User

MADE = {"a.png": "image", "b.pdf": "file", "c.png": "image", "d.mp4": "video", "e.mp3": "audio"}

TYPES = {"png": "image/png", "pdf": "application/pdf", "mp4": "video/mp4", "mp3": "audio/mpeg", "txt": "text/plain"}


def page(person: User, conversation_id: str, query: str = "") -> Any:
    reply = person.get(f"/conversations/{conversation_id}/attachments{query}")
    assert reply.status == 200, reply
    return reply.json


def names(person: User, conversation_id: str, query: str = "") -> list[str]:
    return [each["name"] for each in page(person, conversation_id, query)["attachments"]]


def send_file(parley: Parley, sender: User, conversation_id: str, name: str, kind: str) -> tuple[str, str]:
    """Returns the ids of an attachment and of the message that carries it."""
    asked: dict[str, object] = {"name": name, "type": TYPES[name[-3:]]}
    attachment_id = clean_attachment(parley, sender, conversation_id, asked=asked)
    [message_id] = say(sender, conversation_id, name)
    carry(parley, attachment_id, message_id, kind=kind)
    return attachment_id, message_id


def send_files(parley: Parley, sender: User, conversation_id: str) -> dict[str, tuple[str, str]]:
    return {name: send_file(parley, sender, conversation_id, name, kind) for name, kind in MADE.items()}


def test_files_of_all_kinds_come_newest_first(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    made = send_files(parley, alice, conversation_id)

    found = page(bob, conversation_id)

    assert [each["name"] for each in found["attachments"]] == list(MADE)[::-1]
    assert found["next"] is None
    attachment_id, message_id = made["e.mp3"]
    assert found["attachments"][0] == {
        "id": attachment_id,
        "message_id": message_id,
        "sender_id": "alice",
        "created_at": in_s(parley, 0),
        "name": "e.mp3",
        "type": "audio/mpeg",
        "kind": "audio",
        "size": 23,
        "has_thumbnail": True,
    }


def test_one_kind_can_be_asked_for(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    send_files(parley, alice, conversation_id)

    assert names(bob, conversation_id, "?kind=image") == ["c.png", "a.png"]
    assert names(bob, conversation_id, "?kind=audio") == ["e.mp3"]
    wrong = bob.get(f"/conversations/{conversation_id}/attachments?kind=voice")
    assert refusal(wrong) == invalid(("?kind", "not_allowed"))


@pytest.mark.parametrize("kind", ["", "&kind=image"])
def test_pages_hold_each_file_once(parley: Parley, kind: str) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    send_files(parley, alice, conversation_id)
    whole = names(bob, conversation_id, f"?limit=100{kind}")

    found, query = [], f"?limit=1{kind}"
    for _ in range(len(whole)):
        answer = page(bob, conversation_id, query)
        found += [each["name"] for each in answer["attachments"]]
        query = f"?limit=1{kind}&cursor={answer['next']}"

    assert (found, answer["next"]) == (whole, None)


def test_files_of_one_message_keep_their_order(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    files = [clean_attachment(parley, alice, conversation_id, name=f"{number}.png") for number in range(3)]
    [message_id] = say(alice, conversation_id, "three")
    for position, attachment_id in enumerate(files):
        carry(parley, attachment_id, message_id, position, kind="image")

    assert names(bob, conversation_id) == ["0.png", "1.png", "2.png"]


def test_deleted_and_hidden_messages_and_files_no_longer_kept_are_left_out(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    made = send_files(parley, alice, conversation_id)
    alice.delete(f"/messages/{made['a.png'][1]}")
    bob.delete(f"/messages/{made['c.png'][1]}?scope=me")
    set_row(parley, made["d.mp4"][0], state="deleted")

    assert names(bob, conversation_id) == ["e.mp3", "b.pdf"]
    assert names(alice, conversation_id) == ["e.mp3", "c.png", "b.pdf"]


def test_page_without_anything_to_see_leads_to_the_next(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    made = send_files(parley, alice, conversation_id)
    alice.delete(f"/messages/{made['e.mp3'][1]}")

    first = page(bob, conversation_id, "?limit=1")

    assert first["attachments"] == []
    assert names(bob, conversation_id, f"?limit=1&cursor={first['next']}") == ["d.mp4"]


def test_later_member_sees_the_files_of_the_whole_history_and_a_removed_one_none(parley: Parley) -> None:
    alice, bob, carol = parley.user("alice"), parley.user("bob"), parley.user("carol")
    group = make_group(alice, bob)
    send_file(parley, alice, group, "a.png", "image")
    assert alice.post(f"/conversations/{group}/members", json={"user_ids": ["carol"]}).status == 200
    assert alice.delete(f"/conversations/{group}/members/bob").status == 200

    assert names(carol, group) == ["a.png"]
    removed = bob.get(f"/conversations/{group}/attachments")
    assert refusal(removed)[:2] == ("conversation_not_found", 404)


def test_damaged_rows_hide_no_other_file(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    made = send_files(parley, alice, conversation_id)
    set_row(parley, made["b.pdf"][0], state="lost")
    parley.store.client("dynamodb").update_item(
        TableName=parley.template.resources["Messages"].ref,
        Key={"conversation_id": {"S": conversation_id}, "seq": {"N": made["c.png"][1].rpartition(".")[2]}},
        UpdateExpression="REMOVE sender_id",
    )

    assert names(bob, conversation_id) == ["e.mp3", "d.mp4", "a.png"]


def test_cursor_of_another_list_is_refused(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)

    for cursor in ("x", "WzBd", "WyJhIl0"):  # no JSON; [0]; ["a"]
        reply = bob.get(f"/conversations/{conversation_id}/attachments?cursor={cursor}")
        assert refusal(reply) == invalid(("?cursor", "bad_cursor"))
