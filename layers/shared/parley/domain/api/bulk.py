"""Answers to bulk requests: each item is done, or refused, by itself."""

from msgspec import Struct

from parley.domain.api.errors import Field, Refusal

MAX_ITEM_ERRORS = 10  # of one item, so that a hundred of them fit into an answer


class ItemProblem(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The refusal of one item: a problem document without `instance` and `request_id`, which are the request's."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    errors: tuple[Field, ...] = ()
    rule: str | None = None
    retry_after_ms: int | None = None


class ItemResult(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The result of one item: the status that it would have had alone, and the problem if it was refused.

    The `id` is missing if the item names none.
    """

    status: int
    id: str | None = None
    problem: ItemProblem | None = None


def refused(item_id: str | None, refusal: Refusal) -> ItemResult:
    """Returns the result of an item that was refused."""
    problem = ItemProblem(
        type=f"urn:parley:problem:{refusal.code}",
        title=refusal.title,
        status=refusal.status,
        detail=refusal.detail,
        code=refusal.code,
        errors=refusal.fields[:MAX_ITEM_ERRORS],
        rule=refusal.rule,
        retry_after_ms=refusal.retry_after_ms,
    )
    return ItemResult(id=item_id, status=refusal.status, problem=problem)
