"""Events of the change log that may tell of a ticket: its state is not in its conversation, so it is read here."""

from parley.domain.api.types import Message
from parley.domain.conversations import events
from parley.domain.conversations.events import NamingEvent
from parley.domain.conversations.head import Head
from parley.domain.conversations.steps import Change


def of_change(change: Change, head: Head, message: Message | None) -> NamingEvent:
    """Returns the event of an entry of the change log, with its subject as that is now.

    One round trip for a change of a ticket, none for all others.
    """
    if change.kind != "ticket_updated":
        return events.of_change(change, head, message)
    from parley.adapters.support import tickets  # most changes are of no ticket
    from parley.domain.support.events import ticket_updated

    ticket = tickets.get_ticket(head.conversation_id)
    return events.of_change(change, head, None) if ticket is None else ticket_updated(change, head, ticket)
