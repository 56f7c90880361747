"""The members of a conversation: listing them; adding, removing and their roles in a group."""

import secrets
from collections.abc import Sequence

from msgspec import Struct, structs

from parley.actions import access, limits, named, visibility
from parley.actions.conversations import group_changes, member_pages, own_settings
from parley.actions.people import everyone
from parley.actions.people.profiles import check_user_id
from parley.adapters.conversations import conversations
from parley.adapters.people import named_users
from parley.domain.api import ids
from parley.domain.api.errors import Invalid, NotFound
from parley.domain.api.request import Request
from parley.domain.api.requests import AddMembers, Everyone, Page
from parley.domain.api.types import AddingStatus, GroupRole, Member, MemberAnswer, NamedUser
from parley.domain.conversations import group_steps, rights, views
from parley.domain.conversations.adding import adding_status, new_adding
from parley.domain.conversations.head import Head, Membership
from parley.domain.conversations.steps import Step


class MemberList(Struct, frozen=True, kw_only=True):
    """A page of a conversation's members, by id."""

    members: list[Member]
    next: str | None
    users: dict[str, NamedUser]


class AddedMembers(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The requested people, who are members of the group now, and the group's size.

    For everyone of a role or a context, `adding` says how far it is, and `user_ids` names nobody.
    """

    conversation_id: str
    user_ids: list[str]
    member_count: int
    users: dict[str, NamedUser]
    adding: AddingStatus | None = None


class RemovedMember(Struct, frozen=True, kw_only=True):
    """The person who left the conversation, and its size. A direct conversation keeps its two people."""

    conversation_id: str
    user_id: str
    member_count: int
    users: dict[str, NamedUser]


def add_members(request: Request, conversation_id: str, wanted: AddMembers) -> AddedMembers:
    """Adds people to a group, or begins to add everyone; raises Invalid unless the body names one of the two."""
    if wanted.everyone is None and wanted.user_ids is None:
        raise Invalid.field("/user_ids", "required", "Name people, or everyone of a role or a context.")
    if wanted.everyone is not None and wanted.user_ids is not None:
        raise Invalid.field("/everyone", "contradiction", "Name people or everyone, not both.")
    if wanted.everyone is not None:
        return _add_everyone(request, conversation_id, wanted.everyone, wanted.client_id or secrets.token_hex(16))
    return _add_people(request, conversation_id, wanted.user_ids or ())


def _add_everyone(request: Request, conversation_id: str, wanted: Everyone, client_id: str) -> AddedMembers:
    """Begins the adding of everyone, or says how far it is; six round trips."""
    request = access.as_host(request)
    wanted.check("/everyone")
    new = new_adding(request, wanted, client_id, 0)
    everyone.check_selector(request, new)

    def decide(head: Head, _: group_changes.Memberships) -> Step | None:
        rights.require(head, request.user_id, "add_members")
        step = group_steps.add_everyone(request, head, new)
        if step is not None and step.begins(new.id):
            limits.take_for_adding(request)
        return step

    head, _, _ = group_changes.change(request, conversation_id, (), decide)
    return AddedMembers(
        conversation_id=conversation_id,
        user_ids=[],
        member_count=head.member_count,
        users={},
        adding=adding_status(head.adding or new),
    )


def _add_people(request: Request, conversation_id: str, user_ids: Sequence[str]) -> AddedMembers:
    """Adds people to a group; existing members stay as they are. Four round trips and the posts."""
    request = access.as_host(request)
    pointers = group_changes.pointers(request, "user_ids", user_ids)

    def decide(head: Head, there: group_changes.Memberships) -> Step | None:
        came = [user_id for user_id in dict.fromkeys(user_ids) if user_id not in there]
        if not came:
            rights.require(head, request.user_id, "add_members")
            return None
        step = group_steps.add_members(request, head, came)
        group_changes.check_may_be_added(request, came, pointers)
        return step

    head, _, users = group_changes.change(request, conversation_id, user_ids, decide, kinds=("member_added",))
    return AddedMembers(
        conversation_id=conversation_id,
        user_ids=list(dict.fromkeys(user_ids)),
        member_count=head.member_count,
        users=named.users(request, user_ids, named.Known.of(users)),
    )


def put_member(request: Request, conversation_id: str, user_id: str, role: GroupRole) -> tuple[MemberAnswer, bool]:
    """Adds a user to a group in a role, or changes a member's role; returns whether this call added them.

    One step: if the role is refused, the user is not added either. Five round trips and the posts.
    """
    request = access.as_host(request)
    check_user_id(user_id)
    came = False

    def decide(head: Head, there: group_changes.Memberships) -> Step | None:
        nonlocal came
        came = user_id not in there
        if not came:
            rights.require(head, request.user_id, "add_members")
            return group_steps.set_role(request, head, user_id, role)
        step = group_steps.add_members(request, head, [user_id], role)
        group_changes.check_may_be_added(request, [user_id], {user_id: access.field_of(request, "user_id")})
        return step

    kinds = ("member_added", "conversation_updated")
    head, there, _ = group_changes.change(request, conversation_id, (user_id,), decide, kinds=kinds)
    return _member(request, head, there[user_id]), came


def set_role(request: Request, conversation_id: str, user_id: str, role: GroupRole) -> MemberAnswer:
    """Changes the role of a group's member; three round trips and the posts."""
    request = access.as_host(request)
    check_user_id(user_id)

    def decide(head: Head, there: group_changes.Memberships) -> Step | None:
        if user_id not in there:
            raise no_member()
        return group_steps.set_role(request, head, user_id, role)

    head, there, _ = group_changes.change(request, conversation_id, (user_id,), decide)
    return _member(request, head, there[user_id])


def _member(request: Request, head: Head, membership: Membership) -> MemberAnswer:
    """Returns a member as the caller sees them; one round trip."""
    user_id = membership.user_id
    users, cut_off = visibility.cut_off_beside(
        request.user_id, None, [user_id], lambda: named_users.read_named([user_id])
    )
    shown = views.view_member(head, membership, users.get(user_id), request.user_id, cut_off)
    return MemberAnswer(**structs.asdict(shown), users=users)


def remove_member(request: Request, conversation_id: str, user_id: str) -> RemovedMember:
    """Removes a member from a group, or lets the caller leave it; three round trips and the posts.

    A caller who left by an earlier try gets its answer again, if nothing else has happened there since. Leaving a
    direct conversation archives it (D-852): a message of either brings it back.
    """
    request = access.as_host(request)
    check_user_id(user_id)
    if user_id == request.user_id and not ids.has_members(conversation_id):
        head, mine = own_settings.set_archived(request, conversation_id, archived=True)
        own_settings.tell_own(request, head, mine)
        return removed(request, head, user_id, {})

    def decide(head: Head, there: group_changes.Memberships) -> Step | None:
        if user_id in there:
            return group_steps.remove_member(request, head, user_id)
        last = group_changes.last_change(head)
        if last is None or (last.kind, last.user_id, last.user_ids) != ("member_removed", request.user_id, (user_id,)):
            is_known = request.user_id in there or request.acts_as is not None
            raise no_member() if is_known else access.no_conversation()
        return None

    head, _, users = group_changes.change(
        request, conversation_id, (user_id,), decide, kinds=("member_removed",), left=user_id == request.user_id
    )
    return removed(request, head, user_id, users)


def removed(request: Request, head: Head, user_id: str, known: named.Users) -> RemovedMember:
    """Returns the answer after a removal; one round trip if the person is not `known`."""
    return RemovedMember(
        conversation_id=head.conversation_id,
        user_id=user_id,
        member_count=head.member_count,
        users=named.users(request, [user_id], named.Known.of(known)),
    )


def heir_of(head: Head, user_id: str) -> str:
    """Returns the heir of a group's only owner: its longest-standing admin, or else member. Two round trips at most."""
    everybody = head.participants or conversations.member_ids(head.conversation_id, group_steps.MAX_MEMBERS)
    candidates = [member_id for member_id in head.admin_ids or everybody if member_id != user_id]
    found = conversations.memberships((member_id, head.conversation_id) for member_id in candidates)
    return min(found.values(), key=lambda membership: (membership.since_ms, membership.user_id)).user_id


def list_members(request: Request, conversation_id: str, query: Page) -> MemberList:
    """Returns a page of a conversation's members, by id; three round trips, four for the host's own server."""
    (request, head), hidden = visibility.read_beside(
        request.user_id, conversation_id, lambda: access.access_to_read(request, conversation_id, "members")
    )
    shown, behind = member_pages.read_members(head, query)
    keys = [(user_id, conversation_id) for user_id in shown]
    (found, users), cut_off = visibility.cut_off_beside(
        request.user_id, hidden, shown, lambda: conversations.memberships_and_users(keys)
    )
    there = [
        views.view_member(head, found[key], users.get(key[0]), request.user_id, cut_off) for key in keys if key in found
    ]
    return MemberList(members=there, next=behind, users=named.users(request, shown, named.Known(shown, users)))


def no_member() -> NotFound:
    """Returns the refusal for a person who is not in the group."""
    return NotFound("member_not_found", "There is no such member.")
