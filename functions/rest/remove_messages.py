"""POST /admin/removals: remove what a person wrote in the last hours. 202, 400, 403, 404, 409, 422.

A job removes it message by message, as `DELETE /admin/messages/{message_id}` does. Messages that the person sends after
the request stay: suspend the person first. Moderators may, and the host's own server.
"""

from parley.actions.moderation import removals
from parley.domain.api.request import Request
from parley.domain.api.requests import RemoveMessages
from parley.domain.moderation.removals import Removal
from parley.triggers.rest import Reply, accepted, operation


@operation(body=RemoveMessages)
def handler(request: Request, body: RemoveMessages) -> Reply[Removal]:
    return accepted(removals.remove_messages(request, body))
