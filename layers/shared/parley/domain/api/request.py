"""One call of one operation: its caller, time and device."""

from msgspec import Struct
from msgspec.structs import replace

from parley.domain.api.identity import DESK, SERVICE_ROLE, Identity
from parley.domain.api.types import RateLimit, Via


class Request(Struct, frozen=True, kw_only=True):
    """The facts that a trigger knows before the operation starts.

    Operations take time and identity from here and nowhere else.
    """

    caller: Identity
    now_ms: int
    request_id: str  # API Gateway's, for logs and problem documents
    connection_id: str | None = None  # the device, if the call came over WebSocket
    connected_at_ms: int = 0
    field_prefix: str = ""  # place of the body's fields: "" over REST, "/data" over WebSocket
    acts_as: str | None = None  # the id in whose name a program of the host acts
    # The caller's limits, by policy, as the operation found them. Every answer tells them, refusals too.
    rate_limits: dict[str, RateLimit] = {}

    @property
    def device_id(self) -> str:
        """Returns the connection that the call came over; ValueError for a call without one."""
        if self.connection_id is None:
            raise ValueError("this call came over no connection")
        return self.connection_id

    def note(self, standing: RateLimit) -> None:
        """Notes the rest of a limit for the answer; of two buckets of one policy, the emptier one."""
        noted = self.rate_limits.get(standing.policy, standing)
        self.rate_limits[standing.policy] = min(standing, noted, key=lambda limit: limit.remaining)

    @property
    def is_limited(self) -> bool:
        """Says whether limits hold for the caller; they do not for the host's own programs."""
        return self.caller.role != SERVICE_ROLE

    @property
    def user_id(self) -> str:
        """Returns the person who acts: the caller, or the one in whose name the host's own server acts."""
        return self.caller.user_id if self.acts_as is None else self.acts_as

    def in_name_of(self, user_id: str) -> "Request":
        """Returns the request as one of the host's own server in another's name."""
        return replace(self, acts_as=user_id)

    @property
    def via(self) -> Via | None:
        """Returns the mark of what the host's own server does in another's name; the desk itself acts in its own."""
        return None if self.acts_as in (None, DESK) else "host"

    @property
    def now_s(self) -> int:
        return self.now_ms // 1000
