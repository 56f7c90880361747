"""Erasing words: the person's messages in conversations, and their id in the messages of others."""

from collections.abc import Mapping, Sequence

import msgspec
from msgspec.structs import replace

from parley.actions import push
from parley.actions.attachments import endings
from parley.actions.erasure.work import Unit, Work
from parley.adapters.attachments import pictures
from parley.adapters.conversations import (
    conversations,
    message_rows,
    messages,
    personal_marks,
    receipts,
    words_left_behind,
)
from parley.adapters.dynamodb import tables
from parley.adapters.erasure import erased_tickets, erasures
from parley.adapters.erasure.erasures import MAX_OPS, Op
from parley.domain.conversations import events
from parley.domain.conversations.head import Head
from parley.domain.conversations.message import StoredMessage
from parley.domain.conversations.steps import Change, ChangeKind, PersonalMark
from parley.domain.erasure.job import RECORDS_MS, Found, Walk, find_person, head_without, names_person, without_person

PAGE = 500  # messages, or log entries, that one unit looks through

COUNTED_AS_CHANGE: Mapping[bool, ChangeKind] = {True: "message_deleted", False: "message_updated"}


def erase_words(work: Work) -> Unit:
    """Continues through the conversations that hold the person's words, one after another."""
    walk = msgspec.json.decode(work.job.cursor, type=Walk) if work.job.cursor else None
    if walk is None or walk.part == "done":
        found = words_left_behind.behind(work.user_id, walk.conversation_id if walk else None, 1)
        if not found:
            return Unit()
        walk = Walk(conversation_id=found[0])
    head = conversations.head(walk.conversation_id)
    if head is None:
        return _walked(replace(walk, part="done"))
    match walk.part:
        case "messages":
            return _messages(work, walk, head)
        case "history":
            return _history(work, walk, head)
        case "changes":
            return _changes(work, walk, head)
        case "marks":
            return _personal_marks(work, walk)
        case "head":
            return _head(work, walk, head)
        case "tell":
            return _tell(work, walk, head)
    raise AssertionError(walk.part)


def _walked(walk: Walk, ops: Sequence[Op] = (), removed: Mapping[str, int] | None = None) -> Unit:
    return Unit(ops, removed or {}, msgspec.json.encode(walk).decode())


def _messages(work: Work, walk: Walk, head: Head) -> Unit:
    """Blanks the person's messages, as many as one transaction holds, and removes their id from those of others."""
    until = min(walk.seq + PAGE, head.last_seq)
    if walk.seq >= head.last_seq:
        return _walked(replace(walk, part="history" if head.is_ticket else "changes", seq=0))
    mine = _reactions(work, walk, until)
    batch = _Batch(work, head)
    seq = until
    for message in messages.each(head.conversation_id, walk.seq + 1, until, strictly=True):
        work.saw(message.text)
        given = mine.get(message.seq, [])
        emojis = frozenset(mark.emoji for mark in given if mark.emoji is not None)
        found = find_person(message, work.user_id, work.pseudonym, emojis, work.at_ms)
        if (found is not None or given) and not batch.takes(message, found, given):
            seq = message.seq - 1
            break
        if work.has_read_enough:
            seq = message.seq
            break
    return _walked(replace(walk, seq=seq, has_changed=walk.has_changed or batch.changes), batch.ops(), batch.removed)


def _reactions(work: Work, walk: Walk, until: int) -> dict[int, list[PersonalMark]]:
    """Returns the person's reactions on messages, by seq."""
    found: dict[int, list[PersonalMark]] = {}
    for mark in personal_marks.rows(walk.conversation_id, work.user_id, walk.seq + 1, until):
        if mark.is_on and mark.emoji is not None:
            found.setdefault(mark.seq, []).append(mark)
    return found


class _Batch:
    """The changes of messages that go into one transaction with their head."""

    def __init__(self, work: Work, head: Head) -> None:
        self._work = work
        self._before = self._after = head
        self._ops: list[Op] = []
        self.removed: dict[str, int] = {}
        self.changes = False

    def ops(self) -> list[Op]:
        if self._after == self._before:
            return self._ops
        return [erasures.move_head(self._before, self._after), *self._ops]

    def takes(self, message: StoredMessage, found: Found | None, given: Sequence[PersonalMark]) -> bool:
        """Adds the writes for a message; returns False if there is no room, or if older texts must go first."""
        room = MAX_OPS - 1 - len(self._ops)
        if found is not None and found.has_versions:
            older = erasures.versions(message.conversation_id, message.seq, max(1, room))
            if older:
                for row in older:
                    self._work.saw(row.text)
                # There may be a hundred. They go in a unit before the message itself, which is then looked at again.
                self._add([erasures.delete_row(row) for row in older[:room]], edit_versions=min(room, len(older)))
                return False
        own_ops = [erasures.delete_row(personal_marks.row(message.conversation_id, mark)) for mark in given]
        if found is not None:
            own_ops += self._change(message, found)
        if len(own_ops) > room:
            return False
        if found is not None:
            self._delete_files(found)
        self._add(own_ops, reactions=len(given), **_counted(self._work, found))
        if found is not None:
            self._move(found)
        return True

    def _delete_files(self, found: Found) -> None:
        """Deletes a message's files before the message forgets them; a retry of the unit finds those that are left."""
        for attachment in found.lost_attachments:
            endings.release(attachment.id, found.before.seq, self._work.now_ms)
            self._work.deleted_file()
        if found.lost_picture is not None:
            pictures.delete(found.before.conversation_id, found.before.seq, found.lost_picture.id)
            self._work.deleted_file()

    def _add(self, ops: Sequence[Op], **removed: int) -> None:
        self._ops += ops
        for name, count in removed.items():
            self.removed[name] = self.removed.get(name, 0) + count

    def _change(self, message: StoredMessage, found: Found) -> list[Op]:
        change_seq = self._after.last_change_seq + 1
        change = self._work.change(
            self._after, COUNTED_AS_CHANGE[found.was_blanked], change_seq, message_seq=message.seq
        )
        ops = [erasures.change_message(replace(found.after, change_seq=change_seq)), erasures.add_change(change)]
        record = _record(self._work, message)
        return [*ops, erasures.delete_row(record)] if record is not None else ops

    def _move(self, found: Found) -> None:
        change_seq = self._after.last_change_seq + 1
        now = replace(found.after, change_seq=change_seq)
        self._after = replace(
            self._after,
            last_change_seq=change_seq,
            pins=self._after.pins if now.pinned else tuple(seq for seq in self._after.pins if seq != now.seq),
            last_message=now.preview() if now.seq == self._after.last_seq else self._after.last_message,
        )
        self.changes = True


