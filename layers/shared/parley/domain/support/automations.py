"""Automations: the rules of the desk, and what they do to a ticket.

A rule has a trigger (`on`), conditions (`if`) and effects (`then`). A *cause* is one thing that has happened: a ticket
was opened, its requester has written a message, it has rested, or a clock has warned. `decide` says which rules a cause
fires. It is pure: live firing and the try of past tickets share it.

A cause cannot loop: `decide` goes through the list once, each rule fires once at most, and `MAX_FIRINGS` rules in all.
Acts of rules, and of the desk itself, are no causes. `rule_loops.py` refuses rules that would undo each other for good.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, field
from msgspec.structs import replace

from parley.domain.api.errors import Conflict, Field, Forbidden, Invalid, Refusal, TooLarge
from parley.domain.api.fields import NOT_BLANK, form
from parley.domain.api.identity import HOST_SENDER, is_system_sender
from parley.domain.api.requests import Body, ContextType, Title, UserId
from parley.domain.api.times import rfc3339
from parley.domain.api.types import NamedUser, TicketStatus
from parley.domain.support import ticket_steps
from parley.domain.support.clocks import ClockName
from parley.domain.support.desk import NAME_PATTERN, NAME_WORDS, Desk, Priority
from parley.domain.support.effects import Effects, check_effects, fields_after, reply_of
from parley.domain.support.requests import CategoryName, Tags, TeamName
from parley.domain.support.ticket import FieldChange, StoredTicket
from parley.domain.text.queries import Query, Word

MAX_RULES = 50
MAX_LIST_BYTES = 300_000  # of the list as JSON; an item of the table has 400 KB at most (DynamoDB quotas)
MAX_FIRINGS = 10  # for one cause: a chain has a bound, and its transaction 100 rows at most (DynamoDB quotas)
MAX_WORDS = 20
MAX_WORD_CHARACTERS = 100
MAX_NOTIFIED = 20
MIN_IDLE_MINUTES = 10  # the sweep looks at each open ticket as often at most
MAX_IDLE_MINUTES = 366 * 24 * 60
NO_CONTEXT = "general"  # the type of context of a ticket about nothing in particular
MINUTE_MS = 60_000

Trigger = Literal["created", "customer_reply", "idle", "sla_warning"]
RuleId = Annotated[str, form(NAME_PATTERN, NAME_WORDS, 32)]
Words = Annotated[str, Meta(max_length=MAX_WORD_CHARACTERS, pattern=NOT_BLANK)]


class Conditions(Body, frozen=True, kw_only=True, omit_defaults=True):
    """The conditions of a rule: all that are named must hold. Without any, the rule fires for every cause.

    The ticket has one of the categories, priorities, states and types of context, all of the `tags`, none of
    `without_tags`, and at least one of the `words` is in the text; the desk is open or closed (`hours`).
    """

    category: Annotated[list[CategoryName], Meta(min_length=1, max_length=50)] | None = None
    priority: Annotated[list[Priority], Meta(min_length=1, max_length=4)] | None = None
    status: Annotated[list[TicketStatus], Meta(min_length=1, max_length=5)] | None = None
    context: Annotated[list[ContextType], Meta(min_length=1, max_length=20)] | None = None
    tags: Tags = []
    without_tags: Tags = []
    words: Annotated[list[Words], Meta(min_length=1, max_length=MAX_WORDS)] | None = None
    hours: Literal["open", "closed"] | None = None


class Notified(Body, frozen=True, kw_only=True, omit_defaults=True):
    """The agents whom a rule notifies: some by id, those of a team, and the one who has the ticket."""

    user_ids: Annotated[list[UserId], Meta(max_length=MAX_NOTIFIED)] = []
    team: TeamName | None = None
    assignee: bool = False


class RuleEffects(Effects, frozen=True, kw_only=True, omit_defaults=True):
    """The effects of a rule: those of a macro, and the agents whom it notifies. The reply is the desk's own message."""

    notify: Notified | None = None


class AutomationRule(Body, frozen=True, kw_only=True, omit_defaults=True):
    """A rule of the desk: a trigger, conditions and effects. Its `id` is a name, which the history tells.

    `idle` needs `after_minutes`: so long has nothing been done by a person. With `clock` an `sla_warning` is of that
    clock alone.
    """

    id: RuleId
    name: Title
    enabled: bool = True
    on: Trigger
    after_minutes: Annotated[int, Meta(ge=MIN_IDLE_MINUTES, le=MAX_IDLE_MINUTES)] | None = None
    clock: ClockName | None = None
    conditions: Conditions = field(default=Conditions(), name="if")
    effects: RuleEffects = field(name="then")


