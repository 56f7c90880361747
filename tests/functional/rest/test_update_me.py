"""PATCH /me: who hides when they were last here hides it everywhere, and sees it of nobody."""

from typing import Any

import pytest

from tests.functional.erasures import host
from tests.functional.replies import invalid, malformed_bodies, refusal, stored
from tests.functional.talk import LEASE_S, LEAST_S, contents, in_s, meet
from tests.harness import Frame, Parley, User


def hide(person: User, hides: bool = True) -> None:
    reply = person.patch("/me", json={"show_last_seen": not hides})
    assert (reply.status, reply.json["show_last_seen"]) == (200, not hides)


def met(parley: Parley) -> tuple[User, User]:
    """Returns alice and bob, who talk."""
    alice, bob = parley.user("alice"), parley.user("bob")
    meet(alice, bob)
    return alice, bob


def last_seen(reader: User, user_id: str) -> Any:
    """Returns when a person was last here, as both APIs tell it."""
    [over_rest] = reader.get(f"/users/presence?ids={user_id}").json["statuses"]
    socket = reader.connect()
    [over_websocket] = socket.request("request_user_status", {"user_ids": [user_id]})["data"]["statuses"]
    socket.close()
    assert over_rest == over_websocket
    return over_rest["last_seen"]


def test_switch_is_answered_and_kept(parley: Parley) -> None:
    alice = parley.user("alice")

    for hides in (True, True, False, False):
        hide(alice, hides)
        assert alice.get("/me").json["show_last_seen"] == (not hides)


def test_others_do_not_see_when_somebody_who_hides_was_last_here(parley: Parley) -> None:
    alice, bob = met(parley)
    bob.connect().close()
    assert last_seen(alice, "bob") == in_s(parley, 0)

    hide(bob)
    hidden = last_seen(alice, "bob")
    hide(bob, False)

    assert hidden is None
    assert last_seen(alice, "bob") == in_s(parley, 0)


def test_who_hides_does_not_see_it_of_others(parley: Parley) -> None:
    alice, bob = met(parley)
    bob.connect().close()

    hide(alice)

    assert last_seen(alice, "bob") is None


def test_who_hides_is_seen_online_all_the_same(parley: Parley) -> None:
    alice, bob = met(parley)
    hide(bob)
    bob.connect()

    [status] = alice.get("/users/presence?ids=bob").json["statuses"]

    assert (status["status"], status["expires_at"][:19]) == ("online", in_s(parley, LEASE_S)[:19])


def gone(frames: list[Frame]) -> list[tuple[str, Any]]:
    return [(one["status"], one["last_seen"]) for one in contents(frames)]


@pytest.mark.parametrize("hider", ["bob", "alice"])
def test_event_of_going_tells_no_time_where_one_of_both_hides(parley: Parley, hider: str) -> None:
    alice, bob = met(parley)
    carol = parley.user("carol")
    meet(bob, carol)
    screen, other = alice.connect(), carol.connect()
    hide({"alice": alice, "bob": bob}[hider])
    phone = bob.connect()
    screen.events(), other.events()

    phone.close()

    assert gone(screen.events("user_status_change")) == [("offline", None)]
    assert gone(other.events("user_status_change")) == [("offline", None if hider == "bob" else in_s(parley, 0))]


def test_event_of_a_ghost_tells_no_time_either(parley: Parley) -> None:
    alice, bob = met(parley)
    hide(bob)
    screen = alice.connect()
    parley.lose_disconnects = True
    bob.connect().close()
    parley.advance(LEASE_S - LEAST_S + 1)
    screen.request("ping")
    screen.events()
    parley.advance(LEAST_S)

    parley.run_schedule("ClearStalePresence")

    assert gone(screen.events("user_status_change")) == [("offline", None)]


def test_somebody_who_was_never_here_can_hide_and_come(parley: Parley) -> None:
    alice, bob = met(parley)
    hide(bob)
    screen = alice.connect()

    phone = bob.connect()
    coming = gone(screen.events("user_status_change"))
    phone.close()

    assert coming == [("online", None)]
    assert gone(screen.events("user_status_change")) == [("offline", None)]
    assert last_seen(alice, "bob") is None


def test_field_that_an_authoritative_host_states_is_not_the_persons(
    parley: Parley, monkeypatch: pytest.MonkeyPatch
) -> None:
    host(parley).put("/users/alice", json={"locale": "de"})
    monkeypatch.setenv("HOST_PROFILES", "authoritative")
    alice = parley.user("alice")

    both = alice.patch("/me", json={"locale": "fr", "time_zone": "Europe/Paris"})
    alone = alice.patch("/me", json={"time_zone": "Europe/Paris"})

    assert refusal(both) == ("field_not_editable", 403, [("/locale", "not_allowed")])
    assert (alone.status, alone.json["locale"], alone.json["time_zone"]) == (200, "de", "Europe/Paris")


def test_body_without_fields_changes_nothing(parley: Parley) -> None:
    alice = parley.user("alice")
    hide(alice)
    before = stored(parley)

    assert alice.patch("/me", json={}).json["show_last_seen"] is False
    assert stored(parley) == before


@pytest.mark.parametrize(
    "body, fields",
    [
        ({"show_last_seen": None}, [("/show_last_seen", "wrong_type")]),
        ({"show_last_seen": "false"}, [("/show_last_seen", "wrong_type")]),
        ({"show_last_seen": 0}, [("/show_last_seen", "wrong_type")]),
        ({"show_last_seen": False, "nickname": "Root"}, [("/nickname", "unknown_field")]),
        ({"show_last_seen": False, "role": "admin"}, [("/role", "unknown_field")]),
    ],
    ids=["null", "text", "number", "nickname", "role"],
)
def test_bad_input_is_refused_by_field(parley: Parley, body: Frame, fields: list[tuple[str, str]]) -> None:
    alice = parley.user("alice")
    before = stored(parley)

    assert refusal(alice.patch("/me", json=body)) == invalid(*fields)
    assert stored(parley) == before


def test_body_that_makes_no_sense_is_refused(parley: Parley) -> None:
    alice = parley.user("alice")

    assert malformed_bodies(lambda raw: alice.patch("/me", raw=raw)) == {}
