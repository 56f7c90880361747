"""Decides from the rows read what changes a whole conversation: its creation, people in and out, roles, settings.

Each step writes a system message and an entry of the change log in the transaction of the change itself. It moves both
seqs, so no send or change that was decided before it succeeds after it: a removed member writes nothing more.
"""

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import UNSET
from msgspec.structs import replace

from parley.domain.api.custom_data import compact
from parley.domain.api.errors import Conflict, Forbidden, Invalid, client_id_reused
from parley.domain.api.fingerprints import hash_of
from parley.domain.api.request import Request
from parley.domain.api.requests import MAX_ADDED, CreateConversation, UpdateConversation
from parley.domain.api.times import hour
from parley.domain.api.types import GroupRole, Note, State
from parley.domain.conversations import rights
from parley.domain.conversations.adding import NUDGED_MS, STUCK_MS, Adding
from parley.domain.conversations.head import MAX_LISTED, Head
from parley.domain.conversations.send_steps import next_note
from parley.domain.conversations.steps import Changed, ChangeKind, MemberWrites, Sent, Step, next_change

MAX_MEMBERS = 2_000  # of a group
OF_GROUPS = ("posting", "slow_mode_s", "history")
CUSTOM_DATA = ("custom_type", "metadata")
MAX_REMOVED = 45  # people whom one step takes out: two items each, of the 100 of a transaction (DynamoDB quotas)
MAX_MUTED = 50  # members whom moderators have muted, whom the head lists
MAX_ADMINS = 50  # owners and admins together, whom the head lists


def fingerprint(request: Request, wanted: CreateConversation) -> str:
    """Returns the hash of a group's whole content, which tells two groups under one `client_id` apart."""
    members = sorted({request.user_id, *wanted.member_ids})
    parts: tuple[object, ...] = (wanted.title, wanted.description, members, wanted.posting, wanted.slow_mode_s)
    if wanted.everyone is not None:  # only then, so that groups of an earlier version are found again
        parts += (msgspec.json.encode(wanted.everyone).decode(),)
    if wanted.custom_type is not None or wanted.metadata is not None:  # likewise, as of a message
        parts += (wanted.custom_type, compact(wanted.metadata))
    if wanted.history != "all":
        parts += ({"history": wanted.history},)
    if wanted.owner_ids is not None:
        parts += ({"owner_ids": sorted(set(wanted.owner_ids))},)
    return hash_of(parts)


def create_group(request: Request, conversation_id: str, wanted: CreateConversation, fingerprint: str) -> Step:
    """Returns the step that makes a group of the caller, its owner, and others."""
    if wanted.title is None:
        raise Invalid.field(f"{request.field_prefix}/title", "required", "A group needs a title.")
    empty = _empty(request, conversation_id, wanted)
    others = list(empty.others(request.user_id))
    step = next_note(empty, Note(event="group_created", user_ids=others, title=wanted.title), request)
    maker = replace(empty.newcomer(request.user_id), read_seq=1, delivered_seq=1)
    makers = (maker,) if request.user_id in empty.participants else ()
    return replace(
        step,
        creates=True,
        sent=Sent(message=step.new_message, fingerprint=fingerprint),
        members=MemberWrites(added=(*makers, *(empty.newcomer(user_id) for user_id in others))),
    )


def check_people(request: Request, wanted: CreateConversation) -> None:
    """Refuses a group of the host's own server with nobody, with the program, or with too many people."""
    people = {*(wanted.owner_ids or ()), *wanted.member_ids}
    if not people:
        raise Invalid.field(f"{request.field_prefix}/member_ids", "required", "A group needs a member.")
    if request.caller.user_id in people:
        place = "owner_ids" if request.caller.user_id in (wanted.owner_ids or ()) else "member_ids"
        detail = "The program that makes the group is not in it."
        raise Invalid.field(f"{request.field_prefix}/{place}", "not_allowed", detail)
    if len(people) > MAX_ADDED:
        detail = f"A new group has {MAX_ADDED} members at most; add others later."
        raise Invalid.field(f"{request.field_prefix}/member_ids", "too_many_items", detail, MAX_ADDED)


