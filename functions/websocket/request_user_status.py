"""request_user_status {user_ids}: who of the people whom the caller talks with is there."""

from parley.actions.live import presence
from parley.domain.api.call import Call
from parley.domain.api.requests import RequestUserStatus
from parley.triggers.websocket import action


@action(RequestUserStatus)
def handler(call: Call, data: RequestUserStatus) -> presence.StatusList:
    return presence.get_presence(call, data.user_ids)
