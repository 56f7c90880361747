"""PATCH /conversations/{conversation_id}/members/{user_id}: roles change hands, and an owner always stays."""

import pytest

from tests.functional.replies import at_once, refusal
from tests.functional.talk import contents, make_group
from tests.harness import Parley, Reply, User


def set_role(actor: User, group: str, user_id: str, role: str) -> Reply:
    return actor.patch(f"/conversations/{group}/members/{user_id}", json={"role": role})


def test_owner_makes_an_admin_and_everybody_is_told(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    group = make_group(alice, bob)
    screen = bob.connect()

    assert set_role(alice, group, "bob", "admin").json["role"] == "admin"

    [told] = contents(screen.events("conversation_updated"))
    assert told["shared"]["admin_ids"] == ["bob"]
    shown = bob.get(f"/conversations/{group}").json
    assert shown["role"] == "admin"
    assert shown["capabilities"] == told["shared"]["capabilities"]["admin"]


def test_group_is_handed_over(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    group = make_group(alice, bob)

    set_role(alice, group, "bob", "owner")
    set_role(alice, group, "alice", "member")

    roles = {one["user_id"]: one["role"] for one in bob.get(f"/conversations/{group}/members").json["members"]}
    assert roles == {"alice": "member", "bob": "owner"}


def test_last_owner_stays_one(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    group = make_group(alice, bob)

    assert refusal(set_role(alice, group, "alice", "admin"))[:2] == ("last_owner", 409)
    assert refusal(alice.delete(f"/conversations/{group}/members/alice"))[:2] == ("last_owner", 409)


def test_two_owners_who_step_down_at_once_leave_one(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    group = make_group(alice, bob)
    set_role(alice, group, "bob", "owner")

    replies = at_once(
        [lambda: set_role(alice, group, "alice", "member"), lambda: set_role(bob, group, "bob", "member")]
    )

    assert sorted(reply.status for reply in replies) == [200, 409]
    members = alice.get(f"/conversations/{group}/members").json["members"]
    assert [one["role"] for one in members].count("owner") == 1


def test_nobody_rises_by_themselves(parley: Parley) -> None:
    alice, bob, carol = (parley.user(one) for one in ("alice", "bob", "carol"))
    group = make_group(alice, bob, carol)
    set_role(alice, group, "bob", "admin")

    assert refusal(set_role(carol, group, "carol", "admin"))[0] == "owners_only"
    assert refusal(set_role(bob, group, "bob", "owner"))[0] == "owners_only"
    assert refusal(set_role(bob, group, "alice", "member"))[0] == "owners_only"
    assert refusal(set_role(carol, group, "bob", "member"))[0] == "admins_only"
    assert refusal(set_role(alice, group, "dave", "admin"))[:2] == ("member_not_found", 404)
    assert refusal(set_role(alice, group, "bob", "king")) == ("invalid_request", 400, [("/role", "not_allowed")])


def test_there_is_an_end_to_admins(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("parley.domain.conversations.group_steps.MAX_ADMINS", 2)
    alice, bob, carol = (parley.user(one) for one in ("alice", "bob", "carol"))
    group = make_group(alice, bob, carol)
    assert set_role(alice, group, "bob", "admin").status == 200

    refused = [set_role(alice, group, "carol", role) for role in ("admin", "owner")]

    assert [refusal(one) for one in refused] == [("too_many_admins", 409, [])] * 2
    assert carol.get(f"/conversations/{group}").json["role"] == "member"
    assert set_role(alice, group, "bob", "owner").status == 200
    set_role(alice, group, "bob", "member")
    assert set_role(alice, group, "carol", "admin").status == 200
