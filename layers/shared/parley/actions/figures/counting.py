"""Counting what the stream of messages brings, each record once."""

from collections.abc import Collection, Iterator, Mapping, Sequence

from parley.adapters.dynamodb import conditions, retrying, unreadable
from parley.adapters.figures import figures, people_figures
from parley.domain.figures import tallies
from parley.domain.figures.records import Record
from parley.domain.figures.tallies import Tally

MAX_PEOPLE = 20_000  # of a part, counted once for each message: a run of some 240 KB, of the 400 KB that a row may have


def count_figures(shard_id: str, records: Sequence[Record]) -> None:
    """Counts those records of a batch that are not counted yet, and notes how far the shard is counted.

    Three round trips; two more for each `MAX_PLACES` rows that the batch changes, and some for each day of which
    many runs are collected. The records of a shard come in order, so all up to its mark are counted. Raises Unavailable
    if other shards keep changing the same rows.
    """
    slot = tallies.slot_of(shard_id)
    members = people_figures.members_of(_read_conversations(records))
    for part, tallied in _parts(records, slot, members):
        for place in _count(shard_id, part, tallied):
            _merge(place)


def _read_conversations(records: Sequence[Record]) -> Iterator[str]:
    """Yields the conversations of messages that count as received."""
    for record in records:
        if record.row is not None and "conversation_id" in record.row and tallies.has_readers(record.row):
            yield record.row["conversation_id"]


def _merge(place: tallies.Place) -> None:
    try:
        people_figures.merge(place)
    except conditions.LostRace:
        return  # others were faster; the next batch of the day finds what is left


def _parts(
    records: Sequence[Record], slot: int, members: Mapping[str, Collection[str]]
) -> Iterator[tuple[list[Record], list[Tally]]]:
    """Yields the records in parts of `MAX_PLACES` rows and `MAX_PEOPLE` people at most, with what each counts for."""
    part: list[Record] = []
    tallied: list[Tally] = []
    places: set[tallies.Place] = set()
    people_count = 0
    for record in records:
        tally = _tally(record, slot, members)
        is_full = _written(places | tally.places) > figures.MAX_PLACES or people_count + tally.people_count > MAX_PEOPLE
        if is_full and part:
            yield part, tallied
            part, tallied, places, people_count = [], [], set(), 0
        part.append(record)
        tallied.append(tally)
        places |= tally.places
        people_count += tally.people_count
    if places:  # records that count for nothing do no harm if they come again
        yield part, tallied


def _written(places: Collection[tallies.Place]) -> int:
    """Returns how many rows a part may write: a day has a run, too."""
    return len(places) + sum(key == tallies.DAY for key, _ in places)


def _tally(record: Record, slot: int, members: Mapping[str, Collection[str]]) -> Tally:
    """Returns what a record counts for; nothing if its row is damaged, so that it stops no other."""
    if record.row is None:
        return Tally()
    try:
        return tallies.tally(record.row, slot, members.get(record.row.get("conversation_id", ""), ()))
    except unreadable.ERRORS:
        unreadable.report("Messages", [f"{record.row.get('conversation_id')}/{record.row.get('seq')}"])
        return Tally()


def _count(shard_id: str, part: Sequence[Record], tallied: Sequence[Tally]) -> list[tallies.Place]:
    """Counts a part; returns the days of which much is collected, or that are over."""
    places = {place for tally in tallied for place in tally.places}
    last = part[-1]
    for _ in conditions.tries():
        known = figures.read_known(shard_id, places)
        if last.sequence <= known.sequence:
            return []
        whole = Tally()
        for record, tally in zip(part, tallied, strict=True):
            if record.sequence > known.sequence:
                whole.include(tally)
        try:
            return figures.write_tally(known, whole, last.sequence, last.written_at_s)
        except conditions.LostRace:
            continue
    raise retrying.busy()
