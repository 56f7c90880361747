"""Acts of moderators in conversations: they remove and restore messages, close, take members out and mute them.

They need not be members. Each act is one transaction with its audit entry and the decision of a report. Members see
that the moderators did it, but no name.
"""

from collections.abc import Callable, Mapping

from msgspec import Struct
from msgspec.structs import replace

from parley.actions import access, named
from parley.actions.conversations import group_changes, members
from parley.actions.conversations.members import RemovedMember
from parley.actions.messages import changes
from parley.actions.moderation import ranks, reports
from parley.actions.parallel import in_parallel
from parley.actions.people.profiles import check_user_id
from parley.adapters.conversations import conversations, messages, moderated
from parley.adapters.dynamodb import conditions
from parley.adapters.people import account_states, profiles
from parley.domain.api import ids
from parley.domain.api.request import Request
from parley.domain.api.requests import AuditAction, Decision, SetConversationState
from parley.domain.api.types import EVERYONE, MessageAnswer, NamedUser, State
from parley.domain.conversations import change_steps, group_steps
from parley.domain.conversations.change_steps import Found
from parley.domain.conversations.head import Head
from parley.domain.conversations.reports import Report
from parley.domain.conversations.steps import Step
from parley.domain.moderation.acts import Act, as_moderators, check_decision
from parley.domain.moderation.audit import new_entry, of_try
from parley.domain.people.profile import Profile

NO_DECISION = Decision()

ChangeMessage = Callable[[Request, Found], Step | None]
ChangeConversation = Callable[[Request, Head, group_changes.Memberships], Step | None]


class ModeratedState(Struct, frozen=True, kw_only=True):
    """The state of a conversation after a moderator's act."""

    conversation_id: str
    state: State


class MutedMember(Struct, frozen=True, kw_only=True):
    """A person, and whether they are muted in a group."""

    conversation_id: str
    user_id: str
    muted: bool
    users: dict[str, NamedUser]


class _Wanted(Struct, frozen=True, kw_only=True):
    """An act that the caller wants; `place` is what the pointers of the decision's fields begin with."""

    action: AuditAction
    target: str
    decision: Decision = NO_DECISION
    place: str = "/"
    details: Mapping[str, str] = {}


def remove_message(request: Request, message_id: str, wanted: Decision) -> MessageAnswer:
    """Removes a message from a conversation for all, restorable for 30 days; three round trips and the posts."""
    act = _Wanted(action="remove_message", target=message_id, decision=wanted, place="?")
    return _change_message(request, message_id, act, change_steps.remove_message)


def restore_message(request: Request, message_id: str) -> MessageAnswer:
    """Brings a removed message back, with its files; three round trips and the posts."""
    act = _Wanted(action="restore_message", target=message_id)
    return _change_message(request, message_id, act, change_steps.restore_message)


def set_conversation_state(request: Request, conversation_id: str, wanted: SetConversationState) -> ModeratedState:
    """Closes a conversation so that members cannot open it, or opens it again; two round trips and the posts.

    One round trip more with a report.
    """
    act = _Wanted(
        action="set_conversation_state", target=conversation_id, decision=wanted, details={"after": wanted.state}
    )
    head, _ = _change_conversation(
        request, conversation_id, None, act, lambda as_all, head, _: group_steps.set_state(as_all, head, wanted.state)
    )
    return ModeratedState(conversation_id=conversation_id, state="closed" if head.closed else "open")


def expel_member(request: Request, conversation_id: str, user_id: str, wanted: Decision) -> RemovedMember:
    """Takes a member out of a group, also its owner: an heir gets it then. Two round trips and the posts."""

    def decide(as_all: Request, head: Head, there: group_changes.Memberships) -> Step | None:
        if user_id in there:
            is_only_owner = head.owner_ids == (user_id,) and head.member_count > 1
            heir_id = members.heir_of(head, user_id) if is_only_owner else None
            return group_steps.remove_member(as_all, head, user_id, heir_id)
        last = group_changes.last_change(head)
        if last is None or (last.kind, last.user_id, last.user_ids) != ("member_removed", as_all.user_id, (user_id,)):
            raise members.no_member()
        return None

    act = _of_member("expel_member", conversation_id, user_id, wanted, "?")
    head, users = _change_conversation(request, conversation_id, user_id, act, decide, kinds=("member_removed",))
    return members.removed(request, head, user_id, users)


