"""Admits or refuses the caller: asked once for each request, together with its first read.

It checks whether their sign-in still counts, whether they are suspended, and whether their bucket can pay for the
request (`metering.py`). It also learns the role that the host has given the caller since they signed in.

API Gateway caches the answer of the REST authorizer for 300 s and keeps a socket's identity for two hours. So each
request reads the caller's row of the table AccountStates, and that of the bucket in the table Rates. Every call to
DynamoDB passes `guarded` (`clients.py`), so no operation can forget it:

- The first call, if it is a BatchGetItem with room that does not name these tables itself, reads the rows as well: no
  round trip, half a read unit for each.
- The first call, if it is another read, runs beside a read of the rows.
- A write waits until the rows are known. A request without any call to DynamoDB touches nothing and asks nothing.

The read is eventually consistent: DynamoDB's copies agree within a second as a rule ("Read consistency").
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from threading import Event, Lock
from typing import Any, Protocol

from msgspec import Struct

from parley.adapters import environment
from parley.adapters.dynamodb import retrying, unreadable
from parley.adapters.dynamodb.documents import from_wire, to_wire
from parley.adapters.dynamodb.units import READS, key_count
from parley.adapters.threads import Threads
from parley.domain.api.errors import Refusal, TooMany, Unauthenticated
from parley.domain.api.identity import SERVICE_ROLE, Identity
from parley.domain.api.suspension import Suspension, stored_suspension, suspended

MAX_KEYS = 100  # of one BatchGetItem (DynamoDB quotas)

Request = dict[str, Any]
Tables = dict[str, dict[str, Any]]  # the keys asked of each table, as in BatchGetItem's RequestItems
Rows = dict[str, Mapping[str, Any] | None]  # the one row of each table, if it exists
Dispatch = Callable[[str, Request], Any]

_asking = Threads(max_workers=8, thread_name_prefix="admission")


class Gate(Protocol):
    """The meter of a request: its price, and the count of its use."""

    @property
    def row_key(self) -> str | None: ...

    def begin(self) -> None: ...

    def refusal(self, tat_ms: int | None) -> TooMany | None: ...

    def count(self, operation: str, request: Request, answer: Mapping[str, Any]) -> None: ...


class Demand(Struct, frozen=True):
    """A check of the caller's role that waits for the rows."""

    allows: Callable[[str], bool]
    refusal: Refusal


