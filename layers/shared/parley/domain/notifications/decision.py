"""The decision whether a person is told of one thing by one channel: facts in, a verdict with its rule out.

It is made as late as possible, and again for each channel: all that has happened meanwhile counts.
"""

from typing import Literal

from msgspec import Struct

from parley.domain.api.times import from_rfc3339
from parley.domain.api.types import Settings
from parley.domain.notifications.notice import Channel, Kind
from parley.domain.notifications.preferences import DEFAULTS, Preferences

Rule = Literal[
    "told",
    "erased",
    "suspended",
    "own_message",
    "not_member",
    "message_deleted",
    "blocked",
    "read",
    "seen",
    "taken",
    "muted",
    "archived",
    "level",
    "preference_off",
    "open_on_a_device",
    "do_not_disturb",
    "quiet_hours",
    "no_device",
    "no_email",
    "collapsed",
]
COLLAPSE_MS = 30_000  # since a push of the same conversation that is not read yet
REPEATED: frozenset[Kind] = frozenset({"reaction", "invitation"})  # can be done and undone at will
REPEATED_MS = 10 * 60_000  # since a push of the same entry, of these
# A setting of a conversation is about what is written there; an invitation comes before any setting.
_OUTSIDE_SETTINGS: frozenset[Kind] = frozenset({"invitation"})
# The kinds that a conversation is silent of after the person has archived or left it, up to its next message (D-852).
_OF_CONVERSATION: frozenset[Kind] = frozenset({"message", "mention", "reaction", "missed_call"})
_WRITTEN: frozenset[Kind] = frozenset({"message", "reaction"})  # what the level `mentions` keeps away


class Facts(Struct, frozen=True, kw_only=True):
    """All that a decision depends on, as it is at `now_ms`.

    `has_read` says that a marker of the person has reached the message, on any device; `has_seen` that they have marked
    the entry of the inbox. `is_open` says that a live device has the conversation open and has received the message:
    to be connected alone keeps nothing away, because a vanished device counts as connected until its lease ends.
    `is_archived` says that the person has archived the conversation and no message has come since.
    `is_taken` is of a ticket that looked for an agent. `pushed_at_ms` is the conversation's last push that the person
    has not read yet, `told_at_ms` the last push of this entry.
    """

    kind: Kind
    now_ms: int
    is_own: bool = False
    is_erased: bool = False
    is_suspended: bool = False
    is_member: bool = True
    is_deleted: bool = False
    is_blocked: bool = False
    has_read: bool = False
    has_seen: bool = False
    is_taken: bool = False
    is_archived: bool = False
    is_urgent: bool = False
    settings: Settings = Settings()
    preferences: Preferences = DEFAULTS
    is_open: bool = False
    has_device: bool = False
    has_email: bool = False
    pushed_at_ms: int | None = None
    told_at_ms: int | None = None


class Verdict(Struct, frozen=True):
    """The answer of a decision, and the rule that gave it; a client sees the name of the rule in a trace."""

    told: bool
    rule: Rule


TOLD = Verdict(True, "told")


def decide(facts: Facts, channel: Channel) -> Verdict:
    """Returns whether a person is told by a channel; the first rule that keeps it away gives the reason."""
    rule = _of_person(facts) or _of_thing(facts) or _of_settings(facts) or _of_channel(facts, channel)
    return TOLD if rule is None else Verdict(False, rule)


def _of_person(facts: Facts) -> Rule | None:
    if facts.is_erased:
        return "erased"
    if facts.is_suspended:
        return "suspended"
    if facts.is_own:
        return "own_message"
    return None if facts.is_member else "not_member"


def _of_thing(facts: Facts) -> Rule | None:
    if facts.is_deleted:
        return "message_deleted"
    if facts.is_blocked:
        return "blocked"
    if facts.has_read:
        return "read"
    if facts.is_taken:
        return "taken"
    return "seen" if facts.has_seen else None


def _of_settings(facts: Facts) -> Rule | None:
    """Returns what the person's settings of the conversation say."""
    if facts.kind in _OUTSIDE_SETTINGS:
        return None
    until = facts.settings.muted_until
    if until is not None and facts.now_ms < (from_rfc3339(until) or 0):
        return "muted"
    if facts.is_archived and facts.kind in _OF_CONVERSATION:
        return "archived"
    level = facts.settings.notifications
    if level == "none" or (level == "mentions" and facts.kind in _WRITTEN):
        return "level"
    return None


def _of_channel(facts: Facts, channel: Channel) -> Rule | None:
    if not facts.preferences.wants(facts.kind, channel):
        return "preference_off"
    if facts.is_open:
        return "open_on_a_device"
    if channel == "in_app":
        return None
    quiet = facts.preferences.quiet_rule(facts.now_ms, facts.kind, urgent=facts.is_urgent)
    if quiet is not None:
        return quiet
    if channel == "email":
        return None if facts.has_email else "no_email"
    if not facts.has_device:
        return "no_device"
    if facts.pushed_at_ms is not None and facts.now_ms < facts.pushed_at_ms + COLLAPSE_MS:
        return "collapsed"
    if facts.kind in REPEATED and facts.told_at_ms is not None and facts.now_ms < facts.told_at_ms + REPEATED_MS:
        return "collapsed"
    return None
