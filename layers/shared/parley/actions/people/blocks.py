"""Blocking people: neither of the two can write to the other directly, nor see the other's presence."""

from collections.abc import Iterable

from msgspec import Struct

from parley.actions import limits, named, push
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
    """A user whom the caller has blocked."""

    user_id: str
    blocked_at: str


class Unblocked(Struct, frozen=True):
    """A user whom the caller has not blocked, or no longer."""

    user_id: str


class BlockList(Struct, frozen=True, kw_only=True):
    """A page of the caller's blocks, newest first."""

    blocks: list[Blocked]
    next: str | None


def block_user(request: Request, user_id: str) -> Blocked:
    """Blocks a user, who need not exist: the answer does not say whether they do.

    Refuses the caller themselves, and a block above the limit. Four round trips, and two more and the posts for their
    conversations, side by side. The block is written first, then its marks: a try that dies in between leaves the block
    in the list, and the next one continues.
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
    """Returns the caller's block of a user: the existing one, or a new one, which costs a token."""
    _, mine = blocks.get_block(request.user_id, user_id)
    if mine is not None:
        return mine
    count, _ = in_parallel(lambda: blocks.count(request.user_id), lambda: limits.take_own(request))
    if count >= MAX_BLOCKS:
        raise Conflict("too_many_blocks", f"You can block {MAX_BLOCKS} users at most.", rule="blocks")
    new = blocks.Block(user_id=user_id, blocked_at_ms=request.now_ms)
    for _ in conditions.tries():
        if blocks.save(request.user_id, new):
            return new
        _, mine = blocks.get_block(request.user_id, user_id)
        if mine is not None:
            return mine
    raise conditions.busy()


def unblock_user(request: Request, user_id: str) -> Unblocked:
    """Removes a block, if there is one.

    The block is deleted after its marks, so that it stays in the list until a try has succeeded. Another device may
    mark a conversation again meanwhile, because it still finds the block; such marks are removed after that. Four round
    trips, and three more and the posts for their conversations, side by side.
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
    """Marks in the direct conversations of the two that the caller has blocked the other, or no longer has.

    Each mark is written only if the block itself is still there (or still absent). The request that makes or removes
    the block writes the marks, so in the end they match it. The conversations are listed after the block was written,
    so the list is complete: a later opening finds the block and is refused.
    """
    state = BlockState(user_id=request.user_id, other_id=user_id, is_on=while_blocked)
    list(
        _marking.map(
            lambda conversation_id: _mark(request, conversation_id, is_on=is_on, while_block=state), conversation_ids
        )
    )


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
    """Tells of a change that an earlier try of the caller made; that try may have died before its posts."""
    change = push.untold_change(request, head.conversation_id, head.shared_seq)
    if change is not None and change.user_id == request.user_id and change.message_seq is None:
        _tell_change(request, head, change)


def _tell_change(request: Request, head: Head, change: Change) -> None:
    push.tell(request, head.participants, named.told_by_caller(request, events.of_change(change, head, None)))
    push.remember((head.conversation_id, change.change_seq))


def _tell(request: Request, user_id: str, *, is_on: bool) -> None:
    """Tells only the caller's other devices of the block."""
    push.tell(
        request, [request.user_id], events.BlockChanged(user_id=user_id, blocked=is_on, at=rfc3339(request.now_ms))
    )


def list_blocks(request: Request, query: Page) -> BlockList:
    """Returns a page of the caller's blocks; one round trip.

    Without names: a block takes any id, and must not reveal who exists.
    """
    found = blocks.list_blocks(request.user_id, query.limit + 1, cursors.decode(query.cursor, Position))
    shown = found[: query.limit]
    more = len(found) > len(shown)
    last = Position(blocked_at_ms=shown[-1].blocked_at_ms, user_id=shown[-1].user_id) if more else None
    return BlockList(blocks=[_view(block) for block in shown], next=cursors.encode(last) if last else None)


def _view(block: blocks.Block) -> Blocked:
    return Blocked(user_id=block.user_id, blocked_at=rfc3339(block.blocked_at_ms))
