"""Merging: a ticket is closed, and another one of the same requester continues it.

Both tickets, both conversations with a system message each, and an entry of both histories are one transaction. No
message moves: the merged ticket stays as it is, readable and closed, and names the ticket that continues it.
"""

from functools import partial

from msgspec import Struct
from pynamodb.transactions import TransactWrite

from parley.actions import access, limits
from parley.actions.conversations import group_changes
from parley.actions.support import changing
from parley.actions.support.answers import answer, no_ticket, ticket_closed
from parley.actions.support.changing import Found
from parley.actions.support.opening import other_requester
from parley.actions.support.roles import require_agent
from parley.adapters.conversations import conversations, journal
from parley.adapters.dynamodb import batches, conditions, tables
from parley.adapters.support import desks, tickets
from parley.domain.api import ids
from parley.domain.api.errors import Conflict, Field, Invalid, NotFound
from parley.domain.api.outbox import OutboxEntry
from parley.domain.api.request import Request
from parley.domain.conversations.steps import Step
from parley.domain.support import ticket_clocks, ticket_steps
from parley.domain.support.requests import MAX_MERGED, MergeTicket
from parley.domain.support.ticket import StoredTicket, SupportTicketAnswer

MAX_LINKS = 20  # of a chain of merged tickets that is looked at to name a circle


class _Half(Struct, frozen=True, kw_only=True):
    """The part of a merging that changes one of the two tickets."""

    found: Found
    after: StoredTicket
    step: Step
    entry: OutboxEntry

    def put(self, transaction: TransactWrite, request: Request) -> None:
        """Adds the ticket and the entry of its history to a transaction."""
        changing.put_change(transaction, request, self.found, self.after, self.entry)


def merge_ticket(request: Request, ticket_id: str, wanted: MergeTicket) -> SupportTicketAnswer:
    """Merges a ticket into another one, closes it, and returns it; a repeat returns it as it is.

    Raises Conflict for tickets of two requesters, for a closed one, and for a circle. Eight round trips: read, write,
    and two for those in each ticket; two more for each lost race.
    """
    require_agent(request)
    ids.check_ticket_id(ticket_id, "{ticket_id}")
    pointer = f"{request.field_prefix}/into"
    if wanted.into == ticket_id:
        detail = "A ticket cannot be merged with itself."
        raise Invalid("merged_with_itself", detail, fields=(Field(pointer, "not_allowed"),))
    request = access.as_host(request)
    pair, tokens = limits.own_beside(request, ticket_id, lambda: _read(request, ticket_id, wanted.into, pointer))
    for number in conditions.tries():
        merged, target = _read(request, ticket_id, wanted.into, pointer) if number else pair
        limits.tell(request, merged.head)
        if merged.ticket.merged_into == wanted.into:
            return _told_again(request, merged, target)
        _check(request, merged, target, pointer)
        closed, grown = _halves(request, merged, target)
        step = limits.counted(request, closed.step, tokens)
        try:
            journal.write(step, request.now_s, partial(_put_beside, request, closed, grown))
        except conditions.LostRace:
            continue
        there, users = group_changes.tell_step(request, step, merged.sides, closed.after)
        group_changes.tell_step(request, grown.step, target.sides, grown.after)
        return answer(request, closed.after, step.after, there.get(request.user_id), users)
    raise conditions.busy()


def _read(request: Request, ticket_id: str, into: str, pointer: str) -> tuple[Found, Found]:
    """Returns both tickets; raises NotFound for one that the caller may not see. One round trip."""
    both = (ticket_id, into)
    rows = batches.read_rows(
        {
            tables.Ticket: [tickets.key(each) for each in both],
            tables.Conversation: [(each,) for each in both],
            tables.Membership: [(request.user_id, each) for each in both],
        }
    )
    missing = NotFound("ticket_not_found", "There is no such ticket.", fields=(Field(pointer, "not_allowed"),))
    return _found(request, rows, ticket_id, no_ticket()), _found(request, rows, into, missing)


