"""A ticket without a person: the pseudonym takes their place in its state, in what finds it, and in its history."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from msgspec.structs import replace

from parley.adapters.dynamodb import batches, outbox, tables
from parley.adapters.erasure import erasures
from parley.adapters.erasure.erasures import Op
from parley.adapters.support import tickets
from parley.domain.api.outbox import OutboxEntry
from parley.domain.api.request import Request
from parley.domain.conversations.head import Head
from parley.domain.erasure.job import without_person
from parley.domain.support import ticket_steps
from parley.domain.support.ticket import FieldChange, StoredTicket

PEOPLE = ("requester_id", "assignee_id")
WORDS = ("note", "comment")  # what people write into the history


def hand_over_ticket(ticket_id: str, user_id: str, pseudonym: str, desk: Request) -> list[Op]:
    """Returns the writes of its state; one round trip. None for a person whom the state does not name.

    A requester's ticket loses its tags. An agent's ticket is nobody's from then on, by the desk's own request `desk`;
    a closed one keeps the pseudonym. The unit is refused if the ticket has changed since.
    """
    before = tickets.of(batches.read_rows({tables.Ticket: [tickets.key(ticket_id)]}), ticket_id)
    if before is None or user_id not in (before.requester_id, before.assignee_id):
        return []
    if before.assignee_id == user_id and before.status != "closed":
        after, entry = _released(before, pseudonym, desk)
    else:
        people = {name: pseudonym for name in PEOPLE if getattr(before, name) == user_id}
        words = {"tags": (), "comment_hash": None} if before.requester_id == user_id else {}
        after, entry = replace(before, **people, **words), None
    return [partial(tickets.put_changed, before=before, after=after, history=entry)]


def _released(before: StoredTicket, pseudonym: str, desk: Request) -> tuple[StoredTicket, OutboxEntry]:
    """Returns the ticket without its agent, and the entry of the history, which no longer names them."""
    after = ticket_steps.changed_at(before, desk.now_ms, assignee_id=None)
    changes = {"assignee_id": FieldChange(pseudonym, None)}
    # Escalated: as after a missed target, it is for another agent, also if the desk keeps tickets of absent ones.
    more = {"note": "The agent was erased.", "escalated": True}
    return after, ticket_steps.history_entry(after, desk, "updated", changes, **more)


def hand_over_history(head: Head, after: int, limit: int, user_id: str, pseudonym: str) -> tuple[list[Op], int | None]:
    """Returns the writes of up to `limit` entries after a number, and the last of them; None if no more follow.

    The history of a requester's ticket loses its subjects and tags, too. One round trip.
    """
    ops: list[Op] = []
    rows = list(
        tables.Message.query(
            tickets.history_key(head.conversation_id),
            tables.Message.seq > after,
            consistent_read=True,
            limit=limit,
            page_size=limit,
        )
    )
    if rows and not after and rows[0].imported:  # the entry that counts an imported ticket names who had it
        counted = tables.Message(conversation_id=outbox.key("ticket_import", head.conversation_id), seq=1)
        ops.append(erasures.delete_row(counted))
    for row in rows:
        theirs = row.about["user_id"] == user_id  # their words go, too
        kept = {name: value for name, value in row.about.items() if not (theirs and name in WORDS)}
        if head.requester_id in (user_id, pseudonym):
            kept = _without_subject(kept)
        about = without_person(kept, user_id, pseudonym)
        if about != row.about:
            place = tables.Message(conversation_id=row.conversation_id, seq=row.seq)
            ops.append(erasures.update_row(place, about=about))
    return ops, int(rows[-1].seq) if len(rows) == limit else None


def _without_subject(about: Mapping[str, Any]) -> dict[str, Any]:
    """Returns an entry without the subjects and the tags of the ticket."""
    after = dict(about)
    if "changes" in about:
        after["changes"] = {name: each for name, each in about["changes"].items() if name not in ("subject", "tags")}
    if "state" in about:
        after["state"] = {**about["state"], "tags": []}
    return after
