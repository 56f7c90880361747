"""Calls: relaying signals between the devices of two people, and ending calls that nobody ends."""

from collections.abc import Iterable

import msgspec

from parley.actions import access, limits, push
from parley.actions.sweep import Run, Sweep
from parley.adapters.conversations import conversations, messages
from parley.adapters.dynamodb import conditions
from parley.adapters.live import calls, connections
from parley.domain.api import ids
from parley.domain.api.call import Call
from parley.domain.api.errors import Conflict, Field, Invalid, NotFound
from parley.domain.api.requests import MAX_PAYLOAD_CHARACTERS, SendCallSignal
from parley.domain.api.times import rfc3339
from parley.domain.api.types import CallReason, CallStatus, Signal
from parley.domain.conversations import rights
from parley.domain.conversations.events import CallSignal
from parley.domain.conversations.head import Head
from parley.domain.conversations.message import StoredMessage
from parley.domain.conversations.send_steps import next_note
from parley.domain.live import visibility
from parley.domain.live.calls import MAX_CANDIDATE_CHARACTERS, RING_S, StoredCall
from parley.domain.live.hello import MAX_FRAME_BYTES
from parley.domain.live.presence import Presence
from parley.domain.live.visibility import Frames

RETELL_MS = 30_000  # how long an answer or a hang-up that comes again is told again to those who need not know

# Which fields go with which signals; a field that goes with none of them would be lost without a word.
_FIELDS: dict[str, tuple[Signal, ...]] = {
    "media": ("offer",),
    "payload": ("offer", "answer", "candidate"),
    "previous_connection_id": ("resume",),
}


def signal(call: Call, wanted: SendCallSignal) -> CallStatus:
    """Takes a signal from the calling device, and passes it on to the devices that it is for; returns the call.

    Two round trips, three for a new call and for the end of one, and more where somebody was faster or is busy.
    """
    _check_fields(call, wanted)
    ids.check_conversation_id(wanted.conversation_id, access.field_of(call, "conversation_id"))
    if ids.is_group_id(wanted.conversation_id):
        rights.require(access.access_conversation(call, wanted.conversation_id), call.user_id, "call")
    for _ in conditions.tries():
        head, found = calls.head_and_call(wanted.conversation_id, wanted.call_id)
        head = access.admit(head, call.user_id)
        visibility.check_signal(head, wanted.signal)
        if wanted.signal in ("offer", "answer"):
            rights.require(head, call.user_id, "call")
        try:
            if found is not None and found.has_rung_out(call.now_ms) and wanted.signal != "hang_up":
                found = _end(call, head, found, "missed")
            status = _step(call, head, found, wanted)
        except calls.LostRace:
            continue
        if status is not None:
            return status
    raise conditions.busy()


def _step(call: Call, head: Head, found: StoredCall | None, wanted: SendCallSignal) -> CallStatus | None:
    """Returns the call after a signal; None, or LostRace, where it has to be read again."""
    if found is None:
        if wanted.signal != "offer":
            raise NotFound("call_not_found", "There is no such call.")
        return _ring(call, head, wanted)
    match wanted.signal:
        case "offer":
            return _offer_again(call, found, wanted)
        case "ringing":
            return _relay(call, _expect(found, found.state == "ringing" and call.user_id == found.callee_id), wanted)
        case "answer":
            return _answer(call, found, wanted)
        case "candidate":
            return _relay(call, _taking_part(call, found), wanted)
        case "resume":
            return _resume(call, found, wanted)
        case "hang_up":
            return _hang_up(call, head, found)


def _ring(call: Call, head: Head, wanted: SendCallSignal) -> CallStatus | None:
    """Lets the callee's devices ring; ends the call at once where the callee is in another one."""
    rights.require(head, call.user_id, "call")
    [callee_id] = head.others(call.user_id)
    fresh = StoredCall(
        conversation_id=wanted.conversation_id,
        call_id=wanted.call_id,
        version=1,
        state="ringing",
        media=wanted.media or "audio",
        caller_id=call.user_id,
        callee_id=callee_id,
        caller_device=call.device_id,
        started_at_ms=call.now_ms,
        due_at_s=call.now_s + RING_S + 1,  # has certainly rung out by then
    )
    frames = _checked_frames(call, fresh, wanted)
    limits.take_own(call)
    try:
        _, [callee] = push.beside(lambda: calls.begin(fresh), [callee_id])
    except calls.LostRace:
        return _when_engaged(call, head, fresh)
    _post(call, fresh, [callee], frames)
    return fresh.view()


