"""The events of the support desk."""

from parley.domain.conversations.events import NamingEvent
from parley.domain.support.ticket import SupportTicket


class TicketCreated(NamingEvent, frozen=True, kw_only=True):
    """A ticket was opened: to each of those in it, as they see it. `conversation_created` comes before it."""

    name = "ticket_created"
    conversation_id: str
    ticket: SupportTicket
