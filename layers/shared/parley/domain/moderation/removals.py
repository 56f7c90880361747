"""Removing all that a person wrote in the last hours: a job that goes through the person's conversations one by one.

Each removal is one transaction with the job's row, so every counted message is removed, wherever the job was killed.
"""

import re
from base64 import b32encode
from hashlib import sha256
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from parley.domain.api.errors import Invalid, client_id_reused
from parley.domain.api.identity import Identity
from parley.domain.api.request import Request
from parley.domain.api.requests import RemoveMessages
from parley.domain.api.times import rfc3339
from parley.domain.api.types import NamedUser

RemovalState = Literal["running", "done", "stopped", "failed"]
# The conversations that the person is in, then those that they have left; each by id.
Shelf = Literal["memberships", "left_behind", "end"]

KEPT_S = 7 * 24 * 3600  # after the request
# A step is tried five times, six minutes apart (template.yaml, ErasureSteps).
STALLED_MS = 45 * 60_000
HOUR_MS = 3_600_000

REMOVAL_ID_PATTERN = r"^m_[a-z2-7]{26}$(?!\n)"

_removal_id = re.compile(REMOVAL_ID_PATTERN)


class Removal(Struct, frozen=True, kw_only=True):
    """The removal of what a person wrote between two times: `removed` messages so far.

    `code` says why it stopped early.
    """

    id: str
    user_id: str
    hours: int
    reason: str
    report_id: str | None
    state: RemovalState
    code: str | None
    removed: int
    since: str
    until: str
    created_at: str
    finished_at: str | None
    expires_at: str
    users: dict[str, NamedUser]


class Place(Struct, frozen=True, kw_only=True):
    """The progress of a job: all before this conversation, and in it all messages after `seq`; without it, all."""

    shelf: Shelf = "memberships"
    conversation_id: str | None = None
    seq: int | None = None


class Job(Struct, frozen=True, kw_only=True):
    """A removal as it is stored. `revision` counts its moves: of two workers at once, one loses."""

    removal_id: str
    moderator_id: str
    moderator_role: str
    user_id: str
    hours: int
    reason: str
    report_id: str | None
    created_at_ms: int
    moved_at_ms: int
    expires_at_s: int
    revision: int = 0
    state: RemovalState = "running"
    code: str | None = None
    removed: int = 0
    place: Place = Place()

    @property
    def since_ms(self) -> int:
        return self.created_at_ms - self.hours * HOUR_MS

    @property
    def is_over(self) -> bool:
        return self.state != "running"

    def has_expired(self, now_s: int) -> bool:
        return self.expires_at_s <= now_s

    def takes(self, at_ms: int) -> bool:
        """Says whether a message of this time is to be removed; those after the request stay."""
        return self.since_ms <= at_ms <= self.created_at_ms

    def at(self, place: Place) -> "Job":
        """Returns the job at another place, as it was noted otherwise."""
        return replace(self, place=place)

    def moved(self, now_ms: int, *, removed: int = 0) -> "Job":
        """Returns the job after one more write."""
        return replace(self, revision=self.revision + 1, moved_at_ms=now_ms, removed=self.removed + removed)

    def ended(self, now_ms: int, code: str | None) -> "Job":
        """Returns the job at its end; `code` says why it stops early."""
        state: RemovalState = "done" if code is None else "stopped"
        return replace(self.moved(now_ms), state=state, code=code)

    def request(self, role: str) -> Request:
        """Returns the request of the moderator, who has this role by now.

        Every write carries the time of the request, however often it is retried.
        """
        caller = Identity(user_id=self.moderator_id, name=self.moderator_id, role=role, expires_at_s=self.expires_at_s)
        return Request(caller=caller, now_ms=self.created_at_ms, request_id=self.removal_id)

    def view(self, now_ms: int, users: dict[str, NamedUser]) -> Removal:
        """Returns the removal as moderators see it; `failed` if the job has died without a word."""
        has_died = not self.is_over and now_ms >= self.moved_at_ms + STALLED_MS
        return Removal(
            id=self.removal_id,
            user_id=self.user_id,
            hours=self.hours,
            reason=self.reason,
            report_id=self.report_id,
            state="failed" if has_died else self.state,
            code=self.code,
            removed=self.removed,
            since=rfc3339(self.since_ms),
            until=rfc3339(self.created_at_ms),
            created_at=rfc3339(self.created_at_ms),
            finished_at=rfc3339(self.moved_at_ms) if self.is_over else None,
            expires_at=rfc3339(self.expires_at_s * 1000),
            users=users,
        )


def new_job(request: Request, wanted: RemoveMessages, client_id: str) -> Job:
    """Returns the job that the caller asks for."""
    return Job(
        removal_id=_removal_id_of(request.user_id, wanted.user_id, client_id),
        moderator_id=request.user_id,
        moderator_role=request.caller.role,
        user_id=wanted.user_id,
        hours=wanted.hours,
        reason=wanted.reason,
        report_id=wanted.report_id,
        created_at_ms=request.now_ms,
        moved_at_ms=request.now_ms,
        expires_at_s=request.now_s + KEPT_S,
    )


def _removal_id_of(moderator_id: str, user_id: str, client_id: str) -> str:
    """Returns the only id that a moderator's removal for a person by one `client_id` can have."""
    digest = sha256(f"{moderator_id}\n{user_id}\n{client_id}".encode()).digest()
    return "m_" + b32encode(digest[:16]).decode().rstrip("=").lower()


def check_same(known: Job, wanted: Job) -> Job:
    """Returns the job that an earlier try has begun; raises Unprocessable if that try asked for another."""
    if (known.hours, known.reason, known.report_id) != (wanted.hours, wanted.reason, wanted.report_id):
        raise client_id_reused("removal", "")
    return known


def check_removal_id(text: str) -> str:
    """Returns a part of the path if it can be a removal's id; raises Invalid if not."""
    if _removal_id.fullmatch(text) is None:
        raise Invalid.field("{removal_id}", "bad_format", "That is not the id of a removal.")
    return text
