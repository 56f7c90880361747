"""Erasing a person everywhere: asked for by the host's own server, done by a job in steps, ended by a receipt."""

import contextlib
import secrets
from collections.abc import Callable, Mapping, Sequence

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from parley.actions import push
from parley.actions.conversations import groups
from parley.actions.people import profiles
from parley.actions.roles import SERVICE
from parley.adapters.conversations import (
    conversations,
    message_rows,
    messages,
    personal_marks,
    receipts,
    words_left_behind,
)
from parley.adapters.dynamodb import batches, conditions, tables
from parley.adapters.erasure import erasures
from parley.adapters.erasure.erasures import MAX_OPS, LostRace, Op
from parley.adapters.exports import exports, files
from parley.adapters.live import calls, queues, sockets
from parley.domain.api.call import Call
from parley.domain.api.errors import Invalid, NotFound
from parley.domain.api.identity import Identity
from parley.domain.conversations import events
from parley.domain.conversations.group_steps import MAX_MEMBERS
from parley.domain.conversations.head import Head, Membership
from parley.domain.conversations.message import StoredMessage
from parley.domain.conversations.steps import Change, ChangeKind, Mark
from parley.domain.erasure import job as erasing
from parley.domain.erasure.job import PARTS, Erasure, ErasureStep, Found, Job, Part, Walk
from parley.domain.moderation import audit

MAX_UNITS = 20  # of one step; each is a few round trips
PAGE = 500  # messages, or entries of a log, that one unit looks through

COUNTED_AS_CHANGE: Mapping[bool, ChangeKind] = {True: "message_deleted", False: "message_updated"}


class Unit(Struct, frozen=True):
    """What one unit of the work does: its writes, what they remove, and where it goes on; no cursor ends the part."""

    ops: Sequence[Op] = ()
    removed: Mapping[str, int] = {}
    cursor: str | None = None

    @property
    def was_needless(self) -> bool:
        """Says whether there was nothing to do, and nothing is left to do, in this part of the work."""
        return not self.ops and self.cursor is None and not any(self.removed.values())


def ask(call: Call, user_id: str) -> Erasure:
    """Returns the erasure of a person: the one that goes on, or is over, or a new one; two round trips and the queue's.

    From then on nobody gets in as this person, until the host's own server gives them a profile again.
    """
    profiles.require_service(call, "erase people", "DELETE /users")
    profiles.check_user_id(user_id)
    for _ in conditions.tries():
        job = erasures.begun_for(user_id)
        if job is None:
            job = erasing.new_job(user_id, secrets.token_bytes(32), call.now_ms)
            try:
                erasures.add(job, audit.entry(call, "erase_user", job.erasure_id, user_sha256=job.user_sha256))
            except LostRace:
                continue
        if not job.is_over:
            # Also for a retry: the first try may have died before it got so far. A step that comes twice does no harm.
            _go_on_later(job, call.now_ms)
        return job.view(call.now_ms)
    raise conditions.busy()


def read(call: Call, erasure_id: str) -> Erasure:
    """Returns an erasure with, once it is over, its receipt; one round trip."""
    profiles.require_service(call, "erase people", "DELETE /users")
    if not erasing.is_erasure_id(erasure_id):
        raise Invalid.field("{erasure_id}", "bad_format", "That is not the id of an erasure.")
    job = erasures.get(erasure_id)
    if job is None:
        raise NotFound("erasure_not_found", "There is no such erasure.")
    return job.view(call.now_ms)


