"""The events for the bus: their bodies are made and put, and those that it does not take are queued again."""

from collections.abc import Sequence

from aws_lambda_powertools import Logger
from msgspec.structs import replace

from parley.actions.webhooks import bodies
from parley.adapters.webhooks import event_bus, jobs
from parley.adapters.webhooks.event_bus import Entry
from parley.domain.webhooks.deliveries import Job, next_attempt_ms
from parley.domain.webhooks.event_types import Occurrence

QUIET_ATTEMPTS = 2  # whose failures raise no alarm: a bus that is busy for a moment

logger = Logger()


class EventsNotTaken(Exception):
    """The bus has not taken events in all attempts of a day; the job becomes a dead letter."""


def put_events(job: Job, now_ms: int, jitter: float, *, is_repeat: bool) -> None:
    """Puts a job's events onto the bus, and queues those again that it did not take, later each time.

    One or two round trips for each event and one call of the bus, one of SQS more for what it did not take. A job that
    failed as a whole goes on in parts, so one event that nobody can read holds up no other. Raises EventsNotTaken if a
    day of attempts is over and the bus has taken none.
    """
    if not event_bus.is_on():
        return
    if is_repeat and len(job.events) > 1:
        jobs.queue_later([replace(job, events=(event,)) for event in job.events], now_ms)
        return
    entries = _entries(job.events, now_ms)
    refused = event_bus.put_entries([entry for _, entry in entries])
    if not refused:
        return
    left = tuple(entries[number][0] for number in refused)
    codes = sorted(set(refused.values()))
    log = logger.info if job.attempts < QUIET_ATTEMPTS else logger.error
    log("events_not_put", code="events_not_put", codes=codes, events=len(left), attempts=job.attempts + 1)
    again = replace(job, events=left, first_ms=job.first_ms or now_ms)
    due_ms = next_attempt_ms(again, now_ms, jitter)
    if due_ms is None and len(left) == len(job.events):
        raise EventsNotTaken(f"{len(left)} events: {', '.join(codes)}")
    jobs.queue_later([replace(again, attempts=job.attempts + 1, due_ms=due_ms or now_ms)], now_ms)


def _entries(events: Sequence[Occurrence], now_ms: int) -> list[tuple[Occurrence, Entry]]:
    """Returns the entry of each event whose subject is still there."""
    found = ((event, bodies.body_of(event, now_ms)) for event in events)
    return [(event, Entry(type=event.type, at_ms=event.at_ms, body=body)) for event, body in found if body is not None]
