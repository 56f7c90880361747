"""GET /admin/stats?from=&to=&format=: messages, active people and new conversations by day. 200, 400, 403.

Moderators may, and the host's own server. With `format=csv`, or `Accept: text/csv`, the rows are a table.
"""

from parley.actions.figures import stats
from parley.domain.api.request import Request
from parley.domain.api.tables import Csv
from parley.domain.figures.requests import StatsQuery
from parley.triggers.rest import Reply, ok, operation


@operation(query=StatsQuery, tables=True)
def handler(request: Request, query: StatsQuery, as_table: bool) -> Reply[stats.Stats | Csv]:
    return ok(stats.get_stats(request, query, as_table))