def step(wanted: ErasureStep, now_ms: int) -> None:
    """Takes an erasure some units on, and asks the queue for the next step; after the first round only in a while.

    Each unit is one transaction with the job's row, so killed anywhere it goes on behind the last one. A part with
    nothing to do is noted with the next one. Of two workers, the one that loses leaves the rest to the other.
    """
    job = erasures.get(wanted.erasure_id)
    if job is None or job.is_over:
        return
    noted, read = job, 0
    for _ in range(MAX_UNITS):
        if not job.may_go_on_with(wanted) or read >= erasing.MAX_READ:
            break
        work = _Work(job, now_ms, erasing.MAX_READ - read)
        unit = _PARTS[PARTS[job.part]](work)
        read += work.read
        moved = job.moved(now_ms, unit.removed, unit.cursor)
        after = moved if unit.cursor is not None else moved.at_next_part()
        if unit.was_needless and after.round == job.round and not after.is_over:
            job = replace(after, revision=noted.revision)
            continue
        try:
            erasures.commit(after, unit.ops)
        except LostRace:
            known = erasures.get(wanted.erasure_id)
            if known is None or known.revision != noted.revision:
                return
            continue  # a conversation has moved on since it was read
        if after.is_over:
            return
        job = noted = after
    if job is not noted:
        try:
            erasures.commit(replace(job, revision=noted.revision + 1), ())
        except LostRace:
            return
    _go_on_later(job, now_ms)


def _go_on_later(job: Job, now_ms: int) -> None:
    """Asks the queue for the next step of a job, which comes as soon as it may be done."""
    queues.erase_on(job.next_step, delay_s=job.waits_s(now_ms))


class _Work:
    """What the units of one step know: the job, the times, and the person as one who acts."""

    def __init__(self, job: Job, now_ms: int, most: int) -> None:
        self.job = job
        self.now_ms = now_ms
        self.read = 0  # characters of text
        self._most = most
        self.user_id = job.whom
        self.pseudonym = job.pseudonym
        # What is written carries the time of the wish, however often it takes to be written.
        self.at_ms = job.created_at_ms
        # It is the host that has them leave: who has used up what they may do in a time must be erased all the same.
        identity = Identity(user_id=job.whom, name="", role=SERVICE, expires_at_s=0)
        self.call = Call(caller=identity, now_ms=self.at_ms, request_id=job.erasure_id)

    def saw(self, text: str | None) -> None:
        """Counts a text that was read."""
        self.read += len(text or "")

    @property
    def has_read_enough(self) -> bool:
        """Says whether the step should read no more."""
        return self.read >= self._most


# --- what stands by itself --------------------------------------------------------------------------------------------


def _presence(work: _Work) -> Unit:
    """Closes the person's devices and forgets that they were ever here."""
    row = batches.read({tables.Connections: [(work.user_id,)]}).get(tables.Connections, work.user_id)
    if row is None:
        return Unit()
    sockets.close_all(row.connections)
    return Unit([erasures.delete(row)], {"presence": 1, "devices": len(row.connections)})


def _profile(work: _Work) -> Unit:
    """Forgets the profile, how much the person has lately done and, in the last round, that they were signed out.

    By then API Gateway asks its authorizer again, which lets no erased person in.
    """
    models: tuple[type[tables.Table], ...] = (tables.User, tables.Bucket)
    models += (tables.AccountState,) if work.job.is_last_round else ()
    rows = batches.read({model: [(work.user_id,)] for model in models})
    profile, bucket = rows.get(tables.User, work.user_id), rows.get(tables.Bucket, work.user_id)
    ops = [erasures.delete(row) for model in models if (row := rows.get(model, work.user_id)) is not None]
    return Unit(ops, {"profile": int(profile is not None), "limits": int(bucket is not None)})


def _exports(work: _Work) -> Unit:
    """Deletes what the person had written into files, and the files of others that hold their words.

    A file goes before its row: killed in between, the row is found again. One that is being written cannot come to its
    end any more; one that is begun later finds no words of theirs, for those have gone in an earlier part.
    """
    rows, cursor = erasures.scanned(tables.Export, work.job.cursor, MAX_OPS)
    found = [row for row in rows if isinstance(row, tables.Export)]
    spoken_in = words_left_behind.among(work.user_id, [row.conversation_id for row in found if row.conversation_id])
    theirs = [row for row in found if row.user_id == work.user_id or row.conversation_id in spoken_in]
    jobs = [exports.job_of(row) for row in theirs if row.conversation_id]
    for job in jobs:
        if job.upload_id is not None:
            files.abort(job.key, job.upload_id)
        files.delete(job.key)
    return Unit([erasures.delete(row) for row in theirs], {"exports": len(jobs)}, cursor)


