"""The frames that carry a call's signals, and the devices that get them."""

from collections.abc import Iterable

from parley.actions import named, push
from parley.domain.api.errors import Invalid
from parley.domain.api.request import Request
from parley.domain.api.requests import MAX_PAYLOAD_CHARACTERS, SendCallSignal
from parley.domain.api.times import rfc3339
from parley.domain.api.types import CallReason, Signal
from parley.domain.conversations.events import CallSignal
from parley.domain.live import visibility
from parley.domain.live.calls import StoredCall
from parley.domain.live.client_settings import MAX_FRAME_BYTES
from parley.domain.live.presence import Presence
from parley.domain.live.visibility import Frames


def post(request: Request, found: StoredCall, people: Iterable[Presence], frames: Frames) -> None:
    push.tell_present_each(
        request,
        people,
        lambda user_id, device: frames(user_id, device) if found.hears(user_id, device.connection_id) else None,
    )


def frames_of(found: StoredCall, event: CallSignal) -> Frames:
    return visibility.of_call(found).frames(event)


def checked_frames(request: Request, found: StoredCall, wanted: SendCallSignal) -> Frames:
    """Returns the frames of a signal for the other side; refuses a payload that no frame can hold."""
    event = signal_event(request, found, wanted.signal, wanted=wanted)
    if event.frame_bytes > MAX_FRAME_BYTES:
        raise Invalid.field(
            f"{request.field_prefix}/payload", "too_long", "The payload is too long.", MAX_PAYLOAD_CHARACTERS
        )
    return frames_of(found, event)


def signal_event(
    request: Request,
    found: StoredCall,
    what: Signal,
    *,
    wanted: SendCallSignal | None = None,
    reason: CallReason | None = None,
) -> CallSignal:
    is_end = found.state == "ended"
    event = CallSignal(
        conversation_id=found.conversation_id,
        call_id=found.call_id,
        signal=what,
        from_user_id=found.ended_by if is_end else request.user_id,
        from_connection_id=found.ended_by_device if is_end else request.connection_id,
        media=(wanted and wanted.media) or found.media,
        payload=wanted.payload if wanted else None,
        reason=reason,
        rings_until=rfc3339(found.rings_until_ms) if what == "offer" and found.state == "ringing" else None,
        at=rfc3339(found.ended_at_ms or request.now_ms),
    )
    naming = named.told_by_caller(request, event)
    # A long payload goes without the name: nobody's name makes a signal too long.
    return naming if naming.frame_bytes <= MAX_FRAME_BYTES else event


def has_device(people: Iterable[Presence], device: str | None, now_s: int) -> bool:
    """Says whether a device belongs to one of these people and is live."""
    return device in {connection.connection_id for person in people for connection in person.live(now_s)}
