"""Calls: taking signals from the devices of two people and passing them to the other side."""

from parley.actions import access, limits, push
from parley.actions.live import call_ends, call_frames
from parley.adapters.conversations import conversations
from parley.adapters.dynamodb import conditions
from parley.adapters.live import calls, connections
from parley.domain.api import ids
from parley.domain.api.errors import Conflict, Field, Invalid, NotFound
from parley.domain.api.request import Request
from parley.domain.api.requests import SendCallSignal
from parley.domain.api.types import CallReason, CallStatus, Signal
from parley.domain.conversations import rights
from parley.domain.conversations.head import Head
from parley.domain.live import visibility
from parley.domain.live.calls import MAX_CANDIDATE_CHARACTERS, RING_S, StoredCall
from parley.domain.live.presence import Connection
from parley.domain.live.visibility import Frames

# The signals that each field goes with; any other field would be lost silently.
_FIELDS: dict[str, tuple[Signal, ...]] = {
    "media": ("offer",),
    "payload": ("offer", "answer", "candidate"),
    "previous_connection_id": ("resume",),
}


def call_signal(request: Request, wanted: SendCallSignal) -> CallStatus:
    """Takes a signal from the calling device, and passes it to the devices that it is for; returns the call.

    Two round trips, three for a new call and for the end of one; more after a lost race or if a user is busy.
    """
    _check_fields(request, wanted)
    ids.check_conversation_id(wanted.conversation_id, access.field_of(request, "conversation_id"))
    if ids.has_members(wanted.conversation_id):
        rights.require(access.access_conversation(request, wanted.conversation_id), request.user_id, "call")
    for _ in conditions.tries():
        head, found = calls.head_and_call(wanted.conversation_id, wanted.call_id)
        head = access.admit(request, head)
        visibility.check_signal(head, wanted.signal)
        if wanted.signal in ("offer", "answer"):
            rights.require(head, request.user_id, "call")
        try:
            if found is not None and found.has_rung_out(request.now_ms) and wanted.signal != "hang_up":
                found = call_ends.end(request, head, found, "missed")
            status = _step(request, head, found, wanted)
        except conditions.LostRace:
            continue
        if status is not None:
            return status
    raise conditions.busy()


def _step(request: Request, head: Head, found: StoredCall | None, wanted: SendCallSignal) -> CallStatus | None:
    """Returns the call after a signal; None, or raises LostRace, if it has to be read again."""
    if found is None:
        if wanted.signal != "offer":
            raise NotFound("call_not_found", "There is no such call.")
        return _ring(request, head, wanted)
    match wanted.signal:
        case "offer":
            return _offer_again(request, found, wanted)
        case "ringing":
            return _relay(
                request, _expect(found, found.state == "ringing" and request.user_id == found.callee_id), wanted
            )
        case "answer":
            return _answer(request, found, wanted)
        case "candidate":
            return _relay(request, _taking_part(request, found), wanted)
        case "resume":
            return _resume(request, found, wanted)
        case "hang_up":
            return _hang_up(request, head, found)


def _ring(request: Request, head: Head, wanted: SendCallSignal) -> CallStatus | None:
    """Lets the callee's devices ring; ends the call at once if the callee is in another one."""
    rights.require(head, request.user_id, "call")
    [callee_id] = head.others(request.user_id)
    fresh = StoredCall(
        conversation_id=wanted.conversation_id,
        call_id=wanted.call_id,
        version=1,
        state="ringing",
        media=wanted.media or "audio",
        caller_id=request.user_id,
        callee_id=callee_id,
        caller_device=request.device_id,
        started_at_ms=request.now_ms,
        due_at_s=request.now_s + RING_S + 1,  # has certainly stopped ringing by then
    )
    frames = call_frames.checked_frames(request, fresh, wanted)
    limits.take_own(request)
    try:
        _, [callee] = push.beside(lambda: calls.begin(fresh), [callee_id])
    except conditions.LostRace:
        return _when_engaged(request, head, fresh)
    call_frames.post(request, fresh, [callee], frames)
    return fresh.view()


def _when_engaged(request: Request, head: Head, fresh: StoredCall) -> CallStatus | None:
    """Refuses a call that could not begin, or ends it as busy; returns None if it can be tried again."""
    engaged = calls.on_lines_of(fresh.people)
    stale = [call for call in engaged.values() if call.is_due(request.now_s)]
    for call in stale:
        call_ends.look_after(request, conversations.head(call.conversation_id), call)
    mine, theirs = engaged.get(fresh.caller_id), engaged.get(fresh.callee_id)
    if stale or (mine is not None and mine.key == fresh.key):
        return None
    if mine is not None:
        if mine.state == "ringing" and mine.caller_id == fresh.callee_id:
            raise Conflict("called_already", "They are calling you: answer that call.", rule="of two calls the first")
        device = mine.device_of(request.user_id)
        if device is None or call_frames.has_device(connections.of([request.user_id]).values(), device, request.now_s):
            raise Conflict("in_another_call", "You are in another call, or being called.", rule="one call a person")
        # The device is gone, and its user calls again.
        reason: CallReason = "missed" if mine.state == "ringing" else "failed"
        call_ends.end(request, conversations.head(mine.conversation_id), mine, reason)
        return None
    if theirs is None:
        return None
    return call_ends.end(request, head, fresh, "busy", by=fresh.callee_id).view()


