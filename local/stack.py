"""The whole local stack: the store, the resources of the template, the two gateways and the triggers."""

import asyncio
import contextlib
import errno
import fcntl
import gc
import io
import json
import logging
import os
import resource
import shutil
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

from botocore.exceptions import BotoCoreError, ClientError

from local import store_journal, template, tokens
from local.functions import FunctionError, Functions
from local.hosts import Hosts
from local.mails import Outbox
from local.ministack import Ministack, StoreError
from local.provision import Store, provision
from local.queues import sender
from local.rest import RestApi
from local.server import OnlyHosts, WebSocketApp, listen, rest_app, serving
from local.store_journal import Damaged
from local.template import Place, TemplateError
from local.terminal import Observe, RefusalCodes, Terminal, nobody
from local.triggers import Triggers
from local.web import Site
from local.websocket import Limits, WebSocketApi
from parley.adapters.environment import WrongVariable
from parley.adapters.people import policies
from parley.domain.notifications.mail_template import MailTemplateError
from parley.domain.people.policy_file import PolicyError
from parley.domain.people.role_claims import RoleMapError
from parley.domain.support.desk_file import DeskError

log = logging.getLogger(__name__)


STORE_CHECK_S = 1.0
_DISK_ERRORS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES)
MAX_LOG_BYTES = 20_000_000  # a longer log is renamed when the stack starts, and replaces the previous one


class StackError(Exception):
    """The stack cannot run; the message is one sentence for the user who started it."""


@dataclass(frozen=True)
class Options:
    """The options of the stack; `root` is the folder of template.yaml, `state` the folder of all its files."""

    root: Path
    state: Path
    rest_port: int = 3000
    websocket_port: int = 3001
    parameters: Mapping[str, str] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)
    is_quiet: bool = False

    @property
    def address_file(self) -> Path:
        return self.state / "stack.json"

    @property
    def secret_file(self) -> Path:
        return self.state / "jwt_secret"


def run(options: Options) -> None:
    """Runs the stack until SIGINT or SIGTERM; raises StackError if it cannot."""
    with ExitStack() as stack:
        try:
            _run(options, stack)
        except (TemplateError, StoreError) as problem:
            raise StackError(str(problem)) from problem
        except (BotoCoreError, ClientError) as problem:
            raise StackError(f"The store does not do as it should: {problem}") from problem
        except OSError as problem:
            if problem.errno not in _DISK_ERRORS:
                raise
            raise StackError(f"{problem.filename or options.state}: {problem.strerror}") from problem


@contextmanager
def at_rest(options: Options) -> Iterator[None]:
    """While it lasts, this process has the functions' environment and the store of a stack that does not run."""
    with ExitStack() as stack:
        options.state.mkdir(parents=True, exist_ok=True)
        stack.enter_context(locked(options.state))
        place = _place()
        server = _store_server(options, place, stack)
        loaded = template.load(options.root / "template.yaml", options.parameters, place)
        functions = Functions(loaded)
        stack.callback(functions.close)
        os.environ |= _aws_environment(place, server)
        functions.prepare()
        if server:
            server.wait()
        provision(loaded, Store())
        yield


def _run(options: Options, stack: ExitStack) -> None:
    rest_socket = stack.enter_context(_listening("REST_PORT", options.rest_port))
    websocket_socket = stack.enter_context(_listening("WS_PORT", options.websocket_port))
    options.state.mkdir(parents=True, exist_ok=True)
    stack.enter_context(locked(options.state))
    terminal = stack.enter_context(_logging_to(options.state / "parley.log"))
    place = _place()
    server = _store_server(options, place, stack)  # it starts while the template and the functions load
    cache = options.state / "template.json"
    parameters = {**_mail_parameters(_port(rest_socket)), **options.parameters}
    loaded = template.load(options.root / "template.yaml", parameters, place, cache)
    functions = Functions(loaded)
    stack.callback(functions.close)
    rest = RestApi.of(loaded, functions.pooled, _now_ms)
    sockets = WebSocketApi.of(loaded, functions.pooled, _now_ms, options.limits)
    functions.move(f"https://{sockets.domain}", f"http://127.0.0.1:{_port(websocket_socket)}")
    secret = tokens.local_secret(os.environ.get("JWT_SECRET"), options.secret_file)
    # The receivers of a developer are on this machine; no template can open that way (D-700).
    ours = {"JWT_SECRET": secret, "WEB_PUSH_SECRET": secret, "ALLOW_PRIVATE_ADDRESSES": "true"}
    os.environ |= {**ours, **_aws_environment(place, server)}
    os.environ.setdefault("AWS_ENDPOINT_URL_SESV2", f"http://127.0.0.1:{_port(rest_socket)}/local/ses")
    functions.prepare()
    _import(functions)
    observe = nobody if options.is_quiet else _lines(terminal, stack)
    rest.observe = sockets.observe = observe
    if server:
        server.wait()
    store = Store()
    provision(loaded, store)
    triggers = Triggers(loaded, functions, store)
    websocket_app = WebSocketApp(sockets)
    hosts = Hosts(os.environ.get("LOCAL_HOSTS", ""))
    outbox = Outbox(options.state / "outbox")
    site = Site(options.root / "web", hosts, _port(websocket_socket), os.environ)
    queues = sender(loaded, store)
    apps = [
        (rest_app(rest, sockets, functions, secret, hosts, queues, outbox, observe, site), rest_socket),
        (OnlyHosts(websocket_app, hosts), websocket_socket),
    ]

    def ready() -> None:
        ports = {"rest": _port(rest_socket), "websocket": _port(websocket_socket)}
        options.address_file.write_text(json.dumps(ports), encoding="ascii")
        stack.callback(options.address_file.unlink, missing_ok=True)
        rest_url = f"http://localhost:{ports['rest']}/{rest.stage}"
        websocket_url = f"ws://localhost:{ports['websocket']}/{sockets.stage}"
        print(f"parley is ready: REST {rest_url}  WebSocket {websocket_url}", file=terminal)
        print(f"Open http://localhost:{ports['rest']}/ in a browser to try it.", file=terminal, flush=True)

    _allow_many_files()
    gc.freeze()  # imported modules stay: each garbage collection over them would stop all requests for 100 ms
    with triggers.running():
        asyncio.run(_serve(apps, websocket_app, ready, server))


