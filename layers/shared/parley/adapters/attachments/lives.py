"""Writes of an attachment's row after its upload: into the gallery, out of it, and the row's deletion."""

from collections.abc import Iterator, Sequence
from contextlib import suppress

from pynamodb.exceptions import DeleteError, UpdateError
from pynamodb.expressions.condition import Condition
from pynamodb.transactions import TransactWrite

from parley.adapters.attachments import attachments
from parley.adapters.dynamodb import batches, conditions, outbox, tables, unreadable
from parley.adapters.dynamodb.due import due_rows
from parley.domain.api.outbox import OutboxEntry
from parley.domain.attachments import retention
from parley.domain.attachments.attachment import PLACES, SHARDS, StoredAttachment, shard
from parley.domain.attachments.usage import Usage


def read_attachment(attachment_id: str) -> StoredAttachment | None:
    """Returns an attachment, or None if it does not exist; one round trip."""
    return attachments.some([attachment_id]).get(attachment_id)


def some_undamaged(keys: Sequence[tuple[str, ...]]) -> dict[tuple[str, ...], StoredAttachment]:
    """Returns those of these attachments that can be read; one round trip per 100.

    The sweep reads each of the others by itself (`read_due`), which reports it.
    """
    rows = batches.read_rows({tables.File: keys})
    found = {}
    for key in keys:
        with suppress(*unreadable.ERRORS):
            if (attachment := attachments.attachment_of(rows, key[0])) is not None:
                found[key] = attachment
    return found


def read_due(attachment_id: str, now_s: int) -> StoredAttachment | None:
    """Returns an attachment for the sweep, or None; one round trip.

    A damaged one is reported and comes again in a day (D-452): only its row tells which files belong to it, so it
    stays until it is mended. One round trip more.
    """
    try:
        return read_attachment(attachment_id)
    except unreadable.ERRORS:
        unreadable.report("Files", [attachment_id])
    put_off(attachment_id, now_s + retention.DAY_S)
    return None


def read_usage(user_id: str) -> Usage:
    """Returns a person's usage; one round trip."""
    return attachments.usage_of(batches.read_rows({tables.File: [attachments.usage_key(user_id)]}), user_id)


def settle(sent: Sequence[tuple[StoredAttachment, int | None]], usage: Usage | None, now_ms: int) -> None:
    """Puts the attachments of a message into the gallery, all or nothing; raises LostRace if one has changed.

    Each comes with the time of its next sweep, if there is one. `usage` is its owner's without them, if some of them
    were counted. One round trip.
    """
    with conditions.transaction() as transaction:
        for attachment, sweep_at_s in sent:
            settled = {
                "shelf": f"{attachment.conversation_id}#{attachment.kind}",
                "place": (attachment.seq or 0) * PLACES + PLACES - 1 - attachment.position,
                "is_counted": False,
                "sweep_shard": None if sweep_at_s is None else shard(attachment.attachment_id),
                "sweep_at_s": sweep_at_s,
            }
            _update(transaction, attachment, settled, _as_read(attachment))
        if usage is not None:
            attachments.put_usage(transaction, usage, now_ms)


def release(
    before: StoredAttachment,
    after: StoredAttachment,
    file: StoredAttachment | None,
    *,
    usage: Usage | None,
    entry: OutboxEntry | None,
    now_ms: int,
    sweep_at_s: int | None = None,
) -> None:
    """Writes that an attachment is deleted and shows its file no more, all or nothing; raises LostRace.

    `file` is the other attachment whose file it showed, with its new count. At `sweep_at_s` the sweep deletes the row;
    None leaves the time of its next sweep. One round trip.
    """
    left = {**retention.changes(after), "refs": after.refs, "shelf": None, "place": None}
    if sweep_at_s is not None:
        left["sweep_at_s"] = sweep_at_s
    elif before.file_id is None and after.refs:  # it stays; a row that is deleted soon keeps its entry of the sweep
        left |= {"sweep_shard": None, "sweep_at_s": None}
    with conditions.transaction() as transaction:
        _update(transaction, before, left, _as_read(before) & (tables.File.refs == before.refs))
        if file is not None:
            _update(transaction, file, {"refs": file.refs}, tables.File.refs == file.refs + 1)
        if usage is not None:
            attachments.put_usage(transaction, usage, now_ms)
        if entry is not None:
            outbox.put_entry(transaction, entry)


