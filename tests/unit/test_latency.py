"""The model of how long a function takes on AWS, and the machine that its processor times are measured on."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from bench import __main__ as bench
from bench import latency, machine
from bench.calls import Call, slowest_chain


def test_a_transaction_waits_three_times_as_long_as_a_put() -> None:
    assert latency.typical_ms("dynamodb", "TransactWriteItems") == 25
    assert latency.typical_ms("dynamodb", "BatchGetItem") == 8
    assert latency.typical_ms("dynamodb", "PutItem") == latency.typical_ms("dynamodb", "Query") == 7.5


def test_waits_side_by_side_count_once_by_the_slower_one() -> None:
    batch, transaction, beside = call(0), call(2, 0), call(1, 0)
    post = call(3, 0, 1, 2)

    assert slowest_chain([(batch, 8), (transaction, 25), (beside, 8), (post, 15)]) == 8 + 25 + 15
    assert slowest_chain([(call(0), 8), (call(1), 25)]) == 25
    assert slowest_chain([]) == 0


def call(number: int, *after: int) -> Call:
    return Call("dynamodb", "GetItem", {}, number, sum(1 << each for each in after))


def test_a_function_has_a_share_of_a_processor() -> None:
    half = latency.FULL_PROCESSOR_MB / 2

    assert latency.duration_ms(0, 40, half) == 40
    assert latency.duration_ms(5, 40, half) == pytest.approx(40 + 5 * 2)
    assert latency.duration_ms(5, 40, 2 * latency.FULL_PROCESSOR_MB) == pytest.approx(40 + 5)


def test_ticks_tell_which_share_others_use() -> None:
    before = machine._ticks("cpu  100 0 50 800 50 0 0 0 0 0\ncpu0 …")
    after = machine._ticks("cpu  140 0 60 880 60 0 5 5 0 0\ncpu0 …")

    assert machine._share(before, after) == pytest.approx(1 - 90 / 150)


def test_a_busy_machine_is_noticed_and_a_slow_one_measured() -> None:
    def work(until_s: float) -> None:
        while time.monotonic() < until_s:
            sum(range(1000))

    with ThreadPoolExecutor() as threads:
        working = threads.submit(work, time.monotonic() + machine.WATCHED_S + 0.5)
        share = machine.busy_share()
        working.result()

    assert share is None or share > machine.CALM
    assert machine.slowness() > 0


def test_bench_says_when_others_keep_the_machine_busy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "busy_share", lambda: machine.CALM + 0.3)
    assert "45% of the processors before cost" in bench._disturbed("before cost")[0]

    monkeypatch.setattr(machine, "busy_share", lambda: machine.CALM)
    assert bench._disturbed("before cost") == []
