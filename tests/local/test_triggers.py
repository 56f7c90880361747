"""Streams, queues and schedules at work by themselves, as in the local stack."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any, cast

import pytest
from botocore.exceptions import EndpointConnectionError

from local import schedules
from local.functions import Functions
from local.triggers import Triggers, _outside
from tests.harness import Parley

Calls = list[tuple[str, dict[str, Any]]]


@pytest.fixture
def at_work(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The triggers run, and the schedules' minute is a tenth of a second."""
    monkeypatch.setitem(schedules._UNITS, "minute", timedelta(seconds=0.1))
    triggers = Triggers(parley.template, parley.functions, parley.store)
    with triggers.running():
        yield


def eventually(calls: Calls, name: str, count: int = 1) -> list[dict[str, Any]]:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        found = [event for called, event in calls if called == name]
        if len(found) >= count:
            return found
        time.sleep(0.02)
    raise AssertionError(f"{name} was called {len(found)} times")


def test_a_written_item_reaches_its_function(parley: Parley, at_work: None, calls: Calls) -> None:
    parley.store.client("dynamodb").put_item(
        TableName=parley.template.resources["Items"].ref, Item={"owner": {"S": "anna"}, "seq": {"N": "1"}}
    )

    def owners() -> set[str]:  # the stream begins with what earlier tests wrote
        return {r["dynamodb"]["Keys"]["owner"]["S"] for name, e in calls if name == "on_item" for r in e["Records"]}

    deadline = time.monotonic() + 20
    while "anna" not in owners() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert "anna" in owners()


def test_a_sent_message_reaches_its_function(parley: Parley, at_work: None, calls: Calls) -> None:
    parley.store.client("sqs").send_message(QueueUrl=parley.template.resources["Jobs"].ref, MessageBody="work")

    assert [record["body"] for record in eventually(calls, "on_job")[0]["Records"]] == ["work"]


def test_a_schedule_runs_again_and_again(parley: Parley, at_work: None, calls: Calls) -> None:
    assert len({event["id"] for event in eventually(calls, "on_time", 3)}) >= 3


def test_the_end_ends_all_threads_at_once(parley: Parley) -> None:
    triggers = Triggers(parley.template, parley.functions, parley.store)

    with triggers.running():
        started = time.monotonic()

    assert time.monotonic() - started < 5


class Work:
    """A queue that always has a message."""

    name, is_fifo = "Work", False

    def __init__(self, functions: Functions) -> None:
        self._functions = functions

    def poll(self, *, wait_s: int) -> None:
        self._functions.waited("Echo", {"queryStringParameters": None})


def test_a_trigger_that_is_still_at_work_when_the_functions_close_ends_without_an_error(parley: Parley) -> None:
    closed = Functions(parley.template)
    closed.close()
    triggers = Triggers(parley.template, closed, parley.store)

    with ThreadPoolExecutor(1) as threads:
        threads.submit(_outside, partial(triggers._receive, cast(Any, Work(closed)))).result(10)


class Gone:
    """A queue whose store is gone; `act` happens before that shows."""

    name, is_fifo = "Gone", False

    def __init__(self, *acts: Callable[[], None]) -> None:
        self._acts = list(acts)

    def poll(self, *, wait_s: int) -> None:
        self._acts.pop(0)()
        raise EndpointConnectionError(endpoint_url="http://127.0.0.1:1")


def test_a_store_that_is_gone_is_an_error_until_everything_stops(
    parley: Parley, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("local.triggers.TROUBLE_S", 0)
    triggers = Triggers(parley.template, parley.functions, parley.store)

    triggers._receive(cast(Any, Gone(lambda: None, triggers._stop.set)))

    assert [record.levelname for record in caplog.records if "Gone" in record.getMessage()] == ["ERROR"]


def test_a_batch_waits_for_its_window_and_not_longer(parley: Parley, calls: Calls) -> None:
    [mapping] = parley.template.of_type("AWS::Lambda::EventSourceMapping")[:1]
    assert mapping.logical_id.startswith("OnItem")
    slow = replace(mapping, properties={**mapping.properties, "MaximumBatchingWindowInSeconds": 1})
    from local.streams import StreamMapping

    stream = StreamMapping(parley.template, slow, parley.functions, parley.store)
    stream.start("LATEST")
    for number in range(5):
        parley.store.client("dynamodb").put_item(
            TableName=parley.template.resources["Items"].ref, Item={"owner": {"S": f"o{number}"}, "seq": {"N": "1"}}
        )

    assert stream.poll(flush=False) == 1  # four make a batch; the fifth waits
    assert stream.poll(flush=False) == 0
    time.sleep(1.1)
    assert stream.poll(flush=False) == 1


class Groups:
    """A FIFO queue of which the messages of one group take as long as one likes."""

    name, is_fifo = "Groups", True

    def __init__(self, *bodies: str) -> None:
        self.waiting = list(bodies)
        self.handled: list[str] = []
        self.released = threading.Event()

    def receive(self, _: int) -> list[dict[str, Any]]:
        return [{"Body": self.waiting.pop(0)}] if self.waiting else []

    def handle(self, messages: list[dict[str, Any]]) -> None:
        for message in messages:
            if message["Body"] == "slow":
                self.released.wait(10)
            self.handled.append(message["Body"])


def test_a_slow_group_of_a_fifo_queue_delays_no_other(parley: Parley) -> None:
    triggers, queue = Triggers(parley.template, parley.functions, parley.store), Groups("slow", *"abc")
    thread = threading.Thread(target=triggers._receive, args=(queue,), daemon=True)
    thread.start()

    deadline = time.monotonic() + 5
    while len(queue.handled) < 3 and time.monotonic() < deadline:
        time.sleep(0.02)
    others = sorted(queue.handled)
    queue.released.set()
    triggers._stop.set()
    thread.join(5)

    assert (others, queue.handled[-1]) == (list("abc"), "slow")
