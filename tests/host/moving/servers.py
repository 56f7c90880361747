"""PostgreSQL and MariaDB of this machine, each with a database of its own in a temporary folder."""

import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import psycopg
import pymysql
import pytest

from tests.e2e.stack import free_port

START_S = 60  # for what takes a second on a machine with nothing else to do
NOBODY = "nobody"  # PostgreSQL does not run as root
PLACES = "/usr/sbin:/usr/local/sbin:/usr/lib/postgresql/{}/bin"
SCRIPTS = ("/usr/share/mariadb", "/usr/share/mysql")
TABLES = ("system_tables", "performance_tables", "system_tables_data")
MISSING = "no {} is installed, so no test has moved a database of it into Parley: install {}"


@dataclass
class Server:
    """A server that runs, and the owner of its database `old`."""

    scheme: str
    port: int
    process: subprocess.Popen[bytes]
    password: str
    connect: Callable[[], Any]

    @property
    def name(self) -> str:
        """Returns the address without the password, as a report has it."""
        return f"{self.scheme}://owner@127.0.0.1:{self.port}/old"

    @property
    def url(self) -> str:
        return f"{self.scheme}://owner:{self.password}@127.0.0.1:{self.port}/old"

    def run(self, *statements: str) -> None:
        """Runs statements one after the other, and commits them."""
        connection = self.connect()
        try:
            with connection.cursor() as cursor:
                for statement in statements:
                    cursor.execute(statement)
            connection.commit()
        finally:
            connection.close()

    def stop(self) -> None:
        """Ends the server at once, as if its machine were gone."""
        self.process.kill() if self.scheme == "mysql" else self.process.send_signal(signal.SIGQUIT)
        self.process.wait(START_S)


@contextmanager
def postgresql() -> Iterator[Server]:
    """Runs Debian's PostgreSQL."""
    versions = sorted(path.name for path in Path("/usr/lib/postgresql").glob("*"))
    initdb, postgres = (_program(name, versions[-1] if versions else "") for name in ("initdb", "postgres"))
    if initdb is None or postgres is None:
        leave_out(MISSING.format("PostgreSQL", "postgresql"))
    password, port = secrets.token_hex(8), free_port()
    with _folder() as folder:
        data, given = folder / "data", folder / "password"
        given.write_text(password, encoding="ascii")
        given.chmod(0o644)  # within a folder that nobody else may enter
        options = ("--no-sync", "--encoding=UTF8", "--locale=C", "--auth=scram-sha-256", "--username=owner")
        _done([initdb, f"--pgdata={data}", f"--pwfile={given}", *options])
        settings = {"listen_addresses": "127.0.0.1", "port": port, "unix_socket_directories": "", "fsync": "off"}
        arguments = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with _process([postgres, "-D", str(data), *arguments], signal.SIGQUIT) as process:

            def connect(name: str = "old", **more: Any) -> Any:
                login: dict[str, Any] = {"host": "127.0.0.1", "port": port, "user": "owner", "password": password}
                return psycopg.connect(dbname=name, **login, **more)

            with _patiently(process, lambda: connect("postgres", autocommit=True)) as first:
                first.execute("CREATE DATABASE old")
            yield Server("postgresql", port, process, password, connect)


@contextmanager
def mariadb() -> Iterator[Server]:
    """Runs Debian's MariaDB."""
    mariadbd = _program("mariadbd")
    scripts = [path for folder in SCRIPTS for path in Path(folder).glob("*.sql")] if mariadbd else []
    if mariadbd is None or not scripts:
        leave_out(MISSING.format("MariaDB", "mariadb-server-core"))
    password, port = secrets.token_hex(8), free_port()
    with _folder() as folder:
        settings = {
            "datadir": folder / "data",
            "tmpdir": folder,  # TMPDIR may be another user's
            "innodb-log-file-size": "8M",
            "innodb-flush-log-at-trx-commit": 0,
            "skip-log-bin": 1,
        }
        common = [mariadbd, "--no-defaults", *(f"--{name}={value}" for name, value in settings.items())]
        (folder / "data").mkdir()
        _own(folder / "data")
        # As mariadb-install-db does it, which needs the client's packages, too.
        first = [next(path for path in scripts if path.stem.endswith(f"_{name}")) for name in TABLES]
        text = "\n".join(
            ["CREATE DATABASE mysql;", "USE mysql;", *(path.read_text(encoding="utf-8") for path in first)]
        )
        _done([*common, "--bootstrap"], text)
        where = (f"--port={port}", "--bind-address=127.0.0.1", f"--socket={folder}/socket", f"--pid-file={folder}/pid")
        with _process([*common, *where, "--performance-schema=OFF"], signal.SIGTERM) as process:

            def connect(**login: Any) -> Any:
                login = login or {"user": "owner", "password": password, "database": "old"}
                return pymysql.connect(host="127.0.0.1", port=port, charset="utf8mb4", **login)

            with _patiently(process, lambda: connect(user="root")) as root, root.cursor() as cursor:
                cursor.execute("CREATE DATABASE old CHARACTER SET utf8mb4")
                cursor.execute(f"CREATE USER owner@'127.0.0.1' IDENTIFIED BY '{password}'")
                cursor.execute("GRANT ALL ON old.* TO owner@'127.0.0.1'")
            yield Server("mysql", port, process, password, connect)


def leave_out(reason: str) -> NoReturn:
    """Skips a test for want of a server; in CI, which installs it, the test fails."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


def _program(name: str, version: str = "") -> str | None:
    """Returns the path of a program; an empty SERVERS of the environment means that there is none."""
    if os.environ.get("SERVERS") == "":
        return None
    return shutil.which(name, path=os.pathsep.join([PLACES.format(version), os.environ.get("PATH", "")]))


@contextmanager
def _folder() -> Iterator[Path]:
    """Makes a folder for the server: of another user, so not within one that only root may enter."""
    is_root = os.getuid() == 0
    folder = Path(tempfile.mkdtemp(prefix="parley-", dir="/tmp" if is_root else None))
    try:
        _own(folder)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _own(folder: Path) -> None:
    if os.getuid() == 0:
        shutil.chown(folder, NOBODY)


def _user() -> Mapping[str, Any]:
    """Returns the arguments by which a server runs without root's rights."""
    return {"user": NOBODY, "group": "nogroup", "extra_groups": ()} if os.getuid() == 0 else {}


def _done(command: Sequence[str], given: str = "") -> None:
    run = subprocess.run(command, input=given, cwd="/", capture_output=True, text=True, check=False, **_user())
    assert run.returncode == 0, run.stdout + run.stderr


@contextmanager
def _process(command: Sequence[str], ending: signal.Signals) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(command, cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **_user())
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(ending)
            process.wait(START_S)


def _patiently(process: subprocess.Popen[bytes], connect: Callable[[], Any]) -> Any:
    """Returns the first connection of a server that starts."""
    until = time.monotonic() + START_S
    while True:
        try:
            return connect()
        except (psycopg.OperationalError, pymysql.err.OperationalError):
            assert process.poll() is None, "the server has ended"
            assert time.monotonic() < until, "the server does not answer"
            time.sleep(0.1)
