"""The deliveries of each endpoint: under one key for each status, by the time of the event. So they need no index."""

from collections.abc import Sequence
from typing import Any

import msgspec

from parley.adapters.dynamodb import batches, conditions, retrying, tables, unreadable
from parley.domain.webhooks.deliveries import STATUSES, Delivery, DeliveryStatus
from parley.domain.webhooks.event_types import Occurrence


def put_delivery(delivery: Delivery, before: DeliveryStatus | None) -> None:
    """Writes a delivery, in place of the one that was there with the status `before`; one round trip.

    One write unit; four if the status has changed.
    """
    row = _row(delivery)
    if before in (None, delivery.status):
        row.save()
        return
    for _ in conditions.tries():
        try:
            with conditions.transaction() as transaction:
                transaction.delete(tables.Webhook(_key(delivery.webhook_id, before), delivery.place))
                transaction.save(row)
        except conditions.LostRace:
            continue
        return
    raise retrying.busy()


def delete_delivery(delivery: Delivery) -> None:
    """Deletes a delivery whose event is gone; one round trip."""
    tables.Webhook(_key(delivery.webhook_id, delivery.status), delivery.place).delete()


def find_delivery(webhook_id: str, place: str) -> Delivery | None:
    """Returns a delivery of any status, or None; one round trip."""
    keys = {status: (_key(webhook_id, status), place) for status in STATUSES}
    rows = batches.read_rows({tables.Webhook: list(keys.values())})
    found = (rows.get(tables.Webhook, *key) for key in keys.values())
    return next((_delivery(row) for row in found if row is not None), None)


def find_pending(webhook_id: str, place: str) -> Delivery | None:
    """Returns a delivery that waits for its next attempt, or None; one round trip, half of one unit."""
    key = (_key(webhook_id, "pending"), place)
    row = batches.read_rows({tables.Webhook: [key]}).get(tables.Webhook, *key)
    return None if row is None else _delivery(row)


def newest(webhook_id: str, status: DeliveryStatus, before: str | None, limit: int) -> list[Delivery]:
    """Returns up to `limit` deliveries of a status, the newest first, before a place; one round trip."""
    place = None if before is None else tables.Webhook.place < before
    found = tables.Webhook.query(
        _key(webhook_id, status), place, scan_index_forward=False, consistent_read=True, page_size=limit
    )
    return unreadable.first("Webhooks", found, _delivery, limit)


def between(webhook_id: str, status: DeliveryStatus, after: str, until_ms: int, limit: int) -> Sequence[Delivery]:
    """Returns up to `limit` deliveries of a status after a place and before a time, oldest first; one round trip."""
    # `$` is less than what an event's id begins with, so a place that is only a time begins before its events.
    place = tables.Webhook.place.between(f"{after}$", f"{until_ms:013d}")
    found = tables.Webhook.query(_key(webhook_id, status), place, consistent_read=True, page_size=limit)
    return unreadable.first("Webhooks", found, _delivery, limit)


def _key(webhook_id: str, status: DeliveryStatus) -> str:
    return f"{status}#{webhook_id}"


def _row(delivery: Delivery) -> tables.Webhook:
    event = delivery.event
    return tables.Webhook(
        key=_key(delivery.webhook_id, delivery.status),
        place=delivery.place,
        type=event.type,
        of_key=event.key,
        number=event.number,
        version=event.version or None,
        message_seq=event.message_seq or None,
        attempts=delivery.attempts,
        status_code=delivery.status_code,
        code=delivery.code,
        first_ms=delivery.first_ms,
        last_at_ms=delivery.last_at_ms,
        next_at_ms=delivery.next_at_ms,
        expires_at_s=delivery.expires_at_s,
    )


def _delivery(row: tables.Webhook) -> Delivery:
    status, _, webhook_id = row.key.partition("#")
    event = Occurrence(
        type=row.type or "",
        key=row.of_key or "",
        number=int(row.number or 0),
        version=int(row.version or 0),
        message_seq=int(row.message_seq or 0),
        at_ms=int(row.place.partition("#")[0]),
    )
    stored: dict[str, Any] = {
        "webhook_id": webhook_id,
        "status": status,
        "attempts": int(row.attempts or 0),
        "status_code": None if row.status_code is None else int(row.status_code),
        "code": row.code,
        "first_ms": int(row.first_ms or 0),
        "last_at_ms": int(row.last_at_ms or 0),
        "next_at_ms": None if row.next_at_ms is None else int(row.next_at_ms),
    }
    return msgspec.convert(stored | {"event": event}, type=Delivery)
