"""Lists of rules, tried on past tickets: the causes that there were, and what the rules would have done.

`automations.decide` decides on each cause, as it does live, with the ticket as it was then. What a rule, or an
escalation, would have changed stays changed for the causes after it, until the field was really changed.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Annotated, Any

from msgspec import Meta, Struct
from msgspec.structs import replace

from parley.domain.api.outbox import OutboxEntry
from parley.domain.api.requests import Body, Cursor, DayOrTime
from parley.domain.api.times import rfc3339
from parley.domain.api.types import NamedUser
from parley.domain.support import ticket_clocks
from parley.domain.support.automations import (
    MAX_FIRINGS,
    MINUTE_MS,
    AutomationRule,
    Cause,
    Decision,
    Facts,
    Firing,
    Rules,
    Trigger,
    decide,
    is_of_person,
)
from parley.domain.support.clocks import ClockEvent
from parley.domain.support.desk import Desk
from parley.domain.support.follow_ups import RULE_FIRED, is_silent
from parley.domain.support.past import LeftOut, PastMessage, after_opening, facts_of, simulated
from parley.domain.support.status import after_message
from parley.domain.support.ticket import FieldChange, StoredTicket
from parley.domain.support.ticket_steps import IN_HISTORY

MAX_TRIED = 20  # tickets of a page
MAX_TRIED_ROWS = 1_000  # messages and entries of histories that a page reads
MAX_TRIED_CHARACTERS = 1_000_000  # of the texts of all messages of a page
MAX_TOLD = 30  # firings of a ticket that an answer tells, and as many rules left out
EXCERPT_CHARACTERS = 200  # of a reply


class TryAutomations(Body, frozen=True, kw_only=True, rename={"since": "from"}):
    """POST /support/automations/try: rules, and the tickets that were opened from one time to before another.

    Without `rules` it is the list of the desk.
    """

    rules: Rules | None = None
    since: DayOrTime | None = None
    to: DayOrTime | None = None
    cursor: Cursor | None = None
    limit: Annotated[int, Meta(ge=1, le=MAX_TRIED)] = MAX_TRIED


class TriedFiring(Struct, frozen=True, kw_only=True):
    """A rule that would have fired: when, for which cause, and what it would have changed and written.

    `reply` are the first 200 characters of the message.
    """

    rule_id: str
    on: Trigger
    at: str
    changes: dict[str, FieldChange]
    reply: str | None


class TriedLeftOut(Struct, frozen=True, kw_only=True):
    """A rule whose conditions held and of which nothing would have been done: its effects could not.

    When, for which cause, and the code of the refusal; live it is a line `rule left out` of the log.
    """

    rule_id: str
    on: Trigger
    at: str
    code: str


class TriedTicket(Struct, frozen=True, kw_only=True):
    """A past ticket, the first 30 rules that would have fired for it, and the first 30 that could not.

    Both are in the order of time; `firing_count` and `rules_left_out_count` count all of them.
    """

    ticket_id: str
    number: str
    created_at: str
    firings: list[TriedFiring]
    firing_count: int
    rules_left_out: list[TriedLeftOut]
    rules_left_out_count: int


class TriedCounts(Struct, frozen=True, kw_only=True):
    """The sums of a page: its tickets, those for which a rule would have fired, and the firings.

    `rules_left_out` is how often a rule could not have been done.
    """

    tickets: int
    fired: int
    firings: int
    rules_left_out: int


class TriedAutomations(Struct, frozen=True, kw_only=True):
    """A page of past tickets under a list of rules, in no order that tells anything.

    It may hold fewer than `limit`, or none: only without `next` it is the last. `total` counts the page alone.
    """

    tickets: list[TriedTicket]
    left_out: list[LeftOut]
    total: TriedCounts
    next: str | None
    users: dict[str, NamedUser]


class Tried(Struct, frozen=True, kw_only=True):
    """A past ticket as a try needs it: its messages, its history, and what its state does not hold."""

    ticket: StoredTicket
    messages: Sequence[PastMessage]
    history: Sequence[OutboxEntry]
    facts: Facts

    def entries_before(self, cause: Cause) -> int:
        """Returns how many entries of the history a cause finds; the first one is the opening."""
        if cause.on == "created":
            return 1
        for number, entry in enumerate(self.history):
            is_answer = cause.on == "customer_reply" and entry.about["event"] == RULE_FIRED
            if entry.at_ms > cause.at_ms or (is_answer and entry.at_ms == cause.at_ms):
                return max(1, number)
        return len(self.history)


class Changed(Struct, frozen=True):
    """The value that a field would have had, as long as it really is one of `real`: the last one may follow the first.

    So a change that the desk has really made, too, ends nothing, and one that a person makes after it does.
    """

    value: Any
    real: tuple[Any, ...]


class _Rest:
    """The idle rules that have fired in a rest of a ticket, and those that could not, each of which is told once."""

    def __init__(self) -> None:
        self.fired: list[str] = []
        self.left_out: set[str] = set()


class _Course:
    """A past ticket in the course of time, with the changes that would have been made to it."""

    def __init__(self, past: Tried) -> None:
        self._past = past
        self._passed = 0  # entries of the history
        self._state: Mapping[str, Any] = {}
        self._changed: dict[str, Changed] = {}
        self._escalated_at_ms: int | None = None

    def at(self, cause: Cause) -> StoredTicket:
        """Returns the ticket as a cause finds it."""
        count = self._past.entries_before(cause)
        for entry in self._past.history[self._passed : count]:
            self._pass(_read(entry.about["state"]))
        self._passed = max(self._passed, count)
        status = self._changed.get("status")
        if cause.on == "customer_reply" and status is not None:  # it opens what a rule would have resolved
            self._changed["status"] = replace(status, value=after_message(status.value, "requester"))
        fields = {**self._state, **{name: each.value for name, each in self._changed.items()}}
        return replace(self._past.ticket, **fields)

    def escalated(self, ticket: StoredTicket, events: Iterable[ClockEvent], at_ms: int, desk: Desk) -> StoredTicket:
        """Returns a ticket after the escalation of the desk's file for the warnings and breaches of an instant."""
        if self._escalated_at_ms == at_ms:
            return ticket
        self._escalated_at_ms = at_ms
        fields = ticket_clocks.escalated(ticket, [event for event in events if event.at_ms == at_ms], desk)
        for name, value in fields.items():
            self._changed[name] = Changed(value, (self._real(name)[0], value))
        return replace(ticket, **fields)

    def keep(self, before: StoredTicket, after: StoredTicket) -> None:
        """Keeps what rules would have changed."""
        for name in IN_HISTORY:
            if (value := getattr(after, name)) != getattr(before, name):
                self._changed[name] = Changed(value, self._real(name))

    def _real(self, name: str) -> tuple[Any, ...]:
        return self._changed[name].real if name in self._changed else (self._state[name],)

    def _pass(self, state: Mapping[str, Any]) -> None:
        left = {name: each for name, each in self._changed.items() if state[name] in each.real}
        self._changed = {
            name: replace(each, real=each.real[-1:]) if state[name] == each.real[-1] else each
            for name, each in left.items()
        }
        self._state = state


