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
from parley.actions.people import may_open, profiles
from parley.adapters.attachments import attachments
from parley.adapters.conversations.messages import Ahead, sent_in
from parley.domain.api.custom_data import CustomData, compact
from parley.domain.api.errors import Invalid, Refusal
from parley.domain.api.identity import is_system_sender
from parley.domain.api.request import Request
from parley.domain.api.requests import ConversationData, SendMessageToUser
from parley.domain.api.types import Context, SentMessage
from parley.domain.attachments.attachment import StoredAttachment
from parley.domain.conversations.head import Head


def send_message_to_user(request: Request, wanted: SendMessageToUser) -> SentMessage:
    """Writes a message to a user, and opens the conversation if there is none yet.

    A refused message opens no conversation. The check reads the attachments, in one round trip, or none without them.
    The host's own server writes in the name of another sender; one round trip more for a person. One more for a
    message with a `client_id` that names nobody.
    """
    if wanted.user_ids is None and wanted.user_id is None:
        check_context(request, wanted.context)
    check_content(request, wanted)
    acting, refusal = _sender(request, wanted)
    place = _sent_in(acting, wanted)
    if refusal is not None:
        return messages.repeated_or(refusal, acting, place or _place(request, acting, wanted, refusal), wanted)
    if place is not None:
        return messages.send_message(acting, place, wanted)
    pair, request = _pair(request, acting, wanted), acting
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


def _sender(request: Request, wanted: SendMessageToUser) -> tuple[Request, Refusal | None]:
    """Returns the request in the name of the sender, and the refusal of one who may only repeat what was written.

    Raises Invalid unless the body names both people in one way, and for the host's own server the sender, too.
    """
    if wanted.user_ids is not None and wanted.user_id is not None:
        check_one_form(request)
    if wanted.sender_id is not None:
        return _sender_of_host(request, wanted, wanted.sender_id)
    if wanted.user_ids is not None:
        profiles.require_service(request, "write to two others", "user_ids")
        raise Invalid.field(f"{request.field_prefix}/sender_id", "required", "A message to two others needs a sender.")
    return request, None


def _sender_of_host(request: Request, wanted: SendMessageToUser, sender_id: str) -> tuple[Request, Refusal | None]:
    from parley.actions.messages import senders  # what people send names no other sender

    acting, refusal = senders.acting_as(request, sender_id)
    if wanted.user_ids is None and is_system_sender(sender_id):
        detail = "A system sender writes to two people: name both."
        raise Invalid.field(f"{request.field_prefix}/user_ids", "required", detail)
    return acting, refusal


def _sent_in(request: Request, wanted: SendMessageToUser) -> str | None:
    """Returns the conversation of an earlier try that named nobody; one round trip, or none for any other message.

    By now the context may have another person, to whom the message must not be written a second time.
    """
    about = wanted.unaddressed
    if about is None or wanted.client_id is None:
        return None
    return sent_in(request.user_id, Context(about.type, about.id), wanted.client_id, request.via, request.now_s)


def _place(request: Request, acting: Request, wanted: SendMessageToUser, refusal: Refusal) -> str:
    """Returns the conversation of a message that names its people; raises `refusal` for one that names nobody."""
    if wanted.unaddressed is not None:
        raise refusal
    pair = _pair(request, acting, wanted)
    return may_open.opening(pair.request, pair.user_id, wanted.context).conversation_id


def _pair(request: Request, acting: Request, wanted: SendMessageToUser) -> Pair:
    """Returns the two people of the conversation; up to two round trips if the message names nobody."""
    if wanted.user_ids is None:
        return _pair_of_sender(request, acting, wanted)
    pair = pair_of_host(request, wanted.user_ids)
    if not is_system_sender(acting.user_id) and acting.user_id not in wanted.user_ids:
        raise access.no_sender(request)
    return pair


def _pair_of_sender(request: Request, acting: Request, wanted: SendMessageToUser) -> Pair:
    user_id = wanted.user_id or counterpart(acting, wanted.context)
    if wanted.sender_id is None:
        return Pair(request=acting, user_id=user_id)
    pointers = (f"{request.field_prefix}/sender_id", f"{request.field_prefix}/user_id")
    if user_id == request.caller.user_id:
        raise profiles.no_person(pointers[1])
    return Pair(request=acting, user_id=user_id, pointers=pointers)


def _data(wanted: ConversationData) -> CustomData:
    return CustomData(wanted.custom_type, compact(wanted.metadata))


def _ahead(head: Head, found: Mapping[str, StoredAttachment]) -> Ahead:
    """Returns what a send would read of a conversation that is new."""
    named = {member_id: head.newcomer(member_id) for member_id in head.participants}
    return Ahead(head=head, mine=None, earlier=None, named=named, attachments=found)
