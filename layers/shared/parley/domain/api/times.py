"""Times on the wire: RFC 3339, UTC, milliseconds. Inside, a time is an integer whose name ends in `_ms` or `_s`.

Only integers: a float has 53 bits, and rounds the last millisecond of the year 9999 into the year 10000.
"""

from datetime import UTC, date, datetime, timedelta

_MS = timedelta(milliseconds=1)
HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY = r"[0-9]{4}-[01][0-9]-[0-3][0-9]"
_TIME_OF_DAY = r"[Tt][0-2][0-9]:[0-5][0-9]:[0-6][0-9](\.[0-9]{1,9})?([Zz]|[+-][0-2][0-9]:[0-5][0-9])"
RFC3339_PATTERN = rf"^{_DAY}{_TIME_OF_DAY}$(?!\n)"
DAY_OR_TIME_PATTERN = rf"^{_DAY}({_TIME_OF_DAY})?$(?!\n)"


def rfc3339(at_ms: int) -> str:
    """Returns `2026-11-21T07:30:00.123Z` for milliseconds since the epoch, from the year 1 to the year 9999."""
    days, ms = divmod(at_ms, DAY_MS)
    # `isoformat` writes four digits of the year; `%Y` writes year 1 as `1`, or as `0001`, as the C library likes.
    day = date.fromordinal(EPOCH.toordinal() + days).isoformat()
    s, ms = divmod(ms, 1000)
    return f"{day}T{s // 3600:02d}:{s // 60 % 60:02d}:{s % 60:02d}.{ms:03d}Z"


def rfc3339_or_none(at_ms: int | None) -> str | None:
    """Returns the time on the wire, or None for None."""
    return None if at_ms is None else rfc3339(at_ms)


def hour(at_ms: int) -> int:
    """Returns whole hours since the epoch. The list of conversations is indexed by them."""
    return at_ms // HOUR_MS


def from_rfc3339(text: str) -> int | None:
    """Returns a time in ms since the epoch, cut and never rounded up; None if no calendar has it.

    None also if UTC cannot write it: before the year 1, or after the year 9999.
    """
    try:
        return (datetime.fromisoformat(text.upper().replace("Z", "+00:00")).astimezone(UTC) - EPOCH) // _MS
    except (ValueError, OverflowError):
        return None


def from_day_or_time(text: str) -> int | None:
    """Returns a time in ms since the epoch, that of its midnight in UTC for a day; None if no calendar has it."""
    return from_rfc3339(text if len(text) > len("2026-11-21") else f"{text}T00:00:00Z")
