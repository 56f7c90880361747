"""The store as a child process: DynamoDB, S3, SQS and Secrets Manager, by ministack in its own virtual environment."""

import os
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path
from types import TracebackType

START_TIMEOUT_S = 20
STOP_TIMEOUT_S = 15
_CHILD = Path(__file__).with_name("ministack_child.py")
_SERVICES = "dynamodb,dynamodbstreams,s3,sqs,secretsmanager"


class StoreError(Exception):
    """The store does not start; the message is one sentence for whoever ran the command."""


class Ministack:
    """A ministack server on a free loopback port; with `state`, a folder, it takes up there where it stopped."""

    def __init__(self, root: Path, *, account: str, state: Path | None = None, log: Path | None = None) -> None:
        self._python = root / ".venv-ministack" / "bin" / "python"
        if not self._python.exists():
            raise StoreError(f"There is no {self._python.parent.parent.name}: `make run` or `make setup` makes it.")
        self._account = account
        self._state = state
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None
        self.endpoint_url = ""

    def __enter__(self) -> "Ministack":
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Returns when it answers; raises StoreError."""
        self.spawn()
        self.wait()

    def spawn(self) -> None:
        """Starts the process and returns at once, with `endpoint_url` set."""
        port = _free_port()
        output = self._log.open("ab") if self._log else subprocess.DEVNULL
        self._process = subprocess.Popen(
            [str(self._python), "-P", str(_CHILD)],  # -P: this folder's ministack.py must not shadow the package
            env=self._environment(port),
            stdin=subprocess.PIPE,  # its end tells the child that we are gone
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C reaches us alone; we stop the child when nothing needs it any more
        )
        self.endpoint_url = f"http://127.0.0.1:{port}"

    def wait(self) -> None:
        """Returns when it answers; raises StoreError."""
        assert self._process
        deadline = time.monotonic() + START_TIMEOUT_S
        while not _answers(f"{self.endpoint_url}/_ministack/health"):
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                where = f" (see {self._log})" if self._log else ""
                raise StoreError(f"ministack did not start{where}.")
            time.sleep(0.05)

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def stop(self) -> None:
        """Returns when the process has gone, its state written down."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        assert self._process.stdin
        self._process.stdin.close()
        self._process = None

    def _environment(self, port: int) -> dict[str, str]:
        environment = {
            # Its Lambda hands its own environment on to the functions: no key of ours may come in that way.
            **{name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "JWT_", "COV"))},
            "GATEWAY_PORT": str(port),
            "BIND_HOST": "127.0.0.1",  # it listens on all interfaces otherwise
            "IOT_MTLS_ENABLED": "0",  # no MQTT port
            "SFTP_ENABLED": "0",
            "SERVICES": _SERVICES,
            "MINISTACK_ACCOUNT_ID": self._account,
            "MINISTACK_REGION": "us-east-1",
            "LOG_LEVEL": "WARNING",
            "PYTHONDONTWRITEBYTECODE": "",
        }
        if self._state:
            environment |= {
                "PERSIST_STATE": "1",
                "STATE_DIR": str(self._state),
                "S3_PERSIST": "1",
                "S3_DATA_DIR": str(self._state / "s3"),
            }
        return environment


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=1) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False
