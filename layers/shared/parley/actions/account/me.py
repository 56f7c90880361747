"""The caller: their identity, what is unread, what they may use, and what they hide."""

from msgspec import Struct

from parley.actions import push
from parley.actions.conversations.unread import UnreadCount, count_unread
from parley.actions.parallel import in_parallel
from parley.actions.people.profiles import own_profile
from parley.adapters import limits
from parley.adapters.attachments.limits import client_limits
from parley.adapters.live import connections
from parley.domain.api.request import Request
from parley.domain.api.requests import UpdateMe
from parley.domain.api.types import ClientLimits
from parley.domain.live.client_settings import Sizes, Timers
from parley.domain.release import VERSION


class Me(Struct, frozen=True, kw_only=True):
    """The caller, with unread totals, and what their client must keep to: limits, timers.

    Without `show_last_seen` nobody sees when the caller was last online, and the caller does not see it of others.
    """

    id: str
    name: str
    role: str
    contexts: dict[str, list[str]]
    show_last_seen: bool
    unread: UnreadCount
    limits: ClientLimits
    sizes: Sizes
    timers: Timers
    version: str


def get_me(request: Request) -> Me:
    """Returns the caller; two round trips."""
    heartbeat = limits.heartbeat()
    (unread, [mine]), own = in_parallel(
        lambda: push.beside(lambda: count_unread(request), [request.user_id]), lambda: own_profile(request)
    )
    return Me(
        id=request.user_id,
        name=own.name,
        role=own.role,
        contexts={context_type: list(held) for context_type, held in own.contexts.items()},
        show_last_seen=not mine.hides_last_seen,
        unread=unread,
        limits=client_limits(),
        sizes=Sizes(),
        timers=Timers(heartbeat_s=heartbeat.interval_s, lease_s=heartbeat.lease_s),
        version=VERSION,
    )


def update_me(request: Request, wanted: UpdateMe) -> Me:
    """Sets what the caller hides, and returns the caller; three round trips."""
    connections.show_last_seen(request.user_id, wanted.show_last_seen)
    return get_me(request)
