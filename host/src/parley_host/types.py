"""The requests and answers of the REST API. Made by `make docs`: change the handlers instead."""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict

from parley_host.ids import UserId


class AddMembers(TypedDict):
    """POST /conversations/{conversation_id}/members: people by id, or everyone of a role or a context."""

    user_ids: NotRequired[list[UserId] | None]
    everyone: NotRequired[Everyone | None]
    client_id: NotRequired[str | None]


class AddedMembers(TypedDict):
    """The requested people, who are members of the group now, and the group's size."""

    conversation_id: str
    user_ids: list[str]
    member_count: int
    users: dict[str, NamedUser]
    adding: NotRequired[AddingStatus | None]


AddingState = Literal["done", "running", "stopped"]


class AddingStatus(TypedDict):
    """The progress of the adding of everyone: `found` are people whom the caller may add, `added` those who came."""

    state: AddingState
    found: int
    added: int
    code: str | None


class Article(TypedDict):
    """An article with its text, the caller's own vote, and the people whom it names."""

    id: str
    title: str
    excerpt: str
    category: str | None
    language: str
    state: ArticleState
    version: int
    created_at: str
    created_by: str | None
    updated_at: str
    updated_by: str | None
    votes: ArticleNumbers
    text: str
    own_vote: OwnVote | None
    users: dict[str, NamedUser]


class ArticleHighlights(TypedDict):
    """The places of the words: start and end, in characters of the title and of the excerpt."""

    title: list[list[int]]
    excerpt: list[list[int]]


class ArticleNumbers(TypedDict):
    """The people whom articles have helped, whom not, and those of the first who needed no ticket any more."""

    helped: int
    not_helped: int
    saved_tickets: int


ArticleState = Literal["draft", "published"]


class ArticleVersion(TypedDict):
    """A version of an article, as it was saved."""

    version: int
    title: str
    text: str
    category: str | None
    language: str
    state: ArticleState
    at: str
    by: str


class AssignTicket(TypedDict):
    """POST /support/tickets/{ticket_id}/assign: to an agent, or to nobody (null); to a team, too."""

    assignee_id: UserId | None
    team: NotRequired[str | None]
    note: NotRequired[str | None]
    version: NotRequired[int | None]


class AssigneeCount(TypedDict):
    """The open tickets of an agent."""

    user_id: str
    count: int


class Attachment(TypedDict):
    """An attachment as its uploader sees it; `code` says why it was rejected, `message_id` where it was sent."""

    id: str
    name: str
    type: str
    kind: AttachmentKind
    size: int
    width: NotRequired[int | None]
    height: NotRequired[int | None]
    duration_ms: NotRequired[int | None]
    pages: NotRequired[int | None]
    waveform: NotRequired[list[int] | None]
    placeholder: NotRequired[str | None]
    has_thumbnail: NotRequired[bool]
    expired: NotRequired[bool]
    conversation_id: str
    state: AttachmentState
    created_at: str
    code: NotRequired[str | None]
    message_id: NotRequired[str | None]


AttachmentKind = Literal["audio", "file", "image", "video"]


AttachmentState = Literal["clean", "expired", "infected", "pending", "rejected", "scanning"]


class AttachmentUpload(TypedDict):
    """A new attachment and the form of its upload; without a form if a file has arrived or the form is over."""

    attachment: Attachment
    upload: UploadForm | None


class AttachmentUrlMap(TypedDict):
    """The addresses of attachments, by id; null for each that the caller may not have, or that is not clean."""

    attachments: dict[str, AttachmentUrls | None]


class AttachmentUrls(TypedDict):
    """The addresses of a file and of its thumbnail, where anybody gets them without a token until `expires_at`."""

    url: str
    thumbnail_url: str | None
    expires_at: str


class AttachmentsPreview(TypedDict):
    """The attachments of a message in a list: their number, their kind (`file` if they differ), and the first name."""

    count: int
    kind: AttachmentKind
    name: str


AutomationRule = TypedDict(
    "AutomationRule",
    {
        "id": "str",
        "name": "str",
        "enabled": "NotRequired[bool]",
        "on": "Trigger",
        "after_minutes": "NotRequired[int | None]",
        "clock": "NotRequired[ClockName | None]",
        "if": "NotRequired[Conditions]",
        "then": "RuleEffects",
    },
)
"""A rule of the desk: a trigger, conditions and effects. Its `id` is a name, which the history tells."""


class Automations(TypedDict):
    """The rules of the desk in their order, and the version of the list: 0 before the first."""

    version: int
    rules: list[AutomationRule]
    updated_at: str | None
    updated_by: str | None
    users: dict[str, NamedUser]


class CannedReplyAnswer(TypedDict):
    """A canned reply, and the people whom it names."""

    id: str
    title: str
    text: str
    shortcut: str | None
    version: int
    created_at: str
    created_by: str
    updated_at: str
    updated_by: str
    users: dict[str, NamedUser]


class ChangedTickets(TypedDict):
    """The results of POST /support/tickets/bulk, in the order of the request."""

    results: list[TicketResult]
    users: dict[str, NamedUser]


class ClockCounts(TypedDict):
    """The events of each clock."""

    first_response: int
    next_response: int
    resolution: int


ClockEventKind = Literal["breach", "warning"]


ClockName = Literal["first_response", "next_response", "resolution"]


class Conditions(TypedDict):
    """The conditions of a rule: all that are named must hold. Without any, the rule fires for every cause."""

    category: NotRequired[list[str] | None]
    priority: NotRequired[list[Priority] | None]
    status: NotRequired[list[TicketStatus] | None]
    context: NotRequired[list[str] | None]
    tags: NotRequired[list[str]]
    without_tags: NotRequired[list[str]]
    words: NotRequired[list[str] | None]
    hours: NotRequired[OpenOrClosed | None]


class Context(TypedDict):
    """The subject of a conversation: a class, a game block, a pattern, a booking."""

    type: str
    id: str | None


class ContextMember(TypedDict):
    """A person of a context."""

    user_id: str


class ContextOfPeople(TypedDict):
    """A context to which people belong: a class, a booking, a pattern."""

    type: str
    id: str


class ContextPerson(TypedDict):
    """A person, and a context to which they belong, or no longer do."""

    user_id: str
    context: ContextRef


class ContextRef(TypedDict):
    """A context: a class, a game block, a pattern, a booking."""

    type: str
    id: str


