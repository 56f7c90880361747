"""Messages as one person sees them: with their own marks, and with a word at what those say whom they have blocked."""

from collections.abc import Iterable, Mapping

from msgspec import Struct

from parley.actions import together
from parley.adapters import blocks, marks
from parley.domain import ids
from parley.domain.call import Call
from parley.domain.stored import NO_MARKS, Head, Marks, StoredMessage
from parley.domain.types import Message


class Eyes(Struct, frozen=True):
    """How somebody sees messages of a conversation: their marks by seq, and whom they have blocked."""

    marks: Mapping[int, Marks]
    blocked: frozenset[str] = frozenset()

    def view(self, message: StoredMessage) -> Message:
        return message.view(self.marks.get(message.seq, NO_MARKS), self.blocked)

    def is_hidden(self, message: StoredMessage) -> bool:
        """Says whether they have deleted a message from their own view."""
        return self.marks.get(message.seq, NO_MARKS).hidden_at_ms is not None


def blocked_in(user_id: str, heads: Iterable[Head]) -> frozenset[str]:
    """Returns whom somebody has blocked, as far as the lists of these conversations have to mark it.

    One round trip; none where no group among them ends with what somebody said.
    """
    return frozenset(blocks.blocked_by(user_id)) if any(head.shows_words for head in heads) else frozenset()


def eyes(call: Call, conversation_id: str, first_seq: int, last_seq: int) -> Eyes:
    """Returns how the caller sees the messages from `first_seq` to `last_seq`; one round trip.

    It uses a thread of its own in a group: of two things done at the same time it must be the one that is not in one.
    """

    def mine() -> Mapping[int, Marks]:
        return marks.of(conversation_id, call.user_id, first_seq, last_seq)

    if not ids.is_group_id(conversation_id):
        return Eyes(mine())
    return Eyes(*together.both(mine, lambda: frozenset(blocks.blocked_by(call.user_id))))
