"""PATCH /me/notification-preferences: set by which channel the caller is told of what, and their quiet hours."""

from typing import Any

import pytest

from parley.domain.api.times import rfc3339
from tests.functional.notifying import spoil
from tests.functional.replies import Meanwhile
from tests.harness import Parley

PATH = "/me/notification-preferences"
NIGHT = {"time_zone": "Europe/Berlin", "days": {"mon": [["22:00", "07:00"]], "sat": [["00:00", "24:00"]]}}


def test_a_change_leaves_the_rest_as_it_was(parley: Parley) -> None:
    bob = parley.user("bob")
    bob.patch(PATH, json={"quiet_hours": NIGHT, "exceptions": {"mention": True}})

    reply = bob.patch(PATH, json={"channels": {"push": {"message": False}}, "previews": False})

    assert reply.status == 200, reply
    assert reply.json == bob.get(PATH).json
    assert reply.json["channels"]["push"]["message"] is False and reply.json["channels"]["push"]["mention"]
    assert reply.json["quiet_hours"]["days"]["mon"] == [["22:00", "07:00"]]
    assert reply.json["quiet_hours"]["days"]["sat"] == [["00:00", "24:00"]]
    assert reply.json["exceptions"] == {"mention": True, "urgent_ticket": False}
    assert not reply.json["previews"]


def test_a_do_not_disturb_that_is_over_counts_as_null(parley: Parley) -> None:
    bob = parley.user("bob")
    assert bob.patch(PATH, json={"do_not_disturb_until": "2001-01-01T00:00:00Z"}).json["do_not_disturb_until"] is None

    soon = bob.patch(PATH, json={"do_not_disturb_until": rfc3339(parley.clock() + 60_000)}).json
    assert bob.get(PATH).json["do_not_disturb_until"] == soon["do_not_disturb_until"] is not None
    parley.advance(61)

    assert bob.get(PATH).json["do_not_disturb_until"] is None


def test_null_ends_quiet_hours_and_a_do_not_disturb(parley: Parley) -> None:
    bob = parley.user("bob")
    set_to = bob.patch(PATH, json={"quiet_hours": NIGHT, "do_not_disturb_until": "2030-01-01T00:00:00+01:00"}).json
    assert set_to["do_not_disturb_until"] == "2029-12-31T23:00:00.000Z"

    ended = bob.patch(PATH, json={"quiet_hours": None, "do_not_disturb_until": None}).json

    assert (ended["quiet_hours"], ended["do_not_disturb_until"]) == (None, None)


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ({"quiet_hours": NIGHT | {"time_zone": "Europe/Atlantis"}}, "/quiet_hours/time_zone", "not_allowed"),
        ({"quiet_hours": NIGHT | {"days": {"mon": [["22:00"]]}}}, "/quiet_hours/days/mon/0", "too_few_items"),
        ({"quiet_hours": NIGHT | {"days": {"mon": [["9:00", "10:00"]]}}}, "/quiet_hours/days/mon/0/0", "bad_format"),
        ({"quiet_hours": NIGHT | {"days": {"mo": []}}}, "/quiet_hours/days/mo", "unknown_field"),
        ({"do_not_disturb_until": "tomorrow"}, "/do_not_disturb_until", "bad_format"),
        ({"channels": {"sms": {"message": True}}}, "/channels/sms", "unknown_field"),
    ],
)
def test_a_wrong_field_is_named_and_nothing_changes(parley: Parley, body: Any, pointer: str, code: str) -> None:
    bob = parley.user("bob")
    before = bob.get(PATH).json

    reply = bob.patch(PATH, json=body)

    assert reply.status == 400, reply
    assert [(field["pointer"], field["code"]) for field in reply.json["errors"]] == [(pointer, code)]
    assert bob.get(PATH).json == before


def test_two_changes_at_once_are_both_kept(parley: Parley) -> None:
    bob = parley.user("bob")
    change = lambda: bob.patch(PATH, json={"previews": False})  # noqa: E731
    parley.hooks.append(Meanwhile("PutItem", change))

    assert bob.patch(PATH, json={"exceptions": {"mention": True}}).status == 200

    kept = bob.get(PATH).json
    assert (kept["previews"], kept["exceptions"]["mention"]) == (False, True)


@pytest.mark.parametrize("attribute", ["document", "revision"])
def test_preferences_that_cannot_be_read_can_be_set_again(parley: Parley, attribute: str) -> None:
    bob = parley.user("bob")
    bob.patch(PATH, json={"quiet_hours": NIGHT})
    spoil(parley, "bob", "~preferences", attribute)

    assert bob.patch(PATH, json={"previews": False}).status == 200

    kept = bob.get(PATH).json
    assert (kept["previews"], kept["quiet_hours"]) == (False, None)
