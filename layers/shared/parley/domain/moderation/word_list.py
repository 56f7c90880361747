"""A deployment's list of banned words: as it is put, stored and shown, and the results of a trial."""

from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import Annotated, Literal

from msgspec import Meta, Struct

from parley.domain.api.errors import Field, Invalid
from parley.domain.api.ids import message_id
from parley.domain.api.requests import MAX_SEQ, MAX_TRIED_CONVERSATIONS, REPORT_ID_PATTERN, BannedWord, ReportState
from parley.domain.api.times import rfc3339, rfc3339_or_none
from parley.domain.api.types import NamedUser
from parley.domain.moderation.banned_words import Action, Problem, Rule, Rules, problem_of

MAX_LOOKED = 200  # messages that one request tries rules on
MAX_LOOKED_CHARACTERS = 200_000
EXCERPT_CHARACTERS = 200
LEAD_CHARACTERS = 40  # characters of an excerpt before the first match

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
    """The list as moderators see it; version 0 means that the deployment has none."""

    version: int
    rules: list[BannedRule]
    updated_at: str | None
    updated_by: str | None
    users: dict[str, NamedUser]


class Past(Struct, frozen=True, kw_only=True):
    """A message of the past, on which rules are tried."""

    conversation_id: str
    seq: int
    sender_id: str
    text: str
    created_at_ms: int


class PastHit(Struct, frozen=True, kw_only=True):
    """A past message that the rules would have matched, and the action that they would have taken.

    `excerpt` is the part of its text around the first match; `highlights` are start and end, in characters of it.
    """

    message_id: str
    sender_id: str
    created_at: str
    action: Action
    rule_ids: list[str]
    excerpt: str
    highlights: list[tuple[int, int]]


class InConversations(Struct, frozen=True, kw_only=True, array_like=True, forbid_unknown_fields=True, tag="c"):
    """The start of the next page of a trial: in which of the conversations, before which message."""

    place: Annotated[int, Meta(ge=0, lt=MAX_TRIED_CONVERSATIONS)]
    before_seq: Annotated[int, Meta(ge=1, le=MAX_SEQ)] | None = None


class InReports(Struct, frozen=True, kw_only=True, array_like=True, forbid_unknown_fields=True, tag="r"):
    """The start of the next page of a trial: among the reports of which status, after which of them."""

    status: ReportState = STATES[0]
    created_at_ms: Annotated[int, Meta(ge=0, le=10**15)] | None = None
    report_id: Annotated[str, Meta(pattern=REPORT_ID_PATTERN)] | None = None


def rules_of(wanted: Sequence[BannedWord]) -> tuple[Rule, ...]:
    """Returns the request's rules; refuses rules that match no text or nearly all texts, and repeated ids."""
    rules = tuple(_rule(word) for word in wanted)
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


def _rule(word: BannedWord) -> Rule:
    derived = sha256(f"{word.kind} {word.text}".encode()).hexdigest()[:12]
    return Rule(rule_id=word.id or derived, kind=word.kind, text=word.text, action=word.action)


def view(word_list: WordList, users: dict[str, NamedUser]) -> BannedWordList:
    """Returns the list as moderators see it; `users` has the person who has changed it last."""
    return BannedWordList(
        version=word_list.version,
        rules=[
            BannedRule(id=rule.rule_id, kind=rule.kind, text=rule.text, action=rule.action) for rule in word_list.rules
        ],
        updated_at=rfc3339_or_none(word_list.updated_at_ms),
        updated_by=word_list.updated_by,
        users=users,
    )


def hit(rules: Rules, past: Past) -> PastHit | None:
    """Returns a message with the rules' verdict on it; None if they would have let it pass."""
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
    """Yields the spans as they lie in an excerpt, cut off at its end."""
    for first, end in spans:
        if first - start < length:
            yield first - start, min(end - start, length)
