"""REST over the local stack, on a kept-alive connection, beside the same operation over WebSocket."""

import contextlib
import json
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from bench.delivery import running
from bench.rows import Row, Section

TIMES = 60
CONVERSATIONS = 50
RATIO = 2.0
TEXT = "It was the best of times, it was the worst of times, it was the age of wisdom, it was the age of foo"


class Client:
    """Alice, with one connection to REST and one socket; both are kept open."""

    def __init__(self, rest: httpx.Client, socket: ClientConnection) -> None:
        self._rest = rest
        self._socket = socket
        self._requests = 0

    def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Returns the answer of a REST operation; raises for anything but a success."""
        return self._rest.request(method, path, json=body).raise_for_status().json()

    def act(self, action: str, data: Mapping[str, Any]) -> None:
        """Waits for the acknowledgement of an action; AssertionError for an error."""
        self._requests += 1
        request_id = f"r{self._requests}"
        self._socket.send(json.dumps({"action": action, "request_id": request_id, "data": data}))
        while (frame := json.loads(self._socket.recv(30))).get("request_id") != request_id:
            pass
        assert frame["type"] == "ack", frame


def measure() -> Section:
    """Returns the rows of REST over the local stack."""
    with tempfile.TemporaryDirectory(prefix="parley-bench-") as folder, running(Path(folder)) as addresses:
        with _signed_in(*addresses) as client:
            conversation_id = _prepared(client)
            return Section(rows=[*_beside_websocket(client, conversation_id), *_alone(client, conversation_id)])


@contextmanager
def _signed_in(rest_url: str, websocket_url: str) -> Iterator[Client]:
    with contextlib.ExitStack() as stack:
        rest = stack.enter_context(httpx.Client(base_url=rest_url, timeout=30))
        for number in range(CONVERSATIONS):
            rest.post("/local/token", json={"user_id": f"person-{number}"}).raise_for_status()
        token = str(rest.post("/local/token", json={"user_id": "alice"}).raise_for_status().json()["token"])
        rest.headers["Authorization"] = f"Bearer {token}"
        subprotocols = [Subprotocol("bearer"), Subprotocol(token)]
        yield Client(rest, stack.enter_context(connect(websocket_url, subprotocols=subprotocols, compression=None)))


def _prepared(client: Client) -> str:
    """Opens the conversations, a message in each and 50 in the first; returns the first one's id."""
    opened = [{"type": "direct", "user_id": f"person-{number}"} for number in range(CONVERSATIONS)]
    ids = [str(client.ask("POST", "/v1/conversations", body)["id"]) for body in opened]
    for conversation_id in [*ids, *ids[:1] * 50]:
        client.ask("POST", f"/v1/conversations/{conversation_id}/messages", {"text": TEXT})
    return ids[0]


def _beside_websocket(client: Client, conversation_id: str) -> Iterator[Row]:
    send, messages = {"text": TEXT}, f"/v1/conversations/{conversation_id}/messages"
    sync = {"cursors": {conversation_id: {"seq": 1, "change_seq": 0}}}
    pairs: list[tuple[str, Callable[[], object], Callable[[], object]]] = [
        (
            "send",
            lambda: client.ask("POST", messages, send),
            lambda: client.act("send_message", {**send, "conversation_id": conversation_id}),
        ),
        ("sync", lambda: client.ask("POST", "/v1/sync", sync), lambda: client.act("sync", sync)),
    ]
    for name, over_rest, over_websocket in pairs:
        rest_ms, websocket_ms = _medians(over_rest, over_websocket)
        note = f"REST {rest_ms:.1f} ms, WebSocket {websocket_ms:.1f} ms, medians of {TIMES} in turns"
        what = f"local, {name} over REST on a kept-alive connection"
        number = round(rest_ms / websocket_ms, 2)
        yield Row(key=f"local_rest.{name}", what=what, number=number, unit="× WebSocket", budget=RATIO, note=note)


def _alone(client: Client, conversation_id: str) -> Iterator[Row]:
    paths = {
        f"list {CONVERSATIONS} conversations": "/v1/conversations?limit=50",
        "history page of 50": f"/v1/conversations/{conversation_id}/messages?limit=50",
        "unread total": "/v1/unread-count",
        "unread by conversation": "/v1/unread",
    }
    for name, path in paths.items():
        [median_ms] = _medians(lambda path=path: client.ask("GET", path))  # type: ignore[misc]  # a lambda's default
        what = f"local, {name} over REST: p50"
        yield Row(
            key=f"local_rest.{path.partition('?')[0].rpartition('/')[2]}",
            what=what,
            number=round(median_ms, 1),
            unit="ms",
        )


def _medians(*calls: Callable[[], object]) -> list[float]:
    """Returns the median time of each call in milliseconds; they take turns, so that all meet the same machine."""
    taken_ms: list[list[float]] = [[] for _ in calls]
    for _ in range(TIMES):
        for call, times_ms in zip(calls, taken_ms, strict=True):
            started_s = time.perf_counter()
            call()
            times_ms.append((time.perf_counter() - started_s) * 1000)
    return [statistics.median(times_ms) for times_ms in taken_ms]
