"""Deliveries: an event for one endpoint, with its attempts."""

import re
from typing import Annotated, Literal

from msgspec import Meta, Struct
from msgspec.structs import replace

from parley.domain.api.errors import Invalid, NotFound
from parley.domain.api.requests import Body, Page, Time
from parley.domain.api.times import DAY_MS, rfc3339, rfc3339_or_none
from parley.domain.webhooks.event_types import Occurrence

# Seconds before each further attempt, give or take a fifth: they are over after a day.
BACK_OFF_S = (5, 30, 120, 600, 1800, 3600, 7200, 14_400, 28_800, 28_800)
GIVEN_UP_AFTER_MS = DAY_MS
KEPT_MS = 7 * DAY_MS  # a delivery that succeeded
KEPT_FAILED_MS = 30 * DAY_MS
MAX_DELAY_S = 900  # of a message (SQS quotas)
MAX_RANGE_MS = 31 * DAY_MS
MAX_ERROR_CHARACTERS = 200

DeliveryStatus = Literal["pending", "succeeded", "failed"]
Replayed = Literal["succeeded", "failed"]  # a pending one is attempted anyway
STATUSES: tuple[DeliveryStatus, ...] = ("pending", "succeeded", "failed")
DELIVERY_ID_PATTERN = r"^wh_[a-z2-7]{26}\.[0-9]{13}\.evt_[0-9a-f]{32}$(?!\n)"
_DELIVERY_ID = re.compile(r"(wh_[a-z2-7]{26})\.([0-9]{13})\.(evt_[0-9a-f]{32})")


class DeliveryQuery(Page, frozen=True, kw_only=True):
    """The query of GET /admin/webhooks/{webhook_id}/deliveries: of one status, or of all."""

    status: DeliveryStatus | None = None


class ReplayDeliveries(Body, frozen=True, kw_only=True):
    """POST /admin/webhooks/{webhook_id}/replay: the events from `since` until before `until`, of one status or both."""

    since: Time
    until: Time
    status: Replayed | None = None


