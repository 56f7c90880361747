"""Days of the figures: `2026-11-29`, in UTC."""

from datetime import date, timedelta
from typing import Annotated

from parley.domain.api.errors import Field, Invalid
from parley.domain.api.fields import form
from parley.domain.api.times import DAY_MS, EPOCH

MAX_DAYS = 366
DEFAULT_DAYS = 30
DAY_PATTERN = r"^[0-9]{4}-[01][0-9]-[0-3][0-9]$(?!\n)"

Day = Annotated[str, form(DAY_PATTERN, "write a day as 2026-11-21", 10)]


def day_of(at_ms: int) -> str:
    """Returns the day of a time in ms since the epoch."""
    return date.fromordinal(EPOCH.toordinal() + at_ms // DAY_MS).isoformat()


def days_between(first: str, last: str) -> list[str]:
    """Returns the days from `first` to `last`, both among them.

    Raises Invalid, naming the field, for a day that no calendar has, an order that is wrong, and more than `MAX_DAYS`.
    """
    start, end = _date(first, "?from"), _date(last, "?to")
    count = (end - start).days + 1
    if count < 1:
        both = (Field("?from", "contradiction"), Field("?to", "contradiction"))
        raise Invalid("invalid_request", "`to` is before `from`.", fields=both)
    if count > MAX_DAYS:
        detail = f"These are {count} days; {MAX_DAYS} are possible."
        raise Invalid("invalid_request", detail, fields=(Field("?to", "too_large", MAX_DAYS),))
    return [(start + timedelta(days=number)).isoformat() for number in range(count)]


def range_of(first: str | None, last: str | None, today: str) -> list[str]:
    """Returns the days that a query names: up to today, and 30 of them, if it does not say otherwise."""
    end = last or today
    before = max(date.min.toordinal(), _date(end, "?to").toordinal() - DEFAULT_DAYS + 1)
    return days_between(first or date.fromordinal(before).isoformat(), end)


def _date(text: str, pointer: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Invalid.field(pointer, "bad_format", "No calendar has this day.") from None
