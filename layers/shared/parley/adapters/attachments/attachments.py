"""Attachments' rows, and for each person a row of what they have uploaded, under `<user id>#`."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

import msgspec
from msgspec import Struct
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.operand import Path
from pynamodb.transactions import TransactWrite

from parley.adapters.dynamodb import batches, conditions, outbox, tables, unreadable
from parley.adapters.dynamodb.documents import to_wire
from parley.adapters.threads import Threads
from parley.domain.api.outbox import OutboxEntry
from parley.domain.attachments.attachment import ARRIVAL_S, FORM_S, PLACES, UNSENT_S, StoredAttachment, shard
from parley.domain.attachments.usage import Usage

_FIELDS = StoredAttachment.__struct_fields__
# The attributes of a usage's row.
_USAGE = {"revision": "version", "bytes": "size"} | {name: name for name in ("unsent", "day", "hour", "wasted")}


def key(attachment_id: str) -> batches.Key:
    """Returns the key of an attachment: one more key in a batch."""
    return (attachment_id,)


def usage_key(user_id: str) -> batches.Key:
    """Returns the key of a person's usage; no attachment's id holds a `#`."""
    return (f"{user_id}#",)


def attachment_of(rows: batches.Rows, attachment_id: str) -> StoredAttachment | None:
    """Returns an attachment from a batch, or None if it does not exist."""
    row = rows.get(tables.File, attachment_id)
    return None if row is None else of_row(row)


def some(attachment_ids: Iterable[str]) -> dict[str, StoredAttachment]:
    """Returns those of these attachments that exist, by id; one round trip per 100."""
    wanted = list(dict.fromkeys(attachment_ids))
    rows = batches.read_rows({tables.File: [key(attachment_id) for attachment_id in wanted]})
    found = {attachment_id: attachment_of(rows, attachment_id) for attachment_id in wanted}
    return {attachment_id: each for attachment_id, each in found.items() if each is not None}


def readable(rows: batches.Rows, attachment_ids: Iterable[str]) -> dict[str, StoredAttachment]:
    """Returns the attachments in a batch, by id, without the rows that cannot be read; it reports those."""
    found, damaged = {}, []
    for attachment_id in attachment_ids:
        try:
            found[attachment_id] = attachment_of(rows, attachment_id)
        except unreadable.ERRORS:
            damaged.append(attachment_id)
    unreadable.report("Files", damaged)
    return {attachment_id: each for attachment_id, each in found.items() if each is not None}


def some_readable(attachment_ids: Iterable[str]) -> dict[str, StoredAttachment]:
    """Returns those of these attachments that exist and can be read, by id; one round trip per 100."""
    wanted = list(dict.fromkeys(attachment_ids))
    return readable(batches.read_rows({tables.File: [key(attachment_id) for attachment_id in wanted]}), wanted)


class Place(Struct, frozen=True, order=True):
    """An entry of a gallery. Its place is the seq of the message × `PLACES`, and the position from the end.

    So the newest message comes first, and its files in their order.
    """

    place: int
    attachment_id: str

    @property
    def seq(self) -> int:
        return self.place // PLACES


_shelves = Threads(max_workers=8, thread_name_prefix="shelves")


def newest(conversation_id: str, kinds: Collection[str], before: int | None, limit: int) -> list[Place]:
    """Returns up to `limit` entries of a gallery before a place, newest first; one round trip, whatever the kinds.

    The stream writes them, so the newest may be missing for a second.
    """
    found = _shelves.map(lambda kind: _on_shelf(conversation_id, kind, before, limit), kinds)
    return sorted((each for shelf in found for each in shelf), reverse=True)[:limit]


def _on_shelf(conversation_id: str, kind: str, before: int | None, limit: int) -> list[Place]:
    condition = None if before is None else tables.File.place < before
    rows = tables.File.by_place.query(
        f"{conversation_id}#{kind}", condition, scan_index_forward=False, limit=limit, page_size=limit
    )
    return [Place(int(row.place), row.attachment_id) for row in rows]


def unsent_shelf(user_id: str) -> str:
    """Returns where the index has a person's unsent attachments; no gallery's name begins so."""
    return f"unsent#{user_id}"


def newest_unsent(user_id: str, after: tuple[int, str] | None, limit: int) -> list[tuple[int, str]]:
    """Returns when a person asked for their unsent attachments, and their ids, newest first; one round trip.

    The entries start after `after`. The index is a moment late, so an entry may be sent or gone already.
    """
    shelf, start = unsent_shelf(user_id), None
    if after is not None:
        start = {"shelf": to_wire(shelf), "place": to_wire(after[0]), "attachment_id": to_wire(after[1])}
    rows = tables.File.by_place.query(
        shelf, scan_index_forward=False, limit=limit, page_size=limit, last_evaluated_key=start
    )
    return [(int(row.place), row.attachment_id) for row in rows]


def count(conversation_id: str, kinds: Collection[str], most: int) -> int:
    """Returns how many entries a gallery has, or a number over `most`; one round trip for some 5,000 of a kind."""
    return sum(
        _shelves.map(lambda kind: tables.File.by_place.count(f"{conversation_id}#{kind}", limit=most + 1), kinds)
    )


def usage_of(rows: batches.Rows, user_id: str) -> Usage:
    """Returns a person's usage from a batch.

    A damaged number is reported and counts as 0, so that the person can upload; the next write mends the row (D-452).
    """
    item = rows.item(tables.File, *usage_key(user_id)) or {}
    if any(name in item and "N" not in item[name] for name in (*_USAGE.values(), "expires_at_s")):
        unreadable.report("Files", [f"{user_id}#"])
    numbers = {field: int(item.get(name, {}).get("N", 0)) for field, name in _USAGE.items()}
    return Usage(user_id=user_id, **numbers)


def add(attachment: StoredAttachment, usage: Usage, entry: OutboxEntry) -> None:
    """Writes a new attachment, its owner's usage and its entry of the outbox, all or nothing; raises LostRace."""
    with conditions.transaction() as transaction:
        transaction.save(row_of(attachment), condition=tables.File.attachment_id.does_not_exist())
        put_usage(transaction, usage, attachment.created_at_ms)
        outbox.put_entry(transaction, entry)


