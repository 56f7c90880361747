"""The two queues of attempts: the first ones in order, all others when they are due."""

from collections.abc import Sequence

import msgspec

from parley.adapters import environment
from parley.adapters.dynamodb import clients
from parley.adapters.live import queues
from parley.adapters.webhooks import event_bus
from parley.domain.webhooks.deliveries import Job, delay_s
from parley.domain.webhooks.endpoints import Endpoint
from parley.domain.webhooks.event_types import Occurrence

PURGED_AFTER_S = 60  # the 25 s of an attempt's function and the 5 s of what it knows, and some more
_BUS_QUEUE = "EVENT_BUS_QUEUE_URL"  # the queue of further attempts, empty without a bus


def queue_first(jobs: Sequence[Job]) -> None:
    """Queues the first attempts of events at endpoints, in order; one call for each ten.

    The messages of an endpoint and a bucket are a group: SQS hands over the next one when the one before it is done. A
    repeat within five minutes is dropped by its deduplication id (SQS developer guide). An attempt that is released
    after a pause has another one.
    """
    if not jobs:
        return
    sqs, queue_url = clients.client("sqs"), environment.required("WEBHOOK_EVENTS_QUEUE_URL")
    entries = [
        {
            "Id": str(number % queues.MAX_ENTRIES),
            "MessageBody": msgspec.json.encode(job).decode(),
            "MessageGroupId": f"{job.webhook_id}.{job.event.bucket}",
            "MessageDeduplicationId": f"{job.webhook_id}.{job.event.id}" + (f".{job.due_ms}" if job.released else ""),
        }
        for number, job in enumerate(jobs)
        if job.event is not None
    ]
    for first in range(0, len(entries), queues.MAX_ENTRIES):
        queues.send_entries(sqs, queue_url, entries[first : first + queues.MAX_ENTRIES])


def are_for_bus() -> bool:
    """Says whether events are queued for a bus, too."""
    return bool(environment.optional(_BUS_QUEUE))


def queue_events(events: Sequence[Occurrence]) -> None:
    """Queues events for the bus, as many in a job as one call of the bus takes; one call for ten jobs."""
    size = event_bus.MAX_ENTRIES
    queued = [Job(events=tuple(events[first : first + size])) for first in range(0, len(events), size)]
    queues.send_all(_BUS_QUEUE, queued)


def queue_purge(webhook_id: str, delay_s: int = PURGED_AFTER_S) -> None:
    """Queues that the deliveries of a deleted endpoint go, when nobody is at one of its attempts any more; one call."""
    queues.send_all("WEBHOOK_RETRIES_QUEUE_URL", [Job(webhook_id=webhook_id, purge=True)], delay_s=delay_s)


def queue_release(endpoint: Endpoint, put_off_ms: int, now_ms: int) -> None:
    """Queues the job that releases what waits for the end of an endpoint's pause; one call.

    It also releases further attempts that were put off until `put_off_ms` at most.
    """
    end_ms = endpoint.paused_until_ms
    queue_later(
        [Job(webhook_id=endpoint.webhook_id, release=True, first_ms=end_ms, due_ms=end_ms, until_ms=put_off_ms)], now_ms
    )


def queue_later(jobs: Sequence[Job], now_ms: int, *, from_ms: int = 0) -> None:
    """Queues attempts for when they are due, or for 15 minutes, after which they are queued again; one call for ten.

    None comes before `from_ms`. Released ones come at once.
    """
    by_delay: dict[int, list[Job]] = {}
    for job in jobs:
        due_ms = 0 if job.released else max(job.due_ms, from_ms)
        by_delay.setdefault(delay_s(due_ms, now_ms), []).append(job)
    for seconds, due in by_delay.items():
        queues.send_all("WEBHOOK_RETRIES_QUEUE_URL", due, delay_s=seconds)
