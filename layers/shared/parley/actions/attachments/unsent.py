"""The caller's attachments that are not sent: a list of them, and their deletion."""

from typing import Annotated

from msgspec import Meta, Struct

from parley.actions import push
from parley.actions.attachments import endings
from parley.actions.attachments.uploads import moved_entry
from parley.adapters.attachments import attachments
from parley.adapters.dynamodb import conditions
from parley.domain.api import cursors, ids
from parley.domain.api.request import Request
from parley.domain.api.requests import AttachmentId, Page
from parley.domain.api.types import Attachment
from parley.domain.attachments import refusals, retention
from parley.domain.attachments.attachment import StoredAttachment
from parley.domain.conversations.events import AttachmentUpdated


class UnsentAttachmentList(Struct, frozen=True, kw_only=True):
    """The caller's attachments that are not sent, newest first; `next` brings the older ones."""

    attachments: list[Attachment]
    next: str | None


class _Position(Struct, frozen=True, kw_only=True, array_like=True, forbid_unknown_fields=True):
    """The last attachment of a page, and when it was asked for."""

    created_at_ms: Annotated[int, Meta(ge=0, le=2**53)]
    attachment_id: AttachmentId


def list_unsent_attachments(request: Request, query: Page) -> UnsentAttachmentList:
    """Returns the caller's attachments that are not sent, in any state, newest first; two round trips."""
    position = cursors.decode(query.cursor, _Position)
    after = None if position is None else (position.created_at_ms, position.attachment_id)
    entries = attachments.newest_unsent(request.user_id, after, query.limit + 1)
    taken = entries[: query.limit]
    last = _Position(created_at_ms=taken[-1][0], attachment_id=taken[-1][1]) if len(entries) > len(taken) else None
    found = attachments.some_readable(attachment_id for _, attachment_id in taken).values() if taken else ()
    return UnsentAttachmentList(
        attachments=[each.view(request.now_ms) for each in found if each.seq is None and each.state != "deleted"],
        next=None if last is None else cursors.encode(last),
    )


def delete_attachment(request: Request, attachment_id: str) -> Attachment:
    """Deletes an attachment of the caller that is not sent, in any state, with its upload and its file.

    The caller need not be a member of its conversation any more. A repeat within 15 minutes answers the same. Raises
    NotFound for all other attachments, and Conflict for one that was sent. Seven round trips, and the posts to the
    caller's devices.
    """
    ids.check_attachment_id(attachment_id, "{attachment_id}")
    for _ in conditions.tries():
        found = _own(request, attachment_id)
        after = found if found.state == "deleted" else retention.deleted(found)
        event = AttachmentUpdated(attachment=after.view(request.now_ms))
        try:
            endings.discard(
                found,
                request.now_ms,
                moved_entry(after, request.now_ms),
                lambda event=event: push.tell(request, [request.user_id], event),  # type: ignore[misc]
            )
        except conditions.LostRace:
            continue
        return event.attachment
    raise conditions.busy()


def _own(request: Request, attachment_id: str) -> StoredAttachment:
    """Returns an attachment of the caller that is not sent; one round trip."""
    found = attachments.some_readable([attachment_id]).get(attachment_id)
    if found is None or found.user_id != request.user_id:
        raise refusals.no_attachment()
    if found.seq is None:
        return found
    raise refusals.no_attachment() if found.state == "deleted" else refusals.sent()
