"""The jobs of e-mails, and the decision whether a person's next e-mail goes out now, later, or by another job."""

from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from parley.domain.notifications.mail_feedback import Feedback
from parley.domain.notifications.mail_state import LEASE_MS, PAUSES_MS, MailState, Sending, pause_ms
from parley.domain.notifications.notice import NOTICE_LIFE_S

MAX_DELAY_S = 900  # of a message of a queue (SQS quotas); a job that waits longer is queued again
MAX_LEVEL = 4
MAX_WAIT_MS = NOTICE_LIFE_S * 1000  # of a job for the end of a quiet time: after that no entry is left
RETRY_S = 120  # after the first failure of the provider, longer than a lease; twice as long after each one more
MAX_FAILURES = 30  # about seven hours, then the message goes to the dead letters


class MailJob(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A look whether a person is to get an e-mail, not before `due_ms`; `failures` counts those of the provider.

    The person's state knows of a job that `waits`.
    """

    user_id: str = ""
    due_ms: int = 0
    failures: int = 0
    waits: bool = False


class MailMessage(MailJob, frozen=True, kw_only=True, omit_defaults=True):
    """A message of the queue of e-mails: a job, or news of an e-mail that was sent (`detail`), from EventBridge."""

    detail: Feedback | None = None


class Plan(Struct, frozen=True):
    """`send` now, `wait` until `until_ms`, or `leave` the person to a job that is in the queue already."""

    do: Literal["send", "wait", "leave"]
    until_ms: int = 0


SEND, LEAVE = Plan("send"), Plan("leave")


def plan(state: MailState, job: MailJob, now_ms: int, *, has_read: bool) -> Plan:
    """Returns what a job that is due does; `has_read` says that the person has read something of the last e-mail.

    While the person reads nothing, e-mails pause longer and longer, and one job waits for all that come in between.
    After they have read something, the pause is the shortest.
    """
    if state.sending is not None and state.sending.until_ms > now_ms:
        return Plan("wait", state.sending.until_ms)
    next_ms = state.next_ms - (pause_ms(state.level) - PAUSES_MS[0] if has_read else 0)
    return SEND if next_ms <= now_ms else until(state, job, next_ms)


def until(state: MailState, job: MailJob, until_ms: int) -> Plan:
    """Returns the plan to look again at a time: by this job, unless another one waits for that time."""
    return LEAVE if state.waiting_ms == until_ms != job.due_ms else Plan("wait", until_ms)


def until_quiet_ends(state: MailState, job: MailJob, until_ms: int | None, now_ms: int) -> Plan:
    """Returns the plan to look again when the person may be disturbed; `leave` if that is too far away."""
    if until_ms is None or not is_near(until_ms, now_ms) or state.quiet_ms == until_ms != job.due_ms:
        return LEAVE
    return Plan("wait", until_ms)


def is_near(until_ms: int | None, now_ms: int) -> bool:
    """Says whether a job waits for the end of a quiet time; if not, the next news or change of preferences looks."""
    return until_ms is not None and until_ms <= now_ms + MAX_WAIT_MS


def is_awaited(state: MailState, job: MailJob) -> bool:
    """Says whether a job that waits is still the one that the person's state knows of."""
    return not job.waits or job.due_ms in (state.waiting_ms, state.quiet_ms)


def delay_s(due_ms: int, now_ms: int) -> int:
    """Returns how long a job is hidden in the queue, as far as SQS hides it."""
    return min(MAX_DELAY_S, max(0, -(-(due_ms - now_ms) // 1000)))


def after_failure(job: MailJob, now_ms: int) -> MailJob:
    """Returns the job that tries again after the provider has failed."""
    wait_s = min(MAX_DELAY_S, RETRY_S << min(job.failures, 3))
    return replace(job, due_ms=now_ms + wait_s * 1000, failures=job.failures + 1, waits=False)


def waiting(state: MailState, until_ms: int) -> MailState:
    """Returns the state after a job was queued for a time."""
    return replace(state, waiting_ms=until_ms)


def quiet(state: MailState, until_ms: int) -> MailState:
    """Returns the state after a job was queued for the end of a quiet time."""
    return replace(state, quiet_ms=until_ms)


def claimed(state: MailState, now_ms: int) -> MailState:
    """Returns the state while one try sends the next e-mail."""
    return replace(state, sending=Sending(until_ms=now_ms + LEASE_MS))


def sent(state: MailState, told: dict[str, int], told_ms: int, now_ms: int, *, has_read: bool) -> MailState:
    """Returns the state after an e-mail: what it told, and how long the next one waits."""
    level = 1 if has_read else min(state.level + 1, MAX_LEVEL)
    return replace(
        state,
        number=state.number + 1,
        level=level,
        told=told,
        told_ms=told_ms,
        next_ms=now_ms + pause_ms(level),
        sending=None,
    )


def released(state: MailState) -> MailState:
    """Returns the state after a try that has sent nothing."""
    return replace(state, sending=None)
