"""The sweep of attachments: those that were never sent, and those of messages that are older than the retention."""

from itertools import islice

from parley.actions import push, sweep
from parley.actions.attachments import endings, settle, uploads
from parley.actions.sweep import RowSweep, Run
from parley.adapters.attachments import limits, lives, quarantine
from parley.adapters.dynamodb import conditions
from parley.domain.api.request import Request
from parley.domain.attachments import retention
from parley.domain.attachments.attachment import StoredAttachment
from parley.domain.conversations.events import AttachmentUpdated
from parley.domain.live.sweeps import JOB_ROWS, Key


def clear_stale_attachments(request: Request, run: Run) -> int:
    """Deletes the attachments whose time is over; returns how many. The others that are due get their next time."""
    keys, swept = lives.due(request.now_s), 0
    while run.has_time() and (part := list(islice(keys, JOB_ROWS))):
        swept += sweep.sweep_keys(request, run, SWEEP, part)
    return swept


def _sweep_attachment(request: Request, run: Run, key: Key, read: StoredAttachment | None) -> int:
    """Deals with one attachment that is due; returns how many it deleted."""
    for _ in conditions.tries():
        found = read or lives.read_due(key[0], request.now_s)
        read = None
        if found is None or found.sweep_at_s is None or found.sweep_at_s > request.now_s:
            return 0  # another process has dealt with it
        try:
            return _look_after(request, run, found)
        except conditions.LostRace:
            continue
    return 0  # the next minute's sweep does it


def _look_after(request: Request, run: Run, found: StoredAttachment) -> int:
    """Ends an attachment whose time is over, or settles a sent one; returns how many ended; raises LostRace."""
    if found.seq is None:
        return _look_after_unsent(request, run, found)
    until_s = retention.kept_until_s(found, limits.retention_days())
    if found.state == "deleted" or until_s is not None and until_s <= request.now_s:
        endings.end(found, request.now_ms)
        return 1
    return settle.settle_sent([found.attachment_id], found.conversation_id, found.seq, request.now_ms)


def _look_after_unsent(request: Request, run: Run, found: StoredAttachment) -> int:
    """Ends an attachment that nobody has sent in time. Before that, it deals with an upload or a verdict that is late.

    An upload that never came counts no longer among its owner's; a scan that is overdue rings an alarm (D-432).
    """
    if found.state == "deleted" or retention.unsent_until_s(found) <= request.now_s:
        _expire(request, found)
        return 1
    is_over = found.is_counted and found.state_at(request.now_ms) == "expired"
    usage = lives.read_usage(found.user_id).without() if is_over else None
    lives.wait(found, usage, retention.next_look_s(found, request.now_s), request.now_ms)
    if retention.is_overdue(found, request.now_s):
        run.noticed("ScansOverdue")
    return 0


def _expire(request: Request, found: StoredAttachment) -> None:
    """Deletes an attachment that was never sent, with the upload if it was not scanned, and tells its uploader."""
    after = retention.deleted(found)
    event = AttachmentUpdated(attachment=after.view(request.now_ms))
    quarantine.delete(found.attachment_id)
    endings.end(
        found,
        request.now_ms,
        uploads.moved_entry(after, request.now_ms),
        lambda: push.tell(request, [found.user_id], event),
    )


SWEEP = RowSweep[StoredAttachment](
    names=("attachment_id",),
    read=lives.some_undamaged,
    sweep_one=_sweep_attachment,
    put_off=lambda request, key: lives.put_off(key[0], request.now_s),
)