def wait(attachment: StoredAttachment, usage: Usage | None, at_s: int, now_ms: int) -> None:
    """Schedules the sweep's next look at an unsent attachment; raises LostRace if it has changed. One round trip.

    `usage` is its owner's without it, if it counts no longer.
    """
    left: dict[str, object] = {"sweep_at_s": at_s}
    if usage is not None:
        left["is_counted"] = False
    with conditions.transaction() as transaction:
        _update(transaction, attachment, left, _as_read(attachment))
        if usage is not None:
            attachments.put_usage(transaction, usage, now_ms)


def claim_examination(attachment: StoredAttachment, etag: str) -> bool:
    """Notes that the bytes of an upload are being examined; returns False if that was noted before. One round trip.

    Raises LostRace if the attachment has changed. One write unit: no index changes.
    """
    row, file = tables.File(attachment_id=attachment.attachment_id), tables.File
    try:
        row.update(
            actions=[file.examined_etag.set(etag)],
            condition=(file.version == attachment.version)
            & (file.examined_etag.does_not_exist() | (file.examined_etag != etag)),
        )
    except UpdateError as error:
        if not conditions.failed_condition(error):
            raise
        now = read_attachment(attachment.attachment_id)
        if now is None or now.version != attachment.version:
            raise conditions.LostRace from error
        return False
    return True


def forget(attachment: StoredAttachment) -> None:
    """Deletes a row that nothing needs any more; does nothing if it is gone. One round trip."""
    needless = tables.File.state == "deleted"
    if attachment.file_id is None:
        needless = needless & (tables.File.refs == 0)
    try:
        tables.File(attachment_id=attachment.attachment_id).delete(condition=needless)
    except DeleteError as error:
        if not conditions.failed_condition(error):
            raise


def due(now_s: int) -> Iterator[tuple[str]]:
    """Yields the ids of the attachments that the sweep must look at, the oldest of each shard first.

    An index query per shard, and for each `due.MAX_PAGE` more.
    """
    shards = (str(number) for number in range(SHARDS))
    return ((row.attachment_id,) for row in due_rows(tables.File.by_due, shards, tables.File.sweep_at_s <= now_s))


def put_off(attachment_id: str, at_s: int) -> None:
    """Schedules the sweep's next look at `at_s`; does nothing if the attachment is no longer due."""
    try:
        tables.File(attachment_id=attachment_id).update(
            actions=[tables.File.sweep_at_s.set(at_s)], condition=tables.File.sweep_at_s <= at_s
        )
    except UpdateError as error:
        if not conditions.failed_condition(error):
            raise
    except unreadable.UnreadableRow:  # it is written, and DynamoDB has answered with the whole row
        return


def make_due(attachment_id: str, at_s: int) -> None:
    """Lets the sweep look at an attachment from `at_s` on; LostRace if it does not exist."""
    due: dict[str, object] = {"sweep_shard": shard(attachment_id), "sweep_at_s": at_s}
    with conditions.transaction() as transaction:
        transaction.update(
            tables.File(attachment_id=attachment_id),
            actions=tables.setting(tables.File, due),
            condition=tables.File.attachment_id.exists(),
        )


def _as_read(attachment: StoredAttachment) -> Condition:
    """Returns the condition that the attachment is in the state, in the message and in the count as it was read."""
    in_message = tables.File.seq.does_not_exist() if attachment.seq is None else tables.File.seq == attachment.seq
    unchanged: Condition = (
        (tables.File.version == attachment.version) & in_message & (tables.File.is_counted == attachment.is_counted)
    )
    return unchanged


def _update(
    transaction: TransactWrite, attachment: StoredAttachment, attributes: dict[str, object], condition: Condition
) -> None:
    transaction.update(
        tables.File(attachment_id=attachment.attachment_id),
        actions=tables.setting(tables.File, attributes),
        condition=condition,
    )
