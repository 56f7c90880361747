"""Reads what a desk promises: its time zone, hours and targets, from the desk's file or from a request.

A mistake names its place by keys; its reader makes of it the line of a file, or the pointer of a body.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import date

from parley.domain.api import time_zones
from parley.domain.support.clocks import Target
from parley.domain.support.desk import PRIORITIES, Priority
from parley.domain.support.hours import DAYS, Hours, Span, around_the_clock, weekly
from parley.domain.text.toml_file import meant

MAX_HOLIDAYS = 400
MAX_SPANS = 10  # of a day
WEEKS_A_YEAR = 52

_span = re.compile(r"([01][0-9]|2[0-4]):([0-5][0-9])-([01][0-9]|2[0-4]):([0-5][0-9])")
_duration = re.compile(r"([1-9][0-9]{0,5})([mh])")

Targets = Mapping[tuple[Priority, str | None], Target]


class Mistake(Exception):
    """A promise makes no sense: in which key, and the code that a request's field gets."""

    def __init__(self, words: str, *path: str, code: str = "not_allowed", limit: int | None = None) -> None:
        super().__init__(words)
        self.path = path
        self.code = code
        self.limit = limit


def hours_of(time_zone: str, table: Mapping[str, Sequence[str]]) -> Hours:
    """Returns the hours of a table `[hours]`, around the clock for an empty one; raises Mistake."""
    check_time_zone(time_zone)
    named = {name: texts for name, texts in table.items() if name != "holidays"}
    for day in named:
        if day not in DAYS:
            words = f"[hours] `{day}` is neither a weekday nor `holidays`{meant(day, (*DAYS, 'holidays'))}"
            raise Mistake(words, "hours", day)
    closed = _holidays(table.get("holidays", ()))
    if not named:
        return Hours(time_zone=time_zone, week=around_the_clock().week, holidays=closed)
    week = weekly({day: _spans(day, texts) for day, texts in named.items()})
    hours = Hours(time_zone=time_zone, week=week, holidays=closed)
    if hours.minutes_a_week == 0:
        raise Mistake("[hours] never open", "hours")
    return hours


def check_time_zone(name: str) -> None:
    """Returns for a time zone that is known; raises Mistake."""
    if not time_zones.is_time_zone(name):
        words = f'time_zone "{name}" is not in the IANA time zone database'
        raise Mistake(f"{words}{meant(name, sorted(time_zones.names()))}", "time_zone")


def _holidays(texts: Sequence[str]) -> frozenset[date]:
    if len(texts) > MAX_HOLIDAYS:
        words = f"[hours] has more than {MAX_HOLIDAYS} holidays"
        raise Mistake(words, "hours", "holidays", code="too_many_items", limit=MAX_HOLIDAYS)
    return frozenset(_holiday(text) for text in texts)


def _holiday(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        words = f'[hours] holiday "{text}" is no date, YYYY-MM-DD'
        raise Mistake(words, "hours", "holidays", code="bad_format") from None


def _spans(day: str, texts: Sequence[str]) -> tuple[Span, ...]:
    if len(texts) > MAX_SPANS:
        words = f"[hours] {day} has more than {MAX_SPANS} spans"
        raise Mistake(words, "hours", day, code="too_many_items", limit=MAX_SPANS)
    spans = [_span_of(day, text) for text in texts]
    for before, after in zip(spans, spans[1:], strict=False):
        if after.start < before.until:
            raise Mistake(f"[hours] {day}: the spans overlap, or are not in their order", "hours", day)
    return tuple(spans)


def _span_of(day: str, text: str) -> Span:
    found = _span.fullmatch(text)
    if found is None:
        words = f'[hours] {day}: "{text}" is no span of hours, 09:00-17:00'
        raise Mistake(words, "hours", day, code="bad_format")
    start, until = (int(found[part]) * 60 + int(found[part + 1]) for part in (1, 3))
    if not start < until <= 24 * 60:
        raise Mistake(f'[hours] {day}: "{text}" does not end after its start, at 24:00 or before', "hours", day)
    return Span(start, until)


def targets_of(
    tables: Mapping[str, Mapping[str, str | Mapping[str, str]]], hours: Hours, categories: Collection[str]
) -> dict[tuple[Priority, str | None], Target]:
    """Returns the targets of the tables `[targets]`, by priority and category; raises Mistake."""
    found: dict[tuple[Priority, str | None], Target] = {}
    for name, table in tables.items():
        priority = next((known for known in PRIORITIES if known == name), None)
        if priority is None:
            words = f"[targets.{name}]: a priority is one of {', '.join(PRIORITIES)}{meant(name, PRIORITIES)}"
            raise Mistake(words, "targets", name)
        general = {key: value for key, value in table.items() if isinstance(value, str)}
        found[priority, None] = _target(hours, general, "targets", name)
        for category, own in table.items():
            if isinstance(own, str):
                continue
            if category not in categories:
                words = f"[targets.{name}.{category}]: there is no such category"
                raise Mistake(f"{words}{meant(category, tuple(categories))}", "targets", name, category)
            found[priority, category] = _target(hours, own, "targets", name, category)
    return found


def _target(hours: Hours, table: Mapping[str, str], *path: str) -> Target:
    known = Target.__struct_fields__
    for key in table:
        if key not in known:
            words = f"[{'.'.join(path)}] has an unknown key `{key}`{meant(key, known)}"
            raise Mistake(words, *path, key, code="unknown_field")
    return Target(**{key: _duration_of(hours, text, *path, key) for key, text in table.items()})


def _duration_of(hours: Hours, text: str, *path: str) -> int:
    """Returns a duration in milliseconds of business time."""
    found = _duration.fullmatch(text)
    if found is None:
        raise Mistake(f'{".".join(path)} "{text}" is no duration, 30m or 8h', *path, code="bad_format")
    minutes = int(found[1]) * (60 if found[2] == "h" else 1)
    if minutes > minutes_a_year(hours):
        raise Mistake(f'{".".join(path)} "{text}" is more than the desk is open in a year', *path)
    return minutes * 60_000


def minutes_a_year(hours: Hours) -> int:
    """Returns the longest target that a desk with these hours may have."""
    return hours.minutes_a_week * WEEKS_A_YEAR
