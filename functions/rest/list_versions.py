"""GET /messages/{message_id}/versions?cursor=: the earlier texts of a message, for moderators. 200, 400, 403, 404."""

from parley.actions.messages import versions
from parley.domain.api.request import Request
from parley.domain.api.requests import VersionQuery
from parley.triggers.rest import Reply, ok, operation


@operation(query=VersionQuery)
def handler(request: Request, message_id: str, query: VersionQuery) -> Reply[versions.VersionList]:
    return ok(versions.list_versions(request, message_id, query))
