"""Durations in buckets: quantiles within the error, whatever is merged."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.domain.figures.durations import ERROR, LAST_BUCKET, bucket_of, quantile_ms

DAY_MS = 86_400_000
durations = st.integers(0, 10 * 366 * DAY_MS)


@given(st.lists(durations, min_size=1, max_size=60), st.sampled_from([0.5, 0.9]))
def test_quantile_is_within_its_error(times_ms: list[int], share: float) -> None:
    ranked = sorted(times_ms)
    exact = next(value for number, value in enumerate(ranked, start=1) if number >= share * len(ranked))

    found = quantile_ms(Counter(map(bucket_of, times_ms)), share)

    assert found is not None
    assert abs(found - exact) <= max(1000, exact * (ERROR + 1e-9) + 1)


@given(st.lists(durations, min_size=1), st.lists(durations, min_size=1))
def test_two_histograms_add_up(some: list[int], others: list[int]) -> None:
    apart = Counter(map(bucket_of, some)) + Counter(map(bucket_of, others))

    assert apart == Counter(map(bucket_of, [*some, *others]))


def test_nothing_has_no_quantile() -> None:
    assert quantile_ms({}, 0.5) is None


@pytest.mark.parametrize("duration_ms", [-5, 0, 1000, 10**18])
def test_every_duration_has_a_bucket(duration_ms: int) -> None:
    assert 0 <= bucket_of(duration_ms) <= LAST_BUCKET <= 250
