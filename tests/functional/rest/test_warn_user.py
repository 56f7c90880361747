"""POST /admin/warnings: a moderator warns a person."""

import json
from functools import partial

import pytest

from bench.calls import recording
from tests.functional.erasures import erased, host
from tests.functional.moderation import moderator, reported
from tests.functional.replies import Meanwhile, Refusal, at_once, invalid, malformed_bodies, refusal, stored
from tests.functional.suspending import is_suspended, suspend, suspended
from tests.functional.talk import bare, in_s
from tests.harness import Parley, Reply, User

UNKNOWN: Refusal = ("unknown_user", 404, [])
TOO_HIGH: Refusal = ("rank_too_high", 403, [])
DECIDED: Refusal = ("report_changed", 409, [])
REASON = "No insults here."


def warn(parley: Parley, user_id: str, by: User | None = None, **more: object) -> Reply:
    """Warns a person."""
    body = {"user_id": user_id, "reason": REASON, **more}
    return (by or moderator(parley)).post("/admin/warnings", json=body)


def seen_by(parley: Parley, user_id: str) -> list[dict[str, str]]:
    """Returns the warnings that a person finds, without their ids."""
    found = parley.user(user_id).get("/me").json["warnings"]
    return [{name: value for name, value in warning.items() if name != "id"} for warning in found]


def test_person_finds_the_warning_on_whichever_device(parley: Parley) -> None:
    parley.user("bob")

    reply = warn(parley, "bob")

    assert reply.status == 201
    warning_id = reply.json["id"]
    assert bare(reply.json) == {
        "id": warning_id,
        "user_id": "bob",
        "reason": REASON,
        "warned_at": in_s(parley, 0),
        "report_id": None,
    }
    own = [{"id": warning_id, "reason": REASON, "warned_at": in_s(parley, 0)}]
    assert parley.user("bob").get("/me").json["warnings"] == own
    assert moderator(parley).get("/me").json["warnings"] == []


def test_devices_hear_of_it_and_nobody_else(parley: Parley) -> None:
    phone, other = parley.user("bob").connect(), parley.user("alice").connect()

    warning_id = warn(parley, "bob").json["id"]

    [event] = phone.events("warned")
    assert event["data"] == {"warning": {"id": warning_id, "reason": REASON, "warned_at": in_s(parley, 0)}}
    assert other.events("warned") == []


def test_newest_ten_stay_the_newest_first(parley: Parley) -> None:
    parley.user("bob")
    for number in range(12):
        parley.advance(1)
        warn(parley, "bob", reason=f"Warning {number}.")

    assert [one["reason"] for one in seen_by(parley, "bob")] == [f"Warning {number}." for number in range(11, 1, -1)]


def test_same_warning_again_is_no_second_act(parley: Parley) -> None:
    phone = parley.user("bob").connect()
    first = warn(parley, "bob", client_id="c1")
    before = stored(parley)

    second = warn(parley, "bob", client_id="c1")

    assert (first.status, second.status) == (201, 200)
    assert second.json == first.json
    assert {name: stored(parley)[name] for name in ("Audit", "Reports")} == {
        name: before[name] for name in ("Audit", "Reports")
    }
    assert len(phone.events("warned")) == 1


def test_client_id_of_another_warning_is_refused(parley: Parley) -> None:
    parley.user("bob")
    warn(parley, "bob", client_id="c1")

    reply = warn(parley, "bob", client_id="c1", reason="Something else.")

    assert refusal(reply) == ("client_id_reused", 422, [("/client_id", "client_id_reused")])
    assert [one["reason"] for one in seen_by(parley, "bob")] == [REASON]


def test_client_ids_are_each_moderators_own(parley: Parley) -> None:
    parley.user("bob")

    replies = [warn(parley, "bob", by=moderator(parley, name), client_id="c1") for name in ("mona", "max")]

    assert [reply.status for reply in replies] == [201, 201]
    assert len(seen_by(parley, "bob")) == 2


def test_it_is_in_the_audit_log_without_the_moderators_words(parley: Parley) -> None:
    parley.user("bob")

    warning_id = warn(parley, "bob").json["id"]

    log = moderator(parley).get("/admin/audit?action=warn_user")
    [entry] = log.json["entries"]
    assert (entry["actor_id"], entry["target"], entry["details"]) == ("mona", "bob", {"warning_id": warning_id})
    assert REASON not in log.text


def test_person_learns_neither_the_author_nor_the_report(parley: Parley) -> None:
    report_id = reported(parley)

    warn(parley, "mallory", report_id=report_id)

    me = parley.user("mallory").get("/me").text
    assert REASON in me
    assert report_id not in me
    assert "mona" not in me


