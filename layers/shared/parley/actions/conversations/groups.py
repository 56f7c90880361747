"""Groups and the life of conversations: making a group, people in and out, roles, title and rules, closing.

Read, decide, write and tell, again where somebody was faster. Whoever asks for what they have just done gets it again,
and the others are told again: an earlier try may have died between its write and its posts.
"""

import secrets
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import TypeVar

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from parley.actions import access, limits, push, screening, visibility
from parley.actions.conversations import members
from parley.actions.parallel import in_parallel
from parley.actions.people import may_open
from parley.actions.people.profiles import check_user_id
from parley.actions.screening import Screened
from parley.actions.viewer import reader_of
from parley.adapters.conversations import conversations, journal, messages
from parley.adapters.dynamodb import batches, conditions, tables
from parley.adapters.dynamodb.batches import Rows
from parley.adapters.moderation import word_list_cache
from parley.adapters.people import blocks
from parley.domain.api import ids
from parley.domain.api.call import Call
from parley.domain.api.errors import Field, NotFound, Refusal, Unprocessable
from parley.domain.api.requests import CreateConversation, Page, UpdateConversation
from parley.domain.api.types import Conversation, GroupRole, Member
from parley.domain.conversations import events, group_steps, rights, views
from parley.domain.conversations.events import ConversationCreated
from parley.domain.conversations.head import Head, Membership
from parley.domain.conversations.message import Reader, StoredMessage
from parley.domain.conversations.steps import Change, Step

Memberships = Mapping[str, Membership]
Named = TypeVar("Named", CreateConversation, UpdateConversation)
Decide = Callable[[Head, Memberships], Step | None]


class MemberList(Struct, frozen=True, kw_only=True):
    """A page of a conversation's members, by id."""

    members: list[Member]
    next: str | None


class AddedMembers(Struct, frozen=True, kw_only=True):
    """Those who were to come into the group and are in it now, and how many it has."""

    conversation_id: str
    user_ids: list[str]
    member_count: int


class RemovedMember(Struct, frozen=True, kw_only=True):
    """Who is in the group no longer, and how many are."""

    conversation_id: str
    user_id: str
    member_count: int


def create_group(call: Call, wanted: CreateConversation) -> tuple[Conversation, bool]:
    """Returns a new group of the caller's and whether this call made it: one with the same `client_id` may have.

    Four round trips and the posts; one where the group is there.
    """
    conversation_id = ids.group_id(call.user_id, wanted.client_id or secrets.token_hex(16))
    for _ in conditions.tries():
        rows = _before_creating(call, conversation_id, wanted)
        head = conversations.head_of(rows, conversation_id)
        if head is not None:
            return _made_before(call, wanted, head, rows), False
        step = _creation(call, conversation_id, wanted, rows)
        in_parallel(lambda: limits.take_own(call), lambda: limits.check_groups(call))
        try:
            journal.write(step, call.now_s)
        except conditions.LostRace:
            continue
        _tell_created(call, step.after)
        reader = reader_of(call.user_id, [step.after])  # its one message is the system's: nothing is read
        return views.view_conversation(step.after, reader, {one.user_id: one for one in step.members.added}, {}), True
    raise conditions.busy()


def _before_creating(call: Call, conversation_id: str, wanted: CreateConversation) -> Rows:
    """Returns what the making of a group must know: the group, which may be there, and whom it wants; one round trip.

    A unit for each of three keys a person, and three more with a `client_id`.
    """
    keys = may_open.reads_to_decide(call, _others(call, wanted)) | {tables.WordList: word_list_cache.due(call.now_s)}
    if wanted.client_id is not None:
        keys |= {
            tables.Conversation: [(conversation_id,)],
            tables.Membership: [(call.user_id, conversation_id)],
            tables.Message: [messages.first_key(conversation_id)],
        }
    rows = batches.read_rows(keys, stale=(tables.WordList,))
    word_list_cache.take(rows, call.now_s)
    return rows