def _empty(request: Request, conversation_id: str, wanted: CreateConversation) -> Head:
    """Returns the head of a group without messages."""
    owner_ids = tuple(dict.fromkeys([request.user_id] if wanted.owner_ids is None else wanted.owner_ids))
    member_ids = tuple(dict.fromkeys([*owner_ids, *wanted.member_ids]))
    return Head(
        conversation_id=conversation_id,
        type="group",
        context=None,
        participants=member_ids,
        last_seq=0,
        last_change_seq=0,
        last_message=None,
        sent_seqs={},
        created_at_ms=request.now_ms,
        last_activity_ms=request.now_ms,
        active_hour=hour(request.now_ms),
        title=wanted.title,
        description=wanted.description,
        member_count=len(member_ids),
        owner_ids=owner_ids,
        posting=wanted.posting,
        slow_mode_s=wanted.slow_mode_s,
        history=wanted.history,
        custom_type=wanted.custom_type,
        metadata=compact(wanted.metadata),
    )


def add_members(request: Request, head: Head, user_ids: Sequence[str], role: GroupRole = "member") -> Step:
    """Returns the step that adds people, who are not in the group yet, in a role."""
    rights.require(head, request.user_id, "add_members")
    rights.require(head, request.user_id, _to_give("member", role))
    count = head.member_count + len(user_ids)
    if count > MAX_MEMBERS:
        raise Conflict("too_many_members", f"A group can have {MAX_MEMBERS} members.", rule="members")
    listed = (*head.participants, *user_ids) if not head.is_large and count <= MAX_LISTED else ()
    after = replace(head, participants=listed, member_count=count)
    after = _with_arrivals(head, after, user_ids)
    for user_id in user_ids:
        after = _with_role(after, user_id, role)
    note = Note(event="members_added", user_ids=list(user_ids), role=None if role == "member" else role)
    step = _told(request, head, after, note, "member_added", tuple(user_ids))
    return step.with_members(added=tuple(head.joiner(user_id) for user_id in user_ids))


def _with_arrivals(head: Head, after: Head, user_ids: Sequence[str]) -> Head:
    """Returns the head after people have come, who may not see what is older than they are in the group."""
    for user_id in user_ids:
        after = after.with_horizon(user_id, head.joiner(user_id).visible_from_seq)
    return after


def add_everyone(request: Request, head: Head, new: Adding) -> Step | None:
    """Returns the step that begins an adding, or starts it again if its next part has not come; None if it is there.

    Raises Unprocessable for a `client_id` of another adding, Conflict while another one runs.
    """
    known = head.adding
    if known is None or (known.id != new.id and not _runs(request, known)):
        return begin_adding(request, head, new)
    if known.id != new.id:
        detail = "Everyone of another role or context is being added; wait for its end."
        raise Conflict("adding_in_progress", detail, rule="a group: one adding at a time")
    if known.selector != new.selector:
        raise client_id_reused("adding", "")
    is_late = known.is_running and request.now_ms - known.moved_at_ms > NUDGED_MS
    return begin_adding(request, head, known) if is_late else None


def _runs(request: Request, adding: Adding) -> bool:
    return adding.is_running and request.now_ms - adding.moved_at_ms < STUCK_MS


def begin_adding(request: Request, head: Head, adding: Adding) -> Step:
    """Returns the step that begins the adding of everyone, or starts its next part again."""
    rights.require(head, request.user_id, "add_members")
    moved = replace(adding, change_seq=head.last_change_seq + 1, moved_at_ms=request.now_ms)
    return _untold(request, head, replace(head, adding=moved))


def add_part(request: Request, head: Head, user_ids: Sequence[str], adding: Adding, *, is_last: bool) -> Step:
    """Returns the step that adds the next people of everyone; the last one has the system message of them all."""
    count = head.member_count + len(user_ids)
    listed = (*head.participants, *user_ids) if not head.is_large and count <= MAX_LISTED else ()
    moved = replace(adding, change_seq=head.last_change_seq + 1, moved_at_ms=request.now_ms)
    moved = moved.ended(adding.code) if is_last else moved
    after = replace(head, participants=listed, member_count=count, adding=moved)
    after = _with_arrivals(head, after, user_ids)
    kind: ChangeKind = "member_added" if user_ids else "conversation_updated"
    if is_last and adding.added:
        note = Note(event="everyone_added", role=None, count=adding.added)
        step = _told(request, head, after, note, kind, tuple(user_ids))
    else:
        step = _untold(request, head, after, kind, tuple(user_ids))
    return step.with_members(added=tuple(head.joiner(user_id) for user_id in user_ids))


