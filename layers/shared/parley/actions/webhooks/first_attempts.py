"""The start of webhooks: the stream's rows become first attempts, if an endpoint or the bus asks for their events."""

from collections.abc import Mapping, Sequence
from typing import Any

from parley.adapters.webhooks import endpoints, jobs
from parley.domain.webhooks.deliveries import Job
from parley.domain.webhooks.event_types import Occurrence, matches, occurrences


def attempts_of(row: Mapping[str, Any]) -> list[Job]:
    """Returns the first attempts of a row's events, at each endpoint that asks for them.

    No round trip, if this process has read the endpoints within `KNOWN_S` seconds, else one.
    """
    known = [endpoint for endpoint in endpoints.current().values() if endpoint.enabled]
    return [
        Job(webhook_id=endpoint.webhook_id, event=event)
        for event in (occurrences(row) if known else ())
        for endpoint in known
        if matches(endpoint.events, event.type)
    ]


def queue_attempts(attempts: Sequence[Job]) -> None:
    """Queues first attempts, in their order; one call for each ten."""
    jobs.queue_first(attempts)


def events_of(row: Mapping[str, Any]) -> list[Occurrence]:
    """Returns a row's events for the bus, none if the deployment has no bus; no round trip."""
    return list(occurrences(row)) if jobs.are_for_bus() else []


def queue_events(events: Sequence[Occurrence]) -> None:
    """Queues events for the bus: ten in a job, and one call for each ten jobs."""
    jobs.queue_events(events)
