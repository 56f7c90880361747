"""The requests of the routes under /me/notifications and /me/notification-preferences."""

from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from parley.domain.api.fields import form
from parley.domain.api.requests import Body, StoredUserId, Time, TimeZone
from parley.domain.notifications.quiet_hours import MAX_SPANS

TimeOfDay = Annotated[
    str, form(r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$(?!\n)", "write a time of the day as 22:00, its end as 24:00", 5)
]
QuietTimes = Annotated[list[Annotated[list[TimeOfDay], Meta(min_length=2, max_length=2)]], Meta(max_length=MAX_SPANS)]


class UpdateKinds(Body, frozen=True, kw_only=True):
    """The kinds of things to tell by one channel, or not."""

    message: bool | UnsetType = UNSET
    mention: bool | UnsetType = UNSET
    reaction: bool | UnsetType = UNSET
    missed_call: bool | UnsetType = UNSET
    ticket: bool | UnsetType = UNSET
    invitation: bool | UnsetType = UNSET


class UpdateChannels(Body, frozen=True, kw_only=True):
    """The channels whose kinds change."""

    in_app: UpdateKinds | UnsetType = UNSET
    push: UpdateKinds | UnsetType = UNSET
    email: UpdateKinds | UnsetType = UNSET


class WantedQuietDays(Body, frozen=True, kw_only=True):
    """Quiet hours by the day on which they begin: pairs of local times. One that ends earlier ends on the next day."""

    mon: QuietTimes = []
    tue: QuietTimes = []
    wed: QuietTimes = []
    thu: QuietTimes = []
    fri: QuietTimes = []
    sat: QuietTimes = []
    sun: QuietTimes = []


class WantedQuietHours(Body, frozen=True, kw_only=True):
    """The weekly hours in which nothing may disturb a person, in their own time zone."""

    time_zone: TimeZone
    days: WantedQuietDays


class UpdateExceptions(Body, frozen=True, kw_only=True):
    """The things that may disturb a person even then."""

    mention: bool | UnsetType = UNSET
    urgent_ticket: bool | UnsetType = UNSET


class UpdatePreferences(Body, frozen=True, kw_only=True):
    """PATCH /me/notification-preferences: changes the given fields; `quiet_hours` are replaced whole.

    Null ends the quiet hours, or a do-not-disturb.
    """

    channels: UpdateChannels | UnsetType = UNSET
    quiet_hours: WantedQuietHours | None | UnsetType = UNSET
    do_not_disturb_until: Time | None | UnsetType = UNSET
    exceptions: UpdateExceptions | UnsetType = UNSET
    previews: bool | UnsetType = UNSET


class TraceQuery(Body, frozen=True, kw_only=True):
    """GET /messages/{message_id}/notification-trace: for the caller, or for a person."""

    user_id: StoredUserId | None = None
