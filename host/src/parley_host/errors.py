"""The errors of the package. `Problem` has a class for each status; decide on `code`, never on the sentence.

ParleyError
├── Unreachable        no answer: the connection failed, or the time was up
├── Interrupted        a bulk request of several parts stopped on the way
├── NotInTime          a job was not over in time
└── Problem            Parley refused
    ├── Invalid            400, 413, 422
    ├── Unauthenticated    401
    ├── Forbidden          403
    ├── NotFound           404
    ├── Conflict           409
    ├── TooMany            429
    └── ServerError        5xx
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


class ParleyError(Exception):
    """The base of all errors of this package."""

    @property
    def may_pass(self) -> bool:
        """Says whether the same call may succeed later."""
        return False


class Unreachable(ParleyError):
    """Parley gave no answer; the request may have been done. It is safe to call the method again."""

    @property
    def may_pass(self) -> bool:
        return True


@dataclass(frozen=True)
class FieldProblem:
    """A wrong field: a JSON pointer into the body, `?name` in the query, or `{name}` in the path."""

    pointer: str
    code: str
    limit: int | None = None


class Problem(ParleyError):
    """Parley's answer to a request that it did not do: a problem document (RFC 9457)."""

    def __init__(self, status: int, document: Mapping[str, Any], retry_after_s: float | None = None) -> None:
        self.status = status
        self.document = document  # with the members of its code: `until` of `suspended`, for example
        self.code = str(document.get("code", "unreadable_answer"))
        self.detail = str(document.get("detail", ""))
        self.rule: str | None = document.get("rule")
        self.request_id: str | None = document.get("request_id")
        self.fields: Sequence[FieldProblem] = _fields(document.get("errors"))
        self.retry_after_s = retry_after_s
        super().__init__(self._sentence())

    def _sentence(self) -> str:
        named = "".join(f" {field.pointer}: {field.code}." for field in self.fields)
        return f"{self.status} {self.code}. {self.detail}{named} (request_id {self.request_id})"

    @property
    def may_pass(self) -> bool:
        """Says whether the same request may succeed later."""
        return self.retry_after_s is not None or self.status == 429 or self.status >= 500


def _fields(errors: object) -> tuple[FieldProblem, ...]:
    """Returns the wrong fields; none if a proxy's answer has `errors` of its own."""
    listed = errors if isinstance(errors, list) else []
    return tuple(
        FieldProblem(str(field["pointer"]), str(field["code"]), field.get("limit"))
        for field in listed
        if isinstance(field, dict) and {"pointer", "code"} <= field.keys()
    )


class Invalid(Problem):
    """400, 413, 422: the request is wrong; `fields` names the fields."""


class Unauthenticated(Problem):
    """401: Parley does not take the token. Parley's log says why."""


class Forbidden(Problem):
    """403: a rule refuses it; `rule` names the rule."""


class NotFound(Problem):
    """404: the thing does not exist."""


class Conflict(Problem):
    """409: the request does not fit the present state."""


class TooMany(Problem):
    """429: too many requests at once."""


class ServerError(Problem):
    """500 to 599: Parley, AWS or a proxy failed; the request may have been done."""


MAX_WAIT_MS = 86_400_000

CLASSES: Mapping[int, type[Problem]] = {
    400: Invalid,
    401: Unauthenticated,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    413: Invalid,
    422: Invalid,
    429: TooMany,
}


def problem(status: int, document: Mapping[str, Any], retry_after_s: float | None = None) -> Problem:
    """Returns the error of a status, with the wait that its document or its header asks for."""
    kind = CLASSES.get(status, ServerError if status >= 500 else Problem)
    return kind(status, document, _wait_s(document.get("retry_after_ms"), retry_after_s))


def _wait_s(wait_ms: object, retry_after_s: float | None) -> float | None:
    """Returns the wait of a document, else that of the header; a proxy's JSON may hold NaN, or a huge number."""
    if not isinstance(wait_ms, int | float) or isinstance(wait_ms, bool) or not 0 <= wait_ms <= MAX_WAIT_MS:
        return retry_after_s
    return wait_ms / 1000


class Interrupted(ParleyError):
    """A bulk request of several parts stopped: `results` are those of the items that were done or refused before.

    `rest` are the items without a result. The cause is `__cause__`. It is safe to repeat the call with all items.
    """

    def __init__(self, results: Sequence[Any], rest: Sequence[Any]) -> None:
        self.results = results
        self.rest = rest
        super().__init__(f"{len(results)} items have a result, {len(rest)} have none. Repeat the call.")

    @property
    def may_pass(self) -> bool:
        return isinstance(self.__cause__, ParleyError) and self.__cause__.may_pass


class NotInTime(ParleyError):
    """A job was not over within the time; it continues. Ask for it again with its id.

    The job is an erasure, a removal, or the adding of everyone to a group, which has the group's id.
    """

    def __init__(self, job_id: str, state: str) -> None:
        self.job_id = job_id
        self.state = state
        super().__init__(f"The job {job_id} is {state}. It continues: ask for it again later.")

    @property
    def may_pass(self) -> bool:
        return True
