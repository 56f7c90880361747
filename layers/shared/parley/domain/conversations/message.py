"""A message as it is stored, and as a reader sees it."""

from collections.abc import Collection, Mapping, Sequence

import msgspec
from msgspec import Struct

from parley.domain.api import custom_data, ids
from parley.domain.api.times import DAY_MS, rfc3339, rfc3339_or_none
from parley.domain.api.types import (
    EVERYONE,
    AttachmentsPreview,
    LinkPreview,
    ListedMessage,
    Message,
    MessageAttachment,
    MessageKind,
    MessagePreview,
    Note,
    NotePreview,
    Origin,
    Reaction,
    Side,
    Via,
)

PREVIEW_NAME_CHARACTERS = 60  # of an attachment's name in lists
PREVIEW_CHARACTERS = 100  # of a message's text in lists and notifications; keeps a conversation's head under 1 KB
PREVIEW_PEOPLE = 3  # of the people of a system message
PREVIEW_CHANGES = frozenset({"status", "priority", "assignee_id"})  # of a ticket; the others may be long

RESTORABLE_MS = 30 * DAY_MS  # since a moderator removed a message

ATTACHMENT_CHARACTERS = 120  # of an attachment as it is stored, besides its name (`compact.py`)


class PersonalMarks(Struct, frozen=True):
    """One person's own marks on one message: their reactions, and when they hid it from themselves."""

    emojis: frozenset[str] = frozenset()
    hidden_at_ms: int | None = None


NO_MARKS = PersonalMarks()


class Reader(Struct, frozen=True, kw_only=True):
    """The user to whom an answer is shown; in groups it marks messages of people whom they have `blocked`.

    Files of messages that were sent before `files_since_ms` are deleted, or about to be.
    """

    user_id: str
    blocked: frozenset[str]
    files_since_ms: int = 0


class Viewer(Reader, frozen=True, kw_only=True):
    """A reader's view of the messages of one conversation, with their own marks by seq."""

    marks: Mapping[int, PersonalMarks]

    def marks_on(self, message: "StoredMessage") -> PersonalMarks:
        return self.marks.get(message.seq, NO_MARKS)

    def is_hidden(self, message: "StoredMessage") -> bool:
        """Says whether they have deleted a message from their own view."""
        return self.hides(message.seq)

    def hides(self, seq: int) -> bool:
        """Says whether they have deleted the message of a seq from their own view."""
        return self.marks.get(seq, NO_MARKS).hidden_at_ms is not None

    def view(self, message: "StoredMessage") -> Message:
        """Returns the message as the reader sees it."""
        return message.view(self)


class Tally(Struct, frozen=True, array_like=True):
    """The count of an emoji on a message; `since` is the change that first put it there, for the order."""

    count: int
    since: int


