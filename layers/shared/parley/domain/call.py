"""One call of one operation: who, when, and from which device."""

from msgspec import Struct

from parley.domain.identity import Identity


class Call(Struct, frozen=True, kw_only=True):
    """What a trigger knows before the operation starts.

    Operations take time and identity from here and nowhere else.
    """

    caller: Identity
    now_ms: int
    request_id: str  # API Gateway's, for logs and problem documents
    connection_id: str | None = None  # the device, when the call came over WebSocket
    connected_at_ms: int = 0
    field_prefix: str = ""  # where the body's fields sit: "" over REST, "/data" over WebSocket

    @property
    def device_id(self) -> str:
        """Returns the connection that the call came over; ValueError for a call without one."""
        if self.connection_id is None:
            raise ValueError("this call came over no connection")
        return self.connection_id

    @property
    def user_id(self) -> str:
        return self.caller.user_id

    @property
    def now_s(self) -> int:
        return self.now_ms // 1000
