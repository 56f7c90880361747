"""POST /migration/conversations/{conversation_id}/attachments: files of another system, through the scanner."""

import pytest

from tests.functional.attachments import A_RECORDING, set_row
from tests.functional.moving import (
    RUN,
    ask_file,
    begin,
    bring,
    clean_file,
    direct,
    finish,
    host_of,
    imported_direct,
    message,
    people,
)
from tests.functional.replies import invalid, malformed_bodies, refusal, stored
from tests.harness import Parley


@pytest.fixture
def talk(parley: Parley) -> str:
    """The conversation of alice and bob that is being imported."""
    people(parley, "alice", "bob")
    return begin(parley, direct())


def end(parley: Parley, talk: str, last_seq: int) -> None:
    sides = [{"user_id": user_id, "read_seq": last_seq} for user_id in ("alice", "bob")]
    assert finish(parley, talk, last_seq, *sides).status == 200


def test_file_is_asked_for_uploaded_and_examined(parley: Parley, talk: str) -> None:
    first, again = ask_file(parley, talk), ask_file(parley, talk)

    assert (first.status, again.status) == (201, 200)
    assert first.json["attachment"]["id"] == again.json["attachment"]["id"]
    assert (first.json["attachment"]["state"], first.json["attachment"]["conversation_id"]) == ("pending", talk)
    assert first.json["upload"]["fields"]
    set_row(parley, first.json["attachment"]["id"], state="infected", version=3)
    assert ask_file(parley, talk).json["attachment"]["state"] == "infected"


def test_message_carries_it(parley: Parley, talk: str) -> None:
    attachment_id = clean_file(parley, talk)

    reply = bring(parley, talk, message(1, text="", attachment_ids=[attachment_id]), message(2, "bob"))
    assert reply.status == 200, reply
    assert bring(parley, talk, message(1, text="", attachment_ids=[attachment_id])).status == 200
    end(parley, talk, 2)
    parley.drain()

    bob = parley.user("bob")
    [shown, _] = bob.get(f"/conversations/{talk}/messages").json["messages"]
    assert [each["id"] for each in shown["attachments"]] == [attachment_id]
    gallery = bob.get(f"/conversations/{talk}/attachments").json["attachments"]
    assert [(each["id"], each["message_id"]) for each in gallery] == [(attachment_id, f"{talk}.1")]
    assert list(bob.post("/attachments/urls", json={"ids": [attachment_id]}).json["attachments"]) == [attachment_id]


def test_undoing_deletes_it(parley: Parley, talk: str) -> None:
    attachment_id = clean_file(parley, talk)
    bring(parley, talk, message(1, attachment_ids=[attachment_id]))
    end(parley, talk, 1)
    parley.drain()

    assert host_of(parley).delete(f"/migration/conversations/{talk}?run={RUN}").json["done"]
    parley.drain()

    store, template = parley.store, parley.template.resources
    key = {"attachment_id": {"S": attachment_id}}
    assert "Item" not in store.client("dynamodb").get_item(TableName=template["Files"].ref, Key=key)
    kept = store.client("s3").list_objects_v2(Bucket=template["Attachments"].ref, Prefix=f"files/{attachment_id}")
    assert kept["KeyCount"] == 0


def test_message_with_a_file_that_cannot_be_sent_is_refused_whole(parley: Parley, talk: str) -> None:
    pending = ask_file(parley, talk).json["attachment"]["id"]
    others = clean_file(parley, talk, "bob", client_id="f-2")
    before = stored(parley)

    waiting = bring(parley, talk, message(1), message(2, attachment_ids=[pending]))
    assert refusal(waiting)[1:] == (409, [("/messages/1/attachment_ids/0", "attachment_not_ready")])
    foreign = bring(parley, talk, message(1, attachment_ids=[others]))
    assert refusal(foreign)[1:] == (404, [("/messages/0/attachment_ids/0", "attachment_not_found")])
    twice = [message(1, "bob", attachment_ids=[others]), message(2, "bob", attachment_ids=[others])]
    assert refusal(bring(parley, talk, *twice)) == invalid(("/messages", "repeated"))
    assert stored(parley) == before


