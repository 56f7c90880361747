"""The event sources at work, each in its own thread: streams, queues and schedules."""

import logging
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import partial

from botocore.exceptions import BotoCoreError, ClientError

from local import queues, schedules, streams
from local.functions import Closed, Functions, stand_outside
from local.provision import Store
from local.queues import QueueMapping
from local.schedules import Schedule
from local.streams import StreamMapping
from local.template import Document, Template

log = logging.getLogger(__name__)

STREAM_POLL_S = 0.25  # Lambda polls a shard four times a second
QUEUE_WAIT_S = 1
GROUPS_AT_ONCE = 40  # of a FIFO queue; AWS takes as many as there are
TROUBLE_S = 1.0
JOIN_S = 2.0


class Triggers:
    """The event sources of a template, at work while `running`."""

    def __init__(self, template: Template, functions: Functions, store: Store) -> None:
        self._functions = functions
        self._store = store
        self._stop = threading.Event()
        self._jobs: list[Callable[[], None]] = [
            *(partial(self._follow, each) for each in streams.mappings(template, functions, store)),
            *(partial(self._receive, each) for each in queues.mappings(template, functions, store)),
            *(partial(self._keep_time, each) for each in schedules.schedules(template, functions)),
        ]

    @contextmanager
    def running(self) -> Iterator[None]:
        threads = [threading.Thread(target=_outside, args=(job,), daemon=True) for job in self._jobs]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._stop.set()
            for thread in threads:
                thread.join(JOIN_S)

    def _sleep(self, seconds: float) -> bool:
        """Waits; returns False at once if everything stops."""
        return not self._stop.wait(seconds)

    def _repeat(self, what: str, step: Callable[[], object], pause_s: float) -> None:
        while self._sleep(pause_s):
            try:
                step()
            except (BotoCoreError, ClientError) as problem:
                self._report(what, problem)
                self._sleep(TROUBLE_S)

    def _report(self, what: str, problem: Exception) -> None:
        """Logs that the store did not do as it should; once everything stops, it may be gone."""
        if not self._stop.is_set():
            log.error("%s: %s", what, problem)

    def _follow(self, stream: StreamMapping) -> None:
        def step() -> None:
            if not stream.is_started:
                stream.start()
            stream.poll(flush=False, sleep=self._sleep, stopped=self._stop.is_set)

        self._repeat(stream.name, step, STREAM_POLL_S)

    def _receive(self, queue: QueueMapping) -> None:
        if queue.is_fifo:
            self._receive_groups(queue)
            return
        self._repeat(queue.name, partial(queue.poll, wait_s=QUEUE_WAIT_S), 0)

    def _receive_groups(self, queue: QueueMapping) -> None:
        """Handles the groups of a FIFO queue side by side, as Lambda does: none waits for another one."""
        free = threading.Semaphore(GROUPS_AT_ONCE)
        with ThreadPoolExecutor(GROUPS_AT_ONCE, "groups", stand_outside) as pool:

            def handle(messages: list[Document]) -> None:
                try:
                    queue.handle(messages)
                except (BotoCoreError, ClientError) as problem:
                    self._report(queue.name, problem)
                finally:
                    free.release()

            def step() -> None:
                if not free.acquire(timeout=QUEUE_WAIT_S):
                    return
                messages: list[Document] = []
                try:
                    messages = queue.receive(QUEUE_WAIT_S)
                finally:
                    if not messages:
                        free.release()
                if messages:
                    pool.submit(handle, messages)

            self._repeat(queue.name, step, 0)

    def _keep_time(self, schedule: Schedule) -> None:
        now = datetime.now(UTC)
        while due := schedule.expression.after(now):
            if not self._sleep((due - datetime.now(UTC)).total_seconds()):
                return
            now = due
            try:
                schedule.run(self._functions, self._store, due, self._sleep)
            except (BotoCoreError, ClientError) as problem:
                self._report(schedule.name, problem)


def _outside(job: Callable[[], None]) -> None:
    """Runs a job whose AWS calls are the platform's, not a function's, until all stops and the functions are closed."""
    stand_outside()
    with suppress(Closed):
        job()
