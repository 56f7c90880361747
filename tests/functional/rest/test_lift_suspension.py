"""DELETE /admin/suspensions/{user_id}: a moderator ends a suspension before its time."""

from functools import partial

import pytest

from tests.functional.erasures import host
from tests.functional.moderation import moderator
from tests.functional.replies import Meanwhile, Refusal, at_once, invalid, refusal, stored
from tests.functional.suspending import HOUR_S, is_suspended, suspend, suspended
from tests.functional.talk import bare, in_s, open_direct
from tests.harness import Parley, Reply, User

TOO_HIGH: Refusal = ("rank_too_high", 403, [])


def lift(parley: Parley, user_id: str, by: User | None = None) -> Reply:
    return (by or moderator(parley)).delete(f"/admin/suspensions/{user_id}")


def test_person_may_write_again(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    direct = open_direct(alice, bob)
    suspended(parley, "bob")

    reply = lift(parley, "bob")

    assert (reply.status, bare(reply.json)) == (200, {"user_id": "bob"})
    assert bob.post(f"/conversations/{direct}/messages", json={"text": "Thanks."}).status == 201
    assert bob.get("/me").json["suspension"] is None
    assert refusal(moderator(parley).get("/admin/suspensions/bob"))[0] == "suspension_not_found"


def test_person_who_might_do_nothing_opens_a_socket_again(parley: Parley) -> None:
    bob = parley.user("bob")
    suspended(parley, "bob", "all")

    lift(parley, "bob")

    assert bob.connect().request("ping")["type"] == "ack"


def test_devices_hear_of_it(parley: Parley) -> None:
    phone, other = parley.user("bob").connect(), parley.user("alice").connect()
    suspended(parley, "bob")

    lift(parley, "bob")

    assert [event["data"] for event in phone.events("suspension_lifted")] == [{"at": in_s(parley, 0)}]
    assert other.events("suspension_lifted") == []


def test_it_is_in_the_audit_log(parley: Parley) -> None:
    parley.user("bob")
    suspended(parley, "bob")

    lift(parley, "bob")

    [entry] = moderator(parley).get("/admin/audit?action=lift_suspension").json["entries"]
    assert (entry["actor_id"], entry["target"]) == ("mona", "bob")
    assert entry["details"] == {"before": f"write until {in_s(parley, HOUR_S)}"}


def test_no_word_of_the_suspension_is_kept(parley: Parley) -> None:
    parley.user("bob")
    suspended(parley, "bob")

    lift(parley, "bob")

    assert "Insults" not in str(stored(parley)) and "mona" not in str(stored(parley)["AccountStates"])


def test_nothing_to_lift_is_no_act(parley: Parley) -> None:
    phone = parley.user("bob").connect()
    suspended(parley, "bob")
    lift(parley, "bob")
    before = stored(parley)

    again, never = lift(parley, "bob"), lift(parley, parley.user("carol").user_id)

    assert (again.status, never.status) == (200, 200)
    assert {name: stored(parley)[name] for name in ("Audit", "AccountStates")} == {
        name: before[name] for name in ("Audit", "AccountStates")
    }
    assert len(phone.events("suspension_lifted")) == 1


def test_suspension_that_is_over_is_not_lifted(parley: Parley) -> None:
    parley.user("bob")
    suspended(parley, "bob")
    parley.advance(HOUR_S)

    assert lift(parley, "bob").status == 200
    assert "lift_suspension" not in str(stored(parley)["Audit"])


def test_person_can_be_suspended_again(parley: Parley) -> None:
    bob = parley.user("bob")
    suspended(parley, "bob")
    lift(parley, "bob")
    parley.clock.ms += 1  # the same act at the same moment is one entry of the audit log

    again = suspended(parley, "bob")

    assert again["suspended_by"] == "mona"
    assert bob.get("/me").json["suspension"]["scope"] == "write"


def test_suspension_that_comes_meanwhile_is_lifted_with_its_own_entry(parley: Parley) -> None:
    bob, mona, ada = parley.user("bob"), moderator(parley), moderator(parley, "ada", "admin")
    suspended(parley, "bob")
    meanwhile = Meanwhile("TransactWriteItems", lambda: suspend(parley, "bob", "all", ada))
    parley.hooks.append(meanwhile)

    assert lift(parley, "bob", mona).status == 200

    assert meanwhile.happened
    assert bob.get("/me").json["suspension"] is None
    [entry] = mona.get("/admin/audit?action=lift_suspension").json["entries"]
    assert entry["details"]["before"].startswith("all until")


def test_suspension_after_a_lift_that_comes_meanwhile_holds(parley: Parley) -> None:
    bob, mona, ada = parley.user("bob"), moderator(parley), moderator(parley, "ada", "admin")
    suspended(parley, "bob")
    meanwhile = Meanwhile("TransactWriteItems", lambda: lift(parley, "bob", ada))
    parley.hooks.append(meanwhile)

    assert suspend(parley, "bob", "all", mona).status == 200

    assert meanwhile.happened
    assert bob.get("/me").json["suspension"]["scope"] == "all"
    entry = mona.get("/admin/audit?action=suspend_user").json["entries"][0]
    assert entry["details"]["before"] == "none"


def test_of_two_at_the_same_moment_one_writes(parley: Parley) -> None:
    parley.user("bob")
    suspended(parley, "bob")
    people = [moderator(parley, name) for name in ("mona", "max")]

    replies = at_once([partial(lift, parley, "bob", each) for each in people])

    assert [reply.status for reply in replies] == [200, 200]
    assert len(moderator(parley).get("/admin/audit?action=lift_suspension").json["entries"]) == 1


@pytest.mark.parametrize(("role", "may"), [("service", True), ("admin", True), ("moderator", False)])
def test_lifting_asks_for_the_same_rank_as_suspending(parley: Parley, role: str, may: bool) -> None:
    max_ = moderator(parley, "max")
    suspend(parley, "max", by=moderator(parley, "ada", "admin"))

    reply = lift(parley, "max", host(parley) if role == "service" else moderator(parley, "mona", role))

    assert (reply.status == 200) if may else (refusal(reply) == TOO_HIGH)
    assert (max_.get("/me").json["suspension"] is None) is may


def test_suspended_moderator_does_not_lift_their_own(parley: Parley) -> None:
    mona = moderator(parley)
    suspend(parley, "mona", by=moderator(parley, "ada", "admin"))

    assert is_suspended(lift(parley, "mona", mona))


def test_only_moderators_may(parley: Parley) -> None:
    parley.user("bob")
    suspended(parley, "bob")

    assert refusal(lift(parley, "bob", parley.user("alice"))) == ("moderators_only", 403, [])


def test_person_whom_nobody_has_seen_is_not_there(parley: Parley) -> None:
    assert refusal(lift(parley, "nina")) == ("unknown_user", 404, [])
    assert refusal(lift(parley, "%20")) == invalid(("{user_id}", "bad_format"))