Rules = Annotated[list[AutomationRule], Meta(max_length=MAX_RULES)]


class PutAutomations(Body, frozen=True, kw_only=True):
    """PUT /support/automations: the whole list; `version` is that of the list as read, 0 of none."""

    version: Annotated[int, Meta(ge=0, le=10**9)]
    rules: Rules


class StoredAutomations(Struct, frozen=True, kw_only=True):
    """The list as it is stored; version 0 before the first one.

    `walk` is where the sweep is among the open tickets, which it walks through once after a list with idle rules was
    saved; None if it is through.
    """

    version: int = 0
    rules: tuple[AutomationRule, ...] = ()
    updated_at_ms: int = 0
    updated_by: str | None = None
    walk: str | None = None

    def enabled(self, on: Trigger) -> tuple[AutomationRule, ...]:
        """Returns the rules of a trigger that are enabled, in their order."""
        return tuple(rule for rule in self.rules if rule.enabled and rule.on == on)

    @property
    def idle_ms(self) -> int | None:
        """Returns the shortest time after which an idle rule may fire; None without one."""
        minutes = [rule.after_minutes for rule in self.enabled("idle") if rule.after_minutes is not None]
        return min(minutes) * MINUTE_MS if minutes else None


class Automations(Struct, frozen=True, kw_only=True):
    """The rules of the desk in their order, and the version of the list: 0 before the first."""

    version: int
    rules: list[AutomationRule]
    updated_at: str | None
    updated_by: str | None
    users: dict[str, NamedUser]


def view(stored: StoredAutomations, users: dict[str, NamedUser]) -> Automations:
    """Returns the list as agents see it."""
    is_stored = stored.updated_by is not None
    return Automations(
        version=stored.version,
        rules=list(stored.rules),
        updated_at=rfc3339(stored.updated_at_ms) if is_stored else None,
        updated_by=stored.updated_by,
        users=users,
    )


def encoded(rules: Sequence[AutomationRule]) -> str:
    """Returns the rules as compact JSON, without what has its default."""
    return msgspec.json.encode(rules).decode()


def decoded(text: str) -> tuple[AutomationRule, ...]:
    """Returns the rules from the JSON of `encoded`."""
    return msgspec.json.decode(text, type=tuple[AutomationRule, ...])


def check_rules(rules: Sequence[AutomationRule], desk: Desk, context_types: Collection[str], prefix: str) -> None:
    """Returns for rules that the desk can have; raises Invalid with the pointer of what it cannot, such as `/rules/3`.

    It names the first fault: an `id` that comes twice, a field that does not belong to the trigger, a category, team,
    type of context or placeholder that nothing knows, a rule without an effect, words that nothing finds. The list as
    JSON has `MAX_LIST_BYTES` at most, else TooLarge.
    """
    known: set[str] = set()
    for number, rule in enumerate(rules):
        pointer = f"{prefix}/{number}"
        if rule.id in known:
            raise Invalid.field(f"{pointer}/id", "duplicate", "Another rule has this id.")
        known.add(rule.id)
        _check_trigger(rule, pointer)
        _check_conditions(rule.conditions, desk, context_types, f"{pointer}/if")
        check_effects(rule.effects, desk, f"{pointer}/then")
        _check_notified(rule.effects.notify, desk, f"{pointer}/then/notify")
    size = len(encoded(rules).encode())
    if size > MAX_LIST_BYTES:
        raise TooLarge(
            "automations_too_large",
            f"The rules have {size} bytes together, and {MAX_LIST_BYTES} are the most.",
            fields=(Field(prefix, "too_long", MAX_LIST_BYTES),),
        )


def _check_trigger(rule: AutomationRule, pointer: str) -> None:
    if rule.on == "idle" and rule.after_minutes is None:
        raise Invalid.field(f"{pointer}/after_minutes", "required", "An idle rule says after how many minutes.")
    if rule.on != "idle" and rule.after_minutes is not None:
        raise Invalid.field(f"{pointer}/after_minutes", "not_allowed", "Only an idle rule waits for minutes.")
    if rule.on != "sla_warning" and rule.clock is not None:
        raise Invalid.field(f"{pointer}/clock", "not_allowed", "Only a rule on sla_warning names a clock.")
    if rule.on in ("idle", "sla_warning") and rule.conditions.words is not None:
        raise Invalid.field(f"{pointer}/if/words", "not_allowed", "No text is the cause of this rule.")


