"""Agents who have been offline for too long: their open tickets go to nobody, or to another agent, if the desk says so.

A look each minute finds them and queues a job for each ticket (`follow_ups.py`). Nothing is read if the desk leaves
their tickets to them. Everything here may happen twice.
"""

from collections.abc import Iterable, Iterator
from functools import partial

from parley.actions.live import fan_out
from parley.actions.parallel import in_parallel
from parley.actions.support.roster import open_tickets_by_code
from parley.actions.sweep import Run
from parley.adapters.live import connections
from parley.adapters.support import desks, queue, roster, tickets
from parley.domain.api.request import Request
from parley.domain.figures.tallies import OPEN, agent_code
from parley.domain.support.follow_ups import ABSENT, TicketFollowUp
from parley.domain.support.queue import Order
from parley.domain.support.roster import RosterEntry

MAX_PART = 100  # tickets that one round trip looks at: as many as one batch reads (DynamoDB quotas)
MAX_JOBS = 100  # for the tickets of one agent in one run; the next minute's run finds the others


def look_after_absent_agents(request: Request, run: Run) -> int:
    """Queues a job for each open ticket of agents who have been offline for longer than the desk allows.

    Returns how many. Two round trips, and two for each hundred tickets of such an agent who has open ones.
    """
    if desks.current().assignment.when_offline == "keep":
        return 0
    entries, open_tickets = in_parallel(roster.entries, open_tickets_by_code)
    count = 0
    for entry in _absent(request, [each for each in entries if open_tickets.get(agent_code(each.user_id), 0) > 0]):
        if not run.has_time():
            break
        count += run.attempt(partial(_release, entry, open_tickets), user_id=entry.user_id) or 0
    return count


def _absent(request: Request, entries: Iterable[RosterEntry]) -> Iterator[RosterEntry]:
    """Yields the agents who have been offline for the time of grace; one round trip, none for nobody."""
    wanted = {entry.user_id: entry for entry in entries}
    people = connections.of(wanted) if wanted else {}
    since_ms = request.now_ms - desks.current().assignment.grace_minutes * 60_000
    for user_id, person in people.items():
        entry = wanted[user_id]
        seen_ms = max(person.last_sign_ms() or 0, entry.updated_at_ms)
        if not person.live(request.now_s) and seen_ms < since_ms:
            yield entry


def _release(entry: RosterEntry, open_tickets: dict[str, int]) -> int:
    """Queues a job for each open ticket of an agent, `MAX_JOBS` at most; returns how many."""
    wanted = min(open_tickets[agent_code(entry.user_id)], MAX_JOBS)
    jobs: list[TicketFollowUp] = []
    after: str | None = None
    while len(jobs) < wanted:
        part = queue.with_word(f"assignee={entry.user_id}", MAX_PART, after, Order(newest_first=True))
        found = tickets.some(map(tickets.id_in, part.places))
        jobs += [
            TicketFollowUp(ticket_id=ticket_id, number=each.entries, event=ABSENT, user_id=entry.user_id)
            for ticket_id, each in found.items()
            if each.status in OPEN and each.assignee_id == entry.user_id
        ]
        if part.through is None:
            break
        after = part.through
    fan_out.queue_ticket_follow_ups(jobs[:wanted])
    return len(jobs[:wanted])
