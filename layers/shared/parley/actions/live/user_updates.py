"""The event `user_updated`: the people who learn at once that a person's profile has changed.

Each write that changes what others see leaves an entry in the outbox, in its own transaction. The stream makes a job
of it (`fan_out.start_user_update`), and the queue runs the job here. Everything here may happen twice, or late: a job
tells what the profile says when it runs, and leaves the telling to the job of a later change.
"""

from collections.abc import Iterable

from parley.actions import push
from parley.actions.live import presence
from parley.actions.live.fan_out import Delivery
from parley.actions.parallel import in_parallel
from parley.adapters.conversations import conversations
from parley.adapters.dynamodb import batches, rate_buckets, tables
from parley.adapters.live import connections, queues
from parley.adapters.people import blocks, named_users
from parley.domain.api.limits import Rate
from parley.domain.api.types import NamedUser
from parley.domain.conversations.events import UserUpdated
from parley.domain.conversations.head import Head
from parley.domain.conversations.listing import Entry
from parley.domain.live import visibility

RATE = Rate(name="user_updated", interval_ms=20_000, burst=3)  # of one person's events
MAX_OPENED = 20  # most recent groups and unanswered conversations in whose open devices others learn of it
MAX_MEMBERS = 500  # people of these who are looked up


def tell_user_update(delivery: Delivery, now_ms: int) -> None:
    """Tells others of a changed profile, unless it has changed again; later if the person has changed it too often.

    Five round trips and the posts, one more after an earlier change within a minute, for a person with many blocks, and
    for each group whose head does not list its members. A user who was erased meanwhile is named to nobody.
    """
    [user_id] = delivery.user_ids
    user = named_users.of(batches.read_rows({tables.User: [(user_id,)]}), [user_id]).get(user_id)
    if user is None or user.profile_seq > delivery.fan_out.change_seq:
        return
    what = (user_id, user.profile_seq)
    if push.was_told(what):
        return
    wait_ms = _wait_ms(user_id, now_ms)
    if wait_ms:
        queues.deliver([delivery], delay_s=-(-wait_ms // 1000))
        return
    _tell(user_id, user, now_ms)
    push.remember(what)


def _wait_ms(user_id: str, now_ms: int) -> int:
    """Takes a token of the person's bucket; returns the time in ms until there is one, 0 if it got it."""
    taking = rate_buckets.take(rate_buckets.key(user_id, RATE.name), RATE, now_ms)
    return 0 if taking.is_granted else taking.tat_ms + RATE.interval_ms - RATE.window_ms - now_ms


def _tell(user_id: str, user: NamedUser, now_ms: int) -> None:
    """Posts to the person's own devices, to those who hear whether the person is online, and to open conversations."""
    entries, few = in_parallel(
        lambda: presence.recent(user_id, presence.MAX_WATCHERS), lambda: blocks.few_cut_off(user_id)
    )
    watchers = {entry.peer_id for entry in entries if entry.peer_id is not None}
    opened = _opened(entries)
    members = {member_id for people in opened.values() for member_id in people} - watchers
    hidden = few if few is not None else blocks.cut_off_among(user_id, watchers | members)
    everywhere = visibility.of_status(user_id, watchers, hidden)
    in_opened = visibility.of_profile(user_id, members, hidden)
    event = UserUpdated(user_id=user_id, users={user_id: user})
    people = connections.of([*everywhere.people, *in_opened.people])
    now_s = now_ms // 1000
    posts = [
        *push.posts_to(now_s, people.values(), everywhere.frames(event)),
        *push.posts_to(now_s, people.values(), in_opened.frames_in(event, opened)),
    ]
    if later := push.deliver(posts, now_ms):
        queues.retry_later(later)


def _opened(entries: Iterable[Entry]) -> dict[str, list[str]]:
    """Returns the members of the `MAX_OPENED` most recent groups and unanswered conversations, by conversation.

    A conversation whose members would be more than `MAX_MEMBERS` with those before is left out.
    """
    wanted = [entry.conversation_id for entry in entries if entry.peer_id is None][:MAX_OPENED]
    heads = conversations.heads(wanted) if wanted else {}
    found: dict[str, list[str]] = {}
    room = MAX_MEMBERS
    for head in (heads[conversation_id] for conversation_id in wanted if conversation_id in heads):
        if _size(head) <= room:
            found[head.conversation_id] = conversations.members_behind(head, room)
            room -= _size(head)
    return found


def _size(head: Head) -> int:
    return max(head.member_count, len(head.participants))
