"""The list of conversations.

The index gives the hour of the last activity, the heads give the exact order within it.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated

from msgspec import Meta, Struct

from parley.domain.api import cursors
from parley.domain.api.errors import Invalid
from parley.domain.api.ids import CONVERSATION_ID_PATTERN
from parley.domain.api.requests import ListConversations
from parley.domain.api.types import Conversation, NamedUser
from parley.domain.conversations.head import Head, Membership
from parley.domain.text.queries import MAX_QUERY_WORDS, Query

MAX_CHUNK = 100  # heads of one BatchGetItem (DynamoDB quotas)
MAX_NAMES = 200  # people whose names a search of one chunk reads; at least those of one group

# Clients hand cursors back. Their fields become a key of the index, so they must be valid keys.
Hour = Annotated[int, Meta(ge=0, le=10**9)]
ConversationId = Annotated[str, Meta(pattern=CONVERSATION_ID_PATTERN)]


class Entry(Struct, frozen=True):
    """One line of a person's index by activity."""

    conversation_id: str
    active_hour: int
    peer_id: str | None = None


class ConversationList(Struct, frozen=True, kw_only=True):
    """A page of conversations, by last activity, newest first."""

    conversations: list[Conversation]
    next: str | None


class ConversationPage(ConversationList, frozen=True, kw_only=True):
    """A page of conversations, with the people whom they name."""

    users: dict[str, NamedUser]


class Position(Struct, frozen=True, kw_only=True, array_like=True, forbid_unknown_fields=True):
    """The start of the next page: in the chunk of entries after `chunk_after`, after the conversation of `shown_*`.

    The chunk ends with `until_hour`, so that neither another `limit` nor a new message moves its end.
    """

    chunk_after: tuple[Hour, ConversationId] | None = None  # active hour and conversation id of an index entry
    until_hour: Hour | None = None
    shown_activity_ms: Annotated[int, Meta(ge=0, le=10**15)] | None = None
    shown_id: ConversationId | None = None

    def encode(self) -> str:
        """Returns the cursor that clients hand back; opaque to them."""
        return cursors.encode(self)


class Place(Struct, frozen=True, kw_only=True, array_like=True, forbid_unknown_fields=True):
    """The start of a page of a list that begins with the pinned conversations: among them, or among the others."""

    is_past_pinned: bool = False
    position: Position = Position()


def decode_cursor(cursor: str | None) -> Position:
    """Returns the position of a cursor; raises Invalid if Parley did not make it."""
    return cursors.decode(cursor, Position) or Position()


def place_of(query: ListConversations) -> Place:
    """Returns the start of the page that a query asks for; raises Invalid if Parley did not make its cursor."""
    if query.pinned_first and query.state != "pinned":
        return cursors.decode(query.cursor, Place) or Place()
    return Place(is_past_pinned=True, position=decode_cursor(query.cursor))


def cursor_of(query: ListConversations, place: Place | None) -> str | None:
    """Returns the cursor of the next page of a query, or None at the end."""
    if place is None:
        return None
    return cursors.encode(place) if query.pinned_first and query.state != "pinned" else place.position.encode()


def chunk(entries: Sequence[Entry], limit: int, position: Position) -> Sequence[Entry]:
    """Returns the first entries that can be sorted exactly without the rest.

    Whole hours, as few as hold `limit` entries, or as many as fit; or up to the end of the chunk of `position`.

    An hour in which more than `MAX_CHUNK` conversations were active is cut there, and each of its parts is in order.
    """
    if position.until_hour is not None:
        rest = [entry for entry in entries[:MAX_CHUNK] if entry.active_hour >= position.until_hour]
        if rest:
            return rest
    ends = [size for size in range(1, MAX_CHUNK + 1) if _ends_an_hour(entries, size)]
    return entries[: next((size for size in ends if size >= limit), max(ends, default=MAX_CHUNK))]


