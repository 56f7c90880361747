"""ministack's application served through the guard, in ministack's process and with its server (hypercorn).

With a folder, every write is on file before it is acknowledged, and is there again at the next start.
"""

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from local import store_journal
from local.hosts import Hosts
from local.store_guard import App, Guard, Message, Receive, Scope, Send
from local.store_journal import Damaged, Log, SnapshotFile
from local.store_memory import SERVICES, Memory, Reach, reach_of

KEEP_ALIVE_S = 75  # botocore keeps its connections
SYNC_S = 1.0  # seconds of writes that a power cut may lose
LARGE_LOG_BYTES = 64 * 1024 * 1024  # a log of this size and twice the snapshot's is replaced by a new snapshot
STALE_LOG_BYTES = 4 * 1024 * 1024  # and of this size when the stack stops, because a start plays it again

Tell = Callable[[str, str], None]


def serve() -> None:
    """Serves until SIGTERM; the environment holds the address and the secret (`ministack.py`)."""
    ministack: Any = import_module("ministack.app")
    hosts = Hosts(os.environ.get("LOCAL_HOSTS", ""))
    send_events_at_once(ministack._get_module("s3"))
    app: App = ministack.app
    keeper = None
    if folder := os.environ.get("PARLEY_STORE_FOLDER"):
        try:
            keeper = Keeper(Path(folder), _tell)
        except Damaged as damage:
            _tell("fatal", str(damage))
            sys.exit(1)
        except OSError as problem:
            _tell("fatal", f"The store cannot use {folder}: {problem.strerror}.")
            sys.exit(1)
        app = Acknowledging(app, keeper)
    guard = Guard(app, os.environ.pop("PARLEY_STORE_SECRET"), hosts, _has_bucket(ministack))
    asyncio.run(_serve(guard, keeper))


async def _serve(guard: Guard, keeper: "Keeper | None") -> None:
    config = import_module("hypercorn.config").Config()
    config.bind = [f"127.0.0.1:{os.environ['GATEWAY_PORT']}"]
    config.keep_alive_timeout = KEEP_ALIVE_S
    config.loglevel = "WARNING"
    care = asyncio.create_task(keeper.care()) if keeper else None
    await import_module("hypercorn.asyncio").serve(guard, config)
    if keeper and care:
        care.cancel()
        keeper.close()


def send_events_at_once(s3: Any) -> None:
    """Lets S3 put an event into its queue before it answers, not in a thread: so it is on file with the object."""

    def send(bucket: str, key: str, event: str, *about: Any, **more: Any) -> None:
        s3._fire_s3_event(bucket, key, event, *about, **more, sequencer=s3._next_event_sequencer(event))

    s3._fire_s3_event_async = send


def _has_bucket(ministack: Any) -> Callable[[str], bool]:
    return lambda path: ministack._s3_cors_target("", path) is not None


def _tell(kind: str, sentence: str) -> None:
    """Tells the parent something: why this process ends (`fatal`), or a message for the terminal (`say`)."""
    with contextlib.suppress(OSError):  # it may be gone
        os.write(int(os.environ["PARLEY_STORE_TELLS"]), f"{kind} {sentence}\n".encode())


