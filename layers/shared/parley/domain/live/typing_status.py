"""Typing: a client says it every few seconds, and it runs out by itself."""

from msgspec import Struct

TYPING_EXPIRES_S = 5  # after which the others forget it (clients.md, "The actions in brief")
TYPING_RESEND_S = 3  # how often a client repeats `typing_start` while keys are pressed
FRESH_MS = TYPING_RESEND_S * 1000 - 500  # a start that comes sooner again tells nobody; half a second for the network


class Typist(Struct, frozen=True):
    """Somebody who types in a conversation until `expires_at_ms`."""

    conversation_id: str
    user_id: str
    expires_at_ms: int
    is_stopped: bool = False  # they have said so; the row stays until it runs out, for a retry of the stop

    def is_fresh(self, now_ms: int) -> bool:
        """Says whether they have begun, or gone on, so lately that the others need not hear of it again."""
        return not self.is_stopped and now_ms < self.started_ms + FRESH_MS

    @property
    def started_ms(self) -> int:
        return self.expires_at_ms - TYPING_EXPIRES_S * 1000
