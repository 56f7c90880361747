"""The `users` of an answer: the people whom it names, as every member may see them.

They are read beside the operation's own reads if it knows them by then: both people of a direct conversation, and the
members of a group of at most `MAX_BESIDE`. The rest is read afterwards. The caller comes from their sign-in, for
nothing.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from itertools import islice
from typing import TypeVar

from msgspec import Struct

from parley.actions.parallel import in_parallel
from parley.adapters.people import named_users
from parley.domain.api.identity import SYSTEM_ROLE, is_reserved, is_system_sender
from parley.domain.api.request import Request
from parley.domain.api.types import NamedUser
from parley.domain.conversations.head import Head
from parley.domain.conversations.history import Room
from parley.domain.conversations.named import MAX_USERS_BYTES

MAX_BESIDE = 20  # members of a group who are read before it is known whom the answer names
MAX_NAMED = 300  # people whom one answer names in `users`: three batches side by side

Users = dict[str, NamedUser]
Read = TypeVar("Read")


class Known(Struct, frozen=True):
    """The people who were looked up, and those of them who were found."""

    asked: Collection[str] = ()
    users: Mapping[str, NamedUser] = {}

    def __or__(self, other: "Known") -> "Known":
        return Known({*self.asked, *other.asked}, {**self.users, **other.users})


def caller(request: Request) -> Known:
    """Returns the caller as the authorizer has read them; nobody if it was one of an earlier version."""
    me = request.caller
    if not me.profile_seq:
        return Known()
    named = NamedUser(name=me.name, role=me.role, avatar_url=me.avatar_url, profile_seq=me.profile_seq)
    return Known((me.user_id,), {me.user_id: named})


def members(head: Head) -> tuple[str, ...]:
    """Returns the people whom an answer about a conversation probably names; nobody of a group with too many."""
    return head.participants if head.member_count <= MAX_BESIDE else ()


def read_known(request: Request, user_ids: Iterable[str], known: Known | None = None) -> Known:
    """Returns what is known of these people; one round trip for those who are not `known`, or none."""
    before = caller(request) if known is None else caller(request) | known
    more = [user_id for user_id in dict.fromkeys(user_ids) if user_id not in before.asked]
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


def beside(request: Request, head: Head, act: Callable[[], Read]) -> tuple[Read, Known]:
    """Returns the result of `act`, and those who are probably named; no round trip more. `act` runs in this thread."""
    return in_parallel(act, lambda: read_known(request, members(head)))


def users(request: Request, user_ids: Iterable[str], known: Known | None = None, room: Room | None = None) -> Users:
    """Returns the `users` of an answer that names these people: as many as `MAX_NAMED` and the room for them hold.

    One round trip for those who are not `known`, or none. Nobody who has no profile, or none any more.
    """
    wanted = list(islice(dict.fromkeys(user_ids), MAX_NAMED))
    found = read_known(request, wanted, known).users
    left = Room(MAX_USERS_BYTES) if room is None else room
    return {user_id: found[user_id] for user_id in wanted if user_id in found and left.take({user_id: found[user_id]})}
