"""Reads the configuration of a support desk from TOML, and refuses a mistake with its line.

time_zone = "Europe/Berlin"             # of the hours, and of dates; "UTC" if left out
teams = ["bookings", "billing"]         # may be left out, as all that follows but the categories
skills = ["german"]
warn_percent = 80                       # the share of a target after which a clock warns
after_reply = "waiting_on_customer"     # the status of an open ticket after a reply of the desk; left out: as it was
out_of_hours = "We open at 9:00 and will answer then."           # the answer to a new ticket while the desk is closed

[hours]                                 # left out: around the clock
monday = ["09:00-12:00", "13:00-17:00"] # a day that is left out is closed
friday = ["09:00-24:00"]
holidays = ["2026-12-25"]

[categories.booking]                    # at least one; the first is the default
name = "Bookings"
team = "bookings"
skill = "german"
acknowledgement = "Thank you. We have your ticket and answer within a day."

[targets.urgent]                        # by priority: low, medium, high, urgent
first_response = "1h"                   # business time in minutes (30m) or hours (8h)
next_response = "2h"
resolution = "16h"

[targets.urgent.booking]                # of one category; it stands for the whole target of the priority
first_response = "30m"

[assignment]                            # left out: agents take tickets, or others assign them
method = "round_robin"                  # or "least_busy"
limit = 10                              # open tickets of an agent; left out: 1,000
when_offline = "reassign"               # or "unassign"; left out: an agent who is offline keeps their tickets
grace_minutes = 10                      # how long they may be offline before

[escalation.breach]                     # what a missed target does to a ticket that still waits; also `warning`
clocks = ["first_response"]             # left out: all three
priority = "urgent"                     # a lower one is raised to it
team = "billing"
assignee = "nobody"                     # takes it from its assignee

[closing]
resolved_after_days = 7                 # a resolved ticket closes itself; 0: never
notice_before_days = 2                  # the requester is told so before; 0: not told
notice = "We close your ticket soon."   # the words of the notice
archive_after_days = 30                 # a closed ticket leaves the queue
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Annotated, Literal

from msgspec import Meta, Struct, ValidationError, convert, inspect

from parley.domain.api.fields import NOT_BLANK, form, members
from parley.domain.support import policy
from parley.domain.support.clocks import ClockEventKind, ClockName
from parley.domain.support.desk import (
    CLOCKS,
    NAME_PATTERN,
    NAME_WORDS,
    NOTICE,
    Assignment,
    Category,
    Closing,
    Desk,
    Escalation,
    Priority,
)
from parley.domain.text.toml_file import Lines, meant, read_tables

MAX_NAME_CHARACTERS = 100
MAX_TEXT_CHARACTERS = 2_000
MAX_NAMES = 50  # categories, teams, skills
KINDS: tuple[ClockEventKind, ...] = ("warning", "breach")
MAX_DAYS = 3_650
MAX_LIMIT = 1_000
MAX_GRACE_MINUTES = 24 * 60

_path = re.compile(r" - at (`key` in )?`\$\.?(?P<path>[^`]*)`$")
_step = re.compile(r"\[[^\]]*\]|[^.\[]+")
_wrong_value = re.compile(r"Invalid enum value '(.*)'")
_wrong_key = re.compile(r"unknown field `([^`]*)`")

Name = Annotated[str, form(NAME_PATTERN, NAME_WORDS)]
Names = Annotated[tuple[Name, ...], Meta(max_length=MAX_NAMES)]
Title = Annotated[str, Meta(pattern=NOT_BLANK, max_length=MAX_NAME_CHARACTERS)]
Text = Annotated[str, Meta(pattern=NOT_BLANK, max_length=MAX_TEXT_CHARACTERS)]
Days = Annotated[int, Meta(ge=0, le=MAX_DAYS)]


class DeskError(Exception):
    """A configuration has a mistake; the message names file and line: `desk.toml:12: …`."""


class _Category(Struct, frozen=True, forbid_unknown_fields=True):
    name: Title
    team: Name | None = None
    skill: Name | None = None
    acknowledgement: Text | None = None


class _Closing(Struct, frozen=True, forbid_unknown_fields=True):
    resolved_after_days: Days = 7
    notice_before_days: Days = 2
    notice: Text = NOTICE
    archive_after_days: Days = 30


class _Assignment(Struct, frozen=True, forbid_unknown_fields=True):
    method: Literal["round_robin", "least_busy"] | None = None
    limit: Annotated[int, Meta(ge=1, le=MAX_LIMIT)] | None = None
    when_offline: Literal["keep", "unassign", "reassign"] = "keep"
    grace_minutes: Annotated[int, Meta(ge=1, le=MAX_GRACE_MINUTES)] = 10


class _Escalation(Struct, frozen=True, forbid_unknown_fields=True):
    clocks: Annotated[tuple[ClockName, ...], Meta(min_length=1, max_length=3)] = CLOCKS
    priority: Priority | None = None
    team: Name | None = None
    assignee: Literal["nobody"] | None = None


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    """The shape of the file; the meaning of its texts is checked after it."""

    categories: Annotated[dict[Name, _Category], Meta(min_length=1, max_length=MAX_NAMES)]
    time_zone: str = "UTC"
    teams: Names = ()
    skills: Names = ()
    warn_percent: Annotated[int, Meta(ge=1, le=100)] = 80
    after_reply: Literal["in_progress", "waiting_on_customer"] | None = None
    out_of_hours: Text | None = None
    hours: dict[str, tuple[str, ...]] = {}
    targets: dict[str, dict[str, str | dict[str, str]]] = {}
    escalation: dict[str, _Escalation] = {}
    closing: _Closing = _Closing()
    assignment: _Assignment = _Assignment()


def load(text: str, source: str) -> Desk:
    """Returns the desk that `text` describes; raises DeskError for a mistake; `source` names its file."""
    tables, lines = read_tables(text, source, DeskError)

    def error(mistake: str, *path: str, word: str | None = None) -> DeskError:
        return DeskError(f"{source}:{lines.find(*path, word=word)}: {mistake}")

    return _Reader(source, _shape(tables, source, lines), error).desk()


def _shape(tables: Mapping[str, object], source: str, lines: Lines) -> _File:
    try:
        return convert(tables, type=_File)
    except ValidationError as error:
        mistake = str(error)
        found = _path.search(mistake)
        path = [part for part in re.split(r"[.\[\]]+", found["path"]) if part] if found else []
        unknown = _wrong_key.search(mistake)
        named = [part for part in path if not part.isdigit()]  # an item stands in the line of its list
        line = lines.find(*named, *([unknown[1]] if unknown else []))
        right = _right(_path.sub("", mistake), _step.findall(found["path"]) if found else [])
        raise DeskError(f"{source}:{line}: {'.'.join(path) or 'the file'}: {right}") from None


def _right(mistake: str, steps: Sequence[str]) -> str:
    """Returns msgspec's sentence on a mistake with what would be right; `steps` lead to the place of the mistake."""
    if "matching regex" in mistake:
        return "it is blank" if repr(NOT_BLANK) in mistake else NAME_WORDS
    kinds = members(inspect.type_info(_File))
    for step in steps:
        kinds = _inside(kinds, step)
    if value := _wrong_value.search(mistake):
        allowed = [str(each) for kind in kinds if isinstance(kind, inspect.LiteralType) for each in kind.values]
        return f"{mistake}; it is one of {', '.join(allowed)}{meant(value[1], allowed)}"
    if key := _wrong_key.search(mistake):
        names = [each.encode_name for kind in kinds if isinstance(kind, inspect.StructType) for each in kind.fields]
        return f"{mistake}{meant(key[1], names)}"
    return mistake


