"""request_user_status {user_ids}: the presence of users with whom the caller shares a direct conversation."""

from parley.actions.live import presence
from parley.domain.api.request import Request
from parley.domain.api.requests import RequestUserStatus
from parley.triggers.websocket import action


@action(RequestUserStatus)
def handler(request: Request, data: RequestUserStatus) -> presence.StatusList:
    return presence.get_presence(request, data.user_ids)
