"""Endpoints of webhooks: the host's own server keeps them, and moderators who may read everything."""

import secrets
from collections.abc import Callable, Iterable

from msgspec.structs import asdict

from parley.actions import access, named
from parley.adapters.dynamodb import conditions, retrying
from parley.adapters.moderation import audit
from parley.adapters.outbound import http
from parley.adapters.people import account_states, moderators
from parley.adapters.webhooks import endpoints, jobs, sealed_secrets
from parley.domain.api import ids
from parley.domain.api.errors import Conflict, Forbidden, Invalid, client_id_reused
from parley.domain.api.fingerprints import hash_of
from parley.domain.api.identity import SERVICE_ROLE
from parley.domain.api.request import Request
from parley.domain.api.requests import AuditAction
from parley.domain.moderation.audit import new_entry
from parley.domain.webhooks.deliveries import Job, QueuedDelivery
from parley.domain.webhooks.endpoints import (
    MAX_ENDPOINTS,
    CreateWebhook,
    DeletedWebhook,
    Endpoint,
    RotateSecret,
    UpdateWebhook,
    WebhookAnswer,
    WebhookList,
    WebhookWithSecret,
    no_webhook,
    rotated,
    updated,
    webhook_view,
)
from parley.domain.webhooks.event_types import TEST, Occurrence, check_patterns
from parley.domain.webhooks.signatures import NEW_BYTES, check_secret, secret_of


def require_keeper(request: Request) -> None:
    """Refuses a caller who may not keep webhooks, at once or with the first read.

    Webhooks tell of every conversation, so moderators need the right to read any (`ModeratorReads`).
    """
    refusal = Forbidden(
        "webhooks_closed",
        "Only the host's own server may do this, and moderators who may read every conversation.",
        rule="ModeratorReads = any: webhooks carry everything",
    )
    account_states.require_role(request, _keeps, refusal)


def _keeps(role: str) -> bool:
    return role == SERVICE_ROLE or (moderators.is_moderator(role) and moderators.reads_any())


def list_webhooks(request: Request) -> WebhookList:
    """Returns all endpoints, without their secrets; two round trips."""
    require_keeper(request)
    found = endpoints.list_endpoints()
    return WebhookList(
        webhooks=[webhook_view(endpoint, request.now_ms) for endpoint in found],
        users=named.users(request, _people(found)),
    )


def get_webhook(request: Request, webhook_id: str) -> WebhookAnswer:
    """Returns an endpoint, without its secret; two round trips."""
    require_keeper(request)
    return _answer(request, access_endpoint(webhook_id))


def access_endpoint(webhook_id: str) -> Endpoint:
    """Returns an endpoint to one of its keepers; raises NotFound. One round trip."""
    found = endpoints.read_endpoint(ids.check_webhook_id(webhook_id, "{webhook_id}"))
    if found is None:
        raise no_webhook()
    return found


def create_webhook(request: Request, wanted: CreateWebhook) -> tuple[WebhookWithSecret, bool]:
    """Returns a new endpoint with its secret, and whether this call made it: one with the same `client_id` may have.

    A repeat shows the secret only for ten minutes, and not after a rotation. After a deletion the same `client_id`
    makes another endpoint. Two round trips and the key of the secrets, one if it is there.
    """
    require_keeper(request)
    _check_url(wanted.url, f"{request.field_prefix}/url")
    events = check_patterns(wanted.events, f"{request.field_prefix}/events")
    request = access.as_host(request)
    client_key = None if wanted.client_id is None else ids.webhook_id(request.user_id, wanted.client_id)
    nonce, secret = wanted.client_id or secrets.token_hex(16), _secret(request, wanted.secret)
    for _ in conditions.tries():
        there = endpoints.read_all()
        for known in there.endpoints if client_key is not None else ():
            if known.client_key == client_key:
                _check_same(request, known, wanted)
                return _with_secret(request, known, hidden=not known.shows_secret_again(request.now_ms)), False
        if there.count >= MAX_ENDPOINTS:
            raise Conflict("too_many_webhooks", f"There can be {MAX_ENDPOINTS} webhooks.", rule="webhooks")
        # One that was deleted had another number, so what waits for it never comes to this one.
        webhook_id = ids.webhook_id(request.user_id, f"{there.made} {nonce}")
        new = Endpoint(
            webhook_id=webhook_id,
            url=wanted.url,
            events=events,
            description=wanted.description,
            secret=sealed_secrets.seal(webhook_id, secret),
            fingerprint=hash_of(wanted),
            client_key=client_key,
            created_at_ms=request.now_ms,
            created_by=request.user_id,
            updated_at_ms=request.now_ms,
        )
        try:
            endpoints.put_new(new, there, new_entry(account_states.as_put(request), "create_webhook", webhook_id))
        except conditions.LostRace:
            continue
        return _with_secret(request, new), True
    raise retrying.busy()


def _check_same(request: Request, known: Endpoint, wanted: CreateWebhook) -> None:
    """Raises Unprocessable if the `client_id` was used for an endpoint with another content."""
    if known.fingerprint != hash_of(wanted):
        raise client_id_reused("webhook", request.field_prefix)


