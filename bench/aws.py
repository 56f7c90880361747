"""Plays a conversation against a deployed stack and times it: `make bench-aws URL=https://….amazonaws.com/v1`.

    python -m bench.aws https://….amazonaws.com/v1 wss://….amazonaws.com/v1

Two test people talk: it needs two tokens in TOKENS (with a comma between), or the secret that signs them in JWT_SECRET.
A local stack gives tokens itself. Times are measured at this client, so they contain the network to the region.
"""

import json
import os
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from statistics import median
from typing import Any
from urllib.parse import urlsplit

import httpx
import jwt
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

TIMES = 50
WARM_UP = 5
PAUSE_S = 0.5  # between two of a kind: a person may send at most 120 messages a minute
PAGE = 50
TEXT = "It was the best of times, it was the worst of times, it was the age of wisdom, it was the age of foo"
PROMISED_MS = {"delivery": 100.0}  # what the chat backend among the replaced systems claims (guides/replacing.md)
REST_MS = 50.0  # likewise, for each request over REST
PEOPLE = ("bench-alice", "bench-bob")


@dataclass(frozen=True)
class Taken:
    """The times that something took, in milliseconds."""

    what: str
    times_ms: list[float]

    @property
    def line(self) -> str:
        ordered, promised = sorted(self.times_ms), PROMISED_MS.get(self.what, REST_MS)
        p50, p99 = median(ordered), ordered[int(len(ordered) * 0.99)]
        verdict = "kept" if p50 <= promised else "MISSED"
        return f"{self.what:24} p50 {p50:7.1f} ms   p99 {p99:7.1f} ms   promised {promised:.0f} ms: {verdict}"


class Person:
    """A person with a REST connection and a socket, both kept open."""

    def __init__(self, rest: httpx.Client, socket: ClientConnection, token: str) -> None:
        self._rest, self._socket = rest, socket
        self._headers = {"Authorization": f"Bearer {token}"}

    def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Returns the answer of a REST operation; raises for anything but a success."""
        return self._rest.request(method, path, json=body, headers=self._headers).raise_for_status().json()

    def act(self, action: str, **data: Any) -> dict[str, Any]:
        """Returns the acknowledgement of an action; RuntimeError for an error."""
        request_id = uuid.uuid4().hex
        self._socket.send(json.dumps({"action": action, "request_id": request_id, "data": data}))
        return self.wait(lambda frame: frame.get("request_id") == request_id)

    def wait(self, is_it: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Returns the first frame that matches; raises RuntimeError if it is an error."""
        while True:
            frame: dict[str, Any] = json.loads(self._socket.recv(30))
            if frame["type"] == "error":
                raise RuntimeError(frame)
            if is_it(frame):
                return frame


def main(rest_url: str, websocket_url: str) -> None:
    """Prints a line for each timed operation."""
    with signed_in(rest_url, websocket_url) as (alice, bob):
        for taken in play(alice, bob):
            print(taken.line)


@contextmanager
def signed_in(rest_url: str, websocket_url: str) -> Iterator[tuple[Person, Person]]:
    """Yields two connected people."""
    with ExitStack() as stack:
        rest = stack.enter_context(httpx.Client(base_url=rest_url.rstrip("/"), timeout=30))
        alice, bob = (
            Person(rest, stack.enter_context(_connected(websocket_url, token)), token)
            for token in tokens(rest, rest_url)
        )
        yield alice, bob


def _connected(websocket_url: str, token: str) -> ClientConnection:
    return connect(websocket_url, subprotocols=[Subprotocol("bearer"), Subprotocol(token)], compression=None)


def tokens(rest: httpx.Client, rest_url: str) -> list[str]:
    """Returns the tokens of the two; raises SystemExit with a sentence that names what is missing."""
    if given := os.environ.get("TOKENS"):
        return given.split(",")
    if secret := os.environ.get("JWT_SECRET"):
        return [jwt.encode(_claims(user_id), secret, algorithm="HS256") for user_id in PEOPLE]
    host = urlsplit(rest_url)
    if host.hostname in ("localhost", "127.0.0.1"):
        local = f"{host.scheme}://{host.netloc}/local/token"
        return [
            str(rest.post(local, json={"user_id": user_id}).raise_for_status().json()["token"]) for user_id in PEOPLE
        ]
    raise SystemExit("bench-aws: give two tokens in TOKENS, with a comma between, or the secret in JWT_SECRET")


def _claims(user_id: str) -> dict[str, object]:
    now_s = int(time.time())
    return {
        "sub": user_id,
        "iss": os.environ.get("JWT_ISSUER", "parley").split(",")[0].strip(),
        "aud": os.environ.get("JWT_AUDIENCE", "parley"),
        "iat": now_s,
        "exp": now_s + 3600,
    }


def play(alice: Person, bob: Person) -> Iterator[Taken]:
    """Yields the times of each operation, after `WARM_UP` rounds that start the functions."""
    bob_id = bob.ask("GET", "/me")["id"]
    conversation_id = alice.ask("POST", "/conversations", {"type": "direct", "user_id": bob_id})["id"]
    messages = f"/conversations/{conversation_id}/messages"
    bob.act("join_conversation", conversation_id=conversation_id)
    yield _timed("send over REST", lambda: alice.ask("POST", messages, {"text": TEXT}))
    yield _timed("send over WebSocket", lambda: alice.act("send_message", conversation_id=conversation_id, text=TEXT))
    yield Taken("delivery", [_delivery_ms(alice, bob, conversation_id) for _ in range(WARM_UP + TIMES)][WARM_UP:])
    yield _timed("list", lambda: alice.ask("GET", f"/conversations?limit={PAGE}"))
    yield _timed("history", lambda: alice.ask("GET", f"{messages}?limit={PAGE}"))
    yield _timed("unread by conversation", lambda: alice.ask("GET", "/unread"))
    yield _timed("unread total", lambda: alice.ask("GET", "/unread-count"))


def _delivery_ms(alice: Person, bob: Person, conversation_id: str) -> float:
    """Returns the time, in ms, from the frame that sends a message to its event at the other person's socket."""
    text = uuid.uuid4().hex
    with ThreadPoolExecutor(1) as threads:
        arrived = threads.submit(_arrival_s, bob, text)
        started_s = time.perf_counter()
        alice.act("send_message", conversation_id=conversation_id, text=text)
        time.sleep(PAUSE_S)
        return (arrived.result() - started_s) * 1000


def _arrival_s(person: Person, text: str) -> float:
    person.wait(lambda frame: frame.get("event") == "new_message" and frame["data"]["message"]["text"] == text)
    return time.perf_counter()


def _timed(what: str, do: Callable[[], object]) -> Taken:
    times_ms = []
    for _ in range(WARM_UP + TIMES):
        started_s = time.perf_counter()
        do()
        times_ms.append((time.perf_counter() - started_s) * 1000)
        time.sleep(PAUSE_S)
    return Taken(what, times_ms[WARM_UP:])


if __name__ == "__main__":
    if len(sys.argv) != 3:
        raise SystemExit("usage: make bench-aws URL=https://….amazonaws.com/v1 WS_URL=wss://….amazonaws.com/v1")
    main(*sys.argv[1:])
