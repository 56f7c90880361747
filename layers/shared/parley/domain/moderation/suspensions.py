"""Suspensions as moderators put, see and list them."""

from typing import Annotated

from msgspec import Meta, Struct

from parley.domain.api.errors import Invalid
from parley.domain.api.identity import STORED_USER_ID_PATTERN
from parley.domain.api.request import Request
from parley.domain.api.requests import SuspendUser
from parley.domain.api.suspension import Suspension
from parley.domain.api.times import DAY_MS, from_rfc3339, rfc3339
from parley.domain.api.types import NamedUser, SuspensionScope

MAX_MS = 3_653 * DAY_MS  # ten years


class SuspensionDetails(Struct, frozen=True, kw_only=True):
    """A suspension as moderators see it; `report_id` is the report that it decided."""

    user_id: str
    until: str
    reason: str
    scope: SuspensionScope
    suspended_by: str
    suspended_at: str
    report_id: str | None


class SuspensionAnswer(SuspensionDetails, frozen=True, kw_only=True):
    """A suspension as moderators see it, and the people whom it names."""

    users: dict[str, NamedUser]


class SuspensionPosition(Struct, frozen=True, kw_only=True, array_like=True, forbid_unknown_fields=True):
    """The last suspension of a page; the next page starts after it."""

    until_ms: Annotated[int, Meta(ge=0, le=10**15)]
    user_id: Annotated[str, Meta(pattern=STORED_USER_ID_PATTERN, max_length=128)]


def new_suspension(request: Request, wanted: SuspendUser) -> Suspension:
    """Returns the caller's suspension; raises Invalid for an end that no calendar has, in the past, or too far off."""
    until_ms = from_rfc3339(wanted.until)
    if until_ms is None:
        raise Invalid.field("/until", "bad_format", "There is no such time.")
    if until_ms <= request.now_ms:
        raise Invalid.field("/until", "too_small", "A suspension must end in the future.")
    if until_ms > request.now_ms + MAX_MS:
        raise Invalid.field("/until", "too_large", "A suspension lasts ten years at most.")
    if wanted.resolution is not None and wanted.report_id is None:
        raise Invalid.field("/resolution", "contradiction", "Only a report has a resolution; name it in `report_id`.")
    return Suspension(
        until_ms=until_ms,
        reason=wanted.reason,
        scope=wanted.scope,
        suspended_by=request.user_id,
        suspended_at_ms=request.now_ms,
        report_id=wanted.report_id,
    )


def is_same(known: Suspension | None, wanted: Suspension) -> bool:
    """Says whether a suspension has the wanted end, reason, scope and report; author and time do not count."""
    if known is None:
        return False
    return (known.until_ms, known.reason, known.scope, known.report_id) == (
        wanted.until_ms,
        wanted.reason,
        wanted.scope,
        wanted.report_id,
    )


def in_words(suspension: Suspension | None) -> str:
    """Returns a suspension for the audit log: its scope and end, not its reason, which a moderator has written."""
    return "none" if suspension is None else f"{suspension.scope} until {rfc3339(suspension.until_ms)}"


def position_of(user_id: str, suspension: Suspension) -> SuspensionPosition:
    """Returns the position after a suspension in the list."""
    return SuspensionPosition(until_ms=suspension.until_ms, user_id=user_id)


def suspension_details(user_id: str, suspension: Suspension) -> SuspensionDetails:
    """Returns a suspension as moderators see it."""
    return SuspensionDetails(
        user_id=user_id,
        until=rfc3339(suspension.until_ms),
        reason=suspension.reason,
        scope=suspension.scope,
        suspended_by=suspension.suspended_by,
        suspended_at=rfc3339(suspension.suspended_at_ms),
        report_id=suspension.report_id,
    )
