"""The desk's queue: the lists that a request reads, the tickets it looks at, and where the next page starts.

A list holds the places of tickets, `<created_at_ms, 13 digits>#<ticket>`: those of a status, or of a facet such as
`priority=high`. A request reads a part of the list of each filter, all at once, and looks at the tickets of the part
that reaches furthest: it is the list of the filter that lets the fewest through.
"""

from base64 import b32encode
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from typing import Annotated

from msgspec import Meta, Struct

from parley.domain.api import cursors
from parley.domain.api.errors import Invalid
from parley.domain.api.types import TicketStatus
from parley.domain.support.requests import NOBODY, ListAllTickets
from parley.domain.support.ticket import NO_ASSIGNEE, OVERDUE, StoredTicket

MAX_LOOKED_AT = 200  # tickets that one request looks at
MAX_SEARCHED = 100  # likewise with words, which need the conversation and the requester of each
STATUSES: tuple[TicketStatus, ...] = ("open", "in_progress", "waiting_on_customer", "resolved", "closed")

# A place, or the end of all places of a time: of `0…5~` all with that time or an earlier one were looked at, and of
# `0…5`, if the newest come first, all with that time or a later one.
Place = Annotated[str, Meta(pattern=r"^[0-9]{13}(#t_[a-z2-7]{26}|~)?$(?!\n)")]


class Position(Struct, frozen=True, kw_only=True, array_like=True, forbid_unknown_fields=True):
    """The end of a page of the queue that was `asked` for."""

    asked: Annotated[str, Meta(max_length=32)]
    through: Place


class Order(Struct, frozen=True):
    """The order of a queue: by age."""

    newest_first: bool = False

    def is_beyond(self, place: str, end: str) -> bool:
        """Says whether a place comes after another."""
        return place < end if self.newest_first else place > end

    def sort(self, places: Iterable[str]) -> list[str]:
        """Returns the places in order."""
        return sorted(places, reverse=self.newest_first)


class Part(Struct, frozen=True):
    """A part of a list: its next places, which are all up to `through`; None if they are all to the end."""

    places: Sequence[str]
    through: str | None = None

    def cut(self, most: int) -> "Part":
        """Returns the first `most` places."""
        if len(self.places) <= most:
            return self
        return Part(self.places[:most], self.places[most - 1])


class Filters(Struct, frozen=True, kw_only=True):
    """The filters of a queue, each of which lets several values through: statuses, and words by their facet."""

    statuses: tuple[TicketStatus, ...]
    words: Mapping[str, Sequence[str]]
    order: Order
    asked: str

    @property
    def is_single(self) -> bool:
        """Says whether one list holds the whole answer."""
        return not self.words

    @property
    def requester(self) -> Sequence[str]:
        """Returns the word of the requester, whose list also has what has left the queues."""
        return self.words.get("requester", ())

    def takes(self, ticket: StoredTicket, user_id: str) -> bool:
        """Says whether all filters let a ticket through to this agent, as it is now."""
        has = {f"requester={ticket.requester_id}", *ticket.facets}
        # A reply does not write the list of the overdue ones, and no requester learns of clocks.
        if not ticket.is_overdue or ticket.requester_id == user_id:
            has.discard(OVERDUE)
        return ticket.status in self.statuses and all(not has.isdisjoint(words) for words in self.words.values())

    def position(self, through: str | None) -> str | None:
        """Returns the cursor of the next page; None at the end."""
        return None if through is None else cursors.encode(Position(asked=self.asked, through=through))


def filters_of(query: ListAllTickets) -> Filters:
    """Returns the filters of a request. Without a status all that are not closed; of one requester, all."""
    values = {
        "requester": query.requester,
        "priority": query.priority,
        "category": query.category,
        "assignee": NO_ASSIGNEE if query.assignee == NOBODY else query.assignee,
        "team": query.team,
        "tag": query.tag,
        "overdue": "1" if query.overdue else None,
    }
    several = {
        name: value.split(",") if name == "priority" else [value] for name, value in values.items() if value is not None
    }
    words = {name: tuple(f"{name}={value}" for value in dict.fromkeys(its)) for name, its in several.items()}
    named = None if query.status is None else query.status.split(",")
    waiting = STATUSES if query.requester is not None else STATUSES[:-1]
    statuses = tuple(status for status in STATUSES if status in (waiting if named is None else named))
    text = "\n".join([query.order, query.q or "", *statuses, *(word for its in words.values() for word in its)])
    return Filters(
        statuses=statuses,
        words=words,
        order=Order(newest_first=query.order == "newest"),
        asked=b32encode(sha256(text.encode()).digest()[:10]).decode().lower(),
    )


def position_of(cursor: str | None, filters: Filters) -> str | None:
    """Returns the place after which a page starts; raises Invalid for a cursor that is not one of these filters'."""
    position = cursors.decode(cursor, Position)
    if position is None:
        return None
    if position.asked != filters.asked:
        raise Invalid.field("?cursor", "bad_cursor", "This cursor belongs to another queue; start again without one.")
    return position.through


def merged(parts: Iterable[Part], order: Order) -> Part:
    """Returns the parts of several lists as one, up to the nearest of their ends."""
    known = list(parts)
    ends = order.sort(part.through for part in known if part.through is not None)
    through = ends[0] if ends else None
    places = {
        place for part in known for place in part.places if through is None or not order.is_beyond(place, through)
    }
    return Part(order.sort(places), through)


def furthest(parts: Iterable[Part], order: Order) -> Part:
    """Returns the part that reaches furthest; of those that reach the end, the shortest."""
    known = list(parts)
    ended = [part for part in known if part.through is None]
    if ended:
        return min(ended, key=lambda part: len(part.places))
    ends = order.sort(part.through for part in known if part.through is not None)
    return next(part for part in known if part.through == ends[-1])