def _check_conditions(conditions: Conditions, desk: Desk, context_types: Collection[str], pointer: str) -> None:
    for place, name in enumerate(conditions.category or ()):
        ticket_steps.check_category(name, desk, f"{pointer}/category/{place}")
    for place, name in enumerate(conditions.context or ()):
        if name != NO_CONTEXT and name not in context_types:
            fields = (Field(f"{pointer}/context/{place}", "not_allowed"),)
            raise Invalid("unknown_context_type", f"There are no conversations of the type `{name}`.", fields=fields)
    for place, text in enumerate(conditions.words or ()):
        query = Query.parse(text)
        if not query.is_searchable or query.is_too_long:
            code, fault = ("too_many_items", "too many words") if query.is_too_long else ("blank", "no word")
            raise Invalid.field(f"{pointer}/words/{place}", code, f"This text has {fault} to look for.")
    for place, tag in enumerate(conditions.without_tags):
        if tag in conditions.tags:
            detail = "No ticket has and lacks the same tag."
            raise Invalid.field(f"{pointer}/without_tags/{place}", "contradiction", detail)


def _check_notified(notified: Notified | None, desk: Desk, pointer: str) -> None:
    if notified is None:
        return
    if notified == Notified():
        raise Invalid.field(pointer, "required", "Name at least one agent, a team, or the assignee.")
    if notified.team is not None:
        ticket_steps.check_team(notified.team, desk, f"{pointer}/team")


def people_in(rules: Iterable[AutomationRule]) -> Iterator[tuple[int, str, str]]:
    """Yields the agents whom rules name: the number of the rule, the field below `then`, and the id."""
    for number, rule in enumerate(rules):
        if isinstance(rule.effects.assignee_id, str):
            yield number, "assignee_id", rule.effects.assignee_id
        for place, user_id in enumerate(rule.effects.notify.user_ids if rule.effects.notify is not None else ()):
            yield number, f"notify/user_ids/{place}", user_id


def rules_without(stored: StoredAutomations, user_id: str, pseudonym: str) -> StoredAutomations:
    """Returns the list after the erasure of a person: no rule assigns to them or notifies them.

    A rule that is left without an effect goes. A list in which rules have changed has a new version, so that nobody
    saves what they have read before.
    """
    rules = tuple(rule for rule in (_without(rule, user_id) for rule in stored.rules) if rule is not None)
    author = pseudonym if stored.updated_by == user_id else stored.updated_by
    version = stored.version if rules == stored.rules else stored.version + 1
    return replace(stored, rules=rules, updated_by=author, version=version)


def _without(rule: AutomationRule, user_id: str) -> AutomationRule | None:
    effects, notified = rule.effects, rule.effects.notify
    if effects.assignee_id == user_id:
        effects = replace(effects, assignee_id=UNSET)
    if notified is not None and user_id in notified.user_ids:
        left = replace(notified, user_ids=[each for each in notified.user_ids if each != user_id])
        effects = replace(effects, notify=None if left == Notified() else left)
    if effects == rule.effects:
        return rule
    return None if effects == RuleEffects() else replace(rule, effects=effects)


def is_of_person(sender_id: str, *, is_change: bool) -> bool:
    """Says whether a message, or the system message of a change, is something that a person has done.

    So is a change by the host's own server, since a person has made it there. A message of a system sender is not, and
    nothing that the desk does by itself. Erased people were people.
    """
    return not is_system_sender(sender_id) or (is_change and sender_id == HOST_SENDER)


def changed(version: int) -> Conflict:
    """Returns the refusal of a list that was read before another one was saved."""
    detail = f"The rules have changed meanwhile: they are at version {version}. Read them again."
    return Conflict("automations_changed", detail, rule="version: as it was read")


class Cause(Struct, frozen=True, kw_only=True):
    """One thing that has happened to a ticket, which fires rules.

    `at_ms` is its instant, by which the hours of the desk are looked up: when the ticket was opened (`created`), when
    the message was written (`customer_reply`), the instant of the look (`idle`) or of the warning (`sla_warning`).
    `text` is the description, or the message; `words` are looked for in it and in the subject. `clock` is the one that
    has warned. `since_ms` is the last activity of a person, since which the ticket rests, and `fired` are the idle
    rules that have fired since then. `most` is how many may fire now. The changes are made at `made_at_ms`, which is
    never before `at_ms`.
    """

    on: Trigger
    at_ms: int
    text: str = ""
    clock: ClockName | None = None
    since_ms: int = 0
    fired: Collection[str] = ()
    most: int = MAX_FIRINGS
    made_at_ms: int = 0


