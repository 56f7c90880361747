"""PUT /conversations/{conversation_id}/members/{user_id}: a person comes into a group, in a role, once."""

import time

import pytest

from parley.adapters.live import sockets
from tests.functional.notifying import besides_notifications
from tests.functional.replies import refusal, stored
from tests.functional.talk import bare, contents, forget_events, make_group, names
from tests.harness import Parley


def test_somebody_comes_in_as_an_admin_once(parley: Parley) -> None:
    alice, _ = parley.user("alice"), parley.user("bob", name="Bob B.")
    group = make_group(alice)

    first = alice.put(f"/conversations/{group}/members/bob", json={"role": "admin"})
    again = alice.put(f"/conversations/{group}/members/bob", json={"role": "admin"})

    assert (first.status, again.status) == (201, 200)
    assert first.json == again.json
    assert {"user_id": "bob", "name": "Bob B.", "role": "admin"}.items() <= first.json.items()
    assert alice.get(f"/conversations/{group}").json["member_count"] == 2


def test_all_are_told_once_and_in_order_in_which_role_somebody_has_come(
    parley: Parley, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice, bob, carol = (parley.user(one) for one in ("alice", "bob", "carol"))
    group = make_group(alice, bob)
    screens = [bob.connect(), carol.connect()]
    forget_events(*screens)
    slow, post = set(screens), sockets.post

    def post_the_first_slowly(connection_id: str, frame: bytes) -> sockets.Outcome:
        for screen in [one for one in slow if one.connection_id == connection_id]:
            slow.remove(screen)
            time.sleep(0.05)
        return post(connection_id, frame)

    monkeypatch.setattr(sockets, "post", post_the_first_slowly)

    alice.put(f"/conversations/{group}/members/carol", json={"role": "admin"})

    heard = [screen.events() for screen in screens]
    assert (slow, [names(one) for one in heard]) == (
        set(),
        [
            ["message_notification", "member_added"],
            ["conversation_created", "message_notification", "member_added"],
        ],
    )
    made, said, added = contents(heard[1])
    assert made["conversation"] == bare(carol.get(f"/conversations/{group}").json)
    assert said["message"]["system"] == {"event": "members_added", "user_ids": ["carol"], "role": "admin"}
    assert added["shared"]["admin_ids"] == ["carol"]


def test_device_that_reads_too_slowly_is_tried_once_and_hears_all_later(
    parley: Parley, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    group = make_group(alice, bob)
    screen = bob.connect()
    forget_events(screen)
    tried, post = [], sockets.post

    def count(connection_id: str, frame: bytes) -> sockets.Outcome:
        tried.append(connection_id)
        return post(connection_id, frame)

    monkeypatch.setattr(sockets, "post", count)
    screen.is_full = True
    alice.put(f"/conversations/{group}/members/carol", json={"role": "admin"})
    assert tried == [screen.connection_id]

    screen.is_full = False
    parley.drain()

    assert sorted(names(besides_notifications(screen))) == ["member_added", "message_notification"]


def test_member_gets_another_role(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    group = make_group(alice, bob)

    reply = alice.put(f"/conversations/{group}/members/bob", json={"role": "owner"})

    assert (reply.status, reply.json["role"]) == (200, "owner")
    assert bob.get(f"/conversations/{group}").json["role"] == "owner"


@pytest.mark.parametrize(("role", "code"), [("owner", "owners_only"), ("admin", "too_many_admins")])
def test_who_is_refused_the_role_is_not_brought_in(
    parley: Parley, monkeypatch: pytest.MonkeyPatch, role: str, code: str
) -> None:
    monkeypatch.setattr("parley.domain.conversations.group_steps.MAX_ADMINS", 2)
    alice, bob, carol = (parley.user(one) for one in ("alice", "bob", "carol"))
    group = make_group(alice, bob)
    alice.patch(f"/conversations/{group}/members/bob", json={"role": "admin"})
    before, screen = stored(parley), carol.connect()

    refused = bob.put(f"/conversations/{group}/members/carol", json={"role": role})

    assert refusal(refused)[0] == code
    assert stored(parley)["Memberships"] == before["Memberships"]
    assert stored(parley)["Messages"] == before["Messages"]
    assert screen.events() == []


def test_it_takes_one_token(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEND_BURST", "1")
    alice, _ = parley.user("alice"), parley.user("bob")
    group = make_group(alice)

    assert alice.put(f"/conversations/{group}/members/bob", json={"role": "admin"}).json["role"] == "admin"
    assert refusal(alice.put(f"/conversations/{group}/members/carol", json={"role": "admin"}))[0] == "rate_limited"
    assert alice.get(f"/conversations/{group}").json["member_count"] == 2


def test_member_brings_nobody_in(parley: Parley) -> None:
    alice, bob, _ = (parley.user(one) for one in ("alice", "bob", "carol"))
    group = make_group(alice, bob)

    assert refusal(bob.put(f"/conversations/{group}/members/carol", json={}))[0] == "admins_only"


def test_id_that_is_none_is_named(parley: Parley) -> None:
    alice = parley.user("alice")
    group = make_group(alice)

    refused = refusal(alice.put(f"/conversations/{group}/members/a%2Fb", json={}))
    assert refused == ("invalid_request", 400, [("{user_id}", "bad_format")])
