"""Ticket numbers: what is misheard is no number, and a number tells nothing about other tickets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.domain.support.numbers import NUMBER_PATTERN, number_of, read_number

ids = st.text(alphabet="abcdefghijklmnopqrstuvwxyz234567", min_size=26, max_size=26).map(lambda text: f"t_{text}")


@given(ids, st.integers(0, 3))
def test_number_is_read_back_however_it_is_written(ticket_id: str, attempt: int) -> None:
    import re

    number = number_of(ticket_id, attempt)

    assert re.search(NUMBER_PATTERN, number)
    for written in (number, number.replace("-", ""), number.replace("-", " "), f" {number.replace('-', '.')} "):
        assert read_number(written) == number


@given(ids, st.integers(0, 8), st.integers(1, 9))
def test_wrong_digit_makes_no_number(ticket_id: str, place: int, change: int) -> None:
    digits = number_of(ticket_id, 0).replace("-", "")
    wrong = digits[:place] + str((int(digits[place]) + change) % 10) + digits[place + 1 :]

    assert read_number(wrong) is None


@given(ids, st.integers(0, 7))
def test_two_swapped_digits_make_no_number(ticket_id: str, place: int) -> None:
    digits = number_of(ticket_id, 0).replace("-", "")
    first, second = digits[place], digits[place + 1]
    swapped = digits[:place] + second + first + digits[place + 2 :]

    assert read_number(swapped) == (number_of(ticket_id, 0) if first == second else None)


@pytest.mark.parametrize(
    "text", ["", "12", "012-345-678", "1234567890", "abc-def-ghi", "482-190-37x", "１２３-456-789", "482-190-375\n0"]
)
def test_text_that_is_no_number_is_refused(text: str) -> None:
    assert read_number(text) is None


def test_attempts_give_different_numbers() -> None:
    numbers = {number_of("t_aaaaaaaaaaaaaaaaaaaaaaaaaa", attempt) for attempt in range(100)}

    assert len(numbers) == 100


def test_numbers_of_tickets_in_a_row_are_in_no_order() -> None:
    numbers = [number_of(f"t_{number:026d}", 0) for number in range(1_000)]

    rising = sum(before < after for before, after in zip(numbers, numbers[1:], strict=False))
    assert 400 < rising < 600  # half of them, give or take 6 standard deviations of a coin