async def _serve(
    apps: Sequence[tuple[Any, socket.socket]],
    websocket_app: WebSocketApp,
    ready: Callable[[], None],
    server: Ministack | None,
) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with serving(apps):
        clocks = asyncio.create_task(websocket_app.close_stale())
        ready()
        while not stop.is_set() and (server is None or server.is_running):
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), STORE_CHECK_S)
        clocks.cancel()
    if not stop.is_set():
        raise StackError("The store has stopped by itself; ministack.log beside parley.log may say why.")


def running_port(options: Options) -> int | None:
    """Returns the REST port of the stack that runs on this state; None if none does."""
    try:
        with locked(options.state):
            return None
    except StackError:
        with contextlib.suppress(OSError, ValueError, KeyError):
            return int(json.loads(options.address_file.read_text(encoding="ascii"))["rest"])
        raise


def recover(options: Options) -> list[str]:
    """Sets damaged files of the store aside; returns a report. Raises StackError if it fails, or a stack runs."""
    with locked(options.state):
        try:
            return store_journal.recover(options.state / "store")
        except Damaged as damage:
            raise StackError(str(damage)) from None


def reset(options: Options) -> None:
    """Deletes everything that is stored; raises StackError while a stack runs on it."""
    with locked(options.state):
        for entry in options.state.iterdir() if options.state.exists() else ():
            if entry.is_dir():
                shutil.rmtree(entry)
            elif entry.name != "lock":
                entry.unlink()


