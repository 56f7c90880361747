"""The list of conversations: page by page each conversation once, in exact order, and no cursor does any harm."""

from base64 import urlsafe_b64encode
from collections.abc import Iterator, Sequence

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from parley.domain.api import ids
from parley.domain.api.errors import Invalid
from parley.domain.api.times import HOUR_MS, hour
from parley.domain.conversations import listing
from parley.domain.conversations.head import Head
from parley.domain.conversations.listing import MAX_CHUNK, Entry, Position, decode_cursor

limits = st.integers(1, 8) | st.integers(1, 100)


def conversation_id(number: int) -> str:
    return ids.direct_conversation_id("alice", f"user{number}", "general", "")


def head(number: int, last_activity_ms: int) -> Head:
    return Head(
        conversation_id=conversation_id(number),
        type="direct",
        context=None,
        participants=("alice", f"user{number}"),
        last_seq=0,
        last_change_seq=0,
        last_message=None,
        sent_seqs={},
        created_at_ms=0,
        last_activity_ms=last_activity_ms,
        active_hour=hour(last_activity_ms),
    )


class Store:
    """One person's index and heads, as the tables hold them: equal hours stand in an order of the store's own."""

    def __init__(self, activities: Sequence[int]) -> None:
        self.heads = {conversation_id(number): head(number, at) for number, at in enumerate(activities)}

    def write_in(self, number: int, at_ms: int) -> None:
        self.heads[conversation_id(number)] = head(number, at_ms)

    def recent(self, limit: int, after: tuple[int, str] | None) -> list[Entry]:
        index = sorted(((one.active_hour, one.conversation_id) for one in self.heads.values()), reverse=True)
        return [Entry(name, at) for at, name in index if after is None or (at, name) < after][:limit]

    def page(self, cursor: str | None, limit: int) -> tuple[list[Head], str | None]:
        position = decode_cursor(cursor)
        entries = self.recent(MAX_CHUNK + 1, position.chunk_after)
        taken = listing.chunk(entries, limit, position)
        assert len(taken) <= MAX_CHUNK
        ordered = listing.in_order([self.heads[entry.conversation_id] for entry in taken], position)
        shown = ordered[:limit]
        behind = listing.behind(position, shown, more_here=len(ordered) > len(shown), taken=taken, entries=entries)
        return shown, behind.encode() if behind else None

    def pages(self, limits: Iterator[int]) -> Iterator[list[Head]]:
        cursor = None
        for limit in limits:
            page, cursor = self.page(cursor, limit)
            yield page
            if cursor is None:
                return

    def newest_first(self) -> list[Head]:
        return sorted(self.heads.values(), key=lambda one: (one.last_activity_ms, one.conversation_id), reverse=True)


def forever(limit: int) -> Iterator[int]:
    while True:
        yield limit


# Of few hours and few moments, so that many conversations share both.
moments = st.builds(lambda hours, ms: 400_000 * HOUR_MS + hours * HOUR_MS + ms, st.integers(0, 9), st.integers(0, 3))


@given(st.lists(moments, max_size=MAX_CHUNK), limits)
def test_pages_show_each_conversation_once_newest_first(activities: list[int], limit: int) -> None:
    store = Store(activities)

    pages = list(store.pages(forever(limit)))

    assert [one for page in pages for one in page] == store.newest_first()
    assert all(len(page) <= limit for page in pages)


