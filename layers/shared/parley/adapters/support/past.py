"""Past tickets: all of the table, a part at a time, and what the messages of each say of its clocks."""

from collections.abc import Iterable
from functools import partial
from typing import Annotated

from msgspec import Meta, Struct, convert

from parley.adapters.dynamodb import tables, unreadable
from parley.adapters.dynamodb.documents import from_wire, to_wire
from parley.adapters.support import ticket_history
from parley.adapters.support.tickets import STATE, from_row
from parley.adapters.threads import Threads
from parley.domain.api.outbox import OutboxEntry
from parley.domain.support.past import PastMessage
from parley.domain.support.ticket import StoredTicket

MAX_QUERIES_AT_ONCE = 16

_queries = Threads(max_workers=MAX_QUERIES_AT_ONCE, thread_name_prefix="past")

_Part = Annotated[str, Meta(min_length=1, max_length=400)]


class Place(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """The key after which a walk goes on."""

    key: _Part
    place: _Part

    @classmethod
    def after(cls, ticket_id: str) -> "Place":
        """Returns the place after a ticket."""
        return cls(ticket_id, STATE)


def tickets_after(
    after: Place | None, examined: int, since_ms: int, until_ms: int
) -> tuple[list[StoredTicket], Place | None]:
    """Returns the tickets among the next `examined` rows that were opened in a time, and the place after those rows.

    None at the end of the table. In the order of the table, which tells nothing. Unreadable ones are left out. One
    round trip, half a read unit for each 4 KB of what is examined; a MB ends it early.
    """
    start = None if after is None else {"key": to_wire(after.key), "place": to_wire(after.place)}
    is_one = (tables.Ticket.place == STATE) & tables.Ticket.requester_id.exists()
    opened = tables.Ticket.created_at_ms.between(since_ms, until_ms - 1)
    found = tables.Ticket.scan(is_one & opened, page_size=examined, last_evaluated_key=start)
    page = next(found.page_iter)  # one call: the iterator itself would look for a hit until the end of the table
    rows = map(tables.Ticket.from_raw_data, page["Items"])
    behind = page.get("LastEvaluatedKey")
    following = None if behind is None else Place(from_wire(behind["key"]), from_wire(behind["place"]))
    return list(unreadable.decoded("Tickets", rows, from_row)), following


def messages_of(wanted: Iterable[tuple[str, int]], *, with_texts: bool = False) -> list[list[PastMessage] | None]:
    """Returns the messages of conversations, each up to a seq, in the order of `wanted`; None for unreadable ones.

    Strongly consistent; a round trip for each 1 MB of a conversation, `MAX_QUERIES_AT_ONCE` side by side.
    """
    names = [*_ATTRIBUTES, "text"] if with_texts else _ATTRIBUTES
    reads = [partial(_messages, ticket_id, last_seq, names) for ticket_id, last_seq in wanted]
    return list(_queries.map(lambda read: read(), reads))


def histories_of(tickets: Iterable[StoredTicket]) -> list[list[OutboxEntry] | None]:
    """Returns the histories of tickets, the oldest entry first; None for one with a hole. Round trips as above."""
    return list(_queries.map(_history, tickets))


def _history(ticket: StoredTicket) -> list[OutboxEntry] | None:
    try:
        found = ticket_history.entries_after(ticket.ticket_id, 0, ticket.entries)
    except unreadable.ERRORS:
        unreadable.report("Messages", [ticket.ticket_id])
        return None
    return found if len(found) == ticket.entries and all("state" in entry.about for entry in found) else None


def _messages(ticket_id: str, last_seq: int, names: list[str]) -> list[PastMessage] | None:
    seqs = tables.Message.seq.between(1, last_seq)
    rows = tables.Message.query(ticket_id, seqs, consistent_read=True, attributes_to_get=names)
    found = list(unreadable.decoded("Messages", rows, _message))
    return found if len(found) == last_seq else None  # seqs have no gaps


_ATTRIBUTES = ["conversation_id", "seq", "created_at_ms", "side", "system", "sender_id"]


def _message(row: tables.Message) -> PastMessage:
    told = {"at_ms": int(row.created_at_ms or 0), "side": row.side, "changes": (row.system or {}).get("changes", {})}
    written = {"sender_id": row.sender_id or "", "is_system": row.system is not None, "text": row.text or ""}
    return convert({"seq": int(row.seq), **told, **written}, type=PastMessage)
