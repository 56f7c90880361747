"""Sweeps: every row stands in one part of its index, and the parts bear what is promised."""

import pytest

from parley.domain.live.presence import HEARTBEAT_S, Heartbeat
from parley.domain.live.sweeps import SHARDS, SweepKind, shard, shards

PARTITION_WRITES = 1000  # a second (DynamoDB quotas)


@pytest.mark.parametrize("kind", SHARDS)
def test_rows_stand_evenly_in_the_parts_of_an_index(kind: SweepKind) -> None:
    placed = [shard(kind, f"user{number}") for number in range(10_000)]

    assert set(placed) == set(shards(kind))
    assert max(placed.count(part) for part in shards(kind)) < 1.3 * 10_000 / SHARDS[kind]
    assert placed == [shard(kind, f"user{number}") for number in range(10_000)]


def test_parts_bear_a_million_people_online_and_a_hundred_thousand_deaths() -> None:
    heartbeat = Heartbeat(HEARTBEAT_S)
    pings_to_a_renewal = -(-(heartbeat.lease_s - heartbeat.least_s) // HEARTBEAT_S)
    renewals = 1_000_000 / (pings_to_a_renewal * HEARTBEAT_S)  # a second; each takes an entry out and puts one in
    deaths = 100_000 / 300

    assert 1.3 * (2 * renewals + deaths) < SHARDS["presence"] * PARTITION_WRITES


def test_parts_bear_the_typing_of_ten_thousand_messages_a_second() -> None:
    writes = 2  # a message: the first start puts an entry in, the stop or the sweep takes it out

    assert 1.3 * 10_000 * writes < SHARDS["typing"] * PARTITION_WRITES
