"""Changing messages: edit, delete, react, pin. Read, decide, write and tell; again after a lost race.

A request for a change that is there already returns it again, and the others are told again: an earlier try may have
died between its write and its posts.
"""

from collections.abc import Callable, Collection
from typing import Annotated, Literal

from msgspec import Meta, Struct
from msgspec.structs import replace

from parley.actions import access, limits, named, push, screening
from parley.actions.live import ticket_viewers
from parley.actions.parallel import in_parallel
from parley.actions.viewer import viewer_and_messages
from parley.adapters import environment
from parley.adapters.attachments.limits import files_since_ms
from parley.adapters.conversations import conversations, journal, messages, personal_marks
from parley.adapters.dynamodb import conditions
from parley.adapters.moderation import word_list_cache
from parley.adapters.people import blocks
from parley.domain.api import cursors, ids
from parley.domain.api.request import Request
from parley.domain.api.requests import EditMessage, PinQuery
from parley.domain.api.types import EVERYONE, Message, MessageAnswer, NamedUser
from parley.domain.conversations import change_steps, events, history
from parley.domain.conversations.change_steps import Found
from parley.domain.conversations.head import LOOK_BACK
from parley.domain.conversations.named import in_messages
from parley.domain.conversations.steps import Change, PersonalMark, Step

Decide = Callable[[Found], Step | None]
React = Callable[[Request, Found, str], Step | None]


class _Wanted(Struct, frozen=True):
    """The change that the caller wants: `decide` returns the step, or None if the message is that way already."""

    message_id: str
    decide: Decide
    also: Collection[str] = ()  # people whom the new text names
    text: str | None = None  # the new text, if it changes
    counted: str = ""  # the rate limit counts its length
    of_names: bool = False  # the message may name others afterwards
    of_mark: bool = False  # the caller's own mark changes: a reaction with `emoji`, or that they hid the message
    emoji: str | None = None
    hides: bool = False  # the caller hides the message: then another one may be the last that their list shows

    def last_change_seq(self, found: Found) -> int:
        """Returns the seq of the last change of the message, or of the caller's mark; 0 if there is none."""
        mark = found.mark(self.emoji)
        return (mark.change_seq if mark else 0) if self.of_mark else found.message.change_seq


class PinList(Struct, frozen=True, kw_only=True):
    """The pinned messages of a conversation, latest pin first.

    If they do not fit into one answer, `next` brings the others.
    """

    messages: list[Message]
    next: str | None
    users: dict[str, NamedUser]


class _PinPosition(Struct, frozen=True, kw_only=True, array_like=True, forbid_unknown_fields=True):
    """The number of pins, counted from the oldest, that are still to be shown.

    If a message is unpinned meanwhile, another can come twice, but none is skipped.
    """

    left: Annotated[int, Meta(ge=1, le=change_steps.MAX_PINS)]


def edit_message(request: Request, message_id: str, wanted: EditMessage) -> MessageAnswer:
    """Changes text or custom data of the caller's own message; three round trips.

    One more in a large group if the message has named people: it reads their memberships.
    """
    window_s = int(environment.optional("EDIT_WINDOW_S", "0"))
    mentioned = [user_id for user_id in dict.fromkeys(wanted.mentions) if user_id != EVERYONE]

    def decide(found: Found) -> Step | None:
        if wanted.words is None:
            return change_steps.edit_message(request, found, wanted, window_s)
        screened = screening.screen(request, wanted.words)
        step = change_steps.edit_message(request, found, replace(wanted, text=screened.text), window_s)
        return None if step is None else screening.flagged(request, step, screened)

    edit = _Wanted(message_id, decide, also=mentioned, text=wanted.words, counted=wanted.counted, of_names=True)
    return _change(request, edit)


def delete_message(request: Request, message_id: str, scope: Literal["everyone", "me"]) -> MessageAnswer:
    """Deletes a message for everyone, leaving a blank one, or hides it from the caller on all their devices.

    Three round trips; for everyone sometimes four, as for an edit.
    """
    if scope == "me":
        hide = _Wanted(message_id, lambda found: change_steps.hide_message(request, found), of_mark=True, hides=True)
        return _change(request, hide)
    return _change(
        request, _Wanted(message_id, lambda found: change_steps.delete_message(request, found), of_names=True)
    )


def add_reaction(request: Request, message_id: str, emoji: str) -> MessageAnswer:
    """Adds the caller's reaction to a message; three round trips."""
    return _react(request, message_id, emoji, change_steps.add_reaction)


def remove_reaction(request: Request, message_id: str, emoji: str) -> MessageAnswer:
    """Removes the caller's reaction from a message; three round trips."""
    return _react(request, message_id, emoji, change_steps.remove_reaction)


def _react(request: Request, message_id: str, emoji: str, react: React) -> MessageAnswer:
    normal = change_steps.check_emoji(emoji, access.field_of(request, "emoji"))

    def decide(found: Found) -> Step | None:
        return react(request, found, normal)

    return _change(request, _Wanted(message_id, decide, of_mark=True, emoji=normal))


def pin_message(request: Request, message_id: str) -> MessageAnswer:
    """Pins a message for all members; three round trips."""
    return _change(request, _Wanted(message_id, lambda found: change_steps.pin_message(request, found)))


def unpin_message(request: Request, message_id: str) -> MessageAnswer:
    """Unpins a message for all members; three round trips."""
    return _change(request, _Wanted(message_id, lambda found: change_steps.unpin_message(request, found)))


def remove_preview(request: Request, message_id: str) -> MessageAnswer:
    """Takes the preview of its link off the caller's own message, for good; three round trips."""
    return _change(request, _Wanted(message_id, lambda found: change_steps.remove_preview(request, found)))