class Facts(Struct, frozen=True, kw_only=True):
    """The facts about a ticket that its own state does not hold.

    `context` is the type of its context, None for none. `names` are those of the requester and of agents, as far as
    they are known; `agents` are the people whom rules name who are agents now.
    """

    subject: str
    context: str | None = None
    names: Mapping[str, str] = {}
    agents: Collection[str] = ()


class Firing(Struct, frozen=True, kw_only=True):
    """A rule that fires: the ticket before and after it, the filled reply, and whom it notifies.

    `after` has one entry of the history more than `before`, and a higher version if a field has changed.
    """

    rule_id: str
    rule_name: str
    before: StoredTicket
    after: StoredTicket
    reply: str | None = None
    notified: tuple[str, ...] = ()
    notified_team: str | None = None

    @property
    def changes(self) -> dict[str, FieldChange]:
        """Returns the fields that the rule changes, by name."""
        return ticket_steps.moved_fields(self.before, self.after)

    @property
    def is_seen(self) -> bool:
        """Says whether the requester sees anything of it: a change, or a reply."""
        return self.after.version != self.before.version or self.reply is not None


class LeftOut(Struct, frozen=True, kw_only=True):
    """A rule whose conditions hold and which does not fire, and the code of the refusal."""

    rule_id: str
    code: str


class Decision(Struct, frozen=True, kw_only=True):
    """The rules that a cause fires, in their order, the ticket after all of them, and those that could not fire."""

    after: StoredTicket
    firings: tuple[Firing, ...] = ()
    left_out: tuple[LeftOut, ...] = ()


def decide(rules: Sequence[AutomationRule], ticket: StoredTicket, facts: Facts, cause: Cause, desk: Desk) -> Decision:
    """Returns what the rules do to a ticket for one cause. Pure: the same values give the same decision.

    The rules go in the order of the list, and each sees the ticket as those before it have left it (a chain). Disabled
    rules and those of another trigger do nothing. A rule fires if

    - all its conditions hold. `status`, `priority`, `category` and tags are those of the ticket by then. After a
      `customer_reply` that is a ticket which the message has opened already: no rule on it sees
      `waiting_on_customer`. `words` are in the subject, or in the text of the cause: the description of a new ticket
      (`created`), or the message (`customer_reply`). `hours` is `desk.hours.is_open(cause.at_ms)`;
    - of `idle`, `after_minutes` have passed from `cause.since_ms` to `cause.at_ms`, and it is not in `cause.fired`;
    - of `sla_warning`, its `clock` is that of the cause, or it names none;
    - its effects can all be done: else it is in `left_out` with the code of the refusal, and nothing of it is done. An
      assignee must be among `facts.agents` (`unknown_assignee`) and not the requester (`own_ticket`), a status must be
      legal (`illegal_status`), a reply needs a value for each placeholder (`placeholder_unfilled`; `agent.name` is the
      assignee's);
    - it would do anything: a rule that changes nothing, sends nothing and notifies nobody is passed over.

    After `cause.most` firings, and once the ticket is closed, nothing more fires. A closed ticket fires nothing. The
    clocks of the ticket are not moved here.
    """
    firings: list[Firing] = []
    left_out: list[LeftOut] = []
    mine = [rule for rule in rules if rule.enabled and _is_triggered(rule, cause)]
    found = _found_words(mine, f"{facts.subject}\n{cause.text}")
    is_open = bool(mine) and desk.hours.is_open(cause.at_ms)
    for rule in mine:
        if ticket.status == "closed" or len(firings) >= cause.most:
            break
        if not holds(rule.conditions, ticket, facts.context, found, is_open=is_open):
            continue
        try:
            firing = _fired(rule, ticket, facts, cause, desk)
        except Refusal as refusal:
            left_out.append(LeftOut(rule_id=rule.id, code=refusal.code))
            continue
        if firing is not None:
            firings.append(firing)
            ticket = firing.after
    return Decision(after=ticket, firings=tuple(firings), left_out=tuple(left_out))