def mute_member(request: Request, conversation_id: str, user_id: str, wanted: Decision) -> MutedMember:
    """Lets a member of a group read and no longer write, until it is ended; three round trips and the posts."""

    def decide(as_all: Request, head: Head, there: group_changes.Memberships) -> Step | None:
        if user_id not in there:
            raise members.no_member()
        return group_steps.mute_member(as_all, head, user_id, is_muted=True)

    act = _of_member("mute_member", conversation_id, user_id, wanted, "/")
    _change_conversation(request, conversation_id, user_id, act, decide)
    return _muted(request, conversation_id, user_id, is_muted=True)


def unmute_member(request: Request, conversation_id: str, user_id: str) -> MutedMember:
    """Ends that, also for a person who has left the group; three round trips and the posts."""
    act = _of_member("unmute_member", conversation_id, user_id, NO_DECISION, "/")
    _change_conversation(
        request,
        conversation_id,
        user_id,
        act,
        lambda as_all, head, _: group_steps.mute_member(as_all, head, user_id, is_muted=False),
    )
    return _muted(request, conversation_id, user_id, is_muted=False)


def _muted(request: Request, conversation_id: str, user_id: str, *, is_muted: bool) -> MutedMember:
    """Returns the answer after a muting; one round trip."""
    users = named.users(request, [user_id])
    return MutedMember(conversation_id=conversation_id, user_id=user_id, muted=is_muted, users=users)


def _of_member(action: AuditAction, conversation_id: str, user_id: str, decision: Decision, place: str) -> _Wanted:
    check_user_id(user_id)
    details = {"conversation_id": conversation_id}
    return _Wanted(action=action, target=user_id, decision=decision, place=place, details=details)


def _change_message(request: Request, message_id: str, wanted: _Wanted, change: ChangeMessage) -> MessageAnswer:
    """Makes an act on a message; returns the message as all members see it afterwards."""
    access.require_moderator(request, or_service=True)
    check_decision(wanted.decision, wanted.place)
    for number in conditions.tries():
        found, report = _read_message(request, message_id, wanted)
        found, person = _with_people(found)
        ranks.check_rank(request, found.message.sender_id, person)
        step = change(as_moderators(request), found)
        act = _act(request, wanted, person, report, number, is_done=step is None)
        if act is None:
            users = changes.tell_again(request, found, found.message.change_seq)
        else:
            try:
                moderated.write(_marked(step, report), act, request.now_s)
            except conditions.LostRace:
                continue
            found = found if step is None else found.after(step)
            users = changes.tell(request, found, None if step is None else step.change)
        _tell_reporter(request, act, report)
        return named.of_message(found.message.for_all(), users)
    raise conditions.busy()


def _read_message(request: Request, message_id: str, wanted: _Wanted) -> tuple[Found, Report | None]:
    """Returns a message of a conversation that the caller moderates, and the report that the act decides."""
    conversation_id, seq = ids.split_message_id(message_id, access.field_of(request, "message_id"))
    (head, _, message, _), report = in_parallel(
        lambda: messages.head_and_message(conversation_id, seq, request.user_id),
        lambda: reports.read_decidable(request, wanted.decision.report_id),
    )
    head = access.access_moderated(request, head, report, access.no_message())
    if message is None:
        raise access.no_message()
    about = {"conversation_id": conversation_id, "sender_id": message.sender_id}
    reports.check_about(report, f"{wanted.place}report_id", **about)
    return Found(caller_id=request.user_id, head=head, message=message), report