class Job(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An attempt that is due: of one event at one endpoint. `attempts` were made before, the first at `first_ms`.

    Of a replay of a range (`until_ms`), the job finds the next deliveries instead: those of `status` after `place`. A
    job for the bus has up to ten `events` and no endpoint.
    `purge` deletes the deliveries of a deleted endpoint. `release` hands on what has waited for the end of the pause at
    `first_ms`: first attempts, which are `released` then, and further ones that were put off until `until_ms`.
    """

    webhook_id: str = ""  # left out where there is none: a version before the bus raises, and the job comes again
    events: tuple[Occurrence, ...] = ()
    event: Occurrence | None = None
    attempts: int = 0
    first_ms: int = 0
    due_ms: int = 0
    until_ms: int = 0
    status: Replayed | None = None
    place: str = ""
    purge: bool = False
    release: bool = False
    released: bool = False


class Delivery(Struct, frozen=True, kw_only=True):
    """A delivery as it is stored; `code` says why the last attempt failed, without content.

    The first of its `attempts` was made, or put off, at `first_ms`. `next_at_ms` names the only job that may make the
    next one: another job of the same event ends when it comes.
    """

    webhook_id: str
    event: Occurrence
    status: DeliveryStatus
    attempts: int = 0
    status_code: int | None = None
    code: str | None = None
    first_ms: int = 0
    last_at_ms: int = 0
    next_at_ms: int | None = None

    @property
    def place(self) -> str:
        """Returns its place among those of the endpoint: by the time of the event."""
        return place_of(self.event)

    @property
    def delivery_id(self) -> str:
        return f"{self.webhook_id}.{self.event.at_ms:013d}.{self.event.id}"

    @property
    def expires_at_s(self) -> int:
        kept_ms = KEPT_MS if self.status == "succeeded" else KEPT_FAILED_MS
        return (self.last_at_ms + kept_ms) // 1000

    @property
    def job(self) -> Job:
        """Returns the job that makes the next attempt."""
        return Job(
            webhook_id=self.webhook_id,
            event=self.event,
            attempts=self.attempts,
            first_ms=self.first_ms,
            due_ms=self.next_at_ms or 0,
        )


class DeliveryView(Struct, frozen=True, kw_only=True):
    """A delivery: one event for one endpoint; its attempts are those since it was last replayed, if it was.

    `code` says why the last attempt failed: `http_error` (`response_status` has the status), `timed_out`, or another
    code of the guide. `event_id` is the `webhook-id` of its requests.
    """

    id: str
    event_id: str
    type: str
    conversation_id: str | None
    message_id: str | None
    status: DeliveryStatus
    attempts: int
    response_status: int | None
    code: str | None
    occurred_at: str
    last_attempt_at: str | None
    next_attempt_at: str | None


class DeliveryList(Struct, frozen=True, kw_only=True):
    """A page of the deliveries of an endpoint, the newest events first."""

    deliveries: list[DeliveryView]
    next: str | None


class DeliveryPosition(Struct, frozen=True, kw_only=True):
    """The last delivery of a page."""

    place: Annotated[str, Meta(pattern=r"^[0-9]{13}#evt_[0-9a-f]{32}$(?!\n)")]


class Replay(Struct, frozen=True, kw_only=True):
    """A replay that was begun: its deliveries are attempted again, a few at once."""

    webhook_id: str
    since: str
    until: str
    status: Replayed | None


class QueuedDelivery(Struct, frozen=True, kw_only=True):
    """A delivery whose next attempt is queued: find it by its id in the list after a moment."""

    id: str
    event_id: str
    type: str


def place_of(event: Occurrence) -> str:
    """Returns the place of an event's delivery."""
    return f"{event.at_ms:013d}#{event.id}"


def delivery_view(delivery: Delivery) -> DeliveryView:
    """Returns a delivery as the endpoint's keepers see it."""
    return DeliveryView(
        id=delivery.delivery_id,
        event_id=delivery.event.id,
        type=delivery.event.type,
        conversation_id=delivery.event.conversation_id,
        message_id=delivery.event.message_id,
        status=delivery.status,
        attempts=delivery.attempts,
        response_status=delivery.status_code,
        code=delivery.code,
        occurred_at=rfc3339(delivery.event.at_ms),
        last_attempt_at=rfc3339(delivery.last_at_ms) if delivery.attempts else None,
        next_attempt_at=rfc3339_or_none(delivery.next_at_ms),
    )


def split_delivery_id(delivery_id: str) -> tuple[str, str]:
    """Returns the endpoint of a delivery and its place; raises Invalid for a text that is no id of one."""
    found = _DELIVERY_ID.fullmatch(delivery_id)
    if found is None:
        raise Invalid.field("{delivery_id}", "bad_format", "That is not the id of a delivery.")
    return found[1], f"{found[2]}#{found[3]}"


def no_delivery() -> NotFound:
    """Returns the refusal for a delivery that is not there, or no longer."""
    return NotFound("delivery_not_found", "There is no such delivery.")


def replayed(delivery: Delivery, now_ms: int) -> Delivery:
    """Returns a delivery that is attempted now: a pending one before its time, another one as if for the first time."""
    if delivery.status == "pending":
        return replace(delivery, next_at_ms=now_ms)
    return replace(
        delivery, status="pending", attempts=0, status_code=None, code=None, first_ms=now_ms, next_at_ms=now_ms
    )


def next_attempt_ms(job: Job, now_ms: int, jitter: float) -> int | None:
    """Returns when to try again after a failed attempt; None to give up. `jitter` is between 0 and 1."""
    if job.attempts >= len(BACK_OFF_S) or now_ms - job.first_ms >= GIVEN_UP_AFTER_MS:
        return None
    return now_ms + round(BACK_OFF_S[job.attempts] * 1000 * (0.8 + 0.4 * jitter))


def delay_s(due_ms: int, now_ms: int) -> int:
    """Returns for how long a message has to be hidden; what is due later is queued again then."""
    return max(0, min(MAX_DELAY_S, -(-(due_ms - now_ms) // 1000)))