def remove_member(request: Request, head: Head, user_id: str, heir_id: str | None = None) -> Step:
    """Returns the step that takes a member out of a group, the caller or another member.

    `heir_id` owns the group from now on.
    """
    leaves = user_id == request.user_id
    if not leaves:
        _check_power_over(request, head, user_id, "remove_members")
    rights.require(head, request.user_id, "leave")
    is_hosts = request.acts_as is not None  # the host's own server governs a group without an owner
    if head.member_count > 1 and heir_id is None and not is_hosts:
        _check_an_owner_stays(head, user_id)
    left = without_role(head, user_id)
    after = replace(
        left if heir_id is None else _with_role(left, heir_id, "owner"),
        participants=head.others(user_id),
        member_count=head.member_count - 1,
        adding=_without_author(head.adding, user_id),
    )
    note = Note(event="member_left" if leaves else "member_removed", user_ids=[user_id])
    step = _told(request, head, after, note, "member_removed", (user_id,))
    return step.with_members(removed=(user_id,))


def dissolve(request: Request, head: Head, user_ids: tuple[str, ...]) -> Step:
    """Returns the step that dissolves a group: it closes for good, and these members are out of it."""
    rights.require(head, request.user_id, "dissolve")
    adding = head.adding.ended("not_a_member") if head.adding is not None and head.adding.is_running else head.adding
    after = replace(_without(head, user_ids), closed=True, is_locked=True, dissolved=True, adding=adding)
    step = _told(request, head, after, Note(event="group_dissolved"), "member_removed", user_ids)
    return step.with_members(removed=user_ids)


def dissolve_next(request: Request, head: Head, user_ids: tuple[str, ...]) -> Step:
    """Returns the step that takes the next members out of a dissolved group; no message tells of it."""
    step = _untold(request, head, _without(head, user_ids), "member_removed", user_ids)
    return step.with_members(removed=user_ids)


def _without(head: Head, user_ids: tuple[str, ...]) -> Head:
    """Returns the head of a group after these members have left it."""
    gone = set(user_ids)
    return replace(
        head,
        participants=tuple(user_id for user_id in head.participants if user_id not in gone),
        member_count=head.member_count - len(gone),
        owner_ids=tuple(user_id for user_id in head.owner_ids if user_id not in gone),
        admin_ids=tuple(user_id for user_id in head.admin_ids if user_id not in gone),
    )


def _without_author(adding: Adding | None, user_id: str) -> Adding | None:
    """Returns an adding after this person has left the group: it ends if it is theirs."""
    return adding.ended("not_a_member") if adding is not None and adding.user_id == user_id else adding


def set_role(request: Request, head: Head, user_id: str, role: GroupRole) -> Step | None:
    """Returns the step that gives a member another role; None if they have it."""
    old = head.role_of(user_id)
    if user_id == request.user_id:
        if old != role and not (old == "owner" or (old == "admin" and role == "member")):
            rights.require(head, request.user_id, "change_owners")
    else:
        rights.require(head, request.user_id, _to_give(old, role))
    if old == role:
        return None
    if old == "owner" and request.acts_as is None:
        _check_an_owner_stays(head, user_id)
    after = _with_role(head, user_id, role)
    note = Note(event="role_changed", user_ids=[user_id], role=role)
    return _told(request, head, after, note, "conversation_updated", (user_id,))


def update_conversation(request: Request, head: Head, wanted: UpdateConversation) -> Step | None:
    """Returns the step that changes a conversation's title, description, rules, state or data; None if nothing changes.

    A system message tells of all but the data of the product, which may change often.
    """
    changed: dict[str, Any] = {}
    # A request that opens a conversation may change the rest of it, too. One that leaves it closed may not, see below.
    asked_of = head if wanted.state is UNSET else replace(head, closed=False)
    for name in ("title", "description", *OF_GROUPS, *CUSTOM_DATA):
        value = getattr(wanted, name)
        if value is not UNSET:
            rights.require(asked_of, request.user_id, "edit_conversation")
            if name in OF_GROUPS:
                rights.require_group(head)
            changed[name] = compact(value) if name == "metadata" else value
    if wanted.title is None and head.is_group:
        raise Invalid.field(f"{request.field_prefix}/title", "required", "A group needs a title.")
    if wanted.state is not UNSET:
        rights.require(head, request.user_id, "close")
        changed["closed"] = wanted.state == "closed"
    changed = {name: value for name, value in changed.items() if value != getattr(head, name)}
    if not changed:
        return None
    if head.closed and "closed" not in changed:
        raise Forbidden("conversation_closed", "This conversation is closed.", rule=rights.NOT_CLOSED.rule)
    after = replace(head, **changed)
    if not after.closed:
        after = replace(after, is_locked=False)
    told = {name: value for name, value in changed.items() if name not in CUSTOM_DATA}
    if not told:
        return _untold(request, head, after)
    note = Note(event=_named(told), title=told.get("title"))
    return _told(request, head, after, note, "conversation_updated", ())


