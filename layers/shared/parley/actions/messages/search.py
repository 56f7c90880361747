"""Searching the caller's messages: in one conversation, or in all of them, most recently active first."""

from collections.abc import Callable, Sequence
from itertools import islice

from msgspec.structs import replace

from parley.actions import access, named
from parley.actions.named import Known
from parley.actions.parallel import in_parallel
from parley.actions.viewer import viewer_of
from parley.adapters.conversations import conversations, messages
from parley.adapters.people import account_states, agents
from parley.adapters.threads import Threads
from parley.domain.api.cursors import encode
from parley.domain.api.errors import Field, Invalid
from parley.domain.api.request import Request
from parley.domain.api.requests import Search
from parley.domain.api.types import EVERYONE
from parley.domain.conversations import search
from parley.domain.conversations.head import Head
from parley.domain.conversations.message import StoredMessage
from parley.domain.conversations.named import in_messages
from parley.domain.conversations.search import Bounds, Hit, HitList, Look, Part, Position, Trail
from parley.domain.moderation.audit import time_ms
from parley.domain.text.queries import Query

Mine = Callable[[Sequence[str]], dict[str, Head]]  # the heads of a person's conversations among these

_queries = Threads(max_workers=search.MAX_QUERIES_AT_ONCE, thread_name_prefix="search")


def search_messages(request: Request, wanted: Search) -> HitList:
    """Returns a page of the caller's messages that contain all the words, newest first.

    Without words it returns all that the other fields leave: `from` a person, of a `kind`, `after` or `before` a time.
    Conversations are searched 25 at a time, most recently active first, then archived ones, then an agent's notes;
    within the 25 the order is exact. A request looks through `MAX_LOOKED_AT` messages at most, fewer if they are long
    or lie in many conversations. It makes `MAX_ROUNDS` round trips in a row at most.
    """
    bounds = _bounds_of(wanted)
    query = _query_of(wanted, bounds)
    position = search.position_of(wanted.cursor, query, wanted.conversation_id, bounds)
    trails = None
    if wanted.cursor is None and wanted.conversation_id is not None:
        trails = [_begun(access.access_conversation(request, wanted.conversation_id))]
        position = replace(position, is_last=True)
    look = Look(query, wanted.limit, bounds)
    following = look_through_all(
        request.user_id,
        look,
        position,
        trails,
        may_read=lambda head: access.sees(request, head),
        sees_all=False,
        has_notes=lambda: agents.is_agent(account_states.role_of(request)),
    )
    hits, known = _hits(request, look)
    users = named.users(request, in_messages(hit.message for hit in hits), known)
    return HitList(results=hits, next=following, users=users)


def _bounds_of(wanted: Search) -> Bounds:
    """Returns the bounds of a search; raises Invalid if no time lies in them."""
    bounds = Bounds(
        sender_id=wanted.sender_id,
        since_ms=None if wanted.after is None else time_ms(wanted.after, "?after", 0),
        until_ms=None if wanted.before is None else time_ms(wanted.before, "?before", 0),
        kind=wanted.kind,
    )
    if bounds.since_ms is not None and bounds.until_ms is not None and bounds.since_ms >= bounds.until_ms:
        fields = tuple(Field(pointer, "contradiction") for pointer in ("?after", "?before"))
        raise Invalid("invalid_request", "`after` must be earlier than `before`.", fields=fields)
    return bounds


def _query_of(wanted: Search, bounds: Bounds) -> Query | None:
    """Returns the words of a search, None if it has bounds alone; raises Invalid for a search without either."""
    if wanted.q is not None:
        return search.check_query(wanted.q)
    if not bounds.asked:
        raise Invalid.field("?q", "required", "A search needs `q`, or one of `from`, `after`, `before` and `kind`.")
    return None


def look_through_all(
    user_id: str,
    look: Look,
    position: Position,
    trails: list[Trail] | None = None,
    may_read: Callable[[Head], bool] = lambda head: True,
    has_notes: Callable[[], bool] = lambda: True,
    *,
    sees_all: bool = True,
) -> str | None:
    """Looks through a person's conversations from a position on; returns the cursor of the next page, None at the end.

    Those whose heads do not pass `may_read` are left out, and all notes if they cannot have any; also those without a
    message in the time of the search. `trails` are the conversations to begin with. Moderators see all messages of a
    person's conversations; unless `sees_all` only those that the person sees are looked through.
    """

    def reads(head: Head) -> bool:
        return look.bounds.may_hold(head) and may_read(head)

    def mine(conversation_ids: Sequence[str]) -> dict[str, Head]:
        return _mine(user_id, conversation_ids, reads, sees_all=sees_all)

    if trails is None:
        trails = _resumed(position, mine)
    _look_through(look, trails)
    while not look.is_over and not position.is_last:
        position, trails = _next_group(user_id, position, mine, has_notes)
        look.came_to(search.MAX_CONVERSATIONS)
        _look_through(look, trails)
    position = replace(position, at={trail.conversation_id: trail.seq for trail in trails if trail.seq})
    return None if position.is_last and not position.at else encode(position)


