"""Delivery over the local stack: `python -m local run` in one process, the load (`load.py`) in another."""

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from bench import load
from bench.rows import Row, Section
from bench.stage import ROOT

P50_MS, P99_MS = 50.0, 250.0
# No request waits for a token of a limit: the stack is measured. The most that template.yaml allows.
UNLIMITED = {
    "SendsPerMinute": 60_000,
    "SendBurst": 10_000,
    "LivePerMinute": 60_000,
    "LiveBurst": 10_000,
    "CostUnitsPerMinute": 60_000,
    "CostUnitBurst": 1_000_000,
}
READY_S = 60
LOAD_S = 150
STOP_S = 30


class StackFailed(Exception):
    """The local stack did not start; the message is its output."""


def measure() -> Section:
    """Returns the rows of the delivery under load."""
    with tempfile.TemporaryDirectory(prefix="parley-bench-") as folder:
        with running(Path(folder)) as (rest_url, websocket_url):
            found = _load(rest_url, websocket_url, Path(folder) / "load.json")
    p50, p99 = percentile(found.delays_ms, 0.50), percentile(found.delays_ms, 0.99)
    what = f"local, {found.sockets} open sockets, {found.sent / found.seconds:.0f} messages/s"
    pace = f"{found.sent:,} messages in {found.seconds:.0f} s"
    acks = f"acknowledged p50 {percentile(found.ack_ms, 0.5):.0f} ms, p99 {percentile(found.ack_ms, 0.99):.0f} ms"
    wrong = {
        "lost": found.lost,
        "twice": found.twice,
        "out of order": found.out_of_order,
        "refused": found.refused,
    }
    return Section(
        rows=[
            Row(
                key="local.p50", what=f"{what}: delivery p50", number=round(p50, 1), unit="ms", budget=P50_MS, note=pace
            ),
            Row(
                key="local.p99",
                what=f"{what}: delivery p99",
                number=round(p99, 1),
                unit="ms",
                budget=P99_MS,
                note=f"{acks}; the generator was {found.lag_ms:.0f} ms late at worst",
            ),
            Row(
                key="local.wrong",
                what=f"{what}: {', '.join(wrong)}",
                number=sum(wrong.values()),
                unit=f"of {found.sent + found.refused:,}",
                budget=0,
                note=", ".join(f"{count} {name}" for name, count in wrong.items() if count),
            ),
        ]
    )


def percentile(ascending: list[float], share: float) -> float:
    """Returns the value that a share of ascending values do not exceed; infinity without values."""
    return ascending[min(len(ascending) - 1, int(len(ascending) * share))] if ascending else float("inf")


@contextmanager
def running(state: Path) -> Iterator[tuple[str, str]]:
    """Yields the addresses of a new local stack, on free ports, with an empty state and without limits."""
    variables = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    stack = subprocess.Popen(
        [sys.executable, "-m", "local", "run", "--quiet", "--state", str(state / "parley"), *_unlimited()],
        cwd=ROOT,
        env={**variables, "REST_PORT": "0", "WS_PORT": "0"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield _addresses(stack)
    finally:
        stack.send_signal(signal.SIGINT)
        try:
            stack.wait(STOP_S)
        except subprocess.TimeoutExpired:
            stack.kill()
            stack.wait()
        assert stack.stdout
        stack.stdout.close()


def _unlimited() -> Iterator[str]:
    for name, most in UNLIMITED.items():
        yield from ("--parameter", f"{name}={most}")


def _addresses(stack: "subprocess.Popen[str]") -> tuple[str, str]:
    """Returns the REST and WebSocket addresses that the stack prints once both answer; raises StackFailed."""
    assert stack.stdout
    said, deadline_s = "", time.monotonic() + READY_S
    for line in stack.stdout:
        said += line
        if found := re.search(r"(http://\S+?)/v1.*?(ws://\S+)", line):
            return found[1], found[2]
        if time.monotonic() > deadline_s:
            break
    raise StackFailed(said or "it said nothing")


def _load(rest_url: str, websocket_url: str, result: Path) -> load.Result:
    command = [sys.executable, "-m", "bench.load", rest_url, websocket_url, str(result)]
    subprocess.run(command, cwd=ROOT, check=True, timeout=LOAD_S)
    return msgspec.json.decode(result.read_bytes(), type=load.Result)
