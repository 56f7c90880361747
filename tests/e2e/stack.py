"""The stack that `make run` starts, as a child process, and the people who use it over real sockets."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import httpx
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from tests.harness.documents import check_frame, check_reply, check_request

ROOT = Path(__file__).parents[2]
PATIENCE_S = 20  # for what takes a tenth of a second on a machine with nothing else to do
START_S = 120

Json = dict[str, Any]


def environment(**variables: str) -> dict[str, str]:
    """Returns this process's environment without what would reach into the child, and with `variables`."""
    # MAKEFLAGS and MAKELEVEL tell a `make` in there that it is a part of `make test`, and it would say so on stdout.
    foreign = ("AWS_", "JWT_", "COV_", "MAKE", "MFLAGS")
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    return {**inherited, "REST_PORT": "0", "WS_PORT": "0", **variables}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def copy_repository(folder: Path) -> None:
    """Copies what git has or would add; the virtual environments, slow to make, are those of this folder."""
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    for name in subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0"):
        if name and (ROOT / name).exists():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)  # with its time: make compares it with the environments' stamps
    for name in (".venv", ".venv-ministack"):
        (folder / name).symlink_to(ROOT / name)


class Stack:
    """One running stack; its people have ids of their own, so that tests do not meet each other's."""

    def __init__(self, process: subprocess.Popen[str], state: Path, ready: str) -> None:
        self.process = process
        self.state = state
        self.ready = ready
        found = re.search(r"REST (http://\S+/v1)\b.* WebSocket (ws://\S+/v1)\b", ready)
        assert found, f"no addresses in: {ready}"
        self.rest_url, self.websocket_url = found[1], found[2]
        self._numbers = count(1)

    def person(
        self, name: str, role: str | None = None, contexts: Mapping[str, Sequence[str]] | None = None
    ) -> "Person":
        """Returns a new person, signed in."""
        return self.known(f"{name}-{next(self._numbers)}", name=name.title(), role=role, contexts=contexts)

    def known(self, user_id: str, expires_in_s: int = 3600, **claims: Any) -> "Person":
        """Returns the person of that id, with a new token."""
        said = {name: value for name, value in claims.items() if value is not None}
        answer = httpx.post(
            self.rest_url.removesuffix("/v1") + "/local/token",
            json={"user_id": user_id, "expires_in_s": expires_in_s, **said},
            timeout=PATIENCE_S,
        )
        assert answer.status_code == 200, answer.text
        return Person(self, user_id, answer.json()["token"])

    def stop(self, with_signal: int = signal.SIGINT) -> int:
        """Ends the stack as Ctrl-C does; returns its exit status."""
        self.process.send_signal(with_signal)
        return self.process.wait(30)


# SAM's translation of the templates takes 0.6 s of the processor, a third of a start. A stack finds it by the hash of
# all that it is made from, so a stack of other templates does not take it.
TRANSLATIONS = Path(tempfile.gettempdir()) / "parley-translations.json"


def _lend_translations(state: Path) -> None:
    own = state / "template.json"
    if TRANSLATIONS.exists() and not own.exists():
        state.mkdir(parents=True, exist_ok=True)
        shutil.copy(TRANSLATIONS, own)


def _keep_translations(state: Path) -> None:
    if not TRANSLATIONS.exists():
        with tempfile.NamedTemporaryFile(dir=TRANSLATIONS.parent, delete=False) as whole:
            whole.write((state / "template.json").read_bytes())
        os.replace(whole.name, TRANSLATIONS)


@contextmanager
def running(
    state: Path, *arguments: str, quiet: bool = True, module: str = "local", folder: Path = ROOT, **variables: str
) -> Iterator[Stack]:
    """Runs a stack whose state is kept in the folder `state`; whatever happens, it is gone afterwards."""
    started = time.monotonic()
    _lend_translations(state)
    process = subprocess.Popen(
        [sys.executable, "-m", module, "run", *(["--quiet"] if quiet else []), "--state", str(state), *arguments],
        cwd=folder,
        env=environment(**variables),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    try:
        said = []
        while not (line := process.stdout.readline()).startswith("parley is ready: "):
            said.append(line)
            assert line and time.monotonic() < started + START_S, f"the stack did not start: {''.join(said)}"
        _keep_translations(state)
        yield Stack(process, state, line.strip())
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)  # a group of its own, made above
                process.wait()
        process.stdout.close()


@dataclass(frozen=True)
class Answer:
    """The answer to a REST request."""

    status: int
    json: Any
    headers: Mapping[str, str]


