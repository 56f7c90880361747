"""The numbers of the desk that stand in a row of figures under short names (`tallies.py`)."""

from collections.abc import Mapping

from msgspec import Struct

from parley.domain.figures.durations import quantile_ms


class DeskTimes(Struct, frozen=True, kw_only=True):
    """Times of the wall clock: how many there were, half of them, and nine tenths of them, took no longer."""

    count: int
    median_ms: int | None
    p90_ms: int | None


class DeskBreaches(Struct, frozen=True, kw_only=True):
    """Targets that were missed, by clock."""

    first_response: int
    next_response: int
    resolution: int


class DeskRatings(Struct, frozen=True, kw_only=True):
    """Ratings from 1 to 5; without any there is no mean."""

    count: int
    mean: float | None


class DeskNumbers(Struct, frozen=True, kw_only=True):
    """Tickets opened, resolved and reopened; a ticket that was reopened can be resolved again."""

    opened: int
    resolved: int
    reopened: int
    first_response: DeskTimes
    resolution: DeskTimes
    breaches: DeskBreaches
    ratings: DeskRatings


def desk_numbers(counts: Mapping[str, int]) -> DeskNumbers:
    """Returns the numbers of a row, or of the sum of some."""
    ratings = counts.get("ratings", 0)
    return DeskNumbers(
        opened=counts.get("opened", 0),
        resolved=counts.get("resolved", 0),
        reopened=counts.get("reopened", 0),
        first_response=_times(counts, "first:"),
        resolution=_times(counts, "resolution:"),
        breaches=DeskBreaches(
            first_response=counts.get("breach:first_response", 0),
            next_response=counts.get("breach:next_response", 0),
            resolution=counts.get("breach:resolution", 0),
        ),
        ratings=DeskRatings(count=ratings, mean=round(counts["stars"] / ratings, 2) if ratings else None),
    )


def _times(counts: Mapping[str, int], prefix: str) -> DeskTimes:
    buckets = {int(name.removeprefix(prefix)): count for name, count in counts.items() if name.startswith(prefix)}
    return DeskTimes(count=sum(buckets.values()), median_ms=quantile_ms(buckets, 0.5), p90_ms=quantile_ms(buckets, 0.9))
