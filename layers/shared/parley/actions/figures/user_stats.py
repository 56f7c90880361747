"""The figures of people: the messages that each has written and received, and when they last wrote."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from msgspec import Struct
from msgspec.structs import asdict

from parley.actions import access, named
from parley.actions.parallel import in_parallel
from parley.adapters.conversations import conversations
from parley.adapters.figures import people_figures
from parley.adapters.people import directory
from parley.adapters.threads import Threads
from parley.domain.api import cursors, sealed_cursors
from parley.domain.api.request import Request
from parley.domain.api.tables import Csv, table
from parley.domain.api.times import DAY_MS, EPOCH, rfc3339
from parley.domain.api.types import NamedUser
from parley.domain.figures.days import day_of, range_of
from parley.domain.figures.person_numbers import MINUTE_MS, Numbers, code_of
from parley.domain.figures.requests import UserStatsQuery
from parley.domain.people.directory import SHARDS, Entry

COLUMNS = ("user_id", "name", "sent", "received", "conversations", "last_active_at")
MAX_COUNTED = 1_000  # conversations of a person, tickets apart, and as many tickets

_counts = Threads(max_workers=16, thread_name_prefix="conversation-counts")


class UserStats(Struct, frozen=True, kw_only=True):
    """The messages that a person has written and received on some days. They are in `conversations` now.

    `last_active_at` is the minute in which they last wrote on these days.
    """

    user_id: str
    sent: int
    received: int
    conversations: int
    last_active_at: str | None


class _Line(UserStats, frozen=True, kw_only=True):
    """A line of the table."""

    name: str | None


class UserStatList(Struct, frozen=True, kw_only=True, rename={"since": "from"}):
    """A page of the people of the directory, whether they wrote or not. Only `next` says whether there is more."""

    since: str
    to: str
    people: list[UserStats]
    users: dict[str, NamedUser]
    next: str | None


def list_user_stats(request: Request, query: UserStatsQuery, as_table: bool) -> UserStatList | Csv:
    """Returns a page of people with their figures, to moderators and the host's own server, as JSON or CSV.

    Three round trips; more for each MB of rows, some 3 bytes for each day and person who was active on it. Two queries
    count the conversations of each person on the page.
    """
    access.require_moderator(request, or_service=True)
    days = range_of(query.since, query.to, day_of(request.now_ms))
    shard, after = _position(query.cursor)
    entries = directory.of_shard(shard, after, query.limit + 1)
    user_ids = [entry.user_id for entry in entries[: query.limit]]
    (numbers, counts), users = in_parallel(
        lambda: in_parallel(
            lambda: people_figures.numbers_of(shard, map(code_of, user_ids), days[0], days[-1]),
            lambda: list(_counts.map(lambda user_id: conversations.count(user_id, MAX_COUNTED), user_ids)),
        ),
        lambda: named.users(request, user_ids),
    )
    rows = [
        _row(user_id, count, numbers.get(code_of(user_id), {}))
        for user_id, count in zip(user_ids, counts, strict=True)
        if user_id in users  # the index may be a moment late
    ]
    following = _next(shard, entries, query.limit)
    if query.is_table(as_table):
        return table((_Line(**asdict(row), name=users[row.user_id].name) for row in rows), COLUMNS, next=following)
    return UserStatList(since=days[0], to=days[-1], people=rows, users=users, next=following)


def _row(user_id: str, conversation_count: int, by_day: Mapping[str, Numbers]) -> UserStats:
    return UserStats(
        user_id=user_id,
        sent=sum(numbers.sent for numbers in by_day.values()),
        received=sum(numbers.received for numbers in by_day.values()),
        conversations=conversation_count,
        last_active_at=_last(by_day),
    )


def _last(by_day: Mapping[str, Numbers]) -> str | None:
    """Returns the minute in which a person last wrote; None if they did not."""
    written: Iterable[tuple[str, int]] = ((day, numbers.minute) for day, numbers in by_day.items() if numbers.minute)
    day, minute = max(written, default=("", 0))
    if not minute:
        return None
    return rfc3339((date.fromisoformat(day).toordinal() - EPOCH.toordinal()) * DAY_MS + (minute - 1) * MINUTE_MS)


def _position(cursor: str | None) -> tuple[str, str]:
    """Returns the part of the directory and the key after which a page begins; raises Invalid for a foreign cursor."""
    if cursor is None:
        return SHARDS[0], "\x00"
    try:
        shard, _, after = sealed_cursors.unseal(cursor, directory.sealing_key()).partition(":")
    except ValueError as error:
        raise cursors.unknown() from error
    if shard not in SHARDS:  # one of the directory's own cursors
        raise cursors.unknown()
    return shard, after or "\x00"


def _next(shard: str, entries: Sequence[Entry], limit: int) -> str | None:
    """Returns the cursor of the next page, in this part of the directory or in the next one; None at the end."""
    if len(entries) > limit:
        position = f"{shard}:{entries[limit - 1].name_key}"
    elif shard != SHARDS[-1]:
        position = f"{SHARDS[SHARDS.index(shard) + 1]}:"
    else:
        return None
    return sealed_cursors.seal(position, directory.sealing_key())
