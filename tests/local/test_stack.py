"""`python -m local run` where tests/e2e does not go: another store, a store that dies, and what the terminal shows."""

import os
import signal
import time
from contextlib import suppress
from pathlib import Path

import httpx
import jwt
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from local.ministack import Ministack
from tests.e2e.stack import ROOT, running


def children_of(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()]


def test_another_endpoint_takes_the_place_of_the_store(tmp_path: Path) -> None:
    with Ministack(ROOT, account="000000000000", guarded=False) as elsewhere:
        with running(tmp_path / "state", AWS_ENDPOINT_URL=elsewhere.endpoint_url) as stack:
            assert children_of(stack.process.pid) == []
            conversation_id = stack.person("alice").opens(stack.person("bob"))
            assert conversation_id
    assert not (tmp_path / "state" / "store").exists()


def test_a_store_that_dies_ends_the_stack_with_one_line(tmp_path: Path) -> None:
    with running(tmp_path / "state") as stack:
        [store] = children_of(stack.process.pid)
        os.kill(store, signal.SIGKILL)

        assert stack.process.wait(15) == 1
        assert stack.process.stdout
        last = stack.process.stdout.read().splitlines()[-1]

    assert last.startswith("parley: The store has stopped by itself")


def test_what_a_function_fails_at_is_one_line_and_its_trace_is_in_the_log(tmp_path: Path) -> None:
    with running(tmp_path / "state", JWT_JWKS_URL="") as stack:
        claims = {"sub": "alice", "iss": "parley", "aud": "parley", "exp": int(time.time()) + 600}
        token = jwt.encode(claims, (tmp_path / "state" / "jwt_secret").read_text())
        [store] = children_of(stack.process.pid)
        os.kill(store, signal.SIGSTOP)  # the store does not answer any more, and a new token's authorizer needs it
        answer = httpx.get(f"{stack.rest_url}/unread-count", headers={"Authorization": f"Bearer {token}"}, timeout=60)
        os.kill(store, signal.SIGCONT)
        assert answer.status_code == 500
        assert stack.stop() == 0
        assert stack.process.stdout
        said = stack.process.stdout.read().splitlines()

    assert len([line for line in said if line.startswith("parley: Authorize failed")]) == 1
    assert all(line.startswith("parley: ") for line in said)
    assert "Traceback" in (tmp_path / "state" / "parley.log").read_text(encoding="utf-8")


def test_no_ticket_or_token_is_in_the_log(tmp_path: Path) -> None:
    with running(tmp_path / "state") as stack:
        alice = stack.person("alice")
        ticket = alice.ticket()
        for address in (f"{stack.websocket_url}?ticket={ticket}", f"{stack.websocket_url}?ticket=refused-{ticket}"):
            with suppress(InvalidStatus), connect(address, proxy=None) as socket:
                socket.send('{"action": "ping"}')
                socket.recv(10)
        with alice.online():
            pass
        assert stack.stop() == 0
        said = (tmp_path / "state" / "parley.log").read_text(encoding="utf-8")

    assert "connect" in said  # the functions' own lines are there
    assert ticket not in said and alice.token not in said
