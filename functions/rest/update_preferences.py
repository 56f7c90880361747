"""PATCH /me/notification-preferences: set by which channel the caller is told of what, and their quiet hours.

200, 400, 503.
"""

from parley.actions.notifications import preferences
from parley.domain.api.request import Request
from parley.domain.notifications.preferences import NotificationPreferences
from parley.domain.notifications.requests import UpdatePreferences
from parley.triggers.rest import Reply, ok, operation


@operation(body=UpdatePreferences)
def handler(request: Request, body: UpdatePreferences) -> Reply[NotificationPreferences]:
    return ok(preferences.update_preferences(request, body))
