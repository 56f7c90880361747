"""Forwarding a message to other conversations of the caller, with its original author."""

from collections.abc import Callable, Sequence

from msgspec import Struct

from parley.actions import access
from parley.actions.messages import messages
from parley.adapters.attachments import attachments
from parley.adapters.conversations import conversations
from parley.adapters.threads import Threads
from parley.domain.api import custom_data
from parley.domain.api.errors import Field, Forbidden, Invalid, Refusal
from parley.domain.api.request import Request
from parley.domain.api.requests import Draft, ForwardMessage
from parley.domain.api.times import rfc3339
from parley.domain.api.types import Message, Origin, SentMessage
from parley.domain.attachments.attachment import StoredAttachment
from parley.domain.attachments.sending import file_deleted
from parley.domain.conversations import change_steps, rights
from parley.domain.conversations.head import Head
from parley.domain.conversations.message import StoredMessage
from parley.domain.conversations.send_steps import Forward, forward_fingerprint

MAX_SENDS_AT_ONCE = 10

_sends = Threads(max_workers=MAX_SENDS_AT_ONCE, thread_name_prefix="forward")


class Failed(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A conversation that did not get the message, and why; the same request tries it again.

    `rule` and `retry_after_ms` are there if a problem document of the same refusal would have them.
    """

    conversation_id: str
    code: str
    detail: str
    rule: str | None = None
    retry_after_ms: int | None = None


class Forwarded(Struct, frozen=True, kw_only=True):
    """The written messages, in the order of the request, and the failed conversations."""

    messages: list[SentMessage]
    failed: list[Failed]


def forward_message(request: Request, message_id: str, wanted: ForwardMessage) -> Forwarded:
    """Sends a message's text, attachments and custom data to other conversations, side by side.

    Each send costs as usual. Nothing is written unless the caller may write in all of them. With a `client_id` a retry
    writes nothing twice, and gets the first answer also if the message is gone by now. A forwarded attachment takes
    four write units, and shows the file of the first one.
    """
    targets = list(dict.fromkeys(wanted.conversation_ids))
    try:
        draft, forward = _prepared(request, message_id, wanted.client_id)
        _check_targets(request, targets)
    except Refusal as refusal:
        if wanted.client_id is None:
            raise
        return _repeated(request, message_id, targets, wanted.client_id, refusal)
    return _sent_to(targets, lambda target: messages.send_message(request, target, draft, forward))


def _repeated(request: Request, message_id: str, targets: Sequence[str], client_id: str, refusal: Refusal) -> Forwarded:
    """Returns what an earlier request with this `client_id` has sent; raises the refusal if it has sent nothing.

    A conversation that it did not reach has failed with the refusal. Two round trips.
    """
    fingerprint = forward_fingerprint(message_id)

    def sent_before(target: str) -> SentMessage:
        sent = messages.sent_before(request, target, client_id, fingerprint)
        if sent is None:
            raise refusal
        return sent

    repeated = _sent_to(targets, sent_before)
    if not repeated.messages:
        raise refusal
    return repeated


def _prepared(request: Request, message_id: str, client_id: str | None) -> tuple[Draft, Forward]:
    """Returns what is sent to each conversation; refuses a message that cannot be forwarded. Three round trips."""
    head, message = access.access_message(request, message_id)
    rights.require_may_leave(head)
    return prepare(message, messages.viewed(request, message.conversation_id, [message])[0], client_id)


def prepare(message: StoredMessage, shown: Message, client_id: str | None = None) -> tuple[Draft, Forward]:
    """Returns what forwards a message, which the caller sees as `shown`; refuses one that cannot be forwarded.

    One round trip for its attachments, or none.
    """
    if shown.deleted_at is not None:
        raise change_steps.gone()
    if message.kind == "system":
        raise Forbidden("system_message", "A system message cannot be forwarded.", rule="system messages stay in place")
    if any(attachment.expired for attachment in shown.attachments):
        raise file_deleted()
    return forwarding(message, _originals([attachment.id for attachment in message.attachments]), client_id)


def forwarding(
    message: StoredMessage, originals: tuple[StoredAttachment, ...], client_id: str | None = None
) -> tuple[Draft, Forward]:
    """Returns what forwards a message that can be forwarded; `originals` are its attachments."""
    draft = Draft(
        text=message.text,
        client_id=client_id,
        kind="voice" if message.kind == "voice" else "text",
        attachment_ids=[attachment.id for attachment in message.attachments],
        custom_type=message.custom_type,
        metadata=custom_data.from_compact(message.metadata),
    )
    return draft, Forward(message_id=message.message_id, origin=_origin(message), originals=originals)


def _sent_to(targets: Sequence[str], send: Callable[[str], SentMessage]) -> Forwarded:
    """Sends to each conversation, side by side."""
    outcomes = _sends.map(lambda target: _outcome(target, send), targets)
    sent, failed = [], []
    for outcome in outcomes:
        if isinstance(outcome, Failed):
            failed.append(outcome)
        else:
            sent.append(outcome)
    return Forwarded(messages=sent, failed=failed)


def _origin(message: StoredMessage) -> Origin:
    """Returns the first origin of the text: a message that was itself forwarded keeps its origin."""
    return message.forwarded_from or Origin(sender_id=message.sender_id, created_at=rfc3339(message.created_at_ms))


def _originals(attachment_ids: Sequence[str]) -> tuple[StoredAttachment, ...]:
    """Returns the attachments of the message; refuses those whose files are deleted; one round trip, or none."""
    if not attachment_ids:
        return ()
    found = attachments.some_readable(attachment_ids)
    originals = tuple(
        found[attachment_id]
        for attachment_id in attachment_ids
        if attachment_id in found and found[attachment_id].state == "clean"
    )
    if len(originals) < len(attachment_ids):
        raise file_deleted()
    return originals


def _check_targets(request: Request, targets: list[str]) -> None:
    """Refuses the whole request, and names each conversation in which the caller may not write; one round trip."""
    found = conversations.heads_and_memberships(targets, request.user_id)
    strange = [
        place
        for place, target in enumerate(targets)
        if target not in found or not access.is_admitted(request, *found[target])
    ]
    if strange:
        fields = tuple(Field(f"{request.field_prefix}/conversation_ids/{place}", "not_allowed") for place in strange)
        raise Invalid("invalid_request", "There is no such conversation.", fields=fields)
    _check_rights(request, [found[target][0] for target in targets])


def _check_rights(request: Request, heads: Sequence[Head]) -> None:
    """Raises the refusal of the first conversation that refuses the caller's messages, with a field for each."""
    refusals: dict[str, Refusal] = {}
    for place, head in enumerate(heads):
        try:
            rights.require(head, request.user_id, "send_message")
        except Refusal as refusal:
            refusals[f"{request.field_prefix}/conversation_ids/{place}"] = refusal
    for first in refusals.values():
        first.fields = tuple(Field(pointer, refusal.code) for pointer, refusal in refusals.items())
        raise first


def _outcome(conversation_id: str, send: Callable[[str], SentMessage]) -> SentMessage | Failed:
    try:
        return send(conversation_id)
    except Refusal as refusal:  # allowed a moment ago; since then closed, left, or too busy
        return Failed(
            conversation_id=conversation_id,
            code=refusal.code,
            detail=refusal.detail,
            rule=refusal.rule,
            retry_after_ms=refusal.retry_after_ms,
        )
