"""One operation's changes to a conversation, as a value.

`adapters/conversations/journal.py` writes all of them or none.
"""

from collections.abc import Mapping
from typing import Any, Literal

from msgspec import Struct
from msgspec.structs import replace

from parley.domain.api.outbox import OutboxEntry
from parley.domain.api.request import Request
from parley.domain.api.types import Context
from parley.domain.attachments.attachment import StoredAttachment
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
    "ticket_updated",
]

CLOSE = "close"  # the follow-up that takes notices away from the apps of a message's sender


class Record(Struct, frozen=True, kw_only=True):
    """The record of a `client_id`; with the `context` of a message that names nobody, which is found by it again."""

    client_id: str
    fingerprint: str
    expires_at_s: int
    context: Context | None = None


class Change(Struct, frozen=True, kw_only=True):
    """One entry of a conversation's change log; `for_user_id` if it concerns that person's own view only."""

    conversation_id: str
    change_seq: int
    kind: ChangeKind
    user_id: str  # the user who did it
    at_ms: int
    message_seq: int | None = None  # the message that changed, or the system message that tells of it
    emoji: str | None = None
    user_ids: tuple[str, ...] = ()  # the people concerned: members added or removed
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
    """A mark that a person puts on a message, or takes off it: an emoji, or None to hide it from themselves.

    A mark taken off leaves its row, so that a retry knows that it was done, and by which change. `before_seq` is the
    change of the row as it was read, 0 without a row. The write is refused if the row has another change by then.
    """

    user_id: str
    seq: int
    emoji: str | None
    is_on: bool
    change_seq: int
    at_ms: int
    before_seq: int = 0


class Token(Struct, frozen=True, kw_only=True):
    """A token that a step takes out of a person's bucket in the head, which was as it was read.

    `full` are others' buckets that need no stored time any more.
    """

    user_id: str
    before_ms: int | None
    after_ms: int
    full: Mapping[str, int] = {}


class Turn(Struct, frozen=True, kw_only=True):
    """A member's message in slow mode; their last message before was at `before_ms`."""

    user_id: str
    before_ms: int | None
    at_ms: int


class Swept(Struct, frozen=True):
    """A full set of a person's mentions, as it was read and without those that they have read meanwhile."""

    before: frozenset[int]
    after: frozenset[int]


class BlockState(Struct, frozen=True, kw_only=True):
    """The state of a person's block of another."""

    user_id: str
    other_id: str
    is_on: bool


class OwnChange(Struct, frozen=True, kw_only=True):
    """A member's change of their own part: attributes of their membership.

    With `before` it is refused if they have set something for themselves since that was read.
    """

    user_id: str
    attributes: Mapping[str, Any]
    before: Membership | None = None


class Sent(Struct, frozen=True, kw_only=True):
    """A new message, which becomes the conversation's last, and the rows written because it is new.

    `attachments` are the ones uploaded for it, `copies` those that a forward makes.
    """

    message: StoredMessage
    attachments: tuple[StoredAttachment, ...] = ()
    copies: tuple[StoredAttachment, ...] = ()
    record: Record | None = None
    fingerprint: str | None = None  # of the request that makes a group; kept with its first message
    read_by: str | None = None  # the person whose markers move with the message
    closes: bool = False  # apps of the sender show notices that it answers


class Changed(Struct, frozen=True, kw_only=True):
    """An entry of the change log, and the older message or the mark that it tells of."""

    entry: Change
    message: StoredMessage | None = None  # its new content
    replaced: StoredMessage | None = None  # its old content, to be kept for moderators
    mark: PersonalMark | None = None


class OfTicket(Struct, frozen=True, kw_only=True):
    """The part of a step that the desk sees: a system message right after `sent`, and an entry of the change log.

    Without a `message` the one of `sent` tells of it, or nothing does. The `record` is that of the `client_id` of a
    step that brings no message.
    """

    message: StoredMessage | None = None
    entry: Change | None = None
    record: Record | None = None


