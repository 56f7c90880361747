"""The inbox of a person as they see it."""

from msgspec import Struct

from parley.domain.notifications.notice import Kind

SEPARATOR = "."  # in an id, where the place of a row has `#`; no id of a conversation holds one


class Notification(Struct, frozen=True, kw_only=True):
    """One entry of the inbox; those of a conversation's unread messages are one entry, with their `count`.

    `message_id` is the newest message that it tells of, null if it tells of none.
    """

    id: str
    kind: Kind
    conversation_id: str
    message_id: str | None
    title: str
    text: str
    count: int
    created_at: str
    seen: bool


def notification_id(place: str) -> str:
    """Returns the id of the entry at a place."""
    return place.replace("#", SEPARATOR)


def place_of(notification_id: str) -> str:
    """Returns the place of an entry."""
    return notification_id.replace(SEPARATOR, "#")
