"""The caller's inbox of notifications: what they have not seen yet, on any device."""

from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from parley.actions import access, push
from parley.actions.notifications import counting, facts, wording
from parley.actions.notifications.facts import Known, Pair
from parley.actions.parallel import in_parallel
from parley.adapters.conversations import conversations, messages
from parley.adapters.dynamodb import batches, tables
from parley.adapters.notifications import notices
from parley.adapters.notifications.notices import Entry
from parley.adapters.support import ticket_history
from parley.domain.api import cursors
from parley.domain.api.errors import Invalid, NotFound
from parley.domain.api.request import Request
from parley.domain.api.requests import Page
from parley.domain.api.times import rfc3339
from parley.domain.conversations.steps import Change
from parley.domain.notifications.events import NotificationsSeen, NotificationTold
from parley.domain.notifications.inbox import NoticePosition, Notification, is_notification_id, place_of
from parley.domain.notifications.occasion import Occasion, OccasionKind
from parley.domain.notifications.ticket_news import new_assignee

MAX_COUNTED = 100  # entries among which the unseen ones are counted
MAX_OLDER = 5  # reactions before the newest one that was taken back
MAX_LOOKS = 3  # reads of one page, for entries in place of those that the person does not see any more


class NotificationList(Struct, frozen=True, kw_only=True):
    """A page of the caller's inbox, newest first. `unseen` counts the newest 100, on the first page alone.

    `capped` says that there are more than these.
    """

    notifications: list[Notification]
    unseen: int | None
    capped: bool
    next: str | None


class SeenNotifications(Struct, frozen=True, kw_only=True):
    """The time before which the caller has seen everything."""

    seen_before: str


def list_notifications(request: Request, query: Page) -> NotificationList:
    """Returns a page of the caller's inbox, each entry as they may see it now; three round trips.

    An entry whose message is gone, or whose conversation the caller has left, is not in the list: others come in its
    place, with three round trips more for each `limit` entries that are looked at. `MAX_LOOKS` end that, so a page may
    have fewer than `limit` before the last one.
    """
    before = cursors.decode(query.cursor, NoticePosition)
    first = _look(request, before, query.limit if before is not None else max(query.limit, MAX_COUNTED))
    looked = first
    for _ in range(MAX_LOOKS - 1):
        if not looked.is_cut or len(looked.shown) >= query.limit:
            break
        looked = looked.with_more(_look(request, looked.position, query.limit))
    page = looked.up_to(query.limit)
    return NotificationList(
        notifications=[notification for _, notification in page.shown],
        unseen=None if before is not None else sum(not notification.seen for _, notification in first.shown),
        capped=before is None and first.is_cut,
        next=cursors.encode(page.position) if page.is_cut and page.position is not None else None,
    )


class _Looked(Struct, frozen=True):
    """The entries that were looked at, with what the person may see; `position` is the last one of all.

    `is_cut` says that there are more.
    """

    shown: Sequence[tuple[NoticePosition, Notification]]
    position: NoticePosition | None
    is_cut: bool

    def with_more(self, later: "_Looked") -> "_Looked":
        """Returns these and later ones."""
        return _Looked([*self.shown, *later.shown], later.position or self.position, later.is_cut)

    def up_to(self, limit: int) -> "_Looked":
        """Returns the first ones; what follows them is cut off only if the person may see any of it."""
        if len(self.shown) <= limit:
            return self
        return _Looked(self.shown[:limit], self.shown[limit - 1][0], is_cut=True)


def _look(request: Request, after: NoticePosition | None, most: int) -> _Looked:
    """Returns up to `most` entries of the inbox from a position on, without those that the person may not see."""
    start = None if after is None else (after.at_ms, after.place)
    found = notices.inbox(request.user_id, most + 1, start)
    known = known_entries(request.user_id, found[:most], request.now_ms)
    shown = [(_position(entry), each) for entry, one in known if (each := _shown(entry, one)) is not None]
    return _Looked(shown, _position(found[:most][-1]) if found else None, is_cut=len(found) > most)


def _position(entry: Entry) -> NoticePosition:
    return NoticePosition(at_ms=entry.at_ms, place=entry.place)


def mark_notification(request: Request, notification_id: str) -> Notification:
    """Marks one entry of the caller's inbox as seen, and tells their devices; four round trips and the posts."""
    if not is_notification_id(notification_id):
        detail = "That is not the id of a notification."
        raise Invalid.field(access.field_of(request, "notification_id"), "bad_format", detail)
    entry = notices.get_entry(request.user_id, place_of(notification_id))
    [(_, known)] = known_entries(request.user_id, [entry], request.now_ms) if entry else [(None, None)]
    shown = None if entry is None or known is None else _shown(entry, known)
    if entry is None or shown is None:
        raise NotFound("notification_not_found", "There is no such notification.")
    if not notices.mark_seen(entry):  # it tells of something newer by now
        return shown
    seen = replace(shown, seen=True)
    push.tell(request, [request.user_id], NotificationTold(notification=seen))
    return seen


def mark_notifications(request: Request) -> SeenNotifications:
    """Marks the whole inbox of the caller as seen, and tells their devices; two round trips and the posts."""
    notices.mark_all_seen(request.user_id, request.now_ms)
    before = rfc3339(request.now_ms)
    push.tell(request, [request.user_id], NotificationsSeen(seen_before=before))
    return SeenNotifications(seen_before=before)


def known_entries(user_id: str, entries: Sequence[Entry], now_ms: int) -> list[tuple[Entry, Known]]:
    """Returns entries of a person with what is known of them now; two round trips, none without entries.

    One more if the newest message of an entry was deleted, and others are there.
    """
    return list(zip(entries, known_pairs(found_of(user_id, entries), now_ms), strict=True)) if entries else []


