"""POST /admin/warnings: warn a person, who finds the warning in `GET /me`.

201, 200 (warned before), 400, 403, 404, 409, 422.

Moderators may, and the host's own server.
"""

from parley.actions.moderation import warnings
from parley.domain.api.request import Request
from parley.domain.api.requests import WarnUser
from parley.domain.moderation.warnings import WarningAnswer
from parley.triggers.rest import Reply, created, operation


@operation(body=WarnUser)
def handler(request: Request, body: WarnUser) -> Reply[WarningAnswer]:
    warning, new = warnings.warn_user(request, body)
    return created(warning, new=new)