class Conversation(TypedDict):
    """A conversation as one of its members sees it."""

    id: str
    type: ConversationType
    title: str | None
    description: str | None
    context: Context | None
    state: OpenOrClosed
    posting: Posting
    slow_mode_s: int
    history: NewcomersSee
    custom_type: str | None
    metadata: dict[str, Any] | None
    shared_seq: int
    role: GroupRole
    members: list[Member]
    member_count: int
    last_message: ListedMessage | None
    last_seq: int
    last_change_seq: int
    unread: int
    unread_mentions: int
    mention_seqs: list[int]
    read_seq: int
    delivered_seq: int
    unread_from_seq: int | None
    settings: Settings
    own_seq: int
    archived: bool
    visible_from_seq: int
    capabilities: list[str]
    created_at: str
    last_activity_at: str


class ConversationData(TypedDict):
    """The data of the conversation that a first message opens; an open conversation keeps its own."""

    custom_type: NotRequired[str | None]
    metadata: NotRequired[dict[str, Any] | None]


ConversationType = Literal["direct", "group", "notes", "ticket"]


class CreateArticle(TypedDict):
    """POST /support/articles: a new article. A `client_id` makes one only."""

    title: str
    text: str
    language: str
    category: NotRequired[str | None]
    state: NotRequired[ArticleState]
    client_id: NotRequired[str | None]


class CreateCannedReply(TypedDict):
    """POST /support/canned-replies: a new canned reply. A `client_id` makes one only."""

    title: str
    text: str
    shortcut: NotRequired[str | None]
    client_id: NotRequired[str | None]


class CreateConversation(TypedDict):
    """POST /conversations: both types take `custom_type` and `metadata`."""

    type: NewConversationType
    user_id: NotRequired[UserId | None]
    user_ids: NotRequired[list[UserId] | None]
    context: NotRequired[WantedContext | None]
    owner_ids: NotRequired[list[UserId] | None]
    title: NotRequired[str | None]
    description: NotRequired[str | None]
    member_ids: NotRequired[list[UserId]]
    everyone: NotRequired[Everyone | None]
    posting: NotRequired[Posting]
    slow_mode_s: NotRequired[int]
    history: NotRequired[NewcomersSee]
    client_id: NotRequired[str | None]
    custom_type: NotRequired[str | None]
    metadata: NotRequired[dict[str, Any] | None]


class CreateMacro(TypedDict):
    """POST /support/macros: a new macro. A `client_id` makes one only."""

    title: str
    effects: MacroEffects
    client_id: NotRequired[str | None]


CreateTicket = TypedDict(
    "CreateTicket",
    {
        "subject": "str",
        "description": "NotRequired[str]",
        "category": "NotRequired[str | None]",
        "priority": "NotRequired[Priority]",
        "client_id": "NotRequired[str | None]",
        "context": "NotRequired[ContextOfPeople | None]",
        "tags": "NotRequired[list[str]]",
        "attachment_ids": "NotRequired[list[str]]",
        "requester_id": "NotRequired[UserId | None]",
        "follow_up_of": "NotRequired[str | None]",
        "from": "NotRequired[TicketSource | None]",
    },
)
"""POST /support/tickets: a new ticket of the caller's; the description is its first message."""


class CreateWebhook(TypedDict):
    """POST /admin/webhooks: a new endpoint. A `client_id` makes one only. Without a `secret` Parley makes one."""

    url: str
    events: list[str]
    description: NotRequired[str]
    secret: NotRequired[str | None]
    client_id: NotRequired[str | None]


class DayNumbers(TypedDict):
    """Messages of people, people who wrote (off by 2 % at most, as a rule), and conversations with a first message."""

    messages: int
    active_people: int
    conversations: int
    contexts: dict[str, int]


class DayStats(TypedDict):
    """The numbers of a day in UTC."""

    messages: int
    active_people: int
    conversations: int
    contexts: dict[str, int]
    day: str


class DeletedArticle(TypedDict):
    """An article that is no longer there."""

    id: str


class DeletedCannedReply(TypedDict):
    """A canned reply that is no longer there."""

    id: str


class DeletedMacro(TypedDict):
    """A macro that is no longer there."""

    id: str


class DeletedWebhook(TypedDict):
    """An endpoint that is no longer there."""

    id: str


DeliveryStatus = Literal["failed", "pending", "succeeded"]


class DeliveryView(TypedDict):
    """A delivery: one event for one endpoint; its attempts are those since it was last replayed, if it was."""

    id: str
    event_id: str
    type: str
    conversation_id: str | None
    message_id: str | None
    status: DeliveryStatus
    attempts: int
    response_status: int | None
    code: str | None
    occurred_at: str
    last_attempt_at: str | None
    next_attempt_at: str | None


class DeskBreaches(TypedDict):
    """Targets that were missed, by clock."""

    first_response: int
    next_response: int
    resolution: int


class DeskRatings(TypedDict):
    """Ratings from 1 to 5; without any there is no mean."""

    count: int
    mean: float | None


class DeskTimes(TypedDict):
    """Times of the wall clock: how many there were, half of them, and nine tenths of them, took no longer."""

    count: int
    median_ms: int | None
    p90_ms: int | None


class DeskTotal(TypedDict):
    """The numbers of all days together, with the votes on articles of the knowledge base."""

    opened: int
    resolved: int
    reopened: int
    first_response: DeskTimes
    resolution: DeskTimes
    breaches: DeskBreaches
    ratings: DeskRatings
    articles: ArticleNumbers


class Erasure(TypedDict):
    """The erasure of a person. `user_id` is present while the job needs it; `receipt` once all is done."""

    id: str
    user_id: str | None
    state: ErasureState
    progress: ErasureProgress
    removed: dict[str, int]
    created_at: str
    finished_at: str | None
    receipt: ErasureReceipt | None


class ErasureProgress(TypedDict):
    """The number of parts of the work that are done, and of all parts."""

    done: int
    total: int


class ErasureReceipt(TypedDict):
    """The receipt of a finished erasure: how many rows of each kind."""

    erasure_id: str
    user_sha256: str
    pseudonym: str
    requested_at: str
    finished_at: str
    removed: dict[str, int]
    sha256: str


ErasureState = Literal["done", "failed", "running"]


class Everyone(TypedDict):
    """Everyone of a role, or of a context, whom the caller may add; one of the two."""

    role: NotRequired[str | None]
    context: NotRequired[ContextOfPeople | None]


