"""Counting what the stream of messages brings, each record once."""

from collections.abc import Iterator, Sequence

from parley.adapters.dynamodb import conditions, retrying, unreadable
from parley.adapters.figures import figures
from parley.domain.figures import tallies
from parley.domain.figures.records import Record
from parley.domain.figures.tallies import Tally


def count_figures(shard_id: str, records: Sequence[Record]) -> None:
    """Counts those records of a batch that are not counted yet, and notes how far the shard is counted.

    Two round trips; two more for each `MAX_PLACES` rows that the batch changes. The records of a shard come in order,
    so all up to its mark are counted. Raises Unavailable if other shards keep changing the same rows.
    """
    for part, tallied in _parts(records, tallies.slot_of(shard_id)):
        _count(shard_id, part, tallied)


def _parts(records: Sequence[Record], slot: int) -> Iterator[tuple[list[Record], list[Tally]]]:
    """Yields the records in parts that change `MAX_PLACES` rows at most, with what each counts for."""
    part: list[Record] = []
    tallied: list[Tally] = []
    places: set[tallies.Place] = set()
    for record in records:
        tally = _tally(record, slot)
        if len(places | tally.places) > figures.MAX_PLACES:
            yield part, tallied
            part, tallied, places = [], [], set()
        part.append(record)
        tallied.append(tally)
        places |= tally.places
    if places:  # records that count for nothing do no harm if they come again
        yield part, tallied


def _tally(record: Record, slot: int) -> Tally:
    """Returns what a record counts for; nothing if its row is damaged, so that it stops no other."""
    if record.row is None:
        return Tally()
    try:
        return tallies.tally(record.row, slot)
    except unreadable.ERRORS:
        unreadable.report("Messages", [f"{record.row.get('conversation_id')}/{record.row.get('seq')}"])
        return Tally()


def _count(shard_id: str, part: Sequence[Record], tallied: Sequence[Tally]) -> None:
    places = {place for tally in tallied for place in tally.places}
    last = part[-1]
    for _ in conditions.tries():
        known = figures.read_known(shard_id, places)
        if last.sequence <= known.sequence:
            return
        whole = Tally()
        for record, tally in zip(part, tallied, strict=True):
            if record.sequence > known.sequence:
                whole.include(tally)
        try:
            figures.write_tally(known, whole, last.sequence, last.written_at_s)
        except conditions.LostRace:
            continue
        return
    raise retrying.busy()
