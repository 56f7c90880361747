"""POST /messages/{message_id}/report: a message is reported to the moderators, once by each person."""

from functools import partial

import pytest

from tests.functional.moderation import TEXT, moderator, report, talk
from tests.functional.replies import WRONG_IDS, at_once, invalid, malformed_bodies, refusal, stored
from tests.functional.talk import forget_events, in_s
from tests.harness import Parley


def test_report_comes_into_the_queue(parley: Parley) -> None:
    alice, _, [message_id] = talk(parley)

    reply = report(alice, message_id, "harassment", note="Third time.")

    assert reply.status == 201
    assert reply.json == {
        "id": reply.json["id"],
        "message_id": message_id,
        "reason": "harassment",
        "note": "Third time.",
        "status": "open",
        "created_at": in_s(parley, 0),
    }
    [queued] = moderator(parley).get("/admin/reports").json["reports"]
    assert (queued["id"], queued["reporter_id"], queued["sender_id"]) == (reply.json["id"], "alice", "mallory")


def test_second_report_of_the_same_person_gets_the_first(parley: Parley) -> None:
    alice, _, [message_id] = talk(parley)
    first = report(alice, message_id, "spam")
    before = stored(parley)["Reports"]
    parley.advance(60)

    again = report(alice, message_id, "hate", note="More.")

    assert (again.status, again.json) == (200, first.json)
    assert stored(parley)["Reports"] == before


def test_reports_at_the_same_moment_are_one(parley: Parley) -> None:
    alice, _, [message_id] = talk(parley)

    replies = at_once([partial(report, alice, message_id, "spam")] * 3)

    assert sorted(reply.status for reply in replies) == [200, 200, 201]
    assert len(stored(parley)["Reports"]) == 1


def test_nobody_else_hears_of_it(parley: Parley) -> None:
    alice, mallory, [message_id] = talk(parley)
    screen = mallory.connect()
    forget_events(screen)

    report(alice, message_id)

    assert screen.frames == []
    assert "report" not in mallory.get(f"/messages/{message_id}").text


def test_own_message_is_not_reported(parley: Parley) -> None:
    _, mallory, [message_id] = talk(parley)

    assert refusal(report(mallory, message_id)) == ("own_message", 400, [("{message_id}", "not_allowed")])
    assert stored(parley)["Reports"] == []


def test_outsider_is_told_it_does_not_exist(parley: Parley) -> None:
    _, _, [message_id] = talk(parley)
    eve = parley.user("eve")

    outside, nowhere = report(eve, message_id), report(eve, "d_" + "a" * 26 + ".1")

    assert refusal(outside) == refusal(nowhere) == ("message_not_found", 404, [])
    assert stored(parley)["Reports"] == []


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ({}, "/reason", "required"),
        ({"reason": "boring"}, "/reason", "not_allowed"),
        ({"reason": None}, "/reason", "wrong_type"),
        ({"reason": "spam", "note": ""}, "/note", "blank"),
        ({"reason": "spam", "note": "x" * 1001}, "/note", "too_long"),
        ({"reason": "spam", "note": 1}, "/note", "wrong_type"),
        ({"reason": "spam", "text": "x"}, "/text", "unknown_field"),
    ],
    ids=["missing", "unknown reason", "null", "blank note", "long note", "number", "unknown field"],
)
def test_wrong_field_is_named(parley: Parley, body: dict[str, object], pointer: str, code: str) -> None:
    alice, _, [message_id] = talk(parley)

    reply = alice.post(f"/messages/{message_id}/report", json=body)

    assert refusal(reply) == invalid((pointer, code))
    assert stored(parley)["Reports"] == []


def test_body_that_makes_no_sense_is_refused(parley: Parley) -> None:
    alice, _, [message_id] = talk(parley)

    assert malformed_bodies(lambda raw: alice.post(f"/messages/{message_id}/report", raw=raw)) == {}


def test_what_is_no_messages_id_is_refused(parley: Parley) -> None:
    alice = parley.user("alice")

    refused = {name: refusal(report(alice, wrong)) for name, wrong in WRONG_IDS.items()}

    assert refused == dict.fromkeys(WRONG_IDS, invalid(("{message_id}", "bad_format")))


def test_note_of_a_thousand_characters_is_kept_whole(parley: Parley) -> None:
    alice, _, [message_id] = talk(parley)
    note = "é👩‍👩‍👧" * 166 + "abcd"
    assert len(note) == 1000

    report_id = report(alice, message_id, note=note).json["id"]

    found = moderator(parley).get(f"/admin/reports/{report_id}").json["report"]
    assert (found["note"], found["text"]) == (note, TEXT)
