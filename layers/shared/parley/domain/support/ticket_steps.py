"""Decides what opens a ticket: its conversation, its state, and the first entry of its history."""

from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from parley.domain.api.errors import Field, Invalid
from parley.domain.api.fingerprints import hash_of
from parley.domain.api.identity import DESK
from parley.domain.api.outbox import OutboxEntry
from parley.domain.api.request import Request
from parley.domain.api.requests import Draft
from parley.domain.api.times import hour
from parley.domain.api.types import Context, Moved, Note
from parley.domain.attachments.attachment import StoredAttachment
from parley.domain.conversations.head import Head
from parley.domain.conversations.message import StoredMessage
from parley.domain.conversations.send_steps import Forward, next_note, send_message, step_with, with_agents
from parley.domain.conversations.steps import MemberWrites, OfTicket, Step, next_change, no_earlier
from parley.domain.support import status
from parley.domain.support.desk import Desk
from parley.domain.support.follow_ups import RULE_FIRED, is_silent
from parley.domain.support.requests import CreateTicket
from parley.domain.support.ticket import FieldChange, StoredTicket

IN_MESSAGE = ("status", "priority", "category", "assignee_id", "team", "rating", "merged_into")
LATER_FIELDS = ("follow_up_of", "from")  # of CreateTicket, since 0.2.0
IN_HISTORY = ("status", "priority", "category", "assignee_id", "team", "tags")


def fingerprint(wanted: CreateTicket) -> str:
    """Returns the hash of a ticket's whole content, which tells two tickets under one `client_id` apart."""
    said = msgspec.to_builtins(wanted)
    # A request that an earlier version has served has no such field.
    kept = {name: value for name, value in said.items() if not (name in LATER_FIELDS and value is None)}
    return hash_of(kept)


def comment_hash(comment: str | None) -> str:
    """Returns the hash of the comment on a rating, which tells two ratings apart; also of none."""
    return sha256((comment or "").encode()).hexdigest()[:16]


def draft_of(wanted: CreateTicket) -> Draft:
    """Returns the first message of a new ticket that is made of no other."""
    return Draft(text=wanted.description, attachment_ids=wanted.attachment_ids)


class TicketAct(Struct, frozen=True, kw_only=True):
    """An agent's act that changes a ticket together with a message of theirs, or without one.

    New values of its fields, an agent who comes in, and what the history says besides. A repeat is known by the
    `fingerprint`; `pointer` is the place in the request that a refusal of the message's words names.
    """

    fields: Mapping[str, Any]
    arrives: str | None
    about: Mapping[str, object]
    fingerprint: str
    pointer: str


class Source(Struct, frozen=True, kw_only=True):
    """Messages that become a ticket of the requester's, in their order, and the files that they show, by id."""

    requester_id: str
    messages: tuple[tuple[Draft, Forward], ...]
    files: Mapping[str, StoredAttachment] = {}

    @property
    def last_id(self) -> str:
        """Returns the id of the newest of the messages."""
        return self.messages[-1][1].message_id


def category_of(wanted: CreateTicket, desk: Desk, pointer: str) -> str:
    """Returns the category of a new ticket; raises Invalid if the desk does not have it."""
    name = wanted.category or desk.default_category
    check_category(name, desk, pointer)
    return name


def check_category(name: str, desk: Desk, pointer: str) -> None:
    """Returns for a category of the desk; raises Invalid for any other."""
    if name not in desk.categories:
        known = ", ".join(desk.categories)
        detail = f"The desk has no such category; it has {known}."
        raise Invalid("unknown_category", detail, fields=(Field(pointer, "not_allowed"),))


def check_team(name: str | None, desk: Desk, pointer: str) -> None:
    """Returns for a team of the desk, and for none; raises Invalid for any other."""
    if name is not None and name not in desk.teams:
        known = ", ".join(desk.teams) or "none"
        detail = f"The desk has no such team; it has {known}."
        raise Invalid("unknown_team", detail, fields=(Field(pointer, "not_allowed"),))


def new_ticket(
    request: Request,
    ticket_id: str,
    requester_id: str,
    wanted: CreateTicket,
    desk: Desk,
    number: str,
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
        follow_up_of=wanted.follow_up_of,
    )


def create_ticket(
    request: Request,
    ticket: StoredTicket,
    wanted: CreateTicket,
    found: Mapping[str, StoredAttachment],
    fingerprint: str,
    acknowledgement: str | None,
    source: Source | None = None,
) -> Step:
    """Returns the step that makes the ticket's conversation, with the description as its first message.

    The messages of a `source` take its place. The desk's acknowledgement follows, if there is one.
    """
    head = _empty(request, ticket, wanted)
    if source is None:
        step = send_message(head, draft_of(wanted), request, found=found)
    else:
        step = _taken_from(head, request, source)
    seq = step.after.last_seq
    if acknowledgement is not None:
        step = _acknowledged(step, acknowledgement)
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


