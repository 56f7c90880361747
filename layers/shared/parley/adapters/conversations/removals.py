"""Removals of what a person wrote: each job's row, in the table of exports, and the conversations to go through."""

from typing import Any

import msgspec
from pynamodb.exceptions import PutError

from parley.adapters.conversations import conversations, journal, words_left_behind
from parley.adapters.dynamodb import batches, conditions, tables, unreadable
from parley.adapters.moderation import audit, reports
from parley.adapters.people import profiles
from parley.domain.conversations.head import Head
from parley.domain.conversations.steps import Step
from parley.domain.moderation.acts import Act
from parley.domain.moderation.audit import Entry
from parley.domain.moderation.removals import Job

_KEPT_APART = ("removal_id", "moderator_id", "revision", "moved_at_ms", "expires_at_s")


def get_job(removal_id: str) -> Job | None:
    """Returns a job, None if there is none that can be read; one round trip."""
    rows = batches.read_rows({tables.Export: [(removal_id,)]})

    def read(key: str) -> Job | None:
        row = rows.get(tables.Export, key)
        return None if row is None else _job(row)

    return unreadable.readable("Exports", [removal_id], read).get(removal_id)


def add(job: Job, act: Act) -> None:
    """Writes a new job with its audit entry and the report's decision, all or nothing; raises LostRace.

    One round trip, 8 write units, and those of the decision.
    """
    with conditions.transaction() as transaction:
        transaction.save(_row(job), condition=tables.Export.export_id.does_not_exist())
        if act.person is not None:
            transaction.condition_check(tables.User, act.person.user_id, condition=profiles.unmoved(act.person))
        audit.put_entry(transaction, act.entry)
        if act.decided is not None:
            reports.put_change(transaction, *act.decided)


def remove(job: Job, step: Step, act: Act, now_s: int) -> Job:
    """Writes the removal of one message with the job after it, and returns that; raises LostRace. One round trip."""
    with conditions.transaction() as transaction:
        journal.put_step(transaction, step, now_s)
        if act.person is not None:
            transaction.condition_check(tables.User, act.person.user_id, condition=profiles.unmoved(act.person))
        audit.put_entry(transaction, act.entry)
        transaction.save(_row(job), condition=tables.Export.revision == job.revision - 1)
    return job


def save(job: Job) -> Job:
    """Writes a job after one move, and returns it; raises LostRace. One round trip."""
    try:
        _row(job).save(condition=tables.Export.revision == job.revision - 1)
    except PutError as error:
        if not conditions.failed_condition(error):
            raise
        # botocore writes a second time if the first answer was lost; then the row is already as this write made it.
        if get_job(job.removal_id) != job:
            raise conditions.LostRace from error
    return job


def end(job: Job, entry: Entry) -> None:
    """Writes a job at its end with the audit entry of its count; raises LostRace. One round trip."""
    with conditions.transaction() as transaction:
        transaction.save(_row(job), condition=tables.Export.revision == job.revision - 1)
        audit.put_entry(transaction, entry)


def mine(user_id: str, after: str | None, limit: int) -> list[str]:
    """Returns up to `limit` conversations that a person is in, by id, after the id `after`; one round trip.

    From the table and not from the index by activity: that may be a second late, and a conversation moves in it.
    """
    condition = None if after is None else tables.Membership.conversation_id > after
    key = tables.Membership.key_names()
    found = tables.Membership.query(
        user_id, condition, limit=limit, page_size=limit, consistent_read=True, attributes_to_get=key
    )
    return [row.conversation_id for row in found]


def left_behind(user_id: str, after: str | None, limit: int) -> list[str]:
    """Returns the same of conversations that a person has left."""
    return words_left_behind.behind(user_id, after, limit)


def heads(conversation_ids: list[str]) -> dict[str, Head]:
    """Returns the heads that exist and can be read, by id; strongly consistent, one round trip per 100."""
    rows = batches.read_rows({tables.Conversation: [(conversation_id,) for conversation_id in conversation_ids]})
    return conversations.readable_heads(rows, conversation_ids)


def _row(job: Job) -> tables.Export:
    plain: dict[str, Any] = msgspec.to_builtins(job)
    return tables.Export(
        export_id=job.removal_id,
        user_id=job.moderator_id,
        revision=job.revision,
        moved_at_ms=job.moved_at_ms,
        expires_at_s=job.expires_at_s,
        removal={name: value for name, value in plain.items() if name not in _KEPT_APART},
    )


def _job(row: tables.Export) -> Job:
    apart = {"removal_id": row.export_id, "moderator_id": row.user_id}
    apart |= {name: getattr(row, name) for name in ("revision", "moved_at_ms", "expires_at_s")}
    return msgspec.convert({**row.removal, **apart}, type=Job)