def _when_engaged(call: Call, head: Head, fresh: StoredCall) -> CallStatus | None:
    """Says why a call could not begin; None where it can be tried again."""
    engaged = calls.on_lines_of(fresh.people)
    stale = [one for one in engaged.values() if one.is_due(call.now_s)]
    for one in stale:
        _look_after(call, conversations.head(one.conversation_id), one)
    mine, theirs = engaged.get(fresh.caller_id), engaged.get(fresh.callee_id)
    if stale or (mine is not None and mine.key == fresh.key):
        return None
    if mine is not None:
        if mine.state == "ringing" and mine.caller_id == fresh.callee_id:
            raise Conflict("called_already", "They are calling you: answer that call.", rule="of two calls the first")
        device = mine.device_of(call.user_id)
        if device is None or _has(connections.of([call.user_id]).values(), device, call.now_s):
            raise Conflict("in_another_call", "You are in another call, or being called.", rule="one call a person")
        # The device is gone, and who was on it calls anew.
        reason: CallReason = "missed" if mine.state == "ringing" else "failed"
        _end(call, conversations.head(mine.conversation_id), mine, reason)
        return None
    if theirs is None:
        return None
    return _end(call, head, fresh, "busy", by=fresh.callee_id).view()


def _offer_again(call: Call, found: StoredCall, wanted: SendCallSignal) -> CallStatus:
    """Passes on an offer of a call that is there: the first one again, or one that changes what is sent."""
    if found.state == "ended" and found.caller_id == call.user_id:
        if found.reason == "busy":
            _tell_end_again(call, found)
        return found.view()
    return _relay(call, _taking_part(call, found), wanted)


def _answer(call: Call, found: StoredCall, wanted: SendCallSignal) -> CallStatus:
    """Takes the first answer of the callee's devices; later ones only from devices that take part."""
    is_callee = call.user_id == found.callee_id
    if found.callee_device is not None and is_callee and not found.is_on(call.user_id, call.device_id):
        raise Conflict("answered_elsewhere", "Another of your devices has answered.", rule="one device answers")
    if found.state == "ended":
        raise _over()
    if not is_callee:
        return _relay(call, _expect(_taking_part(call, found), found.state == "active"), wanted)
    answered = found
    if found.state == "ringing":
        answered = found.answered(call.device_id, call.now_ms)
        frames = _checked_frames(call, answered, wanted)
        _, people = push.beside(lambda: calls.change(found, answered), answered.people)
    else:
        frames = _checked_frames(call, answered, wanted)
        _, people = push.beside(lambda: _count(call, answered, wanted), answered.people)
    tells_others = call.now_ms - (answered.answered_at_ms or 0) < RETELL_MS
    elsewhere = _frames(answered, _event(call, answered, "hang_up", reason="answered_elsewhere"))
    push.tell_present_each(
        call,
        people,
        lambda user_id, device: (
            frames(user_id, device)
            if answered.is_on(user_id, device.connection_id)
            else elsewhere(user_id, device)
            if tells_others and user_id == answered.callee_id
            else None
        ),
    )
    return answered.view()


def _resume(call: Call, found: StoredCall, wanted: SendCallSignal) -> CallStatus:
    """Lets a device go on with a new connection; it must know the one that it had."""
    if found.state == "ended":
        return found.view()
    resumed = found
    if not found.is_on(call.user_id, call.device_id):
        if wanted.previous_connection_id != found.device_of(call.user_id):
            raise _not_in_call()
        resumed = found.resumed(call.user_id, call.device_id)
        calls.change(found, resumed)
    return _relay(call, resumed, wanted)


