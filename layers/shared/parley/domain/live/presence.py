"""Presence is a lease: a device that stays silent is gone when its lease is, whether or not anybody said goodbye."""

from msgspec import Struct

from parley.domain.api.times import rfc3339, rfc3339_or_none
from parley.domain.api.types import UserStatus

HEARTBEAT_S = 240  # how often a client sends `ping`, unless the template's parameter HeartbeatS says otherwise
CONNECTING_MS = (
    30_000  # `$connect` may take 29 s (API Gateway quotas); until it ends, posts to the connection answer 410
)
MAX_CONNECTION_S = 2 * 3600  # API Gateway cuts every WebSocket after two hours
MAX_SILENCE_S = 600  # API Gateway ends a connection on which nothing was sent for so long
RECONNECT_MARGIN_S = 300  # so much earlier a client is asked to come back, at a moment of its own choice
MAX_JOINED = 50  # conversations that one device has open at once


class Heartbeat(Struct, frozen=True):
    """How often a client sends `ping`, and for how long a device counts as there that says nothing.

    Of two frames that are `interval_s` apart one may get lost, and half a minute more may pass.
    """

    interval_s: int

    @property
    def lease_s(self) -> int:
        """Returns how long a lease is: every fifth ping renews it.

        API Gateway ends silent connections itself (`MAX_SILENCE_S`) and reports it as a rule, so leases end only for
        those whose end it did not report.
        """
        return 6 * self.interval_s + 60

    @property
    def least_s(self) -> int:
        """Returns what must be left of a lease after a frame; if less is left, the frame renews it."""
        return 2 * self.interval_s + 30


class Connection(Struct, frozen=True, kw_only=True):
    """One device's socket."""

    connection_id: str
    lease_s: int
    token_s: int  # when the token runs out that it signed in with
    since_ms: int
    issued_at_s: int = 0  # when that token was issued
    sign_s: int = 0  # when its lease began; 0 in rows that an earlier version wrote
    joined: frozenset[str] = frozenset()

    @property
    def until_s(self) -> int:
        """Returns when it stops counting as live, unless it pings before (and its token still holds)."""
        return min(self.lease_s, self.token_s)

    def is_live(self, now_s: int) -> bool:
        return now_s < self.until_s

    def may_be_connecting(self, now_ms: int) -> bool:
        """Says whether its `$connect` may still be running, so that a 410 does not mean that it is gone."""
        return now_ms < self.since_ms + CONNECTING_MS


class Presence(Struct, frozen=True, kw_only=True):
    """All that is known about a person's devices; a person without a row was never here."""

    user_id: str
    connections: tuple[Connection, ...] = ()
    last_seen_ms: int | None = None
    hides_last_seen: bool = False  # from others, and so others from them
    is_announced: bool = False  # those who watch have been told that the person came
    is_watched: bool = False  # the sweep looks after the row: somebody may still have to be told that the person left

    def live(self, now_s: int) -> tuple[Connection, ...]:
        return tuple(one for one in self.connections if one.is_live(now_s))

    def devices_in(self, conversation_id: str) -> frozenset[str]:
        """Returns the ids of the connections that have a conversation open."""
        return frozenset(one.connection_id for one in self.connections if conversation_id in one.joined)

    def status(self, now_s: int, *, to_hider: bool = False) -> UserStatus:
        """Returns what others may be told: online until the last lease ends, or offline since when.

        Since when is told by nobody, and to nobody (`to_hider`), who hides the same of themselves.
        """
        live = self.live(now_s)
        if live:
            until_s = max(one.until_s for one in live)
            return UserStatus(user_id=self.user_id, status="online", last_seen=None, expires_at=rfc3339(until_s * 1000))
        last_seen = None if self.hides_last_seen or to_hider else rfc3339_or_none(self.last_sign_ms())
        return UserStatus(user_id=self.user_id, status="offline", last_seen=last_seen, expires_at=None)

    def last_sign_ms(self) -> int | None:
        """Returns when the person was last known to be here: of a ghost, when its lease began."""
        signs = [self.last_seen_ms or 0, *(max(one.since_ms, one.sign_s * 1000) for one in self.connections)]
        return max(signs) or None

    def device(self, connection_id: str | None) -> Connection | None:
        """Returns one of the person's connections."""
        return next((one for one in self.connections if one.connection_id == connection_id), None)
