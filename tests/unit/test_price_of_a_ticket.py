"""The price of a ticket over its life: what its acts take, each as often as it is done."""

import pytest

from bench import prices, support

ACT = {"read": 8.0, "write": 10.0, "posts": 2.0, "waits_ms": 50.0, "memory_mb": 512.0}
NUMBERS = {"send.REST.processor_ms": 3.0, "send.REST.log_bytes": 300.0}


def _numbers(**times: float) -> dict[str, float]:
    acts = {f"support.{act}.{name}": number for act in times for name, number in ACT.items()}
    return NUMBERS | acts | {f"support.{act}.times": number for act, number in times.items()}


def test_its_parts_add_up() -> None:
    total, *parts = support.price_rows(_numbers(open=1, reply=4))

    assert total.key == "cost.ticket" and total.number > 0
    assert sum(part.number for part in parts) == pytest.approx(total.number, abs=0.01 * len(parts))


def test_each_act_costs_as_often_as_it_is_done() -> None:
    once, thrice = support.price_rows(_numbers(open=1)), support.price_rows(_numbers(open=1, reply=2))

    assert [row.number for row in thrice] == pytest.approx([3 * row.number for row in once], abs=0.05)


def test_what_only_pages_of_the_queue_take_is_no_part_of_it() -> None:
    numbers = _numbers(open=1)
    paged = numbers | {f"support.queue.{name}": number for name, number in ACT.items()}

    assert support.price_rows(paged) == support.price_rows(numbers)


def test_a_request_is_paid_to_api_gateway() -> None:
    rows = {row.key: row.number for row in support.price_rows(_numbers(open=1, rate=1))}

    assert rows["cost.ticket.requests"] == pytest.approx(2 * prices.REST_REQUEST * 1e6)
