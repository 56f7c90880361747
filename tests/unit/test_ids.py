"""Ids: one conversation for a pair and a context, and a message's id that says where the message lies."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from parley.domain.api import ids
from parley.domain.api.errors import Invalid
from parley.domain.api.identity import is_context_id, is_context_type, is_user_id

user_ids = st.from_regex(r"[A-Za-z0-9._~@|:+=-]{1,128}", fullmatch=True)
context_types = st.from_regex(r"[a-z][a-z0-9_]{0,31}", fullmatch=True)
contexts = st.one_of(st.just(("general", "")), st.tuples(context_types, user_ids))
conversation_ids = st.from_regex(r"[dgt]_[a-z2-7]{26}", fullmatch=True)
seqs = st.integers(1, 10**15 - 1)

ONE = ids.direct_conversation_id("alice", "bob", "general", "")


@given(user_ids, user_ids, contexts)
def test_both_people_find_the_same_conversation(one: str, other: str, context: tuple[str, str]) -> None:
    mine = ids.direct_conversation_id(one, other, *context)

    assert mine == ids.direct_conversation_id(other, one, *context)
    assert ids.check_conversation_id(mine, "/conversation_id") == mine


@given(user_ids, user_ids, contexts, user_ids, user_ids, contexts)
def test_another_pair_or_another_context_is_another_conversation(
    one: str, other: str, context: tuple[str, str], third: str, fourth: str, second_context: tuple[str, str]
) -> None:
    assume(({one, other}, context) != ({third, fourth}, second_context))

    first = ids.direct_conversation_id(one, other, *context)

    assert first != ids.direct_conversation_id(third, fourth, *second_context)


def test_names_never_run_together() -> None:
    names = [("a", "bc", "x", "y"), ("ab", "c", "x", "y"), ("a", "b", "cx", "y"), ("a", "b", "c", "xy")]

    assert len({ids.direct_conversation_id(*name) for name in names}) == len(names)


@pytest.mark.parametrize("character", ["\n", "\r", "#", "/", " ", "\0", "é", "👋"])
def test_what_separates_our_keys_stands_in_no_name(character: str) -> None:
    for name in (character, f"a{character}", f"{character}a", f"a{character}b"):
        assert not is_user_id(name)
        assert not is_context_id(name)
        assert not is_context_type(name)


@given(conversation_ids, seqs)
def test_a_message_id_gives_back_what_it_was_made_of(conversation_id: str, seq: int) -> None:
    made = ids.message_id(conversation_id, seq)

    assert ids.split_message_id(made, "{message_id}") == (conversation_id, seq)


WRONG_CONVERSATIONS = {
    "empty": "",
    "word": "conversation",
    "another kind": "x" + ONE[1:],
    "short": ONE[:-1],
    "long": ONE + "a",
    "capitals": ONE.upper(),
    "line feed": ONE + "\n",
    "slash": ONE[:-1] + "/",
    "emoji": ONE[:-1] + "👋",
    "record of a client_id": f"{ONE}#alice#c1",
    "message": f"{ONE}.1",
}


@pytest.mark.parametrize("text", WRONG_CONVERSATIONS.values(), ids=WRONG_CONVERSATIONS.keys())
def test_no_other_text_is_a_conversation_id(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        ids.check_conversation_id(text, "{conversation_id}")

    assert [(field.pointer, field.code) for field in refused.value.fields] == [("{conversation_id}", "bad_format")]


WRONG_MESSAGES = {
    "empty": "",
    "conversation": ONE,
    "no seq": f"{ONE}.",
    "zero": f"{ONE}.0",
    "negative": f"{ONE}.-1",
    "leading zero": f"{ONE}.01",
    "plus": f"{ONE}.+1",
    "fraction": f"{ONE}.1.5",
    "huge": f"{ONE}.{10**15}",
    "other digits": f"{ONE}.١",
    "line feed": f"{ONE}.1\n",
    "space": f" {ONE}.1",
    "slash": f"{ONE}/1",
}


@pytest.mark.parametrize("text", WRONG_MESSAGES.values(), ids=WRONG_MESSAGES.keys())
def test_no_other_text_is_a_message_id(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        ids.split_message_id(text, "/data/message_id")

    assert [(field.pointer, field.code) for field in refused.value.fields] == [("/data/message_id", "bad_format")]


@given(st.text())
def test_any_text_is_an_id_or_refused(text: str) -> None:
    try:
        conversation_id, seq = ids.split_message_id(text, "{message_id}")
    except Invalid:
        return
    assert ids.message_id(conversation_id, seq) == text
