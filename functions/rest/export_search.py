"""POST /admin/search/export: export what a search of a person's messages finds. 202, 400, 403, 422, 429.

The file has JSON Lines, up to 10,000 messages, the newest first; `GET /exports/{export_id}` leads to it. Moderators
may, and the host's own server.
"""

from parley.actions.exports import exports
from parley.domain.api.request import Request
from parley.domain.api.requests import ExportSearch
from parley.domain.exports.job import Export
from parley.triggers.rest import Reply, accepted, operation


@operation(body=ExportSearch)
def handler(request: Request, body: ExportSearch) -> Reply[Export]:
    return accepted(exports.export_search(request, body))
