"""A member's rights in a conversation: one table of rules, for refusals and for every conversation's `capabilities`.

A rule's lines are checked in order; the first that refuses gives the reason, under its name.
"""

from collections.abc import Callable, Iterable, Mapping

from msgspec import Struct

from parley.domain.api.errors import Forbidden
from parley.domain.api.identity import MODERATORS, is_system_sender
from parley.domain.conversations.head import Head

BLOCK_RULE = "block: if one of two people has blocked the other, neither can write to the other"
ADMINS = frozenset({"owner", "admin"})
MUTED_PREFIX = "muted_"  # of the role of a member whom a moderator has muted


def _is_admin(role: str) -> bool:
    return role.removeprefix(MUTED_PREFIX) in ADMINS


class Line(Struct, frozen=True):
    """One reason to refuse: `holds` says whether it does not apply. A refusal carries `code` and `rule`."""

    code: str
    rule: str
    detail: str
    holds: Callable[[Head, str], bool]


NOT_CLOSED = Line(
    "conversation_closed",
    "a closed conversation is read only",
    "This conversation is closed.",
    lambda head, role: not head.closed,
)
OF_CLOSED_TICKET = "This ticket is closed. Open a follow-up: a new ticket with `follow_up_of`."
NOT_BLOCKED = Line(
    "blocked",
    BLOCK_RULE,
    "One of you has blocked the other.",
    lambda head, role: not head.blocked_by,
)
NOT_MUTED = Line(
    "muted",
    "a moderator has muted the member in this group",
    "A moderator has muted you in this group.",
    lambda head, role: not role.startswith(MUTED_PREFIX),
)
NOT_LOCKED = Line(
    "conversation_locked",
    "moderators open what moderators closed",
    "A moderator has closed this conversation.",
    lambda head, role: not head.is_locked,
)
MAY_POST = Line(
    "posting_restricted",
    "posting: who may write, as the group's admins have set it",
    "You may not write in this group.",
    lambda head, role: head.posting == "everyone" or (head.posting == "admins" and _is_admin(role)),
)
IS_GROUP = Line(
    "groups_only", "only groups have this", "Only a group has this.", lambda head, role: head.type == "group"
)
CAN_BE_LEFT = Line(
    "groups_only",
    "groups, and conversations of two people, can be left",
    "Only a group, or a conversation of two people, can be left.",
    lambda head, role: not head.is_desks,
)
IS_ADMIN = Line(
    "admins_only",
    "group: owners and admins",
    "Only the group's owners and admins may do this.",
    lambda head, role: _is_admin(role),
)
IS_ADMIN_IN_GROUP = Line(
    "admins_only",
    "group: owners and admins",
    "Only the group's owners and admins may do this.",
    lambda head, role: head.type != "group" or _is_admin(role),
)
IS_ADMIN_IN_LARGE = Line(
    "admins_only",
    "a group of more than 100: owners and admins may call everyone",
    "In a group this large, only its owners and admins may mention everyone.",
    lambda head, role: not head.is_large or _is_admin(role),
)
IS_OWNER = Line(
    "owners_only",
    "group: owners",
    "Only the group's owners may do this.",
    lambda head, role: role.removeprefix(MUTED_PREFIX) == "owner",
)
NOT_DISSOLVED = Line(
    "conversation_closed",
    "a dissolved group stays closed",
    "This group was dissolved.",
    lambda head, role: not head.dissolved,
)
HAS_CONTEXT = Line(
    "no_life_cycle",
    "conversations about something, and groups, can be closed",
    "Only a conversation about something can be closed.",
    lambda head, role: head.context is not None or head.type == "group",
)
HAS_TITLE = Line(
    "groups_only",
    "only groups, and conversations about something, have a title",
    "Only a group, or a conversation about something, has this.",
    lambda head, role: head.context is not None or head.type == "group",
)
NOT_TICKET = Line(
    "tickets_elsewhere",
    "a ticket is changed under /support/tickets",
    "The routes under /support/tickets change a ticket.",
    lambda head, role: not head.is_desks,
)
KEEPS_NO_RECORD = Line(
    "history_stays",
    "a ticket and its notes show everybody in them the same history",
    "The history of a ticket cannot be cleared.",
    lambda head, role: not head.is_desks,
)
IS_DIRECT = Line(
    "direct_only",
    "only conversations of two people have this",
    "Only a conversation of two people has this.",
    lambda head, role: head.type == "direct",
)

