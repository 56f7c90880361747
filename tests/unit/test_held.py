"""The digests of the contexts that rows give a person: adding, removing, finding and comparing them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.domain.api.errors import Conflict
from parley.domain.people import held
from parley.domain.people.held import DIGEST_BYTES, MAX_HELD, Held
from parley.domain.people.policy import Party

TYPES = st.sampled_from(["class", "pattern"])
CONTEXTS = st.sets(st.tuples(TYPES, st.sampled_from([f"c{number}" for number in range(12)])))


def holding(contexts: set[tuple[str, str]]) -> Held:
    result: Held = {}
    for context in contexts:
        result = held.with_context(result, *context)
    return result


@given(mine=CONTEXTS, theirs=CONTEXTS)
def test_digests_answer_as_the_ids_would(mine: set[tuple[str, str]], theirs: set[tuple[str, str]]) -> None:
    my_digests, their_digests = holding(mine), holding(theirs)

    for context_type in ("class", "pattern"):
        shared = {one for one in mine & theirs if one[0] == context_type}
        assert held.shares(my_digests, their_digests, context_type) == bool(shared)
        assert (context_type in my_digests) == any(one[0] == context_type for one in mine)
        for number in range(12):
            context = (context_type, f"c{number}")
            assert held.has(my_digests, *context) == (context in mine)
    assert held.count(my_digests) == len(mine)


@given(contexts=CONTEXTS, other=st.tuples(TYPES, st.sampled_from(["c1", "new"])))
def test_order_and_repeats_leave_no_trace(contexts: set[tuple[str, str]], other: tuple[str, str]) -> None:
    before = holding(contexts - {other})

    added = held.with_context(before, *other)

    assert held.with_context(added, *other) == added == holding(contexts | {other})
    assert held.without_context(added, *other) == before
    assert held.without_context(before, *other) == before


def test_same_id_of_another_type_is_another_context() -> None:
    mine = held.with_context({}, "class", "7b")

    assert not held.has(mine, "block", "7b")
    assert not held.shares(mine, held.with_context({}, "block", "7b"), "class")


@pytest.mark.parametrize("context", [("class", "x"), ("block", "x")])
def test_nobody_holds_more_than_the_limit(context: tuple[str, str]) -> None:
    full = {"class": b"".join(sorted(held.digest("class", str(number)) for number in range(MAX_HELD)))}

    with pytest.raises(Conflict, match="2000 contexts"):
        held.with_context(full, *context)
    assert held.with_context(full, "class", "7") is full
    assert len(full["class"]) == MAX_HELD * DIGEST_BYTES


def test_types_are_bounded_too() -> None:
    full = holding({(f"t{number}", "1") for number in range(20)})

    with pytest.raises(Conflict):
        held.with_context(full, "one_more", "1")
    assert held.count(held.with_context(full, "t1", "2")) == 21


@pytest.mark.parametrize(
    "mine, theirs",
    [
        (Party("a", "r", {"class": ("7b",)}), Party("b", "r", {"class": ("8a", "7b")})),
        (Party("a", "r", {"class": ("7b",)}), Party("b", "r", {}, holding({("class", "7b")}))),
        (Party("a", "r", {}, holding({("class", "7b"), ("class", "9c")})), Party("b", "r", {"class": ("7b",)})),
        (Party("a", "r", {}, holding({("class", "7b")})), Party("b", "r", {}, holding({("class", "7b")}))),
    ],
)
def test_people_share_whichever_way_each_got_it(mine: Party, theirs: Party) -> None:
    assert mine.shares(theirs, "class")
    assert theirs.shares(mine, "class")
    assert not mine.shares(theirs, "block")
    assert not mine.shares(Party("c", "r", {"class": ("x",)}, holding({("class", "y")})), "class")


def test_types_alone_hold_no_context() -> None:
    """The authorizer hands on no more of rows than their types."""
    caller = Party("a", "r", {}, {"class": b""})

    assert caller.holds_some("class")
    assert not caller.holds("class", "7b")
    assert not caller.shares(Party("b", "r", {"class": ("7b",)}), "class")