def list_pins(request: Request, conversation_id: str, query: PinQuery) -> PinList:
    """Returns the pinned messages of a conversation, as many as an answer holds; two round trips."""
    position = cursors.decode(query.cursor, _PinPosition)
    head = access.access_conversation(request, conversation_id)
    pins = [seq for seq in head.pins if seq >= head.first_seq]
    seqs = pins if position is None else pins[: position.left]
    if not seqs:
        return PinList(messages=[], next=None, users={})
    span = (min(seqs), max(seqs))
    (viewer, stored), known = named.beside(
        request,
        head,
        lambda: viewer_and_messages(request, head, span, lambda: list(messages.some(conversation_id, seqs).values())),
    )
    found = sorted(stored, key=lambda message: seqs.index(message.seq), reverse=True)
    shown = list(history.Room().fitting(viewer.view(message) for message in found))
    left = seqs.index(found[len(shown)].seq) + 1 if len(shown) < len(found) else None
    return PinList(
        messages=shown,
        next=None if left is None else cursors.encode(_PinPosition(left=left)),
        users=named.users(request, in_messages(shown), known),
    )


def _change(request: Request, wanted: _Wanted) -> MessageAnswer:
    """Makes a change, and returns the message as the caller sees it afterwards."""
    conversation_id, _ = ids.split_message_id(wanted.message_id, access.field_of(request, "message_id"))
    found, asked = limits.own_beside(request, conversation_id, lambda: _read(request, wanted), text=wanted.counted)
    for number in conditions.tries():
        if number:
            found = _read(request, wanted)
        if wanted.of_names:
            found = _with_named(found)
        step = wanted.decide(found)
        if step is None:
            users = tell_again(request, found, wanted.last_change_seq(found))
            return named.of_message(found.view(), users)
        try:
            journal.write(limits.counted(request, step, asked), request.now_s)
        except conditions.LostRace:
            continue
        now = found.after(step)
        return named.of_message(now.view(), tell(request, now, step.change))
    raise conditions.busy()


def _read(request: Request, wanted: _Wanted) -> Found:
    """Returns the message and what belongs to it; checks the word list at the same time if the text changes."""
    if wanted.text is None:
        return _found(request, wanted)
    return in_parallel(lambda: _found(request, wanted), lambda: word_list_cache.check_now(request.now_s))[0]


def _found(request: Request, wanted: _Wanted) -> Found:
    conversation_id, seq = ids.split_message_id(wanted.message_id, access.field_of(request, "message_id"))
    me = request.user_id
    also = [*wanted.also, me] if wanted.hides and not ids.has_members(conversation_id) else wanted.also
    # The caller's own marks are read even for a non-member: they reveal nothing.
    ((head, membership, message, named), (mine, hidden)), blocked = in_parallel(
        lambda: in_parallel(
            lambda: messages.head_and_message(conversation_id, seq, me, also),
            lambda: _personal_marks(conversation_id, me, seq, hides=wanted.hides),
        ),
        lambda: blocks.blocked_by(me) if ids.is_group_id(conversation_id) else set(),
    )
    head = access.seen_at(request, head, membership, seq)
    if head is None or message is None:
        raise access.no_message()
    return Found(
        caller_id=me,
        head=head,
        message=message,
        mine=mine,
        named=named,
        side=membership if membership is not None else named.get(me),
        hidden=hidden,
        blocked=frozenset(blocked),
        files_since_ms=files_since_ms(request.now_ms),
    )


def _personal_marks(
    conversation_id: str, user_id: str, seq: int, *, hides: bool
) -> tuple[list[PersonalMark], frozenset[int]]:
    """Returns a person's marks on a message; if they hide it, also which of the `LOOK_BACK` before it they have hidden.

    One round trip.
    """
    if not hides:
        return personal_marks.rows(conversation_id, user_id, seq, seq), frozenset()
    mine, before = in_parallel(
        lambda: personal_marks.rows(conversation_id, user_id, seq, seq),
        lambda: personal_marks.marks_on(conversation_id, user_id, max(1, seq - LOOK_BACK), seq - 1),
    )
    return mine, frozenset(at for at, marks in before.items() if marks.hidden_at_ms is not None)


def _with_named(found: Found) -> Found:
    """Returns the same with the memberships of all users whom the message names.

    One round trip in a large group, whose head lists no members; else none.
    """
    head = found.head
    wanted = [user_id for user_id in found.message.mentions if user_id not in found.named and user_id != EVERYONE]
    if not head.is_large or not wanted:
        return found
    sides = conversations.memberships((user_id, head.conversation_id) for user_id in wanted)
    return replace(found, named={**found.named, **{user_id: mine for (user_id, _), mine in sides.items()}})


def tell_again(request: Request, found: Found, change_seq: int) -> named.Users:
    """Tells of a change that an earlier try made, if there was one; returns the people whom the message names."""
    return tell(request, found, push.untold_change(request, found.head.conversation_id, change_seq))


def tell(request: Request, found: Found, change: Change | None) -> named.Users:
    """Tells the members of a change of a message; of one in the caller's own view, the caller; of None, nobody.

    Returns the people whom the message names, who are read beside the devices; one round trip. One more in a group with
    members who do not see as far back: they hear nothing of the message.
    """
    if change is None:
        return named.users(request, in_messages([found.view()]))
    only_me = change.for_user_id is not None
    event = events.of_change(change, found.head, found.view() if only_me else found.for_all())
    everybody = found.head.participants
    people = [request.user_id] if only_me else access.readers(found.head, found.message.seq, everybody)
    if found.head.is_desks and not only_me:
        users = ticket_viewers.tell_change(request, found.head, event)
    else:
        users = push.tell_naming(request, people, event, found.head.conversation_id)
    push.remember((found.head.conversation_id, change.change_seq))
    return users
