"""GET /me/notification-preferences: by which channel the caller is told of what, and their quiet hours. 200, 400."""

from parley.actions.notifications import preferences
from parley.domain.api.request import Request
from parley.domain.notifications.preferences import NotificationPreferences
from parley.triggers.rest import Reply, ok, operation


@operation()
def handler(request: Request) -> Reply[NotificationPreferences]:
    return ok(preferences.get_preferences(request))
