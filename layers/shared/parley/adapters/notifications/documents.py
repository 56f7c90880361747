"""Documents with a revision, one row of the table of notifications each: a change is saved if nobody else made one."""

from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from parley.adapters.dynamodb import batches, tables, unreadable

Content = TypeVar("Content")


def document_of(rows: batches.Rows, key: tuple[str, str], default: Content) -> tuple[Content, int, Mapping[str, Any]]:
    """Returns a document from a batch that held `key`, its revision, and its row in DynamoDB's own notation.

    Without a row, or if it is unreadable, that is `default`, which has the document's type, at revision 0.
    """
    item = rows.item(tables.Notification, *key) or {}
    try:
        row = rows.get(tables.Notification, *key)
        if row is None:
            return default, 0, item
        return msgspec.convert(row.document, type=type(default)), int(row.revision), item
    except unreadable.ERRORS:
        unreadable.report("Notifications", ["/".join(key)])
        return default, 0, item
