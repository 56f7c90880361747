"""Webhooks over the local stack: the delay of first attempts, beside an endpoint that never answers in time.

People send over REST on a fixed beat, each in a conversation of their own. One endpoint answers at once, the other
takes 29 s, longer than an attempt may. A delay runs from the call that sends a message to the request that tells the
first endpoint of it, by one clock. Store, gateway, functions, senders and receivers share the machine.
"""

import asyncio
import json
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx

from bench.delivery import percentile, running
from bench.rows import Row, Section
from bench.scene import TEXT

MESSAGES_PER_S = 50
DURATION_S = 300
PEOPLE = 50
SLOW_S = 29.0
P50_MS = 1_000.0
GROWTH = 2.0  # the last minute's median, as a multiple of the first one's
LAST_EVENTS_S = 60  # after which an event counts as lost
HOST = "host"


class Receivers:
    """Two endpoints on one port; `came_s` tells when the quick one was told of each message."""

    def __init__(self, port: int) -> None:
        self.quick, self.slow = f"http://127.0.0.1:{port}/quick", f"http://127.0.0.1:{port}/slow"
        self.came_s: dict[str, float] = {}
        self.is_over = threading.Event()


@contextmanager
def receiving() -> Iterator[Receivers]:
    """Runs the endpoints while it lasts."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:  # noqa: N802 - http.server's name
            at_s = time.perf_counter()
            event = json.loads(self.rfile.read(int(self.headers["content-length"])))
            if self.path == "/slow":
                receivers.is_over.wait(SLOW_S)
            else:
                receivers.came_s.setdefault(event["data"]["message"]["id"], at_s)
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Logs nothing: the output is the table's."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 128

    server = Server(("127.0.0.1", 0), Handler)
    receivers = Receivers(server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield receivers
    finally:
        receivers.is_over.set()
        server.shutdown()
        server.server_close()
        thread.join()


class Senders:
    """People who send on a fixed beat, whatever became of the messages before."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client
        self.sent_s: dict[str, float] = {}  # when each message was sent, by its id

    async def sign_in(self, user_id: str, role: str = "user") -> dict[str, str]:
        """Returns the headers of a person's requests."""
        answer = await self._client.post("/local/token", json={"user_id": user_id, "role": role})
        return {"Authorization": f"Bearer {answer.raise_for_status().json()['token']}"}

    async def hook(self, host: dict[str, str], url: str) -> None:
        """Makes a webhook for new messages."""
        body = {"url": url, "events": ["message.created"]}
        (await self._client.post("/v1/admin/webhooks", json=body, headers=host)).raise_for_status()

    async def talk(self, seconds: float) -> None:
        """Sends for so long."""
        people = [await self.sign_in(f"person-{number}") for number in range(PEOPLE)]
        began_s = time.perf_counter()
        tasks = []
        for number in range(int(seconds * MESSAGES_PER_S)):
            await asyncio.sleep(max(0.0, began_s + number / MESSAGES_PER_S - time.perf_counter()))
            sender = people[number % PEOPLE]
            tasks.append(asyncio.create_task(self._send(sender, f"peer-{number % PEOPLE}")))
        await asyncio.gather(*tasks)

    async def _send(self, sender: dict[str, str], user_id: str) -> None:
        began_s = time.perf_counter()
        sent = await self._client.post("/v1/messages", json={"user_id": user_id, "text": TEXT}, headers=sender)
        self.sent_s[sent.raise_for_status().json()["id"]] = began_s


async def _play(rest_url: str, receivers: Receivers, seconds: float) -> dict[str, float]:
    limits = httpx.Limits(max_connections=PEOPLE, max_keepalive_connections=PEOPLE)
    async with httpx.AsyncClient(base_url=rest_url, timeout=60, limits=limits) as client:
        senders = Senders(client)
        host = await senders.sign_in(HOST, "service")
        for url in (receivers.quick, receivers.slow):
            await senders.hook(host, url)
        await asyncio.sleep(6)  # a new webhook counts everywhere after five seconds
        await senders.talk(seconds)
        until_s = time.monotonic() + LAST_EVENTS_S
        while senders.sent_s.keys() - receivers.came_s.keys() and time.monotonic() < until_s:
            await asyncio.sleep(0.2)
        return senders.sent_s


def measure(seconds: float = DURATION_S) -> Section:
    """Returns the rows of first attempts under load."""
    with receiving() as receivers, tempfile.TemporaryDirectory(prefix="parley-bench-") as folder:
        with running(Path(folder)) as (rest_url, _):
            sent_s = asyncio.run(_play(rest_url, receivers, seconds))
    return Section(rows=rows_of(sent_s, receivers.came_s))


def rows_of(sent_s: dict[str, float], came_s: dict[str, float]) -> list[Row]:
    """Returns the rows for messages by when they were sent and when the endpoint was told of them."""
    # An event that has not come counts as if it had come at the end, which is the least that it takes.
    end_s = max([*sent_s.values(), *came_s.values()]) + LAST_EVENTS_S
    lost = len(sent_s.keys() - came_s.keys())
    delays = [
        (at_s, (came_s.get(message_id, end_s) - at_s) * 1000)
        for message_id, at_s in sorted(sent_s.items(), key=lambda each: each[1])
    ]
    first_s = min(sent_s.values())
    last_s = max(sent_s.values())
    begun = [delay for at_s, delay in delays if at_s < first_s + 60]
    ended = [delay for at_s, delay in delays if at_s >= last_s - 60]
    ascending = sorted(delay for _, delay in delays)
    what = f"webhooks, local, {len(sent_s) / max(1.0, last_s - first_s):.0f} messages/s for {last_s - first_s:.0f} s"
    spread = f"p90 {percentile(ascending, 0.9):.0f} ms, p99 {percentile(ascending, 0.99):.0f} ms"
    grown = _median(ended) / _median(begun)
    rows: tuple[tuple[str, str, float, str, float, str], ...] = (
        ("p50", "first attempt p50, beside an endpoint of 29 s", _median(ascending), "ms", P50_MS, spread),
        ("growth", "p50 of the last minute", grown, "× the first's", GROWTH, f"{_median(ended):.0f} ms"),
        ("lost", "events that did not come", float(lost), f"of {len(sent_s):,}", 0.0, ""),
    )
    return [
        Row(key=f"webhooks.{key}", what=f"{what}: {name}", number=round(number, 2), unit=unit, budget=budget, note=note)
        for key, name, number, unit, budget, note in rows
    ]


def _median(values: list[float]) -> float:
    return percentile(sorted(values), 0.5)