def test_report_is_decided_in_the_same_transaction(parley: Parley) -> None:
    report_id = reported(parley)
    phone = parley.user("alice").connect()

    reply = warn(parley, "mallory", report_id=report_id, resolution="Warned.")

    assert reply.json["report_id"] == report_id
    assert [event["data"]["report"]["status"] for event in phone.events("report_updated")] == ["resolved"]
    report = moderator(parley).get(f"/admin/reports/{report_id}").json["report"]
    decided = {name: report[name] for name in ("status", "version", "resolution", "handled_by")}
    assert decided == {"status": "resolved", "version": 2, "resolution": "Warned.", "handled_by": "mona"}
    entry = moderator(parley).get("/admin/audit?action=warn_user").json["entries"][0]
    assert entry["details"]["report_id"] == report_id


def test_report_that_led_to_a_suspension_can_lead_to_a_warning_too(parley: Parley) -> None:
    report_id = reported(parley)
    assert suspend(parley, "mallory", report_id=report_id, resolution="Suspended.").status == 200

    assert warn(parley, "mallory", report_id=report_id).status == 201
    report = moderator(parley).get(f"/admin/reports/{report_id}").json["report"]
    assert (report["version"], report["resolution"]) == (2, "Suspended.")


@pytest.mark.parametrize("status", ["resolved", "dismissed"])
def test_decision_of_another_moderator_is_not_overwritten(parley: Parley, status: str) -> None:
    report_id = reported(parley)
    body = {"version": 1, "status": status, "resolution": "Nothing."}
    moderator(parley).patch(f"/admin/reports/{report_id}", json=body)
    before = stored(parley)

    reply = warn(parley, "mallory", by=moderator(parley, "max"), report_id=report_id, resolution="Warned.")

    assert refusal(reply) == DECIDED
    assert {name: stored(parley)[name] for name in ("Audit", "Reports")} == {
        name: before[name] for name in ("Audit", "Reports")
    }


def test_moderator_who_decides_meanwhile_wins(parley: Parley) -> None:
    report_id = reported(parley)
    mona, max_ = moderator(parley), moderator(parley, "max")
    body = {"version": 1, "status": "dismissed", "resolution": "Nothing."}
    meanwhile = Meanwhile("TransactWriteItems", lambda: max_.patch(f"/admin/reports/{report_id}", json=body))
    parley.hooks.append(meanwhile)

    reply = warn(parley, "mallory", by=mona, report_id=report_id, resolution="Warned.")

    assert meanwhile.happened
    assert refusal(reply) == DECIDED
    assert seen_by(parley, "mallory") == []


def test_report_about_another_person_is_refused(parley: Parley) -> None:
    report_id = reported(parley)

    assert refusal(warn(parley, "alice", report_id=report_id)) == invalid(("/report_id", "contradiction"))
    assert refusal(warn(parley, "alice", report_id="r_" + "a" * 26)) == ("report_not_found", 404, [])


@pytest.mark.parametrize(
    ("caller", "person", "may"),
    [
        ("service", "admin", True),
        ("admin", "moderator", True),
        ("moderator", "teacher", True),
        ("moderator", "admin", False),
        ("moderator", "moderator", False),
        ("admin", "admin", False),
    ],
)
def test_nobody_warns_a_person_of_their_rank_or_above(parley: Parley, caller: str, person: str, may: bool) -> None:
    bob = parley.user("bob", role=person)
    by = host(parley) if caller == "service" else moderator(parley, "mona", caller)

    reply = warn(parley, "bob", by=by)

    assert (reply.status == 201) if may else (refusal(reply) == TOO_HIGH)
    assert bool(bob.get("/me").json["warnings"]) is may


def test_person_who_has_just_become_an_admin_is_not_warned_by_a_moderator(parley: Parley) -> None:
    parley.user("bob")
    mona, server = moderator(parley), host(parley)
    meanwhile = Meanwhile("TransactWriteItems", lambda: server.put("/users/bob", json={"name": "Bob", "role": "admin"}))
    parley.hooks.append(meanwhile)

    reply = warn(parley, "bob", by=mona)

    assert meanwhile.happened
    assert refusal(reply) == TOO_HIGH
    assert REASON not in str(stored(parley)["Reports"])


def test_nobody_warns_themselves(parley: Parley) -> None:
    assert refusal(warn(parley, "mona", by=moderator(parley, role="admin"))) == TOO_HIGH


@pytest.mark.parametrize("role", ["user", "teacher"])
def test_others_may_not(parley: Parley, role: str) -> None:
    parley.user("bob")

    assert refusal(warn(parley, "bob", by=parley.user("alice", role=role))) == ("moderators_only", 403, [])


def test_suspended_moderator_warns_nobody(parley: Parley) -> None:
    parley.user("bob")
    mona = moderator(parley)
    assert suspend(parley, "mona", by=moderator(parley, "ada", "admin")).status == 200

    assert is_suspended(warn(parley, "bob", by=mona))


