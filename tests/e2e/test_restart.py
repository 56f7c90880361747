"""Starting, stopping, starting again; and what cannot be started says why in one line."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.stack import ROOT, Person, Stack, copy_repository, environment, running


def local(
    *arguments: str, folder: Path = ROOT, variables: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Runs a command of the local stack to its end."""
    return subprocess.run(
        [sys.executable, "-m", "local", *arguments],
        cwd=folder,
        env=environment(**variables or {}),
        capture_output=True,
        text=True,
        timeout=30,
    )


def refusal(done: subprocess.CompletedProcess[str]) -> str:
    """Returns the one line that a command said why it could not; fails where it said more, or could."""
    assert done.returncode not in (0, -signal.SIGINT, 130), done
    assert done.stdout == ""
    [line] = done.stderr.splitlines()
    return line


def descendants(pid: int) -> set[int]:
    """Returns the processes below one, from /proc."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    return {int(child) for child in children}.union(*(descendants(int(child)) for child in children))


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def processor_seconds(pid: int) -> float:
    """Returns how long a process has had a processor (proc(5): utime and stime)."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def wait_until_gone(pids: set[int], seconds: float) -> set[int]:
    """Returns those that are still there after so long."""
    deadline = time.monotonic() + seconds
    while (left := {pid for pid in pids if is_alive(pid)}) and time.monotonic() < deadline:
        time.sleep(0.05)
    return left


@pytest.fixture
def occupied() -> Iterator[int]:
    """A port that another program listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A copy of the repository, to be broken."""
    folder = tmp_path / "parley"
    folder.mkdir()
    copy_repository(folder)
    return folder


def test_conversations_tokens_and_promises_survive_a_restart(state: Path) -> None:
    with running(state) as stack:
        alice, bob = stack.person("alice"), stack.person("bob")
        conversation_id = alice.opens(bob)
        sent = alice.post(f"/conversations/{conversation_id}/messages", text="still there?", client_id="once")
        bob.patch(f"/messages/{sent['id']}/read")
        assert stack.stop(signal.SIGTERM) in (0, 143)

    with running(state) as again:
        alice.stack = bob.stack = again
        # The same tokens: the secret that signed them has survived too.
        replayed = alice.post(f"/conversations/{conversation_id}/messages", text="still there?", client_id="once")
        [message] = bob.get(f"/conversations/{conversation_id}/messages")["messages"]
        [receipt] = alice.get(f"/messages/{sent['id']}/receipts")["receipts"]
        with bob.online() as from_bob:
            alice.post(f"/conversations/{conversation_id}/messages", text="good")
            assert from_bob.event("message_notification")["message"]["seq"] == 2

    assert (replayed["replayed"], message["id"], receipt["user_id"]) == (True, sent["id"], bob.user_id)


def test_what_was_acknowledged_survives_a_kill_of_the_stack(state: Path) -> None:
    with running(state) as stack:
        alice, bob = stack.person("alice"), stack.person("bob")
        conversation_id = alice.opens(bob)
        alice.post(f"/conversations/{conversation_id}/messages", text="written down?")
        below = descendants(stack.process.pid)
        stack.stop(signal.SIGKILL)
        left = wait_until_gone(below, 10)

    with running(state) as again:
        bob.stack = again
        texts = [one["text"] for one in bob.get(f"/conversations/{conversation_id}/messages")["messages"]]

    assert below and not left
    assert texts == ["written down?"]


def test_reset_forgets_everything(state: Path) -> None:
    with running(state) as stack:
        alice = stack.person("alice")
        alice.opens(stack.person("bob"))
        alice_id = alice.user_id

    assert local("reset", "--state", str(state)).returncode == 0

    with running(state) as again:
        assert again.known(alice_id).get("/conversations")["conversations"] == []


def test_reset_waits_for_a_stack_that_runs(stack: Stack) -> None:
    alice = stack.person("alice")
    alice.opens(stack.person("bob"))

    assert "stop" in refusal(local("reset", "--state", str(stack.state)))
    assert len(alice.get("/conversations")["conversations"]) == 1


def test_ctrl_c_ends_the_stack_with_all_its_children(state: Path) -> None:
    with running(state) as stack:
        below = descendants(stack.process.pid)
        with stack.person("alice").online() as device:
            device.ask("ping")
            started = time.monotonic()
            status = stack.stop(signal.SIGINT)
            seconds = time.monotonic() - started
            assert device.closed() in (1001, 1012)
        said = stack.process.stdout.read() if stack.process.stdout else ""

    assert below
    assert wait_until_gone(below, 0) == set()
    assert status in (0, 130) and seconds < 15
    assert "Traceback" not in said


