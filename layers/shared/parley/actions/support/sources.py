"""A message, or a direct chat, that becomes a ticket: its messages are forwarded into it, each with its author.

An agent takes what is in a conversation of theirs; a customer takes their own message, or a chat of theirs. The host's
own server takes any message but notes.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec.structs import replace

from parley.actions import access
from parley.actions.messages import forward
from parley.actions.messages.messages import viewed
from parley.actions.support.roles import agents_only
from parley.adapters.attachments import attachments
from parley.adapters.conversations import messages
from parley.adapters.people import account_states, agents
from parley.domain.api import ids
from parley.domain.api.errors import Conflict, Invalid, NotFound
from parley.domain.api.identity import SERVICE_ROLE, is_reserved
from parley.domain.api.request import Request
from parley.domain.api.requests import Draft
from parley.domain.api.types import Message
from parley.domain.attachments.attachment import StoredAttachment
from parley.domain.conversations import rights
from parley.domain.conversations.head import Head
from parley.domain.conversations.message import StoredMessage
from parley.domain.conversations.send_steps import Forward
from parley.domain.support.requests import CreateTicket, TicketSource
from parley.domain.support.ticket_steps import Source

MAX_TAKEN = 10  # messages of a chat
MAX_FILES = 20  # of these: each is two rows of the transaction, which has room for 100
MAX_READ = 50  # messages of a chat that are looked at


def check_shape(request: Request, wanted: CreateTicket) -> None:
    """Refuses a new ticket without a description, and one that has it and is made of messages, too."""
    if wanted.source is None:
        if not isinstance(wanted.description, str):
            raise Invalid.field(f"{request.field_prefix}/description", "required", "`/description` is missing.")
        return
    for name, given in (
        ("description", isinstance(wanted.description, str)),
        ("attachment_ids", wanted.attachment_ids),
    ):
        if given:
            detail = "The messages of `from` are the description."
            raise Invalid.field(f"{request.field_prefix}/{name}", "not_allowed", detail)
    if (wanted.source.message_id is None) == (wanted.source.conversation_id is None):
        code = "required" if wanted.source.message_id is None else "not_allowed"
        detail = "Name a message, or a direct conversation."
        raise Invalid.field(f"{request.field_prefix}/from", code, detail)


def source_of(request: Request, source: TicketSource, requester_id: str | None) -> Source:
    """Returns what becomes a ticket, and whose it is.

    A message is its author's, or in a ticket the requester's; a chat is the caller's, or an agent's other person's.
    Raises NotFound for what the caller may not see, Forbidden for notes, and for another's message unless the caller is
    an agent. Two round trips for a message, three for a chat, and two for files. The host's server takes one more.
    """
    asking = replace(request, field_prefix=f"{request.field_prefix}/from")
    if source.message_id is not None:
        found = _of_message(asking, source.message_id)
    else:
        found = _of_chat(asking, source.conversation_id or "", requester_id)
    if is_reserved(found.requester_id):
        detail = "Nobody can get this ticket: a program has written it, or a person who was erased."
        raise Invalid.field(asking.field_prefix, "not_allowed", detail)
    if requester_id not in (None, found.requester_id):
        detail = "The ticket belongs to a person of the messages that `from` names."
        raise Invalid.field(f"{request.field_prefix}/requester_id", "not_allowed", detail)
    return found


def _of_message(request: Request, message_id: str) -> Source:
    reader, head, message = _read_message(request, message_id)
    rights.require_may_leave(head)
    if request.caller.role != SERVICE_ROLE and message.sender_id != request.user_id:
        account_states.require_role(request, agents.is_agent, agents_only(request, "message_id"))
    [shown] = viewed(reader, message.conversation_id, [message])
    draft, forwarded = forward.prepare(message, shown)
    files = _files(forwarded.originals)
    return Source(requester_id=head.requester_id or message.sender_id, messages=((draft, forwarded),), files=files)


def _read_message(request: Request, message_id: str) -> tuple[Request, Head, StoredMessage]:
    """Returns a message that the caller may read, with its head and the request as it reads; one round trip.

    Three for the host's own server, whose reading the audit log has.
    """
    if request.caller.role != SERVICE_ROLE:
        return request, *access.access_message(request, message_id)
    conversation_id, seq = ids.split_message_id(message_id, access.field_of(request, "message_id"))
    try:
        reader, head = access.access_to_read(request, conversation_id, "messages")
    except NotFound:
        raise access.no_message() from None
    message = messages.some(conversation_id, [seq]).get(seq)
    if message is None or seq < head.first_seq:
        raise access.no_message()
    return reader, head, message


def _of_chat(request: Request, conversation_id: str, requester_id: str | None) -> Source:
    reader, head = access.access_to_read(request, conversation_id, "messages")
    rights.require_may_leave(head)
    if head.type != "direct":
        pointer = access.field_of(request, "conversation_id")
        raise Invalid.field(pointer, "not_allowed", "Only a direct conversation becomes a ticket.")
    found = messages.between(conversation_id, max(head.first_seq, head.last_seq - MAX_READ + 1), head.last_seq)
    seen = zip(found, viewed(reader, conversation_id, found), strict=True)
    there = [message for message, shown in seen if _is_takeable(message, shown)]
    known = attachments.some_readable(each.id for message in there for each in message.attachments)
    files = _files(known.values())
    taken = list(_newest(there, known, files))
    if not taken:
        raise Conflict("nothing_to_take", "This chat has no message to forward.", rule="a ticket has a description")
    return Source(requester_id=_asker(request, head, requester_id), messages=tuple(reversed(taken)), files=files)


def _asker(request: Request, head: Head, requester_id: str | None) -> str:
    """Returns whose ticket a chat becomes: the person named, if they are in it; else an agent's other person, or the
    caller's own."""
    if requester_id in head.participants:
        return str(requester_id)
    if request.caller.role == SERVICE_ROLE:
        pointer = f"{request.field_prefix.removesuffix('/from')}/requester_id"
        code = "required" if requester_id is None else "not_allowed"
        raise Invalid.field(pointer, code, "A program opens tickets for somebody in the chat: name the requester.")
    me = request.user_id
    if agents.is_agent(account_states.role_of(request)):
        return next((user_id for user_id in head.participants if user_id != me), me)
    return me


