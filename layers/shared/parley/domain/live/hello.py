"""The greeting: the facts that a client needs to keep its connection."""

from msgspec import Struct

from parley.domain.api.request import Request
from parley.domain.api.times import rfc3339
from parley.domain.api.types import ClientLimits
from parley.domain.live.calls import OFFER_RESEND_S, RING_S
from parley.domain.live.presence import MAX_CONNECTION_S, RECONNECT_MARGIN_S, Heartbeat
from parley.domain.live.typing_status import TYPING_EXPIRES_S, TYPING_RESEND_S
from parley.domain.release import VERSION

MAX_FRAME_BYTES = 32 * 1024  # API Gateway closes with 1009 for a larger frame; longer requests go over REST


class Hello(Struct, frozen=True, kw_only=True):
    """Timers in seconds. By `reconnect_by` the client opens its next connection, before API Gateway cuts this one."""

    version: str
    server_time: str
    connection_id: str
    heartbeat_s: int
    typing_resend_s: int
    typing_expires_s: int
    call_ring_s: int
    call_offer_resend_s: int
    max_message_bytes: int
    token_expires_at: str
    reconnect_by: str
    limits: ClientLimits


def greeting(request: Request, limits: ClientLimits, heartbeat: Heartbeat) -> Hello:
    """Returns the greeting of one connection."""
    cut_ms = request.connected_at_ms + (MAX_CONNECTION_S - RECONNECT_MARGIN_S) * 1000
    return Hello(
        version=VERSION,
        server_time=rfc3339(request.now_ms),
        connection_id=request.device_id,
        heartbeat_s=heartbeat.interval_s,
        typing_resend_s=TYPING_RESEND_S,
        typing_expires_s=TYPING_EXPIRES_S,
        call_ring_s=RING_S,
        call_offer_resend_s=OFFER_RESEND_S,
        max_message_bytes=MAX_FRAME_BYTES,
        token_expires_at=rfc3339(request.caller.expires_at_s * 1000),
        reconnect_by=rfc3339(min(cut_ms, request.caller.expires_at_s * 1000)),
        limits=limits,
    )