class Export(TypedDict):
    """A file made of a conversation, or in the making. `url` comes at its end, and is good until `url_expires_at`."""

    id: str
    conversation_id: str | None
    format: ExportFormat
    files: bool
    state: ExportState
    progress: ExportProgress
    created_at: str
    expires_at: str
    size_bytes: int | None
    sha256: str | None
    url: str | None
    url_expires_at: str | None


ExportFormat = Literal["html", "jsonl"]


class ExportProgress(TypedDict):
    """The number of the conversation's messages that are done, and of all its messages."""

    done: int
    total: int


ExportState = Literal["done", "failed", "queued", "running"]


class Field(TypedDict):
    """One wrong field: a JSON pointer (RFC 6901) into the body, `?name` in the query, or `{name}` in the path."""

    pointer: str
    code: str
    limit: NotRequired[int | None]


FieldChange = TypedDict("FieldChange", {"from": "str | list[str] | None", "to": "str | list[str] | None"})
"""A field of a ticket before and after a change; tags are a list."""


class FinishImport(TypedDict):
    """POST /migration/conversations/{conversation_id}/finish: the members' sides, after the last message."""

    run: str
    last_seq: int
    members: list[ImportedMember]
    ticket: NotRequired[ImportedTicket | None]


class FoundArticle(TypedDict):
    """A published article, with the places of the words."""

    id: str
    title: str
    excerpt: str
    category: str | None
    language: str
    updated_at: str
    highlights: ArticleHighlights


class FoundArticles(TypedDict):
    """The best results of a search; `total` counts all."""

    results: list[FoundArticle]
    total: int


GroupRole = Literal["admin", "member", "owner"]


class HistoryEntry(TypedDict):
    """One entry of a ticket's history: what happened, who did it, when, and the fields that changed."""

    number: int
    event: str
    user_id: str
    at: str
    changes: dict[str, FieldChange]
    first_response_ms: NotRequired[int | None]
    note: NotRequired[str | None]
    rating: NotRequired[int | None]
    comment: NotRequired[str | None]
    ticket_id: NotRequired[str | None]
    clock: NotRequired[ClockName | None]
    macro_id: NotRequired[str | None]
    rule_id: NotRequired[str | None]


class ImportAnswer(TypedDict):
    """An imported conversation: its state, and its last message that is stored."""

    conversation_id: str
    state: ImportState
    last_seq: int


class ImportAttachment(TypedDict):
    """POST /migration/conversations/{conversation_id}/attachments: a file that a message to come will carry."""

    name: str
    type: str
    size: int
    client_id: str
    run: str
    user_id: UserId


class ImportConversation(TypedDict):
    """POST /migration/conversations: a conversation of another system, before its messages."""

    run: str
    source_id: str
    type: ConversationType
    members: list[ImportedPerson]
    created_at: str
    requester_id: NotRequired[UserId | None]
    context: NotRequired[WantedContext | None]
    title: NotRequired[str | None]
    description: NotRequired[str | None]
    posting: NotRequired[Posting]
    slow_mode_s: NotRequired[int]
    history: NotRequired[NewcomersSee]
    closed: NotRequired[bool]
    custom_type: NotRequired[str | None]
    metadata: NotRequired[dict[str, Any] | None]


class ImportMessages(TypedDict):
    """POST /migration/conversations/{conversation_id}/messages: the next messages, in the order of their seqs."""

    run: str
    messages: list[ImportedMessage]


ImportState = Literal["done", "importing"]


class ImportedChanges(TypedDict):
    """The fields of a ticket that changed."""

    subject: NotRequired[SubjectMove | None]
    status: NotRequired[StatusMove | None]
    priority: NotRequired[PriorityMove | None]
    category: NotRequired[NameMove | None]
    assignee_id: NotRequired[PersonMove | None]
    team: NotRequired[NameMove | None]
    tags: NotRequired[TagsMove | None]
    rating: NotRequired[RatingMove | None]


class ImportedEntry(TypedDict):
    """An entry of a ticket's history: what happened, who did it, and when. `note` is why, which agents read."""

    event: ImportedTicketEvent
    user_id: UserId
    at: str
    changes: NotRequired[ImportedChanges]
    note: NotRequired[str | None]
    rating: NotRequired[int | None]
    comment: NotRequired[str | None]


ImportedEvent = Literal[
    "call_ended",
    "call_missed",
    "closed",
    "conversation_changed",
    "description_changed",
    "everyone_added",
    "group_created",
    "group_dissolved",
    "history_changed",
    "member_left",
    "member_removed",
    "members_added",
    "posting_changed",
    "reopened",
    "role_changed",
    "slow_mode_changed",
    "ticket_merged",
    "ticket_updated",
    "title_changed",
]


class ImportedMember(TypedDict):
    """A member's side of an imported conversation: what they have read and received, and their settings."""

    user_id: UserId
    read_seq: int
    delivered_seq: NotRequired[int | None]
    since_seq: NotRequired[int]
    visible_from_seq: NotRequired[int]
    unread_from_seq: NotRequired[int | None]
    settings: NotRequired[ImportedSettings]
    archived: NotRequired[bool]
    mention_seqs: NotRequired[list[int]]


class ImportedMessage(TypedDict):
    """A message of another system. A deleted one keeps its place, its sender and its times alone."""

    seq: int
    sender_id: UserId
    created_at: str
    kind: NotRequired[MessageKind]
    text: NotRequired[str]
    system: NotRequired[ImportedNote | None]
    client_id: NotRequired[str | None]
    reply_to_seq: NotRequired[int | None]
    forwarded_from: NotRequired[ImportedOrigin | None]
    mentions: NotRequired[list[UserId]]
    attachment_ids: NotRequired[list[str]]
    custom_type: NotRequired[str | None]
    metadata: NotRequired[dict[str, Any]]
    reactions: NotRequired[list[ImportedReaction]]
    pinned: NotRequired[bool]
    edited_at: NotRequired[str | None]
    deleted_at: NotRequired[str | None]


class ImportedNote(TypedDict):
    """The event that an imported system message tells of."""

    event: ImportedEvent
    user_ids: NotRequired[list[UserId]]
    role: NotRequired[GroupRole | None]
    title: NotRequired[str | None]
    count: NotRequired[int | None]
    call_id: NotRequired[str | None]
    media: NotRequired[Media | None]
    duration_s: NotRequired[int | None]
    changes: NotRequired[ImportedChanges]


class ImportedOrigin(TypedDict):
    """The first author of a message that was forwarded, and its time."""

    sender_id: UserId
    created_at: str


