"""Every AWS call of every function passes here: hooks see it and may refuse it; `@connections` is answered at once."""

import io
import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import urlsplit

import botocore.signers
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.client import BaseClient
from botocore.compat import HTTPHeaders
from botocore.exceptions import ClientError
from botocore.handlers import BUILTIN_HANDLERS

from local import functions, mails, management
from local.mails import Outbox
from local.websocket import WebSocketApi
from tests.harness import ministack
from tests.harness.emptying import Written
from tests.harness.presigned import Expiries


@dataclass
class Call:
    """One AWS call of a function (by logical id); `response` is there once it has returned."""

    function: str
    service: str
    operation: str
    params: dict[str, Any]
    endpoint_url: str
    response: dict[str, Any] = field(default_factory=dict)
    is_presigned: bool = False  # signed for others to make: no call, but a use of the right


def _close(response: Any) -> None:
    """Closes the connection of an answer that no function sees: the end of a dead process would close it."""
    body = response.get("Body") if isinstance(response, dict) else None
    if body is not None:
        body.close()


class Hook(Protocol):
    """Sees each call just before and just after; what it raises is what the function gets."""

    def before(self, call: Call) -> None: ...

    def after(self, call: Call) -> None: ...


def aws_refusal(call: Call, code: str, message: str) -> ClientError:
    """Returns the exception with which botocore reports an answer like this one, for a hook to raise."""
    return ClientError({"Error": {"Code": code, "Message": message}}, call.operation)


class Recorder:
    """Keeps every call that returned, in order."""

    def __init__(self) -> None:
        self.calls: list[Call] = []

    def before(self, call: Call) -> None:
        pass

    def after(self, call: Call) -> None:
        self.calls.append(call)


class Kill:
    """Lets a function die at its n-th AWS call (1, 2, …): instead of it, or with `after` right after it.

    `counts` says which calls count: the order of reads that are made side by side differs from run to run.
    From then on no call of any function gets through, because a dead process makes none; `happened` says whether it
    came so far.
    """

    def __init__(self, at: int, *, after: bool, counts: Callable[[Call], bool] = lambda call: True) -> None:
        self._at = at
        self._counts = counts
        self._after = after
        self._lock = threading.Lock()
        self._count = 0
        self.happened = False

    def before(self, call: Call) -> None:
        if call.is_presigned:
            return
        with self._lock:
            self._count += self._counts(call)
            if self._count >= self._at + self._after:
                self.happened = True
        if self.happened:
            raise functions.Killed(f"killed before {call.operation}")

    def after(self, call: Call) -> None:
        with self._lock:
            if self._after and self._count >= self._at:
                self.happened = True
        if self.happened:
            raise functions.Killed(f"killed after {call.operation}")


class Held:
    """Messages of some queues that wait for the clock of a test, because they were sent with a delay."""

    def __init__(self, now_ms: Callable[[], int], queue_urls: Collection[str]) -> None:
        self._now_ms = now_ms
        self._queue_urls = queue_urls
        self.messages: list[tuple[int, str, str]] = []  # when each is due, its queue and its body

    def keeps(self, queue_url: str) -> bool:
        return queue_url in self._queue_urls

    def hold(self, queue_url: str, body: str, delay_s: int) -> None:
        self.messages.append((self._now_ms() + delay_s * 1000, queue_url, body))

    def due(self) -> list[tuple[str, str]]:
        """Returns the messages that are due, and forgets them."""
        now_ms = self._now_ms()
        found = [(queue_url, body) for due_ms, queue_url, body in self.messages if due_ms <= now_ms]
        self.messages = [each for each in self.messages if each[0] > now_ms]
        return found


hooks: list[Hook] = []
written = Written()  # by whatever has called since it was last emptied
expiries = Expiries()
held: Held | None = None  # of the running test
outbox: Outbox | None = None  # of the running test: the e-mails that its functions have sent
_connections_api: WebSocketApi | None = None


@contextmanager
def replaced(owner: object, name: str, replacement: object) -> Iterator[Any]:
    """While it lasts, an attribute of a class or module that is not ours is ours; returns what was there."""
    original = getattr(owner, name)
    setattr(owner, name, replacement)
    try:
        yield original
    finally:
        setattr(owner, name, original)


