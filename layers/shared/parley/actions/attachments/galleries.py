"""The gallery: all files of a conversation, newest first."""

from collections.abc import Iterable, Sequence
from typing import Annotated

from msgspec import Meta, Struct
from msgspec.structs import asdict

from parley.actions import access, named
from parley.actions.attachments import visible
from parley.actions.parallel import in_parallel
from parley.adapters.attachments import attachments
from parley.adapters.attachments.attachments import Place
from parley.adapters.conversations import personal_marks
from parley.adapters.dynamodb import batches, tables
from parley.domain.api import cursors, ids
from parley.domain.api.request import Request
from parley.domain.api.requests import MAX_SEQ, ListAttachments
from parley.domain.api.times import rfc3339
from parley.domain.api.types import ListedAttachment, NamedUser
from parley.domain.attachments.attachment import PLACES, StoredAttachment
from parley.domain.attachments.media_types import KINDS
from parley.domain.conversations.message import StoredMessage


class AttachmentList(Struct, frozen=True, kw_only=True):
    """The files of a conversation, newest first; `next` brings the older ones."""

    attachments: list[ListedAttachment]
    next: str | None
    users: dict[str, NamedUser]


class _GalleryPosition(Struct, frozen=True, kw_only=True, array_like=True, forbid_unknown_fields=True):
    """The place of the last file of a page."""

    before: Annotated[int, Meta(ge=1, le=MAX_SEQ * PLACES)]


def list_attachments(request: Request, conversation_id: str, query: ListAttachments) -> AttachmentList:
    """Returns the files of a conversation whose messages the caller sees, newest first; two round trips."""
    position = cursors.decode(query.cursor, _GalleryPosition)
    ids.check_conversation_id(conversation_id, access.field_of(request, "conversation_id"))
    kinds = KINDS if query.kind is None else (query.kind,)
    head, places = in_parallel(
        lambda: access.access_conversation(request, conversation_id),
        lambda: attachments.newest(conversation_id, kinds, position.before if position else None, query.limit + 1),
    )
    places = [each for each in places if each.seq >= head.first_seq]
    taken = places[: query.limit]
    more = len(places) > len(taken)
    shown, known = named.beside(request, head, lambda: _listed(request, conversation_id, taken))
    return AttachmentList(
        attachments=shown,
        next=cursors.encode(_GalleryPosition(before=taken[-1].place)) if more else None,
        users=named.users(request, (each.sender_id for each in shown), known),
    )


def _listed(request: Request, conversation_id: str, places: Sequence[Place]) -> list[ListedAttachment]:
    """Returns what is to see at these places; one round trip, as 300 keys are three batches side by side."""
    rows = batches.read_rows(_keys(request, conversation_id, places))
    found = attachments.readable(rows, [each.attachment_id for each in places])
    clean = [each for each in found.values() if each.state_at(request.now_ms) == "clean"]
    seen = ((each, visible.message_of(request, rows, each)) for each in clean)
    return [_view(each, message) for each, message in seen if message is not None]


def _keys(
    request: Request, conversation_id: str, places: Sequence[Place]
) -> dict[type[tables.Table], Iterable[batches.Key]]:
    seqs = [each.seq for each in places]
    return {
        tables.File: [attachments.key(each.attachment_id) for each in places],
        tables.Message: [(conversation_id, seq) for seq in seqs],
        tables.Receipt: [personal_marks.hidden_key(conversation_id, request.user_id, seq) for seq in seqs],
    }


def _view(attachment: StoredAttachment, message: StoredMessage) -> ListedAttachment:
    return ListedAttachment(
        **asdict(attachment.in_message()),
        message_id=message.message_id,
        sender_id=message.sender_id,
        created_at=rfc3339(message.created_at_ms),
    )
