"""The desk's queue: all tickets, by status, facets and words, for agents and the host's own server."""

from collections.abc import Mapping, Sequence
from functools import partial
from itertools import islice

from msgspec import Struct

from parley.actions import access, named
from parley.actions.parallel import in_parallel
from parley.actions.support.roles import require_agent
from parley.adapters.conversations import conversations
from parley.adapters.dynamodb import batches, tables
from parley.adapters.support import queue, tickets
from parley.adapters.threads import Threads
from parley.domain.api.identity import SERVICE_ROLE
from parley.domain.api.request import Request
from parley.domain.api.types import NamedUser
from parley.domain.conversations import search
from parley.domain.conversations.head import Head, Membership
from parley.domain.support.numbers import read_number
from parley.domain.support.queue import (
    MAX_LOOKED_AT,
    MAX_SEARCHED,
    Filters,
    Part,
    filters_of,
    furthest,
    merged,
    position_of,
)
from parley.domain.support.requests import ListAllTickets
from parley.domain.support.ticket import StoredTicket, SupportTicket, in_tickets, view_ticket
from parley.domain.text.queries import Query, Word

MAX_QUERIES_AT_ONCE = 16

_queries = Threads(max_workers=MAX_QUERIES_AT_ONCE, thread_name_prefix="queue")


class TicketQueue(Struct, frozen=True, kw_only=True):
    """A page of the desk's tickets. It may hold fewer than `limit`: only without `next` it is the last."""

    tickets: list[SupportTicket]
    next: str | None
    users: dict[str, NamedUser]


class _Found(Struct, frozen=True):
    """A ticket with its conversation, and the caller's side of it if they are in it."""

    state: StoredTicket
    head: Head
    mine: Membership | None


def list_all_tickets(request: Request, query: ListAllTickets) -> TicketQueue:
    """Returns a page of the desk's tickets, to agents: by age, the oldest first, and by its filters.

    Four round trips at most (lists, states, conversations, people), however many tickets there are. One more for the
    host's own server: an entry of the audit log comes before all else. It looks at
    `MAX_LOOKED_AT` tickets at most, `MAX_SEARCHED` with words. The number of a ticket finds it, whatever else is asked.
    """
    require_agent(request)
    filters = filters_of(query)
    after = position_of(query.cursor, filters)
    words = None if query.q is None else search.check_query(query.q)
    number = None if query.q is None else read_number(query.q)
    _log(request, query)
    request = access.as_host(request)
    if number is None:
        part, ticket_id = _look(filters, query, after), None
    else:
        part, ticket_id = in_parallel(lambda: _look(filters, query, after), lambda: tickets.id_of_number(number))
    if ticket_id is not None:
        found = _found(request, tickets.some([ticket_id]))
        return _page(request, [found[0][ticket_id]] if ticket_id in found[0] else [], None, found[1])
    states = tickets.some(tickets.id_in(place) for place in part.places)
    taken: Sequence[str] = [place for place in part.places if _is_taken(request, filters, states, place)]
    if words is None:
        part, taken = _first(part, taken, query.limit)
    wanted = {tickets.id_in(place): states[tickets.id_in(place)] for place in taken}
    known, people = _found(request, wanted)
    taken = [place for place in taken if tickets.id_in(place) in known]
    if words is not None:
        taken = [place for place in taken if _matches(words, known[tickets.id_in(place)], people)]
        part, taken = _first(part, taken, query.limit)
    return _page(request, [known[tickets.id_in(place)] for place in taken], filters.position(part.through), people)


def _log(request: Request, query: ListAllTickets) -> None:
    """Writes who reads the queue, and by which filters, if it is a program; one round trip, none for an agent."""
    if request.caller.role != SERVICE_ROLE:
        return
    from parley.adapters.moderation import audit  # what agents read is not in the log
    from parley.domain.moderation.audit import new_entry

    names = ("status", "priority", "category", "assignee", "team", "tag", "requester")
    asked = {name: value for name in names if (value := getattr(query, name)) is not None}
    if query.overdue:
        asked["overdue"] = query.overdue
    audit.write_entry(new_entry(request, "list_tickets", "tickets", **asked))


def _look(filters: Filters, query: ListAllTickets, after: str | None) -> Part:
    """Returns the places of the tickets to look at; one round trip.

    Of one list that is the page and one more, of several as many as a request may look at.
    """
    most = MAX_LOOKED_AT if query.q is None else MAX_SEARCHED
    limit = query.limit + 1 if filters.is_single and query.q is None else most
    # The requester's own list is short, and the only one that has archived tickets.
    words = [filters.requester] if filters.requester else list(filters.words.values())
    statuses = () if filters.requester else filters.statuses
    reads = [*(partial(queue.in_status, status) for status in statuses)]
    reads += [partial(queue.with_word, word) for its in words for word in its]
    parts = iter(list(_queries.map(lambda read: read(limit, after, filters.order), reads)))
    # `parts` come in the order of `reads`: those of the statuses, then those of each facet.
    counts = [count for count in (len(statuses), *map(len, words)) if count]
    lists = [merged(islice(parts, count), filters.order) for count in counts]
    return furthest(lists, filters.order).cut(limit)


def _is_taken(request: Request, filters: Filters, states: Mapping[str, StoredTicket], place: str) -> bool:
    """Says whether the ticket of a place is one of the queue, as it is now: the index may be a moment old."""
    state = states.get(tickets.id_in(place))
    return state is not None and filters.takes(state, request.user_id)


def _first(part: Part, taken: Sequence[str], limit: int) -> tuple[Part, Sequence[str]]:
    """Returns the first `limit` places, and the part up to the last of them if there are more."""
    if len(taken) <= limit:
        return part, taken
    return Part(part.places, taken[limit - 1]), taken[:limit]


def _found(request: Request, states: Mapping[str, StoredTicket]) -> tuple[dict[str, _Found], named.Known]:
    """Returns tickets with their conversations, by id, and the people of their states; one round trip."""
    people = [user_id for state in states.values() for user_id in (state.requester_id, state.assignee_id) if user_id]
    if not states:
        return {}, named.Known()
    sides = [(request.user_id, ticket_id) for ticket_id in states]
    rows, known = in_parallel(
        lambda: batches.read_rows(
            {tables.Conversation: [(ticket_id,) for ticket_id in states], tables.Membership: sides}
        ),
        lambda: named.read_known(request, people),
    )
    heads, own = conversations.readable_heads(rows, states), conversations.readable_memberships(rows, sides)
    found = {
        ticket_id: _Found(state, heads[ticket_id], own.get((request.user_id, ticket_id)))
        for ticket_id, state in states.items()
        if ticket_id in heads
    }
    return found, known


def _matches(words: Query, found: _Found, people: named.Known) -> bool:
    """Says whether each word is in the subject, or in the name of the requester."""
    requester = people.users.get(found.state.requester_id)
    texts = [found.head.title or "", "" if requester is None else requester.name]
    return len(frozenset[Word]().union(*(words.find(text)[0] for text in texts))) == len(words.words)


def _page(request: Request, found: Sequence[_Found], cursor: str | None, people: named.Known) -> TicketQueue:
    """Returns the page; one round trip if the last messages name others."""
    seen = [
        view_ticket(ticket.state, ticket.head, ticket.mine or ticket.head.newcomer(request.user_id)) for ticket in found
    ]
    return TicketQueue(tickets=seen, next=cursor, users=named.users(request, in_tickets(seen), people))
