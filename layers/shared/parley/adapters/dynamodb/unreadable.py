"""Unreadable rows: a row of another person that cannot be decoded must not end the request of the caller."""

from collections.abc import Collection

from aws_lambda_powertools import Logger

from parley.adapters import metrics
from parley.domain.api import custom_data

# The decoding of a damaged row raises one of these: an attribute is missing, or has another type.
ERRORS = (AttributeError, KeyError, TypeError, ValueError)
MAX_LOGGED = 20  # ids in one line of the log

logger = Logger()


def metadata(text: str | None, table: str, row_id: str) -> str | None:
    """Returns a row's metadata; None if their text is damaged, so that they hide no more than themselves."""
    try:
        custom_data.from_compact(text)
    except ERRORS:
        report(table, [row_id])
        return None
    return text


def report(table: str, ids: Collection[str]) -> None:
    """Logs the ids of unreadable rows in one line, without their content, and counts the rows."""
    if ids:
        # The deployer must mend them, and an error rings the alarm.
        logger.error("row_unreadable", code="row_unreadable", table=table, ids=sorted(ids)[:MAX_LOGGED])
        metrics.count("RowsUnreadable", len(ids), table=table)
