"""Opening, listing and reading conversations, and what is unread in them."""

from collections.abc import Sequence

from msgspec import Struct

from parley.actions import access, limiting, messages, push
from parley.adapters import batches, conversations, policies, tables, writes
from parley.domain import ids, listing
from parley.domain.call import Call
from parley.domain.errors import Field, Invalid
from parley.domain.events import ConversationCreated
from parley.domain.policy import Party
from parley.domain.requests import CreateConversation, Page, SendMessageToUser, WantedContext
from parley.domain.stored import Head, Membership
from parley.domain.times import hour
from parley.domain.types import Context, Conversation, SentMessage

GENERAL = "general"  # the context type of conversations about nothing in particular; they carry no context
MAX_COUNTED = 100  # the most recently active conversations, which unread totals look at (architecture)


class ConversationList(Struct, frozen=True, kw_only=True):
    """A page of conversations, by last activity, newest first."""

    conversations: list[Conversation]
    next: str | None


class UnreadCount(Struct, frozen=True, kw_only=True):
    """How much is unread: messages, and conversations that hold them. `capped` where there were more to look at."""

    total: int
    conversations: int
    capped: bool


class Unread(Struct, frozen=True, kw_only=True):
    """What is unread in one conversation."""

    conversation_id: str
    unread: int
    read_seq: int
    last_seq: int


class UnreadList(Struct, frozen=True, kw_only=True):
    """The conversations with something unread, the most recently active first."""

    conversations: list[Unread]
    total: int
    capped: bool


def create(call: Call, wanted: CreateConversation) -> tuple[Conversation, bool]:
    """Returns the caller's direct conversation with somebody in a context, and whether this call made it.

    One round trip where it is there, two more and the posts where it is not.
    """
    head, created = _open_direct(call, wanted.user_id, wanted.context)
    shown = views([head], call.user_id)[0]
    return shown, created


def send_to_user(call: Call, wanted: SendMessageToUser) -> SentMessage:
    """Writes a message to somebody, opening the conversation when there is none yet."""
    head, created = _open_direct(call, wanted.user_id, wanted.context)
    if created and (sent := messages.send_behind(call, head, wanted)) is not None:
        return sent
    return messages.send(call, head.conversation_id, wanted)


def read(call: Call, conversation_id: str) -> Conversation:
    """Returns one conversation of the caller; two round trips."""
    return views([access.access_conversation(call, conversation_id)], call.user_id)[0]


def page(call: Call, query: Page) -> ConversationList:
    """Returns a page of the caller's conversations.

    Three round trips (index, heads, the rest), however many there are.
    """
    position = listing.decode_cursor(query.cursor)
    entries = conversations.recent(call.user_id, listing.MAX_CHUNK + 1, position.chunk_after)
    taken = listing.chunk(entries, query.limit, position)
    found = conversations.heads(entry.conversation_id for entry in taken)
    ordered = listing.in_order(list(found.values()), position)
    shown = ordered[: query.limit]
    behind = listing.behind(position, shown, more_here=len(ordered) > len(shown), taken=taken, entries=entries)
    return ConversationList(
        conversations=views(shown, call.user_id),
        next=behind.encode() if behind else None,
    )


def count_unread(call: Call) -> UnreadCount:
    """Returns how much is unread; two round trips."""
    found = list_unread(call)
    return UnreadCount(total=found.total, conversations=len(found.conversations), capped=found.capped)


def list_unread(call: Call) -> UnreadList:
    """Returns what is unread by conversation, among the `MAX_COUNTED` most recently active; two round trips."""
    entries = conversations.recent(call.user_id, MAX_COUNTED + 1)
    counted = [entry.conversation_id for entry in entries[:MAX_COUNTED]]
    found = conversations.heads_and_memberships(counted, call.user_id)
    pairs = sorted(found.values(), key=lambda pair: pair[0].last_activity_ms, reverse=True)
    unread = [
        Unread(
            conversation_id=head.conversation_id,
            unread=head.unread(mine),
            read_seq=head.read_seq(mine),
            last_seq=head.last_seq,
        )
        for head, mine in pairs
        if head.unread(mine)
    ]
    return UnreadList(conversations=unread, total=sum(one.unread for one in unread), capped=len(entries) > MAX_COUNTED)


def _open_direct(call: Call, user_id: str, wanted: WantedContext | None) -> tuple[Head, bool]:
    """Returns the head of the direct conversation, and whether it was made now; refuses what the policy forbids."""
    if user_id == call.user_id:
        field = Field(f"{call.field_prefix}/user_id", "not_allowed")
        raise Invalid("self_conversation", "A conversation needs somebody else.", fields=(field,))
    context_type = wanted.type if wanted else GENERAL
    context_id = wanted.id if wanted else None
    conversation_id = ids.direct_conversation_id(call.user_id, user_id, context_type, context_id or "")
    for _ in writes.tries():
        rows = batches.read({tables.Conversation: [(conversation_id,)], tables.User: [(user_id,)]})
        head = conversations.head_of(rows, conversation_id)
        if head is not None:
            if head.last_seq == 0 and not push.was_told(conversation_id):
                _tell_created(call, head)  # the try that made it may have died before it told anybody
            return head, False
        _check_policy(call, user_id, rows.get(tables.User, user_id), wanted)
        limiting.take_own(call)
        head = _new_head(call, user_id, conversation_id, context_type, context_id)
        if conversations.open_direct(head):
            _tell_created(call, head)
            return head, True
    raise writes.busy()


def _check_policy(call: Call, user_id: str, profile: tables.User | None, wanted: WantedContext | None) -> None:
    """Refuses a conversation that the policy does not allow. An open one stays open whatever the policy says later."""
    caller = Party(call.user_id, call.caller.role, call.caller.contexts)
    other = Party(user_id, profile.role, profile.contexts) if profile else None
    policies.current().decide(caller, other, wanted).require(call.field_prefix)


def _new_head(call: Call, user_id: str, conversation_id: str, context_type: str, context_id: str | None) -> Head:
    return Head(
        conversation_id=conversation_id,
        type="direct",
        context=Context(context_type, context_id) if context_type != GENERAL else None,
        participants=(call.user_id, user_id),
        last_seq=0,
        last_change_seq=0,
        last_message=None,
        sent_seqs={},
        created_at_ms=call.now_ms,
        last_activity_ms=call.now_ms,
        active_hour=hour(call.now_ms),
    )


def _tell_created(call: Call, head: Head) -> None:
    """Posts the new conversation to each member's devices, as that member sees it."""
    fresh = {one: Membership(user_id=one, conversation_id=head.conversation_id) for one in head.participants}
    names = conversations.names(head.participants)
    frames = {
        one: ConversationCreated(
            conversation_id=head.conversation_id, conversation=head.view(one, fresh, names)
        ).frame()
        for one in head.participants
    }
    push.tell_each(call, head.participants, lambda user_id, _: frames[user_id])
    push.remember(head.conversation_id)


def views(heads: Sequence[Head], user_id: str) -> list[Conversation]:
    """Returns the conversations of these heads as a member sees them.

    One round trip for up to 100 rows, more at once.
    """
    if not heads:
        return []
    keys = [(one, head.conversation_id) for head in heads for one in head.participants]
    memberships, names = conversations.memberships_and_names(keys)
    return [
        head.view(
            user_id,
            {one: memberships[one, head.conversation_id] for one in head.participants},
            names,
        )
        for head in heads
    ]
