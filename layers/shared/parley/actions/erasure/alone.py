"""The parts of an erasure that do not depend on the person's conversations, table by table."""

from functools import partial

from parley.actions.erasure.work import Unit, Work
from parley.adapters.articles import articles, votes
from parley.adapters.conversations import messages, words_left_behind
from parley.adapters.dynamodb import batches, outbox, tables
from parley.adapters.erasure import erasures
from parley.adapters.erasure.erasures import MAX_OPS, Op
from parley.adapters.exports import exports, files, pieces
from parley.adapters.figures import figures
from parley.adapters.live import calls, connections, sockets
from parley.adapters.notifications import devices, mobile, notices
from parley.adapters.people import context_people, profiles, suspensions, warnings
from parley.adapters.support import automations, canned_replies, kept_macros, roster
from parley.adapters.webhooks import endpoints
from parley.domain.api import cursors
from parley.domain.api.outbox import LATEST
from parley.domain.articles.article import ArticlePosition
from parley.domain.erasure.job import without_person
from parley.domain.figures.tallies import AGENTS, agent_code
from parley.domain.moderation.suspensions import SuspensionPosition, position_of
from parley.domain.people.held import context_key, context_of
from parley.domain.support.automations import rules_without
from parley.domain.support.canned import ReplyPosition
from parley.domain.support.macros import MacroPosition


def erase_presence(work: Work) -> Unit:
    """Closes the person's devices and ends their pushes, and deletes their presence and their place on the roster."""
    rows = batches.read_rows(
        {
            tables.Connections: [(work.user_id,)],
            tables.Ticket: [roster.key(work.user_id)],
            tables.Notification: [devices.key(work.user_id)],
        }
    )
    agent, row = roster.of(rows, work.user_id), rows.get(tables.Connections, work.user_id)
    ops: list[Op] = [] if agent is None else [partial(roster.put_removed, entry=agent)]
    registered = devices.of(rows, work.user_id)
    counted = {}
    if registered.version is not None:
        # Before the rows: after a kill in between, these still say what is left to delete.
        mobile.delete_endpoints_of(registered.devices)
        ops.append(partial(devices.put_erased, registered=registered))
        counted["push_devices"] = len(registered.stored)
    if row is None:
        return Unit(ops, counted)
    sockets.close_all(row.connections)
    for ticket_id in row.looked_at or ():
        connections.look_away(work.user_id, ticket_id)
    return Unit([*ops, erasures.delete_row(row)], {"presence": 1, "devices": len(row.connections), **counted})


def erase_profile(work: Work) -> Unit:
    """Deletes the profile with the words of its name, the outbox's entry of its last change, and the person's bucket.

    In the last round also the state of their account (signed out). By then API Gateway asks its authorizer again, which
    refuses an erased person.
    """
    models: tuple[type[tables.Table], ...] = (tables.User, tables.Bucket)
    models += (tables.AccountState,) if work.job.is_last_round else ()
    keys: dict[type[tables.Table], list[batches.Key]] = {model: [(work.user_id,)] for model in models}
    word_ids = profiles.word_ids(work.user_id)
    entry = (outbox.key("user_updated", work.user_id), LATEST)
    keys[tables.Message] = [entry]
    keys[tables.User] = [*keys[tables.User], *((row_id,) for row_id in word_ids)]
    rows = batches.read_rows(keys)
    profile, bucket = rows.get(tables.User, work.user_id), rows.get(tables.Bucket, work.user_id)
    ops = [erasures.delete_row(row) for model in models if (row := rows.get(model, work.user_id)) is not None]
    ops += [erasures.delete_row(tables.User(user_id=each)) for each in word_ids if rows.has(tables.User, each)]
    ops += [erasures.delete_row(tables.Message(*entry))] if rows.has(tables.Message, *entry) else []
    return Unit(ops, {"profile": int(profile is not None), "limits": int(bucket is not None)})


