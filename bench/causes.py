"""Which of the recorded things waited for which others, through threads, futures and events.

Times would tell it only roughly: on a busy machine two calls that are made side by side run one after the other.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event, local
from typing import Any
from unittest import mock


class Causes:
    """The things that each thread has waited for, as a bit for the number of each.

    A thread knows what it did itself, what the code that submitted its task knew, what tasks knew whose results it
    took, and what a thread knew that set an event for which it waited. Of a task whose result it does not take it may
    learn nothing.
    """

    def __init__(self) -> None:
        self._of_thread = local()

    @property
    def known(self) -> int:
        bits: int = getattr(self._of_thread, "known", 0)
        return bits

    def add(self, number: int) -> int:
        """Adds a thing that this thread has waited for; returns what had ended before."""
        before = self.known
        self._of_thread.known = before | 1 << number
        return before

    @contextmanager
    def followed(self) -> Iterator[None]:
        """Follows every pool, future and event of this process."""
        submit, result, raised, wait = ThreadPoolExecutor.submit, Future.result, Event.set, Event.wait

        def submitted(pool: ThreadPoolExecutor, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
            begun, ended = self.known, [0]

            def run() -> Any:
                self._of_thread.known = begun
                try:
                    return fn(*args, **kwargs)
                finally:
                    ended[0] = self.known

            future: Any = submit(pool, run)
            future.known = ended
            return future

        def taken(future: Any, timeout: float | None = None) -> Any:
            try:
                return result(future, timeout)
            finally:
                self._learn(getattr(future, "known", [0])[0])

        def set_(event: Any) -> None:
            event.known = getattr(event, "known", 0) | self.known
            raised(event)

        def waited(event: Any, timeout: float | None = None) -> bool:
            is_set = wait(event, timeout)
            self._learn(getattr(event, "known", 0) if is_set else 0)
            return is_set

        with (
            mock.patch.object(ThreadPoolExecutor, "submit", submitted),
            mock.patch.object(Future, "result", taken),
            mock.patch.object(Event, "set", set_),
            mock.patch.object(Event, "wait", waited),
        ):
            yield

    def _learn(self, known: int) -> None:
        self._of_thread.known = self.known | known
