"""Leases: a frame that finds little left of the calling device's lease renews it."""

from collections.abc import Callable, Iterable
from typing import TypeVar

from parley.actions.parallel import in_parallel
from parley.adapters import limits
from parley.adapters.live import connections
from parley.domain.api.request import Request
from parley.domain.live.presence import Presence

Result = TypeVar("Result")


def renew(request: Request, person: Presence) -> Presence | None:
    """Returns the caller with a lasting lease of the calling device; None if that device is unknown.

    One round trip if little is left, else none.
    """
    if not needs_renewal(request, person):
        return person if person.device(request.connection_id) else None
    return connections.renew(person, request.device_id, request.now_s, request.now_s + limits.heartbeat().lease_s)


def renew_beside(request: Request, people: Iterable[Presence], do: Callable[[], Result]) -> Result:
    """Returns the result of `do`; meanwhile renews the calling device's lease if `people` show that it is due."""
    [*mine] = [person for person in people if person.user_id == request.user_id and needs_renewal(request, person)]
    if not mine:
        return do()
    result, _ = in_parallel(do, lambda: renew(request, mine[0]))
    return result


def needs_renewal(request: Request, person: Presence) -> bool:
    """Says whether little is left of the calling device's lease."""
    device = person.device(request.connection_id)
    return device is not None and device.lease_s - request.now_s < limits.heartbeat().least_s
