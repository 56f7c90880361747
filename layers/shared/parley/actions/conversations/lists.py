"""The caller's conversations, a page at a time."""

from collections.abc import Iterable

from parley.actions import access, named
from parley.actions.conversations.earlier import with_earlier
from parley.actions.conversations.views import view_and_name
from parley.actions.parallel import in_parallel
from parley.adapters.conversations import conversations
from parley.domain.api.request import Request
from parley.domain.api.requests import ListConversations
from parley.domain.conversations import listing
from parley.domain.conversations.head import Head
from parley.domain.conversations.named import in_conversations

MAX_CHUNKS = 3  # chunks of 100 conversations that one request looks through for matches
MAX_PINNED = 50  # conversations that one person can pin


def list_conversations(request: Request, query: ListConversations) -> listing.ConversationPage:
    """Returns a page of the caller's conversations, by last activity, newest first, or the pinned ones first.

    Three round trips (indexes, heads, the rest), however many there are. A filtered request looks through `MAX_CHUNKS`
    hundreds at most, and a search through the names of `listing.MAX_NAMES` people for each; later matches are on the
    next pages, so a page may be short, or empty.
    """
    place = listing.place_of(query)
    wanted = listing.Wanted.of(query)
    shown: list[Head] = []
    for _ in range(MAX_CHUNKS if wanted.is_part else 1):
        part = _pinned(request, query, place) if query.state == "pinned" else _part(request, query, place)
        fitting, following = _fitting(request, wanted, part, query.limit - len(shown))
        shown += fitting
        if following is None or len(shown) == query.limit:
            break
        place = following
    found, known = view_and_name(shown, request.user_id, stale=True)
    if query.pinned_first and query.state == "active":
        found = [conversation for conversation in found if not conversation.archived]
    return listing.ConversationPage(
        conversations=found,
        next=listing.cursor_of(query, following),
        users=named.users(request, in_conversations(found), known),
    )


def _part(request: Request, query: ListConversations, place: listing.Place) -> listing.Part:
    entries, pinned = _entries(request, query, place)
    taken = listing.chunk(entries, query.limit, _start(place))
    first_ids = () if place.is_past_pinned else pinned
    found = _heads(request, query, [*(entry.conversation_id for entry in taken), *first_ids])
    first = [found[one] for one in first_ids if one in found]
    others = [
        found[entry.conversation_id]
        for entry in taken
        if entry.conversation_id in found and entry.conversation_id not in pinned
    ]
    return listing.Part(
        place=place,
        pinned=listing.in_order(first, place.position),
        others=listing.in_order(others, _start(place)),
        taken=taken,
        entries=entries,
    )


def _heads(request: Request, query: ListConversations, conversation_ids: Iterable[str]) -> dict[str, Head]:
    """Returns the heads of those conversations that the caller sees: not the tickets of a former agent.

    Notes are in a list of their own: of the pinned ones only that list shows them.
    """
    found = conversations.heads(dict.fromkeys(conversation_ids))
    return {
        conversation_id: head
        for conversation_id, head in found.items()
        if head.is_notes is _is_of_notes(query) and access.sees(request, head)
    }


def _is_of_notes(query: ListConversations) -> bool:
    return query.type == "notes"


def _start(place: listing.Place) -> listing.Position:
    """Returns the position among the conversations that are not pinned."""
    return place.position if place.is_past_pinned else listing.Position()


def _entries(request: Request, query: ListConversations, place: listing.Place) -> tuple[list[listing.Entry], list[str]]:
    """Returns the next entries of the caller's list, and the pinned ones if these come first; one round trip."""

    def recent() -> list[listing.Entry]:
        after, archived = _start(place).chunk_after, query.state == "archived"
        notes = _is_of_notes(query)
        return conversations.recent(request.user_id, listing.MAX_CHUNK + 1, after, archived=archived, notes=notes)

    if not query.pinned_first:
        return recent(), []
    return in_parallel(recent, lambda: conversations.pinned(request.user_id, MAX_PINNED))


def _pinned(request: Request, query: ListConversations, place: listing.Place) -> listing.Part:
    """Returns the caller's pinned conversations: `MAX_PINNED` at most, so one chunk, and the end of the list."""
    found = _heads(request, query, conversations.pinned(request.user_id, MAX_PINNED))
    ordered = listing.in_order(list(found.values()), place.position)
    entries = [listing.Entry(head.conversation_id, head.active_hour) for head in ordered]
    return listing.Part(place=place, pinned=(), others=ordered, taken=entries, entries=entries)


def _fitting(
    request: Request, wanted: listing.Wanted, part: listing.Part, room: int
) -> tuple[list[Head], listing.Place | None]:
    """Returns up to `room` matching heads of a part of the list, and the place after them."""
    if not wanted.is_part:
        shown = part.ordered[:room]
        return shown, part.behind(shown)
    looked_at, people = wanted.within(part.ordered, request.user_id)
    keys = [(request.user_id, head.conversation_id) for head in looked_at]
    memberships, users = conversations.memberships_and_users(keys, stale_for=request.user_id, named=people)
    if wanted.words is not None:  # they may be in the message that the list shows
        sides = {key: (head, memberships[key]) for key, head in zip(keys, looked_at, strict=True) if key in memberships}
        memberships |= with_earlier(sides, people)[0]
    fitting: list[Head] = []
    for place, head in enumerate(looked_at, start=1):
        mine = memberships.get((request.user_id, head.conversation_id))
        if mine is not None and wanted.fits(head, mine, users):
            fitting.append(head)
            if len(fitting) == room:
                return fitting, part.behind(looked_at[:place])
    return fitting, part.behind(looked_at)
