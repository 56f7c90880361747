"""Tickets: opening one, and reading them."""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import replace

from parley.actions import access, limits, named, push, screening
from parley.actions.messages.content import check_content
from parley.actions.support.answers import answer, no_ticket
from parley.actions.support.opening import Opening, followed_by, followed_keys, opener_id, opening_of
from parley.actions.support.sources import check_shape, source_of
from parley.adapters.attachments import attachments
from parley.adapters.conversations import conversations, journal, messages, words_left_behind
from parley.adapters.dynamodb import batches, conditions, tables
from parley.adapters.dynamodb.batches import Rows
from parley.adapters.moderation import word_list_cache
from parley.adapters.people import policies
from parley.adapters.support import desks, tickets
from parley.domain.api import cursors, ids
from parley.domain.api.errors import Field, Invalid, NotFound, client_id_reused
from parley.domain.api.identity import DESK, SERVICE_ROLE, is_reserved
from parley.domain.api.request import Request
from parley.domain.api.requests import Page
from parley.domain.api.types import NamedUser
from parley.domain.conversations.events import ConversationCreated
from parley.domain.conversations.head import Head, Membership
from parley.domain.conversations.message import Reader
from parley.domain.conversations.named import in_heads, with_users
from parley.domain.conversations.steps import Step
from parley.domain.conversations.views import view_conversation
from parley.domain.support import ticket_clocks, ticket_steps
from parley.domain.support.desk import Desk
from parley.domain.support.events import TicketCreated
from parley.domain.support.numbers import number_of
from parley.domain.support.requests import CreateTicket
from parley.domain.support.ticket import StoredTicket, SupportTicket, SupportTicketAnswer, in_tickets, view_ticket


class TicketList(Struct, frozen=True, kw_only=True):
    """A page of the caller's own tickets, the newest first."""

    tickets: list[SupportTicket]
    next: str | None
    users: dict[str, NamedUser]


class TicketPosition(Struct, frozen=True, kw_only=True):
    """The place of the last ticket of a page."""

    place: Annotated[str, Meta(pattern=r"^[0-9]{13}#t_[a-z2-7]{26}$(?!\n)")]


def create_ticket(request: Request, wanted: CreateTicket) -> tuple[SupportTicketAnswer, bool]:
    """Returns a new ticket, and whether this call made it: a call with the same `client_id` may have.

    Four round trips (read, tokens, write, the members' devices) and the posts; one if the ticket is there. One more for
    `from`, and those of its messages.
    """
    desk = desks.current()
    _check(request, wanted, desk)
    ticket_id = ids.ticket_id(opener_id(request), wanted.client_id or secrets.token_hex(16))
    opening, source = _opening(request, wanted, ticket_id)
    request = opening.request
    asked: limits.Asked | None = None
    attempt = 0
    for _ in conditions.tries():
        number = number_of(ticket_id, attempt)
        rows = _before_creating(opening, ticket_id, number, wanted)
        known = tickets.of(rows, ticket_id)
        if known is not None:
            return _made_before(request, known, wanted, rows), False
        opening.check(rows)
        followed = followed_by(opening, wanted, rows)
        if tickets.has_number(rows, number):
            attempt += 1
            continue
        new = ticket_steps.new_ticket(request, ticket_id, opening.requester_id, wanted, desk, number)
        if source is None and request.user_id != opening.requester_id:  # an agent has written the first words
            new = replace(new, replied_at_ms=new.created_at_ms)
        new = ticket_clocks.opened(replace(new, source_message_id=source and source.last_id), desk)
        step = _creation(request, new, wanted, rows, source)
        asked = asked or _take_tokens(request, step)
        try:
            _write(request, step, new, followed)
        except conditions.LostRace:
            continue
        _tell_created(request, step.after, new, step.members.added)
        mine = next(mine for mine in step.members.added if mine.user_id == request.user_id)
        return answer(request, new, step.after, mine), True
    raise conditions.busy()


def _check(request: Request, wanted: CreateTicket, desk: Desk) -> None:
    """Refuses a new ticket of a category that the desk does not have, one about no known type, and an empty one."""
    ticket_steps.category_of(wanted, desk, f"{request.field_prefix}/category")
    if wanted.context is not None and not policies.current().knows(wanted.context):
        detail = f"There are no conversations of the type `{wanted.context.type}`."
        fields = (Field(f"{request.field_prefix}/context/type", "not_allowed"),)
        raise Invalid("unknown_context_type", detail, fields=fields)
    check_shape(request, wanted)
    if wanted.source is None:
        check_content(request, ticket_steps.draft_of(wanted))