def _tickets(work: _Work) -> Unit:
    """Deletes the person's tickets, used or not; they were good for 30 s, but DynamoDB may keep them for days."""
    rows, cursor = erasures.scanned(tables.WsTicket, work.job.cursor, MAX_OPS)
    theirs = [row for row in rows if isinstance(row, tables.WsTicket) and row.identity["user_id"] == work.user_id]
    return Unit([erasures.delete(row) for row in theirs], {"tickets": len(theirs)}, cursor)


def _calls(work: _Work) -> Unit:
    """Takes the person's name off calls, which are kept for a day; by the last round the sweep has ended them all."""
    if not work.job.is_last_round:
        return Unit()
    rows, cursor = erasures.scanned(tables.Call, work.job.cursor, MAX_OPS)
    ops: list[Op] = []
    count = 0
    for row in rows:
        if not isinstance(row, tables.Call):
            continue
        if calls.is_kept_for(row, work.user_id):
            ops.append(erasures.delete(row))
        elif work.user_id in (row.caller_id, row.callee_id, row.ended_by):
            row.caller_id, row.callee_id, row.ended_by = (
                work.pseudonym if one == work.user_id else one for one in (row.caller_id, row.callee_id, row.ended_by)
            )
            ops.append(erasures.put(row))
            count += 1
    return Unit(ops, {"calls": count}, cursor)


