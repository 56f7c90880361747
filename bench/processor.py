"""Processor time of each operation: all of it, and the part outside the AWS calls, our own code with PynamoDB's.

First the operation runs over the local store, and every HTTP answer is kept. Then it runs many times over the kept
answers, without a network or a store, so that every run does the same.
"""

import io
import json
import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from statistics import median
from typing import Any
from unittest import mock

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.client import BaseClient
from botocore.compat import HTTPHeaders
from botocore.httpsession import URLLib3Session

from bench import machine
from bench.calls import door
from bench.rows import Row, Section
from bench.scene import Operation, Scene
from bench.stage import Stage, staged
from local.functions import Context

RUNS = 200
WARM_UP = 20
BUDGET_MS = 2.0


def measure() -> Section:
    """Returns the rows of the processor time of a send over each transport, and the numbers of everything else."""
    rows, numbers = [], {}
    with staged() as stage:
        for one in operations(stage):
            taken = _measured(stage, one)
            numbers[f"{one.key}.processor_ms"] = taken.all_ms
            numbers[f"{one.key}.log_bytes"] = taken.log_bytes
            numbers[f"{one.key}.memory_mb"] = taken.memory_mb
            if one.key in SENDS:
                note = f"median of {RUNS}; {taken.all_ms:.1f} ms with the AWS calls; {taken.machine}"
                what = f"processor time of a {one.what}, AWS calls excluded"
                number = round(taken.own_ms, 2)
                rows.append(
                    Row(key=f"processor.{one.key}", what=what, number=number, unit="ms", budget=BUDGET_MS, note=note)
                )
    return Section(rows=rows, numbers=numbers)


SENDS = ("send.REST", "send.WebSocket")


def operations(stage: Stage) -> Iterator[Operation]:
    """Yields each operation after its people are set up."""
    with _answers_kept({}):
        scene = Scene(stage)
    yield Operation("send.REST", "send over REST", scene.send_over_rest)
    for one in scene.talking():
        yield replace(one, key="send.WebSocket") if one.key == "send" else one
    with _answers_kept({}):
        scene.open_conversations()
    yield from scene.opening()
    yield from scene.background()


@dataclass(frozen=True)
class Taken:
    """Medians of one operation, on the reference machine; `log_bytes` is the size of its log.

    `memory_mb` is the memory of the function that does it, which decides its share of a processor.
    """

    own_ms: float
    all_ms: float
    log_bytes: float
    memory_mb: int
    machine: str


def _measured(stage: Stage, one: Operation) -> Taken:
    before_it: dict[str, AWSResponse] = {}
    kept: dict[str, AWSResponse] = {}
    with _answers_kept(before_it):
        one.setup()
    with _answers_kept(kept):
        one.run()
        stage_ms = stage.now_ms
    spent = _Spent()
    own_ms, all_ms, logged = [], [], 0
    slowness = machine.slowness()
    with spent.counted(), _timed(stage, spent):
        for run in range(WARM_UP + RUNS):
            with _answers_given(before_it):
                one.setup()
            stage.now_ms = stage_ms  # the kept answers are of that time
            spent.in_calls_s, before = 0.0, _logged_bytes()
            with _answers_given(kept):
                one.run()
            if run >= WARM_UP:
                logged += _logged_bytes() - before
                all_ms.append(spent.in_all_s * 1000)
                own_ms.append((spent.in_all_s - spent.in_calls_s) * 1000)
    slowness = (slowness + machine.slowness()) / 2
    return Taken(
        own_ms=median(own_ms) / slowness,
        all_ms=median(all_ms) / slowness,
        log_bytes=logged / RUNS,
        memory_mb=spent.memory_mb,
        machine=f"measured on a machine that takes {slowness:.2f} times the reference's time",
    )


@contextmanager
def _timed(stage: Stage, spent: "_Spent") -> Iterator[None]:
    """Takes the processor time of each handler, without what the stage itself does for it."""

    def invoke(logical_id: str, event: dict[str, Any]) -> Any:
        function = stage.functions[logical_id]
        handler = stage.functions.handler(function)
        context = Context(function, "bench", time.monotonic() + function.timeout_s)
        started_s = time.process_time()
        answer = handler(event, context)
        spent.in_all_s = time.process_time() - started_s
        spent.memory_mb = function.memory_mb
        return answer

    usual, stage.invoke = stage.invoke, invoke
    try:
        yield
    finally:
        stage.invoke = usual


def _logged_bytes() -> int:
    """Returns how much has been written to standard output, which must be a file."""
    sys.stdout.flush()
    return os.fstat(sys.stdout.fileno()).st_size


@dataclass
class _Spent:
    """Processor time of the last handler, and within AWS calls, which may be made in several threads."""

    in_all_s: float = 0.0
    in_calls_s: float = 0.0
    memory_mb: int = 0
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
    """Gives the kept answers again; a new kind of request (sometimes a limit's) is really made."""
    go = URLLib3Session.send

    def send(session: URLLib3Session, request: AWSPreparedRequest) -> AWSResponse:
        kind = _kind(request)
        if kind not in kept:
            answer = go(session, request)
            if answer.status_code != 200:  # a lost race is decided again; if it were kept, it would be lost for ever
                return answer
            kept[kind] = _answer(request.url, answer.status_code, dict(answer.headers.items()), answer.content)
        was = kept[kind]
        return _answer(was.url, was.status_code, was.headers, was.content)

    with mock.patch.object(URLLib3Session, "send", send):
        yield


def _kind(request: AWSPreparedRequest) -> str:
    """Returns the key of requests that get the same answer: the operation and its tables, or the URL."""
    target = request.headers.get("X-Amz-Target")
    if target is None:
        return str(request.url)
    target = target.decode() if isinstance(target, bytes) else target
    assert isinstance(request.body, bytes)  # as botocore's JSON serializer makes it
    if target.endswith(".Query"):  # an operation may make several of one table
        return f"{target} {request.body.decode()}"
    asked = json.loads(request.body)
    return " ".join([target, asked.get("TableName", ""), *sorted(asked.get("RequestItems", {}))])


def _answer(url: str, status: int, headers: Any, content: bytes) -> AWSResponse:
    return AWSResponse(url, status, HTTPHeaders.from_dict(dict(headers)), _Raw(content))


class _Raw(io.BytesIO):
    """A body as botocore reads it from urllib3."""

    def stream(self, **_: object) -> Iterator[bytes]:
        yield self.read()
