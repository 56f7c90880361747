"""Canned replies: support admins keep them, and agents read them, filled for a ticket if they name one."""

import secrets
from collections.abc import Iterable

import msgspec

from parley.actions import access, named
from parley.actions.parallel import in_parallel
from parley.actions.support.answers import no_ticket
from parley.actions.support.roles import admin, require_admin, works_for_desk
from parley.adapters.conversations import conversations
from parley.adapters.dynamodb import batches, conditions, tables
from parley.adapters.people import account_states, agents
from parley.adapters.support import canned_replies, desks, tickets
from parley.domain.api import cursors, ids
from parley.domain.api.errors import Conflict, Field, Forbidden, NotFound
from parley.domain.api.fingerprints import check_same
from parley.domain.api.identity import SERVICE_ROLE
from parley.domain.api.request import Request
from parley.domain.conversations.head import Head
from parley.domain.conversations.history import Room
from parley.domain.support import canned
from parley.domain.support.canned import (
    MAX_REPLIES,
    CannedReplyAnswer,
    CannedReplyList,
    CreateCannedReply,
    DeletedCannedReply,
    ListCannedReplies,
    PutCannedReply,
    ReplyPosition,
    StoredReply,
)
from parley.domain.support.replies import values_of
from parley.domain.support.ticket import StoredTicket

Subject = tuple[StoredTicket, Head]


def list_canned_replies(request: Request, query: ListCannedReplies) -> CannedReplyList:
    """Returns a page of the canned replies by id, to agents and the host's own server.

    Two round trips, and one more for each 1 MB of texts. A ticket is read beside them. The host's server names none,
    because no agent would sign the text.
    """
    _require_reader(request, query)
    after = cursors.decode(query.cursor, ReplyPosition)
    found, subject = _read(request, query, None if after is None else after.reply_id)
    names = [] if subject is None else [request.user_id, subject[0].requester_id]
    known = named.read_known(request, [*_authors(found), *names])
    values = None if subject is None else values_of(*subject, desks.current(), known.users, request.user_id)
    shown = list(Room().fitting(canned.listed(reply, values) for reply in found[: query.limit]))
    return CannedReplyList(
        canned_replies=shown,
        next=cursors.encode(ReplyPosition(reply_id=shown[-1].id)) if len(found) > len(shown) else None,
        users=named.users(request, _authors(found[: len(shown)]), known),
    )


def _read(request: Request, query: ListCannedReplies, after_id: str | None) -> tuple[list[StoredReply], Subject | None]:
    """Returns one reply more than a page has, and the ticket of the request, both at once."""
    ticket_id = query.ticket_id
    if ticket_id is None:
        return canned_replies.list_replies(after_id, query.limit + 1), None
    return in_parallel(
        lambda: canned_replies.list_replies(after_id, query.limit + 1), lambda: _subject(request, ticket_id)
    )


def _subject(request: Request, ticket_id: str) -> Subject:
    """Returns a ticket and its head, to an agent; one round trip."""
    rows = batches.read_rows({tables.Ticket: [tickets.key(ticket_id)], tables.Conversation: [(ticket_id,)]})
    ticket, head = tickets.of(rows, ticket_id), conversations.head_of(rows, ticket_id)
    if ticket is None or head is None or not access.is_admitted(request, head, None):
        raise no_ticket()
    return ticket, head


def create_canned_reply(request: Request, wanted: CreateCannedReply) -> tuple[CannedReplyAnswer, bool]:
    """Returns a new canned reply, and whether this call made it: a call with the same `client_id` may have.

    To support admins and the host's own server. Two round trips, one if it is there.
    """
    request = admin(request)
    canned.check_content(wanted, request.field_prefix)
    reply_id = ids.canned_reply_id(request.user_id, wanted.client_id or secrets.token_hex(16))
    new = canned.new_reply(wanted, reply_id, request.user_id, request.now_ms)

    def step() -> tuple[StoredReply, bool]:
        known = canned_replies.read_reply(reply_id, wanted.shortcut)
        if known.reply is not None:
            return check_same(known.reply, new, "canned reply", request.field_prefix), False
        _check_shortcut(request, reply_id, known)
        if known.count >= MAX_REPLIES:
            detail = f"The desk can have {MAX_REPLIES} canned replies."
            raise Conflict("too_many_canned_replies", detail, rule="canned replies")
        canned_replies.put_new(new)
        return new, True

    reply, is_new = conditions.until_written(step)
    return _answer(request, reply), is_new


def put_canned_reply(request: Request, reply_id: str, wanted: PutCannedReply) -> CannedReplyAnswer:
    """Replaces a canned reply, to support admins and the host's own server; two round trips.

    A repeat answers the same. Raises Conflict if another has replaced the version meanwhile.
    """
    request = admin(request)
    ids.check_canned_reply_id(reply_id, "{reply_id}")
    canned.check_content(wanted, request.field_prefix)

    def step() -> StoredReply:
        known = canned_replies.read_reply(reply_id, wanted.shortcut)
        if known.reply is None:
            raise NotFound("canned_reply_not_found", "There is no such canned reply.")
        after = canned.replaced(known.reply, wanted, request.user_id, request.now_ms)
        if after is not known.reply:
            _check_shortcut(request, reply_id, known)
            canned_replies.replace(known.reply, after)
        return after

    return _answer(request, conditions.until_written(step))


def delete_canned_reply(request: Request, reply_id: str) -> DeletedCannedReply:
    """Deletes a canned reply, to support admins and the host's own server; two round trips, one if it is not there."""
    require_admin(request)
    ids.check_canned_reply_id(reply_id, "{reply_id}")

    def step() -> None:
        known = canned_replies.read_reply(reply_id, None).reply
        if known is not None:
            canned_replies.delete(known)

    conditions.until_written(step)
    return DeletedCannedReply(id=reply_id)


def _check_shortcut(request: Request, reply_id: str, known: canned_replies.Read) -> None:
    """Raises Conflict if another reply has the shortcut."""
    if known.has_shortcut not in (None, reply_id):
        raise canned.shortcut_taken(f"{request.field_prefix}/shortcut")


def _answer(request: Request, reply: StoredReply) -> CannedReplyAnswer:
    """Returns a canned reply; one round trip if it names others."""
    return CannedReplyAnswer(
        **msgspec.structs.asdict(canned.view(reply)), users=named.users(request, _authors([reply]))
    )


def _authors(replies: Iterable[StoredReply]) -> list[str]:
    return [user_id for reply in replies for user_id in (reply.created_by, reply.updated_by)]


def _require_reader(request: Request, query: ListCannedReplies) -> None:
    """Refuses a caller who is no agent, at once or with the first read; the host's own server if it names a ticket."""
    of_ticket = query.ticket_id is not None
    fields = (Field("?ticket_id", "not_allowed"),) if of_ticket and request.caller.role == SERVICE_ROLE else ()
    refusal = Forbidden("agents_only", "Only agents may do this.", rule="AgentRoles", fields=fields)
    account_states.require_role(request, agents.is_agent if of_ticket else works_for_desk, refusal)
