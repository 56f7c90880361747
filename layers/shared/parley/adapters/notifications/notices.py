"""Notices of people, in the table of notifications: the entries of their inbox, and what the channels have decided.

Of a person, by place:

    c#<conversation>                       the entry of all unread messages of a conversation; how far was pushed
    n#<conversation>#<seq>#<kind>          the entry of something else; 0 for the seq: of all that is of this kind
    t#<conversation>#<seq>[#<number>]      a trace: what each channel has decided about one thing, and who is at it
    ~seen                                  the time before which everything counts as seen

Only entries have `at_ms`, so the index `by_time` is the inbox. No row holds a text that a user has written, or
another person's id: an erasure of that person need not look here.
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from itertools import islice
from typing import Any, Literal

import msgspec
from msgspec import Struct
from msgspec.structs import replace
from pynamodb.exceptions import PutError, UpdateError
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.operand import Path

from parley.adapters.dynamodb import batches, conditions, tables, unreadable
from parley.adapters.dynamodb.documents import to_wire
from parley.adapters.threads import Threads
from parley.domain.api import ids
from parley.domain.notifications.notice import NOTICE_LIFE_S, TRACE_LIFE_S, Channel, Kind
from parley.domain.notifications.occasion import MAX_TOLD, Occasion

_Row = tables.Notification
_SEEN = "~seen"
_writes = Threads(max_workers=4, thread_name_prefix="notices")

State = Literal["claimed", "waiting", "sent", "skipped", "failed"]
MAX_LOOKED = 100  # traces of one message's reactions, or of one ticket, among which the newest are looked for
NUMBERED: frozenset[Kind] = frozenset({"reaction", "ticket"})  # an entry goes on by the number of each
SETTLED: frozenset[State] = frozenset({"sent", "skipped", "failed"})


class Entry(Struct, frozen=True, kw_only=True):
    """An entry of a person's inbox. An entry that only an e-mail tells of is hidden from the inbox.

    `pushed_seq` and `pushed_at_ms` are of the last push of a conversation's messages; before `trails_ms` a push is
    due that tells of those that were held back. `numbers` are the changes of a ticket, the reactions, or the messages
    of the calls that it tells, and `last_seq` was the ticket's newest message then. `item` is the row as it was read,
    in DynamoDB's own notation; None stands for any row.
    """

    user_id: str
    place: str
    kind: Kind
    conversation_id: str
    seq: int
    at_ms: int
    number: int = 0
    is_seen: bool = False
    is_hidden: bool = False
    waits: bool = False
    pushed_seq: int = 0
    pushed_at_ms: int | None = None
    trails_ms: int | None = None
    version: int = 0
    item: Mapping[str, Any] | None = {}
    told_ms: int = 0  # when its newest thing was told
    numbers: frozenset[int] = frozenset()
    last_seq: int = 0

    @property
    def mark(self) -> int:
        """Returns how far it tells: a number that is greater after each new thing."""
        return self.number if self.kind in NUMBERED else self.seq

    @property
    def is_of_something(self) -> bool:
        """Says whether there is anything to tell: a push of a mention makes an entry for the messages to come."""
        return self.kind != "message" or self.seq > 0


class Told(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The decision of a channel about a thing, its rule, and the answer of a provider.

    `tries` says how often a push was tried again, with the devices that had failed.
    """

    state: State
    rule: str
    at_ms: int
    answer: str | None = None
    tries: int = 0


class NoticeTrace(Struct, frozen=True, kw_only=True):
    """The decisions of the channels about one thing; `owner` works on it until `until_ms`."""

    user_id: str
    place: str
    channels: Mapping[Channel, Told] = {}
    owner: str = ""
    until_ms: int = 0
    version: int = 0
    item: Mapping[str, Any] = {}  # as it was read, in DynamoDB's own notation

    @property
    def is_of_ticket(self) -> bool:
        """Says whether it is of a ticket itself, and of none of its messages."""
        return self.place.split("#")[2] == "0"

    def is_settled(self, channel: Channel) -> bool:
        """Says whether nothing more will happen by a channel."""
        told = self.channels.get(channel)
        return told is not None and told.state in SETTLED

    def is_anothers(self, owner: str, now_ms: int) -> bool:
        """Says whether another job may be at it."""
        return self.owner not in ("", owner) and now_ms < self.until_ms


def seen_key(user_id: str) -> batches.Key:
    """Returns the key of the row that says until when a person has marked everything as seen."""
    return (user_id, _SEEN)


def seen_before_ms(rows: batches.Rows, user_id: str) -> int:
    """Returns the time before which everything counts as seen, from a batch that held `seen_key`; 0 without one."""
    try:
        row = rows.get(_Row, *seen_key(user_id))
        return 0 if row is None else int(row.until_ms)
    except unreadable.ERRORS:
        unreadable.report("Notifications", [f"{user_id}/{_SEEN}"])
        return 0


