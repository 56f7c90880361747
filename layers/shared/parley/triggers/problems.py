"""Turns every error into a problem document (RFC 9457), the same over REST and WebSocket."""

import re
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from parley.adapters.dynamodb import retrying
from parley.domain.api.errors import (
    AlreadyAssigned,
    Choice,
    ChooseOne,
    Field,
    IllegalStatus,
    Refusal,
    Suspended,
    Unauthenticated,
)
from parley.domain.api.types import SuspensionScope, TicketStatus
from parley.triggers import request_log

# A part of a pointer that is a field's name, an id, a number, `?name` or `{name}`. A ticket (43 characters) is longer.
# Compiled by the first refusal, so that cold starts do not pay for it.
_NAME = r"[?{]?[A-Za-z0-9_.~-]{0,40}}?"


class Problem(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The document that a client gets instead of an answer; it switches on `code`."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    code: str
    request_id: str
    errors: tuple[Field, ...] = ()
    rule: str | None = None
    retry_after_ms: int | None = None
    until: str | None = None
    reason: str | None = None
    scope: SuspensionScope | None = None
    users: tuple[Choice, ...] | None = None
    capped: bool | None = None
    possible: tuple[TicketStatus, ...] | None = None
    assignee_id: str | None = None


def problem(refusal: Refusal, instance: str, request_id: str) -> Problem:
    """Returns the document of a refusal; `instance` is the path or the action that was refused."""
    document = Problem(
        type=f"urn:parley:problem:{refusal.code}",
        title=refusal.title,
        status=refusal.status,
        detail=refusal.detail,
        instance=instance,
        code=refusal.code,
        request_id=request_id,
        errors=refusal.fields,
        rule=refusal.rule,
        retry_after_ms=refusal.retry_after_ms,
    )
    if isinstance(refusal, Suspended):
        return replace(document, until=refusal.until, reason=refusal.reason, scope=refusal.scope)
    if isinstance(refusal, ChooseOne):
        return replace(document, users=refusal.users, capped=refusal.capped)
    if isinstance(refusal, AlreadyAssigned):
        return replace(document, assignee_id=refusal.assignee_id)
    if isinstance(refusal, IllegalStatus):
        return replace(document, possible=refusal.possible)
    return document


def fault(instance: str, request_id: str) -> Problem:
    """Returns the document of a failure of ours: without its cause, with the id under which the log holds it."""
    return Problem(
        type="urn:parley:problem:internal_error",
        title="Internal Server Error",
        status=500,
        detail="Something went wrong on our side. Try again; if it fails again, quote the request_id.",
        instance=instance,
        code="internal_error",
        request_id=request_id,
    )


def as_refusal(error: Exception) -> Refusal | None:
    """Returns the refusal that an exception amounts to, or None if it is a failure of ours."""
    if isinstance(error, Refusal):
        return error
    return retrying.busy() if retrying.is_passing(error) else None


def reasons(refusal: Refusal) -> dict[str, object]:
    """Returns what the log says of a refusal besides its code: status, wrong fields, why a sign-in failed.

    The details of other refusals may quote what a user wrote, so they are left out.
    """
    noted: dict[str, object] = {"status": refusal.status}
    if isinstance(refusal, Unauthenticated):
        noted |= {"detail": refusal.detail, **refusal.noted}
    if refusal.fields:
        noted["fields"] = [f"{_loggable(field.pointer)} {field.code}" for field in refusal.fields]
    return noted


def _loggable(pointer: str) -> str:
    """Returns a pointer without the parts that may be text: a client can send anything as a field's name."""
    return "/".join(part if re.fullmatch(_NAME, part) else "…" for part in pointer.split("/"))


def note(error: Exception, operation: str, request_id: str, **ids: Any) -> None:
    """Logs and counts the exception that ended a job; AWS retries the job. A passing fault is no failure of ours.

    Call it while the exception is being handled.
    """
    if refusal := as_refusal(error):
        request_log.refused(operation, request_id, refusal.code, **ids, **reasons(refusal))
    else:
        request_log.failed(operation, request_id, **ids)


def encode(value: Any) -> str:
    """Returns JSON text."""
    return msgspec.json.encode(value).decode()
