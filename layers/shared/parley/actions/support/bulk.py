"""The same changes of many tickets: each is changed, or refused, by itself."""

from collections.abc import Sequence
from concurrent.futures import wait

import msgspec
from msgspec import UNSET, Struct

from parley.actions import access, limits, named
from parley.actions.named import Known
from parley.actions.people.bulk_items import result_of
from parley.actions.support import changing
from parley.actions.support.changing import Asked, Change, Found, Made
from parley.actions.support.roles import require_agent
from parley.adapters.support import desks
from parley.adapters.threads import Threads
from parley.domain.api.bulk import ItemResult
from parley.domain.api.errors import Invalid
from parley.domain.api.request import Request
from parley.domain.api.types import NamedUser
from parley.domain.support.requests import ChangeTickets, TicketChanges, UpdateTicket
from parley.domain.support.ticket import TicketState, people_of, view_state

MAX_AT_ONCE = 8

_changes = Threads(max_workers=MAX_AT_ONCE, thread_name_prefix="tickets")


class TicketResult(ItemResult, frozen=True, kw_only=True, omit_defaults=True):
    """The result of one ticket: the ticket after the changes, or the problem if it was refused."""

    ticket: TicketState | None = None


class ChangedTickets(Struct, frozen=True, kw_only=True):
    """The results of POST /support/tickets/bulk, in the order of the request."""

    results: list[TicketResult]
    users: dict[str, NamedUser]


def change_tickets(request: Request, wanted: ChangeTickets) -> ChangedTickets:
    """Changes many tickets alike, `MAX_AT_ONCE` at a time, each by itself, and returns the result of each.

    A repeated request returns the tickets as the first one left them. It takes one token of the caller's own bucket,
    and for each ticket that changes one of what others see at once; a ticket for which there is none is refused.
    """
    require_agent(request)
    _check(request, wanted)
    request = access.as_host(request)
    limits.take_own(request)
    changing_all = msgspec.structs.replace(request, field_prefix=f"{request.field_prefix}/changes")
    pending = [_changes.submit(_result, changing_all, ticket_id, wanted.changes) for ticket_id in wanted.ids]
    wait(pending)  # nothing may still run if one of them fails
    return _answer(request, [each.result() for each in pending])


def _check(request: Request, wanted: ChangeTickets) -> None:
    """Refuses a ticket that is named twice, and changes that no ticket of the desk could take."""
    for place, ticket_id in enumerate(wanted.ids):
        if ticket_id in wanted.ids[:place]:
            pointer = f"{request.field_prefix}/ids/{place}"
            raise Invalid.field(pointer, "repeated", "This ticket is in the request twice.")
    of_changes = msgspec.structs.replace(request, field_prefix=f"{request.field_prefix}/changes")
    if all(getattr(wanted.changes, name) is UNSET for name in wanted.changes.__struct_fields__):
        raise Invalid.field(of_changes.field_prefix, "required", "Name at least one field to change.")
    desk = desks.current()
    changing.check_category(of_changes, wanted.changes.category, desk)
    changing.check_team(of_changes, wanted.changes.team, desk)


def _result(request: Request, ticket_id: str, changes: TicketChanges) -> tuple[TicketResult, named.Users]:
    """Returns the result of one ticket, and the people whom its events have named."""
    done: list[Made] = []

    def act() -> int:
        done.append(changing.make(request, ticket_id, _asked(request, changes)))
        return 200

    result = result_of(ticket_id, act)
    ticket = view_state(done[0].ticket, done[0].head) if done else None
    told = TicketResult(status=result.status, id=ticket_id, problem=result.problem, ticket=ticket)
    return told, done[0].users if done else {}


def _asked(request: Request, changes: TicketChanges) -> Asked:
    desk, person = desks.current(), changes.assignee_id
    fields = UpdateTicket(
        status=changes.status, priority=changes.priority, category=changes.category, tags=changes.tags
    )

    def decide(found: Found) -> Change:
        updated = dict(changing.decide_update(request, found, fields, desk).fields)
        if changes.team is not UNSET:
            changing.check_not_requester(request, found, request.user_id, f"{request.field_prefix}/team")
            updated["team"] = changes.team
        if person is UNSET:
            return Change(fields=updated)
        changing.check_not_requester(request, found, request.user_id, f"{request.field_prefix}/assignee_id")
        changing.check_assignee(request, found, person, f"{request.field_prefix}/assignee_id")
        return Change(fields=updated | {"assignee_id": person}, arrives=person)

    return Asked(decide=decide, person=None if person is UNSET else person, is_of_many=True)


def _answer(request: Request, results: Sequence[tuple[TicketResult, named.Users]]) -> ChangedTickets:
    """Returns the results with the people whom they name; one round trip, or none."""
    known = Known()
    for _, users in results:
        known |= Known.of(users)
    shown = [result for result, _ in results]
    people = (user_id for each in shown if each.ticket is not None for user_id in people_of(each.ticket))
    return ChangedTickets(results=shown, users=named.users(request, people, known))