def test_voice_message_is_one_recording(parley: Parley, talk: str) -> None:
    one = clean_file(parley, talk, "alice", **A_RECORDING)
    set_row(parley, one, waveform=bytes(range(64)).hex(), duration_ms=3_600_000)  # longer than a person may record

    assert bring(parley, talk, message(1, text="", kind="voice", attachment_ids=[one])).status == 200
    end(parley, talk, 1)

    [found] = parley.user("bob").get(f"/conversations/{talk}/messages").json["messages"]
    assert (found["kind"], found["attachments"][0]["duration_ms"]) == ("voice", 3_600_000)
    assert parley.user("bob").put(f"/messages/{found['id']}/played").status == 200


def test_voice_message_without_a_recording_is_refused(parley: Parley, talk: str) -> None:
    voice = message(1, text="", kind="voice")
    recording, document = clean_file(parley, talk, "alice", **A_RECORDING), clean_file(parley, talk, client_id="f-2")
    place = "/messages/0/attachment_ids"
    before = stored(parley)

    wrong = bring(parley, talk, {**voice, "attachment_ids": [document]})
    assert refusal(wrong) == ("voice_needs_audio", 422, [(f"{place}/0", "voice_needs_audio")])
    several = bring(parley, talk, {**voice, "attachment_ids": [recording, document]})
    assert refusal(several) == invalid((place, "too_many_items"))
    assert refusal(bring(parley, talk, {**voice, "text": "Hello"})) == invalid((place, "too_few_items"))
    assert stored(parley) == before


def test_request_with_too_many_files_is_refused(parley: Parley, talk: str) -> None:
    wanted = [
        ["a_" + "a" * 24 + f"{chr(97 + part)}{chr(97 + number % 26)}" for number in range(26)] for part in range(20)
    ]
    brought = [message(seq, attachment_ids=ids) for seq, ids in enumerate(wanted, 1)]

    assert refusal(bring(parley, talk, *brought)) == invalid(("/messages", "too_many_items"))


def test_wrong_files_and_states_are_refused(parley: Parley, talk: str) -> None:
    assert refusal(ask_file(parley, talk, type="application/x-msdownload")) == invalid(("/type", "type_not_allowed"))
    assert refusal(ask_file(parley, talk, size=5 * 10**9))[2] == [("/size", "too_large")]
    assert refusal(ask_file(parley, talk, client_id=None))[2] == [("/client_id", "wrong_type")]
    assert refusal(ask_file(parley, talk, "zoe")) == ("unknown_user", 404, [("/user_id", "not_allowed")])
    assert refusal(ask_file(parley, talk, run="second")) == ("conversation_importing", 409, [])
    assert refusal(ask_file(parley, "d_" + "a" * 26))[:2] == ("conversation_not_found", 404)
    assert refusal(ask_file(parley, "nothing"))[1] == 400
    ask_file(parley, talk)
    assert refusal(ask_file(parley, talk, name="other.pdf"))[:2] == ("client_id_reused", 422)
    host_of(parley).delete("/users/bob")
    assert refusal(ask_file(parley, talk, "bob"))[2] == [("/user_id", "not_allowed")]


def test_import_that_is_over_takes_no_files(parley: Parley) -> None:
    conversation_id = imported_direct(parley, message(1))

    assert refusal(ask_file(parley, conversation_id)) == ("conversation_live", 409, [])


def test_nobody_but_the_host_may(parley: Parley, talk: str) -> None:
    body = {"run": RUN, "user_id": "mallory", "client_id": "f", "name": "a.pdf", "type": "application/pdf", "size": 10}
    reply = parley.user("mallory", role="moderator").post(f"/migration/conversations/{talk}/attachments", json=body)

    assert refusal(reply) == ("service_only", 403, [])


def test_body_that_makes_no_sense_is_refused(parley: Parley, talk: str) -> None:
    path, host = f"/migration/conversations/{talk}/attachments", host_of(parley)

    assert malformed_bodies(lambda raw: host.post(path, raw=raw)) == {}