def entry_of(rows: batches.Rows, user_id: str, place: str) -> Entry | None:
    """Returns an entry from a batch; None if there is none, or it is unreadable."""
    key = (user_id, place)
    found = unreadable.readable("Notifications", [key], lambda key: _entry_in(rows, key)).get(key)
    return None if found is None else msgspec.structs.replace(found, item=rows.item(_Row, *key) or {})


def trace_of(rows: batches.Rows, user_id: str, place: str) -> NoticeTrace:
    """Returns a trace from a batch: an empty one if there is none, or if it is unreadable."""
    found = unreadable.readable("Notifications", [(user_id, place)], lambda key: _trace_in(rows, key))
    item = rows.item(_Row, user_id, place) or {}
    known = found.get((user_id, place)) or NoticeTrace(user_id=user_id, place=place)
    return replace(known, item=item)


def numbered_traces(user_id: str, occasion: Occasion, limit: int) -> list[tuple[int, NoticeTrace]]:
    """Returns up to `limit` traces of reactions to a message, or of each kind in a ticket, with their numbers.

    Of each kind the newest first; one round trip, two in a ticket.
    """
    found = _numbered(user_id, occasion, limit)
    if occasion.conversation_id.startswith(ids.TICKET_PREFIX):
        found = [*found, *_numbered(user_id, replace(occasion, seq=0), limit)]
    return found


def _numbered(user_id: str, occasion: Occasion, limit: int) -> list[tuple[int, NoticeTrace]]:
    places = _Row.place.startswith(f"{occasion.trace_place}#")
    rows = _Row.query(user_id, places, scan_index_forward=False, limit=MAX_LOOKED, consistent_read=True)
    found = unreadable.decoded("Notifications", rows, _trace)
    numbered = ((int(trace.place.rpartition("#")[2]), trace) for trace in found)
    return sorted(numbered, key=lambda each: -each[0])[:limit]


def claim(traces: Sequence[NoticeTrace], now_ms: int) -> None:
    """Takes traces for a job, all or none; raises LostRace if another was faster. One round trip.

    One is a plain write, which costs half of a transaction.
    """
    if len(traces) == 1:
        [trace] = traces
        try:
            _trace_row(trace, now_ms).save(condition=conditions.unchanged(trace.item, _Row.version))
        except PutError as error:
            if conditions.failed_condition(error):
                raise conditions.LostRace from error
            raise
        return
    with conditions.transaction() as transaction:
        for trace in traces:
            transaction.save(_trace_row(trace, now_ms), condition=conditions.unchanged(trace.item, _Row.version))


def write_entries(entries: Sequence[Entry]) -> list[Entry]:
    """Writes entries, and returns those that it did not write, because others have changed them since they were read.

    One round trip, and one for each if one of several was changed. Several are transactions, as their claims are.
    """
    parts = [entries[first : first + MAX_TOLD] for first in range(0, len(entries), MAX_TOLD)]
    return [entry for part in _writes.map(_write_part, parts) for entry in part]


def write_traces(traces: Iterable[NoticeTrace], now_ms: int) -> None:
    """Writes traces, whatever is there; one round trip for each 25, all at once.

    Their job has claimed them, or nobody is told twice by it.
    """
    batches.write_rows(_trace_row(trace, now_ms) for trace in traces)


def _write_part(entries: Sequence[Entry]) -> list[Entry]:
    if len(entries) > 1:
        with suppress(conditions.LostRace), conditions.transaction() as transaction:
            for entry in entries:
                transaction.save(_entry_row(entry), condition=_is_as_read(entry))
            return []
    return [entry for entry in entries if not _put(entry)]


def _is_as_read(entry: Entry) -> Condition | None:
    return None if entry.item is None else conditions.unchanged(entry.item, _Row.version)


def _put(entry: Entry) -> bool:
    try:
        _entry_row(entry).save(condition=_is_as_read(entry))
    except PutError as error:
        if conditions.failed_condition(error):
            return False
        raise
    return True


def entries(keys: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Entry]:
    """Returns those entries that there are and that can be read, by person and place.

    Strongly consistent, one round trip.
    """
    wanted = list(keys)
    rows = batches.read_rows({_Row: list(wanted)})
    return {key: entry for key in wanted if (entry := entry_of(rows, *key)) is not None}


def get_entry(user_id: str, place: str) -> Entry | None:
    """Returns an entry of a person's inbox, or None; strongly consistent, one round trip."""
    return entries([(user_id, place)]).get((user_id, place))


