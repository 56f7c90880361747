"""The ends of calls: hung up, missed, failed, or ended by the sweep because no device has ended them."""

import msgspec

from parley.actions import named, push, sweep
from parley.actions.live import call_frames
from parley.actions.sweep import Run, Sweep
from parley.adapters.conversations import messages
from parley.adapters.dynamodb import conditions
from parley.adapters.live import calls, connections
from parley.domain.api.request import Request
from parley.domain.api.types import CallReason
from parley.domain.conversations.head import Head
from parley.domain.conversations.message import StoredMessage
from parley.domain.conversations.named import in_messages
from parley.domain.conversations.send_steps import next_note
from parley.domain.live.calls import StoredCall

RETELL_MS = 30_000  # how long a repeated answer or hang-up is told again


def end(
    request: Request, head: Head | None, found: StoredCall, reason: CallReason, by: str | None = None
) -> StoredCall:
    """Ends a call, writes a message if it was missed, and tells both sides; raises LostRace.

    A `busy` call ends as it begins: it has no row yet.
    """
    ended = found.ended(reason, request.now_ms, by=by, device=request.connection_id if by == request.user_id else None)
    step = None
    # A user who was blocked after it rang cannot reach the other side any more, not even by this message.
    if head is not None and not head.blocked_by and (note := ended.note()) is not None:
        step = next_note(head, note, request, sender_id=ended.caller_id)
        ended = ended.noted(step.new_message.seq)
    calls.end(None if reason == "busy" else found, ended, step, request.now_s)
    return _tell_end(request, ended, step.new_message if step else None)


def tell_end_again(request: Request, ended: StoredCall) -> None:
    """Tells of the end of a call again while it is recent: the try that ended it may have died before its posts."""
    if push.is_news(request, ended.key, ended.ended_at_ms or 0, within_ms=RETELL_MS):
        _tell_end(request, ended, _note_of(ended))


def _note_of(ended: StoredCall) -> StoredMessage | None:
    return None if ended.note_seq is None else messages.get_message(ended.conversation_id, ended.note_seq)


def _tell_end(request: Request, ended: StoredCall, note: StoredMessage | None) -> StoredCall:
    shown = [] if note is None else [note.for_all()]
    people, users = named.naming(request, in_messages(shown), lambda: push.devices_of(ended.people))
    if ended.reason != "busy":  # neither side knows of a busy call
        hang_up = call_frames.signal_event(request, ended, "hang_up", reason=ended.reason)
        call_frames.post(request, ended, people, call_frames.frames_of(ended, hang_up))
    for message in shown:
        # Also the calling device: its own reply does not hold the message.
        everywhere = msgspec.structs.replace(request, connection_id=None)
        push.tell_present_each(everywhere, people, push.new_message(message, users))
    push.remember(ended.key)
    if ended.due_at_s is None:
        return ended
    # No client retries an end that the sweep made, so its entry goes only after the posts.
    told = ended.told()
    calls.change(ended, told)
    return told


def look_after(request: Request, head: Head | None, found: StoredCall) -> int:
    """Ends a due call, or keeps it; returns how many calls it ended. Raises LostRace if the call changes meanwhile."""
    match found.state:
        case "ended":
            _tell_end(request, found, _note_of(found))
            return 1
        case "ringing":
            end(request, head, found, "missed")
            return 1
        case "active":
            if head is not None and head.blocked_by:  # a block has cut it: no signal passes
                end(request, head, found, "hung_up")
                return 1
            people = connections.of(found.people)
            if all(
                call_frames.has_device([people[user_id]], found.device_of(user_id), request.now_s)
                for user_id in found.people
            ):
                calls.change(found, found.looked_after(request.now_s))
            elif not found.is_doubted:
                calls.change(found, found.doubted(request.now_s))
            else:
                end(request, head, found, "failed")
                return 1
            return 0


def _sweep_call(
    request: Request, run: Run, key: tuple[str, ...], read: tuple[Head | None, StoredCall | None] | None
) -> int:
    """Ends a call that has rung too long or whose devices are gone, and tells both sides; returns how many.

    After a kill, the unfinished call stays in the index, and the next sweep finds it there.
    """
    for _ in conditions.tries():
        head, found = read or calls.heads_and_calls([key])[key]
        read = None
        if found is None or not found.is_due(request.now_s):
            return 0  # a device has changed it, so it is not stale
        try:
            return look_after(request, head, found)
        except conditions.LostRace:
            continue
    return 0  # the next minute's sweep does it


SWEEP = Sweep(
    kind="calls",
    names=("conversation_id", "call_id"),
    due=lambda request: calls.due(request.now_s),
    read=calls.heads_and_calls,
    sweep_one=_sweep_call,
    put_off=lambda request, key: calls.put_off(key[0], key[1], request.now_s),
)


def clear_stale_calls(request: Request, run: Run) -> int:
    """Ends the calls that have rung too long or whose devices are gone; returns how many."""
    return sweep.sweep_due(request, run, SWEEP)
