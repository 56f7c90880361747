"""Thread pools whose tasks belong to the request that they work for."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import ContextVar, copy_context
from functools import partial
from threading import Lock
from typing import ParamSpec, TypeVar

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")

_depth: ContextVar[int] = ContextVar("depth", default=0)  # of tasks that wait for each other


class Threads(ThreadPoolExecutor):
    """A pool that runs each task in the context of the code that submits it.

    A plain pool forgets context variables, and with them the caller whose sign-in must be checked (`admission.py`).

    Tasks that other tasks submit have threads of their own, `max_workers` for each depth. A process that answers many
    requests at once, as the local stack does, would stop for good if its threads waited for tasks that wait for one.
    """

    def __init__(self, max_workers: int, thread_name_prefix: str) -> None:
        super().__init__(max_workers, thread_name_prefix)
        self._most = max_workers
        self._name = thread_name_prefix
        self._deeper: list[ThreadPoolExecutor] = []
        self._growing = Lock()

    def submit(
        self, fn: Callable[Arguments, Result], /, *args: Arguments.args, **kwargs: Arguments.kwargs
    ) -> Future[Result]:
        depth, context = _depth.get(), copy_context()
        context.run(_depth.set, depth + 1)
        run = partial(context.run, partial(fn, *args, **kwargs))
        return self._pool(depth).submit(run) if depth else super().submit(run)

    def _pool(self, depth: int) -> ThreadPoolExecutor:
        with self._growing:
            while len(self._deeper) < depth:
                name = f"{self._name}-{len(self._deeper) + 1}"
                self._deeper.append(ThreadPoolExecutor(self._most, thread_name_prefix=name))
            return self._deeper[depth - 1]