def _made_before(call: Call, wanted: CreateConversation, head: Head, rows: Rows) -> Conversation:
    """Returns the group that stands under a `client_id`, as it is now; refuses what would make another one."""
    mine = conversations.membership_of(rows, call.user_id, head.conversation_id)
    if mine is None:
        raise access.no_conversation()
    if messages.fingerprint_of(rows, head.conversation_id) not in (None, group_steps.fingerprint(call, wanted)):
        raise Unprocessable(
            "client_id_reused",
            "This client_id was used for another group.",
            fields=(Field(f"{call.field_prefix}/client_id", "client_id_reused"),),
        )
    if head.last_seq == 1 and push.is_news(call, (head.conversation_id, 0), head.created_at_ms):
        _tell_created(call, head)  # the try that made it may have died before it told anybody
    return views.view_conversation(head, reader_of(call.user_id, [head]), {call.user_id: mine}, {})


def _creation(call: Call, conversation_id: str, wanted: CreateConversation, rows: Rows) -> Step:
    """Returns the step that makes a group; refuses words and people that may not be in it."""
    allowed, *screened = _screened(call, wanted)
    step = group_steps.created(call, conversation_id, allowed, group_steps.fingerprint(call, wanted))
    _check_may_be_added(call, rows, _others(call, wanted), _pointers(call, "member_ids", wanted.member_ids))
    return screening.flagged(call, step, *screened)


def _others(call: Call, wanted: CreateConversation) -> list[str]:
    return [one for one in dict.fromkeys(wanted.member_ids) if one != call.user_id]


def update_conversation(call: Call, conversation_id: str, wanted: UpdateConversation) -> Conversation:
    """Changes a conversation's title, description, rules or state; three round trips and the posts."""

    def decide(head: Head, _: Memberships) -> Step | None:
        word_list_cache.check_now(call.now_s)
        allowed, *screened = _screened(call, wanted)
        step = group_steps.updated(call, head, allowed)
        return None if step is None else screening.flagged(call, step, *screened)

    head, there = _change(call, conversation_id, (call.user_id,), decide)
    reader = reader_of(call.user_id, [head])
    if head.is_group:
        return views.view_conversation(head, reader, there, {})
    people = [(one, conversation_id) for one in head.participants]
    found, names = conversations.memberships_and_names(people)
    return views.view_conversation(head, reader, {one: found[one, conversation_id] for one in head.participants}, names)


def _screened(call: Call, wanted: Named) -> tuple[Named, Screened, Screened]:
    """Returns what somebody wants a conversation to be called, as the banned words leave it."""
    title, description = (
        screening.screen(call, text, name) if isinstance(text := getattr(wanted, name), str) else Screened(text="")
        for name in ("title", "description")
    )
    changed = {
        name: one.text
        for name, one in (("title", title), ("description", description))
        if isinstance(getattr(wanted, name), str)
    }
    return msgspec.structs.replace(wanted, **changed), title, description


def add_members(call: Call, conversation_id: str, user_ids: Sequence[str]) -> AddedMembers:
    """Brings people into a group; those who are there already stay as they are. Four round trips and the posts."""
    pointers = _pointers(call, "user_ids", user_ids)

    def decide(head: Head, there: Memberships) -> Step | None:
        came = [one for one in dict.fromkeys(user_ids) if one not in there]
        if not came:
            rights.require(head, call.user_id, "add_members")
            return None
        step = group_steps.added(call, head, came)
        _check_may_be_added(call, _rows_of(call, came), came, pointers)
        return step

    head, _ = _change(call, conversation_id, user_ids, decide, kinds=("member_added",))
    return AddedMembers(
        conversation_id=conversation_id, user_ids=list(dict.fromkeys(user_ids)), member_count=head.member_count
    )


def put_member(call: Call, conversation_id: str, user_id: str, role: GroupRole) -> tuple[Member, bool]:
    """Brings somebody into a group in a role, or gives a member another one; returns whether they came by this call.

    One step, so whoever is refused the role is not brought in either. Five round trips and the posts.
    """
    check_user_id(user_id)
    came = False

    def decide(head: Head, there: Memberships) -> Step | None:
        nonlocal came
        came = user_id not in there
        if not came:
            rights.require(head, call.user_id, "add_members")
            return group_steps.role_changed(call, head, user_id, role)
        step = group_steps.added(call, head, [user_id], role)
        _check_may_be_added(call, _rows_of(call, [user_id]), [user_id], {user_id: access.field_of(call, "user_id")})
        return step

    kinds = ("member_added", "conversation_updated")
    head, there = _change(call, conversation_id, (user_id,), decide, kinds=kinds)
    return _member(call, head, there[user_id]), came


