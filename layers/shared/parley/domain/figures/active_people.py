"""The number of people who were active on a day: a HyperLogLog of 16,384 registers.

Its standard error is 0.81 % (1.04 / √16,384), so 98 estimates in a hundred are within 2 %. Two parts of a day, or two
days, merge by the greater of each register. A register holds a number of a hash and nobody's id. The registers are in
16 chunks, so that a person who is new on a day writes a small row.

Source of the estimate: O. Ertl, "New cardinality estimation algorithms for HyperLogLog sketches" (2017), algorithm 6.
It has no bias at small counts and needs no table of corrections.
"""

import zlib
from collections.abc import Iterable, Mapping
from hashlib import sha256
from math import inf, log, sqrt

CHUNKS = 16
CHUNK_REGISTERS = 1024
REGISTERS = CHUNKS * CHUNK_REGISTERS
_PLACE_BITS = 14  # of a hash: the register
_RANK_BITS = 64 - _PLACE_BITS
MAX_RANK = _RANK_BITS + 1


def register_of(user_id: str) -> tuple[int, int, int]:
    """Returns the chunk, the register in it, and the rank that a person has."""
    bits = int.from_bytes(sha256(user_id.encode()).digest()[:8])
    chunk, register = divmod(bits >> _RANK_BITS, CHUNK_REGISTERS)
    return chunk, register, MAX_RANK - (bits & ((1 << _RANK_BITS) - 1)).bit_length()


def unpacked(packed: bytes | None) -> bytes:
    """Returns the registers of a chunk, one byte each; raises ValueError for what is no chunk."""
    if packed is None:
        return bytes(CHUNK_REGISTERS)
    try:
        registers = zlib.decompress(packed)
    except zlib.error as error:
        raise ValueError("that is no chunk of registers") from error
    if len(registers) != CHUNK_REGISTERS or max(registers) > MAX_RANK:
        raise ValueError("that is no chunk of registers")
    return registers


def raised(registers: bytes, ranks: Mapping[int, int]) -> bytes:
    """Returns the registers after these ranks were seen."""
    after = bytearray(registers)
    for register, rank in ranks.items():
        after[register] = max(after[register], rank)
    return bytes(after)


def packed(registers: bytes) -> bytes:
    """Returns a chunk as it is stored: a full one takes some 500 bytes, at most 1,035."""
    return zlib.compress(registers, 9)


def merged(*sets: bytes) -> bytes:
    """Returns the registers of sets together."""
    return bytes(map(max, zip(*sets, strict=True)))


def estimate(chunks: Iterable[bytes]) -> int:
    """Returns about how many people the chunks have seen; chunks that are left out have seen nobody."""
    whole = b"".join(chunks)
    counts = [whole.count(rank) for rank in range(MAX_RANK + 1)]
    counts[0] += REGISTERS - len(whole)
    total = REGISTERS * _tau(1 - counts[MAX_RANK] / REGISTERS)
    for rank in range(_RANK_BITS, 0, -1):
        total = 0.5 * (total + counts[rank])
    total += REGISTERS * _sigma(counts[0] / REGISTERS)
    return round(REGISTERS * REGISTERS / (2 * log(2) * total))


def _sigma(share: float) -> float:
    if share == 1:
        return inf
    total, weight, before = share, 1.0, -1.0
    while total != before:
        share, before = share * share, total
        total += share * weight
        weight *= 2
    return total


def _tau(share: float) -> float:
    if share in (0, 1):
        return 0.0
    total, weight, before = 1 - share, 1.0, -1.0
    while total != before:
        share, before = sqrt(share), total
        weight *= 0.5
        total -= (1 - share) ** 2 * weight
    return total / 3
