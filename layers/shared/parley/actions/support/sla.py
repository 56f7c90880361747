"""The clocks of a ticket, explained to those who work for the desk."""

from msgspec import Struct

from parley.actions import access
from parley.actions.support.answers import no_ticket
from parley.actions.support.roles import require_agent
from parley.adapters.support import desks, tickets
from parley.domain.api import ids
from parley.domain.api.errors import Forbidden, NotFound
from parley.domain.api.identity import SERVICE_ROLE
from parley.domain.api.request import Request
from parley.domain.api.times import rfc3339
from parley.domain.api.types import TicketStatus
from parley.domain.support import clocks, ticket_clocks
from parley.domain.support.clocks import Clock, Fact, Terms
from parley.domain.support.desk import Desk
from parley.domain.support.hours import DAYS, Hours, Span
from parley.domain.support.ticket import StoredTicket


class SlaClock(Struct, frozen=True, kw_only=True):
    """One clock of a ticket, which counts business time. Without a `target_ms` it counts and promises nothing.

    `warns_at` and `due_at` are the instants that come if it runs on; null if it stands still, or if they have come.
    """

    target_ms: int | None
    used_ms: int
    started_at: str
    running_since: str | None
    warns_at: str | None
    due_at: str | None
    warned_at: str | None
    breached_at: str | None
    ended_at: str | None


class TicketSlaAnswer(Struct, frozen=True, kw_only=True):
    """The clocks of a ticket as they are now, and what they count by. A clock that has not begun is null.

    So are all of a ticket that was opened when the desk promised nothing. `closes_at` is when a resolved ticket closes
    itself, `archives_at` when a closed one leaves the queue.
    """

    ticket_id: str
    status: TicketStatus
    overdue: bool
    first_response: SlaClock | None
    next_response: SlaClock | None
    resolution: SlaClock | None
    warn_percent: int
    is_open: bool
    time_zone: str
    hours: dict[str, list[str]]
    holidays: list[str]
    closes_at: str | None
    archives_at: str | None


def get_ticket_sla(request: Request, ticket_id: str) -> TicketSlaAnswer:
    """Returns the clocks of a ticket to agents and the host's own server.

    One round trip, three for the host's own server. Raises Forbidden for others, and for an agent whose ticket it is;
    NotFound for an unknown ticket.
    """
    require_agent(request)
    ids.check_ticket_id(ticket_id, "{ticket_id}")
    if request.caller.role == SERVICE_ROLE:
        try:
            access.access_to_read(request, ticket_id, "ticket_sla")
        except NotFound:
            raise no_ticket() from None
    ticket = tickets.get_ticket(ticket_id)
    if ticket is None:
        raise no_ticket()
    if ticket.requester_id == request.user_id:
        rule = "the requester of a ticket does not see its clocks, also as an agent"
        raise Forbidden("own_ticket", "The clocks of your own ticket are closed to you.", rule=rule)
    return _view(ticket, desks.current(), request.now_ms)


def _view(ticket: StoredTicket, desk: Desk, now_ms: int) -> TicketSlaAnswer:
    terms = desk.terms(ticket.priority, ticket.category)
    found = {}
    if ticket.sla is not None:
        # An instant that came since the last fact is shown at once; the sweep records it within two minutes.
        now, _ = clocks.advance(ticket.sla.clocks, Fact(at_ms=now_ms, status=ticket.status), terms)
        found = {name: _clock(clock, terms, now_ms) for name, clock in now.named().items()}
    close_ms, _, archive_ms = ticket_clocks.closing_ms(ticket, desk)
    return TicketSlaAnswer(
        ticket_id=ticket.ticket_id,
        status=ticket.status,
        overdue=any(clock.breached_at is not None and clock.ended_at is None for clock in found.values()),
        first_response=found.get("first_response"),
        next_response=found.get("next_response"),
        resolution=found.get("resolution"),
        warn_percent=desk.warn_percent,
        is_open=desk.hours.is_open(now_ms),
        time_zone=desk.hours.time_zone,
        hours=_week(desk.hours),
        holidays=[day.isoformat() for day in sorted(desk.hours.holidays)],
        closes_at=_time(close_ms),
        archives_at=_time(archive_ms),
    )


def _clock(clock: Clock, terms: Terms, now_ms: int) -> SlaClock:
    comes = dict(clocks.instants(clock, terms))
    since_ms = clock.running_since_ms
    running_ms = 0 if since_ms is None else terms.hours.business_ms(since_ms, now_ms)
    return SlaClock(
        target_ms=clock.target_ms,
        used_ms=clock.used_ms + running_ms,
        started_at=rfc3339(clock.started_at_ms),
        running_since=_time(since_ms),
        warns_at=_time(comes.get("warning")),
        due_at=_time(comes.get("breach")),
        warned_at=_time(clock.warned_at_ms),
        breached_at=_time(clock.breached_at_ms),
        ended_at=_time(clock.ended_at_ms),
    )


def _time(at_ms: int | None) -> str | None:
    return None if at_ms is None else rfc3339(at_ms)


def _week(hours: Hours) -> dict[str, list[str]]:
    """Returns the spans of each weekday that has any, as the desk's file says them."""
    return {day: [_span(span) for span in spans] for day, spans in zip(DAYS, hours.week, strict=True) if spans}


def _span(span: Span) -> str:
    return "-".join(f"{minutes // 60:02}:{minutes % 60:02}" for minutes in (span.start, span.until))
