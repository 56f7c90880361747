"""Times on the wire: RFC 3339, UTC, three digits of milliseconds, and in the order of the clock."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.domain.api.times import HOUR_MS, from_rfc3339, hour, rfc3339, rfc3339_or_none

FIRST_MS, LAST_MS = -62_135_596_800_000, 253_402_300_799_999  # of the years 1 and 9999
moments = st.integers(FIRST_MS, LAST_MS)


@pytest.mark.parametrize(
    ("at_ms", "text"),
    [
        (0, "1970-01-01T00:00:00.000Z"),
        (999, "1970-01-01T00:00:00.999Z"),
        (1_795_246_200_123, "2026-11-21T07:30:00.123Z"),
        (1_709_164_799_005, "2024-02-28T23:59:59.005Z"),
        (1_709_164_800_000, "2024-02-29T00:00:00.000Z"),
        (-1, "1969-12-31T23:59:59.999Z"),
        (FIRST_MS, "0001-01-01T00:00:00.000Z"),
        (LAST_MS, "9999-12-31T23:59:59.999Z"),
    ],
)
def test_a_time_is_written_like_this(at_ms: int, text: str) -> None:
    assert rfc3339(at_ms) == text


@given(moments)
def test_a_time_can_be_read_back_to_the_millisecond(at_ms: int) -> None:
    text = rfc3339(at_ms)

    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", text)
    assert from_rfc3339(text) == at_ms


@given(moments, moments)
def test_times_sort_as_text(one_ms: int, other_ms: int) -> None:
    assert (rfc3339(one_ms) < rfc3339(other_ms)) == (one_ms < other_ms)


def test_what_has_not_come_has_no_time() -> None:
    assert rfc3339_or_none(None) is None
    assert rfc3339_or_none(0) == rfc3339(0)


@given(moments)
def test_an_hour_holds_its_moments(at_ms: int) -> None:
    assert hour(at_ms) * HOUR_MS <= at_ms < (hour(at_ms) + 1) * HOUR_MS


@pytest.mark.parametrize(
    ("text", "at_ms"),
    [
        ("9999-12-31T23:59:59.9999999Z", LAST_MS),
        ("9999-12-31t23:59:59.999999999z", LAST_MS),
        ("9999-12-31T22:59:59.9999995-00:59", LAST_MS - 60_000),
        ("0001-01-01T00:00:00Z", FIRST_MS),
        ("0001-01-01T01:00:00+01:00", FIRST_MS),
        ("1969-12-31T23:59:59.9999Z", -1),
        ("2026-11-21T07:30:00.0009Z", 1_795_246_200_000),
        ("9999-12-31T23:59:59-00:01", None),
        ("0001-01-01T00:00:00+00:01", None),
        ("0000-01-01T00:00:00Z", None),
        ("2026-02-29T00:00:00Z", None),
        ("2026-11-21T24:00:01Z", None),
        ("2026-11-21T07:30:00+29:00", None),
    ],
)
def test_a_time_is_read_to_the_millisecond_or_not_at_all(text: str, at_ms: int | None) -> None:
    assert from_rfc3339(text) == at_ms


@given(moments, st.integers(0, 999_999))
def test_what_is_finer_than_a_millisecond_is_cut(at_ms: int, more: int) -> None:
    assert from_rfc3339(f"{rfc3339(at_ms)[:-1]}{more:06d}Z") == at_ms
