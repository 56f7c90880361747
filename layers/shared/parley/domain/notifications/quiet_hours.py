"""Quiet hours: local times of each week in which a person is not disturbed, in their own time zone.

The clock on the wall decides. So `22:00` to `07:00` ends at seven also in the night of a change:
that night is an hour shorter or longer. A time that comes twice is quiet both times.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from msgspec import Struct

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY_MINUTES = 24 * 60
MAX_SPANS = 5  # of one day
MINUTE_MS = 60_000
MAX_DAYS = 8  # after a week everything has come once


class QuietSpan(Struct, frozen=True, array_like=True):
    """Minutes since midnight from `start` until before `end`; over midnight if the end is not later."""

    start: int
    end: int


class QuietHours(Struct, frozen=True, kw_only=True):
    """The quiet hours of a person: by weekday (0 is Monday) the spans that begin on it."""

    time_zone: str
    week: tuple[tuple[QuietSpan, ...], ...]

    def covers(self, at_ms: int) -> bool:
        """Says whether a person is not to be disturbed."""
        local = datetime.fromtimestamp(at_ms // 1000, _zone(self.time_zone))
        minute = local.hour * 60 + local.minute
        today, yesterday = local.weekday(), (local - timedelta(days=1)).weekday()
        return any(
            span.start <= minute < span.end or (span.end <= span.start <= minute) for span in self.week[today]
        ) or any(span.end <= span.start and minute < span.end for span in self.week[yesterday])

    def until_ms(self, at_ms: int) -> int | None:
        """Returns when the quiet hours of an instant end: the instant if it is in none, None if they never do."""
        if not self.covers(at_ms):
            return at_ms
        first = at_ms // MINUTE_MS + 1
        minutes = range(first, first + MAX_DAYS * DAY_MINUTES)
        return next((minute * MINUTE_MS for minute in minutes if not self.covers(minute * MINUTE_MS)), None)


def minutes_of(text: str) -> int:
    """Returns the minutes since midnight of `22:00`."""
    return int(text[:2]) * 60 + int(text[3:])


def time_of(minutes: int) -> str:
    """Returns minutes since midnight as `22:00`."""
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def weekly(spans: Mapping[str, tuple[QuietSpan, ...]]) -> tuple[tuple[QuietSpan, ...], ...]:
    """Returns the week of named days; days that are not named have no quiet hours."""
    return tuple(spans.get(day, ()) for day in DAYS)


@lru_cache(maxsize=256)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)
