"""The requests of the routes under /migration."""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType, field

from parley.domain.api.fields import NOT_BLANK, form
from parley.domain.api.requests import (
    MAX_ATTACHED,
    MAX_MENTIONED,
    MAX_SEQ,
    AttachmentId,
    Body,
    ClientId,
    CreateAttachment,
    Cursor,
    CustomType,
    Description,
    JsonObject,
    Mention,
    Metadata,
    Remark,
    Seq,
    SlowModeS,
    StoredUserId,
    TextOrEmpty,
    Time,
    Title,
    UserId,
    WantedContext,
)
from parley.domain.api.types import (
    ConversationType,
    GroupRole,
    Media,
    MessageKind,
    NewcomersSee,
    NotificationLevel,
    Posting,
    TicketStatus,
)
from parley.domain.conversations.change_steps import MAX_EMOJIS
from parley.domain.conversations.group_steps import MAX_MEMBERS
from parley.domain.conversations.head import MAX_MENTIONS
from parley.domain.support.desk import Priority
from parley.domain.support.requests import CategoryName, Tags, TeamName
from parley.domain.text.emoji import MAX_EMOJI_BYTES

MAX_IMPORTED = 250  # messages of one request: ten calls of BatchWriteItem, side by side
MAX_FILES = 500  # attachments of one request
MAX_SOURCE_ID_CHARACTERS = 200
MAX_REACTING = 100  # people of one emoji on one message
MAX_NOTE_PEOPLE = 100  # whom a system message names
MAX_HISTORY = 250  # entries of a ticket's history