def _opening(request: Request, wanted: CreateTicket, ticket_id: str) -> tuple[Opening, ticket_steps.Source | None]:
    """Returns the opener of a ticket, and the messages that become it, which a repeat does not need any more."""
    if wanted.source is None:
        return opening_of(request, wanted.requester_id), None
    known = None if wanted.client_id is None else tickets.get_ticket(ticket_id)
    if known is not None:
        return opening_of(request, known.requester_id, "from"), None
    source = source_of(request, wanted.source, wanted.requester_id)
    return opening_of(request, source.requester_id, "from"), source


def _take_tokens(request: Request, step: Step) -> limits.Asked:
    """Takes the tokens of all messages that people have written into a new ticket."""
    brought = [sent.message for sent in step.brought]
    files = sum(len(message.attachments) for message in brought)
    return limits.take_own(request, "".join(message.text for message in brought), files)


def _before_creating(opening: Opening, ticket_id: str, number: str, wanted: CreateTicket) -> Rows:
    """Returns what opening a ticket must know; one round trip."""
    request = opening.request
    keys: dict[type[tables.Table], list[batches.Key]] = {
        tables.Ticket: [tickets.key(ticket_id), tickets.number_key(number), *followed_keys(wanted)],
        tables.Conversation: [(ticket_id,)],
        tables.Membership: [(request.user_id, ticket_id)],
        tables.Message: [messages.first_key(ticket_id)],
        tables.File: [attachments.key(attachment_id) for attachment_id in wanted.attachment_ids],
        tables.WordList: list(word_list_cache.due(request.now_s)),
    }
    rows = batches.read_rows({**opening.reads(), **keys}, stale=(tables.WordList,))
    word_list_cache.take(rows, request.now_s)
    return rows


def _creation(
    request: Request, new: StoredTicket, wanted: CreateTicket, rows: Rows, source: ticket_steps.Source | None
) -> Step:
    """Returns the step that makes the conversation; refuses words and files that may not be in it.

    The words of a `source` were looked through when they were sent.
    """
    said = {name: text for name in ("subject", "description") if isinstance(text := getattr(wanted, name), str)}
    screened = {name: screening.screen(request, text, name) for name, text in said.items()}
    allowed = msgspec.structs.replace(wanted, **{name: each.text for name, each in screened.items()})
    found = attachments.readable(rows, wanted.attachment_ids)
    text = None if new.replied_at_ms is not None else desks.current().acknowledgement(new.category, request.now_ms)
    step = ticket_steps.create_ticket(request, new, allowed, found, ticket_steps.fingerprint(wanted), text, source)
    return screening.flagged(request, step, *screened.values())


def _write(request: Request, step: Step, new: StoredTicket, followed: StoredTicket | None) -> None:
    """Writes a new ticket with its conversation, all or nothing; raises LostRace. One round trip.

    Two write units for each of its rows: ten, and one for another opener, a team, each tag and each attachment. The
    ticket before a follow-up gets an entry of its history: two rows more.
    """
    entry = ticket_steps.history_entry(new, request, "created")
    with conditions.transaction() as transaction:
        journal.put_step(transaction, step, request.now_s)
        tickets.put_new(transaction, new, entry)
        if followed is not None:
            after = replace(followed, entries=followed.entries + 1)
            told = ticket_steps.history_entry(after, request, "followed_up", ticket_id=new.ticket_id)
            tickets.put_changed(transaction, followed, after, told)
            if not (request.user_id == followed.requester_id or is_reserved(request.user_id)):
                # The agent may not be in that ticket: their erasure must find it.
                transaction.save(words_left_behind.row(request.user_id, followed.ticket_id))


def _made_before(request: Request, known: StoredTicket, wanted: CreateTicket, rows: Rows) -> SupportTicketAnswer:
    """Returns the ticket that was made with a `client_id`, as it is now; refuses a request for a different one."""
    head = conversations.head_of(rows, known.ticket_id)
    mine = conversations.membership_of(rows, request.user_id, known.ticket_id)
    # First: a program that used it for another's ticket is no member of that one in the name of this requester.
    if messages.fingerprint_of(rows, known.ticket_id) not in (None, ticket_steps.fingerprint(wanted)):
        raise client_id_reused("ticket", request.field_prefix)
    if head is None or not access.is_admitted(request, head, mine):
        raise no_ticket()
    if _is_untouched(head, known) and push.is_news(request, (known.ticket_id, 0), head.created_at_ms):
        # the try that made it may have died before it told those in it
        _tell_created(request, head, known, [_at_first(request, head, user_id) for user_id in head.participants])
    return answer(request, known, head, mine)


def _is_untouched(head: Head, ticket: StoredTicket) -> bool:
    """Says whether a ticket has only the messages that it began with, the desk's acknowledgement among them."""
    if ticket.source_message_id is not None:
        return head.last_activity_ms == head.created_at_ms
    return _first_seqs(head) == 1


def _first_seqs(head: Head) -> int:
    """Returns how many messages a ticket has besides a last one of the desk's own."""
    last = head.last_message
    return head.last_seq - (1 if last is not None and last.sender_id == DESK else 0)


