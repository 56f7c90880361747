"""DELETE /attachments/{attachment_id}: discard an attachment of the caller that is not sent."""

import pytest

from parley.domain.attachments.attachment import FORM_S
from tests.functional.attachment_ends import keys_of, objects, row, sent, unsent
from tests.functional.attachments import (
    ask,
    ask_upload,
    clean_attachment,
    kept,
    picture,
    set_row,
    states,
    upload,
)
from tests.functional.queues.test_scan_attachment import FIRST_TRY, s3_event
from tests.functional.replies import Meanwhile, invalid, outside, refusal
from tests.functional.scheduled.test_clear_stale_attachments import put_upload
from tests.functional.talk import make_group, open_direct
from tests.harness import Parley, User

STATES = {
    "pending": {},
    "scanning": {"state": "scanning", "version": 2},
    "clean": {"state": "clean", "version": 3},
    "rejected": {"state": "rejected", "version": 3, "code": "damaged", "is_counted": False},
    "infected": {"state": "infected", "version": 3, "is_counted": False},
}


@pytest.fixture
def alice(parley: Parley) -> User:
    return parley.user("alice")


@pytest.fixture
def conversation_id(parley: Parley, alice: User) -> str:
    return open_direct(alice, parley.user("bob"))


@pytest.mark.parametrize("found", STATES.values(), ids=STATES)
def test_upload_in_any_state_goes_with_all_of_its_objects(
    parley: Parley, alice: User, conversation_id: str, found: dict[str, object]
) -> None:
    kept_one = clean_attachment(parley, alice, conversation_id)
    attachment_id = clean_attachment(parley, alice, conversation_id)
    set_row(parley, attachment_id, **{"state": "pending", "version": 1} | found)
    put_upload(parley, attachment_id)
    day = (row(parley, "alice#") or {})["size"]
    phone, other = alice.connect(), parley.user("bob").connect()

    reply = alice.delete(f"/attachments/{attachment_id}")

    assert (reply.status, reply.json["id"], reply.json["state"]) == (200, attachment_id, "expired")
    assert kept(parley) == (set(), keys_of(kept_one))
    assert unsent(parley, alice) == (1 if found.get("is_counted", True) else 2)  # the scanner counts down for a refusal
    assert (row(parley, "alice#") or {})["size"] == day
    assert (states(phone), states(other)) == (["expired"], [])
    assert refusal(alice.get(f"/attachments/{attachment_id}")) == ("attachment_not_found", 404, [])


def test_repeat_answers_the_same_until_the_form_is_over(parley: Parley, alice: User, conversation_id: str) -> None:
    attachment_id = ask_upload(alice, conversation_id)
    first = alice.delete(f"/attachments/{attachment_id}")

    again = alice.delete(f"/attachments/{attachment_id}")
    parley.advance(FORM_S)
    parley.run_schedule("ClearStaleAttachments")
    late = alice.delete(f"/attachments/{attachment_id}")

    assert (again.status, again.json) == (200, first.json)
    assert unsent(parley, alice) == 0
    assert row(parley, attachment_id) is None
    assert refusal(late) == ("attachment_not_found", 404, [])


def test_discarded_upload_is_not_asked_for_again_under_its_client_id(
    parley: Parley, alice: User, conversation_id: str
) -> None:
    discarded = ask(alice, conversation_id, "text/plain", 10, client_id="f1")
    alice.delete(f"/attachments/{discarded.id}")

    again = alice.post(
        f"/conversations/{conversation_id}/attachments",
        json={"name": "file", "type": "text/plain", "size": 10, "client_id": "f1"},
    )

    assert (again.status, again.json["attachment"]["state"], again.json["upload"]) == (200, "expired", None)


def test_file_that_comes_after_its_attachment_was_discarded_is_deleted(
    parley: Parley, alice: User, conversation_id: str
) -> None:
    asked = ask(alice, conversation_id, "text/plain", 10)
    alice.delete(f"/attachments/{asked.id}")

    assert asked.post(b"too late") in (200, 204)
    parley.drain()

    assert kept(parley) == (set(), set())
    assert asked.state == ("deleted", None)