def test_ctrl_c_while_it_starts_leaves_nothing_behind(state: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "local", "run", "--state", str(state)],
        cwd=ROOT,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    deadline = time.monotonic() + 30
    while not (below := descendants(process.pid)) and time.monotonic() < deadline:
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGINT)
    said, _ = process.communicate(timeout=30)

    assert below and wait_until_gone(below, 10) == set()
    assert "Traceback" not in said


def test_a_second_start_is_quick(state: Path) -> None:
    with running(state):
        pass
    with running(state) as stack:
        processes = {stack.process.pid, *descendants(stack.process.pid)}
        # Five seconds are promised. Seconds of the processor, because other tests run on this machine at the same time.
        assert sum(map(processor_seconds, processes)) < 5


def test_two_stacks_never_share_a_state(stack: Stack) -> None:
    line = refusal(local("run", "--state", str(stack.state)))

    assert str(stack.state) in line
    assert stack.person("alice").get("/unread-count")["total"] == 0


@pytest.mark.parametrize("variable", ["REST_PORT", "WS_PORT"])
def test_a_port_in_use_is_one_line(state: Path, occupied: int, variable: str) -> None:
    line = refusal(local("run", "--state", str(state), variables={variable: str(occupied)}))

    assert str(occupied) in line and variable in line


@pytest.mark.parametrize("port", ["65536", "-1", "abc", "3000.5", "٣٠٠٠"])
def test_a_port_that_is_none_is_one_line(state: Path, port: str) -> None:
    line = refusal(local("run", "--state", str(state), variables={"REST_PORT": port}))

    assert "REST_PORT" in line and "65535" in line


@pytest.mark.parametrize(
    ("file", "found", "written", "told"),
    [
        ("template.yaml", "Resources:", "Resources: [", "line"),
        ("template.yaml", "!Ref Conversations", "!Ref Conversation", "Conversation"),
        ("stacks/messages.yaml", "rest.send_message.handler", "rest.send_massage.handler", "send_massage"),
        ("stacks/messages.yaml", "!Ref RestLogs", "!Ref RestLog", "stacks/messages.yaml"),
    ],
    ids=["yaml", "reference", "handler", "reference in a nested stack"],
)
def test_a_broken_template_is_one_line(repository: Path, file: str, found: str, written: str, told: str) -> None:
    template = repository / file
    template.write_text(template.read_text(encoding="utf-8").replace(found, written, 1), encoding="utf-8")

    line = refusal(local("run", folder=repository))

    assert told in line


def test_a_broken_policy_is_one_line_that_names_the_line(repository: Path) -> None:
    policy = repository / "layers/shared/parley/policies/default.toml"
    lines = policy.read_text(encoding="utf-8").splitlines()
    number = next(n for n, line in enumerate(lines, 1) if line.startswith("may_open = { teacher"))
    lines[number - 1] = lines[number - 1].replace('"student"', '"studnet"', 1)
    policy.write_text("\n".join(lines), encoding="utf-8")

    line = refusal(local("run", folder=repository))

    assert re.search(rf"default\.toml.*\b{number}\b", line)
    assert "studnet" in line


def test_a_missing_python_is_one_line(repository: Path) -> None:
    (repository / ".venv").unlink()

    done = subprocess.run(
        ["make", "PYTHON=/nowhere/python2", "run"],
        cwd=repository,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert done.returncode != 0
    [line] = [one for one in done.stderr.splitlines() if not one.startswith("make")]
    assert "3.11" in line and "/nowhere/python2" in line


def test_an_unknown_policy_is_one_line(state: Path) -> None:
    assert "nonsense" in refusal(local("run", "--state", str(state), "--parameter", "Policy=nonsense"))


@pytest.mark.parametrize(
    ("parameter", "told"),
    [
        ("SendBurst=0", "at least 1"),
        ("SendBurst=10001", "at most 10000"),
        ("SendBurst=often", "whole number"),
        ("JwtIssuer=", "must match"),
        ("CorsAllowOrigin=everywhere", "must match"),
        ("LogLevel=LOUD", "DEBUG"),
    ],
)
def test_a_parameter_outside_its_range_is_one_line(state: Path, parameter: str, told: str) -> None:
    line = refusal(local("run", "--state", str(state), "--parameter", parameter))

    assert parameter.split("=")[0] in line and told in line


def test_a_token_for_nobody_in_particular_is_refused(state: Path) -> None:
    assert "user_id" in refusal(local("token", "--user", "a/b", "--state", str(state)))


def test_a_token_printed_while_the_stack_runs_is_good_there(stack: Stack) -> None:
    printed = local("token", "--user", "alice", "--role", "teacher", "--state", str(stack.state)).stdout.strip()

    assert Person(stack, "alice", printed).get("/unread-count")["total"] == 0
