"""Charges a request to its caller's buckets: its cost units, or a token for an act that others see.

One cost unit is about one read unit of DynamoDB. The units are counted where every call to DynamoDB passes
(`admission.py`), so no operation can be forgotten, and an expensive answer pays its real cost. The process
owes the units of a request and writes them to the bucket's row once they make a block: beside the first call of the
same person's next request, which mostly adds no round trip. The emptier the bucket, the smaller the block.

An operation names what it `asks`:

- COST or LIVE: that bucket's row is read with the row that says whether the caller was signed out (0.5 read units, no
  round trip), and an empty one refuses before anything is written or told.
- OWN: nothing is read. It is refused only for the use of this operation alone in this process: sends and changes,
  which have tokens of their own, so only those count that were refused or had been done already.
- None: it is never refused, as a heartbeat, or closing one's own devices.
"""

import math
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from contextvars import ContextVar
from threading import Lock
from typing import Any

from msgspec import Struct

from parley.adapters import limits
from parley.adapters.dynamodb import rate_buckets, retrying
from parley.adapters.dynamodb.units import units_of
from parley.adapters.threads import Threads
from parley.domain.api.errors import TooMany, Unavailable
from parley.domain.api.limits import COST, LIVE, OWN, Rate, cost_rate, empty, is_empty, live_rate
from parley.domain.api.request import Request
from parley.domain.api.types import Limits

# The most that may be owed before it is written: so much can pass beyond the limit in each process.
BLOCKS = {COST: 30, LIVE: 5}
MAX_OWED_BLOCKS = 10  # more than that is written at once, at the end of the request that used it
UNTOLD = 0.25  # of a token: a live act that tells nobody, because nobody needs to be told, or nothing is new
MAX_REMEMBERED = 16_384  # some 3 MB

_RATES: Mapping[str, Callable[[Limits], Rate]] = {COST: cost_rate, LIVE: live_rate}

_writing = Threads(max_workers=16, thread_name_prefix="metering")
_lock = Lock()


class _Account(Struct):
    """One person's bucket as this process knows it: the debt, and the bucket's state at the last write."""

    owed: float = 0
    writing: float = 0  # the part of the debt that is on its way to the row
    tat_ms: int = 0
    own_tat_ms: int = 0  # of a bucket that holds only the use of this operation in this process


# By operation too, because each function has its own processes. It only matters if one process runs several operations.
_accounts: OrderedDict[tuple[str, str, str], _Account] = OrderedDict()


