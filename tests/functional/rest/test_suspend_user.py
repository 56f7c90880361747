"""PUT /admin/suspensions/{user_id}: a moderator suspends a person."""

import json
from functools import partial

import pytest

from local.websocket import State
from tests.functional.erasures import host
from tests.functional.moderation import moderator, reported
from tests.functional.replies import Meanwhile, Refusal, at_once, invalid, malformed_bodies, refusal, stored
from tests.functional.suspending import DAY_S, HOUR_S, is_suspended, suspend, suspended
from tests.functional.talk import bare, in_s, let_many_block, open_direct, say
from tests.harness import Parley, Refused

UNKNOWN: Refusal = ("unknown_user", 404, [])
TOO_HIGH: Refusal = ("rank_too_high", 403, [])
DECIDED: Refusal = ("report_changed", 409, [])


def test_suspended_person_reads_and_does_not_write(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    direct = open_direct(alice, bob)
    [hello] = say(bob, direct, "Hello")

    suspension = suspended(parley, "bob")

    assert bare(suspension) == {
        "user_id": "bob",
        "until": in_s(parley, HOUR_S),
        "reason": "Insults.",
        "scope": "write",
        "suspended_by": "mona",
        "suspended_at": in_s(parley, 0),
        "report_id": None,
    }
    assert is_suspended(bob.post(f"/conversations/{direct}/messages", json={"text": "You!"}))
    assert is_suspended(bob.patch(f"/messages/{hello}", json={"text": "You!"}))
    assert [one["text"] for one in bob.get(f"/conversations/{direct}/messages").json["messages"]] == ["Hello"]


def test_refusal_says_until_when_why_and_from_what(parley: Parley) -> None:
    bob = parley.user("bob")
    suspended(parley, "bob", "all")

    problem = bob.get("/conversations").json

    told = {name: problem[name] for name in ("code", "status", "until", "reason", "scope", "rule")}
    assert told == {
        "code": "suspended",
        "status": 403,
        "until": in_s(parley, HOUR_S),
        "reason": "Insults.",
        "scope": "all",
        "rule": "suspension: all",
    }
    assert problem["detail"] == f"You may not use this service until {in_s(parley, HOUR_S)}."


def test_frame_of_a_suspended_person_is_refused_in_the_same_way(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    direct, phone = open_direct(alice, bob), bob.connect()
    suspended(parley, "bob")

    error = phone.request("send_message", {"conversation_id": direct, "text": "You!"})["error"]

    assert (error["code"], error["scope"], error["reason"]) == ("suspended", "write", "Insults.")
    assert error["until"] == in_s(parley, HOUR_S)


def test_me_says_that_the_caller_is_suspended(parley: Parley) -> None:
    bob = parley.user("bob")
    before = bob.get("/me").json["suspension"]
    suspended(parley, "bob", "all")

    me = bob.get("/me")

    assert (before, me.status) == (None, 200)
    assert me.json["suspension"] == {"until": in_s(parley, HOUR_S), "reason": "Insults.", "scope": "all"}


def test_suspension_ends_by_itself(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    direct = open_direct(alice, bob)
    suspended(parley, "bob")
    parley.advance(HOUR_S - 1)
    last = bob.post(f"/conversations/{direct}/messages", json={"text": "Now?"})

    parley.advance(1)

    assert is_suspended(last)
    assert bob.post(f"/conversations/{direct}/messages", json={"text": "Now."}).status == 201
    assert bob.get("/me").json["suspension"] is None


def test_devices_hear_of_it_and_stay_open(parley: Parley) -> None:
    phone, other = parley.user("bob").connect(), parley.user("alice").connect()

    suspended(parley, "bob")

    [event] = phone.events("suspended")
    assert event["data"] == {"until": in_s(parley, HOUR_S), "reason": "Insults.", "scope": "write"}
    assert phone.connection.state is State.OPEN
    assert other.events("suspended") == []


def test_devices_are_closed_after_they_have_heard_of_it(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    direct = open_direct(alice, bob)
    say(alice, direct, "Hello")
    say(bob, direct, "Hello")
    screen, phone, laptop = alice.connect(), bob.connect(), bob.connect()

    suspended(parley, "bob", "all")

    assert [len(device.events("suspended")) for device in (phone, laptop)] == [1, 1]
    assert [phone.connection.state, laptop.connection.state] == [State.CLOSED] * 2
    assert [one["data"]["status"] for one in screen.events("user_status_change")][-1] == "offline"


def test_watchers_are_told_though_very_many_have_blocked_the_person(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    direct = open_direct(alice, bob)
    say(alice, direct, "Hello")
    say(bob, direct, "Hello")
    let_many_block(parley, "bob", 1_001)
    screen, _ = alice.connect(), bob.connect()

    suspended(parley, "bob", "all")

    assert [one["data"]["status"] for one in screen.events("user_status_change")][-1] == "offline"


def test_person_who_may_do_nothing_opens_no_socket(parley: Parley) -> None:
    bob = parley.user("bob")
    ticket = bob.post("/ws-tickets").json["ticket"]
    suspended(parley, "bob", "all")

    with pytest.raises(Refused) as refused:
        bob.open(query=f"?ticket={ticket}")

    assert refused.value.status == 403


def test_person_who_may_not_write_opens_a_socket(parley: Parley) -> None:
    bob = parley.user("bob")
    suspended(parley, "bob")

    assert bob.connect().request("ping")["type"] == "ack"


def test_device_that_connects_meanwhile_is_taken_back(parley: Parley) -> None:
    alice, mona = parley.user("alice"), moderator(parley)
    # The authorizer has let the device in, and `$connect` is about to note it.
    meanwhile = Meanwhile("PutItem", lambda: suspend(parley, "alice", "all", mona))
    ticket = alice.post("/ws-tickets").json["ticket"]
    parley.hooks.append(meanwhile)

    with pytest.raises(Refused) as refused:
        alice.open(query=f"?ticket={ticket}")

    assert meanwhile.happened
    assert refused.value.status == 403
    assert "Zb" not in str(stored(parley)["Connections"])


def test_same_suspension_again_is_no_second_act(parley: Parley) -> None:
    phone = parley.user("bob").connect()
    first = suspended(parley, "bob")

    second = suspend(parley, "bob", until=first["until"])

    assert second.json == first
    assert str(stored(parley)["Audit"]).count("suspend_user") == 1
    assert len(phone.events("suspended")) == 1


def test_later_suspension_replaces_the_earlier_one(parley: Parley) -> None:
    bob = parley.user("bob")
    suspended(parley, "bob")
    parley.advance(60)

    suspended(parley, "bob", "all")

    assert bob.get("/me").json["suspension"] == {"until": in_s(parley, HOUR_S), "reason": "Insults.", "scope": "all"}
    entry = moderator(parley).get("/admin/audit?action=suspend_user").json["entries"][0]
    assert (entry["actor_id"], entry["target"]) == ("mona", "bob")
    assert entry["details"] == {
        "before": f"write until {in_s(parley, HOUR_S - 60)}",
        "after": f"all until {in_s(parley, HOUR_S)}",
    }


def test_audit_entry_has_no_word_of_the_moderator(parley: Parley) -> None:
    parley.user("bob")
    suspended(parley, "bob")

    assert "Insults" not in moderator(parley).get("/admin/audit").text


def test_report_is_decided_in_the_same_transaction(parley: Parley) -> None:
    report_id = reported(parley)
    phone = parley.user("alice").connect()

    reply = suspend(parley, "mallory", report_id=report_id, resolution="Suspended.")

    assert reply.json["report_id"] == report_id
    assert [event["data"]["report"]["status"] for event in phone.events("report_updated")] == ["resolved"]
    report = moderator(parley).get(f"/admin/reports/{report_id}").json["report"]
    decided = {name: report[name] for name in ("status", "version", "resolution", "handled_by")}
    assert decided == {"status": "resolved", "version": 2, "resolution": "Suspended.", "handled_by": "mona"}
    entry = moderator(parley).get("/admin/audit?action=suspend_user").json["entries"][0]
    assert entry["details"]["report_id"] == report_id


def test_same_suspension_with_its_report_again_is_no_second_act(parley: Parley) -> None:
    report_id = reported(parley)
    first = suspend(parley, "mallory", report_id=report_id, resolution="Suspended.")
    before = stored(parley)

    second = suspend(parley, "mallory", report_id=report_id, resolution="Suspended.")

    assert second.json == first.json
    assert {name: stored(parley)[name] for name in ("Audit", "Reports", "AccountStates")} == {
        name: before[name] for name in ("Audit", "Reports", "AccountStates")
    }


def test_resolved_report_can_lead_to_a_suspension_afterwards(parley: Parley) -> None:
    report_id = reported(parley)
    mona = moderator(parley)
    mona.patch(f"/admin/reports/{report_id}", json={"version": 1, "status": "resolved", "resolution": "Warned."})

    assert suspend(parley, "mallory", report_id=report_id).status == 200
    assert mona.get(f"/admin/reports/{report_id}").json["report"]["resolution"] == "Warned."


@pytest.mark.parametrize("status", ["resolved", "dismissed"])
def test_decision_of_another_moderator_is_not_overwritten(parley: Parley, status: str) -> None:
    report_id = reported(parley)
    body = {"version": 1, "status": status, "resolution": "Warned."}
    moderator(parley).patch(f"/admin/reports/{report_id}", json=body)
    before = stored(parley)

    again = suspend(parley, "mallory", by=moderator(parley, "max"), report_id=report_id, resolution="Suspended.")

    assert refusal(again) == DECIDED
    assert {name: stored(parley)[name] for name in ("Audit", "Reports", "AccountStates")} == {
        name: before[name] for name in ("Audit", "Reports", "AccountStates")
    }


def test_report_about_another_person_is_refused(parley: Parley) -> None:
    report_id = reported(parley)

    assert refusal(suspend(parley, "alice", report_id=report_id)) == invalid(("/report_id", "contradiction"))
    assert refusal(suspend(parley, "alice", report_id="r_" + "a" * 26)) == ("report_not_found", 404, [])


@pytest.mark.parametrize(
    ("caller", "person", "may"),
    [
        ("service", "admin", True),
        ("admin", "moderator", True),
        ("admin", "user", True),
        ("moderator", "teacher", True),
        ("moderator", "admin", False),
        ("moderator", "moderator", False),
        ("admin", "admin", False),
    ],
)
def test_nobody_suspends_a_person_of_their_rank_or_above(parley: Parley, caller: str, person: str, may: bool) -> None:
    parley.user("bob", role=person)
    by = host(parley) if caller == "service" else moderator(parley, "mona", caller)

    reply = suspend(parley, "bob", by=by)

    assert (reply.status == 200) if may else (refusal(reply) == TOO_HIGH)
    assert (parley.user("bob", role=person).get("/me").json["suspension"] is not None) is may


def test_moderator_whom_the_host_has_just_demoted_suspends_nobody(parley: Parley) -> None:
    parley.user("bob")
    mona = moderator(parley)
    parley.clock.ms += 1000
    assert host(parley).put("/users/mona", json={"name": "Mona", "role": "user"}).status == 200

    assert refusal(suspend(parley, "bob", by=mona)) == ("moderators_only", 403, [])


def test_person_who_has_just_become_an_admin_is_not_suspended_by_a_moderator(parley: Parley) -> None:
    parley.user("bob")
    mona, server = moderator(parley), host(parley)
    meanwhile = Meanwhile("TransactWriteItems", lambda: server.put("/users/bob", json={"name": "Bob", "role": "admin"}))
    parley.hooks.append(meanwhile)

    reply = suspend(parley, "bob", by=mona)

    assert meanwhile.happened
    assert refusal(reply) == TOO_HIGH
    assert "suspension" not in str(stored(parley)["AccountStates"])


def test_nobody_suspends_themselves(parley: Parley) -> None:
    mona = moderator(parley, role="admin")

    assert refusal(suspend(parley, "mona", by=mona)) == TOO_HIGH


@pytest.mark.parametrize("role", ["user", "teacher"])
def test_others_may_not(parley: Parley, role: str) -> None:
    parley.user("bob")

    assert refusal(suspend(parley, "bob", by=parley.user("alice", role=role))) == ("moderators_only", 403, [])


def test_suspended_moderator_suspends_nobody(parley: Parley) -> None:
    parley.user("bob")
    mona = moderator(parley)
    assert suspend(parley, "mona", by=moderator(parley, "ada", "admin")).status == 200

    assert is_suspended(suspend(parley, "bob", by=mona))
    assert is_suspended(mona.get("/admin/reports"))


def test_person_whom_nobody_has_seen_is_not_there(parley: Parley) -> None:
    before = stored(parley)

    assert refusal(suspend(parley, "nina")) == UNKNOWN
    assert stored(parley)["AccountStates"] == before["AccountStates"]


def test_what_is_no_id_is_refused(parley: Parley) -> None:
    assert refusal(suspend(parley, "%20")) == invalid(("{user_id}", "bad_format"))


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({"until": None}, "/until", "wrong_type"),
        ({"until": "tomorrow"}, "/until", "bad_format"),
        ({"until": "2027-02-30T00:00:00Z"}, "/until", "bad_format"),
        ({"until": "2026-01-01T00:00:00Z"}, "/until", "too_small"),
        ({"until": "2037-01-01T00:00:00Z"}, "/until", "too_large"),
        ({"reason": ""}, "/reason", "blank"),
        ({"reason": "x" * 1001}, "/reason", "too_long"),
        ({"scope": "read"}, "/scope", "not_allowed"),
        ({"report_id": "r_1"}, "/report_id", "bad_format"),
        ({"resolution": "Suspended."}, "/resolution", "contradiction"),
        ({"for": "ever"}, "/for", "unknown_field"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_wrong_fields_are_named(parley: Parley, body: dict[str, object], field: str, code: str) -> None:
    parley.user("bob")
    good = {"until": in_s(parley, HOUR_S), "reason": "Insults.", "scope": "all"}

    reply = moderator(parley).put("/admin/suspensions/bob", json=good | body)

    assert refusal(reply) == invalid((field, code))


@pytest.mark.parametrize("field", ["until", "reason", "scope"])
def test_suspension_needs_an_end_a_reason_and_a_scope(parley: Parley, field: str) -> None:
    parley.user("bob")
    body = {"until": in_s(parley, HOUR_S), "reason": "Insults.", "scope": "all"}
    del body[field]

    reply = moderator(parley).put("/admin/suspensions/bob", json=body)

    assert refusal(reply) == invalid((f"/{field}", "required"))


def test_bodies_that_make_no_sense_are_refused(parley: Parley) -> None:
    parley.user("bob")
    mona = moderator(parley)

    assert malformed_bodies(lambda raw: mona.put("/admin/suspensions/bob", raw=raw)) == {}


def test_of_several_at_the_same_moment_each_replaces_the_one_before(parley: Parley) -> None:
    parley.user("bob")
    people = [moderator(parley, name) for name in ("mona", "max", "mia")]

    replies = at_once([partial(suspend, parley, "bob", "write", each, reason=each.user_id) for each in people])

    assert [reply.status for reply in replies] == [200] * 3
    entries = moderator(parley).get("/admin/audit?action=suspend_user").json["entries"]
    written = f"write until {in_s(parley, HOUR_S)}"
    assert sorted(entry["details"]["before"] for entry in entries) == ["none", written, written]


def expires_in_s(parley: Parley, user_id: str) -> int:
    """Returns after how many whole seconds DynamoDB may delete the row of a person."""
    return (expires_at_s(parley, user_id) * 1000 - parley.clock()) // 1000


def expires_at_s(parley: Parley, user_id: str) -> int:
    [row] = [json.loads(one) for one in stored(parley)["AccountStates"] if user_id in one]
    return int(row["expires_at_s"]["N"])


def test_row_can_be_read_by_the_release_before(parley: Parley) -> None:
    """The code of 0.1.0 reads the time of a sign-out in each row."""
    parley.user("bob")

    suspended(parley, "bob")

    [row] = [json.loads(one) for one in stored(parley)["AccountStates"] if "bob" in one]
    assert row["signed_out_at_s"] == {"N": "0"}


def test_row_lasts_until_the_suspension_has_ended(parley: Parley) -> None:
    parley.user("bob")

    suspend(parley, "bob", until=in_s(parley, 400 * DAY_S))

    assert expires_in_s(parley, "bob") == 400 * DAY_S


@pytest.mark.parametrize("act", ["sign-out", "role"])
def test_other_statements_in_the_row_do_not_end_the_suspension(parley: Parley, act: str) -> None:
    parley.user("bob")
    suspend(parley, "bob", until=in_s(parley, 400 * DAY_S))
    end_s = expires_at_s(parley, "bob")
    parley.clock.ms += 1000

    if act == "role":
        reply = host(parley).put("/users/bob", json={"name": "Bob", "role": "teacher"})
    else:
        reply = host(parley).post("/users/bob/sign-out")

    assert reply.status == 200
    assert expires_at_s(parley, "bob") == end_s
    assert parley.user("bob").get("/me").json["suspension"]["scope"] == "write"


def test_sign_out_after_a_suspension_counts(parley: Parley) -> None:
    old = parley.user("bob")
    suspend(parley, "bob", until=in_s(parley, 400 * DAY_S))
    parley.clock.ms += 1000
    host(parley).post("/users/bob/sign-out")

    assert refusal(old.get("/me"))[:2] == ("signed_out", 401)


def test_suspension_does_not_end_a_sign_out(parley: Parley) -> None:
    old = parley.user("bob")
    parley.clock.ms += 1000
    host(parley).post("/users/bob/sign-out")
    before = expires_in_s(parley, "bob")

    suspend(parley, "bob", until=in_s(parley, 60))

    assert expires_in_s(parley, "bob") == before
    assert refusal(old.get("/me"))[:2] == ("signed_out", 401)