def erase_exports(work: Work) -> Unit:
    """Deletes the person's exports, and the exports of others that hold their words.

    Also a moderator's removals of what the person wrote, and those that the person began: such a job then ends. And the
    exports of all searches, because a hit may be a copy of the person's words.

    A file is deleted before its row: after a kill in between, the row is found again. A file that is being written can
    no longer be completed. A later export finds no words of theirs, because an earlier part has blanked them.
    """
    rows, cursor = erasures.scanned(tables.Export, work.user_id, work.job.cursor, MAX_OPS)
    found = [row for row in rows if isinstance(row, tables.Export)]
    spoken_in = words_left_behind.among(work.user_id, [row.conversation_id for row in found if row.conversation_id])
    removals = [row for row in found if row.removal is not None and _concerns(row, work.user_id)]
    theirs = [
        row
        for row in found
        if row.user_id == work.user_id or row.conversation_id in spoken_in or row.search is not None
    ]
    jobs = [exports.job_of(row) for row in theirs if row.conversation_id]
    for job in jobs:
        if job.upload_id is not None:
            files.abort(job.key, job.upload_id)
        files.delete(job.key)
        pieces.delete_pieces(job)
    ops = [erasures.delete_row(row) for row in [*removals, *(row for row in theirs if row.removal is None)]]
    return Unit(ops, {"exports": len(jobs), "removals": len(removals)}, cursor)


def _concerns(row: tables.Export, user_id: str) -> bool:
    return user_id in (row.user_id, (row.removal or {}).get("user_id"))


def erase_tickets(work: Work) -> Unit:
    """Deletes the person's tickets, used or not. They are valid for 30 s, but DynamoDB may keep them for days."""
    rows, cursor = erasures.scanned(tables.WsTicket, work.user_id, work.job.cursor, MAX_OPS)
    theirs = [row for row in rows if isinstance(row, tables.WsTicket) and row.identity.get("user_id") == work.user_id]
    return Unit([erasures.delete_row(row) for row in theirs], {"tickets": len(theirs)}, cursor)


def erase_calls(work: Work) -> Unit:
    """Removes the person's id from calls, which are kept for a day; by the last round the sweep has ended them all."""
    if not work.job.is_last_round:
        return Unit()
    rows, cursor = erasures.scanned(tables.Call, work.user_id, work.job.cursor, MAX_OPS)
    ops: list[Op] = []
    count = 0
    for row in rows:
        if not isinstance(row, tables.Call):
            continue
        if calls.is_kept_for(row, work.user_id):
            ops.append(erasures.delete_row(row))
        elif work.user_id in (row.caller_id, row.callee_id, row.ended_by):
            row.caller_id, row.callee_id, row.ended_by = (
                work.pseudonym if user_id == work.user_id else user_id
                for user_id in (row.caller_id, row.callee_id, row.ended_by)
            )
            ops.append(erasures.put_row(row))
            count += 1
    return Unit(ops, {"calls": count}, cursor)


