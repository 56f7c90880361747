"""Sending and reading messages."""

import msgspec
from msgspec import Struct

from parley.actions import access, push
from parley.adapters import messages, writes
from parley.domain import history, ids
from parley.domain.call import Call
from parley.domain.errors import Field, Unprocessable
from parley.domain.events import MessageNotification, NewMessage
from parley.domain.requests import Draft, History
from parley.domain.sending import Earlier, fingerprint, next_message
from parley.domain.stored import Head
from parley.domain.types import Message, SentMessage


class HistoryPage(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A page of history, ascending; `total` only where pages are counted."""

    messages: list[Message]
    found_oldest: bool
    found_newest: bool
    total: int | None = None


def send(call: Call, conversation_id: str, draft: Draft) -> SentMessage:
    """Writes a message as the caller and tells the members.

    A `client_id` that was used before gets the first answer again.

    Three round trips (read, write, the members' devices), and two more for each time that somebody else was faster.
    """
    ids.check_conversation_id(conversation_id, access.field_of(call, "conversation_id"))
    for _ in writes.tries():
        head, earlier = messages.before_sending(conversation_id, call.user_id, draft.client_id, call.now_s)
        head = access.admit(head, call.user_id)
        if earlier is not None:
            return _replay(call, head, draft, earlier)
        if (sent := send_behind(call, head, draft)) is not None:
            return sent
    raise writes.busy()


def send_behind(call: Call, head: Head, draft: Draft) -> SentMessage | None:
    """Writes a message behind a head that was just read, and tells the members; None where somebody else was faster."""
    sending = next_message(head, draft, call)
    try:
        messages.append(sending, call.now_s)
    except messages.LostRace:
        return None
    message = sending.message.view()
    _tell(call, head, message)
    return _sent(message, replayed=False)


def _replay(call: Call, head: Head, draft: Draft, earlier: Earlier) -> SentMessage:
    if earlier.fingerprint != fingerprint(draft):
        raise Unprocessable(
            "client_id_reused",
            "This client_id was used for another message.",
            fields=(Field(f"{call.field_prefix}/client_id", "client_id_reused"),),
        )
    stored = messages.get(head.conversation_id, earlier.seq)
    if stored is None:
        raise access.no_message()
    message = stored.view()
    if not push.was_told(message.id):
        _tell(call, head, message)
    return _sent(message, replayed=True)


def _tell(call: Call, head: Head, message: Message) -> None:
    """Posts a new message to all devices of all members but the one that sent it, in full or as a notification."""
    full = NewMessage(conversation_id=head.conversation_id, message=message).frame()
    cut = MessageNotification.of(message).frame()
    # Read after the write: a device that connects and syncs in between has read the message or stands in this list.
    push.tell_each(call, head.participants, lambda _, device: full if head.conversation_id in device.joined else cut)
    push.remember(message.id)


def _sent(message: Message, *, replayed: bool) -> SentMessage:
    return SentMessage(**msgspec.structs.asdict(message), replayed=replayed)


def read(call: Call, message_id: str) -> Message:
    """Returns one message; one round trip."""
    _, message = access.access_message(call, message_id)
    return message.view()


def page(call: Call, conversation_id: str, query: History) -> HistoryPage:
    """Returns a page of a conversation's history, ascending; two round trips.

    It is shorter than asked for where the texts are longer than an answer can be.
    """
    head = access.access_conversation(call, conversation_id)
    span = history.span(query, head.last_seq)
    found = [message.view() for message in messages.between(conversation_id, span.first_seq, span.last_seq)]
    shown = history.fitting(found, query)
    if shown:
        span = history.Span(shown[0].seq, shown[-1].seq)
    return HistoryPage(
        messages=shown,
        found_oldest=span.first_seq <= 1,
        found_newest=span.last_seq >= head.last_seq,
        total=head.last_seq if query.page is not None or query.per_page is not None else None,
    )
