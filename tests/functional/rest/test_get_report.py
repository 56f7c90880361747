"""GET /admin/reports/{report_id}: a report, its message, and what was said around it."""

import pytest

from tests.functional.attachments import FILE, THUMBNAIL, clean_attachment, say_aloud
from tests.functional.moderation import TEXT, moderator, report, reported, talk
from tests.functional.replies import invalid, refusal, stored
from tests.functional.suspending import DAY_S
from tests.functional.talk import bare, in_s, open_direct, say
from tests.harness import Parley

ABSENT = "r_" + "a" * 26


def test_message_is_shown_in_its_context(parley: Parley) -> None:
    alice, mallory, message_ids = talk(parley, *(f"line {number}" for number in range(1, 26)))
    say(alice, message_ids[0].partition(".")[0], "stop it")
    report_id = report(alice, message_ids[12], "hate", note="This one.").json["id"]

    reply = moderator(parley).get(f"/admin/reports/{report_id}")

    assert reply.status == 200
    assert reply.json["message"] == bare(mallory.get(f"/messages/{message_ids[12]}").json)
    assert [one["seq"] for one in reply.json["context"]] == list(range(3, 24))
    found = reply.json["report"]
    assert (found["text"], found["note"], found["reason"]) == ("line 13", "This one.", "hate")
    assert (found["resolution"], found["staff_note"]) == (None, None)


def test_first_message_has_nothing_before_it(parley: Parley) -> None:
    reply = moderator(parley).get(f"/admin/reports/{reported(parley)}")

    assert [one["text"] for one in reply.json["context"]] == [TEXT]


def test_who_reads_it_is_in_the_audit_log(parley: Parley) -> None:
    report_id = reported(parley)
    mona = moderator(parley)

    found = mona.get(f"/admin/reports/{report_id}").json

    [entry] = mona.get("/admin/audit").json["entries"]
    assert entry == {
        "id": entry["id"],
        "at": in_s(parley, 0),
        "actor_id": "mona",
        "actor_role": "moderator",
        "action": "read_report",
        "target": report_id,
        "details": {"message_id": found["report"]["message_id"]},
        "request_id": entry["request_id"],
    }
    assert TEXT not in str(stored(parley)["Audit"])


def test_nothing_is_shown_where_it_cannot_be_noted(parley: Parley) -> None:
    report_id = reported(parley)
    mona = moderator(parley)
    with parley.kill(2) as kill:
        reply = mona.get(f"/admin/reports/{report_id}")

    assert kill.happened
    assert reply.status >= 500 and TEXT not in reply.text


def test_only_moderators_read_it(parley: Parley) -> None:
    report_id = reported(parley)

    for user_id in ("alice", "mallory", "eve"):
        person = parley.user(user_id)
        assert [refusal(person.get(f"/admin/reports/{one}")) for one in (report_id, ABSENT, "x")] == [
            ("moderators_only", 403, [])
        ] * 3
    assert stored(parley)["Audit"] == []


def test_report_that_is_not_there_is_not_found(parley: Parley) -> None:
    assert refusal(moderator(parley).get(f"/admin/reports/{ABSENT}")) == ("report_not_found", 404, [])
    assert stored(parley)["Audit"] == []


@pytest.mark.parametrize("wrong", ["x", "r_" + "A" * 26, "r_" + "a" * 27, "r_" + "a" * 26 + "%0A"])
def test_what_is_no_reports_id_is_refused(parley: Parley, wrong: str) -> None:
    assert refusal(moderator(parley).get(f"/admin/reports/{wrong}")) == invalid(("{report_id}", "bad_format"))


def test_moderator_gets_the_files_of_the_reported_message_and_no_others(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    reported_file, other_file = (clean_attachment(parley, alice, conversation_id) for _ in range(2))
    messages = [
        alice.post(f"/conversations/{conversation_id}/messages", json={"attachment_ids": [each]}).json
        for each in (reported_file, other_file)
    ]
    filed = bob.post(f"/messages/{messages[0]['id']}/report", json={"reason": "spam"}).json
    mona = moderator(parley)

    found = mona.get(f"/admin/reports/{filed['id']}").json

    assert list(found["attachments"]) == [reported_file]
    urls = found["attachments"][reported_file]
    assert parley.download(urls["url"]).body == FILE and parley.download(urls["thumbnail_url"]).body == THUMBNAIL
    assert [each["id"] for each in found["message"]["attachments"]] == [reported_file]
    # The right hangs on the report: elsewhere a moderator is an outsider.
    assert mona.get(f"/attachments/{reported_file}").status == 404
    assert [entry["action"] for entry in mona.get("/admin/audit").json["entries"]] == ["read_report"]

    assert alice.delete(f"/messages/{messages[0]['id']}").status == 200
    assert mona.get(f"/admin/reports/{filed['id']}").json["attachments"] == {}


def test_report_keeps_the_names_of_files_that_their_sender_deletes(parley: Parley) -> None:
    alice, mallory = parley.user("alice"), parley.user("mallory")
    direct = open_direct(alice, mallory)
    voice = say_aloud(parley, mallory, direct)
    report_id = report(alice, voice["id"]).json["id"]
    assert mallory.delete(f"/messages/{voice['id']}").status == 200
    mona = moderator(parley)

    found = mona.get(f"/admin/reports/{report_id}").json

    [attachment] = voice["attachments"]
    names = ("id", "name", "kind", "type", "size", "duration_ms")
    assert found["report"]["attachments"] == [{name: attachment[name] for name in names}]
    assert found["report"]["attachments"][0]["duration_ms"] == 2_500
    assert (found["attachments"], found["message"]["attachments"]) == ({}, [])
    decided = mona.patch(f"/admin/reports/{report_id}", json={"version": 1, "status": "dismissed"})
    assert decided.json["attachments"] == found["report"]["attachments"]
    # The list has no words that anybody wrote, and the name of a file is one of them.
    [summary] = mona.get("/admin/reports?status=dismissed").json["reports"]
    assert "attachments" not in summary


def test_moderator_opens_the_files_of_a_removed_message_as_long_as_it_can_be_restored(parley: Parley) -> None:
    alice, mallory = parley.user("alice"), parley.user("mallory")
    direct = open_direct(alice, mallory)
    attachment_id = clean_attachment(parley, mallory, direct)
    message = mallory.post(f"/conversations/{direct}/messages", json={"attachment_ids": [attachment_id]}).json
    report_id = report(alice, message["id"]).json["id"]
    mona = moderator(parley)
    assert mona.delete(f"/admin/messages/{message['id']}?report_id={report_id}").status == 200
    parley.drain()

    found = mona.get(f"/admin/reports/{report_id}").json

    assert found["message"]["removed"] and found["message"]["attachments"] == []
    assert parley.download(found["attachments"][attachment_id]["url"]).body == FILE
    parley.advance(30 * DAY_S)
    assert moderator(parley).get(f"/admin/reports/{report_id}").json["attachments"] == {}