class ImportedPerson(TypedDict):
    """A member of an imported conversation; only a group has roles."""

    user_id: UserId
    role: NotRequired[GroupRole]


class ImportedReaction(TypedDict):
    """An emoji on an imported message, and the people who put it there."""

    emoji: str
    user_ids: list[UserId]


class ImportedSettings(TypedDict):
    """A member's own settings for an imported conversation."""

    pinned: NotRequired[bool]
    muted_until: NotRequired[str | None]
    notifications: NotRequired[NotificationLevel]


class ImportedTicket(TypedDict):
    """The state of a ticket of another system, and its history; the comment on a rating is in the history."""

    status: NotRequired[TicketStatus]
    priority: NotRequired[Priority]
    category: NotRequired[str | None]
    assignee_id: NotRequired[UserId | None]
    team: NotRequired[str | None]
    tags: NotRequired[list[str]]
    rating: NotRequired[int | None]
    status_at: NotRequired[str | None]
    replied_at: NotRequired[str | None]
    history: NotRequired[list[ImportedEntry]]


ImportedTicketEvent = Literal["created", "rated", "responded", "updated"]


class ItemProblem(TypedDict):
    """The refusal of one item: a problem document without `instance` and `request_id`, which are the request's."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    errors: NotRequired[list[Field]]
    rule: NotRequired[str | None]
    retry_after_ms: NotRequired[int | None]


class ItemResult(TypedDict):
    """The result of one item: the status that it would have had alone, and the problem if it was refused."""

    status: int
    id: NotRequired[str | None]
    problem: NotRequired[ItemProblem | None]


class LeftOut(TypedDict):
    """A ticket of which nothing is said, and why."""

    ticket_id: str
    number: str
    reason: LeftOutReason


LeftOutReason = Literal["imported", "own_ticket", "too_long", "unreadable"]


class LiftedSuspension(TypedDict):
    """A person who is not suspended, or no longer."""

    user_id: str
    users: dict[str, NamedUser]


class LinkPreview(TypedDict):
    """The words of the page of a message's first link about itself: plain text by a stranger."""

    url: str
    title: str
    description: str | None
    site: str
    image: NotRequired[PreviewImage]


class ListedArticle(TypedDict):
    """An article in a list, without its text. Only agents and the host's own server see who wrote it."""

    id: str
    title: str
    excerpt: str
    category: str | None
    language: str
    state: ArticleState
    version: int
    created_at: str
    created_by: str | None
    updated_at: str
    updated_by: str | None
    votes: ArticleNumbers


class ListedCannedReply(TypedDict):
    """A canned reply in a list; `filled` is its text for the ticket of the request."""

    id: str
    title: str
    text: str
    shortcut: str | None
    version: int
    created_at: str
    created_by: str
    updated_at: str
    updated_by: str
    filled: str | None


class ListedMessage(TypedDict):
    """The preview in a member's list; in a group `blocked` says that the member has blocked its sender."""

    id: str
    seq: int
    sender_id: str
    kind: str
    text: str
    created_at: str
    change_seq: int
    deleted_at: str | None
    attachments: AttachmentsPreview | None
    custom_type: str | None
    system: NotePreview | None
    blocked: bool


class ListedUser(TypedDict):
    """One person of PUT /users: an `id`, and the fields of PUT /users/{user_id}."""

    name: NotRequired[str | None]
    role: NotRequired[str]
    contexts: NotRequired[dict[str, list[str]]]
    avatar_url: NotRequired[str | None]
    locale: NotRequired[str | None]
    time_zone: NotRequired[str | None]
    email: NotRequired[str | None]
    metadata: NotRequired[dict[str, Any]]
    private_metadata: NotRequired[dict[str, Any]]
    id: UserId


class Macro(TypedDict):
    """A macro as agents see it."""

    id: str
    title: str
    effects: MacroEffects
    version: int
    created_at: str
    created_by: str
    updated_at: str
    updated_by: str


class MacroAnswer(TypedDict):
    """A macro, and the people whom it names."""

    id: str
    title: str
    effects: MacroEffects
    version: int
    created_at: str
    created_by: str
    updated_at: str
    updated_by: str
    users: dict[str, NamedUser]


class MacroEffects(TypedDict):
    """The effects of a macro: with `take` the agent who applies it gets the ticket."""

    reply: NotRequired[str | None]
    status: NotRequired[TicketStatus]
    priority: NotRequired[Priority]
    category: NotRequired[str]
    add_tags: NotRequired[list[str]]
    remove_tags: NotRequired[list[str]]
    assignee_id: NotRequired[UserId | None]
    team: NotRequired[str | None]
    take: NotRequired[bool]


Media = Literal["audio", "video"]


class Member(TypedDict):
    """One member of a conversation; both markers are seqs and only ever grow."""

    user_id: str
    name: str | None
    role: str
    read_seq: int | None
    delivered_seq: int | None


Message = TypedDict(
    "Message",
    {
        "id": "str",
        "conversation_id": "str",
        "seq": "int",
        "sender_id": "str",
        "kind": "MessageKind",
        "text": "str",
        "system": "Note | None",
        "reply_to": "str | None",
        "forwarded_from": "Origin | None",
        "mentions": "list[str]",
        "attachments": "list[MessageAttachment]",
        "custom_type": "str | None",
        "metadata": "dict[str, Any] | None",
        "reactions": "list[Reaction]",
        "pinned": "bool",
        "created_at": "str",
        "edited_at": "str | None",
        "deleted_at": "str | None",
        "client_id": "str | None",
        "via": "str | None",
        "change_seq": "int",
        "blocked": "bool",
        "hidden": "bool",
        "removed": "bool",
        "from": "NotRequired[Side]",
        "preview": "NotRequired[LinkPreview]",
    },
)
"""A message; `seq` is its place in the conversation: 1, 2, 3 … without a gap."""


class MessageAttachment(TypedDict):
    """A file of a message, as the scanner has found it. `waveform` are 64 peaks from 0 to 100, of audio only."""

    id: str
    name: str
    type: str
    kind: AttachmentKind
    size: int
    width: NotRequired[int | None]
    height: NotRequired[int | None]
    duration_ms: NotRequired[int | None]
    pages: NotRequired[int | None]
    waveform: NotRequired[list[int] | None]
    placeholder: NotRequired[str | None]
    has_thumbnail: NotRequired[bool]
    expired: NotRequired[bool]


