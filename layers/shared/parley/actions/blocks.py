"""Blocking people: neither of the two can write to the other directly, nor sees whether the other one is there."""

from msgspec import Struct

from parley.actions import people
from parley.adapters import blocks, writes
from parley.domain import cursors
from parley.domain.blocking import MAX_BLOCKS, Position
from parley.domain.call import Call
from parley.domain.errors import Conflict, Field, Invalid, Unavailable
from parley.domain.requests import Page
from parley.domain.times import rfc3339


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


def block(call: Call, user_id: str) -> Blocked:
    """Blocks somebody, who need not exist: whether they do is not told. Three round trips, one where they are blocked.

    Refuses the caller themselves, and the block that would be one too many.
    """
    people.check_user_id(user_id)
    if user_id == call.user_id:
        field = Field("{user_id}", "not_allowed")
        raise Invalid("self_block", "You cannot block yourself.", fields=(field,))
    for _ in writes.tries():
        _, mine = blocks.read(call.user_id, user_id)
        if mine is not None:
            return _view(mine)
        if blocks.count(call.user_id) >= MAX_BLOCKS:
            raise Conflict("too_many_blocks", f"A person can block {MAX_BLOCKS} others.")
        mine = blocks.Block(user_id=user_id, blocked_at_ms=call.now_ms)
        if blocks.save(call.user_id, mine):
            return _view(mine)
    raise _busy()


def unblock(call: Call, user_id: str) -> Unblocked:
    """Takes a block back; nothing to do where there is none. Two round trips."""
    people.check_user_id(user_id)
    for _ in writes.tries():
        known, mine = blocks.read(call.user_id, user_id)
        if mine is None or blocks.remove(call.user_id, user_id, known):
            return Unblocked(user_id)
    raise _busy()


def page(call: Call, query: Page) -> BlockList:
    """Returns a page of those whom the caller has blocked; one round trip.

    Without their names: a block takes any id, and must not tell who there is.
    """
    found = blocks.page(call.user_id, query.limit + 1, cursors.decode(query.cursor, Position))
    shown = found[: query.limit]
    more = len(found) > len(shown)
    last = Position(blocked_at_ms=shown[-1].blocked_at_ms, user_id=shown[-1].user_id) if more else None
    return BlockList(blocks=[_view(one) for one in shown], next=cursors.encode(last) if last else None)


def _view(one: blocks.Block) -> Blocked:
    return Blocked(user_id=one.user_id, blocked_at=rfc3339(one.blocked_at_ms))


def _busy() -> Unavailable:
    return Unavailable("store_busy", "The store is busy; try again.", retry_after_ms=1000)
