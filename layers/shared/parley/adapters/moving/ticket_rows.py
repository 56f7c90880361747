"""The rows of tickets that an import brings beside their conversations, and that undoing it takes away."""

from collections.abc import Iterable

from pynamodb.transactions import TransactWrite

from parley.adapters.conversations import words_left_behind
from parley.adapters.dynamodb import batches, conditions, outbox, tables
from parley.adapters.support import tickets
from parley.domain.api import ids
from parley.domain.api.outbox import OutboxEntry
from parley.domain.moving.tickets import Brought
from parley.domain.support.ticket import StoredTicket


def write_history(found: Brought, people: Iterable[str]) -> None:
    """Writes the history of a ticket, which nobody reads as long as its head is hidden, and traces of `people`.

    A repeat writes the same rows again. One round trip for each 25 rows, all at once; a unit for each.
    """
    rows: list[tables.Table] = [_history_row(entry) for entry in found.history]
    rows += [words_left_behind.row(user_id, found.state.ticket_id) for user_id in sorted(people)]
    batches.write_rows(rows)


def _history_row(entry: OutboxEntry) -> tables.Message:
    row = outbox.row(entry)
    row.imported = True  # no news
    return row


def put_ticket(transaction: TransactWrite, found: Brought) -> None:
    """Adds a ticket, its number, what finds it, and the entry that counts it to a transaction; some 20 rows at most.

    The number may be taken: then the transaction is refused as after a lost race.
    """
    tickets.put_state(transaction, found.state)
    outbox.put_entry(transaction, found.counted)


def delete_ticket(state: StoredTicket, counted: OutboxEntry) -> None:
    """Deletes a ticket whose import is undone, with its number and what finds it; the figures count it no more.

    Raises LostRace if it has changed since it was read, or if it has notes. One round trip.
    """
    with conditions.transaction() as transaction:
        tickets.put_deleted(transaction, state)
        outbox.put_entry(transaction, counted)
        notes_id, is_absent = ids.notes_id(state.ticket_id), tables.Conversation.conversation_id.does_not_exist()
        transaction.condition_check(tables.Conversation, notes_id, condition=is_absent)


def delete_history(ticket_id: str) -> None:
    """Deletes a ticket's history, the traces of its people, and what the figures have counted; two queries at once.

    And one round trip for each 25 rows.
    """
    keys: list[batches.Key] = []
    people: set[str] = set()
    for hash_key in (tickets.history_key(ticket_id), outbox.key("ticket_import", ticket_id)):
        for row in tables.Message.query(hash_key, consistent_read=True):
            keys.append((hash_key, int(row.seq)))
            people |= _people_in(row)
    traces: list[batches.Key] = [(user_id, ticket_id) for user_id in sorted(people)]
    batches.delete_rows({tables.Message: keys, tables.WordsLeftBehind: traces})


def _people_in(row: tables.Message) -> set[str]:
    about = row.about or {}
    moved = about.get("changes", {}).get("assignee_id", {})
    return {each for each in (about.get("user_id"), *moved.values()) if each is not None}
