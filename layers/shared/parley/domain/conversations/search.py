"""Searches messages, newest first, and merges several conversations into one order.

Parley has no index of words: it would cost more to write than all else of a message (D-052).
A search reads messages backwards, a bounded number for each request, and returns a cursor for the next one.
"""

from base64 import b32encode
from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Annotated

from msgspec import Meta, Struct

from parley.domain.api import cursors
from parley.domain.api.errors import Invalid
from parley.domain.api.types import Message, NamedUser, SearchKind
from parley.domain.conversations import history
from parley.domain.conversations.head import Head
from parley.domain.conversations.listing import ConversationId, Hour
from parley.domain.conversations.message import StoredMessage
from parley.domain.text.queries import MAX_QUERY_WORDS, Query

MAX_CONVERSATIONS = 25  # conversations that are searched side by side; the cursor has a place in each
MAX_LOOKED_AT = 2_000  # messages that one request looks through
MAX_LOOKED_CHARACTERS = 1_000_000  # of their texts; in Chinese 3 MB to read (D-052)
MAX_ROUNDS = 30  # round trips in a row of one request; the next request searches any further group
MAX_QUERIES_AT_ONCE = 16
FIRST_READ = 250  # messages of the first reads, of all conversations together; then twice as many each time
MAX_READ = 1_000  # messages of one conversation that one read takes

Seq = Annotated[int, Meta(ge=0, le=10**15)]


class Hit(Struct, frozen=True, kw_only=True):
    """A message that holds all the words, and their places in its text: pairs of code point offsets.

    A word may be in the text or in the name of a file. `attachment_ids` are the attachments whose names hold a word.
    """

    message: Message
    highlights: list[tuple[int, int]]
    attachment_ids: list[str] = []


class Matched(Struct, frozen=True):
    """The places of the words in a message's text, and the attachments whose names hold some of them."""

    spans: list[tuple[int, int]]
    attachment_ids: list[str]

    def hit(self, message: Message) -> Hit:
        """Returns the result of the search, with the message as its reader sees it."""
        return Hit(message=message, highlights=self.spans, attachment_ids=self.attachment_ids)


class HitList(Struct, frozen=True, kw_only=True):
    """A page of results, newest first. It may be short, or empty, while `next` says that the search is not done."""

    results: list[Hit]
    next: str | None
    users: dict[str, NamedUser]


class Bounds(Struct, frozen=True, kw_only=True):
    """The messages among which a search looks: whose, of which kind, and from one time to before another."""

    sender_id: str | None = None
    since_ms: int | None = None
    until_ms: int | None = None
    kind: SearchKind | None = None

    @property
    def asked(self) -> list[str]:
        """Returns the bounds as a search tells them from others; none for a search without bounds."""
        bounds = {"from": self.sender_id, "after": self.since_ms, "before": self.until_ms, "kind": self.kind}
        return [f"{name}={value}" for name, value in bounds.items() if value is not None]

    def takes(self, message: StoredMessage) -> bool:
        """Says whether a message may be a result; system messages and deleted ones never are."""
        return (
            message.kind != "system"
            and message.deleted_at_ms is None
            and self.sender_id in (None, message.sender_id)
            and (self.until_ms is None or message.created_at_ms < self.until_ms)
            and not self.is_past(message)
            and self.kind in (None, *_kinds(message))
        )

    def is_past(self, message: StoredMessage) -> bool:
        """Says whether a message is too old, and so all before it: times never fall in a conversation."""
        return self.since_ms is not None and message.created_at_ms < self.since_ms

    def may_hold(self, head: Head) -> bool:
        """Says whether a conversation has had messages in the time."""
        is_early = self.since_ms is not None and head.last_activity_ms < self.since_ms
        return not is_early and (self.until_ms is None or head.created_at_ms < self.until_ms)


def _kinds(message: StoredMessage) -> tuple[str, ...]:
    """Returns the kinds under which a message is found: `text` if it has no files, otherwise those of its files."""
    if message.kind == "text" and message.attachments:
        return tuple(attachment.kind for attachment in message.attachments)
    return (message.kind,)


class Position(Struct, frozen=True, kw_only=True, array_like=True, forbid_unknown_fields=True):
    """The next start of the search `asked`: in these conversations at these seqs, then in those after `after`."""

    asked: Annotated[str, Meta(max_length=32)]
    at: Annotated[dict[ConversationId, Seq], Meta(max_length=MAX_CONVERSATIONS)] = {}
    after: tuple[Hour, ConversationId] | None = None
    archived: bool = False
    is_last: bool = False  # no conversations come after these
    notes: bool = False


def position_of(
    cursor: str | None, query: Query | None, conversation_id: str | None, bounds: Bounds | None = None
) -> Position:
    """Returns the start of a search; raises Invalid for a cursor that Parley did not make, or not for it."""
    asked = _asked(query, conversation_id, bounds)
    position = cursors.decode(cursor, Position)
    if position is None:
        return Position(asked=asked)
    if position.asked != asked:
        raise Invalid.field("?cursor", "bad_cursor", "This cursor belongs to another search; start again without one.")
    return position


def _asked(query: Query | None, conversation_id: str | None, bounds: Bounds | None) -> str:
    """Returns the part of a search that tells it from others.

    Its cursor carries it, so that no other search takes it.
    """
    parts = [conversation_id, None if query is None else query.asked, *([] if bounds is None else bounds.asked)]
    asked = "\n".join(part or "" for part in parts)
    return b32encode(sha256(asked.encode()).digest()[:10]).decode().lower()


