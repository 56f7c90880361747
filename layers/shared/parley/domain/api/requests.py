"""The requests: one class per body, per action's `data` and per query string. Unknown fields are refused."""

from typing import Annotated, Any, ClassVar, Literal

from msgspec import UNSET, Meta, Raw, Struct, UnsetType

from parley.domain.api.custom_data import CUSTOM_TYPE_PATTERN, compact
from parley.domain.api.errors import Invalid
from parley.domain.api.fields import EMPTY_OR_NOT_BLANK, FILE_TYPE_PATTERN, NOT_BLANK, form, in_unicode
from parley.domain.api.identity import (
    AVATAR_URL_PATTERN,
    CONTEXT_ID_PATTERN,
    CONTEXT_TYPE_PATTERN,
    EMAIL_PATTERN,
    LOCALE_PATTERN,
    MAX_AVATAR_URL_CHARACTERS,
    MAX_CONTEXT_IDS,
    MAX_CONTEXT_TYPES,
    MAX_EMAIL_CHARACTERS,
    MAX_LOCALE_CHARACTERS,
    MAX_METADATA_BYTES,
    MAX_NAME_CHARACTERS,
    MAX_TIME_ZONE_CHARACTERS,
    ROLE_PATTERN,
    STORED_USER_ID_PATTERN,
    TIME_ZONE_PATTERN,
    USER_ID_PATTERN,
    is_stored_user_id,
)
from parley.domain.api.ids import ATTACHMENT_ID_PATTERN, CLIENT_ID_PATTERN, CONVERSATION_ID_PATTERN, MESSAGE_ID_PATTERN
from parley.domain.api.times import DAY_OR_TIME_PATTERN, RFC3339_PATTERN
from parley.domain.api.types import (
    AttachmentKind,
    GroupRole,
    Media,
    NewcomersSee,
    NotificationLevel,
    Posting,
    SearchKind,
    SentKind,
    Signal,
    State,
    SuspensionScope,
)

MAX_PAYLOAD_CHARACTERS = 16_384  # of a call signal; an SDP has 2–8 KB
MAX_TEXT_CHARACTERS = 10_000  # code points; at 4 bytes each well under an item's 400 KB and a frame's 128 KB
MAX_SEQ = 10**15  # no conversation reaches it; keeps seqs exact in every client's doubles (2**53)
MAX_STATUS_USERS = 100  # one BatchGetItem (DynamoDB quotas)
MAX_SYNC_CONVERSATIONS = 100
MAX_PAGE = 100
MAX_PUT_USERS = 100
MAX_CONTEXT_PEOPLE = 100
MAX_MENTIONED = 20  # people whom one message names: each adds one item to the send's transaction
MAX_ADDED = 90  # people added to a group at once: a transaction holds 100 items (DynamoDB quotas)
MAX_OWNERS = 50  # whom a request names; as many as a group may have owners and admins
MAX_ATTACHED = 30  # attachments of one message, whatever MaxAttachmentsPerMessage says: a transaction holds 100 items
MAX_FORWARDS = 20  # conversations that a message is forwarded to at once (guides/messages.md, "Messages")
MAX_SLOW_MODE_S = 120
MAX_TITLE_CHARACTERS = 200
MAX_DESCRIPTION_CHARACTERS = 1_000  # with the title and 100 members it keeps a head under 30 KB

MAX_URLS = 50  # attachments at once: two batches of 100 keys at most (DynamoDB quotas), and two signatures each
MAX_FILE_NAME_CHARACTERS = 1000  # of a request; what is longer than 255 is cut, with its ending kept
MAX_REMOVED_HOURS = 720  # as long as a removed message can be restored
MAX_REMARK_CHARACTERS = 1000
CONVERSATION_TYPES_PATTERN = r"^(notes|(direct|group|ticket)(,(direct|group|ticket)){0,2})$(?!\n)"
REPORT_ID_PATTERN = r"^r_[a-z2-7]{26}$(?!\n)"
MAX_RULES = 1000  # of banned words; as in banned_words.py, which is too large to import for every request
MAX_RULE_CHARACTERS = 64
MAX_TRIED_CONVERSATIONS = 20

