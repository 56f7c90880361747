"""Reading many items of many tables in as few round trips as DynamoDB allows.

100 keys a call, the calls side by side.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, TypeVar

from parley.adapters.dynamodb import clients, retrying
from parley.adapters.dynamodb.admission import MAX_KEYS
from parley.adapters.dynamodb.documents import to_wire
from parley.adapters.dynamodb.tables import Table
from parley.adapters.threads import Threads

MAX_WRITTEN = 25  # rows of one BatchWriteItem (DynamoDB quotas)
MAX_ROUNDS = 6  # times that keys left out by DynamoDB are asked again, before the caller is told to come back

Key = tuple[str | int, ...]
Item = Mapping[str, Any]  # in DynamoDB's own notation
Row = TypeVar("Row", bound=Table)

_calls = Threads(max_workers=32, thread_name_prefix="batch-get")


class Rows:
    """The rows that a batch found, by model and key. `get` decodes a row, so an unreadable row hides no other."""

    def __init__(self, found: Mapping[tuple[type[Table], Key], Item]) -> None:
        self._found = found

    def get(self, model: type[Row], *key: str | int) -> Row | None:
        """Returns the row of that key, or None if it does not exist; raises one of `unreadable.ERRORS`."""
        item = self._found.get((model, key))
        return None if item is None else model.from_raw_data(dict(item))

    def has(self, model: type[Table], *key: str | int) -> bool:
        """Says whether the row of that key exists, readable or not."""
        return (model, key) in self._found

    def item(self, model: type[Table], *key: str | int) -> Item | None:
        """Returns the row of that key in DynamoDB's own notation, readable or not; None if it does not exist."""
        return self._found.get((model, key))


def read_rows(
    wanted: Mapping[type[Table], Iterable[Key]],
    *,
    stale: Collection[type[Table]] = (),
    beside: Mapping[type[Table], Iterable[Key]] | None = None,
) -> Rows:
    """Returns the rows of these keys, of any number of tables.

    Strongly consistent, except those of the models in `stale`, and those of `beside`, whatever their models.

    One round trip for each 100 keys, all at once. A consistent read costs 1 unit per 4 KB, a stale one half of that.
    Raises Unavailable if DynamoDB keeps leaving keys out.
    """
    keys, keys_beside = _keys(wanted), _keys(beside or {})
    # One call reads each table either way.
    apart = {model for model, _ in keys_beside} & {model for model, _ in keys if model not in stale}
    stale_beside = {*stale, *(model for model, _ in keys_beside)}
    parts = [(keys, stale), (keys_beside, stale_beside)] if apart else [([*keys, *keys_beside], stale_beside)]
    chunks = [(chunk, its_stale) for part, its_stale in parts for chunk in _chunks(part)]
    # A thread costs more than it saves if only one call is to be made.
    answers = (
        _calls.map(lambda chunk: _read(*chunk), chunks) if len(chunks) > 1 else [_read(*chunk) for chunk in chunks]
    )
    return Rows({found: item for answer in answers for found, item in answer})


def _keys(wanted: Mapping[type[Table], Iterable[Key]]) -> list[tuple[type[Table], Key]]:
    return [(model, key) for model, its_keys in wanted.items() for key in dict.fromkeys(its_keys)]


def _chunks(keys: Sequence[tuple[type[Table], Key]]) -> Iterator[list[tuple[type[Table], Key]]]:
    rest = iter(keys)
    while chunk := list(islice(rest, MAX_KEYS)):
        yield chunk


def _read(
    keys: Sequence[tuple[type[Table], Key]], stale: Collection[type[Table]]
) -> list[tuple[tuple[type[Table], Key], Item]]:
    models = {model.Meta.table_name: model for model, _ in keys}
    asked: dict[str, Any] = {}
    for model, key in keys:
        table = asked.setdefault(model.Meta.table_name, {"Keys": [], "ConsistentRead": model not in stale})
        table["Keys"].append(_wire(model, key))
    found = []
    for _ in range(MAX_ROUNDS):
        answer = clients.dynamodb.dispatch("BatchGetItem", {"RequestItems": asked})
        for table_name, items in answer["Responses"].items():
            model = models[table_name]
            found += [((model, model.key_of(item)), item) for item in items]
        asked = answer.get("UnprocessedKeys") or {}
        if not asked:
            return found
    raise retrying.busy()


def write_rows(rows: Iterable[Table]) -> None:
    """Writes rows of any number of tables, whatever is there; one round trip for each 25, all at once.

    Rows may be written in part if a call fails. Raises Unavailable if DynamoDB keeps leaving rows out.
    """
    _write_all([(row.Meta.table_name, {"PutRequest": {"Item": row.serialize()}}) for row in rows])


def delete_rows(keys: Mapping[type[Table], Iterable[Key]]) -> None:
    """Deletes the rows of these keys, if they are there, as `write_rows` writes;"""
    _write_all([(model.Meta.table_name, {"DeleteRequest": {"Key": _wire(model, key)}}) for model, key in _keys(keys)])


def _wire(model: type[Table], key: Key) -> Item:
    return {name: to_wire(part) for name, part in zip(model.key_names(), key, strict=True)}


def _write_all(wanted: Sequence[tuple[str, Item]]) -> None:
    chunks = [wanted[first : first + MAX_WRITTEN] for first in range(0, len(wanted), MAX_WRITTEN)]
    if len(chunks) > 1:
        list(_calls.map(_write, chunks))
    elif chunks:
        _write(chunks[0])


def _write(requests: Sequence[tuple[str, Item]]) -> None:
    asked: dict[str, Any] = {}
    for table_name, request in requests:
        asked.setdefault(table_name, []).append(request)
    for _ in range(MAX_ROUNDS):
        asked = clients.dynamodb.dispatch("BatchWriteItem", {"RequestItems": asked}).get("UnprocessedItems") or {}
        if not asked:
            return
    raise retrying.busy()
