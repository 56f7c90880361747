"""The roster: which agents are on duty, who puts them there, and how many open tickets each has."""

from collections.abc import Iterable, Mapping

import msgspec

from parley.actions import named
from parley.actions.parallel import in_parallel
from parley.actions.people.profiles import check_user_id
from parley.actions.support.roles import agents_only, require_agent, runs_desk
from parley.adapters.dynamodb import batches, conditions, retrying, tables
from parley.adapters.figures import figures
from parley.adapters.live import connections
from parley.adapters.people import account_states, agents, named_users
from parley.adapters.support import desks, roster
from parley.domain.api.errors import Conflict, Forbidden, NotFound
from parley.domain.api.request import Request
from parley.domain.api.suspension import suspended
from parley.domain.figures.tallies import ASSIGNEE, QUEUE, agent_code
from parley.domain.live.presence import Presence
from parley.domain.support.roster import (
    MAX_AGENTS,
    PutAgent,
    RosterEntry,
    SupportAgent,
    SupportAgentAnswer,
    SupportAgentList,
    after_put,
    check_names,
    view,
)


def list_agents(request: Request) -> SupportAgentList:
    """Returns all agents on the roster, by id, to agents and the host's own server.

    Two round trips: the agents beside the counts of their tickets, then their devices and names.
    """
    require_agent(request)
    entries, open_tickets = in_parallel(roster.entries, open_tickets_by_code)
    user_ids = [entry.user_id for entry in entries]
    devices, known = in_parallel(
        lambda: connections.of(user_ids, stale=True) if user_ids else {}, lambda: named.read_known(request, user_ids)
    )
    return SupportAgentList(
        agents=_views(request, entries, open_tickets, devices),
        users=named.users(request, user_ids, known),
    )


def open_tickets_by_code() -> dict[str, int]:
    """Returns the open tickets of agents by their code in the figures, less than 5 s late.

    One round trip, some 100 bytes for each agent who has one.
    """
    by_place: Mapping[str, Mapping[str, int]] = figures.numbers_between(QUEUE, ASSIGNEE, ASSIGNEE)
    return {place.partition("#")[2]: counts.get("open", 0) for place, counts in by_place.items()}


def put_agent(request: Request, user_id: str, wanted: PutAgent) -> SupportAgentAnswer:
    """Puts an agent on duty or off it, and returns their entry on the roster; what is not named stays as it was.

    To the agent, and for others to support admins and the host's own server. An entry that says nothing is taken off
    the roster. A repeat answers the same. An agent who is suspended from writing may go off duty, and nothing else. Two
    round trips, one if nothing changes, and one for the devices.
    """
    check_user_id(user_id)
    _require_may_put(request, user_id)
    check_names(wanted, desks.current(), request.field_prefix)
    for _ in conditions.tries():
        known, count, role = _read(request, user_id)
        _check_suspension(request, user_id, wanted)
        after = after_put(known or RosterEntry(user_id=user_id), wanted, request.now_ms)
        if not after.says_nothing:
            if role is None or not agents.is_agent(role):
                raise NotFound("agent_not_found", "There is no such agent.")
            if known is None and count >= MAX_AGENTS:
                detail = f"The roster has room for {MAX_AGENTS} agents; take one off it first."
                raise Conflict("too_many_agents", detail, rule="agents on the roster")
        try:
            _write(known, after)
        except conditions.LostRace:
            continue
        return _answer(request, after)
    raise retrying.busy()


def _read(request: Request, user_id: str) -> tuple[RosterEntry | None, int, str | None]:
    """Returns an agent's entry, the number of entries, and the person's role if they are known; one round trip."""
    is_me = user_id == request.user_id
    wanted: dict[type[tables.Table], Iterable[batches.Key]] = {tables.Ticket: [roster.key(user_id), roster.COUNT]}
    if not is_me:
        wanted[tables.User] = [(user_id,)]
    rows = batches.read_rows(wanted)
    if is_me:
        return roster.of(rows, user_id), roster.count_in(rows), account_states.role_of(request)
    person = named_users.of(rows, [user_id]).get(user_id)
    return roster.of(rows, user_id), roster.count_in(rows), None if person is None else person.role


def _check_suspension(request: Request, user_id: str, wanted: PutAgent) -> None:
    """Raises Suspended for a caller who may not write, unless they only go off duty; after the first read."""
    suspension = account_states.own_suspension()
    if suspension is not None and (user_id != request.user_id or wanted != PutAgent(available=False)):
        raise suspended(suspension)


def _write(known: RosterEntry | None, after: RosterEntry) -> None:
    """Writes what a PUT has changed; raises LostRace. One round trip, or none."""
    if known is None:
        if not after.says_nothing:
            roster.put_new(after)
    elif after.says_nothing:
        roster.remove(known)
    elif after is not known:
        roster.put_changed(known, after)


def _answer(request: Request, entry: RosterEntry) -> SupportAgentAnswer:
    """Returns an entry; one round trip."""
    (open_tickets, devices), known = in_parallel(
        lambda: in_parallel(open_tickets_by_code, lambda: connections.of([entry.user_id], stale=True)),
        lambda: named.read_known(request, [entry.user_id]),
    )
    [seen] = _views(request, [entry], open_tickets, devices)
    return SupportAgentAnswer(**msgspec.structs.asdict(seen), users=named.users(request, [entry.user_id], known))


def _views(
    request: Request, entries: Iterable[RosterEntry], open_tickets: Mapping[str, int], devices: Mapping[str, Presence]
) -> list[SupportAgent]:
    return [
        view(
            entry,
            open_tickets.get(agent_code(entry.user_id), 0),
            online=bool(devices[entry.user_id].live(request.now_s)),
        )
        for entry in entries
    ]


def _require_may_put(request: Request, user_id: str) -> None:
    """Refuses a caller who is no agent, and an agent who names another; at once, or with the first read."""
    if user_id == request.caller.user_id:
        account_states.require_role(request, agents.is_agent, agents_only(request))
        return
    refusal = Forbidden(
        "support_admins_only",
        "Only support admins may put another agent on duty or off it.",
        rule="SupportAdminRoles",
    )
    account_states.require_role(request, runs_desk, refusal)
