"""The requests of the routes under /support/tickets."""

from typing import Annotated, Literal, get_args

from msgspec import UNSET, Meta, UnsetType, field

from parley.domain.api.fields import NOT_BLANK, form
from parley.domain.api.ids import TICKET_ID_PATTERN
from parley.domain.api.requests import (
    MAX_ATTACHED,
    AttachmentId,
    Body,
    ClientId,
    ContextOfPeople,
    ConversationId,
    MessageId,
    Page,
    Remark,
    StoredUserId,
    Text,
    Title,
    UserId,
)
from parley.domain.api.types import TicketStatus
from parley.domain.support.desk import NAME_PATTERN, NAME_WORDS, Priority

MAX_BULK = 50  # tickets that one request changes
MAX_MERGED = 20  # tickets that one continues
MAX_TAGS = 10
MAX_TAG_CHARACTERS = 50

TicketId = Annotated[str, form(TICKET_ID_PATTERN, "an id of a ticket is t_ and 26 of a-z 2-7")]
CategoryName = Annotated[str, form(NAME_PATTERN, NAME_WORDS, 32)]
# A tag becomes a part of a key and of a query, so it has no space and no separator.
Tag = Annotated[
    str,
    form(r"^[^\s,=#]{1,50}$(?!\n)", "a tag has 1 to 50 characters, and no space, comma, = or #", MAX_TAG_CHARACTERS),
]
Tags = Annotated[list[Tag], Meta(max_length=MAX_TAGS)]
TeamName = CategoryName


NOBODY = "none"  # as an assignee: the tickets that have none


def _some_of(names: tuple[str, ...], max_length: int) -> Meta:
    """Returns the annotation of a list of these names with commas between them."""
    one = f"({'|'.join(names)})"
    words = f"write some of {', '.join(names)}, with commas between them"
    return form(rf"^{one}(,{one})*$(?!\n)", words, max_length)


Statuses = Annotated[str, _some_of(get_args(TicketStatus), 200)]
Priorities = Annotated[str, _some_of(get_args(Priority), 100)]


class ListAllTickets(Page, frozen=True, kw_only=True):
    """The query of the desk's queue. A list has commas between; `assignee` may be `none`.

    `overdue` finds the tickets that have missed a target and still wait.
    """

    status: Statuses | None = None
    priority: Priorities | None = None
    category: CategoryName | None = None
    assignee: StoredUserId | None = None
    team: CategoryName | None = None
    tag: Tag | None = None
    requester: StoredUserId | None = None
    overdue: bool = False
    q: Annotated[str, Meta(max_length=200, pattern=NOT_BLANK)] | None = None
    order: Literal["oldest", "newest"] = "oldest"


class TicketSource(Body, frozen=True, kw_only=True):
    """A message that becomes a ticket, or a direct chat whose last messages do; one of the two is named."""

    message_id: MessageId | None = None
    conversation_id: ConversationId | None = None


class CreateTicket(Body, frozen=True, kw_only=True):
    """POST /support/tickets: a new ticket of the caller's; the description is its first message.

    A `client_id` makes one ticket only. Agents and the host's own server open one for `requester_id`. `follow_up_of` is
    a closed ticket of the same requester. `from` takes the place of the description.
    """

    subject: Title
    description: Text | UnsetType = UNSET
    category: CategoryName | None = None
    priority: Priority = "medium"
    client_id: ClientId | None = None
    context: ContextOfPeople | None = None
    tags: Tags = []
    attachment_ids: Annotated[list[AttachmentId], Meta(max_length=MAX_ATTACHED)] = []
    requester_id: UserId | None = None
    follow_up_of: TicketId | None = None
    source: TicketSource | None = field(default=None, name="from")


class AddNote(Body, frozen=True, kw_only=True):
    """POST /support/tickets/{ticket_id}/notes: a note that only agents see. A `client_id` writes one note only."""

    text: Text
    client_id: ClientId | None = None


Version = Annotated[int, Meta(ge=1, le=10**9)]


class UpdateTicket(Body, frozen=True, kw_only=True):
    """PATCH /support/tickets/{ticket_id}: change what is named, the rest stays. The requester may change `status`.

    With `version` the change is refused if the ticket has changed since that version.
    """

    subject: Title | UnsetType = UNSET
    status: TicketStatus | UnsetType = UNSET
    priority: Priority | UnsetType = UNSET
    category: CategoryName | UnsetType = UNSET
    tags: Tags | UnsetType = UNSET
    version: Version | None = None


class TicketChanges(Body, frozen=True, kw_only=True):
    """Changes of many tickets alike: what is named, the rest stays."""

    status: TicketStatus | UnsetType = UNSET
    priority: Priority | UnsetType = UNSET
    category: CategoryName | UnsetType = UNSET
    tags: Tags | UnsetType = UNSET
    assignee_id: UserId | None | UnsetType = UNSET
    team: TeamName | None | UnsetType = UNSET


class ChangeTickets(Body, frozen=True, kw_only=True):
    """POST /support/tickets/bulk: the same changes of up to 50 tickets, each once."""

    ids: Annotated[list[TicketId], Meta(min_length=1, max_length=MAX_BULK)]
    changes: TicketChanges


class MergeTicket(Body, frozen=True, kw_only=True):
    """POST /support/tickets/{ticket_id}/merge: another ticket of the same requester continues this one."""

    into: TicketId


class AssignTicket(Body, frozen=True, kw_only=True):
    """POST /support/tickets/{ticket_id}/assign: to an agent, or to nobody (null); to a team, too.

    `note` says why, and stands in the history, which agents read. With `version` the change is refused if the ticket
    has changed since that version.
    """

    assignee_id: UserId | None
    team: TeamName | None | UnsetType = UNSET
    note: Remark | None = None
    version: Version | None = None


class RateTicket(Body, frozen=True, kw_only=True):
    """POST /support/tickets/{ticket_id}/rating: how the requester found the help, from 1 to 5."""

    rating: Annotated[int, Meta(ge=1, le=5)]
    comment: Remark | None = None


class Respond(Body, frozen=True, kw_only=True):
    """POST /support/tickets/{ticket_id}/respond: the desk's reply to the requester."""

    text: Text | UnsetType = UNSET
    client_id: ClientId | None = None
    attachment_ids: Annotated[list[AttachmentId], Meta(max_length=MAX_ATTACHED)] = []