def update_webhook(request: Request, webhook_id: str, wanted: UpdateWebhook) -> WebhookAnswer:
    """Changes an endpoint, or enables or disables it; two round trips, one if it is that way already.

    `enabled` ends a pause: one call more releases what waits for its end.
    """
    require_keeper(request)
    if isinstance(wanted.url, str):
        _check_url(wanted.url, f"{request.field_prefix}/url")
    events = (
        check_patterns(wanted.events, f"{request.field_prefix}/events") if isinstance(wanted.events, list) else None
    )
    before, after = _change(
        request, webhook_id, "update_webhook", lambda known: updated(known, wanted, events, request.now_ms)
    )
    if wanted.enabled is True and after.is_settling(request.now_ms):  # also a repeat of one that died in between
        jobs.queue_release(after, before.paused_until_ms, request.now_ms)
    return _answer(request, after)


def rotate_webhook_secret(request: Request, webhook_id: str, wanted: RotateSecret) -> WebhookWithSecret:
    """Gives an endpoint a new secret; requests are signed by the old one, too, for a day. Two round trips.

    Raises Conflict if the version is not the present one, so that a repeat does not end the secret that is in use.
    """
    require_keeper(request)
    ids.check_webhook_id(webhook_id, "{webhook_id}")
    sealed = sealed_secrets.seal(webhook_id, _secret(request, wanted.secret))
    _, after = _change(
        request,
        webhook_id,
        "rotate_webhook_secret",
        lambda known: rotated(known, sealed, wanted, request.now_ms),
    )
    return _with_secret(request, after)


def delete_webhook(request: Request, webhook_id: str) -> DeletedWebhook:
    """Deletes an endpoint: it gets nothing more, and its deliveries go. Three round trips, one if it is not there.

    The job that deletes the deliveries is queued first, and does nothing while the endpoint is there. So no deletion
    is without one.
    """
    require_keeper(request)
    ids.check_webhook_id(webhook_id, "{webhook_id}")
    for number in conditions.tries():
        known = endpoints.read_endpoint(webhook_id)
        try:
            if known is not None:
                if not number:
                    jobs.queue_purge(webhook_id)
                endpoints.delete(known, new_entry(account_states.as_put(request), "delete_webhook", webhook_id))
        except conditions.LostRace:
            continue
        return DeletedWebhook(id=webhook_id)
    raise retrying.busy()


def test_webhook(request: Request, webhook_id: str) -> QueuedDelivery:
    """Queues the event `webhook.test` for an endpoint; three round trips."""
    require_keeper(request)
    known = access_endpoint(webhook_id)
    if not known.enabled:
        raise disabled()
    audit.write_entry(new_entry(account_states.as_put(request), "test_webhook", webhook_id))
    event = Occurrence(type=TEST, key=webhook_id, number=request.now_ms, at_ms=request.now_ms)
    jobs.queue_first([Job(webhook_id=webhook_id, event=event)])
    return QueuedDelivery(id=f"{webhook_id}.{event.at_ms:013d}.{event.id}", event_id=event.id, type=event.type)


def disabled() -> Conflict:
    """Returns the refusal of what a disabled endpoint would not get."""
    return Conflict("webhook_disabled", "This webhook is disabled.", rule="enabled: PATCH it first")


def _change(
    request: Request, webhook_id: str, action: AuditAction, change: Callable[[Endpoint], Endpoint]
) -> tuple[Endpoint, Endpoint]:
    """Returns an endpoint before and after a change, which is in the audit log if it changes anything."""

    def step() -> tuple[Endpoint, Endpoint]:
        known = access_endpoint(webhook_id)
        after = change(known)
        if after is not known:
            details = {"version": str(after.version)}
            endpoints.replace(known, after, new_entry(account_states.as_put(request), action, webhook_id, **details))
        return known, after

    return conditions.until_written(step)


def _check_url(url: str, pointer: str) -> None:
    """Raises Invalid for a URL that no request may go to."""
    try:
        http.check_url(url)
    except http.Refused as refused:
        match refused.code:
            case "https_only":
                raise Invalid.field(pointer, "https_only", "A webhook needs an https URL.") from None
            case "private_address":
                raise Invalid.field(pointer, "private_address", "A webhook needs a public host.") from None
        detail = "Write a URL as https://hooks.example.org/path, without a user; its port is 443 or above 1023."
        raise Invalid.field(pointer, "bad_url", detail) from None


def _secret(request: Request, wanted: str | None) -> str:
    if wanted is not None:
        return check_secret(wanted, f"{request.field_prefix}/secret")
    return secret_of(secrets.token_bytes(NEW_BYTES))


def _answer(request: Request, endpoint: Endpoint) -> WebhookAnswer:
    return WebhookAnswer(
        **asdict(webhook_view(endpoint, request.now_ms)), users=named.users(request, _people([endpoint]))
    )


def _with_secret(request: Request, endpoint: Endpoint, *, hidden: bool = False) -> WebhookWithSecret:
    secret = None if hidden else sealed_secrets.unseal(endpoint.webhook_id, endpoint.secret)
    return WebhookWithSecret(**asdict(_answer(request, endpoint)), secret=secret)


def _people(found: Iterable[Endpoint]) -> list[str]:
    return [endpoint.created_by for endpoint in found]
