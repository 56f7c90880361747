"""Whether a caller's sign-in still counts: asked once for each request, together with its first read.

API Gateway caches what the REST authorizer said for 300 s and keeps a socket's identity for two hours. So each request
reads the caller's row of the table AccountStates. Every call to DynamoDB passes `guarded` (`aws.py`), so no operation
can forget it:

- The first call, if it is a BatchGetItem with room, reads the row as well: no round trip, half a read unit.
- The first call, if it is another read, goes out beside a read of the row.
- A write waits until the row is known. A request without any call to DynamoDB touches nothing and asks nothing.

The read is eventually consistent: DynamoDB's copies agree within a second as a rule ("Read consistency").
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from threading import Event, Lock
from typing import Any

from parley.adapters import environment, retrying
from parley.adapters.documents import from_wire, to_wire
from parley.adapters.threads import Threads
from parley.domain.errors import Unauthenticated
from parley.domain.identity import Identity

MAX_KEYS = 100  # of one BatchGetItem (DynamoDB quotas)
READS = frozenset({"BatchGetItem", "GetItem", "Query", "Scan"})

Request = dict[str, Any]
Dispatch = Callable[[str, Request], Any]

_asking = Threads(max_workers=8, thread_name_prefix="admission")


class Admission:
    """The check of one request."""

    def __init__(self, caller: Identity) -> None:
        self._caller = caller
        self._lock = Lock()
        self._is_asked = False
        self._is_known = Event()
        self._is_admitted: bool | None = None  # None: the row could not be read

    def guarded(self, operation: str, request: Request, dispatch: Dispatch) -> Any:
        """Returns what a call to DynamoDB answers; raises Unauthenticated if the caller was signed out.

        No write goes out before the row is known, except inside `harmless`.
        """
        waits = operation not in READS and not _is_harmless.get()
        if not self._is_first():
            if waits:
                self._wait()
            return dispatch(operation, request)
        if operation == "BatchGetItem" and _key_count(request) < MAX_KEYS:
            return self._ask_along(request, dispatch)
        asking = _asking.submit(self._ask, dispatch)
        if waits:
            asking.result()
        try:
            return dispatch(operation, request)
        finally:
            asking.result()  # a refusal counts for more than what the call itself came to

    def ask_again(self, dispatch: Dispatch) -> None:
        """Reads the row strongly consistent; raises Unauthenticated if the caller was signed out meanwhile."""
        self._is_admitted = self._admits(self._read(dispatch, consistent=True))
        self._require()

    def _is_first(self) -> bool:
        with self._lock:
            was_asked, self._is_asked = self._is_asked, True
        return not was_asked

    def _ask(self, dispatch: Dispatch) -> None:
        try:
            self._is_admitted = self._admits(self._read(dispatch, consistent=False))
        finally:
            self._is_known.set()
        self._require()

    def _ask_along(self, request: Request, dispatch: Dispatch) -> Any:
        table = _table()
        keys = {"Keys": [self._key()], "ConsistentRead": False}
        try:
            answer = dispatch("BatchGetItem", {**request, "RequestItems": {**request["RequestItems"], table: keys}})
            left_out = (answer.get("UnprocessedKeys") or {}).pop(table, None)
            rows = answer["Responses"].pop(table, [])
            row = self._read(dispatch, consistent=False) if left_out else next(iter(rows), None)
            self._is_admitted = self._admits(row)
        finally:
            self._is_known.set()
        self._require()
        return answer

    def _wait(self) -> None:
        self._is_known.wait()
        self._require()

    def _require(self) -> None:
        if self._is_admitted is None:
            raise retrying.busy()
        if not self._is_admitted:
            raise Unauthenticated("signed_out", "You were signed out; sign in again.")

    def _read(self, dispatch: Dispatch, *, consistent: bool) -> Mapping[str, Any] | None:
        table = _table()
        asked: Any = {table: {"Keys": [self._key()], "ConsistentRead": consistent}}
        for _ in retrying.waits():
            answer = dispatch("BatchGetItem", {"RequestItems": asked})
            if not answer.get("UnprocessedKeys"):
                return next(iter(answer["Responses"].get(table, [])), None)
        raise retrying.busy()

    def _admits(self, row: Mapping[str, Any] | None) -> bool:
        return row is None or self._caller.issued_at_s >= from_wire(row["signed_out_at_s"])

    def _key(self) -> dict[str, Any]:
        return {"user_id": to_wire(self._caller.user_id)}


_current: ContextVar[Admission | None] = ContextVar("admission", default=None)
_is_harmless: ContextVar[bool] = ContextVar("harmless", default=False)


def current() -> Admission | None:
    """Returns the check of the request that runs here; None for what no caller has asked for (queues, schedules)."""
    return _current.get()


@contextmanager
def required(caller: Identity) -> Iterator[None]:
    """Inside the block, every operation is refused with Unauthenticated once the caller was signed out."""
    token = _current.set(Admission(caller))
    try:
        yield
    finally:
        _current.reset(token)


@contextmanager
def harmless() -> Iterator[None]:
    """Inside the block, a write goes out beside the check: it changes only what limits the caller, or their lease."""
    token = _is_harmless.set(True)
    try:
        yield
    finally:
        _is_harmless.reset(token)


def _key_count(request: Request) -> int:
    return sum(len(table["Keys"]) for table in request["RequestItems"].values())


def _table() -> str:
    return environment.required("ACCOUNT_STATES_TABLE")
