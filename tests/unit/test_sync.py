"""Catching up: following the cursors brings every message once, in order, in answers of a bounded size."""

import json
from base64 import urlsafe_b64decode
from collections.abc import Mapping, Sequence

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from parley.domain.api.requests import SyncCursor
from parley.domain.api.types import Conversation, Marker, Message, NamedUser, Note, Origin
from parley.domain.conversations import listing, sync, views
from parley.domain.conversations.head import Head, Membership
from parley.domain.conversations.message import Reader, StoredMessage, Tally, preview_of
from parley.domain.conversations.sync import (
    MAX_MESSAGES_PER_CONVERSATION,
    OVER_REST,
    OVER_WEBSOCKET,
    Budget,
    Caught,
    CaughtUp,
    Filled,
    Found,
    Gap,
    Missed,
    Named,
)

FRAME_BYTES = 128 * 1024  # of a WebSocket message (API Gateway quotas)
ANSWER_BYTES = 6_000_000  # of Lambda, JSON within JSON
LONG_ID = "u" * 128
LONGEST_TEXT = "\0" * 10_000  # written as \\u0000, six bytes each


def head(conversation_id: str, last_seq: int, last_activity_ms: int = 0, last_change_seq: int = 0) -> Head:
    return Head(
        conversation_id=conversation_id,
        type="direct",
        context=None,
        participants=("alice", "bob"),
        last_seq=last_seq,
        last_change_seq=last_change_seq,
        last_message=None,
        sent_seqs={},
        created_at_ms=0,
        last_activity_ms=last_activity_ms,
        active_hour=0,
    )


def message(conversation_id: str, seq: int, text: str = "hello") -> Message:
    return StoredMessage(
        conversation_id=conversation_id, seq=seq, sender_id="bob", kind="text", text=text, created_at_ms=seq
    ).for_all()


def change(change_seq: int) -> Missed:
    """Returns a change; every third of a log is another person's own affair and left out."""
    return Missed("message_updated", {"change_seq": change_seq})


