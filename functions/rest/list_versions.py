"""GET /messages/{message_id}/versions: what a message said before, for moderators. 200, 400, 403, 404."""

from parley.actions import versions
from parley.domain.call import Call
from parley.triggers.rest import Reply, ok, operation


@operation()
def handler(call: Call, message_id: str) -> Reply[versions.VersionList]:
    return ok(versions.list_versions(call, message_id))
