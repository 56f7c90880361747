"""The figures of the desk: times, breaches and ratings by day, category, priority or agent."""

from collections.abc import Iterator, Mapping

from msgspec import Struct
from msgspec.structs import asdict

from parley.actions import named
from parley.actions.figures.queues import together
from parley.actions.parallel import in_parallel
from parley.actions.support.roles import require_admin
from parley.adapters.articles import votes
from parley.adapters.figures import figures
from parley.domain.api.request import Request
from parley.domain.api.tables import Csv, table
from parley.domain.api.types import NamedUser
from parley.domain.articles.votes import ArticleNumbers
from parley.domain.figures import tallies
from parley.domain.figures.days import day_of, range_of
from parley.domain.figures.desk_numbers import DeskNumbers, desk_numbers
from parley.domain.figures.durations import ERROR
from parley.domain.figures.requests import MetricsQuery
from parley.domain.figures.tallies import DAY_FACET, QUEUE, TOTALS, desk_key

COLUMNS = (
    "key", "opened", "resolved", "reopened", "backlog", "first_response.count", "first_response.median_ms",
    "first_response.p90_ms", "resolution.count", "resolution.median_ms", "resolution.p90_ms",
    "breaches.first_response", "breaches.next_response", "breaches.resolution", "ratings.count", "ratings.mean",
)  # fmt: skip
MAX_ROWS = 500  # agents of an answer, those who have resolved the most


class MetricsRow(DeskNumbers, frozen=True, kw_only=True):
    """The numbers of one day, category, priority or agent, which `key` names.

    `backlog` are the tickets that were open at the end of a day; None unless `by` is `day`.
    """

    key: str
    backlog: int | None


class DeskTotal(DeskNumbers, frozen=True, kw_only=True):
    """The numbers of all days together, with the votes on articles of the knowledge base."""

    articles: ArticleNumbers


class SupportMetrics(Struct, frozen=True, kw_only=True, rename={"since": "from"}):
    """The figures of the desk on days in UTC, `from` and `to` among them.

    Medians and 90th percentiles are off by `error` at most, 0.05 for 5 %, or by a second.
    """

    since: str
    to: str
    by: str
    error: float
    total: DeskTotal
    rows: list[MetricsRow]
    users: dict[str, NamedUser]


def get_support_metrics(request: Request, query: MetricsQuery, as_table: bool) -> SupportMetrics | Csv:
    """Returns the figures of the desk, to support admins and the host's own server, as JSON or CSV.

    Two round trips for a MB of rows; a row has up to a KB, and there is one for each day and each key on it.
    """
    require_admin(request)
    days = range_of(query.since, query.to, day_of(request.now_ms))
    by_day, (by_facet, ((people, voted), queue)) = in_parallel(
        lambda: figures.numbers_between(desk_key(DAY_FACET), days[0], "9"),
        lambda: in_parallel(
            lambda: {} if query.by == DAY_FACET else figures.numbers_between(desk_key(query.by), days[0], days[-1]),
            lambda: in_parallel(
                lambda: in_parallel(
                    lambda: figures.all_agents() if query.by == "agent" else {},
                    lambda: votes.numbers_between(days[0], days[-1]),
                ),
                lambda: figures.numbers_between(QUEUE, TOTALS, TOTALS) if query.by == DAY_FACET else {},
            ),
        ),
    )
    of_days = {place.partition("#")[0]: counts for place, counts in by_day.items()}
    rows = list(
        _days(days, of_days, together(queue.values()))
        if query.by == DAY_FACET
        else _others(by_facet, people if query.by == "agent" else None)
    )
    if query.is_table(as_table):
        return table(rows, COLUMNS)
    return SupportMetrics(
        since=days[0],
        to=days[-1],
        by=query.by,
        error=ERROR,
        total=_total(together(of_days.get(day, {}) for day in days), voted),
        rows=rows,
        users=named.users(request, (row.key for row in rows)) if query.by == "agent" else {},
    )


def _total(counts: Mapping[str, int], voted: Mapping[str, int]) -> DeskTotal:
    articles = ArticleNumbers(helped=voted["helped"], not_helped=voted["not_helped"], saved_tickets=voted["saved"])
    return DeskTotal(**asdict(desk_numbers(counts)), articles=articles)


def _days(days: list[str], of_days: Mapping[str, Mapping[str, int]], queue: Mapping[str, int]) -> Iterator[MetricsRow]:
    """Yields a row for each day; the backlog is what is open now without all that came later."""
    later = sum(counts.get("backlog", 0) for day, counts in of_days.items() if day > days[-1])
    backlog = sum(queue.get(f"status:{status}", 0) for status in tallies.OPEN) - later
    rows = []
    for day in reversed(days):
        counts = of_days.get(day, {})
        rows.append(MetricsRow(**asdict(desk_numbers(counts)), key=day, backlog=max(0, backlog)))
        backlog -= counts.get("backlog", 0)
    yield from reversed(rows)


def _others(by_place: Mapping[str, Mapping[str, int]], people: Mapping[str, str] | None) -> list[MetricsRow]:
    """Returns a row for each value of a facet that something happened to; agents by their ids."""
    parts: dict[str, list[Mapping[str, int]]] = {}
    for place, counts in by_place.items():
        value = place.partition("#")[2]
        key = value if people is None else people.get(value)
        if key is not None:
            parts.setdefault(key, []).append(counts)
    rows = [
        MetricsRow(**asdict(desk_numbers(together(counts))), key=key, backlog=None) for key, counts in parts.items()
    ]
    kept = sorted(rows, key=lambda row: (-row.resolved, row.key))[:MAX_ROWS]
    return sorted(kept, key=lambda row: row.key)
