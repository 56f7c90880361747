"""Conversations that still hold a former member's messages. Erasure needs them; no index lists them.

The transaction that removes a person from a group, or forwards their words, also writes a trace.
"""

from collections.abc import Iterable

from parley.adapters.dynamodb import batches, tables


def row(user_id: str, conversation_id: str) -> tables.WordsLeftBehind:
    """Returns a trace, to be saved in the transaction that makes it."""
    return tables.WordsLeftBehind(user_id=user_id, conversation_id=conversation_id)


def behind(user_id: str, after: str | None, limit: int) -> list[str]:
    """Returns up to `limit` conversations that hold a person's words, by id, after the id `after`; one round trip."""
    condition = None if after is None else tables.WordsLeftBehind.conversation_id > after
    found = tables.WordsLeftBehind.query(user_id, condition, limit=limit, page_size=limit, consistent_read=True)
    return [row.conversation_id for row in found]


def among(user_id: str, conversation_ids: Iterable[str]) -> set[str]:
    """Returns those of these conversations that hold a person's words; one round trip per 100."""
    wanted = list(dict.fromkeys(conversation_ids))
    rows = batches.read_rows({tables.WordsLeftBehind: [(user_id, conversation_id) for conversation_id in wanted]})
    return {conversation_id for conversation_id in wanted if rows.has(tables.WordsLeftBehind, user_id, conversation_id)}
