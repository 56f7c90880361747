"""Durations in buckets that grow by a factor: two histograms merge by adding, and a quantile is 5 % off at most.

Source: C. Masson and others, "DDSketch" (2019): with γ = (1 + α) / (1 − α), the middle of the bucket (γⁱ⁻¹, γⁱ] is at
most α away from each value in it.
"""

from collections.abc import Mapping
from math import ceil, log

ERROR = 0.05
_GAMMA = (1 + ERROR) / (1 - ERROR)
_LONGEST_S = 20 * 366 * 86_400
LAST_BUCKET = ceil(log(_LONGEST_S) / log(_GAMMA))  # some 200, so a row of them is a few KB at most


def bucket_of(duration_ms: int) -> int:
    """Returns the bucket of a duration. The first holds all up to a second, the last all from 20 years on."""
    if duration_ms <= 1000:
        return 0
    return min(LAST_BUCKET, ceil(log(duration_ms / 1000) / log(_GAMMA)))


def quantile_ms(counts: Mapping[int, int], share: float) -> int | None:
    """Returns the duration that this share of all is not longer than, up to `ERROR`, or a second; None without any."""
    left = max(1, ceil(sum(counts.values()) * share))
    for bucket in sorted(counts):
        left -= counts[bucket]
        if left <= 0:
            return round(1000 * 2 * _GAMMA**bucket / (_GAMMA + 1))
    return None
