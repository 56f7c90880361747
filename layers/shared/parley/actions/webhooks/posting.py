"""The attempts: an event goes to an endpoint, and what came of it is written down.

A first attempt that fails leaves the queue of first attempts at once, so it holds nothing back. The further ones come
from a queue of their own. A function that dies repeats its attempt: the receiver knows it by its `webhook-id`.
"""

import random
from collections.abc import Sequence

from aws_lambda_powertools import Logger
from msgspec import Struct
from msgspec.structs import replace

from parley.actions.webhooks import bodies, putting
from parley.adapters import metrics
from parley.adapters.outbound import http
from parley.adapters.webhooks import deliveries, endpoints, jobs, sealed_secrets
from parley.domain.release import VERSION
from parley.domain.webhooks import signatures
from parley.domain.webhooks.deliveries import STATUSES, Delivery, DeliveryStatus, Job, next_attempt_ms
from parley.domain.webhooks.endpoints import Endpoint, after_failure, after_success
from parley.domain.webhooks.event_types import Occurrence

TIMEOUT_S = 10.0
GONE = 410
PURGED_AT_ONCE = 100  # deliveries of each status
REPLAYED_AT_ONCE = 100  # deliveries of a replay, queued by one job
EARLY_MS = 1_000  # SQS hides a message for whole seconds

logger = Logger()


class Outcome(Struct, frozen=True, kw_only=True):
    """The result of an attempt: the answer's status, or the code of why there was none."""

    status_code: int | None = None
    code: str | None = None

    @property
    def is_success(self) -> bool:
        return self.status_code is not None and 200 <= self.status_code < 300


def post_webhook(job: Job, now_ms: int, *, is_repeat: bool) -> None:
    """Makes the first attempt of an event at an endpoint.

    Two round trips of ours and the post; two more if it failed. A repeat finds what a function that died has written.
    """
    if job.event is not None:
        _attempt(replace(job, first_ms=now_ms), job.event, now_ms, "pending" if is_repeat else None)


def retry_webhook(job: Job, now_ms: int, *, is_repeat: bool) -> None:
    """Makes a further attempt, queues it again if it is not due yet, or takes a replay of a range on.

    A job for the bus puts its events there, for the first time or again; a repeat takes each by itself.
    """
    if job.due_ms > now_ms + EARLY_MS:
        jobs.queue_later([job], now_ms)
    elif job.events:
        putting.put_events(job, now_ms, random.random(), is_repeat=is_repeat)
    elif job.purge:
        _purge(job)
    elif job.event is None:
        _replay_on(job, now_ms)
    else:
        _attempt(job, job.event, now_ms, "pending")


def _attempt(job: Job, event: Occurrence, now_ms: int, before: DeliveryStatus | None) -> None:
    endpoint = endpoints.current().get(job.webhook_id)
    if endpoint is None:
        return
    known = Delivery(webhook_id=job.webhook_id, event=event, status="pending", attempts=job.attempts, last_at_ms=now_ms)
    if not endpoint.enabled:
        deliveries.put_delivery(replace(known, status="failed", code="disabled"), before)
        return
    if endpoint.paused_until_ms > now_ms:
        _wait(job, known, endpoint.paused_until_ms, now_ms, before)
        return
    body = bodies.body_of(event, now_ms)
    if body is None:
        if before is not None:
            deliveries.delete_delivery(replace(known, status=before))
        return
    outcome = _post(endpoint, event, body, now_ms)
    done = replace(known, attempts=job.attempts + 1, status_code=outcome.status_code, code=outcome.code)
    if outcome.is_success:
        deliveries.put_delivery(replace(done, status="succeeded"), before)
        endpoints.note_health(endpoint, after_success(endpoint))
        return
    _note_failure(endpoint, outcome, now_ms)
    due_ms = next_attempt_ms(job, now_ms, random.random())
    if due_ms is None or outcome.status_code == GONE:
        deliveries.put_delivery(replace(done, status="failed"), before)
        return
    _wait(replace(job, attempts=job.attempts + 1), done, due_ms, now_ms, before)


