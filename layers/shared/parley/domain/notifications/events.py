"""The event of a notification."""

from parley.domain.conversations.events import ContentEvent
from parley.domain.notifications.inbox import Notification


class NotificationTold(ContentEvent, frozen=True, kw_only=True):
    """An entry of the user's inbox is new or has changed: what they have not read after a while, or something else.

    Of two with the same id the later one counts.
    """

    name = "notification"
    notification: Notification