MessageKind = Literal["system", "text", "voice"]


class MetricsRow(TypedDict):
    """The numbers of one day, category, priority or agent, which `key` names."""

    opened: int
    resolved: int
    reopened: int
    first_response: DeskTimes
    resolution: DeskTimes
    breaches: DeskBreaches
    ratings: DeskRatings
    key: str
    backlog: int | None


class ModeratedConversation(TypedDict):
    """A conversation in a moderator's list: without any message. A group's members are listed up to 100."""

    id: str
    type: ConversationType
    title: str | None
    context: Context | None
    state: OpenOrClosed
    user_ids: list[str]
    member_count: int
    last_seq: int
    created_at: str
    last_activity_at: str
    reported: bool


Moved = TypedDict("Moved", {"from": "str | None", "to": "str | None"})
"""A field of a ticket before and after a change."""


class MuteMember(TypedDict):
    """PUT /admin/conversations/{conversation_id}/mutes/{user_id}: the report that it decides, if any."""

    report_id: NotRequired[str | None]
    resolution: NotRequired[str | None]


class MutedMember(TypedDict):
    """A person, and whether they are muted in a group."""

    conversation_id: str
    user_id: str
    muted: bool
    users: dict[str, NamedUser]


NameMove = TypedDict("NameMove", {"from": "str | None", "to": "str | None"})
"""The category or the team of a ticket before and after a change; the desk may not have it any more."""


class NamedUser(TypedDict):
    """A user whom an answer names, as everybody may see them who may read what it says."""

    name: str
    role: str
    avatar_url: str | None
    profile_seq: int


NewConversationType = Literal["direct", "group"]


NewcomersSee = Literal["all", "joined"]


class Note(TypedDict):
    """The event that a system message tells of; its sender caused it."""

    event: str
    user_ids: NotRequired[list[str]]
    role: NotRequired[str | None]
    title: NotRequired[str | None]
    call_id: NotRequired[str | None]
    media: NotRequired[Media | None]
    duration_s: NotRequired[int | None]
    count: NotRequired[int | None]
    changes: NotRequired[dict[str, Moved]]


class NotePreview(TypedDict):
    """The event of a system message in a list: the first three of its people, its title cut to 100 characters."""

    event: str
    user_ids: NotRequired[list[str]]
    role: NotRequired[str | None]
    title: NotRequired[str | None]
    call_id: NotRequired[str | None]
    media: NotRequired[Media | None]
    duration_s: NotRequired[int | None]
    count: NotRequired[int | None]
    changes: NotRequired[dict[str, Moved]]
    user_count: NotRequired[int | None]


NotificationLevel = Literal["all", "mentions", "none"]


class Notified(TypedDict):
    """The agents whom a rule notifies: some by id, those of a team, and the one who has the ticket."""

    user_ids: NotRequired[list[UserId]]
    team: NotRequired[str | None]
    assignee: NotRequired[bool]


OpenOrClosed = Literal["closed", "open"]


class Origin(TypedDict):
    """The first author of a forwarded message, and its time. The reader may not know its conversation."""

    sender_id: str
    created_at: str


class OwnVote(TypedDict):
    """The caller's vote."""

    helped: bool
    instead_of_ticket: bool


class Person(TypedDict):
    """A user as the reader may know them; a field that is not set, or that the reader may not see, is missing."""

    id: str
    name: str
    role: str
    contexts: dict[str, list[str]]
    profile_seq: int
    avatar_url: NotRequired[str | None]
    metadata: NotRequired[dict[str, Any] | None]
    locale: NotRequired[str | None]
    time_zone: NotRequired[str | None]
    email: NotRequired[str | None]
    private_metadata: NotRequired[dict[str, Any] | None]


PersonMove = TypedDict("PersonMove", {"from": "str | None", "to": "str | None"})
"""The agent who has a ticket, before and after a change."""


Posting = Literal["admins", "everyone", "nobody"]


class PreviewImage(TypedDict):
    """The picture of a page, made small; another `id` is another picture. Its address is asked for."""

    id: str
    width: int
    height: int


Priority = Literal["high", "low", "medium", "urgent"]


PriorityMove = TypedDict("PriorityMove", {"from": "Priority | None", "to": "Priority | None"})
"""The priority of a ticket before and after a change."""


class PutAgent(TypedDict):
    """PUT /support/agents/{user_id}: whether an agent is on duty; what is left out stays as it is."""

    available: bool
    limit: NotRequired[int | None]
    skills: NotRequired[list[str]]
    teams: NotRequired[list[str]]


class PutArticle(TypedDict):
    """PUT /support/articles/{article_id}: the whole article; `version` is that of the article as read."""

    version: int
    title: str
    text: str
    language: str
    category: NotRequired[str | None]
    state: ArticleState


class PutAutomations(TypedDict):
    """PUT /support/automations: the whole list; `version` is that of the list as read, 0 of none."""

    version: int
    rules: list[AutomationRule]


class PutCannedReply(TypedDict):
    """PUT /support/canned-replies/{reply_id}: the whole reply; `version` is that of the reply as read."""

    version: int
    title: str
    text: str
    shortcut: NotRequired[str | None]


class PutMacro(TypedDict):
    """PUT /support/macros/{macro_id}: the whole macro; `version` is that of the macro as read."""

    version: int
    title: str
    effects: MacroEffects


class PutUser(TypedDict):
    """PUT /users/{user_id}: all that the host states of a person. On a field left out the host is silent."""

    name: NotRequired[str | None]
    role: NotRequired[str]
    contexts: NotRequired[dict[str, list[str]]]
    avatar_url: NotRequired[str | None]
    locale: NotRequired[str | None]
    time_zone: NotRequired[str | None]
    email: NotRequired[str | None]
    metadata: NotRequired[dict[str, Any]]
    private_metadata: NotRequired[dict[str, Any]]


class QueueCounts(TypedDict):
    """Tickets now: by status, and the open ones by priority, category, team and assignee."""

    status: dict[str, int]
    open: int
    unassigned: int
    priority: dict[str, int]
    category: dict[str, int]
    team: dict[str, int]
    assignees: list[AssigneeCount]
    users: dict[str, NamedUser]


class QueuedDelivery(TypedDict):
    """A delivery whose next attempt is queued: find it by its id in the list after a moment."""

    id: str
    event_id: str
    type: str


RatingMove = TypedDict("RatingMove", {"from": "RatingText | None", "to": "RatingText | None"})
"""The rating of a ticket before and after a change, as a text."""


