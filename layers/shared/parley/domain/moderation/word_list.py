"""The list of banned words of a deployment: as it is put, kept and shown, and what trying one out finds."""

from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import Annotated, Literal

from msgspec import Meta, Struct

from parley.domain.api.errors import Field, Invalid
from parley.domain.api.ids import message_id
from parley.domain.api.requests import MAX_SEQ, MAX_TRIED_CONVERSATIONS, BannedWord, ReportState
from parley.domain.api.times import rfc3339, rfc3339_or_none
from parley.domain.conversations.reports import REPORT_ID_PATTERN
from parley.domain.moderation.banned_words import Action, Problem, Rule, Rules, problem_of

MAX_LOOKED = 200  # messages that one request tries rules on
MAX_LOOKED_CHARACTERS = 200_000
EXCERPT_CHARACTERS = 200
LEAD_CHARACTERS = 40  # of an excerpt, before what was found

STATES: tuple[ReportState, ...] = ("open", "in_review", "resolved", "dismissed")

_CODES: dict[Problem, Literal["blank", "too_long", "bad_format", "too_short"]] = {
    "blank": "blank",
    "too_long": "too_long",
    "not_one_word": "bad_format",
    "only_wildcards": "too_short",
    "too_short": "too_short",
}


class WordList(Struct, frozen=True, kw_only=True):
    """The list as it is stored; its versions count up from 1."""

    version: int = 0
    rules: tuple[Rule, ...] = ()
    updated_at_ms: int | None = None
    updated_by: str | None = None


class BannedRule(Struct, frozen=True, kw_only=True):
    """One rule as moderators see it."""

    id: str
    kind: Literal["word", "pattern"]
    text: str
    action: Action


class BannedWordList(Struct, frozen=True, kw_only=True):
    """The list as moderators see it; version 0 is that of a deployment that has none."""

    version: int
    rules: list[BannedRule]
    updated_at: str | None
    updated_by: str | None


class Past(Struct, frozen=True, kw_only=True):
    """A message that was written, on which rules are tried."""

    conversation_id: str
    seq: int
    sender_id: str
    text: str
    created_at_ms: int


class PastHit(Struct, frozen=True, kw_only=True):
    """A past message that the rules would have met, and what would have become of it.

    `excerpt` is the part of its text around what was found first; `highlights` are from and until, in characters of it.
    """

    message_id: str
    sender_id: str
    created_at: str
    action: Action
    rule_ids: list[str]
    excerpt: str
    highlights: list[tuple[int, int]]


class InConversations(Struct, frozen=True, kw_only=True, array_like=True, forbid_unknown_fields=True, tag="c"):
    """Where trying goes on: in which of the conversations, before which message."""

    place: Annotated[int, Meta(ge=0, lt=MAX_TRIED_CONVERSATIONS)]
    before_seq: Annotated[int, Meta(ge=1, le=MAX_SEQ)] | None = None


class InReports(Struct, frozen=True, kw_only=True, array_like=True, forbid_unknown_fields=True, tag="r"):
    """Where trying goes on: among the reports of which status, behind which of them."""

    status: ReportState = STATES[0]
    created_at_ms: Annotated[int, Meta(ge=0, le=10**15)] | None = None
    report_id: Annotated[str, Meta(pattern=REPORT_ID_PATTERN)] | None = None


def rules_of(wanted: Sequence[BannedWord]) -> tuple[Rule, ...]:
    """Returns the rules that were sent; refuses what no text matches, or nearly all do, and ids that are taken."""
    rules = tuple(_rule(one) for one in wanted)
    wrong = [
        Field(f"/rules/{place}/text", _CODES[problem])
        for place, rule in enumerate(rules)
        if (problem := problem_of(rule)) is not None
    ]
    seen: set[str] = set()
    for place, rule in enumerate(rules):
        if rule.rule_id in seen:
            wrong.append(Field(f"/rules/{place}/id", "repeated"))
        seen.add(rule.rule_id)
    if wrong:
        raise Invalid("invalid_request", "Some rules cannot be used.", fields=tuple(wrong[:20]))
    return rules


def _rule(one: BannedWord) -> Rule:
    derived = sha256(f"{one.kind} {one.text}".encode()).hexdigest()[:12]
    return Rule(rule_id=one.id or derived, kind=one.kind, text=one.text, action=one.action)


def view(one: WordList) -> BannedWordList:
    """Returns the list as moderators see it."""
    return BannedWordList(
        version=one.version,
        rules=[BannedRule(id=rule.rule_id, kind=rule.kind, text=rule.text, action=rule.action) for rule in one.rules],
        updated_at=rfc3339_or_none(one.updated_at_ms),
        updated_by=one.updated_by,
    )


def hit(rules: Rules, past: Past) -> PastHit | None:
    """Returns what rules would have made of a message; None where they would have let it be."""
    verdict = rules.check(past.text)
    if verdict.action is None:
        return None
    spans = rules.spans(past.text)
    start = max(0, spans[0][0] - LEAD_CHARACTERS)
    excerpt = past.text[start : start + EXCERPT_CHARACTERS]
    return PastHit(
        message_id=message_id(past.conversation_id, past.seq),
        sender_id=past.sender_id,
        created_at=rfc3339(past.created_at_ms),
        action=verdict.action,
        rule_ids=list(verdict.rule_ids),
        excerpt=excerpt,
        highlights=list(_within(spans, start, len(excerpt))),
    )


def _within(spans: Sequence[tuple[int, int]], start: int, length: int) -> Iterator[tuple[int, int]]:
    """Yields the spans as they stand in an excerpt, cut off at its end."""
    for first, end in spans:
        if first - start < length:
            yield first - start, min(end - start, length)