def _with_people(found: Found) -> tuple[Found, Profile | None]:
    """Returns the same with the memberships of all whom the message names, and its sender; one round trip."""
    message, conversation_id = found.message, found.head.conversation_id
    mentions = message.removed.mentions if message.removed is not None else message.mentions
    keys = [(user_id, conversation_id) for user_id in mentions if user_id != EVERYONE]
    there, person = in_parallel(
        lambda: conversations.memberships(keys) if keys else {}, lambda: profiles.get_profile(message.sender_id)
    )
    return replace(found, named={key[0]: there.get(key) for key in keys}), person


def _change_conversation(
    request: Request,
    conversation_id: str,
    user_id: str | None,
    wanted: _Wanted,
    decide: ChangeConversation,
    kinds: tuple[str, ...] = ("conversation_updated",),
) -> tuple[Head, named.Users]:
    """Makes an act on a conversation, or on a person in it; returns the head after it and whom its events named."""
    access.require_moderator(request, or_service=True)
    check_decision(wanted.decision, wanted.place)
    as_all, user_ids = as_moderators(request), [] if user_id is None else [user_id]
    for number in conditions.tries():
        head, there, person, report = _read_conversation(request, conversation_id, user_id, wanted)
        step = decide(as_all, head, there)
        act = _act(request, wanted, person, report, number, is_done=step is None)
        if act is None:
            users = group_changes.tell_again(as_all, head, there, kinds, user_ids)
        else:
            try:
                moderated.write(_marked(step, report), act, request.now_s)
            except conditions.LostRace:
                continue
            users = {} if step is None else group_changes.tell_step(as_all, step, there)[1]
        _tell_reporter(request, act, report)
        return (head if step is None else step.after), users
    raise conditions.busy()


def _read_conversation(
    request: Request, conversation_id: str, user_id: str | None, wanted: _Wanted
) -> tuple[Head, group_changes.Memberships, Profile | None, Report | None]:
    """Returns a conversation that the caller moderates, a person's membership and profile, and the report."""
    ids.check_conversation_id(conversation_id, access.field_of(request, "conversation_id"))
    user_ids = [] if user_id is None else [user_id]
    ((head, there), person), report = in_parallel(
        lambda: in_parallel(
            lambda: conversations.head_and_memberships(conversation_id, user_ids),
            lambda: None if user_id is None else profiles.get_profile(user_id),
        ),
        lambda: reports.read_decidable(request, wanted.decision.report_id),
    )
    head = access.access_moderated(request, head, report)
    about = {"conversation_id": conversation_id} | ({"sender_id": user_id} if user_id is not None else {})
    reports.check_about(report, f"{wanted.place}report_id", **about)
    if user_id is not None:
        ranks.check_rank(request, user_id, person)
    elif report is not None:
        reports.check_may_decide(request, report)
    return head, there, person, report


def _act(
    request: Request, wanted: _Wanted, person: Profile | None, report: Report | None, number: int, *, is_done: bool
) -> Act | None:
    """Returns what is written with the change; None if the change is made already and no report is to be decided."""
    decided = None if report is None else reports.decision(request, report, wanted.decision.resolution)
    if is_done and decided is None:
        return None
    details = dict(wanted.details) | ({"report_id": report.report_id} if report is not None else {})
    entry = new_entry(account_states.as_put(request), wanted.action, wanted.target, **details)
    return Act(entry=of_try(entry, number), decided=decided, person=person)


def _marked(step: Step | None, report: Report | None) -> Step | None:
    """Returns the step so that it also marks a conversation whose report an earlier version has written."""
    return step if step is None or report is None else replace(step, after=replace(step.after, is_reported=True))


def _tell_reporter(request: Request, act: Act | None, report: Report | None) -> None:
    decided = act.decided[1] if act is not None and act.decided is not None else report
    if decided is not None:
        reports.tell_reporter(request, decided)
