"""Business time: how much of it lies between two instants, and when an amount of it is over.

Opening hours are local times of a time zone, so a day with a change of the clock is an hour shorter or longer. A local
time that a change leaves out counts as the time after the change; of one that comes twice the first counts (PEP 495).
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from msgspec import Struct

DAY_MINUTES = 24 * 60
MONTH_DAYS = 30  # whose open spans are reckoned at once
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
# The search for open time ends after this many days. A desk opens at least once in it, so that it finds an end: see
# `policy.py`, which refuses targets that cannot be met within a year.
MAX_DAYS = 3 * 366


class Span(Struct, frozen=True):
    """Open time of a day, in minutes since its midnight; `until` is at most 1,440, the end of the day."""

    start: int
    until: int


class Hours(Struct, frozen=True, kw_only=True):
    """The opening hours of a desk: by weekday (0 is Monday), none on holidays."""

    time_zone: str
    week: tuple[tuple[Span, ...], ...]
    holidays: frozenset[date] = frozenset()

    @property
    def minutes_a_week(self) -> int:
        return sum(span.until - span.start for spans in self.week for span in spans)

    def business_ms(self, start_ms: int, end_ms: int) -> int:
        """Returns the open milliseconds from `start_ms` to `end_ms`; 0 if the end is not later."""
        total = 0
        for opens_ms, closes_ms in self._open_spans(start_ms):
            if opens_ms >= end_ms:
                break
            total += min(closes_ms, end_ms) - max(opens_ms, start_ms)
        return total

    def after(self, start_ms: int, amount_ms: int) -> int | None:
        """Returns the instant at which `amount_ms` of open time has passed since `start_ms`.

        For 0 or less that is `start_ms`, also at night. None if it is more than `MAX_DAYS` away.
        """
        if amount_ms <= 0:
            return start_ms
        left = amount_ms
        for opens_ms, closes_ms in self._open_spans(start_ms):
            begins_ms = max(opens_ms, start_ms)
            if closes_ms - begins_ms >= left:
                return begins_ms + left
            left -= closes_ms - begins_ms
        return None

    def closes_ms(self, at_ms: int, until_ms: int) -> int | None:
        """Returns the first instant from `at_ms` on at which the desk is closed; None if that is not before another."""
        end_ms = at_ms
        for opens_ms, closes_ms in self._open_spans(at_ms):
            if opens_ms > end_ms or end_ms >= until_ms:
                break
            end_ms = closes_ms
        return end_ms if end_ms < until_ms else None

    def is_open(self, at_ms: int) -> bool:
        """Says whether the desk is open."""
        return next(self._open_spans(at_ms), (at_ms + 1, 0))[0] <= at_ms

    def _open_spans(self, start_ms: int) -> Iterator[tuple[int, int]]:
        """Yields the open spans that end after `start_ms`, ascending, of `MAX_DAYS` days."""
        first = datetime.fromtimestamp(start_ms / 1000, _zone(self.time_zone)).date()
        begin, end = first.toordinal(), first.toordinal() + MAX_DAYS
        for month in range(begin // MONTH_DAYS, (end - 1) // MONTH_DAYS + 1):
            for day, opens_ms, closes_ms in _month(self, month):
                if begin <= day < end and closes_ms > max(start_ms, opens_ms):
                    yield opens_ms, closes_ms


def around_the_clock() -> Hours:
    """Returns the hours of a desk that never closes."""
    return Hours(time_zone="UTC", week=((Span(0, DAY_MINUTES),),) * len(DAYS))


def weekly(spans: Mapping[str, tuple[Span, ...]]) -> tuple[tuple[Span, ...], ...]:
    """Returns the week of named days; days that are not named are closed."""
    return tuple(spans.get(day, ()) for day in DAYS)


@lru_cache(maxsize=64)
def _month(hours: Hours, number: int) -> tuple[tuple[int, int, int], ...]:
    """Returns the open spans of `MONTH_DAYS` days, each with its day: the clocks of a ticket ask for them again."""
    found = []
    for ordinal in range(number * MONTH_DAYS, (number + 1) * MONTH_DAYS):
        day = date.fromordinal(ordinal)
        for span in () if day in hours.holidays else hours.week[day.weekday()]:
            found.append((ordinal, _at(hours, day, span.start), _at(hours, day, span.until)))
    return tuple(found)


def _at(hours: Hours, day: date, minutes: int) -> int:
    """Returns the instant of a local time of a day, in milliseconds since 1970."""
    if minutes == DAY_MINUTES:
        day, minutes = day + timedelta(days=1), 0
    zone = _zone(hours.time_zone)
    local = datetime(day.year, day.month, day.day, minutes // 60, minutes % 60, tzinfo=zone)
    return int(local.astimezone(UTC).timestamp()) * 1000


@lru_cache(maxsize=16)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)
