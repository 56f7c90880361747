"""Schedules to functions: EventBridge rules and EventBridge Scheduler, by `rate(…)`, `cron(…)` and `at(…)`.

The invocation is asynchronous, as theirs is: a function that fails is tried again as its EventInvokeConfig says, and
then a note goes to the on-failure destination.
"""

import calendar
import json
import logging
import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from local.functions import Functions, InvocationError
from local.provision import Store
from local.template import Document, Template, TemplateError

log = logging.getLogger(__name__)

_UNITS = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1), "day": timedelta(days=1)}
_MONTHS = {name.upper(): number for number, name in enumerate(calendar.month_abbr) if name}
_DAYS = {name: number for number, name in enumerate(["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"], start=1)}
_DEFAULT_RETRIES = 2  # of an asynchronous invocation


class Expression(Protocol):
    """The times of a schedule."""

    def after(self, moment: datetime) -> datetime | None:
        """Returns the first time after `moment`; None if there is none."""


@dataclass(frozen=True)
class Rate:
    period: timedelta

    def after(self, moment: datetime) -> datetime:
        return moment + self.period


@dataclass(frozen=True)
class At:
    moment: datetime

    def after(self, moment: datetime) -> datetime | None:
        return self.moment if moment < self.moment else None


@dataclass(frozen=True)
class Cron:
    """`cron(minutes hours day-of-month month day-of-week year)`; Sunday is 1 (docs: "Cron expressions")."""

    minutes: frozenset[int]
    hours: frozenset[int]
    months: frozenset[int]
    years: frozenset[int]
    is_day: Callable[[datetime], bool]
    zone: tzinfo

    def after(self, moment: datetime) -> datetime | None:
        day = moment.astimezone(self.zone).replace(hour=0, minute=0, second=0, microsecond=0)
        times = [(hour, minute) for hour in sorted(self.hours) for minute in sorted(self.minutes)]
        while day.year <= max(self.years):
            if day.year in self.years and day.month in self.months and self.is_day(day):
                for hour, minute in times:
                    found = day.replace(hour=hour, minute=minute)
                    if found > moment:
                        return found.astimezone(UTC)
            day = (day + timedelta(days=1)).replace(hour=0)
        return None


def parse(expression: str, zone: tzinfo = UTC) -> Expression:
    """Returns the parsed expression; raises TemplateError."""
    found = re.fullmatch(r"(rate|cron|at)\((.*)\)", expression.strip())
    if not found:
        raise TemplateError(f"not a schedule: {expression}")
    try:
        match found[1]:
            case "rate":
                count, unit = found[2].split()
                if int(count) < 1 or unit.removesuffix("s") not in _UNITS or (int(count) == 1) == unit.endswith("s"):
                    raise ValueError("a rate is `1 minute` or `5 minutes`, hours and days likewise")
                return Rate(int(count) * _UNITS[unit.removesuffix("s")])
            case "at":
                return At(datetime.fromisoformat(found[2]).replace(tzinfo=zone).astimezone(UTC))
        return _cron(found[2].split(), zone)
    except ValueError as problem:
        raise TemplateError(f"not a schedule: {expression} ({problem})") from problem


def _cron(fields: list[str], zone: tzinfo) -> Cron:
    minutes, hours, day_of_month, month, day_of_week, year = fields
    if (day_of_month == "?") == (day_of_week == "?"):
        raise ValueError("one of day-of-month and day-of-week must be `?`")
    return Cron(
        minutes=_numbers(minutes, 0, 59),
        hours=_numbers(hours, 0, 23),
        months=_numbers(month, 1, 12, _MONTHS),
        years=_numbers(year, 1970, 2199),
        is_day=_days_of_month(day_of_month) if day_of_week == "?" else _days_of_week(day_of_week),
        zone=zone,
    )


def _numbers(field: str, least: int, most: int, names: dict[str, int] | None = None) -> frozenset[int]:
    """Returns the numbers of a field like `5`, `1,2`, `MON-FRI`, `*/15` or `0/15`."""
    names = names or {}

    def number(text: str) -> int:
        value = names.get(text.upper()) or int(text)
        if not least <= value <= most:
            raise ValueError(f"{text} is not between {least} and {most}")
        return value

    found: set[int] = set()
    for part in field.split(","):
        span, _, step = part.partition("/")
        start, dash, end = span.partition("-")
        first = least if start == "*" else number(start)
        last = number(end) if dash else most if start == "*" or step else first
        found |= set(range(first, last + 1, int(step or 1)))
    return frozenset(found)


def _days_of_month(field: str) -> Callable[[datetime], bool]:
    def last_of(day: datetime) -> int:
        return calendar.monthrange(day.year, day.month)[1]

    if field == "L":
        return lambda day: day.day == last_of(day)
    if field.endswith("W"):
        wanted = int(field[:-1])
        return lambda day: day.day == _nearest_weekday(day, min(wanted, last_of(day)), last_of(day))
    days = _numbers(field, 1, 31)
    return lambda day: day.day in days