def mark_seen(entry: Entry) -> bool:
    """Marks an entry as seen; returns False if it is gone, or tells of something newer by now. One round trip."""
    try:
        number = (_Row.number == entry.number) if entry.number else _Row.number.does_not_exist()
        is_same = _Row.at_ms.exists() & (_Row.seq == entry.seq) & number
        _Row(entry.user_id, entry.place).update(actions=[_Row.seen.set(True), _Row.version.add(1)], condition=is_same)
    except UpdateError as error:
        if conditions.failed_condition(error):
            return False
        raise
    return True


def mark_all_seen(user_id: str, before_ms: int) -> None:
    """Marks everything before a time as seen, unless a later time has been; one round trip."""
    is_later = ~_Row.until_ms.is_type() | (_Row.until_ms < before_ms)
    try:
        _Row(user_id, _SEEN).update(actions=[_Row.until_ms.set(before_ms)], condition=is_later)
    except UpdateError as error:
        if not conditions.failed_condition(error):
            raise


def note(user_id: str, place: str, channel: Channel, told: Told) -> None:
    """Notes what a channel has decided, in a trace that exists; one round trip."""
    told_map = Path([_Row.document.attr_name, channel])
    try:
        _Row(user_id, place).update(actions=[told_map.set(msgspec.to_builtins(told))], condition=_Row.document.exists())
    except UpdateError as error:
        if not conditions.failed_condition(error):
            raise


def inbox(user_id: str, limit: int, before: tuple[int, str] | None) -> list[Entry]:
    """Returns up to `limit` entries of a person's inbox, the newest first, from after an entry on; one round trip."""
    start = None
    if before is not None:
        start = {"key": to_wire(user_id), "at_ms": to_wire(before[0]), "place": to_wire(before[1])}
    found = _Row.by_time.query(
        user_id, scan_index_forward=False, page_size=limit, last_evaluated_key=start, consistent_read=True
    )
    return list(islice(unreadable.decoded("Notifications", found, _entry), limit))


def places_of(user_id: str, limit: int) -> list[str]:
    """Returns the places of up to `limit` rows of a person, also of settings; one round trip."""
    key = _Row.key_names()
    return [row.place for row in _Row.query(user_id, limit=limit, attributes_to_get=key, consistent_read=True)]


def _entry_in(rows: batches.Rows, key: tuple[str, str]) -> Entry | None:
    row = rows.get(_Row, *key)
    return None if row is None else _entry(row)


def _entry(row: tables.Notification) -> Entry:
    return msgspec.convert(
        {
            "user_id": row.key,
            "place": row.place,
            "kind": row.kind,
            "conversation_id": row.place.split("#")[1],
            "seq": int(row.seq),
            "at_ms": int(row.at_ms),
            "number": int(row.number or 0),
            "is_seen": bool(row.seen),
            "is_hidden": bool(row.hidden),
            "waits": bool(row.waits),
            "pushed_seq": int(row.pushed_seq or 0),
            "pushed_at_ms": None if row.pushed_at_ms is None else int(row.pushed_at_ms),
            "trails_ms": None if row.trails_ms is None else int(row.trails_ms),
            "version": int(row.version or 0),
            "told_ms": int(row.told_ms or row.at_ms),
            "numbers": frozenset(int(number) for number in row.numbers or ()),
            "last_seq": int(row.last_seq or 0),
        },
        type=Entry,
    )


def _entry_row(entry: Entry) -> tables.Notification:
    return _Row(
        entry.user_id,
        entry.place,
        kind=entry.kind,
        seq=entry.seq,
        number=entry.number or None,
        at_ms=entry.at_ms,
        seen=entry.is_seen or None,
        hidden=entry.is_hidden or None,
        waits=entry.waits or None,
        pushed_seq=entry.pushed_seq or None,
        pushed_at_ms=entry.pushed_at_ms,
        trails_ms=entry.trails_ms,
        version=entry.version + 1,
        told_ms=entry.told_ms or None,
        numbers=set(entry.numbers) or None,
        last_seq=entry.last_seq or None,
        expires_at_s=entry.at_ms // 1000 + NOTICE_LIFE_S,
    )


def _trace_in(rows: batches.Rows, key: tuple[str, str]) -> NoticeTrace | None:
    row = rows.get(_Row, *key)
    return None if row is None else _trace(row)


def _trace(row: tables.Notification) -> NoticeTrace:
    return NoticeTrace(
        user_id=row.key,
        place=row.place,
        channels=msgspec.convert(row.document, type=dict[Channel, Told]),
        owner=row.owner or "",
        until_ms=int(row.until_ms or 0),
        version=int(row.version or 0),
    )


def _trace_row(trace: NoticeTrace, now_ms: int) -> tables.Notification:
    return _Row(
        trace.user_id,
        trace.place,
        document=msgspec.to_builtins(trace.channels),
        owner=trace.owner or None,
        until_ms=trace.until_ms or None,
        version=trace.version + 1,
        expires_at_s=now_ms // 1000 + TRACE_LIFE_S,
    )