def _is_triggered(rule: AutomationRule, cause: Cause) -> bool:
    if rule.on != cause.on:
        return False
    if rule.on == "idle":
        waited_ms = (rule.after_minutes or 0) * MINUTE_MS
        return rule.id not in cause.fired and cause.at_ms - cause.since_ms >= waited_ms
    return rule.clock is None or rule.clock == cause.clock


def _found_words(rules: Iterable[AutomationRule], text: str) -> frozenset[Word]:
    """Returns those of the words of all the rules that the text holds, which is made ready for it once."""
    words = [word for rule in rules for each in rule.conditions.words or () for word in _words_of(each)]
    return Query(tuple(dict.fromkeys(words))).find(text)[0] if words else frozenset()


@lru_cache(maxsize=MAX_RULES * MAX_WORDS)
def _words_of(text: str) -> tuple[Word, ...]:
    """Returns the words of a text of a condition, which many messages are looked through for."""
    return Query.parse(text).words


def holds(
    conditions: Conditions, ticket: StoredTicket, context: str | None, found: Collection[Word], *, is_open: bool
) -> bool:
    """Says whether all conditions hold; `found` are the words that the text has."""
    named = (
        (conditions.category, ticket.category),
        (conditions.priority, ticket.priority),
        (conditions.status, ticket.status),
        (conditions.context, context or NO_CONTEXT),
    )
    if any(wanted is not None and value not in wanted for wanted, value in named):
        return False
    if not set(conditions.tags) <= set(ticket.tags) or set(conditions.without_tags) & set(ticket.tags):
        return False
    if conditions.hours is not None and (conditions.hours == "open") != is_open:
        return False
    texts = conditions.words
    return texts is None or any(all(word in found for word in _words_of(text)) for text in texts)


def _fired(rule: AutomationRule, ticket: StoredTicket, facts: Facts, cause: Cause, desk: Desk) -> Firing | None:
    """Returns what a rule does to a ticket, None if that is nothing; raises Refusal if it cannot be done."""
    pointer, effects = f"/rules/{rule.id}", rule.effects
    _check_assignee(effects, ticket, facts)
    fields = fields_after(ticket, effects, desk, pointer)
    moved = {name: value for name, value in fields.items() if value != getattr(ticket, name)}
    if moved:
        after = ticket_steps.changed_at(ticket, max(cause.at_ms, cause.made_at_ms), **moved)
    else:
        after = replace(ticket, entries=ticket.entries + 1)
    reply = None
    if effects.reply is not None:
        reply = reply_of(effects.reply, _values(after, facts, desk), pointer)
    notified = tuple(_notified(effects.notify, after, facts))
    team = None if effects.notify is None else effects.notify.team
    if not moved and reply is None and not notified and team is None:
        return None
    return Firing(
        rule_id=rule.id,
        rule_name=rule.name,
        before=ticket,
        after=after,
        reply=reply,
        notified=notified,
        notified_team=team,
    )


def _check_assignee(effects: RuleEffects, ticket: StoredTicket, facts: Facts) -> None:
    person = effects.assignee_id
    if person is UNSET or person is None or person == ticket.assignee_id:
        return
    if person == ticket.requester_id:
        raise Forbidden("own_ticket", "Nobody answers a ticket of their own.", rule="another agent answers it")
    if person not in facts.agents:
        raise Invalid("unknown_assignee", "There is no such agent.")


def _notified(notified: Notified | None, ticket: StoredTicket, facts: Facts) -> Iterator[str]:
    """Yields the agents whom a rule notifies by id: never the requester, nobody who is no agent any more."""
    if notified is None:
        return
    people = [user_id for user_id in notified.user_ids if user_id in facts.agents]
    if notified.assignee and ticket.assignee_id is not None:
        people.append(ticket.assignee_id)
    yield from (user_id for user_id in dict.fromkeys(people) if user_id != ticket.requester_id)


def _values(ticket: StoredTicket, facts: Facts, desk: Desk) -> dict[str, str]:
    """Returns the values of the placeholders (`replies.PLACEHOLDERS`); `agent.name` is the assignee's."""
    category = desk.categories.get(ticket.category)
    people = {"requester.name": ticket.requester_id, "agent.name": ticket.assignee_id}
    return {
        "ticket.number": ticket.number,
        "ticket.subject": facts.subject,
        "ticket.category": ticket.category if category is None else category.name,
        **{name: facts.names[each] for name, each in people.items() if each is not None and each in facts.names},
    }
