"""GET /me/reports?cursor=&limit=: the caller's own reports and their outcome, newest first. 200, 400."""

from parley.actions.moderation import reports
from parley.domain.api.request import Request
from parley.domain.api.requests import Page
from parley.triggers.rest import Reply, ok, operation


@operation(query=Page)
def handler(request: Request, query: Page) -> Reply[reports.OwnReportList]:
    return ok(reports.list_own_reports(request, query))
