"""A call between two people: the caller and the callee, the two devices, and the end. Parley carries no media.

    ringing ──answer──▶ active ──hang_up, a device lost──▶ ended (hung_up, failed)
       └──hang_up, 45 s gone by──▶ ended (declined, missed)          busy: ended as soon as it began

Every step makes the next `version`, and is written only over the one before it.
"""

import msgspec
from msgspec import Struct

from parley.domain.api.outbox import OutboxEntry
from parley.domain.api.times import rfc3339, rfc3339_or_none
from parley.domain.api.types import CallReason, CallState, CallStatus, Media, Note

RING_S = 45  # how long a call rings before it counts as missed
OFFER_RESEND_S = 5  # how often the caller repeats the offer while it rings, for devices that come later
CHECK_S = 90  # how often the sweep checks the devices of an active call
DOUBT_S = 30  # how long a device may take to come back before its call counts as broken
KEEP_S = 24 * 3600  # how long an ended call is remembered, for users who ask again
MAX_CANDIDATE_CHARACTERS = 4096  # a candidate has 200 bytes; twenty of them gathered in one signal fit
# The most that one person may have passed on in one call. While it rings: 10 offers (45 s / 5 s, and the first) of
# 16 KB and 30 candidates of 200 bytes are 170 KB. Later 20 new networks, each an offer and 20 candidates: 420 signals.
MAX_SIGNALS = {"ringing": 100, "active": 600}
MAX_SIGNAL_BYTES = {"ringing": 200_000, "active": 1_000_000}

_MISSED: tuple[CallReason, ...] = ("missed", "busy")


class StoredCall(Struct, frozen=True, kw_only=True):
    """A call as it is stored. A device is a connection id; the callee's is known once they have answered."""

    conversation_id: str
    call_id: str
    version: int
    state: CallState
    media: Media
    caller_id: str
    callee_id: str
    caller_device: str
    callee_device: str | None = None
    started_at_ms: int
    answered_at_ms: int | None = None
    ended_at_ms: int | None = None
    reason: CallReason | None = None
    ended_by: str | None = None  # None if time or a lost device has ended it
    ended_by_device: str | None = None
    note_seq: int | None = None  # the system message that tells of it
    is_doubted: bool = False  # the last check did not find a device
    due_at_s: int | None = None  # when the sweep must look; None once it need not

    @property
    def key(self) -> tuple[str, str]:
        return self.conversation_id, self.call_id

    @property
    def people(self) -> tuple[str, str]:
        return self.caller_id, self.callee_id

    @property
    def rings_until_ms(self) -> int:
        return self.started_at_ms + RING_S * 1000

    def has_rung_out(self, now_ms: int) -> bool:
        return self.state == "ringing" and self.rings_until_ms <= now_ms

    def is_due(self, now_s: int) -> bool:
        return self.due_at_s is not None and self.due_at_s <= now_s

    def other(self, user_id: str) -> str:
        """Returns the other of the two people."""
        return self.callee_id if user_id == self.caller_id else self.caller_id

    def device_of(self, user_id: str) -> str | None:
        """Returns the device with which a person takes part."""
        return self.caller_device if user_id == self.caller_id else self.callee_device

    def is_on(self, user_id: str, device: str) -> bool:
        """Says whether a person takes part with this device."""
        return self.device_of(user_id) == device

    def hears(self, user_id: str, device: str) -> bool:
        """Says whether a device gets the signals: those that take part, and all of the callee's while it rings."""
        return self.device_of(user_id) in (device, None)

    def answered(self, device: str, now_ms: int) -> "StoredCall":
        """Returns the call after one of the callee's devices has answered it."""
        return self._next(
            state="active", callee_device=device, answered_at_ms=now_ms, due_at_s=now_ms // 1000 + CHECK_S
        )

    def resumed(self, user_id: str, device: str) -> "StoredCall":
        """Returns the call after a person has resumed with another connection."""
        seat = "caller_device" if user_id == self.caller_id else "callee_device"
        return self._next(**{seat: device})

    def looked_after(self, now_s: int) -> "StoredCall":
        """Returns the call after a check that found both devices."""
        return self._next(is_doubted=False, due_at_s=now_s + CHECK_S)

    def doubted(self, now_s: int) -> "StoredCall":
        """Returns the call after the first check that missed a device."""
        return self._next(is_doubted=True, due_at_s=now_s + DOUBT_S)

    def ended(
        self, reason: CallReason, now_ms: int, *, by: str | None = None, device: str | None = None
    ) -> "StoredCall":
        """Returns the call after its end.

        Without a person who ended it, it stays due until both sides have been told.
        """
        return self._next(
            state="ended",
            reason=reason,
            ended_at_ms=now_ms,
            ended_by=by,
            ended_by_device=device,
            due_at_s=None if by else self.due_at_s,
        )

    def note(self) -> Note | None:
        """Returns the system message about the end: of a call that nobody answered, and of no other."""
        if self.reason not in _MISSED:
            return None
        return Note(event="call_missed", user_ids=[self.callee_id], call_id=self.call_id, media=self.media)

    def entry(self) -> OutboxEntry:
        """Returns the outbox's entry about a call that begins to ring, or about an end that no message tells of."""
        event = "started" if self.reason is None else "missed" if self.reason in _MISSED else "ended"
        return OutboxEntry(
            kind="call",
            id="/".join(self.key),
            number=self.version,
            at_ms=self.ended_at_ms or self.started_at_ms,
            about={"event": event},
        )

    def noted(self, seq: int) -> "StoredCall":
        """Returns the ended call with the message that tells of it."""
        return msgspec.structs.replace(self, note_seq=seq)

    def told(self) -> "StoredCall":
        """Returns the call after both sides know of its end."""
        return self._next(due_at_s=None)

    def view(self) -> CallStatus:
        """Returns the call as its two people see it."""
        return CallStatus(
            conversation_id=self.conversation_id,
            call_id=self.call_id,
            state=self.state,
            reason=self.reason,
            media=self.media,
            caller_id=self.caller_id,
            callee_id=self.callee_id,
            started_at=rfc3339(self.started_at_ms),
            rings_until=rfc3339(self.rings_until_ms),
            answered_at=rfc3339_or_none(self.answered_at_ms),
            ended_at=rfc3339_or_none(self.ended_at_ms),
        )

    def _next(self, **changed: object) -> "StoredCall":
        return msgspec.structs.replace(self, version=self.version + 1, **changed)
