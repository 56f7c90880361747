"""Blocks between two people: where one has blocked the other, neither can write to the other directly."""

from typing import Annotated

from msgspec import Meta, Struct

from parley.domain.errors import Forbidden
from parley.domain.requests import UserId

MAX_BLOCKS = 1000  # of one person; as many as one query reads

RULE = "block: where one of two people has blocked the other, neither can write to the other"


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
    user_id: UserId


def refusal() -> Forbidden:
    """Returns the refusal of what would reach the other one; it does not say which of the two has blocked."""
    return Forbidden("blocked", "One of you has blocked the other.", rule=RULE)
