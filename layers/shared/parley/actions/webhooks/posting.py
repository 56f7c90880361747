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
from parley.domain.webhooks.deliveries import (
    STATUSES,
    Delivery,
    DeliveryStatus,
    Job,
    next_attempt_ms,
    place_of,
    replayed,
)
from parley.domain.webhooks.endpoints import Endpoint, after_failure, after_success
from parley.domain.webhooks.event_types import Occurrence

TIMEOUT_S = 10.0
GONE = 410
PURGED_AT_ONCE = 100  # deliveries of each status
REPLAYED_AT_ONCE = 100  # deliveries of a replay, queued by one job
RELEASED_AT_ONCE = 100  # deliveries that have waited for the end of a pause
SWEPT_MS = 5_000  # between two looks at what is held after a pause
LATE_MS = 60_000  # of an event when its first attempt is put off
FAR_MS = 10**13 - 1
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
    """Makes the first attempt of an event at an endpoint, or puts it off until the end of a pause.

    Two round trips of ours and the post; two more if it failed, one more if it has waited for the end of a pause. A
    repeat finds what a function that died has written.
    """
    if job.event is None:
        return
    if job.released:
        _attempt_pending(job, job.event, now_ms, is_repeat=is_repeat)
        return
    known = deliveries.find_delivery(job.webhook_id, place_of(job.event)) if is_repeat else None
    if known is None:
        _attempt(job, job.event, None, now_ms)
    elif known.status == "pending":
        jobs.queue_later([known.job], now_ms)


def retry_webhook(job: Job, now_ms: int, *, is_repeat: bool) -> None:
    """Makes a further attempt, queues it again if it is not due yet, or takes a replay of a range on.

    A job for the bus puts its events there, for the first time or again; a repeat takes each by itself.
    """
    if not job.released and job.due_ms > now_ms + EARLY_MS:
        jobs.queue_later([job], now_ms)
    elif job.events:
        putting.put_events(job, now_ms, random.random(), is_repeat=is_repeat)
    elif job.purge:
        _purge(job)
    elif job.release:
        _release(job, now_ms)
    elif job.event is None:
        _replay_on(job, now_ms)
    else:
        _attempt_pending(job, job.event, now_ms, is_repeat=is_repeat)


def _attempt_pending(job: Job, event: Occurrence, now_ms: int, *, is_repeat: bool) -> None:
    """Makes the next attempt of a delivery, if the delivery still waits for this job.

    If not, another job has made the attempt, or will make it. A repeat queues that job once more: a function that died
    may have written the delivery and not queued it.
    """
    known = deliveries.find_pending(job.webhook_id, place_of(event))
    if known is None:
        return
    if known.next_at_ms == job.due_ms:
        _attempt(job, event, known, now_ms)
    elif is_repeat:
        jobs.queue_later([known.job], now_ms)


def _attempt(job: Job, event: Occurrence, known: Delivery | None, now_ms: int) -> None:
    """Makes an attempt and writes what came of it, in place of the delivery `known`."""
    endpoint = endpoints.current().get(job.webhook_id)
    if endpoint is not None and job.released and endpoint.is_paused(now_ms):
        endpoint = endpoints.read_endpoint(job.webhook_id)  # this process may not know that the pause is over
    if endpoint is None:
        return
    new = Delivery(webhook_id=job.webhook_id, event=event, status="pending", first_ms=now_ms, last_at_ms=now_ms)
    before: DeliveryStatus | None = None if known is None else known.status
    known = known or new
    if not endpoint.enabled:
        deliveries.put_delivery(replace(known, status="failed", code="disabled", next_at_ms=None), before)
    elif endpoint.is_paused(now_ms):
        _wait(replace(known, next_at_ms=endpoint.paused_until_ms), before, now_ms)
    elif not job.released and not known.attempts and endpoint.held_until_ms(now_ms):
        _hold(job, known, endpoint.held_until_ms(now_ms), before, now_ms)
    else:
        _make(endpoint, known, before, now_ms)


def _hold(job: Job, known: Delivery, until_ms: int, before: DeliveryStatus | None, now_ms: int) -> None:
    """Puts a first attempt off until after those that a pause has put off: `_release` takes them in order.

    A job that comes at the end of the pause waits in case its delivery is not released.
    """
    if before is None:
        _wait(replace(known, next_at_ms=until_ms), None, now_ms)
    else:
        jobs.queue_later([job], now_ms, from_ms=until_ms)