def check_query(text: str, pointer: str = "?q") -> Query:
    """Returns the query; raises Invalid for a text without a word, or with too many."""
    query = Query.parse(text)
    if not query.is_searchable:
        raise Invalid.field(pointer, "blank", "The search needs a word.")
    if query.is_too_long:
        raise Invalid.field(pointer, "too_long", f"At most {MAX_QUERY_WORDS} words.", MAX_QUERY_WORDS)
    return query


class Trail(Struct, kw_only=True):
    """A conversation on its way back in time: the messages read but not looked at, and the next place to read."""

    conversation_id: str
    unread_seq: int  # the newest message that was not read; 0 at the end
    first_seq: int = 1  # the first message that may be found
    unlooked: list[StoredMessage] = []  # ascending: the next message to look at is the last
    part_size: int = 0  # messages that the last read returned

    @property
    def seq(self) -> int:
        """Returns the next message to look at, 0 at the end."""
        return self.unlooked[-1].seq if self.unlooked else self.unread_seq

    @property
    def runs_short(self) -> bool:
        """Says whether it is time to read more, if anything is left: half of the last read is used up."""
        return self.unread_seq > 0 and 2 * len(self.unlooked) <= self.part_size

    def end(self) -> None:
        """Leaves out all messages that were not looked at."""
        self.unlooked, self.unread_seq = [], 0

    def add(self, part: Sequence[StoredMessage]) -> None:
        """Takes the messages read from `unread_seq` down, the newest first. An empty read is the end."""
        self.part_size = len(part)
        end = part[-1].seq - 1 if part else 0
        self.unread_seq = end if end >= self.first_seq else 0
        self.unlooked[:0] = reversed(part)


class Part(Struct, frozen=True, kw_only=True):
    """One read of a conversation: a number of messages from its place down, or a number of characters."""

    trail: Trail
    messages: int
    characters: int


class Look:
    """One request's work and hits. It ends with a full page, or when it has looked at enough."""

    def __init__(self, query: Query | None, limit: int, bounds: Bounds) -> None:
        self._query = query
        self.bounds = bounds
        self._limit = limit
        self._looked_at = self._characters = self._rounds = 0
        self._room = history.Room()
        self._is_full = False
        self.found: list[tuple[StoredMessage, Matched]] = []

    @property
    def is_over(self) -> bool:
        return (
            self._is_full
            or len(self.found) >= self._limit
            or self._looked_at >= MAX_LOOKED_AT
            or self._characters >= MAX_LOOKED_CHARACTERS
            or self._rounds >= MAX_ROUNDS
        )

    def came_to(self, conversations: int) -> None:
        """Counts conversations as messages: an empty one is work, too. Finding them took two rounds."""
        self._looked_at += conversations
        self._rounds += 2

    def read(self, parts: Sequence[Part]) -> None:
        """Counts the rounds of reading parts, as many at once as the pool has threads."""
        self._rounds += -(-len(parts) // MAX_QUERIES_AT_ONCE)

    def due(self, trails: Iterable[Trail]) -> list[Part]:
        """Returns the reads needed before the next message is known, side by side; empty if it is known.

        Only when one conversation has run out, and then of all that run short: they run out together, if they are
        equally busy. Messages read from a quiet one are kept. A part is twice as long as the one before, so that the
        search reads no more in vain than it has looked at.
        """
        here = [trail for trail in trails if trail.seq]
        if all(trail.unlooked for trail in here):
            return []
        short = [trail for trail in here if trail.runs_short]
        first = max(FIRST_READ // len(here), 1)
        left = MAX_LOOKED_AT - self._looked_at
        characters = (MAX_LOOKED_CHARACTERS - self._characters) // len(short)
        return [
            Part(trail=trail, messages=min(2 * trail.part_size or first, MAX_READ, left), characters=characters)
            for trail in short
        ]

    def at(self, trail: Trail) -> None:
        """Looks at the next message of a conversation. It stays the next one if it is a hit and the page is full.

        A page is full when an answer holds no more of it: 100 long texts may be more.
        """
        message = trail.unlooked[-1]
        if self.bounds.is_past(message):
            trail.end()
            self._looked_at += 1
            return
        matched = _match(self._query, message) if self.bounds.takes(message) else None
        if matched is not None:
            if not self._room.take(matched.hit(message.for_all())):
                self._is_full = True
                return
            self.found.append((message, matched))
        trail.unlooked.pop()
        self._looked_at += 1
        self._characters += message.characters


def newest(trails: Iterable[Trail]) -> Trail | None:
    """Returns the conversation whose next message is the newest of all; None at the end of all."""
    return max((trail for trail in trails if trail.unlooked), key=_order, default=None)


def _order(trail: Trail) -> tuple[int, str]:
    return trail.unlooked[-1].created_at_ms, trail.conversation_id


def _match(query: Query | None, message: StoredMessage) -> Matched | None:
    """Returns the places of the words, each of which is in the text or in the name of a file; None if one is not."""
    if query is None:
        return Matched([], [])
    if not message.attachments:  # most messages: the first word that is missing ends the comparison
        spans = query.match(message.text)
        return None if spans is None else Matched(spans, [])
    found, spans = query.find(message.text)
    named = {attachment.id: query.find(attachment.name)[0] for attachment in message.attachments}
    if len(found.union(*named.values())) < len(query.words):
        return None
    return Matched(spans, [attachment_id for attachment_id, words in named.items() if words])