class Store:
    """Conversations with their messages; the texts of some are long."""

    def __init__(self, sizes: Mapping[str, list[int]]) -> None:
        self.heads = [head(name, len(sizes), at, len(sizes) // 2) for at, (name, sizes) in enumerate(sizes.items())]
        self.messages = {
            name: [message(name, seq, "x" * size) for seq, size in enumerate(sizes, start=1)]
            for name, sizes in sizes.items()
        }

    def found(self, at: Mapping[str, SyncCursor], budget: Budget) -> Found:
        """Returns what is read for an answer."""
        sides = {one.conversation_id: (one, membership(one.conversation_id)) for one in self.heads}
        planned = sync.plan(sides, at, budget)
        gaps = [one.gap for one in planned]
        sizes = [gap.last_seq - gap.first_seq + gap.last_change - gap.first_change + 2 for gap in gaps]
        assert sum(max(0, size) for size in sizes) <= budget.messages
        return found([replace(one, filled=self.filled(one)) for one in planned])

    def filled(self, named: Named) -> Filled:
        gap = named.gap
        return Filled(
            self.messages[named.head.conversation_id][gap.first_seq - 1 : gap.last_seq],
            [(seq, change(seq)) for seq in range(gap.first_change, gap.last_change + 1) if seq % 3],
        )

    def answer(self, at: Mapping[str, SyncCursor], budget: Budget) -> dict[str, Caught]:
        return sync.answer(self.found(at, budget), budget).conversations


def membership(conversation_id: str, mention_seqs: frozenset[int] = frozenset()) -> Membership:
    return Membership(user_id="alice", conversation_id=conversation_id, mention_seqs=mention_seqs)


def found(
    named: Sequence[Named],
    joined: Sequence[Conversation] = (),
    left: Sequence[str] = (),
    blocked: Sequence[str] = (),
    listed: Sequence[Conversation] | None = None,
) -> Found:
    return Found(
        named=named,
        joined=joined,
        joined_capped=False,
        left=list(left),
        blocked=list(blocked),
        as_of="2026-01-01T00:00:00.000Z",
        page=None if listed is None else page_of(listed),
        rows=listed or (),
    )


def page_of(rows: Sequence[Conversation]) -> listing.FirstPage:
    """Returns the page of the list that shows these rows, with more after it."""
    heads = [head(one.id, one.last_seq, 10**14 - at) for at, one in enumerate(rows)]
    entries = [listing.Entry(one.conversation_id, 10**9) for one in [*heads, head("d_" + "z" * 26, 1)]]
    return listing.FirstPage(ordered=heads, taken=entries[:-1], entries=entries, limit=len(heads))


stores = st.dictionaries(
    st.sampled_from([f"c{number}" for number in range(6)]), st.lists(st.integers(0, 500), max_size=150)
).map(Store)
budgets = st.builds(
    Budget,
    messages=st.integers(1, 300),
    max_bytes=st.integers(6_000, 30_000),
    conversations=st.just(10),
    wrapped=st.booleans(),
)


@st.composite
def places(draw: st.DrawFn) -> tuple[Store, dict[str, SyncCursor]]:
    """Draws a store and how far a client has got in it."""
    store = draw(stores)
    at = {
        one.conversation_id: SyncCursor(
            seq=draw(st.integers(0, one.last_seq)), change_seq=draw(st.integers(0, one.last_change_seq))
        )
        for one in store.heads
    }
    return store, at


@given(places(), budgets)
def test_each_part_goes_on_right_behind_its_cursor(place: tuple[Store, dict[str, SyncCursor]], budget: Budget) -> None:
    store, at = place

    answer = store.answer(at, budget)

    assert set(answer) == set(at)
    for one in store.heads:
        caught = answer[one.conversation_id]
        seq = at[one.conversation_id].seq
        assert [message.seq for message in caught.messages] == list(range(seq + 1, seq + 1 + len(caught.messages)))
        assert caught.next.seq == seq + len(caught.messages)
        assert caught.last_seq == one.last_seq
        assert len(caught.messages) <= MAX_MESSAGES_PER_CONVERSATION
        is_whole = (caught.next.seq, caught.next.change_seq) == (one.last_seq, one.last_change_seq)
        assert (caught.verdict == "complete") == is_whole


@given(places(), budgets)
def test_an_answer_keeps_to_its_budget(place: tuple[Store, dict[str, SyncCursor]], budget: Budget) -> None:
    store, at = place

    answer = sync.answer(store.found(at, budget), budget)
    told = [one for caught in answer.conversations.values() for one in (*caught.messages, *caught.changes)]

    assert len(told) <= budget.messages
    assert size(answer, budget) <= budget.max_bytes


def size(answer: CaughtUp, budget: Budget) -> int:
    """Returns how many bytes an answer has where it is limited."""
    encoded = msgspec.json.encode(answer)
    return len(json.dumps(encoded.decode())) if budget.wrapped else len(encoded)


@given(places(), budgets)
def test_who_follows_the_cursors_gets_everything_once(
    place: tuple[Store, dict[str, SyncCursor]], budget: Budget
) -> None:
    store, at = place
    missing = {
        one.conversation_id: store.messages[one.conversation_id][at[one.conversation_id].seq :] for one in store.heads
    }
    changes = {
        one.conversation_id: [
            seq for seq in range(at[one.conversation_id].change_seq + 1, one.last_change_seq + 1) if seq % 3
        ]
        for one in store.heads
    }
    got: dict[str, list[Message]] = {name: [] for name in missing}
    told: dict[str, list[int]] = {name: [] for name in missing}

    verdicts = {"truncated"} if missing else set()
    while "truncated" in verdicts:
        answer = store.answer(at, budget)
        for name, caught in answer.items():
            got[name] += caught.messages
            told[name] += [one.data["change_seq"] for one in caught.changes]
        progress = {name: caught.next for name, caught in answer.items()}
        verdicts = {caught.verdict for caught in answer.values()}
        assert progress != at or "truncated" not in verdicts
        at = progress

    assert got == missing
    assert told == changes


def longest_message(seq: int) -> Message:
    """Returns a message in which every field is as long as it can be."""
    stored = StoredMessage(
        conversation_id="g_" + "a" * 26,
        seq=seq,
        sender_id=LONG_ID,
        kind="text",
        text=LONGEST_TEXT,
        created_at_ms=0,
        edited_at_ms=0,
        client_id="c" * 64,
        system=Note(event="members_added", user_ids=[LONG_ID] * 90),
        reply_to_seq=10**15,
        forwarded_from=Origin(sender_id=LONG_ID, created_at="2026-01-01T00:00:00.000Z"),
        mentions=(LONG_ID,) * 20,
        reactions={chr(0x1F600 + number) * 16: Tally(10**6, number) for number in range(20)},
        change_seq=10**15,
    )
    return stored.for_all()


def longest_conversation(number: int) -> Named:
    """Returns a conversation whose own part is as long as it can be, with one message and one change missing."""
    conversation_id = f"g_{number:026}"
    seqs = frozenset(range(10**14, 10**14 + 100))
    behind = replace(head(conversation_id, 10**15, number, 10**15), participants=("alice", LONG_ID))
    message = longest_message(10**15)
    change = Missed("reaction_added", {"conversation_id": conversation_id, "user_id": LONG_ID, "message": message})
    return Named(
        head=behind,
        mine=membership(conversation_id, seqs),
        at=SyncCursor(seq=10**15 - 1, change_seq=10**15 - 1),
        gap=Gap(10**15, 10**15, 10**15, 10**15),
        filled=Filled([message], [(10**15, change)]),
        markers=[Marker(user_id=LONG_ID, read_seq=10**15, delivered_seq=10**15)],
    )


def longest_joined(number: int) -> Conversation:
    conversation_id = f"d_{number:026}"
    one = replace(
        head(conversation_id, 10**15),
        participants=("alice", LONG_ID),
        title="\0" * 200,
        description="\0" * 1_000,
        last_message=preview_of(longest_message(10**15)),
    )
    sides = {who: Membership(user_id=who, conversation_id=conversation_id) for who in one.participants}
    named = NamedUser(name="\0" * 200, role="user", avatar_url=None, profile_seq=1)
    return views.view_conversation(
        one, Reader(user_id="alice", blocked=frozenset()), sides, dict.fromkeys(sides, named)
    )


@pytest.mark.parametrize("with_list", [False, True])
@pytest.mark.parametrize("budget, largest", [(OVER_REST, ANSWER_BYTES), (OVER_WEBSOCKET, FRAME_BYTES - 3_000)])
def test_the_longest_answer_there_can_be_fits_and_goes_on(budget: Budget, largest: int, with_list: bool) -> None:
    listed = [longest_joined(number) for number in range(1_000, 1_100)] if with_list else None
    left = [longest_conversation(number) for number in range(100)]
    answers = 0
    while left:
        joined = [longest_joined(number) for number in range(budget.conversations)]
        gone = [f"d_{number:026}" for number in range(100)]

        answer = sync.answer(found(left, joined, gone, [LONG_ID] * 1_000, listed), budget)

        assert size(answer, budget) <= largest
        assert set(answer.conversations) | set(answer.later) == {one.head.conversation_id for one in left}
        moved = [goes_on(one, answer) for one in left]
        assert moved != left
        left = [one for one in moved if one.filled.items]
        answers += 1
    assert answers < 250  # one of the 200 messages and changes at least


def goes_on(named: Named, answer: CaughtUp) -> Named:
    """Returns what is missing of a conversation after an answer."""
    caught = answer.conversations.get(named.head.conversation_id)
    if caught is None:
        return named
    messages = named.filled.messages[len(caught.messages) :]
    changes = named.filled.changes[len(caught.changes) :]
    gap = Gap(caught.next.seq + 1, named.gap.last_seq, caught.next.change_seq + 1, named.gap.last_change)
    return replace(named, at=caught.next, gap=gap, filled=Filled(messages, changes))


def test_conversations_without_room_are_named_for_later() -> None:
    named = [longest_conversation(number) for number in range(100)]
    up_to_date = [replace(one, filled=Filled(), at=SyncCursor(seq=10**15, change_seq=10**15)) for one in named]

    answer = sync.answer(found(up_to_date), OVER_WEBSOCKET)

    here = list(answer.conversations)
    assert [*here, *answer.later] == [one.head.conversation_id for one in named]
    assert 20 < len(here) < 100


def test_the_new_conversations_that_do_not_fit_are_said_to_be_more() -> None:
    few, many = ([longest_joined(number) for number in range(count)] for count in (3, 25))

    assert not sync.answer(found([], few), OVER_WEBSOCKET).joined_capped
    answer = sync.answer(found([], many), OVER_WEBSOCKET)

    assert answer.joined_capped
    assert 3 < len(answer.joined) < 25


def test_list_that_does_not_fit_goes_on_after_its_last_row() -> None:
    rows = [longest_joined(number) for number in range(100)]

    page = sync.answer(found([], listed=rows), OVER_WEBSOCKET).listed
    whole = sync.answer(found([], listed=rows[:3]), OVER_WEBSOCKET).listed

    assert page is not None and whole is not None
    count = len(page.conversations)
    assert 3 < count < 100
    assert page.next is not None
    assert json.loads(urlsafe_b64decode(page.next + "==="))[3] == rows[count - 1].id
    assert len(whole.conversations) == 3 and whole.next is not None


def test_cursor_of_the_list_has_the_room_that_is_kept_for_it() -> None:
    longest = "g_" + "z" * 26
    hour = 10**9
    position = listing.Position(
        chunk_after=(hour, longest), until_hour=hour, shown_activity_ms=10**15, shown_id=longest
    )

    assert len(position.encode()) <= sync.MAX_CURSOR_BYTES


def test_too_many_blocked_people_are_read_by_themselves() -> None:
    assert sync.answer(found([], blocked=["eve"]), OVER_WEBSOCKET).blocked == ["eve"]
    assert sync.answer(found([], blocked=[LONG_ID] * 1_000), OVER_WEBSOCKET).blocked is None


def test_the_most_recently_active_come_first_when_not_all_fit() -> None:
    sides = {one: (head(one, 10, at), membership(one)) for at, one in enumerate(["old", "new"])}

    planned = sync.plan(sides, {"old": SyncCursor(), "new": SyncCursor()}, Budget(12, 1_000_000, 10, wrapped=False))

    assert [(one.head.conversation_id, one.gap) for one in planned] == [
        ("new", Gap(1, 10, 1, 0)),
        ("old", Gap(1, 2, 1, 0)),
    ]


def test_a_cursor_from_beyond_the_end_starts_again_at_the_end() -> None:
    store = Store({"c1": [1, 1, 1]})

    caught = store.answer({"c1": SyncCursor(seq=99)}, OVER_REST)["c1"]

    assert (caught.verdict, caught.messages, caught.next.seq) == ("truncated", [], 3)
    assert store.answer({"c1": caught.next}, OVER_REST)["c1"].verdict == "complete"


def test_a_bare_number_is_a_seq() -> None:
    assert sync.cursors({"c1": 5, "c2": SyncCursor(seq=6, change_seq=7)}) == {
        "c1": SyncCursor(seq=5),
        "c2": SyncCursor(seq=6, change_seq=7),
    }
