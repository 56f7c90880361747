"""Fetch and authorise in one call: only the check returns an object to work on.

An outsider gets 404 for everything.
"""

from collections.abc import Iterable

from parley.adapters.conversations import conversations, messages
from parley.adapters.people import account_states, agents, moderators
from parley.domain.api import ids
from parley.domain.api.errors import Field, Forbidden, NotFound
from parley.domain.api.identity import DESK, HOST_SENDER, SERVICE_ROLE, Identity, is_system_sender
from parley.domain.api.request import Request
from parley.domain.conversations.head import Head, Membership
from parley.domain.conversations.message import StoredMessage
from parley.domain.conversations.reports import Report


def no_conversation() -> NotFound:
    """Returns the refusal for a conversation that is not there, or not the caller's: the caller cannot tell which."""
    return NotFound("conversation_not_found", "There is no such conversation.")


def no_message() -> NotFound:
    """Returns the refusal for a message that is not there, or not the caller's."""
    return NotFound("message_not_found", "There is no such message.")


def is_member(head: Head, user_id: str, membership: Membership | None) -> bool:
    """Says whether a user is in a conversation: the head decides in a direct one, membership in all others."""
    return membership is not None if head.has_members else user_id in head.participants


def is_admitted(request: Request, head: Head, membership: Membership | None) -> bool:
    """Says whether the caller may read a conversation: a member, or of a ticket its requester and every agent.

    Notes of a ticket are for every agent but its requester. A former agent may read neither, although a member. No
    round trip, but the request must have read something before.
    """
    if not head.is_desks or request.acts_as is not None:
        return is_member(head, request.user_id, membership)
    return sees(request, head)


def sees(request: Request, head: Head) -> bool:
    """Says whether the caller sees a conversation that they are in: not the ticket of another whose agent they were.

    Nor the notes of such a ticket, nor those of their own ticket.
    """
    if not head.is_desks:
        return True
    if head.requester_id == request.user_id:
        return head.is_ticket
    return agents.is_agent(account_states.role_of(request))


def comes_in(request: Request, membership: Membership | None) -> bool:
    """Says whether the caller, who writes into a ticket or its notes, is an agent who is not in it yet."""
    return membership is None and not is_system_sender(request.user_id)


def admit(request: Request, head: Head | None, membership: Membership | None = None) -> Head:
    """Returns the head to a caller who may read it; raises NotFound for others. A group needs the membership."""
    if head is None or not is_admitted(request, head, membership):
        raise no_conversation()
    return as_seen(request, head, membership)


def as_seen(request: Request, head: Head, membership: Membership | None) -> Head:
    """Returns the head for the caller, who may read the conversation: `first_seq` is the first message that they see.

    All readers of messages keep to it. The host's own server sees all.
    """
    return head if request.acts_as is not None else head.seen_by(request.user_id, membership)


def seen_at(request: Request, head: Head | None, membership: Membership | None, seq: int) -> Head | None:
    """Returns the head for a caller who may read the message of a seq, if it is there; None for others.

    They are admitted, and see as far back.
    """
    if head is None or not is_admitted(request, head, membership):
        return None
    seen = as_seen(request, head, membership)
    return seen if seq >= seen.first_seq else None


def readers(head: Head, seq: int, user_ids: Iterable[str]) -> list[str]:
    """Returns those of these people who see a message of a conversation, as far as they are in it.

    No round trip if all members do; else one in a group.
    """
    people = list(user_ids)
    if head.is_seen_by_all(seq):
        return people
    sides = {}
    if head.has_members:
        sides = conversations.memberships((user_id, head.conversation_id) for user_id in people)
    return [
        user_id
        for user_id in people
        if head.visible_from_seq(user_id, sides.get((user_id, head.conversation_id))) <= seq
    ]


def admit_sender(
    request: Request, head: Head | None, membership: Membership | None, *, is_repeat: bool = False
) -> Head:
    """Returns the head to a sender: to a member as `admit` does, or to a system sender of the host's server.

    The host's server, which writes as a person, learns if that person is not in the conversation: raises Forbidden,
    unless the message was written before, while they were.
    """
    if request.acts_as is None:
        return admit(request, head, membership)
    if head is None:
        raise no_conversation()
    if is_repeat or is_system_sender(request.user_id) or is_member(head, request.user_id, membership):
        return as_seen(request, head, membership)
    raise no_sender(request)


def as_host(request: Request) -> Request:
    """Returns the request as one of the host's own server, which need not be a member; others' as it is."""
    is_host = request.caller.role == SERVICE_ROLE and request.acts_as != DESK
    return request.in_name_of(HOST_SENDER) if is_host else request


def as_desk(now_ms: int, request_id: str = "") -> Request:
    """Returns a request of the support desk itself, for what it does to its tickets without anybody's request.

    No limit holds for it.
    """
    caller = Identity(user_id=DESK, name="", role=SERVICE_ROLE, expires_at_s=0)
    return Request(caller=caller, now_ms=now_ms, request_id=request_id).in_name_of(DESK)


