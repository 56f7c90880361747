"""The moderators' side of banned words: the list, and trying rules on past messages."""

from collections.abc import Iterable, Iterator, Sequence

import msgspec
from msgspec import Struct

from parley.actions import access, named
from parley.adapters.conversations import conversations
from parley.adapters.dynamodb import conditions, retrying
from parley.adapters.moderation import audit, reports, word_lists
from parley.adapters.people import account_states
from parley.domain.api import cursors
from parley.domain.api.errors import Conflict, Field, Invalid
from parley.domain.api.request import Request
from parley.domain.api.requests import PutBannedWords, TryBannedWords
from parley.domain.api.types import NamedUser
from parley.domain.conversations import history
from parley.domain.conversations.reports import Report, ReportPosition
from parley.domain.moderation import word_list
from parley.domain.moderation.audit import new_entry
from parley.domain.moderation.banned_words import Rule, compile_rules
from parley.domain.moderation.word_list import (
    MAX_LOOKED,
    MAX_LOOKED_CHARACTERS,
    BannedWordList,
    InConversations,
    InReports,
    Past,
    PastHit,
    WordList,
)

PART = 50  # messages that are read in one go
TARGET = "banned_words"

Place = InConversations | InReports


class TryResult(Struct, frozen=True, kw_only=True):
    """The hits of rules in `looked` past messages, newest first. `next` brings more messages."""

    looked: int
    hits: list[PastHit]
    next: str | None
    users: dict[str, NamedUser]


class _Cursor(Struct, frozen=True, kw_only=True, array_like=True, forbid_unknown_fields=True):
    place: InConversations | InReports


def get_banned_words(request: Request) -> BannedWordList:
    """Returns the list, to moderators; two round trips."""
    access.require_moderator(request)
    known = word_lists.get_word_list()
    return word_list.view(known, named.users(request, [known.updated_by] if known.updated_by is not None else []))


def put_banned_words(request: Request, wanted: PutBannedWords) -> BannedWordList:
    """Replaces the list, as a moderator; two round trips. All functions use it within 60 s.

    Raises Conflict if another moderator has replaced the version meanwhile.
    """
    access.require_moderator(request)
    rules = word_list.rules_of(wanted.rules)
    for _ in conditions.tries():
        known = word_lists.get_word_list()
        if (known.version, known.rules, known.updated_by) == (wanted.version + 1, rules, request.user_id):
            return word_list.view(known, _caller(request))  # a retry of a finished request
        if known.version != wanted.version:
            detail = "The list has changed meanwhile; read it again."
            raise Conflict("banned_words_changed", detail, rule="version: as it was read")
        new = WordList(version=known.version + 1, rules=rules, updated_at_ms=request.now_ms, updated_by=request.user_id)
        entry = new_entry(
            account_states.as_put(request),
            "put_banned_words",
            TARGET,
            before=str(known.version),
            after=str(new.version),
            **_changed(known, new),
        )
        if word_lists.put_word_list(new, entry):
            return word_list.view(new, _caller(request))
    raise retrying.busy()


def _caller(request: Request) -> named.Users:
    return dict(named.caller(request).users)


def _changed(before: WordList, after: WordList) -> dict[str, str]:
    """Returns the numbers of added and removed rules; a changed rule counts as both."""
    old, new = set(map(msgspec.json.encode, before.rules)), set(map(msgspec.json.encode, after.rules))
    return {"added": str(len(new - old)), "removed": str(len(old - new))}


