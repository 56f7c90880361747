"""The caller: their identity, what is unread, what they may use, and what they hide."""

from msgspec import UNSET, Struct

from parley.actions import push
from parley.actions.conversations.unread import UnreadCount, count_unread
from parley.actions.parallel import in_parallel
from parley.actions.people import own_profiles
from parley.actions.people.profiles import as_json, own_profile
from parley.adapters import limits
from parley.adapters.attachments.limits import client_limits
from parley.adapters.live import connections
from parley.adapters.notifications import vapid
from parley.adapters.people import account_states, warnings
from parley.domain.api.request import Request
from parley.domain.api.requests import UpdateMe
from parley.domain.api.suspension import OwnSuspension, own_suspension
from parley.domain.api.types import ClientLimits, JsonObject
from parley.domain.api.warning import OwnWarning, own_warning
from parley.domain.live.client_settings import Sizes, Timers
from parley.domain.people.profile import EDITABLE
from parley.domain.release import VERSION


class NotificationSettings(Struct, frozen=True, kw_only=True):
    """Values that a client needs to be notified. The key is for `PushManager.subscribe`; null: no Web Push here."""

    web_push_public_key: str | None


class Me(Struct, frozen=True, kw_only=True):
    """The caller, with unread totals, and what their client must keep to: limits, timers.

    Without `show_last_seen` nobody sees when the caller was last online, and the caller does not see it of others.
    """

    id: str
    name: str
    role: str
    contexts: dict[str, list[str]]
    profile_seq: int
    avatar_url: str | None
    locale: str | None
    time_zone: str | None
    email: str | None
    metadata: JsonObject | None
    show_last_seen: bool
    suspension: OwnSuspension | None
    warnings: list[OwnWarning]
    unread: UnreadCount
    notifications: NotificationSettings
    limits: ClientLimits
    sizes: Sizes
    timers: Timers
    version: str


def get_me(request: Request) -> Me:
    """Returns the caller; two round trips. The first call of a process reads the secret of Web Push beside them."""
    heartbeat = limits.heartbeat()
    ((unread, [mine]), own), (given, web_push_key) = in_parallel(
        lambda: in_parallel(
            lambda: push.beside(lambda: count_unread(request), [request.user_id]), lambda: own_profile(request)
        ),
        lambda: in_parallel(lambda: warnings.get_warnings(request.user_id), vapid.public_key),
    )
    suspension = account_states.own_suspension()  # read with the first of the calls above
    return Me(
        id=request.user_id,
        name=own.name,
        role=own.role,
        contexts={context_type: list(held) for context_type, held in own.contexts.items()},
        profile_seq=own.profile_seq,
        avatar_url=own.avatar_url,
        locale=own.locale,
        time_zone=own.time_zone,
        email=own.email,
        metadata=as_json(own.metadata),
        show_last_seen=not mine.hides_last_seen,
        suspension=own_suspension(suspension) if suspension is not None else None,
        warnings=[own_warning(warning) for warning in given.warnings],
        unread=unread,
        notifications=NotificationSettings(web_push_public_key=web_push_key),
        limits=client_limits(),
        sizes=Sizes(),
        timers=Timers(heartbeat_s=heartbeat.interval_s, lease_s=heartbeat.lease_s),
        version=VERSION,
    )


def update_me(request: Request, wanted: UpdateMe) -> Me:
    """Sets what the caller states of themselves, and what they hide; returns the caller.

    Two round trips, one more to hide or show, two more for a field of the profile.
    """
    stated = [name for name in EDITABLE if getattr(wanted, name) is not UNSET]
    own_profiles.check_editable(request, stated)
    if stated:
        own_profiles.state(request, wanted, stated)
    if wanted.show_last_seen is not UNSET:
        connections.show_last_seen(request.user_id, wanted.show_last_seen)
    return get_me(request)