def move(attachment: StoredAttachment, entry: OutboxEntry, usage: Usage | None = None) -> None:
    """Writes an attachment's next state and its entry of the outbox; raises LostRace if it has moved since.

    One round trip. The row keeps what a send has written meanwhile: only the fields of the state are set. With `usage`,
    which is the owner's without it, the attachment is no longer counted among the unsent ones.
    """
    fields = _moving(attachment) if usage is None else {**_moving(attachment), "is_counted": False}
    condition = tables.File.version == attachment.version - 1
    with conditions.transaction() as transaction:
        transaction.update(
            tables.File(attachment_id=attachment.attachment_id),
            actions=tables.setting(tables.File, fields),
            condition=condition if usage is None else condition & (tables.File.is_counted == True),  # noqa: E712
        )
        if usage is not None:
            put_usage(transaction, usage, entry.at_ms)
        outbox.put_entry(transaction, entry)


def put_usage(transaction: TransactWrite, usage: Usage, now_ms: int) -> None:
    """Adds a person's next usage to a transaction, which fails if another write was faster."""
    transaction.save(_usage_row(usage, now_ms), condition=_was(usage.revision - 1))


def put_sent(transaction: TransactWrite, attachment: StoredAttachment, seq: int, position: int) -> None:
    """Adds to the transaction of a message that it carries an attachment: if that is clean, its sender's and unsent.

    Two write units: the row is under 1 KB, and no index changes.
    """
    file = tables.File
    transaction.update(
        file(attachment_id=attachment.attachment_id),
        actions=[file.seq.set(seq), file.position.set(position)],
        condition=(file.state == "clean") & (file.user_id == attachment.user_id) & file.seq.does_not_exist(),
    )


def put_copy(transaction: TransactWrite, copy: StoredAttachment) -> None:
    """Adds to the transaction of a forward an attachment that shows another one's file, if that file is still there."""
    transaction.save(tables.File(attachment_id=copy.attachment_id, **_values(copy)))
    transaction.update(
        tables.File(attachment_id=copy.of_file),
        actions=[tables.File.refs.set(tables.File.refs + 1)],
        condition=tables.File.refs >= 1,
    )


def _was(revision: int) -> Condition:
    unchanged: Condition = tables.File.version == revision
    # A row whose version is damaged counts as none.
    return ~Path(tables.File.version).is_type("N") if revision == 0 else unchanged


def of_row(row: tables.File) -> StoredAttachment:
    """Returns the attachment in a row; raises one of `unreadable.ERRORS`."""
    values = {name: value for name in _FIELDS if (value := getattr(row, name)) is not None}
    return msgspec.convert(values, type=StoredAttachment)


_SET_BY_SENDS = frozenset({"seq", "position", "refs", "is_counted", "sweep_at_s"})


def _values(attachment: StoredAttachment) -> Mapping[str, Any]:
    return {name: getattr(attachment, name) for name in _FIELDS if name != "attachment_id"}


def _moving(attachment: StoredAttachment) -> Mapping[str, Any]:
    return {name: value for name, value in _values(attachment).items() if name not in _SET_BY_SENDS}


def row_of(attachment: StoredAttachment) -> tables.File:
    """Returns the row of a new attachment."""
    due_at_s = attachment.created_at_ms // 1000 + FORM_S + ARRIVAL_S
    return tables.File(
        attachment_id=attachment.attachment_id,
        **{**_values(attachment), "sweep_at_s": due_at_s},
        sweep_shard=shard(attachment.attachment_id),
        shelf=unsent_shelf(attachment.user_id),
        place=attachment.created_at_ms,
    )


def _usage_row(usage: Usage, now_ms: int) -> tables.File:
    return tables.File(
        attachment_id=usage_key(usage.user_id)[0],
        version=usage.revision,
        unsent=usage.unsent,
        day=usage.day,
        size=usage.bytes,
        hour=usage.hour or None,
        wasted=usage.wasted or None,
        expires_at_s=now_ms // 1000 + 2 * UNSENT_S if usage.unsent == 0 else None,
    )