def test_person_who_may_do_nothing_still_finds_the_warning(parley: Parley) -> None:
    parley.user("bob")
    suspended(parley, "bob", "all")

    assert warn(parley, "bob").status == 201
    assert [one["reason"] for one in seen_by(parley, "bob")] == [REASON]


def test_person_whom_nobody_has_seen_is_not_there(parley: Parley) -> None:
    assert refusal(warn(parley, "nina")) == UNKNOWN
    assert stored(parley)["Reports"] == []


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({"user_id": "a b"}, "/user_id", "bad_format"),
        ({"user_id": None}, "/user_id", "wrong_type"),
        ({"reason": ""}, "/reason", "blank"),
        ({"reason": "x" * 1001}, "/reason", "too_long"),
        ({"client_id": ""}, "/client_id", "bad_format"),
        ({"report_id": "r_1"}, "/report_id", "bad_format"),
        ({"resolution": "Warned."}, "/resolution", "contradiction"),
        ({"until": "ever"}, "/until", "unknown_field"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_wrong_fields_are_named(parley: Parley, body: dict[str, object], field: str, code: str) -> None:
    parley.user("bob")

    reply = moderator(parley).post("/admin/warnings", json={"user_id": "bob", "reason": REASON} | body)

    assert refusal(reply) == invalid((field, code))


@pytest.mark.parametrize("field", ["user_id", "reason"])
def test_warning_needs_a_person_and_a_reason(parley: Parley, field: str) -> None:
    body = {"user_id": "bob", "reason": REASON}
    del body[field]

    assert refusal(moderator(parley).post("/admin/warnings", json=body)) == invalid((f"/{field}", "required"))


def test_bodies_that_make_no_sense_are_refused(parley: Parley) -> None:
    mona = moderator(parley)

    assert malformed_bodies(lambda raw: mona.post("/admin/warnings", raw=raw)) == {}


def test_of_several_at_the_same_moment_none_is_lost(parley: Parley) -> None:
    parley.user("bob")
    people = [moderator(parley, name) for name in ("mona", "max", "mia")]

    replies = at_once([partial(warn, parley, "bob", each, reason=each.user_id) for each in people])

    assert [reply.status for reply in replies] == [201] * 3
    assert sorted(one["reason"] for one in seen_by(parley, "bob")) == ["max", "mia", "mona"]
    assert len(moderator(parley).get("/admin/audit?action=warn_user").json["entries"]) == 3


def test_it_takes_three_round_trips_and_ten_write_units(parley: Parley) -> None:
    report_id = reported(parley)
    mona = moderator(parley)
    mona.get("/admin/suspensions")  # so that the authorizer makes no call later
    parley.hooks.clear()  # the recorder looks at items under the functions' names, which their roles do not allow

    with recording() as recorded:
        assert warn(parley, "mallory", by=mona, report_id=report_id).status == 201

    assert recorded.round_trips <= 4  # the fourth looks for the reporter's devices
    assert recorded.units.write <= 12


def test_queue_of_reports_does_not_show_warnings(parley: Parley) -> None:
    parley.user("bob")
    warn(parley, "bob")

    for status in ("open", "in_review", "resolved", "dismissed"):
        assert moderator(parley).get(f"/admin/reports?status={status}").json["reports"] == []


def test_damaged_warning_hides_no_other(parley: Parley) -> None:
    from parley.adapters.dynamodb import tables

    parley.user("bob")
    warn(parley, "bob")
    [row] = [json.loads(one) for one in stored(parley)["Reports"]]
    good = tables.Report.from_raw_data(row).warnings["newest"]
    tables.Report(report_id="bob#").update(actions=[tables.Report.warnings.set({"newest": [{"id": 7}, *good]})])

    assert [one["reason"] for one in seen_by(parley, "bob")] == [REASON]
    assert warn(parley, "bob", reason="Again.").status == 201
    assert [one["reason"] for one in seen_by(parley, "bob")] == ["Again.", REASON]


def test_erasing_a_warned_person_removes_the_warning(parley: Parley) -> None:
    parley.user("bob")
    warn(parley, "bob")

    erasure = erased(parley, "bob")

    assert REASON not in str(stored(parley))
    assert erasure["removed"]["warnings"] == 1
    assert refusal(warn(parley, "bob")) == UNKNOWN


def test_erasing_others_leaves_the_warning(parley: Parley) -> None:
    parley.user("bob"), parley.user("alice")
    warn(parley, "bob")

    for user_id in ("alice", "mona"):
        erased(parley, user_id)

    assert [one["reason"] for one in seen_by(parley, "bob")] == [REASON]
    assert "mona" not in str(stored(parley)["Reports"])
