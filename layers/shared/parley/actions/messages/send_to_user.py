"""Sending to a user with whom there may be no conversation yet."""

from collections.abc import Mapping

from parley.actions.conversations.open import open_direct
from parley.actions.messages import messages
from parley.actions.messages.content import check_content
from parley.adapters.attachments import attachments
from parley.adapters.conversations.messages import Ahead
from parley.domain.api.request import Request
from parley.domain.api.requests import SendMessageToUser
from parley.domain.api.types import SentMessage
from parley.domain.attachments.attachment import StoredAttachment
from parley.domain.conversations.head import Head


def send_message_to_user(request: Request, wanted: SendMessageToUser) -> SentMessage:
    """Writes a message to a user, and opens the conversation if there is none yet.

    A refused message opens no conversation. The check reads the attachments, in one round trip, or none without them.
    """
    check_content(request, wanted)
    found: dict[str, StoredAttachment] = {}

    def check(head: Head) -> None:
        if wanted.attachment_ids:
            found.update(attachments.some_readable(wanted.attachment_ids))
        messages.check_first(request, head, wanted, _ahead(head, found))

    count = len(wanted.attachment_ids)
    head, asked = open_direct(request, wanted.user_id, wanted.context, wanted.counted, count, check)
    if asked is not None:
        sent = messages.send_behind(request, head, wanted, asked, _ahead(head, found))
        if sent is not None:
            return sent
    return messages.send_message(request, head.conversation_id, wanted)


def _ahead(head: Head, found: Mapping[str, StoredAttachment]) -> Ahead:
    """Returns what a send would read of a conversation that is new."""
    named = {member_id: head.newcomer(member_id) for member_id in head.participants}
    return Ahead(head=head, mine=None, earlier=None, named=named, attachments=found)
