"""Sending to a user with whom there may be no conversation yet."""

from parley.actions.conversations.open import open_direct
from parley.actions.messages import messages
from parley.actions.messages.content import check_content
from parley.adapters.attachments import attachments
from parley.adapters.conversations.messages import Ahead
from parley.domain.api.request import Request
from parley.domain.api.requests import SendMessageToUser
from parley.domain.api.types import SentMessage


def send_message_to_user(request: Request, wanted: SendMessageToUser) -> SentMessage:
    """Writes a message to a user, and opens the conversation if there is none yet."""
    check_content(request, wanted)
    head, asked = open_direct(request, wanted.user_id, wanted.context, wanted.words, len(wanted.attachment_ids))
    if asked is not None:
        named = {member_id: head.newcomer(member_id) for member_id in head.participants}
        found = attachments.some(wanted.attachment_ids) if wanted.attachment_ids else {}
        ahead = Ahead(head=head, mine=None, earlier=None, named=named, attachments=found)
        if (sent := messages.send_behind(request, head, wanted, asked, ahead)) is not None:
            return sent
    return messages.send_message(request, head.conversation_id, wanted)
