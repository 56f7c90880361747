"""Lambda: imports the handlers of a template and invokes them, one process for all of them.

A handler observes the same as on AWS: an event that went through JSON, a context with a deadline, 6 MB each way, its
environment. A caller also does: a result that went through JSON, or an error with a type and a message.
"""

import asyncio
import contextlib
import importlib
import json
import logging
import math
import os
import sys
import threading
import time
import uuid
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from concurrent.futures import CancelledError, ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from typing import Any, Protocol

from local.template import LOCAL_BUCKET, Document, Resource, Template, TemplateError

log = logging.getLogger(__name__)

MAX_PAYLOAD_BYTES = 6 * 1024 * 1024  # synchronous invocations, each way (Lambda quotas)
MAX_THREADS = 128  # functions mostly wait for the store; AWS's default is 1,000 at once


class Invoke(Protocol):
    """A gateway's call of a function: by logical id, waiting at most `limit_s`; TimeoutError after that."""

    def __call__(self, logical_id: str, event: Document, limit_s: float = math.inf) -> Awaitable[Any]: ...


class InvocationError(Exception):
    """An invocation failed; the base of the errors that a caller of a function can get."""


class FunctionError(InvocationError):
    """The function failed: Lambda reports it with `X-Amz-Function-Error` (`errorType` and `errorMessage`)."""

    def __init__(self, error_type: str, message: str) -> None:
        super().__init__(f"{error_type}: {message}" if message else error_type)
        self.error_type = error_type
        self.message = message


class PayloadTooLarge(InvocationError):
    """The event is larger than Lambda takes: the function is not invoked at all."""


class Closed(Exception):
    """The functions are closed: nothing is invoked any more, so the thread that wanted it may end."""


class Killed(BaseException):
    """Raised by a test to kill a function inside a call; no handler catches it, because none survives a crash."""


@dataclass(frozen=True)
class Function:
    """One Lambda function of the template."""

    logical_id: str
    name: str
    arn: str
    handler: str
    folder: str
    timeout_s: float
    memory_mb: int
    environment: Mapping[str, str]
    role_arn: str

    @classmethod
    def of(cls, resource: Resource) -> "Function":
        properties = resource.properties
        code = properties.get("Code", {})
        if code.get("S3Bucket") != LOCAL_BUCKET:
            raise TemplateError(f"{resource.logical_id} has no CodeUri that is a folder beside the template")
        return cls(
            logical_id=resource.logical_id,
            name=resource.name,
            arn=resource.arn,
            handler=properties["Handler"],
            folder=code["S3Key"],
            timeout_s=float(properties.get("Timeout", 3)),
            memory_mb=int(properties.get("MemorySize", 128)),
            environment={k: str(v) for k, v in properties.get("Environment", {}).get("Variables", {}).items()},
            role_arn=str(properties["Role"]),
        )


@dataclass(frozen=True)
class Context:
    """The second argument of a handler (docs: "Lambda context object in Python")."""

    function: Function
    aws_request_id: str
    deadline_s: float  # of time.monotonic
    function_version: str = "$LATEST"
    identity: None = None
    client_context: None = None
    log_stream_name: str = "local"

    @property
    def function_name(self) -> str:
        return self.function.name

    @property
    def invoked_function_arn(self) -> str:
        return self.function.arn

    @property
    def memory_limit_in_mb(self) -> str:
        return str(self.function.memory_mb)

    @property
    def log_group_name(self) -> str:
        return f"/aws/lambda/{self.function.name}"

    def get_remaining_time_in_millis(self) -> int:
        return max(0, int((self.deadline_s - time.monotonic()) * 1000))


