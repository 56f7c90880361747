"""Groups and the life of conversations: making a group, people in and out, roles, title and rules, closing.

Read, decide, write and tell, again where somebody was faster. Whoever asks for what they have just done gets it again,
and the others are told again: an earlier try may have died between its write and its posts.
"""

import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeVar

import msgspec
from msgspec import Struct

from parley.actions import access, limiting, push, seeing, together, wording
from parley.actions.wording import Screened
from parley.adapters import conversations, erased, journal, messages, policies, profiles, screening, writes
from parley.domain import erasing, events, grouping, ids, rights
from parley.domain.call import Call
from parley.domain.errors import Conflict, Field, Invalid, NotFound, Refusal, TooMany
from parley.domain.events import ConversationCreated
from parley.domain.identity import is_user_id
from parley.domain.policy import Party
from parley.domain.requests import CreateConversation, Page, UpdateConversation
from parley.domain.steps import Change, Step
from parley.domain.stored import Head, Membership, StoredMessage
from parley.domain.types import Conversation, GroupRole, Member

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


def create(call: Call, wanted: CreateConversation) -> tuple[Conversation, bool]:
    """Returns a new group of the caller's and whether this call made it: one with the same `client_id` may have.

    Four round trips and the posts.
    """
    conversation_id = ids.group_id(call.user_id, wanted.client_id or secrets.token_hex(16))
    wanted, *screened = _screened(call, wanted)
    step = wording.flagged(call, grouping.created(call, conversation_id, wanted), *screened)
    _check_may_be_added(call, [one for one in wanted.member_ids if one != call.user_id], "/member_ids")
    try:
        together.both(lambda: limiting.take_own(call), lambda: limiting.check_groups(call))
        journal.write(step, call.now_s)
    except (journal.LostRace, TooMany, Conflict) as reason:
        head, mine = conversations.head_and_membership(conversation_id, call.user_id)
        if head is None or mine is None:
            raise (access.no_conversation() if isinstance(reason, journal.LostRace) else reason) from None
        if head.last_seq == 1 and not push.was_told((conversation_id, 0)):
            _tell_created(call, head)
        return _view(head, call.user_id), False
    _tell_created(call, step.after)
    return _view(step.after, call.user_id), True


def update(call: Call, conversation_id: str, wanted: UpdateConversation) -> Conversation:
    """Changes a conversation's title, description, rules or state; three round trips and the posts."""

    def decide(head: Head, _: Memberships) -> Step | None:
        allowed, *screened = _screened(call, wanted)
        step = grouping.updated(call, head, allowed)
        return None if step is None else wording.flagged(call, step, *screened)

    head, there = _change(call, conversation_id, (call.user_id,), decide)
    if head.is_group:
        return head.view(call.user_id, there, {}, seeing.blocked_in(call.user_id, [head]))
    people = [(one, conversation_id) for one in head.participants]
    found, names = conversations.memberships_and_names(people)
    return head.view(call.user_id, {one: found[one, conversation_id] for one in head.participants}, names)


