"""ministack in this process: its services answer botocore's requests without a server and sockets.

That halves the processor time of a call (D-492); calls for items do without botocore, too (D-890). tests/local,
tests/e2e and tests/host use the server, its guard and its checks of all signatures. S3's requests pass through
ministack's whole application here too: it checks signatures.
"""

import io
import json
import logging
import os
import re
import sys
import threading
import time
from base64 import b64decode
from collections.abc import Coroutine, Iterator, Mapping
from contextlib import contextmanager
from contextvars import copy_context
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit

import botocore
import msgspec
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.client import BaseClient
from botocore.compat import HTTPHeaders
from botocore.handlers import BUILTIN_HANDLERS

from local.store_server import send_events_at_once

T = TypeVar("T")
Answer = tuple[int, dict[str, str], bytes]

ACCOUNT = "123456789012"
_ROOT = Path(__file__).parents[2]
HOST = "127.0.0.1:1"  # nothing listens there: a request that went past this module would fail
CLIENT_ENVIRONMENT = {
    "AWS_ENDPOINT_URL": f"http://{HOST}",
    "AWS_ACCESS_KEY_ID": ACCOUNT,  # ministack takes twelve digits for the caller's account
    "AWS_SECRET_ACCESS_KEY": "secret",
}
_BYTES = re.compile(rb'"BS?": *["[]')
POLL_S = 0.02  # between two looks of a long poll at its queue
# ministack's modules by the beginning of `X-Amz-Target`, and the services that they are to botocore.
_MODULES = {
    "DynamoDB_20120810": "dynamodb",
    "DynamoDBStreams_20120810": "dynamodb_streams",
    "AmazonSQS": "sqs",
    "secretsmanager": "secretsmanager",
    "AWSEvents": "eventbridge",
}
_TARGET = "DynamoDB_20120810"
_OF_ITEMS = {
    *("BatchGetItem", "BatchWriteItem", "DeleteItem", "GetItem", "PutItem", "Query", "Scan", "TransactGetItems"),
    *("TransactWriteItems", "UpdateItem"),
}
_JSON_SERVICES = ("dynamodb", "dynamodbstreams", "sqs", "secretsmanager", "events")


