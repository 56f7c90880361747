"""Rows that the desk keeps under one key of the table of tickets, beside a row that counts them (D-948)."""

from pynamodb.attributes import NumberAttribute
from pynamodb.pagination import ResultIterator
from pynamodb.transactions import TransactWrite

from parley.adapters.dynamodb import tables


def rows_after(
    key: str, prefix: str, after_id: str | None, page_size: int | None = None
) -> ResultIterator[tables.Ticket]:
    """Returns the rows of a prefix like `macro#` by id, after `after_id`, consistently; one round trip for each MB."""
    # `$` follows `#`, so the upper end is before every other place.
    start = prefix if after_id is None else f"{prefix}{after_id}$"
    end = f"{prefix.removesuffix('#')}$"
    return tables.Ticket.query(key, tables.Ticket.place.between(start, end), consistent_read=True, page_size=page_size)


def count_in(transaction: TransactWrite, counter: tuple[str, str], count: NumberAttribute, bound: int) -> None:
    """Adds to a transaction that there is one more; it fails if there are as many as there can be.

    So the bound holds, however many come at once.
    """
    has_room = count.does_not_exist() | (count < bound)
    transaction.update(tables.Ticket(*counter), actions=[count.add(1)], condition=has_room)


def count_out(transaction: TransactWrite, counter: tuple[str, str], count: NumberAttribute) -> None:
    """Adds to a transaction that there is one less."""
    transaction.update(tables.Ticket(*counter), actions=[count.add(-1)])
