"""A ticket as it is stored beside its conversation, and as those in it see it."""

from collections.abc import Iterable, Iterator

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from parley.domain.api.times import rfc3339
from parley.domain.api.types import Context, ListedMessage, NamedUser, TicketStatus
from parley.domain.conversations import views
from parley.domain.conversations.head import Head, Membership
from parley.domain.support.clocks import ClockEvent, Clocks
from parley.domain.support.desk import Priority

MAX_FIRED = 32  # messages of a ticket that are remembered to have fired rules
NO_ASSIGNEE = ""  # the value of the facet of a ticket that nobody has taken
OVERDUE = "overdue=1"  # the facet of the tickets that have missed a target and still wait


class Sla(Struct, frozen=True, kw_only=True, array_like=True):
    """The clocks of a ticket, and the warnings and breaches that have come and are not in its history yet."""

    clocks: Clocks
    unsaid: tuple[ClockEvent, ...] = ()


class Fired(Struct, frozen=True, kw_only=True, array_like=True):
    """The causes that have fired rules of the desk, so that a job that comes again fires none.

    `seqs` are the newest messages that did, the first one for the opening, at most `MAX_FIRED`: a message before all of
    a full list comes too late. `rules` are the idle rules that have fired since the last activity of a person, which
    was at `since_ms`; `left_out` are those that could not, and were reported.
    """

    seqs: tuple[int, ...] = ()
    since_ms: int = 0
    rules: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()

    def has(self, seq: int) -> bool:
        """Says whether a message has fired rules, or comes too late to do so."""
        return seq in self.seqs or (len(self.seqs) == MAX_FIRED and seq < min(self.seqs))

    def with_seq(self, seq: int) -> "Fired":
        """Returns the causes with a message more."""
        return replace(self, seqs=tuple(sorted((*self.seqs, seq))[-MAX_FIRED:]))


NOTHING_FIRED = Fired()


class StoredTicket(Struct, frozen=True, kw_only=True):
    """The state of a ticket. Subject, context and messages are those of its conversation.

    `version` counts the changes that people see, `entries` those of its history, the first reply among them.
    `replied_at_ms` is the time of the desk's first reply, `rating` the requester's, from 1 to 5, and `comment_hash`
    tells whether another rating has the same comment. `merged_into` is the ticket that continues this one,
    `merged_from` those that it continues, `follow_up_of` the closed one before it, `source_message_id` the message that
    became the ticket, or the last one of the chat that did.

    `sla` is None if the desk promised nothing when the ticket was opened. Of the entries `hidden` are of clocks, which
    the requester does not see. At `due_at_s` at the latest the sweep looks at the ticket. `status_at_ms` is when the
    status changed last, `noticed_at_ms` when the requester was told that the ticket will be closed, `archived_at_ms`
    when it left the queues. `overdue_since_ms` is the breach by which it stands among the overdue ones.
    `imported_entries` are those that an import has brought, None of a ticket that was opened here. `fired` are the
    causes that have fired rules, and at `idle_at_ms` the sweep looks whether the ticket has rested for long enough for
    one: None if the desk has no idle rule. `acted_at_ms` is when a person has last changed it silently, which no
    message tells.
    """

    ticket_id: str
    number: str
    status: TicketStatus
    priority: Priority
    category: str
    requester_id: str
    assignee_id: str | None = None
    team: str | None = None
    tags: tuple[str, ...] = ()
    version: int
    entries: int = 1
    created_at_ms: int
    updated_at_ms: int
    replied_at_ms: int | None = None
    rating: int | None = None
    comment_hash: str | None = None
    merged_into: str | None = None
    merged_from: tuple[str, ...] = ()
    follow_up_of: str | None = None
    source_message_id: str | None = None
    sla: Sla | None = None
    hidden: int | None = None
    due_at_s: int | None = None
    status_at_ms: int | None = None
    noticed_at_ms: int | None = None
    archived_at_ms: int | None = None
    overdue_since_ms: int | None = None
    imported_entries: int | None = None
    fired: Fired | None = None
    idle_at_ms: int | None = None
    acted_at_ms: int | None = None

    @property
    def is_as_imported(self) -> bool:
        """Says whether an import has brought the ticket and nothing has changed it since."""
        return self.imported_entries == self.entries

    @property
    def since_ms(self) -> int:
        """Returns the time since which the ticket has its status."""
        return self.created_at_ms if self.status_at_ms is None else self.status_at_ms

    @property
    def is_overdue(self) -> bool:
        """Says whether a clock has missed its target and has not ended."""
        return self.sla is not None and self.sla.clocks.overdue_since_ms is not None

    @property
    def facets(self) -> set[str]:
        """Returns the words by which queues find the ticket, besides its status; they hold also after it left them."""
        named = {
            "priority": self.priority,
            "category": self.category,
            "assignee": self.assignee_id or NO_ASSIGNEE,
            "team": self.team,
        }
        words = {f"{name}={value}" for name, value in named.items() if value is not None}
        return words | {f"tag={tag}" for tag in self.tags} | ({OVERDUE} if self.overdue_since_ms is not None else set())


