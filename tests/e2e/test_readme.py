"""The examples of README.md and quickstart.md, run as they stand: `make run` in a copy, then each block of shell."""

import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import jwt
import pytest

from tests.e2e.stack import ROOT, START_S, copy_repository, environment, free_port

README = (ROOT / "README.md").read_text(encoding="utf-8")
QUICKSTART = (ROOT / "docs" / "quickstart.md").read_text(encoding="utf-8")
SIGN_IN = (ROOT / "docs" / "guides" / "sign-in.md").read_text(encoding="utf-8")


def blocks(page: str) -> list[tuple[str, str]]:
    """Returns the language and the text of each block of code."""
    return re.findall(r"^```(\w*)\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Clone:
    """A copy of the repository in which `make run` runs."""

    folder: Path
    environment: dict[str, str]
    ready: str


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clone]:
    folder = tmp_path_factory.mktemp("parley")
    copy_repository(folder)
    variables = environment(REST_PORT=str(free_port()), WS_PORT=str(free_port()))
    # A terminal's Ctrl-C reaches everything that it started; so does a signal to the group.
    process = subprocess.Popen(
        ["make", "run"],
        cwd=folder,
        env=variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    with process.stdout:
        try:
            deadline, said = time.monotonic() + START_S, []
            while not (line := process.stdout.readline()).startswith("parley is ready: "):
                said.append(line)
                assert line and time.monotonic() < deadline, f"make run did not start: {''.join(said)}"
            yield Clone(folder, variables, line.strip())
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGINT)
            process.wait(30)


def shell(clone: Clone, script: str) -> str:
    """Returns what a script prints, pasted into a shell in the clone; fails where any of its lines does."""
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=clone.folder,
        env=clone.environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    return done.stdout


def test_make_run_says_where_it_is(clone: Clone) -> None:
    told = [
        line
        for page in (README, QUICKSTART)
        for _, block in blocks(page)
        for line in block.splitlines()
        if line.startswith("parley is ready: ")
    ]
    ports = {"3000": clone.environment["REST_PORT"], "3001": clone.environment["WS_PORT"]}

    assert [re.sub(r"\b300[01]\b", lambda port: ports[port[0]], line) for line in told] == [clone.ready] * 2


def test_the_two_conversations_go_as_they_stand_there(clone: Clone) -> None:
    over_rest, in_real_time = (block for language, block in blocks(QUICKSTART) if language == "sh")

    # One shell, as a reader has: the second block uses what the first has set.
    said = shell(clone, over_rest + "\necho ---\n" + in_real_time)

    rest, sockets = said.split("---\n")
    assert '"code"' not in said
    assert '"total":1' in rest
    assert rest.splitlines()[-1].count('"seq"') == 2
    assert "bob got: Tea at five?" in sockets
    assert re.search(r"alice is told: .*'user_id': 'bob'", sockets)
    assert re.search(r"meanwhile: .*'user_typing'", sockets)


def test_a_token_signed_as_the_guide_shows_lets_its_user_in(clone: Clone) -> None:
    [example] = (block for language, block in blocks(SIGN_IN) if language == "python")
    known = {"jwt": jwt, "now": int(time.time()), "secret": (clone.folder / ".parley" / "jwt_secret").read_text()}

    exec(example, known)

    answer = httpx.get(
        f"http://localhost:{clone.environment['REST_PORT']}/v1/conversations",
        headers={"Authorization": f"Bearer {known['token']}"},
    )
    assert answer.status_code == 200


def test_make_help_lists_what_the_pages_name(clone: Clone) -> None:
    listed = set(re.findall(r"^make ([a-z]+)", shell(clone, "make help"), re.MULTILINE))

    assert set(re.findall(r"(?:`|^|\()make ([a-z]+)", README + QUICKSTART, re.MULTILINE)) <= listed
