"""Reading a whole deployment, for an export: what the other operations of the host's own server do not show."""

from typing import Annotated

from msgspec import Meta, Struct

from parley.actions import access
from parley.actions.attachments import downloads, visible
from parley.actions.conversations import member_pages
from parley.actions.people.profiles import require_service
from parley.adapters.attachments import attachments
from parley.adapters.conversations import conversations, personal_marks
from parley.adapters.dynamodb import batches, tables
from parley.adapters.moderation import audit
from parley.adapters.support import tickets
from parley.domain.api import cursors
from parley.domain.api.request import Request
from parley.domain.api.requests import ConversationId, CreateAttachmentUrls, Page
from parley.domain.api.times import rfc3339
from parley.domain.api.types import AttachmentUrlMap
from parley.domain.conversations.head import Head, Membership
from parley.domain.moderation.audit import new_entry
from parley.domain.moving.exports import (
    StoredConversationList,
    StoredMember,
    StoredMemberList,
    StoredReaction,
    StoredReactionList,
    stored_conversation,
)
from parley.domain.moving.requests import ListStored

MAX_EXAMINED = 1_000  # rows of receipts, reactions among them, of one page


class _Position(Struct, frozen=True, kw_only=True, array_like=True, forbid_unknown_fields=True):
    """The conversation after which the next page starts, in the order of the table."""

    after: ConversationId


class _Place(Struct, frozen=True, kw_only=True, array_like=True, forbid_unknown_fields=True):
    """The key after which the next page of reactions starts."""

    after: Annotated[str, Meta(min_length=1, max_length=400)]


def list_stored_conversations(request: Request, query: Page) -> StoredConversationList:
    """Returns a page of all conversations, in no order that tells anything; those being imported are left out.

    Two round trips, three with tickets, whose states come with them; a read unit for each 4 KB. The audit log says that
    the host read it.
    """
    require_service(request, "list all conversations", "GET /migration/conversations")
    position = cursors.decode(query.cursor, _Position)
    audit.write_entry(new_entry(request, "list_conversations", "*"))
    heads, after = conversations.all_heads(None if position is None else position.after, query.limit)
    states = tickets.some(head.conversation_id for head in heads if head.is_ticket)
    return StoredConversationList(
        conversations=[stored_conversation(head, states.get(head.conversation_id)) for head in heads],
        next=None if after is None else cursors.encode(_Position(after=after)),
    )


def list_stored_members(request: Request, conversation_id: str, query: Page) -> StoredMemberList:
    """Returns a page of a conversation's members, each with all of their side of it; four round trips at most."""
    require_service(request, "read the sides of members", "GET /migration/conversations")
    _, head = access.access_to_read(request, conversation_id, "members")
    user_ids, following = member_pages.read_members(head, query)
    found = conversations.memberships((user_id, conversation_id) for user_id in user_ids)
    sides = [found[key] for user_id in user_ids if (key := (user_id, conversation_id)) in found]
    return StoredMemberList(members=[_side(head, each) for each in sides], next=following)


def _side(head: Head, mine: Membership) -> StoredMember:
    return StoredMember(
        user_id=mine.user_id,
        role=head.role_of(mine.user_id),
        read_seq=head.read_seq(mine),
        delivered_seq=head.delivered_seq(mine),
        since_seq=mine.since_seq or 0,
        visible_from_seq=head.visible_from_seq(mine.user_id, mine),
        unread_from_seq=head.unread_from_seq(mine),
        settings=mine.settings,
        archived=head.is_archived(mine),
        mention_seqs=head.unread_mentions(mine),
    )


def list_stored_reactions(request: Request, conversation_id: str, query: ListStored) -> StoredReactionList:
    """Returns the reactions in a conversation, page by page, also those of former members; three round trips.

    A page examines `MAX_EXAMINED` rows, so it may be short, or empty, while `next` says that there are more.
    """
    require_service(request, "read all reactions", "GET /migration/conversations")
    position = cursors.decode(query.cursor, _Place)
    access.access_to_read(request, conversation_id, "reactions")
    marks, after = personal_marks.all_marks(conversation_id, None if position is None else position.after, MAX_EXAMINED)
    return StoredReactionList(
        reactions=[
            StoredReaction(seq=mark.seq, emoji=mark.emoji, user_id=mark.user_id, reacted_at=rfc3339(mark.at_ms))
            for mark in marks
            if mark.emoji is not None
        ],
        next=None if after is None else cursors.encode(_Place(after=after)),
    )


def create_stored_file_urls(request: Request, conversation_id: str, wanted: CreateAttachmentUrls) -> AttachmentUrlMap:
    """Returns the addresses of files of a conversation by id, None for those that no message shows.

    The audit log names the files. Four round trips; three if none of the attachments is of this conversation.
    """
    require_service(request, "read all files", "GET /migration/conversations")
    request, _ = access.access_to_read(request, conversation_id, "files")
    rows = batches.read_rows({tables.File: [attachments.key(each) for each in dict.fromkeys(wanted.ids)]})
    found = attachments.readable(rows, dict.fromkeys(wanted.ids))
    here = [each for each in found.values() if each.conversation_id == conversation_id and each.seq is not None]
    clean = [each for each in here if each.state_at(request.now_ms) == "clean"]
    sent = [(conversation_id, each.seq or 0) for each in clean]
    beside = batches.read_rows({tables.Message: sent}) if sent else rows
    urls = {
        each.attachment_id: downloads.urls(request, each) for each in clean if visible.message_of(request, beside, each)
    }
    return AttachmentUrlMap(attachments={attachment_id: urls.get(attachment_id) for attachment_id in wanted.ids})
