"""PATCH /admin/reports/{report_id}: a moderator says where a report stands."""

from functools import partial

import pytest

from tests.functional.moderation import TEXT, moderator, report, reported
from tests.functional.replies import Refusal, at_once, invalid, malformed_bodies, refusal, stored
from tests.functional.talk import bare, in_s, open_direct, say
from tests.harness import Parley, Reply, User

CHANGED: Refusal = ("report_changed", 409, [])


def resolve(person: User, report_id: str, version: int = 1, status: str = "resolved", **more: object) -> Reply:
    return person.patch(f"/admin/reports/{report_id}", json={"version": version, "status": status, **more})


def test_report_is_resolved(parley: Parley) -> None:
    report_id = reported(parley)
    mona = moderator(parley)
    parley.advance(60)

    reply = resolve(mona, report_id, resolution="Warned the author.", note="Second warning.")

    assert reply.status == 200
    assert {name: reply.json[name] for name in ("status", "version", "resolution", "staff_note", "handled_by")} == {
        "status": "resolved",
        "version": 2,
        "resolution": "Warned the author.",
        "staff_note": "Second warning.",
        "handled_by": "mona",
    }
    assert reply.json["handled_at"] == in_s(parley, 0)
    assert mona.get(f"/admin/reports/{report_id}").json["report"] == bare(reply.json)


def test_who_reported_sees_what_became_of_it_and_no_more(parley: Parley) -> None:
    report_id = reported(parley)
    message_id = resolve(moderator(parley), report_id, note="A nuisance.", resolution="Warned.").json["message_id"]

    again = report(parley.user("alice"), message_id)

    assert again.json["status"] == "resolved"
    assert "nuisance" not in again.text and "mona" not in again.text


def test_what_is_left_out_stays(parley: Parley) -> None:
    report_id = reported(parley)
    mona = moderator(parley)
    resolve(mona, report_id, 1, "in_review", note="Asked the school.")

    reply = resolve(mona, report_id, 2, "dismissed", resolution="A quarrel.")

    assert (reply.json["staff_note"], reply.json["resolution"]) == ("Asked the school.", "A quarrel.")


def test_second_moderator_does_not_overwrite_the_first(parley: Parley) -> None:
    report_id = reported(parley)
    mona, max_ = moderator(parley), moderator(parley, "max")
    resolve(mona, report_id, 1, "resolved")
    before = stored(parley)

    assert refusal(resolve(max_, report_id, 1, "dismissed")) == CHANGED
    assert refusal(resolve(max_, report_id, 1, "resolved")) == CHANGED
    assert refusal(resolve(max_, report_id, 3, "dismissed")) == CHANGED
    assert stored(parley) == before


def test_of_two_at_the_same_moment_one_wins(parley: Parley) -> None:
    report_id = reported(parley)
    people = [moderator(parley, name) for name in ("mona", "max", "mia")]

    replies = at_once([partial(resolve, person, report_id) for person in people])

    assert sorted(reply.status for reply in replies) == [200, 409, 409]
    assert moderator(parley).get(f"/admin/reports/{report_id}").json["report"]["version"] == 2
    assert str(stored(parley)["Audit"]).count("resolve_report") == 1


def test_the_same_again_is_the_same(parley: Parley) -> None:
    report_id = reported(parley)
    mona = moderator(parley)
    first = resolve(mona, report_id, resolution="Warned.")
    before = stored(parley)
    parley.advance(60)

    again = resolve(mona, report_id, resolution="Warned.")

    assert (again.status, again.json) == (200, first.json)
    assert stored(parley)["Audit"] == before["Audit"]


def test_report_can_be_opened_again(parley: Parley) -> None:
    report_id = reported(parley)
    mona = moderator(parley)
    resolve(mona, report_id)

    assert resolve(mona, report_id, 2, "open").json["status"] == "open"


def test_it_is_in_the_audit_log_with_before_and_after(parley: Parley) -> None:
    report_id = reported(parley)
    mona = moderator(parley)

    resolve(mona, report_id, resolution="Warned.", note="Rude.")

    [entry] = mona.get("/admin/audit").json["entries"]
    assert (entry["action"], entry["actor_id"], entry["target"]) == ("resolve_report", "mona", report_id)
    assert (entry["details"]["before"], entry["details"]["after"]) == ("open 1", "resolved 2")
    assert not any(word in str(stored(parley)["Audit"]) for word in (TEXT, "Warned", "Rude"))


def test_only_moderators_may(parley: Parley) -> None:
    report_id = reported(parley)
    before = stored(parley)["Reports"]

    for user_id in ("alice", "mallory", "eve"):
        assert refusal(resolve(parley.user(user_id), report_id)) == ("moderators_only", 403, [])
    assert stored(parley)["Reports"] == before


