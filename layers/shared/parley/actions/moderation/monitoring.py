"""Reading as a moderator, in conversations of others; the audit log records each time before it happens."""

from typing import Annotated

from msgspec import Meta, Struct
from msgspec.structs import asdict

from parley.actions import access, named
from parley.actions.messages import messages
from parley.actions.messages.messages import HistoryPage, Read
from parley.actions.messages.search import look_through_all
from parley.adapters.conversations import conversations
from parley.adapters.moderation import audit
from parley.adapters.people import account_states
from parley.domain.api import cursors, ids
from parley.domain.api.errors import Invalid
from parley.domain.api.request import Request
from parley.domain.api.requests import (
    AuditAction,
    ConversationId,
    History,
    ListAnyConversations,
    SearchModeratedMessages,
)
from parley.domain.api.times import rfc3339
from parley.domain.api.types import Context, ConversationType, Message, NamedUser, State
from parley.domain.conversations import search
from parley.domain.conversations.head import Head
from parley.domain.conversations.named import in_messages
from parley.domain.conversations.search import Bounds, HitList, Look
from parley.domain.moderation.audit import new_entry, time_ms


class ModeratedConversation(Struct, frozen=True, kw_only=True):
    """A conversation in a moderator's list: without any message. A group's members are listed up to 100."""

    id: str
    type: ConversationType
    title: str | None
    context: Context | None
    state: State
    user_ids: list[str]
    member_count: int
    last_seq: int
    created_at: str
    last_activity_at: str
    reported: bool


class ModeratedConversationList(Struct, frozen=True, kw_only=True):
    """A page of a person's conversations, the most recently active first, archived ones last.

    It may be short, or empty, while `next` says that there are more.
    """

    conversations: list[ModeratedConversation]
    next: str | None
    users: dict[str, NamedUser]


class _Position(Struct, frozen=True, kw_only=True, array_like=True, forbid_unknown_fields=True):
    """The entry of a person's list after which the next page starts; None for the beginning of a shelf."""

    archived: bool
    after: tuple[Annotated[int, Meta(ge=0, le=10**9)], ConversationId] | None = None


def list_any_conversations(request: Request, query: ListAnyConversations) -> ModeratedConversationList:
    """Returns a page of the conversations of a person that the caller moderates; five round trips at most."""
    access.require_moderator(request, or_service=True)
    if query.context_id is not None and query.context_type is None:
        raise Invalid.field("?context_id", "contradiction", "An id needs its `context_type`.")
    position = cursors.decode(query.cursor, _Position) or _Position(archived=False)
    _log(request, "list_conversations", query.user_id, query)
    entries = conversations.recent(query.user_id, query.limit + 1, position.after, archived=position.archived)
    taken = entries[: query.limit]
    heads = conversations.heads([entry.conversation_id for entry in taken])
    shown = [heads[entry.conversation_id] for entry in taken if entry.conversation_id in heads]
    found = [head for head in shown if access.is_moderated(request, head) and _is_about(head, query)]
    following = None if position.archived else _Position(archived=True)
    if len(entries) > len(taken):
        following = _Position(archived=position.archived, after=(taken[-1].active_hour, taken[-1].conversation_id))
    return ModeratedConversationList(
        conversations=[_listed(head) for head in found],
        next=None if following is None else cursors.encode(following),
        users=named.users(request, (user_id for head in found for user_id in head.participants)),
    )


def _is_about(head: Head, query: ListAnyConversations) -> bool:
    about = (None, None) if head.context is None else (head.context.type, head.context.id)
    return query.context_type in (None, about[0]) and query.context_id in (None, about[1])


def _listed(head: Head) -> ModeratedConversation:
    return ModeratedConversation(
        id=head.conversation_id,
        type=head.type,
        title=head.title,
        context=head.context,
        state="closed" if head.closed else "open",
        user_ids=list(head.participants),
        member_count=head.member_count,
        last_seq=head.last_seq,
        created_at=rfc3339(head.created_at_ms),
        last_activity_at=rfc3339(head.last_activity_ms),
        reported=head.is_reported,
    )


def search_moderated_messages(request: Request, wanted: SearchModeratedMessages) -> HitList:
    """Returns a page of the messages that a person wrote in conversations that the caller moderates, newest first.

    As bounded as a search of the person's own (`search_messages`), one round trip more: the audit entry.
    """
    access.require_moderator(request, or_service=True)
    since_ms = time_ms(wanted.since, "?from", 0)
    until_ms = time_ms(wanted.to, "?to", request.now_ms + 1)
    query = search.check_query(wanted.q)
    asked = "\n".join([wanted.user_id, wanted.since or "", wanted.to or ""])
    position = search.position_of(wanted.cursor, query, asked)
    _log(request, "search_messages", wanted.user_id, wanted)
    look = Look(query, wanted.limit, Bounds(sender_id=wanted.user_id, since_ms=since_ms, until_ms=until_ms))
    following = look_through_all(
        wanted.user_id, look, position, may_read=lambda head: access.is_moderated(request, head)
    )
    hits = [matched.hit(message.for_all()) for message, matched in look.found]
    users = named.users(request, in_messages(hit.message for hit in hits))
    return HitList(results=hits, next=following, users=users)


def _log(request: Request, action: AuditAction, target: str, query: Struct) -> None:
    """Writes the audit entry of a reading, with its bounds, without the words of a search."""
    left_out = ("cursor", "limit", "user_id", "q")
    asked = {name: str(value) for name, value in asdict(query).items() if value is not None and name not in left_out}
    audit.write_entry(new_entry(account_states.as_put(request), action, target, **asked))


def list_moderated_messages(request: Request, conversation_id: str, query: History) -> HistoryPage:
    """Returns a page of a conversation's history, as all members see it; three round trips."""
    access.require_moderator(request, or_service=True)
    ids.check_conversation_id(conversation_id, access.field_of(request, "conversation_id"))
    head = access.access_moderated(request, conversations.head(conversation_id))
    asked = {name: str(value) for name, value in asdict(query).items() if value is not None and name != "cursor"}
    audit.write_entry(new_entry(account_states.as_put(request), "read_messages", conversation_id, **asked))

    def see(_: tuple[int, int], read: Read) -> list[Message]:
        return [message.for_all() for message in read()]

    return messages.history_page(request, head, query, see)
