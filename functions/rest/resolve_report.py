"""PATCH /admin/reports/{report_id}: say where a report stands. 200, 400, 403, 404, 409."""

from parley.actions.moderation import reports
from parley.domain.api.call import Call
from parley.domain.api.requests import ResolveReport
from parley.domain.conversations.reports import ReportDetails
from parley.triggers.rest import Reply, ok, operation


@operation(body=ResolveReport)
def handler(call: Call, report_id: str, body: ResolveReport) -> Reply[ReportDetails]:
    return ok(reports.resolve_report(call, report_id, body))
