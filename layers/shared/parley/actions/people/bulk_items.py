"""The items of a bulk request: each is done, or refused, by itself."""

from collections.abc import Callable

from parley.adapters.dynamodb import retrying
from parley.domain.api import bulk
from parley.domain.api.bulk import ItemResult
from parley.domain.api.errors import Refusal, Suspended, Unauthenticated


def result_of(item_id: str | None, act: Callable[[], int]) -> ItemResult:
    """Returns the result of one item; `act` does it and returns its status, or raises the item's refusal.

    A refusal of the caller refuses the whole request: it raises Unauthenticated or Suspended, as any error that does
    not pass by itself is raised.
    """
    try:
        return ItemResult(id=item_id, status=act())
    except (Unauthenticated, Suspended):
        raise
    except Refusal as refusal:
        return bulk.refused(item_id, refusal)
    except retrying.FAILURES as error:
        if not retrying.is_passing(error):
            raise
        return bulk.refused(item_id, retrying.busy())
