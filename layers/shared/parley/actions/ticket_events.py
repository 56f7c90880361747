"""Events of the change log that may tell of a ticket: its state is not in its conversation, so it is read here."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from parley.domain.api.types import Message
from parley.domain.conversations import events
from parley.domain.conversations.events import NamingEvent
from parley.domain.conversations.head import Head
from parley.domain.conversations.steps import Change

if TYPE_CHECKING:  # most changes are of no ticket
    from parley.domain.support.ticket import StoredTicket


def ticket_of(head: Head, changes: Iterable[Change]) -> "StoredTicket | None":
    """Returns the ticket of a conversation if one of these changes is of it; one round trip, or none."""
    if all(change.kind != "ticket_updated" for change in changes):
        return None
    from parley.adapters.support import tickets

    return tickets.get_ticket(head.conversation_id)


def of_change(change: Change, head: Head, message: Message | None, ticket: "StoredTicket | None") -> NamingEvent:
    """Returns the event of an entry of the change log, with its subject as that is now."""
    if change.kind != "ticket_updated" or ticket is None:
        return events.of_change(change, head, message)
    from parley.domain.support.events import ticket_updated

    return ticket_updated(change, head, ticket)
