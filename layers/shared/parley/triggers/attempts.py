"""Attempts: what one run tries for many rows. A row that fails is logged and counted; the run continues."""

from collections import Counter
from collections.abc import Callable
from threading import Lock
from typing import TypeVar

from parley.domain.api.identity import Identity
from parley.triggers import problems, request_log

# A row may need a dozen calls to AWS, one after the other, and an unanswered call takes up to 12 s
# (`adapters/dynamodb/clients.py`). So a row that is begun ends before Lambda ends the run.
SPARE_MS = 15_000
MAX_LOGGED = 20  # failures of one run; a thousand rows with the same cause need no thousand lines

NOBODY = Identity(user_id="", name="", role="system", expires_at_s=0)  # the user id under which a sweep runs

Result = TypeVar("Result")


class Attempts:
    """One run of a function that deals with many rows (`actions/sweep.py` calls it a Run)."""

    def __init__(self, operation: str, request_id: str, time_left_ms: Callable[[], int]) -> None:
        self._operation = operation
        self._request_id = request_id
        self._time_left_ms = time_left_ms
        self._lock = Lock()
        self.failed_count = 0
        self._noticed: Counter[str] = Counter()

    def has_time(self) -> bool:
        return self._time_left_ms() > SPARE_MS

    def attempt(self, do: Callable[[], Result], **ids: str) -> Result | None:
        try:
            return do()
        except Exception as error:
            self.failed(1)
            if self.failed_count <= MAX_LOGGED:
                problems.note(error, self._operation, self._request_id, **ids)
            return None

    def failed(self, count: int) -> None:
        with self._lock:
            self.failed_count += count

    def noticed(self, metric: str) -> None:
        with self._lock:
            self._noticed[metric] += 1

    def end(self, swept: int) -> None:
        """Logs the run and counts what it has done; writes metrics of failures and findings only if there were any."""
        request_log.succeeded(self._operation, self._request_id, swept=swept, failed=self.failed_count)
        request_log.count(self._operation, "Swept", swept)
        if self.failed_count:
            request_log.count(self._operation, "RowsFailed", self.failed_count)
        for metric, count in self._noticed.items():
            request_log.count(self._operation, metric, count)
