"""`make bench-aws`: the conversation that it plays against a deployed stack, played against the local one."""

import subprocess
import sys

import pytest

from bench import aws
from tests.e2e.stack import Stack

WHAT = [
    "send over REST",
    "send over WebSocket",
    "delivery",
    "list",
    "history",
    "unread by conversation",
    "unread total",
]


def test_each_thing_is_timed_and_held_against_its_promise(
    stack: Stack, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(aws, "TIMES", 3)
    monkeypatch.setattr(aws, "WARM_UP", 1)
    monkeypatch.setattr(aws, "PAUSE_S", 0.0)

    aws.main(stack.rest_url, stack.websocket_url)

    lines = capsys.readouterr().out.splitlines()
    assert [line.split("  ")[0].strip() for line in lines] == WHAT
    assert all("p50" in line and "p99" in line and ("kept" in line or "MISSED" in line) for line in lines)
    assert "promised 100 ms" in lines[2] and "promised 50 ms" in lines[3]


def test_slow_one_is_told() -> None:
    assert aws.Taken("list", [51.0, 52.0, 53.0]).line.endswith("promised 50 ms: MISSED")
    assert aws.Taken("delivery", [51.0, 52.0, 53.0]).line.endswith("promised 100 ms: kept")


def test_stack_elsewhere_needs_tokens() -> None:
    urls = ["https://x.execute-api.eu-central-1.amazonaws.com/v1", "wss://y.execute-api.eu-central-1.amazonaws.com/v1"]
    command = [sys.executable, "-m", "bench.aws", *urls]
    run = subprocess.run(command, env={}, capture_output=True, text=True, check=False)

    assert run.returncode == 1
    assert "TOKENS" in run.stderr and "JWT_SECRET" in run.stderr
