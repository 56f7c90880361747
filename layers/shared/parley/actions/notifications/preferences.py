"""The caller's preferences of notifications."""

from parley.adapters.dynamodb import conditions, retrying
from parley.adapters.notifications import preferences
from parley.domain.api.request import Request
from parley.domain.notifications.preferences import NotificationPreferences, changed, shown
from parley.domain.notifications.requests import UpdatePreferences


def get_preferences(request: Request) -> NotificationPreferences:
    """Returns the caller's preferences; one round trip."""
    return shown(preferences.get_preferences(request.user_id).preferences)


def update_preferences(request: Request, wanted: UpdatePreferences) -> NotificationPreferences:
    """Changes the caller's preferences and returns them; two round trips, one if nothing changes.

    Raises Invalid for a time that no calendar has, a time zone that nobody knows, or quiet hours without an end.
    """
    for _ in conditions.tries():
        read = preferences.get_preferences(request.user_id)
        after = changed(read.preferences, wanted)
        if after == read.preferences or preferences.save(request.user_id, read, after):
            return shown(after)
    raise retrying.busy()
