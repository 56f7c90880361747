"""Count the stored messages by what their conversations are about.

The truth of the table, whatever became of the sender.
"""

from collections import Counter

from parley.triggers import observing
from parley.triggers.stream import Row, stream


@stream
def handler(rows: list[Row]) -> None:
    for context_type, count in Counter(row.get("context_type", "general") for row in rows).items():
        observing.count("count_messages", "MessagesStored", count, context_type=context_type)
