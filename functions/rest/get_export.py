"""GET /exports/{export_id}: the progress of the caller's export and, at the end, its file's address. 200, 400, 404."""

from parley.actions.exports import exports
from parley.domain.api.request import Request
from parley.domain.exports.job import Export
from parley.triggers.rest import Reply, ok, operation


@operation()
def handler(request: Request, export_id: str) -> Reply[Export]:
    return ok(exports.get_export(request, export_id))