class MemberWrites(Struct, frozen=True, kw_only=True):
    """A step's writes to memberships."""

    added: tuple[Membership, ...] = ()
    removed: tuple[str, ...] = ()
    mentioned: tuple[str, ...] = ()  # members for whom the message, new or changed, is now an unread mention
    unmentioned: tuple[str, ...] = ()  # members for whom it is no mention any more
    swept: Mapping[str, Swept] = {}  # members mentioned whose set of mentions is full
    moves_index: bool = False  # the members' lists need a new order
    is_answer: bool = False  # the first answer: now each of the two sees whether the other is online
    own: OwnChange | None = None  # a member's change of their own part
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
    rests_on_last: bool = False  # it says that the newest message is the last, though the head may stay as it is
    released: OutboxEntry | None = None  # the attachments that a deletion releases
    while_block: BlockState | None = None  # refused if the block is otherwise by then
    of_ticket: OfTicket | None = None
    tells_desk: bool = False  # the agents on duty hear of its message, for nobody has the ticket
    of_preview: tuple[str, ...] = ()  # the work that a change leaves for a preview (`domain/previews/job.py`)
    more: tuple[Sent, ...] = ()  # messages right after `sent`, of a ticket that begins with several

    @property
    def message(self) -> StoredMessage | None:
        """Returns the message that the step brings or changes, as it is afterwards."""
        if self.sent is not None:
            return self.sent.message
        return self.changed.message if self.changed is not None else None

    @property
    def new_message(self) -> StoredMessage:
        """Returns the message that the step brings; raises ValueError if it brings none."""
        if self.sent is None:
            raise ValueError("this step brings no message")
        return self.sent.message

    @property
    def change(self) -> Change | None:
        """Returns the step's entry of the change log, if it has one."""
        return self.changed.entry if self.changed is not None else None

    @property
    def messages(self) -> tuple[StoredMessage, ...]:
        """Returns the messages that the step brings, in their order."""
        first = tuple(each.message for each in self.brought)
        second = None if self.of_ticket is None else self.of_ticket.message
        return first if second is None else (*first, second)

    @property
    def brought(self) -> tuple[Sent, ...]:
        """Returns the messages that people have written, each with the rows written because it is new."""
        return () if self.sent is None else (self.sent, *self.more)

    @property
    def changes(self) -> tuple[Change, ...]:
        """Returns the step's entries of the change log, in their order."""
        first = () if self.changed is None else (self.changed.entry,)
        second = None if self.of_ticket is None else self.of_ticket.entry
        return first if second is None else (*first, second)

    @property
    def follow_ups(self) -> tuple[str, ...]:
        """Returns the work left for the stream: `index` moves the list entries of a group, `fan_out` tells it.

        `add` adds the next people of everyone, `desk` tells the agents on duty, `preview` looks at the link of an edit.
        `dissolve` takes the next members out of a dissolved group, each of whom is told alone. `close` takes
        notices away from the sender's apps.
        """
        of_sender = (CLOSE,) if self.sent is not None and self.sent.closes else ()
        if not self.after.has_members:
            return (*of_sender, *self.of_preview)
        is_large = self.after.is_large or self.before.is_large
        is_for_all = self.change is None or self.change.is_for_all
        return (
            *(("index",) if self.members.moves_index else ()),
            *(("fan_out",) if is_large and is_for_all and not self.before.dissolved else ()),
            *(("add",) if self.adds_on else ()),
            *(("dissolve",) if self.dissolves_on else ()),
            *(("desk",) if self.tells_desk else ()),
            *of_sender,
            *self.of_preview,
        )

    @property
    def adds_on(self) -> bool:
        """Says whether the step begins the adding of everyone, or is a part of it that others follow."""
        adding = self.after.adding
        return adding is not None and adding.is_running and (self.creates or adding != self.before.adding)

    @property
    def dissolves_on(self) -> bool:
        """Says whether the step leaves members in a group that is dissolved."""
        after = self.after
        return after.dissolved and after.member_count > 0 and after.shared_seq != self.before.shared_seq

    def begins(self, adding_id: str) -> bool:
        """Says whether the step begins this adding, which is not yet in the head that it was read at."""
        before = self.before.adding
        return self.adds_on and (before is None or before.id != adding_id)

    def with_members(self, **writes: Any) -> "Step":
        """Returns the step with these fields of its `MemberWrites`."""
        return replace(self, members=replace(self.members, **writes))


def no_earlier(request: Request, head: Head) -> int:
    """Returns the time of the present event, not before the last one.

    Two machines' clocks may differ; the times of a conversation never run backwards all the same.
    """
    return max(request.now_ms, head.last_activity_ms)


def next_change(request: Request, head: Head, kind: ChangeKind, **about: Any) -> Change:
    """Returns the next entry of a conversation's change log; `about` are the fields of its subject."""
    return Change(
        conversation_id=head.conversation_id,
        change_seq=head.last_change_seq + 1,
        kind=kind,
        user_id=request.user_id,
        at_ms=no_earlier(request, head),
        **about,
    )
