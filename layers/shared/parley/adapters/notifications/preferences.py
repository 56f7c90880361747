"""Preferences of notifications: one row a person, in the table of notifications. Without a row the defaults count."""

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct
from pynamodb.exceptions import PutError

from parley.adapters.dynamodb import batches, conditions, tables
from parley.adapters.notifications.documents import document_of
from parley.domain.notifications.preferences import DEFAULTS, Preferences

PLACE = "~preferences"


class Read(Struct, frozen=True):
    """Preferences as they were read, and their row in DynamoDB's own notation, readable or not."""

    preferences: Preferences
    revision: int
    item: Mapping[str, Any]


def key(user_id: str) -> tuple[str, str]:
    """Returns the key of a person's preferences: one more in a batch, 1 unit."""
    return (user_id, PLACE)


def of(rows: batches.Rows, user_id: str) -> Preferences:
    """Returns a person's preferences from a batch that held `key`; the defaults if the row is unreadable."""
    return read_of(rows, user_id).preferences


def get_preferences(user_id: str) -> Read:
    """Returns a person's preferences; strongly consistent, one round trip."""
    return read_of(batches.read_rows({tables.Notification: [key(user_id)]}), user_id)


def save(user_id: str, read: Read, after: Preferences) -> bool:
    """Writes changed preferences; returns False if they were changed since they were read. One round trip."""
    row = tables.Notification(
        user_id, PLACE, document=msgspec.to_builtins(after, str_keys=True), revision=read.revision + 1
    )
    try:
        row.save(condition=conditions.unchanged(read.item, tables.Notification.revision))
    except PutError as error:
        if conditions.failed_condition(error):
            return False
        raise
    return True


def read_of(rows: batches.Rows, user_id: str) -> Read:
    """Returns a person's preferences as a batch that held `key` has read them."""
    return Read(*document_of(rows, key(user_id), DEFAULTS))
