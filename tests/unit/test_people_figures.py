"""The figures of people: rows of many, sorted by code."""

import pytest

from parley.domain.figures import person_numbers
from parley.domain.figures.person_numbers import Numbers, Packed, bounded, code_of, packed, row_of, together
from parley.domain.people.directory import SHARDS, shard

SOME = {code_of(f"u{number}"): Numbers(number, 2**32 - 1 - number, number % 1441) for number in range(1000)}


def test_row_tells_what_was_packed() -> None:
    row = Packed(packed(SOME))

    assert row.all() == SOME
    assert all(row.of(code) == numbers for code, numbers in SOME.items())
    assert row.of(code_of("nobody")) == person_numbers.NOTHING
    assert Packed(packed({})).all() == {}


def test_person_takes_a_dozen_bytes() -> None:
    many = {code_of(f"u{number}"): Numbers(1 + number % 7, number % 13, 1 + number % 1440) for number in range(1000)}

    assert len(packed(many)) / len(many) < 13


@pytest.mark.parametrize("content", [b"", b"no row", b"\0\0\0\1", packed(SOME)[:-1]])
def test_what_is_no_row_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError):
        Packed(content)


def test_code_tells_the_shard_of_the_directory_and_its_rows_are_as_long_as_each_other() -> None:
    rows = [row_of(code_of(f"user-{number}")) for number in range(4000)]

    assert [row[0] for row in rows] == [shard(f"user-{number}") for number in range(4000)]
    assert all(200 < rows.count((each, part)) < 300 for each in SHARDS for part in range(person_numbers.PARTS))


def test_sums_do_not_depend_on_the_order() -> None:
    first, second = {1: Numbers(1, 2, 30)}, {1: Numbers(4, 0, 20), 2: Numbers(0, 1, 0)}

    assert together([first, second]) == together([second, first]) == {1: Numbers(5, 2, 30), 2: Numbers(0, 1, 0)}


def test_number_stays_in_its_four_bytes() -> None:
    full = Numbers(2**32 - 1, 2**32 - 1, 1440)

    assert Packed(packed({1: full.plus(full)})).of(1) == full


def test_full_row_takes_nobody_else_and_goes_on_counting() -> None:
    before = {code: Numbers(1, 0, 1) for code in range(person_numbers.MAX_PEOPLE - 1)}

    after = bounded(before, together([before, {0: Numbers(1, 0, 2), 10**9: Numbers(1), 10**9 + 1: Numbers(1)}]))

    assert len(after) == person_numbers.MAX_PEOPLE
    assert after[0] == Numbers(2, 0, 2) and 10**9 in after
    assert len(packed(after)) < 250_000
