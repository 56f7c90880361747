"""Changes of a group or a conversation as a whole: read, decide, write and tell; again after a lost race.

A caller who repeats a request gets its result again, and the others are told again: an earlier try may have died
between its write and its posts.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from parley.actions import access, limits, named, push, ticket_events
from parley.actions.live import ticket_viewers
from parley.actions.people import may_open
from parley.adapters.conversations import conversations, journal, messages
from parley.adapters.dynamodb import batches, conditions
from parley.adapters.dynamodb.batches import Rows
from parley.adapters.people import blocks, policies
from parley.domain.api import ids
from parley.domain.api.errors import Field, Refusal
from parley.domain.api.request import Request
from parley.domain.conversations import views
from parley.domain.conversations.events import ConversationCreated, MemberRemoved
from parley.domain.conversations.head import Head, Membership
from parley.domain.conversations.message import Reader, StoredMessage
from parley.domain.conversations.named import in_event, in_heads, in_messages, with_users
from parley.domain.conversations.steps import Change, Step

if TYPE_CHECKING:  # most changes are of no ticket
    from parley.domain.support.ticket import StoredTicket

Memberships = Mapping[str, Membership]
Decide = Callable[[Head, Memberships], Step | None]


def change(
    request: Request,
    conversation_id: str,
    user_ids: Iterable[str],
    decide: Decide,
    *,
    kinds: Collection[str] = ("conversation_updated",),
    left: bool = False,
    counted: str = "",
) -> tuple[Head, Memberships, named.Users]:
    """Returns the head after `decide`'s step, and the memberships of the caller and `user_ids` after it.

    And the people whom the events of the change have named, nobody if nothing was told. If there is nothing to do,
    others are told again of the last change, if it was the caller's and of `kinds`. `left` admits a caller who has
    left: `decide` must refuse a caller who may not know of the group. The rate limit counts the length of `counted`.
    """
    ids.check_conversation_id(conversation_id, access.field_of(request, "conversation_id"))
    people = list(dict.fromkeys([request.user_id, *user_ids]))

    def found() -> tuple[Head | None, Memberships]:
        return conversations.head_and_memberships(conversation_id, people)

    (head, there), asked = limits.own_beside(request, conversation_id, found, text=counted)
    for number in conditions.tries():
        if number:
            head, there = found()
        if head is None or not (left or _may_change(request, head, there)):
            raise access.no_conversation()
        step = decide(head, there)
        if step is None:
            return head, there, tell_again(request, head, there, kinds, user_ids)
        try:
            journal.write(limits.counted(request, step, asked), request.now_s)
        except conditions.LostRace:
            continue
        return step.after, *tell_step(request, step, there)
    raise conditions.busy()


def _may_change(request: Request, head: Head, there: Memberships) -> bool:
    """Says whether the caller may know of the conversation: a member, or the host's own server."""
    return request.acts_as is not None or access.is_admitted(request, head, there.get(request.user_id))


def tell_step(
    request: Request, step: Step, there: Memberships, ticket: "StoredTicket | None" = None
) -> tuple[Memberships, named.Users]:
    """Tells the members of a written step, which leaves a ticket in the state `ticket`.

    Returns the memberships that were read, as the step leaves them, and the people whom the events have named.
    """
    then = {mine.user_id: _after(step, mine) for mine in (*there.values(), *step.members.added)}
    if not step.changes:
        return then, {}
    return then, tell_news(request, step.after, then, _told_messages(step), step.changes, ticket)


def _told_messages(step: Step) -> Sequence[StoredMessage]:
    """Returns the messages that a step has news of: those that it brings, or the one that it changes."""
    return step.messages or (() if step.message is None else (step.message,))


def _after(step: Step, mine: Membership) -> Membership:
    """Returns a membership as a step leaves it: its author has read its system message."""
    if step.sent is None or mine.user_id != step.sent.read_by:
        return mine
    seq = step.after.last_seq
    return msgspec.structs.replace(mine, read_seq=seq, delivered_seq=seq, mention_seqs=frozenset())


def last_change(head: Head) -> Change | None:
    """Returns the last change of a conversation as a whole; one round trip."""
    found = messages.changes(head.conversation_id, head.shared_seq, head.shared_seq) if head.shared_seq else []
    return found[0] if found else None


def tell_again(
    request: Request, head: Head, there: Memberships, kinds: Collection[str], user_ids: Iterable[str]
) -> named.Users:
    """Tells again of the last change, if it was the caller's, of one of these kinds and about these people.

    Returns the people whom its events have named.
    """
    change = push.untold_change(request, head.conversation_id, head.shared_seq)
    if change is None or change.user_id != request.user_id or change.kind not in kinds:
        return {}
    seq = change.message_seq
    message = messages.get_message(head.conversation_id, seq) if seq is not None else None
    is_about = head.dissolved or set(change.user_ids) <= set(user_ids) | {request.user_id}
    if (message is not None or seq is None) and is_about:
        return tell(request, head, there, message, change)
    return {}


def tell(
    request: Request, head: Head, there: Memberships, message: StoredMessage | None, change: Change
) -> named.Users:
    """Tells the members of the change and of its system message, if it has one, and the people added or removed.

    A queue tells the members of a large group, the caller's other devices among them (`live/fan_out.py`). Returns the
    people whom the events name, who are read beside the devices.
    """
    return tell_news(request, head, there, () if message is None else (message,), (change,))


