"""The canned replies of the desk, in the table of tickets.

They have one key, so that one query lists them. It holds, by place:

    reply#<reply id>       a canned reply
    shortcut#<shortcut>    the reply that has this shortcut (folded)
    count                  how many replies there are
"""

from typing import Any

import msgspec
from pynamodb.transactions import TransactWrite

from parley.adapters.dynamodb import batches, conditions, tables, unreadable
from parley.adapters.support import kept
from parley.domain.support.canned import MAX_REPLIES, StoredReply, shortcut_key

KEY = "canned"
COUNT = (KEY, "count")
_REPLY = "reply#"
_EMPTY = tables.Ticket.key.does_not_exist()
_NUMBERS = ("version", "created_at_ms", "updated_at_ms")


class Read(msgspec.Struct, frozen=True):
    """The reads before a write: the reply, the id of the reply that has a shortcut, and the number of replies."""

    reply: StoredReply | None
    has_shortcut: str | None
    count: int


def read_reply(reply_id: str, shortcut: str | None) -> Read:
    """Returns a reply, who has this shortcut, and the count; one round trip, 12 read units at most."""
    keys = [_reply_key(reply_id), COUNT, *([] if shortcut is None else [_shortcut_key(shortcut)])]
    rows = batches.read_rows({tables.Ticket: keys})
    row, count = rows.get(tables.Ticket, *_reply_key(reply_id)), rows.get(tables.Ticket, *COUNT)
    taken = None if shortcut is None else rows.get(tables.Ticket, *_shortcut_key(shortcut))
    return Read(
        reply=None if row is None else _reply(row),
        has_shortcut=None if taken is None else taken.reply_id,
        count=0 if count is None else int(count.reply_count),
    )


def list_replies(after_id: str | None, limit: int) -> list[StoredReply]:
    """Returns up to `limit` replies by id, after `after_id`, without unreadable ones; one round trip per 1 MB."""
    return unreadable.first("Tickets", kept.rows_after(KEY, _REPLY, after_id, limit), _reply, limit)


def put_new(new: StoredReply) -> None:
    """Writes a new reply, its shortcut and the count, all or nothing; one round trip.

    Raises LostRace, also at the bound.
    """
    with conditions.transaction() as transaction:
        state: dict[str, Any] = msgspec.to_builtins(new)
        key, place = _reply_key(state.pop("reply_id"))
        transaction.save(tables.Ticket(key=key, place=place, **state), condition=_EMPTY)
        _take_shortcut(transaction, new)
        kept.count_in(transaction, COUNT, tables.Ticket.reply_count, MAX_REPLIES)


def replace(before: StoredReply, after: StoredReply) -> None:
    """Writes a changed reply and moves its shortcut, all or nothing; raises LostRace. One round trip."""
    changed = {
        "title": after.title,
        "text": after.text,
        "shortcut": after.shortcut,
        "version": after.version,
        "updated_at_ms": after.updated_at_ms,
        "updated_by": after.updated_by,
    }
    with conditions.transaction() as transaction:
        transaction.update(
            tables.Ticket(*_reply_key(before.reply_id)),
            actions=tables.setting(tables.Ticket, changed),
            condition=tables.Ticket.version == before.version,
        )
        if _folded(before) != _folded(after):
            _free_shortcut(transaction, before)
            _take_shortcut(transaction, after)


def delete(known: StoredReply) -> None:
    """Deletes a reply with its shortcut, all or nothing; raises LostRace. One round trip."""
    with conditions.transaction() as transaction:
        transaction.delete(tables.Ticket(*_reply_key(known.reply_id)), condition=tables.Ticket.version == known.version)
        _free_shortcut(transaction, known)
        kept.count_out(transaction, COUNT, tables.Ticket.reply_count)


def rename_authors(transaction: TransactWrite, read: StoredReply, user_id: str, pseudonym: str) -> None:
    """Adds to a transaction that a pseudonym takes a person's place in a reply; fails if it was changed meanwhile."""
    changed = {name: pseudonym for name in ("created_by", "updated_by") if getattr(read, name) == user_id}
    transaction.update(
        tables.Ticket(*_reply_key(read.reply_id)),
        actions=tables.setting(tables.Ticket, changed),
        condition=tables.Ticket.version == read.version,
    )


def _take_shortcut(transaction: TransactWrite, reply: StoredReply) -> None:
    if reply.shortcut is not None:
        key, place = _shortcut_key(reply.shortcut)
        row = tables.Ticket(key=key, place=place, reply_id=reply.reply_id)
        transaction.save(row, condition=_EMPTY)


def _free_shortcut(transaction: TransactWrite, reply: StoredReply) -> None:
    if reply.shortcut is not None:
        transaction.delete(tables.Ticket(*_shortcut_key(reply.shortcut)))


def _folded(reply: StoredReply) -> str | None:
    return None if reply.shortcut is None else shortcut_key(reply.shortcut)


def _reply_key(reply_id: str) -> tuple[str, str]:
    return (KEY, f"{_REPLY}{reply_id}")


def _shortcut_key(shortcut: str) -> tuple[str, str]:
    return (KEY, f"shortcut#{shortcut_key(shortcut)}")


def _reply(row: tables.Ticket) -> StoredReply:
    state: dict[str, Any] = {name: getattr(row, name, None) for name in StoredReply.__struct_fields__}
    state |= {name: int(state[name]) for name in _NUMBERS}
    return msgspec.convert(state | {"reply_id": row.place.removeprefix(_REPLY)}, type=StoredReply)