def _is_takeable(message: StoredMessage, shown: Message) -> bool:
    """Says whether a message can be forwarded: a person's, neither deleted nor hidden, with all its files."""
    return (
        message.kind != "system"
        and shown.deleted_at is None
        and not any(attachment.expired for attachment in shown.attachments)
    )


def _newest(
    there: Sequence[StoredMessage], known: Mapping[str, StoredAttachment], files: Mapping[str, StoredAttachment]
) -> Iterator[tuple[Draft, Forward]]:
    """Yields what forwards the newest messages, the newest first, as far as one transaction holds them.

    Without messages whose files are gone, or have come already: a transaction counts a file once.
    """
    count, carried = 0, set[str]()
    for message in reversed(there):
        originals = tuple(known[each.id] for each in message.attachments if each.id in known)
        names = {original.of_file for original in originals}
        is_whole = len(names) == len(message.attachments) and all(_is_there(files.get(name)) for name in names)
        if not is_whole or names & carried:
            continue
        if count == MAX_TAKEN or len(carried | names) > MAX_FILES:
            return
        count, carried = count + 1, carried | names
        yield forward.forwarding(message, originals)


def _is_there(file: StoredAttachment | None) -> bool:
    return file is not None and file.state == "clean" and file.refs >= 1


def _files(originals: Iterable[StoredAttachment]) -> dict[str, StoredAttachment]:
    """Returns the files that attachments show, by id; one round trip, or none."""
    names = [original.of_file for original in originals]
    return attachments.some_readable(names) if names else {}