Reason = Literal["spam", "harassment", "hate", "violence", "sexual", "self_harm", "illegal", "other"]
ReportState = Literal["open", "in_review", "resolved", "dismissed"]
AuditAction = Literal[
    "read_report",
    "resolve_report",
    "suspend_user",
    "lift_suspension",
    "warn_user",
    "remove_message",
    "remove_messages",
    "restore_message",
    "set_conversation_state",
    "expel_member",
    "mute_member",
    "unmute_member",
    "read_messages",
    "list_conversations",
    "search_messages",
    "put_banned_words",
    "try_banned_words",
    "read_edits",
    "read_notification_trace",
    "export_conversation",
    "export_search",
    "read_conversation",
    "list_tickets",
    "erase_user",
    "create_webhook",
    "update_webhook",
    "rotate_webhook_secret",
    "delete_webhook",
    "test_webhook",
    "replay_delivery",
    "replay_deliveries",
]

OF_TIME_ZONES = "write a time zone as Europe/Berlin, by its name in IANA's database"
_OF_USERS = "an id of a user has 1 to 128 of A-Z a-z 0-9 . _ ~ @ | : + = -"

Seq = Annotated[int, Meta(ge=1, le=MAX_SEQ)]
UserId = Annotated[str, form(USER_ID_PATTERN, f"{_OF_USERS}, but none of those that Parley makes", 128)]
StoredUserId = Annotated[str, form(STORED_USER_ID_PATTERN, _OF_USERS, 128)]  # pseudonyms, too
PersonName = Annotated[str, Meta(max_length=MAX_NAME_CHARACTERS, pattern=NOT_BLANK)]
AvatarUrl = Annotated[
    str, form(AVATAR_URL_PATTERN, "write a link as https://example.org/me.png", MAX_AVATAR_URL_CHARACTERS)
]
Locale = Annotated[str, form(LOCALE_PATTERN, "write a language as en or pt-BR", MAX_LOCALE_CHARACTERS)]
TimeZone = Annotated[str, form(TIME_ZONE_PATTERN, OF_TIME_ZONES, MAX_TIME_ZONE_CHARACTERS)]
Email = Annotated[str, form(EMAIL_PATTERN, "write an address as alice@example.org", MAX_EMAIL_CHARACTERS)]
# Kept as it was sent, because a decoded object no longer tells of repeated names (`metadata.py`).
JsonObject = Annotated[Raw, Meta(extra_json_schema={"type": "object"})]
Role = Annotated[str, form(ROLE_PATTERN, "a role has 1 to 64 of A-Z a-z 0-9 . _ : -, a letter or digit first", 64)]
ContextType = Annotated[
    str, form(CONTEXT_TYPE_PATTERN, "a type of contexts has 1 to 32 of a-z 0-9 _, a letter first", 32)
]
ContextId = Annotated[
    str, form(CONTEXT_ID_PATTERN, "an id of a context has 1 to 128 of A-Z a-z 0-9 . _ ~ @ | : + = -", 128)
]
ContextIds = Annotated[list[ContextId], Meta(max_length=MAX_CONTEXT_IDS)]
Text = Annotated[str, Meta(max_length=MAX_TEXT_CHARACTERS, pattern=NOT_BLANK)]
TextOrEmpty = Annotated[str, Meta(max_length=MAX_TEXT_CHARACTERS, pattern=EMPTY_OR_NOT_BLANK)]
ConversationId = Annotated[
    str, form(CONVERSATION_ID_PATTERN, "an id of a conversation is d_, g_, n_ or t_ and 26 of a-z 2-7")
]
ClientId = Annotated[str, form(CLIENT_ID_PATTERN, "a client_id has 1 to 64 of A-Z a-z 0-9 . _ : ~ -", 64)]
Limit = Annotated[int, Meta(ge=1, le=MAX_PAGE)]
MessageId = Annotated[
    str, form(MESSAGE_ID_PATTERN, "an id of a message is that of its conversation, a point and a number", 64)
]
Mention = Annotated[str, form(rf"{USER_ID_PATTERN}|^[*]$(?!\n)", f"{_OF_USERS}, and * is everybody", 128)]
TwoPeople = Annotated[list[UserId], Meta(min_length=2, max_length=2)]
Title = Annotated[str, Meta(max_length=MAX_TITLE_CHARACTERS, pattern=NOT_BLANK)]
Description = Annotated[str, Meta(max_length=MAX_DESCRIPTION_CHARACTERS, pattern=NOT_BLANK)]
SlowModeS = Annotated[int, Meta(ge=0, le=MAX_SLOW_MODE_S)]
Remark = Annotated[str, Meta(max_length=MAX_REMARK_CHARACTERS, pattern=NOT_BLANK)]
FileName = Annotated[str, Meta(max_length=MAX_FILE_NAME_CHARACTERS, pattern=NOT_BLANK)]
FileType = Annotated[str, form(FILE_TYPE_PATTERN, "write a media type as image/png", 100)]
AttachmentId = Annotated[str, form(ATTACHMENT_ID_PATTERN, "an id of an attachment is a_ and 26 of a-z 2-7")]
CustomType = Annotated[str, form(CUSTOM_TYPE_PATTERN, "a custom_type has 1 to 64 of A-Z a-z 0-9 . _ : -", 64)]
Metadata = dict[str, Any]  # `bodies.decode` holds it to the limits of `custom_data.py`
ReportId = Annotated[str, form(REPORT_ID_PATTERN, "an id of a report is r_ and 26 of a-z 2-7", 28)]
Cursor = Annotated[str, Meta(min_length=1, max_length=1024)]
Time = Annotated[str, form(RFC3339_PATTERN, "write a time as 2026-11-21T07:30:00Z", 40)]
DayOrTime = Annotated[
    str, form(DAY_OR_TIME_PATTERN, "write a day as 2026-11-21, or a time as 2026-11-21T07:30:00Z", 40)
]
ConversationTypes = Annotated[
    str,
    form(CONVERSATION_TYPES_PATTERN, "write some of direct, group, ticket with commas between them, or notes alone"),
]
RuleId = Annotated[str, form(r"^[A-Za-z0-9_-]{1,32}$(?!\n)", "an id of a rule has 1 to 32 of A-Z a-z 0-9 _ -", 32)]


