"""Banned words where people write: what may not be said is refused, masked, or brought before the moderators."""

from msgspec import Struct
from msgspec.structs import replace

from parley.adapters import screening
from parley.domain import reporting
from parley.domain.call import Call
from parley.domain.errors import Field, Unprocessable
from parley.domain.steps import Step

MAX_NAMED = 20  # rules that a refusal, or a report, names


class Screened(Struct, frozen=True, kw_only=True):
    """A text as it may be stored, and the ids of the rules that want moderators to see it."""

    text: str
    flags: tuple[str, ...] = ()


def screen(call: Call, text: str, field: str = "text") -> Screened:
    """Returns a text as it may be stored; raises Unprocessable where a rule rejects it. No round trip."""
    verdict = screening.verdict(text)
    if verdict is None or verdict.action is None:
        return Screened(text=text)
    if verdict.action == "reject":
        raise Unprocessable(
            "banned_words",
            "This holds words that are not allowed here.",
            fields=(Field(f"{call.field_prefix}/{field}", "not_allowed"),),
            rule=f"banned_words: {', '.join(verdict.rule_ids[:MAX_NAMED])}",
        )
    return Screened(text=verdict.text, flags=screening.flagging(verdict.rule_ids))


def flagged(call: Call, step: Step, *screened: Screened) -> Step:
    """Returns the step with a report of its message to the moderators, where a rule wants one."""
    flags = tuple(dict.fromkeys(flag for one in screened for flag in one.flags))
    message = step.message or step.changed
    if not flags or message is None:
        return step
    text = "\n".join(one.text for one in screened if one.flags)
    return replace(step, report=reporting.by_rules(message, text, flags[:MAX_NAMED], call.now_ms))
