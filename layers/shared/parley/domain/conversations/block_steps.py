"""Blocks between two people: where one has blocked the other, neither can write to the other directly."""

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
    """What stands between two people, as the first of them sees it."""

    by_me: bool = False
    of_me: bool = False

    @property
    def is_on(self) -> bool:
        return self.by_me or self.of_me

    def require_none(self) -> None:
        """Refuses with Forbidden where either has blocked the other."""
        if self.is_on:
            raise refusal()


class Position(Struct, frozen=True, kw_only=True, array_like=True, forbid_unknown_fields=True):
    """The block behind which a list of them goes on."""

    blocked_at_ms: Annotated[int, Meta(ge=0, le=10**15)]
    user_id: StoredUserId


def refusal() -> Forbidden:
    """Returns the refusal of what would reach the other one; it does not say which of the two has blocked."""
    return Forbidden("blocked", "One of you has blocked the other.", rule=BLOCK_RULE)


def marked(request: Request, head: Head, *, is_on: bool, while_block: BlockState) -> Step | None:
    """Returns what notes in a direct conversation that the caller has blocked the other one, or has not any more.

    None where that stands there. Refused unless the block itself is as `while_block` says by then. It is a change of
    what both see the same: the capabilities of both follow from it.
    """
    if (request.user_id in head.blocked_by) == is_on:
        return None
    others = tuple(one for one in head.blocked_by if one != request.user_id)
    entry = next_change(request, head, "conversation_updated")
    after = replace(
        head,
        blocked_by=(*others, request.user_id) if is_on else others,
        blocked_seq=head.blocked_seq if others else entry.change_seq if is_on else 0,
        last_change_seq=entry.change_seq,
        shared_seq=entry.change_seq,
    )
    return Step(before=head, after=after, changed=Changed(entry=entry), while_block=while_block)
