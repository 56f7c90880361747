"""POST /messages/{message_id}/report: tell the moderators of a message, once.

201, 200 (reported before), 400, 404, 429.
"""

from parley.actions import reports
from parley.domain.call import Call
from parley.domain.limits import OWN
from parley.domain.reporting import FiledReport
from parley.domain.requests import ReportMessage
from parley.triggers.rest import Reply, created, operation


@operation(body=ReportMessage, asks=OWN)
def handler(call: Call, message_id: str, body: ReportMessage) -> Reply[FiledReport]:
    report, new = reports.report(call, message_id, body)
    return created(report, new=new)
