"""The events of the support desk."""

from collections.abc import Iterable

from parley.domain.api.times import rfc3339
from parley.domain.conversations.events import NamingEvent, Shared
from parley.domain.conversations.head import Head
from parley.domain.conversations.steps import Change
from parley.domain.support.clocks import ClockEvent, ClockEventKind, ClockName
from parley.domain.support.ticket import StoredTicket, SupportTicket, TicketState, people_of, view_state


class TicketCreated(NamingEvent, frozen=True, kw_only=True):
    """A ticket was opened: to each of those in it, as they see it. `conversation_created` comes before it."""

    name = "ticket_created"
    conversation_id: str
    ticket: SupportTicket


class TicketUpdated(NamingEvent, frozen=True, kw_only=True):
    """A ticket has changed: to those in it. Of several the greatest `version` of `ticket` counts.

    `shared` is its conversation's part, of which the greatest `shared_seq` counts.
    """

    name = "ticket_updated"
    conversation_id: str
    change_seq: int
    user_id: str  # the user who changed it
    ticket: TicketState
    shared: Shared

    def people(self) -> Iterable[str]:
        """Returns the requester and the assignee."""
        return people_of(self.ticket)


class TicketSla(NamingEvent, frozen=True, kw_only=True):
    """A clock of a ticket warns, or has missed its target: to the agents in it, and to those on duty.

    `at` is the instant of that. It may come twice, and up to two minutes late. The requester is not told.
    """

    name = "ticket_sla"
    conversation_id: str
    clock: ClockName
    kind: ClockEventKind
    at: str
    ticket: TicketState

    def people(self) -> Iterable[str]:
        """Returns the requester and the assignee."""
        return people_of(self.ticket)


def ticket_updated(change: Change, head: Head, ticket: StoredTicket) -> TicketUpdated:
    """Returns the event of an entry of the change log that tells of a ticket, as that is now."""
    return TicketUpdated(
        conversation_id=head.conversation_id,
        change_seq=change.change_seq,
        user_id=change.user_id,
        ticket=view_state(ticket, head),
        shared=Shared.of(head),
    )


def ticket_sla(event: ClockEvent, head: Head, ticket: StoredTicket) -> TicketSla:
    """Returns the event of a warning or a breach, with the ticket as it is after it."""
    return TicketSla(
        conversation_id=head.conversation_id,
        clock=event.clock,
        kind=event.kind,
        at=rfc3339(event.at_ms),
        ticket=view_state(ticket, head),
    )
