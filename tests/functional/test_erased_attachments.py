"""Nothing is left of the files of an erased person; the files of others stay, also those that the person has shown."""

import json
from typing import Any

import pytest

from tests.functional.attachments import (
    ask,
    ask_upload,
    clean_attachment,
    kept,
    objects,
    picture,
    put_object,
    scanned,
    set_row,
    upload,
)
from tests.functional.erasures import erase, erased, everything, shown
from tests.functional.queues.test_erase_person import Killer, requeue
from tests.functional.replies import stored
from tests.functional.talk import make_group, open_direct
from tests.harness import Frame, Parley, User

ID = "zoe.quibble@example.org"
WORD = "wombat"  # in the names and in the bytes of all of her files, and nowhere else
ASKED: dict[str, object] = {"name": f"{WORD}.pdf"}
HERS, BOBS = f"%PDF-1.7 {WORD}".encode(), b"%PDF-1.7 of bob"


def send(person: User, conversation_id: str, *ids: str) -> Frame:
    reply = person.post(f"/conversations/{conversation_id}/messages", json={"attachment_ids": list(ids)})
    assert reply.status == 201, reply
    return dict(reply.json)


def forward(person: User, message: Frame, *conversation_ids: str) -> list[Frame]:
    reply = person.post(f"/messages/{message['id']}/forward", json={"conversation_ids": list(conversation_ids)})
    assert (reply.status, reply.json["failed"]) == (200, []), reply
    return list(reply.json["messages"])


def hers(parley: Parley, her: User, conversation_id: str) -> str:
    return clean_attachment(parley, her, conversation_id, file=HERS, thumbnail=HERS, asked=ASKED)


def files(parley: Parley) -> list[dict[str, Any]]:
    """Returns the rows of attachments."""
    rows: list[dict[str, Any]] = [json.loads(row) for row in stored(parley)["Files"]]
    return [row for row in rows if not row["attachment_id"]["S"].endswith("#")]


@pytest.fixture
def her(parley: Parley) -> User:
    return parley.user(ID)


def a_life_with_files(parley: Parley, her: User) -> str:
    """Lets her have files in every state, others forward some, and her forward bob's; returns the id of his."""
    bob, carol = parley.user("bob"), parley.user("carol")
    direct, group, elsewhere = open_direct(her, bob), make_group(her, bob, carol), open_direct(bob, carol)
    send(her, direct, hers(parley, her, direct), hers(parley, her, direct))
    shared = send(her, group, hers(parley, her, group))
    assert carol.post(f"/messages/{shared['id']}/report", json={"reason": "spam"}).status == 201
    forward(bob, shared, elsewhere, direct)
    deleted = send(her, group, hers(parley, her, group))
    forward(bob, deleted, elsewhere)
    assert her.delete(f"/messages/{deleted['id']}").status == 200
    his = clean_attachment(parley, bob, direct, file=BOBS, thumbnail=None)
    [copy] = forward(her, send(bob, direct, his), group)
    forward(carol, copy, elsewhere)
    hers(parley, her, direct)  # clean, and not sent
    ask_upload(her, group, **ASKED)
    assert scanned(her, group, b"MZ no picture", "image/png", f"{WORD}.png").state[0] == "rejected"
    upload(her, group, picture(), "image/png", f"{WORD} that waits.png")
    parley.dequeue("AttachmentScans")
    return his


def check_bobs_file_is_left(parley: Parley, his: str) -> None:
    assert kept(parley) == (set(), {f"files/{his}"})
    left = files(parley)
    assert sorted(row["user_id"]["S"] for row in left) == ["bob", "carol"]  # carol's forward of her forward
    [row] = [row for row in left if row["attachment_id"]["S"] == his]
    assert (row["refs"]["N"], row["state"]["S"]) == ("2", "clean")
    after = everything(parley)
    for trace in (ID, WORD):
        found = after.find(trace)
        assert found < 0, after[max(0, found - 300) : found + 300]


