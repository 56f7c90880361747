"""GET /admin/reports/{report_id}: a report, its message, and the messages around it. 200, 400, 403, 404."""

from parley.actions.moderation import reports
from parley.domain.api.request import Request
from parley.triggers.rest import Reply, ok, operation


@operation()
def handler(request: Request, report_id: str) -> Reply[reports.ReportInContext]:
    return ok(reports.get_report(request, report_id))