class FieldChange(Struct, frozen=True, rename={"before": "from", "after": "to"}):
    """A field of a ticket before and after a change; tags are a list."""

    before: str | list[str] | None
    after: str | list[str] | None


class TicketState(Struct, frozen=True, kw_only=True):
    """A ticket as all those in it see it alike. Of two versions the one with the greater `version` is the newer."""

    id: str
    number: str
    subject: str
    status: TicketStatus
    priority: Priority
    category: str
    requester_id: str
    assignee_id: str | None
    team: str | None
    tags: list[str]
    rating: int | None
    merged_into: str | None
    merged_from: list[str]
    follow_up_of: str | None
    source_message_id: str | None
    context: Context | None
    created_at: str
    updated_at: str
    version: int


class SupportTicket(Struct, frozen=True, kw_only=True):
    """A ticket as the caller sees it. Its `id` is that of its conversation; `unread` is the caller's own count.

    Of two versions the one with the greater `version` is the newer; messages move `last_message` and `updated_at` only.
    """

    id: str
    number: str
    subject: str
    status: TicketStatus
    priority: Priority
    category: str
    requester_id: str
    assignee_id: str | None
    team: str | None
    tags: list[str]
    rating: int | None
    merged_into: str | None
    merged_from: list[str]
    follow_up_of: str | None
    source_message_id: str | None
    context: Context | None
    last_message: ListedMessage | None
    last_seq: int
    unread: int
    created_at: str
    updated_at: str
    version: int


class SupportTicketAnswer(SupportTicket, frozen=True, kw_only=True):
    """A ticket, and the people whom it names."""

    users: dict[str, NamedUser]


def goes_on_in(ticket: StoredTicket) -> str | None:
    """Returns the sentence that says which ticket continues a merged one; None if it was not merged."""
    if ticket.merged_into is None:
        return None
    return f"This ticket was merged with another one. Write in {ticket.merged_into}, which continues it."


def people_of(ticket: StoredTicket | TicketState | SupportTicket) -> Iterator[str]:
    """Yields the people whom a ticket names: its requester, and its assignee."""
    yield ticket.requester_id
    if ticket.assignee_id is not None:
        yield ticket.assignee_id


def in_tickets(tickets: Iterable[SupportTicket]) -> Iterator[str]:
    """Yields the people whom tickets name, then those of their last messages."""
    known = list(tickets)
    yield from (user_id for ticket in known for user_id in people_of(ticket))
    for last in (ticket.last_message for ticket in known if ticket.last_message is not None):
        yield last.sender_id
        yield from last.system.user_ids if last.system is not None else ()


def view_state(ticket: StoredTicket, head: Head) -> TicketState:
    """Returns a ticket as all those in it see it alike."""
    return TicketState(
        id=ticket.ticket_id,
        number=ticket.number,
        subject=head.title or "",
        status=ticket.status,
        priority=ticket.priority,
        category=ticket.category,
        requester_id=ticket.requester_id,
        assignee_id=ticket.assignee_id,
        team=ticket.team,
        tags=list(ticket.tags),
        rating=ticket.rating,
        merged_into=ticket.merged_into,
        merged_from=list(ticket.merged_from),
        follow_up_of=ticket.follow_up_of,
        source_message_id=ticket.source_message_id,
        context=head.context,
        created_at=rfc3339(ticket.created_at_ms),
        updated_at=rfc3339(ticket.updated_at_ms),
        version=ticket.version,
    )


def view_ticket(ticket: StoredTicket, head: Head, mine: Membership) -> SupportTicket:
    """Returns a ticket as one of those in it sees it, or an agent, who has read it all if they are not in it."""
    state = msgspec.structs.asdict(view_state(ticket, head))
    moved = {"updated_at": rfc3339(max(ticket.updated_at_ms, head.last_activity_ms))}
    return SupportTicket(
        **state | moved,
        last_message=views.last_message(head, mine, ()),
        last_seq=head.last_seq,
        unread=head.unread(mine),
    )
