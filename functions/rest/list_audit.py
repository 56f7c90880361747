"""GET /admin/audit?actor=&action=&from=&cursor=&limit=: what moderators did, the newest first. 200, 400, 403."""

from parley.actions.moderation import audit
from parley.domain.api.call import Call
from parley.domain.api.requests import AuditQuery
from parley.triggers.rest import Reply, ok, operation


@operation(query=AuditQuery)
def handler(call: Call, query: AuditQuery) -> Reply[audit.AuditPage]:
    return ok(audit.list_audit(call, query))
