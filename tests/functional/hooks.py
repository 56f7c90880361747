"""Webhooks for tests: a receiver on this machine that verifies what it gets with an independent library."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from standardwebhooks import Webhook

from parley.domain.webhooks.deliveries import Delivery
from parley.domain.webhooks.event_types import Occurrence
from tests.harness import Parley, Reply, User

ENDPOINTS = "/admin/webhooks"


@dataclass
class Got:
    """A request that came: its headers, and its body as it was read."""

    headers: Mapping[str, str]
    raw: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def body(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.raw)
        return found

    @property
    def type(self) -> str:
        return str(self.body["type"])

    @property
    def data(self) -> dict[str, Any]:
        found: dict[str, Any] = self.body["data"]
        return found

    def verified(self, secret: str) -> dict[str, Any]:
        """Returns the body; raises standardwebhooks' error if no signature is by this secret."""
        found: dict[str, Any] = Webhook(secret).verify(self.raw, dict(self.headers))
        return found


@dataclass
class Receiver:
    """A server that answers `status`, or what `answer` says of a request, and keeps what came."""

    url: str
    status: int = 200
    answer: Callable[[Got], int] | None = None
    got: list[Got] = field(default_factory=list)

    @property
    def types(self) -> list[str]:
        return [each.type for each in self.got]

    def take(self) -> list[Got]:
        """Returns what came, and forgets it."""
        taken, self.got = self.got, []
        return taken


@contextmanager
def receiving() -> Iterator[Receiver]:
    """A receiver while it is needed."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers["content-length"]))
            got = Got({name.lower(): value for name, value in self.headers.items()}, raw)
            there.got.append(got)
            self.send_response(there.status if there.answer is None else there.answer(got))
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Says nothing: the output is the test's."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    there = Receiver(f"http://127.0.0.1:{server.server_port}/hook")
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield there
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    """A receiver, and neither waiting before a further attempt nor a pause: tests do not wait."""
    monkeypatch.setenv("ALLOW_PRIVATE_ADDRESSES", "true")
    monkeypatch.setattr("parley.domain.webhooks.deliveries.BACK_OFF_S", (0, 0, 0))
    monkeypatch.setattr("parley.domain.webhooks.endpoints.PAUSES_FROM", 1000)
    monkeypatch.setattr("parley.domain.webhooks.endpoints.HELD_MS", 0)
    monkeypatch.setattr("parley.domain.webhooks.endpoints.SETTLED_MS", 0)
    with receiving() as found:
        yield found


def host(parley: Parley, user_id: str = "backend") -> User:
    """Returns the host's own server."""
    return parley.user(user_id, role="service")


def hook(keeper: User, url: str = "https://hooks.example.org/parley", *events: str, **fields: object) -> Reply:
    """Makes a webhook, of all events unless some are given."""
    return keeper.post(ENDPOINTS, json={"url": url, "events": list(events) or ["*"], **fields})


def made(keeper: User, url: str, *events: str, **fields: object) -> dict[str, Any]:
    """Returns a new webhook with its secret."""
    reply = hook(keeper, url, *events, **fields)
    assert reply.status == 201, reply
    found: dict[str, Any] = reply.json
    return found


def of(keeper: User, webhook_id: str) -> dict[str, Any]:
    """Returns a webhook as it is now."""
    reply = keeper.get(f"{ENDPOINTS}/{webhook_id}")
    assert reply.status == 200, reply
    found: dict[str, Any] = reply.json
    return found


def deliveries(keeper: User, webhook_id: str, query: str = "") -> list[dict[str, Any]]:
    """Returns a page of a webhook's deliveries."""
    reply = keeper.get(f"{ENDPOINTS}/{webhook_id}/deliveries{query}")
    assert reply.status == 200, reply
    found: list[dict[str, Any]] = reply.json["deliveries"]
    return found


def pending(webhook_id: str, event: dict[str, Any], due_ms: int, **fields: Any) -> str:
    """Writes a delivery that waits for an attempt; returns the job that makes it."""
    from parley.adapters.webhooks import deliveries  # it needs the environment that the fixture makes

    delivery = Delivery(webhook_id=webhook_id, event=Occurrence(**event), status="pending", next_at_ms=due_ms, **fields)
    deliveries.put_delivery(delivery, None)
    return json.dumps({"webhook_id": webhook_id, "event": event, "due_ms": due_ms, **fields})


def take_on(parley: Parley, queue: str) -> int:
    """Runs the function of a queue until it is empty; returns the number of invocations.

    `drain` would never end with attempts that are not due yet, because queues of tests know no delay.
    """
    [mapping] = [each for each in parley.queues if each.queue.logical_id == queue]
    return sum(iter(lambda: mapping.poll(retry_at_once=True), 0))


def follow(parley: Parley) -> None:
    """Makes first attempts of all that has happened, and no further ones."""
    for stream in parley.streams:
        while stream.poll(flush=True, sleep=lambda _: False):
            pass
    take_on(parley, "WebhookEvents")
