"""Warnings as moderators give them."""

from base64 import b32encode
from hashlib import sha256

from msgspec import Struct

from parley.domain.api.errors import Invalid, client_id_reused
from parley.domain.api.request import Request
from parley.domain.api.requests import WarnUser
from parley.domain.api.times import rfc3339
from parley.domain.api.types import NamedUser
from parley.domain.api.warning import StoredWarning

MAX_KEPT = 10  # the newest warnings of a person, at 4 KB each at most: one row of 40 KB


class WarningDetails(Struct, frozen=True, kw_only=True):
    """A warning as moderators see it; `report_id` is the report that it decided."""

    id: str
    user_id: str
    reason: str
    warned_at: str
    report_id: str | None


class WarningAnswer(WarningDetails, frozen=True, kw_only=True):
    """A warning as moderators see it, and the person who was warned."""

    users: dict[str, NamedUser]


def new_warning(request: Request, wanted: WarnUser, client_id: str) -> StoredWarning:
    """Returns the caller's warning; raises Invalid for a decision on no report."""
    if wanted.resolution is not None and wanted.report_id is None:
        raise Invalid.field("/resolution", "contradiction", "Only a report has a resolution; name it in `report_id`.")
    return StoredWarning(
        id=_warning_id(request, wanted.user_id, client_id),
        reason=wanted.reason,
        warned_at_ms=request.now_ms,
        report_id=wanted.report_id,
    )


def _warning_id(request: Request, user_id: str, client_id: str) -> str:
    """Returns the only id that a moderator's warning of a person by one `client_id` can have."""
    parts = f"{request.user_id}\n{user_id}\n{client_id}"
    return "w_" + b32encode(sha256(parts.encode()).digest()[:16]).decode().rstrip("=").lower()


def given_before(given: tuple[StoredWarning, ...], wanted: StoredWarning) -> StoredWarning | None:
    """Returns the warning that an earlier try has given; raises Unprocessable if its content was another."""
    for warning in given:
        if warning.id != wanted.id:
            continue
        if (warning.reason, warning.report_id) != (wanted.reason, wanted.report_id):
            raise client_id_reused("warning", "")
        return warning
    return None


def warning_details(user_id: str, warning: StoredWarning) -> WarningDetails:
    """Returns a warning as moderators see it."""
    return WarningDetails(
        id=warning.id,
        user_id=user_id,
        reason=warning.reason,
        warned_at=rfc3339(warning.warned_at_ms),
        report_id=warning.report_id,
    )
