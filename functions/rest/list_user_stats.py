"""GET /admin/stats/users?from=&to=&cursor=&limit=&format=: sent and received messages of each person. 200, 400, 403.

Moderators may, and the host's own server. With `format=csv`, or `Accept: text/csv`, the rows are a table, and the
header `Link` leads to the next page.
"""

from parley.actions.figures import user_stats
from parley.domain.api.request import Request
from parley.domain.api.tables import Csv
from parley.domain.figures.requests import UserStatsQuery
from parley.triggers.rest import Reply, ok, operation


@operation(query=UserStatsQuery, tables=True)
def handler(request: Request, query: UserStatsQuery, as_table: bool) -> Reply[user_stats.UserStatList | Csv]:
    return ok(user_stats.list_user_stats(request, query, as_table))