def _make(endpoint: Endpoint, known: Delivery, before: DeliveryStatus | None, now_ms: int) -> None:
    body = bodies.body_of(known.event, now_ms)
    if body is None:
        if before is not None:
            deliveries.delete_delivery(known)
        return
    outcome = _post(endpoint, known.event, body, now_ms)
    done = replace(
        known,
        attempts=known.attempts + 1,
        status_code=outcome.status_code,
        code=outcome.code,
        last_at_ms=now_ms,
        next_at_ms=None,
    )
    if outcome.is_success:
        deliveries.put_delivery(replace(done, status="succeeded"), before)
        endpoints.note_health(endpoint, after_success(endpoint))
        return
    _note_failure(endpoint, outcome, now_ms)
    due_ms = next_attempt_ms(known.job, now_ms, random.random())
    if due_ms is None or outcome.status_code == GONE:
        deliveries.put_delivery(replace(done, status="failed"), before)
        return
    _wait(replace(done, next_at_ms=due_ms), before, now_ms)


def _wait(known: Delivery, before: DeliveryStatus | None, now_ms: int) -> None:
    """Writes that an attempt is pending, then queues it: a function that dies between the two is repeated."""
    deliveries.put_delivery(known, before)
    jobs.queue_later([known.job], now_ms)


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
    if not endpoints.note_health(endpoint, after):
        return
    if not after.enabled:
        logger.error(
            "webhook_disabled", code="webhook_disabled", webhook_id=endpoint.webhook_id, reason=after.why_disabled
        )
        metrics.count("WebhooksDisabled", 1)
    elif after.paused_until_ms > max(endpoint.paused_until_ms, now_ms):
        jobs.queue_release(after, 0, now_ms)


def _purge(job: Job) -> None:
    """Deletes deliveries of a deleted endpoint, 100 of each status at once, and queues the job that goes on."""
    if endpoints.read_endpoint(job.webhook_id) is not None:
        return
    found = [each for status in STATUSES for each in deliveries.newest(job.webhook_id, status, None, PURGED_AT_ONCE)]
    for delivery in found:
        deliveries.delete_delivery(delivery)
    if found:
        jobs.queue_purge(job.webhook_id, delay_s=0)


def _release(job: Job, now_ms: int) -> None:
    """Queues first attempts that have waited for the end of a pause, in their order, 100 at once.

    New ones are held meanwhile, so they come after these. The job comes again until none is held any more. If the pause
    ends later, that end has a job of its own.
    """
    endpoint = endpoints.read_endpoint(job.webhook_id)
    if endpoint is None or not endpoint.enabled or endpoint.paused_until_ms != job.first_ms:
        return
    found = deliveries.between(job.webhook_id, "pending", job.place, FAR_MS, RELEASED_AT_ONCE)
    first = [each for each in found if not each.attempts]
    # A conversation's first event and its first message have the same time.
    first.sort(key=lambda each: (each.event.at_ms, each.event.key, each.event.number, each.event.type))
    jobs.queue_first([replace(each.job, released=True) for each in first])
    put_off = [each for each in found if each.attempts and (each.next_at_ms or 0) <= job.until_ms]
    jobs.queue_later([replace(each.job, released=True) for each in put_off], now_ms)
    if len(found) == RELEASED_AT_ONCE:
        jobs.queue_later([replace(job, place=found[-1].place)], now_ms)
    elif endpoint.is_settling(now_ms):
        # Processes that have not heard of the end yet put off more; their events are about as old as the end.
        place = f"{job.first_ms - LATE_MS:013d}#"
        jobs.queue_later([replace(job, place=place, until_ms=0, due_ms=now_ms + SWEPT_MS)], now_ms)


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
    """Makes deliveries pending again and queues their next attempts.

    A round trip for each, and one call for each ten. A repeat queues them once more.
    """
    for delivery in found:
        deliveries.put_delivery(replayed(delivery, now_ms), delivery.status)
    jobs.queue_later([replayed(delivery, now_ms).job for delivery in found], now_ms)
