"""Loops of idle rules: those that would fire again and again for as long as a ticket rests.

Each rule fires once for a cause, so that no ticket is ever in a loop. A list with one is a mistake all the same: the
writer believes that a rule ends by itself. An idle rule must make one of its own conditions false, as in other desks,
and other rules must not make all of these true again.
"""

from collections.abc import Collection, Sequence

from msgspec import UNSET

from parley.domain.api.errors import Field, Invalid
from parley.domain.support.automations import AutomationRule

Condition = tuple[str, str]  # a field, or `tags` and `without_tags` with a tag

MAX_NAMED = 5  # rules in a sentence
_FIELDS = ("category", "priority", "status")


def check_loops(rules: Sequence[AutomationRule], prefix: str) -> None:
    """Returns for rules that end; raises Invalid with the pointer of an idle rule that would loop.

    Rules that are not enabled do nothing, so they do not loop.
    """
    ended: dict[int, frozenset[Condition]] = {}
    for number, rule in enumerate(rules):
        if not rule.enabled or rule.on != "idle" or rule.effects.status == "closed":  # closed is for good
            continue
        ended[number] = ends(rule)
        if not ended[number]:
            detail = "An idle rule must make one of its conditions false, or it would fire again: add a tag, say."
            raise _loop(f"{prefix}/{number}", detail)
    looping = set(ended)
    while left := {number for number in looping if not _is_restored(number, ended[number], rules, looping)}:
        looping -= left
    if looping:
        others = ", ".join(rules[number].id for number in sorted(looping)[:MAX_NAMED])
        more = ", …" if len(looping) > MAX_NAMED else ""
        raise _loop(f"{prefix}/{max(looping)}", f"These rules undo each other: {others}{more}.")


def ends(rule: AutomationRule) -> frozenset[Condition]:
    """Returns those of a rule's conditions that its own effects make false."""
    conditions, effects = rule.conditions, rule.effects
    found = {(name, "") for name in _FIELDS if _sets(rule, name) and not _may_be(rule, name, getattr(effects, name))}
    found |= {("tags", tag) for tag in conditions.tags if tag in effects.remove_tags}
    found |= {("without_tags", tag) for tag in conditions.without_tags if tag in effects.add_tags}
    return frozenset(found)


def _is_restored(
    number: int, ended: frozenset[Condition], rules: Sequence[AutomationRule], others: Collection[int]
) -> bool:
    """Says whether other rules make all of these conditions of a rule true again."""
    mine = rules[number]
    moved = {name for name in _FIELDS if any(_sets(rules[each], name) for each in others)}
    able = [rules[each] for each in others if each != number and _can_meet(mine, rules[each], moved)]
    return all(any(_makes_true(other, mine, condition) for other in able) for condition in ended)


def _makes_true(other: AutomationRule, rule: AutomationRule, condition: Condition) -> bool:
    name, tag = condition
    if name == "tags":
        return tag in other.effects.add_tags
    if name == "without_tags":
        return tag in other.effects.remove_tags
    return _sets(other, name) and _may_be(rule, name, getattr(other.effects, name))


def _can_meet(one: AutomationRule, other: AutomationRule, moved: Collection[str]) -> bool:
    """Says whether both may fire for one ticket: no condition on a field that none of the rules sets parts them."""
    for name in {*_FIELDS, "context"}.difference(moved):
        wanted = [getattr(each.conditions, name) for each in (one, other)]
        if None not in wanted and not set(wanted[0]) & set(wanted[1]):
            return False
    return True


def _sets(rule: AutomationRule, name: str) -> bool:
    return getattr(rule.effects, name) is not UNSET


def _may_be(rule: AutomationRule, name: str, value: object) -> bool:
    """Says whether a rule's conditions let a field have a value."""
    wanted = getattr(rule.conditions, name)
    return wanted is None or value in wanted


def _loop(pointer: str, detail: str) -> Invalid:
    return Invalid("rule_loops", detail, fields=(Field(pointer, "rule_loops"),))
