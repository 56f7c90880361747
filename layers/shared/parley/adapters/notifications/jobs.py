"""The queue of notifications: each job with its own delay, ten in a call."""

from collections.abc import Sequence

from aws_lambda_powertools import Logger

from parley.adapters import environment
from parley.adapters.dynamodb import retrying
from parley.adapters.live import queues
from parley.domain.api.errors import Unavailable
from parley.domain.notifications.occasion import Closing, NotificationJob

logger = Logger()
QUEUE = "NOTIFICATION_JOBS_QUEUE_URL"


def queue_jobs(jobs: Sequence[tuple[NotificationJob, int]]) -> None:
    """Queues jobs, each to be done after so many seconds (900 at most, SQS quotas); one call for each ten."""
    queues.send_each(QUEUE, jobs)


def close_later(user_id: str, conversation_id: str) -> None:
    """Lets a person's apps take the notices of a conversation away; one call.

    A failure is logged: a notice that stays harms nobody, and no reading may fail for it.
    """
    try:
        queue_jobs([(NotificationJob(occasions=(), closes=Closing(user_id, conversation_id)), 0)])
    except (*retrying.FAILURES, Unavailable):
        logger.exception("close_not_queued", code="close_not_queued")


def notify_after_s() -> int:
    """Returns for how long a person who is connected may look by themselves (NotifyAfterS)."""
    return environment.whole_number("NOTIFY_AFTER_S", environment.optional("NOTIFY_AFTER_S", "20"), 1, 900)
