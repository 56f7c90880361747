"""Make a further attempt of an event at an endpoint when it is due, or take the replay of a time on.

It also puts events onto the bus, for the first time or again.
"""

from collections.abc import Mapping

from parley.actions.webhooks import posting
from parley.domain.api.request import Request
from parley.domain.webhooks.deliveries import Job
from parley.triggers.queue import counted_queue


@counted_queue(Job)
def handler(request: Request, job: Job, number: int) -> Mapping[str, str]:
    posting.retry_webhook(job, request.now_ms, is_repeat=number > 1)
    return {"webhook_id": job.webhook_id, "events_for_bus": str(len(job.events))}
