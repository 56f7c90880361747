"""Decides what begins the notes of a ticket: a conversation beside it, with the first note as its first message."""

from msgspec.structs import replace

from parley.domain.api import ids
from parley.domain.api.identity import is_reserved
from parley.domain.api.request import Request
from parley.domain.api.requests import Draft
from parley.domain.api.times import hour
from parley.domain.conversations.head import Head
from parley.domain.conversations.send_steps import send_message
from parley.domain.conversations.steps import MemberWrites, Step
from parley.domain.support.ticket import StoredTicket


def no_notes(request: Request, ticket: StoredTicket) -> Head:
    """Returns the head of a ticket's notes before the first one, with the caller as the only person in it."""
    return Head(
        conversation_id=ids.notes_id(ticket.ticket_id),
        type="notes",
        context=None,
        participants=(request.user_id,),
        last_seq=0,
        last_change_seq=0,
        last_message=None,
        sent_seqs={},
        created_at_ms=request.now_ms,
        last_activity_ms=request.now_ms,
        active_hour=hour(request.now_ms),
        member_count=1,
        requester_id=ticket.requester_id,
    )


def assignee_of(ticket: StoredTicket | None) -> str | None:
    """Returns the agent who has a ticket, and so hears of its notes; None for nobody, and for an erased one."""
    assignee_id = None if ticket is None else ticket.assignee_id
    return None if assignee_id is None or is_reserved(assignee_id) else assignee_id


def first_note(request: Request, ticket: StoredTicket, draft: Draft, text: str) -> Step:
    """Returns the step that makes the conversation of a ticket's notes; `text` is what is stored of the note.

    The agent who has the ticket is in it, too, and has not read the note.
    """
    head, assignee_id = no_notes(request, ticket), assignee_of(ticket)
    others = [] if assignee_id in (None, request.user_id, ticket.requester_id) else [assignee_id]
    head = replace(head, participants=(request.user_id, *others), member_count=1 + len(others))
    step = send_message(head, draft, request, text=text)
    seq = step.after.last_seq
    author = replace(head.newcomer(request.user_id), read_seq=seq, delivered_seq=seq)
    return replace(
        step,
        creates=True,
        sent=None if step.sent is None else replace(step.sent, read_by=None),
        members=MemberWrites(added=(author, *(head.newcomer(user_id) for user_id in others))),
    )