@given(st.integers(101, 350), st.integers(1, 40), limits)
@settings(max_examples=25)
@example(count=101, per_hour=9, limit=93)  # no hour ends between the limit and the end of a chunk
def test_pages_are_exact_for_many_conversations_too(count: int, per_hour: int, limit: int) -> None:
    store = Store([400_000 * HOUR_MS + number // per_hour * HOUR_MS + number % 7 for number in range(count)])

    assert [one for page in store.pages(forever(limit)) for one in page] == store.newest_first()


@given(st.lists(moments, min_size=3, max_size=60), st.data())
def test_pages_may_change_their_size(activities: list[int], data: st.DataObject) -> None:
    store = Store(activities)
    sizes = iter(lambda: data.draw(st.integers(1, 8)), None)

    assert [one for page in store.pages(sizes) for one in page] == store.newest_first()


@given(st.integers(MAX_CHUNK + 1, 350), limits)
@settings(max_examples=25)
def test_an_hour_with_more_than_a_chunk_still_shows_each_once(count: int, limit: int) -> None:
    store = Store([400_000 * HOUR_MS + number % 1000 for number in range(count)])

    shown = [one.conversation_id for page in store.pages(forever(limit)) for one in page]

    assert sorted(shown) == sorted(store.heads)


@given(st.lists(moments, min_size=3, max_size=40), st.integers(1, 8), st.data())
def test_a_conversation_that_moves_up_meanwhile_brings_nothing_back(
    activities: list[int], limit: int, data: st.DataObject
) -> None:
    store = Store(activities)
    moved = set()
    shown: list[str] = []
    cursor = None
    while True:
        page, cursor = store.page(cursor, limit)
        shown += [one.conversation_id for one in page]
        if cursor is None:
            break
        if data.draw(st.booleans()):
            number = data.draw(st.integers(0, len(activities) - 1))
            store.write_in(number, 400_100 * HOUR_MS + len(shown))
            moved.add(conversation_id(number))

    assert len(shown) == len(set(shown))
    assert set(store.heads) - moved <= set(shown)


def test_a_page_takes_no_more_heads_than_its_hours_hold() -> None:
    entries = [Entry(conversation_id(number), 100 - number // 10) for number in range(100)]

    assert len(listing.chunk(entries, 15, Position())) == 20
    assert len(listing.chunk(entries, 20, Position())) == 20


hours = st.integers(0, 10**9)
positions = st.builds(
    Position,
    chunk_after=st.none() | st.tuples(hours, st.integers(0, 9).map(conversation_id)),
    until_hour=st.none() | hours,
    shown_activity_ms=st.none() | st.integers(0, 10**15),
    shown_id=st.none() | st.integers(0, 9).map(conversation_id),
)


@given(positions)
def test_a_cursor_gives_back_its_position(position: Position) -> None:
    cursor = position.encode()

    assert decode_cursor(cursor) == position
    assert len(cursor) <= 1024
    assert cursor.replace("-", "a").replace("_", "a").isalnum()  # it stands in a URL as it is


def test_no_cursor_is_the_start() -> None:
    assert decode_cursor(None) == Position()


def forged(text: str) -> str:
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")


HOSTILE = {
    "word": "hello",
    "one character": "a",
    "not base64": "%%%",
    "not ascii": "é👋",
    "lone surrogate": "\ud800",
    "null": forged("null"),
    "object": forged("{}"),
    "negative hour": forged(f'[[-1,"{conversation_id(1)}"]]'),
    "huge hour": forged(f'[[{10**40},"{conversation_id(1)}"]]'),
    "fraction": forged(f'[[1.5,"{conversation_id(1)}"]]'),
    "empty key": forged('[[1,""]]'),
    "another key": forged('[[1,"bob"]]'),
    "key with a line feed": forged(f'[[1,"{conversation_id(1)}\\n"]]'),
    "hour alone": forged("[[1]]"),
    "huge time": forged(f"[null,null,{10**16}]"),
    "text for a time": forged('[null,null,"1"]'),
    "deep": forged("[" * 760),
    "deep behind": forged('[null,null,null,null,null,"' + '",[' * 350),
}


@pytest.mark.parametrize("cursor", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_cursor_of_somebody_elses_making_is_refused(cursor: str) -> None:
    with pytest.raises(Invalid) as refused:
        decode_cursor(cursor)

    assert [(field.pointer, field.code) for field in refused.value.fields] == [("?cursor", "bad_cursor")]


@given(st.text() | st.text().map(forged) | st.recursive(st.none(), st.lists).map(lambda value: forged(str(value))))
def test_any_text_is_a_position_or_refused(text: str) -> None:
    try:
        position = decode_cursor(text)
    except Invalid:
        return
    assert isinstance(position, Position)
