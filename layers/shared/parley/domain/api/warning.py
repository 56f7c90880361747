"""Warnings of moderators to a person, as they are stored and as the person sees them."""

from collections.abc import Iterable

import msgspec
from msgspec import Struct

from parley.domain.api.times import rfc3339


class StoredWarning(Struct, frozen=True, kw_only=True):
    """A warning as it is stored: without its author, whom the audit log names."""

    id: str
    reason: str
    warned_at_ms: int
    report_id: str | None = None


class OwnWarning(Struct, frozen=True, kw_only=True):
    """A warning as the warned person sees it."""

    id: str
    reason: str
    warned_at: str


def stored_warnings(documents: Iterable[object]) -> tuple[StoredWarning, ...]:
    """Returns warnings as they are stored, the newest first, without damaged ones."""
    found = []
    for document in documents:
        try:
            found.append(msgspec.convert(document, type=StoredWarning))
        except msgspec.ValidationError:
            continue
    return tuple(found)


def own_warning(warning: StoredWarning) -> OwnWarning:
    """Returns a warning as the warned person sees it."""
    return OwnWarning(id=warning.id, reason=warning.reason, warned_at=rfc3339(warning.warned_at_ms))
