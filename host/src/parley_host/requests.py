"""Requests and answers as values, without a network: what both clients share."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from urllib.parse import quote

import httpx

from parley_host.errors import Problem, Unreachable, problem

VERSION = "0.2.0"


@dataclass(frozen=True)
class Call:
    """One request, before it is sent."""

    method: str
    path: str
    body: Mapping[str, Any] | None = None
    query: Mapping[str, str | int] | None = None
    lists: str | None = None  # the list that an answer must hold


def path(*parts: str) -> str:
    """Returns a path; each part is quoted, so that none can name another route.

    Raises ValueError for an empty part, `.` and `..`, which clients and proxies take out of a path.
    """
    wrong = next((part for part in parts if part in ("", ".", "..")), None)
    if wrong is not None:
        raise ValueError(f"Nothing in Parley has the id {wrong!r}.")
    return "".join(f"/{quote(part, safe='')}" for part in parts)


def with_client_id(body: Mapping[str, Any]) -> dict[str, Any]:
    """Returns a body with a `client_id`: the given one, or a new one for all tries of this call."""
    return {**body, "client_id": body.get("client_id") or uuid.uuid4().hex}


def rfc3339(time: datetime) -> str:
    """Returns a time as Parley reads it; raises ValueError for one without a time zone."""
    if time.tzinfo is None:
        raise ValueError("The time needs a time zone: datetime.now(UTC) + timedelta(days=7), for example.")
    return time.isoformat(timespec="milliseconds")


def days_of(since: date | None, to: date | None) -> dict[str, str]:
    """Returns the query of figures of these days, both among them."""
    named = {"from": since, "to": to}
    return {name: day.isoformat() for name, day in named.items() if day is not None}


def content_of(answer: httpx.Response, lists: str | None = None) -> Any:
    """Returns the content of an answer; raises Unreachable for one that is not Parley's, a page of a proxy say."""
    content = _json(answer)
    if not isinstance(content, dict) or (lists is not None and not _is_list(content.get(lists))):
        request = answer.request
        raise Unreachable(f"{request.method} {request.url.path}: {answer.status_code} without JSON of Parley's")
    return content


def _is_list(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, dict) for item in value)


def _json(answer: httpx.Response) -> Any:
    """Returns what the JSON of an answer says, None if it has none."""
    try:
        return answer.json()
    except (ValueError, RecursionError):
        return None


def problem_of(answer: httpx.Response) -> Problem:
    """Returns the error of an answer, also of one that is no problem document of Parley's."""
    document = _json(answer)
    wait = answer.headers.get("Retry-After", "")
    return problem(
        answer.status_code,
        document if isinstance(document, dict) else {},
        float(wait) if wait.isascii() and wait.isdigit() and len(wait) < 10 else None,
    )
