"""The walk through the open tickets, once after a list with idle rules was saved: old tickets rest, too.

The sweep of each minute walks on by some parts, and notes in the list how far it is. Everything here may happen twice.
"""

from functools import partial

from msgspec.structs import replace

from parley.actions.sweep import Run
from parley.adapters.dynamodb import conditions
from parley.adapters.support import automations, desks, queue, tickets
from parley.adapters.threads import Threads
from parley.domain.api.request import Request
from parley.domain.support import ticket_clocks
from parley.domain.support.automations import StoredAutomations
from parley.domain.support.queue import Order
from parley.domain.support.ticket import StoredTicket

STATUSES = ("open", "in_progress", "waiting_on_customer", "resolved")
PART = 100  # tickets that one round trip looks at: as many as one batch reads (DynamoDB quotas)
MAX_PARTS = 50  # of one run
MAX_WRITES_AT_ONCE = 16
SETTLED_MS = 2 * automations.CHECK_S * 1000  # by then all processes know the list: the tickets of until then are walked

_writes = Threads(max_workers=MAX_WRITES_AT_ONCE, thread_name_prefix="walk")


def walk_open_tickets(request: Request, run: Run) -> int:
    """Lets the sweep look at open tickets for the idle rules; returns at how many.

    No round trip if nothing is left: the list is known for a minute. Else three for each hundred tickets, and one for
    each of them that must be looked at.
    """
    stored = automations.known(request.now_s)
    if request.now_ms - stored.updated_at_ms < SETTLED_MS:
        return 0
    count = 0
    for _ in range(MAX_PARTS):
        if stored.walk is None or not run.has_time():
            break
        try:
            walked, stored = _walk(stored)
        except conditions.LostRace:  # another run was faster, or the list was saved
            automations.forget()
            break
        count += walked
        automations.forget()
    return count


def _walk(stored: StoredAutomations) -> tuple[int, StoredAutomations]:
    """Walks on by a part; returns its number of tickets, and the list with the new place. Raises LostRace."""
    status, _, after = (stored.walk or "").partition("|")
    idle_ms = stored.idle_ms
    if idle_ms is None:
        return 0, automations.move_walk(stored, None)
    part = queue.in_status(status, PART, after or None, Order())
    found = list(tickets.some(map(tickets.id_in, part.places)).values())
    list(_writes.map(partial(_rest, idle_ms), found))
    if part.through is not None:
        return len(found), automations.move_walk(stored, f"{status}|{part.through}")
    following = STATUSES.index(status) + 1
    walk = STATUSES[following] if following < len(STATUSES) else None
    return len(found), automations.move_walk(stored, walk)


def _rest(idle_ms: int, ticket: StoredTicket) -> None:
    """Lets the sweep look at a ticket when it may have rested for long enough; one round trip, or none.

    The look knows when a person was last active, which `updated_at_ms` does not say: rules may have changed the ticket.
    """
    idle_at_ms = ticket.created_at_ms + idle_ms
    if ticket.idle_at_ms is None or ticket.idle_at_ms > idle_at_ms:
        after = replace(ticket, idle_at_ms=idle_at_ms)
        tickets.move_idle(ticket, ticket_clocks.due_exactly(after, desks.current()))