class Admission:
    """The check of one request."""

    def __init__(self, caller: Identity, now_ms: int, operation: str, gate: Gate | None = None) -> None:
        self._caller = caller
        self._now_ms = now_ms
        self._operation = operation
        self._gate = gate
        self.suspension: Suspension | None = None  # the one that holds, once the rows are known
        self._lock = Lock()
        self._is_asked = False
        self._is_known = Event()
        self._refusal: Refusal | None = retrying.busy()  # until the rows are read; they are judged once
        self._role = caller.role
        self._demand: Demand | None = None

    def guarded(self, operation: str, request: Request, dispatch: Dispatch) -> Any:
        """Returns what a call to DynamoDB answers; raises Unauthenticated if the caller was signed out.

        Raises Suspended if a suspension refuses the operation, and TooMany if the gate does. No write leaves before the
        rows are known, except inside `harmless`.
        """
        answer = self._checked(operation, request, dispatch)
        if self._gate is not None:
            self._gate.count(operation, request, answer)
        return answer

    def _checked(self, operation: str, request: Request, dispatch: Dispatch) -> Any:
        waits = operation not in READS and not _is_harmless.get()
        if not self._is_first():
            if waits:
                self._wait()
            return dispatch(operation, request)
        if self._gate is not None:
            self._gate.begin()
        wanted = self._rows()
        if operation == "BatchGetItem" and _has_room(request, wanted):
            return self._ask_along(request, wanted, dispatch)
        asking = _asking.submit(self._ask, wanted, dispatch)
        if waits:
            asking.result()
        try:
            return dispatch(operation, request)
        finally:
            asking.result()  # a refusal counts for more than the call's own cost

    def role(self, dispatch: Dispatch) -> str:
        """Returns the caller's role as the host has put it; one round trip if nothing was read before."""
        if self._is_first():
            if self._gate is not None:
                self._gate.begin()
            self._ask(self._rows(), dispatch)
        else:
            self._wait()
        return self._role

    def require(self, allows: Callable[[str], bool], refusal: Refusal, dispatch: Dispatch) -> None:
        """Raises `refusal` unless the caller's role is allowed.

        A caller whose role was allowed at sign-in is checked again together with the first read, so that it costs no
        round trip. Any other caller is looked up at once, because the host may have promoted them.
        """
        if not self._is_asked and allows(self._caller.role):
            self._demand = Demand(allows, refusal)
        elif not allows(self.role(dispatch)):
            raise refusal

    def ask_again(self, dispatch: Dispatch) -> None:
        """Reads the row strongly consistent; raises Unauthenticated or Suspended as that row says."""
        table = _states()
        rows = self._read(dispatch, {table: {**_one_key(self._caller.user_id), "ConsistentRead": True}})
        if refusal := self._refused_by(rows[table]):
            raise refusal

    def _is_first(self) -> bool:
        with self._lock:
            was_asked, self._is_asked = self._is_asked, True
        return not was_asked

    def _ask(self, wanted: Tables, dispatch: Dispatch) -> None:
        try:
            self._refusal = self._judge(self._read(dispatch, wanted))
        finally:
            self._is_known.set()
        self._require()

    def _ask_along(self, request: Request, wanted: Tables, dispatch: Dispatch) -> Any:
        try:
            answer = dispatch("BatchGetItem", {**request, "RequestItems": {**request["RequestItems"], **wanted}})
            unread = answer.get("UnprocessedKeys") or {}
            rows = {table: _only(answer["Responses"].pop(table, [])) for table in wanted}
            if left_out := {table: unread.pop(table) for table in wanted if table in unread}:
                rows |= self._read(dispatch, left_out)
            self._refusal = self._judge(rows)
        finally:
            self._is_known.set()
        self._require()
        return answer

    def _wait(self) -> None:
        self._is_known.wait()
        self._require()

    def _require(self) -> None:
        if self._refusal is not None:
            raise self._refusal

    def _rows(self) -> Tables:
        """Returns the request for DynamoDB: one key in each table."""
        rows = {_states(): _one_key(self._caller.user_id)}
        if self._gate is not None and self._gate.row_key is not None:
            rows[environment.required("RATES_TABLE")] = _one_key(self._gate.row_key)
        return rows

    def _read(self, dispatch: Dispatch, asked: Tables) -> Rows:
        rows: Rows = dict.fromkeys(asked)
        for _ in retrying.waits():
            answer = dispatch("BatchGetItem", {"RequestItems": asked})
            rows |= {table: _only(found) for table, found in answer["Responses"].items() if found}
            asked = answer.get("UnprocessedKeys") or {}
            if not asked:
                return rows
        raise retrying.busy()

    def _judge(self, rows: Rows) -> Refusal | None:
        """Returns the refusal of the request, if any.

        A sign-out comes before a suspension, and that before an empty bucket and a role that is not allowed.
        """
        state = rows[_states()]
        self._role = self._role_in(state)
        return self._refused_by(state) or self._too_many(rows) or self._not_allowed()

    def _refused_by(self, state: Mapping[str, Any] | None) -> Refusal | None:
        if not self._admits(state):
            return _signed_out()
        self.suspension = self._suspension_in(state)
        if self.suspension is not None and self.suspension.refuses(self._operation):
            return suspended(self.suspension)
        return None

    def _too_many(self, rows: Rows) -> TooMany | None:
        if self._gate is None:
            return None
        return self._gate.refusal(_tat_ms(rows.get(environment.required("RATES_TABLE"))))

    def _not_allowed(self) -> Refusal | None:
        return None if self._demand is None or self._demand.allows(self._role) else self._demand.refusal

    def _admits(self, row: Mapping[str, Any] | None) -> bool:
        if row is None:
            return True
        signed_out_at_s = _number(row, "signed_out_at_s")
        if signed_out_at_s is None:  # some sign-out is there, and must not be lost
            unreadable.report("AccountStates", [self._caller.user_id])
            return False
        return self._caller.issued_at_s >= signed_out_at_s

    def _suspension_in(self, row: Mapping[str, Any] | None) -> Suspension | None:
        """Returns the suspension that holds; it ends by itself. A damaged one counts as none, until it is put again."""
        if row is None or "suspension" not in row:
            return None
        suspension = stored_suspension(from_wire(row["suspension"]))
        if suspension is None:
            unreadable.report("AccountStates", [self._caller.user_id])
            return None
        return suspension if suspension.holds(self._now_ms) else None

    def _role_in(self, row: Mapping[str, Any] | None) -> str:
        """Returns the role that the host has put, if the authorizer had not read it yet; a program keeps its own."""
        if row is None or "role" not in row or self._caller.role == SERVICE_ROLE:
            return self._caller.role
        role, revision = from_wire(row["role"]), _number(row, "role_revision")
        if not isinstance(role, str) or revision is None:
            unreadable.report("AccountStates", [self._caller.user_id])
            return self._caller.role
        return role if revision > self._caller.revision else self._caller.role


