"""Erasing a person everywhere: asked for by the host's own server, done by a job in steps, ended by a receipt."""

import secrets
from collections.abc import Callable, Mapping, Sequence

from msgspec.structs import replace

from parley.actions.erasure import alone, memberships, words
from parley.actions.erasure.work import Unit, Work
from parley.actions.people import profiles
from parley.adapters.dynamodb import conditions
from parley.adapters.erasure import erasures
from parley.adapters.erasure.erasures import Op
from parley.adapters.live import queues
from parley.domain.api.errors import Invalid, NotFound
from parley.domain.api.request import Request
from parley.domain.erasure.job import MAX_READ, PARTS, Erasure, ErasureStep, Job, Part, is_erasure_id, new_job
from parley.domain.moderation import audit

MAX_UNITS = 20  # of one step; each is a few round trips


def erase_user(request: Request, user_id: str) -> Erasure:
    """Returns the erasure of a person: the one that goes on, or is over, or a new one; two round trips and the queue's.

    From then on nobody gets in as this person, until the host's own server gives them a profile again.
    """
    profiles.require_service(request, "erase people", "DELETE /users")
    profiles.check_user_id(user_id)
    for _ in conditions.tries():
        job = erasures.begun_for(user_id)
        if job is None:
            job = new_job(user_id, secrets.token_bytes(32), request.now_ms)
            try:
                erasures.add(job, audit.new_entry(request, "erase_user", job.erasure_id, user_sha256=job.user_sha256))
            except conditions.LostRace:
                continue
        if not job.is_over:
            # Also for a retry: the first try may have died before it got so far. A step that comes twice does no harm.
            _go_on_later(job, request.now_ms)
        return job.view(request.now_ms)
    raise conditions.busy()


def get_erasure(request: Request, erasure_id: str) -> Erasure:
    """Returns an erasure with, once it is over, its receipt; one round trip."""
    profiles.require_service(request, "erase people", "DELETE /users")
    if not is_erasure_id(erasure_id):
        raise Invalid.field("{erasure_id}", "bad_format", "That is not the id of an erasure.")
    job = erasures.get_job(erasure_id)
    if job is None:
        raise NotFound("erasure_not_found", "There is no such erasure.")
    return job.view(request.now_ms)


def erase_person(wanted: ErasureStep, now_ms: int) -> None:
    """Takes an erasure some units on, and asks the queue for the next step; after the first round only in a while.

    Each unit is one transaction with the job's row, so killed anywhere it goes on behind the last one. A part with
    nothing to do is noted with the next one. Of two workers, the one that loses leaves the rest to the other.
    """
    job = erasures.get_job(wanted.erasure_id)
    if job is None or job.is_over:
        return
    left = _take_on(job, wanted, now_ms)
    if left is not None:
        _go_on_later(left, now_ms)


def _take_on(job: Job, wanted: ErasureStep, now_ms: int) -> Job | None:
    """Returns the job some units on; None if it is over, or if another worker has moved it."""
    noted, read = job, 0
    for _ in range(MAX_UNITS):
        if not job.may_go_on_with(wanted) or read >= MAX_READ:
            break
        work = Work(job, now_ms, MAX_READ - read)
        unit = _PARTS[PARTS[job.part]](work)
        read += work.read
        moved = job.moved(now_ms, unit.removed, unit.cursor)
        after = moved if unit.cursor is not None else moved.at_next_part()
        if unit.was_needless and after.round == job.round and not after.is_over:
            job = replace(after, revision=noted.revision)
        elif _commit(after, unit.ops):
            if after.is_over:
                return None
            job = noted = after
        elif not _is_as_noted(noted):
            return None  # else a conversation has moved on since it was read: the unit is done again
    if job is not noted and not _commit(replace(job, revision=noted.revision + 1), ()):
        return None
    return job


def _commit(job: Job, ops: Sequence[Op]) -> bool:
    """Writes the job and what a unit writes; returns False if something of it was no longer as it was read."""
    try:
        erasures.commit(job, ops)
    except conditions.LostRace:
        return False
    return True


def _is_as_noted(noted: Job) -> bool:
    known = erasures.get_job(noted.erasure_id)
    return known is not None and known.revision == noted.revision


def _go_on_later(job: Job, now_ms: int) -> None:
    """Asks the queue for the next step of a job, which comes as soon as it may be done."""
    queues.erase_on(job.next_step, delay_s=job.waits_s(now_ms))


_PARTS: Mapping[Part, Callable[[Work], Unit]] = {
    "presence": alone.erase_presence,
    "profile": alone.erase_profile,
    "memberships": memberships.erase_memberships,
    "conversations": words.erase_words,
    "blocks": alone.erase_blocks,
    "calls": alone.erase_calls,
    "reports": alone.erase_reports,
    "audit": alone.erase_audit,
    "word_lists": alone.erase_word_lists,
    "exports": alone.erase_exports,
    "tickets": alone.erase_tickets,
    "words_left_behind": alone.erase_words_left_behind,
}
