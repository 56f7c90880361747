"""GET /admin/audit?actor=&action=&from=&cursor=&limit=: the actions of moderators, newest first. 200, 400, 403."""

from parley.actions.moderation import audit
from parley.domain.api.request import Request
from parley.domain.api.requests import AuditQuery
from parley.triggers.rest import Reply, ok, operation


@operation(query=AuditQuery)
def handler(request: Request, query: AuditQuery) -> Reply[audit.AuditPage]:
    return ok(audit.list_audit(request, query))
