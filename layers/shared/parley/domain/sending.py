"""What one send writes, decided from what was read: the next seq, the message, and whether the index has to move."""

from hashlib import sha256

import msgspec
from msgspec import Struct

from parley.domain.call import Call
from parley.domain.requests import Draft
from parley.domain.stored import Head, StoredMessage
from parley.domain.times import hour

REPLAY_S = 24 * 3600  # how long a `client_id` is remembered (architecture: "within 24 h")


class Sending(Struct, frozen=True, kw_only=True):
    """A send that may happen: `message` goes behind `head`, which was read with `last_seq` = `message.seq − 1`."""

    head: Head
    message: StoredMessage
    fingerprint: str
    expires_at_s: int

    @property
    def moves_index(self) -> bool:
        """Says whether this is the first activity of its hour: only then do the members' index entries move."""
        return hour(self.message.created_at_ms) > self.head.active_hour


class Earlier(Struct, frozen=True, kw_only=True):
    """An earlier send with the same `client_id`."""

    seq: int
    fingerprint: str


def fingerprint(draft: Draft) -> str:
    """Returns what tells two bodies under one `client_id` apart: the hash of everything that the message is made of."""
    return sha256(msgspec.json.encode((draft.kind, draft.text))).hexdigest()[:32]


def next_message(head: Head, draft: Draft, call: Call) -> Sending:
    """Returns what to write so that `draft` becomes the newest message of the conversation."""
    message = StoredMessage(
        conversation_id=head.conversation_id,
        seq=head.last_seq + 1,
        sender_id=call.user_id,
        kind=draft.kind,
        text=draft.text,
        # Two machines' clocks may differ; the times of a conversation never run backwards all the same.
        created_at_ms=max(call.now_ms, head.last_activity_ms),
        client_id=draft.client_id,
    )
    return Sending(head=head, message=message, fingerprint=fingerprint(draft), expires_at_s=call.now_s + REPLAY_S)