def _taken_from(head: Head, request: Request, source: Source) -> Step:
    """Returns the step that begins a ticket with the messages of its source, each forwarded."""
    (draft, forward), *others = source.messages
    step = send_message(head, draft, request, found=source.files, forward=forward)
    for draft, forward in others:
        following = send_message(step.after, draft, request, found=source.files, forward=forward)
        more = () if following.sent is None else (replace(following.sent, read_by=None),)
        step = replace(step, after=following.after, more=(*step.more, *more))
    return step


def _acknowledged(step: Step, text: str) -> Step:
    """Returns the step of a new ticket with the desk's own answer after the description."""
    head = step.after
    answer = _words_of_desk(head, text, head.last_activity_ms)
    return replace(step, after=step_with(head, answer).after, of_ticket=OfTicket(message=answer))


def notice(request: Request, head: Head, text: str) -> Step:
    """Returns the step of a message of the desk itself to the requester."""
    return step_with(head, _words_of_desk(head, text, no_earlier(request, head)))


def _words_of_desk(head: Head, text: str, at_ms: int) -> StoredMessage:
    return StoredMessage(
        conversation_id=head.conversation_id,
        seq=head.last_seq + 1,
        sender_id=DESK,
        kind="text",
        text=text,
        created_at_ms=at_ms,
        side="system",
    )


def history_entry(
    ticket: StoredTicket, request: Request, event: str, changes: Mapping[str, FieldChange] | None = None, **more: object
) -> OutboxEntry:
    """Returns the newest entry of a ticket's history: who did what and when, and the ticket as it is after it.

    The statistics of the desk are counted from these entries alone, so each holds all that they need.
    """
    about = {
        "event": event,
        "user_id": request.user_id,
        "changes": msgspec.to_builtins(changes or {}),
        "state": msgspec.to_builtins({name: getattr(ticket, name) for name in IN_HISTORY}),
        "opened_at_ms": ticket.created_at_ms,
        **({"hidden": ticket.hidden} if ticket.hidden else {}),
        **{name: value for name, value in more.items() if value is not None},
    }
    is_later = event in ("responded", "followed_up", "sla_warning", "sla_breach", RULE_FIRED)
    at_ms = request.now_ms if is_later else ticket.updated_at_ms
    return OutboxEntry(kind="ticket", id=ticket.ticket_id, number=ticket.entries, at_ms=at_ms, about=about)


def changes_between(before: StoredTicket, after: StoredTicket, head: Head, subject: str) -> dict[str, FieldChange]:
    """Returns the fields that differ between two states of a ticket, by name."""
    moved: dict[str, FieldChange] = moved_fields(before, after)
    of_merging = ("merged_into", "merged_from")
    moved |= {name: FieldChange(_said(getattr(before, name)), _said(getattr(after, name))) for name in of_merging}
    moved["subject"] = FieldChange(head.title, subject)
    moved["rating"] = FieldChange(*(None if each is None else str(each) for each in (before.rating, after.rating)))
    return {name: each for name, each in moved.items() if each.before != each.after}


def moved_fields(before: StoredTicket, after: StoredTicket) -> dict[str, FieldChange]:
    """Returns the fields that the desk changes and that differ between two states of a ticket, by name."""
    moved = {name: FieldChange(_said(getattr(before, name)), _said(getattr(after, name))) for name in IN_HISTORY}
    return {name: each for name, each in moved.items() if each.before != each.after}


def _said(value: str | tuple[str, ...] | None) -> str | list[str] | None:
    return list(value) if isinstance(value, tuple) else value


def _short(changes: Mapping[str, FieldChange]) -> dict[str, Moved]:
    """Returns the changes that a system message tells: its event has the whole ticket, so no long ones.

    Of the tickets that were merged into this one it names the newest.
    """
    short = {
        name: Moved(each.before, each.after)
        for name, each in changes.items()
        if name in IN_MESSAGE and not isinstance(each.before, list) and not isinstance(each.after, list)
    }
    merged = changes.get("merged_from")
    if merged is not None and isinstance(merged.after, list):
        short["merged_from"] = Moved(None, merged.after[-1])
    return short


def change_ticket(
    request: Request,
    head: Head,
    after: StoredTicket,
    subject: str,
    changes: Mapping[str, FieldChange],
    *,
    is_in_it: bool,
    arrives: str | None = None,
) -> Step:
    """Returns the step of a change of a ticket: the system message that tells of it, and an entry of the change log.

    It also brings in the agent `arrives`. Only a caller who is in the ticket has markers that move. No message tells of
    a change that is silent, so nobody has it unread.
    """
    changed = replace(head, title=subject, closed=after.status == "closed")
    if is_silent(changes) and arrives is None:
        return _with_entry(Step(before=head, after=changed), request)
    step = next_note(head, note_of(changes), request, after=changed)
    if step.sent is not None and not is_in_it:
        step = replace(step, sent=replace(step.sent, read_by=None))
    if arrives is not None:
        step = with_agents(step, request, [arrives])
    return _with_entry(step, request)