def tried(
    past: Tried, rules: Sequence[AutomationRule], desk: Desk, now_ms: int
) -> tuple[list[TriedFiring], list[TriedLeftOut]]:
    """Returns what rules would have done to a past ticket by now, and what they could not do, in the order of time."""
    firings: list[TriedFiring] = []
    left_out: list[TriedLeftOut] = []
    course = _Course(past)
    rests: dict[int, _Rest] = {}  # by the time since which the ticket has rested
    enabled = [rule for rule in rules if rule.enabled]
    events = _events(past, enabled, desk, now_ms)
    for cause in _causes(past, enabled, events, desk, now_ms):
        rest = rests.setdefault(cause.since_ms, _Rest()) if cause.on == "idle" else _Rest()
        ticket = course.at(cause)
        if cause.on == "sla_warning":
            ticket = course.escalated(ticket, events, cause.at_ms, desk)
        asked = replace(cause, fired=tuple(rest.fired), most=MAX_FIRINGS - len(rest.fired))
        decision = decide(enabled, ticket, past.facts, asked, desk)
        course.keep(ticket, decision.after)
        firings += [_firing(each, cause) for each in decision.firings]
        left_out += _left_out(decision, cause, rest.left_out)
        rest.fired += [each.rule_id for each in decision.firings]
        rest.left_out |= {each.rule_id for each in decision.left_out}
    return firings, left_out


def _firing(firing: Firing, cause: Cause) -> TriedFiring:
    return TriedFiring(
        rule_id=firing.rule_id,
        on=cause.on,
        at=rfc3339(cause.at_ms),
        changes=firing.changes,
        reply=None if firing.reply is None else firing.reply[:EXCERPT_CHARACTERS],
    )