def set_state(request: Request, head: Head, state: State) -> Step | None:
    """Returns the step by which moderators close a conversation, or open what they have closed; None if it is so.

    Members cannot open it again.
    """
    rights.require(head, request.user_id, "close")
    is_closed = state == "closed"
    if head.closed and not is_closed and not head.is_locked:
        detail = "No moderator has closed this conversation."
        raise Forbidden("conversation_closed", detail, rule=rights.NOT_LOCKED.rule)
    after = replace(head, closed=is_closed, is_locked=is_closed)
    if after == head:
        return None
    if head.closed == is_closed:  # a member has closed it before
        return _untold(request, head, after)
    note = Note(event="closed" if is_closed else "reopened")
    return _told(request, head, after, note, "conversation_updated", ())


def mute_member(request: Request, head: Head, user_id: str, *, is_muted: bool) -> Step | None:
    """Returns the step that mutes a member, or ends that; None if it is so already."""
    rights.require(head, request.user_id, "mute_members")
    if (user_id in head.muted_ids) == is_muted:
        return None
    others = tuple(other_id for other_id in head.muted_ids if other_id != user_id)
    if len(others) >= MAX_MUTED and is_muted:
        raise Conflict("too_many_muted", f"A group can have {MAX_MUTED} muted members.", rule="muted members")
    return _untold(request, head, replace(head, muted_ids=(*others, user_id) if is_muted else others))


def _untold(
    request: Request, head: Head, after: Head, kind: ChangeKind = "conversation_updated", user_ids: tuple[str, ...] = ()
) -> Step:
    """Returns the step of a change of which no system message tells; the event and the change log do."""
    entry = next_change(request, head, kind, user_ids=user_ids)
    after = replace(after, last_change_seq=entry.change_seq, shared_seq=entry.change_seq)
    return Step(before=head, after=after, changed=Changed(entry=entry))


def _named(changed: dict[str, Any]) -> str:
    """Returns a system message's name for a change of these fields."""
    if "closed" in changed:
        return "closed" if changed["closed"] else "reopened"
    [first, *others] = changed
    return "conversation_changed" if others else f"{first.removesuffix('_s')}_changed"


def without_role(head: Head, user_id: str) -> Head:
    """Returns the head with a person as an ordinary member."""
    return replace(
        head,
        owner_ids=tuple(owner_id for owner_id in head.owner_ids if owner_id != user_id),
        admin_ids=tuple(admin_id for admin_id in head.admin_ids if admin_id != user_id),
    )


def _with_role(head: Head, user_id: str, role: GroupRole) -> Head:
    """Returns the head with a person in a role; refuses one admin too many."""
    after = without_role(head, user_id)
    if role == "owner":
        after = replace(after, owner_ids=(*after.owner_ids, user_id))
    elif role == "admin":
        after = replace(after, admin_ids=(*after.admin_ids, user_id))
    if len(after.owner_ids) + len(after.admin_ids) > MAX_ADMINS:
        raise Conflict("too_many_admins", f"A group can have {MAX_ADMINS} owners and admins.", rule="admins")
    return after


def _to_give(old: GroupRole, role: GroupRole) -> str:
    """Returns the capability needed to give another person another role."""
    return "change_owners" if "owner" in (old, role) else "change_roles"


def _check_power_over(request: Request, head: Head, user_id: str, capability: str) -> None:
    """Refuses a caller without power over a person: admins have it over members, owners over all."""
    rights.require(head, request.user_id, "change_owners" if head.role_of(user_id) == "owner" else capability)


def _check_an_owner_stays(head: Head, user_id: str) -> None:
    if head.owner_ids == (user_id,):
        raise Conflict(
            "last_owner", "A group needs an owner; make another member an owner first.", rule="an owner at least"
        )


def _told(request: Request, head: Head, after: Head, note: Note, kind: ChangeKind, user_ids: tuple[str, ...]) -> Step:
    entry = next_change(request, head, kind, message_seq=head.last_seq + 1, user_ids=user_ids)
    after = replace(after, last_change_seq=entry.change_seq, shared_seq=entry.change_seq)
    return replace(next_note(head, note, request, after=after), changed=Changed(entry=entry))
