"""Tickets of the queue for tests: changed as the desk changes them, or written straight to the store."""

import sys
from typing import Any

from msgspec.structs import replace

from tests.harness import Parley


def _modules() -> tuple[Any, Any, Any]:
    """Returns the tables, the adapter and the domain of tickets; the harness has imported them by now."""
    names = ("adapters.dynamodb.tables", "adapters.support.tickets", "domain.support.ticket")
    tables, tickets, domain = (sys.modules[f"parley.{name}"] for name in names)
    return tables, tickets, domain


def change(ticket_id: str, **fields: object) -> None:
    """Changes the state of a ticket, and what finds it."""
    tables, tickets, _ = _modules()
    before = tickets.some([ticket_id])[ticket_id]
    after = replace(before, version=before.version + 1, **fields)
    tickets._row(after).save()
    for word in tickets.words_of(before) - tickets.words_of(after):
        tickets.entry(word, before).delete()
    for word in tickets.words_of(after):
        tickets.entry(word, after).save()


def archive(ticket_id: str) -> None:
    """Takes a closed ticket out of the queues: only its requester's list and its number find it."""
    tables, tickets, _ = _modules()
    ticket = tickets.some([ticket_id])[ticket_id]
    state = tables.Ticket
    state(ticket_id, tickets.STATE).update(actions=[state.queue.remove(), state.queued_at_ms.remove()])
    for word in ticket.facets:
        tickets.entry(word, ticket).delete()


def fill(parley: Parley, count: int, **fields: object) -> None:
    """Writes the states of tickets that are opened from now on, one in a millisecond, and what finds them."""
    tables, tickets, domain = _modules()
    with tables.Ticket.batch_write() as batch:
        for _ in range(count):
            parley.clock.ms += 1
            ticket = domain.StoredTicket(
                ticket_id=f"t_{parley.clock.ms:026d}".translate(str.maketrans("0189", "abcd")),
                number=f"{parley.clock.ms}",
                requester_id="carol",
                version=1,
                created_at_ms=parley.clock.ms,
                updated_at_ms=parley.clock.ms,
                **{"status": "open", "priority": "medium", "category": "general", **fields},
            )
            for row in (tickets._row(ticket), *(tickets.entry(word, ticket) for word in tickets.words_of(ticket))):
                batch.save(row)