def _counted(work: Work, found: Found | None) -> dict[str, int]:
    """Returns the counts of a message in the receipt."""
    if found is None:
        return {}
    is_own = found.before.sender_id == work.user_id
    return {
        "attachments": len(found.lost_attachments),
        "messages": int(found.was_blanked and is_own),
        "forwarded_copies": int(found.was_blanked and not is_own),
        "mentions": int(work.user_id in found.before.mentions),
    }


def _record(work: Work, message: StoredMessage) -> tables.Message | None:
    """Returns the record of a recent message's `client_id`; its key holds the person's id."""
    if message.client_id is None or message.sender_id != work.user_id:
        return None
    if message.created_at_ms < work.job.created_at_ms - RECORDS_MS:
        return None
    key = message_rows.record_key(message.conversation_id, work.user_id, message.client_id, message.via)
    return tables.Message(conversation_id=key, seq=0)


def _history(work: Work, walk: Walk, head: Head) -> Unit:
    """Removes the person's id, and their notes, comments, subjects and tags, from the history of a ticket."""
    ops, last = erased_tickets.hand_over_history(head, walk.seq, MAX_OPS, work.user_id, work.pseudonym)
    following = replace(walk, part="changes", seq=0) if last is None else replace(walk, seq=last)
    return _walked(following, ops)


def _changes(work: Work, walk: Walk, head: Head) -> Unit:
    """Removes the person's id from the change log."""
    until = min(walk.seq + PAGE, head.last_change_seq)
    if walk.seq >= head.last_change_seq:
        return _walked(replace(walk, part="marks", seq=0))
    ops: list[Op] = []
    for change in messages.changes(head.conversation_id, walk.seq + 1, until, strictly=True):
        plain = msgspec.to_builtins(change)
        if names_person(plain, work.user_id):
            if len(ops) == MAX_OPS:
                until = change.change_seq - 1
                break
            ops.append(
                erasures.rename_change(
                    msgspec.convert(without_person(plain, work.user_id, work.pseudonym), type=Change)
                )
            )
    return _walked(replace(walk, seq=until), ops)


def _personal_marks(work: Work, walk: Walk) -> Unit:
    """Deletes the person's receipts, reactions and hidden-message marks."""
    found = receipts.markers_of(walk.conversation_id, work.user_id, MAX_OPS)
    ops = [erasures.delete_row(tables.Receipt(conversation_id=walk.conversation_id, marker=marker)) for marker in found]
    return _walked(walk if found else replace(walk, part="head"), ops, {"receipts": len(found)})


def _head(work: Work, walk: Walk, head: Head) -> Unit:
    """Removes the person's id from the head, and deletes their typing row."""
    after = head_without(head, work.user_id, work.pseudonym)
    row = tables.Typing(conversation_id=walk.conversation_id, user_id=work.user_id)
    ops = [erasures.delete_row(row)]
    if erasures.is_moved(head, after):
        ops.append(erasures.move_head(head, after))
    return _walked(replace(walk, part="tell"), ops)


def _tell(work: Work, walk: Walk, head: Head) -> Unit:
    """Tells the members that the conversation has changed; they find the changes by `sync`.

    Told before it is noted: after a kill in between, they hear it twice. The stream tells the members of a large
    group, by one change that represents all the others.
    """
    done = replace(walk, part="done")
    if not walk.has_changed and (head.is_group or work.job.is_last_round):
        return _walked(done)
    if not head.is_large:
        change = work.change(head, "conversation_updated", head.last_change_seq)
        push.tell(work.call, head.participants, events.of_change(change, head, None))
        return _walked(done)
    change_seq = head.last_change_seq + 1
    after = replace(head, last_change_seq=change_seq, shared_seq=change_seq)
    change = work.change(after, "conversation_updated", change_seq)
    return _walked(done, [erasures.move_head(head, after), erasures.add_change(change, ("fan_out",))])
