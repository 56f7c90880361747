"""The inbox of a person as they see it."""

import re
from typing import Annotated

from msgspec import Meta, Struct

from parley.domain.notifications.notice import Kind

NOTIFICATION_ID_PATTERN = r"^[cn]\.[dgnt]_[a-z2-7]{26}(\.[0-9]{1,16}){0,2}(\.[a-z_]{1,20})?$(?!\n)"

_id = re.compile(NOTIFICATION_ID_PATTERN)
SEPARATOR = "."  # in an id, where the place of a row has `#`; no id of a conversation holds one


class Notification(Struct, frozen=True, kw_only=True):
    """One entry of the inbox; a conversation's unread messages are one, and its mentions another, with their `count`.

    `message_id` is the newest message that it tells of, null if it tells of none. With a `rule_id` that rule of the
    desk notifies an agent of a ticket.
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
    rule_id: str | None


def notification_id(place: str) -> str:
    """Returns the id of the entry at a place."""
    return place.replace("#", SEPARATOR)


def place_of(notification_id: str) -> str:
    """Returns the place of an entry."""
    return notification_id.replace(SEPARATOR, "#")


def is_notification_id(text: str) -> bool:
    """Says whether a text can be the id of an entry."""
    return _id.fullmatch(text) is not None


class NoticePosition(Struct, frozen=True, kw_only=True, array_like=True, forbid_unknown_fields=True):
    """The last entry of a page; the next page starts after it."""

    at_ms: Annotated[int, Meta(ge=0, le=10**15)]
    place: Annotated[str, Meta(max_length=128)]
