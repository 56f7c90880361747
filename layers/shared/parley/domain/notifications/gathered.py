"""The unread messages of a conversation, as notices tell of them: inbox, event, push, e-mail and trace count by this.

A conversation's own number of unread messages is arithmetic, and counts what nobody need be told of: system messages,
and messages that were deleted since. A notice does not.
"""

from collections.abc import Iterable, Sequence

from msgspec import Struct

from parley.domain.conversations.message import StoredMessage

MAX_COUNTED = 100  # unread messages of a conversation that are looked at, the newest


class Unread(Struct, frozen=True, kw_only=True):
    """The rest of a conversation that a person has not read, for one of its two entries: of mentions, or of all others.

    They have read up to `read_seq`, and are told up to `told_seq`, by this entry up to `entry_seq`. `mention_seqs` are
    the unread messages that name them, as far as the person's own list has them.
    """

    user_id: str
    read_seq: int
    told_seq: int
    entry_seq: int
    of_mentions: bool = False
    mention_seqs: Sequence[int] = ()


class Gathered(Struct, frozen=True, kw_only=True):
    """The unread messages of a conversation, for one person, ascending, up to the newest of which they are told.

    Of a flood the newest `MAX_COUNTED` were looked at; `earlier` older ones are only a number, and `older_mentions` are
    those of them that name the person, as far as the person's own list has them. The entry is that of its
    mentions (`of_mentions`), or that of the other messages, and tells of them up to `entry_seq`.
    """

    user_id: str = ""
    messages: tuple[StoredMessage, ...] = ()
    earlier: int = 0
    without: frozenset[str] = frozenset()  # senders whom the person has blocked
    of_mentions: bool = False
    entry_seq: int = 0
    older_mentions: tuple[int, ...] = ()

    @property
    def told_together(self) -> list[StoredMessage]:
        """Returns the messages that one entry of the inbox tells together: all mentions, or all others."""
        return [
            each for each in self.told if each.names(self.user_id) == self.of_mentions and each.seq <= self.entry_seq
        ]

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
        """Returns how many unread messages the entry stands for; of mentions `MAX_COUNTED` at most.

        A conversation's `unread_mentions` end there as well: the list of a person takes no more.
        """
        if self.of_mentions:
            return min(MAX_COUNTED, len(self.told_together) + len(self.older_mentions))
        return len(self.told_together) + self.earlier

    @property
    def are_mentions(self) -> bool:
        """Says whether a push tells of mentions alone."""
        return not self.earlier and all(each.names(self.user_id) for each in self.told)

    @property
    def count_with_mentions(self) -> int:
        """Returns how many unread messages a push stands for, which replaces the conversation's former pushes."""
        return len(self.told) + self.earlier


def first_counted(read_seq: int, last_seq: int) -> int:
    """Returns the seq of the first message to look at, of those after `read_seq` and up to `last_seq`."""
    return max(read_seq + 1, last_seq - MAX_COUNTED + 1)


def gathered(unread: Unread, found: Iterable[StoredMessage], first_seq: int) -> Gathered:
    """Returns what a person has not read; `found` are messages from `first_seq` on."""
    last_seq, next_seq = unread.told_seq, unread.read_seq + 1
    return Gathered(
        user_id=unread.user_id,
        messages=tuple(each for each in found if max(next_seq, first_seq) <= each.seq <= last_seq),
        earlier=max(0, min(first_seq, last_seq + 1) - next_seq),
        of_mentions=unread.of_mentions,
        entry_seq=unread.entry_seq,
        older_mentions=tuple(seq for seq in unread.mention_seqs if next_seq <= seq < min(first_seq, last_seq + 1)),
    )
