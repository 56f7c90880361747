"""The events of a person's inbox."""

from parley.domain.conversations.events import ContentEvent
from parley.domain.notifications.inbox import Notification


class NotificationTold(ContentEvent, frozen=True, kw_only=True):
    """An entry of the user's inbox is new or has changed: what they have not read after a while, or something else.

    Of two with the same id the later one counts.
    """

    name = "notification"
    notification: Notification


class NotificationsSeen(ContentEvent, frozen=True, kw_only=True):
    """The user has seen everything in their inbox that came before a time."""

    name = "notifications_seen"
    seen_before: str