def access_to_read(request: Request, conversation_id: str, what: str) -> tuple[Request, Head]:
    """Returns the head of a conversation that the caller may read, and the request as it reads.

    The host's own server reads conversations that it is not in. An entry of the audit log says `what` it reads, before
    it gets anything: one round trip more.
    """
    if request.caller.role != SERVICE_ROLE:
        return request, access_conversation(request, conversation_id)
    ids.check_conversation_id(conversation_id, field_of(request, "conversation_id"))
    head, mine = conversations.head_and_membership(conversation_id, request.user_id)
    if head is None:
        raise no_conversation()
    if is_admitted(request, head, mine):
        return request, as_seen(request, head, mine)
    from parley.adapters.moderation import audit  # what people read is not in the log
    from parley.domain.moderation.audit import new_entry

    audit.write_entry(new_entry(request, "read_conversation", conversation_id, what=what))
    return as_host(request), head


def no_sender(request: Request) -> Forbidden:
    """Returns the refusal of a sender who is not in the conversation."""
    return Forbidden(
        "sender_not_member",
        "The sender is not in this conversation.",
        rule="only members and system senders write in a conversation",
        fields=(Field(f"{request.field_prefix}/sender_id", "not_allowed"),),
    )


def access_conversation(request: Request, conversation_id: str) -> Head:
    """Returns the head of the caller's conversation; one round trip."""
    ids.check_conversation_id(conversation_id, field_of(request, "conversation_id"))
    if ids.has_members(conversation_id):
        return admit(request, *conversations.head_and_membership(conversation_id, request.user_id))
    return admit(request, conversations.head(conversation_id))


def access_membership(request: Request, conversation_id: str) -> tuple[Head, Membership]:
    """Returns the head and the caller's own side of a conversation; one round trip.

    Raises Forbidden for an agent who is not in the ticket.
    """
    ids.check_conversation_id(conversation_id, field_of(request, "conversation_id"))
    head, mine = conversations.head_and_membership(conversation_id, request.user_id)
    head = admit(request, head, mine)
    if mine is None:
        raise _not_in_ticket() if head.is_desks else no_conversation()
    return head, mine


def _not_in_ticket() -> Forbidden:
    """Returns the refusal of an agent who has no side of the ticket yet: nothing counts as read, archived, pinned."""
    rule = "an agent is in a ticket from their first message on"
    return Forbidden("not_in_ticket", "You are not in this ticket.", rule=rule)


def access_message(request: Request, message_id: str) -> tuple[Head, StoredMessage]:
    """Returns a message of one of the caller's conversations, with the head; one round trip."""
    conversation_id, seq = ids.split_message_id(message_id, field_of(request, "message_id"))
    head, mine, message, _ = messages.head_and_message(conversation_id, seq, request.user_id)
    head = seen_at(request, head, mine, seq)
    if head is None or message is None:
        raise no_message()
    return head, message


def access_marker(request: Request, message_id: str) -> tuple[Head, Membership, int]:
    """Returns head, own membership and seq of a message to put a marker at; one round trip.

    Seqs have no gaps, so a seq up to `last_seq` is a message, and none beyond it is.
    """
    conversation_id, seq = ids.split_message_id(message_id, field_of(request, "message_id"))
    head, mine = conversations.head_and_membership(conversation_id, request.user_id)
    head = seen_at(request, head, mine, seq)
    if head is None or seq > head.last_seq:
        raise no_message()
    if mine is None:
        raise _not_in_ticket() if head.is_desks else no_message()
    return head, mine, seq


def require_moderator(request: Request, *, or_service: bool = False) -> None:
    """Refuses a caller without a role that moderates this deployment, at once or with the operation's first read.

    With `or_service` the host's own server may, too.
    """
    refusal = Forbidden("moderators_only", "Only moderators may do this.", rule="ModeratorRoles")
    allows = _moderates if or_service else moderators.is_moderator
    account_states.require_role(request, allows, refusal)


def _moderates(role: str) -> bool:
    return role == SERVICE_ROLE or moderators.is_moderator(role)


def access_moderated(
    request: Request, head: Head | None, report: Report | None = None, missing: NotFound | None = None
) -> Head:
    """Returns the head of a conversation that the caller moderates; raises NotFound (`missing`) for others.

    The host's server moderates any. Moderators moderate one with a reported message, also if only `report` says so:
    an earlier version did not mark the conversation. With `ModeratorReads=any` they moderate any, too. No round trip.
    """
    if head is None or not is_moderated(request, head, report):
        raise missing or no_conversation()
    return head


def is_moderated(request: Request, head: Head, report: Report | None = None) -> bool:
    """Says whether the caller, who may moderate, may do so in this conversation: not in the notes of their ticket."""
    if head.is_notes and head.requester_id == request.user_id:
        return False
    is_about = report is not None and report.conversation_id == head.conversation_id
    return head.is_reported or is_about or moderates_any(request)


def closed_notes(request: Request, conversation_ids: Iterable[str]) -> set[str]:
    """Returns those of these conversations that are notes of the caller's own tickets: no report shows them to them.

    Notes count as the caller's as long as they cannot be read. One round trip per 100 notes; none without notes, or for
    the host's own server.
    """
    notes = {each for each in conversation_ids if ids.is_notes_id(each)}
    if not notes or account_states.role_of(request) == SERVICE_ROLE:
        return set()
    heads = conversations.heads(sorted(notes))
    return notes - {key for key, head in heads.items() if head.requester_id != request.user_id}


def moderates_any(request: Request) -> bool:
    """Says whether the caller, who may moderate, may do so in every conversation."""
    return moderators.reads_any() or account_states.role_of(request) == SERVICE_ROLE


def field_of(request: Request, name: str) -> str:
    """Returns the place of an id: a field of an action's data, or a part of the path (written `{name}`)."""
    return f"{request.field_prefix}/{name}" if request.field_prefix else f"{{{name}}}"
