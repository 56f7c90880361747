"""Typing: a client says it every few seconds, and it runs out by itself."""

from msgspec import Struct

TYPING_EXPIRES_S = 5  # product: "Typing expires after 5 s"
TYPING_RESEND_S = 3  # how often a client repeats `typing_start` while keys are pressed


class Typist(Struct, frozen=True):
    """Somebody who types in a conversation until `expires_at_ms`."""

    conversation_id: str
    user_id: str
    expires_at_ms: int
