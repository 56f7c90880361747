"""Playing voice messages: the first time counts, and the members learn of it as they learn of reading."""

from msgspec import Struct

from parley.actions import access, push, visibility
from parley.actions.parallel import in_parallel
from parley.adapters.conversations import messages, plays
from parley.adapters.dynamodb import conditions
from parley.domain.api import ids
from parley.domain.api.errors import Conflict
from parley.domain.api.request import Request
from parley.domain.api.times import rfc3339
from parley.domain.conversations import change_steps
from parley.domain.conversations.events import MessagePlayed
from parley.domain.conversations.head import Head, Play
from parley.domain.conversations.message import StoredMessage

Found = tuple[Head, StoredMessage, Play | None]


class Played(Struct, frozen=True, kw_only=True):
    """When the caller first played a voice message; `played_at` is null for its sender, whose playing is not kept."""

    conversation_id: str
    message_id: str
    played_at: str | None


def mark_played(request: Request, message_id: str) -> Played:
    """Marks a voice message as played by the caller, and tells the members; two round trips and the posts.

    Two more for each race lost to another device of the caller, whose time then counts.
    """
    for _ in conditions.tries():
        (head, message, earlier), hidden = visibility.read_beside(
            request.user_id, message_id, lambda: _find(request, message_id)
        )
        _check_playable(message)
        if message.sender_id == request.user_id:
            return _played(message, None)
        if earlier is not None:
            _tell_again(request, head, hidden, message, earlier)
            return _played(message, earlier.at_ms)
        if _write(request, head, hidden, message):
            return _played(message, request.now_ms)
    raise conditions.busy()


def _find(request: Request, message_id: str) -> Found:
    """Returns the conversation, the message, and whether the caller has played it; one round trip."""
    conversation_id, seq = ids.split_message_id(message_id, access.field_of(request, "message_id"))
    me = request.user_id
    (head, mine, message, _), played = in_parallel(
        lambda: messages.head_and_message(conversation_id, seq, me, also=[me]),
        lambda: plays.some(conversation_id, [me], seq),
    )
    head = access.seen_at(request, head, mine, seq)
    if head is None or mine is None or message is None:
        raise access.no_message()
    return head, message, played.get(me)


def _check_playable(message: StoredMessage) -> None:
    if message.kind != "voice":
        detail = "This message is not a voice message."
        raise Conflict("not_a_voice_message", detail, rule="only voice messages are played")
    if message.deleted_at_ms is not None:
        raise change_steps.gone()


def _write(request: Request, head: Head, hidden: visibility.Hidden, message: StoredMessage) -> bool:
    """Writes the caller's mark and tells of it; returns False, and does neither, if something changed meanwhile."""
    play = head.play(request.now_ms)
    written, told = visibility.beside(
        request, head, hidden, lambda: plays.add(head.conversation_id, request.user_id, message.seq, play)
    )
    if written:
        told.tell(request, _event(request, message, play))
        push.remember(_what(request, message))
    return written


def _tell_again(request: Request, head: Head, hidden: visibility.Hidden, message: StoredMessage, earlier: Play) -> None:
    """Tells of a mark that an earlier try wrote, which may have died before its posts."""
    if push.is_news(request, _what(request, message), earlier.at_ms):
        visibility.tell(request, head, hidden, _event(request, message, earlier))
    push.remember(_what(request, message))


def _what(request: Request, message: StoredMessage) -> tuple[str, str]:
    return request.user_id, f"played {message.message_id}"


def _event(request: Request, message: StoredMessage, play: Play) -> MessagePlayed:
    return MessagePlayed(
        conversation_id=message.conversation_id,
        message_id=message.message_id,
        user_id=request.user_id,
        played_at=rfc3339(play.at_ms),
    )


def _played(message: StoredMessage, at_ms: int | None) -> Played:
    return Played(
        conversation_id=message.conversation_id,
        message_id=message.message_id,
        played_at=None if at_ms is None else rfc3339(at_ms),
    )