@dataclass
class _Running:
    """The functions that run now; a handler's own threads do not inherit its context variable, so they look here."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    functions: list[Function] = field(default_factory=list)


_current: ContextVar[Function | None] = ContextVar("current_function", default=None)
_outside: ContextVar[bool] = ContextVar("outside", default=False)
_running = _Running()


def stand_outside() -> None:
    """Marks this thread as belonging to no function, even if one runs beside it."""
    _outside.set(True)


def current() -> Function | None:
    """Returns the function whose code is running here; in a thread that a handler started, the only one running."""
    function = _current.get()
    if function is None and not _outside.get() and threading.current_thread() is not threading.main_thread():
        with _running.lock:
            names = {each.logical_id for each in _running.functions}
            function = _running.functions[0] if len(names) == 1 else None
    return function


@contextmanager
def _as_current(function: Function) -> Iterator[None]:
    token = _current.set(function)
    with _running.lock:
        _running.functions.append(function)
    try:
        yield
    finally:
        with _running.lock:
            _running.functions.remove(function)
        _current.reset(token)


class Functions:
    """The functions of a template. `deliver_twice` makes each invocation happen twice, as Lambda's may."""

    def __init__(self, template: Template, *, threads: int = MAX_THREADS) -> None:
        self._by_id = {each.logical_id: Function.of(each) for each in template.of_type("AWS::Lambda::Function")}
        self._folders = _folders(template, self._by_id.values())
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="lambda")
        self.environment = _merged_environment(self._by_id.values())
        self.deliver_twice = False

    def __iter__(self) -> Iterator[Function]:
        return iter(self._by_id.values())

    def __getitem__(self, logical_id: str) -> Function:
        return self._by_id[logical_id]

    def move(self, address: str, here: str) -> None:
        """Replaces AWS's address by a local one in every variable of the functions' environment."""
        self.environment = {name: value.replace(address, here) for name, value in self.environment.items()}

    def prepare(self) -> None:
        """Puts the code on the path and the declared variables into the environment, as Lambda does before `import`."""
        for folder in self._folders:
            if folder not in sys.path:
                sys.path.insert(0, folder)
        os.environ.update(self.environment)

    def handler(self, function: Function) -> Callable[[Any, Context], Any]:
        """Returns a function's handler, imported; raises FunctionError."""
        return _import(function)

    def close(self) -> None:
        """Ends the waiting invocations, and lets no other begin; those that run end by themselves."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def invoke(self, logical_id: str, event: Document) -> Any:
        """Returns the function's result, here and now; raises FunctionError or PayloadTooLarge."""
        function = self[logical_id]
        payload = json.dumps(event, ensure_ascii=False).encode()
        if len(payload) > MAX_PAYLOAD_BYTES:
            raise PayloadTooLarge(f"{len(payload)} byte payload is too large (limit {MAX_PAYLOAD_BYTES} bytes)")
        request_id = str(uuid.uuid4())
        result = _run(function, payload, request_id)
        if self.deliver_twice:
            _run(function, payload, request_id)
        return result

    async def inline(self, logical_id: str, event: Document, limit_s: float = math.inf) -> Any:
        """Invokes like `invoke`, for a gateway that is stepped by hand: it never suspends, so nothing times out."""
        return self.invoke(logical_id, event)

    async def pooled(self, logical_id: str, event: Document, limit_s: float = math.inf) -> Any:
        """Invokes in a thread; after the time limit it raises, and leaves the thread to itself."""
        function = self[logical_id]
        run = _Run(partial(self.invoke, logical_id, event), min(function.timeout_s, limit_s))
        call = asyncio.wrap_future(self._threads.submit(run))
        while (left_s := run.left_s()) > 0:
            done, _ = await asyncio.wait({call}, timeout=left_s)
            if done:
                return call.result()
        call.add_done_callback(lambda late: late.exception())  # nothing waits for its result
        if limit_s < function.timeout_s:
            raise TimeoutError(f"{function.logical_id} takes longer than the integration's {limit_s:.0f} s")
        raise _timed_out(function)

    def waited(self, logical_id: str, event: Document) -> Any:
        """Invokes like `pooled`, for callers with their own thread: event sources and schedules. Raises Closed."""
        function = self[logical_id]
        run = _Run(partial(self.invoke, logical_id, event), function.timeout_s)
        try:
            call = self._threads.submit(run)
        except RuntimeError as error:  # the pool is shut down
            raise Closed from error
        try:
            while (left_s := run.left_s()) > 0:
                with contextlib.suppress(TimeoutError):
                    return call.result(left_s)
        except CancelledError as error:  # no thread had taken it up
            raise Closed from error
        raise _timed_out(function)


