"""A ticket as the answer of the operations that read or change it."""

import msgspec

from parley.actions import named
from parley.actions.named import Known
from parley.domain.api.errors import Conflict, Field, NotFound
from parley.domain.api.request import Request
from parley.domain.conversations.head import Head, Membership
from parley.domain.conversations.rights import OF_CLOSED_TICKET
from parley.domain.support.ticket import StoredTicket, SupportTicketAnswer, goes_on_in, in_tickets, view_ticket


def no_ticket() -> NotFound:
    """Returns the refusal for a ticket that is not there, or not the caller's: the caller cannot tell which."""
    return NotFound("ticket_not_found", "There is no such ticket.")


def ticket_closed(ticket: StoredTicket, *pointers: str) -> Conflict:
    """Returns the refusal for a ticket that is closed, which the fields at these places name."""
    detail = goes_on_in(ticket) or OF_CLOSED_TICKET
    fields = tuple(Field(pointer, "not_allowed") for pointer in pointers)
    return Conflict("ticket_closed", detail, rule="a closed ticket stays as it is", fields=fields)


def answer(
    request: Request, ticket: StoredTicket, head: Head, mine: Membership | None, known: named.Users | None = None
) -> SupportTicketAnswer:
    """Returns a ticket as the caller sees it; one round trip if it names people who are not `known`.

    A caller who is not in it has read it all.
    """
    seen = view_ticket(ticket, head, mine or head.newcomer(request.user_id))
    users = named.users(request, in_tickets([seen]), Known.of(known or {}))
    return SupportTicketAnswer(**msgspec.structs.asdict(seen), users=users)
