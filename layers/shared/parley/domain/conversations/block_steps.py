"""Blocks between two people: if one has blocked the other, neither can write to the other directly."""

from typing import Annotated

from msgspec import Meta, Struct
from msgspec.structs import replace

from parley.domain.api.errors import Forbidden
from parley.domain.api.request import Request
from parley.domain.api.requests import StoredUserId
from parley.domain.conversations.head import Head
from parley.domain.conversations.rights import BLOCK_RULE
from parley.domain.conversations.steps import BlockState, Changed, Step, next_change

MAX_BLOCKS = 1000  # of one person; as many as one query reads


class Blocking(Struct, frozen=True, kw_only=True):
    """The blocks between two people, as the first of them sees them."""

    by_me: bool = False
    of_me: bool = False

    @property
    def is_on(self) -> bool:
        return self.by_me or self.of_me

    def require_none(self) -> None:
        """Raises Forbidden if either has blocked the other."""
        if self.is_on:
            raise refusal()


class Position(Struct, frozen=True, kw_only=True, array_like=True, forbid_unknown_fields=True):
    """The last block of a page; the next page starts after it."""

    blocked_at_ms: Annotated[int, Meta(ge=0, le=10**15)]
    user_id: StoredUserId


def refusal() -> Forbidden:
    """Returns the refusal of a request that would reach the other person; it does not tell which of the two blocks."""
    return Forbidden("blocked", "One of you has blocked the other.", rule=BLOCK_RULE)


def marked(request: Request, head: Head, *, is_on: bool, while_block: BlockState) -> Step | None:
    """Returns the step that notes in a direct conversation whether the caller blocks the other person.

    None if the head says so already. The step is refused unless the block is as `while_block` says when it is written.
    It changes the part that both see alike: the capabilities of both depend on it.
    """
    if (request.user_id in head.blocked_by) == is_on:
        return None
    others = tuple(user_id for user_id in head.blocked_by if user_id != request.user_id)
    entry = next_change(request, head, "conversation_updated")
    after = replace(
        head,
        blocked_by=(*others, request.user_id) if is_on else others,
        blocked_seq=head.blocked_seq if others else entry.change_seq if is_on else 0,
        last_change_seq=entry.change_seq,
        shared_seq=entry.change_seq,
    )
    return Step(before=head, after=after, changed=Changed(entry=entry), while_block=while_block)
