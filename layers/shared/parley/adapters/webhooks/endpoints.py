"""The endpoints, under one key of the table of webhooks, so that one query lists them.

It holds, by place:

    wh_…      an endpoint
    #count    how many there are, and how many there ever were
"""

import time
from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct
from pynamodb.exceptions import UpdateError
from pynamodb.transactions import TransactWrite

from parley.adapters.dynamodb import batches, conditions, tables, unreadable
from parley.adapters.moderation import audit
from parley.domain.moderation.audit import Entry
from parley.domain.webhooks.endpoints import MAX_ENDPOINTS, Endpoint, OldSecret

KEY = "endpoints"
COUNT = (KEY, "#count")
KNOWN_S = 5.0  # for which a process takes the endpoints as it has read them
_PREFIX = "wh_"
_NUMBERS = (
    "rotated_at_ms",
    "disabled_at_ms",
    "failing_since_ms",
    "failures",
    "paused_until_ms",
    "version",
    "created_at_ms",
    "updated_at_ms",
)
_HEALTH = ("enabled", "why_disabled", "disabled_at_ms", "failing_since_ms", "failures", "paused_until_ms")


class All(Struct, frozen=True):
    """The reads before a new endpoint: those that are there, their number, and how many were ever made."""

    endpoints: list[Endpoint]
    count: int
    made: int


class _Known(Struct, frozen=True):
    endpoints: Mapping[str, Endpoint]
    until_s: float


_known = _Known({}, 0.0)


def current() -> Mapping[str, Endpoint]:
    """Returns the endpoints by id, at most `KNOWN_S` seconds old; one round trip after that time."""
    global _known
    known = _known
    if time.monotonic() >= known.until_s:
        found = {endpoint.webhook_id: endpoint for endpoint in list_endpoints(consistent=False)}
        _known = known = _Known(found, time.monotonic() + KNOWN_S)
    return known.endpoints


def forget() -> None:
    """Clears the in-process memory, after a write of this process; tests use it to simulate a new process."""
    global _known
    _known = _Known({}, 0.0)


def list_endpoints(*, consistent: bool = True) -> list[Endpoint]:
    """Returns all endpoints by id, without unreadable ones; one round trip, half a read unit if there are none."""
    found = tables.Webhook.query(
        KEY, tables.Webhook.place.startswith(_PREFIX), consistent_read=consistent, page_size=MAX_ENDPOINTS
    )
    return unreadable.first("Webhooks", found, _endpoint, MAX_ENDPOINTS)


def read_all() -> All:
    """Returns the endpoints and their numbers; one round trip."""
    rows = list(tables.Webhook.query(KEY, consistent_read=True, page_size=MAX_ENDPOINTS + 1))
    count = next((row for row in rows if row.place == COUNT[1]), None)
    others = iter([row for row in rows if row.place.startswith(_PREFIX)])
    return All(
        endpoints=unreadable.first("Webhooks", others, _endpoint, MAX_ENDPOINTS),
        count=0 if count is None else int(count.endpoint_count or 0),
        made=0 if count is None else int(count.endpoints_made or 0),
    )


def read_endpoint(webhook_id: str) -> Endpoint | None:
    """Returns an endpoint, or None; one round trip."""
    row = batches.read_rows({tables.Webhook: [(KEY, webhook_id)]}).get(tables.Webhook, KEY, webhook_id)
    return None if row is None else _endpoint(row)


def put_new(new: Endpoint, before: All, entry: Entry) -> None:
    """Writes a new endpoint, the numbers and the audit log, all or nothing; raises LostRace. One round trip.

    No endpoint may have been made since `before` was read. So two requests with one `client_id` make one, and there
    are never too many.
    """
    with conditions.transaction() as transaction:
        transaction.save(_row(new), condition=tables.Webhook.key.does_not_exist())
        count, made = tables.Webhook.endpoint_count, tables.Webhook.endpoints_made
        is_same = made == before.made if before.made else made.does_not_exist()
        transaction.update(tables.Webhook(*COUNT), actions=[count.add(1), made.add(1)], condition=is_same)
        audit.put_entry(transaction, entry)
    forget()


def replace(before: Endpoint, after: Endpoint, entry: Entry) -> None:
    """Writes a changed endpoint and the audit log, all or nothing; raises LostRace. One round trip."""
    with conditions.transaction() as transaction:
        _update(transaction, before, after)
        audit.put_entry(transaction, entry)
    forget()


def delete(known: Endpoint, entry: Entry) -> None:
    """Deletes an endpoint with the count and the audit log, all or nothing; raises LostRace. One round trip."""
    with conditions.transaction() as transaction:
        is_same = tables.Webhook.version == known.version
        transaction.delete(tables.Webhook(KEY, known.webhook_id), condition=is_same)
        transaction.update(tables.Webhook(*COUNT), actions=[tables.Webhook.endpoint_count.add(-1)])
        audit.put_entry(transaction, entry)
    forget()


def rename_author(transaction: TransactWrite, read: Endpoint, pseudonym: str) -> None:
    """Adds to a transaction that a pseudonym takes the place of the one who made an endpoint."""
    transaction.update(
        tables.Webhook(KEY, read.webhook_id),
        actions=[tables.Webhook.created_by.set(pseudonym)],
        condition=tables.Webhook.created_by == read.created_by,
    )


def note_health(before: Endpoint, after: Endpoint) -> bool:
    """Writes how an endpoint fares, if its keepers have not changed it meanwhile; says whether. One round trip."""
    changed = {name: getattr(after, name) for name in _HEALTH if getattr(after, name) != getattr(before, name)}
    if not changed:
        return True
    row = tables.Webhook(KEY, before.webhook_id)
    try:
        row.update(tables.setting(tables.Webhook, changed), condition=tables.Webhook.version == before.version)
    except UpdateError as error:
        if conditions.failed_condition(error):
            forget()
            return False
        raise
    forget()
    return True


def _update(transaction: TransactWrite, before: Endpoint, after: Endpoint) -> None:
    old, new = _state(before), _state(after)
    transaction.update(
        tables.Webhook(KEY, before.webhook_id),
        actions=tables.setting(tables.Webhook, {name: new[name] for name in new if new[name] != old[name]}),
        condition=tables.Webhook.version == before.version,
    )


def _state(endpoint: Endpoint) -> dict[str, Any]:
    state: dict[str, Any] = msgspec.to_builtins(endpoint)
    state.pop("webhook_id")
    old = [f"{each.until_ms} {each.secret}" for each in endpoint.old_secrets]
    return state | {"events": list(endpoint.events), "old_secrets": old or None}


def _row(endpoint: Endpoint) -> tables.Webhook:
    return tables.Webhook(key=KEY, place=endpoint.webhook_id, **_state(endpoint))


def _endpoint(row: tables.Webhook) -> Endpoint:
    fields: dict[str, Any] = {name: getattr(row, name, None) for name in Endpoint.__struct_fields__}
    fields |= {name: int(fields[name]) for name in _NUMBERS if fields[name] is not None}
    old = (each.partition(" ") for each in fields["old_secrets"] or ())
    fields["old_secrets"] = tuple(OldSecret(int(until_ms), sealed) for until_ms, _, sealed in old)
    return msgspec.convert(fields | {"webhook_id": row.place}, type=Endpoint)