RatingText = Literal["1", "2", "3", "4", "5"]


class Reaction(TypedDict):
    """The count of an emoji on a message; `mine` if the reader gave one of them."""

    emoji: str
    count: int
    mine: bool


class Removal(TypedDict):
    """The removal of what a person wrote between two times: `removed` messages so far."""

    id: str
    user_id: str
    hours: int
    reason: str
    report_id: str | None
    state: RemovalState
    code: str | None
    removed: int
    since: str
    until: str
    created_at: str
    finished_at: str | None
    expires_at: str
    users: dict[str, NamedUser]


RemovalState = Literal["done", "failed", "running", "stopped"]


class RemoveMessages(TypedDict):
    """POST /admin/removals: whose messages of the last `hours` are removed, and why."""

    report_id: NotRequired[str | None]
    resolution: NotRequired[str | None]
    user_id: UserId
    hours: int
    reason: str
    client_id: NotRequired[str | None]


class RemovedMember(TypedDict):
    """The person who left the conversation, and its size. A direct conversation keeps its two people."""

    conversation_id: str
    user_id: str
    member_count: int
    users: dict[str, NamedUser]


class Replay(TypedDict):
    """A replay that was begun: its deliveries are attempted again, a few at once."""

    webhook_id: str
    since: str
    until: str
    status: ReplayedStatus | None


ReplayedStatus = Literal["failed", "succeeded"]


class RotateSecret(TypedDict):
    """POST /admin/webhooks/{webhook_id}/rotate-secret: `version` is that of the endpoint as read."""

    version: int
    secret: NotRequired[str | None]
    end_old: NotRequired[bool]


class RuleEffects(TypedDict):
    """The effects of a rule: those of a macro, and the agents whom it notifies. The reply is the desk's own message."""

    reply: NotRequired[str | None]
    status: NotRequired[TicketStatus]
    priority: NotRequired[Priority]
    category: NotRequired[str]
    add_tags: NotRequired[list[str]]
    remove_tags: NotRequired[list[str]]
    assignee_id: NotRequired[UserId | None]
    team: NotRequired[str | None]
    notify: NotRequired[Notified | None]


class SendMessage(TypedDict):
    """POST /conversations/{conversation_id}/messages; only the host's own server names a `sender_id`."""

    text: NotRequired[str]
    client_id: NotRequired[str | None]
    kind: NotRequired[SentKind]
    reply_to: NotRequired[str | None]
    mentions: NotRequired[list[UserId]]
    attachment_ids: NotRequired[list[str]]
    custom_type: NotRequired[str | None]
    metadata: NotRequired[dict[str, Any] | None]
    sender_id: NotRequired[UserId | None]


class SendMessageToUser(TypedDict):
    """POST /messages: opens the conversation if it does not exist."""

    text: NotRequired[str]
    client_id: NotRequired[str | None]
    kind: NotRequired[SentKind]
    reply_to: NotRequired[str | None]
    mentions: NotRequired[list[UserId]]
    attachment_ids: NotRequired[list[str]]
    custom_type: NotRequired[str | None]
    metadata: NotRequired[dict[str, Any] | None]
    user_id: NotRequired[UserId | None]
    user_ids: NotRequired[list[UserId] | None]
    sender_id: NotRequired[UserId | None]
    context: NotRequired[WantedContext | None]
    conversation: NotRequired[ConversationData | None]


SentKind = Literal["text", "voice"]


SentMessage = TypedDict(
    "SentMessage",
    {
        "id": "str",
        "conversation_id": "str",
        "seq": "int",
        "sender_id": "str",
        "kind": "MessageKind",
        "text": "str",
        "system": "Note | None",
        "reply_to": "str | None",
        "forwarded_from": "Origin | None",
        "mentions": "list[str]",
        "attachments": "list[MessageAttachment]",
        "custom_type": "str | None",
        "metadata": "dict[str, Any] | None",
        "reactions": "list[Reaction]",
        "pinned": "bool",
        "created_at": "str",
        "edited_at": "str | None",
        "deleted_at": "str | None",
        "client_id": "str | None",
        "via": "str | None",
        "change_seq": "int",
        "blocked": "bool",
        "hidden": "bool",
        "removed": "bool",
        "from": "NotRequired[Side]",
        "preview": "NotRequired[LinkPreview]",
        "users": "dict[str, NamedUser]",
        "replayed": "bool",
    },
)
"""The answer to a send: the message, and whether an earlier try with the same `client_id` had written it."""


class SetConversationState(TypedDict):
    """PUT /admin/conversations/{conversation_id}/state."""

    report_id: NotRequired[str | None]
    resolution: NotRequired[str | None]
    state: OpenOrClosed


class SetRole(TypedDict):
    """PUT and PATCH /conversations/{conversation_id}/members/{user_id}."""

    role: NotRequired[GroupRole]


class Settings(TypedDict):
    """One person's settings for one conversation."""

    pinned: bool
    muted_until: str | None
    notifications: NotificationLevel


Side = Literal["requester", "support", "system"]


class SignedOut(TypedDict):
    """A signed-out person. Tokens that were issued before `signed_out_at` are refused."""

    user_id: str
    signed_out_at: str


SimulateSla = TypedDict(
    "SimulateSla",
    {
        "policy": "NotRequired[SlaPolicy]",
        "from": "NotRequired[str | None]",
        "to": "NotRequired[str | None]",
        "cursor": "NotRequired[str | None]",
        "limit": "NotRequired[int]",
    },
)
"""POST /support/sla/simulate: a policy, and the tickets that were opened from one time to before another."""


class SimulatedEvent(TypedDict):
    """A warning or a breach that the policy would have told, at its own instant."""

    clock: ClockName
    kind: ClockEventKind
    at: str


class SimulatedTicket(TypedDict):
    """A past ticket as it is now, and what the policy would have told of it, in the order of time."""

    ticket_id: str
    number: str
    status: TicketStatus
    priority: Priority
    category: str
    created_at: str
    merged_into: str | None
    events: list[SimulatedEvent]


class Simulation(TypedDict):
    """A page of past tickets under a policy, in no order that tells anything."""

    tickets: list[SimulatedTicket]
    left_out: list[LeftOut]
    total: SimulationCounts
    next: str | None


class SimulationCounts(TypedDict):
    """The sums of a page: its tickets, those with a breach, and the events by clock."""

    tickets: int
    breached: int
    warnings: ClockCounts
    breaches: ClockCounts


