"""Votes on articles: did this help, and did it make a ticket needless? Each person has one vote on an article."""

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

from parley.domain.api.errors import Conflict, Field, Invalid
from parley.domain.articles.requests import VoteOnArticle

VoteKind = Literal["helped", "not_helped", "saved"]  # a saved ticket has helped, too

NAMES = ("helped", "not_helped", "saved")


class ArticleNumbers(Struct, frozen=True, kw_only=True):
    """The people whom articles have helped, whom not, and those of the first who needed no ticket any more."""

    helped: int
    not_helped: int
    saved_tickets: int


class OwnVote(Struct, frozen=True, kw_only=True):
    """The caller's vote."""

    helped: bool
    instead_of_ticket: bool


class Vote(OwnVote, frozen=True, kw_only=True):
    """The caller's vote on an article."""

    id: str


class StoredVote(Struct, frozen=True, kw_only=True):
    """A person's vote, and the day on which it counts. `of_ms` tells its article from a deleted one of the same id.

    `has_saved` says that this vote, or one before it, has saved a ticket: the metric counts the person once.
    """

    kind: VoteKind
    day: str
    of_ms: int
    has_saved: bool

    @property
    def view(self) -> OwnVote:
        """Returns the vote as its person sees it."""
        return OwnVote(helped=self.kind != "not_helped", instead_of_ticket=self.kind == "saved")


def changed_to(before: StoredVote | None, kind: VoteKind, day: str, of_ms: int) -> StoredVote:
    """Returns a person's vote in place of the one before."""
    has_saved = kind == "saved" or (before is not None and before.has_saved)
    return StoredVote(kind=kind, day=day, of_ms=of_ms, has_saved=has_saved)


def kind_of(wanted: VoteOnArticle, prefix: str) -> VoteKind:
    """Returns the kind of a vote; raises Invalid for an article that did not help and yet saved a ticket."""
    if not wanted.instead_of_ticket:
        return "helped" if wanted.helped else "not_helped"
    if not wanted.helped:
        raise Invalid.field(
            f"{prefix}/instead_of_ticket", "contradiction", "An article that did not help saves no ticket."
        )
    return "saved"


def not_published() -> Conflict:
    """Returns the refusal of an agent's vote on a draft."""
    return Conflict(
        "article_not_published",
        "Nobody votes on a draft.",
        rule="state: published",
        fields=(Field("{article_id}", "article_not_published"),),
    )


def counts_of(kind: VoteKind) -> dict[str, int]:
    """Returns the numbers that a vote adds to."""
    return {"helped": 1, "saved": 1} if kind == "saved" else {kind: 1}


def added(before: StoredVote | None, kind: VoteKind) -> dict[str, int]:
    """Returns what a vote adds to the numbers of its article in place of the one before, without zeros."""
    more = counts_of(kind)
    less: Mapping[str, int] = {} if before is None else counts_of(before.kind)
    amounts = {name: more.get(name, 0) - less.get(name, 0) for name in NAMES}
    return {name: amount for name, amount in amounts.items() if amount}
