"""Bulk requests: parts of 100, a result for each item, and the items that are worth another try."""

from collections.abc import Iterator, Sequence
from typing import TypeVar
from urllib.parse import quote

from parley_host.errors import Problem, Unreachable, problem
from parley_host.types import ItemResult

PART = 100  # what one request of Parley's takes
QUERY_BYTES = 6_000  # API Gateway takes 10,240 bytes of address and headers; a token may have 3,000 of them

T = TypeVar("T")


def parts(items: Sequence[T]) -> Iterator[Sequence[T]]:
    """Yields the items in parts of 100."""
    for begin in range(0, len(items), PART):
        yield items[begin : begin + PART]


def parts_of_a_query(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    """Yields ids in parts of 100 at most, and so few that they fit into an address."""
    part: list[str] = []
    for user_id in ids:
        if len(part) == PART or len(quote(",".join([*part, user_id]))) > QUERY_BYTES:
            yield part
            part = []
        part.append(user_id)
    if part:
        yield part


def checked(results: Sequence[ItemResult], items: int) -> list[ItemResult]:
    """Returns the results of a request; raises Unreachable unless each of its items has one."""
    if len(results) != items or not all(isinstance(result.get("status"), int) for result in results):
        raise Unreachable(f"{items} items were sent, and the answer has no result for each.")
    return [*results]


def refused(results: Sequence[ItemResult]) -> list[ItemResult]:
    """Returns the results of the items that were not done, in their order."""
    return [result for result in results if result["status"] >= 400]


def problem_of_item(result: ItemResult) -> Problem | None:
    """Returns the problem of an item as the error that it would have been alone; None if it was done."""
    return problem(result["status"], result.get("problem") or {}) if result["status"] >= 400 else None


def passing(results: Sequence[ItemResult]) -> dict[int, Problem]:
    """Returns the problems that may pass, by the place of their items."""
    found = {place: problem_of_item(result) for place, result in enumerate(results)}
    return {place: error for place, error in found.items() if error is not None and error.may_pass}


def longest(errors: dict[int, Problem]) -> Problem:
    """Returns the problem that asks for the longest wait."""
    return max(errors.values(), key=lambda error: error.retry_after_s or 0)
