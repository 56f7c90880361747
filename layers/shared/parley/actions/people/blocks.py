"""Blocking people: neither of the two can write to the other directly, nor sees whether the other one is there."""

from collections.abc import Iterable

from msgspec import Struct

from parley.actions import limits, push
from parley.actions.parallel import in_parallel
from parley.actions.people import profiles
from parley.adapters.conversations import conversations, journal
from parley.adapters.dynamodb import conditions
from parley.adapters.people import blocks
from parley.adapters.threads import Threads
from parley.domain.api import cursors
from parley.domain.api.errors import Conflict, Field, Invalid
from parley.domain.api.request import Request
from parley.domain.api.requests import Page
from parley.domain.api.times import rfc3339
from parley.domain.conversations import block_steps, events
from parley.domain.conversations.block_steps import MAX_BLOCKS, Blocking, Position
from parley.domain.conversations.head import Head
from parley.domain.conversations.steps import BlockState, Change

MAX_MARKED_AT_ONCE = 16  # conversations of the same two people, one in each context

_marking = Threads(max_workers=MAX_MARKED_AT_ONCE, thread_name_prefix="mark")


class Blocked(Struct, frozen=True, kw_only=True):
    """Somebody whom the caller has blocked."""

    user_id: str
    blocked_at: str


class Unblocked(Struct, frozen=True):
    """Somebody whom the caller has not blocked, or not any more."""

    user_id: str


class BlockList(Struct, frozen=True, kw_only=True):
    """A page of those whom the caller has blocked, the newest first."""

    blocks: list[Blocked]
    next: str | None


def block_user(request: Request, user_id: str) -> Blocked:
    """Blocks somebody, who need not exist: whether they do is not told.

    Refuses the caller themselves, and the block that would be one too many. Four round trips, and two more and the
    posts for their conversations, side by side. First the block, then what follows from it: a try that dies in between
    leaves it in the list, and the next one goes on.
    """
    profiles.check_user_id(user_id)
    if user_id == request.user_id:
        field = Field("{user_id}", "not_allowed")
        raise Invalid("self_block", "You cannot block yourself.", fields=(field,))
    mine = _save(request, user_id)
    found = conversations.direct_ids(request.user_id, user_id)
    _mark_conversations(request, user_id, found, is_on=True, while_blocked=True)
    _tell(request, user_id, is_on=True)
    return _view(mine)


def _save(request: Request, user_id: str) -> blocks.Block:
    """Returns the caller's block of somebody: the one that is there, or a new one, for which it takes a token."""
    _, mine = blocks.get_block(request.user_id, user_id)
    if mine is not None:
        return mine
    count, _ = in_parallel(lambda: blocks.count(request.user_id), lambda: limits.take_own(request))
    if count >= MAX_BLOCKS:
        raise Conflict("too_many_blocks", f"A person can block {MAX_BLOCKS} others.", rule="blocks")
    new = blocks.Block(user_id=user_id, blocked_at_ms=request.now_ms)
    for _ in conditions.tries():
        if blocks.save(request.user_id, new):
            return new
        _, mine = blocks.get_block(request.user_id, user_id)
        if mine is not None:
            return mine
    raise conditions.busy()


def unblock_user(request: Request, user_id: str) -> Unblocked:
    """Takes a block back; nothing to do where there is none.

    The block goes after its marks, so that it stands in the list until a try has got through. What another device has
    marked again meanwhile, for it found the block still there, is taken back behind that. Four round trips, and three
    more and the posts for their conversations, side by side.
    """
    profiles.check_user_id(user_id)
    known, mine = blocks.get_block(request.user_id, user_id)
    if mine is not None:
        found, _ = in_parallel(
            lambda: conversations.direct_ids(request.user_id, user_id), lambda: limits.take_own(request)
        )
        _mark_conversations(request, user_id, found, is_on=False, while_blocked=True)
        _remove(request, user_id, known)
    found = conversations.direct_ids(request.user_id, user_id)
    _mark_conversations(request, user_id, found, is_on=False, while_blocked=False)
    _tell(request, user_id, is_on=False)
    return Unblocked(user_id)


def _remove(request: Request, user_id: str, known: Blocking) -> None:
    for _ in conditions.tries():
        if blocks.remove(request.user_id, user_id, known):
            return
        known, mine = blocks.get_block(request.user_id, user_id)
        if mine is None:
            return
    raise conditions.busy()


def _mark_conversations(
    request: Request, user_id: str, conversation_ids: Iterable[str], *, is_on: bool, while_blocked: bool
) -> None:
    """Notes in the direct conversations of the two that the caller has blocked the other one, or has not any more.

    Only while the block itself is there, or is not: whoever makes or removes it marks what follows from that, so in
    the end the marks say what it says. Listed after the block was written, they are all: an opening that comes later
    finds the block and is refused.
    """
    state = BlockState(user_id=request.user_id, other_id=user_id, is_on=while_blocked)
    list(_marking.map(lambda one: _mark(request, one, is_on=is_on, while_block=state), conversation_ids))


def _mark(request: Request, conversation_id: str, *, is_on: bool, while_block: BlockState) -> None:
    for _ in conditions.tries():
        head, has_blocked = conversations.head_and_block(conversation_id, while_block.user_id, while_block.other_id)
        if head is None or has_blocked != while_block.is_on:
            return
        step = block_steps.marked(request, head, is_on=is_on, while_block=while_block)
        if step is None:
            _tell_again(request, head)
            return
        try:
            journal.write(step, request.now_s)
        except conditions.LostRace:
            continue
        if step.change is not None:
            _tell_change(request, step.after, step.change)
        return
    raise conditions.busy()


def _tell_again(request: Request, head: Head) -> None:
    """Tells of a change that an earlier try of the caller's made; it may have died before it did."""
    change = push.untold_change(request, head.conversation_id, head.shared_seq)
    if change is not None and change.user_id == request.user_id and change.message_seq is None:
        _tell_change(request, head, change)


def _tell_change(request: Request, head: Head, change: Change) -> None:
    push.tell(request, head.participants, events.of_change(change, head, None))
    push.remember((head.conversation_id, change.change_seq))


def _tell(request: Request, user_id: str, *, is_on: bool) -> None:
    """Tells the caller's other devices, and nobody else, whom they have blocked."""
    push.tell(
        request, [request.user_id], events.BlockChanged(user_id=user_id, blocked=is_on, at=rfc3339(request.now_ms))
    )


def list_blocks(request: Request, query: Page) -> BlockList:
    """Returns a page of those whom the caller has blocked; one round trip.

    Without their names: a block takes any id, and must not tell who there is.
    """
    found = blocks.list_blocks(request.user_id, query.limit + 1, cursors.decode(query.cursor, Position))
    shown = found[: query.limit]
    more = len(found) > len(shown)
    last = Position(blocked_at_ms=shown[-1].blocked_at_ms, user_id=shown[-1].user_id) if more else None
    return BlockList(blocks=[_view(one) for one in shown], next=cursors.encode(last) if last else None)


def _view(one: blocks.Block) -> Blocked:
    return Blocked(user_id=one.user_id, blocked_at=rfc3339(one.blocked_at_ms))
