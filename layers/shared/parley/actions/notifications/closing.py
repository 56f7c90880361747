"""Taking notices away from apps, after the person has read the conversation on another device."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from parley.actions.conversations import unread
from parley.actions.notifications import pushing
from parley.adapters.conversations import conversations
from parley.adapters.dynamodb import batches, tables, unreadable
from parley.adapters.notifications import devices, jobs
from parley.adapters.threads import Threads
from parley.domain.conversations.head import Head
from parley.domain.conversations.steps import CLOSE
from parley.domain.notifications.notice import Recipient
from parley.domain.notifications.occasion import MAX_TOLD, Closing, NotificationJob

_notes = Threads(max_workers=MAX_TOLD, thread_name_prefix="note")


def close_notices(wanted: Closing) -> None:
    """Tells a person's apps that they have read a conversation, or written there; two round trips, a call for each app.

    A background push may be dropped, so it is made once. Nothing happens if a later push is unread by now.
    """
    key = (wanted.user_id, wanted.conversation_id)
    keys: dict[type[tables.Table], list[batches.Key]] = {
        tables.Conversation: [(wanted.conversation_id,)],
        tables.Membership: [key],
        tables.Notification: [devices.key(wanted.user_id)],
    }
    rows = batches.read_rows(keys)
    head, mine = conversations.head_of(rows, wanted.conversation_id), conversations.membership_of(rows, *key)
    registered = unreadable.readable("Notifications", [wanted.user_id], lambda each: devices.of(rows, each))
    if head is None or mine is None or not registered:
        return
    pushed_seq = head.pushed_seq(mine)
    if pushed_seq is None or head.settled_seq(mine) < pushed_seq:
        return
    if wanted.answered and not head.has_members and mine.read_seq >= pushed_seq:
        return  # the reading has told them; in a group the send itself moves the marker, and knew that
    to = registered[wanted.user_id].devices
    if pushing.closes(to):
        pushing.close(wanted.user_id, to, wanted.conversation_id, unread.count_total(wanted.user_id))


def closings_of(row: Mapping[str, Any]) -> list[Closing]:
    """Returns whose notices a row of the stream takes away: those of a person who has written a message."""
    if CLOSE not in row.get("errands", "").split(","):
        return []
    return [Closing(row["sender_id"], row["conversation_id"], answered=True)]


def queue_closings(wanted: Sequence[Closing]) -> None:
    """Queues a job for each of these; one call for each ten, none for none."""
    jobs.queue_jobs([(NotificationJob(occasions=(), closes=each), 0) for each in wanted])


def note_pushes(told: Iterable[tuple[Recipient, Head, int]]) -> None:
    """Notes of which message of a conversation the apps of people were told, so that reading it takes the notice away.

    One write unit for each person who has an app, side by side.
    """
    of_apps = [each for each in told if pushing.closes(each[0].devices)]
    list(_notes.map(lambda each: conversations.note_push(each[1], each[0].user_id, each[2]), of_apps))
