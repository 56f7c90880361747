"""What one operation does to a conversation, as a value.

`adapters/conversations/journal.py` writes all of it or nothing.
"""

from collections.abc import Mapping
from typing import Any, Literal

from msgspec import Struct
from msgspec.structs import replace

from parley.domain.api.request import Request
from parley.domain.conversations.head import Head, Membership
from parley.domain.conversations.message import StoredMessage
from parley.domain.conversations.reports import Report

ChangeKind = Literal[
    "message_updated",
    "message_deleted",
    "reaction_added",
    "reaction_removed",
    "conversation_updated",
    "member_added",
    "member_removed",
]


class Record(Struct, frozen=True, kw_only=True):
    """What is remembered of a `client_id`."""

    client_id: str
    fingerprint: str
    expires_at_s: int


class Change(Struct, frozen=True, kw_only=True):
    """One entry of a conversation's change log; `for_user_id` where it concerns that person's own view only."""

    conversation_id: str
    change_seq: int
    kind: ChangeKind
    user_id: str  # who did it
    at_ms: int
    message_seq: int | None = None  # the message that changed, or the system message that tells of it
    emoji: str | None = None
    user_ids: tuple[str, ...] = ()  # whom it concerns: members added or removed
    for_user_id: str | None = None

    @property
    def is_for_all(self) -> bool:
        """Says whether the change concerns all members, and not one person's own view."""
        return self.for_user_id is None

    @property
    def is_of_message(self) -> bool:
        """Says whether a message has changed, and not the conversation."""
        return self.kind.startswith(("message_", "reaction_"))


class PersonalMark(Struct, frozen=True, kw_only=True):
    """What a person puts on a message, or takes off it again: an emoji, or None for hiding it from themselves.

    What was taken off leaves its row behind, so that a retry of the taking knows that it was done, and by which change.
    `before_seq` is the change of the row as it was read, 0 without one: the mark is refused if it is another by then.
    """

    user_id: str
    seq: int
    emoji: str | None
    is_on: bool
    change_seq: int
    at_ms: int
    before_seq: int = 0


class Token(Struct, frozen=True, kw_only=True):
    """A token that a step takes out of somebody's bucket in the head, which was as it was read.

    `full` are others' buckets of which nothing need be kept any longer.
    """

    user_id: str
    before_ms: int | None
    after_ms: int
    full: Mapping[str, int] = {}


class Turn(Struct, frozen=True, kw_only=True):
    """That somebody writes in slow mode, who had last written at `before_ms`."""

    user_id: str
    before_ms: int | None
    at_ms: int


class Swept(Struct, frozen=True):
    """A full set of somebody's mentions, as it was read and as it is without those that they have read meanwhile."""

    before: frozenset[int]
    after: frozenset[int]


class BlockState(Struct, frozen=True, kw_only=True):
    """That somebody has blocked another, or has not."""

    user_id: str
    other_id: str
    is_on: bool


class OwnChange(Struct, frozen=True, kw_only=True):
    """What a member changes of their own side: attributes of their membership.

    Where it rests on `before`, it is refused if they have set something for themselves since that was read.
    """

    user_id: str
    attributes: Mapping[str, Any]
    before: Membership | None = None


class Sent(Struct, frozen=True, kw_only=True):
    """A new message, which becomes the conversation's last, and what is written because it is new."""

    message: StoredMessage
    record: Record | None = None
    fingerprint: str | None = None  # of the request that makes a group, which is kept with its first message
    read_by: str | None = None  # whose markers go with the message


class Changed(Struct, frozen=True, kw_only=True):
    """An entry of the change log, and the older message or the mark that it tells of."""

    entry: Change
    message: StoredMessage | None = None  # as it is from now on
    replaced: StoredMessage | None = None  # as it was, to be kept for moderators
    mark: PersonalMark | None = None


class MemberWrites(Struct, frozen=True, kw_only=True):
    """What a step writes to memberships."""

    added: tuple[Membership, ...] = ()
    removed: tuple[str, ...] = ()
    mentioned: tuple[str, ...] = ()  # for whom the message, new or changed, is an unread mention from now on
    unmentioned: tuple[str, ...] = ()  # members for whom it is none any more
    swept: Mapping[str, Swept] = {}  # of those mentioned whose set of mentions is full
    moves_index: bool = False  # the members' lists have to be put in order again
    is_answer: bool = False  # the first one: from now on each of the two sees whether the other is there
    own: OwnChange | None = None  # what a member changes of their own side
    turn: Turn | None = None


class Step(Struct, frozen=True, kw_only=True):
    """From `before`, as it was read, to `after`, with everything that is written beside the head.

    It carries a new message (`sent`), an entry of the change log (`changed`), or both. It is refused as a whole if
    another step was written since `before` was read.
    """

    before: Head
    after: Head
    creates: bool = False  # `before` is not stored yet
    sent: Sent | None = None
    changed: Changed | None = None
    members: MemberWrites = MemberWrites()
    report: Report | None = None  # of the message, to the moderators
    token: Token | None = None
    rests_on_last: bool = False  # it says of the newest message that it is the last, though the head may stay as it is
    while_block: BlockState | None = None  # refused where it is otherwise by then

    @property
    def message(self) -> StoredMessage | None:
        """Returns the message that the step brings or changes, as it is afterwards."""
        if self.sent is not None:
            return self.sent.message
        return self.changed.message if self.changed is not None else None

    @property
    def new_message(self) -> StoredMessage:
        """Returns the message that the step brings; ValueError for one that brings none."""
        if self.sent is None:
            raise ValueError("this step brings no message")
        return self.sent.message

    @property
    def change(self) -> Change | None:
        """Returns the step's entry of the change log, if it has one."""
        return self.changed.entry if self.changed is not None else None

    @property
    def follow_ups(self) -> tuple[str, ...]:
        """Returns what is left for the stream to do; `index` moves the list entries of a group, `fan_out` tells it."""
        if not self.after.is_group:
            return ()
        is_large = self.after.is_large or self.before.is_large
        is_for_all = self.change is None or self.change.is_for_all
        return (*(("index",) if self.members.moves_index else ()), *(("fan_out",) if is_large and is_for_all else ()))

    def with_members(self, **writes: Any) -> "Step":
        """Returns the step with these fields of its `MemberWrites`."""
        return replace(self, members=replace(self.members, **writes))


def no_earlier(request: Request, head: Head) -> int:
    """Returns the time of what happens now.

    Two machines' clocks may differ; the times of a conversation never run backwards all the same.
    """
    return max(request.now_ms, head.last_activity_ms)


def next_change(request: Request, head: Head, kind: ChangeKind, **about: Any) -> Change:
    """Returns the next entry of a conversation's change log; `about` are the fields that say what it is about."""
    return Change(
        conversation_id=head.conversation_id,
        change_seq=head.last_change_seq + 1,
        kind=kind,
        user_id=request.user_id,
        at_ms=no_earlier(request, head),
        **about,
    )
