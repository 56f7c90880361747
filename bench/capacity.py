"""DynamoDB's charge for a call: read and write units by its own rules, from items before and after.

Local engines report no units, or wrong ones, so they are counted here. Sources are the developer guide's "DynamoDB item
sizes and formats", "Read and write operations", "Global secondary indexes: write capacity units" and "DynamoDB
transactions: how it works". If the guide leaves something open, the dearer reading counts, and a comment says so.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

Item = Mapping[str, Mapping[str, Any]]  # in DynamoDB's own notation: {"name": {"S": "alice"}}

READ_UNIT_BYTES = 4096
WRITE_UNIT_BYTES = 1024


@dataclass(frozen=True)
class Units:
    """Read and write request units."""

    read: float = 0.0
    write: float = 0.0

    def __add__(self, other: "Units") -> "Units":
        return Units(self.read + other.read, self.write + other.write)


@dataclass(frozen=True)
class Index:
    """A secondary index: its key attributes, and the attributes besides the keys (None is all)."""

    name: str
    keys: tuple[str, ...]
    projected: tuple[str, ...] | None

    def entry(self, item: Item | None, table_keys: Iterable[str]) -> Item | None:
        """Returns the index's entry for an item; None if the item lacks a key of the index (a sparse index)."""
        if item is None or any(key not in item for key in self.keys):
            return None
        if self.projected is None:
            return item
        held = {*table_keys, *self.keys, *self.projected}
        return {name: value for name, value in item.items() if name in held}


@dataclass(frozen=True)
class Table:
    """The properties of a table that decide the price of a write."""

    name: str
    keys: tuple[str, ...]
    indexes: tuple[Index, ...] = ()

    @classmethod
    def of(cls, description: Mapping[str, Any]) -> "Table":
        """Returns the table that DescribeTable, or a template's resource, describes."""
        indexes = [
            *(description.get("GlobalSecondaryIndexes") or []),
            *(description.get("LocalSecondaryIndexes") or []),
        ]
        return cls(description["TableName"], _keys(description), tuple(_index(each) for each in indexes))

    def key_of(self, item: Item) -> dict[str, Mapping[str, Any]]:
        """Returns an item's primary key."""
        return {name: item[name] for name in self.keys}


def _keys(description: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(each["AttributeName"] for each in description["KeySchema"])


def _index(description: Mapping[str, Any]) -> Index:
    projection = description["Projection"]
    everything = projection["ProjectionType"] == "ALL"
    named = tuple(projection.get("NonKeyAttributes") or ())
    return Index(description["IndexName"], _keys(description), None if everything else named)


def item_size(item: Item | None) -> int:
    """Returns the bytes of an item: its attributes' names and values; 0 for none."""
    return sum(len(name.encode()) + value_size(value) for name, value in (item or {}).items())


def value_size(value: Mapping[str, Any]) -> int:
    """Returns the bytes of one value; ValueError for a notation that DynamoDB does not have."""
    [(kind, content)] = value.items()
    match kind:
        case "S":
            return len(content.encode())
        case "N":
            return _number_size(content)
        case "B":
            return len(content)
        case "BOOL" | "NULL":
            return 1
        case "SS":
            return sum(len(each.encode()) for each in content)
        case "NS":
            return sum(_number_size(each) for each in content)
        case "BS":
            return sum(len(each) for each in content)
        case "L":
            return 3 + sum(1 + value_size(each) for each in content)
        case "M":
            return 3 + sum(1 + len(name.encode()) + value_size(each) for name, each in content.items())
    raise ValueError(f"{kind} is no type of DynamoDB")


def _number_size(text: str) -> int:
    """Returns the bytes of a number: one for each two significant digits, one more, and one for a minus.

    The guide says "approximately", because pairs of digits are counted from the decimal point.
    """
    mantissa, _, exponent = text.lower().lstrip("+-").partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    significant = digits.rstrip("0")
    if not significant:
        return 1
    point = int(exponent or 0) - len(fraction) + len(digits) - len(significant)  # of the last digit, in powers of ten
    odd_end = point % 2
    pairs = -(-(len(significant) + odd_end) // 2)
    return 1 + pairs + text.startswith("-")


def read_units(size: int, *, consistent: bool) -> float:
    """Returns the units of reading so many bytes at once; a missing item costs as much as the smallest one."""
    return _steps(size, READ_UNIT_BYTES) * (1.0 if consistent else 0.5)


def write_units(table: Table, before: Item | None, after: Item | None, *, transactional: bool = False) -> float:
    """Returns the units of a write that turned `before` into `after`, its indexes included."""
    own = _steps(max(item_size(before), item_size(after)), WRITE_UNIT_BYTES)
    # Indexes follow a transaction after it is done ("changes start to propagate"), so they pay once.
    return own * (2 if transactional else 1) + sum(_index_units(table, index, before, after) for index in table.indexes)


def refused_write_units(before: Item | None, *, transactional: bool = False) -> float:
    """Returns the units of a write that changed nothing because a condition did not hold: the stored item's.

    For a transaction the guide does not say; it is taken to cost every item as if it had been written.
    """
    return _steps(item_size(before), WRITE_UNIT_BYTES) * (2.0 if transactional else 1.0)


def _index_units(table: Table, index: Index, before: Item | None, after: Item | None) -> int:
    old, new = index.entry(before, table.keys), index.entry(after, table.keys)
    if old == new:
        return 0
    if old is not None and new is not None and all(old[key] == new[key] for key in index.keys):
        return _steps(max(item_size(old), item_size(new)), WRITE_UNIT_BYTES)
    # An entry whose key changes is deleted and put again: two writes.
    return sum(_steps(item_size(entry), WRITE_UNIT_BYTES) for entry in (old, new) if entry is not None)


def _steps(size: int, step: int) -> int:
    return max(1, -(-size // step))
