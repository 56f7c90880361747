"""The state of a person's e-mails: one row of the table of notifications. A person without a row has got none yet."""

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct
from pynamodb.transactions import TransactWrite

from parley.adapters.dynamodb import batches, conditions, tables
from parley.adapters.notifications.documents import document_of
from parley.adapters.people import erased_people
from parley.domain.notifications.mail_state import NONE_YET, MailState

PLACE = "~mail"


class Read(Struct, frozen=True):
    """A state as it was read, its revision, and its row in DynamoDB's own notation, readable or not."""

    state: MailState
    revision: int
    item: Mapping[str, Any]


def key(user_id: str) -> tuple[str, str]:
    """Returns the key of a person's state: one more in a batch, 1 unit."""
    return (user_id, PLACE)


def of(rows: batches.Rows, user_id: str) -> Read:
    """Returns a person's state from a batch that held `key`; that of a person without a row if it is unreadable."""
    return Read(*document_of(rows, key(user_id), NONE_YET))


def get_state(user_id: str) -> Read | None:
    """Returns a person's state, strongly consistent; None for an erased person. One round trip."""
    keys: dict[type[tables.Table], list[batches.Key]] = {
        tables.Notification: [key(user_id)],
        tables.Erasure: [(erased_people.key(user_id),)],
    }
    rows = batches.read_rows(keys)
    return None if erased_people.is_marked(rows, user_id) else of(rows, user_id)


def save(user_id: str, read: Read, after: MailState) -> Read:
    """Writes a state; returns it as read. Raises LostRace if it was changed meanwhile, or the person erased.

    One round trip, 4 write units and one for each KB more.
    """
    row = tables.Notification(user_id, PLACE, document=msgspec.to_builtins(after), revision=read.revision + 1)
    with conditions.transaction() as transaction:
        transaction.save(row, condition=conditions.unchanged(read.item, tables.Notification.revision))
        _refuse_erased(transaction, user_id)
    return Read(after, read.revision + 1, row.serialize())


def _refuse_erased(transaction: TransactWrite, user_id: str) -> None:
    mark = tables.Erasure.erasure_id.does_not_exist()
    transaction.condition_check(tables.Erasure, erased_people.key(user_id), condition=mark)
