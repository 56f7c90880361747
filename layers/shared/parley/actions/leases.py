"""Leases: a frame that finds little left of the calling device's lease renews it."""

from collections.abc import Callable, Iterable
from typing import TypeVar

from parley.actions.parallel import in_parallel
from parley.adapters import limits
from parley.adapters.live import connections
from parley.domain.api.call import Call
from parley.domain.live.presence import Presence

Result = TypeVar("Result")


def renew(call: Call, person: Presence) -> Presence | None:
    """Returns the caller with a lease of the calling device that lasts; None if that device is not known.

    One round trip if little is left, else none.
    """
    if not needs_renewal(call, person):
        return person if person.device(call.connection_id) else None
    return connections.renew(person, call.device_id, call.now_s, call.now_s + limits.heartbeat().lease_s)


def renew_beside(call: Call, people: Iterable[Presence], do: Callable[[], Result]) -> Result:
    """Does something, and renews the calling device's lease meanwhile if `people` show that little is left of it."""
    [*mine] = [one for one in people if one.user_id == call.user_id and needs_renewal(call, one)]
    if not mine:
        return do()
    result, _ = in_parallel(do, lambda: renew(call, mine[0]))
    return result


def needs_renewal(call: Call, person: Presence) -> bool:
    """Says whether little is left of the calling device's lease."""
    device = person.device(call.connection_id)
    return device is not None and device.lease_s - call.now_s < limits.heartbeat().least_s
