"""Sending and reading messages."""

from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from parley.actions import access, limits, named, push, screening
from parley.actions.limits import Asked
from parley.actions.live import ticket_viewers
from parley.actions.messages.content import check_content, longest_voice_ms
from parley.actions.parallel import in_parallel
from parley.actions.viewer import author_as_viewer, viewer_and_messages, viewer_of
from parley.adapters.conversations import journal, messages
from parley.adapters.dynamodb import conditions
from parley.adapters.people import blocks
from parley.domain.api import ids
from parley.domain.api.errors import Refusal, client_id_reused
from parley.domain.api.request import Request
from parley.domain.api.requests import Draft, History
from parley.domain.api.types import EVERYONE, Message, MessageAnswer, NamedUser, SentMessage
from parley.domain.conversations import history, rights, send_steps
from parley.domain.conversations.head import Head, Membership
from parley.domain.conversations.message import StoredMessage
from parley.domain.conversations.named import in_messages
from parley.domain.conversations.send_steps import Earlier, Forward, fingerprints
from parley.domain.conversations.steps import Step
from parley.domain.live.presence import Presence

if TYPE_CHECKING:  # most messages are in no ticket
    from parley.actions.messages.desk_messages import OfDesk
    from parley.domain.support.ticket_steps import TicketAct

Blockers = Collection[str] | None  # members to whom a message is marked; None if they must be looked up


Read = Callable[[], Sequence[StoredMessage]]
See = Callable[[tuple[int, int], Read], list[Message]]  # messages of a span of seqs as a reader sees them


