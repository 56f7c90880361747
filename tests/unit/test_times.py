"""Times on the wire: RFC 3339, UTC, three digits of milliseconds, and in the order of the clock."""

import re
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.domain.times import HOUR_MS, hour, rfc3339, rfc3339_or_none

moments = st.integers(0, 4_102_444_800_000)  # until 2100


@pytest.mark.parametrize(
    ("at_ms", "text"),
    [
        (0, "1970-01-01T00:00:00.000Z"),
        (999, "1970-01-01T00:00:00.999Z"),
        (1_795_246_200_123, "2026-11-21T07:30:00.123Z"),
        (1_709_164_799_005, "2024-02-28T23:59:59.005Z"),
        (1_709_164_800_000, "2024-02-29T00:00:00.000Z"),
    ],
)
def test_a_time_is_written_like_this(at_ms: int, text: str) -> None:
    assert rfc3339(at_ms) == text


@given(moments)
def test_a_time_can_be_read_back_to_the_millisecond(at_ms: int) -> None:
    text = rfc3339(at_ms)

    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", text)
    assert round(datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() * 1000) == at_ms


@given(moments, moments)
def test_times_sort_as_text(one_ms: int, other_ms: int) -> None:
    assert (rfc3339(one_ms) < rfc3339(other_ms)) == (one_ms < other_ms)


def test_what_has_not_come_has_no_time() -> None:
    assert rfc3339_or_none(None) is None
    assert rfc3339_or_none(0) == rfc3339(0)


@given(moments)
def test_an_hour_holds_its_moments(at_ms: int) -> None:
    assert hour(at_ms) * HOUR_MS <= at_ms < (hour(at_ms) + 1) * HOUR_MS
