"""Pages of history: whichever way they are asked for, they cover the conversation once, and are as full as can be."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.domain.api.errors import Invalid, TooLarge
from parley.domain.api.requests import MAX_SEQ, History
from parley.domain.api.types import Message
from parley.domain.conversations.history import DEFAULT_LIMIT, MAX_PAGE_BYTES, Span, fitting, span
from parley.domain.conversations.message import StoredMessage

limits = st.integers(1, 100)
newest = st.integers(0, 1000)


def seqs(page: Span) -> list[int]:
    return list(range(page.first_seq, page.last_seq + 1))


def backwards(newest_seq: int, limit: int) -> Iterator[list[int]]:
    """Yields pages as a client does that scrolls up until there is nothing above."""
    page = span(History(limit=limit), newest_seq)
    while seqs(page):
        yield seqs(page)
        page = span(History(before=page.first_seq, limit=limit), newest_seq)


def forwards(newest_seq: int, limit: int) -> Iterator[list[int]]:
    """Yields pages as a client does that reads on from the start."""
    page = span(History(after=0, limit=limit), newest_seq)
    while seqs(page):
        yield seqs(page)
        page = span(History(after=page.last_seq, limit=limit), newest_seq)


def counted(newest_seq: int, per_page: int) -> Iterator[list[int]]:
    """Yields pages 1, 2, 3 …"""
    number = 1
    while seqs(page := span(History(page=number, per_page=per_page), newest_seq)):
        yield seqs(page)
        number += 1


@given(newest, limits)
def test_scrolling_up_shows_each_message_once(newest_seq: int, limit: int) -> None:
    pages = list(backwards(newest_seq, limit))

    assert [seq for page in reversed(pages) for seq in page] == list(range(1, newest_seq + 1))
    assert all(len(page) == limit for page in pages[:-1])


@given(newest, limits)
def test_reading_on_shows_each_message_once(newest_seq: int, limit: int) -> None:
    pages = list(forwards(newest_seq, limit))

    assert [seq for page in pages for seq in page] == list(range(1, newest_seq + 1))
    assert all(len(page) == limit for page in pages[:-1])


@given(newest, limits)
def test_counted_pages_are_those_of_scrolling_up(newest_seq: int, limit: int) -> None:
    assert list(counted(newest_seq, limit)) == list(backwards(newest_seq, limit))


@given(st.data(), st.integers(1, 1000), limits)
def test_a_page_around_a_message_holds_it_and_is_full(data: st.DataObject, newest_seq: int, limit: int) -> None:
    around = data.draw(st.integers(1, newest_seq))

    page = seqs(span(History(around=around, limit=limit), newest_seq))

    assert around in page
    assert len(page) == min(limit, newest_seq)


def test_a_page_around_a_message_has_it_in_the_middle() -> None:
    assert seqs(span(History(around=100, limit=5), 1000)) == [98, 99, 100, 101, 102]


@given(
    newest,
    st.sampled_from(["before", "after", "around", "page"]),
    st.integers(1, MAX_SEQ),
    st.none() | limits,
)
def test_no_query_leaves_the_conversation(newest_seq: int, place: str, at: int, limit: int | None) -> None:
    query: dict[str, Any] = {place: at, "per_page" if place == "page" else "limit": limit}

    page = seqs(span(History(**query), newest_seq))

    assert set(page) <= set(range(1, newest_seq + 1))
    assert len(page) <= (limit or DEFAULT_LIMIT)


@pytest.mark.parametrize("query", [History(), History(page=1)], ids=["nothing", "page 1"])
def test_the_newest_fifty_come_unasked(query: History) -> None:
    assert span(query, 120) == Span(71, 120)


@pytest.mark.parametrize(
    ("query", "named"),
    [
        (History(before=5, after=1), {"?before", "?after"}),
        (History(before=5, around=5), {"?before", "?around"}),
        (History(after=0, around=5, limit=3), {"?after", "?around"}),
        (History(before=1, after=1, around=1), {"?before", "?after", "?around"}),
        (History(before=5, page=1), {"?before"}),
        (History(after=5, per_page=10), {"?after"}),
        (History(page=1, limit=10), {"?limit"}),
        (History(per_page=10, limit=10), {"?limit"}),
    ],
    ids=lambda value: " and ".join(sorted(value)) if isinstance(value, set) else "",
)
def test_two_places_to_start_from_are_refused(query: History, named: set[str]) -> None:
    with pytest.raises(Invalid) as refused:
        span(query, 100)

    assert refused.value.code == "invalid_request"
    assert {field.pointer for field in refused.value.fields} == named
    assert {field.code for field in refused.value.fields} == {"contradiction"}


def messages(count: int, text: str) -> list[Message]:
    return [
        StoredMessage(
            conversation_id="d_" + "a" * 26, seq=seq, sender_id="alice", kind="text", text=text, created_at_ms=seq
        ).for_all()
        for seq in range(1, count + 1)
    ]


LONGEST = {"controls": "\x01" * 10_000, "emoji": "👋" * 10_000, "quotes": '"\\' * 5_000}


@pytest.mark.parametrize("text", LONGEST.values(), ids=LONGEST.keys())
@pytest.mark.parametrize(
    ("query", "kept"),
    [
        (History(limit=100), lambda seqs: seqs[-1] == 100),
        (History(before=101, limit=100), lambda seqs: seqs[-1] == 100),
        (History(after=0, limit=100), lambda seqs: seqs[0] == 1),
        (History(around=40, limit=100), lambda seqs: 40 in seqs),
    ],
    ids=["newest", "before", "after", "around"],
)
def test_page_of_long_texts_is_cut_at_its_far_end(query: History, kept: Callable[[list[int]], bool], text: str) -> None:
    page = fitting(messages(100, text), query)

    seqs = [message.seq for message in page]
    assert seqs == list(range(seqs[0], seqs[-1] + 1))
    assert kept(seqs)
    # As Lambda's runtime writes a reply: the body is a text in it.
    answer = json.dumps({"statusCode": 200, "body": msgspec.json.encode(page).decode()})
    assert len(answer) <= 6_000_000
    assert len(seqs) >= 40


def test_page_of_ordinary_texts_is_left_alone() -> None:
    page = messages(100, "Grüße an *alle* 👋 " * 20)

    assert fitting(page, History(limit=100)) == page
    assert fitting(page, History(page=1, per_page=100)) == page
    assert fitting([], History()) == []


def test_counted_page_that_is_too_long_is_refused_with_what_would_fit() -> None:
    page = messages(100, "\x01" * 10_000)

    with pytest.raises(TooLarge) as refused:
        fitting(page, History(page=1, per_page=100))

    [field] = refused.value.fields
    assert (refused.value.code, field.pointer, field.code) == ("page_too_large", "?per_page", "too_large")
    assert field.limit is not None
    assert fitting(page[-field.limit :], History(page=1, per_page=field.limit)) == page[-field.limit :]
    assert 60_000 * field.limit <= MAX_PAGE_BYTES
