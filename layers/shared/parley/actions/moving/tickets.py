"""The end of an import: of a ticket its state and its history come with the members' sides."""

from functools import partial

from parley.actions.moving import imports
from parley.actions.people.profiles import require_service
from parley.adapters.dynamodb import batches, conditions, tables
from parley.adapters.moving import import_rows, ticket_rows
from parley.adapters.people import erased_people
from parley.adapters.support import desks, tickets
from parley.domain.api import ids
from parley.domain.api.errors import Invalid
from parley.domain.api.identity import is_reserved
from parley.domain.api.request import Request
from parley.domain.erasure import job
from parley.domain.moving.imports import Import, ImportAnswer, answer, finished
from parley.domain.moving.requests import FinishImport
from parley.domain.moving.tickets import brought, people_of, traced
from parley.domain.support.numbers import number_of


def finish_import(request: Request, conversation_id: str, wanted: FinishImport) -> ImportAnswer:
    """Shows an imported conversation to its members; again by the same run, it says that it is done.

    Of a ticket three round trips; its state is written with the head. Nobody is told, no clock runs, and the figures
    count it among the tickets of now. Raises Conflict if another run made it.
    """
    if not ids.is_ticket_id(conversation_id):
        return imports.finish_import(request, conversation_id, wanted)
    require_service(request, "finish an import", "POST /migration/conversations")
    ids.check_conversation_id(conversation_id, "{conversation_id}")
    if wanted.ticket is None:
        raise Invalid.field("/ticket", "required", "A ticket has a state.")
    attempt = 0
    for _ in conditions.tries():
        number = number_of(conversation_id, attempt)
        rows = _read(conversation_id, wanted, number)
        known = imports.import_to_go_on(rows, conversation_id, wanted.run)
        if not known.is_hidden:
            return answer(known)
        after, members = finished(known.head, wanted, request.now_ms)
        found = brought(known.head, wanted.ticket, desks.current(), number, request.now_ms)
        _check_people(rows, wanted)
        if tickets.has_number(rows, number):
            attempt += 1
            continue
        ticket_rows.write_history(found, traced(found.history, after.participants))
        beside = partial(ticket_rows.put_ticket, found=found)
        try:
            import_rows.finish(known.head, after, wanted.run, members, request.now_ms, beside)
        except conditions.LostRace:
            continue
        return answer(Import(head=after, run=wanted.run, is_hidden=False, done_seq=after.last_seq))
    raise conditions.busy()


def _read(conversation_id: str, wanted: FinishImport, number: str) -> batches.Rows:
    """Returns the head, the people whom the ticket names, and whether its number is taken; one round trip."""
    named = () if wanted.ticket is None else people_of(wanted.ticket)
    people = [user_id for user_id in named if not is_reserved(user_id)]
    members = [each.user_id for each in wanted.members]
    return batches.read_rows(
        {
            **imports.keys_of_people(people),
            tables.Conversation: [(conversation_id,)],
            tables.Erasure: {(erased_people.key(user_id),) for user_id in (*people, *members)},
            tables.Ticket: [tickets.number_key(number)],
        }
    )


def _check_people(rows: batches.Rows, wanted: FinishImport) -> None:
    for place, each in enumerate(wanted.members):
        if erased_people.is_marked(rows, each.user_id):
            raise job.nobody(f"/members/{place}/user_id")
    if wanted.ticket is not None:
        imports.check_people(rows, people_of(wanted.ticket))
