"""Sending to a user with whom there may be no conversation yet."""

from collections.abc import Mapping

from parley.actions import access
from parley.actions.conversations.open import (
    Pair,
    check_context,
    check_one_form,
    counterpart,
    open_direct,
    pair_of_host,
)
from parley.actions.messages import messages
from parley.actions.messages.content import check_content
from parley.actions.people import profiles
from parley.adapters.attachments import attachments
from parley.adapters.conversations.messages import Ahead
from parley.domain.api.custom_data import CustomData, compact
from parley.domain.api.errors import Invalid
from parley.domain.api.identity import is_system_sender
from parley.domain.api.request import Request
from parley.domain.api.requests import ConversationData, SendMessageToUser
from parley.domain.api.types import SentMessage
from parley.domain.attachments.attachment import StoredAttachment
from parley.domain.conversations.head import Head


def send_message_to_user(request: Request, wanted: SendMessageToUser) -> SentMessage:
    """Writes a message to a user, and opens the conversation if there is none yet.

    A refused message opens no conversation. The check reads the attachments, in one round trip, or none without them.
    The host's own server writes in the name of another sender; one round trip more for a person.
    """
    if wanted.user_ids is None and wanted.user_id is None:
        check_context(request, wanted.context)
    check_content(request, wanted)
    pair, request = _people(request, wanted)
    data = CustomData() if wanted.conversation is None else _data(wanted.conversation)
    found: dict[str, StoredAttachment] = {}

    def check(head: Head) -> None:
        if wanted.attachment_ids:
            found.update(attachments.some_readable(wanted.attachment_ids))
        messages.check_first(request, head, wanted, _ahead(head, found))

    count = len(wanted.attachment_ids)
    counted = wanted.counted + (data.metadata or "")
    head, asked = open_direct(pair, wanted.context, counted, count, check, data)
    if asked is not None:
        sent = messages.send_behind(request, head, wanted, asked, _ahead(head, found))
        if sent is not None:
            return sent
    return messages.send_message(request, head.conversation_id, wanted)


def _people(request: Request, wanted: SendMessageToUser) -> tuple[Pair, Request]:
    """Returns the two people of the conversation, and the request in the name of the sender.

    Raises Invalid unless the body names both people in one way, and for the host's own server the sender, too.
    """
    if wanted.user_ids is not None and wanted.user_id is not None:
        check_one_form(request)
    if wanted.sender_id is not None:
        return _people_of_host(request, wanted, wanted.sender_id)
    if wanted.user_ids is not None:
        profiles.require_service(request, "write to two others", "user_ids")
        raise Invalid.field(f"{request.field_prefix}/sender_id", "required", "A message to two others needs a sender.")
    return Pair(request=request, user_id=wanted.user_id or counterpart(request, wanted.context)), request


def _people_of_host(request: Request, wanted: SendMessageToUser, sender_id: str) -> tuple[Pair, Request]:
    from parley.actions.messages import senders  # what people send names no other sender

    acting, prefix = senders.acting_as(request, sender_id), request.field_prefix
    if wanted.user_ids is None:
        if is_system_sender(sender_id):
            detail = "A system sender writes to two people: name both."
            raise Invalid.field(f"{prefix}/user_ids", "required", detail)
        pointers = (f"{prefix}/sender_id", f"{prefix}/user_id")
        user_id = wanted.user_id or counterpart(acting, wanted.context)
        return Pair(request=acting, user_id=user_id, pointers=pointers), acting
    pair = pair_of_host(request, wanted.user_ids)
    if not is_system_sender(sender_id) and sender_id not in wanted.user_ids:
        raise access.no_sender(request)
    return pair, acting


def _data(wanted: ConversationData) -> CustomData:
    return CustomData(wanted.custom_type, compact(wanted.metadata))


def _ahead(head: Head, found: Mapping[str, StoredAttachment]) -> Ahead:
    """Returns what a send would read of a conversation that is new."""
    named = {member_id: head.newcomer(member_id) for member_id in head.participants}
    return Ahead(head=head, mine=None, earlier=None, named=named, attachments=found)
