"""The opener of a ticket: a customer for themselves, an agent or the host's own server for a customer."""

from collections.abc import Iterable

from msgspec import Struct

from parley.actions.people import may_open
from parley.actions.people.profiles import no_person
from parley.adapters.dynamodb import batches, tables
from parley.adapters.dynamodb.batches import Rows
from parley.adapters.people import account_states, agents, erased_people, policies
from parley.adapters.support import tickets
from parley.domain.api.errors import Conflict, Field, Forbidden, Invalid, NotFound
from parley.domain.api.identity import HOST_SENDER, SERVICE_ROLE
from parley.domain.api.request import Request
from parley.domain.support.requests import CreateTicket
from parley.domain.support.ticket import StoredTicket, goes_on_in


class Opening(Struct, frozen=True, kw_only=True):
    """The request in the name of the first message's sender; `opener_id` is whose `client_id` it is."""

    request: Request
    opener_id: str
    requester_id: str
    is_for_another: bool
    pointer: str

    def reads(self) -> dict[type[tables.Table], Iterable[batches.Key]]:
        """Returns the keys that `check` needs: two read units for another's ticket, none for one's own."""
        if not self.is_for_another:
            return {}
        return {
            tables.User: [(self.requester_id,)],
            tables.Erasure: [(erased_people.key(self.requester_id),)],
        }

    def check(self, rows: Rows) -> None:
        """Raises NotFound for a requester who was erased, or whom Parley does not know."""
        if self.is_for_another:
            may_open.require_people(policies.current(), rows, [(self.requester_id, self.pointer)])


def followed_keys(wanted: CreateTicket) -> list[batches.Key]:
    """Returns the key of the ticket that a new one follows, if it is a follow-up: a read unit more."""
    return [] if wanted.follow_up_of is None else [tickets.key(wanted.follow_up_of)]


def followed_by(opening: Opening, wanted: CreateTicket, rows: Rows) -> StoredTicket | None:
    """Returns the ticket that a new one follows, None if it is no follow-up.

    Raises NotFound for a ticket that the caller may not see, Conflict for another requester's and for one that is not
    closed.
    """
    if wanted.follow_up_of is None:
        return None
    fields = (Field(f"{opening.request.field_prefix}/follow_up_of", "not_allowed"),)
    known = tickets.of(rows, wanted.follow_up_of)
    if known is None or (known.requester_id != opening.requester_id and not opening.is_for_another):
        detail = "There is no such ticket of yours. An agent names its requester in `requester_id`."
        raise NotFound("ticket_not_found", detail, fields=fields)
    if known.requester_id != opening.requester_id:
        raise other_requester(fields)
    if known.merged_into is not None:
        rule = "a merged ticket continues in another one"
        raise Conflict("already_merged", goes_on_in(known) or "", rule=rule, fields=fields)
    if known.status != "closed":
        detail = "This ticket is not closed: write in it."
        raise Conflict("not_closed", detail, rule="a follow-up is of a closed ticket", fields=fields)
    return known


def other_requester(fields: tuple[Field, ...]) -> Conflict:
    """Returns the refusal of a link between the tickets of two customers: one would see what the other's is about."""
    detail = "The two tickets have different requesters."
    return Conflict("other_requester", detail, rule="linked tickets have one requester", fields=fields)


def opener_id(request: Request) -> str:
    """Returns the person whose `client_id` a new ticket has; the host's own server is one for all it opens."""
    return HOST_SENDER if request.caller.role == SERVICE_ROLE else request.user_id


def opening_of(request: Request, requester_id: str | None, field: str = "requester_id") -> Opening:
    """Returns the opener of a ticket and the customer, whom `field` of the body names.

    Raises Forbidden for a customer who names another. The host's own server writes the description in the customer's
    name, an agent in their own.
    """
    pointer = f"{request.field_prefix}/{field}"
    mine = opener_id(request)
    if request.caller.role == SERVICE_ROLE:
        if requester_id is None:
            raise Invalid.field(pointer, "required", "A program opens tickets for somebody: name the requester.")
        if requester_id == request.caller.user_id:
            raise no_person(pointer)
        acting = request.in_name_of(requester_id)
        return Opening(request=acting, opener_id=mine, requester_id=requester_id, is_for_another=True, pointer=pointer)
    me = request.user_id
    if requester_id in (None, me):
        return Opening(request=request, opener_id=mine, requester_id=me, is_for_another=False, pointer=pointer)
    refusal = Forbidden(
        "agents_only",
        "Only agents may open a ticket for another.",
        rule="AgentRoles",
        fields=(Field(pointer, "not_allowed"),),
    )
    account_states.require_role(request, agents.is_agent, refusal)
    return Opening(request=request, opener_id=mine, requester_id=requester_id, is_for_another=True, pointer=pointer)