def _has_room(request: Request, wanted: Tables) -> bool:
    """Says whether a batch can read these rows too: a request names each table once."""
    room = MAX_KEYS - key_count("BatchGetItem", request)
    return len(wanted) <= room and wanted.keys().isdisjoint(request["RequestItems"])


def _tat_ms(bucket: Mapping[str, Any] | None) -> int | None:
    """Returns the time in a bucket's row; None, a full bucket, without a row or if it is unreadable."""
    if bucket is None:
        return None
    tat_ms = _number(bucket, "tat_ms")
    if tat_ms is None:
        unreadable.report("Rates", [from_wire(bucket["user_id"])])
    return tat_ms


def _number(row: Mapping[str, Any], name: str) -> int | None:
    value = from_wire(row.get(name, {"NULL": True}))
    return value if isinstance(value, int) else None


_current: ContextVar[Admission | None] = ContextVar("admission", default=None)
_is_harmless: ContextVar[bool] = ContextVar("harmless", default=False)


def current() -> Admission | None:
    """Returns the check of the request that runs here; None for work without a caller (queues, schedules)."""
    return _current.get()


@contextmanager
def required(caller: Identity, now_ms: int, operation: str, gate: Gate | None = None) -> Iterator[None]:
    """Inside the block, every call to DynamoDB is refused with Unauthenticated once the caller was signed out.

    It is refused with Suspended if a suspension of the caller refuses the operation, with TooMany if the gate does.
    """
    token = _current.set(Admission(caller, now_ms, operation, gate))
    try:
        yield
    finally:
        _current.reset(token)


@contextmanager
def harmless() -> Iterator[None]:
    """Inside the block, a write runs beside the check: it changes only limits of the caller, or their lease."""
    token = _is_harmless.set(True)
    try:
        yield
    finally:
        _is_harmless.reset(token)


def _signed_out() -> Unauthenticated:
    return Unauthenticated("signed_out", "You were signed out; sign in again.")


def _one_key(value: str) -> dict[str, Any]:
    """Returns a request for one item of a table whose key is `user_id`, eventually consistent."""
    return {"Keys": [{"user_id": to_wire(value)}], "ConsistentRead": False}


def _only(rows: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    return next(iter(rows), None)


def _states() -> str:
    return environment.required("ACCOUNT_STATES_TABLE")
