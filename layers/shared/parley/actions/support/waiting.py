"""Work that waits for the desk: tickets for which no agent was free, and tickets of agents who are offline.

A look each minute finds both and queues a job for each ticket (`follow_ups.py`). Nothing is read if the desk's file
asks for neither. Everything here may happen twice.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial

from parley.actions.live import fan_out
from parley.actions.parallel import in_parallel
from parley.actions.support.roster import open_tickets_by_code
from parley.actions.sweep import Run
from parley.adapters.live import connections
from parley.adapters.support import desks, queue, roster, tickets
from parley.domain.api.identity import DESK
from parley.domain.api.request import Request
from parley.domain.figures.tallies import OPEN, agent_code
from parley.domain.live.presence import Presence
from parley.domain.support.follow_ups import ABSENT, WAITING, TicketFollowUp
from parley.domain.support.queue import Order
from parley.domain.support.roster import RosterEntry, in_turn, waits
from parley.domain.support.ticket import NO_ASSIGNEE

MAX_PART = 100  # tickets that one round trip looks at: as many as one batch reads (DynamoDB quotas)
MAX_WAIT_MS = 7 * 24 * 3_600_000  # later an agent takes the ticket by hand: an older one was put back by hand, too
MAX_JOBS = 100  # for the tickets of one agent in one run; the next minute's run finds the others


def look_after_waiting_tickets(request: Request, run: Run) -> int:
    """Queues jobs for tickets that an agent can have now, and for those of agents who have been offline for too long.

    Returns how many. Two round trips, one for each hundred tickets that wait, and two for each hundred tickets of such
    an agent who has open ones.
    """
    rules = desks.current().assignment
    if rules.method is None and rules.when_offline == "keep":
        return 0
    entries, open_tickets = in_parallel(roster.entries, open_tickets_by_code)
    people = connections.of([entry.user_id for entry in entries]) if entries else {}
    count = 0
    if rules.when_offline != "keep":
        count += _release_all(request, run, _absent(request, entries, people), open_tickets)
    there = [entry for entry in entries if entry.available and people[entry.user_id].live(request.now_s)]
    if rules.method is not None and there:
        count += run.attempt(partial(_assign, request, there, open_tickets)) or 0
    return count


def _assign(request: Request, there: Sequence[RosterEntry], open_tickets: Mapping[str, int]) -> int:
    """Queues a job for each ticket that waits and that one of these agents may have; returns how many.

    The oldest `MAX_PART` tickets that nobody has are looked at, if they have changed within `MAX_WAIT_MS`.
    """
    since_ms = request.now_ms - MAX_WAIT_MS
    part = queue.with_word(f"assignee={NO_ASSIGNEE}", MAX_PART, None, Order())
    counts = {entry.user_id: open_tickets.get(agent_code(entry.user_id), 0) for entry in there}
    jobs = [
        TicketFollowUp(ticket_id=ticket_id, number=each.entries, event=WAITING, user_id=DESK, seeks=True)
        for ticket_id, each in tickets.some(map(tickets.id_in, part.places)).items()
        if waits(each)
        and not each.is_as_imported  # nobody is told of an import
        and each.updated_at_ms > since_ms
        and in_turn(there, each, desks.current(), counts, "", request.now_ms) is not None
    ]
    fan_out.queue_ticket_follow_ups(jobs)
    return len(jobs)


def _release_all(request: Request, run: Run, entries: Iterable[RosterEntry], open_tickets: Mapping[str, int]) -> int:
    """Queues a job for each open ticket of these agents, as long as there is time; returns how many."""
    count = 0
    for entry in entries:
        if run.has_time() and open_tickets.get(agent_code(entry.user_id), 0) > 0:
            count += run.attempt(partial(_release, entry, open_tickets), user_id=entry.user_id) or 0
    return count


def _absent(request: Request, entries: Iterable[RosterEntry], people: Mapping[str, Presence]) -> Iterator[RosterEntry]:
    """Yields the agents who have been offline for the time of grace; no round trip."""
    since_ms = request.now_ms - desks.current().assignment.grace_minutes * 60_000
    for entry in entries:
        person = people[entry.user_id]
        seen_ms = max(person.last_sign_ms() or 0, entry.updated_at_ms)
        if not person.live(request.now_s) and seen_ms < since_ms:
            yield entry


def _release(entry: RosterEntry, open_tickets: Mapping[str, int]) -> int:
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
            if each.status in OPEN and each.assignee_id == entry.user_id and not each.is_as_imported
        ]
        if part.through is None:
            break
        after = part.through
    fan_out.queue_ticket_follow_ups(jobs[:wanted])
    return len(jobs[:wanted])
