"""Typing: a client repeats it every few seconds, and it expires by itself."""

from msgspec import Struct

TYPING_EXPIRES_S = 5  # seconds after which the others forget it (clients.md, "The actions in brief")
TYPING_RESEND_S = 4  # how often a client repeats `typing_start` while keys are pressed
FRESH_MS = 2500  # an earlier repeat tells nobody; version 0.1 told clients to repeat every 3 s, so those count


class Typist(Struct, frozen=True):
    """A user who types in a conversation until `expires_at_ms`.

    `since_seq` is the conversation's last seq when they began; None in rows of version 0.1.
    """

    conversation_id: str
    user_id: str
    expires_at_ms: int
    since_seq: int | None = None
    is_stopped: bool = False  # they have stopped; the row stays until it expires, for a retry of the stop

    def is_fresh(self, now_ms: int) -> bool:
        """Says whether they have started or continued so recently that the others need not be told again."""
        return not self.is_stopped and now_ms < self.started_ms + FRESH_MS

    def is_ended_by(self, newest_seq: int) -> bool:
        """Says whether their newest message, the one of that seq, came after the typing began or was renewed."""
        return self.since_seq is not None and newest_seq > self.since_seq

    def is_before(self, since_seq: int | None) -> bool:
        """Says whether the typing began before its user came into the group at `since_seq`: they were removed since."""
        return self.since_seq is not None and since_seq is not None and self.since_seq < since_seq

    @property
    def started_ms(self) -> int:
        return self.expires_at_ms - TYPING_EXPIRES_S * 1000
