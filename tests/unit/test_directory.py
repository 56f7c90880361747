"""The directory's order, and its cursors: they say nothing, and nobody else can make one."""

from base64 import urlsafe_b64decode, urlsafe_b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.domain.api import sealed_cursors
from parley.domain.people.directory import MAX_WORDS, SHARDS, Range, found_by, name_key, shard, word_keys
from parley.domain.text.folding import MAX_KEY_CHARACTERS, prefix_key

names = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)
user_ids = st.text("abcABC019._~@|:+=-", min_size=1, max_size=128)
KEY = b"a key"


@given(names, user_ids)
def test_key_fits_dynamodb(name: str, user_id: str) -> None:
    assert len(name_key(name, user_id).encode()) < 1024  # of a sort key (DynamoDB quotas)


@given(names, user_ids, names, user_ids)
def test_two_people_never_have_one_key(name: str, user_id: str, other_name: str, other_id: str) -> None:
    assert (name_key(name, user_id) == name_key(other_name, other_id)) == (
        (prefix_key(name), user_id) == (prefix_key(other_name), other_id)
    )


@given(names, user_ids, st.integers(0, 200))
def test_name_lies_in_the_range_of_its_beginnings(name: str, user_id: str, length: int) -> None:
    within = Range.behind(None, prefix_key(name)[:length])

    assert within.first <= name_key(name, user_id) <= within.last


@given(names, user_ids, names, user_ids)
def test_next_page_starts_right_behind_its_position(name: str, user_id: str, other: str, other_id: str) -> None:
    position, key = name_key(name, user_id), name_key(other, other_id)

    assert (Range.behind(position, "").first <= key) == (key > position)


@given(names, user_ids)
def test_each_word_of_a_name_has_a_key_that_fits_and_lies_in_the_range_of_its_beginning(
    name: str, user_id: str
) -> None:
    keys = word_keys(name, user_id)

    assert len(keys) < MAX_WORDS
    for key in keys:
        assert len(key.encode()) < 1024
        assert key.partition("\n")[0] in prefix_key(name)
        within = Range.behind(None, key[:3].partition("\n")[0])
        assert within.first <= key <= within.last


@given(names, user_ids, st.integers(0, 200))
def test_search_shows_one_key_of_a_person(name: str, user_id: str, length: int) -> None:
    assert found_by(name, user_id, prefix_key(name)[:length]) == name_key(name, user_id)
    for key in word_keys(name, user_id):
        assert found_by(name, user_id, key.partition("\n")[0]) in (name_key(name, user_id), *word_keys(name, user_id))
    assert found_by("Anna Lee", "a", "x") is None


def test_position_of_another_search_leads_to_nothing_that_was_not_asked_for() -> None:
    assert Range.behind(name_key("Zoe", "z"), "an").is_empty
    assert Range.behind(name_key("Aaron", "a"), "an") == Range.behind(None, "an")


def test_names_are_sorted_by_their_letters_and_then_by_id() -> None:
    people = [("Zoe", "1"), ("Ánna", "3"), ("anna", "2"), ("Anna Lee", "0"), ("Annabel", "4"), ("", "5")]

    ordered = sorted(people, key=lambda person: name_key(*person))

    assert [user_id for _, user_id in ordered] == ["5", "2", "3", "0", "4", "1"]


@given(st.lists(user_ids, min_size=200, max_size=200, unique=True))
def test_everybody_has_a_shard(some: list[str]) -> None:
    assert {shard(one) for one in some} <= set(SHARDS)


@given(names)
def test_what_was_sealed_is_unsealed(text: str) -> None:
    assert sealed_cursors.unseal(sealed_cursors.seal(text, KEY), KEY) == text


def test_longest_key_makes_a_cursor_that_may_come_back() -> None:
    assert (
        len(sealed_cursors.seal("\U0001f600" * MAX_KEY_CHARACTERS + "\n" + "x" * 128, KEY)) <= 1024
    )  # requests.Cursor


def test_sealed_text_does_not_show() -> None:
    sealed = urlsafe_b64decode(sealed_cursors.seal("somebody you may not know", KEY) + "==")

    assert b"some" not in sealed
    assert sealed_cursors.seal("anna\n1", KEY)[:22] != sealed_cursors.seal("anna\n2", KEY)[:22]


@given(st.binary(max_size=60).map(lambda raw: urlsafe_b64encode(raw).decode().rstrip("=")) | st.text(max_size=60))
def test_what_nobody_sealed_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        sealed_cursors.unseal(text, KEY)


@given(names, st.integers(0, 10_000))
def test_one_bit_more_or_less_is_refused(text: str, place: int) -> None:
    raw = bytearray(urlsafe_b64decode(sealed_cursors.seal(text, KEY) + "=="))
    raw[place // 8 % len(raw)] ^= 1 << place % 8

    with pytest.raises(ValueError):
        sealed_cursors.unseal(urlsafe_b64encode(raw).decode().rstrip("="), KEY)
    with pytest.raises(ValueError):
        sealed_cursors.unseal(sealed_cursors.seal(text, KEY), b"another key")
