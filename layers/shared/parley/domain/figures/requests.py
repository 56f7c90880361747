"""The queries of the figures."""

from typing import Literal

from parley.domain.api.requests import Body, Cursor, Limit
from parley.domain.figures.days import Day
from parley.domain.figures.tallies import Facet

Format = Literal["json", "csv"]


class StatsQuery(Body, frozen=True, kw_only=True, rename={"since": "from"}):
    """The query of figures: days in UTC, both among them; without them the last 30 days."""

    since: Day | None = None
    to: Day | None = None
    format: Format | None = None

    def is_table(self, as_table: bool) -> bool:
        """Says whether the answer is a table: as `format` says, without it as the header Accept does."""
        return as_table if self.format is None else self.format == "csv"


class MetricsQuery(StatsQuery, frozen=True, kw_only=True, rename={"since": "from"}):
    """The query of the desk's figures, and what a row of the answer stands for."""

    by: Facet = "day"


class UserStatsQuery(StatsQuery, frozen=True, kw_only=True, rename={"since": "from"}):
    """The query of people's figures, a page at a time."""

    cursor: Cursor | None = None
    limit: Limit = 50
