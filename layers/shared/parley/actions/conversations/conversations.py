"""Opening, listing and reading conversations, and what is unread in them."""

from collections.abc import Sequence

import msgspec
from msgspec import UNSET, Struct

from parley.actions import access, limits, parallel, push, screening, viewer
from parley.actions.conversations import groups
from parley.actions.people import may_open
from parley.actions.people.may_open import Opening
from parley.adapters.conversations import conversations, journal
from parley.adapters.dynamodb import batches, conditions, tables
from parley.adapters.moderation import word_list_cache
from parley.domain.api.call import Call
from parley.domain.api.errors import Conflict, Field, Invalid
from parley.domain.api.requests import (
    CreateConversation,
    ListConversations,
    UpdateSettings,
    WantedContext,
)
from parley.domain.api.times import from_rfc3339, hour, rfc3339
from parley.domain.api.types import Context, Conversation, Settings
from parley.domain.conversations import listing
from parley.domain.conversations.events import ConversationCreated, ConversationUpdated, Own
from parley.domain.conversations.steps import OwnChange, Step
from parley.domain.conversations.stored import Head, Membership, Reader
from parley.domain.people.policy import NO_CONTEXT

MAX_COUNTED = 100  # unread totals look at the most recently active conversations only, for two round trips
MAX_CHUNKS = 3  # of 100 conversations that one request looks through for those that it asks for
MAX_PINNED = 50  # conversations that a person can pin


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
    """Returns a conversation of the caller's and whether this call made it: with somebody in a context, or a group.

    A direct one takes one round trip where it is there, two more and the posts where it is not.
    """
    _check_fields(call, wanted)
    if wanted.type == "group":
        return groups.create(call, wanted)
    head, asked = open_direct(call, wanted.user_id or "", wanted.context)
    shown = views([head], call.user_id)[0]
    return shown, asked is not None


_OF_DIRECT = ("user_id", "context")
_OF_GROUP = ("title", "description", "member_ids", "posting", "slow_mode_s", "client_id")


def _check_fields(call: Call, wanted: CreateConversation) -> None:
    """Refuses the fields of the one type beside the other."""
    if wanted.type == "direct" and wanted.user_id is None:
        raise Invalid.field(f"{call.field_prefix}/user_id", "required", "A direct conversation needs a user_id.")
    others = _OF_GROUP if wanted.type == "direct" else _OF_DIRECT
    blank = CreateConversation(type=wanted.type)
    wrong = [name for name in others if getattr(wanted, name) != getattr(blank, name)]
    if wrong:
        raise Invalid(
            "invalid_request",
            f"A {wanted.type} conversation has no {wrong[0]}.",
            fields=tuple(Field(f"{call.field_prefix}/{name}", "contradiction") for name in wrong),
        )


def read(call: Call, conversation_id: str) -> Conversation:
    """Returns one conversation of the caller; two round trips."""
    shown = views([access.access_conversation(call, conversation_id)], call.user_id)
    if not shown:  # removed in between
        raise access.no_conversation()
    return shown[0]


def page(call: Call, query: ListConversations) -> ConversationList:
    """Returns a page of the caller's conversations, by last activity, newest first.

    Three round trips (index, heads, the rest), however many there are. One that asks for a part of them looks through
    `MAX_CHUNKS` hundreds at most; what is not found by then is on the next pages, so a page may be short, or empty.
    """
    position = listing.decode_cursor(query.cursor)
    wanted = listing.Wanted.of(query)
    shown: list[Head] = []
    for _ in range(MAX_CHUNKS if wanted.is_part else 1):
        chunk = _pinned(call, position) if query.state == "pinned" else _chunk(call, query, position)
        fitting, position_behind = _fitting(call, wanted, chunk, query.limit - len(shown))
        shown += fitting
        if position_behind is None or len(shown) == query.limit:
            break
        position = position_behind
    return ConversationList(
        conversations=views(shown, call.user_id, stale=True),
        next=position_behind.encode() if position_behind else None,
    )


class _Chunk(Struct, frozen=True, kw_only=True):
    """A part of a person's list that can be put in exact order by itself."""

    position: listing.Position
    entries: list[listing.Entry]
    taken: Sequence[listing.Entry]
    ordered: list[Head]

    def behind(self, looked_at: Sequence[Head]) -> listing.Position | None:
        """Returns where the list goes on when these of the chunk have been looked at."""
        more_here = len(self.ordered) > len(looked_at)
        return listing.behind(self.position, looked_at, more_here=more_here, taken=self.taken, entries=self.entries)


