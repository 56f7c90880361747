"""The deliveries of an endpoint: a page of them, and further attempts at one or many."""

from parley.actions.webhooks import posting
from parley.actions.webhooks.keeping import access_endpoint, disabled, require_keeper
from parley.adapters.moderation import audit
from parley.adapters.people import account_states
from parley.adapters.webhooks import deliveries, jobs
from parley.domain.api import cursors
from parley.domain.api.errors import Invalid
from parley.domain.api.request import Request
from parley.domain.api.times import rfc3339
from parley.domain.moderation.audit import new_entry, time_ms
from parley.domain.webhooks.deliveries import (
    MAX_RANGE_MS,
    STATUSES,
    DeliveryList,
    DeliveryPosition,
    DeliveryQuery,
    DeliveryView,
    Job,
    Replay,
    ReplayDeliveries,
    delivery_view,
    no_delivery,
    replayed,
    split_delivery_id,
)


def list_deliveries(request: Request, webhook_id: str, query: DeliveryQuery) -> DeliveryList:
    """Returns a page of an endpoint's deliveries, the newest events first; two round trips, four for all statuses."""
    require_keeper(request)
    after = cursors.decode(query.cursor, DeliveryPosition)
    access_endpoint(webhook_id)
    before = None if after is None else after.place
    statuses = STATUSES if query.status is None else (query.status,)
    found = sorted(
        (each for status in statuses for each in deliveries.newest(webhook_id, status, before, query.limit + 1)),
        key=lambda delivery: delivery.place,
        reverse=True,
    )
    shown = found[: query.limit]
    more = len(found) > len(shown)
    return DeliveryList(
        deliveries=[delivery_view(delivery) for delivery in shown],
        next=cursors.encode(DeliveryPosition(place=shown[-1].place)) if more else None,
    )


def replay_delivery(request: Request, delivery_id: str) -> DeliveryView:
    """Queues one more attempt at a delivery, with further ones if it fails; five round trips.

    The next attempt of one that is pending is made now instead of later, so each delivery waits for one attempt only.
    Raises NotFound for a delivery that is not kept any more.
    """
    require_keeper(request)
    webhook_id, place = split_delivery_id(delivery_id)
    endpoint = access_endpoint(webhook_id)
    found = deliveries.find_delivery(webhook_id, place)
    if found is None:
        raise no_delivery()
    if not endpoint.enabled:
        raise disabled()
    audit.write_entry(new_entry(account_states.as_put(request), "replay_delivery", webhook_id, delivery_id=delivery_id))
    posting.replay([found], request.now_ms)
    return delivery_view(replayed(found, request.now_ms))


def replay_deliveries(request: Request, webhook_id: str, wanted: ReplayDeliveries) -> Replay:
    """Queues further attempts at the deliveries of a time; three round trips. A queue takes them on, 100 at once."""
    require_keeper(request)
    since_ms = time_ms(wanted.since, f"{request.field_prefix}/since", 0)
    until_ms = time_ms(wanted.until, f"{request.field_prefix}/until", 0)
    if not since_ms < until_ms <= since_ms + MAX_RANGE_MS:
        pointer = f"{request.field_prefix}/until"
        raise Invalid.field(pointer, "bad_range", "`until` is after `since`, by 31 days at most.")
    if not access_endpoint(webhook_id).enabled:
        raise disabled()
    answer = Replay(webhook_id=webhook_id, since=rfc3339(since_ms), until=rfc3339(until_ms), status=wanted.status)
    details = {"since": answer.since, "until": answer.until}
    audit.write_entry(new_entry(account_states.as_put(request), "replay_deliveries", webhook_id, **details))
    job = Job(
        webhook_id=webhook_id,
        first_ms=request.now_ms,
        until_ms=until_ms,
        status=wanted.status,
        place=f"{since_ms:013d}#",
    )
    jobs.queue_later([job], request.now_ms)
    return answer
