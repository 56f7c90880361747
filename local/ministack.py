"""The store as a child process, by ministack in its own virtual environment.

It has DynamoDB, S3, SQS, Secrets Manager and EventBridge.
"""

import logging
import os
import secrets
import socket
import subprocess
import threading
import time
from pathlib import Path
from types import TracebackType
from urllib.parse import urlsplit

from botocore.awsrequest import AWSPreparedRequest
from botocore.handlers import BUILTIN_HANDLERS

from local.store_guard import HEADER

log = logging.getLogger(__name__)

START_TIMEOUT_S = 20
STOP_TIMEOUT_S = 15
_CHILD = Path(__file__).with_name("ministack_child.py")
_SERVICES = "dynamodb,dynamodbstreams,events,s3,sqs,secretsmanager"


class StoreError(Exception):
    """The store does not start; the message is one sentence for the user of the command."""


_secrets: dict[str, str] = {}  # of the guarded stores that this process has started, by host and port


def _identify(request: AWSPreparedRequest, **_: object) -> None:
    """Adds the secret to requests to our store: last of all, so that no signature covers it."""
    if secret := _secrets.get(urlsplit(request.url).netloc):
        request.headers[HEADER] = secret


BUILTIN_HANDLERS.append(("before-send", _identify))  # every later session has it, also the functions' sessions


class Ministack:
    """A ministack server on a free loopback port; with `state`, a folder, it continues from there.

    It answers only this process, and signed requests to objects; unless `guarded`, it answers everybody.
    """

    def __init__(
        self,
        root: Path,
        *,
        account: str,
        state: Path | None = None,
        log: Path | None = None,
        guarded: bool = True,
        keys: tuple[str, str] | None = None,
    ) -> None:
        self._python = root / ".venv-ministack" / "bin" / "python"
        if not self._python.exists():
            raise StoreError(f"There is no {self._python.parent.parent.name}: `make run` or `make setup` makes it.")
        self._account = account
        self._state = state
        self._log = log
        self._guarded = guarded
        self._secret = secrets.token_urlsafe(32)
        # Another store beside this one may separate the data of callers with other ids
        # (DynamoDB Local does), so the id stays the same.
        self._access_key_id, self._secret_access_key = keys or ("PARLEYLOCAL", secrets.token_urlsafe(30))
        self._process: subprocess.Popen[bytes] | None = None
        self._listener: threading.Thread | None = None
        self._reason = ""  # its own explanation if it did not start
        self.endpoint_url = ""

    def __enter__(self) -> "Ministack":
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def client_environment(self) -> dict[str, str]:
        """Returns the variables with which AWS's clients find it and sign for it."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint_url,
            "AWS_ACCESS_KEY_ID": self._access_key_id,
            "AWS_SECRET_ACCESS_KEY": self._secret_access_key,
        }

    @property
    def secret_header(self) -> dict[str, str]:
        """Returns the header that an unsigned request must carry."""
        return {HEADER: self._secret}

    def start(self) -> None:
        """Waits until it answers; raises StoreError."""
        self.spawn()
        self.wait()

    def spawn(self) -> None:
        """Starts the process and returns at once, with `endpoint_url` set."""
        port = _free_port()
        output = self._log.open("ab") if self._log else subprocess.DEVNULL
        ours, tells = os.pipe()
        self._process = subprocess.Popen(
            [str(self._python), "-P", str(_CHILD)],  # -P: this folder's ministack.py must not shadow the package
            env={**self._environment(port), "PARLEY_STORE_TELLS": str(tells)},
            pass_fds=[tells],
            stdin=subprocess.PIPE,  # its end tells the child that this process is gone
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C reaches only us; we stop the child when nothing needs it any more
        )
        os.close(tells)
        listener = threading.Thread(target=self._listen, args=(ours,), daemon=True)
        listener.start()
        self._listener = listener  # not before: Ctrl-C may come in `start`, and `stop` joins a thread that has begun
        self.endpoint_url = f"http://127.0.0.1:{port}"
        if self._guarded:
            _secrets[f"127.0.0.1:{port}"] = self._secret

    def wait(self) -> None:
        """Waits until it answers; raises StoreError."""
        assert self._process
        deadline = time.monotonic() + START_TIMEOUT_S
        while not _answers(self.endpoint_url):
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                where = f" (see {self._log})" if self._log else ""
                raise StoreError(self._reason or f"ministack did not start{where}.")
            time.sleep(0.05)

    def _listen(self, file: int) -> None:
        """Shows the messages of the process on the terminal, until it ends."""
        with os.fdopen(file, encoding="utf-8") as lines:
            for line in lines:
                kind, _, sentence = line.strip().partition(" ")
                if kind == "fatal":
                    self._reason = sentence
                else:
                    log.error("%s", sentence)

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def stop(self) -> None:
        """Stops the process, and waits until its state is written and it has ended."""
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
        if self._listener:
            self._listener.join(1)
        _secrets.pop(urlsplit(self.endpoint_url).netloc, None)

    def _environment(self, port: int) -> dict[str, str]:
        environment = {
            # Its Lambda passes its own environment to the functions: no key of ours may get in that way.
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
        if self._guarded:
            environment |= {
                "AUTH": "true",
                "AWS_ACCESS_KEY_ID": self._access_key_id,
                "AWS_SECRET_ACCESS_KEY": self._secret_access_key,
                "PARLEY_STORE_SECRET": self._secret,
            }
        if self._state:
            environment |= {
                "PARLEY_STORE_FOLDER": str(self._state),
                "S3_PERSIST": "1",  # objects are files, written at once
                "S3_DATA_DIR": str(self._state / "s3"),
            }
        return environment


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _answers(endpoint_url: str) -> bool:
    address = urlsplit(endpoint_url)
    try:
        with socket.create_connection((address.hostname, address.port), timeout=1):
            return True
    except OSError:
        return False
