"""POST /conversations/{conversation_id}/messages: as the caller, or in the name of another sender."""

from parley.actions.messages import messages
from parley.domain.api.request import Request
from parley.domain.api.requests import SendMessage
from parley.domain.api.types import SentMessage


def send_message(request: Request, conversation_id: str, wanted: SendMessage) -> SentMessage:
    """Writes a message as the caller; with a `sender_id`, which only the host's server may name, as that sender."""
    if wanted.sender_id is None:
        return messages.send_message(request, conversation_id, wanted)
    from parley.actions.messages import senders  # what people send names no other sender

    acting, refusal = senders.acting_as(request, wanted.sender_id)
    if refusal is not None:
        return messages.repeated_or(refusal, acting, conversation_id, wanted)
    return messages.send_message(acting, conversation_id, wanted)
