"""PATCH /conversations/{conversation_id}/settings: what one person has set, on all their devices."""

import pytest

from tests.functional.replies import Meanwhile, invalid, refusal
from tests.functional.talk import contents, open_direct
from tests.harness import Parley


def test_settings_are_the_callers_alone(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    direct = open_direct(alice, bob)
    body = {"pinned": True, "muted_until": "2030-01-01T12:00:00+02:00", "notifications": "mentions"}

    settings = alice.patch(f"/conversations/{direct}/settings", json=body).json["settings"]

    assert settings == {"pinned": True, "muted_until": "2030-01-01T10:00:00.000Z", "notifications": "mentions"}
    assert alice.get(f"/conversations/{direct}").json["settings"] == settings
    assert bob.get(f"/conversations/{direct}").json["settings"]["pinned"] is False


@pytest.mark.parametrize(
    ("wanted", "set_until"),
    [
        ("9999-12-31T23:59:59.9999999Z", "9999-12-31T23:59:59.999Z"),
        ("9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999Z"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000Z"),
        ("1969-12-31T23:59:59.9995Z", "1969-12-31T23:59:59.999Z"),
    ],
    ids=[".NET's maximum", "Python's maximum", "minimum", "before 1970"],
)
def test_ends_of_time_come_back_as_they_were_set(parley: Parley, wanted: str, set_until: str) -> None:
    alice = parley.user("alice")
    direct = open_direct(alice, parley.user("bob"))

    reply = alice.patch(f"/conversations/{direct}/settings", json={"muted_until": wanted})

    assert (reply.status, reply.json["settings"]["muted_until"]) == (200, set_until)
    assert alice.get(f"/conversations/{direct}").json["settings"]["muted_until"] == set_until


@pytest.mark.parametrize("wanted", ["9999-12-31T23:59:59.9999999-01:00", "0001-01-01T00:00:00+01:00"])
def test_time_that_utc_cannot_write_is_refused(parley: Parley, wanted: str) -> None:
    alice = parley.user("alice")
    path = f"/conversations/{open_direct(alice, parley.user('bob'))}/settings"

    assert refusal(alice.patch(path, json={"muted_until": wanted})) == invalid(("/muted_until", "bad_format"))


def test_what_is_not_named_stays(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    path = f"/conversations/{open_direct(alice, bob)}/settings"
    alice.patch(path, json={"pinned": True, "muted_until": "2030-01-01T00:00:00Z"})

    settings = alice.patch(path, json={"muted_until": None}).json["settings"]

    assert settings == {"pinned": True, "muted_until": None, "notifications": "all"}


def test_pinned_conversations_are_a_list_of_their_own(parley: Parley) -> None:
    alice = parley.user("alice")
    first, second = (open_direct(alice, parley.user(one)) for one in ("bob", "carol"))
    alice.patch(f"/conversations/{first}/settings", json={"pinned": True})

    pinned = alice.get("/conversations?state=pinned").json

    assert [one["id"] for one in pinned["conversations"]] == [first]
    alice.patch(f"/conversations/{first}/settings", json={"pinned": False})
    assert alice.get("/conversations?state=pinned").json["conversations"] == []


@pytest.mark.parametrize("had_set", [{}, {"pinned": True}, {"muted_until": None}], ids=["nothing", "a pin", "defaults"])
def test_what_another_device_sets_meanwhile_stays(parley: Parley, had_set: dict[str, object]) -> None:
    alice = parley.user("alice")
    direct = open_direct(alice, parley.user("bob"))
    path = f"/conversations/{direct}/settings"
    if had_set:
        alice.patch(path, json=had_set)
    laptop = alice.connect()
    meanwhile = Meanwhile("UpdateItem", lambda: alice.patch(path, json={"pinned": True, "notifications": "none"}))
    parley.hooks.append(meanwhile)

    settings = alice.patch(path, json={"muted_until": "2030-01-01T00:00:00Z"}).json["settings"]

    assert meanwhile.happened
    assert settings == {"pinned": True, "muted_until": "2030-01-01T00:00:00.000Z", "notifications": "none"}
    assert alice.get(f"/conversations/{direct}").json["settings"] == settings
    assert contents(laptop.events("conversation_updated"))[-1]["own"]["settings"] == settings
    assert [one["id"] for one in alice.get("/conversations?state=pinned").json["conversations"]] == [direct]


def test_ones_other_devices_are_told(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    direct = open_direct(alice, bob)
    mine, theirs = alice.connect(), bob.connect()
    theirs.events()

    alice.patch(f"/conversations/{direct}/settings", json={"notifications": "none"})

    [told] = contents(mine.events("conversation_updated"))
    assert told["own"]["settings"]["notifications"] == "none"
    assert theirs.events() == []


def test_setting_again_what_is_set_is_no_change_and_told_again(parley: Parley) -> None:
    alice = parley.user("alice")
    direct = open_direct(alice, parley.user("bob"))
    screen = alice.connect()

    first, again = (alice.patch(f"/conversations/{direct}/settings", json={"pinned": True}).json for _ in range(2))

    assert (again, again["own_seq"]) == (first, 1)
    told, told_again = contents(screen.events("conversation_updated"))
    assert told == told_again


def test_nobody_pins_more_than_fifty(parley: Parley) -> None:
    alice = parley.user("alice")
    directs = [open_direct(alice, parley.bearer("", f"u{number}")) for number in range(51)]
    replies = [alice.patch(f"/conversations/{one}/settings", json={"pinned": True}) for one in directs]

    assert [reply.status for reply in replies] == [200] * 50 + [409]
    assert refusal(replies[-1])[0] == "too_many_pinned"


def test_wrong_fields_are_named(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    path = f"/conversations/{open_direct(alice, bob)}/settings"

    assert refusal(alice.patch(path, json={"pinned": 1})) == invalid(("/pinned", "wrong_type"))
    assert refusal(alice.patch(path, json={"muted_until": "soon"})) == invalid(("/muted_until", "bad_format"))
    never = {"muted_until": "2030-02-31T00:00:00Z"}
    assert refusal(alice.patch(path, json=never)) == invalid(("/muted_until", "bad_format"))
    assert refusal(alice.patch(path, json={"notifications": "some"})) == invalid(("/notifications", "not_allowed"))
    assert refusal(alice.patch(path, json={"archived": True})) == invalid(("/archived", "unknown_field"))
