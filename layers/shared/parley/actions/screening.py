"""Screening texts for banned words: a match is refused, masked, or reported to the moderators."""

from msgspec import Struct
from msgspec.structs import replace

from parley.adapters.moderation import word_list_cache
from parley.domain.api.errors import Field, Unprocessable
from parley.domain.api.request import Request
from parley.domain.conversations import reports
from parley.domain.conversations.steps import Step

MAX_NAMED = 20  # rules that a refusal or a report names at most


class Screened(Struct, frozen=True, kw_only=True):
    """A text as it may be stored, and the ids of the rules that report it to moderators."""

    text: str
    flags: tuple[str, ...] = ()


def screen(request: Request, text: str, field: str = "text", pointer: str | None = None) -> Screened:
    """Returns a text as it may be stored; raises Unprocessable if a rule rejects it. No round trip.

    The refusal names the `field` of the body, or the place at `pointer`.
    """
    verdict = word_list_cache.verdict(text)
    if verdict is None or verdict.action is None:
        return Screened(text=text)
    if verdict.action == "reject":
        raise Unprocessable(
            "banned_words",
            "The text contains words that are not allowed.",
            fields=(Field(pointer or f"{request.field_prefix}/{field}", "not_allowed"),),
            rule=f"banned_words: {', '.join(verdict.rule_ids[:MAX_NAMED])}",
        )
    return Screened(text=verdict.text, flags=word_list_cache.flagging(verdict.rule_ids))


def shown(text: str) -> str | None:
    """Returns a text of a stranger as it may be shown, masked; None if a rule rejects it. No round trip.

    Nothing is reported: a report is of the words of a message's sender.
    """
    verdict = word_list_cache.verdict(text)
    if verdict is None:
        return text
    return None if verdict.action == "reject" else verdict.text


def flagged(request: Request, step: Step, *screened: Screened) -> Step:
    """Returns the step with a report of its message to the moderators, if a rule wants one."""
    flags = tuple(dict.fromkeys(flag for part in screened for flag in part.flags))
    message = step.message
    if not flags or message is None:
        return step
    text = "\n".join(part.text for part in screened if part.flags)
    report = reports.report_by_rules(message, text, flags[:MAX_NAMED], request.now_ms)
    return replace(step, report=report, after=replace(step.after, is_reported=True))