def _left_out(decision: Decision, cause: Cause, known: Collection[str]) -> list[TriedLeftOut]:
    """Returns the rules that a decision has left out, but those that are `known` of this rest already."""
    return [
        TriedLeftOut(rule_id=each.rule_id, on=cause.on, at=rfc3339(cause.at_ms), code=each.code)
        for each in decision.left_out
        if each.rule_id not in known
    ]


def _read(state: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the fields of a ticket from an entry of its history."""
    return {name: tuple(state[name]) if name == "tags" else state[name] for name in IN_HISTORY}


def _events(past: Tried, rules: Sequence[AutomationRule], desk: Desk, now_ms: int) -> list[ClockEvent]:
    """Returns the warnings and breaches of the desk's targets; none if no rule waits for a warning."""
    if not desk.targets or all(rule.on != "sla_warning" for rule in rules):
        return []
    return simulated(facts_of(past.ticket, past.messages), desk, now_ms)


def _causes(
    past: Tried, rules: Sequence[AutomationRule], events: Sequence[ClockEvent], desk: Desk, now_ms: int
) -> list[Cause]:
    """Returns the causes of a past ticket that rules wait for, in the order of time."""
    ticket, messages = past.ticket, past.messages
    waited = {rule.on for rule in rules}
    found: list[Cause] = []
    if "created" in waited:
        found.append(Cause(on="created", at_ms=ticket.created_at_ms, text=messages[0].text))
    if "customer_reply" in waited:
        replies = (each for each in after_opening(ticket, messages) if each.side == "requester")
        found += [Cause(on="customer_reply", at_ms=each.at_ms, text=each.text) for each in replies]
    warnings = (event for event in events if event.kind == "warning")
    found += [Cause(on="sla_warning", at_ms=event.at_ms, clock=event.clock) for event in warnings]
    if "idle" in waited:
        idle = [rule for rule in rules if rule.on == "idle"]
        found += _rests(past, idle, desk, now_ms)
    return sorted(found, key=lambda cause: cause.at_ms)


def _rests(past: Tried, rules: Collection[AutomationRule], desk: Desk, now_ms: int) -> Iterator[Cause]:
    """Yields the instants at which a ticket had rested for as long as an idle rule waits. Notes are not looked at."""
    opened_at_ms = past.ticket.created_at_ms
    people = (each for each in past.messages if is_of_person(each.sender_id, is_change=each.is_system))
    found = sorted([*(each.at_ms for each in people), *_silent(past.history)])
    acts = [opened_at_ms, *(at_ms for at_ms in found if at_ms > opened_at_ms)]
    for since_ms, until_ms in zip(acts, [*acts[1:], now_ms], strict=True):
        instants = {at_ms for rule in rules for at_ms in _instants(rule, since_ms, until_ms, desk)}
        yield from (Cause(on="idle", at_ms=at_ms, since_ms=since_ms) for at_ms in sorted(instants))


def _silent(history: Sequence[OutboxEntry]) -> Iterator[int]:
    """Yields when people have changed a ticket without a message that tells of it."""
    for entry in history:
        about = entry.about
        is_made = is_silent(about.get("changes", {})) and about["event"] != RULE_FIRED
        if is_made and is_of_person(about["user_id"], is_change=True):
            yield entry.at_ms


def _instants(rule: AutomationRule, since_ms: int, until_ms: int, desk: Desk) -> Iterable[int]:
    """Returns when an idle rule looks at a ticket: after its minutes, or when the desk opens or closes after them."""
    at_ms, hours = since_ms + (rule.after_minutes or 0) * MINUTE_MS, rule.conditions.hours
    if at_ms >= until_ms:
        return ()
    if hours is None or (hours == "open") == desk.hours.is_open(at_ms):
        return (at_ms,)
    found = desk.hours.after(at_ms, 1) if hours == "open" else desk.hours.closes_ms(at_ms, until_ms)
    return () if found is None or found >= until_ms else (found,)


def people_of(histories: Iterable[Sequence[OutboxEntry]]) -> Iterator[str]:
    """Yields those who had the tickets."""
    for history in histories:
        yield from (entry.about["state"]["assignee_id"] for entry in history if entry.about["state"]["assignee_id"])


def people_of_firings(tickets: Iterable[TriedTicket]) -> Iterator[str]:
    """Yields the people whom the changes of firings name."""
    for ticket in tickets:
        for moved in (each.changes["assignee_id"] for each in ticket.firings if "assignee_id" in each.changes):
            yield from (each for each in (moved.before, moved.after) if isinstance(each, str))
