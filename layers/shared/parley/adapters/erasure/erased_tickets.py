"""A ticket without a person: the pseudonym takes their place in its state, in what finds it, and in its history."""

from collections.abc import Iterator

import msgspec

from parley.adapters.dynamodb import batches, tables
from parley.adapters.erasure import erasures
from parley.adapters.erasure.erasures import Op
from parley.adapters.support import tickets
from parley.domain.erasure.job import without_person
from parley.domain.support.ticket import StoredTicket

WORDS = ("note", "comment")  # what people write into the history


def hand_over_ticket(ticket_id: str, user_id: str, pseudonym: str) -> list[Op]:
    """Returns the writes of its state; one round trip. None for a person whom the state does not name."""
    ticket = tickets.of(batches.read_rows({tables.Ticket: [tickets.key(ticket_id)]}), ticket_id)
    return [] if ticket is None else [*_state(ticket, user_id, pseudonym)]


def _state(ticket: StoredTicket, user_id: str, pseudonym: str) -> Iterator[Op]:
    people = {name: pseudonym for name in ("requester_id", "assignee_id") if getattr(ticket, name) == user_id}
    if not people:
        return
    after = msgspec.structs.replace(ticket, **people)
    key, place = tickets.key(ticket.ticket_id)
    yield erasures.update_row(tables.Ticket(key=key, place=place), **people)
    old, new = tickets.words_of(ticket), tickets.words_of(after)
    yield from (erasures.delete_row(tickets.entry(word, ticket)) for word in sorted(old - new))
    yield from (erasures.put_row(tickets.entry(word, after)) for word in sorted(new - old))


def hand_over_history(
    ticket_id: str, after: int, limit: int, user_id: str, pseudonym: str
) -> tuple[list[Op], int | None]:
    """Returns the writes of up to `limit` entries after a number, and the last of them; None if no more follow.

    One round trip.
    """
    ops: list[Op] = []
    rows = list(
        tables.Message.query(
            tickets.history_key(ticket_id),
            tables.Message.seq > after,
            consistent_read=True,
            limit=limit,
            page_size=limit,
        )
    )
    for row in rows:
        theirs = row.about["user_id"] == user_id  # their words go, too
        kept = {name: value for name, value in row.about.items() if not (theirs and name in WORDS)}
        about = without_person(kept, user_id, pseudonym)
        if about != row.about:
            place = tables.Message(conversation_id=row.conversation_id, seq=row.seq)
            ops.append(erasures.update_row(place, about=about))
    return ops, int(rows[-1].seq) if len(rows) == limit else None
