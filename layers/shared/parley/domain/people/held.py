"""The contexts that rows of their own give a person, as digests in the person's row.

A policy asks whether a person belongs to a context, and whether two people share one of a type. Both answers come from
the rows of the two people, whatever number of contexts they have. The digests are kept by type, so that a type never
meets another, and sorted, so that one is found by halving.
"""

from bisect import bisect_left
from collections.abc import Iterator, Mapping
from functools import lru_cache
from hashlib import sha256

from parley.domain.api.errors import Conflict
from parley.domain.api.identity import MAX_CONTEXT_TYPES

DIGEST_BYTES = 7  # 500 of them with the rest of a row are under 4 KB, one read unit (D-435)
MAX_HELD = 2_000  # of one person, all types together

Held = Mapping[str, bytes]  # by type the digests of the ids, sorted, one after the other; no type without a digest


def context_key(context_type: str, context_id: str) -> str:
    """Returns a context as a key. No type holds a `#`."""
    return f"{context_type}#{context_id}"


def context_of(key: str) -> tuple[str, str]:
    """Returns type and id of the context that `context_key` wrote."""
    context_type, _, context_id = key.partition("#")
    return context_type, context_id


def digest(context_type: str, context_id: str) -> bytes:
    """Returns the digest of a context."""
    return sha256(context_key(context_type, context_id).encode()).digest()[:DIGEST_BYTES]


def has(held: Held, context_type: str, context_id: str) -> bool:
    """Says whether a person belongs to a context."""
    return _has(held.get(context_type, b""), digest(context_type, context_id))


def shares(held: Held, other: Held, context_type: str) -> bool:
    """Says whether two people share a context of this type."""
    return not _digests(held.get(context_type, b"")).isdisjoint(_each(other.get(context_type, b"")))


def with_context(held: Held, context_type: str, context_id: str) -> Held:
    """Returns what a person holds with one context more; raises Conflict beyond `MAX_HELD`."""
    if has(held, context_type, context_id):
        return held
    digests = [*_each(held.get(context_type, b"")), digest(context_type, context_id)]
    if count(held) >= MAX_HELD or (context_type not in held and len(held) >= MAX_CONTEXT_TYPES):
        detail = f"A person belongs to {MAX_HELD} contexts of {MAX_CONTEXT_TYPES} types at most."
        raise Conflict("too_many_contexts", detail, rule="contexts")
    return {**held, context_type: b"".join(sorted(digests))}


def without_context(held: Held, context_type: str, context_id: str) -> Held:
    """Returns what a person holds with one context less."""
    gone = digest(context_type, context_id)
    left = b"".join(each for each in _each(held.get(context_type, b"")) if each != gone)
    others = {name: digests for name, digests in held.items() if name != context_type}
    return {**others, context_type: left} if left else others


def count(held: Held) -> int:
    """Returns the number of a person's contexts."""
    return sum(len(digests) for digests in held.values()) // DIGEST_BYTES


def _has(digests: bytes, wanted: bytes) -> bool:
    at = bisect_left(range(len(digests) // DIGEST_BYTES), wanted, key=lambda number: _at(digests, number))
    return _at(digests, at) == wanted


def _at(digests: bytes, number: int) -> bytes:
    return digests[number * DIGEST_BYTES : (number + 1) * DIGEST_BYTES]


def _each(digests: bytes) -> Iterator[bytes]:
    return (_at(digests, number) for number in range(len(digests) // DIGEST_BYTES))


@lru_cache(maxsize=16)  # a page of the directory compares one person with a hundred others
def _digests(digests: bytes) -> frozenset[bytes]:
    return frozenset(_each(digests))