class Body(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The root of every request. It refuses unknown fields, so that a client learns of its mistakes."""


class Nothing(Body, frozen=True, kw_only=True):
    """An action or a query that takes no fields."""


class WantedContext(Body, frozen=True, kw_only=True):
    """The subject of a new conversation; `general` is the same as no context at all.

    `title` becomes the conversation's title: the name of a pattern, say. An open conversation keeps its own.
    """

    type: ContextType
    id: ContextId | None = None
    title: Title | None = None


class ContextOfPeople(Body, frozen=True, kw_only=True):
    """A context to which people belong: a class, a booking, a pattern."""

    type: ContextType
    id: ContextId


class Everyone(Body, frozen=True, kw_only=True):
    """Everyone of a role, or of a context, whom the caller may add; one of the two."""

    role: Role | None = None
    context: ContextOfPeople | None = None

    def check(self, pointer: str) -> None:
        """Raises Invalid unless exactly one of the two is there."""
        if self.role is None and self.context is None:
            raise Invalid.field(f"{pointer}/role", "required", "Name a role or a context.")
        if self.role is not None and self.context is not None:
            raise Invalid.field(f"{pointer}/context", "contradiction", "Name a role or a context, not both.")


class CreateConversation(Body, frozen=True, kw_only=True):
    """POST /conversations: both types take `custom_type` and `metadata`.

    `direct` takes `user_id` and `context` too, `group` the other fields. A `client_id` makes one group only. An open
    conversation keeps its own data. The host's own server names both people (`user_ids`), or a group's `owner_ids`, and
    is then in neither.
    """

    type: Literal["direct", "group"]
    user_id: UserId | None = None
    user_ids: TwoPeople | None = None
    context: WantedContext | None = None
    owner_ids: Annotated[list[UserId], Meta(max_length=MAX_OWNERS)] | None = None
    title: Title | None = None
    description: Description | None = None
    member_ids: Annotated[list[UserId], Meta(max_length=MAX_ADDED)] = []
    everyone: Everyone | None = None
    posting: Posting = "everyone"
    slow_mode_s: SlowModeS = 0
    history: NewcomersSee = "all"
    client_id: ClientId | None = None
    custom_type: CustomType | None = None
    metadata: Metadata | None = None


class CreateAttachment(Body, frozen=True, kw_only=True):
    """POST /conversations/{conversation_id}/attachments: the file that the caller wants to upload.

    A `client_id` makes one attachment only.
    """

    name: FileName
    type: FileType
    size: Annotated[int, Meta(ge=1, le=MAX_SEQ)]
    client_id: ClientId | None = None


class CreateAttachmentForUser(CreateAttachment, frozen=True, kw_only=True, rename={"purpose": "for"}):
    """POST /attachments: a file for a direct conversation or a ticket, which need not exist.

    A direct conversation needs `user_id`; a `title` in `context` is ignored. A ticket needs `for` and the `client_id`
    with which the caller will open it.
    """

    user_id: UserId | None = None
    context: WantedContext | None = None
    purpose: Literal["ticket"] | None = None
    ticket_client_id: ClientId | None = None


class CreateAttachmentUrls(Body, frozen=True, kw_only=True):
    """POST /attachments/urls: the attachments of a screen, of any of the caller's conversations."""

    ids: Annotated[list[AttachmentId], Meta(min_length=1, max_length=MAX_URLS)]


class UpdateConversation(Body, frozen=True, kw_only=True):
    """PATCH /conversations/{conversation_id}: changes the given fields; null removes all but the title of a group.

    `metadata` is replaced whole.
    """

    title: Title | None | UnsetType = UNSET
    description: Description | None | UnsetType = UNSET
    posting: Posting | UnsetType = UNSET
    slow_mode_s: SlowModeS | UnsetType = UNSET
    history: NewcomersSee | UnsetType = UNSET
    state: State | UnsetType = UNSET
    custom_type: CustomType | None | UnsetType = UNSET
    metadata: Metadata | None | UnsetType = UNSET


class ArchiveConversation(Body, frozen=True, kw_only=True):
    """PATCH /conversations/{conversation_id}/archive."""

    archived: bool = True


class ClearHistory(Body, frozen=True, kw_only=True):
    """The query of DELETE /conversations/{conversation_id}/history: up to which message, or all until now."""

    seq: Seq | None = None


class UpdateSettings(Body, frozen=True, kw_only=True):
    """PATCH /conversations/{conversation_id}/settings: changes the given fields; null ends a mute."""

    pinned: bool | UnsetType = UNSET
    muted_until: Time | None | UnsetType = UNSET
    notifications: NotificationLevel | UnsetType = UNSET


class MarkUnread(Body, frozen=True, kw_only=True):
    """A conversation to be unread from one of its messages on."""

    seq: Seq


class MarkUnreadAction(MarkUnread, frozen=True, kw_only=True):
    """A conversation to be unread from one of its messages on, over WebSocket."""

    conversation_id: str


class AddMembers(Body, frozen=True, kw_only=True):
    """POST /conversations/{conversation_id}/members: people by id, or everyone of a role or a context.

    A `client_id` adds everyone once; the same request again says how far that is.
    """

    user_ids: Annotated[list[UserId], Meta(min_length=1, max_length=MAX_ADDED)] | None = None
    everyone: Everyone | None = None
    client_id: ClientId | None = None


class SetRole(Body, frozen=True, kw_only=True):
    """PUT and PATCH /conversations/{conversation_id}/members/{user_id}."""

    role: GroupRole = "member"


class Draft(Body, frozen=True, kw_only=True):
    """The content of a message, in every request that sends one.

    `text` may be empty, or left out, if `attachment_ids` names attachments, or if there is a `custom_type`. A `voice`
    message has one attachment, its recording. `mentions` names members, or `*` for everyone in the group.
    """

    text: TextOrEmpty | UnsetType = UNSET
    client_id: ClientId | None = None
    kind: SentKind = "text"
    reply_to: MessageId | None = None
    mentions: Annotated[list[Mention], Meta(max_length=MAX_MENTIONED)] = []
    attachment_ids: Annotated[list[AttachmentId], Meta(max_length=MAX_ATTACHED)] = []
    custom_type: CustomType | None = None
    metadata: Metadata | None = None

    @property
    def words(self) -> str:
        """Returns the text, which is empty if it was left out."""
        return "" if self.text is UNSET else self.text

    @property
    def counted(self) -> str:
        """Returns what the rate limit counts by its length: the text and the metadata."""
        return self.words + (compact(self.metadata) or "")

    @property
    def unaddressed(self) -> WantedContext | None:
        """Returns the context in place of the users if the message names nobody; None if it names one."""
        return None


class EditMessage(Body, frozen=True, kw_only=True):
    """PATCH /messages/{message_id}: changes the given fields; with a text, `mentions` replace the old ones.

    The text may become empty if the message has attachments or a `custom_type`. `metadata` is replaced whole; null
    removes it, as it removes a `custom_type`.
    """

    text: TextOrEmpty | UnsetType = UNSET
    mentions: Annotated[list[Mention], Meta(max_length=MAX_MENTIONED)] = []
    custom_type: CustomType | None | UnsetType = UNSET
    metadata: Metadata | None | UnsetType = UNSET

    @property
    def words(self) -> str | None:
        """Returns the new text; None if it was left out."""
        return None if self.text is UNSET else self.text

    @property
    def counted(self) -> str:
        """Returns what the rate limit counts by its length: the new text and the new metadata."""
        metadata = None if self.metadata is UNSET else self.metadata
        return (self.words or "") + (compact(metadata) or "")


class DeleteMessage(Body, frozen=True, kw_only=True):
    """The query of DELETE /messages/{message_id}: for everyone, or from the caller's own view only."""

    scope: Literal["everyone", "me"] = "everyone"


class ForwardMessage(Body, frozen=True, kw_only=True):
    """POST /messages/{message_id}/forward: to conversations that the caller is in."""

    conversation_ids: Annotated[list[ConversationId], Meta(min_length=1, max_length=MAX_FORWARDS)]
    client_id: ClientId | None = None


class SendMessage(Draft, frozen=True, kw_only=True):
    """POST /conversations/{conversation_id}/messages; only the host's own server names a `sender_id`."""

    sender_id: StoredUserId | None = None


class ConversationData(Body, frozen=True, kw_only=True):
    """The data of the conversation that a first message opens; an open conversation keeps its own."""

    custom_type: CustomType | None = None
    metadata: Metadata | None = None


class SendMessageToUser(Draft, frozen=True, kw_only=True):
    """POST /messages: opens the conversation if it does not exist.

    The host's own server names a `sender_id` too: with a `user_id` the sender writes to that user, with `user_ids` into
    the conversation of these two.
    """

    user_id: UserId | None = None
    user_ids: TwoPeople | None = None
    sender_id: StoredUserId | None = None
    context: WantedContext | None = None
    conversation: ConversationData | None = None

    @property
    def unaddressed(self) -> WantedContext | None:
        return self.context if self.user_id is None and self.user_ids is None else None


class SendMessageAction(Draft, frozen=True, kw_only=True):
    """The action `send_message`: into a conversation, or to a user as POST /messages; exactly one of the two."""

    conversation_id: str | UnsetType = UNSET
    user_id: UserId | UnsetType = UNSET
    context: WantedContext | None = None
    conversation: ConversationData | None = None


class ExportConversation(Body, frozen=True, kw_only=True):
    """POST /conversations/{conversation_id}/export."""

    format: Literal["jsonl", "html"]
    files: bool = False
    client_id: ClientId | None = None


class OfConversation(Body, frozen=True, kw_only=True):
    """An action on a conversation."""

    conversation_id: str


class OfMessage(Body, frozen=True, kw_only=True):
    """An action on a message."""

    message_id: str


class SendCallSignal(Body, frozen=True, kw_only=True):
    """The action `call_signal`. Only the clients read the payload: an SDP or a candidate, say."""

    conversation_id: str
    call_id: ClientId
    signal: Signal
    media: Media | None = None  # with an offer
    payload: Annotated[str, Meta(max_length=MAX_PAYLOAD_CHARACTERS)] | None = None  # with offer, answer and candidate
    previous_connection_id: Annotated[str, Meta(min_length=1, max_length=128)] | None = None  # with resume


class RequestUserStatus(Body, frozen=True, kw_only=True):
    """The action `request_user_status`."""

    user_ids: Annotated[list[StoredUserId], Meta(min_length=1, max_length=MAX_STATUS_USERS)]


class PutUser(Body, frozen=True, kw_only=True):
    """PUT /users/{user_id}: all that the host states of a person. On a field left out the host is silent."""

    max_metadata_bytes: ClassVar = MAX_METADATA_BYTES

    name: PersonName | None = None
    role: Role | UnsetType = UNSET
    contexts: Annotated[dict[ContextType, ContextIds], Meta(max_length=MAX_CONTEXT_TYPES)] | UnsetType = UNSET
    avatar_url: AvatarUrl | None = None
    locale: Locale | None = None
    time_zone: TimeZone | None = None
    email: Email | None = None
    metadata: JsonObject | UnsetType = UNSET
    private_metadata: JsonObject | UnsetType = UNSET


class ListedUser(PutUser, frozen=True, kw_only=True):
    """One person of PUT /users: an `id`, and the fields of PUT /users/{user_id}."""

    id: UserId


# Decoded one by one, so that a wrong person is refused alone; the API documents describe the class.
ListedUserText = Annotated[
    Raw, Meta(extra_json_schema={"$ref": "#/components/schemas/ListedUser"}, extra={"class": ListedUser})
]


class PutUsers(Body, frozen=True, kw_only=True):
    """PUT /users: each person has an `id` and the fields of PUT /users/{user_id}, and is put or refused alone."""

    users: Annotated[list[ListedUserText], Meta(min_length=1, max_length=MAX_PUT_USERS)]


class PutContextPeople(Body, frozen=True, kw_only=True):
    """PUT /contexts/{context_type}/{context_id}/people: each person is added, removed or refused alone."""

    add: Annotated[list[str], Meta(max_length=MAX_CONTEXT_PEOPLE)] = []
    remove: Annotated[list[str], Meta(max_length=MAX_CONTEXT_PEOPLE)] = []


MAX_SHOWN_ID = 128  # characters of a wrong id that a refusal names

UserIds = Annotated[str, Meta(min_length=1, max_length=MAX_STATUS_USERS * 129)]


def user_ids_of(ids: str) -> list[str]:
    """Returns the ids of a query; raises Invalid for too many, or for an impossible id."""
    found = ids.split(",")
    if len(found) > MAX_STATUS_USERS:
        detail = f"`ids` can name {MAX_STATUS_USERS} users at most."
        raise Invalid.field("?ids", "too_many_items", detail, MAX_STATUS_USERS)
    wrong = next((user_id for user_id in found if not is_stored_user_id(user_id)), None)
    if wrong is not None:
        shown = in_unicode(wrong[:MAX_SHOWN_ID])
        detail = f"`{shown}` in `ids` is not the id of a user. Parley maps ids with other characters (`~parley.id-…`)."
        raise Invalid.field("?ids", "bad_format", detail)
    return found


class GetPresence(Body, frozen=True, kw_only=True):
    """The query of GET /users/presence: ids of users with commas between them."""

    ids: UserIds

    def user_ids(self) -> list[str]:
        """Returns the ids; raises Invalid for too many, or for an impossible id."""
        return user_ids_of(self.ids)


class UpdateMe(Body, frozen=True, kw_only=True):
    """PATCH /me: changes the given fields; null takes back what the caller has set.

    `show_last_seen` says whether others see the caller's last-seen time; a caller who hides it does not see others'.
    """

    max_metadata_bytes: ClassVar = MAX_METADATA_BYTES

    show_last_seen: bool | UnsetType = UNSET
    name: PersonName | None | UnsetType = UNSET
    avatar_url: AvatarUrl | None | UnsetType = UNSET
    locale: Locale | None | UnsetType = UNSET
    time_zone: TimeZone | None | UnsetType = UNSET
    metadata: JsonObject | UnsetType = UNSET


class ExplainPolicy(Body, frozen=True, kw_only=True):
    """The query of GET /policy/explain: a conversation that the caller might open."""

    user_id: UserId
    context_type: ContextType | None = None
    context_id: ContextId | None = None


class Page(Body, frozen=True, kw_only=True):
    """The query of a list."""

    cursor: Cursor | None = None
    limit: Limit = 50


class ListAttachments(Page, frozen=True, kw_only=True):
    """The query of a conversation's attachments: of one kind, or of all."""

    kind: AttachmentKind | None = None


class ListReceipts(Page, frozen=True, kw_only=True):
    """The query of a message's receipts. A group's come at once as long as its head lists its members."""

    limit: Limit = MAX_PAGE


class ListReactions(Page, frozen=True, kw_only=True):
    """The query of the people who reacted to a message: with one emoji, or with any."""

    emoji: Annotated[str, Meta(min_length=1, max_length=64)] | None = None


class CountUnread(Body, frozen=True, kw_only=True):
    """A count of what is unread."""

    exact: bool = False


class ListUnread(Body, frozen=True, kw_only=True):
    """A page of what is unread."""

    cursor: Cursor | None = None


class ListConversations(Page, frozen=True, kw_only=True):
    """The query of GET /conversations."""

    state: Literal["active", "archived", "pinned", "unread"] = "active"
    type: ConversationTypes | None = None
    context_type: ContextType | None = None
    context_id: ContextId | None = None
    custom_type: CustomType | None = None
    q: Annotated[str, Meta(max_length=200, pattern=NOT_BLANK)] | None = None
    pinned_first: bool = False


class Search(Body, frozen=True, kw_only=True, rename={"sender_id": "from"}):
    """The query of GET /search: in one conversation, or in all of the caller's; words, or bounds, or both."""

    q: Annotated[str, Meta(max_length=200, pattern=NOT_BLANK)] | None = None
    conversation_id: ConversationId | None = None
    sender_id: StoredUserId | None = None
    after: DayOrTime | None = None
    before: DayOrTime | None = None
    kind: SearchKind | None = None
    cursor: Annotated[str, Meta(min_length=1, max_length=4096)] | None = None
    limit: Limit = 20


class ReportMessage(Body, frozen=True, kw_only=True):
    """POST /messages/{message_id}/report."""

    reason: Reason
    note: Remark | None = None


class ReportQuery(Page, frozen=True, kw_only=True):
    """The query of the queue of reports."""

    status: ReportState = "open"
    order: Literal["oldest", "newest"] = "oldest"


class ResolveReport(Body, frozen=True, kw_only=True):
    """PATCH /admin/reports/{report_id}: `version` is the one read; a field left out stays unchanged."""

    version: Annotated[int, Meta(ge=1, le=10**9)]
    status: ReportState
    resolution: Remark | None = None
    note: Remark | None = None


class SuspendUser(Body, frozen=True, kw_only=True):
    """PUT /admin/suspensions/{user_id}: until when, why and from what; `report_id` is a report that it decides."""

    until: Time
    reason: Remark
    scope: SuspensionScope
    report_id: ReportId | None = None
    resolution: Remark | None = None


class WarnUser(Body, frozen=True, kw_only=True):
    """POST /admin/warnings: whom and why; `report_id` is a report that it decides. A `client_id` warns once only."""

    user_id: UserId
    reason: Remark
    client_id: ClientId | None = None
    report_id: ReportId | None = None
    resolution: Remark | None = None


class ListWarnings(Body, frozen=True, kw_only=True):
    """The query of GET /admin/warnings: those of a person."""

    user_id: StoredUserId


class Decision(Body, frozen=True, kw_only=True):
    """The report that a moderator's act decides, in the same transaction; without it the act decides none."""

    report_id: ReportId | None = None
    resolution: Remark | None = None


class RemoveMessages(Decision, frozen=True, kw_only=True):
    """POST /admin/removals: whose messages of the last `hours` are removed, and why.

    `report_id` is a report that it decides. A `client_id` begins one removal only.
    """

    user_id: UserId
    hours: Annotated[int, Meta(ge=1, le=MAX_REMOVED_HOURS)]
    reason: Remark
    client_id: ClientId | None = None


class MuteMember(Decision, frozen=True, kw_only=True):
    """PUT /admin/conversations/{conversation_id}/mutes/{user_id}: the report that it decides, if any."""


class SetConversationState(Decision, frozen=True, kw_only=True):
    """PUT /admin/conversations/{conversation_id}/state."""

    state: State


class ListAnyConversations(Page, frozen=True, kw_only=True):
    """The query of GET /admin/conversations: those of a person, of any context or of one."""

    user_id: StoredUserId
    context_type: ContextType | None = None
    context_id: ContextId | None = None


class SearchModeratedMessages(Body, frozen=True, kw_only=True, rename={"since": "from"}):
    """The query of GET /admin/search: messages that a person wrote, from one time to before another."""

    q: Annotated[str, Meta(max_length=200, pattern=NOT_BLANK)]
    user_id: StoredUserId
    since: DayOrTime | None = None
    to: DayOrTime | None = None
    cursor: Annotated[str, Meta(min_length=1, max_length=4096)] | None = None
    limit: Limit = 20


class ExportSearch(Body, frozen=True, kw_only=True, rename={"since": "from"}):
    """POST /admin/search/export: the search whose hits are exported, as GET /admin/search takes it."""

    q: Annotated[str, Meta(max_length=200, pattern=NOT_BLANK)]
    user_id: StoredUserId
    since: DayOrTime | None = None
    to: DayOrTime | None = None
    client_id: ClientId | None = None


class BannedWord(Body, frozen=True, kw_only=True):
    """One rule of the list of banned words. Without an `id` it gets one derived from its text."""

    id: RuleId | None = None
    kind: Literal["word", "pattern"] = "word"
    text: Annotated[str, Meta(max_length=MAX_RULE_CHARACTERS, pattern=NOT_BLANK)]
    action: Literal["reject", "mask", "flag"]


BannedWords = Annotated[list[BannedWord], Meta(max_length=MAX_RULES)]


class PutBannedWords(Body, frozen=True, kw_only=True):
    """PUT /admin/banned-words: the whole list; `version` is that of the list as read, 0 if none existed."""

    version: Annotated[int, Meta(ge=0, le=10**9)]
    rules: BannedWords


class TryBannedWords(Body, frozen=True, kw_only=True):
    """POST /admin/banned-words/try: in these conversations, or otherwise on reported messages."""

    rules: Annotated[list[BannedWord], Meta(min_length=1, max_length=MAX_RULES)]
    conversation_ids: Annotated[list[ConversationId], Meta(min_length=1, max_length=MAX_TRIED_CONVERSATIONS)] | None = (
        None
    )
    cursor: Cursor | None = None


class AuditQuery(Page, frozen=True, kw_only=True, rename={"since": "from"}):
    """The query of the audit log."""

    actor: StoredUserId | None = None
    action: AuditAction | None = None
    since: DayOrTime | None = None


class VersionQuery(Body, frozen=True, kw_only=True):
    """The query of a message's versions."""

    cursor: Cursor | None = None


class ListUsers(Page, frozen=True, kw_only=True):
    """The query of GET /users: people of one role, or of all; only names that begin with `q`, or all.

    With `ids`, exactly these people.
    """

    ids: UserIds | None = None
    role: Role | None = None
    q: Annotated[str, Meta(max_length=MAX_NAME_CHARACTERS, pattern=NOT_BLANK)] | None = None


class PinQuery(Body, frozen=True, kw_only=True):
    """The query of a conversation's pinned messages."""

    cursor: Cursor | None = None


class History(Body, frozen=True, kw_only=True):
    """The query of a conversation's messages: at most one of `before`, `after`, `around` and `page`.

    With a `custom_type` only messages of that type, the newest first; `cursor` is the `next` of the page before.
    """

    before: Seq | None = None
    after: Annotated[int, Meta(ge=0, le=MAX_SEQ)] | None = None
    around: Seq | None = None
    limit: Limit | None = None
    page: Annotated[int, Meta(ge=1, le=MAX_SEQ)] | None = None
    per_page: Limit | None = None
    custom_type: CustomType | None = None
    cursor: Cursor | None = None


class SyncCursor(Body, frozen=True, kw_only=True):
    """The client's place in one conversation."""

    seq: Annotated[int, Meta(ge=0, le=MAX_SEQ)] = 0
    change_seq: Annotated[int, Meta(ge=0, le=MAX_SEQ)] = 0


class Sync(Body, frozen=True, kw_only=True):
    """POST /sync and the action `sync`; a bare number is a seq."""

    cursors: Annotated[
        dict[ConversationId, SyncCursor | Annotated[int, Meta(ge=0, le=MAX_SEQ)]],
        Meta(max_length=MAX_SYNC_CONVERSATIONS),
    ] = {}
    list_limit: Limit | None = None