def _ends_an_hour(entries: Sequence[Entry], size: int) -> bool:
    """Says whether the first `size` entries are whole hours."""
    return size >= len(entries) or entries[size].active_hour != entries[size - 1].active_hour


def in_order(heads: Sequence[Head], position: Position) -> list[Head]:
    """Returns the heads that come after `position`, by last activity, newest first.

    A head that moved up is not shown again.
    """
    ordered = sorted(heads, key=_key, reverse=True)
    if position.shown_activity_ms is None:
        return ordered
    shown = (position.shown_activity_ms, position.shown_id or "")
    return [head for head in ordered if _key(head) < shown]


def behind(
    position: Position, shown: Sequence[Head], *, more_here: bool, taken: Sequence[Entry], entries: Sequence[Entry]
) -> Position | None:
    """Returns the start of the next page, or None at the end.

    `shown` is this page. `more_here` says whether its chunk, `taken` out of `entries`, holds more.
    """
    if more_here:
        last = shown[-1]
        return Position(
            chunk_after=position.chunk_after,
            until_hour=taken[-1].active_hour,
            shown_activity_ms=last.last_activity_ms,
            shown_id=last.conversation_id,
        )
    if len(entries) > len(taken):
        return Position(chunk_after=(taken[-1].active_hour, taken[-1].conversation_id))
    return None


class Part(Struct, frozen=True, kw_only=True):
    """A part of a person's list that can be sorted exactly by itself, with the pinned conversations first.

    `taken` are those of the `entries` whose conversations are in `others`, or among the pinned ones.
    """

    place: Place
    pinned: Sequence[Head]
    others: Sequence[Head]
    taken: Sequence[Entry]
    entries: Sequence[Entry]

    @property
    def ordered(self) -> list[Head]:
        return [*self.pinned, *self.others]

    def behind(self, looked_at: Sequence[Head]) -> Place | None:
        """Returns the place after the first conversations of the part, which have been looked at."""
        if len(looked_at) < len(self.pinned):
            last = looked_at[-1]
            position = Position(shown_activity_ms=last.last_activity_ms, shown_id=last.conversation_id)
            return Place(is_past_pinned=False, position=position)
        start = self.place.position if self.place.is_past_pinned else Position()
        others = looked_at[len(self.pinned) :]
        if not others and self.others:
            return Place(is_past_pinned=True, position=start)
        more_here = len(self.others) > len(others)
        following = behind(start, others, more_here=more_here, taken=self.taken, entries=self.entries)
        return None if following is None else Place(is_past_pinned=True, position=following)


class FirstPage(Struct, frozen=True, kw_only=True):
    """The beginning of a person's list: the heads of the chunk `taken` out of `entries`, in order, `limit` to show."""

    ordered: Sequence[Head]
    taken: Sequence[Entry]
    entries: Sequence[Entry]
    limit: int

    @property
    def shown(self) -> Sequence[Head]:
        return self.ordered[: self.limit]

    def cursor_after(self, count: int) -> str | None:
        """Returns the cursor of the page after the first `count` conversations; None at the end of the list."""
        if not count and self.ordered:
            return Position().encode()
        position = behind(
            Position(),
            self.ordered[:count],
            more_here=count < len(self.ordered),
            taken=self.taken,
            entries=self.entries,
        )
        return position.encode() if position else None


def ids_on_first_page(entries: Sequence[Entry], limit: int | None) -> list[str]:
    """Returns the conversations whose heads `first_page` needs."""
    return [entry.conversation_id for entry in chunk(entries, limit, Position())] if limit is not None else []


def first_page(entries: Sequence[Entry], limit: int | None, heads: Mapping[str, Head]) -> FirstPage | None:
    """Returns the beginning of a person's list with those heads that exist; None if no `limit` is wanted."""
    if limit is None:
        return None
    taken = chunk(entries, limit, Position())
    found = [heads[entry.conversation_id] for entry in taken if entry.conversation_id in heads]
    return FirstPage(ordered=in_order(found, Position()), taken=taken, entries=entries, limit=limit)