class Meter:
    """Counts what one request uses; `admission.py` hands every call to DynamoDB to it."""

    def __init__(self, request: Request, operation: str, asks: str | None) -> None:
        self._request = request
        self._operation = operation
        self._asks = asks
        self._lock = Lock()
        self._units = 0.0
        self._least = 0.0  # the units without the sizes of the answers
        self._tat_ms: int | None = None  # of the bucket asked, as its row says; None before it is read
        self._is_refused = False
        self.has_token = False
        self.has_told = False
        self._writes: list[Future[None]] = []

    @property
    def row_key(self) -> str | None:
        """Returns the key of the row in the table Rates that `learn` wants; None if none is asked."""
        return rate_buckets.key(self._request.user_id, self._asks) if self._asks in BLOCKS else None

    def begin(self) -> None:
        """Writes the debts of earlier requests, beside the calls of this one."""
        policy = self._policy
        account = self._account(policy)
        if account.owed - account.writing >= self._block(policy):
            self._writes.append(_writing.submit(self._write, policy))

    def refusal(self, tat_ms: int | None) -> TooMany | None:
        """Returns a refusal if the asked bucket is empty; `tat_ms` is of `row_key`, None without such a row."""
        self._tat_ms = tat_ms or 0
        if self._asks is None:
            return None
        rate, now_ms = _rate(self._policy), self._request.now_ms
        standing_ms = self._account(COST).own_tat_ms if self._asks == OWN else self._standing_ms(self._asks)
        if not is_empty(standing_ms, rate, now_ms):
            return None
        self._is_refused = True
        self._request.note(rate.standing(standing_ms, now_ms))
        return empty(standing_ms, rate, now_ms)

    def count(self, operation: str, request: Mapping[str, Any], answer: Mapping[str, Any]) -> None:
        """Adds the use of a call to DynamoDB."""
        units = units_of(operation, request, answer)
        with self._lock:
            self._least += units.least
            self._units += units.whole

    def settle(self, *, is_good: bool) -> None:
        """Adds the request's use to the debt, and notes the rest for the answer.

        A request that the meter itself has refused takes nothing. Any other refusal takes the same for rows of any
        size, because the header would reveal the size to a stranger.
        """
        for write in self._writes:
            write.result()
        if self._is_refused or self.has_token:
            return
        if self._asks == LIVE:
            self._owe(LIVE, 1 if self.has_told else UNTOLD)
        else:
            self._owe(COST, math.ceil(self._units if is_good else self._least))
        if self._asks in BLOCKS and self._tat_ms is not None:
            rate = _rate(self._policy)
            self._request.note(rate.standing(self._standing_ms(self._policy), self._request.now_ms))

    @property
    def _policy(self) -> str:
        return LIVE if self._asks == LIVE else COST

    def _owe(self, policy: str, units: float) -> None:
        account, rate = self._account(policy), _rate(policy)
        with _lock:
            account.owed += units
            account.own_tat_ms = max(account.own_tat_ms, self._request.now_ms) + int(units * rate.interval_ms)
        due = account.owed - account.writing
        # Then the rest in the answers must be true.
        is_low = self._left(policy) < max(rate.burst / 8, 2 * BLOCKS[policy])
        if due >= (1 if is_low else MAX_OWED_BLOCKS * self._block(policy)):
            self._write(policy)

    def _block(self, policy: str) -> float:
        return max(1, min(BLOCKS[policy], self._left(policy) // 16))

    def _left(self, policy: str) -> float:
        """Returns how many tokens a bucket holds, as far as this process knows."""
        rate = _rate(policy)
        return (self._request.now_ms + rate.window_ms - self._standing_ms(policy)) / rate.interval_ms

    def _write(self, policy: str) -> None:
        """Writes the debt. It stays if the store is busy, because a limit is no reason to fail."""
        account, rate, is_written = self._account(policy), _rate(policy), False
        is_in_use = self._known_ms(policy) > self._request.now_ms
        with _lock:
            units = account.owed - account.writing
            account.writing += units
        if not units:  # another thread was faster
            return
        try:
            tat_ms = rate_buckets.charge(
                rate_buckets.key(self._request.user_id, policy), rate, self._request.now_ms, units, is_in_use=is_in_use
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
        """Returns the `tat_ms` of a bucket with the debt of this process, as far as the row does not have it yet."""
        account = self._account(policy)
        owed_ms = min(account.owed * _rate(policy).interval_ms, max(0, account.own_tat_ms - self._request.now_ms))
        return self._known_ms(policy) + int(owed_ms)

    def _known_ms(self, policy: str) -> int:
        """Returns the `tat_ms` of a bucket as far as this process knows, at least now."""
        read_ms = self._tat_ms if policy == self._asks else None
        return max(read_ms or 0, self._account(policy).tat_ms, self._request.now_ms)

    def _account(self, policy: str) -> _Account:
        name = (self._operation, self._request.user_id, policy)
        with _lock:
            account = _accounts.get(name)
            if account is None:
                account = _accounts[name] = _Account()
                if len(_accounts) > MAX_REMEMBERED:
                    _accounts.popitem(last=False)  # with its debt, less than `MAX_OWED_BLOCKS`
            _accounts.move_to_end(name)
            return account


_current: ContextVar[Meter | None] = ContextVar("meter", default=None)


def note_token() -> None:
    """Notes that the present request has taken tokens of `send`, which pay for all its work."""
    if (meter := _current.get()) is not None:
        meter.has_token = True


def note_telling() -> None:
    """Notes that the present request tells others something."""
    if (meter := _current.get()) is not None:
        meter.has_told = True


def of(request: Request, operation: str, asks: str | None) -> Meter | None:
    """Returns the meter of an operation; None for the host's own programs, which are not limited."""
    return Meter(request, operation, asks) if request.is_limited else None


@contextmanager
def running(meter: Meter | None) -> Iterator[None]:
    """Inside the block, `meter` counts the request's use."""
    before = _current.set(meter)
    try:
        yield
    finally:
        _current.reset(before)


def _rate(policy: str) -> Rate:
    return _RATES[policy](limits.current())


def forget() -> None:
    """Clears the in-process memory of buckets; tests use it to simulate a new process."""
    _accounts.clear()
