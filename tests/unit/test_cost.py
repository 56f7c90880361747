"""The price of a million messages: arithmetic over what was counted, with nothing forgotten and nothing twice."""

import pytest

from bench import cost
from bench.stage import memory_mb

NUMBERS = {
    "send.WebSocket.read": 4.0,
    "send.WebSocket.write": 6.0,
    "send.WebSocket.posts": 1.0,
    "send_first.WebSocket.write": 14.0,
    "send.REST.read": 4.0,
    "send.REST.write": 6.0,
    "send.REST.posts": 2.0,
    "send_first.REST.write": 14.0,
    "send.WebSocket.waits_ms": 50.0,
    "send.REST.waits_ms": 50.0,
    "send.WebSocket.processor_ms": 3.0,
    "send.REST.processor_ms": 4.0,
    "send.WebSocket.log_bytes": 450.0,
    "send.REST.log_bytes": 450.0,
    "ping.read": 0.0,
    "ping.write": 1.0,
    "ping.waits_ms": 7.5,
    "ping.processor_ms": 1.0,
    "ping.log_bytes": 450.0,
}


def test_parts_add_up_to_the_total() -> None:
    rows = {row.key: row for row in cost.measure(NUMBERS).rows}

    parts = [row.number for row in rows.values() if row.what.startswith("–")]
    assert rows["cost.total"].number == pytest.approx(sum(parts), abs=0.01 * len(parts))


def test_message_is_a_frame_an_acknowledgement_and_an_event_for_each_device() -> None:
    assert _part("API Gateway messages", NUMBERS) == pytest.approx(3.00)
    assert _part("API Gateway messages", {**NUMBERS, "send.WebSocket.posts": 4.0}) == pytest.approx(6.00)


def test_first_message_of_an_hour_has_its_share() -> None:
    units = 6 + (14 - 6) * cost.FIRST_OF_HOUR

    assert _part("DynamoDB writes", NUMBERS) == pytest.approx(units * 0.625)
    assert _part("DynamoDB reads", NUMBERS) == pytest.approx(4 * 0.125)


def test_invocation_is_billed_for_its_waits_for_aws() -> None:
    slower = {**NUMBERS, "send.WebSocket.waits_ms": 150.0}

    gb_s = 0.1 * memory_mb() / 1024 * (1 + 1 / cost.STREAM_BATCH)
    more = _part("Lambda duration", slower) - _part("Lambda duration", NUMBERS)
    assert more == pytest.approx(gb_s * cost.USD_PER_GB_S * 1e6)


def test_every_row_but_the_total_only_informs() -> None:
    budgets = {row.key: row.budget for row in cost.measure(NUMBERS).rows if row.budget is not None}

    assert budgets == {"cost.total": cost.BUDGET_USD}


def _part(name: str, numbers: dict[str, float]) -> float:
    """Returns what a part costs in USD per million messages."""
    [usd] = [part.usd for part in cost.message_parts(numbers) if part.name == name]
    return usd * 1e6