class _Run:
    """One run of a function in a thread; its time counts from when a thread takes it up, as Lambda's does."""

    def __init__(self, call: Callable[[], Any], limit_s: float) -> None:
        self._call = call
        self._limit_s = limit_s
        self._began_s: float | None = None

    def __call__(self) -> Any:
        self._began_s = time.monotonic()
        return self._call()

    def left_s(self) -> float:
        """Returns the remaining time in seconds."""
        return self._limit_s if self._began_s is None else self._began_s + self._limit_s - time.monotonic()


def _timed_out(function: Function) -> FunctionError:
    error = FunctionError("Sandbox.Timedout", f"Task timed out after {function.timeout_s:.2f} seconds")
    log.error("%s failed: %s", function.logical_id, error)
    return error


def _folders(template: Template, functions: Iterable[Function]) -> list[str]:
    folders = {template.root / function.folder for function in functions}
    for layer in template.of_type("AWS::Lambda::LayerVersion"):
        content = template.root / layer.properties["Content"]["S3Key"]
        folders |= {content, content / "python"}  # a built layer has its packages below python/, a source one beside
    return sorted(str(folder.resolve()) for folder in folders if folder.is_dir())


def _merged_environment(functions: Iterable[Function]) -> dict[str, str]:
    merged: dict[str, str] = {}
    for function in functions:
        for name, value in function.environment.items():
            if merged.setdefault(name, value) != value:
                raise TemplateError(f"{function.logical_id} wants {name} to be {value!r}, but another function differs")
    return merged


def _import(function: Function) -> Callable[[Any, Context], Any]:
    module_name, _, attribute = function.handler.rpartition(".")
    try:
        module = importlib.import_module(module_name.replace("/", "."))
    except Exception as problem:  # a handler's module may fail in any way; Lambda gives all of them this one name
        log.warning("%s cannot be imported", function.logical_id, exc_info=True)
        raise FunctionError(
            "Runtime.ImportModuleError", f"Unable to import module '{module_name}': {problem}"
        ) from None
    handler: Callable[[Any, Context], Any] | None = getattr(module, attribute, None)
    if handler is None:
        raise FunctionError("Runtime.HandlerNotFound", f"Handler '{attribute}' missing on module '{module_name}'")
    return handler


def _run(function: Function, payload: bytes, request_id: str) -> Any:
    handler = _import(function)
    context = Context(function, request_id, time.monotonic() + function.timeout_s)
    with _as_current(function):
        try:
            result = handler(json.loads(payload), context)
        except (Killed, SystemExit) as end:
            raise FunctionError("Runtime.ExitError", f"RequestId: {request_id} Error: Runtime exited: {end!r}") from end
        except Exception as problem:  # any exception of a handler is its answer, by type and message
            if str(problem) == "Unauthorized":  # an authorizer's 401; its own line in the log says why
                log.info("%s refused", function.logical_id)
            else:
                log.error("%s failed", function.logical_id, exc_info=True)
            raise FunctionError(type(problem).__name__, str(problem)) from problem
    return _through_json(function, result)


def _through_json(function: Function, result: Any) -> Any:
    try:
        # As the Python runtime does it: UTF-8, Decimals as numbers, NaN as it comes.
        encoded = json.dumps(result, ensure_ascii=False, default=_decimal).encode()
    except (TypeError, ValueError) as problem:
        log.error("%s returned what is no JSON: %s", function.logical_id, problem)
        raise FunctionError("Runtime.MarshalError", f"Unable to marshal response: {problem}") from problem
    if len(encoded) > MAX_PAYLOAD_BYTES:
        message = f"Response payload size exceeded maximum allowed payload size ({MAX_PAYLOAD_BYTES} bytes)."
        raise FunctionError("Function.ResponseSizeTooLarge", message)
    return json.loads(encoded)


def _decimal(value: object) -> float:
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")