class HistoryPage(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A page of history, ascending; `total` only if the query counts pages.

    A page of one `custom_type` may be short, or empty, and `next` continues it with older messages.
    """

    messages: list[Message]
    found_oldest: bool
    found_newest: bool
    users: dict[str, NamedUser]
    total: int | None = None
    next: str | None = None


class Ready(Struct, frozen=True, kw_only=True):
    """A message that is ready to be written: its step, and the part of it that is its ticket's, if it has one.

    It is marked to the members in `blockers`, and told to those in `beside_notes`.
    """

    step: Step
    of_desk: "OfDesk | None" = None
    blockers: Blockers = ()
    beside_notes: Head | None = None


def send_message(request: Request, conversation_id: str, draft: Draft, forward: Forward | None = None) -> SentMessage:
    """Writes a message as the caller and tells the members.

    A repeated `client_id` gets the first answer again. `forward` is the message that the new one forwards.

    Three round trips (read, write, the members' devices), and two more for each lost race.
    """
    if forward is None:
        check_content(request, draft)
    ids.check_conversation_id(conversation_id, access.field_of(request, "conversation_id"))
    mentioned = [user_id for user_id in dict.fromkeys(draft.mentions) if user_id != EVERYONE]

    def read_ahead() -> tuple[messages.Ahead, Blockers]:
        return _before_sending(request, conversation_id, draft, mentioned, forward)

    count, always = len(draft.attachment_ids), forward is not None
    (ahead, blockers), asked = limits.own_beside(
        request, conversation_id, read_ahead, text=draft.counted, attachments=count, always=always
    )
    for number in conditions.tries():
        if number:
            ahead, blockers = read_ahead()
        head = access.admit_sender(request, ahead.head, ahead.mine, is_repeat=ahead.earlier is not None)
        limits.tell(request, head)
        if ahead.earlier is not None:
            return replay(request, ahead, ahead.earlier, fingerprints(draft, forward), blockers)
        sent = send_behind(request, head, draft, asked, ahead, forward=forward, blockers=blockers)
        if sent is not None:
            return sent
    raise conditions.busy()


def _before_sending(
    request: Request, conversation_id: str, draft: Draft, mentioned: Sequence[str], forward: Forward | None
) -> tuple[messages.Ahead, Blockers]:
    """Returns what a send must know, and for a group the members to whom it is marked, if few; one round trip."""

    files = draft.attachment_ids if forward is None else [original.of_file for original in forward.originals]

    def ahead() -> messages.Ahead:
        return messages.before_sending(
            conversation_id, request.user_id, draft.client_id, request.now_s, mentioned, files, request.via
        )

    if not ids.is_group_id(conversation_id):
        return ahead(), ()
    return in_parallel(ahead, lambda: blocks.few_blockers_of(request.user_id))


def send_behind(
    request: Request,
    head: Head,
    draft: Draft,
    asked: Asked,
    ahead: messages.Ahead,
    *,
    forward: Forward | None = None,
    blockers: Blockers = (),
) -> SentMessage | None:
    """Writes a message after a head that was just read, and tells the members; returns None after a lost race.

    `ahead` holds what was read beside the head; it is marked to the members in `blockers`.
    """
    return write(request, prepared(request, head, draft, asked, ahead, forward=forward, blockers=blockers))


def prepared(
    request: Request,
    head: Head,
    draft: Draft,
    asked: Asked,
    ahead: messages.Ahead,
    *,
    forward: Forward | None = None,
    blockers: Blockers = (),
    act: "TicketAct | None" = None,
) -> Ready:
    """Returns a message as it will be written after a head that was just read; refuses it as `send_message` does.

    In a ticket it does there what an `act` says, too. No round trip.
    """
    if head.closed and ahead.ticket is not None:
        from parley.actions.messages import desk_messages  # few messages are in a closed ticket

        desk_messages.check_not_merged(ahead.ticket)
    _check_rights(request, head, draft)
    screened = screening.screen(request, draft.words, pointer=None if act is None else act.pointer)
    step = _step(request, head, draft, ahead, screened.text, forward)
    step = _closing_notices(head, step, ahead.mine)
    of_desk = None
    if head.is_desks:
        from parley.actions.messages import desk_messages  # most messages are in no ticket

        step, of_desk = desk_messages.in_ticket(request, step, ahead, act)
    counted = limits.counted(request, limits.in_turn(request, step, ahead.mine), asked)
    step = screening.flagged(request, counted, screened)
    return Ready(step=step, of_desk=of_desk, blockers=blockers, beside_notes=ahead.beside_notes)


def _closing_notices(head: Head, step: Step, mine: Membership | None) -> Step:
    """Returns a step that also takes notices away from the sender's apps, if any show one: they have read it now."""
    sent = step.sent
    if sent is None or sent.message.via is not None:  # the host does not read for a person
        return step
    # Of two people a send reads the head alone, which knows of their pushes.
    side = mine or Membership(user_id=sent.message.sender_id, conversation_id=head.conversation_id)
    if not head.takes_notices_away(side, sent.message.seq):
        return step
    return msgspec.structs.replace(step, sent=msgspec.structs.replace(sent, closes=True))


def check_first(request: Request, head: Head, draft: Draft, ahead: messages.Ahead) -> None:
    """Refuses the first message of a conversation that is not there yet; `head` is the one that it would have."""
    _check_rights(request, head, draft)
    _step(request, head, draft, ahead)


def _check_rights(request: Request, head: Head, draft: Draft) -> None:
    rights.require(head, request.user_id, "send_message")
    if EVERYONE in draft.mentions:
        rights.require(head, request.user_id, "mention_everyone")


def _step(
    request: Request,
    head: Head,
    draft: Draft,
    ahead: messages.Ahead,
    text: str | None = None,
    forward: Forward | None = None,
) -> Step:
    return send_steps.send_message(
        head,
        draft,
        request,
        text=text,
        named=ahead.named,
        found=ahead.attachments,
        forward=forward,
        longest_voice_ms=longest_voice_ms(draft),
    )


def write(request: Request, ready: Ready) -> SentMessage | None:
    """Writes a message, and tells the members; returns None after a lost race."""
    step, of_desk = ready.step, ready.of_desk
    try:
        journal.write(step, request.now_s, None if of_desk is None else of_desk.beside)
    except conditions.LostRace:
        return None
    message = step.new_message
    if not step.changes:
        users = _tell(request, step.after, message.for_all(), ready.blockers, ready.beside_notes)
    else:
        from parley.actions.messages import desk_messages  # only in tickets does a message change more

        users = desk_messages.tell(request, step, of_desk, ready.beside_notes)
    return sent_now(request, message, users)


def sent_now(request: Request, message: StoredMessage, users: named.Users) -> SentMessage:
    """Returns the answer to a send that has just written a message: nobody has put a mark on it."""
    return _sent(message.view(author_as_viewer(request.user_id, {})), users, replayed=False)


def sent_before(request: Request, conversation_id: str, client_id: str, fingerprint: str) -> SentMessage | None:
    """Returns the answer of an earlier send of the caller's with this `client_id`; None if there was none.

    Two round trips; one if there was none.
    """
    ahead, blockers = _before_sending(request, conversation_id, Draft(text="", client_id=client_id), (), None)
    access.admit(request, ahead.head, ahead.mine)
    return None if ahead.earlier is None else replay(request, ahead, ahead.earlier, (fingerprint,), blockers)


def repeated_or(refusal: Refusal, request: Request, conversation_id: str, draft: Draft) -> SentMessage:
    """Returns the answer of an earlier try of the host's in the name of a sender who may not write any more.

    Raises `refusal` if there was none. Two round trips; one if there was none.
    """
    ids.check_conversation_id(conversation_id, access.field_of(request, "conversation_id"))
    if draft.client_id is None:
        raise refusal
    ahead, blockers = _before_sending(request, conversation_id, Draft(client_id=draft.client_id), (), None)
    if ahead.head is None or ahead.earlier is None:
        raise refusal
    return replay(request, ahead, ahead.earlier, fingerprints(draft, None), blockers)


def replay(
    request: Request, ahead: messages.Ahead, earlier: Earlier, expected: Collection[str], blockers: Blockers
) -> SentMessage:
    """Returns the answer of an earlier try, also if the caller has cleared their history since: they know the text.

    Raises Unprocessable if that try had none of the `expected` fingerprints. One round trip, and others if it tells.
    """
    head = ahead.head
    if head is None:
        raise access.no_conversation()
    if earlier.fingerprint not in expected:
        raise client_id_reused("message", request.field_prefix)
    seqs = (earlier.seq, earlier.seq)

    def read() -> list[StoredMessage]:
        return list(messages.some(head.conversation_id, seqs).values())

    if request.acts_as is None:
        viewer, found = viewer_and_messages(request, head, seqs, read, ())
    else:  # the sender's own marks are nothing to the host
        viewer, found = author_as_viewer(request.user_id, {}), read()
    if not found:
        raise access.no_message()
    [stored] = found
    view = stored.view(viewer)
    if push.is_news(request, stored.message_id, stored.created_at_ms):
        users = _tell_again(request, head, ahead, stored, blockers)
    else:
        users = named.users(request, in_messages([view]))
    return _sent(view, users, replayed=True)


def _tell(
    request: Request, head: Head, message: Message, blockers: Blockers, beside_notes: Head | None = None
) -> named.Users:
    """Posts a new message to all devices of all members but the sending device, in full or as a notification.

    In a ticket also to the agents who have it open, and of a note to those who are in its ticket (`beside_notes`).

    Returns the people whom it names, who are read beside the devices: mostly the caller alone, so nobody.
    """
    conversation_id = head.conversation_id
    people = access.readers(head, message.seq, head.participants)  # of one that is told again not all may be

    # Read after the write: a device that connects and syncs in between has read the message or is in this list.
    def devices() -> tuple[Collection[str], list[Presence]]:
        if head.is_desks:
            return (), ticket_viewers.around(request, head, people, ticket_viewers.agents_in(beside_notes))
        if blockers is not None:
            return blockers, push.devices_of(people)
        return push.beside(lambda: blocks.blockers_among(request.user_id, people), people)

    (found, there), users = named.naming(request, in_messages([message]), devices)
    push.tell_present_each(request, there, push.new_message(message, users, found), conversation_id, may_hear=True)
    push.remember(message.id)
    return users


def _tell_again(
    request: Request, head: Head, ahead: messages.Ahead, stored: StoredMessage, blockers: Blockers
) -> named.Users:
    """Tells again of a message whose first try may have died, and in a ticket of what it has changed there."""
    if head.is_desks:
        from parley.actions.messages import desk_messages  # most messages are in no ticket

        users = desk_messages.tell_again(request, head, stored, ahead.mine)
        if users is not None:
            return users
    return _tell(request, head, stored.for_all(), blockers, ahead.beside_notes)


def _sent(message: Message, users: named.Users, *, replayed: bool) -> SentMessage:
    return SentMessage(**msgspec.structs.asdict(message), users=users, replayed=replayed)


def get_message(request: Request, message_id: str) -> MessageAnswer:
    """Returns one message as the caller sees it; two round trips."""
    _, message = access.access_message(request, message_id)
    [shown], users = named.naming(
        request, in_messages([message.for_all()]), lambda: viewed(request, message.conversation_id, [message])
    )
    return named.of_message(shown, users)


def viewed(request: Request, conversation_id: str, found: Sequence[StoredMessage]) -> list[Message]:
    """Returns messages of one conversation, ascending, as the caller sees them; one round trip."""
    if not found:
        return []
    viewer = viewer_of(request, conversation_id, found[0].seq, found[-1].seq)
    return [viewer.view(message) for message in found]


def list_messages(request: Request, conversation_id: str, query: History) -> HistoryPage:
    """Returns a page of a conversation's history, ascending; two round trips, three for the host's own server.

    One more for a group of more than `named.MAX_BESIDE` members, or with messages of people who have left. The page is
    shorter than requested if the texts do not fit into one answer.
    """
    request, head = access.access_to_read(request, conversation_id, "messages")

    def see(span: tuple[int, int], read: Read) -> list[Message]:
        viewer, stored = viewer_and_messages(request, head, span, read)
        return [viewer.view(message) for message in stored]

    return history_page(request, head, query, see)


def history_page(request: Request, head: Head, query: History, see: See) -> HistoryPage:
    """Returns a page of a conversation's history, as its reader may `see` messages of a span of seqs."""
    if query.custom_type is not None:
        return _list_of_type(request, head, query, see)
    span = history.span(query, head.last_seq, head.first_seq)
    found, known = named.beside(
        request,
        head,
        lambda: see(
            (span.first_seq, span.last_seq),
            lambda: messages.between(head.conversation_id, span.first_seq, span.last_seq),
        ),
    )
    shown = history.fitting(found, query)
    if shown:
        span = history.Span(shown[0].seq, shown[-1].seq)
    return HistoryPage(
        messages=shown,
        found_oldest=span.first_seq <= head.first_seq,
        found_newest=span.last_seq >= head.last_seq,
        users=named.users(request, in_messages(shown), known),
        total=head.last_seq - head.first_seq + 1 if query.page is not None or query.per_page is not None else None,
    )


def _list_of_type(request: Request, head: Head, query: History, see: See) -> HistoryPage:
    """Returns messages of one `custom_type`, of the last `history.MAX_LOOKED_AT` before the place of the query.

    One round trip, one more for each MB of messages. A message that the caller has hidden shows no type.
    """
    newest_seq = history.newest_of_type(query, head.last_seq)
    if newest_seq < head.first_seq:
        is_newest = newest_seq >= head.last_seq
        return HistoryPage(messages=[], found_oldest=True, found_newest=is_newest, users={})
    found, known = named.beside(
        request,
        head,
        lambda: see(
            (max(head.first_seq, newest_seq - history.MAX_LOOKED_AT + 1), newest_seq),
            lambda: messages.before(
                head.conversation_id,
                newest_seq,
                history.MAX_LOOKED_AT,
                history.MAX_CHARACTERS_LOOKED_AT,
                head.first_seq,
            ),
        ),
    )
    shown, following = history.of_type(found, query, head.first_seq)
    return HistoryPage(
        messages=shown[::-1],
        found_oldest=following is None,
        found_newest=newest_seq >= head.last_seq,
        users=named.users(request, in_messages(shown), known),
        next=following,
    )
