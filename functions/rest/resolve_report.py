"""PATCH /admin/reports/{report_id}: set the status of a report. 200, 400, 403, 404, 409."""

from parley.actions.moderation import reports
from parley.domain.api.request import Request
from parley.domain.api.requests import ResolveReport
from parley.domain.conversations.reports import ReportAnswer
from parley.triggers.rest import Reply, ok, operation


@operation(body=ResolveReport)
def handler(request: Request, report_id: str, body: ResolveReport) -> Reply[ReportAnswer]:
    return ok(reports.resolve_report(request, report_id, body))
