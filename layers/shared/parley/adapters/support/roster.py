"""The roster of the desk, in the table of tickets: its agents under one key, so that one query lists them.

roster    <user id>    an agent
roster    #            how many agents there are; no id begins with `#`
"""

from typing import Any

import msgspec
from pynamodb.exceptions import UpdateError
from pynamodb.transactions import TransactWrite

from parley.adapters.dynamodb import batches, conditions, tables, unreadable
from parley.adapters.support import kept
from parley.domain.support.roster import MAX_AGENTS, RosterEntry

KEY = "roster"
COUNT = (KEY, "#")
_MISSING = tables.Ticket.key.does_not_exist()


def key(user_id: str) -> tuple[str, str]:
    """Returns the key of an agent's entry."""
    return (KEY, user_id)


def of(rows: batches.Rows, user_id: str) -> RosterEntry | None:
    """Returns an agent's entry from a batch, or None."""
    row = rows.get(tables.Ticket, *key(user_id))
    return None if row is None else _entry(row)


def count_in(rows: batches.Rows) -> int:
    """Returns the number of agents, from a batch that held `COUNT`."""
    row = rows.get(tables.Ticket, *COUNT)
    return 0 if row is None else int(row.agent_count)


def entries() -> list[RosterEntry]:
    """Returns all agents by id, without unreadable ones; strongly consistent, one round trip."""
    found = tables.Ticket.query(KEY, tables.Ticket.place > COUNT[1], consistent_read=True)
    return list(unreadable.decoded("Tickets", found, _entry))


def put_new(entry: RosterEntry) -> None:
    """Writes a new agent and the count, all or nothing; raises LostRace, also at the bound. One round trip."""
    with conditions.transaction() as transaction:
        transaction.save(tables.Ticket(KEY, entry.user_id, **_state(entry)), condition=_MISSING)
        kept.count_in(transaction, COUNT, tables.Ticket.agent_count, MAX_AGENTS)


def put_changed(before: RosterEntry, after: RosterEntry) -> None:
    """Writes what a PUT changes of an agent; raises LostRace if another was faster. One round trip."""
    old, new = _state(before), _state(after)
    changed = {name: value for name, value in new.items() if value != old[name]}
    with conditions.transaction() as transaction:
        transaction.update(
            tables.Ticket(KEY, before.user_id),
            actions=tables.setting(tables.Ticket, changed),
            condition=tables.Ticket.updated_at_ms == before.updated_at_ms,
        )


def put_removed(transaction: TransactWrite, entry: RosterEntry) -> None:
    """Adds to a transaction that an agent leaves the roster; it fails if they have left."""
    transaction.delete(tables.Ticket(KEY, entry.user_id), condition=tables.Ticket.key.exists())
    kept.count_out(transaction, COUNT, tables.Ticket.agent_count)


def remove(entry: RosterEntry) -> None:
    """Takes an agent off the roster; raises LostRace if they have left. One round trip."""
    with conditions.transaction() as transaction:
        put_removed(transaction, entry)


def take_turn(before: RosterEntry, after: RosterEntry) -> bool:
    """Notes that an agent gets a ticket; returns False if they have got another since, or left. One round trip."""
    column = tables.Ticket.assigned_at_ms
    said = _state(before)["assigned_at_ms"]
    as_read = column.does_not_exist() if said is None else column == said
    try:
        tables.Ticket(KEY, before.user_id).update(
            actions=tables.setting(
                tables.Ticket, {name: _state(after)[name] for name in ("assigned_at_ms", "turn_of")}
            ),
            condition=tables.Ticket.key.exists() & as_read,
        )
    except UpdateError as error:
        if conditions.failed_condition(error):
            return False
        raise
    return True


def _state(entry: RosterEntry) -> dict[str, Any]:
    """Returns the attributes of an agent's row, without its key."""
    return {
        "available": entry.available,
        "ticket_limit": entry.limit,
        "skills": list(entry.skills) or None,
        "teams": list(entry.teams) or None,
        "updated_at_ms": entry.updated_at_ms,
        "assigned_at_ms": ",".join(map(str, entry.assigned_at_ms)) or None,
        "turn_of": entry.turn_of,
    }


def _entry(row: tables.Ticket) -> RosterEntry:
    state = {
        "user_id": row.place,
        "available": row.available,
        "limit": None if row.ticket_limit is None else int(row.ticket_limit),
        "skills": tuple(row.skills or ()),
        "teams": tuple(row.teams or ()),
        "updated_at_ms": int(row.updated_at_ms),
        "assigned_at_ms": tuple(int(each) for each in (row.assigned_at_ms or "").split(",") if each),
        "turn_of": row.turn_of,
    }
    return msgspec.convert(state, type=RosterEntry)