def _inside(kinds: Sequence[inspect.Type], step: str) -> tuple[inspect.Type, ...]:
    """Returns the types that a field, a value of a table, or an item of a list may have."""
    found: list[inspect.Type] = []
    for kind in kinds:
        if isinstance(kind, inspect.StructType):
            found += [each.type for each in kind.fields if each.encode_name == step]
        elif isinstance(kind, inspect.DictType):
            found.append(kind.value_type)
        elif isinstance(kind, inspect.CollectionType):
            found.append(kind.item_type)
    return tuple(member for each in found for member in members(each))


class _Reader:
    """Turns the tables into a desk, and reports the line of a value that makes no sense."""

    def __init__(self, source: str, file: _File, error: Callable[..., DeskError]) -> None:
        self._source = source
        self._file = file
        self._error = error

    def desk(self) -> Desk:
        file = self._file
        self._check_once(file.teams, "teams")
        self._check_once(file.skills, "skills")
        try:
            hours = policy.hours_of(file.time_zone, file.hours)
            targets = policy.targets_of(file.targets, hours, file.categories)
        except policy.Mistake as mistake:
            raise self._error(str(mistake), *mistake.path) from None
        return Desk(
            source=self._source,
            hours=hours,
            categories={name: self._category(name, table) for name, table in file.categories.items()},
            teams=file.teams,
            skills=file.skills,
            targets=targets,
            warn_percent=file.warn_percent,
            after_reply=file.after_reply,
            out_of_hours=file.out_of_hours,
            closing=self._closing(file.closing),
            assignment=self._assignment(file.assignment),
            escalations=self._escalations(),
        )

    def _check_once(self, names: Sequence[str], key: str) -> None:
        for name in names:
            if names.count(name) > 1:
                raise self._error(f'{key} names "{name}" twice', key)

    def _category(self, name: str, table: _Category) -> Category:
        for key, known in (("team", self._file.teams), ("skill", self._file.skills)):
            value = getattr(table, key)
            if value is not None and value not in known:
                mistake = f'[categories.{name}] {key} "{value}" is not among `{key}s`{meant(value, known)}'
                raise self._error(mistake, "categories", name, key)
        return Category(name=table.name, team=table.team, skill=table.skill, acknowledgement=table.acknowledgement)

    def _assignment(self, table: _Assignment) -> Assignment:
        if table.limit is not None and table.method is None:
            raise self._error("[assignment] limit holds for a `method`", "assignment", "limit")
        if table.when_offline == "reassign" and table.method is None:
            mistake = '[assignment] when_offline = "reassign" needs a `method`'
            raise self._error(mistake, "assignment", "when_offline")
        return Assignment(
            method=table.method,
            limit=table.limit,
            when_offline=table.when_offline,
            grace_minutes=table.grace_minutes,
        )

    def _closing(self, table: _Closing) -> Closing:
        if table.resolved_after_days and table.notice_before_days >= table.resolved_after_days:
            mistake = "[closing] notice_before_days must be less than resolved_after_days"
            raise self._error(mistake, "closing", "notice_before_days")
        return Closing(
            resolved_after_days=table.resolved_after_days,
            notice_before_days=table.notice_before_days if table.resolved_after_days else 0,
            notice=table.notice,
            archive_after_days=table.archive_after_days,
        )

    def _escalations(self) -> dict[ClockEventKind, Escalation]:
        found: dict[ClockEventKind, Escalation] = {}
        for name, table in self._file.escalation.items():
            kind = next((known for known in KINDS if known == name), None)
            if kind is None:
                mistake = f"[escalation.{name}]: it is of a {' or a '.join(KINDS)}{meant(name, KINDS)}"
                raise self._error(mistake, "escalation", name)
            found[kind] = self._escalation(kind, table)
        return found

    def _escalation(self, kind: ClockEventKind, table: _Escalation) -> Escalation:
        path = ("escalation", kind)
        if table.team is not None and table.team not in self._file.teams:
            mistake = (
                f'[escalation.{kind}] team "{table.team}" is not among `teams`{meant(table.team, self._file.teams)}'
            )
            raise self._error(mistake, *path, "team")
        if table.priority is None and table.team is None and table.assignee is None:
            raise self._error(f"[escalation.{kind}] does nothing: it needs a priority, a team or an assignee", *path)
        promised = [target for target in self._promises() if any(target.get(name) for name in table.clocks)]
        if not promised:
            mistake = f"[escalation.{kind}] waits for clocks without a target: {', '.join(table.clocks)}"
            raise self._error(mistake, *path)
        return Escalation(
            clocks=table.clocks, priority=table.priority, team=table.team, to_nobody=table.assignee is not None
        )

    def _promises(self) -> Iterator[Mapping[str, object]]:
        """Yields the targets of the file, of priorities and of their categories."""
        for table in self._file.targets.values():
            yield table
            yield from (own for own in table.values() if not isinstance(own, str))
