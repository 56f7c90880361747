"""The decision of each notification: every rule keeps away what it names, and nothing else."""

from typing import Any, get_args

import pytest
from msgspec.structs import replace

from parley.domain.api.times import rfc3339
from parley.domain.api.types import Settings
from parley.domain.notifications.decision import COLLAPSE_MS, Facts, Rule, decide
from parley.domain.notifications.notice import CHANNELS, KINDS, Kind
from parley.domain.notifications.preferences import Preferences
from parley.domain.notifications.quiet_hours import DAY_MINUTES, QuietHours, QuietSpan

NOW_MS = 1_795_960_800_000
RESTING = Preferences(do_not_disturb_until_ms=NOW_MS + 1)
QUIET = Preferences(quiet_hours=QuietHours(time_zone="UTC", week=((QuietSpan(0, DAY_MINUTES),),) * 7))
OFF = Preferences(chosen={channel: {"message": False} for channel in CHANNELS})


def facts(kind: Kind = "message", **known: Any) -> Facts:
    """Returns the facts of a message that every channel tells, changed by what is known."""
    return replace(Facts(kind=kind, now_ms=NOW_MS, has_device=True, has_email=True), **known)


TABLE: list[tuple[dict[str, Any], dict[str, str]]] = [
    ({}, {"in_app": "told", "push": "told", "email": "told"}),
    ({"is_erased": True, "is_own": True}, dict.fromkeys(CHANNELS, "erased")),
    ({"is_suspended": True, "has_read": True}, dict.fromkeys(CHANNELS, "suspended")),
    ({"is_own": True}, dict.fromkeys(CHANNELS, "own_message")),
    ({"is_member": False}, dict.fromkeys(CHANNELS, "not_member")),
    ({"is_deleted": True, "has_read": True}, dict.fromkeys(CHANNELS, "message_deleted")),
    ({"is_blocked": True}, dict.fromkeys(CHANNELS, "blocked")),
    ({"has_read": True}, dict.fromkeys(CHANNELS, "read")),
    ({"is_taken": True}, dict.fromkeys(CHANNELS, "taken")),
    ({"has_seen": True}, dict.fromkeys(CHANNELS, "seen")),
    ({"settings": Settings(muted_until=rfc3339(NOW_MS + 1))}, dict.fromkeys(CHANNELS, "muted")),
    ({"settings": Settings(muted_until=rfc3339(NOW_MS))}, dict.fromkeys(CHANNELS, "told")),
    ({"is_archived": True}, dict.fromkeys(CHANNELS, "archived")),
    ({"settings": Settings(notifications="mentions")}, dict.fromkeys(CHANNELS, "level")),
    ({"settings": Settings(notifications="none")}, dict.fromkeys(CHANNELS, "level")),
    ({"preferences": OFF}, dict.fromkeys(CHANNELS, "preference_off")),
    ({"is_open": True}, dict.fromkeys(CHANNELS, "open_on_a_device")),
    ({"preferences": RESTING}, {"in_app": "told", "push": "do_not_disturb", "email": "do_not_disturb"}),
    ({"preferences": QUIET}, {"in_app": "told", "push": "quiet_hours", "email": "quiet_hours"}),
    ({"has_device": False}, {"in_app": "told", "push": "no_device", "email": "told"}),
    ({"has_email": False}, {"in_app": "told", "push": "told", "email": "no_email"}),
    ({"pushed_at_ms": NOW_MS - COLLAPSE_MS + 1}, {"in_app": "told", "push": "collapsed", "email": "told"}),
    ({"pushed_at_ms": NOW_MS - COLLAPSE_MS}, dict.fromkeys(CHANNELS, "told")),
]


@pytest.mark.parametrize(("known", "rules"), TABLE)
def test_the_first_rule_that_keeps_a_message_away_gives_the_reason(
    known: dict[str, Any], rules: dict[str, str]
) -> None:
    verdicts = {channel: decide(facts(**known), channel) for channel in CHANNELS}

    assert {channel: verdict.rule for channel, verdict in verdicts.items()} == rules
    assert all(verdict.told == (verdict.rule == "told") for verdict in verdicts.values())


def test_every_rule_has_a_line_of_the_table() -> None:
    assert {rule for _, rules in TABLE for rule in rules.values()} == set(get_args(Rule))


@pytest.mark.parametrize("kind", KINDS)
def test_the_level_mentions_keeps_away_what_is_written_to_all(kind: Kind) -> None:
    verdict = decide(facts(kind, settings=Settings(notifications="mentions")), "in_app")

    assert verdict.rule == ("level" if kind in ("message", "reaction") else "told")


@pytest.mark.parametrize("kind", KINDS)
def test_archived_conversation_says_nothing_of_what_people_do_there(kind: Kind) -> None:
    verdict = decide(facts(kind, is_archived=True), "in_app")

    assert verdict.rule == ("told" if kind in ("invitation", "ticket") else "archived")


@pytest.mark.parametrize("kind", KINDS)
def test_only_an_invitation_comes_through_a_mute(kind: Kind) -> None:
    muted = Settings(muted_until=rfc3339(NOW_MS + 1), notifications="none")

    assert decide(facts(kind, settings=muted), "in_app").rule == ("told" if kind == "invitation" else "muted")


@pytest.mark.parametrize(
    ("kind", "known", "exceptions", "rule"),
    [
        ("mention", {}, {"mention_disturbs": True}, "told"),
        ("message", {}, {"mention_disturbs": True}, "do_not_disturb"),
        ("ticket", {"is_urgent": True}, {"urgent_ticket_disturbs": True}, "told"),
        ("ticket", {}, {"urgent_ticket_disturbs": True}, "do_not_disturb"),
        ("mention", {}, {}, "do_not_disturb"),
    ],
)
def test_a_person_chooses_what_may_disturb_them(
    kind: Kind, known: dict[str, Any], exceptions: dict[str, bool], rule: str
) -> None:
    assert decide(facts(kind, preferences=replace(RESTING, **exceptions), **known), "push").rule == rule


def test_a_device_that_is_only_connected_keeps_nothing_away() -> None:
    """Facts know no presence: only a conversation that is open on a device with the message in it counts."""
    assert "is_present" not in Facts.__struct_fields__ and decide(facts(is_open=False), "push").told
