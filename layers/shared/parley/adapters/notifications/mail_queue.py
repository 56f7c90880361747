"""The queue of e-mails: a job for each person, hidden until it is due or for as long as SQS can hide it."""

from collections.abc import Sequence

from parley.adapters.live import queues
from parley.adapters.notifications import mail_settings
from parley.domain.notifications.mail_jobs import MailJob, delay_s

QUEUE = "MAIL_JOBS_QUEUE_URL"


def queue_looks(user_ids: Sequence[str], now_ms: int) -> None:
    """Queues a job for each person, due when they have had time to read (MailAfterS); one call for each ten."""
    due_ms = now_ms + mail_settings.after_ms()
    queue_jobs([MailJob(user_id=user_id, due_ms=due_ms) for user_id in user_ids], now_ms)


def queue_jobs(jobs: Sequence[MailJob], now_ms: int) -> None:
    """Queues jobs, all of them due at the same time; one call for each ten."""
    if jobs:
        queues.send_all(QUEUE, jobs, delay_s=delay_s(jobs[0].due_ms, now_ms))
