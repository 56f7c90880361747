"""What a request takes out of its caller's buckets for what it costs: cost units, or a token for what others see.

One cost unit is about one read unit of DynamoDB. The units are counted where every call to DynamoDB passes
(`admission.py`), so no operation can be forgotten, and a dear answer costs what it really took. What a request has
used is owed by this very process and written to the bucket's row once it has come to a block: beside the first call of
the next request of the same person, so that mostly no round trip is added.

An operation names the bucket that it `asks`. That bucket's row is read with the row that says whether the caller was
signed out (0.5 read units, no round trip), and an empty one refuses before anything is written or told. An operation
that asks none goes by what this process has learnt when it wrote what was owed: sends, which have tokens of their
own, and what must get through whatever else its caller has done, as a heartbeat.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from contextvars import ContextVar
from threading import Lock
from typing import Any

from msgspec import Struct

from parley.adapters import limits, rates, retrying
from parley.adapters.threads import Threads
from parley.adapters.units import units_of
from parley.domain.call import Call
from parley.domain.errors import Unavailable
from parley.domain.identity import SERVICE_ROLE
from parley.domain.limits import COST, LIVE, Rate, cost_rate, empty, is_empty, live_rate
from parley.domain.types import Limits

# What may be owed before it is written: so much can get through in each process beyond the limit.
BLOCKS = {COST: 30, LIVE: 5}
MAX_OWED_BLOCKS = 10  # more than that is written at once, at the end of the request that used it
MAX_REMEMBERED = 16_384  # some 3 MB

_RATES: Mapping[str, Callable[[Limits], Rate]] = {COST: cost_rate, LIVE: live_rate}

_writing = Threads(max_workers=16, thread_name_prefix="metering")
_lock = Lock()


class _Account(Struct):
    """What this process knows of one person's bucket: what is owed, and where it stood when that was written last."""

    owed: int = 0
    writing: int = 0  # of what is owed, what is on its way to the row
    tat_ms: int = 0


# By operation too, as each function has processes of its own: it makes no difference there, and does where one process
# runs them all.
_accounts: OrderedDict[tuple[str, str, str], _Account] = OrderedDict()


class Meter:
    """Counts what one request uses; `admission.py` hands every call to DynamoDB to it."""

    def __init__(self, call: Call, operation: str, asks: str | None) -> None:
        self._call = call
        self._operation = operation
        self._asks = asks
        self._lock = Lock()
        self._units = 0.0
        self._tat_ms: int | None = None  # of the bucket that is asked, as its row says; None before that was read
        self.has_token = False
        self.has_told = False
        self._writes: list[Future[None]] = []

    @property
    def row_key(self) -> str | None:
        """Returns the key of the row in the table Rates that `learn` wants."""
        return None if self._asks is None else rates.key(self._call.user_id, self._asks)

    def begin(self) -> None:
        """Writes what earlier requests owe, beside the calls of this one."""
        for policy, block in BLOCKS.items():
            account = self._account(policy)
            if account.owed - account.writing >= block:
                self._writes.append(_writing.submit(self._write, policy))

    def learn(self, tat_ms: int | None) -> None:
        """Takes in what the row of `row_key` says; None if there is no such row."""
        self._tat_ms = tat_ms or 0

    def require(self) -> None:
        """Raises TooMany if the bucket that is asked is empty, or that of cost units as far as this process knows."""
        for policy in dict.fromkeys((self._asks or COST, COST)):
            rate, tat_ms = _rate(policy), self._standing_ms(policy)
            if is_empty(tat_ms, rate, self._call.now_ms):
                self._call.note(rate.standing(tat_ms, self._call.now_ms))
                raise empty(tat_ms, rate, self._call.now_ms)

    def count(self, operation: str, request: Mapping[str, Any], answer: Mapping[str, Any]) -> None:
        """Adds what a call to DynamoDB has used."""
        units = units_of(operation, request, answer)
        with self._lock:
            self._units += units

    def settle(self) -> None:
        """Adds what the request has used to what is owed, and lets the answer tell what is left."""
        for write in self._writes:
            write.result()
        if self.has_token:
            return
        if self._asks == LIVE and self.has_told:
            self._owe(LIVE, 1)
        else:
            self._owe(COST, -(-self._units // 1))
        if self._asks is not None and self._tat_ms is not None:
            rate = _rate(self._asks)
            self._call.note(rate.standing(self._standing_ms(self._asks), self._call.now_ms))

    def _owe(self, policy: str, units: float) -> None:
        account = self._account(policy)
        with _lock:
            account.owed += int(units)
        if account.owed - account.writing >= MAX_OWED_BLOCKS * BLOCKS[policy]:
            self._write(policy)

    def _write(self, policy: str) -> None:
        """Writes what is owed; it stays owed if the store is busy, for a limit is no reason to fail."""
        account, rate, is_written = self._account(policy), _rate(policy), False
        is_in_use = self._known_ms(policy) > self._call.now_ms
        with _lock:
            units = account.owed - account.writing
            account.writing += units
        if not units:  # another thread was faster
            return
        try:
            tat_ms = rates.charge(
                rates.key(self._call.user_id, policy), rate, self._call.now_ms, units, is_in_use=is_in_use
            )
            is_written = True
        except Unavailable:
            return
        except retrying.FAILURES as error:
            if not retrying.is_passing(error):
                raise
        finally:
            with _lock:
                account.writing -= units
                if is_written:
                    account.owed -= units
                    account.tat_ms = max(account.tat_ms, tat_ms)

    def _standing_ms(self, policy: str) -> int:
        """Returns the `tat_ms` of a bucket with what this process owes it."""
        return self._known_ms(policy) + self._account(policy).owed * _rate(policy).interval_ms

    def _known_ms(self, policy: str) -> int:
        """Returns the `tat_ms` of a bucket as far as it is known here, now at least."""
        read_ms = self._tat_ms if policy == self._asks else None
        return max(read_ms or 0, self._account(policy).tat_ms, self._call.now_ms)

    def _account(self, policy: str) -> _Account:
        name = (self._operation, self._call.user_id, policy)
        with _lock:
            account = _accounts.get(name)
            if account is None:
                account = _accounts[name] = _Account()
                if len(_accounts) > MAX_REMEMBERED:
                    _accounts.popitem(last=False)  # with what it owes, less than `MAX_OWED_BLOCKS`
            _accounts.move_to_end(name)
            return account


_current: ContextVar[Meter | None] = ContextVar("meter", default=None)


def note_token() -> None:
    """Notes that the request that runs here has taken tokens of `send`, which pay for all that it does."""
    if (meter := _current.get()) is not None:
        meter.has_token = True


def note_telling() -> None:
    """Notes that the request that runs here tells others something."""
    if (meter := _current.get()) is not None:
        meter.has_told = True


def of(call: Call, operation: str, asks: str | None) -> Meter | None:
    """Returns what meters an operation; None for the host's own programs, which are not limited."""
    return None if call.caller.role == SERVICE_ROLE else Meter(call, operation, asks)


@contextmanager
def running(meter: Meter | None) -> Iterator[None]:
    """Inside the block, `meter` is told what the request does."""
    before = _current.set(meter)
    try:
        yield
    finally:
        _current.reset(before)


def _rate(policy: str) -> Rate:
    return _RATES[policy](limits.current())


def forget() -> None:
    """Forgets what is owed and known: what is left of the memory of a process that died."""
    _accounts.clear()
