"""A page of past tickets: open, closed and archived ones, with the messages that have moved their clocks."""

from collections.abc import Callable, Iterator, Sequence
from math import inf
from typing import TypeVar

from msgspec import Struct

from parley.adapters.conversations import conversations
from parley.adapters.dynamodb import batches, tables
from parley.adapters.moderation import audit
from parley.adapters.support import past
from parley.adapters.support.past import Place
from parley.domain.api import cursors
from parley.domain.api.errors import Field, Invalid
from parley.domain.api.identity import SERVICE_ROLE
from parley.domain.api.outbox import OutboxEntry
from parley.domain.api.request import Request
from parley.domain.conversations.head import Head
from parley.domain.conversations.history import Room
from parley.domain.moderation.audit import new_entry, time_ms
from parley.domain.support.past import MAX_EXAMINED, MAX_MESSAGES, LeftOut, PastMessage, Reason, left_out
from parley.domain.support.ticket import StoredTicket

Shown = TypeVar("Shown", bound=Struct)

PART = 1_000  # rows of the table that are examined in one go
LAST_MS = 253_402_300_800_000  # the end of the year 9999


class Wanted(Struct, frozen=True, kw_only=True):
    """The tickets that a request asks for: opened in a time, after a place of the walk, a number of them at most."""

    since_ms: int
    until_ms: int
    after: Place | None
    limit: int


class PastTicket(Struct, frozen=True, kw_only=True):
    """A past ticket with its conversation and the messages of it, the oldest first; its history if it was asked for."""

    ticket: StoredTicket
    head: Head
    messages: Sequence[PastMessage]
    history: Sequence[OutboxEntry] = ()

    @property
    def characters(self) -> int:
        """Returns the length of all texts."""
        return sum(len(message.text) for message in self.messages)

    @property
    def ticket_id(self) -> str:
        return self.ticket.ticket_id


class PastPage(Struct, frozen=True, kw_only=True):
    """The tickets of a page in the order of the walk, each as a past ticket or left out, and the place after them."""

    tickets: list[PastTicket | LeftOut]
    following: Place | None


def wanted_of(since: str | None, to: str | None, cursor: str | None, limit: int) -> Wanted:
    """Returns what the fields of a body ask for; the one time is before the other.

    Raises Invalid for a time that no calendar has, for an end that is not after the beginning, and for a bad cursor.
    """
    since_ms, until_ms = time_ms(since, "/from", 0), time_ms(to, "/to", LAST_MS)
    if since is not None and to is not None and until_ms <= since_ms:
        both = (Field("/from", "contradiction"), Field("/to", "contradiction"))
        raise Invalid("invalid_request", "from must be before to.", fields=both)
    return Wanted(
        since_ms=since_ms if to is None else min(since_ms, until_ms - 1),  # `to` alone may be before all tickets
        until_ms=max(until_ms, since_ms + 1) if to is None else until_ms,
        after=cursors.decode(cursor, Place, "/cursor"),
        limit=limit,
    )


def log(request: Request, by: str) -> None:
    """Writes that a program reads tickets, and by which operation; one round trip, none for a person."""
    if request.caller.role == SERVICE_ROLE:
        audit.write_entry(new_entry(request, "list_tickets", "tickets", by=by))


def page_of(request: Request, wanted: Wanted, most: int = MAX_MESSAGES, *, with_history: bool = False) -> PastPage:
    """Returns the next tickets of the walk, with up to `most` messages together; entries of histories count as these.

    It examines `MAX_EXAMINED` rows of the table of tickets at most, a round trip for each `PART` of them; then one
    round trip for the conversations, and one for the messages of each `past.MAX_QUERIES_AT_ONCE` tickets; likewise for
    the histories.
    """
    found, following = _walk(wanted)
    heads = _heads(found)
    taken: list[tuple[StoredTicket, Head | Reason]] = []
    room = most
    for ticket in found:
        head = heads.get(ticket.ticket_id)
        rows = None if head is None else head.last_seq + (ticket.entries if with_history else 0)
        reason = left_out(ticket, rows, request.user_id, most)
        if rows is not None and reason is None:
            if rows > room:
                following = Place.after(taken[-1][0].ticket_id)
                break
            room -= rows
        taken.append((ticket, reason or head or "unreadable"))
    return PastPage(tickets=list(_with_messages(taken, with_history)), following=following)