def test_report_that_is_not_there_is_not_found(parley: Parley) -> None:
    assert refusal(resolve(moderator(parley), "r_" + "a" * 26)) == ("report_not_found", 404, [])
    assert refusal(resolve(moderator(parley), "x")) == invalid(("{report_id}", "bad_format"))


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ({"status": "open"}, ("/version", "required")),
        ({"version": 1}, ("/status", "required")),
        ({"version": 0, "status": "open"}, ("/version", "too_small")),
        ({"version": "1", "status": "open"}, ("/version", "wrong_type")),
        ({"version": 1, "status": "closed"}, ("/status", "not_allowed")),
        ({"version": 1, "status": "open", "note": " "}, ("/note", "blank")),
        ({"version": 1, "status": "open", "resolution": "x" * 1001}, ("/resolution", "too_long")),
        ({"version": 1, "status": "open", "text": "x"}, ("/text", "unknown_field")),
    ],
)
def test_wrong_field_is_named(parley: Parley, body: dict[str, object], wrong: tuple[str, str]) -> None:
    report_id = reported(parley)

    assert refusal(moderator(parley).patch(f"/admin/reports/{report_id}", json=body)) == invalid(wrong)


def test_body_that_makes_no_sense_is_refused(parley: Parley) -> None:
    report_id = reported(parley)
    mona = moderator(parley)

    assert malformed_bodies(lambda raw: mona.patch(f"/admin/reports/{report_id}", raw=raw)) == {}


@pytest.mark.parametrize("status", ["resolved", "dismissed"])
def test_reporter_hears_of_the_decision_without_the_moderators_words(parley: Parley, status: str) -> None:
    report_id = reported(parley)
    phone, other = parley.user("alice").connect(), parley.user("mallory").connect()

    decided = resolve(moderator(parley), report_id, status=status, resolution="Warned.", note="A nuisance.").json

    [event] = phone.events("report_updated")
    told = event["data"]["report"]
    assert (told["id"], told["message_id"], told["status"]) == (report_id, decided["message_id"], status)
    assert not any(word in str(event) for word in ("Warned", "nuisance", "mona"))
    assert other.events("report_updated") == []


def test_reporter_does_not_hear_that_a_moderator_looks_at_a_report(parley: Parley) -> None:
    report_id = reported(parley)
    phone = parley.user("alice").connect()

    resolve(moderator(parley), report_id, status="in_review")

    assert phone.events("report_updated") == []


def test_same_decision_again_is_told_once(parley: Parley) -> None:
    report_id = reported(parley)
    phone, mona = parley.user("alice").connect(), moderator(parley)

    for _ in range(2):
        assert resolve(mona, report_id).status == 200

    assert len(phone.events("report_updated")) == 1


@pytest.fixture
def about_mona(parley: Parley) -> tuple[User, User, str, str]:
    """Returns alice, the moderator whom she has reported, their conversation and the report's id."""
    alice, mona = parley.user("alice"), moderator(parley)
    direct = open_direct(alice, mona)
    [message_id] = say(mona, direct, TEXT)
    return alice, mona, direct, str(report(alice, message_id, note="Do not tell her.").json["id"])


def test_nobody_decides_a_report_about_themselves_or_a_person_of_their_rank(
    parley: Parley, about_mona: tuple[User, User, str, str]
) -> None:
    _, mona, direct, report_id = about_mona
    before = stored(parley)
    closing = {"state": "closed", "report_id": report_id}
    tries = [
        resolve(mona, report_id, status="dismissed"),
        resolve(moderator(parley, "max"), report_id),
        mona.put(f"/admin/conversations/{direct}/state", json=closing),
    ]

    assert [refusal(reply) for reply in tries] == [("rank_too_high", 403, [])] * 3
    assert stored(parley)["Reports"] == before["Reports"]


@pytest.mark.parametrize("role", ["admin", "service"])
def test_higher_role_and_the_host_decide_a_report_about_a_moderator(
    parley: Parley, about_mona: tuple[User, User, str, str], role: str
) -> None:
    *_, report_id = about_mona
    person = parley.user("higher", role=role)

    assert [one["id"] for one in person.get("/admin/reports").json["reports"]] == [report_id]
    assert person.get(f"/admin/reports/{report_id}").json["report"]["note"] == "Do not tell her."
    assert resolve(person, report_id).json["handled_by"] == "higher"


def test_moderator_does_not_learn_who_has_reported_them(
    parley: Parley, about_mona: tuple[User, User, str, str]
) -> None:
    _, mona, _, report_id = about_mona
    resolve(moderator(parley, "adam", "admin"), report_id, status="in_review", note="Talk to her.")

    [listed] = mona.get("/admin/reports?status=in_review").json["reports"]
    read = mona.get(f"/admin/reports/{report_id}").json["report"]

    assert (listed["id"], listed["reporter_id"]) == (report_id, None)
    assert (read["text"], read["reporter_id"], read["note"], read["staff_note"]) == (TEXT, None, None, None)