def set_role(call: Call, conversation_id: str, user_id: str, role: GroupRole) -> Member:
    """Gives a member of a group another role; three round trips and the posts."""
    check_user_id(user_id)

    def decide(head: Head, there: Memberships) -> Step | None:
        if user_id not in there:
            raise _no_member()
        return group_steps.role_changed(call, head, user_id, role)

    head, there = _change(call, conversation_id, (user_id,), decide)
    return _member(call, head, there[user_id])


def _member(call: Call, head: Head, membership: Membership) -> Member:
    """Returns a member as the caller sees them; one round trip."""
    user_id = membership.user_id
    names, cut_off = visibility.cut_off_beside(call.user_id, None, [user_id], lambda: conversations.names([user_id]))
    return views.view_member(head, membership, names[user_id], call.user_id, cut_off)


def remove_member(call: Call, conversation_id: str, user_id: str) -> RemovedMember:
    """Takes somebody out of a group, or lets the caller leave it; three round trips and the posts.

    Whoever has left by an earlier try gets its answer again, as long as nothing else has happened there since.
    """
    check_user_id(user_id)

    def decide(head: Head, there: Memberships) -> Step | None:
        if user_id in there:
            return group_steps.removed(call, head, user_id)
        last = _last_change(head)
        if last is None or (last.kind, last.user_id, last.user_ids) != ("member_removed", call.user_id, (user_id,)):
            raise _no_member() if call.user_id in there else access.no_conversation()
        return None

    head, _ = _change(
        call, conversation_id, (user_id,), decide, kinds=("member_removed",), left=user_id == call.user_id
    )
    return RemovedMember(conversation_id=conversation_id, user_id=user_id, member_count=head.member_count)


def list_members(call: Call, conversation_id: str, query: Page) -> MemberList:
    """Returns a page of a conversation's members, by id; three round trips."""
    head, hidden = visibility.read_beside(
        call.user_id, conversation_id, lambda: access.access_conversation(call, conversation_id)
    )
    shown, behind = members.read_members(head, query)
    keys = [(one, conversation_id) for one in shown]
    (found, names), cut_off = visibility.cut_off_beside(
        call.user_id, hidden, shown, lambda: conversations.memberships_and_names(keys)
    )
    there = [views.view_member(head, found[key], names[key[0]], call.user_id, cut_off) for key in keys if key in found]
    return MemberList(members=there, next=behind)


def _change(
    call: Call,
    conversation_id: str,
    user_ids: Iterable[str],
    decide: Decide,
    *,
    kinds: Collection[str] = ("conversation_updated",),
    left: bool = False,
) -> tuple[Head, Memberships]:
    """Returns the head after a step of `decide`'s, and the memberships of the caller and `user_ids` as they are then.

    Where there is nothing to do, others are told again of the last change, if it was the caller's and of `kinds`.
    `left` lets a caller in who is a member no longer: `decide` must refuse whoever may not know of the group.
    """
    ids.check_conversation_id(conversation_id, access.field_of(call, "conversation_id"))
    people = list(dict.fromkeys([call.user_id, *user_ids]))

    def found() -> tuple[Head | None, Memberships]:
        return conversations.head_and_memberships(conversation_id, people)

    (head, there), asked = limits.own_beside(call, conversation_id, found)
    for number in conditions.tries():
        if number:
            head, there = found()
        if head is None or not (left or access.is_member(head, call.user_id, there.get(call.user_id))):
            raise access.no_conversation()
        step = decide(head, there)
        if step is None:
            _tell_again(call, head, there, kinds, user_ids)
            return head, there
        try:
            journal.write(limits.counted(call, step, asked), call.now_s)
        except conditions.LostRace:
            continue
        return step.after, _tell_step(call, step, there)
    raise conditions.busy()


def _tell_step(call: Call, step: Step, there: Memberships) -> Memberships:
    """Tells the members of a step that was written; returns the memberships that were read as it leaves them."""
    then = {mine.user_id: _after(step, mine) for mine in (*there.values(), *step.members.added)}
    if step.change is not None:
        _tell(call, step.after, then, step.new_message, step.change)
    return then


def _after(step: Step, mine: Membership) -> Membership:
    """Returns a membership as a step leaves it: who did it has read what tells of it."""
    if step.sent is None or mine.user_id != step.sent.read_by:
        return mine
    seq = step.after.last_seq
    return msgspec.structs.replace(mine, read_seq=seq, delivered_seq=seq, mention_seqs=frozenset())


