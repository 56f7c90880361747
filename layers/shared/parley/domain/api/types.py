"""The objects of both APIs, exactly as clients see them in JSON."""

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Raw, Struct, UnsetType, field
from msgspec.structs import replace

ConversationType = Literal["direct", "group", "ticket", "notes"]
SentKind = Literal["text", "voice"]
SearchKind = Literal["text", "voice", "image", "audio", "video", "file"]
MessageKind = Literal["text", "voice", "system"]
Side = Literal["requester", "support", "system"]
Media = Literal["audio", "video"]
Signal = Literal["offer", "ringing", "answer", "candidate", "resume", "hang_up"]
CallState = Literal["ringing", "active", "ended"]
CallReason = Literal["hung_up", "declined", "missed", "busy", "failed", "answered_elsewhere"]
GroupRole = Literal["owner", "admin", "member"]
Posting = Literal["everyone", "admins", "nobody"]
NewcomersSee = Literal["all", "joined"]
State = Literal["open", "closed"]
NotificationLevel = Literal["all", "mentions", "none"]
AttachmentKind = Literal["image", "audio", "video", "file"]
AttachmentState = Literal["pending", "scanning", "clean", "rejected", "infected", "expired"]
TicketStatus = Literal["open", "in_progress", "waiting_on_customer", "resolved", "closed"]
SuspensionScope = Literal["write", "all"]
Via = Literal["host"]
EVERYONE = "*"  # among a message's mentions: all members of the group; no user id holds this character


class Context(Struct, frozen=True):
    """The subject of a conversation: a class, a game block, a pattern, a booking.

    The `id` is null for a type to which the policy gives no ids.
    """

    type: str
    id: str | None


class NamedUser(Struct, frozen=True, kw_only=True):
    """A user whom an answer names, as everybody may see them who may read what it says.

    Of two versions the one with the greater `profile_seq` is the newer.
    """

    name: str
    role: str
    avatar_url: str | None
    profile_seq: int


class Member(Struct, frozen=True, kw_only=True):
    """One member of a conversation; both markers are seqs and only ever grow.

    Both are null in a group if a block exists between the member and the reader.
    """

    user_id: str
    name: str | None  # None if the user has never signed in
    role: str
    read_seq: int | None
    delivered_seq: int | None


class MemberAnswer(Member, frozen=True, kw_only=True):
    """One member of a conversation, and how others see them."""

    users: dict[str, NamedUser]


class Marker(Struct, frozen=True, kw_only=True):
    """The last message that one member has received and read; both are seqs and only ever grow."""

    user_id: str
    read_seq: int
    delivered_seq: int


JsonObject = Annotated[Raw, Meta(extra_json_schema={"type": "object"})]


