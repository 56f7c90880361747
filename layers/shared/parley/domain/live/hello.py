"""The greeting: the facts that a client needs to keep its connection."""

from msgspec import Struct

from parley.domain.api.identity import Identity
from parley.domain.api.request import Request
from parley.domain.api.times import rfc3339
from parley.domain.api.types import ClientLimits
from parley.domain.live.calls import OFFER_RESEND_S, RING_S
from parley.domain.live.client_settings import MAX_FRAME_BYTES, Sizes
from parley.domain.live.presence import MAX_CONNECTION_S, RECONNECT_MARGIN_S, Heartbeat
from parley.domain.live.typing_status import TYPING_EXPIRES_S, TYPING_RESEND_S
from parley.domain.release import VERSION


class SignedIn(Struct, frozen=True, kw_only=True):
    """The caller as they were when they connected: the greeting reads nothing."""

    id: str
    name: str
    role: str
    contexts: dict[str, list[str]]


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
    sizes: Sizes
    user: SignedIn


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
        sizes=Sizes(),
        user=_signed_in(request.caller),
    )


def _signed_in(caller: Identity) -> SignedIn:
    contexts = {context_type: list(held) for context_type, held in caller.contexts.items()}
    return SignedIn(id=caller.user_id, name=caller.name, role=caller.role, contexts=contexts)