def tell_news(
    request: Request,
    head: Head,
    there: Memberships,
    messages: Sequence[StoredMessage],
    changes: Sequence[Change],
    ticket: "StoredTicket | None" = None,
    also: Collection[str] = (),
) -> named.Users:
    """Tells the members of new messages, then of changes, as `tell` does of one.

    Those who look on at a ticket hear what its members do, and the people in `also` of the messages. One round trip
    more for the changes of a ticket whose state is not given.
    """
    conversation_id, people = head.conversation_id, list(head.participants)
    ticket = ticket or ticket_events.ticket_of(head, changes)
    told = [(change, ticket_events.of_change(change, head, None, ticket)) for change in changes]
    shown = [message.for_all() for message in messages]
    concerned = [user_id for change in changes for user_id in change.user_ids]
    gone = [user_id for change in changes if change.kind == "member_removed" for user_id in change.user_ids]
    devices, users = named.naming(
        request,
        (*(one for _, event in told for one in in_event(event)), *gone, *in_messages(shown), *in_heads([head])),
        lambda: ticket_viewers.around(request, head, [*people, *concerned], also),
    )
    watching = {person.user_id for person in devices}.difference(concerned, also)
    people = [*people, *watching.difference(people)]
    talk = [push.Told([*people, *also], push.new_message(message, users), conversation_id) for message in shown]
    for change, event in told:
        talk.append(push.Told(people, push.naming_frames_of(event, users), conversation_id))
        if isinstance(event, MemberRemoved):
            talk = [each.without(change.user_ids) for each in talk]
            talk.append(push.Told(change.user_ids, _removed(event, change.user_ids, users), None))
        if change.kind == "member_added":
            came = [member for user_id in change.user_ids if (member := there.get(user_id)) is not None]
            talk.insert(0, push.Told([member.user_id for member in came], _created(head, came, users), conversation_id))
    push.tell_all(request, talk, devices, may_hear=True)
    for change in changes:
        push.remember((conversation_id, change.change_seq))
    return users


def _removed(event: MemberRemoved, user_ids: Sequence[str], users: named.Users) -> push.FrameFor:
    """Returns the frames that tell people of their removal, each of their own."""
    frames = {user_id: with_users(replace(event, removed_id=user_id), users).frame() for user_id in user_ids}
    return lambda user_id, _: frames[user_id]


def tell_made(request: Request, head: Head, there: Memberships, change: Change) -> named.Users:
    """Tells again of the last change of a conversation, with what was made in the same step; two round trips more.

    None for a change that no message tells: it was made alone.
    """
    if change.message_seq is None:
        return tell_news(request, head, there, (), (change,))
    before = messages.changes(head.conversation_id, max(1, change.change_seq - 1), change.change_seq)
    made = [each for each in before if each.message_seq == change.message_seq]
    message = messages.get_message(head.conversation_id, change.message_seq)
    return tell_news(request, head, there, () if message is None else (message,), made)


def tell_created(
    request: Request, head: Head, message: StoredMessage | None = None, also: Collection[str] = ()
) -> named.Users:
    """Shows a new group to its members; its creator has read its first message. Returns the people whom it names.

    Others than the creator hear of that `message`, too, `also` among them, and those who look on at a ticket.
    """
    first = head.last_message
    came = [
        replace(head.newcomer(user_id), read_seq=read_seq, delivered_seq=read_seq)
        for user_id in head.participants
        for read_seq in [1 if first is not None and user_id == first.sender_id else 0]
    ]
    devices, users = named.naming(
        request, in_heads([head]), lambda: ticket_viewers.around(request, head, head.participants, also)
    )
    talk = [push.Told(head.participants, _created(head, came, users), head.conversation_id)]
    if message is not None:
        others = [person.user_id for person in devices if person.user_id != message.sender_id]
        talk.append(push.Told(others, push.new_message(message.for_all(), users), head.conversation_id))
    push.tell_all(request, talk, devices, may_hear=True)
    push.remember((head.conversation_id, 0))
    return users


def _created(head: Head, came: Sequence[Membership], users: named.Users) -> push.FrameFor:
    """Returns the frames that show a group to its new members, each as that member sees it.

    No round trip; one or two if a newer message follows the system message.
    """
    last = head.last_message if head.shows_words else None
    blockers = blocks.blockers_of(last.sender_id, [member.user_id for member in came]) if last is not None else ()
    frames = {}
    for mine in came:
        blocked = frozenset({last.sender_id} if last is not None and mine.user_id in blockers else ())
        seen = views.view_conversation(head, Reader(user_id=mine.user_id, blocked=blocked), {mine.user_id: mine}, {})
        event = ConversationCreated(conversation_id=head.conversation_id, conversation=seen)
        frames[mine.user_id] = with_users(event, users).frame()
    return lambda user_id, _: frames[user_id]


def check_may_be_added(
    request: Request, user_ids: Sequence[str], pointers: Mapping[str, str], rows: Rows | None = None
) -> None:
    """Refuses people with whom the caller could open no conversation: a group is no way around policy and blocks.

    The host's own server adds everybody whom Parley knows.

    `pointers` holds the place of each person in the body. One round trip; none if `rows` holds what was read.
    """
    known = batches.read_rows(may_open.reads_to_decide(request, user_ids)) if rows is None else rows
    if request.acts_as is not None:
        places = ((user_id, pointers[user_id]) for user_id in user_ids)
        return may_open.require_people(policies.current(), known, places)
    for user_id in user_ids:
        try:
            may_open.opening(request, user_id, None).decide(request, known)
        except Refusal as refusal:
            refusal.fields = (Field(pointers[user_id], "not_allowed"),)
            raise


def pointers(request: Request, name: str, user_ids: Sequence[str]) -> dict[str, str]:
    """Returns the place of each person in a list of a body, by id; the first place of a duplicate."""
    return {user_id: f"{request.field_prefix}/{name}/{place}" for place, user_id in reversed(list(enumerate(user_ids)))}
