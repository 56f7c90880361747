"""GET /admin/reports?status=&order=&cursor=&limit=: the moderators' queue of reports, oldest first. 200, 400, 403."""

from parley.actions.moderation import reports
from parley.domain.api.request import Request
from parley.domain.api.requests import ReportQuery
from parley.triggers.rest import Reply, ok, operation


@operation(query=ReportQuery)
def handler(request: Request, query: ReportQuery) -> Reply[reports.ReportList]:
    return ok(reports.list_reports(request, query))
