"""Opening a direct conversation or a group, or getting the one that is there."""

from collections.abc import Callable, Sequence
from typing import NoReturn

from msgspec import Struct
from msgspec.structs import replace

from parley.actions import limits, push, screening
from parley.actions.conversations import groups
from parley.actions.conversations.views import answer, answer_for_host
from parley.actions.people import may_open, profiles
from parley.actions.people.may_open import Opening
from parley.adapters.conversations import conversations
from parley.adapters.dynamodb import batches, conditions, tables
from parley.adapters.moderation import word_list_cache
from parley.adapters.people import named_users
from parley.domain.api.custom_data import NO_CUSTOM_DATA, CustomData, compact
from parley.domain.api.errors import Field, Invalid
from parley.domain.api.request import Request
from parley.domain.api.requests import CreateConversation, WantedContext
from parley.domain.api.times import hour
from parley.domain.api.types import Context, ConversationAnswer
from parley.domain.conversations.events import ConversationCreated
from parley.domain.conversations.head import Head
from parley.domain.conversations.message import Reader
from parley.domain.conversations.named import with_users
from parley.domain.conversations.views import view_conversation
from parley.domain.people.policy import NO_CONTEXT


def create_conversation(request: Request, wanted: CreateConversation) -> tuple[ConversationAnswer, bool]:
    """Returns the caller's conversation and whether this call made it: direct in a context, or a group.

    A direct one takes one round trip if it is there, else two more and the posts.
    """
    _check_fields(request, wanted)
    if wanted.type == "group":
        return groups.create_group(request, wanted)
    data = CustomData(wanted.custom_type, compact(wanted.metadata))
    pair = _pair(request, wanted)
    head, asked = open_direct(pair, wanted.context, data.metadata or "", data=data)
    shown = answer(request, head) if pair.request is request else answer_for_host(request, head)
    return shown, asked is not None


class Pair(Struct, frozen=True, kw_only=True):
    """The two people of a direct conversation: the one who opens it, and the other, with their places in the body.

    The host's own server opens one in the name of the first of two others.
    """

    request: Request
    user_id: str
    pointers: tuple[str, str] = ("", "")


def pair_of_host(request: Request, user_ids: Sequence[str]) -> Pair:
    """Returns two others between whom the host's own server opens a conversation; raises Forbidden for all others."""
    profiles.require_service(request, "open a conversation of two others", "user_ids")
    places = tuple(f"{request.field_prefix}/user_ids/{place}" for place in range(2))
    for user_id, pointer in zip(user_ids, places, strict=True):
        if user_id == request.caller.user_id:
            raise profiles.no_person(pointer)
    first, second = user_ids
    if first == second:
        field = Field(places[1], "not_allowed")
        raise Invalid("self_conversation", "A conversation needs two people.", fields=(field,))
    return Pair(request=request.in_name_of(first), user_id=second, pointers=(places[0], places[1]))


def _pair(request: Request, wanted: CreateConversation) -> Pair:
    if wanted.user_ids is not None:
        return pair_of_host(request, wanted.user_ids)
    return Pair(request=request, user_id=wanted.user_id or counterpart(request, wanted.context))


def counterpart(request: Request, context: WantedContext | None) -> str:
    """Returns the other person of a request that names none: the only one of its context whom the caller may write to.

    Raises Invalid without a context that has an id; see `find_counterpart`.
    """
    known = check_context(request, context)
    from parley.actions.people.counterparts import find_counterpart  # most requests name the other person

    return find_counterpart(request, known)


def check_context(request: Request, context: WantedContext | None) -> WantedContext:
    """Returns the context of a request that names no other person; raises Invalid unless it has one with an id."""
    if context is None or context.id is None:
        detail = "A conversation of two needs a user_id, or a context with one other person."
        raise Invalid.field(f"{request.field_prefix}/user_id", "required", detail)
    return context


_OF_DIRECT = ("user_id", "user_ids", "context")
_OF_GROUP = (
    *("owner_ids", "title", "description", "member_ids", "everyone"),
    *("posting", "slow_mode_s", "history", "client_id"),
)