def _screened(call: Call, wanted: Named) -> tuple[Named, Screened, Screened]:
    """Returns what somebody wants a conversation to be called, as the banned words leave it; a round trip at times."""
    screening.check_now(call.now_s)
    title, description = (
        wording.screen(call, text, name) if isinstance(text := getattr(wanted, name), str) else Screened(text="")
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
    head, _ = _add(call, conversation_id, user_ids)
    return AddedMembers(
        conversation_id=conversation_id, user_ids=list(dict.fromkeys(user_ids)), member_count=head.member_count
    )


def _add(call: Call, conversation_id: str, user_ids: Sequence[str]) -> tuple[Head, list[str]]:
    """Returns the head afterwards, and those who have come by this call."""
    came: list[str] = []

    def decide(head: Head, there: Memberships) -> Step | None:
        came[:] = [one for one in dict.fromkeys(user_ids) if one not in there]
        if not came:
            rights.require(head, call.user_id, "add_members")
            return None
        step = grouping.added(call, head, came)
        _check_may_be_added(call, came, "/user_ids")
        return step

    head, _ = _change(call, conversation_id, user_ids, decide, kind="member_added")
    return head, came


def put_member(call: Call, conversation_id: str, user_id: str, role: GroupRole) -> tuple[Member, bool]:
    """Brings somebody into a group, or gives them another role there; returns whether they came by this call."""
    _check_user_id(call, user_id)
    _, came = _add(call, conversation_id, [user_id])
    return set_role(call, conversation_id, user_id, role), bool(came)


def set_role(call: Call, conversation_id: str, user_id: str, role: GroupRole) -> Member:
    """Gives a member of a group another role; three round trips and the posts."""
    _check_user_id(call, user_id)

    def decide(head: Head, there: Memberships) -> Step | None:
        if user_id not in there:
            raise _no_member()
        return grouping.role_changed(call, head, user_id, role)

    head, there = _change(call, conversation_id, (user_id,), decide)
    return head.member(there[user_id], conversations.names([user_id])[user_id])


def remove_member(call: Call, conversation_id: str, user_id: str) -> RemovedMember:
    """Takes somebody out of a group, or lets the caller leave it; three round trips and the posts.

    Whoever has left by an earlier try gets its answer again, as long as nothing else has happened there since.
    """
    _check_user_id(call, user_id)

    def decide(head: Head, there: Memberships) -> Step | None:
        if user_id in there:
            return grouping.removed(call, head, user_id)
        last = _last_change(head)
        if last is None or (last.kind, last.user_id, last.user_ids) != ("member_removed", call.user_id, (user_id,)):
            raise _no_member() if call.user_id in there else access.no_conversation()
        return None

    head, _ = _change(call, conversation_id, (user_id,), decide, kind="member_removed", left=user_id == call.user_id)
    return RemovedMember(conversation_id=conversation_id, user_id=user_id, member_count=head.member_count)


def list_members(call: Call, conversation_id: str, query: Page) -> MemberList:
    """Returns a page of a conversation's members, by id; three round trips."""
    head = access.access_conversation(call, conversation_id)
    after = query.cursor
    if after is not None and not is_user_id(after):
        raise Invalid.field("?cursor", "bad_cursor", "That cursor is none of ours; start again without one.")
    if head.is_large:
        page = conversations.member_ids(conversation_id, query.limit + 1, after)
    else:
        page = sorted(one for one in head.participants if after is None or one > after)[: query.limit + 1]
    shown = page[: query.limit]
    found, names = conversations.memberships_and_names((one, conversation_id) for one in shown)
    members = [head.member(found[one, conversation_id], names[one]) for one in shown if (one, conversation_id) in found]
    return MemberList(members=members, next=shown[-1] if len(page) > len(shown) else None)


def _change(
    call: Call,
    conversation_id: str,
    user_ids: Iterable[str],
    decide: Decide,
    *,
    kind: str = "conversation_updated",
    left: bool = False,
) -> tuple[Head, Memberships]:
    """Returns the head after a step of `decide`'s, and the memberships of the caller and `user_ids` that were there.

    `left` lets a caller in who is a member no longer: `decide` must refuse whoever may not know of the group.
    """
    ids.check_conversation_id(conversation_id, access.field_of(call, "conversation_id"))
    people = list(dict.fromkeys([call.user_id, *user_ids]))
    for _ in writes.tries():
        head, there = conversations.head_and_memberships(conversation_id, people)
        if head is None or not (left or access.is_member(head, call.user_id, there.get(call.user_id))):
            raise access.no_conversation()
        step = decide(head, there)
        if step is None:
            _tell_again(call, head, kind, user_ids)
            return head, there
        step = limiting.counted(call, step)
        try:
            journal.write(step, call.now_s)
        except journal.LostRace:
            continue
        if step.message is not None and step.change is not None:
            _tell(call, step.after, step.message, step.change)
        return step.after, {one: _after(step, mine) for one, mine in there.items()}
    raise writes.busy()


def _after(step: Step, mine: Membership) -> Membership:
    """Returns a membership as a step leaves it: who did it has read what tells of it."""
    if mine.user_id != step.read_by:
        return mine
    seq = step.after.last_seq
    return msgspec.structs.replace(mine, read_seq=seq, delivered_seq=seq, mention_seqs=frozenset())


def _last_change(head: Head) -> Change | None:
    """Returns the last change of a conversation as a whole; one round trip."""
    found = messages.changes(head.conversation_id, head.shared_seq, head.shared_seq) if head.shared_seq else []
    return found[0] if found else None


def _tell_again(call: Call, head: Head, kind: str, user_ids: Iterable[str]) -> None:
    """Tells again of the last change, where it was the caller's and of this kind and about these people."""
    if push.was_told((head.conversation_id, head.shared_seq)):
        return
    change = _last_change(head)
    if change is None or change.message_seq is None or (change.kind, change.user_id) != (kind, call.user_id):
        return
    message = messages.get(head.conversation_id, change.message_seq)
    if message is not None and set(change.user_ids) <= set(user_ids) | {call.user_id}:
        _tell(call, head, message, change)


def _tell(call: Call, head: Head, message: StoredMessage, change: Change) -> None:
    """Tells the members of the system message and of the change, and those whom it brought in or took out."""
    conversation_id = head.conversation_id
    told = push.frames_of(events.of_change(change, head, None))
    people = [*head.participants, call.user_id]
    talk = [
        push.Told(people, push.new_message(conversation_id, message.view()), conversation_id),
        push.Told(people, told, conversation_id),
    ]
    if change.kind == "member_removed":
        talk = [one.without(change.user_ids) for one in talk]
        talk.append(push.Told(change.user_ids, told, None))
    if change.kind == "member_added":
        talk.insert(0, push.Told(change.user_ids, _created(head, change.user_ids), conversation_id))
    push.tell_all(call, talk)
    push.remember((conversation_id, change.change_seq))


def _tell_created(call: Call, head: Head) -> None:
    frames = _created(head, head.participants)
    push.tell_all(call, [push.Told(head.participants, frames, head.conversation_id)])
    push.remember((head.conversation_id, 0))


def _created(head: Head, user_ids: Iterable[str]) -> push.FrameFor:
    """Returns the frames that show a group to those who have just come into it, each as they see it."""
    frames = {
        one: ConversationCreated(conversation_id=head.conversation_id, conversation=_view(head, one)).frame()
        for one in user_ids
    }
    return lambda user_id, _: frames[user_id]


def _view(head: Head, user_id: str) -> Conversation:
    """Returns a group as somebody sees it who has just come in: all but its last message, which tells of it, was there.

    Its maker has read that one too.
    """
    before = head.last_seq if head.last_message and head.last_message.sender_id == user_id else head.last_seq - 1
    mine = Membership(user_id=user_id, conversation_id=head.conversation_id, read_seq=before, delivered_seq=before)
    return head.view(user_id, {user_id: mine}, {})


def _check_may_be_added(call: Call, user_ids: Sequence[str], pointer: str) -> None:
    """Refuses people with whom the caller could open no conversation; nobody is brought in by a way around the policy.

    One round trip.
    """
    if not user_ids:
        return
    policy = policies.current()
    caller = Party(call.user_id, call.caller.role, call.caller.contexts)
    known, gone = together.both(lambda: profiles.some(user_ids), lambda: erased.among(user_ids))
    for place, user_id in enumerate(user_ids):
        if user_id in gone:
            raise erasing.nobody(f"{call.field_prefix}{pointer}/{place}")
        profile = known.get(user_id)
        other = Party(user_id, profile.role, profile.contexts) if profile else None
        decision = policy.decide(caller, other, None)
        if not decision.allowed:
            _refuse(decision.require, Field(f"{call.field_prefix}{pointer}/{place}", "not_allowed"))


def _refuse(require: Callable[[], None], field: Field) -> None:
    """Raises what `require` raises, with the field where the person stood."""
    try:
        require()
    except Refusal as refusal:
        refusal.fields = (field,)
        raise


def _no_member() -> NotFound:
    return NotFound("member_not_found", "There is no such member.")


def _check_user_id(call: Call, user_id: str) -> None:
    if not is_user_id(user_id):
        raise Invalid.field(access.field_of(call, "user_id"), "bad_format", "That is not the id of a user.")
