"""The number of tickets in each queue of the desk now."""

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from parley.actions import named
from parley.actions.parallel import in_parallel
from parley.actions.support.roles import require_agent
from parley.adapters.figures import figures
from parley.adapters.support import desks
from parley.domain.api.request import Request
from parley.domain.api.types import NamedUser
from parley.domain.figures import tallies
from parley.domain.figures.tallies import ASSIGNEE, QUEUE, TOTALS
from parley.domain.support.desk import PRIORITIES

MAX_ASSIGNEES = 500  # shown, those with the most tickets
MAX_FORMER = 50  # categories and teams shown beside those that the desk has


class AssigneeCount(Struct, frozen=True, kw_only=True):
    """The open tickets of an agent."""

    user_id: str
    count: int


class QueueCounts(Struct, frozen=True, kw_only=True):
    """Tickets now: by status, and the open ones by priority, category, team and assignee.

    Open are those that are neither resolved nor closed.
    """

    status: dict[str, int]
    open: int
    unassigned: int
    priority: dict[str, int]
    category: dict[str, int]
    team: dict[str, int]
    assignees: list[AssigneeCount]
    users: dict[str, NamedUser]


def count_queues(request: Request) -> QueueCounts:
    """Returns the counts of the queues, less than five seconds late; to agents and the host's own server.

    Two round trips, however many tickets there are.
    """
    require_agent(request)
    by_place, people = in_parallel(lambda: figures.numbers_between(QUEUE, ASSIGNEE, TOTALS), figures.all_agents)
    totals = together(counts for place, counts in by_place.items() if place.startswith(TOTALS))
    desk = desks.current()
    assignees = _assignees(by_place, people)
    status = {name: totals.get(f"status:{name}", 0) for name in (*tallies.OPEN, "resolved", "closed")}
    return QueueCounts(
        status=status,
        open=sum(status[name] for name in tallies.OPEN),
        unassigned=totals.get("unassigned", 0),
        priority=_named(totals, "priority:", PRIORITIES),
        category=_named(totals, "category:", tuple(desk.categories)),
        team=_named(totals, "team:", desk.teams),
        assignees=assignees,
        users=named.users(request, (each.user_id for each in assignees)),
    )


def together(parts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    """Returns the sums of numbers by name."""
    sums: dict[str, int] = {}
    for counts in parts:
        for name, count in counts.items():
            sums[name] = sums.get(name, 0) + count
    return sums


def _named(totals: Mapping[str, int], prefix: str, known: Sequence[str]) -> dict[str, int]:
    """Returns the numbers of the values that the desk has, and of others that still have tickets."""
    counts = {name: totals.get(f"{prefix}{name}", 0) for name in known}
    former = {name.removeprefix(prefix): count for name, count in totals.items() if name.startswith(prefix)}
    left = sorted(name for name, count in former.items() if count and name not in counts)
    return counts | {name: former[name] for name in left[:MAX_FORMER]}


def _assignees(by_place: Mapping[str, Mapping[str, int]], people: Mapping[str, str]) -> list[AssigneeCount]:
    """Returns the agents with open tickets. An erased agent has two codes, which add up."""
    of_codes = {place.partition("#")[2]: counts for place, counts in by_place.items() if place.startswith(ASSIGNEE)}
    sums = together({people[code]: counts.get("open", 0)} for code, counts in of_codes.items() if code in people)
    busy = sorted(((count, user_id) for user_id, count in sums.items() if count), key=lambda one: (-one[0], one[1]))
    return [AssigneeCount(user_id=user_id, count=count) for count, user_id in busy[:MAX_ASSIGNEES]]