def _at_first(request: Request, head: Head, user_id: str) -> Membership:
    """Returns a person's side of a new ticket: who has written it has read it, unless the host wrote in their name."""
    read_seq = _first_seqs(head) if user_id == request.user_id and request.acts_as is None else 0
    return replace(head.newcomer(user_id), read_seq=read_seq, delivered_seq=read_seq)


def _tell_created(request: Request, head: Head, ticket: StoredTicket, sides: Iterable[Membership]) -> None:
    """Shows a new ticket to those in it: its conversation, and its state."""
    devices, users = named.naming(
        request, (*head.participants, *in_heads([head])), lambda: push.devices_of(head.participants)
    )
    created, opened = {}, {}
    for mine in sides:
        reader = Reader(user_id=mine.user_id, blocked=frozenset())
        seen = view_conversation(head, reader, {mine.user_id: mine}, {})
        event = ConversationCreated(conversation_id=head.conversation_id, conversation=seen)
        created[mine.user_id] = with_users(event, users).frame()
        shown = view_ticket(ticket, head, mine)
        people = {user_id: users[user_id] for user_id in in_tickets([shown]) if user_id in users}
        told = TicketCreated(conversation_id=head.conversation_id, ticket=shown, users=people)
        opened[mine.user_id] = told.frame()
    talk = [push.Told(created.keys(), _frames(frames), head.conversation_id) for frames in (created, opened)]
    push.tell_all(request, talk, devices)
    push.remember((head.conversation_id, 0))


def _frames(frames: Mapping[str, bytes]) -> push.FrameFor:
    return lambda user_id, _: frames.get(user_id)


def get_ticket(request: Request, ticket_id: str) -> SupportTicketAnswer:
    """Returns a ticket to its requester and to agents; two round trips, three for the host's own server."""
    ids.check_ticket_id(ticket_id, "{ticket_id}")
    if request.caller.role == SERVICE_ROLE:
        return _get_for_host(request, ticket_id)
    rows = batches.read_rows(
        {
            tables.Ticket: [tickets.key(ticket_id)],
            tables.Conversation: [(ticket_id,)],
            tables.Membership: [(request.user_id, ticket_id)],
        }
    )
    head = conversations.head_of(rows, ticket_id)
    mine = conversations.membership_of(rows, request.user_id, ticket_id)
    ticket = tickets.of(rows, ticket_id)
    if head is None or ticket is None or not access.is_admitted(request, head, mine):
        raise no_ticket()
    return answer(request, ticket, head, mine)


def _get_for_host(request: Request, ticket_id: str) -> SupportTicketAnswer:
    try:
        host, head = access.access_to_read(request, ticket_id, "ticket")
    except NotFound:
        raise no_ticket() from None
    ticket = tickets.of(batches.read_rows({tables.Ticket: [tickets.key(ticket_id)]}), ticket_id)
    if ticket is None:
        raise no_ticket()
    return answer(host, ticket, head, None)


def list_tickets(request: Request, query: Page) -> TicketList:
    """Returns a page of the tickets that the caller has opened, or that were opened for them, the newest first.

    Three round trips, however many there are.
    """
    after = cursors.decode(query.cursor, TicketPosition)
    places = tickets.places_of(request.user_id, query.limit + 1, None if after is None else after.place)
    shown = places[: query.limit]
    ticket_ids = [tickets.id_in(place) for place in shown]
    found = _seen(request, ticket_ids)
    seen = [found[ticket_id] for ticket_id in ticket_ids if ticket_id in found]
    return TicketList(
        tickets=seen,
        next=cursors.encode(TicketPosition(place=shown[-1])) if len(places) > len(shown) else None,
        users=named.users(request, in_tickets(seen)),
    )


def _seen(request: Request, ticket_ids: Sequence[str]) -> dict[str, SupportTicket]:
    """Returns tickets of the caller's as they see them, by id, without unreadable ones; one round trip at most."""
    if not ticket_ids:
        return {}
    rows = batches.read_rows(
        {
            tables.Ticket: [tickets.key(ticket_id) for ticket_id in ticket_ids],
            tables.Conversation: [(ticket_id,) for ticket_id in ticket_ids],
            tables.Membership: [(request.user_id, ticket_id) for ticket_id in ticket_ids],
        }
    )
    states, heads = tickets.readable(rows, ticket_ids), conversations.readable_heads(rows, ticket_ids)
    sides = conversations.readable_memberships(rows, [(request.user_id, ticket_id) for ticket_id in ticket_ids])
    return {
        ticket_id: view_ticket(states[ticket_id], heads[ticket_id], sides[request.user_id, ticket_id])
        for ticket_id in ticket_ids
        if ticket_id in states and ticket_id in heads and (request.user_id, ticket_id) in sides
    }