def with_change(step: Step, request: Request, changes: Mapping[str, FieldChange], *, closes: bool = False) -> Step:
    """Returns a message's step that also changes its ticket: a system message after it tells of the change.

    None of a silent one. `closes` if the ticket is closed by it.
    """
    if is_silent(changes):
        return _with_entry(step, request)
    head = step.after
    noted = next_note(head, note_of(changes), request, after=replace(head, closed=head.closed or closes))
    added = tuple(
        replace(mine, read_seq=noted.after.last_seq, delivered_seq=noted.after.last_seq)
        if mine.user_id == request.user_id
        else mine
        for mine in step.members.added
    )
    told = replace(step, after=noted.after, of_ticket=OfTicket(message=noted.new_message))
    return _with_entry(told.with_members(added=added), request)


def known_by(step: Step, fingerprint: str) -> Step:
    """Returns a message's step by whose record, if it has one, a repeat of another request than a send is known."""
    sent = step.sent
    if sent is None or sent.record is None:
        return step
    return replace(step, sent=replace(sent, record=replace(sent.record, fingerprint=fingerprint)))


def acts_of_desk(
    request: Request,
    head: Head,
    after: StoredTicket,
    texts: Iterable[str],
    changes: Mapping[str, FieldChange],
    arrives: str | None = None,
) -> Step | None:
    """Returns the step of all that the desk does by itself at once; None if people see none of it.

    Its messages come first, then a system message that tells of the changes unless they are silent, and an entry of the
    change log. It also brings in the agent `arrives`.
    """
    step: Step | None = None
    for text in texts:
        following = notice(request, head if step is None else step.after, text)
        added = () if following.sent is None else (following.sent,)
        step = following if step is None else replace(step, after=following.after, more=(*step.more, *added))
    if step is None:
        subject = head.title or ""
        return (
            change_ticket(request, head, after, subject, changes, is_in_it=False, arrives=arrives) if changes else None
        )
    if arrives is not None:
        step = with_agents(step, request, [arrives])
    if changes and not is_silent(changes):
        noted = next_note(step.after, note_of(changes), request)
        closed = replace(noted.after, closed=after.status == "closed")
        step = replace(step, after=closed, of_ticket=OfTicket(message=noted.new_message))
    return _with_entry(step, request)


def note_of(changes: Mapping[str, FieldChange]) -> Note:
    """Returns the event of the system message that tells of a change; its people are the assignees."""
    assignee = changes.get("assignee_id")
    people = [] if assignee is None else [each for each in (assignee.after, assignee.before) if isinstance(each, str)]
    event = "ticket_merged" if changes.keys() & {"merged_into", "merged_from"} else "ticket_updated"
    return Note(event=event, user_ids=people, changes=_short(changes))


def _with_entry(step: Step, request: Request) -> Step:
    """Returns the step with the entry of the change log that tells of the ticket's new state.

    All entries of a step name the same message, by which a retry finds them; that of a step without one names none.
    """
    part = step.of_ticket or OfTicket()
    seq = None if step.sent is None else step.new_message.seq
    entry = next_change(request, step.after, "ticket_updated", message_seq=seq)
    after = replace(step.after, last_change_seq=entry.change_seq, shared_seq=entry.change_seq)
    return replace(step, after=after, of_ticket=replace(part, entry=entry))


def after_message(ticket: StoredTicket, side: status.Side, desk: Desk, at_ms: int) -> StoredTicket:
    """Returns the state that a message of one side leaves, the same if it changes nothing."""
    after = status.after_message(ticket.status, side, desk.after_reply)
    is_first = side == "support" and ticket.replied_at_ms is None
    if after == ticket.status and not is_first:
        return ticket
    moved = ticket if after == ticket.status else changed_at(ticket, at_ms, status=after)
    return replace(moved, entries=ticket.entries + 1, replied_at_ms=at_ms if is_first else ticket.replied_at_ms)


def after_act(ticket: StoredTicket, act: TicketAct, at_ms: int) -> StoredTicket:
    """Returns the state that an agent's message leaves which comes with an act; that is always an entry more."""
    changed = {name: value for name, value in act.fields.items() if value != getattr(ticket, name)}
    after = changed_at(ticket, at_ms, **changed) if changed else replace(ticket, entries=ticket.entries + 1)
    return replace(after, replied_at_ms=at_ms) if after.replied_at_ms is None else after


def changed_at(ticket: StoredTicket, at_ms: int, **fields: Any) -> StoredTicket:
    """Returns the ticket's next version with these fields."""
    return replace(
        ticket,
        **fields,
        version=ticket.version + 1,
        entries=ticket.entries + 1,
        updated_at_ms=max(at_ms, ticket.updated_at_ms),
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
