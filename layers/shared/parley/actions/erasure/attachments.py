"""Erasing attachments that no message of the person carries any more: unsent uploads, and what was left."""

from parley.actions.attachments import endings
from parley.actions.erasure.work import Unit, Work
from parley.adapters.attachments import attachments, files, lives, quarantine
from parley.adapters.dynamodb import batches, conditions, tables
from parley.adapters.erasure import erasures

PAGE = 20  # attachments of a unit; each takes up to eight calls


def erase_attachments(work: Work) -> Unit:
    """Deletes the person's attachments in any state with their files, and then the row of their uploads.

    Their messages have released theirs before. A file is deleted before its row: after a kill in between, the row is
    found again. An upload that comes later has no row, so the scanner deletes it.
    """
    attachment_ids = erasures.attachments_of(work.user_id, work.job.cursor, PAGE)
    if not attachment_ids:
        return _usage(work)
    rows = batches.read_rows({tables.File: [attachments.key(each) for each in attachment_ids]})
    # The index may still name rows that are gone.
    found = [each for each in attachment_ids if rows.get(tables.File, each) is not None]
    readable = attachments.readable(rows, found)
    for attachment_id in found:
        if attachment_id in readable and readable[attachment_id].file_id is not None:
            _detach(attachment_id, work)
        else:
            files.delete(attachment_id)
            quarantine.delete(attachment_id)
        work.deleted_file()
    ops = [erasures.delete_row(tables.File(attachment_id=each)) for each in found]
    return Unit(ops, {"attachments": len(found)}, attachment_ids[-1])


def _detach(attachment_id: str, work: Work) -> None:
    """Takes the person's reference from a file of another user, which stays if others show it."""
    for _ in conditions.tries():
        forward = lives.read_attachment(attachment_id)
        if forward is None:
            return
        try:
            endings.detach(forward, work.now_ms)
        except conditions.LostRace:
            continue
        return
    raise conditions.busy()


def _usage(work: Work) -> Unit:
    """Deletes the row of the person's uploads; only an attachment of theirs could bring it back."""
    key = attachments.usage_key(work.user_id)
    is_there = batches.read_rows({tables.File: [key]}).has(tables.File, *key)
    return Unit([erasures.delete_row(tables.File(attachment_id=key[0]))] if is_there else [])
