"""Adding everyone of a role or a context to a group: parts of 90 people, one after the other.

The head of the group says how far it is, and each part is a step like any other. So the people who come in, the place
in the list and the counts are written together or not at all. The row of each part in the change log asks the stream
for the next one: no part can be lost between its write and a queue, and a part that comes twice finds that it is done.
"""

from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from parley.actions import limits, push
from parley.actions.conversations import group_changes
from parley.actions.people import everyone, may_open
from parley.actions.people.profiles import caller_of
from parley.adapters.conversations import conversations, journal, messages
from parley.adapters.dynamodb import batches, conditions, tables
from parley.adapters.people import suspensions
from parley.domain.api.errors import Refusal
from parley.domain.api.identity import DEFAULT_ROLE, SERVICE_ROLE, Identity, is_system_sender
from parley.domain.api.request import Request
from parley.domain.api.requests import MAX_ADDED
from parley.domain.conversations import group_steps, rights
from parley.domain.conversations.adding import MAX_LOOKED, STUCK_MS, Adding
from parley.domain.conversations.head import Head
from parley.domain.conversations.message import StoredMessage
from parley.domain.conversations.steps import Change, Step

MAX_CHANGES = 100  # between a step and the part that follows it
MAX_PAGES = 5  # that one part reads while nobody on them may be added


class _Stopped(Exception):
    """The caller may not act in the group any more; `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class _Part(Struct, frozen=True, kw_only=True):
    """The people who come in next, and the adding after them; `is_last` if nobody follows."""

    came: Sequence[str]
    adding: Adding
    is_last: bool = False


def add_next(conversation_id: str, change_seq: int, now_ms: int) -> None:
    """Adds the people who come after the step `change_seq`, and tells the group.

    Six round trips and the posts, four more for each further page of people whom the caller may not add. If an
    earlier try has added them, the group is told again: it may have died between its write and its posts.
    """
    for _ in conditions.tries():
        head = conversations.head(conversation_id)
        if head is None:
            return
        adding = head.adding
        if adding is None or adding.user_id is None or adding.change_seq != change_seq:
            _tell_again(head, change_seq, now_ms)
            return
        request = _as_caller(adding.user_id, adding.user_role, now_ms)
        step = _next_step(request, head, adding)
        try:
            journal.write(step, request.now_s)
        except conditions.LostRace:
            continue
        group_changes.tell_step(request, step, {})
        return
    raise conditions.busy()


def _as_caller(user_id: str, role: str, now_ms: int) -> Request:
    """Returns a request of the caller; the host's own server acts in the name of a sender that is no person."""
    caller = Identity(user_id=user_id, name=user_id, role=role, expires_at_s=now_ms // 1000)
    request = Request(caller=caller, now_ms=now_ms, request_id=user_id)
    return request.in_name_of(user_id) if is_system_sender(user_id) else request


def _tell_again(head: Head, change_seq: int, now_ms: int) -> None:
    """Tells the group of the part that followed a step, unless this process has told it, or it is long past."""
    for change in messages.changes(head.conversation_id, change_seq + 1, change_seq + MAX_CHANGES):
        seq = change.message_seq
        message = None if seq is None else messages.get_message(head.conversation_id, seq)
        if not _is_part(change, message):
            continue
        request = _as_caller(change.user_id, DEFAULT_ROLE, now_ms)
        what = (head.conversation_id, change.change_seq)
        if push.is_news(request, what, change.at_ms, within_ms=STUCK_MS):
            there = conversations.memberships((user_id, head.conversation_id) for user_id in change.user_ids)
            group_changes.tell(request, head, {key[0]: mine for key, mine in there.items()}, message, change)
        return


def _is_part(change: Change, message: StoredMessage | None) -> bool:
    """Says whether a change is a part of an adding: no other brings people without a system message."""
    if change.message_seq is None:
        return change.kind == "member_added"
    return message is not None and message.system is not None and message.system.event == "everyone_added"


def _next_step(request: Request, head: Head, adding: Adding) -> Step:
    try:
        part = _next_part(request, head, adding)
    except (Refusal, _Stopped) as reason:
        part = _Part(came=(), adding=replace(adding, code=reason.code), is_last=True)
    return group_steps.add_part(request, head, part.came, part.adding, is_last=part.is_last)


def _next_part(request: Request, head: Head, adding: Adding) -> _Part:
    """Returns the next people; raises a Refusal, or _Stopped, if the caller may no longer add anybody."""
    _check_caller_stays(request, head)
    for _ in range(MAX_PAGES):
        people = everyone.next_people(adding, MAX_ADDED)
        came, adding = _looked_at(request, head, adding, people)
        limits.charge_for_adding(request, len(people))
        is_last = len(people) < MAX_ADDED or adding.code is not None
        if came or is_last:
            return _Part(came=came, adding=adding, is_last=is_last)
    return _Part(came=(), adding=adding)


def _check_caller_stays(request: Request, head: Head) -> None:
    """Refuses a caller who has left the group, may not add people any more, or was suspended; one round trip."""
    rights.require(head, request.user_id, "add_members")
    if request.acts_as is not None:
        return
    mine = conversations.memberships([(request.user_id, head.conversation_id)])
    if not mine:
        raise _Stopped("not_a_member")
    suspension = suspensions.get_suspension(request.user_id).suspension
    if suspension is not None and suspension.holds(request.now_ms):
        raise _Stopped("suspended")


def _looked_at(
    request: Request, head: Head, adding: Adding, people: Sequence[tuple[str, str]]
) -> tuple[list[str], Adding]:
    """Returns those of these people who come in, and the adding after them; two round trips at once."""
    user_ids = [user_id for user_id, _ in people if user_id != request.user_id]
    rows = batches.read_rows(may_open.reads_to_decide(request, user_ids))
    if request.caller.role != SERVICE_ROLE and rows.get(tables.User, request.user_id) is None:
        raise _Stopped("not_a_member")  # an erasure has begun
    everyone.check_caller(caller_of(request, rows), adding)
    found = everyone.may_be_added(request, user_ids, rows)
    there = conversations.memberships([(user_id, head.conversation_id) for user_id in found])
    new = [user_id for user_id in found if (user_id, head.conversation_id) not in there]
    came = new[: max(0, group_steps.MAX_MEMBERS - head.member_count)]
    looked = adding.looked + len(people)
    code = "too_many_members" if len(came) < len(new) else "too_many_people" if looked >= MAX_LOOKED else None
    after = people[-1][1] if people else adding.after
    return came, replace(
        adding,
        after=after,
        looked=looked,
        found=adding.found + len(found),
        added=adding.added + len(came),
        code=code,
    )
