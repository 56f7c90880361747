"""Decides what opens a ticket: its conversation, its state, and the first entry of its history."""

from collections.abc import Mapping
from hashlib import sha256

import msgspec
from msgspec.structs import replace

from parley.domain.api.errors import Field, Invalid
from parley.domain.api.outbox import OutboxEntry
from parley.domain.api.request import Request
from parley.domain.api.requests import Draft
from parley.domain.api.times import hour
from parley.domain.api.types import Context
from parley.domain.attachments.attachment import StoredAttachment
from parley.domain.conversations.head import Head
from parley.domain.conversations.send_steps import send_message
from parley.domain.conversations.steps import MemberWrites, Step
from parley.domain.support.desk import Desk
from parley.domain.support.requests import CreateTicket
from parley.domain.support.ticket import StoredTicket


def fingerprint(wanted: CreateTicket) -> str:
    """Returns the hash of a ticket's whole content, which tells two tickets under one `client_id` apart."""
    return sha256(msgspec.json.encode(wanted)).hexdigest()[:32]


def draft_of(wanted: CreateTicket) -> Draft:
    """Returns the first message of a new ticket."""
    return Draft(text=wanted.description, attachment_ids=wanted.attachment_ids)


def category_of(wanted: CreateTicket, desk: Desk, pointer: str) -> str:
    """Returns the category of a new ticket; raises Invalid if the desk does not have it."""
    name = wanted.category or desk.default_category
    if name not in desk.categories:
        known = ", ".join(desk.categories)
        detail = f"The desk has no such category; it has {known}."
        raise Invalid("unknown_category", detail, fields=(Field(pointer, "not_allowed"),))
    return name


def new_ticket(
    request: Request, ticket_id: str, requester_id: str, wanted: CreateTicket, desk: Desk, number: str
) -> StoredTicket:
    """Returns the state of a new ticket."""
    category = category_of(wanted, desk, f"{request.field_prefix}/category")
    return StoredTicket(
        ticket_id=ticket_id,
        number=number,
        status="open",
        priority=wanted.priority,
        category=category,
        requester_id=requester_id,
        team=desk.categories[category].team,
        tags=tuple(dict.fromkeys(wanted.tags)),
        version=1,
        created_at_ms=request.now_ms,
        updated_at_ms=request.now_ms,
    )


def create_ticket(
    request: Request,
    ticket: StoredTicket,
    wanted: CreateTicket,
    found: Mapping[str, StoredAttachment],
    fingerprint: str,
) -> Step:
    """Returns the step that makes the ticket's conversation, with the description as its first message."""
    head = _empty(request, ticket, wanted)
    step = send_message(head, draft_of(wanted), request, found=found)
    seq = step.after.last_seq
    read_by = request.user_id if request.acts_as is None else None  # the host does not read for a person
    added = (
        replace(mine, read_seq=seq, delivered_seq=seq) if mine.user_id == read_by else mine
        for mine in map(head.newcomer, head.participants)
    )
    return replace(
        step,
        creates=True,
        sent=None if step.sent is None else replace(step.sent, read_by=None, fingerprint=fingerprint),
        members=MemberWrites(added=tuple(added)),
    )


def history_entry(ticket: StoredTicket, request: Request, event: str) -> OutboxEntry:
    """Returns the entry of a ticket's history for its present version: who did what, and when."""
    about = {"event": event, "user_id": request.user_id}
    return OutboxEntry(
        kind="ticket", id=ticket.ticket_id, number=ticket.version, at_ms=ticket.updated_at_ms, about=about
    )


def _empty(request: Request, ticket: StoredTicket, wanted: CreateTicket) -> Head:
    """Returns the head of a ticket without messages."""
    people = tuple(dict.fromkeys((ticket.requester_id, request.user_id)))
    return Head(
        conversation_id=ticket.ticket_id,
        type="ticket",
        context=None if wanted.context is None else Context(wanted.context.type, wanted.context.id),
        participants=people,
        last_seq=0,
        last_change_seq=0,
        last_message=None,
        sent_seqs={},
        created_at_ms=request.now_ms,
        last_activity_ms=request.now_ms,
        active_hour=hour(request.now_ms),
        title=wanted.subject,
        member_count=len(people),
        requester_id=ticket.requester_id,
    )
