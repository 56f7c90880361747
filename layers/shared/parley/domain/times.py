"""Times on the wire: RFC 3339, UTC, milliseconds. Inside, a time is an integer whose name ends in `_ms` or `_s`."""

from datetime import UTC, datetime

HOUR_MS = 3_600_000
RFC3339_PATTERN = (
    r"^[0-9]{4}-[01][0-9]-[0-3][0-9][Tt][0-2][0-9]:[0-5][0-9]:[0-6][0-9](\.[0-9]{1,9})?"
    r"([Zz]|[+-][0-2][0-9]:[0-5][0-9])$(?!\n)"
)


def rfc3339(at_ms: int) -> str:
    """Returns `2026-11-21T07:30:00.123Z` for milliseconds since the epoch."""
    whole, ms = divmod(at_ms, 1000)
    return f"{datetime.fromtimestamp(whole, UTC):%Y-%m-%dT%H:%M:%S}.{ms:03d}Z"


def rfc3339_or_none(at_ms: int | None) -> str | None:
    """Returns the time on the wire, or None for one that has not come."""
    return None if at_ms is None else rfc3339(at_ms)


def hour(at_ms: int) -> int:
    """Returns whole hours since the epoch: the grain at which the list of conversations is indexed."""
    return at_ms // HOUR_MS


def from_rfc3339(text: str) -> int | None:
    """Returns a time in ms since the epoch, or None for one that no calendar has, or that UTC cannot write."""
    try:
        return int(datetime.fromisoformat(text.upper().replace("Z", "+00:00")).astimezone(UTC).timestamp() * 1000)
    except (ValueError, OverflowError):
        return None
