"""The rows of the support desk.

The table holds, by key (`key`, `place`):

    <ticket id>          ticket                               the state of a ticket
    number#<number>      ticket                               whose number it is
    requester=<user>     <created_at_ms, 13 digits>#<ticket>  an entry for each ticket of a person
    <facet>=<value>      <created_at_ms, 13 digits>#<ticket>  an entry for each priority, category, assignee, team, tag,
                                                              and for `overdue=1`; none of an archived ticket
    canned               …                                    the canned replies (`canned_replies.py`)
    macros               …                                    the macros (`kept_macros.py`)
    roster               …                                    the agents on duty (`roster.py`)
    automations          list                                 the rules of the desk (`automations.py`)

No id holds a `#`, and no ticket's id a `=`, so none is ever taken for another.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
from pynamodb.exceptions import UpdateError
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from parley.adapters.dynamodb import batches, conditions, outbox, tables, unreadable
from parley.adapters.dynamodb.due import due_rows
from parley.domain.api.outbox import OutboxEntry
from parley.domain.live.sweeps import shard, shards
from parley.domain.support.ticket import Fired, Sla, StoredTicket

STATE = "ticket"
_EMPTY = tables.Ticket.key.does_not_exist()
_LISTS = ("tags", "merged_from")
_NUMBERS = (
    *("version", "entries", "created_at_ms", "updated_at_ms", "replied_at_ms", "rating", "hidden", "due_at_s"),
    *("status_at_ms", "noticed_at_ms", "archived_at_ms", "overdue_since_ms"),
    *("imported_entries", "idle_at_ms", "acted_at_ms"),
)


def key(ticket_id: str) -> batches.Key:
    """Returns the key of a ticket's state."""
    return (ticket_id, STATE)


def number_key(number: str) -> tuple[str, str]:
    """Returns the key of the row that says whose number it is."""
    return (f"number#{number}", STATE)


def has_number(rows: batches.Rows, number: str) -> bool:
    """Says whether a ticket has this number, from a batch that held `number_key`."""
    return rows.has(tables.Ticket, *number_key(number))


def put_new(transaction: TransactWrite, ticket: StoredTicket, first: OutboxEntry) -> None:
    """Adds a new ticket, its number, what finds it and the first entry of its history to a transaction.

    The number may be taken: then the transaction is refused as after a lost race.
    """
    put_state(transaction, ticket)
    outbox.put_entry(transaction, first)


def put_state(transaction: TransactWrite, ticket: StoredTicket) -> None:
    """Adds a new ticket, its number and what finds it to a transaction, which its number may refuse."""
    transaction.save(_row(ticket), condition=_EMPTY)
    key, place = number_key(ticket.number)
    number = tables.Ticket(key=key, place=place, ticket_id=ticket.ticket_id)
    transaction.save(number, condition=_EMPTY)
    for word in sorted(words_of(ticket)):
        transaction.save(entry(word, ticket))


def put_deleted(transaction: TransactWrite, ticket: StoredTicket) -> None:
    """Adds to a transaction that a ticket goes, if nothing has changed it since it was read: an import is undone."""
    transaction.delete(tables.Ticket(key=ticket.ticket_id, place=STATE), condition=_as_read(ticket))
    transaction.delete(tables.Ticket(*number_key(ticket.number)))
    for word in sorted(words_of(ticket)):
        transaction.delete(entry(word, ticket))


def put_requester_check(transaction: TransactWrite, ticket: StoredTicket) -> None:
    """Adds to a transaction the condition that a ticket is still its requester's: an erasure replaces them. 2 units."""
    is_theirs = tables.Ticket.requester_id == ticket.requester_id
    transaction.condition_check(tables.Ticket, ticket.ticket_id, STATE, condition=is_theirs)


def put_changed(
    transaction: TransactWrite,
    before: StoredTicket,
    after: StoredTicket,
    history: OutboxEntry | None,
    more: Iterable[OutboxEntry] = (),
) -> None:
    """Adds a change of a ticket to a transaction: its state, what finds it, and the entries of its history, if any.

    It is refused as after a lost race if the ticket has changed since it was read. A change that leaves the status and
    the sweep's next look as they are writes no index.
    """
    new, old = _state(after), _state(before)
    changed = {name: value for name, value in new.items() if value != old[name]}
    row = tables.Ticket(key=before.ticket_id, place=STATE)
    transaction.update(row, actions=tables.setting(tables.Ticket, changed), condition=_as_read(before))
    for entry_of_history in (*more, *([] if history is None else [history])):
        outbox.put_entry(transaction, entry_of_history)
    had, has = words_of(before), words_of(after)
    for word in sorted(had - has):
        transaction.delete(entry(word, before))
    for word in sorted(has - had):
        transaction.save(entry(word, after))


def due(now_s: int) -> Iterator[tuple[str]]:
    """Yields the ids of the tickets that the sweep must look at: an index query per shard, and for each 1,000 more."""
    rows = due_rows(tables.Ticket.by_due, shards("tickets"), tables.Ticket.due_at_s <= now_s)
    return ((row.key,) for row in rows)


def move_due(before: StoredTicket, due_at_s: int | None) -> None:
    """Sets when the sweep looks at a ticket next; does nothing if the ticket has changed. One round trip."""
    actions = tables.setting(tables.Ticket, _due(before.ticket_id, due_at_s))
    _update_if(before.ticket_id, actions, _as_read(before) & (tables.Ticket.due_at_s == before.due_at_s))


def move_idle(before: StoredTicket, after: StoredTicket) -> bool:
    """Sets when the sweep looks whether a ticket rests; says whether the ticket is as it was read. One round trip."""
    changed = {"idle_at_ms": after.idle_at_ms, **_due(before.ticket_id, after.due_at_s)}
    return _update_if(before.ticket_id, tables.setting(tables.Ticket, changed), _as_read(before))


