"""Removing what a person wrote in the last hours: a moderator asks, a job does it in steps (`removal_steps.py`)."""

import secrets

from parley.actions import access, named
from parley.actions.moderation import ranks, reports
from parley.actions.parallel import in_parallel
from parley.adapters.conversations import removals
from parley.adapters.dynamodb import conditions, retrying
from parley.adapters.live import queues
from parley.adapters.people import account_states, profiles
from parley.domain.api.errors import NotFound
from parley.domain.api.request import Request
from parley.domain.api.requests import RemoveMessages
from parley.domain.conversations.reports import Report
from parley.domain.erasure.job import ErasureStep
from parley.domain.moderation.acts import Act, check_decision
from parley.domain.moderation.audit import new_entry
from parley.domain.moderation.removals import Job, Removal, check_removal_id, check_same, new_job
from parley.domain.people.profile import Profile


def remove_messages(request: Request, wanted: RemoveMessages) -> Removal:
    """Begins the removal of what a person wrote in the last hours, and decides a report in the same transaction.

    Raises NotFound for a person or a report that does not exist, Forbidden for a person of the caller's rank or above,
    Conflict for a report that is decided otherwise. Three round trips and the queue's, and one to tell the reporter.
    """
    access.require_moderator(request, or_service=True)
    check_decision(wanted, "/")
    job = _begun(request, wanted, wanted.client_id or secrets.token_hex(16))
    if not job.is_over:
        # Also for a retry: the first try may have died before this. A step that comes twice does no harm.
        queues.erase_on(ErasureStep(removal_id=job.removal_id))
    return _answer(request, job)


def get_removal(request: Request, removal_id: str) -> Removal:
    """Returns the progress of a removal; two round trips."""
    access.require_moderator(request, or_service=True)
    job = removals.get_job(check_removal_id(removal_id))
    if job is None or job.has_expired(request.now_s):
        raise NotFound("removal_not_found", "There is no such removal.")
    return _answer(request, job)


def _answer(request: Request, job: Job) -> Removal:
    """Returns the answer with a removal; one round trip for the person."""
    return job.view(request.now_ms, named.users(request, [job.user_id]))


def _begun(request: Request, wanted: RemoveMessages, client_id: str) -> Job:
    """Returns the job that is stored then: the new one, or that of an earlier try."""
    new = new_job(request, wanted, client_id)
    for _ in conditions.tries():
        (known, profile), report = in_parallel(
            lambda: in_parallel(lambda: removals.get_job(new.removal_id), lambda: profiles.get_profile(new.user_id)),
            lambda: reports.read_decidable(request, wanted.report_id),
        )
        if known is not None:
            if report is not None:
                reports.tell_reporter(request, report)
            return check_same(known, new)
        reports.check_about(report, "/report_id", sender_id=new.user_id)
        person = ranks.check_known(request, new.user_id, profile)
        job = new_job(account_states.as_put(request), wanted, client_id)
        act = _act(request, wanted, job, person, report)
        try:
            removals.add(job, act)
        except conditions.LostRace:
            continue
        if act.decided is not None:
            reports.tell_reporter(request, act.decided[1])
        return job
    raise retrying.busy()


def _act(request: Request, wanted: RemoveMessages, job: Job, person: Profile, report: Report | None) -> Act:
    details = {"removal_id": job.removal_id, "hours": str(job.hours)}
    details |= {"report_id": report.report_id} if report is not None else {}
    return Act(
        entry=new_entry(account_states.as_put(request), "remove_messages", job.user_id, **details),
        decided=None if report is None else reports.decision(request, report, wanted.resolution),
        person=person,
    )
