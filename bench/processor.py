"""Processor time of one send: all of it, and the part outside the AWS calls, which is our own code with PynamoDB's.

First the operation runs over the local store, and every HTTP answer is kept. Then it runs many times over the kept
answers, so that neither a network nor a store takes part, and every run does the same.
"""

import io
import json
import os
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from statistics import median
from typing import Any
from unittest import mock

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.client import BaseClient
from botocore.compat import HTTPHeaders
from botocore.httpsession import URLLib3Session

from bench.calls import door
from bench.counting import TEXT
from bench.rows import Row, Section
from bench.stage import Stage, staged
from local.functions import Context

RUNS = 300
WARM_UP = 30
BUDGET_MS = 2.0


def measure() -> Section:
    """Returns the rows of the processor time of a send over each transport."""
    rows, numbers = [], {}
    with staged() as stage:
        for transport, send in sends(stage).items():
            taken = _measured(send)
            numbers[f"processor.{transport}.all_ms"] = taken.all_ms
            numbers[f"log.{transport}.bytes"] = taken.log_bytes
            rows.append(
                Row(
                    key=f"processor.{transport}",
                    what=f"processor time of a send over {transport}, AWS calls excluded",
                    number=round(taken.own_ms, 2),
                    unit="ms",
                    budget=BUDGET_MS,
                    note=f"median of {RUNS}; {taken.all_ms:.1f} ms with the AWS calls",
                )
            )
    return Section(rows=rows, numbers=numbers)


def sends(stage: Stage) -> dict[str, Callable[[], object]]:
    """Returns for each transport what sends a message, with a new `client_id`, to somebody who listens."""
    with _answers_kept({}):
        opened = stage.rest("alice", "CreateConversation", body={"type": "direct", "user_id": "bob"})
        there = {"conversation_id": opened["id"]}
        phone, laptop = stage.connect("alice"), stage.connect("bob")
        stage.act(laptop, "OnJoinConversation", "join_conversation", **there)

    def over_rest() -> object:
        return invoke("SendMessage", stage.rest_event("alice", there, body={"text": TEXT, "client_id": _client_id()}))

    def over_socket() -> object:
        event = stage.action_event(phone, "send_message", **there, text=TEXT, client_id=_client_id())
        return invoke("OnSendMessage", event)

    def invoke(logical_id: str, event: dict[str, Any]) -> object:
        function = stage.functions[logical_id]
        context = Context(function, "bench", time.monotonic() + function.timeout_s)
        return stage.functions.handler(function)(event, context)

    return {"REST": over_rest, "WebSocket": over_socket}


def _client_id() -> str:
    return str(uuid.uuid4())


@dataclass(frozen=True)
class Taken:
    """Medians of one run; `log_bytes` is what it writes to its log."""

    own_ms: float
    all_ms: float
    log_bytes: float


def _measured(send: Callable[[], object]) -> Taken:
    kept: dict[str, AWSResponse] = {}
    with _answers_kept(kept):
        send()
    spent = _Spent()
    own_ms, all_ms = [], []
    with _answers_given(kept), spent.counted():
        for _ in range(WARM_UP):
            send()
        logged = _logged_bytes()
        for _ in range(RUNS):
            spent.in_calls_s = 0.0
            started_s = time.process_time()
            send()
            taken_s = time.process_time() - started_s
            all_ms.append(taken_s * 1000)
            own_ms.append((taken_s - spent.in_calls_s) * 1000)
        logged = _logged_bytes() - logged
    return Taken(own_ms=median(own_ms), all_ms=median(all_ms), log_bytes=logged / RUNS)


def _logged_bytes() -> int:
    """Returns how much has been written to standard output, which must be a file."""
    sys.stdout.flush()
    return os.fstat(sys.stdout.fileno()).st_size


@dataclass
class _Spent:
    """Processor time within AWS calls; they may be made in several threads."""

    in_calls_s: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def counted(self) -> Iterator[None]:
        make = door()

        def timed(client: BaseClient, operation: str, params: dict[str, Any]) -> Any:
            started_s = time.thread_time()
            try:
                return make(client, operation, params)
            finally:
                taken_s = time.thread_time() - started_s
                with self._lock:
                    self.in_calls_s += taken_s

        with mock.patch.object(BaseClient, "_make_api_call", timed):
            yield


# --- HTTP answers, kept and given again ------------------------------------------------------------------------------


@contextmanager
def _answers_kept(kept: dict[str, AWSResponse]) -> Iterator[None]:
    """Keeps the answer to each kind of request; posts to sockets are answered here."""
    go = URLLib3Session.send

    def send(session: URLLib3Session, request: AWSPreparedRequest) -> AWSResponse:
        if "/@connections/" in request.url:
            return kept.setdefault(_kind(request), _answer(request.url, 200, {}, b""))
        answer = go(session, request)
        kept[_kind(request)] = _answer(request.url, answer.status_code, dict(answer.headers.items()), answer.content)
        return answer

    with mock.patch.object(URLLib3Session, "send", send):
        yield


@contextmanager
def _answers_given(kept: dict[str, AWSResponse]) -> Iterator[None]:
    """Gives the kept answers again; KeyError for a request of a kind that was not made before."""

    def send(_: URLLib3Session, request: AWSPreparedRequest) -> AWSResponse:
        was = kept[_kind(request)]
        return _answer(was.url, was.status_code, was.headers, was.content)

    with mock.patch.object(URLLib3Session, "send", send):
        yield


def _kind(request: AWSPreparedRequest) -> str:
    """Returns what two requests have in common that get the same answer: the operation and its tables, or the URL."""
    target = request.headers.get("X-Amz-Target")
    if target is None:
        return str(request.url)
    target = target.decode() if isinstance(target, bytes) else target
    assert isinstance(request.body, bytes)  # as botocore's JSON serializer makes it
    tables = json.loads(request.body).get("RequestItems", {})
    return " ".join([target, *sorted(tables)])


def _answer(url: str, status: int, headers: Any, content: bytes) -> AWSResponse:
    return AWSResponse(url, status, HTTPHeaders.from_dict(dict(headers)), _Raw(content))


class _Raw(io.BytesIO):
    """A body as botocore reads it from urllib3."""

    def stream(self, **_: object) -> Iterator[bytes]:
        yield self.read()
