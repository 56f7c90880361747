"""The macros of the desk, in the table of tickets.

They have one key, so that one query lists them. It holds, by place:

    macro#<macro id>       a macro
    count                  how many macros there are
"""

from typing import Any

import msgspec
from pynamodb.transactions import TransactWrite

from parley.adapters.dynamodb import batches, conditions, tables, unreadable
from parley.adapters.people import named_users
from parley.adapters.support import kept
from parley.domain.support.macros import MAX_MACROS, StoredMacro, renamed

KEY = "macros"
COUNT = (KEY, "count")
_MACRO = "macro#"
_EMPTY = tables.Ticket.key.does_not_exist()
_NUMBERS = ("version", "created_at_ms", "updated_at_ms")


class Read(msgspec.Struct, frozen=True):
    """The reads before a write: the macro, the role of the agent whom the new content names, and how many there are."""

    macro: StoredMacro | None
    assignee_role: str | None
    count: int


def get_macro(macro_id: str) -> StoredMacro | None:
    """Returns a macro, or None if it does not exist; one round trip."""
    row = batches.read_rows({tables.Ticket: [_key(macro_id)]}).get(tables.Ticket, *_key(macro_id))
    return None if row is None else _macro(row)


def read_macro(macro_id: str, assignee_id: str | None) -> Read:
    """Returns a macro, the role of a person, and the count; one round trip."""
    people = [] if assignee_id is None else [assignee_id]
    rows = batches.read_rows({tables.Ticket: [_key(macro_id), COUNT], tables.User: [(user_id,) for user_id in people]})
    row, count = rows.get(tables.Ticket, *_key(macro_id)), rows.get(tables.Ticket, *COUNT)
    known = next(iter(named_users.of(rows, people).values()), None)
    return Read(
        macro=None if row is None else _macro(row),
        assignee_role=None if known is None else known.role,
        count=0 if count is None else int(count.macro_count),
    )


def list_macros(after_id: str | None, limit: int) -> list[StoredMacro]:
    """Returns up to `limit` macros by id, after `after_id`, without unreadable ones; one round trip per 1 MB."""
    return unreadable.first("Tickets", kept.rows_after(KEY, _MACRO, after_id, limit), _macro, limit)


def put_new(new: StoredMacro) -> None:
    """Writes a new macro and the count, all or nothing; raises LostRace, also at the bound. One round trip."""
    with conditions.transaction() as transaction:
        key, place = _key(new.macro_id)
        transaction.save(tables.Ticket(key=key, place=place, **_state(new)), condition=_EMPTY)
        kept.count_in(transaction, COUNT, tables.Ticket.macro_count, MAX_MACROS)


def replace(before: StoredMacro, after: StoredMacro) -> None:
    """Writes a changed macro; raises LostRace if it was changed since it was read. One round trip."""
    with conditions.transaction() as transaction:
        _put_changed(transaction, before, after)


def delete(known: StoredMacro) -> None:
    """Deletes a macro, and counts it out, all or nothing; raises LostRace. One round trip."""
    with conditions.transaction() as transaction:
        transaction.delete(tables.Ticket(*_key(known.macro_id)), condition=tables.Ticket.version == known.version)
        kept.count_out(transaction, COUNT, tables.Ticket.macro_count)


def rename(transaction: TransactWrite, read: StoredMacro, user_id: str, pseudonym: str) -> None:
    """Adds to a transaction that a pseudonym takes a person's place in a macro; fails if it was changed meanwhile."""
    _put_changed(transaction, read, renamed(read, user_id, pseudonym))


def _put_changed(transaction: TransactWrite, before: StoredMacro, after: StoredMacro) -> None:
    old, new = _state(before), _state(after)
    changed = {name: value for name, value in new.items() if value != old[name]}
    transaction.update(
        tables.Ticket(*_key(before.macro_id)),
        actions=tables.setting(tables.Ticket, changed),
        condition=tables.Ticket.version == before.version,
    )


def _key(macro_id: str) -> tuple[str, str]:
    return (KEY, f"{_MACRO}{macro_id}")


def _state(macro: StoredMacro) -> dict[str, Any]:
    """Returns the attributes of a macro's row, without its key."""
    state: dict[str, Any] = msgspec.structs.asdict(macro)
    del state["macro_id"]
    return state | {"content": msgspec.json.encode(macro.content).decode()}


def _macro(row: tables.Ticket) -> StoredMacro:
    state: dict[str, Any] = {name: getattr(row, name, None) for name in StoredMacro.__struct_fields__}
    state |= {name: int(state[name]) for name in _NUMBERS}
    state |= {"macro_id": row.place.removeprefix(_MACRO), "content": msgspec.json.decode(row.content)}
    return msgspec.convert(state, type=StoredMacro)
