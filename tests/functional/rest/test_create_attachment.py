"""POST /conversations/{conversation_id}/attachments: a form for the upload of one file."""

import base64
import json
from typing import Any

import pytest

from tests.functional.attachment_ends import row
from tests.functional.attachments import scanned
from tests.functional.replies import Meanwhile, at_once, invalid, malformed_bodies, refusal, stored
from tests.functional.talk import in_s, make_group, open_direct
from tests.harness import Parley, Reply, User

PLAN = {"name": "Stundenplan.pdf", "type": "application/pdf", "size": 48_213}


def ask(person: User, conversation_id: str, **changed: object) -> Reply:
    return person.post(f"/conversations/{conversation_id}/attachments", json=PLAN | changed)


def policy(upload: dict[str, Any]) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(base64.b64decode(upload["fields"]["policy"]))
    return document


def rows(parley: Parley, table: str) -> list[dict[str, Any]]:
    return [json.loads(row) for row in stored(parley)[table]]


def test_answer_has_the_attachment_and_a_form_that_fixes_key_type_and_size(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)

    reply = ask(alice, conversation_id)

    assert reply.status == 201
    attachment, upload = reply.json["attachment"], reply.json["upload"]
    assert attachment == {
        "id": attachment["id"],
        "conversation_id": conversation_id,
        "kind": "file",
        "state": "pending",
        "created_at": in_s(parley, 0),
        **PLAN,
    }
    conditions = policy(upload)["conditions"]
    assert upload["expires_at"] == in_s(parley, 900)
    assert upload["fields"]["key"] == attachment["id"]
    assert ["content-length-range", 1, 48_213] in conditions
    assert {"Content-Type": "application/pdf"} in conditions
    assert {"key": attachment["id"]} in conditions


def test_repeated_request_gets_the_same_attachment_and_a_form_that_ends_no_later(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)

    first = ask(alice, conversation_id, client_id="f1")
    parley.advance(600)
    again = ask(alice, conversation_id, client_id="f1")
    other = ask(alice, conversation_id, client_id="f1", size=1)
    parley.advance(300)
    late = ask(alice, conversation_id, client_id="f1")
    parley.advance(300)
    later = ask(alice, conversation_id, client_id="f1")

    assert (first.status, again.status) == (201, 200)
    assert again.json["attachment"] == first.json["attachment"]
    assert again.json["upload"]["fields"]["key"] == first.json["attachment"]["id"]
    assert again.json["upload"]["expires_at"] == first.json["upload"]["expires_at"]
    assert refusal(other) == ("client_id_reused", 422, [("/client_id", "client_id_reused")])
    assert (late.status, late.json["upload"], late.json["attachment"]["state"]) == (200, None, "pending")
    assert later.json["attachment"]["state"] == "expired"


def test_requests_without_client_id_are_attachments_of_their_own(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)

    first, second = (ask(alice, conversation_id) for _ in range(2))

    assert first.json["attachment"]["id"] != second.json["attachment"]["id"]


def test_simultaneous_requests_of_one_client_id_make_one_attachment(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)

    replies = at_once([lambda: ask(alice, conversation_id, client_id="f1")] * 4)

    assert len({reply.json["attachment"]["id"] for reply in replies}) == 1
    assert sorted(reply.status for reply in replies) == [200, 200, 200, 201]


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ({"name": "../../etc/passwd"}, {"name": "passwd"}),
        (
            {"name": "C:\\photos\\cat.jpg", "type": "image/jpg"},
            {"name": "cat.jpg", "type": "image/jpeg", "kind": "image"},
        ),
        ({"name": "a\u202egnp.exe"}, {"name": "agnp.exe"}),
        ({"name": "NUL.txt", "type": "text/plain; charset=utf-8"}, {"name": "_NUL.txt", "type": "text/plain"}),
        ({"name": "voice.webm", "type": "Audio/WebM;codecs=opus"}, {"type": "audio/webm", "kind": "audio"}),
    ],
    ids=["path", "windows", "turned", "reserved", "parameters"],
)
def test_names_and_types_are_made_safe(parley: Parley, given: dict[str, object], shown: dict[str, object]) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")

    attachment = ask(alice, open_direct(alice, bob), **given).json["attachment"]

    assert attachment | shown == attachment


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"name": ""}, ("/name", "blank")),
        ({"name": " \n"}, ("/name", "blank")),
        ({"name": "a" * 1001}, ("/name", "too_long")),
        ({"type": "pdf"}, ("/type", "bad_format")),
        ({"type": ""}, ("/type", "blank")),
        ({"type": "image/svg+xml"}, ("/type", "type_not_allowed")),
        ({"type": "text/html"}, ("/type", "type_not_allowed")),
        ({"type": "application/x-msdownload"}, ("/type", "type_not_allowed")),
        ({"size": 0}, ("/size", "too_small")),
        ({"size": 10_485_761}, ("/size", "too_large")),
        ({"size": 1.5}, ("/size", "wrong_type")),
        ({"client_id": "a b"}, ("/client_id", "bad_format")),
        ({"more": 1}, ("/more", "unknown_field")),
    ],
    ids=str,
)
def test_wrong_field_is_named_and_nothing_is_stored(
    parley: Parley, wrong: dict[str, object], field: tuple[str, str]
) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    before = stored(parley)

    reply = ask(alice, conversation_id, **wrong)

    assert refusal(reply) == invalid(field)
    assert stored(parley) == before