class Found(Struct, frozen=True):
    """The occasions of some entries of a person, and the unread messages that are to be counted."""

    pairs: Sequence[Pair]
    spans: Sequence[counting.Span]


def found_of(user_id: str, entries: Sequence[Entry]) -> Found:
    """Returns a person with the occasion of each of their entries; one round trip for each 100 keys, all at once."""
    of_all = [each for each in entries if each.kind in counting.GATHERED]
    asked = dict.fromkeys((user_id, each.conversation_id) for each in of_all)
    rows, mine = in_parallel(
        lambda: batches.read_rows({tables.Message: [key for each in entries for key in _message_keys(each)]}),
        lambda: conversations.memberships(asked, stale=True) if asked else {},
    )
    read = {conversation_id: membership.read_seq for (_, conversation_id), membership in mine.items()}
    return Found(
        pairs=[Pair(user_id, _occasion_of(rows, each), each.kind) for each in entries],
        spans=counting.spans((each.conversation_id, read.get(each.conversation_id), each.seq) for each in of_all),
    )


def known_pairs(found: Found, now_ms: int) -> list[Known]:
    """Returns what is known of each now, with its unread messages; one round trip for each 100 keys, all at once.

    One more if the newest message of a conversation was deleted, and others are there.
    """
    known, parts = in_parallel(
        lambda: facts.read_facts(found.pairs, now_ms),
        lambda: counting.read_parts(found.spans),
    )
    return _with_older_reactions(counting.renewed(counting.counted(known, parts), now_ms), now_ms)


def _with_older_reactions(known: Sequence[Known], now_ms: int) -> list[Known]:
    """Returns entries of reactions with the newest that is there, in place of one that was taken back since.

    The newest `MAX_OLDER` before it are looked at; two round trips if there is such an entry.
    """
    older = {number: _older_numbers(each) for number, each in enumerate(known) if each.is_taken_back}
    keys = [(known[at].pair.occasion.conversation_id, number) for at, numbers in older.items() for number in numbers]
    if not keys:
        return list(known)
    rows = batches.read_rows({tables.Message: [messages.change_key(*key) for key in keys]})
    places, pairs = [], []
    for at, numbers in older.items():
        for number in numbers:
            pair = known[at].pair
            change = messages.change_of(rows, pair.occasion.conversation_id, number)
            if change is not None:
                places.append(at)
                pairs.append(_of_reaction(pair, change))
    found = list(known)
    for at, each in zip(places, facts.read_facts(pairs, now_ms) if pairs else (), strict=True):
        if found[at].is_taken_back and not (each.facts.is_deleted or each.facts.is_blocked):
            found[at] = each
    return found


def _older_numbers(known: Known) -> list[int]:
    numbers = known.entry.numbers if known.entry is not None else ()
    return sorted((number for number in numbers if number < known.pair.occasion.number), reverse=True)[:MAX_OLDER]


def _of_reaction(pair: Pair, change: Change) -> Pair:
    occasion = pair.occasion
    told = replace(occasion, number=change.change_seq, by=change.user_id, emoji=change.emoji or "", at_ms=change.at_ms)
    return Pair(pair.user_id, told, pair.kind)


def _message_keys(entry: Entry) -> list[batches.Key]:
    keys: list[batches.Key] = [(entry.conversation_id, entry.seq)] if entry.seq else []
    if entry.kind == "reaction":
        keys.append(messages.change_key(entry.conversation_id, entry.number))
    if entry.kind == "ticket" and not entry.waits:
        keys.append(ticket_history.key(entry.conversation_id, entry.number))
    return keys


def _occasion_of(rows: batches.Rows, entry: Entry) -> Occasion:
    """Returns the occasion of an entry, with the person who caused it, whom no entry names.

    Its time is that of the newest message: an entry moves up the inbox only once in a while.
    """
    occasion = occasion_of(entry)
    if occasion.kind == "ticket":
        told = ticket_history.entry_of(rows, entry.conversation_id, entry.number)
        return occasion if told is None else replace(occasion, assignee_id=new_assignee(told.about) or "")
    if entry.kind == "reaction":
        change = messages.change_of(rows, entry.conversation_id, entry.number)
        return occasion if change is None else replace(occasion, by=change.user_id, emoji=change.emoji or "")
    message = messages.readable_message(rows, entry.conversation_id, entry.seq) if entry.seq else None
    return occasion if message is None else replace(occasion, by=message.sender_id, at_ms=message.created_at_ms)


def occasion_of(entry: Entry, mark: int | None = None) -> Occasion:
    """Returns the occasion of an entry, as far as the entry tells; `mark` is that of an earlier one of its things."""
    occasion = Occasion(
        kind=kind_of(entry),
        conversation_id=entry.conversation_id,
        seq=entry.seq,
        number=entry.number,
        at_ms=entry.at_ms,
    )
    if mark is None:
        return occasion
    return replace(occasion, number=mark) if entry.kind in notices.NUMBERED else replace(occasion, seq=mark)


def kind_of(entry: Entry) -> OccasionKind:
    """Returns the kind of the occasion that an entry tells of."""
    if entry.kind == "mention":
        return "message"
    return "waiting_ticket" if entry.waits else entry.kind


def _shown(entry: Entry, known: Known) -> Notification | None:
    """Returns an entry as the person may see it; None if they may not, or if nothing of it is left."""
    seen = known.facts
    is_gone = seen.is_erased or seen.is_deleted or not seen.is_member
    if entry.is_hidden or is_gone or seen.is_blocked or seen.is_taken:
        return None
    return wording.notification_of(known, entry, seen=seen.has_read or seen.has_seen)
