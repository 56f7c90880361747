"""A person's preferences: by which channel they are told of which kind of thing, and when not."""

from collections.abc import Mapping
from typing import Literal, get_args

import msgspec
from msgspec import UNSET, Struct

from parley.domain.api.errors import Invalid
from parley.domain.api.time_zones import is_time_zone
from parley.domain.api.times import from_rfc3339, rfc3339_or_none
from parley.domain.notifications.mail_state import EmailState
from parley.domain.notifications.notice import CHANNELS, KINDS, Channel, Kind
from parley.domain.notifications.quiet_hours import (
    DAY_MINUTES,
    DAYS,
    QuietHours,
    QuietSpan,
    minutes_of,
    time_of,
    weekly,
)
from parley.domain.notifications.requests import UpdatePreferences, WantedQuietHours

QuietRule = Literal["do_not_disturb", "quiet_hours"]
QUIET_RULES: frozenset[str] = frozenset(get_args(QuietRule))
# A reaction disturbs nobody who does not ask for it.
_OFF: Mapping[Channel, frozenset[Kind]] = {
    "in_app": frozenset(),
    "push": frozenset({"reaction"}),
    "email": frozenset({"reaction"}),
}


class KindPreferences(Struct, frozen=True, kw_only=True):
    """The kinds of things that a person is told by one channel."""

    message: bool
    mention: bool
    reaction: bool
    missed_call: bool
    ticket: bool
    invitation: bool


class ChannelPreferences(Struct, frozen=True, kw_only=True):
    """The preferences of each channel."""

    in_app: KindPreferences
    push: KindPreferences
    email: KindPreferences


class QuietDays(Struct, frozen=True, kw_only=True):
    """Quiet hours by the day on which they begin: pairs of local times. One that ends earlier ends on the next day."""

    mon: list[list[str]] = []
    tue: list[list[str]] = []
    wed: list[list[str]] = []
    thu: list[list[str]] = []
    fri: list[list[str]] = []
    sat: list[list[str]] = []
    sun: list[list[str]] = []


class ShownQuietHours(Struct, frozen=True, kw_only=True):
    """The weekly hours in which a person gets no push and no e-mail."""

    time_zone: str
    days: QuietDays


class QuietExceptions(Struct, frozen=True, kw_only=True):
    """The things that disturb even in quiet hours and before `do_not_disturb_until`."""

    mention: bool
    urgent_ticket: bool


class NotificationPreferences(Struct, frozen=True, kw_only=True):
    """The preferences of the caller. Without `previews` no push and no e-mail shows the words of a message.

    `email_state` says why no e-mail comes at all: `unavailable` (the deployment sends none), `no_address`,
    `unsubscribed` (by the link in one), or what happened at their address: `bounced`, `complained`, `refused`. A new
    address, or true for a kind under `channels.email`, makes it `on` again; only the latter does after `unsubscribed`.
    """

    channels: ChannelPreferences
    quiet_hours: ShownQuietHours | None
    do_not_disturb_until: str | None
    exceptions: QuietExceptions
    previews: bool
    email_state: EmailState


