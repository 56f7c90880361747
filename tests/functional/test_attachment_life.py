"""Attachments from their send to their end, through the doors: gallery, deletion, forwards and retention."""

import io
import json
from typing import Any

import pytest
from PIL import Image

from tests.functional.attachment_ends import keys_of, objects, row, unsent
from tests.functional.attachments import clean_attachment, kept, picture, scanned
from tests.functional.replies import stored
from tests.functional.talk import make_group, open_direct
from tests.harness import Parley, User

DAY_S = 24 * 3600


def send(sender: User, conversation_id: str, *attachment_ids: str) -> str:
    """Returns the id of a message that carries attachments and no text."""
    body = {"text": "", "attachment_ids": list(attachment_ids)}
    reply = sender.post(f"/conversations/{conversation_id}/messages", json=body)
    assert reply.status == 201, reply
    return str(reply.json["id"])


def shown(reader: User, conversation_id: str) -> list[list[Any]]:
    messages = reader.get(f"/conversations/{conversation_id}/messages").json["messages"]
    return [message["attachments"] for message in messages]


def gallery(reader: User, conversation_id: str) -> set[str]:
    listed = reader.get(f"/conversations/{conversation_id}/attachments").json["attachments"]
    return {each["id"] for each in listed}


def last_seq(reader: User, conversation_id: str) -> int:
    return int(reader.get(f"/conversations/{conversation_id}").json["last_seq"])


def test_sent_attachments_are_in_the_gallery_and_deleted_ones_are_gone(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    made = [clean_attachment(parley, alice, conversation_id) for _ in range(2)]
    message_id = send(alice, conversation_id, *made)

    parley.drain()
    listed = bob.get(f"/conversations/{conversation_id}/attachments").json["attachments"]
    counted = unsent(parley, alice)
    assert alice.delete(f"/messages/{message_id}").status == 200
    parley.drain()

    assert {each["id"] for each in listed} == set(made)
    assert counted == 0
    assert objects(parley) == set()
    assert [row(parley, each) for each in made] == [None, None]
    assert bob.get(f"/conversations/{conversation_id}/attachments").json["attachments"] == []


def test_forward_keeps_the_file_until_it_is_deleted_too(parley: Parley) -> None:
    alice, bob, carol = (parley.user(each) for each in ("alice", "bob", "carol"))
    conversation_id, elsewhere = open_direct(alice, bob), open_direct(alice, carol)
    made = clean_attachment(parley, alice, conversation_id)
    message_id = send(alice, conversation_id, made)
    forwarded = alice.post(f"/messages/{message_id}/forward", json={"conversation_ids": [elsewhere]})
    assert forwarded.status in (200, 201), forwarded
    parley.drain()

    assert alice.delete(f"/messages/{message_id}").status == 200
    parley.drain()
    kept = objects(parley)
    assert alice.delete(f"/messages/{elsewhere}.1").status == 200
    parley.drain()

    assert kept == keys_of(made)
    assert objects(parley) == set()
    assert row(parley, made) is None


def test_uploaded_files_live_as_long_as_a_message_shows_them(parley: Parley) -> None:
    alice, bob, carol = (parley.user(each) for each in ("alice", "bob", "carol"))
    conversation_id, group_id = open_direct(alice, bob), make_group(alice, bob, carol)
    photo = scanned(alice, conversation_id, picture("JPEG"), "image/jpeg", "beach.jpg")
    notes = scanned(alice, conversation_id, b"milk, bread", "text/plain", "notes.txt")
    icon = scanned(alice, group_id, picture("PNG", color="red"), "image/png", "icon.png")
    made = [photo.id, notes.id, icon.id]
    waiting = unsent(parley, alice)
    messages = [send(alice, conversation_id, photo.id, notes.id), send(alice, group_id, icon.id)]
    parley.drain()
    galleries = [gallery(bob, conversation_id), gallery(carol, group_id)]
    counted = unsent(parley, alice)
    forward = bob.post(f"/messages/{messages[0]}/forward", json={"conversation_ids": [group_id]})
    assert forward.status in (200, 201), forward
    parley.drain()

    for message_id in messages:
        assert alice.delete(f"/messages/{message_id}").status == 200
    parley.drain()
    copies = [each["id"] for each in shown(carol, group_id)[-1]]
    files = [parley.download(carol.get(f"/attachments/{each}").headers["location"]).body for each in copies]
    gone = [bob.get(f"/attachments/{each}").status for each in made]
    left = kept(parley)
    assert bob.delete(f"/messages/{group_id}.{last_seq(bob, group_id)}").status == 200
    parley.drain()

    assert (waiting, counted, gone) == (3, 0, [404, 404, 404])
    assert galleries == [{photo.id, notes.id}, {icon.id}]
    assert files[1] == b"milk, bread"
    assert Image.open(io.BytesIO(files[0])).size == (40, 30)
    assert left == (set(), {f"files/{photo.id}", f"thumbnails/{photo.id}", f"files/{notes.id}"})
    assert kept(parley) == (set(), set())
    assert [each for each in stored(parley)["Files"] if "#" not in json.loads(each)["attachment_id"]["S"]] == []
    assert gallery(carol, group_id) == gallery(bob, conversation_id) == set()


def test_message_older_than_the_retention_shows_expired_attachments(
    parley: Parley, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ATTACHMENT_RETENTION_DAYS", "30")
    alice = parley.user("alice")
    conversation_id = open_direct(alice, parley.user("bob"))
    made = clean_attachment(parley, alice, conversation_id)
    send(alice, conversation_id, made)
    parley.drain()

    parley.advance(30 * DAY_S - 1)
    [[young]] = shown(parley.user("bob"), conversation_id)
    parley.advance(1)
    [[old]] = shown(parley.user("bob"), conversation_id)
    parley.advance(DAY_S)
    parley.run_schedule("ClearStaleAttachments")

    assert "expired" not in young
    assert old == {**young, "expired": True}
    assert shown(parley.user("bob"), conversation_id) == [[old]]
    assert objects(parley) == set()
    assert row(parley, made) is None
