"""Preferences of notifications: what a request changes, what it must not say, and what a person is told."""

import pytest

from parley.domain.api.bodies import decode
from parley.domain.api.errors import Invalid
from parley.domain.api.times import HOUR_MS
from parley.domain.notifications.notice import CHANNELS, KINDS
from parley.domain.notifications.preferences import DEFAULTS, Preferences, changed, shown
from parley.domain.notifications.requests import UpdatePreferences

NOW_MS = 1_795_960_800_000  # 2026-11-29T14:00:00Z, a Sunday


def patched(body: str, before: Preferences = DEFAULTS) -> Preferences:
    return changed(before, decode(body, UpdatePreferences))


def refusal(body: str) -> tuple[str, str]:
    """Returns pointer and code of the first wrong field."""
    with pytest.raises(Invalid) as refused:
        patched(body)
    field = refused.value.fields[0]
    return field.pointer, field.code


def test_everything_is_told_but_reactions_outside_of_the_app() -> None:
    told = {(channel, kind) for channel in CHANNELS for kind in KINDS if DEFAULTS.wants(kind, channel)}

    assert {(channel, kind) for channel in CHANNELS for kind in KINDS} - told == {
        ("push", "reaction"),
        ("email", "reaction"),
    }


def test_a_change_leaves_all_else_as_it_was() -> None:
    first = patched('{"channels": {"email": {"message": false}}, "previews": false}')
    second = patched('{"channels": {"email": {"ticket": false}, "push": {"reaction": true}}}', first)

    assert not second.wants("message", "email") and not second.wants("ticket", "email")
    assert second.wants("mention", "email") and second.wants("reaction", "push")
    assert second.wants("message", "push") and not second.previews
    assert patched("{}", second) == second


def test_quiet_hours_are_shown_as_they_were_given_and_end_with_null() -> None:
    given = patched('{"quiet_hours": {"time_zone": "Europe/Berlin", "days": {"mon": [["22:00", "07:00"]]}}}')
    answer = shown(given, "on").quiet_hours

    assert answer is not None and answer.time_zone == "Europe/Berlin"
    assert answer.days.mon == [["22:00", "07:00"]] and answer.days.tue == []
    assert patched('{"quiet_hours": null}', given) == DEFAULTS


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        (
            '{"quiet_hours": {"time_zone": "Europe/Atlantis", "days": {}}}',
            "/quiet_hours/time_zone",
            "not_allowed",
        ),
        ('{"quiet_hours": {"time_zone": "nowhere", "days": {}}}', "/quiet_hours/time_zone", "bad_format"),
        ('{"quiet_hours": {"days": {}}}', "/quiet_hours/time_zone", "required"),
        ('{"quiet_hours": {"time_zone": "UTC"}}', "/quiet_hours/days", "required"),
        (
            '{"quiet_hours": {"time_zone": "UTC", "days": {"mon": [["22:00"]]}}}',
            "/quiet_hours/days/mon/0",
            "too_few_items",
        ),
        (
            '{"quiet_hours": {"time_zone": "UTC", "days": {"mon": [["22:00", "22:00"]]}}}',
            "/quiet_hours/days/mon/0/1",
            "not_allowed",
        ),
        (
            '{"quiet_hours": {"time_zone": "UTC", "days": {"mon": [["24:00", "07:00"]]}}}',
            "/quiet_hours/days/mon/0/0",
            "not_allowed",
        ),
        (
            '{"quiet_hours": {"time_zone": "UTC", "days": {"mon": [["22:00", "25:00"]]}}}',
            "/quiet_hours/days/mon/0/1",
            "bad_format",
        ),
        ('{"quiet_hours": {"time_zone": "UTC", "days": {"monday": []}}}', "/quiet_hours/days/monday", "unknown_field"),
        ('{"channels": {"sms": {}}}', "/channels/sms", "unknown_field"),
        ('{"channels": {"push": {"messages": true}}}', "/channels/push/messages", "unknown_field"),
        ('{"channels": {"push": {"message": "yes"}}}', "/channels/push/message", "wrong_type"),
        ('{"do_not_disturb_until": "2026-02-30T00:00:00Z"}', "/do_not_disturb_until", "bad_format"),
        ('{"exceptions": {"calls": true}}', "/exceptions/calls", "unknown_field"),
    ],
)
def test_a_wrong_field_is_named(body: str, pointer: str, code: str) -> None:
    assert refusal(body) == (pointer, code)


def test_a_day_has_five_quiet_spans_at_most() -> None:
    pairs = ", ".join(f'["0{hour}:00", "0{hour}:30"]' for hour in range(6))
    body = '{"quiet_hours": {"time_zone": "UTC", "days": {"mon": [%s]}}}'

    assert refusal(body % pairs) == ("/quiet_hours/days/mon", "too_many_items")
    assert patched(body % pairs.rpartition(", [")[0]).quiet_hours is not None


def test_do_not_disturb_ends_by_itself() -> None:
    resting = patched('{"do_not_disturb_until": "2026-11-29T15:00:00Z"}')

    assert resting.is_quiet(NOW_MS, "message") and resting.is_quiet(NOW_MS + HOUR_MS - 1, "mention")
    assert not resting.is_quiet(NOW_MS + HOUR_MS, "message")
    assert resting.quiet_until_ms(NOW_MS) == NOW_MS + HOUR_MS


def test_exceptions_disturb_in_quiet_hours_and_before_the_end_of_a_do_not_disturb() -> None:
    quiet = patched(
        """{"do_not_disturb_until": "2026-11-29T14:30:00Z", "exceptions": {"mention": true, "urgent_ticket": true},
            "quiet_hours": {"time_zone": "UTC", "days": {"sun": [["00:00", "24:00"]]}}}"""
    )
    later_ms = NOW_MS + HOUR_MS

    assert quiet.is_quiet(later_ms, "message") and quiet.is_quiet(NOW_MS, "ticket")
    assert not quiet.is_quiet(NOW_MS, "mention") and not quiet.is_quiet(later_ms, "mention")
    assert not quiet.is_quiet(NOW_MS, "ticket", urgent=True)
    assert quiet.quiet_until_ms(NOW_MS) == NOW_MS + 10 * HOUR_MS
