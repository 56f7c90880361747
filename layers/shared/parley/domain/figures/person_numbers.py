"""The messages that people have written and received on a day: many people in one row, sorted by their codes.

A row has 8 bytes for each code, then the numbers, column by column and compressed, since most of them are small. It is
some 12 bytes for each person. No row holds an id, so an erasure has nothing to do: the code of a person is a hash.
"""

import zlib
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Mapping
from hashlib import sha256

from msgspec import Struct

from parley.domain.api.times import DAY_MS
from parley.domain.people.directory import SHARDS, shard

PARTS = 4  # rows of a day and a shard of the directory
MAX_PEOPLE = 16_000  # of one row, some 200 KB: DynamoDB takes 4 MB in a transaction, which writes 16 of them
MINUTE_MS = 60_000
_HASH_BITS = 62  # of a code: the rest is the shard of the directory
_PART_BITS = 60
_MOST = 2**32 - 1
_COUNT_BYTES = 4


class Numbers(Struct, frozen=True):
    """The messages that a person has written and received on a day.

    `minute` is the minute of the day in which they last wrote, from 1 on, or 0.
    """

    sent: int = 0
    received: int = 0
    minute: int = 0

    def plus(self, other: "Numbers") -> "Numbers":
        """Returns both together."""
        sent, received = min(_MOST, self.sent + other.sent), min(_MOST, self.received + other.received)
        return Numbers(sent, received, max(self.minute, other.minute))


NOTHING = Numbers()
People = Mapping[int, Numbers]


def code_of(user_id: str) -> int:
    """Returns the code of a person; it tells their shard of the directory, and the row that counts them."""
    part = SHARDS.index(shard(user_id))
    return part << _HASH_BITS | int.from_bytes(sha256(user_id.encode()).digest()[:8]) >> (64 - _HASH_BITS)


def row_of(code: int) -> tuple[str, int]:
    """Returns the shard of the directory and the number of the row that count a person."""
    return SHARDS[code >> _HASH_BITS], code >> _PART_BITS & (PARTS - 1)


def minute_of(at_ms: int) -> int:
    """Returns the minute of its day in which a time is, from 1 on."""
    return at_ms % DAY_MS // MINUTE_MS + 1


def together(sets: Iterable[People]) -> dict[int, Numbers]:
    """Returns the sums by person."""
    sums: dict[int, Numbers] = {}
    for people in sets:
        for code, numbers in people.items():
            sums[code] = sums[code].plus(numbers) if code in sums else numbers
    return sums


def bounded(before: People, after: People) -> People:
    """Returns the people of a row after an addition: if they are too many, those who were there first stay."""
    if len(after) <= MAX_PEOPLE:
        return after
    new = [code for code in after if code not in before]
    return {code: numbers for code, numbers in after.items() if code in before} | {
        code: after[code] for code in new[: max(0, MAX_PEOPLE - len(before))]
    }


def packed(people: People) -> bytes:
    """Returns the row's content."""
    codes = sorted(people)
    numbers = [people[code] for code in codes]
    columns = (
        _column("I", (each.sent for each in numbers)),
        _column("I", (each.received for each in numbers)),
        _column("H", (each.minute for each in numbers)),
    )
    return len(codes).to_bytes(_COUNT_BYTES) + _column("Q", codes) + zlib.compress(b"".join(columns), 9)


class Packed:
    """The people of a row; looking one up decodes nobody else."""

    def __init__(self, content: bytes) -> None:
        """Raises ValueError for what is no row of people."""
        count = int.from_bytes(content[:_COUNT_BYTES])
        end = _COUNT_BYTES + 8 * count
        try:
            columns = zlib.decompress(content[end:])
        except zlib.error as error:
            raise ValueError("that is no row of people") from error
        if len(columns) != 10 * count:
            raise ValueError("that is no row of people")
        self.codes = _numbers("Q", content[_COUNT_BYTES:end])
        self._sent = _numbers("I", columns[: 4 * count])
        self._received = _numbers("I", columns[4 * count : 8 * count])
        self._minutes = _numbers("H", columns[8 * count :])

    def of(self, code: int) -> Numbers:
        """Returns the numbers of a person."""
        at = bisect_left(self.codes, code)
        return self._at(at) if at < len(self.codes) and self.codes[at] == code else NOTHING

    def all(self) -> dict[int, Numbers]:
        """Returns everybody."""
        return {code: self._at(at) for at, code in enumerate(self.codes)}

    def _at(self, at: int) -> Numbers:
        return Numbers(self._sent[at], self._received[at], self._minutes[at])


def unpacked(content: bytes | None) -> Packed:
    """Returns the people of a row; nobody without one."""
    return Packed(packed({}) if content is None else content)


def _column(kind: str, numbers: Iterable[int]) -> bytes:
    column = array(kind, numbers)
    column.byteswap()  # processors of Lambda are little endian; what is stored is not
    return column.tobytes()


def _numbers(kind: str, content: bytes) -> "array[int]":
    column = array(kind)
    column.frombytes(content)
    column.byteswap()
    return column