def _hang_up(call: Call, head: Head, found: StoredCall) -> CallStatus:
    """Ends a call: for a device that takes part, for any while it rings, and for any where the one in it is gone."""
    if found.state == "ended":
        _tell_end_again(call, found)
        return found.view()
    mine = found.device_of(call.user_id)
    reason: CallReason = "hung_up"
    if found.state == "ringing":
        is_declined = call.user_id == found.callee_id and not found.has_rung_out(call.now_ms)
        reason = "declined" if is_declined else "missed"
    elif mine != call.device_id and _has(connections.of([call.user_id]).values(), mine, call.now_s):
        raise _not_in_call()
    return _end(call, head, found, reason, by=call.user_id).view()


def _end(call: Call, head: Head | None, found: StoredCall, reason: CallReason, by: str | None = None) -> StoredCall:
    """Ends a call, leaves a message of one that was missed, and tells both sides; LostRace where somebody was faster.

    A call that is `busy` ends as it begins: there is nothing of it yet.
    """
    ended = found.ended(reason, call.now_ms, by=by, device=call.connection_id if by == call.user_id else None)
    step = None
    # Whoever has been blocked since it rang reaches the other one no more, not even so.
    if head is not None and not head.blocked_by and (note := ended.note()) is not None:
        step = next_note(head, note, call, sender_id=ended.caller_id)
        ended = ended.noted(step.new_message.seq)
    calls.end(None if reason == "busy" else found, ended, step, call.now_s)
    return _tell_end(call, ended, step.new_message if step else None)


def _tell_end_again(call: Call, ended: StoredCall) -> None:
    """Tells of the end of a call again while it is news: the try that ended it may have died before it did so."""
    if push.is_news(call, ended.key, ended.ended_at_ms or 0, within_ms=RETELL_MS):
        _tell_end(call, ended, _note_of(ended))


def _note_of(ended: StoredCall) -> StoredMessage | None:
    return None if ended.note_seq is None else messages.get(ended.conversation_id, ended.note_seq)


def _tell_end(call: Call, ended: StoredCall, note: StoredMessage | None) -> StoredCall:
    people = list(connections.of(ended.people).values())
    if ended.reason != "busy":  # nobody has heard of that one
        _post(call, ended, people, _frames(ended, _event(call, ended, "hang_up", reason=ended.reason)))
    if note is not None:
        # The calling device, too: no reply of its own has told it of the message.
        everywhere = msgspec.structs.replace(call, connection_id=None)
        push.tell_present_each(everywhere, people, push.new_message(ended.conversation_id, note.for_all()))
    push.remember(ended.key)
    if ended.due_at_s is None:
        return ended
    # Nobody asks again for what nobody asked for, so the sweep's entry goes only now.
    told = ended.told()
    calls.change(ended, told)
    return told


def _sweep_call(call: Call, run: Run, key: tuple[str, ...], read: tuple[Head | None, StoredCall | None] | None) -> int:
    """Ends a call that has rung out or whose devices are gone, and tells both sides; returns how many.

    What a killed sweep leaves half done stays in the index, and the next one finds it there.
    """
    for _ in conditions.tries():
        head, found = read or calls.heads_and_calls([key])[key]
        read = None
        if found is None or not found.is_due(call.now_s):
            return 0  # somebody has done something with it, so it is not stale
        try:
            return _look_after(call, head, found)
        except calls.LostRace:
            continue
    return 0  # the next minute's


SWEEP = Sweep(
    kind="calls",
    names=("conversation_id", "call_id"),
    due=lambda call: calls.due(call.now_s),
    read=calls.heads_and_calls,
    sweep_one=_sweep_call,
    put_off=lambda call, key: calls.put_off(key[0], key[1], call.now_s),
)