def _offer_again(request: Request, found: StoredCall, wanted: SendCallSignal) -> CallStatus:
    """Passes on an offer of an existing call: the first one again, or one that changes the media."""
    if found.state == "ended" and found.caller_id == request.user_id:
        if found.reason == "busy":
            call_ends.tell_end_again(request, found)
        return found.view()
    return _relay(request, _taking_part(request, found), wanted)


def _answer(request: Request, found: StoredCall, wanted: SendCallSignal) -> CallStatus:
    """Takes the first answer of the callee's devices; later answers only from devices that take part."""
    is_callee = request.user_id == found.callee_id
    if found.callee_device is not None and is_callee and not found.is_on(request.user_id, request.device_id):
        raise Conflict("answered_elsewhere", "Another of your devices has answered.", rule="one device answers")
    if found.state == "ended":
        raise _over()
    if not is_callee:
        return _relay(request, _expect(_taking_part(request, found), found.state == "active"), wanted)
    answered = found.answered(request.device_id, request.now_ms) if found.state == "ringing" else found
    frames = call_frames.checked_frames(request, answered, wanted)

    def note() -> None:
        if answered is found:
            _count(request, answered, wanted)
        else:
            calls.change(found, answered)

    _, people = push.beside(note, answered.people)
    push.tell_present_each(request, people, _answer_frames(request, answered, frames))
    return answered.view()


def _answer_frames(request: Request, answered: StoredCall, frames: Frames) -> push.FrameFor:
    """Returns the answer for the devices in the call; the callee's other devices learn that one has answered."""
    tells_others = request.now_ms - (answered.answered_at_ms or 0) < call_ends.RETELL_MS
    hang_up = call_frames.signal_event(request, answered, "hang_up", reason="answered_elsewhere")
    elsewhere = call_frames.frames_of(answered, hang_up)

    def frame(user_id: str, device: Connection) -> bytes | None:
        if answered.is_on(user_id, device.connection_id):
            return frames(user_id, device)
        return elsewhere(user_id, device) if tells_others and user_id == answered.callee_id else None

    return frame


def _resume(request: Request, found: StoredCall, wanted: SendCallSignal) -> CallStatus:
    """Lets a device continue with a new connection; it must name the connection that it had."""
    if found.state == "ended":
        return found.view()
    resumed = found
    if not found.is_on(request.user_id, request.device_id):
        if wanted.previous_connection_id != found.device_of(request.user_id):
            raise _not_in_call()
        resumed = found.resumed(request.user_id, request.device_id)
        calls.change(found, resumed)
    return _relay(request, resumed, wanted)


def _hang_up(request: Request, head: Head, found: StoredCall) -> CallStatus:
    """Ends a call: any device may while it rings, or if the user's device in it is gone; else only that device."""
    if found.state == "ended":
        call_ends.tell_end_again(request, found)
        return found.view()
    mine = found.device_of(request.user_id)
    reason: CallReason = "hung_up"
    if found.state == "ringing":
        is_declined = request.user_id == found.callee_id and not found.has_rung_out(request.now_ms)
        reason = "declined" if is_declined else "missed"
    elif mine != request.device_id and call_frames.has_device(
        connections.of([request.user_id]).values(), mine, request.now_s
    ):
        raise _not_in_call()
    return call_ends.end(request, head, found, reason, by=request.user_id).view()


def _relay(request: Request, found: StoredCall, wanted: SendCallSignal) -> CallStatus:
    """Passes a signal to the other side, if the call may have one more; one round trip and the posts."""
    frames = call_frames.checked_frames(request, found, wanted)
    _, people = push.beside(lambda: _count(request, found, wanted), [found.other(request.user_id)])
    call_frames.post(request, found, people, frames)
    return found.view()


def _count(request: Request, found: StoredCall, wanted: SendCallSignal) -> None:
    if not calls.count_signal(found, request.user_id, len((wanted.payload or "").encode()), request.now_s):
        raise Conflict("too_many_signals", "This call has had too many signals.", rule="signals and bytes of one call")


def _check_fields(request: Request, wanted: SendCallSignal) -> None:
    """Refuses fields that do not go with the signal."""
    wrong = [
        Field(f"{request.field_prefix}/{name}", "not_allowed")
        for name, signals in _FIELDS.items()
        if getattr(wanted, name) is not None and wanted.signal not in signals
    ]
    if wanted.signal == "resume" and wanted.previous_connection_id is None:
        wrong.append(Field(f"{request.field_prefix}/previous_connection_id", "required"))
    if wanted.signal == "candidate" and len(wanted.payload or "") > MAX_CANDIDATE_CHARACTERS:
        raise Invalid.field(
            f"{request.field_prefix}/payload", "too_long", "A candidate is too long.", MAX_CANDIDATE_CHARACTERS
        )
    if wrong:
        raise Invalid("invalid_request", "Some fields do not go with this signal.", fields=tuple(wrong))


def _taking_part(request: Request, found: StoredCall) -> StoredCall:
    """Returns a call to a device that takes part in it, until it has ended; refuses all others."""
    if found.state == "ended":
        raise _over()
    if not found.is_on(request.user_id, request.device_id):
        raise _not_in_call()
    return found


def _expect(found: StoredCall, is_expected: bool) -> StoredCall:
    if found.state == "ended":
        raise _over()
    if not is_expected:
        detail = "The call is not in a state that takes this signal."
        raise Conflict("signal_not_expected", detail, rule="offer, ringing, answer, candidates, hang_up")
    return found


def _over() -> Conflict:
    return Conflict("call_over", "The call has ended.", rule="no signal after the end")


def _not_in_call() -> Conflict:
    return Conflict("not_in_call", "This device does not take part in the call.", rule="one device each")