@pytest.mark.parametrize("operation", ["GetObject", "PutObject", "TransactWriteItems", "DeleteObject"])
def test_scan_that_is_running_leaves_nothing(parley: Parley, alice: User, conversation_id: str, operation: str) -> None:
    phone = alice.connect()
    done = upload(alice, conversation_id, picture(), "image/png")
    event = {"messageId": "m1", "body": s3_event(parley, done.id), "attributes": FIRST_TRY}

    def discard() -> None:
        outside(lambda: alice.delete(f"/attachments/{done.id}"))

    parley.hooks.append(hook := Meanwhile(operation, discard))
    assert parley.functions.invoke("ScanAttachment", {"Records": [event]}) == {"batchItemFailures": []}
    parley.hooks.remove(hook)

    assert hook.happened
    assert (kept(parley), done.state, unsent(parley, alice)) == ((set(), set()), ("deleted", None), 0)
    assert states(phone)[-1] == "expired"


def test_sent_attachment_is_not_discarded(parley: Parley, alice: User, conversation_id: str) -> None:
    [attachment_id] = sent(parley, alice, conversation_id)

    assert refusal(alice.delete(f"/attachments/{attachment_id}")) == ("attachment_sent", 409, [])

    assert objects(parley) == keys_of(attachment_id)


def test_attachment_that_is_sent_meanwhile_stays(parley: Parley, alice: User, conversation_id: str) -> None:
    attachment_id = clean_attachment(parley, alice, conversation_id)

    def send() -> None:
        body = {"attachment_ids": [attachment_id]}
        outside(lambda: alice.post(f"/conversations/{conversation_id}/messages", json=body))

    parley.hooks.append(hook := Meanwhile("TransactWriteItems", send))
    reply = alice.delete(f"/attachments/{attachment_id}")
    parley.hooks.remove(hook)

    assert hook.happened
    assert refusal(reply) == ("attachment_sent", 409, [])
    assert objects(parley) == keys_of(attachment_id)


def test_discarded_attachment_is_not_sent(parley: Parley, alice: User, conversation_id: str) -> None:
    attachment_id = clean_attachment(parley, alice, conversation_id)
    alice.delete(f"/attachments/{attachment_id}")

    reply = alice.post(f"/conversations/{conversation_id}/messages", json={"attachment_ids": [attachment_id]})

    assert refusal(reply)[:2] == ("attachment_expired", 409)


def test_attachment_of_a_deleted_message_does_not_exist(parley: Parley, alice: User, conversation_id: str) -> None:
    [attachment_id] = sent(parley, alice, conversation_id)
    set_row(parley, attachment_id, state="deleted", version=4, name="", refs=1, is_counted=False)

    assert refusal(alice.delete(f"/attachments/{attachment_id}")) == ("attachment_not_found", 404, [])


def test_others_do_not_learn_that_it_exists(parley: Parley, alice: User, conversation_id: str) -> None:
    attachment_id = clean_attachment(parley, alice, conversation_id)

    answers = [
        refusal(parley.user(name).delete(f"/attachments/{one}"))
        for name in ("bob", "eve")
        for one in (attachment_id, "a_" + "a" * 26)
    ]

    assert answers == [("attachment_not_found", 404, [])] * 4
    assert objects(parley) == keys_of(attachment_id)


def test_removed_member_discards_what_they_have_uploaded(parley: Parley, alice: User) -> None:
    bob = parley.user("bob")
    group_id = make_group(alice, bob)
    attachment_id = clean_attachment(parley, bob, group_id)
    assert alice.delete(f"/conversations/{group_id}/members/bob").status == 200

    assert bob.delete(f"/attachments/{attachment_id}").status == 200

    assert (objects(parley), unsent(parley, bob)) == (set(), 0)


def test_id_must_be_an_attachments(alice: User) -> None:
    assert refusal(alice.delete("/attachments/a_1")) == invalid(("{attachment_id}", "bad_format"))
