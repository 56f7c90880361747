"""Canned replies: as they are stored, requested and shown. `replies.py` fills their placeholders."""

from collections.abc import Mapping
from typing import Annotated

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import replace

from parley.domain.api.errors import Conflict, Field, Invalid
from parley.domain.api.fields import form
from parley.domain.api.fingerprints import hash_of
from parley.domain.api.ids import CANNED_REPLY_ID_PATTERN
from parley.domain.api.requests import MAX_TEXT_CHARACTERS, Body, ClientId, Page, Text, Title
from parley.domain.api.times import rfc3339
from parley.domain.api.types import NamedUser
from parley.domain.support.replies import check_placeholders, fill
from parley.domain.support.requests import TicketId
from parley.domain.text.folding import prefix_key

MAX_REPLIES = 500
MAX_SHORTCUT_CHARACTERS = 32
MAX_VERSION = 10**9

Shortcut = Annotated[
    str, form(r"^[^\s]{1,32}$(?!\n)", "a shortcut has 1 to 32 characters, and no space", MAX_SHORTCUT_CHARACTERS)
]


class CreateCannedReply(Body, frozen=True, kw_only=True):
    """POST /support/canned-replies: a new canned reply. A `client_id` makes one only."""

    title: Title
    text: Text
    shortcut: Shortcut | None = None
    client_id: ClientId | None = None


class PutCannedReply(Body, frozen=True, kw_only=True):
    """PUT /support/canned-replies/{reply_id}: the whole reply; `version` is that of the reply as read."""

    version: Annotated[int, Meta(ge=1, le=MAX_VERSION)]
    title: Title
    text: Text
    shortcut: Shortcut | None = None


class ListCannedReplies(Page, frozen=True, kw_only=True):
    """The query of GET /support/canned-replies: with a ticket, the texts also come filled for it."""

    ticket_id: TicketId | None = None


class ReplyPosition(Struct, frozen=True, kw_only=True):
    """The last canned reply of a page."""

    reply_id: Annotated[str, Meta(pattern=CANNED_REPLY_ID_PATTERN)]


class StoredReply(Struct, frozen=True, kw_only=True):
    """A canned reply as it is stored. `fingerprint` is that of the request that made it."""

    reply_id: str
    title: str
    text: str
    shortcut: str | None
    version: int
    fingerprint: str
    created_at_ms: int
    created_by: str
    updated_at_ms: int
    updated_by: str


class CannedReply(Struct, frozen=True, kw_only=True):
    """A canned reply as agents see it; `text` has its placeholders."""

    id: str
    title: str
    text: str
    shortcut: str | None
    version: int
    created_at: str
    created_by: str
    updated_at: str
    updated_by: str


class CannedReplyAnswer(CannedReply, frozen=True, kw_only=True):
    """A canned reply, and the people whom it names."""

    users: dict[str, NamedUser]


class ListedCannedReply(CannedReply, frozen=True, kw_only=True):
    """A canned reply in a list; `filled` is its text for the ticket of the request."""

    filled: str | None


class CannedReplyList(Struct, frozen=True, kw_only=True):
    """A page of the canned replies."""

    canned_replies: list[ListedCannedReply]
    next: str | None
    users: dict[str, NamedUser]


class DeletedCannedReply(Struct, frozen=True, kw_only=True):
    """A canned reply that is no longer there."""

    id: str


def check_content(wanted: CreateCannedReply | PutCannedReply, prefix: str) -> None:
    """Raises Invalid for a placeholder that nothing fills, and for a shortcut that nobody can see."""
    check_placeholders(wanted.text, f"{prefix}/text")
    if wanted.shortcut is not None and not shortcut_key(wanted.shortcut):
        raise Invalid.field(f"{prefix}/shortcut", "blank", "This shortcut has no character that can be seen.")


def shortcut_key(shortcut: str) -> str:
    """Returns the key of a shortcut: two that differ in case or accents only are the same."""
    return prefix_key(shortcut)


def shortcut_taken(pointer: str) -> Conflict:
    """Returns the refusal of a shortcut that another canned reply has."""
    return Conflict(
        "shortcut_taken",
        "Another canned reply has this shortcut.",
        rule="shortcut: of one canned reply only",
        fields=(Field(pointer, "shortcut_taken"),),
    )


def new_reply(wanted: CreateCannedReply, reply_id: str, author_id: str, now_ms: int) -> StoredReply:
    """Returns a new canned reply."""
    return StoredReply(
        reply_id=reply_id,
        title=wanted.title,
        text=wanted.text,
        shortcut=wanted.shortcut,
        version=1,
        fingerprint=hash_of(wanted),
        created_at_ms=now_ms,
        created_by=author_id,
        updated_at_ms=now_ms,
        updated_by=author_id,
    )


def replaced(known: StoredReply, wanted: PutCannedReply, author_id: str, now_ms: int) -> StoredReply:
    """Returns a canned reply after a PUT: `known` itself if this PUT made it; raises Conflict for a stale version."""
    content = (wanted.title, wanted.text, wanted.shortcut, author_id)
    if known.version == wanted.version + 1 and content == (known.title, known.text, known.shortcut, known.updated_by):
        return known
    if known.version != wanted.version:
        raise Conflict(
            "canned_reply_changed", "The reply has changed meanwhile; read it again.", rule="version: as it was read"
        )
    return replace(
        known,
        title=wanted.title,
        text=wanted.text,
        shortcut=wanted.shortcut,
        version=known.version + 1,
        updated_at_ms=now_ms,
        updated_by=author_id,
    )


def view(reply: StoredReply) -> CannedReply:
    """Returns a canned reply as agents see it."""
    return CannedReply(
        id=reply.reply_id,
        title=reply.title,
        text=reply.text,
        shortcut=reply.shortcut,
        version=reply.version,
        created_at=rfc3339(reply.created_at_ms),
        created_by=reply.created_by,
        updated_at=rfc3339(reply.updated_at_ms),
        updated_by=reply.updated_by,
    )


def listed(reply: StoredReply, values: Mapping[str, str] | None) -> ListedCannedReply:
    """Returns a canned reply in a list, its text also filled with these values.

    `filled` is None without values, and if it would be longer than a message may be.
    """
    filled = None if values is None else fill(reply.text, values)
    is_too_long = filled is not None and len(filled) > MAX_TEXT_CHARACTERS
    return ListedCannedReply(**msgspec.structs.asdict(view(reply)), filled=None if is_too_long else filled)