RULES: Mapping[str, tuple[Line, ...]] = {
    "send_message": (NOT_BLOCKED, NOT_CLOSED, NOT_MUTED, MAY_POST),
    "mark_read": (),
    "typing": (NOT_BLOCKED, NOT_CLOSED, NOT_MUTED, MAY_POST),
    "react": (NOT_BLOCKED, NOT_CLOSED, NOT_MUTED),
    # As a send: otherwise a user could edit an old message to write a new one.
    "edit_own": (NOT_BLOCKED, NOT_CLOSED, NOT_MUTED, MAY_POST),
    "delete_own": (NOT_CLOSED,),
    "delete_any": (IS_GROUP, IS_ADMIN, NOT_CLOSED),
    "pin_message": (NOT_BLOCKED, NOT_CLOSED, IS_ADMIN_IN_GROUP, NOT_MUTED),
    "mention_everyone": (IS_GROUP, NOT_CLOSED, NOT_MUTED, MAY_POST, IS_ADMIN_IN_LARGE),
    "edit_conversation": (NOT_TICKET, IS_GROUP, IS_ADMIN, NOT_CLOSED, NOT_MUTED),
    "close": (NOT_TICKET, NOT_BLOCKED, HAS_CONTEXT, NOT_DISSOLVED, NOT_LOCKED, IS_ADMIN_IN_GROUP),
    "add_members": (IS_GROUP, NOT_CLOSED, IS_ADMIN),
    "remove_members": (IS_GROUP, IS_ADMIN),
    "change_roles": (IS_GROUP, IS_ADMIN),
    "change_owners": (IS_GROUP, IS_OWNER),
    "read_versions": (IS_GROUP, IS_ADMIN),
    "leave": (CAN_BE_LEFT,),
    "dissolve": (IS_GROUP, IS_OWNER),
    "export": (),
    "clear_history": (KEEPS_NO_RECORD,),
    "call": (NOT_BLOCKED, NOT_CLOSED, IS_DIRECT),
}
# The acts of moderators, in any conversation that `access.access_moderated` gives them; they need not be members.
MODERATORS_RULES: Mapping[str, tuple[Line, ...]] = {
    "remove_message": (),
    "close": (NOT_TICKET, NOT_DISSOLVED),
    "remove_members": (IS_GROUP,),
    "change_owners": (IS_GROUP,),
    "leave": (IS_GROUP,),
    "mute_members": (IS_GROUP,),
}


def role_of(head: Head, user_id: str) -> str:
    """Returns the role by which a member's rights are decided: `muted_owner`, say, of an owner who may not write."""
    role = head.role_of(user_id)
    return MUTED_PREFIX + role if user_id in head.muted_ids else role


def roles(head: Head) -> list[str]:
    """Returns the roles by which the rights of the members of a conversation are decided."""
    known = ["owner", "admin", "member"] if head.is_group else ["member"]
    return known + [MUTED_PREFIX + role for role in known] if head.muted_ids else known


# The rules of the host's own server, which writes as a system sender, and changes conversations that it is not in.
HOST_RULES: Mapping[str, tuple[Line, ...]] = {
    "send_message": (NOT_CLOSED,),
    "mention_everyone": (IS_GROUP, NOT_CLOSED),
    "edit_conversation": (NOT_TICKET, HAS_TITLE, NOT_CLOSED),
    "close": (NOT_TICKET, HAS_CONTEXT, NOT_DISSOLVED),
    "add_members": (IS_GROUP, NOT_CLOSED),
    "remove_members": (IS_GROUP,),
    "change_roles": (IS_GROUP,),
    "change_owners": (IS_GROUP,),
    "leave": (IS_GROUP,),
    "dissolve": (IS_GROUP,),
}


def _rules(user_id: str) -> Mapping[str, tuple[Line, ...]]:
    if user_id == MODERATORS:
        return MODERATORS_RULES
    return HOST_RULES if is_system_sender(user_id) else RULES


def capabilities(head: Head, role: str) -> list[str]:
    """Returns the names of everything that a member of this role may do here."""
    return [name for name, lines in RULES.items() if all(line.holds(head, role) for line in lines)]


def capabilities_of_host(head: Head) -> list[str]:
    """Returns the names of everything that the host's own server may do in a conversation that it is not in."""
    return [name for name, lines in HOST_RULES.items() if all(line.holds(head, "member") for line in lines)]


def require(head: Head, user_id: str, capability: str) -> None:
    """Returns if a member, the moderators or the host's server may do it; otherwise raises Forbidden with the rule."""
    _hold(_rules(user_id)[capability], head, role_of(head, user_id))


def require_may_leave(head: Head) -> None:
    """Returns if what is written in a conversation may be taken elsewhere; raises Forbidden for notes."""
    if head.is_notes:
        rule = "what notes say stays in the notes of its ticket"
        raise Forbidden("notes_stay", "A note cannot be forwarded, nor become a ticket.", rule=rule)


def require_group(head: Head) -> None:
    """Returns for a group; raises Forbidden for a conversation of two."""
    _hold((IS_GROUP,), head, "member")


def _hold(lines: Iterable[Line], head: Head, role: str) -> None:
    for line in lines:
        if not line.holds(head, role):
            detail = OF_CLOSED_TICKET if line is NOT_CLOSED and head.is_ticket else line.detail
            raise Forbidden(line.code, detail, rule=line.rule)