class Person:
    """A person with a token. Every answer is held to the REST document."""

    def __init__(self, stack: Stack, user_id: str, token: str) -> None:
        self.stack = stack
        self.user_id = user_id
        self.token = token

    def request(self, method: str, path: str, body: object = None) -> Answer:
        answer = httpx.request(
            method,
            self.stack.rest_url + path,
            headers={"Authorization": f"Bearer {self.token}"},
            json=body,
            timeout=PATIENCE_S,
        )
        value = answer.json()
        check_reply(method, path, answer.status_code, answer.headers["Content-Type"], value)
        return Answer(answer.status_code, value, answer.headers)

    def get(self, path: str) -> Any:
        answer = self.request("GET", path)
        assert answer.status == 200, answer
        return answer.json

    def post(self, path: str, **body: object) -> Any:
        answer = self.request("POST", path, body)
        assert answer.status in (200, 201), answer
        return answer.json

    def patch(self, path: str, **body: object) -> Any:
        answer = self.request("PATCH", path, body or None)
        assert answer.status == 200, answer
        return answer.json

    def put(self, path: str, **body: object) -> Any:
        answer = self.request("PUT", path, body or None)
        assert answer.status in (200, 201), answer
        return answer.json

    def delete(self, path: str) -> Any:
        answer = self.request("DELETE", path)
        assert answer.status == 200, answer
        return answer.json

    def opens(self, other: "Person") -> str:
        """Returns the id of the conversation with a person."""
        conversation_id: str = self.post("/conversations", type="direct", user_id=other.user_id)["id"]
        return conversation_id

    def ticket(self) -> str:
        ticket: str = self.post("/ws-tickets")["ticket"]
        return ticket

    @contextmanager
    def online(self, *, by_ticket: bool = False) -> Iterator["Device"]:
        """Connects one device, by a one-time ticket or with the token as a subprotocol."""
        url = self.stack.websocket_url
        if by_ticket:
            connecting = connect(f"{url}?ticket={self.ticket()}", proxy=None)
        else:
            offered = [Subprotocol("bearer"), Subprotocol(self.token)]
            connecting = connect(url, subprotocols=offered, proxy=None)
        with connecting as socket:
            yield Device(socket)


class Device:
    """One open socket. Every frame, sent or received, is held to the WebSocket document."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.waiting: deque[Json] = deque()  # events that nobody has asked for yet
        self._numbers = count(1)

    def ask(self, action: str, **data: object) -> Any:
        """Sends an action and returns the data of its `ack`."""
        reply = self.request(action, data)
        assert reply["type"] == "ack", reply
        return reply["data"]

    def refused(self, action: str, **data: object) -> Json:
        """Sends an action and returns the problem that it was refused with."""
        reply = self.request(action, data)
        assert reply["type"] == "error", reply
        problem: Json = reply["error"]
        return problem

    def request(self, action: str, data: Json) -> Json:
        """Sends an action and returns the whole reply, whatever it is."""
        request = {"action": action, "request_id": f"r{next(self._numbers)}", "data": data}
        check_request(request)
        self.socket.send(json.dumps(request))
        while "request_id" not in (frame := self._receive(PATIENCE_S, action)):
            self.waiting.append(frame)
        assert frame["request_id"] == request["request_id"]
        return frame

    def event(self, name: str, timeout_s: float = PATIENCE_S) -> Json:
        """Returns the data of the next event of that name; others stay where they are."""
        deadline = time.monotonic() + timeout_s
        for frame in self.waiting:
            if frame["event"] == name:
                self.waiting.remove(frame)
                return self._data(frame)
        while (frame := self._receive(deadline - time.monotonic()))["event"] != name:
            self.waiting.append(frame)
        return self._data(frame)

    def events(self) -> list[str]:
        """Returns the names of all events that have come: one more round trip, after which nothing is left waiting."""
        self.ask("ping")
        return [frame["event"] for frame in self.waiting]

    def closed(self) -> int:
        """Waits until the server has closed the connection; returns the code."""
        try:
            while True:
                self.socket.recv(PATIENCE_S)
        except ConnectionClosed as closed:
            return closed.rcvd.code if closed.rcvd else 1006

    def _receive(self, timeout_s: float, action: str | None = None) -> Json:
        frame: Json = json.loads(self.socket.recv(timeout_s))
        check_frame(frame, action)
        return frame

    def _data(self, frame: Json) -> Json:
        data: Json = frame["data"]
        return data
