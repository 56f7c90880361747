"""The queue of notifications: each job with its own delay, ten in a call."""

from collections.abc import Sequence

from parley.adapters import environment
from parley.adapters.live import queues
from parley.domain.notifications.occasion import NotificationJob

QUEUE = "NOTIFICATION_JOBS_QUEUE_URL"


def queue_jobs(jobs: Sequence[tuple[NotificationJob, int]]) -> None:
    """Queues jobs, each to be done after so many seconds (900 at most, SQS quotas); one call for each ten."""
    queues.send_each(QUEUE, jobs)


def notify_after_s() -> int:
    """Returns for how long a person who is connected may look by themselves (NotifyAfterS)."""
    return environment.whole_number("NOTIFY_AFTER_S", environment.optional("NOTIFY_AFTER_S", "20"), 1, 900)
