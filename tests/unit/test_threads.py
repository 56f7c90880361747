"""Pools of threads: a task has the context of its request, and tasks that wait for others do not block them."""

from concurrent.futures import wait
from contextvars import ContextVar
from threading import Barrier

from parley.actions.parallel import in_parallel
from parley.adapters.threads import Threads

PATIENCE_S = 20  # for what takes a millisecond
caller: ContextVar[str] = ContextVar("caller")


def test_a_task_has_the_context_of_its_request() -> None:
    caller.set("alice")
    with Threads(max_workers=2, thread_name_prefix="test") as threads:
        assert threads.submit(caller.get).result(PATIENCE_S) == "alice"
        assert threads.submit(lambda: threads.submit(caller.get).result(PATIENCE_S)).result(PATIENCE_S) == "alice"


def test_tasks_that_wait_for_tasks_of_the_same_pool_do_not_block_them() -> None:
    full = Barrier(2, timeout=PATIENCE_S)  # both threads are taken before either submits
    threads = Threads(max_workers=2, thread_name_prefix="test")

    def outer() -> int:
        full.wait()
        return threads.submit(middle).result(PATIENCE_S)

    def middle() -> int:
        full.wait()
        return threads.submit(lambda: 1).result(PATIENCE_S)

    assert [each.result(3 * PATIENCE_S) for each in (threads.submit(outer), threads.submit(outer))] == [1, 1]


def test_many_requests_of_one_process_may_each_do_things_side_by_side() -> None:
    """More requests than threads of `in_parallel`, each with one within another."""
    requests = Threads(max_workers=40, thread_name_prefix="requests")
    all_in = Barrier(16, timeout=PATIENCE_S)

    def second(number: int) -> tuple[int, int]:
        if number < 16:
            all_in.wait()
        return in_parallel(lambda: number, lambda: number)

    def request(number: int) -> tuple[int, tuple[int, int]]:
        return in_parallel(lambda: number, lambda: second(number))

    begun = [requests.submit(request, number) for number in range(40)]

    wait(begun, 3 * PATIENCE_S)
    assert [each.result(0) for each in begun] == [(number, (number, number)) for number in range(40)]