def erase_blocks(work: Work) -> Unit:
    """Deletes the person's blocks, and the blocks against them; each block has two rows."""
    found = erasures.blocks_of(work.user_id, MAX_OPS // 2)
    pairs = [pair for other_id in found for pair in ((work.user_id, other_id), (other_id, work.user_id))]
    ops = [erasures.delete_row(tables.Block(user_id=person_id, other_id=other)) for person_id, other in pairs]
    return Unit(ops, {"blocks": len(found)}, "more" if found else None)


def erase_contexts(work: Work) -> Unit:
    """Deletes the rows of the contexts that the person belongs to; their own row went with the digests."""
    after = None if work.job.cursor is None else context_of(work.job.cursor)
    found = context_people.contexts_of(work.user_id, after, MAX_OPS)
    keys = [(context_key(*context), work.user_id) for context in found]
    rows = batches.read_rows({tables.ContextPerson: keys})
    # The index may still name rows that are gone.
    theirs = [key for key in keys if rows.has(tables.ContextPerson, *key)]
    ops = [erasures.delete_row(tables.ContextPerson(context=context, user_id=user_id)) for context, user_id in theirs]
    return Unit(ops, {"contexts": len(theirs)}, keys[-1][0] if keys else None)


def erase_figures(work: Work) -> Unit:
    """Puts the pseudonym in the row that says which agent a code stands for; no other row of figures names anybody."""
    code = agent_code(work.user_id)
    if figures.agent_of(code) != work.user_id:
        return Unit()
    place = tables.Figure(AGENTS, code)
    return Unit([erasures.update_row(place, user_id=work.pseudonym)], {"figures": 1})


def erase_notifications(work: Work) -> Unit:
    """Deletes the person's inbox, traces and settings; no row of another person's names them.

    An earlier part has ended their pushes.
    """
    places = notices.places_of(work.user_id, MAX_OPS)
    ops = [erasures.delete_row(tables.Notification(work.user_id, place)) for place in places]
    return Unit(ops, {"notifications": len(places)}, "more" if places else None)


def erase_reports(work: Work) -> Unit:
    """Removes the person's id from reports, and their words: the message, the reporter's note, the moderator's note.

    Deletes the row of the person's warnings, which is in the same table.
    """
    rows, cursor = erasures.scanned(tables.Report, work.user_id, work.job.cursor, MAX_OPS)
    ops: list[Op] = []
    warned: list[Op] = []
    spoken_in = words_left_behind.among(
        work.user_id, [row.conversation_id for row in rows if isinstance(row, tables.Report)]
    )
    for row in rows:
        if not isinstance(row, tables.Report):
            continue
        if row.report_id == warnings.key(work.user_id):
            warned.append(erasures.delete_row(row))
            continue
        work.saw(row.text)
        changed: dict[str, object] = {}
        if row.conversation_id in spoken_in and (row.text or row.attachments) and _was_theirs(work, row):
            changed |= {"text": "", "attachments": None}
        for name, words in (("sender_id", None), ("reporter_id", "note"), ("handled_by", "staff_note")):
            if getattr(row, name) == work.user_id:
                changed |= {name: work.pseudonym} | ({words: None} if words else {})
        if changed:
            ops.append(erasures.update_row(tables.Report(report_id=row.report_id), **changed))
    return Unit([*ops, *warned], {"reports": len(ops), "warnings": len(warned)}, cursor)


def _was_theirs(work: Work, report: tables.Report) -> bool:
    """Says whether a reported message was the person's, or a forwarded copy of theirs."""
    if report.sender_id == work.user_id:
        return True
    message = messages.get_message(report.conversation_id, int(report.seq))
    # By now the pseudonym has replaced the person's id.
    return (
        message is not None
        and message.forwarded_from is not None
        and message.forwarded_from.sender_id in (work.user_id, work.pseudonym)
    )


def erase_audit(work: Work) -> Unit:
    """Replaces the person's id in the audit log; the entries stay."""
    rows, cursor = erasures.scanned(tables.AuditEntry, work.user_id, work.job.cursor, MAX_OPS)
    ops: list[Op] = []
    for row in rows:
        if not isinstance(row, tables.AuditEntry):
            continue
        known = {"actor_id": row.actor_id, "target": row.target, "details": row.details}
        now = without_person(known, work.user_id, work.pseudonym)
        if now != known:
            ops.append(erasures.update_row(tables.AuditEntry(month=row.month, entry_id=row.entry_id), **now))
    return Unit(ops, {"audit_entries": len(ops)}, cursor)


def erase_word_lists(work: Work) -> Unit:
    """Removes the person's id from the list of banned words, if they changed it last."""
    rows, cursor = erasures.scanned(tables.WordList, work.user_id, work.job.cursor, MAX_OPS)
    theirs = [row for row in rows if isinstance(row, tables.WordList) and row.updated_by == work.user_id]
    return Unit(
        [erasures.update_row(tables.WordList(name=row.name), updated_by=work.pseudonym) for row in theirs], {}, cursor
    )


def erase_canned_replies(work: Work) -> Unit:
    """Replaces the person's id in the canned replies that they wrote or changed last; the texts are the desk's.

    With the last of them also in the webhooks that they have made, and in the rules of the desk.
    """
    after = cursors.decode(work.job.cursor, ReplyPosition)
    found = canned_replies.list_replies(None if after is None else after.reply_id, MAX_OPS)
    theirs = [each for each in found if work.user_id in (each.created_by, each.updated_by)]
    ops: list[Op] = [
        partial(canned_replies.rename_authors, read=each, user_id=work.user_id, pseudonym=work.pseudonym)
        for each in theirs
    ]
    is_last = len(found) < MAX_OPS
    if is_last:
        made = [each for each in endpoints.list_endpoints() if each.created_by == work.user_id]
        ops += [partial(endpoints.rename_author, read=each, pseudonym=work.pseudonym) for each in made]
        rules = automations.get_automations()
        kept = rules_without(rules, work.user_id, work.pseudonym)
        if kept != rules:
            ops.append(partial(automations.put_after_erasure, read=rules, after=kept))
    return Unit(ops, {}, None if is_last else cursors.encode(ReplyPosition(reply_id=found[-1].reply_id)))


def erase_macros(work: Work) -> Unit:
    """Replaces the person's id in the macros that they wrote or changed last, and in those that give them tickets."""
    after = cursors.decode(work.job.cursor, MacroPosition)
    found = kept_macros.list_macros(None if after is None else after.macro_id, MAX_OPS)
    ops: list[Op] = [
        partial(kept_macros.rename, read=each, user_id=work.user_id, pseudonym=work.pseudonym)
        for each in found
        if work.user_id in each.people
    ]
    is_last = len(found) < MAX_OPS
    return Unit(ops, {}, None if is_last else cursors.encode(MacroPosition(macro_id=found[-1].macro_id)))


def erase_articles(work: Work) -> Unit:
    """Replaces the person's id in the articles that they wrote or changed, and deletes their votes.

    The texts are the desk's, and the numbers of votes stay: they name nobody.
    """
    after = cursors.decode(work.job.cursor, ArticlePosition)
    most = MAX_OPS // 2  # two rows each: the article and the vote
    found = articles.list_articles(None if after is None else after.article_id, most)
    keys = [votes.key(each.article_id, work.user_id) for each in found]
    rows = batches.read_rows({tables.Ticket: keys})
    ops: list[Op] = [
        partial(articles.rename_authors, read=each, user_id=work.user_id, pseudonym=work.pseudonym)
        for each in found
        if work.user_id in (each.created_by, *each.authors)
    ]
    voted = [key for key in keys if rows.has(tables.Ticket, *key)]
    ops += [erasures.delete_row(tables.Ticket(*key)) for key in voted]
    is_last = len(found) < most
    cursor = None if is_last else cursors.encode(ArticlePosition(article_id=found[-1].article_id))
    return Unit(ops, {"article_votes": len(voted)}, cursor)


def erase_suspensions(work: Work) -> Unit:
    """Replaces the person's id in the suspensions that they have put; a lifted one no longer has it."""
    after = cursors.decode(work.job.cursor, SuspensionPosition)
    found = suspensions.list_suspensions(MAX_OPS, 0, after)
    theirs = [each for each in found if each.suspension.suspended_by == work.user_id]
    ops: list[Op] = [partial(suspensions.rename_author, read=each, author=work.pseudonym) for each in theirs]
    is_last = len(found) < MAX_OPS
    cursor = None if is_last else cursors.encode(position_of(found[-1].user_id, found[-1].suspension))
    return Unit(ops, {"suspensions": len(ops)}, cursor)


def erase_words_left_behind(work: Work) -> Unit:
    """Deletes the list of conversations that hold the person's words; until the last round it is still needed."""
    if not work.job.is_last_round:
        return Unit()
    found = words_left_behind.behind(work.user_id, None, MAX_OPS)
    ops = [erasures.delete_row(words_left_behind.row(work.user_id, conversation_id)) for conversation_id in found]
    return Unit(ops, {"conversations": len(found)}, "more" if found else None)