# A run becomes a part of a query, so it has no character that needs escaping.
Run = Annotated[str, form(r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$(?!\n)", "a run has 1 to 64 of A-Z a-z 0-9 . _ -", 64)]
SourceId = Annotated[str, Meta(max_length=MAX_SOURCE_ID_CHARACTERS, pattern=NOT_BLANK)]
SeqOrNone = Annotated[int, Meta(ge=0, le=MAX_SEQ)]
Rating = Annotated[int, Meta(ge=1, le=5)]
ImportedTicketEvent = Literal["created", "updated", "responded", "rated"]
ImportedEvent = Literal[
    "group_created",
    "group_dissolved",
    "members_added",
    "everyone_added",
    "member_left",
    "member_removed",
    "role_changed",
    "title_changed",
    "description_changed",
    "posting_changed",
    "slow_mode_changed",
    "history_changed",
    "conversation_changed",
    "closed",
    "reopened",
    "call_missed",
    "call_ended",
    "ticket_updated",
    "ticket_merged",
]


class ImportedPerson(Body, frozen=True, kw_only=True):
    """A member of an imported conversation; only a group has roles."""

    user_id: UserId
    role: GroupRole = "member"


class ImportConversation(Body, frozen=True, kw_only=True):
    """POST /migration/conversations: a conversation of another system, before its messages.

    A direct one has two members, and takes `context`; its id follows from them. A group's and a ticket's follow from
    `source_id`, its id in the other system. A ticket has a `requester_id`, its customer, and agents as its members; its
    `title` is the subject. The notes of a ticket have its `source_id`, and begin after it.
    """

    run: Run
    source_id: SourceId
    type: ConversationType
    members: Annotated[list[ImportedPerson], Meta(min_length=1, max_length=MAX_MEMBERS)]
    created_at: Time
    requester_id: UserId | None = None
    context: WantedContext | None = None
    title: Title | None = None
    description: Description | None = None
    posting: Posting = "everyone"
    slow_mode_s: SlowModeS = 0
    history: NewcomersSee = "all"
    closed: bool = False
    custom_type: CustomType | None = None
    metadata: Metadata | None = None


class ImportedReaction(Body, frozen=True, kw_only=True):
    """An emoji on an imported message, and the people who put it there."""

    emoji: Annotated[str, Meta(min_length=1, max_length=MAX_EMOJI_BYTES)]
    user_ids: Annotated[list[StoredUserId], Meta(min_length=1, max_length=MAX_REACTING)]


class SubjectMove(Body, frozen=True, kw_only=True):
    """The subject of a ticket before and after a change."""

    before: Title | None = field(name="from")
    after: Title | None = field(name="to")


class StatusMove(Body, frozen=True, kw_only=True):
    """The status of a ticket before and after a change."""

    before: TicketStatus | None = field(name="from")
    after: TicketStatus | None = field(name="to")


class PriorityMove(Body, frozen=True, kw_only=True):
    """The priority of a ticket before and after a change."""

    before: Priority | None = field(name="from")
    after: Priority | None = field(name="to")


class NameMove(Body, frozen=True, kw_only=True):
    """The category or the team of a ticket before and after a change; the desk may not have it any more."""

    before: CategoryName | None = field(name="from")
    after: CategoryName | None = field(name="to")


class PersonMove(Body, frozen=True, kw_only=True):
    """The agent who has a ticket, before and after a change."""

    before: StoredUserId | None = field(name="from")
    after: StoredUserId | None = field(name="to")


class TagsMove(Body, frozen=True, kw_only=True):
    """The tags of a ticket before and after a change."""

    before: Tags | None = field(name="from")
    after: Tags | None = field(name="to")


class RatingMove(Body, frozen=True, kw_only=True):
    """The rating of a ticket before and after a change, as a text."""

    before: Literal["1", "2", "3", "4", "5"] | None = field(name="from")
    after: Literal["1", "2", "3", "4", "5"] | None = field(name="to")


class ImportedChanges(Body, frozen=True, kw_only=True):
    """The fields of a ticket that changed."""

    subject: SubjectMove | None = None
    status: StatusMove | None = None
    priority: PriorityMove | None = None
    category: NameMove | None = None
    assignee_id: PersonMove | None = None
    team: NameMove | None = None
    tags: TagsMove | None = None
    rating: RatingMove | None = None


class ImportedNote(Body, frozen=True, kw_only=True):
    """The event that an imported system message tells of."""

    event: ImportedEvent
    user_ids: Annotated[list[StoredUserId], Meta(max_length=MAX_NOTE_PEOPLE)] = []
    role: GroupRole | None = None
    title: Title | None = None
    count: SeqOrNone | None = None
    call_id: ClientId | None = None
    media: Media | None = None
    duration_s: SeqOrNone | None = None
    changes: ImportedChanges = ImportedChanges()


class ImportedOrigin(Body, frozen=True, kw_only=True):
    """The first author of a message that was forwarded, and its time."""

    sender_id: StoredUserId
    created_at: Time


class ImportedMessage(Body, frozen=True, kw_only=True):
    """A message of another system. A deleted one keeps its place, its sender and its times alone."""

    seq: Seq
    sender_id: StoredUserId
    created_at: Time
    kind: MessageKind = "text"
    text: TextOrEmpty = ""
    system: ImportedNote | None = None
    client_id: ClientId | None = None
    reply_to_seq: Seq | None = None
    forwarded_from: ImportedOrigin | None = None
    mentions: Annotated[list[Mention], Meta(max_length=MAX_MENTIONED)] = []
    attachment_ids: Annotated[list[AttachmentId], Meta(max_length=MAX_ATTACHED)] = []
    custom_type: CustomType | None = None
    metadata: JsonObject | UnsetType = UNSET
    reactions: Annotated[list[ImportedReaction], Meta(max_length=MAX_EMOJIS)] = []
    pinned: bool = False
    edited_at: Time | None = None
    deleted_at: Time | None = None


class ImportAttachment(CreateAttachment, frozen=True, kw_only=True):
    """POST /migration/conversations/{conversation_id}/attachments: a file that a message to come will carry.

    The `client_id` makes one attachment only: its name in the other system, say.
    """

    run: Run
    user_id: UserId
    client_id: ClientId


class ImportMessages(Body, frozen=True, kw_only=True):
    """POST /migration/conversations/{conversation_id}/messages: the next messages, in the order of their seqs.

    A request may repeat messages that are stored, as they are.
    """

    run: Run
    messages: Annotated[list[ImportedMessage], Meta(min_length=1, max_length=MAX_IMPORTED)]


class ImportedSettings(Body, frozen=True, kw_only=True):
    """A member's own settings for an imported conversation."""

    pinned: bool = False
    muted_until: Time | None = None
    notifications: NotificationLevel = "all"


class ImportedMember(Body, frozen=True, kw_only=True):
    """A member's side of an imported conversation: what they have read and received, and their settings.

    `since_seq` is the conversation's end when they came in, `visible_from_seq` the first message that they see, and
    `unread_from_seq` the message from which on they have marked the conversation as unread, if they have.
    `mention_seqs` are unread messages that name them.
    """

    user_id: UserId
    read_seq: SeqOrNone
    delivered_seq: SeqOrNone | None = None
    since_seq: SeqOrNone = 0
    visible_from_seq: Seq = 1
    unread_from_seq: Seq | None = None
    settings: ImportedSettings = ImportedSettings()
    archived: bool = False
    mention_seqs: Annotated[list[Seq], Meta(max_length=MAX_MENTIONS)] = []


class ImportedEntry(Body, frozen=True, kw_only=True):
    """An entry of a ticket's history: what happened, who did it, and when. `note` is why, which agents read."""

    event: ImportedTicketEvent
    user_id: StoredUserId
    at: Time
    changes: ImportedChanges = ImportedChanges()
    note: Remark | None = None
    rating: Rating | None = None
    comment: Remark | None = None


class ImportedTicket(Body, frozen=True, kw_only=True):
    """The state of a ticket of another system, and its history; the comment on a rating is in the history.

    `status_at` is when it got its status, `replied_at` when an agent first answered. The category and the team are
    those of the desk; without a `team` it is the category's.
    """

    status: TicketStatus = "open"
    priority: Priority = "medium"
    category: CategoryName | None = None
    assignee_id: StoredUserId | None = None
    team: TeamName | None | UnsetType = UNSET
    tags: Tags = []
    rating: Rating | None = None
    status_at: Time | None = None
    replied_at: Time | None = None
    history: Annotated[list[ImportedEntry], Meta(max_length=MAX_HISTORY)] = []


class FinishImport(Body, frozen=True, kw_only=True):
    """POST /migration/conversations/{conversation_id}/finish: the members' sides, after the last message.

    A ticket has its state and its history here, too.
    """

    run: Run
    last_seq: SeqOrNone
    members: Annotated[list[ImportedMember], Meta(min_length=1, max_length=MAX_MEMBERS)]
    ticket: ImportedTicket | None = None


class ListStored(Body, frozen=True, kw_only=True):
    """The query of a list that an export reads."""

    cursor: Cursor | None = None


class OfRun(Body, frozen=True, kw_only=True):
    """The query of DELETE /migration/conversations/{conversation_id}."""

    run: Run
