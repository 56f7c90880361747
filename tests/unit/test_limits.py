"""The token bucket: never more than burst and rate together; it says truly what is left, and when more comes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.adapters import limits
from parley.adapters.environment import WrongVariable
from parley.domain.api.errors import TooMany
from parley.domain.api.identity import Identity
from parley.domain.api.limits import Rate, Taking, send_rate, settle, slow_mode_rate, take
from parley.domain.api.request import Request
from parley.domain.api.types import Limits, RateLimit

NOW_MS = 1_800_000_000_000
RATES = st.builds(Rate, name=st.just("send"), interval_ms=st.integers(1, 5000), burst=st.integers(1, 40))
PAUSES = st.lists(st.one_of(st.just(0), st.integers(0, 200), st.integers(0, 20_000)), min_size=1, max_size=120)
DEFAULTS = {"live_per_minute": 240, "live_burst": 100, "cost_units_per_minute": 6000, "cost_unit_burst": 10000}
LIMITS = Limits(sends_per_minute=120, send_burst=30, connections=20, groups=200, **DEFAULTS)


def call() -> Request:
    identity = Identity(user_id="alice", name="Alice", role="user", contexts={}, expires_at_s=NOW_MS)
    return Request(caller=identity, now_ms=NOW_MS, request_id="r")


def granted_at(rate: Rate, pauses: list[int]) -> list[int]:
    """Returns when a token was given to a person who asks again and again, with pauses."""
    tat_ms, now_ms, granted = None, NOW_MS, []
    for pause in pauses:
        now_ms += pause
        taking = take(tat_ms, rate, now_ms)
        if taking.is_granted:
            tat_ms = taking.tat_ms
            granted.append(now_ms)
    return granted


def emptied(rate: Rate, taken: int) -> int | None:
    tat_ms = None
    for _ in range(taken):
        tat_ms = take(tat_ms, rate, NOW_MS).tat_ms
    return tat_ms


@given(RATES, PAUSES)
def test_no_window_holds_more_than_the_burst_and_what_came_meanwhile(rate: Rate, pauses: list[int]) -> None:
    granted = granted_at(rate, pauses)

    for first, start_ms in enumerate(granted):
        for last, end_ms in enumerate(granted[first:], start=first):
            assert last - first + 1 <= rate.burst + (end_ms - start_ms) // rate.interval_ms


@given(RATES, PAUSES)
def test_who_keeps_to_the_rate_is_never_refused(rate: Rate, pauses: list[int]) -> None:
    slow = [rate.interval_ms + pause for pause in pauses]

    assert len(granted_at(rate, slow)) == len(slow)


@given(RATES, st.integers(0, 40), st.integers(0, 10_000))
def test_what_remains_can_be_taken_and_no_more(rate: Rate, taken: int, pause_ms: int) -> None:
    tat_ms, now_ms = emptied(rate, min(taken, rate.burst)), NOW_MS + pause_ms
    remaining = rate.standing(tat_ms, now_ms).remaining

    for _ in range(remaining):
        taking = take(tat_ms, rate, now_ms)
        assert taking.is_granted
        tat_ms = taking.tat_ms

    assert not take(tat_ms, rate, now_ms).is_granted


@given(RATES, st.integers(0, 40), st.integers(0, 10_000))
def test_one_more_comes_when_it_says_and_not_before(rate: Rate, taken: int, pause_ms: int) -> None:
    tat_ms, now_ms = emptied(rate, min(taken, rate.burst)), NOW_MS + pause_ms
    standing = rate.standing(tat_ms, now_ms)
    if standing.remaining == rate.burst:
        assert standing.more_in_ms == 0
        return

    then_ms = now_ms + standing.more_in_ms

    assert rate.standing(tat_ms, then_ms).remaining == standing.remaining + 1
    assert rate.standing(tat_ms, then_ms - 1).remaining == standing.remaining


@given(RATES, RATES)
def test_bucket_that_another_rate_emptied_opens_when_it_says(before: Rate, rate: Rate) -> None:
    tat_ms = emptied(before, before.burst)
    standing = rate.standing(tat_ms, NOW_MS)

    assert take(tat_ms, rate, NOW_MS).is_granted == (standing.remaining > 0)
    if not standing.remaining:
        assert take(tat_ms, rate, NOW_MS + standing.more_in_ms).is_granted
        assert not take(tat_ms, rate, NOW_MS + standing.more_in_ms - 1).is_granted


def test_defaults_allow_30_at_once_and_two_a_second() -> None:
    rate = send_rate(LIMITS)

    assert (rate.burst, rate.interval_ms, rate.window_ms) == (30, 500, 15_000)


@pytest.mark.parametrize("per_minute", [7, 120, 59_999, 60_000])
def test_a_minute_never_holds_more_than_its_sends(per_minute: int) -> None:
    rate = send_rate(Limits(sends_per_minute=per_minute, send_burst=1, connections=1, groups=1, **DEFAULTS))

    assert rate.interval_ms >= 1
    assert 60_000 // rate.interval_ms <= per_minute


def test_slow_mode_is_one_message_each_so_often_and_never_looser_than_the_send_rate() -> None:
    few = Limits(sends_per_minute=2, send_burst=5, connections=1, groups=1, **DEFAULTS)

    assert (slow_mode_rate(60, LIMITS).interval_ms, slow_mode_rate(60, LIMITS).burst) == (60_000, 1)
    assert slow_mode_rate(1, few).interval_ms == 30_000


def test_answer_tells_what_is_left_and_the_refusal_when_to_come_back() -> None:
    asking, rate = call(), send_rate(LIMITS)

    tat_ms = settle(asking, rate, take(None, rate, NOW_MS))
    told = dict(asking.rate_limits)
    with pytest.raises(TooMany) as refused:
        settle(asking, rate, Taking(is_granted=False, tat_ms=NOW_MS + rate.window_ms))

    assert tat_ms == NOW_MS + 500
    left = RateLimit(policy="send", limit=30, window_ms=15_000, remaining=29, more_in_ms=500)
    assert told == {"send": left}
    assert (refused.value.code, refused.value.rule, refused.value.retry_after_ms) == ("rate_limited", "send", 500)
    assert asking.rate_limits["send"].remaining == 0


def test_slow_mode_has_a_code_of_its_own() -> None:
    rate = slow_mode_rate(10, LIMITS)

    with pytest.raises(TooMany) as refused:
        settle(call(), rate, take(NOW_MS + 4000, rate, NOW_MS))

    assert (refused.value.code, refused.value.retry_after_ms) == ("slow_mode", 4000)
    assert "10 s" in refused.value.detail


def test_of_two_buckets_of_a_policy_the_emptier_is_told() -> None:
    asking, rate = call(), send_rate(LIMITS)

    for tat_ms in (NOW_MS + 500, NOW_MS + 5000, NOW_MS + 1000):
        asking.note(rate.standing(tat_ms, NOW_MS))

    assert asking.rate_limits["send"].remaining == 20


def test_two_calls_tell_nothing_of_each_other() -> None:
    one, other = call(), call()

    one.note(send_rate(LIMITS).standing(None, NOW_MS))

    assert other.rate_limits == {}


def test_limits_are_the_environments(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, text in {"SENDS_PER_MINUTE": "60", "SEND_BURST": "5", "CONNECTIONS_PER_USER": "3"}.items():
        monkeypatch.setenv(name, text)
    for name in ("GROUPS_PER_USER", *map(str.upper, DEFAULTS)):
        monkeypatch.delenv(name, raising=False)

    assert limits.current() == Limits(sends_per_minute=60, send_burst=5, connections=3, groups=200, **DEFAULTS)


@pytest.mark.parametrize(
    "name",
    ["SENDS_PER_MINUTE", "SEND_BURST", "CONNECTIONS_PER_USER", "GROUPS_PER_USER", "LIVE_PER_MINUTE", "LIVE_BURST"]
    + ["COST_UNITS_PER_MINUTE", "COST_UNIT_BURST"],
)
@pytest.mark.parametrize("text", ["0", "-1", "many", "1.5", "\u0663", "100000000"])
def test_wrong_limit_is_loud(monkeypatch: pytest.MonkeyPatch, name: str, text: str) -> None:
    monkeypatch.setenv(name, text)

    with pytest.raises(WrongVariable, match=name):
        limits.current()