def _last_change(head: Head) -> Change | None:
    """Returns the last change of a conversation as a whole; one round trip."""
    found = messages.changes(head.conversation_id, head.shared_seq, head.shared_seq) if head.shared_seq else []
    return found[0] if found else None


def _tell_again(call: Call, head: Head, there: Memberships, kinds: Collection[str], user_ids: Iterable[str]) -> None:
    """Tells again of the last change, where it was the caller's and of one of these kinds and about these people."""
    change = push.untold_change(call, head.conversation_id, head.shared_seq)
    if change is None or change.message_seq is None or change.user_id != call.user_id or change.kind not in kinds:
        return
    message = messages.get_message(head.conversation_id, change.message_seq)
    if message is not None and set(change.user_ids) <= set(user_ids) | {call.user_id}:
        _tell(call, head, there, message, change)


def _tell(call: Call, head: Head, there: Memberships, message: StoredMessage, change: Change) -> None:
    """Tells the members of the system message and of the change, and those whom it brought in or took out."""
    conversation_id = head.conversation_id
    told = push.frames_of(events.of_change(change, head, None))
    people = [*head.participants, call.user_id]
    talk = [
        push.Told(people, push.new_message(conversation_id, message.for_all()), conversation_id),
        push.Told(people, told, conversation_id),
    ]
    if change.kind == "member_removed":
        talk = [one.without(change.user_ids) for one in talk]
        talk.append(push.Told(change.user_ids, told, None))
    if change.kind == "member_added":
        came = [one for user_id in change.user_ids if (one := there.get(user_id)) is not None]
        talk.insert(0, push.Told([one.user_id for one in came], _created(head, came), conversation_id))
    push.tell_all(call, talk)
    push.remember((conversation_id, change.change_seq))


def _tell_created(call: Call, head: Head) -> None:
    """Shows a new group to its members; its maker has read the message that tells of it."""
    first = head.last_message
    came = [
        replace(head.newcomer(one), read_seq=read_seq, delivered_seq=read_seq)
        for one in head.participants
        for read_seq in [1 if first is not None and one == first.sender_id else 0]
    ]
    push.tell_all(call, [push.Told(head.participants, _created(head, came), head.conversation_id)])
    push.remember((head.conversation_id, 0))


def _created(head: Head, came: Sequence[Membership]) -> push.FrameFor:
    """Returns the frames that show a group to those who have just come into it, each as they see it.

    No round trip, one or two where somebody has written behind the message that tells of it.
    """
    last = head.last_message if head.shows_words else None
    blockers = blocks.blockers_of(last.sender_id, [one.user_id for one in came]) if last is not None else ()
    frames = {}
    for mine in came:
        blocked = frozenset({last.sender_id} if last is not None and mine.user_id in blockers else ())
        seen = views.view_conversation(head, Reader(user_id=mine.user_id, blocked=blocked), {mine.user_id: mine}, {})
        frames[mine.user_id] = ConversationCreated(conversation_id=head.conversation_id, conversation=seen).frame()
    return lambda user_id, _: frames[user_id]


def _rows_of(call: Call, user_ids: Sequence[str]) -> Rows:
    """Returns what `_check_may_be_added` must know; one round trip."""
    return batches.read_rows(may_open.reads_to_decide(call, user_ids))


def _check_may_be_added(call: Call, rows: Rows, user_ids: Sequence[str], pointers: Mapping[str, str]) -> None:
    """Refuses people with whom the caller could open no conversation: a group is no way around policy and blocks.

    `pointers` says where each of them was named.
    """
    for user_id in user_ids:
        try:
            may_open.opening(call, user_id, None).decide(call, rows)
        except Refusal as refusal:
            refusal.fields = (Field(pointers[user_id], "not_allowed"),)
            raise


def _pointers(call: Call, name: str, user_ids: Sequence[str]) -> dict[str, str]:
    """Returns where each person stands in a list of a body, by id; the first place of those who stand there twice."""
    return {one: f"{call.field_prefix}/{name}/{place}" for place, one in reversed(list(enumerate(user_ids)))}


def _no_member() -> NotFound:
    return NotFound("member_not_found", "There is no such member.")