def people_of(head: Head, user_id: str) -> tuple[str, ...]:
    """Returns the people whose memberships a view needs: both of a direct conversation, only the viewer of a group."""
    return (user_id,) if head.has_members else head.participants


class Wanted(Struct, frozen=True, kw_only=True):
    """The conversations that a list asks for; titles, people's names or the last text must contain `words`.

    Archived conversations come from the index of pinned ones with `pinned_first`, and notes from their one shelf.
    """

    state: str
    types: tuple[str, ...] | None = None
    context_type: str | None = None
    context_id: str | None = None
    custom_type: str | None = None
    words: Query | None = None
    pinned_first: bool = False

    @classmethod
    def of(cls, query: ListConversations) -> "Wanted":
        """Returns the conversations that a query asks for; raises Invalid for a `q` without a word."""
        words = Query.parse(query.q) if query.q is not None else None
        if words is not None and not words.is_searchable:
            raise Invalid.field("?q", "blank", "The search needs a word.")
        if words is not None and words.is_too_long:
            raise Invalid.field("?q", "too_long", f"At most {MAX_QUERY_WORDS} words.", MAX_QUERY_WORDS)
        return cls(
            state=query.state,
            types=None if query.type is None else tuple(query.type.split(",")),
            context_type=query.context_type,
            context_id=query.context_id,
            custom_type=query.custom_type,
            words=words,
            pinned_first=query.pinned_first,
        )

    @property
    def is_part(self) -> bool:
        """Says whether the query asks for a part of the list, so that each conversation has to be checked."""
        filters = (self.types, self.context_type, self.context_id, self.custom_type, self.words)
        return self.state != "active" or any(wanted is not None for wanted in filters)

    def named_by(self, head: Head, user_id: str) -> tuple[str, ...]:
        """Returns the people whose names the check needs: the members, unless the words are in the title anyway.

        None of a group whose head does not list its members (`Head.is_large`).
        """
        if self.words is None or any(self.words.match(text) for text in (head.title, head.description) if text):
            return ()
        return head.others(user_id)

    def within(self, ordered: Sequence[Head], user_id: str) -> tuple[Sequence[Head], set[str]]:
        """Returns the first conversations that `MAX_NAMES` names are enough to check, at least one, and the people."""
        people: set[str] = set()
        for place, head in enumerate(ordered):
            more = people.union(self.named_by(head, user_id))
            if place and len(more) > MAX_NAMES:
                return ordered[:place], people
            people = more
        return ordered, people

    def fits(self, head: Head, mine: Membership, users: Mapping[str, NamedUser]) -> bool:
        """Says whether a conversation matches."""
        if self.state == "unread" and not head.unread(mine):
            return False
        if self.state == "pinned" and not mine.settings.pinned:
            return False
        if self.state == "archived" and not head.is_archived(mine):
            return False
        if self.state in ("active", "unread") and (self.pinned_first or head.is_notes) and head.is_archived(mine):
            return False
        if self.types is not None and head.type not in self.types:
            return False
        if self.custom_type is not None and head.custom_type != self.custom_type:
            return False
        context = head.context
        if self.context_type is not None and (context is None or context.type != self.context_type):
            return False
        if self.context_id is not None and (context is None or context.id != self.context_id):
            return False
        return self.words is None or any(self.words.match(text) is not None for text in self._texts(head, mine, users))

    def _texts(self, head: Head, mine: Membership, users: Mapping[str, NamedUser]) -> list[str]:
        """Returns the texts that a search of the list reads: title, last message, the members' names.

        Of a direct conversation also the other person's id.
        """
        last = head.last_message_for(mine)
        others = [users[user_id].name for user_id in head.others(mine.user_id) if user_id in users]
        others += () if head.has_members else head.others(mine.user_id)
        files = last.attachments if last else None
        found = [head.title, head.description, last.text if last else None, files.name if files else None, *others]
        return [text for text in found if text]


def _key(head: Head) -> tuple[int, str]:
    return head.last_activity_ms, head.conversation_id
