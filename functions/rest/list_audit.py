"""GET /admin/audit?actor=&action=&from=&cursor=&limit=: what moderators did, the newest first. 200, 400, 403."""

from parley.actions import auditing
from parley.domain.call import Call
from parley.domain.requests import AuditQuery
from parley.triggers.rest import Reply, ok, operation


@operation(query=AuditQuery)
def handler(call: Call, query: AuditQuery) -> Reply[auditing.AuditPage]:
    return ok(auditing.page(call, query))
