"""The caller's conversations, a page at a time."""

from collections.abc import Sequence

from msgspec import Struct

from parley.actions.conversations.views import view_conversations
from parley.adapters.conversations import conversations
from parley.domain.api.request import Request
from parley.domain.api.requests import ListConversations
from parley.domain.conversations import listing
from parley.domain.conversations.head import Head

MAX_CHUNKS = 3  # chunks of 100 conversations that one request looks through for matches
MAX_PINNED = 50  # conversations that one person can pin


def list_conversations(request: Request, query: ListConversations) -> listing.ConversationList:
    """Returns a page of the caller's conversations, by last activity, newest first.

    Three round trips (index, heads, the rest), however many there are. A filtered request looks through `MAX_CHUNKS`
    hundreds at most; later matches are on the next pages, so a page may be short, or empty.
    """
    position = listing.decode_cursor(query.cursor)
    wanted = listing.Wanted.of(query)
    shown: list[Head] = []
    for _ in range(MAX_CHUNKS if wanted.is_part else 1):
        chunk = _pinned(request, position) if query.state == "pinned" else _chunk(request, query, position)
        fitting, position_behind = _fitting(request, wanted, chunk, query.limit - len(shown))
        shown += fitting
        if position_behind is None or len(shown) == query.limit:
            break
        position = position_behind
    return listing.ConversationList(
        conversations=view_conversations(shown, request.user_id, stale=True),
        next=position_behind.encode() if position_behind else None,
    )


class _Chunk(Struct, frozen=True, kw_only=True):
    """A part of a person's list that can be sorted exactly by itself."""

    position: listing.Position
    entries: list[listing.Entry]
    taken: Sequence[listing.Entry]
    ordered: list[Head]

    def behind(self, looked_at: Sequence[Head]) -> listing.Position | None:
        """Returns the position after these entries of the chunk have been looked at."""
        more_here = len(self.ordered) > len(looked_at)
        return listing.behind(self.position, looked_at, more_here=more_here, taken=self.taken, entries=self.entries)


def _chunk(request: Request, query: ListConversations, position: listing.Position) -> _Chunk:
    archived = query.state == "archived"
    entries = conversations.recent(request.user_id, listing.MAX_CHUNK + 1, position.chunk_after, archived=archived)
    taken = listing.chunk(entries, query.limit, position)
    found = conversations.heads(entry.conversation_id for entry in taken)
    ordered = listing.in_order(list(found.values()), position)
    return _Chunk(position=position, entries=entries, taken=taken, ordered=ordered)


def _pinned(request: Request, position: listing.Position) -> _Chunk:
    """Returns the caller's pinned conversations: `MAX_PINNED` at most, so one chunk, and the end of the list."""
    found = conversations.heads(conversations.pinned(request.user_id, MAX_PINNED))
    ordered = listing.in_order(list(found.values()), position)
    entries = [listing.Entry(head.conversation_id, head.active_hour) for head in ordered]
    return _Chunk(position=position, entries=entries, taken=entries, ordered=ordered)


def _fitting(
    request: Request, wanted: listing.Wanted, chunk: _Chunk, room: int
) -> tuple[list[Head], listing.Position | None]:
    """Returns up to `room` matching heads of a chunk, and the position after them."""
    if not wanted.is_part:
        shown = chunk.ordered[:room]
        return shown, chunk.behind(shown)
    keys = [
        (member_id, head.conversation_id)
        for head in chunk.ordered
        for member_id in wanted.people_of(head, request.user_id)
    ]
    memberships, names = conversations.memberships_and_names(keys, stale_for=request.user_id)
    fitting: list[Head] = []
    for place, head in enumerate(chunk.ordered, start=1):
        mine = memberships.get((request.user_id, head.conversation_id))
        if mine is not None and wanted.fits(head, mine, names):
            fitting.append(head)
            if len(fitting) == room:
                return fitting, chunk.behind(chunk.ordered[:place])
    return fitting, chunk.behind(chunk.ordered)
