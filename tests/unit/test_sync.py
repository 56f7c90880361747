"""Catching up: following the cursors brings every message once, in order, in answers of a bounded size."""

from collections.abc import Mapping

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.domain import sync
from parley.domain.requests import SyncCursor
from parley.domain.stored import Head, Membership, StoredMessage
from parley.domain.sync import (
    MAX_MESSAGES_PER_CONVERSATION,
    OVER_REST,
    OVER_WEBSOCKET,
    Budget,
    Caught,
    Filled,
    Gap,
    Missed,
)
from parley.domain.types import Message


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
    ).view()


def change(change_seq: int) -> Missed:
    """Returns a change; every third of a log is somebody else's own affair and left out."""
    return Missed("message_updated", {"change_seq": change_seq})


class Store:
    """Conversations with their messages; the texts of some are long."""

    def __init__(self, sizes: Mapping[str, list[int]]) -> None:
        self.heads = [head(name, len(sizes), at, len(sizes) // 2) for at, (name, sizes) in enumerate(sizes.items())]
        self.messages = {
            name: [message(name, seq, "x" * size) for seq, size in enumerate(sizes, start=1)]
            for name, sizes in sizes.items()
        }

    def answer(self, at: Mapping[str, SyncCursor], budget: Budget) -> dict[str, Caught]:
        gaps = sync.plan(self.heads, at, budget)
        sizes = [gap.last_seq - gap.first_seq + gap.last_change - gap.first_change + 2 for gap in gaps.values()]
        assert sum(max(0, size) for size in sizes) <= budget.messages
        found = {
            name: Filled(
                self.messages[name][gap.first_seq - 1 : gap.last_seq],
                [(seq, change(seq)) for seq in range(gap.first_change, gap.last_change + 1) if seq % 3],
            )
            for name, gap in gaps.items()
        }
        sides = {
            one.conversation_id: (one, Membership(user_id="alice", conversation_id=one.conversation_id))
            for one in self.heads
        }
        return sync.answer(sides, at, gaps, found, budget)


stores = st.dictionaries(
    st.sampled_from([f"c{number}" for number in range(6)]), st.lists(st.integers(0, 500), max_size=150)
).map(Store)
budgets = st.builds(
    Budget, messages=st.integers(1, 300), message_bytes=st.integers(1_000, 20_000), conversations=st.just(10)
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

    answered = store.answer(at, budget).values()
    told = [one for caught in answered for one in (*caught.messages, *caught.changes)]

    assert len(told) <= budget.messages
    assert sum(len(msgspec.json.encode(one)) for one in told) <= budget.message_bytes


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


@pytest.mark.parametrize("budget", [OVER_REST, OVER_WEBSOCKET], ids=["REST", "WebSocket"])
def test_the_longest_message_there_can_be_fits_any_answer(budget: Budget) -> None:
    store = Store({"c1": [1], "c2": [1]})
    store.messages["c2"] = [message("c2", 1, "\0" * 10_000)]  # written as \u0000, six bytes each

    answer = store.answer({"c1": SyncCursor(), "c2": SyncCursor()}, budget)

    assert answer["c2"].verdict == "complete"


def test_the_most_recently_active_come_first_when_not_all_fit() -> None:
    heads = [head("old", 10, 1), head("new", 10, 2)]

    gaps = sync.plan(heads, {"old": SyncCursor(), "new": SyncCursor()}, Budget(12, 1_000_000, 10))

    assert gaps == {"new": Gap(1, 10, 1, 0), "old": Gap(1, 2, 1, 0)}


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
