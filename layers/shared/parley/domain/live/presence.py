"""Presence is a lease: a silent device is gone when its lease ends, whether or not it said goodbye."""

from msgspec import Struct

from parley.domain.api.times import rfc3339, rfc3339_or_none
from parley.domain.api.types import UserStatus

HEARTBEAT_S = 285  # how often a client sends `ping`, unless the template's parameter HeartbeatS says otherwise
CONNECTING_MS = (
    30_000  # `$connect` may take 29 s (API Gateway quotas); until it ends, posts to the connection answer 410
)
MAX_CONNECTION_S = 2 * 3600  # API Gateway cuts every WebSocket after two hours
MAX_SILENCE_S = 600  # API Gateway ends a connection on which nothing was sent for so many seconds
RECONNECT_MARGIN_S = 300  # so many seconds earlier a client is asked to come back, at a moment of its own choice
MAX_JOINED = 50  # conversations that one device has open at once


class Heartbeat(Struct, frozen=True):
    """The interval of a client's `ping`, and the time for which a silent device counts as online.

    Of two frames that are `interval_s` apart one may get lost, and half a minute more may pass.
    """

    interval_s: int

    @property
    def lease_s(self) -> int:
        """Returns the length of a lease in seconds: every fourth ping renews it.

        API Gateway ends silent connections itself (`MAX_SILENCE_S`) and mostly reports it, so leases end only for
        connections whose end it did not report.
        """
        return 5 * self.interval_s + 60

    @property
    def least_s(self) -> int:
        """Returns the seconds of a lease that must be left after a frame; if less is left, the frame renews it."""
        return 2 * self.interval_s + 30


class Connection(Struct, frozen=True, kw_only=True):
    """One device's socket."""

    connection_id: str
    lease_s: int
    token_s: int  # when its token expires
    since_ms: int
    issued_at_s: int = 0  # when that token was issued
    sign_s: int = 0  # when its lease began; 0 in rows of an earlier version
    joined: frozenset[str] = frozenset()
    is_readable: bool = True

    @classmethod
    def unreadable(cls, connection_id: str, lease_s: int) -> "Connection":
        """Returns a device whose record is damaged: it counts as one whose token has expired."""
        return cls(connection_id=connection_id, lease_s=lease_s, token_s=0, since_ms=0, is_readable=False)

    @property
    def until_s(self) -> int:
        """Returns when it stops counting as live, unless it pings before (and its token is still valid)."""
        return min(self.lease_s, self.token_s)

    def is_live(self, now_s: int) -> bool:
        return now_s < self.until_s

    def may_be_connecting(self, now_ms: int) -> bool:
        """Says whether its `$connect` may still be running, so that a 410 does not mean that it is gone."""
        return now_ms < self.since_ms + CONNECTING_MS


class Presence(Struct, frozen=True, kw_only=True):
    """Everything known about a person's devices; a person without a row was never online."""

    user_id: str
    connections: tuple[Connection, ...] = ()
    last_seen_ms: int | None = None
    hides_last_seen: bool = False  # from others, and so others' from them
    is_announced: bool = False  # the watchers have been told that the person came
    looked_at: frozenset[str] = frozenset()  # tickets whose rows name the person as one who has them open
    is_watched: bool = False  # the sweep looks after the row: others may still have to be told that the person left

    @property
    def is_readable(self) -> bool:
        """Says whether the record of none of the devices is damaged."""
        return all(device.is_readable for device in self.connections)

    def live(self, now_s: int) -> tuple[Connection, ...]:
        return tuple(connection for connection in self.connections if connection.is_live(now_s))

    def devices_in(self, conversation_id: str) -> frozenset[str]:
        """Returns the ids of the connections that have a conversation open."""
        return frozenset(
            connection.connection_id for connection in self.connections if conversation_id in connection.joined
        )

    def status(self, now_s: int, *, to_hider: bool = False) -> UserStatus:
        """Returns the status that others may see: online until the last lease ends, or offline since a time.

        That time is shown to no user (`to_hider`) and for no user who hides their own.
        """
        live = self.live(now_s)
        if live:
            until_s = max(connection.until_s for connection in live)
            return UserStatus(user_id=self.user_id, status="online", last_seen=None, expires_at=rfc3339(until_s * 1000))
        last_seen = None if self.hides_last_seen or to_hider else rfc3339_or_none(self.last_sign_ms())
        return UserStatus(user_id=self.user_id, status="offline", last_seen=last_seen, expires_at=None)

    def last_sign_ms(self) -> int | None:
        """Returns when the person was last known to be online: of a ghost, when its lease began."""
        signs = [
            self.last_seen_ms or 0,
            *(max(connection.since_ms, connection.sign_s * 1000) for connection in self.connections),
        ]
        return max(signs) or None

    def device(self, connection_id: str | None) -> Connection | None:
        """Returns one of the person's connections."""
        return next((connection for connection in self.connections if connection.connection_id == connection_id), None)
