"""POST /messages/{message_id}/report: report a message to the moderators, once per caller.

201, 200 (reported before), 400, 404, 429.
"""

from parley.actions.moderation import reports
from parley.domain.api.limits import OWN
from parley.domain.api.request import Request
from parley.domain.api.requests import ReportMessage
from parley.domain.conversations.reports import FiledReport
from parley.triggers.rest import Reply, created, operation


@operation(body=ReportMessage, asks=OWN)
def handler(request: Request, message_id: str, body: ReportMessage) -> Reply[FiledReport]:
    report, new = reports.report_message(request, message_id, body)
    return created(report, new=new)
