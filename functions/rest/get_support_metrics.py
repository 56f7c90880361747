"""GET /support/metrics?from=&to=&by=&format=: times, breaches and ratings of the support desk. 200, 400, 403.

Support admins may, and the host's own server. With `format=csv`, or `Accept: text/csv`, the rows are a table.
"""

from parley.actions.figures import metrics
from parley.domain.api.request import Request
from parley.domain.api.tables import Csv
from parley.domain.figures.requests import MetricsQuery
from parley.triggers.rest import Reply, ok, operation


@operation(query=MetricsQuery, tables=True)
def handler(request: Request, query: MetricsQuery, as_table: bool) -> Reply[metrics.SupportMetrics | Csv]:
    return ok(metrics.get_support_metrics(request, query, as_table))