@contextmanager
def locked(state: Path) -> Iterator[None]:
    """Locks the state for this process; raises StackError while another has it. The lock ends with its process."""
    if not state.exists():
        yield
        return
    with (state / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise StackError(f"Parley runs on {state} already; stop that first (Ctrl-C where it runs).") from None
        yield


@contextmanager
def _listening(variable: str, port: int) -> Iterator[socket.socket]:
    try:
        listener = listen(port)
    except OSError as problem:
        reason = "is in use" if problem.errno == errno.EADDRINUSE else f"cannot be had ({problem.strerror})"
        raise StackError(f"Port {port} {reason}; choose another with {variable} (0 takes any free one).") from None
    with listener:
        yield listener


def _port(listener: socket.socket) -> int:
    port: int = listener.getsockname()[1]
    return port


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def _place() -> Place:
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or Place.region
    return Place(region=region, account=os.environ.get("AWS_ACCOUNT_ID", Place.account))


def _mail_parameters(rest_port: int) -> dict[str, str]:
    """Returns the parameters by which this machine sends e-mails: to the outbox, and with links to itself."""
    return {"MailFrom": "parley@example.com", "RestAddress": f"http://localhost:{rest_port}/v1"}


def _store_server(options: Options, place: Place, stack: ExitStack) -> Ministack | None:
    """Returns the store, starting, with what it stored before; None if AWS_ENDPOINT_URL names another."""
    if os.environ.get("AWS_ENDPOINT_URL"):
        return None
    folder, log_file = options.state / "store", options.state / "ministack.log"
    server = Ministack(options.root, account=place.account, state=folder, log=log_file, keys=_given_keys())
    stack.callback(server.stop)
    server.spawn()
    return server


def _given_keys() -> tuple[str, str] | None:
    """Returns the given keys if another store is used too, because a process signs for both with the same keys."""
    given = os.environ.get
    if any(name.startswith("AWS_ENDPOINT_URL_") for name in os.environ) and given("AWS_ACCESS_KEY_ID"):
        return given("AWS_ACCESS_KEY_ID", ""), given("AWS_SECRET_ACCESS_KEY", "")
    os.environ.pop("AWS_SESSION_TOKEN", None)  # it belongs to unused keys
    return None


def _aws_environment(place: Place, server: Ministack | None) -> dict[str, str]:
    """Returns the functions' AWS variables: ministack, unless AWS_ENDPOINT_URL says otherwise.

    A variable for one service (for example AWS_ENDPOINT_URL_DYNAMODB) moves only that service.
    """
    given = os.environ.get
    environment = {
        "AWS_REGION": place.region,
        "AWS_DEFAULT_REGION": place.region,
        "AWS_ACCESS_KEY_ID": given("AWS_ACCESS_KEY_ID", "test"),
        "AWS_SECRET_ACCESS_KEY": given("AWS_SECRET_ACCESS_KEY", "test"),
        "AWS_ACCOUNT_ID_ENDPOINT_MODE": "disabled",  # local endpoints do not carry the account in their host's name
    }
    if dynamodb := given("AWS_ENDPOINT_URL_DYNAMODB"):
        environment["AWS_ENDPOINT_URL_DYNAMODB_STREAMS"] = given("AWS_ENDPOINT_URL_DYNAMODB_STREAMS", dynamodb)
    return environment | (server.client_environment if server else {})


def _import(functions: Functions) -> None:
    """Imports every handler and reads what is set, so that errors show now and the first request is fast."""
    for function in functions:
        try:
            functions.handler(function)
        except FunctionError as problem:
            raise StackError(f"{function.logical_id}: {problem.message}") from problem
    # Only now: the import makes the functions' logger, which reads their environment.
    from parley.adapters.attachments import limits as attachment_limits
    from parley.adapters.notifications import mail_templates
    from parley.adapters.people import tokens as sign_in
    from parley.adapters.support import desks

    try:
        policies.current()
        desks.current()
        mail_templates.current()
        sign_in.check_settings()
        attachment_limits.current()
    except (PolicyError, DeskError, MailTemplateError, RoleMapError, WrongVariable) as problem:
        raise StackError(str(problem)) from problem


def _allow_many_files() -> None:
    """Raises the limit of open files: every socket is a file, and macOS starts with 256."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 8192 if hard == resource.RLIM_INFINITY else min(8192, hard)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


# --- logs ------------------------------------------------------------------------------------------------------------


def _lines(terminal: TextIO, stack: ExitStack) -> Observe:
    """Returns the function that shows each request on the terminal.

    Call it after the functions are imported: their logger keeps its lines from earlier handlers.
    """
    codes, root = RefusalCodes(), logging.getLogger()
    root.addHandler(codes)
    stack.callback(root.removeHandler, codes)
    return Terminal(terminal, codes).show


class _OneLine(logging.Formatter):
    """An error for the terminal, with its cause; the trace is in the file."""

    def format(self, record: logging.LogRecord) -> str:
        operation = getattr(record, "operation", None)
        error = record.exc_info[1] if record.exc_info else None
        what = f"{operation}: {record.getMessage()}" if operation else record.getMessage()
        return " ".join(f"parley: {what}{f' ({error!r})' if error else ''}".split())


class _LogFile(io.TextIOBase):
    """A log that loses lines instead of raising: functions print to it, too."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("ab", buffering=0)
        self._path = path
        self._is_full = False

    def write(self, text: str) -> int:
        try:
            self._file.write(text.encode("utf-8", "backslashreplace"))
            self._is_full = False
        except OSError as problem:
            if not self._is_full:
                self._is_full = True
                print(f"parley: {self._path} cannot be written: {problem.strerror}", file=sys.stderr, flush=True)
        return len(text)

    def close(self) -> None:
        self._file.close()
        super().close()


@contextmanager
def _logging_to(path: Path) -> Iterator[TextIO]:
    """Sends the functions' output and all logs to a file, errors also to the terminal; returns the terminal."""
    terminal, root = sys.stdout, logging.getLogger()
    if path.exists() and path.stat().st_size > MAX_LOG_BYTES:
        path.replace(path.with_suffix(".log.1"))
    with _LogFile(path) as file:
        to_file = logging.StreamHandler(file)
        to_file.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
        # The lines of the functions' logger are in the file already, as the JSON that they print.
        to_file.addFilter(lambda record: record.name.split(".")[0] != "parley")
        to_terminal = logging.StreamHandler(sys.stderr)
        to_terminal.setLevel(logging.ERROR)
        to_terminal.setFormatter(_OneLine())
        handlers: list[logging.Handler] = [to_file, to_terminal]
        for handler in handlers:
            root.addHandler(handler)
        root.setLevel(logging.INFO)
        for noisy in ("botocore", "urllib3", "samtranslator"):
            logging.getLogger(noisy).setLevel(logging.WARNING)
        sys.stdout = file
        try:
            yield terminal
        finally:
            sys.stdout = terminal
            for handler in handlers:
                root.removeHandler(handler)
