"""The unread messages of a conversation, as notices tell of them: inbox, event, push, e-mail and trace count by this.

A conversation's own number of unread messages is arithmetic, and counts what nobody need be told of: system messages,
and messages that were deleted since. A notice does not.
"""

from collections.abc import Iterable

from msgspec import Struct

from parley.domain.conversations.message import StoredMessage

MAX_COUNTED = 100  # unread messages of a conversation that are looked at, the newest


class Gathered(Struct, frozen=True, kw_only=True):
    """The unread messages of a conversation, for one person, ascending, up to the newest of which they are told.

    Of a flood the newest `MAX_COUNTED` were looked at; `earlier` older ones are only a number.
    """

    user_id: str = ""
    messages: tuple[StoredMessage, ...] = ()
    earlier: int = 0
    without: frozenset[str] = frozenset()  # senders whom the person has blocked

    @property
    def told_together(self) -> list[StoredMessage]:
        """Returns the messages that one entry of the inbox tells together: a mention has an entry of its own."""
        return [each for each in self.told if not each.names(self.user_id)]

    @property
    def told(self) -> list[StoredMessage]:
        """Returns the messages that a person is told of: neither deleted, nor system messages, nor their own."""
        return [
            each
            for each in self.messages
            if each.deleted_at_ms is None
            and each.kind != "system"
            and each.sender_id != self.user_id
            and each.sender_id not in self.without
        ]

    @property
    def count(self) -> int:
        """Returns how many unread messages the entry of the conversation stands for."""
        return len(self.told_together) + self.earlier

    @property
    def count_with_mentions(self) -> int:
        """Returns how many unread messages a push stands for, which replaces the conversation's former pushes."""
        return len(self.told) + self.earlier


def first_counted(read_seq: int, last_seq: int) -> int:
    """Returns the seq of the first message to look at, of those after `read_seq` and up to `last_seq`."""
    return max(read_seq + 1, last_seq - MAX_COUNTED + 1)


def gathered(user_id: str, read_seq: int, last_seq: int, found: Iterable[StoredMessage], first_seq: int) -> Gathered:
    """Returns what a person has not read up to `last_seq`; `found` are messages from `first_seq` on."""
    unread = tuple(each for each in found if max(read_seq + 1, first_seq) <= each.seq <= last_seq)
    earlier = max(0, min(first_seq, last_seq + 1) - (read_seq + 1))
    return Gathered(user_id=user_id, messages=unread, earlier=earlier)
