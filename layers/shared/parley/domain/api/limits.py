"""Rate limits: a token bucket stored as one number, the time at which it will be full again.

That is GCRA, the generic cell rate algorithm (ITU-T I.371): a bucket holds `burst` tokens and gets one more every
`interval_ms`. Parley stores only its theoretical arrival time, `tat_ms`. A bucket without a stored time is full. A
bucket whose `tat_ms` lies in the past is full too, and can be forgotten.
"""

from msgspec import Struct

from parley.domain.api.errors import TooMany
from parley.domain.api.request import Request
from parley.domain.api.types import Limits, RateLimit

MINUTE_MS = 60_000
TOKEN_BYTES = 4096  # of text in UTF-8; the longest text, 10,000 characters of 4 bytes, takes ten tokens
TOKEN_ATTACHMENTS = 5  # two write units each

SEND = "send"
SLOW_MODE = "slow_mode"
COST = "cost"
LIVE = "live"
OWN = "own"  # no bucket's name: the operation asks only about its own use


class Rate(Struct, frozen=True, kw_only=True):
    """A policy: `burst` at once, and one more each `interval_ms`."""

    name: str
    interval_ms: int
    burst: int

    @property
    def window_ms(self) -> int:
        """Returns how many ms an empty bucket takes to fill."""
        return self.interval_ms * self.burst

    def standing(self, tat_ms: int | None, now_ms: int) -> RateLimit:
        """Returns the rest of a bucket, as clients see it."""
        missing_ms = max(0, (tat_ms or 0) - now_ms)
        # The bucket can hold more than its size, if a rate that allowed more emptied it.
        missing = min(self.burst, -(-missing_ms // self.interval_ms))
        return RateLimit(
            policy=self.name,
            limit=self.burst,
            window_ms=self.window_ms,
            remaining=self.burst - missing,
            more_in_ms=missing_ms - (missing - 1) * self.interval_ms if missing else 0,
        )


class Taking(Struct, frozen=True, kw_only=True):
    """The result of taking a token out of a bucket, and the bucket's `tat_ms` after it."""

    is_granted: bool
    tat_ms: int


def send_rate(limits: Limits) -> Rate:
    """Returns the rate at which one person may send."""
    return _per_minute(SEND, limits.sends_per_minute, limits.send_burst)


def cost_rate(limits: Limits) -> Rate:
    """Returns the rate at which one person may use up cost units, each about one read unit of DynamoDB."""
    return _per_minute(COST, limits.cost_units_per_minute, limits.cost_unit_burst)


def live_rate(limits: Limits) -> Rate:
    """Returns the rate of one person's live acts, which others see at once and Parley does not store."""
    return _per_minute(LIVE, limits.live_per_minute, limits.live_burst)


def _per_minute(name: str, times: int, burst: int) -> Rate:
    # Rounded up: never more than `times`, if they do not divide a minute.
    return Rate(name=name, interval_ms=-(-MINUTE_MS // times), burst=burst)


def slow_mode_rate(seconds: int, limits: Limits) -> Rate:
    """Returns the rate of a group in slow mode: one message per that many seconds, and never more than elsewhere."""
    return Rate(name=SLOW_MODE, interval_ms=max(seconds * 1000, send_rate(limits).interval_ms), burst=1)


def tokens_for(text: str, rate: Rate, attachments: int = 0) -> int:
    """Returns how many tokens a message takes: one per started `TOKEN_BYTES` of its text, or `TOKEN_ATTACHMENTS`.

    The greater number counts, and at most a full bucket.
    """
    by_text, by_attachments = -(-len(text.encode()) // TOKEN_BYTES), -(-attachments // TOKEN_ATTACHMENTS)
    return min(rate.burst, max(1, by_text, by_attachments))


def take(tat_ms: int | None, rate: Rate, now_ms: int, tokens: int = 1) -> Taking:
    """Takes tokens out of a bucket, all of them or none."""
    before_ms = max(tat_ms or 0, now_ms)
    after_ms = before_ms + rate.interval_ms * tokens
    if after_ms > now_ms + rate.window_ms:
        return Taking(is_granted=False, tat_ms=before_ms)
    return Taking(is_granted=True, tat_ms=after_ms)


def is_empty(tat_ms: int, rate: Rate, now_ms: int) -> bool:
    """Says whether a bucket holds no whole token."""
    return tat_ms + rate.interval_ms > now_ms + rate.window_ms


def empty(tat_ms: int, rate: Rate, now_ms: int) -> TooMany:
    """Returns the refusal of a request that would use an empty bucket."""
    return _too_much(rate, tat_ms + rate.interval_ms - rate.window_ms - now_ms)


def _too_much(rate: Rate, retry_after_ms: int) -> TooMany:
    detail = "That was too much at once; wait a moment."
    return TooMany("rate_limited", detail, rule=rate.name, retry_after_ms=retry_after_ms)


def settle(request: Request, rate: Rate, taking: Taking, tokens: int = 1) -> int:
    """Notes the rest of a bucket for the answer, and returns the bucket's `tat_ms`.

    Raises TooMany if the bucket did not hold the tokens.
    """
    standing = rate.standing(taking.tat_ms, request.now_ms)
    request.note(standing)
    if taking.is_granted:
        return taking.tat_ms
    retry_after_ms = taking.tat_ms + rate.interval_ms * tokens - rate.window_ms - request.now_ms
    if rate.name == SLOW_MODE:
        detail = f"Slow mode: one message every {-(-rate.interval_ms // 1000)} s."
        raise TooMany("slow_mode", detail, rule=rate.name, retry_after_ms=retry_after_ms)
    raise _too_much(rate, retry_after_ms)