class Keeper:
    """Writes the changes of ministack's memory to files; raises Damaged or OSError if it cannot begin."""

    def __init__(self, folder: Path, tell: Tell) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._tell = tell
        self._large_log_bytes = int(os.environ.get("PARLEY_STORE_LARGE_LOG_BYTES", LARGE_LOG_BYTES))
        self._waiting = b""  # changes that are not written yet: then nothing more may change
        self._in_trouble = False
        for draft in folder.glob("snapshot-*.tmp"):
            draft.unlink()
        contents, self._generation = store_journal.load(folder)
        store_journal.delete_old(folder)  # a process that was killed may not have come to it
        self._memory = Memory()
        self._memory.restore(contents)
        self._log = Log(folder, self._generation)
        self._snapshot_bytes = _size(store_journal.path_of(folder, "snapshot", self._generation))
        if not contents.states:
            self._take_over_old_files()

    def _take_over_old_files(self) -> None:
        """Takes over the files of earlier versions, in which ministack itself wrote one file for each service."""
        files = {service: self._folder / f"{service}.json" for service in SERVICES}
        states = {service: _old_state(path) for service, path in files.items() if path.exists()}
        if not states:
            return
        self._memory.restore_old(states)
        for _ in self._compacted():
            pass
        for path in files.values():
            if path.exists():
                path.rename(path.with_suffix(".json.taken-over"))

    # --- requests ----------------------------------------------------------------------------------------------------

    @property
    def may_write(self) -> bool:
        """Says whether a change can be written, as far as that is known beforehand."""
        return self._write_waiting()

    def keep(self, reach: Reach) -> bool:
        """Writes the changes of a request; says whether it may be acknowledged."""
        self._memory.file_error, file_error = None, self._memory.file_error
        if record := self._memory.changes(reach):
            self._waiting += store_journal.encoded(record, self._memory.default)
        if file_error:
            self._trouble(file_error)
            return False
        if reach.files:
            self._recovered()
        return self._write_waiting()

    def _write_waiting(self) -> bool:
        if not self._waiting:
            return True
        try:
            self._log.append(self._waiting)
        except OSError as problem:
            self._trouble(problem)
            return False
        self._large_log_bytes = int(os.environ.get("PARLEY_STORE_LARGE_LOG_BYTES", LARGE_LOG_BYTES))
        self._waiting = b""
        self._recovered()
        return True

    def _recovered(self) -> None:
        if self._in_trouble:
            self._in_trouble = False
            self._tell("say", "The store can write again.")

    def _trouble(self, problem: OSError) -> None:
        if not self._in_trouble:
            self._in_trouble = True
            sentence = f"The store cannot write to {self._folder}: {problem.strerror}. Writes are refused until it can."
            self._tell("say", sentence)

    # --- beside requests ---------------------------------------------------------------------------------------------

    async def care(self) -> None:
        """Syncs the log to the disk, and replaces it before it grows too long."""
        while True:
            await asyncio.sleep(SYNC_S)
            self.keep(Reach())  # expired rows, and changes that could not be written before
            try:
                await asyncio.to_thread(self._log.sync)
                if self._log.size > max(self._large_log_bytes, 2 * self._snapshot_bytes) and not self._waiting:
                    for _ in self._compacted():
                        await asyncio.sleep(0)  # requests come in between
            except OSError as problem:
                self._trouble(problem)

    def close(self) -> None:
        """Writes the remaining changes; a long log becomes a snapshot, so that the next start is fast."""
        self.keep(Reach(settings="sqs", messages=True))
        try:
            if self._log.size > STALE_LOG_BYTES and not self._waiting:
                for _ in self._compacted():
                    pass
            self._log.close()
        except OSError as problem:
            self._trouble(problem)

    def _compacted(self) -> Any:
        """Begins a new log, and puts everything into a snapshot beside it, in parts: yields after each.

        Changes while the parts are taken are in the new log, and are played over the snapshot.
        """
        generation = self._generation + 1
        log = Log(self._folder, generation)
        self._log.close()
        self._log, self._generation = log, generation
        draft = SnapshotFile(self._folder, generation)
        try:
            for record in self._memory.everything():
                draft.add(store_journal.encoded(record, self._memory.default))
                yield
            draft.finish()
        except BaseException:
            draft.discard()
            raise
        self._snapshot_bytes = draft.size


class Acknowledging:
    """The store's application: it acknowledges only written changes, and refuses those that it cannot write."""

    def __init__(self, app: App, keeper: Keeper) -> None:
        self._app = app
        self._keeper = keeper

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        reach = reach_of(scope["method"], scope["path"], dict(scope["headers"]))
        if reach.writes and not self._keeper.may_write:
            await _refuse(scope, send)
            return
        refused = False

        async def acknowledge(message: Message) -> None:
            nonlocal refused
            # ministack does not wait between a change and its answer. So the changes until now are written in their
            # order.
            if message["type"] == "http.response.start":
                refused = not self._keeper.keep(reach) and reach.writes
                if refused:
                    await _refuse(scope, send)
            if not refused:
                await send(message)

        await self._app(scope, receive, acknowledge)


async def _refuse(scope: Scope, send: Send) -> None:
    """Answers as AWS does if a service is unavailable: clients try again, functions answer 503."""
    is_json = any(name == b"x-amz-target" for name, _ in scope["headers"])
    message = "The store cannot write to its disk."
    body = f"<Error><Code>ServiceUnavailable</Code><Message>{message}</Message></Error>".encode()
    if is_json:
        body = json.dumps({"__type": "ServiceUnavailable", "message": message}).encode()
    kind = b"application/x-amz-json-1.0" if is_json else b"application/xml"
    headers = [(b"content-type", kind), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 503, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _old_state(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))["payload"]
    except (ValueError, KeyError, TypeError) as problem:
        raise Damaged(path, "it is no JSON", "Put a good copy in its place, or `make reset`.") from problem