class SlaClock(TypedDict):
    """One clock of a ticket, which counts business time. Without a `target_ms` it counts and promises nothing."""

    target_ms: int | None
    used_ms: int
    started_at: str
    running_since: str | None
    warns_at: str | None
    due_at: str | None
    warned_at: str | None
    breached_at: str | None
    ended_at: str | None


class SlaPolicy(TypedDict):
    """The promises to simulate, as the desk's file says them; what is left out is the desk's own."""

    time_zone: NotRequired[str | None]
    hours: NotRequired[dict[str, list[str]] | None]
    targets: NotRequired[dict[str, dict[str, str | dict[str, str]]] | None]
    warn_percent: NotRequired[int | None]


Stats = TypedDict("Stats", {"from": "str", "to": "str", "total": "DayNumbers", "days": "list[DayStats]"})
"""The numbers of days in UTC, `from` and `to` among them. `total` counts who was active on several days once."""


StatusMove = TypedDict("StatusMove", {"from": "TicketStatus | None", "to": "TicketStatus | None"})
"""The status of a ticket before and after a change."""


class StoredConversation(TypedDict):
    """A conversation as all members share it; its members are listed by themselves."""

    id: str
    type: ConversationType
    title: str | None
    description: str | None
    context: Context | None
    state: OpenOrClosed
    posting: Posting
    slow_mode_s: int
    history: NewcomersSee
    custom_type: str | None
    metadata: dict[str, Any] | None
    requester_id: str | None
    member_count: int
    last_seq: int
    created_at: str
    last_activity_at: str
    ticket: StoredTicketState | None


class StoredMember(TypedDict):
    """A member's side of a conversation: what they have read and received, and their settings."""

    user_id: str
    role: GroupRole
    read_seq: int
    delivered_seq: int
    since_seq: int
    visible_from_seq: int
    unread_from_seq: int | None
    settings: Settings
    archived: bool
    mention_seqs: list[int]


class StoredReaction(TypedDict):
    """A person's emoji on a message."""

    seq: int
    emoji: str
    user_id: str
    reacted_at: str


class StoredTicketState(TypedDict):
    """The state of a ticket beside its conversation, as an import takes it; its history is a list of its own."""

    number: str
    status: TicketStatus
    priority: Priority
    category: str
    assignee_id: str | None
    team: str | None
    tags: list[str]
    rating: int | None
    status_at: str
    replied_at: str | None


SubjectMove = TypedDict("SubjectMove", {"from": "str | None", "to": "str | None"})
"""The subject of a ticket before and after a change."""


class SuggestArticles(TypedDict):
    """POST /support/articles/suggest: a ticket as far as it is written; each text may still be empty."""

    subject: NotRequired[str]
    description: NotRequired[str]
    language: NotRequired[str | None]


class SuggestedArticle(TypedDict):
    """A published article, as a list of results shows it."""

    id: str
    title: str
    excerpt: str
    category: str | None
    language: str
    updated_at: str


class SuggestedArticles(TypedDict):
    """The articles that may help instead of a ticket, the best first."""

    suggestions: list[SuggestedArticle]


class SupportAgent(TypedDict):
    """An agent on the roster, as agents see them. `limit` is their own, null if the desk's counts."""

    user_id: str
    available: bool
    online: bool
    limit: int | None
    skills: list[str]
    teams: list[str]
    open_tickets: int
    updated_at: str


class SupportAgentAnswer(TypedDict):
    """An agent on the roster, and the people whom the answer names."""

    user_id: str
    available: bool
    online: bool
    limit: int | None
    skills: list[str]
    teams: list[str]
    open_tickets: int
    updated_at: str
    users: dict[str, NamedUser]


SupportMetrics = TypedDict(
    "SupportMetrics",
    {
        "from": "str",
        "to": "str",
        "by": "str",
        "error": "float",
        "total": "DeskTotal",
        "rows": "list[MetricsRow]",
        "users": "dict[str, NamedUser]",
    },
)
"""The figures of the desk on days in UTC, `from` and `to` among them."""


class SupportTicket(TypedDict):
    """A ticket as the caller sees it. Its `id` is that of its conversation; `unread` is the caller's own count."""

    id: str
    number: str
    subject: str
    status: TicketStatus
    priority: Priority
    category: str
    requester_id: str
    assignee_id: str | None
    team: str | None
    tags: list[str]
    rating: int | None
    merged_into: str | None
    merged_from: list[str]
    follow_up_of: str | None
    source_message_id: str | None
    context: Context | None
    last_message: ListedMessage | None
    last_seq: int
    unread: int
    created_at: str
    updated_at: str
    version: int


class SupportTicketAnswer(TypedDict):
    """A ticket, and the people whom it names."""

    id: str
    number: str
    subject: str
    status: TicketStatus
    priority: Priority
    category: str
    requester_id: str
    assignee_id: str | None
    team: str | None
    tags: list[str]
    rating: int | None
    merged_into: str | None
    merged_from: list[str]
    follow_up_of: str | None
    source_message_id: str | None
    context: Context | None
    last_message: ListedMessage | None
    last_seq: int
    unread: int
    created_at: str
    updated_at: str
    version: int
    users: dict[str, NamedUser]


class SuspensionDetails(TypedDict):
    """A suspension as moderators see it; `report_id` is the report that it decided."""

    user_id: str
    until: str
    reason: str
    scope: SuspensionScope
    suspended_by: str
    suspended_at: str
    report_id: str | None


SuspensionScope = Literal["all", "write"]


TagsMove = TypedDict("TagsMove", {"from": "list[str] | None", "to": "list[str] | None"})
"""The tags of a ticket before and after a change."""


class TicketChanges(TypedDict):
    """Changes of many tickets alike: what is named, the rest stays."""

    status: NotRequired[TicketStatus]
    priority: NotRequired[Priority]
    category: NotRequired[str]
    tags: NotRequired[list[str]]
    assignee_id: NotRequired[UserId | None]
    team: NotRequired[str | None]


class TicketResult(TypedDict):
    """The result of one ticket: the ticket after the changes, or the problem if it was refused."""

    status: int
    id: NotRequired[str | None]
    problem: NotRequired[ItemProblem | None]
    ticket: NotRequired[TicketState | None]