def try_banned_words(request: Request, wanted: TryBannedWords) -> TryResult:
    """Tests rules against past messages, for moderators: on a part of them, and `next` brings the rest.

    The messages are those of the named conversations, or else the reported ones, as they were then. One round trip for
    each `PART` messages, two for reported ones (three with notes), and one for the conversations. The audit log records
    the reading before it happens. Raises NotFound if one of the conversations is not open to the caller.
    """
    access.require_moderator(request)
    rules = word_list.rules_of(wanted.rules)
    ids = wanted.conversation_ids
    place = _place(wanted)
    _check_open(request, ids or ())
    audit.write_entry(
        new_entry(account_states.as_put(request), "try_banned_words", TARGET, conversation_ids=",".join(ids or ()))
    )
    parts = _in_reports(request, place) if isinstance(place, InReports) else _in_conversations(ids or [], place)
    looked, hits, following = _tried(rules, place, parts)
    return TryResult(
        looked=looked,
        hits=hits,
        next=None if following is None else cursors.encode(_Cursor(place=following)),
        users=named.users(request, (hit.sender_id for hit in hits)),
    )


def _check_open(request: Request, conversation_ids: Sequence[str]) -> None:
    """Refuses conversations that the caller does not moderate, each by its place; one round trip, none for nothing."""
    heads = conversations.heads(conversation_ids) if conversation_ids else {}
    closed = {key for key in conversation_ids if key not in heads or not access.is_moderated(request, heads[key])}
    if closed:
        refusal = access.no_conversation()
        places = (number for number, key in enumerate(conversation_ids) if key in closed)
        refusal.fields = tuple(Field(f"/conversation_ids/{number}", "not_allowed") for number in places)
        raise refusal


def _place(wanted: TryBannedWords) -> Place:
    cursor = cursors.decode(wanted.cursor, _Cursor, "/cursor")
    start: Place = InConversations(place=0) if wanted.conversation_ids else InReports()
    place = start if cursor is None else cursor.place
    past_end = isinstance(place, InConversations) and place.place >= len(wanted.conversation_ids or ())
    if type(place) is not type(start) or past_end:
        raise Invalid.field("/cursor", "bad_cursor", "This cursor belongs to another list.")
    return place


def _tried(
    rules: Sequence[Rule], start: Place, parts: Iterable[tuple[Past, Place]]
) -> tuple[int, list[PastHit], Place | None]:
    """Returns the number of messages that were looked at, the hits, and the place of the next message, if any."""
    compiled = compile_rules(rules)
    hits: list[PastHit] = []
    room = history.Room()
    looked = characters = 0
    for message, behind in parts:
        found = word_list.hit(compiled, message)
        if found is not None:
            if not room.take(found):  # a hit can name a thousand rules
                return looked, hits, start
            hits.append(found)
        looked += 1
        characters += len(message.text)
        start = behind
        if looked == MAX_LOOKED or characters >= MAX_LOOKED_CHARACTERS:
            return looked, hits, behind
    return looked, hits, None


def _in_conversations(conversation_ids: Sequence[str], start: InConversations) -> Iterator[tuple[Past, Place]]:
    """Yields messages, each with the place after it."""
    for place in range(start.place, len(conversation_ids)):
        before = start.before_seq if place == start.place else None
        while part := word_lists.past(conversation_ids[place], PART, before):
            for message in part:
                yield message, InConversations(place=place, before_seq=message.seq)
            before = part[-1].seq


def _in_reports(request: Request, start: InReports) -> Iterator[tuple[Past, Place]]:
    for status in word_list.STATES[word_list.STATES.index(start.status) :]:
        after = None
        if status == start.status and start.created_at_ms is not None and start.report_id is not None:
            after = ReportPosition(created_at_ms=start.created_at_ms, report_id=start.report_id)
        while part := reports.list_reports(status, PART, after, newest_first=True):
            closed = access.closed_notes(request, (listed.conversation_id for listed in part))
            for report in reports.some(listed.report_id for listed in part if listed.conversation_id not in closed):
                place = InReports(status=status, created_at_ms=report.created_at_ms, report_id=report.report_id)
                yield _past(report), place
            after = ReportPosition(created_at_ms=part[-1].created_at_ms, report_id=part[-1].report_id)


def _past(report: Report) -> Past:
    return Past(
        conversation_id=report.conversation_id,
        seq=report.seq,
        sender_id=report.sender_id,
        text=report.text,
        created_at_ms=report.created_at_ms,
    )