def _wait(job: Job, known: Delivery, due_ms: int, now_ms: int, before: DeliveryStatus | None) -> None:
    """Writes that an attempt is pending, then queues it: a function that dies between the two is repeated."""
    deliveries.put_delivery(replace(known, next_at_ms=due_ms), before)
    jobs.queue_later([replace(job, due_ms=due_ms)], now_ms)


def _post(endpoint: Endpoint, event: Occurrence, body: bytes, now_ms: int) -> Outcome:
    valid = [sealed_secrets.unseal(endpoint.webhook_id, each) for each in endpoint.valid_secrets(now_ms)]
    headers = {
        **signatures.headers(event.id, now_ms // 1000, body, valid),
        "content-type": "application/json",
        "user-agent": f"Parley/{VERSION}",
    }
    try:
        status = http.post(endpoint.url, headers, body, timeout_s=TIMEOUT_S).status
    except http.Refused as refused:
        return Outcome(code=refused.code)
    return Outcome(status_code=status, code=None if 200 <= status < 300 else "http_error")


def _note_failure(endpoint: Endpoint, outcome: Outcome, now_ms: int) -> None:
    """Writes one more failure of an endpoint, which may pause or disable it: the log and a metric tell of that."""
    after = after_failure(endpoint, now_ms, is_gone=outcome.status_code == GONE)
    logger.info(
        "webhook_failed",
        webhook_id=endpoint.webhook_id,
        code=outcome.code,
        status=outcome.status_code,
        failures=after.failures,
    )
    if endpoints.note_health(endpoint, after) and not after.enabled:
        logger.error(
            "webhook_disabled", code="webhook_disabled", webhook_id=endpoint.webhook_id, reason=after.why_disabled
        )
        metrics.count("WebhooksDisabled", 1)


def _purge(job: Job) -> None:
    """Deletes deliveries of a deleted endpoint, 100 of each status at once, and queues the job that goes on."""
    if endpoints.read_endpoint(job.webhook_id) is not None:
        return
    found = [each for status in STATUSES for each in deliveries.newest(job.webhook_id, status, None, PURGED_AT_ONCE)]
    for delivery in found:
        deliveries.delete_delivery(delivery)
    if found:
        jobs.queue_purge(job.webhook_id, delay_s=0)


def _replay_on(job: Job, now_ms: int) -> None:
    """Queues the next deliveries of a replay, and the job that goes on after them; 100 deliveries at once.

    Those that are pending are attempted anyway, except the ones that a job that died has left without an attempt.
    """
    statuses = [job.status] if job.status is not None else ["failed", "succeeded"]
    found = sorted(
        (
            delivery
            for status in (*statuses, "pending")
            for delivery in deliveries.between(job.webhook_id, status, job.place, job.until_ms, REPLAYED_AT_ONCE)
        ),
        key=lambda delivery: delivery.place,
    )[:REPLAYED_AT_ONCE]
    if not found:
        return
    replay([each for each in found if each.status != "pending" or each.next_at_ms == job.first_ms], job.first_ms)
    jobs.queue_later([replace(job, place=found[-1].place)], now_ms)


def replay(found: Sequence[Delivery], now_ms: int) -> None:
    """Makes deliveries pending again and queues their next attempts, as if they were the first.

    A round trip for each, and one call for each ten. A repeat queues them once more.
    """
    for delivery in found:
        deliveries.put_delivery(replayed(delivery, now_ms), delivery.status)
    jobs.queue_later(
        [
            Job(webhook_id=delivery.webhook_id, event=delivery.event, first_ms=now_ms, due_ms=now_ms)
            for delivery in found
        ],
        now_ms,
    )


def replayed(delivery: Delivery, now_ms: int) -> Delivery:
    """Returns a delivery that is to be attempted again, as if for the first time."""
    return replace(delivery, status="pending", attempts=0, next_at_ms=now_ms)