def test_nothing_is_left_of_the_files_of_an_erased_person(parley: Parley, her: User) -> None:
    his = a_life_with_files(parley, her)
    assert WORD in everything(parley)

    done = erased(parley, ID)

    check_bobs_file_is_left(parley, his)
    # Of messages: two, one with two copies, the copy of a deleted one, and a forward. Of none: clean, pending,
    # rejected and waiting.
    assert done["receipt"]["removed"]["attachments"] == 7 + 4


@pytest.mark.parametrize("every", [29, 41])
def test_killed_again_and_again_it_leaves_no_file_and_counts_the_same(parley: Parley, her: User, every: int) -> None:
    his = a_life_with_files(parley, her)
    killer = Killer(every)
    parley.hooks.append(killer)

    asked = erase(parley, ID)
    for _ in range(60):
        parley.drain()
        requeue(parley)
        if shown(parley, asked["id"])["state"] == "done":
            break

    assert killer.kills > 3
    assert shown(parley, asked["id"])["receipt"]["removed"]["attachments"] == 11
    check_bobs_file_is_left(parley, his)


def test_erasure_that_comes_twice_counts_files_once(parley: Parley, her: User) -> None:
    his = a_life_with_files(parley, her)
    parley.deliver_twice = True

    assert erased(parley, ID)["removed"]["attachments"] == 11
    check_bobs_file_is_left(parley, his)


def test_receipt_waits_for_the_files(parley: Parley, her: User) -> None:
    """The queue of deletions is stopped: the erasure deletes the files itself."""
    direct = open_direct(her, parley.user("bob"))
    send(her, direct, hers(parley, her, direct))
    asked = erase(parley, ID)
    steps = next(each for each in parley.queues if each.queue.logical_id == "ErasureSteps")
    for _ in range(20):
        steps.poll(retry_at_once=True)
        parley.advance(310)

    assert shown(parley, asked["id"])["state"] == "done"
    assert kept(parley) == (set(), set())


def test_upload_that_comes_after_the_erasure_is_deleted(parley: Parley, her: User) -> None:
    body = picture()
    waiting = ask(her, open_direct(her, parley.user("bob")), "image/png", len(body), WORD)
    erased(parley, ID)

    assert waiting.post(body) in (200, 204)
    assert kept(parley) == ({waiting.id}, set())
    parley.drain()

    assert kept(parley) == (set(), set())
    assert ID not in everything(parley)


def test_upload_that_is_asked_for_between_the_rounds_is_found_by_the_second(parley: Parley, her: User) -> None:
    parley.user("carol")
    her.get("/unread-count")  # API Gateway keeps the authorizer's answer
    asked = erase(parley, ID)
    steps = next(each for each in parley.queues if each.queue.logical_id == "ErasureSteps")
    steps.poll(retry_at_once=True)
    assert shown(parley, asked["id"])["state"] == "running"
    late = her.post("/attachments", json={**ASKED, "user_id": "carol", "type": "application/pdf", "size": 10})
    assert late.status == 201
    parley.drain()

    assert shown(parley, asked["id"])["state"] == "done"
    assert files(parley) == [] and ID not in everything(parley)


def test_damaged_row_does_not_hold_the_erasure_up(parley: Parley, her: User) -> None:
    damaged = hers(parley, her, open_direct(her, parley.user("bob")))
    set_row(parley, damaged, kind="nonsense")

    assert erased(parley, ID)["removed"]["attachments"] == 1
    assert kept(parley) == (set(), set()) and files(parley) == []


def test_many_files_take_many_units(parley: Parley, her: User) -> None:
    direct = open_direct(her, parley.user("bob"))
    for number in range(45):
        copy = f"a_{number:026d}".replace("0", "a").replace("1", "b").replace("8", "y").replace("9", "z")
        put_object(parley, f"files/{copy}", HERS)
        row = {"user_id": ID, "conversation_id": direct, "name": WORD, "type": "application/pdf", "size": 5}
        set_row(parley, copy, **row, kind="file", state="clean", version=3, created_at_ms=parley.clock(), refs=1)

    assert erased(parley, ID)["removed"]["attachments"] == len(range(45))
    assert objects(parley, "Attachments") == {}