def _look_after(call: Call, head: Head | None, found: StoredCall) -> int:
    """Ends a call that is due, or lets it go on; returns how many were ended. LostRace where it changes meanwhile."""
    match found.state:
        case "ended":
            _tell_end(call, found, _note_of(found))
            return 1
        case "ringing":
            _end(call, head, found, "missed")
            return 1
        case "active":
            if head is not None and head.blocked_by:  # it has been cut: no signal passes
                _end(call, head, found, "hung_up")
                return 1
            people = connections.of(found.people)
            if all(_has([people[one]], found.device_of(one), call.now_s) for one in found.people):
                calls.change(found, found.looked_after(call.now_s))
            elif not found.is_doubted:
                calls.change(found, found.doubted(call.now_s))
            else:
                _end(call, head, found, "failed")
                return 1
            return 0


def _has(people: Iterable[Presence], device: str | None, now_s: int) -> bool:
    """Says whether a device is one of these people's, and there."""
    return device in {one.connection_id for person in people for one in person.live(now_s)}


def _relay(call: Call, found: StoredCall, wanted: SendCallSignal) -> CallStatus:
    """Passes a signal on to the other side, if the call may have one more; one round trip and the posts."""
    frames = _checked_frames(call, found, wanted)
    _, people = push.beside(lambda: _count(call, found, wanted), [found.other(call.user_id)])
    _post(call, found, people, frames)
    return found.view()


def _count(call: Call, found: StoredCall, wanted: SendCallSignal) -> None:
    if not calls.count_signal(found, call.user_id, len((wanted.payload or "").encode()), call.now_s):
        raise Conflict("too_many_signals", "This call has had too many signals.", rule="signals and bytes of one call")


def _post(call: Call, found: StoredCall, people: Iterable[Presence], frames: Frames) -> None:
    push.tell_present_each(
        call,
        people,
        lambda user_id, device: frames(user_id, device) if found.hears(user_id, device.connection_id) else None,
    )


def _frames(found: StoredCall, event: CallSignal) -> Frames:
    return visibility.of_call(found).frames(event)


def _checked_frames(call: Call, found: StoredCall, wanted: SendCallSignal) -> Frames:
    """Returns what the other side gets of a signal; refuses what a client's frame could not have held."""
    event = _event(call, found, wanted.signal, wanted=wanted)
    if event.frame_bytes > MAX_FRAME_BYTES:
        raise Invalid.field(
            f"{call.field_prefix}/payload", "too_long", "The payload is too long.", MAX_PAYLOAD_CHARACTERS
        )
    return _frames(found, event)


def _event(
    call: Call,
    found: StoredCall,
    what: Signal,
    *,
    wanted: SendCallSignal | None = None,
    reason: CallReason | None = None,
) -> CallSignal:
    is_end = found.state == "ended"
    return CallSignal(
        conversation_id=found.conversation_id,
        call_id=found.call_id,
        signal=what,
        from_user_id=found.ended_by if is_end else call.user_id,
        from_connection_id=found.ended_by_device if is_end else call.connection_id,
        media=(wanted and wanted.media) or found.media,
        payload=wanted.payload if wanted else None,
        reason=reason,
        rings_until=rfc3339(found.rings_until_ms) if what == "offer" and found.state == "ringing" else None,
        at=rfc3339(found.ended_at_ms or call.now_ms),
    )


def _check_fields(call: Call, wanted: SendCallSignal) -> None:
    """Refuses fields that do not go with the signal."""
    wrong = [
        Field(f"{call.field_prefix}/{name}", "not_allowed")
        for name, signals in _FIELDS.items()
        if getattr(wanted, name) is not None and wanted.signal not in signals
    ]
    if wanted.signal == "resume" and wanted.previous_connection_id is None:
        wrong.append(Field(f"{call.field_prefix}/previous_connection_id", "required"))
    if wanted.signal == "candidate" and len(wanted.payload or "") > MAX_CANDIDATE_CHARACTERS:
        raise Invalid.field(
            f"{call.field_prefix}/payload", "too_long", "A candidate is too long.", MAX_CANDIDATE_CHARACTERS
        )
    if wrong:
        raise Invalid("invalid_request", "Some fields do not go with this signal.", fields=tuple(wrong))


def _taking_part(call: Call, found: StoredCall) -> StoredCall:
    """Returns a call to a device that takes part in it, until it has ended; refuses all others."""
    if found.state == "ended":
        raise _over()
    if not found.is_on(call.user_id, call.device_id):
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
