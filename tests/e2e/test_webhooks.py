"""The local stack posts events to a receiver on the same machine, and a slow receiver delays no other.

It also puts them onto a bus of EventBridge, which is another server if a variable names one.
"""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from statistics import median
from typing import Any

from tests.e2e.stack import PATIENCE_S, running
from tests.functional.hooks import Got, receiving

MESSAGES = 20


def test_events_arrive_in_order_and_soon_beside_a_receiver_that_hangs(tmp_path: Path) -> None:
    with running(tmp_path) as stack, receiving() as quick, receiving() as slow:
        host, ana = stack.person("host", role="service"), stack.person("ana")
        arrived: dict[str, float] = {}

        def note(got: Got) -> int:
            arrived[got.data["message"]["text"]] = time.monotonic()
            return 200

        def hang(_: Got) -> int:
            time.sleep(9)
            return 200

        quick.answer, slow.answer = note, hang
        secrets = [
            host.post("/admin/webhooks", url=there.url, events=["message.created"])["secret"] for there in (quick, slow)
        ]
        time.sleep(5.5)  # until the process that reads the stream looks for webhooks again
        sent: dict[str, float] = {}
        for number in range(MESSAGES):
            sent[str(number)] = time.monotonic()
            assert ana.request("POST", "/messages", {"user_id": "ben", "text": str(number)}).status == 201
            time.sleep(0.05)
        deadline = time.monotonic() + PATIENCE_S
        while len(arrived) < MESSAGES and time.monotonic() < deadline:
            time.sleep(0.05)

        seqs = [got.data["seq"] for got in quick.got]
        assert seqs == sorted(seqs) and len(arrived) == MESSAGES
        assert quick.got[0].verified(secrets[0])
        assert median(arrived[text] - sent[text] for text in sent) < 2


@contextmanager
def event_bridge() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Yields the address of a server that answers as EventBridge does, and the entries that it has taken.

    The second entry that it gets is not taken at first.
    """
    taken: list[dict[str, Any]] = []
    refused: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
            is_put = self.headers["x-amz-target"] == "AWSEvents.PutEvents"  # the stack has rules, too
            entries = [self._take(entry) for entry in asked["Entries"]] if is_put else []
            answer = json.dumps({"FailedEntryCount": 0, "Entries": entries}).encode()
            self.send_response(200)
            self.send_header("content-type", "application/x-amz-json-1.1")
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def _take(self, entry: dict[str, Any]) -> dict[str, str]:
            if taken and not refused:
                refused.append(entry["Detail"])
                return {"ErrorCode": "ThrottlingException", "ErrorMessage": "not now"}
            taken.append(entry)
            return {"EventId": str(len(taken))}

        def log_message(self, *_: Any) -> None:
            """Says nothing: the output is the test's."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", taken
    finally:
        server.shutdown()
        server.server_close()


def test_events_reach_a_bus_that_is_named(tmp_path: Path) -> None:
    bus = "arn:aws:events:us-east-1:000000000000:event-bus/crm"
    with (
        event_bridge() as (url, taken),
        running(tmp_path, "--parameter", f"EventBusArn={bus}", AWS_ENDPOINT_URL_EVENTBRIDGE=url) as stack,
    ):
        ana = stack.person("ana")
        for text in ("one", "two", "three"):
            assert ana.request("POST", "/messages", {"user_id": "ben", "text": text}).status == 201
        deadline = time.monotonic() + PATIENCE_S
        while len(taken) < 4 and time.monotonic() < deadline:
            time.sleep(0.05)

        types = sorted(entry["DetailType"] for entry in taken)
        assert types == ["conversation.created", *["message.created"] * 3]
        assert {(entry["Source"], entry["EventBusName"]) for entry in taken} == {("parley", bus)}
        assert len({json.loads(entry["Detail"])["id"] for entry in taken}) == 4
