"""The roster of the desk: the agents on duty, and which of them gets a ticket. No AWS, no clock."""

from collections.abc import Iterable, Mapping
from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType
from msgspec.structs import replace

from parley.domain.api.errors import Field, Invalid
from parley.domain.api.requests import Body
from parley.domain.api.times import rfc3339
from parley.domain.api.types import NamedUser
from parley.domain.support.desk import Desk
from parley.domain.support.requests import CategoryName, TeamName
from parley.domain.support.status import is_running
from parley.domain.support.ticket import StoredTicket

MAX_AGENTS = 200  # on the roster of a desk
MAX_LIMIT = 1000
MAX_NAMES = 50
# The counts of open tickets are less than 5 s late (D-550), so what an agent got since then counts besides.
COUNTS_LAG_MS = 5_000
MAX_RECENT = 50  # tickets that an agent got within that time

Limit = Annotated[int, Meta(ge=0, le=MAX_LIMIT)]
Skills = Annotated[list[CategoryName], Meta(max_length=MAX_NAMES)]
Teams = Annotated[list[TeamName], Meta(max_length=MAX_NAMES)]


class PutAgent(Body, frozen=True, kw_only=True):
    """PUT /support/agents/{user_id}: whether an agent is on duty; what is left out stays as it is.

    `limit` is the most open tickets that they get by themselves; null: the desk's. No `teams`: they are in all.
    """

    available: bool
    limit: Limit | None | UnsetType = UNSET
    skills: Skills | UnsetType = UNSET
    teams: Teams | UnsetType = UNSET


class RosterEntry(Struct, frozen=True, kw_only=True):
    """An agent on the roster. `assigned_at_ms` are the times of the last tickets that they got by themselves.

    `turn_of` names the follow-up that gave them the last one, so that its retry finds whom it chose.
    """

    user_id: str
    available: bool = False
    limit: int | None = None
    skills: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()
    updated_at_ms: int = 0
    assigned_at_ms: tuple[int, ...] = ()
    turn_of: str | None = None

    @property
    def says_nothing(self) -> bool:
        """Says whether the entry says no more than none: then there is none."""
        return not self.available and self.limit is None and not self.skills and not self.teams

    def serves(self, ticket: StoredTicket, skill: str | None) -> bool:
        """Says whether the agent may get a ticket, by its team and the skill of its category."""
        in_team = ticket.team is None or not self.teams or ticket.team in self.teams
        return in_team and (skill is None or skill in self.skills) and self.user_id != ticket.requester_id

    def load(self, open_tickets: int, now_ms: int) -> int:
        """Returns the number of open tickets of the agent, with those that the counts may not have yet."""
        return open_tickets + sum(at_ms > now_ms - COUNTS_LAG_MS for at_ms in self.assigned_at_ms)

    def assigned(self, now_ms: int, turn_of: str) -> "RosterEntry":
        """Returns the entry after the agent got a ticket. Times rise, so the turn of a moment is told from another."""
        at_ms = max(now_ms, *(each + 1 for each in self.assigned_at_ms[-1:]), 0)
        recent = (each for each in self.assigned_at_ms[1 - MAX_RECENT :] if each > now_ms - COUNTS_LAG_MS)
        return replace(self, assigned_at_ms=(*recent, at_ms), turn_of=turn_of)


class SupportAgent(Struct, frozen=True, kw_only=True):
    """An agent on the roster, as agents see them. `limit` is their own, null if the desk's counts.

    `online` says whether they have a device connected; who is not online gets no tickets. `open_tickets` is less than
    five seconds late.
    """

    user_id: str
    available: bool
    online: bool
    limit: int | None
    skills: list[str]
    teams: list[str]
    open_tickets: int
    updated_at: str


class SupportAgentAnswer(SupportAgent, frozen=True, kw_only=True):
    """An agent on the roster, and the people whom the answer names."""

    users: dict[str, NamedUser]


class SupportAgentList(Struct, frozen=True, kw_only=True):
    """All agents on the roster, by id."""

    agents: list[SupportAgent]
    users: dict[str, NamedUser]


def check_names(wanted: PutAgent, desk: Desk, prefix: str) -> None:
    """Raises Invalid for a skill or a team that the desk does not have."""
    skills = wanted.skills if wanted.skills is not UNSET else ()
    for place, name in enumerate(skills):
        if name not in desk.skills:
            detail = f"The desk has no such skill; it has {', '.join(desk.skills) or 'none'}."
            raise Invalid("unknown_skill", detail, fields=(Field(f"{prefix}/skills/{place}", "not_allowed"),))
    teams = wanted.teams if wanted.teams is not UNSET else ()
    for place, name in enumerate(teams):
        if name not in desk.teams:
            detail = f"The desk has no such team; it has {', '.join(desk.teams) or 'none'}."
            raise Invalid("unknown_team", detail, fields=(Field(f"{prefix}/teams/{place}", "not_allowed"),))


def after_put(known: RosterEntry, wanted: PutAgent, now_ms: int) -> RosterEntry:
    """Returns an entry after a PUT, `known` itself if it changes nothing."""
    after = replace(
        known,
        available=wanted.available,
        limit=known.limit if wanted.limit is UNSET else wanted.limit,
        skills=known.skills if wanted.skills is UNSET else tuple(dict.fromkeys(wanted.skills)),
        teams=known.teams if wanted.teams is UNSET else tuple(dict.fromkeys(wanted.teams)),
    )
    return known if after == known else replace(after, updated_at_ms=max(now_ms, known.updated_at_ms + 1))


def view(entry: RosterEntry, open_tickets: int, *, online: bool) -> SupportAgent:
    """Returns an entry as agents see it."""
    return SupportAgent(
        user_id=entry.user_id,
        available=entry.available,
        online=online,
        limit=entry.limit,
        skills=list(entry.skills),
        teams=list(entry.teams),
        open_tickets=open_tickets,
        updated_at=rfc3339(entry.updated_at_ms),
    )


def waits(ticket: StoredTicket) -> bool:
    """Says whether the desk has to do something for a ticket that nobody has."""
    return ticket.assignee_id is None and is_running(ticket.status)


def in_turn(
    entries: Iterable[RosterEntry],
    ticket: StoredTicket,
    desk: Desk,
    open_tickets: Mapping[str, int],
    turn_of: str,
    now_ms: int,
) -> RosterEntry | None:
    """Returns the agent whose turn it is to get a ticket, None if nobody may: who has room, and serves it.

    An earlier try of the follow-up `turn_of` may have chosen already. By round robin the one whose last ticket came
    first; or the one who has the fewest open tickets, of several the one whose last ticket came first.
    """
    rules, category = desk.assignment, desk.categories.get(ticket.category)
    skill = None if category is None else category.skill
    loads = {
        entry: entry.load(open_tickets.get(entry.user_id, 0), now_ms)
        for entry in entries
        if entry.available and entry.serves(ticket, skill)
    }
    chosen = next((entry for entry in loads if entry.turn_of == turn_of), None)
    if chosen is not None:
        return chosen
    most = MAX_LIMIT if rules.limit is None else rules.limit
    free = [entry for entry, load in loads.items() if load < (most if entry.limit is None else entry.limit)]

    def turn(entry: RosterEntry) -> tuple[int, int, str]:
        last_ms = entry.assigned_at_ms[-1] if entry.assigned_at_ms else 0
        return (loads[entry] if rules.method == "least_busy" else 0, last_ms, entry.user_id)

    return min(free, key=turn, default=None)