def test_bodies_that_make_no_sense_are_refused(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    path = f"/conversations/{open_direct(alice, bob)}/attachments"

    assert malformed_bodies(lambda raw: alice.post(path, raw=raw)) == {}


def test_deployment_says_what_may_be_attached(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    monkeypatch.setenv("ATTACHMENT_TYPES", "image/*,application/pdf")
    monkeypatch.setenv("MAX_ATTACHMENT_BYTES", "1000")

    replies = [
        ask(alice, conversation_id, size=1000),
        ask(alice, conversation_id, size=1001),
        ask(alice, conversation_id, size=1, type="image/webp"),
        ask(alice, conversation_id, size=1, type="audio/webm"),
    ]

    assert [reply.status for reply in replies] == [201, 400, 201, 400]


def test_who_may_not_write_may_not_upload(parley: Parley) -> None:
    alice, bob, eve = parley.user("alice"), parley.user("bob"), parley.user("eve")
    direct, group = open_direct(alice, bob), make_group(alice, bob, posting="admins")
    outsider = ask(eve, direct)
    member = ask(bob, group)
    bob.put("/users/alice/block")
    blocked = ask(alice, direct)

    assert refusal(outsider)[:2] == ("conversation_not_found", 404)
    assert refusal(member)[:2] == ("posting_restricted", 403)
    assert refusal(blocked)[:2] == ("blocked", 403)
    assert ask(alice, group).status == 201


def test_unsent_attachments_of_a_person_are_limited(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAX_UNSENT_ATTACHMENTS", "2")
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)

    replies = [ask(alice, conversation_id, client_id=client_id) for client_id in ("f1", "f2", "f3", "f1")]

    assert [reply.status for reply in replies] == [201, 201, 429, 200]
    assert replies[2].json["code"] == "too_many_unsent"
    assert replies[2].json["rule"] == "MaxUnsentAttachments"
    assert ask(bob, conversation_id).status == 201


def test_uploads_that_were_rejected_or_discarded_count_until_the_hour_ends(
    parley: Parley, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAX_UNSENT_ATTACHMENTS", "2")
    alice, bob = parley.user("alice", expires_in_s=20_000), parley.user("bob")
    conversation_id = open_direct(alice, bob)

    for _ in range(2):  # a file that never came took no time of the scanner
        never_came = ask(alice, conversation_id).json["attachment"]["id"]
        assert alice.delete(f"/attachments/{never_came}").status == 200
    assert scanned(alice, conversation_id, b"a\0b", "text/plain").state == ("rejected", "type_mismatch")
    discarded = scanned(alice, conversation_id, b"text", "text/plain").id
    hour = int((row(parley, "alice#") or {})["hour"])
    parley.clock.ms = 3_600_000 * (hour + 1) - 1_000  # the last second of the hour
    assert alice.delete(f"/attachments/{discarded}").status == 200
    refused = ask(alice, conversation_id)
    parley.advance(1)
    next_hour = ask(alice, conversation_id)

    assert refusal(refused)[:2] == ("too_many_unsent", 429)
    assert refused.json["retry_after_ms"] == 1_000
    assert next_hour.status == 201


def test_bytes_of_a_day_are_limited(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UPLOAD_BYTES_PER_DAY", "100")
    parley.clock.ms -= parley.clock.ms % (24 * 3600 * 1000) - 1000  # one second of the day has passed
    alice, bob = parley.user("alice", expires_in_s=200_000), parley.user("bob")
    conversation_id = open_direct(alice, bob)

    allowed, refused = ask(alice, conversation_id, size=60), ask(alice, conversation_id, size=41)
    parley.advance(24 * 3600)
    tomorrow = ask(alice, conversation_id, size=100)

    assert (allowed.status, tomorrow.status) == (201, 201)
    assert refusal(refused)[:2] == ("upload_limit_reached", 429)
    assert refused.json["retry_after_ms"] == (24 * 3600 - 1) * 1000


def test_host_is_not_limited(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAX_UNSENT_ATTACHMENTS", "1")
    parley.user("bob")
    host = parley.user("host", "service")
    conversation_id = open_direct(host, parley.user("alice"))

    assert [ask(host, conversation_id).status for _ in range(2)] == [201, 201]


def test_attachment_is_in_the_outbox(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)

    attachment_id = ask(alice, conversation_id).json["attachment"]["id"]

    [entry] = [row for row in rows(parley, "Messages") if "outbox" in row]
    assert entry["conversation_id"]["S"] == f"#attachment#{attachment_id}"
    assert (entry["seq"]["N"], entry["outbox"]["S"]) == ("1", "attachment")
    assert entry["about"]["M"] == {
        "state": {"S": "pending"},
        "conversation_id": {"S": conversation_id},
    }
    assert "alice" not in str(entry)  # an erasure need not find the entries


def test_upload_by_another_device_meanwhile_is_counted_too(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    parley.hooks.append(Meanwhile("TransactWriteItems", lambda: ask(alice, conversation_id, size=5)))

    assert ask(alice, conversation_id, size=7).status == 201

    [usage] = [row for row in rows(parley, "Files") if row["attachment_id"]["S"] == "alice#"]
    assert (usage["unsent"]["N"], usage["size"]["N"]) == ("2", "12")