def _blocks(work: _Work) -> Unit:
    """Forgets whom the person has blocked, and who has blocked them; each block stands in two rows."""
    found = erasures.blocks_of(work.user_id, MAX_OPS // 2)
    pairs = [pair for one in found for pair in ((work.user_id, one), (one, work.user_id))]
    ops = [erasures.delete(tables.Block(user_id=one, other_id=other)) for one, other in pairs]
    return Unit(ops, {"blocks": len(found)}, "more" if found else None)


def _reports(work: _Work) -> Unit:
    """Takes the person off reports, with what they wrote: the message, the note of who reports, the moderator's."""
    rows, cursor = erasures.scanned(tables.Report, work.job.cursor, MAX_OPS)
    ops: list[Op] = []
    spoken_in = words_left_behind.among(
        work.user_id, [row.conversation_id for row in rows if isinstance(row, tables.Report)]
    )
    for row in rows:
        if not isinstance(row, tables.Report):
            continue
        work.saw(row.text)
        changed: dict[str, object] = {}
        if row.conversation_id in spoken_in and row.text and _was_theirs(work, row):
            changed["text"] = ""
        for name, words in (("sender_id", None), ("reporter_id", "note"), ("handled_by", "staff_note")):
            if getattr(row, name) == work.user_id:
                changed |= {name: work.pseudonym} | ({words: None} if words else {})
        if changed:
            ops.append(erasures.update(tables.Report(report_id=row.report_id), **changed))
    return Unit(ops, {"reports": len(ops)}, cursor)


def _was_theirs(work: _Work, report: tables.Report) -> bool:
    """Says whether a reported message was the person's, or a copy of what they wrote."""
    if report.sender_id == work.user_id:
        return True
    message = messages.get(report.conversation_id, int(report.seq))
    # By now the pseudonym stands where the person's id stood.
    return (
        message is not None
        and message.forwarded_from is not None
        and message.forwarded_from.sender_id in (work.user_id, work.pseudonym)
    )


def _audit(work: _Work) -> Unit:
    """Takes the person's id off what moderators did; that they did it stays."""
    rows, cursor = erasures.scanned(tables.AuditEntry, work.job.cursor, MAX_OPS)
    ops: list[Op] = []
    for row in rows:
        if not isinstance(row, tables.AuditEntry):
            continue
        known = {"actor_id": row.actor_id, "target": row.target, "details": row.details}
        now = erasing.without(known, work.user_id, work.pseudonym)
        if now != known:
            ops.append(erasures.update(tables.AuditEntry(month=row.month, entry_id=row.entry_id), **now))
    return Unit(ops, {"audit_entries": len(ops)}, cursor)


def _word_lists(work: _Work) -> Unit:
    """Takes the person's id off the list of banned words, where they have changed it last."""
    rows, cursor = erasures.scanned(tables.WordList, work.job.cursor, MAX_OPS)
    theirs = [row for row in rows if isinstance(row, tables.WordList) and row.updated_by == work.user_id]
    return Unit(
        [erasures.update(tables.WordList(name=row.name), updated_by=work.pseudonym) for row in theirs], {}, cursor
    )


def _traces(work: _Work) -> Unit:
    """Forgets in which conversations the person's words were; until the last round they are still needed."""
    if not work.job.is_last_round:
        return Unit()
    found = words_left_behind.behind(work.user_id, None, MAX_OPS)
    ops = [erasures.delete(words_left_behind.row(work.user_id, one)) for one in found]
    return Unit(ops, {"conversations": len(found)}, "more" if found else None)


# --- being in conversations -------------------------------------------------------------------------------------------


class _Leaving(Struct, frozen=True):
    """Which conversation the person is taken out of, and who shall own it then. Noted before it is done."""

    conversation_id: str | None = None
    heir_id: str | None = None

    def unit(self, ops: Sequence[Op] = (), **removed: int) -> Unit:
        return Unit(ops, removed, msgspec.json.encode(self).decode())


_ON = _Leaving()


def _memberships(work: _Work) -> Unit:
    """Takes the person out of one conversation after another; a retry does the same, and tells the others, again."""
    leaving = msgspec.json.decode(work.job.cursor, type=_Leaving) if work.job.cursor else _ON
    if leaving.conversation_id is None:
        following = erasures.first_membership(work.user_id)
        return Unit() if following is None else _Leaving(following).unit()
    conversation_id = leaving.conversation_id
    head, mine = conversations.head_and_membership(conversation_id, work.user_id)
    if head is None:
        return _ON.unit([erasures.delete(tables.Membership(user_id=work.user_id, conversation_id=conversation_id))])
    if head.is_group:
        return _leave(work, leaving, head, is_member=mine is not None)
    return _ON.unit() if mine is None else _ON.unit(_pass_on(work, head, mine), direct_conversations=1)


def _pass_on(work: _Work, head: Head, mine: Membership) -> list[Op]:
    """Returns what puts the pseudonym in the person's place in a direct conversation, which is closed with that."""
    [peer_id] = head.others(work.user_id)
    change_seq = head.last_change_seq + 1
    after = replace(
        erasing.head_without(head, work.user_id, work.pseudonym),
        closed=True,
        last_change_seq=change_seq,
        shared_seq=change_seq,
    )
    change = _change(work, after, "conversation_updated", change_seq)
    return [
        erasures.move_head(head, after),
        erasures.add_change(change),
        *erasures.take_over(after, mine, work.pseudonym, peer_id),
    ]


def _leave(work: _Work, leaving: _Leaving, head: Head, *, is_member: bool) -> Unit:
    """Lets the person leave a group, which goes to somebody else where it is theirs alone."""
    conversation_id = head.conversation_id
    if is_member and leaving.heir_id is None and head.owner_ids == (work.user_id,) and head.member_count > 1:
        return _Leaving(conversation_id, _heir(work, head)).unit(groups_handed_over=1)
    try:
        # An heir who has got it in an earlier try may have taken it from the person since.
        if is_member and leaving.heir_id is not None and work.user_id in head.owner_ids:
            groups.set_role(work.call, conversation_id, leaving.heir_id, "owner")
    except NotFound:
        return _Leaving(conversation_id).unit(groups_handed_over=-1)  # the heir has left meanwhile
    # Where an earlier try has taken them out, and more has happened in the group since, there is no such member.
    with contextlib.suppress(NotFound):
        groups.remove_member(work.call, conversation_id, work.user_id)
    return _ON.unit()


def _heir(work: _Work, head: Head) -> str:
    """Returns who gets a group: of its admins the one who has been in it longest, or else of its members."""
    everybody = head.participants or conversations.member_ids(head.conversation_id, MAX_MEMBERS)
    candidates = [one for one in head.admin_ids or everybody if one != work.user_id]
    found = conversations.memberships((one, head.conversation_id) for one in candidates)
    return min(found.values(), key=lambda one: (one.since_ms, one.user_id)).user_id


# --- what was said in conversations -----------------------------------------------------------------------------------


def _conversations(work: _Work) -> Unit:
    """Goes on through one conversation after another that holds words of the person."""
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
        case "changes":
            return _changes(work, walk, head)
        case "marks":
            return _marks(work, walk)
        case "head":
            return _head(work, walk, head)
        case "tell":
            return _tell(work, walk, head)
    raise AssertionError(walk.part)


def _walked(walk: Walk, ops: Sequence[Op] = (), removed: Mapping[str, int] | None = None) -> Unit:
    return Unit(ops, removed or {}, msgspec.json.encode(walk).decode())


def _messages(work: _Work, walk: Walk, head: Head) -> Unit:
    """Blanks what the person wrote, as far as one transaction holds it, and takes their id off what others did."""
    until = min(walk.seq + PAGE, head.last_seq)
    if walk.seq >= head.last_seq:
        return _walked(replace(walk, part="changes", seq=0))
    mine = _reactions(work, walk, until)
    batch = _Batch(work, head)
    seq = until
    for message in messages.each(head.conversation_id, walk.seq + 1, until):
        work.saw(message.text)
        given = mine.get(message.seq, [])
        emojis = frozenset(one.emoji for one in given if one.emoji is not None)
        found = erasing.found(message, work.user_id, work.pseudonym, emojis, work.at_ms)
        if (found is not None or given) and not batch.takes(message, found, given):
            seq = message.seq - 1
            break
        if work.has_read_enough:
            seq = message.seq
            break
    return _walked(replace(walk, seq=seq, has_changed=walk.has_changed or batch.changes), batch.ops(), batch.removed)


def _reactions(work: _Work, walk: Walk, until: int) -> dict[int, list[Mark]]:
    """Returns the person's reactions on messages, by seq."""
    found: dict[int, list[Mark]] = {}
    for mark in personal_marks.rows(walk.conversation_id, work.user_id, walk.seq + 1, until):
        if mark.is_on and mark.emoji is not None:
            found.setdefault(mark.seq, []).append(mark)
    return found


class _Batch:
    """The changes of messages that go into one transaction with their head."""

    def __init__(self, work: _Work, head: Head) -> None:
        self._work = work
        self._before = self._after = head
        self._ops: list[Op] = []
        self.removed: dict[str, int] = {}
        self.changes = False

    def ops(self) -> list[Op]:
        if self._after == self._before:
            return self._ops
        return [erasures.move_head(self._before, self._after), *self._ops]

    def takes(self, message: StoredMessage, found: Found | None, given: Sequence[Mark]) -> bool:
        """Adds what becomes of a message; returns False where there is no room, or older texts must go first."""
        room = MAX_OPS - 1 - len(self._ops)
        if found is not None and found.has_versions:
            older = erasures.versions(message.conversation_id, message.seq, max(1, room))
            if older:
                for row in older:
                    self._work.saw(row.text)
                # They go in a unit before the message itself, which is then looked at again: there may be a hundred.
                self._add([erasures.delete(row) for row in older[:room]], edit_versions=min(room, len(older)))
                return False
        own_ops = [erasures.delete(personal_marks.row(message.conversation_id, one)) for one in given]
        if found is not None:
            own_ops += self._change(message, found)
        if len(own_ops) > room:
            return False
        self._add(own_ops, reactions=len(given), **_counted(self._work, found))
        if found is not None:
            self._move(found)
        return True

    def _add(self, ops: Sequence[Op], **removed: int) -> None:
        self._ops += ops
        for name, count in removed.items():
            self.removed[name] = self.removed.get(name, 0) + count

    def _change(self, message: StoredMessage, found: Found) -> list[Op]:
        change_seq = self._after.last_change_seq + 1
        change = _change(
            self._work, self._after, COUNTED_AS_CHANGE[found.was_blanked], change_seq, message_seq=message.seq
        )
        ops = [erasures.change_message(replace(found.after, change_seq=change_seq)), erasures.add_change(change)]
        record = _record(self._work, message)
        return [*ops, erasures.delete(record)] if record is not None else ops

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


def _counted(work: _Work, found: Found | None) -> dict[str, int]:
    """Returns as what a message counts in the receipt."""
    if found is None:
        return {}
    is_own = found.before.sender_id == work.user_id
    return {
        "messages": int(found.was_blanked and is_own),
        "forwarded_copies": int(found.was_blanked and not is_own),
        "mentions": int(work.user_id in found.before.mentions),
    }


def _record(work: _Work, message: StoredMessage) -> tables.Message | None:
    """Returns the record of a young message's `client_id`, whose key holds the person's id."""
    if message.client_id is None or message.sender_id != work.user_id:
        return None
    if message.created_at_ms < work.job.created_at_ms - erasing.RECORDS_MS:
        return None
    key = message_rows.record_key(message.conversation_id, work.user_id, message.client_id)
    return tables.Message(conversation_id=key, seq=0)


def _changes(work: _Work, walk: Walk, head: Head) -> Unit:
    """Takes the person's id out of the change log."""
    until = min(walk.seq + PAGE, head.last_change_seq)
    if walk.seq >= head.last_change_seq:
        return _walked(replace(walk, part="marks", seq=0))
    ops: list[Op] = []
    for change in messages.changes(head.conversation_id, walk.seq + 1, until):
        plain = msgspec.to_builtins(change)
        if erasing.names(plain, work.user_id):
            if len(ops) == MAX_OPS:
                until = change.change_seq - 1
                break
            ops.append(
                erasures.rename_change(
                    msgspec.convert(erasing.without(plain, work.user_id, work.pseudonym), type=Change)
                )
            )
    return _walked(replace(walk, seq=until), ops)


def _marks(work: _Work, walk: Walk) -> Unit:
    """Deletes when the person received and read what, and what they hid from themselves."""
    found = receipts.markers_of(walk.conversation_id, work.user_id, MAX_OPS)
    ops = [erasures.delete(tables.Receipt(conversation_id=walk.conversation_id, marker=marker)) for marker in found]
    return _walked(walk if found else replace(walk, part="head"), ops, {"receipts": len(found)})


def _head(work: _Work, walk: Walk, head: Head) -> Unit:
    """Takes the person's id out of the head, and their typing out of the conversation."""
    after = erasing.head_without(head, work.user_id, work.pseudonym)
    row = tables.Typing(conversation_id=walk.conversation_id, user_id=work.user_id)
    ops = [erasures.delete(row)]
    if erasures.is_moved(head, after):
        ops.append(erasures.move_head(head, after))
    return _walked(replace(walk, part="tell"), ops)


def _tell(work: _Work, walk: Walk, head: Head) -> Unit:
    """Tells the members that the conversation has changed; what of it, they find by `sync`.

    Told before it is noted: killed in between, they hear it twice. Those of a large group are told by the stream, of a
    change that stands for all the others.
    """
    done = replace(walk, part="done")
    if not walk.has_changed and (head.is_group or work.job.is_last_round):
        return _walked(done)
    if not head.is_large:
        change = _change(work, head, "conversation_updated", head.last_change_seq)
        push.tell(work.call, head.participants, events.of_change(change, head, None))
        return _walked(done)
    change_seq = head.last_change_seq + 1
    after = replace(head, last_change_seq=change_seq, shared_seq=change_seq)
    change = _change(work, after, "conversation_updated", change_seq)
    return _walked(done, [erasures.move_head(head, after), erasures.add_change(change, ("fan_out",))])


def _change(work: _Work, head: Head, kind: ChangeKind, change_seq: int, *, message_seq: int | None = None) -> Change:
    return Change(
        conversation_id=head.conversation_id,
        change_seq=change_seq,
        kind=kind,
        user_id=work.pseudonym,
        at_ms=max(work.at_ms, head.last_activity_ms),
        message_seq=message_seq,
    )


_PARTS: Mapping[Part, Callable[[_Work], Unit]] = {
    "presence": _presence,
    "profile": _profile,
    "memberships": _memberships,
    "conversations": _conversations,
    "blocks": _blocks,
    "calls": _calls,
    "reports": _reports,
    "audit": _audit,
    "word_lists": _word_lists,
    "exports": _exports,
    "tickets": _tickets,
    "traces": _traces,
}
