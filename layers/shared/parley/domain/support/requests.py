"""The requests of the routes under /support/tickets."""

from typing import Annotated

from msgspec import Meta

from parley.domain.api.requests import (
    MAX_ATTACHED,
    AttachmentId,
    Body,
    ClientId,
    ContextOfPeople,
    Text,
    Title,
    UserId,
)
from parley.domain.support.desk import Priority

MAX_TAGS = 10
MAX_TAG_CHARACTERS = 50

CategoryName = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9_-]{0,31}$(?!\n)", max_length=32)]
# A tag becomes a part of a key and of a query, so it has no space and no separator.
Tag = Annotated[str, Meta(pattern=r"^[^\s,=#]{1,50}$(?!\n)", max_length=MAX_TAG_CHARACTERS)]
Tags = Annotated[list[Tag], Meta(max_length=MAX_TAGS)]


class CreateTicket(Body, frozen=True, kw_only=True):
    """POST /support/tickets: a new ticket of the caller's; the description is its first message.

    A `client_id` makes one ticket only. Agents and the host's own server open one for `requester_id`.
    """

    subject: Title
    description: Text
    category: CategoryName | None = None
    priority: Priority = "medium"
    client_id: ClientId | None = None
    context: ContextOfPeople | None = None
    tags: Tags = []
    attachment_ids: Annotated[list[AttachmentId], Meta(max_length=MAX_ATTACHED)] = []
    requester_id: UserId | None = None
