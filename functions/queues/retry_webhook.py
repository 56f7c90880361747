"""Make a further attempt of an event at an endpoint when it is due, or take the replay of a time on."""

from parley.actions.webhooks import posting
from parley.domain.webhooks.deliveries import Job
from parley.triggers.queue import queue


@queue(Job)
def handler(job: Job, now_ms: int) -> None:
    posting.retry_webhook(job, now_ms)
