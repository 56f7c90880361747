"""Business time: counted minute by minute as a person would, over changes of the clock and holidays."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parley.domain.support.hours import DAY_MINUTES, DAYS, MAX_DAYS, Hours, Span, around_the_clock, weekly

MINUTE, HOUR = 60_000, 3_600_000
ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "America/Santiago"]


def ms(text: str, zone: str = "UTC") -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()) * 1000


def office(zone: str = "Europe/Berlin", *holidays: str) -> Hours:
    days = {day: (Span(9 * 60, 17 * 60),) for day in DAYS[:5]}
    return Hours(time_zone=zone, week=weekly(days), holidays=frozenset(date.fromisoformat(day) for day in holidays))


@st.composite
def desks(draw: st.DrawFn) -> Hours:
    """Returns hours whose spans do not begin or end between 0:00 and 4:00, when clocks change."""
    boundary = st.one_of(st.just(0), st.integers(240, DAY_MINUTES))
    week = []
    for _ in DAYS:
        ends = sorted(draw(st.lists(boundary, max_size=4, unique=True)))
        week.append(tuple(Span(start, until) for start, until in zip(ends[::2], ends[1::2], strict=False)))
    if not any(week):
        week[draw(st.integers(0, 6))] = (Span(540, 600),)
    around = [date(2026, 3, 7) + timedelta(days=number) for number in range(30)]
    holidays = draw(st.sets(st.sampled_from(around), max_size=3))
    return Hours(time_zone=draw(st.sampled_from(ZONES)), week=tuple(week), holidays=frozenset(holidays))


def counted(hours: Hours, start_ms: int, end_ms: int) -> int:
    """Returns the open minutes between two whole minutes, in milliseconds, by looking at each."""
    zone, found = ZoneInfo(hours.time_zone), 0
    for at_ms in range(start_ms, end_ms, MINUTE):
        local = datetime.fromtimestamp(at_ms / 1000, zone)
        minute = local.hour * 60 + local.minute
        spans = () if local.date() in hours.holidays else hours.week[local.weekday()]
        found += any(span.start <= minute < span.until for span in spans)
    return found * MINUTE


# In these weeks the clocks change in New York (2026-03-08), Berlin (03-29), Santiago and on Lord Howe (04-05).
starts = st.integers(0, 32 * 24 * 60).map(lambda minutes: ms("2026-03-07T00:00") + minutes * MINUTE)


@settings(max_examples=40, deadline=None)
@given(desks(), starts, st.integers(0, 4 * 24 * 60))
def test_business_time_is_what_a_count_of_minutes_gives(hours: Hours, start_ms: int, minutes: int) -> None:
    end_ms = start_ms + minutes * MINUTE

    assert hours.business_ms(start_ms, end_ms) == counted(hours, start_ms, end_ms)


@settings(max_examples=100, deadline=None)
@given(desks(), starts, st.integers(1, 200 * HOUR))
def test_amount_is_over_at_the_first_instant_at_which_it_has_passed(hours: Hours, start_ms: int, amount: int) -> None:
    end_ms = hours.after(start_ms, amount)

    if end_ms is None:  # a desk that is open for an hour a week
        assert hours.business_ms(start_ms, start_ms + (MAX_DAYS - 2) * 24 * HOUR) < amount
        return
    assert hours.business_ms(start_ms, end_ms) == amount
    assert hours.business_ms(start_ms, end_ms - 1) == amount - 1


@settings(max_examples=60, deadline=None)
@given(desks(), starts, st.integers(0, 50 * HOUR), st.integers(0, 50 * HOUR))
def test_business_time_of_two_parts_adds_up(hours: Hours, start_ms: int, first: int, second: int) -> None:
    middle, end = start_ms + first, start_ms + first + second

    parts = hours.business_ms(start_ms, middle) + hours.business_ms(middle, end)
    assert parts == hours.business_ms(start_ms, end)


@pytest.mark.parametrize(
    ("day", "hours_of_day"),
    [("2026-03-29", 23), ("2026-10-25", 25), ("2026-06-01", 24)],
    ids=["spring", "autumn", "day"],
)
def test_day_with_a_change_of_the_clock_has_its_own_length(day: str, hours_of_day: int) -> None:
    open_always = Hours(time_zone="Europe/Berlin", week=around_the_clock().week)
    following = str(date.fromisoformat(day) + timedelta(days=1))

    found = open_always.business_ms(ms(f"{day}T00:00", "Europe/Berlin"), ms(f"{following}T00:00", "Europe/Berlin"))

    assert found == hours_of_day * HOUR


def test_four_hours_from_friday_afternoon_end_on_monday() -> None:
    end_ms = office().after(ms("2026-11-27T16:00", "Europe/Berlin"), 4 * HOUR)

    assert end_ms == ms("2026-11-30T12:00", "Europe/Berlin")


def test_holiday_is_closed() -> None:
    end_ms = office("Europe/Berlin", "2026-11-30").after(ms("2026-11-27T16:00", "Europe/Berlin"), 4 * HOUR)

    assert end_ms == ms("2026-12-01T12:00", "Europe/Berlin")


def test_office_keeps_its_local_hours_when_the_clock_changes() -> None:
    friday, monday = ms("2026-03-27T16:59", "Europe/Berlin"), ms("2026-03-30T09:01", "Europe/Berlin")

    assert office().business_ms(friday, monday) == 2 * MINUTE
    assert monday - friday == (64 * 60 + 2 - 60) * MINUTE  # an hour of the night is missing


def test_span_that_ends_in_the_missing_hour_ends_when_the_clock_has_changed() -> None:
    night = Hours(time_zone="Europe/Berlin", week=((Span(60, 150),),) * 7)  # 01:00 to 02:30
    start = ms("2026-03-29T00:00", "Europe/Berlin")

    assert night.business_ms(start, start + 5 * HOUR) == 90 * MINUTE


def test_nothing_to_wait_for_is_over_at_once_also_at_night() -> None:
    night = ms("2026-11-28T23:00", "Europe/Berlin")

    assert office().after(night, 0) == night
    assert office().after(night, -5) == night
    assert not office().is_open(night)
    assert office().is_open(ms("2026-11-27T09:00", "Europe/Berlin"))
    assert not office().is_open(ms("2026-11-27T17:00", "Europe/Berlin"))


def test_amount_that_is_too_far_away_has_no_end() -> None:
    rare = Hours(time_zone="UTC", week=weekly({"monday": (Span(0, 1),)}))

    assert rare.after(0, (MAX_DAYS // 7 + 2) * MINUTE) is None
    assert rare.business_ms(0, ms("2300-01-01T00:00")) <= (MAX_DAYS // 7 + 1) * MINUTE


def test_zone_is_of_the_desk_and_not_of_the_machine() -> None:
    at = datetime(2026, 11, 27, 8, 30, tzinfo=UTC)  # 09:30 in Berlin

    assert office().is_open(int(at.timestamp()) * 1000)
    assert not office("America/New_York").is_open(int(at.timestamp()) * 1000)