def _nearest_weekday(day: datetime, wanted: int, last: int) -> int:
    weekday = day.replace(day=wanted).weekday()
    if weekday == 5:  # Saturday: the Friday before, unless that is last month's
        return wanted - 1 if wanted > 1 else wanted + 2
    if weekday == 6:
        return wanted + 1 if wanted < last else wanted - 2
    return wanted


def _days_of_week(field: str) -> Callable[[datetime], bool]:
    def number(day: datetime) -> int:
        return day.isoweekday() % 7 + 1

    if "#" in field:
        wanted, _, nth = field.partition("#")
        [on] = _numbers(wanted, 1, 7, _DAYS)
        return lambda day: number(day) == on and (day.day - 1) // 7 + 1 == int(nth)
    if field.endswith("L") and field != "L":
        [on] = _numbers(field[:-1], 1, 7, _DAYS)
        return lambda day: number(day) == on and day.day + 7 > calendar.monthrange(day.year, day.month)[1]
    days = frozenset({7}) if field == "L" else _numbers(field, 1, 7, _DAYS)
    return lambda day: number(day) in days


@dataclass(frozen=True)
class Schedule:
    """One schedule of the template and the function that it invokes."""

    name: str
    arn: str
    source: str  # aws.events or aws.scheduler
    function: str
    expression: Expression
    given_input: str | None
    retries: int
    dead_letters_url: str | None

    def event(self, moment: datetime) -> Document:
        """Returns the function's event: the schedule's own input if it has one, else the scheduled event."""
        time = moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        if self.given_input is not None:
            text = self.given_input.replace("<aws.scheduler.scheduled-time>", time)
            given: Document = json.loads(text.replace("<aws.scheduler.schedule-arn>", self.arn))
            return given
        _, _, _, region, account, _ = self.arn.split(":", 5)
        return {
            "version": "0",
            "id": str(uuid.uuid4()),
            "detail-type": "Scheduled Event",
            "source": self.source,
            "account": account,
            "time": time,
            "region": region,
            "resources": [self.arn],
            "detail": {} if self.source == "aws.events" else "{}",  # Scheduler's is a string
        }

    def run(
        self, functions: Functions, store: Store, moment: datetime, sleep: Callable[[float], bool] = lambda _: True
    ) -> None:
        """Invokes the function as an asynchronous invocation: `sleep` waits before each of its retries."""
        event = self.event(moment)
        error: InvocationError | None = None
        for attempt in range(1 + self.retries):
            if attempt and not sleep(60 * attempt):  # docs: one minute, then two
                return
            try:
                functions.waited(self.function, event)
                return
            except InvocationError as problem:
                error = problem
        log.error("%s: gave up on %s: %s", self.name, self.function, error)
        if self.dead_letters_url:
            note = self._note(functions, event, error)
            store.client("sqs").send_message(QueueUrl=self.dead_letters_url, MessageBody=json.dumps(note))

    def _note(self, functions: Functions, event: Document, error: InvocationError | None) -> Document:
        return {
            "version": "1.0",
            "timestamp": event.get("time"),
            "requestContext": {
                "requestId": str(uuid.uuid4()),
                "functionArn": f"{functions[self.function].arn}:$LATEST",
                "condition": "RetriesExhausted",
                "approximateInvokeCount": 1 + self.retries,
            },
            "requestPayload": event,
            "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"},
            "responsePayload": {"errorMessage": str(error)},
        }


def schedules(template: Template, functions: Functions) -> list[Schedule]:
    """Returns the template's schedules whose targets are functions, enabled ones only."""
    found = []
    for rule in template.of_type("AWS::Events::Rule"):
        expression = rule.properties.get("ScheduleExpression")
        if expression and rule.properties.get("State", "ENABLED") == "ENABLED":
            parsed = parse(expression)
            targets = rule.properties["Targets"]
            found += [_schedule(template, functions, rule.arn, "aws.events", each, parsed) for each in targets]
    for schedule in template.of_type("AWS::Scheduler::Schedule"):
        if schedule.properties.get("State", "ENABLED") == "ENABLED":
            zone = ZoneInfo(schedule.properties.get("ScheduleExpressionTimezone", "UTC"))
            parsed = parse(schedule.properties["ScheduleExpression"], zone)
            target = schedule.properties["Target"]
            found.append(_schedule(template, functions, schedule.arn, "aws.scheduler", target, parsed))
    return found


def _schedule(
    template: Template, functions: Functions, arn: str, source: str, target: Document, expression: Expression
) -> Schedule:
    function = next(each for each in functions if each.arn == target["Arn"])
    configs = template.of_type("AWS::Lambda::EventInvokeConfig")
    config: dict[str, Any] = next(
        (each.properties for each in configs if each.properties["FunctionName"] in (function.name, function.arn)), {}
    )
    on_failure = config.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination")
    return Schedule(
        name=arn.rsplit("/", 1)[1],
        arn=arn,
        source=source,
        function=function.logical_id,
        expression=expression,
        given_input=target.get("Input"),
        retries=int(config.get("MaximumRetryAttempts", _DEFAULT_RETRIES)),
        dead_letters_url=template.by_arn(on_failure).ref if on_failure else None,
    )
