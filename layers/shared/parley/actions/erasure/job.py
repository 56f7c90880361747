"""Erasing a person everywhere: the host's own server asks, a job does it in steps, a receipt ends it."""

import secrets
from collections.abc import Callable, Mapping, Sequence

from msgspec.structs import replace

from parley.actions.erasure import alone, attachments, memberships, words
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
    """Returns the erasure of a person, running, finished or new; two round trips and the queue's.

    From then on nobody can sign in as this person, until the host's own server gives them a profile again.
    """
    profiles.require_service(request, "erase people", "DELETE /users")
    profiles.check_not_own_id(request, user_id)
    for _ in conditions.tries():
        job = erasures.begun_for(user_id)
        if job is None:
            job = new_job(user_id, secrets.token_bytes(32), request.now_ms)
            try:
                erasures.add(job, audit.new_entry(request, "erase_user", job.erasure_id, user_sha256=job.user_sha256))
            except conditions.LostRace:
                continue
        if not job.is_over:
            # Also for a retry: the first try may have died before this. A step that comes twice does no harm.
            _go_on_later(job, request.now_ms)
        return job.view(request.now_ms)
    raise conditions.busy()


def get_erasure(request: Request, erasure_id: str) -> Erasure:
    """Returns an erasure, with its receipt when it is over; one round trip."""
    profiles.require_service(request, "erase people", "DELETE /users")
    if not is_erasure_id(erasure_id):
        raise Invalid.field("{erasure_id}", "bad_format", "That is not the id of an erasure.")
    job = erasures.get_job(erasure_id)
    if job is None:
        raise NotFound("erasure_not_found", "There is no such erasure.")
    return job.view(request.now_ms)


def erase_person(wanted: ErasureStep, now_ms: int) -> None:
    """Runs a bounded part of an erasure and queues the next one (delayed after the first round).

    Each unit is one transaction with the job's row, so after a kill the next step continues after the last unit. A part
    with nothing to do is noted with the next one. If two workers race, the loser leaves the rest to the winner.
    """
    job = erasures.get_job(wanted.erasure_id)
    if job is None or job.is_over:
        return
    left = _take_on(job, wanted, now_ms)
    if left is not None:
        _go_on_later(left, now_ms)


def _take_on(job: Job, wanted: ErasureStep, now_ms: int) -> Job | None:
    """Returns the job after some units; None if it is over, or if another worker has moved it."""
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
            return None  # else a conversation has changed since it was read: the unit is done again
    if job is not noted and not _commit(replace(job, revision=noted.revision + 1), ()):
        return None
    return job


def _commit(job: Job, ops: Sequence[Op]) -> bool:
    """Writes the job and the rows of a unit; returns False if a row has changed since it was read."""
    try:
        erasures.commit(job, ops)
    except conditions.LostRace:
        return False
    return True


def _is_as_noted(noted: Job) -> bool:
    known = erasures.get_job(noted.erasure_id)
    return known is not None and known.revision == noted.revision


def _go_on_later(job: Job, now_ms: int) -> None:
    """Queues the next step of a job, delayed until it may run."""
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
    "attachments": attachments.erase_attachments,
    "suspensions": alone.erase_suspensions,
    "contexts": alone.erase_contexts,
    "canned_replies": alone.erase_canned_replies,
    "figures": alone.erase_figures,
    "notifications": alone.erase_notifications,
    "macros": alone.erase_macros,
    "articles": alone.erase_articles,
}
