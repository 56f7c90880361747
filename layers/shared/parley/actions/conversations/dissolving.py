"""Dissolving a group: it closes for good and its members leave it, in parts of 45, one after the other.

Each part is a step like any other, so a person is out of the group and of its count at once or not at all. The row of
each part in the change log asks the stream for the next one, as adding everyone does (`adding.py`): no part can be lost
between its write and a queue, and a part that comes twice finds that it is done.
"""

from msgspec import Struct

from parley.actions import access, push
from parley.actions.conversations import group_changes
from parley.adapters.conversations import conversations, journal, messages
from parley.adapters.dynamodb import conditions
from parley.domain.api.identity import DEFAULT_ROLE, Identity, is_system_sender
from parley.domain.api.request import Request
from parley.domain.conversations import group_steps, rights
from parley.domain.conversations.adding import NUDGED_MS, STUCK_MS
from parley.domain.conversations.group_steps import MAX_REMOVED
from parley.domain.conversations.head import MAX_LISTED, Head
from parley.domain.conversations.steps import Change, Step

MAX_CHANGES = 10  # between a step and the part that follows it


class DissolvedGroup(Struct, frozen=True, kw_only=True):
    """A dissolved group, and how many of its members are still to be taken out."""

    conversation_id: str
    member_count: int


def dissolve_group(request: Request, conversation_id: str) -> DissolvedGroup:
    """Dissolves a group; three round trips and the posts, two more for a large one.

    A repeat gets the answer again. If the next part is late, it takes that out, too.
    """
    request = access.as_host(request)

    def decide(head: Head, there: group_changes.Memberships) -> Step | None:
        is_in = request.acts_as is not None or access.is_admitted(request, head, there.get(request.user_id))
        if is_in:
            rights.require(head, request.user_id, "dissolve")
        elif not head.dissolved:
            raise access.no_conversation()
        if head.dissolved:
            return _again(request, head, is_in=is_in)
        return group_steps.dissolve(request, head, _next_people(head, request.user_id if there else None))

    head, _, _ = group_changes.change(request, conversation_id, (), decide, kinds=("member_removed",), left=True)
    return DissolvedGroup(conversation_id=conversation_id, member_count=head.member_count)


def _again(request: Request, head: Head, *, is_in: bool) -> Step | None:
    """Returns the next part if it is late; raises NotFound for a caller who has not dissolved the group."""
    last = group_changes.last_change(head)
    if not is_in and (last is None or last.user_id != request.user_id):
        raise access.no_conversation()
    if not head.member_count or last is None or request.now_ms - last.at_ms <= NUDGED_MS:
        return None
    return group_steps.dissolve_next(request, head, _next_people(head))


def _next_people(head: Head, first_id: str | None = None) -> tuple[str, ...]:
    """Returns the members who are taken out next; two round trips for each hundred of a large group.

    The index of members may be a moment old, so each is looked up.
    """
    found = [] if first_id is None else [first_id]
    if not head.is_large:
        return tuple(dict.fromkeys([*found, *head.participants]))[:MAX_REMOVED]
    after: str | None = None
    while len(found) < MAX_REMOVED and (page := conversations.member_ids(head.conversation_id, MAX_LISTED, after)):
        there = conversations.memberships((user_id, head.conversation_id) for user_id in page)
        found += [user_id for user_id in page if (user_id, head.conversation_id) in there and user_id != first_id]
        after = page[-1]
    if not found:  # the last members came in a moment ago
        raise conditions.busy()
    return tuple(found[:MAX_REMOVED])


def dissolve_next(conversation_id: str, change_seq: int, now_ms: int) -> None:
    """Takes out the members who come after the step `change_seq`, and tells them; five round trips and the posts.

    If an earlier try has taken them out, they are told again: it may have died between its write and its posts.
    """
    for _ in conditions.tries():
        head = conversations.head(conversation_id)
        if head is None or not head.dissolved:
            return
        asked = next(iter(messages.changes(conversation_id, change_seq, change_seq)), None)
        if asked is None:
            return
        request = _in_name_of(asked.user_id, now_ms)
        if head.shared_seq != change_seq:
            _tell_again(request, head, change_seq)
            return
        step = group_steps.dissolve_next(request, head, _next_people(head))
        try:
            journal.write(step, request.now_s)
        except conditions.LostRace:
            continue
        group_changes.tell_step(request, step, {})
        return
    raise conditions.busy()


def _in_name_of(user_id: str, now_ms: int) -> Request:
    """Returns a request of the one who dissolves the group; the host's own server is no person."""
    caller = Identity(user_id=user_id, name=user_id, role=DEFAULT_ROLE, expires_at_s=now_ms // 1000)
    request = Request(caller=caller, now_ms=now_ms, request_id=user_id)
    return request.in_name_of(user_id) if is_system_sender(user_id) else request


def _tell_again(request: Request, head: Head, change_seq: int) -> None:
    """Tells of the part that followed a step, unless this process has told it, or it is long past."""
    for change in messages.changes(head.conversation_id, change_seq + 1, change_seq + MAX_CHANGES):
        if _is_part(change):
            if push.is_news(request, (head.conversation_id, change.change_seq), change.at_ms, within_ms=STUCK_MS):
                group_changes.tell(request, head, {}, None, change)
            return


def _is_part(change: Change) -> bool:
    """Says whether a change is a part of a dissolution: no other takes people out without a system message."""
    return change.kind == "member_removed" and change.message_seq is None
