"""Endpoints: the addresses to which events are posted, as they are stored, requested and shown."""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType
from msgspec.structs import replace

from parley.domain.api.errors import Conflict, NotFound
from parley.domain.api.fields import form
from parley.domain.api.requests import Body, ClientId
from parley.domain.api.times import DAY_MS, rfc3339, rfc3339_or_none
from parley.domain.api.types import NamedUser
from parley.domain.outbound.addresses import MAX_URL_CHARACTERS
from parley.domain.webhooks.event_types import MAX_PATTERNS
from parley.domain.webhooks.signatures import MAX_SECRET_CHARACTERS

MAX_ENDPOINTS = 10  # of a deployment: each event goes to each of them that asks for it
MAX_DESCRIPTION_CHARACTERS = 200
BOTH_VALID_MS = DAY_MS  # the secret before a rotation, with the new one
MAX_OLD_SECRETS = 3  # that are still valid: each is one more signature of each request
SHOWN_AGAIN_MS = 600_000  # for so long a repeated POST shows the secret, because its first answer may be lost
DISABLED_AFTER_MS = 3 * DAY_MS  # of failures without a success
PAUSES_FROM = 5  # failures in a row, from which an endpoint gets no first attempts for a while
MIN_PAUSE_MS, MAX_PAUSE_MS = 30_000, 900_000
HELD_MS = 15_000  # after a pause: first attempts of new events come after those that have waited
SETTLED_MS = 10_000  # after that, twice the time for which a process knows the endpoints
WEBHOOK_ID_PATTERN = r"^wh_[a-z2-7]{26}$(?!\n)"

WhyDisabled = Literal["by_request", "gone", "failing"]
Url = Annotated[str, Meta(min_length=1, max_length=MAX_URL_CHARACTERS)]
Pattern = Annotated[str, form(r"^(\*|[a-z]+\.(\*|[a-z_]+))$(?!\n)", "write a type or `message.*`", 64)]
Patterns = Annotated[list[Pattern], Meta(min_length=1, max_length=MAX_PATTERNS)]
Description = Annotated[str, Meta(max_length=MAX_DESCRIPTION_CHARACTERS)]
Secret = Annotated[str, Meta(min_length=1, max_length=MAX_SECRET_CHARACTERS)]


class CreateWebhook(Body, frozen=True, kw_only=True):
    """POST /admin/webhooks: a new endpoint. A `client_id` makes one only. Without a `secret` Parley makes one."""

    url: Url
    events: Patterns
    description: Description = ""
    secret: Secret | None = None
    client_id: ClientId | None = None


class UpdateWebhook(Body, frozen=True, kw_only=True):
    """PATCH /admin/webhooks/{webhook_id}: the fields that change. `enabled` also ends a pause."""

    url: Url | UnsetType = UNSET
    events: Patterns | UnsetType = UNSET
    description: Description | UnsetType = UNSET
    enabled: bool | UnsetType = UNSET


class RotateSecret(Body, frozen=True, kw_only=True):
    """POST /admin/webhooks/{webhook_id}/rotate-secret: `version` is that of the endpoint as read.

    `end_old` ends the old secrets at once, as after a leak.
    """

    version: Annotated[int, Meta(ge=1, le=10**9)]
    secret: Secret | None = None
    end_old: bool = False


class OldSecret(Struct, frozen=True):
    """A secret from before a rotation, sealed: requests are signed by it, too, until `until_ms`."""

    until_ms: int
    secret: str


class Endpoint(Struct, frozen=True, kw_only=True):
    """An endpoint as it is stored: `secret` sealed, and those before it that are still valid, the newest first.

    `failing_since_ms` is the first failure after the last success, `failures` their number; until `paused_until_ms`
    it gets no attempts. `fingerprint` is that of the request that made it, `client_key` tells its `client_id`.
    """

    webhook_id: str
    url: str
    events: tuple[str, ...]
    description: str
    secret: str
    old_secrets: tuple[OldSecret, ...] = ()
    rotated_at_ms: int | None = None
    enabled: bool = True
    why_disabled: WhyDisabled | None = None
    disabled_at_ms: int | None = None
    failing_since_ms: int | None = None
    failures: int = 0
    paused_until_ms: int = 0
    version: int = 1
    fingerprint: str
    client_key: str | None = None
    created_at_ms: int
    created_by: str
    updated_at_ms: int

    def is_paused(self, now_ms: int) -> bool:
        """Says whether no attempts are made now."""
        return self.paused_until_ms > now_ms

    def held_until_ms(self, now_ms: int) -> int:
        """Returns the time until which first attempts wait, in a pause or after it; 0 if they do not."""
        held_until_ms = self.paused_until_ms if self.is_paused(now_ms) else self.paused_until_ms + HELD_MS
        return held_until_ms if held_until_ms > now_ms else 0

    def is_settling(self, now_ms: int) -> bool:
        """Says whether a pause has just ended, so that first attempts may still be held."""
        return self.paused_until_ms <= now_ms < self.paused_until_ms + HELD_MS + SETTLED_MS

    def valid_secrets(self, now_ms: int) -> list[str]:
        """Returns the secrets by which a request is signed, sealed, the present one first."""
        return [self.secret, *(old.secret for old in self.old_secrets if old.until_ms > now_ms)]

    def shows_secret_again(self, now_ms: int) -> bool:
        """Says whether a repeat of the request that made the endpoint gets its secret, too."""
        return self.rotated_at_ms is None and now_ms < self.created_at_ms + SHOWN_AGAIN_MS


