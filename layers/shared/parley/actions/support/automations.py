"""The automations of the desk as one list: support admins keep it, and agents read it. `firing.py` runs the rules."""

from collections.abc import Sequence

from msgspec.structs import replace

from parley.actions import named
from parley.actions.support.roles import admin, require_agent
from parley.adapters.dynamodb import batches, conditions, retrying, tables
from parley.adapters.people import agents, named_users, policies
from parley.adapters.support import automations, desks
from parley.domain.api.errors import Field, Invalid
from parley.domain.api.request import Request
from parley.domain.support.automations import (
    AutomationRule,
    Automations,
    PutAutomations,
    StoredAutomations,
    changed,
    check_rules,
    people_in,
    view,
)
from parley.domain.support.rule_loops import check_loops

WALK_FROM = "open"  # the status whose tickets the sweep walks through first (`due.py`)


def get_automations(request: Request) -> Automations:
    """Returns the rules of the desk to agents and the host's own server; two round trips, one before the first list."""
    require_agent(request)
    return _answer(request, automations.get_automations())


def put_automations(request: Request, wanted: PutAutomations) -> Automations:
    """Replaces the rules of the desk, to support admins and the host's own server; three round trips.

    All functions use them within `CHECK_S` seconds. A repeat answers the same. Raises Invalid with the pointer of a
    rule that the desk cannot have, or that would loop, TooLarge for too many bytes, and Conflict if another has
    replaced the version meanwhile.
    """
    request = admin(request)
    rules = tuple(wanted.rules)
    known = automations.get_automations()
    check(request, rules, known.rules)
    for _ in conditions.tries():
        if (known.version, known.rules, known.updated_by) == (wanted.version + 1, rules, request.user_id):
            return _answer(request, known)  # a retry of a finished request
        if known.version != wanted.version:
            raise changed(known.version)
        after = _next(request, known, rules)
        try:
            automations.put_automations(known, after)
        except conditions.LostRace:
            known = automations.get_automations()
            continue
        return _answer(request, after)
    raise retrying.busy()


def check(request: Request, rules: Sequence[AutomationRule], known: Sequence[AutomationRule] = ()) -> None:
    """Returns for rules that the desk can have, else raises Invalid or TooLarge; one round trip if they name people.

    People whom a rule of `known` with the same id names already may stay, and those of disabled rules are not looked
    up: one agent who has lost the role must not keep all others from saving. Nothing is done for them.
    """
    prefix = f"{request.field_prefix}/rules"
    check_rules(rules, desks.current(), policies.current().rules.keys(), prefix)
    check_loops(rules, prefix)
    _check_people(rules, known, prefix)


def _next(request: Request, known: StoredAutomations, rules: tuple[AutomationRule, ...]) -> StoredAutomations:
    """Returns the next version of the list; idle rules let the sweep walk through the open tickets."""
    after = StoredAutomations(
        version=known.version + 1, rules=rules, updated_at_ms=request.now_ms, updated_by=request.user_id
    )
    return after if after.idle_ms is None else replace(after, walk=WALK_FROM)


def _check_people(rules: Sequence[AutomationRule], known: Sequence[AutomationRule], prefix: str) -> None:
    """Raises Invalid for new people of rules who are no agents, each by its place; one round trip at most."""
    kept = {(known[number].id, user_id) for number, _, user_id in people_in(known)}
    named_in = [
        (number, name, user_id)
        for number, name, user_id in people_in(rules)
        if rules[number].enabled and (rules[number].id, user_id) not in kept
    ]
    if not named_in:
        return
    user_ids = list(dict.fromkeys(user_id for _, _, user_id in named_in))
    people = named_users.of(batches.read_rows({tables.User: [(user_id,) for user_id in user_ids]}), user_ids)
    wrong = tuple(
        Field(f"{prefix}/{number}/then/{name}", "not_allowed")
        for number, name, user_id in named_in
        if user_id not in people or not agents.is_agent(people[user_id].role)
    )
    if wrong:
        raise Invalid("unknown_assignee", "There is no such agent.", fields=wrong[:20])


def _answer(request: Request, stored: StoredAutomations) -> Automations:
    """Returns the list with the people whom it names; one round trip, none if nobody is named."""
    people = [user_id for _, _, user_id in people_in(stored.rules)]
    authors = [] if stored.updated_by is None else [stored.updated_by]
    return view(stored, named.users(request, [*authors, *people]))