class Removed(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The content of a message that a moderator has removed, as it was; it can be restored for `RESTORABLE_MS`."""

    at_ms: int
    text: str = ""
    edited_at_ms: int | None = None
    reply_to_seq: int | None = None
    mentions: tuple[str, ...] = ()
    attachments: tuple[MessageAttachment, ...] = ()
    custom_type: str | None = None
    metadata: str | None = None
    reactions: Mapping[str, Tally] = {}
    pinned: bool = False
    link_preview: LinkPreview | None = None

    @property
    def until_ms(self) -> int:
        """Returns until when it can be restored."""
        return self.at_ms + RESTORABLE_MS


class StoredMessage(Struct, frozen=True, kw_only=True):
    """A message as it is stored: the part that every reader sees alike; `metadata` is compact JSON.

    `without_preview` says that its author wants no preview of its link.
    """

    conversation_id: str
    seq: int
    sender_id: str
    kind: MessageKind
    text: str
    created_at_ms: int
    client_id: str | None = None
    via: Via | None = None
    side: Side | None = None  # of a ticket: who has written
    edited_at_ms: int | None = None
    deleted_at_ms: int | None = None
    system: Note | None = None
    reply_to_seq: int | None = None
    forwarded_from: Origin | None = None
    mentions: tuple[str, ...] = ()
    attachments: tuple[MessageAttachment, ...] = ()
    custom_type: str | None = None
    metadata: str | None = None
    reactions: Mapping[str, Tally] = {}
    pinned: bool = False
    change_seq: int = 0
    edit_count: int = 0
    removed: Removed | None = None
    link_preview: LinkPreview | None = None
    without_preview: bool = False

    @property
    def characters(self) -> int:
        """Returns about how many characters the message takes to read: its text, attachments, metadata and preview."""
        files = sum(ATTACHMENT_CHARACTERS + len(attachment.name) for attachment in self.attachments)
        preview = 0 if self.link_preview is None else self.link_preview.characters
        return len(self.text) + len(self.metadata or "") + files + preview

    @property
    def is_empty(self) -> bool:
        """Says whether there is nothing to show: no text, no attachment and no `custom_type`."""
        return not self.text and not self.attachments and self.custom_type is None

    @property
    def message_id(self) -> str:
        return ids.message_id(self.conversation_id, self.seq)

    def keeps_files(self, files_since_ms: int) -> bool:
        """Says whether the message is young enough for its files: this alone decides who gets one (D-326)."""
        return self.created_at_ms > files_since_ms

    def files_for_moderators(self, files_since_ms: int, now_ms: int) -> tuple[MessageAttachment, ...]:
        """Returns the attachments whose files are there: of a removed message those that a restore would bring back."""
        if not self.keeps_files(files_since_ms):
            return ()
        if self.removed is not None and now_ms < self.removed.until_ms:
            return self.removed.attachments
        return self.attachments

    def names(self, user_id: str) -> bool:
        """Says whether the message mentions a user, by id or with everyone; nobody mentions themselves."""
        return self.sender_id != user_id and not {user_id, EVERYONE}.isdisjoint(self.mentions)

    def view(self, viewer: Viewer) -> Message:
        """Returns the message as a reader sees it.

        A message that they have hidden looks deleted, unless it was deleted for everyone since then. System messages
        are marked for nobody.
        """
        marks = viewer.marks_on(self)
        hidden_at_ms = marks.hidden_at_ms if self.deleted_at_ms is None else None
        shown = self if hidden_at_ms is None else self.blanked(hidden_at_ms)
        is_blocked = self.sender_id in viewer.blocked and self.kind != "system"
        hidden = marks.hidden_at_ms is not None
        return shown._shown(marks.emojis, viewer.files_since_ms, blocked=is_blocked, hidden=hidden)

    def for_all(self, files_since_ms: int = 0) -> Message:
        """Returns the message as events carry it: without the parts that differ by reader.

        An answer needs a reader (`view`). A new message needs no `files_since_ms`.
        """
        return self._shown(frozenset(), files_since_ms, blocked=False, hidden=False)

    def _shown(self, mine: Collection[str], files_since_ms: int, *, blocked: bool, hidden: bool) -> Message:
        reply_to = self.reply_to_seq
        return Message(
            id=self.message_id,
            conversation_id=self.conversation_id,
            seq=self.seq,
            sender_id=self.sender_id,
            kind=self.kind,
            text=self.text,
            system=self.system,
            reply_to=None if reply_to is None else ids.message_id(self.conversation_id, reply_to),
            forwarded_from=self.forwarded_from if self.deleted_at_ms is None else None,
            mentions=list(self.mentions),
            attachments=self._attachments(files_since_ms),
            custom_type=self.custom_type,
            metadata=custom_data.from_compact(self.metadata),
            reactions=[
                Reaction(emoji, tally.count, emoji in mine)
                for emoji, tally in sorted(self.reactions.items(), key=lambda pair: (pair[1].since, pair[0]))
            ],
            pinned=self.pinned,
            created_at=rfc3339(self.created_at_ms),
            edited_at=rfc3339_or_none(self.edited_at_ms),
            deleted_at=rfc3339_or_none(self.deleted_at_ms),
            client_id=self.client_id,
            via=self.via,
            change_seq=self.change_seq,
            blocked=blocked,
            hidden=hidden,
            removed=self.removed is not None,
            side=self.side or msgspec.UNSET,
            preview=self._preview(files_since_ms),
        )

    def _preview(self, files_since_ms: int) -> LinkPreview | msgspec.UnsetType:
        if self.link_preview is None:
            return msgspec.UNSET
        return self.link_preview if self.keeps_files(files_since_ms) else self.link_preview.without_image()

    def _attachments(self, files_since_ms: int) -> list[MessageAttachment]:
        if self.keeps_files(files_since_ms):
            return list(self.attachments)
        return [msgspec.structs.replace(attachment, expired=True) for attachment in self.attachments]

    def blanked(self, at_ms: int) -> "StoredMessage":
        """Returns the message after its deletion: its place, its sender, and that it existed.

        It also keeps the first author of its text, and shows it to nobody: an erasure finds the older texts by it.
        """
        return msgspec.structs.replace(
            self,
            text="",
            deleted_at_ms=at_ms,
            edited_at_ms=None,
            reply_to_seq=None,
            mentions=(),
            attachments=(),
            custom_type=None,
            metadata=None,
            reactions={},
            pinned=False,
            link_preview=None,
        )

    def without_content(self, at_ms: int) -> "StoredMessage":
        """Returns the message after a moderator has removed it: blank, and with its content kept aside.

        The picture of its link's page is not kept.
        """
        kept = {name: getattr(self, name) for name in Removed.__struct_fields__ if name != "at_ms"}
        if self.link_preview is not None:
            kept["link_preview"] = self.link_preview.without_image()
        return msgspec.structs.replace(self.blanked(at_ms), removed=Removed(at_ms=at_ms, **kept))

    def with_content(self, removed: Removed) -> "StoredMessage":
        """Returns the message with the content that a moderator had removed."""
        kept = {name: getattr(removed, name) for name in Removed.__struct_fields__ if name != "at_ms"}
        return msgspec.structs.replace(self, **kept, deleted_at_ms=None, removed=None)

    def preview(self) -> MessagePreview:
        """Returns the cut-down message for lists."""
        return preview_of(self.for_all())


def preview_of(message: Message) -> MessagePreview:
    """Returns the cut-down message for lists."""
    return MessagePreview(
        id=message.id,
        seq=message.seq,
        sender_id=message.sender_id,
        kind=message.kind,
        text=message.text[:PREVIEW_CHARACTERS],
        created_at=message.created_at,
        change_seq=message.change_seq,
        deleted_at=message.deleted_at,
        attachments=_attachments_preview(message.attachments),
        custom_type=message.custom_type,
        system=_note_preview(message.system),
    )


def _note_preview(note: Note | None) -> NotePreview | None:
    if note is None:
        return None
    cut = {
        "user_ids": note.user_ids[:PREVIEW_PEOPLE],
        "title": None if note.title is None else note.title[:PREVIEW_CHARACTERS],
        "user_count": len(note.user_ids) if len(note.user_ids) > PREVIEW_PEOPLE else None,
        "changes": {name: moved for name, moved in note.changes.items() if name in PREVIEW_CHANGES},
    }
    return NotePreview(**msgspec.structs.asdict(note) | cut)


def _attachments_preview(attachments: Sequence[MessageAttachment]) -> AttachmentsPreview | None:
    if not attachments:
        return None
    kinds = {attachment.kind for attachment in attachments}
    return AttachmentsPreview(
        count=len(attachments),
        kind=kinds.pop() if len(kinds) == 1 else "file",
        name=attachments[0].name[:PREVIEW_NAME_CHARACTERS],
    )


def as_listed(preview: MessagePreview, *, blocked: bool) -> ListedMessage:
    """Returns a preview as a reader's list shows it, who has `blocked` its sender or not."""
    return ListedMessage(**msgspec.structs.asdict(preview), blocked=blocked)
