"""The number on an app's icon: a person's unread total."""

from collections.abc import Sequence

from parley.actions.conversations import unread
from parley.actions.notifications.facts import Known
from parley.adapters.threads import Threads

MAX_COUNTED = 16  # people of one job whose totals are counted, side by side

_counting = Threads(max_workers=MAX_COUNTED, thread_name_prefix="badge")


def unread_totals(pushed: Sequence[Known], now_ms: int) -> dict[str, int]:
    """Returns the unread totals of people who get a push; two round trips.

    Of many people at once none is counted: a group's push shows how much of the group they have not read.
    """
    user_ids = list(dict.fromkeys(each.pair.user_id for each in pushed))
    if not user_ids or len(user_ids) > MAX_COUNTED:
        return {}
    return dict(zip(user_ids, _counting.map(unread.count_total, user_ids), strict=True))
