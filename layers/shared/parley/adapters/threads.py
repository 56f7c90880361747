"""Thread pools whose tasks belong to the request that they work for."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from typing import ParamSpec, TypeVar

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


class Threads(ThreadPoolExecutor):
    """A pool that runs each task in the context of the code that submits it.

    A plain pool forgets context variables, and with them the caller whose sign-in must be checked (`admission.py`).
    """

    def submit(
        self, fn: Callable[Arguments, Result], /, *args: Arguments.args, **kwargs: Arguments.kwargs
    ) -> Future[Result]:
        run = partial(copy_context().run, partial(fn, *args, **kwargs))
        return super().submit(run)