def _found(request: Request, rows: batches.Rows, ticket_id: str, missing: NotFound) -> Found:
    head, ticket = conversations.head_of(rows, ticket_id), tickets.of(rows, ticket_id)
    mine = conversations.membership_of(rows, request.user_id, ticket_id)
    if head is None or ticket is None or not (request.acts_as or access.is_admitted(request, head, mine)):
        raise missing
    sides = {} if mine is None else {request.user_id: mine}
    return Found(ticket=ticket, head=head, sides=sides, assignee_role=None)


def _check(request: Request, merged: Found, target: Found, pointer: str) -> None:
    """Refuses tickets that cannot be merged, and says why."""
    changing.check_not_requester(request, merged, request.user_id)
    fields = (Field(pointer, "not_allowed"),)
    if merged.ticket.merged_into is not None:
        detail = "This ticket was merged into another one."
        raise Conflict("already_merged", detail, rule="a ticket is merged once")
    if merged.ticket.status == "closed":
        raise ticket_closed(merged.ticket)
    if merged.ticket.requester_id != target.ticket.requester_id:
        raise other_requester(fields)
    if _leads_to(target.ticket, merged.ticket.ticket_id):
        detail = "This ticket continues that one already."
        raise Conflict("merged_in_circle", detail, rule="merged tickets make no circle", fields=fields)
    if target.ticket.status == "closed":
        raise ticket_closed(target.ticket, pointer)
    if len(target.ticket.merged_from) >= MAX_MERGED:
        detail = f"That ticket continues {MAX_MERGED} others already."
        raise Conflict("too_many_merged", detail, rule="tickets merged into one", fields=fields)


def _leads_to(ticket: StoredTicket, ticket_id: str) -> bool:
    """Says whether another ticket continues a merged one, itself or by others; one round trip for each link of them."""
    for _ in range(MAX_LINKS):
        if ticket.merged_into in (None, ticket_id):
            break
        found = tickets.get_ticket(ticket.merged_into or "")
        if found is None:
            return False
        ticket = found
    return ticket.merged_into == ticket_id


def _halves(request: Request, merged: Found, target: Found) -> tuple[_Half, _Half]:
    """Returns what the merging does to either ticket."""
    names = (*target.ticket.merged_from, merged.ticket.ticket_id)
    into = target.ticket.ticket_id
    closed = ticket_steps.changed_at(merged.ticket, request.now_ms, status="closed", merged_into=into)
    closed = ticket_clocks.moved(merged.ticket, closed, closed.updated_at_ms, desks.current())
    grown = ticket_steps.changed_at(target.ticket, request.now_ms, merged_from=names)
    return _half(request, merged, closed), _half(request, target, grown)


def _half(request: Request, found: Found, after: StoredTicket) -> _Half:
    subject = found.head.title or ""
    changes = ticket_steps.changes_between(found.ticket, after, found.head, subject)
    is_in_it = request.user_id in found.sides
    step = ticket_steps.change_ticket(request, found.head, after, subject, changes, is_in_it=is_in_it)
    entry = ticket_steps.history_entry(after, request, "merged", changes)
    return _Half(found=found, after=after, step=step, entry=entry)


def _put_beside(request: Request, closed: _Half, grown: _Half, transaction: TransactWrite) -> None:
    """Adds to the transaction of the closed ticket's step all that it does not hold yet."""
    journal.put_step(transaction, grown.step, request.now_s)
    closed.put(transaction, request)
    grown.put(transaction, request)


def _told_again(request: Request, merged: Found, target: Found) -> SupportTicketAnswer:
    """Returns a ticket that is merged already; an earlier try may have died before it told."""
    users = changing.tell_again(request, merged)
    changing.tell_again(request, target)
    return answer(request, merged.ticket, merged.head, merged.sides.get(request.user_id), users)