class Preferences(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Preferences as they are stored: only what a person has chosen, so that a later default reaches all others."""

    chosen: Mapping[Channel, Mapping[Kind, bool]] = {}
    quiet_hours: QuietHours | None = None
    do_not_disturb_until_ms: int | None = None
    mention_disturbs: bool = False
    urgent_ticket_disturbs: bool = False
    previews: bool = True

    def wants(self, kind: Kind, channel: Channel) -> bool:
        """Says whether the person is told of this kind of thing by this channel."""
        return self.chosen.get(channel, {}).get(kind, kind not in _OFF[channel])

    def is_quiet(self, at_ms: int, kind: Kind, *, urgent: bool = False) -> bool:
        """Says whether the person is not to be disturbed now; `urgent` is a thing of an urgent ticket."""
        return self.quiet_rule(at_ms, kind, urgent=urgent) is not None

    def quiet_rule(self, at_ms: int, kind: Kind, *, urgent: bool = False) -> QuietRule | None:
        """Returns by which rule the person is not to be disturbed now; None if they may be."""
        if (self.mention_disturbs and kind == "mention") or (self.urgent_ticket_disturbs and urgent):
            return None
        if self.do_not_disturb_until_ms is not None and at_ms < self.do_not_disturb_until_ms:
            return "do_not_disturb"
        return "quiet_hours" if self.quiet_hours is not None and self.quiet_hours.covers(at_ms) else None

    def quiet_until_ms(self, at_ms: int) -> int | None:
        """Returns when the person may be disturbed again: `at_ms` if now, None if their quiet hours never end."""
        until_ms = max(at_ms, self.do_not_disturb_until_ms or 0)
        return until_ms if self.quiet_hours is None else self.quiet_hours.until_ms(until_ms)


DEFAULTS = Preferences()


def shown(preferences: Preferences, email_state: EmailState) -> NotificationPreferences:
    """Returns preferences as the person sees them."""
    channels = {
        channel: KindPreferences(**{kind: preferences.wants(kind, channel) for kind in KINDS}) for channel in CHANNELS
    }
    return NotificationPreferences(
        channels=ChannelPreferences(**channels),
        quiet_hours=None if preferences.quiet_hours is None else _shown_hours(preferences.quiet_hours),
        do_not_disturb_until=rfc3339_or_none(preferences.do_not_disturb_until_ms),
        exceptions=QuietExceptions(
            mention=preferences.mention_disturbs, urgent_ticket=preferences.urgent_ticket_disturbs
        ),
        previews=preferences.previews,
        email_state=email_state,
    )


def changed(before: Preferences, wanted: UpdatePreferences) -> Preferences:
    """Returns preferences after a request, which changes the fields that it has; raises Invalid."""
    new: dict[str, object] = {"chosen": _chosen(before, wanted)}
    if wanted.quiet_hours is not UNSET:
        new["quiet_hours"] = None if wanted.quiet_hours is None else _hours(wanted.quiet_hours)
    if wanted.do_not_disturb_until is not UNSET:
        new["do_not_disturb_until_ms"] = _until_ms(wanted.do_not_disturb_until)
    if wanted.exceptions is not UNSET:
        for name in ("mention", "urgent_ticket"):
            if (value := getattr(wanted.exceptions, name)) is not UNSET:
                new[f"{name}_disturbs"] = value
    if wanted.previews is not UNSET:
        new["previews"] = wanted.previews
    return msgspec.structs.replace(before, **new)


def current(preferences: Preferences, now_ms: int) -> Preferences:
    """Returns preferences without a `do_not_disturb_until` that is over."""
    until_ms = preferences.do_not_disturb_until_ms
    is_over = until_ms is not None and until_ms <= now_ms
    return msgspec.structs.replace(preferences, do_not_disturb_until_ms=None) if is_over else preferences


def disturbs_sooner(before: Preferences, after: Preferences, now_ms: int) -> bool:
    """Says whether a change ends a quiet time sooner, or lets more through: what was held back may be told then."""
    was_until_ms, until_ms = before.quiet_until_ms(now_ms), after.quiet_until_ms(now_ms)
    if was_until_ms == now_ms:
        return False
    lets_mentions = after.mention_disturbs and not before.mention_disturbs
    lets_tickets = after.urgent_ticket_disturbs and not before.urgent_ticket_disturbs
    is_sooner = until_ms is not None and (was_until_ms is None or until_ms < was_until_ms)
    return is_sooner or lets_mentions or lets_tickets


def wants_email(wanted: UpdatePreferences) -> bool:
    """Says whether a request asks for e-mails of any kind."""
    email = UNSET if wanted.channels is UNSET else wanted.channels.email
    return email is not UNSET and any(getattr(email, kind) is True for kind in KINDS)


def _chosen(before: Preferences, wanted: UpdatePreferences) -> Mapping[Channel, Mapping[Kind, bool]]:
    chosen = {channel: dict(kinds) for channel, kinds in before.chosen.items()}
    if wanted.channels is not UNSET:
        for channel in CHANNELS:
            if (kinds := getattr(wanted.channels, channel)) is not UNSET:
                given = {kind: value for kind in KINDS if (value := getattr(kinds, kind)) is not UNSET}
                chosen[channel] = chosen.get(channel, {}) | given
    return chosen


def _until_ms(text: str | None) -> int | None:
    if text is None:
        return None
    until_ms = from_rfc3339(text)
    if until_ms is None:
        raise Invalid.field("/do_not_disturb_until", "bad_format", "There is no such time.")
    return until_ms


def _hours(wanted: WantedQuietHours) -> QuietHours:
    if not is_time_zone(wanted.time_zone):
        raise Invalid.field("/quiet_hours/time_zone", "not_allowed", "There is no time zone of this name.")
    return QuietHours(
        time_zone=wanted.time_zone,
        week=weekly({day: _spans(f"/quiet_hours/days/{day}", getattr(wanted.days, day)) for day in DAYS}),
    )


def _spans(pointer: str, given: list[list[str]]) -> tuple[QuietSpan, ...]:
    spans = []
    for number, (start, end) in enumerate(given):
        span = QuietSpan(minutes_of(start), minutes_of(end))
        if span.start == DAY_MINUTES:
            raise Invalid.field(f"{pointer}/{number}/0", "not_allowed", "Quiet hours begin at 23:59 at the latest.")
        if span.start == span.end:
            detail = "Quiet hours end at another time than they begin; a whole day is 00:00 to 24:00."
            raise Invalid.field(f"{pointer}/{number}/1", "not_allowed", detail)
        spans.append(span)
    return tuple(spans)


def _shown_hours(hours: QuietHours) -> ShownQuietHours:
    days = {
        day: [[time_of(span.start), time_of(span.end)] for span in spans]
        for day, spans in zip(DAYS, hours.week, strict=True)
    }
    return ShownQuietHours(time_zone=hours.time_zone, days=QuietDays(**days))
