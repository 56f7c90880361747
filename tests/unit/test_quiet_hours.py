"""Quiet hours: what a clock on the wall shows decides, over midnight and in the nights in which the clocks change."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.domain.api.times import DAY_MS, HOUR_MS
from parley.domain.notifications.quiet_hours import (
    DAY_MINUTES,
    DAYS,
    MINUTE_MS,
    QuietHours,
    QuietSpan,
    minutes_of,
    time_of,
    weekly,
)

NIGHT = QuietSpan(minutes_of("22:00"), minutes_of("07:00"))
ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia")
A_YEAR = st.integers(1_782_864_000, 1_814_400_000)  # from July 2026 to July 2027, in seconds

starts = st.integers(0, DAY_MINUTES - 1)
spans = st.builds(QuietSpan, starts, st.integers(0, DAY_MINUTES)).filter(lambda span: span.start != span.end)
weeks = st.tuples(*(st.lists(spans, max_size=2).map(tuple) for _ in DAYS))
hours = st.builds(QuietHours, time_zone=st.sampled_from(ZONES), week=weeks)


def nightly(time_zone: str = "Europe/Berlin") -> QuietHours:
    return QuietHours(time_zone=time_zone, week=((NIGHT,),) * 7)


def at(text: str) -> int:
    """Returns a time of UTC in milliseconds since 1970."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


def quiet_minutes(quiet: QuietHours) -> set[tuple[int, int]]:
    """Returns weekday and minute of everything that is quiet, counted one by one."""
    found = set()
    for day, of_day in enumerate(quiet.week):
        for span in of_day:
            length = (span.end - span.start) % DAY_MINUTES or DAY_MINUTES
            for minute in range(span.start, span.start + length):
                found.add(((day + minute // DAY_MINUTES) % 7, minute % DAY_MINUTES))
    return found


@given(hours, A_YEAR)
def test_what_the_clock_on_the_wall_shows_decides(quiet: QuietHours, at_s: int) -> None:
    local = datetime.fromtimestamp(at_s, ZoneInfo(quiet.time_zone))
    is_quiet = (local.weekday(), local.hour * 60 + local.minute) in quiet_minutes(quiet)

    assert quiet.covers(at_s * 1000) == is_quiet


@given(hours, A_YEAR)
def test_quiet_hours_end_at_the_first_minute_that_is_not_quiet(quiet: QuietHours, at_s: int) -> None:
    at_ms = at_s * 1000
    until_ms = quiet.until_ms(at_ms)

    if until_ms is None:
        assert all(quiet.covers(at_ms + hour * HOUR_MS) for hour in range(7 * 24))
    elif until_ms == at_ms:
        assert not quiet.covers(at_ms)
    else:
        assert not quiet.covers(until_ms)
        assert all(quiet.covers(each) for each in range(at_ms, until_ms, 7 * MINUTE_MS))
        assert quiet.covers(until_ms - MINUTE_MS) and until_ms - at_ms <= 8 * DAY_MS


@pytest.mark.parametrize(
    ("moment", "is_quiet"),
    [
        ("2026-11-29T20:59:59", False),  # 21:59:59 in Berlin
        ("2026-11-29T21:00:00", True),
        ("2026-11-29T23:30:00", True),  # after midnight there
        ("2026-11-30T05:59:59", True),
        ("2026-11-30T06:00:00", False),
        ("2026-07-01T19:59:59", False),  # in summer an hour earlier in UTC
        ("2026-07-01T20:00:00", True),
    ],
)
def test_a_night_runs_over_midnight(moment: str, is_quiet: bool) -> None:
    assert nightly().covers(at(moment)) == is_quiet


def test_the_night_in_which_the_clocks_go_forward_is_an_hour_shorter() -> None:
    begins, ends = at("2027-03-27T21:00:00"), at("2027-03-28T05:00:00")  # 22:00 CET to 07:00 CEST

    assert not nightly().covers(begins - 1) and nightly().covers(begins)
    assert nightly().until_ms(begins) == ends and ends - begins == 8 * HOUR_MS


def test_the_night_in_which_the_clocks_go_back_is_an_hour_longer() -> None:
    begins, ends = at("2026-10-24T20:00:00"), at("2026-10-25T06:00:00")  # 22:00 CEST to 07:00 CET

    assert not nightly().covers(begins - 1) and nightly().covers(begins)
    assert nightly().until_ms(begins) == ends and ends - begins == 10 * HOUR_MS


def test_quiet_hours_that_end_in_the_hour_left_out_end_with_the_change() -> None:
    early = QuietHours(time_zone="Europe/Berlin", week=((QuietSpan(60, 150),),) * 7)  # 01:00 to 02:30

    assert early.until_ms(at("2027-03-28T00:30:00")) == at("2027-03-28T01:00:00")


def test_a_time_that_comes_twice_is_quiet_both_times() -> None:
    early = QuietHours(time_zone="Europe/Berlin", week=((QuietSpan(135, 165),),) * 7)  # 02:15 to 02:45

    assert early.covers(at("2026-10-25T00:30:00")) and early.covers(at("2026-10-25T01:30:00"))


def test_a_span_belongs_to_the_day_on_which_it_begins() -> None:
    sunday = QuietHours(time_zone="UTC", week=weekly({"sun": (NIGHT,)}))

    assert sunday.covers(at("2026-11-30T06:00:00"))  # Monday morning
    assert not sunday.covers(at("2026-11-30T22:00:00")) and not sunday.covers(at("2026-11-29T06:00:00"))


def test_a_whole_week_never_ends() -> None:
    always = QuietHours(time_zone="UTC", week=((QuietSpan(0, DAY_MINUTES),),) * 7)

    assert always.until_ms(at("2026-11-29T12:00:00")) is None


@given(st.integers(0, DAY_MINUTES))
def test_a_time_of_the_day_is_read_as_it_was_written(minutes: int) -> None:
    assert minutes_of(time_of(minutes)) == minutes
