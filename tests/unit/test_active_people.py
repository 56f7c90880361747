"""The number of active people: the error of the estimate, and parts that merge."""

import random

import pytest

from parley.domain.figures.active_people import (
    CHUNK_REGISTERS,
    CHUNKS,
    MAX_RANK,
    estimate,
    merged,
    packed,
    raised,
    register_of,
    unpacked,
)


def chunks_of(user_ids: list[str]) -> list[bytes]:
    chunks = [bytes(CHUNK_REGISTERS)] * CHUNKS
    ranks: list[dict[int, int]] = [{} for _ in chunks]
    for user_id in user_ids:
        chunk, register, rank = register_of(user_id)
        ranks[chunk][register] = max(rank, ranks[chunk].get(register, 0))
    return [raised(chunk, seen) for chunk, seen in zip(chunks, ranks, strict=True)]


@pytest.mark.parametrize("count", [1, 10, 100, 1_000, 10_000, 30_000, 60_000, 100_000, 300_000])
def test_estimate_is_within_two_percent(count: int) -> None:
    found = estimate(chunks_of([f"user-{number}" for number in range(count)]))

    assert abs(found - count) <= 0.02 * count


def test_nobody_is_nobody() -> None:
    assert estimate([]) == estimate(chunks_of([])) == 0


def test_who_writes_often_counts_once() -> None:
    assert estimate(chunks_of(["anna", "ben"] * 50)) == 2


def test_standard_error_is_under_one_percent() -> None:
    generator = random.Random(7)
    count, runs = 20_000, 24
    errors = [
        estimate(chunks_of([f"{generator.getrandbits(64):x}" for _ in range(count)])) / count - 1 for _ in range(runs)
    ]

    assert (sum(error * error for error in errors) / runs) ** 0.5 < 0.0125


def test_parts_merge_to_the_whole() -> None:
    people = [f"user-{number}" for number in range(5_000)]
    first, second = chunks_of(people[:3_000]), chunks_of(people[2_000:])

    assert [merged(one, other) for one, other in zip(first, second, strict=True)] == chunks_of(people)


def test_full_chunk_fits_a_write_unit() -> None:
    for chunk in chunks_of([f"user-{number}" for number in range(200_000)]):
        assert len(packed(chunk)) < 900  # beside key and revision
        assert unpacked(packed(chunk)) == chunk


@pytest.mark.parametrize("stored", [b"", b"no", packed(b"\x00" * 10), packed(bytes([MAX_RANK + 1]) * CHUNK_REGISTERS)])
def test_what_is_no_chunk_is_refused(stored: bytes) -> None:
    with pytest.raises(ValueError, match="no chunk"):
        unpacked(stored)