def _walk(wanted: Wanted) -> tuple[list[StoredTicket], Place | None]:
    """Returns the next tickets of the walk, and the place after them; None at its end."""
    found: list[StoredTicket] = []
    following = wanted.after
    for _ in range(MAX_EXAMINED // PART):
        part, following = past.tickets_after(following, PART, wanted.since_ms, wanted.until_ms)
        found += part
        if len(found) > wanted.limit:
            return found[: wanted.limit], Place.after(found[wanted.limit - 1].ticket_id)
        if following is None or len(found) == wanted.limit:
            break
    return found, following


def _heads(found: Sequence[StoredTicket]) -> dict[str, Head]:
    """Returns the conversations of tickets, no older than the tickets themselves; one round trip, none for none."""
    ticket_ids = [ticket.ticket_id for ticket in found]
    if not ticket_ids:
        return {}
    rows = batches.read_rows({tables.Conversation: [(ticket_id,) for ticket_id in ticket_ids]})
    return conversations.readable_heads(rows, ticket_ids)


def _with_messages(
    taken: Sequence[tuple[StoredTicket, Head | Reason]], with_history: bool
) -> Iterator[PastTicket | LeftOut]:
    """Yields the tickets, each with its messages, or as left out."""
    whole = [(ticket, head) for ticket, head in taken if isinstance(head, Head)]
    wanted = [(ticket.ticket_id, head.last_seq) for ticket, head in whole]
    read = iter(past.messages_of(wanted, with_texts=with_history))
    told = iter(past.histories_of(ticket for ticket, _ in whole) if with_history else [[]] * len(whole))
    for ticket, head in taken:
        messages, history = (next(read), next(told)) if isinstance(head, Head) else (None, None)
        if isinstance(head, Head) and messages is not None and history is not None:
            yield PastTicket(ticket=ticket, head=head, messages=messages, history=history)
        else:
            reason: Reason = "unreadable" if isinstance(head, Head) else head
            yield LeftOut(ticket_id=ticket.ticket_id, number=ticket.number, reason=reason)


def cut(
    page: PastPage, wanted: Wanted, view: Callable[[PastTicket], Shown], most_characters: float = inf
) -> tuple[list[Shown], list[LeftOut], str | None]:
    """Returns the views of a page's tickets as far as an answer holds them, those left out, and the next cursor.

    A page ends before it looks at more than `most_characters` of texts; a ticket that has more alone is left out. The
    cursor is that after the last ticket that the answer names, shown or left out, so that each is on one page.
    """
    shown: list[Shown] = []
    others: list[LeftOut] = []
    room, named, looked = Room(), wanted.after, 0
    for each in (_within(one, most_characters) for one in page.tickets):
        if isinstance(each, LeftOut):
            told: LeftOut | Shown | None = each
        else:
            looked += each.characters
            told = view(each) if looked <= most_characters else None
        if told is None or not room.take(told):
            return shown, others, None if named is None else cursors.encode(named)
        if isinstance(told, LeftOut):
            others.append(told)
        else:
            shown.append(told)
        named = Place.after(each.ticket_id)
    return shown, others, None if page.following is None else cursors.encode(page.following)


def _within(each: PastTicket | LeftOut, most_characters: float) -> PastTicket | LeftOut:
    """Returns a ticket, as left out if it has more characters than a page looks at."""
    if isinstance(each, LeftOut) or each.characters <= most_characters:
        return each
    return LeftOut(ticket_id=each.ticket_id, number=each.ticket.number, reason="too_long")