class Person(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A user as the reader may know them; a field that is not set, or that the reader may not see, is missing.

    Others see only those contexts that they share, and neither `locale`, `time_zone` nor `email`. Of two versions the
    one with the greater `profile_seq` is the newer.
    """

    id: str
    name: str
    role: str
    contexts: dict[str, list[str]]
    profile_seq: int
    avatar_url: str | None = None
    metadata: JsonObject | None = None
    locale: str | None = None
    time_zone: str | None = None
    email: str | None = None
    private_metadata: JsonObject | None = None


class AttachmentsPreview(Struct, frozen=True, kw_only=True):
    """The attachments of a message in a list: their number, their kind (`file` if they differ), and the first name.

    The name is cut to 60 characters.
    """

    count: int
    kind: AttachmentKind
    name: str


class Moved(Struct, frozen=True, rename={"before": "from", "after": "to"}):
    """A field of a ticket before and after a change."""

    before: str | None
    after: str | None


class Note(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The event that a system message tells of; its sender caused it.

    `changes` are those of a ticket's short fields. Clients write the sentence in their user's language.
    """

    event: str
    user_ids: list[str] = []
    role: str | None = None
    title: str | None = None
    call_id: str | None = None
    media: Media | None = None
    duration_s: int | None = None
    count: int | None = None
    changes: dict[str, Moved] = {}


class NotePreview(Note, frozen=True, kw_only=True, omit_defaults=True):
    """The event of a system message in a list: the first three of its people, its title cut to 100 characters.

    `user_count` says how many people there are, if they are more than three.
    """

    user_count: int | None = None


class MessagePreview(Struct, frozen=True, kw_only=True):
    """The newest message of a conversation, its text cut to 100 characters.

    A system message has no text; `system` is the event that it tells of, null if an earlier version wrote it.
    """

    id: str
    seq: int
    sender_id: str
    kind: str
    text: str
    created_at: str
    change_seq: int = 0
    deleted_at: str | None = None
    attachments: AttachmentsPreview | None = None
    custom_type: str | None = None
    system: NotePreview | None = None


class ListedMessage(MessagePreview, frozen=True, kw_only=True):
    """The preview in a member's list; in a group `blocked` says that the member has blocked its sender."""

    blocked: bool


class Settings(Struct, frozen=True, kw_only=True):
    """One person's settings for one conversation."""

    pinned: bool = False
    muted_until: str | None = None
    notifications: NotificationLevel = "all"


class Conversation(Struct, frozen=True, kw_only=True):
    """A conversation as one of its members sees it.

    `members` holds both people of a direct conversation; a group's are listed by themselves, page by page. `shared_seq`
    is the last change of the part that all members see alike, `own_seq` that of the member's own part: `settings`,
    `archived`, `unread_from_seq` and `visible_from_seq`, the first message that they see. `mention_seqs` are the unread
    messages that name them.
    """

    id: str
    type: ConversationType
    title: str | None
    description: str | None
    context: Context | None
    state: State
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


AddingState = Literal["running", "done", "stopped"]


class AddingStatus(Struct, frozen=True, kw_only=True):
    """The progress of the adding of everyone: `found` are people whom the caller may add, `added` those who came."""

    state: AddingState
    found: int
    added: int
    code: str | None


class ConversationAnswer(Conversation, frozen=True, kw_only=True):
    """A conversation as one of its members sees it, and the people whom it names.

    In the answer to a request that makes a group with everyone, `adding` says how far that is, else it is not there.
    """

    users: dict[str, NamedUser]
    adding: AddingStatus | UnsetType = UNSET


class MessageAttachment(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A file of a message, as the scanner has found it. `waveform` are 64 peaks from 0 to 100, of audio only."""

    id: str
    name: str
    type: str
    kind: AttachmentKind
    size: int
    width: int | None = None
    height: int | None = None
    duration_ms: int | None = None
    pages: int | None = None
    waveform: list[Annotated[int, Meta(ge=0, le=100)]] | None = None
    placeholder: str | None = None
    has_thumbnail: bool = False
    expired: bool = False


class Attachment(MessageAttachment, frozen=True, kw_only=True, omit_defaults=True):
    """An attachment as its uploader sees it; `code` says why it was rejected, `message_id` where it was sent."""

    conversation_id: str
    state: AttachmentState
    created_at: str
    code: str | None = None
    message_id: str | None = None


class ListedAttachment(MessageAttachment, frozen=True, kw_only=True, omit_defaults=True):
    """A file of a conversation, with its message, the sender and the time of the message."""

    message_id: str
    sender_id: str
    created_at: str


class UploadForm(Struct, frozen=True, kw_only=True):
    """The form with which a client uploads a file: a POST of `multipart/form-data`, the file as its last field."""

    url: str
    fields: dict[str, str]
    expires_at: str


class AttachmentUpload(Struct, frozen=True, kw_only=True):
    """A new attachment and the form of its upload; without a form if a file has arrived or the form is over."""

    attachment: Attachment
    upload: UploadForm | None


class AttachmentUrls(Struct, frozen=True, kw_only=True):
    """The addresses of a file and of its thumbnail, where anybody gets them without a token until `expires_at`."""

    url: str
    thumbnail_url: str | None
    expires_at: str


class PreviewImageUrl(Struct, frozen=True, kw_only=True):
    """The address of a preview's picture, where anybody gets it without a token until `expires_at`."""

    url: str
    expires_at: str


class AttachmentUrlMap(Struct, frozen=True, kw_only=True):
    """The addresses of attachments, by id; null for each that the caller may not have, or that is not clean."""

    attachments: dict[str, AttachmentUrls | None]


class AttachmentDownload(Struct, frozen=True, kw_only=True):
    """An attachment with its addresses; both are null as long as it is not clean. Ask again after `expires_at`."""

    attachment: Attachment
    url: str | None
    thumbnail_url: str | None
    expires_at: str


class AttachmentLimits(Struct, frozen=True, kw_only=True):
    """The limits of attachments: `types` are MIME types, `unsent` and `bytes_per_day` are one person's.

    The last three are of images: `max_pixels` of one frame, and of an animation its frames and the pixels of them all.
    """

    bytes: int
    per_message: int
    types: list[str]
    unsent: int
    bytes_per_day: int
    voice_ms: int
    max_pixels: int
    max_frames: int
    max_animation_pixels: int


class Reaction(Struct, frozen=True):
    """The count of an emoji on a message; `mine` if the reader gave one of them."""

    emoji: str
    count: int
    mine: bool


class Origin(Struct, frozen=True, kw_only=True):
    """The first author of a forwarded message, and its time. The reader may not know its conversation."""

    sender_id: str
    created_at: str


class PreviewImage(Struct, frozen=True, kw_only=True):
    """The picture of a page, made small; another `id` is another picture. Its address is asked for."""

    id: str
    width: int
    height: int


class LinkPreview(Struct, frozen=True, kw_only=True):
    """The words of the page of a message's first link about itself: plain text by a stranger.

    Only pages with a picture that was found clean have `image`.
    """

    url: str
    title: str
    description: str | None
    site: str
    image: PreviewImage | UnsetType = UNSET

    @property
    def characters(self) -> int:
        """Returns how many characters its texts have."""
        return len(self.url) + len(self.title) + len(self.description or "") + len(self.site)

    def without_image(self) -> "LinkPreview":
        """Returns the words alone."""
        return replace(self, image=UNSET)


class Message(Struct, frozen=True, kw_only=True):
    """A message; `seq` is its place in the conversation: 1, 2, 3 … without a gap.

    `change_seq` is that of its last change: of two versions the greater is the newer. In a group `blocked` says that
    the reader has blocked its sender. `hidden` says that they have deleted the message from their own view, `removed`
    that a moderator has removed it. `via` says that the host's own server wrote it in the name of its sender. Only
    messages of a ticket have `from`, and only those with a link that the server has looked at have `preview`.
    """

    id: str
    conversation_id: str
    seq: int
    sender_id: str
    kind: MessageKind
    text: str
    system: Note | None = None
    reply_to: str | None = None
    forwarded_from: Origin | None = None
    mentions: list[str] = []
    attachments: list[MessageAttachment] = []
    custom_type: str | None = None
    metadata: dict[str, Any] | None = None
    reactions: list[Reaction] = []
    pinned: bool = False
    created_at: str
    edited_at: str | None = None
    deleted_at: str | None = None
    client_id: str | None = None
    via: Via | None = None
    change_seq: int = 0
    blocked: bool = False
    hidden: bool = False
    removed: bool = False
    side: Side | UnsetType = field(name="from", default=UNSET)
    preview: LinkPreview | UnsetType = UNSET


class MessageAnswer(Message, frozen=True, kw_only=True):
    """A message, and the people whom it names."""

    users: dict[str, NamedUser]


class SentMessage(MessageAnswer, frozen=True, kw_only=True):
    """The answer to a send: the message, and whether an earlier try with the same `client_id` had written it."""

    replayed: bool


class UserStatus(Struct, frozen=True, kw_only=True):
    """A person's status. `online` holds until `expires_at` only; then ask again (a lease, not a flag)."""

    user_id: str
    status: Literal["online", "offline"]
    last_seen: str | None
    expires_at: str | None


class Receipt(Struct, frozen=True, kw_only=True):
    """When one member's device received the message, and when the member read it and played it."""

    user_id: str
    delivered_at: str | None
    read_at: str | None
    played_at: str | None


class Limits(Struct, frozen=True, kw_only=True):
    """This deployment's limits for one person: 409 beyond `groups`, 429 beyond all others."""

    sends_per_minute: int
    send_burst: int
    live_per_minute: int
    live_burst: int
    cost_units_per_minute: int
    cost_unit_burst: int
    connections: int
    groups: int


class ClientLimits(Limits, frozen=True, kw_only=True):
    """This deployment's limits for one person, with those of attachments."""

    attachments: AttachmentLimits


class RateLimit(Struct, frozen=True, kw_only=True):
    """The caller's rest of one limit: `remaining` now, and one more in `more_in_ms` (0 if none is missing).

    An empty bucket fills up to `limit` within `window_ms`.
    """

    policy: str
    limit: int
    window_ms: int
    remaining: int
    more_in_ms: int


class CallStatus(Struct, frozen=True, kw_only=True):
    """The present state of a call; `reason` says how it ended. A ringing call rings until `rings_until`."""

    conversation_id: str
    call_id: str
    state: CallState
    reason: CallReason | None
    media: Media
    caller_id: str
    callee_id: str
    started_at: str
    rings_until: str
    answered_at: str | None
    ended_at: str | None
