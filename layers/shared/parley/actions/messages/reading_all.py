"""Marking everything of a person as read: a job in parts of `MAX_MARKED` conversations, one after the other.

A part marks the conversations that it names, each as `mark_conversation_read` does up to the time of the request. Then
it looks for those of the next part and queues it. So a part that comes twice marks nothing twice, and tells again what
its first try may not have told.
"""

from msgspec import Struct
from msgspec.structs import replace

from parley.actions import access
from parley.actions.live.fan_out import READ_ALL, Delivery, FanOut
from parley.actions.messages import read_markers
from parley.adapters.conversations import conversations
from parley.adapters.live import queues
from parley.adapters.people import account_states
from parley.domain.api.errors import Forbidden, NotFound
from parley.domain.api.identity import Identity
from parley.domain.api.request import Request
from parley.domain.api.times import rfc3339
from parley.domain.conversations.head import Head, Membership
from parley.domain.conversations.reading import SHELVES, ReadAllJob, Reader

MAX_MARKED = 25  # conversations that a part marks, each with three round trips and the posts, in the 20 s of RunFanOut
MAX_LOOKED_AT = 100  # conversations in which a part looks for unread messages: as many as one batch reads


class ReadingAll(Struct, frozen=True, kw_only=True):
    """A job has begun that marks everything of the caller as read."""

    requested_at: str


def mark_all_read(request: Request) -> ReadingAll:
    """Begins to mark everything of the caller as read; one round trip and a call of the queue.

    A repeat begins a second job, which finds nothing to mark.
    """
    _queue(ReadAllJob(caller=Reader.of(account_states.as_put(request).caller), at_ms=request.now_ms))
    return ReadingAll(requested_at=rfc3339(request.now_ms))


def run_read_all(job: ReadAllJob, now_ms: int) -> None:
    """Does one part of a job, and queues the next one.

    One round trip for the person's role, two or three and the posts for each conversation, two to find the next ones,
    and a call of the queue.
    """
    request = Request(caller=_as_put_now(job.caller.identity(now_ms)), now_ms=now_ms, request_id=job.caller.user_id)
    for conversation_id in job.conversation_ids:
        try:
            read_markers.mark_conversation_read(request, conversation_id, job.at_ms)
        except (NotFound, Forbidden):  # they are out of it since, or no agent any more
            continue
    following = _following(request, job)
    if not following.is_done:
        _queue(following)


def _queue(job: ReadAllJob) -> None:
    # Functions of an earlier version find no conversation under this key, and do nothing.
    place = FanOut(conversation_id=f"#{READ_ALL}#{job.caller.user_id}", follow_ups=(READ_ALL,))
    queues.deliver([Delivery(fan_out=place, user_ids=(), read_all=job)])


def _as_put_now(caller: Identity) -> Identity:
    """Returns the person with the role that the host has put since; one round trip."""
    state = account_states.get_state(caller.user_id)
    return caller if state is None or state.role is None else replace(caller, role=state.role)


def _following(request: Request, job: ReadAllJob) -> ReadAllJob:
    """Returns the next part: the next unread conversations of one page of the list; two round trips."""
    if job.shelf is None:
        return replace(job, conversation_ids=())
    is_archived, is_notes = job.shelf == "archived", job.shelf == "notes"
    entries = conversations.recent(request.user_id, MAX_LOOKED_AT + 1, job.after, archived=is_archived, notes=is_notes)
    page = [entry.conversation_id for entry in entries[:MAX_LOOKED_AT]]
    found = conversations.heads_and_memberships(page, request.user_id)
    unread = [
        number
        for number, conversation_id in enumerate(page)
        if conversation_id in found and _is_due(request, job, *found[conversation_id])
    ]
    marked = unread[:MAX_MARKED]
    ids = tuple(page[number] for number in marked)
    if len(unread) > MAX_MARKED:
        last = entries[marked[-1]]
    elif len(entries) > MAX_LOOKED_AT:
        last = entries[MAX_LOOKED_AT - 1]
    else:
        rest = SHELVES[SHELVES.index(job.shelf) + 1 :]
        return replace(job, conversation_ids=ids, shelf=rest[0] if rest else None, after=None)
    return replace(job, conversation_ids=ids, after=(last.active_hour, last.conversation_id))


def _is_due(request: Request, job: ReadAllJob, head: Head, mine: Membership) -> bool:
    """Says whether a conversation has unread messages, and was not marked as unread after the request."""
    mark = mine.unread_from
    was_marked_since = mark is not None and head.unread_from_seq(mine) is not None and mark.at_ms > job.at_ms
    return head.unread(mine) > 0 and not was_marked_since and access.sees(request, head)