class TicketSlaAnswer(TypedDict):
    """The clocks of a ticket as they are now, and what they count by. A clock that has not begun is null."""

    ticket_id: str
    status: TicketStatus
    overdue: bool
    first_response: SlaClock | None
    next_response: SlaClock | None
    resolution: SlaClock | None
    warn_percent: int
    is_open: bool
    time_zone: str
    hours: dict[str, list[str]]
    holidays: list[str]
    closes_at: str | None
    archives_at: str | None


class TicketSource(TypedDict):
    """A message that becomes a ticket, or a direct chat whose last messages do; one of the two is named."""

    message_id: NotRequired[str | None]
    conversation_id: NotRequired[str | None]


class TicketState(TypedDict):
    """A ticket as all those in it see it alike. Of two versions the one with the greater `version` is the newer."""

    id: str
    number: str
    subject: str
    status: TicketStatus
    priority: Priority
    category: str
    requester_id: str
    assignee_id: str | None
    team: str | None
    tags: list[str]
    rating: int | None
    merged_into: str | None
    merged_from: list[str]
    follow_up_of: str | None
    source_message_id: str | None
    context: Context | None
    created_at: str
    updated_at: str
    version: int


TicketStatus = Literal["closed", "in_progress", "open", "resolved", "waiting_on_customer"]


class TriedAutomations(TypedDict):
    """A page of past tickets under a list of rules, in no order that tells anything."""

    tickets: list[TriedTicket]
    left_out: list[LeftOut]
    total: TriedCounts
    next: str | None
    users: dict[str, NamedUser]


class TriedCounts(TypedDict):
    """The sums of a page: its tickets, those for which a rule would have fired, and the firings."""

    tickets: int
    fired: int
    firings: int
    rules_left_out: int


class TriedFiring(TypedDict):
    """A rule that would have fired: when, for which cause, and what it would have changed and written."""

    rule_id: str
    on: Trigger
    at: str
    changes: dict[str, FieldChange]
    reply: str | None


class TriedLeftOut(TypedDict):
    """A rule whose conditions held and of which nothing would have been done: its effects could not."""

    rule_id: str
    on: Trigger
    at: str
    code: str


class TriedTicket(TypedDict):
    """A past ticket, the first 30 rules that would have fired for it, and the first 30 that could not."""

    ticket_id: str
    number: str
    created_at: str
    firings: list[TriedFiring]
    firing_count: int
    rules_left_out: list[TriedLeftOut]
    rules_left_out_count: int


Trigger = Literal["created", "customer_reply", "idle", "sla_warning"]


TryAutomations = TypedDict(
    "TryAutomations",
    {
        "rules": "NotRequired[list[AutomationRule] | None]",
        "from": "NotRequired[str | None]",
        "to": "NotRequired[str | None]",
        "cursor": "NotRequired[str | None]",
        "limit": "NotRequired[int]",
    },
)
"""POST /support/automations/try: rules, and the tickets that were opened from one time to before another."""


class UndoAnswer(TypedDict):
    """The progress of undoing an import: call again until it is done."""

    conversation_id: str
    done: bool


class UpdateConversation(TypedDict):
    """PATCH /conversations/{conversation_id}: changes the given fields; null removes all but the title of a group."""

    title: NotRequired[str | None]
    description: NotRequired[str | None]
    posting: NotRequired[Posting]
    slow_mode_s: NotRequired[int]
    history: NotRequired[NewcomersSee]
    state: NotRequired[OpenOrClosed]
    custom_type: NotRequired[str | None]
    metadata: NotRequired[dict[str, Any] | None]


class UpdateTicket(TypedDict):
    """PATCH /support/tickets/{ticket_id}: change what is named, the rest stays. The requester may change `status`."""

    subject: NotRequired[str]
    status: NotRequired[TicketStatus]
    priority: NotRequired[Priority]
    category: NotRequired[str]
    tags: NotRequired[list[str]]
    version: NotRequired[int | None]


class UpdateWebhook(TypedDict):
    """PATCH /admin/webhooks/{webhook_id}: the fields that change. `enabled` also ends a pause."""

    url: NotRequired[str]
    events: NotRequired[list[str]]
    description: NotRequired[str]
    enabled: NotRequired[bool]


class UploadForm(TypedDict):
    """The form with which a client uploads a file: a POST of `multipart/form-data`, the file as its last field."""

    url: str
    fields: dict[str, str]
    expires_at: str


class UserStats(TypedDict):
    """The messages that a person has written and received on some days. They are in `conversations` now."""

    user_id: str
    sent: int
    received: int
    conversations: int
    last_active_at: str | None


class WantedContext(TypedDict):
    """The subject of a new conversation; `general` is the same as no context at all."""

    type: str
    id: NotRequired[str | None]
    title: NotRequired[str | None]


class WarnUser(TypedDict):
    """POST /admin/warnings: whom and why; `report_id` is a report that it decides. A `client_id` warns once only."""

    user_id: UserId
    reason: str
    client_id: NotRequired[str | None]
    report_id: NotRequired[str | None]
    resolution: NotRequired[str | None]


class WarningDetails(TypedDict):
    """A warning as moderators see it; `report_id` is the report that it decided."""

    id: str
    user_id: str
    reason: str
    warned_at: str
    report_id: str | None


class WebhookAnswer(TypedDict):
    """An endpoint, and the people whom it names."""

    id: str
    url: str
    events: list[str]
    description: str
    enabled: bool
    disabled_reason: WhyDisabled | None
    disabled_at: str | None
    failing_since: str | None
    paused_until: str | None
    old_secret_until: str | None
    version: int
    created_at: str
    created_by: str
    updated_at: str
    users: dict[str, NamedUser]


class WebhookDetails(TypedDict):
    """An endpoint as its keepers see it, without its secret."""

    id: str
    url: str
    events: list[str]
    description: str
    enabled: bool
    disabled_reason: WhyDisabled | None
    disabled_at: str | None
    failing_since: str | None
    paused_until: str | None
    old_secret_until: str | None
    version: int
    created_at: str
    created_by: str
    updated_at: str


class WebhookWithSecret(TypedDict):
    """An endpoint with its secret, which no other answer shows; null in the answer to a late repeat."""

    id: str
    url: str
    events: list[str]
    description: str
    enabled: bool
    disabled_reason: WhyDisabled | None
    disabled_at: str | None
    failing_since: str | None
    paused_until: str | None
    old_secret_until: str | None
    version: int
    created_at: str
    created_by: str
    updated_at: str
    users: dict[str, NamedUser]
    secret: str | None


WhyDisabled = Literal["by_request", "failing", "gone"]