def _chunk(call: Call, query: ListConversations, position: listing.Position) -> _Chunk:
    archived = query.state == "archived"
    entries = conversations.recent(call.user_id, listing.MAX_CHUNK + 1, position.chunk_after, archived=archived)
    taken = listing.chunk(entries, query.limit, position)
    found = conversations.heads(entry.conversation_id for entry in taken)
    ordered = listing.in_order(list(found.values()), position)
    return _Chunk(position=position, entries=entries, taken=taken, ordered=ordered)


def _pinned(call: Call, position: listing.Position) -> _Chunk:
    """Returns what the caller has pinned: `MAX_PINNED` at most, so one chunk, and the end of the list."""
    found = conversations.heads(conversations.pinned(call.user_id, MAX_PINNED))
    ordered = listing.in_order(list(found.values()), position)
    entries = [listing.Entry(head.conversation_id, head.active_hour) for head in ordered]
    return _Chunk(position=position, entries=entries, taken=entries, ordered=ordered)


def _fitting(
    call: Call, wanted: listing.Wanted, chunk: _Chunk, room: int
) -> tuple[list[Head], listing.Position | None]:
    """Returns up to `room` heads of a chunk that fit what is wanted, and where the list goes on."""
    if not wanted.is_part:
        shown = chunk.ordered[:room]
        return shown, chunk.behind(shown)
    keys = [(one, head.conversation_id) for head in chunk.ordered for one in wanted.people_of(head, call.user_id)]
    memberships, names = conversations.memberships_and_names(keys, stale_for=call.user_id)
    fitting: list[Head] = []
    for place, head in enumerate(chunk.ordered, start=1):
        mine = memberships.get((call.user_id, head.conversation_id))
        if mine is not None and wanted.fits(head, mine, names):
            fitting.append(head)
            if len(fitting) == room:
                return fitting, chunk.behind(chunk.ordered[:place])
    return fitting, chunk.behind(chunk.ordered)


def archive(call: Call, conversation_id: str, *, archived: bool) -> Conversation:
    """Puts a conversation away in the caller's list, until something new comes in it, or takes it out again.

    Three round trips and the posts.
    """
    for _ in conditions.tries():
        head, mine = access.access_membership(call, conversation_id)
        after = head
        if archived != head.is_archived(mine):
            shelf = conversations.shelf_of(call.user_id, archived=archived)
            archived_seq, own_seq = head.last_seq if archived else None, mine.own_seq + 1
            attributes = {"archived_seq": archived_seq, "shelf": shelf, "own_seq": own_seq}
            own = OwnChange(user_id=call.user_id, attributes=attributes, before=mine)
            after = msgspec.structs.replace(head, has_archived=archived or head.has_archived)
            step = Step(before=head, after=after, own=own, rests_on_last=archived)
            try:
                journal.write(step, call.now_s)
            except journal.LostRace:
                continue
            mine = msgspec.structs.replace(mine, archived_seq=archived_seq, own_seq=own_seq)
        _tell_own(call, after, mine)
        return read(call, conversation_id)
    raise conditions.busy()


def update_settings(call: Call, conversation_id: str, wanted: UpdateSettings) -> Conversation:
    """Changes what the caller has set for a conversation, on all their devices; three round trips and the posts."""
    for _ in conditions.tries():
        head, mine = access.access_membership(call, conversation_id)
        settings = _settings(call, mine.settings, wanted)
        if settings.pinned and not mine.settings.pinned:
            _check_room_to_pin(call)
        is_new = settings != mine.settings  # else a retry, whose first try may have told nobody
        changed = msgspec.structs.replace(mine, settings=settings, own_seq=mine.own_seq + is_new)
        if not is_new or conversations.save_settings(mine, changed, call.now_ms):
            _tell_own(call, head, changed)
            return read(call, conversation_id)
    raise conditions.busy()


def _check_room_to_pin(call: Call) -> None:
    if len(conversations.pinned(call.user_id, MAX_PINNED)) >= MAX_PINNED:
        raise Conflict("too_many_pinned", f"You can pin {MAX_PINNED} conversations.", rule="pinned_conversations")


def _settings(call: Call, now: Settings, wanted: UpdateSettings) -> Settings:
    changed: dict[str, object] = {
        name: value
        for name in ("pinned", "notifications", "muted_until")
        if (value := getattr(wanted, name)) is not UNSET
    }
    if isinstance(wanted.muted_until, str):
        until_ms = from_rfc3339(wanted.muted_until)
        if until_ms is None:
            pointer = f"{call.field_prefix}/muted_until"
            raise Invalid.field(pointer, "bad_format", "There is no such time.")
        changed["muted_until"] = rfc3339(until_ms)
    return msgspec.structs.replace(now, **changed)


