"""The cost of the local store's log for a send: `python -m bench.journal`.

Sends to a user who is not connected, one after the other, over a store without a log and over one with a log, in turn
and each in its own process.
"""

import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path
from statistics import median, quantiles

from bench.scene import TEXT
from bench.stage import ROOT, staged

WARM_UP = 50
SENDS = 500
TURNS = 3


def main() -> None:
    for turn in range(TURNS):
        for kind in ("forgets", "writes down"):
            print(f"{turn + 1}: the store {kind:11}", _run(kind), flush=True)


def _run(kind: str) -> str:
    command = [sys.executable, "-m", "bench.journal", kind]
    lines = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True).stdout.splitlines()
    return lines[-1]  # the functions' own log lines come before


def _measure(kind: str) -> str:
    with tempfile.TemporaryDirectory(dir=ROOT) as folder:
        state = Path(folder) / "store" if kind == "writes down" else None
        with staged(state) as stage:
            opened = stage.rest("alice", "CreateConversation", body={"type": "direct", "user_id": "bob"})
            there = {"conversation_id": opened["id"]}
            taken_ms = []
            size = _size(state)
            for number in range(WARM_UP + SENDS):
                if number == WARM_UP:
                    size = _size(state)
                body = {"text": TEXT, "client_id": str(uuid.uuid4())}
                started_s = time.perf_counter()
                stage.rest("alice", "SendMessage", there, body=body)
                taken_ms.append((time.perf_counter() - started_s) * 1000)
            grown = (_size(state) - size) / SENDS
    taken_ms = taken_ms[WARM_UP:]
    return f"median {median(taken_ms):.2f} ms, p99 {quantiles(taken_ms, n=100)[98]:.2f} ms, {grown:.0f} bytes a send"


def _size(state: Path | None) -> int:
    return sum(path.stat().st_size for path in state.iterdir() if path.is_file()) if state else 0


if __name__ == "__main__":
    if sys.argv[1:]:
        print(_measure(sys.argv[1]))
    else:
        main()
