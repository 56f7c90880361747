"""Moderators' acts in conversations: a step in one transaction with the audit entry and the report's decision."""

from parley.adapters.conversations import journal
from parley.adapters.dynamodb import conditions, tables
from parley.adapters.moderation import audit, reports
from parley.adapters.people import profiles
from parley.domain.conversations.steps import Step
from parley.domain.moderation.acts import Act


def write(step: Step | None, act: Act, now_s: int) -> None:
    """Writes an act, all or nothing; None as step: only the report is decided. One round trip.

    Raises LostRace if the conversation, the report or the person's role is no longer as it was read.
    """
    with conditions.transaction() as transaction:
        if step is not None:
            journal.put_step(transaction, step, now_s)
        if act.person is not None:
            transaction.condition_check(tables.User, act.person.user_id, condition=profiles.unmoved(act.person))
        audit.put_entry(transaction, act.entry)
        if act.decided is not None:
            reports.put_change(transaction, *act.decided)