@contextmanager
def intercepted() -> Iterator[None]:
    """While it lasts, the hooks see every call that a function makes; calls of the tests' own are left alone."""

    def make_api_call(client: BaseClient, operation: str, params: dict[str, Any]) -> Any:
        function = functions.current()
        written.note(client.meta.service_model.service_name, operation, params)
        make = ministack.make if ministack.makes(client, operation) else original
        if function is None:
            return make(client, operation, params)
        meta = client.meta
        call = Call(function.logical_id, meta.service_model.service_name, operation, params, meta.endpoint_url)
        for hook in list(hooks):
            hook.before(call)
        now, response = _held_back(operation, _undelayed(params), params)
        call.response = response if now is None else make(client, operation, now)
        try:
            for hook in list(hooks):
                hook.after(call)
        except BaseException:
            _close(call.response)
            raise
        return call.response

    # The parameters have botocore's names, because callers give them by name.
    def presign(
        client: BaseClient, ClientMethod: str, Params: Any = None, ExpiresIn: int = 3600, HttpMethod: Any = None
    ) -> Any:
        _note_right(client, client.meta.method_to_api_mapping[ClientMethod], Params or {})
        signed = original_presign(client, ClientMethod, Params, ExpiresIn, HttpMethod)
        expiries.note(signed, ExpiresIn)
        return signed

    def presign_post(
        client: BaseClient,
        Bucket: str,
        Key: str,
        Fields: Any = None,
        Conditions: Any = None,
        ExpiresIn: int = 3600,
    ) -> Any:
        _note_right(client, "PutObject", {"Bucket": Bucket, "Key": Key})
        signed = original_presign_post(client, Bucket, Key, Fields, Conditions, ExpiresIn)
        expiries.note(signed, ExpiresIn)
        return signed

    with (
        replaced(BaseClient, "_make_api_call", make_api_call) as original,
        # Every client gets this function when it is made.
        replaced(botocore.signers, "generate_presigned_url", presign) as original_presign,
        replaced(botocore.signers, "generate_presigned_post", presign_post) as original_presign_post,
    ):
        yield


def _note_right(client: BaseClient, operation: str, params: dict[str, Any]) -> None:
    """Shows the hooks that a function signs an operation: the bearer may do what the function's role may do."""
    function, meta = functions.current(), client.meta
    if function is None:
        return
    service, url = meta.service_model.service_name, meta.endpoint_url
    call = Call(function.logical_id, service, operation, params, url, is_presigned=True)
    for hook in list(hooks):
        hook.before(call)


def _held_back(operation: str, sent: dict[str, Any], asked: dict[str, Any]) -> tuple[dict[str, Any] | None, Any]:
    """Returns what is sent now, without what `held` keeps; or None, and the answer, if it keeps everything."""
    if held is None or operation != "SendMessageBatch" or not held.keeps(asked["QueueUrl"]):
        return sent, None
    delays = [entry.get("DelaySeconds", 0) for entry in asked["Entries"]]
    for entry, delay_s in zip(sent["Entries"], delays, strict=True):
        if delay_s:
            held.hold(asked["QueueUrl"], entry["MessageBody"], delay_s)
    now = [entry for entry, delay_s in zip(sent["Entries"], delays, strict=True) if not delay_s]
    if now:
        return {**sent, "Entries": now}, None
    return None, {"Successful": [{"Id": entry["Id"]} for entry in sent["Entries"]]}


def _undelayed(params: dict[str, Any]) -> dict[str, Any]:
    """Returns what is sent to a queue for at once: time is the test's, and a delay would pass by the wall clock."""
    kept = {name: value for name, value in params.items() if name != "DelaySeconds"}
    if "Entries" in kept:
        kept["Entries"] = [_undelayed(entry) for entry in kept["Entries"]]
    return kept


@contextmanager
def connections_of(api: WebSocketApi) -> Iterator[None]:
    """While it lasts, requests to any `@connections` address are answered by this API, without a socket."""
    global _connections_api
    _connections_api = api
    try:
        yield
    finally:
        _connections_api = None


class _Raw(io.BytesIO):
    """A body as botocore reads it from urllib3."""

    def stream(self, **_: object) -> Iterator[bytes]:
        yield self.read()


def _send_in_process(request: AWSPreparedRequest, **_: object) -> AWSResponse | None:
    path = urlsplit(request.url).path
    if path != mails.SEND_EMAIL or outbox is None:
        return None
    headers = {name.lower(): str(value) for name, value in request.headers.items()}
    body = request.body or b""
    answer = outbox.send_email(request.method, path, headers, body if isinstance(body, bytes) else b"")
    return AWSResponse(request.url, answer.status, HTTPHeaders.from_dict(answer.headers), _Raw(answer.body))


def _answer_in_process(request: AWSPreparedRequest, **_: object) -> AWSResponse | None:
    path = urlsplit(request.url).path
    if management.MARKER not in path or _connections_api is None:
        return None
    headers = {name.lower(): str(value) for name, value in request.headers.items()}
    body = request.body or b""
    answer = management.answer(
        _connections_api, request.method, path, headers, body if isinstance(body, bytes) else b""
    )
    return AWSResponse(request.url, answer.status, HTTPHeaders.from_dict(answer.headers), _Raw(answer.body))


# Before moto's own handler, which would take the request for its mock that never answers 410 (botocore asks in order).
BUILTIN_HANDLERS[:0] = [("before-send", _answer_in_process), ("before-send", _send_in_process)]