def put_off(ticket_id: str, at_s: int) -> None:
    """Lets the sweep look at a ticket at `at_s`; does nothing if it is no longer due. One round trip."""
    _update_if(ticket_id, [tables.Ticket.due_at_s.set(at_s)], tables.Ticket.due_at_s <= at_s)


def _update_if(ticket_id: str, actions: list[Action], condition: Condition) -> bool:
    try:
        tables.Ticket(key=ticket_id, place=STATE).update(actions=actions, condition=condition)
    except UpdateError as error:
        if not conditions.failed_condition(error):
            raise
        return False
    return True


def _as_read(ticket: StoredTicket) -> Condition:
    """Returns the condition that a ticket has not changed: neither by an entry of its history nor by its clocks."""
    unchanged = tables.Ticket.entries == ticket.entries
    return unchanged if ticket.sla is None else unchanged & (tables.Ticket.sla == _sla(ticket.sla))


def words_of(ticket: StoredTicket) -> set[str]:
    """Returns the keys of the entries that find a ticket; an archived one is found by its requester alone."""
    return {_requested_by(ticket.requester_id), *(() if ticket.archived_at_ms is not None else ticket.facets)}


def history_key(ticket_id: str) -> str:
    """Returns the key under which the table of messages holds the history of a ticket (`outbox.py`)."""
    return f"#ticket#{ticket_id}"


def get_ticket(ticket_id: str) -> StoredTicket | None:
    """Returns a ticket, or None if it does not exist; one round trip."""
    return of(batches.read_rows({tables.Ticket: [key(ticket_id)]}), ticket_id)


def of(rows: batches.Rows, ticket_id: str) -> StoredTicket | None:
    """Returns a ticket from a batch, or None if it does not exist."""
    row = rows.get(tables.Ticket, *key(ticket_id))
    return None if row is None else from_row(row)


def readable(rows: batches.Rows, ticket_ids: Iterable[str]) -> dict[str, StoredTicket]:
    """Returns the tickets in a batch that can be read, by id; reports the others."""
    return unreadable.readable("Tickets", ticket_ids, lambda ticket_id: of(rows, ticket_id))


def some(ticket_ids: Iterable[str]) -> dict[str, StoredTicket]:
    """Returns the tickets of these ids that exist and can be read, by id; one round trip, none for no ids."""
    wanted = list(ticket_ids)
    return readable(batches.read_rows({tables.Ticket: map(key, wanted)}), wanted) if wanted else {}


def id_of_number(number: str) -> str | None:
    """Returns the id of the ticket that has a number, or None; one round trip."""
    row = batches.read_rows({tables.Ticket: [number_key(number)]}).get(tables.Ticket, *number_key(number))
    return None if row is None else row.ticket_id


def places_of(requester_id: str, limit: int, before: str | None) -> list[str]:
    """Returns the places of up to `limit` tickets of a person, the newest first; one round trip."""
    condition = None if before is None else tables.Ticket.place < before
    found = tables.Ticket.query(
        _requested_by(requester_id),
        condition,
        consistent_read=True,
        scan_index_forward=False,
        limit=limit,
        page_size=limit,
        attributes_to_get=tables.Ticket.key_names(),
    )
    return [row.place for row in found]


def id_in(place: str) -> str:
    """Returns the id of the ticket whose entry has this place."""
    return place.rpartition("#")[2]


def _requested_by(user_id: str) -> str:
    return f"requester={user_id}"


def entry(word: str, ticket: StoredTicket) -> tables.Ticket:
    """Returns the row of an entry that finds a ticket."""
    return tables.Ticket(word, f"{ticket.created_at_ms:013d}#{ticket.ticket_id}")


def _row(ticket: StoredTicket) -> tables.Ticket:
    return tables.Ticket(key=ticket.ticket_id, place=STATE, **_state(ticket))


def _state(ticket: StoredTicket) -> dict[str, Any]:
    """Returns the attributes of a ticket's row, without its key."""
    state: dict[str, Any] = msgspec.to_builtins(ticket)
    del state["ticket_id"]
    is_queued = ticket.archived_at_ms is None
    queue = {
        "queue": ticket.status if is_queued else None,
        "queued_at_ms": ticket.created_at_ms if is_queued else None,
        **_due(ticket.ticket_id, ticket.due_at_s),
    }
    encoded = {
        "sla": None if ticket.sla is None else _sla(ticket.sla),
        "fired": None if ticket.fired is None else msgspec.json.encode(ticket.fired).decode(),
    }
    return state | {name: list(getattr(ticket, name)) or None for name in _LISTS} | encoded | queue


def _due(ticket_id: str, due_at_s: int | None) -> dict[str, Any]:
    return {"due_at_s": due_at_s, "due_shard": None if due_at_s is None else shard("tickets", ticket_id)}


def _sla(sla: Sla) -> str:
    return msgspec.json.encode(sla).decode()


def from_row(row: tables.Ticket) -> StoredTicket:
    """Returns the ticket that a row holds; raises one of `unreadable.ERRORS` for a damaged one."""
    state: dict[str, Any] = {name: getattr(row, name) for name in StoredTicket.__struct_fields__}
    state |= {name: int(state[name]) for name in _NUMBERS if state[name] is not None}
    lists = {name: tuple(getattr(row, name) or ()) for name in _LISTS}
    state["sla"] = None if row.sla is None else msgspec.json.decode(row.sla, type=Sla)
    state["fired"] = None if row.fired is None else msgspec.json.decode(row.fired, type=Fired)
    return msgspec.convert(state | lists | {"ticket_id": row.key}, type=StoredTicket)
