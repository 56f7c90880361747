"""Taking notices away from apps, after the person has read the conversation on another device."""

from collections.abc import Iterable

from parley.actions.conversations import unread
from parley.actions.notifications import pushing
from parley.adapters.conversations import conversations
from parley.adapters.dynamodb import batches, tables, unreadable
from parley.adapters.notifications import devices
from parley.adapters.threads import Threads
from parley.domain.notifications.notice import Recipient
from parley.domain.notifications.occasion import MAX_TOLD, Closing

_notes = Threads(max_workers=MAX_TOLD, thread_name_prefix="note")


def close_notices(wanted: Closing) -> None:
    """Tells a person's apps that they have read a conversation; two round trips, and a call for each app.

    A background push may be dropped, so it is made once. Nothing happens if a later push is unread by now.
    """
    key = (wanted.user_id, wanted.conversation_id)
    rows = batches.read_rows({tables.Membership: [key], tables.Notification: [devices.key(wanted.user_id)]})
    mine = conversations.membership_of(rows, *key)
    registered = unreadable.readable("Notifications", [wanted.user_id], lambda each: devices.of(rows, each))
    if mine is None or mine.pushed_seq is None or mine.read_seq < mine.pushed_seq or not registered:
        return
    to = registered[wanted.user_id].devices
    if pushing.closes(to):
        pushing.close(wanted.user_id, to, wanted.conversation_id, unread.count_total(wanted.user_id))


def note_pushes(told: Iterable[tuple[Recipient, str, int]]) -> None:
    """Notes of which message of a conversation the apps of people were told, so that reading it takes the notice away.

    One write unit for each person who has an app, side by side.
    """
    of_apps = [each for each in told if pushing.closes(each[0].devices)]
    list(_notes.map(lambda each: conversations.note_push(each[0].user_id, each[1], each[2]), of_apps))