def _tell_own(call: Call, head: Head, mine: Membership) -> None:
    """Tells the caller's other devices what they have set for a conversation."""
    archived = head.is_archived(mine)
    own = Own(own_seq=mine.own_seq, settings=mine.settings, archived=archived, last_seq=head.last_seq)
    event = ConversationUpdated(conversation_id=head.conversation_id, user_id=call.user_id, own=own)
    push.tell(call, [call.user_id], event)


def count_unread(call: Call) -> UnreadCount:
    """Returns how much is unread; two round trips."""
    found = list_unread(call)
    return UnreadCount(total=found.total, conversations=len(found.conversations), capped=found.capped)


def list_unread(call: Call) -> UnreadList:
    """Returns what is unread by conversation, among the `MAX_COUNTED` most recently active; two round trips."""
    entries = conversations.recent(call.user_id, MAX_COUNTED + 1)
    counted = [entry.conversation_id for entry in entries[:MAX_COUNTED]]
    found = conversations.heads_and_memberships(counted, call.user_id, stale=True)
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


def open_direct(
    call: Call, user_id: str, wanted: WantedContext | None, text: str = ""
) -> tuple[Head, limits.Asked | None]:
    """Returns the head of the direct conversation and, if it was made now, what the caller's own bucket gave for it.

    `text` is the message that shall be its first. Refuses what the policy forbids.
    """
    about = Context(wanted.type, wanted.id) if wanted and wanted.type != NO_CONTEXT else None
    title = wanted.title if wanted else None
    if title is not None and about is None:
        detail = "A conversation about nothing in particular has no title."
        raise Invalid.field(f"{call.field_prefix}/context/title", "not_allowed", detail)
    wish = may_open.opening(call, user_id, wanted)
    for _ in conditions.tries():
        keys = wish.reads(call) | {tables.WordList: word_list_cache.due(call.now_s)}
        rows = batches.read(keys, stale=(tables.WordList,))
        word_list_cache.take(rows, call.now_s)
        head = wish.open_one(call, rows)
        if head is not None:
            if head.last_seq == 0 and push.is_news(call, head.conversation_id, head.created_at_ms):
                _tell_created(call, head)  # the try that made it may have died before it told anybody
            return head, None
        decision = wish.decide(call, rows)
        # There is no message that a rule could bring before the moderators; the first one brings its own words.
        screened = screening.screen(call, title, "context/title").text if title is not None else None
        asked = limits.take_own(call, text)
        head = _new_head(call, wish, about, screened, awaits_answer=not decision.vouches)
        if conversations.open_direct(head):
            _tell_created(call, head)
            return head, asked
    raise conditions.busy()


def _new_head(call: Call, wish: Opening, context: Context | None, title: str | None, *, awaits_answer: bool) -> Head:
    return Head(
        conversation_id=wish.conversation_id,
        type="direct",
        title=title,
        context=context,
        participants=(call.user_id, wish.user_id),
        last_seq=0,
        last_change_seq=0,
        last_message=None,
        sent_seqs={},
        created_at_ms=call.now_ms,
        last_activity_ms=call.now_ms,
        active_hour=hour(call.now_ms),
        awaits_answer=awaits_answer,
    )


def _tell_created(call: Call, head: Head) -> None:
    """Posts the new conversation to each member's devices, as that member sees it."""
    fresh = {one: head.newcomer(one) for one in head.participants}
    names = conversations.names(head.participants)
    # Between two people nothing is marked for either of them.
    readers = (Reader(user_id=one, blocked=frozenset()) for one in head.participants)
    frames = {
        one.user_id: ConversationCreated(
            conversation_id=head.conversation_id, conversation=head.view(one, fresh, names)
        ).frame()
        for one in readers
    }
    push.tell_each(call, head.participants, lambda user_id, _: frames[user_id])
    push.remember(head.conversation_id)


def views(heads: Sequence[Head], user_id: str, *, stale: bool = False) -> list[Conversation]:
    """Returns the conversations of these heads as a member sees them; those that they have just lost are left out.

    With `stale` markers may be a moment old, the member's own too. One round trip for up to 100 rows, more at once.
    """
    if not heads:
        return []
    keys = [(one, head.conversation_id) for head in heads for one in listing.people_of(head, user_id)]
    reader, (memberships, names) = parallel.both(
        lambda: viewer.reader(user_id, heads),
        lambda: conversations.memberships_and_names(keys, stale_for=user_id if stale else None),
    )
    return [
        head.view(
            reader,
            {
                one: memberships[one, head.conversation_id]
                for one in listing.people_of(head, user_id)
                if (one, head.conversation_id) in memberships
            },
            names,
        )
        for head in heads
        if (user_id, head.conversation_id) in memberships
    ]
