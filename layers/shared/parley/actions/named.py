"""The `users` of an answer or an event: the people whom it names, as every member may see them.

They are read beside the operation's own reads if it knows them by then: both people of a direct conversation, and the
members of a group of at most `MAX_BESIDE`. The rest is read afterwards. The caller comes from their sign-in, for
nothing. The others of an event are read beside the devices that get it.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

from msgspec import Struct, structs

from parley.actions.parallel import in_parallel
from parley.adapters.people import named_users
from parley.domain.api.identity import SYSTEM_ROLE, is_reserved, is_system_sender
from parley.domain.api.request import Request
from parley.domain.api.types import Conversation, ConversationAnswer, Message, MessageAnswer, NamedUser
from parley.domain.conversations.events import LiveEvent, NamingEvent
from parley.domain.conversations.head import Head
from parley.domain.conversations.named import (
    MAX_FRAME_USERS_BYTES,
    MAX_USERS_BYTES,
    entry_bytes,
    in_conversations,
    in_messages,
    with_users,
)

if TYPE_CHECKING:
    from parley.domain.conversations.history import Room
    from parley.domain.people.profile import Profile

MAX_BESIDE = 20  # members of a group who are read before it is known whom the answer names
MAX_ENTRY_BYTES = 600  # of a person in an event to a large group; the shortest message takes 607
MAX_NAMED = 300  # people whom one answer names in `users`: three batches side by side

Users = dict[str, NamedUser]
Read = TypeVar("Read")
Telling = TypeVar("Telling", bound=NamingEvent | LiveEvent)


class Known(Struct, frozen=True):
    """The people who were looked up, and those of them who were found."""

    asked: Collection[str] = ()
    users: Mapping[str, NamedUser] = {}

    @classmethod
    def of(cls, users: Mapping[str, NamedUser]) -> "Known":
        """Returns these people as known."""
        return cls(users.keys(), users)

    def __or__(self, other: "Known") -> "Known":
        return Known({*self.asked, *other.asked}, {**self.users, **other.users})


def caller(request: Request) -> Known:
    """Returns the caller as the authorizer has read them; nobody if it was one of an earlier version.

    A sign-in tells of the person who signed in: of nobody in whose name they act, and of no system sender (D-524).
    """
    me = request.caller
    if not me.profile_seq or request.acts_as is not None or is_reserved(me.user_id):
        return Known()
    named = NamedUser(name=me.name, role=me.role, avatar_url=me.avatar_url, profile_seq=me.profile_seq)
    return Known((me.user_id,), {me.user_id: named})


def members(head: Head) -> tuple[str, ...]:
    """Returns the people whom an answer about a conversation probably names; nobody of a group with too many."""
    return head.participants if head.member_count <= MAX_BESIDE else ()


def read_known(request: Request, user_ids: Iterable[str], known: Known | None = None) -> Known:
    """Returns what is known of these people; one round trip for those who are not `known`, or none."""
    before = caller(request) if known is None else caller(request) | known
    wanted = dict.fromkeys(user_ids)
    # A system sender has no row, so a batch that asked for the people of conversations has not found it.
    unnamed = (user_id for user_id in wanted if is_system_sender(user_id) and user_id not in before.users)
    more = [*(user_id for user_id in wanted if user_id not in before.asked), *unnamed]
    people = [user_id for user_id in more if not is_reserved(user_id)]
    found = named_users.read_named(people) if people else {}
    return before | Known(more, found | _system_senders(more)) if more else before


def _system_senders(user_ids: Iterable[str]) -> Users:
    """Returns the system senders among these ids, as the policy names them; no round trip."""
    ids = [user_id for user_id in user_ids if is_system_sender(user_id)]
    if not ids:
        return {}
    from parley.adapters.people import senders  # the policy is read only for a system sender

    return {
        sender.user_id: NamedUser(name=sender.name, role=SYSTEM_ROLE, avatar_url=sender.avatar_url, profile_seq=0)
        for sender in map(senders.system_sender, ids)
        if sender is not None
    }


def of_profile(profile: "Profile") -> Known:
    """Returns the person of a profile that was read."""
    named = NamedUser(
        name=profile.name, role=profile.role, avatar_url=profile.avatar_url, profile_seq=profile.profile_seq
    )
    return Known((profile.user_id,), {profile.user_id: named})


def for_many(user_ids: Iterable[str]) -> Users:
    """Returns those of these people who are known, for an event to a large group; one round trip, or none for nobody.

    Without people whose entry takes more than `MAX_ENTRY_BYTES`: it would more than double a short event.
    """
    wanted = list(islice(dict.fromkeys(user_ids), MAX_NAMED))
    people = [user_id for user_id in wanted if not is_reserved(user_id)]
    found = (named_users.read_named(people) if people else {}) | _system_senders(wanted)
    return {user_id: user for user_id, user in found.items() if entry_bytes(user_id, user) <= MAX_ENTRY_BYTES}


def naming(request: Request, user_ids: Iterable[str], read: Callable[[], Read]) -> tuple[Read, Users]:
    """Returns the result of `read`, and those of these people who are known; no round trip more.

    `read` runs in this thread. If nobody but the caller and system senders is named, nothing else is read.
    """
    wanted, known = list(dict.fromkeys(user_ids)), caller(request)
    if all(user_id in known.asked or is_reserved(user_id) for user_id in wanted):
        return read(), users(request, wanted, known)
    return in_parallel(read, lambda: users(request, wanted, known))


def _room(request: Request) -> "Room":
    from parley.domain.conversations.history import Room  # events of the caller's own acts have no use for it

    if request.connection_id is None:
        return Room(MAX_USERS_BYTES)
    return Room(MAX_FRAME_USERS_BYTES, wrapped=False)


def of_message(message: Message, users: Users) -> MessageAnswer:
    """Returns the answer with a message; `users` may have others, too, such as the person who reacted to it."""
    kept = {user_id: users[user_id] for user_id in dict.fromkeys(in_messages([message])) if user_id in users}
    return MessageAnswer(**structs.asdict(message), users=kept)


def of_conversation(request: Request, conversation: Conversation, known: Known) -> ConversationAnswer:
    """Returns the answer with a conversation; one round trip for people who are not `known`, or none."""
    named = users(request, in_conversations([conversation]), known)
    return ConversationAnswer(**structs.asdict(conversation), users=named)


def told_by_caller(request: Request, event: Telling) -> Telling:
    """Returns an event of the caller's own act with the caller among its `users`; no round trip.

    Without them if the caller's sign-in does not say how others see them: a program's, or an earlier version's.
    """
    return with_users(event, caller(request).users)


def beside(request: Request, head: Head, act: Callable[[], Read]) -> tuple[Read, Known]:
    """Returns the result of `act`, and those who are probably named; no round trip more. `act` runs in this thread."""
    return in_parallel(act, lambda: read_known(request, members(head)))


def users(request: Request, user_ids: Iterable[str], known: Known | None = None, room: "Room | None" = None) -> Users:
    """Returns the `users` of an answer that names these people: as many as `MAX_NAMED` and the room for them hold.

    One round trip for those who are not `known`, or none. Nobody who has no profile, or none any more.
    """
    wanted = list(islice(dict.fromkeys(user_ids), MAX_NAMED))
    found = read_known(request, wanted, known).users
    left = _room(request) if room is None else room
    return {user_id: found[user_id] for user_id in wanted if user_id in found and left.take({user_id: found[user_id]})}