def _begun(head: Head, last_seq: int | None = None) -> Trail:
    """Returns a conversation at the beginning of its search, or at `last_seq`; at its end if the reader sees none."""
    seq = head.last_seq if last_seq is None else min(last_seq, head.last_seq)
    unread_seq = seq if seq >= head.first_seq else 0
    return Trail(conversation_id=head.conversation_id, unread_seq=unread_seq, first_seq=head.first_seq)


def _resumed(position: Position, mine: Mine) -> list[Trail]:
    """Returns the conversations that a cursor continues, without those that are not the person's; one round trip.

    A cursor comes from the client, and its search may have begun before the person was removed.
    """
    heads = mine(list(position.at))
    return [
        _begun(heads[conversation_id], seq) for conversation_id, seq in position.at.items() if conversation_id in heads
    ]


def _next_group(
    user_id: str, position: Position, mine: Mine, has_notes: Callable[[], bool]
) -> tuple[Position, list[Trail]]:
    """Returns the next conversations to search, and the position after them; two round trips."""
    size = search.MAX_CONVERSATIONS
    entries = conversations.recent(user_id, size + 1, position.after, archived=position.archived, notes=position.notes)
    taken = entries[:size]
    trails = [_begun(head) for head in mine([entry.conversation_id for entry in taken]).values()]
    if len(entries) > size:
        return replace(position, after=(taken[-1].active_hour, taken[-1].conversation_id)), trails
    # The archived conversations come after the active ones, and notes after these.
    notes = position.notes or (position.archived and has_notes())
    is_last = position.notes or (position.archived and not notes)
    return replace(position, after=None, archived=True, is_last=is_last, notes=notes), trails


def _mine(
    user_id: str, conversation_ids: Sequence[str], may_read: Callable[[Head], bool], *, sees_all: bool
) -> dict[str, Head]:
    """Returns the heads of those conversations that a person is in, unless `sees_all` as they see them.

    One round trip.
    """
    if not conversation_ids:
        return {}
    pairs = conversations.heads_and_memberships(conversation_ids, user_id)
    return {
        conversation_id: head if sees_all else head.seen_by(user_id, mine)
        for conversation_id, (head, mine) in pairs.items()
        if access.is_member(head, user_id, mine) and may_read(head)
    }


def _look_through(look: Look, trails: Sequence[Trail]) -> None:
    """Looks through conversations together, newest message first, until all are done or it is enough."""
    while not look.is_over:
        parts = look.due(trails)
        look.read(parts)
        for part, found in zip(parts, _queries.map(_read, parts), strict=True):
            part.trail.add(found)
        newest = search.newest(trails)
        if newest is None:
            return
        look.at(newest)


def _read(part: Part) -> list[StoredMessage]:
    trail = part.trail
    return messages.before(trail.conversation_id, trail.unread_seq, part.messages, part.characters, trail.first_seq)


def _hits(request: Request, look: Look) -> tuple[list[Hit], Known]:
    """Returns the results without the messages that the caller has hidden, and their people; one round trip."""
    seqs: dict[str, list[int]] = {}
    for message, _ in look.found:
        seqs.setdefault(message.conversation_id, []).append(message.seq)
    queried = _queries.map(lambda item: viewer_of(request, item[0], min(item[1]), max(item[1])), seqs.items())
    stored = [message for message, _ in look.found]
    people = {user_id for message in stored for user_id in (message.sender_id, *message.mentions)} - {EVERYONE}
    viewers, known = in_parallel(
        lambda: dict(zip(seqs, queried, strict=True)),
        lambda: named.read_known(request, islice(people, named.MAX_NAMED)),
    )
    hits = [
        matched.hit(viewers[message.conversation_id].view(message))
        for message, matched in look.found
        if not viewers[message.conversation_id].is_hidden(message)
    ]
    return hits, known
