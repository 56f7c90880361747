"""Where words of people are who are not there: what an erasure must find, and no index of messages tells.

A trace is written by whoever takes a person out of a group, or forwards what they wrote, in the same transaction.
"""

from collections.abc import Iterable

from parley.adapters.dynamodb import batches, tables


def row(user_id: str, conversation_id: str) -> tables.WordsLeftBehind:
    """Returns a trace, to be saved in the transaction that leaves it."""
    return tables.WordsLeftBehind(user_id=user_id, conversation_id=conversation_id)


def behind(user_id: str, after: str | None, limit: int) -> list[str]:
    """Returns up to `limit` conversations that hold words of a person, by id, those behind `after`; one round trip."""
    condition = None if after is None else tables.WordsLeftBehind.conversation_id > after
    found = tables.WordsLeftBehind.query(user_id, condition, limit=limit, page_size=limit, consistent_read=True)
    return [row.conversation_id for row in found]


def among(user_id: str, conversation_ids: Iterable[str]) -> set[str]:
    """Returns those of these conversations that hold words of a person; one round trip per 100."""
    wanted = list(dict.fromkeys(conversation_ids))
    rows = batches.read_rows({tables.WordsLeftBehind: [(user_id, conversation_id) for conversation_id in wanted]})
    return {
        conversation_id
        for conversation_id in wanted
        if rows.get(tables.WordsLeftBehind, user_id, conversation_id) is not None
    }
