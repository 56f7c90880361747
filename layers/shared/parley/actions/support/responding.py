"""The desk's replies: messages of agents, by a route that a requester cannot take for theirs."""

from parley.actions.messages import messages
from parley.actions.support.answers import no_ticket
from parley.actions.support.roles import require_agent
from parley.domain.api import ids
from parley.domain.api.errors import NotFound
from parley.domain.api.request import Request
from parley.domain.api.requests import Draft
from parley.domain.api.types import SentMessage
from parley.domain.support.requests import Respond


def respond_to_ticket(request: Request, ticket_id: str, wanted: Respond) -> SentMessage:
    """Writes a message into a ticket as an agent, and returns it; a repeated `client_id` gets the first answer again.

    Round trips of `send_message`, three. Raises Forbidden for a caller who is no agent, NotFound for an unknown ticket.
    """
    require_agent(request, people_only=True)
    ids.check_ticket_id(ticket_id, "{ticket_id}")
    draft = Draft(text=wanted.text, client_id=wanted.client_id, attachment_ids=wanted.attachment_ids)
    try:
        return messages.send_message(request, ticket_id, draft)
    except NotFound:
        raise no_ticket() from None