class Ministack:
    """The services of ministack. They share the memory of their modules, so a process has one."""

    def __init__(self) -> None:
        self._lock = threading.RLock()  # the server has one thread
        with _environment(), _importable():
            self._application: Any = import_module("ministack.app")
            self._s3: Any = import_module("ministack.services.s3")
            self._services: dict[str, Any] = {
                prefix: import_module(f"ministack.services.{name}") for prefix, name in _MODULES.items()
            }
        send_events_at_once(self._s3)
        logging.getLogger("ministack").setLevel(logging.CRITICAL)  # the server's log is not the functions'

    def answer(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Returns what the server would answer: the status, headers and body."""
        service, _, operation = headers.get("X-Amz-Target", "").partition(".")
        if operation == "ReceiveMessage":
            return self._poll(service, headers, json.loads(body))
        with self._lock:
            if operation:
                return self._answer_of_service(service, headers, body)
            request = _Request(method, url, headers, body)
            copy_context().run(_step, self._application.app(request.scope, request.receive, request.send))
            return request.status, request.headers, bytes(request.body)

    def _poll(self, service: str, headers: Mapping[str, str], wanted: dict[str, Any]) -> Answer:
        """Returns what a queue has, as soon as it has something; a poll that waits lets others in meanwhile."""
        ends_at = time.monotonic() + int(wanted.get("WaitTimeSeconds", 0))
        body = json.dumps(wanted | {"WaitTimeSeconds": 0}).encode()
        while True:
            with self._lock:
                answered = self._answer_of_service(service, headers, body)
            if time.monotonic() >= ends_at or answered[0] != 200 or json.loads(answered[2]).get("Messages"):
                return answered
            time.sleep(POLL_S)

    def _answer_of_service(self, service: str, headers: Mapping[str, str], body: bytes) -> Answer:
        lowered = {name.lower(): value for name, value in headers.items()}
        handled = self._services[service].handle_request("POST", "/", lowered, body, {})
        status, answered, content = copy_context().run(_step, handled)
        content = content if isinstance(content, bytes) else content.encode()
        return status, {**answered, "Content-Length": str(len(content))}, content

    def reset(self) -> None:
        """Forgets everything that is stored."""
        for service in (self._s3, *self._services.values()):
            service.reset()


class _Request:
    """A request to ministack's whole application, by ASGI, and then its answer."""

    def __init__(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> None:
        address = urlsplit(url)
        sent = {"host": HOST, "content-length": str(len(body))} | {name.lower(): headers[name] for name in headers}
        self.scope = {
            "type": "http",
            "method": method,
            "path": unquote(address.path),
            "raw_path": address.path.encode(),
            "query_string": address.query.encode(),
            "headers": [(name.encode(), value.encode("latin-1")) for name, value in sent.items()],
            "client": ("127.0.0.1", 2),
            "scheme": "http",
        }
        self._sent = body
        self.status = 0
        self.headers: dict[str, str] = {}
        self.body = bytearray()

    async def receive(self) -> dict[str, Any]:
        sent, self._sent = self._sent, b""
        return {"type": "http.request", "body": sent, "more_body": False}

    async def send(self, message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = {name.decode(): value.decode("latin-1") for name, value in message["headers"]}
        else:
            self.body += message.get("body", b"")


def _step(coroutine: Coroutine[Any, Any, T]) -> T:
    """Returns the result of a coroutine that never waits: only the long polls of a queue would (`_poll`)."""
    try:
        coroutine.send(None)
    except StopIteration as done:
        result: T = done.value
        return result
    raise AssertionError("ministack waits for something that no other request can bring")


_loaded = cache(Ministack)
_users = 0


@contextmanager
def running() -> Iterator[None]:
    """While it lasts, requests to the address of CLIENT_ENVIRONMENT are answered here; what is stored ends with it."""
    global _users
    ministack = _loaded()
    _users += 1
    try:
        yield
    finally:
        _users -= 1
        if not _users:
            ministack.reset()


def answer(method: str, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
    """Returns the answer to a request, which need not be one of botocore's."""
    return _loaded().answer(method, url, headers, body)


def is_address(url: str) -> bool:
    return urlsplit(url).netloc == HOST


def makes(client: BaseClient, operation: str) -> bool:
    """Says whether `make` answers a call: one for items of ministack in this process."""
    meta = client.meta
    is_ours = meta.service_model.service_name == "dynamodb" and is_address(meta.endpoint_url)
    return is_ours and operation in _OF_ITEMS


def make(client: BaseClient, operation: str, params: dict[str, Any]) -> dict[str, Any]:
    """Returns the answer to a call for items as botocore gives it; raises its ClientError.

    DynamoDB's JSON is botocore's parameters and answers, but for bytes, which are base64 there. Every operation is
    also called through botocore: in the tests that have moto, and in tests/local, tests/e2e and tests/host.
    """
    headers = {"X-Amz-Target": f"{_TARGET}.{operation}"}
    status, _, content = _loaded().answer("POST", f"http://{HOST}/", headers, msgspec.json.encode(params))
    found = msgspec.json.decode(content)
    sent = {"content-length": str(len(content))}  # by which a request is charged (`metering.py`)
    about = {"HTTPStatusCode": status, "RetryAttempts": 0, "HTTPHeaders": sent, "RequestId": ""}
    if status == 200:
        return {**(_with_bytes(found) if _BYTES.search(content) else found), "ResponseMetadata": about}
    code = found.pop("__type").rpartition("#")[2]
    said = found.pop("message", None) or found.pop("Message", "")
    refusal: Any = client.exceptions.from_code(code)
    raise refusal({"Error": {"Code": code, "Message": said}, "ResponseMetadata": about, **found}, operation)


def _with_bytes(found: Any) -> Any:
    """Returns a part of an answer with the values of the types B and BS as bytes."""
    match found:
        case {"B": str(text)} if len(found) == 1:
            return {"B": b64decode(text)}
        case {"BS": [*texts]} if len(found) == 1:
            return {"BS": [b64decode(text) for text in texts]}
        case dict():
            return {name: _with_bytes(value) for name, value in found.items()}
        case list():
            return [_with_bytes(value) for value in found]
    return found


class _Raw(io.BytesIO):
    """A body as botocore reads it from urllib3."""

    def stream(self, **_: object) -> Iterator[bytes]:
        yield self.read()


def _answer_in_process(request: AWSPreparedRequest, **_: object) -> AWSResponse | None:
    if not is_address(request.url):
        return None
    headers = {name: value if isinstance(value, str) else value.decode() for name, value in request.headers.items()}
    status, answered, found = answer(request.method, request.url, headers, _content(request.body))
    return AWSResponse(request.url, status, HTTPHeaders.from_dict(answered), _Raw(found))


def _content(body: Any) -> bytes:
    match body:
        case None:
            return b""
        case str():
            return body.encode()
        case bytes() | bytearray():
            return bytes(body)
    return bytes(body.read())


def _unsigned(**_: object) -> object:
    """Returns the signer of a request: none in an environment of the harness, else botocore's own (None).

    tests/e2e import the harness, too, and their server checks all signatures.
    """
    return botocore.UNSIGNED if os.environ.get("AWS_ACCOUNT_ID_ENDPOINT_MODE") == "disabled" else None


@contextmanager
def _environment() -> Iterator[None]:
    """ministack reads its settings when it is imported."""
    before = dict(os.environ)
    os.environ.update(
        {
            "AUTH": "true",
            "AWS_ACCESS_KEY_ID": CLIENT_ENVIRONMENT["AWS_ACCESS_KEY_ID"],
            "AWS_SECRET_ACCESS_KEY": CLIENT_ENVIRONMENT["AWS_SECRET_ACCESS_KEY"],
            "LOG_LEVEL": "CRITICAL",
            "MINISTACK_ACCOUNT_ID": ACCOUNT,
            "MINISTACK_REGION": "us-east-1",
        }
    )
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@contextmanager
def _importable() -> Iterator[None]:
    """While it lasts, packages of ministack's virtual environment can be imported, after those of this one."""
    [folder] = _ROOT.glob(".venv-ministack/lib/python*/site-packages")
    sys.path.append(str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))


BUILTIN_HANDLERS.insert(0, ("before-send", _answer_in_process))
# The emulations take requests of these services unsigned, and a signature is a tenth of the time of a call.
BUILTIN_HANDLERS.extend((f"choose-signer.{service}", _unsigned) for service in _JSON_SERVICES)