class WebhookDetails(Struct, frozen=True, kw_only=True):
    """An endpoint as its keepers see it, without its secret.

    `failing_since` is the first failure since the last success. `disabled_reason` is `by_request`, `gone` (it answered
    410) or `failing` (nothing but failures for three days).
    """

    id: str
    url: str
    events: list[str]
    description: str
    enabled: bool
    disabled_reason: WhyDisabled | None
    disabled_at: str | None
    failing_since: str | None
    paused_until: str | None
    old_secret_until: str | None
    version: int
    created_at: str
    created_by: str
    updated_at: str


class WebhookAnswer(WebhookDetails, frozen=True, kw_only=True):
    """An endpoint, and the people whom it names."""

    users: dict[str, NamedUser]


class WebhookWithSecret(WebhookAnswer, frozen=True, kw_only=True):
    """An endpoint with its secret, which no other answer shows; null in the answer to a late repeat."""

    secret: str | None


class WebhookList(Struct, frozen=True, kw_only=True):
    """The endpoints, all of them."""

    webhooks: list[WebhookDetails]
    users: dict[str, NamedUser]


class DeletedWebhook(Struct, frozen=True, kw_only=True):
    """An endpoint that is no longer there."""

    id: str


def webhook_view(endpoint: Endpoint, now_ms: int) -> WebhookDetails:
    """Returns an endpoint as its keepers see it."""
    return WebhookDetails(
        id=endpoint.webhook_id,
        url=endpoint.url,
        events=list(endpoint.events),
        description=endpoint.description,
        enabled=endpoint.enabled,
        disabled_reason=endpoint.why_disabled,
        disabled_at=rfc3339_or_none(endpoint.disabled_at_ms),
        failing_since=rfc3339_or_none(endpoint.failing_since_ms),
        paused_until=rfc3339(endpoint.paused_until_ms) if endpoint.is_paused(now_ms) else None,
        old_secret_until=rfc3339_or_none(
            max((old.until_ms for old in endpoint.old_secrets if old.until_ms > now_ms), default=None)
        ),
        version=endpoint.version,
        created_at=rfc3339(endpoint.created_at_ms),
        created_by=endpoint.created_by,
        updated_at=rfc3339(endpoint.updated_at_ms),
    )


def no_webhook() -> NotFound:
    """Returns the refusal for an endpoint that is not there."""
    return NotFound("webhook_not_found", "There is no such webhook.")


def updated(known: Endpoint, wanted: UpdateWebhook, events: tuple[str, ...] | None, now_ms: int) -> Endpoint:
    """Returns an endpoint after a PATCH: `known` itself if it is that way already."""
    after = replace(
        known,
        url=known.url if wanted.url is UNSET else wanted.url,
        events=known.events if events is None else events,
        description=known.description if wanted.description is UNSET else wanted.description,
    )
    if wanted.enabled is False and known.enabled:
        after = disabled(after, "by_request", now_ms)
    if wanted.enabled is True and (not known.enabled or known.is_paused(now_ms)):
        after = replace(
            after,
            enabled=True,
            why_disabled=None,
            disabled_at_ms=None,
            failing_since_ms=None,
            failures=0,
            paused_until_ms=min(known.paused_until_ms, now_ms),
        )
    return known if after == known else replace(after, version=known.version + 1, updated_at_ms=now_ms)


def disabled(known: Endpoint, why: WhyDisabled, now_ms: int) -> Endpoint:
    """Returns an endpoint that gets no events until it is enabled again."""
    return replace(known, enabled=False, why_disabled=why, disabled_at_ms=now_ms)


def rotated(known: Endpoint, sealed: str, wanted: RotateSecret, now_ms: int) -> Endpoint:
    """Returns an endpoint with a new secret; the ones before stay valid for a day each, unless `end_old` ends them.

    Raises Conflict for a stale version, and if too many old secrets are valid: none ends before its time unasked.
    """
    if known.version != wanted.version:
        raise Conflict("webhook_changed", "The webhook has changed meanwhile; read it again.", rule="version: as read")
    valid = [old for old in known.old_secrets if old.until_ms > now_ms]
    kept = () if wanted.end_old else (OldSecret(now_ms + BOTH_VALID_MS, known.secret), *valid)
    if len(kept) > MAX_OLD_SECRETS:
        detail = f"{MAX_OLD_SECRETS} old secrets are still valid; wait, or end them."
        raise Conflict("too_many_secrets", detail, rule="end_old: true ends them at once")
    return replace(
        known,
        secret=sealed,
        old_secrets=kept,
        rotated_at_ms=now_ms,
        version=known.version + 1,
        updated_at_ms=now_ms,
    )


def after_failure(known: Endpoint, now_ms: int, *, is_gone: bool) -> Endpoint:
    """Returns an endpoint after one more failure: it may be paused, or disabled."""
    failures = known.failures + 1
    since_ms = known.failing_since_ms or now_ms
    pause_ms = min(MAX_PAUSE_MS, MIN_PAUSE_MS << min(failures - PAUSES_FROM, 10)) if failures >= PAUSES_FROM else 0
    after = replace(
        known,
        failures=failures,
        failing_since_ms=since_ms,
        paused_until_ms=max(known.paused_until_ms, now_ms + pause_ms) if pause_ms else known.paused_until_ms,
    )
    if is_gone:
        return disabled(after, "gone", now_ms)
    return disabled(after, "failing", now_ms) if now_ms - since_ms >= DISABLED_AFTER_MS else after


def after_success(known: Endpoint) -> Endpoint:
    """Returns an endpoint after a success: nothing is left of its failures. A pause is over, or no attempt was made."""
    return replace(known, failures=0, failing_since_ms=None)