def _check_fields(request: Request, wanted: CreateConversation) -> None:
    """Refuses fields that belong to the other type."""
    if wanted.type == "direct" and wanted.user_id is None and wanted.user_ids is None:
        check_context(request, wanted.context)
    others = _OF_GROUP if wanted.type == "direct" else _OF_DIRECT
    blank = CreateConversation(type=wanted.type)
    wrong = [name for name in others if getattr(wanted, name) != getattr(blank, name)]
    if wanted.user_id is not None and wanted.user_ids is not None:
        check_one_form(request)
    if wrong:
        raise Invalid(
            "invalid_request",
            f"A {wanted.type} conversation has no {wrong[0]}.",
            fields=tuple(Field(f"{request.field_prefix}/{name}", "contradiction") for name in wrong),
        )


def check_one_form(request: Request) -> NoReturn:
    """Raises Invalid for a request that names both a `user_id` and `user_ids`."""
    detail = "`user_ids` names both people; `user_id` names the other of two."
    raise Invalid.field(f"{request.field_prefix}/user_ids", "contradiction", detail)


def open_direct(
    pair: Pair,
    wanted: WantedContext | None,
    text: str = "",
    attachments: int = 0,
    check: Callable[[Head], None] | None = None,
    data: CustomData = NO_CUSTOM_DATA,
) -> tuple[Head, limits.Asked | None]:
    """Returns the head of the direct conversation and, if it is new, what the caller's own bucket gave for it.

    A new one gets `data`. The rate limit counts `text`, the first message or the metadata, and a number of
    `attachments`. Refuses what the policy forbids. `check` gets the head of a new conversation before it is written,
    and refuses its first message.
    """
    request = pair.request
    about, title = _subject(request, wanted)
    wish = may_open.opening(request, pair.user_id, wanted, pair.pointers)
    for _ in conditions.tries():
        keys = wish.reads(request) | {tables.WordList: word_list_cache.due(request.now_s)}
        rows = batches.read_rows(keys, stale=(tables.WordList,))
        word_list_cache.take(rows, request.now_s)
        head = wish.open_one(request, rows)
        if head is not None:
            if head.last_seq == 0 and push.is_news(request, head.conversation_id, head.created_at_ms):
                _tell_created(request, head)  # the try that made it may have died before it told the members
            return head, None
        decision = wish.decide(request, rows)
        # There is no message yet that a rule could report to the moderators; the first message reports its own words.
        screened = screening.screen(request, title, "context/title").text if title is not None else None
        asked = limits.take_own(request, text, attachments)
        head = _new_head(request, wish, about, screened, awaits_answer=not decision.vouches)
        head = replace(head, custom_type=data.custom_type, metadata=data.metadata)
        if check is not None:
            check(head)
        if conversations.open_direct(head):
            _tell_created(request, head)
            return head, asked
    raise conditions.busy()


def _subject(request: Request, wanted: WantedContext | None) -> tuple[Context | None, str | None]:
    """Returns the context of a new conversation and its title; refuses a title without a context."""
    about = Context(wanted.type, wanted.id) if wanted and wanted.type != NO_CONTEXT else None
    title = wanted.title if wanted else None
    if title is not None and about is None:
        detail = "A direct conversation without a context has no title."
        raise Invalid.field(f"{request.field_prefix}/context/title", "not_allowed", detail)
    return about, title


def _new_head(
    request: Request, wish: Opening, context: Context | None, title: str | None, *, awaits_answer: bool
) -> Head:
    return Head(
        conversation_id=wish.conversation_id,
        type="direct",
        title=title,
        context=context,
        participants=(request.user_id, wish.user_id),
        last_seq=0,
        last_change_seq=0,
        last_message=None,
        sent_seqs={},
        created_at_ms=request.now_ms,
        last_activity_ms=request.now_ms,
        active_hour=hour(request.now_ms),
        awaits_answer=awaits_answer,
    )


def _tell_created(request: Request, head: Head) -> None:
    """Posts the new conversation to each member's devices, as that member sees it."""
    fresh = {user_id: head.newcomer(user_id) for user_id in head.participants}
    users = named_users.read_named(head.participants)
    # A direct conversation marks nothing for either side.
    readers = (Reader(user_id=user_id, blocked=frozenset()) for user_id in head.participants)
    frames = {}
    for reader in readers:
        shown = view_conversation(head, reader, fresh, users)
        event = ConversationCreated(conversation_id=head.conversation_id, conversation=shown)
        frames[reader.user_id] = with_users(event, users).frame()
    push.tell_each(request, head.participants, lambda user_id, _: frames[user_id])
    push.remember(head.conversation_id)
