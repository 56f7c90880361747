"""Keeps what tests really sent and got, for docs/examples.py to choose from; only if PARLEY_EXAMPLES names a file.

Each line of the file is one exchange or event, with the file of the test that it happened in.
"""

import json
import os
from typing import Any

from tests.harness.documents import operation_id


def keep_request(method: str, path: str, body: bytes, status: int, reply: object) -> None:
    """Keeps a REST request that was answered well."""
    name = operation_id(method, path)
    if status < 300 and name is not None:
        sent = json.loads(body) if body else None
        _keep({"kind": "rest", "name": name, "path": path, "status": status, "sent": sent, "got": reply})


def keep_action(sent: dict[str, Any], reply: dict[str, Any]) -> None:
    """Keeps an action and its reply."""
    if reply["type"] == "ack":
        _keep({"kind": "action", "name": sent["action"], "sent": sent, "got": reply})
    else:
        _keep({"kind": "error", "name": "error", "got": reply})


def keep_event(frame: dict[str, Any]) -> None:
    """Keeps an event."""
    _keep({"kind": "event", "name": frame["event"], "got": frame})


def _keep(exchange: dict[str, Any]) -> None:
    if file := os.environ.get("PARLEY_EXAMPLES"):
        test = os.environ["PYTEST_CURRENT_TEST"].partition("::")[0]
        line = json.dumps({**exchange, "test": test}) + "\n"
        with open(file, "ab", buffering=0) as kept:  # several processes write: one call, one line
            kept.write(line.encode())
