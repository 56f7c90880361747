"""The table of figures: what is added to rows in one transaction with the mark of a shard, and what is read of them."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec
from msgspec import Struct

from parley.adapters.dynamodb import batches, conditions, tables, unreadable
from parley.adapters.figures import people_figures
from parley.adapters.figures.people_figures import Collected
from parley.domain.figures import active_people, tallies
from parley.domain.figures.tallies import Place, Tally

MARK_KEPT_S = 7 * 24 * 3600  # the stream keeps a record for 24 h (DynamoDB developer guide, "DynamoDB Streams")
MAX_PLACES = 90  # rows that one transaction changes beside the mark: DynamoDB takes 100 together

_counts = msgspec.json.Decoder(dict[str, int])


class Known(Struct, frozen=True):
    """The rows that a batch would change, and how far its shard is counted, as they were read."""

    shard_id: str
    sequence: int  # 0 of a shard of which nothing is counted yet
    rows: batches.Rows


def read_known(shard_id: str, places: Iterable[Place]) -> Known:
    """Returns the mark of a shard and these rows, strongly consistent; one round trip.

    A damaged mark raises an error, because counting on would count twice.
    """
    mark = (tallies.MARK, shard_id)
    rows = batches.read_rows({tables.Figure: [mark, *places]})
    row = rows.get(tables.Figure, *mark)
    return Known(shard_id, 0 if row is None else int(row.sequence), rows)


def write_tally(known: Known, tally: Tally, sequence: int, at_s: int) -> list[Place]:
    """Adds a tally to the rows, and moves the mark, all or nothing; raises LostRace if one of them has changed.

    Returns the rows of days whose people are to be merged. One round trip and two write units for each row that
    changes, which is one KB or less as a rule; one more if a day begins.
    """
    rows = list(_changed(known.rows, tally, at_s))
    with conditions.transaction() as transaction:
        row = tables.Figure(tallies.MARK, known.shard_id, sequence=str(sequence), expires_at_s=at_s + MARK_KEPT_S)
        counted = tables.Figure.sequence == str(known.sequence) if known.sequence else _NEW
        transaction.save(row, condition=counted)
        for row, revision in rows:
            transaction.save(row, condition=None if revision is None else people_figures.at_revision(revision))
    return list(_to_merge(rows))


_NEW = tables.Figure.key.does_not_exist()


def _to_merge(rows: Iterable[tuple[tables.Figure, int | None]]) -> Iterator[Place]:
    """Yields the days of which many runs are collected, and those before a day that has begun."""
    for row, revision in rows:
        if row.key == tallies.DAY and revision == 0:
            yield from people_figures.left_before(row.place.partition("#")[0])
        if (row.runs or 0) >= tallies.MERGE_RUNS:
            yield row.key, row.place


def _changed(rows: batches.Rows, tally: Tally, at_s: int) -> Iterator[tuple[tables.Figure, int | None]]:
    """Yields each row that a tally changes, with the revision that it has now: 0 of a row that is new, None of a run.

    An unreadable row stays as it is and is reported, so that it stops no other number.
    """
    present = unreadable.readable("Figures", tally.places, lambda place: _present(rows, place))
    for place, amounts in tally.counts.items():
        if place in present:
            counts = tallies.added(present[place].counts, amounts)
            held, run = present[place].collected.plus(tally.people.get(place, {}))
            kept = {"counts": msgspec.json.encode(counts).decode(), "people": held.content, "runs": held.runs or None}
            yield _row(place, present[place].revision, **kept)
            if run is not None:
                yield people_figures.run_row(place[1], held.runs - 1, run, at_s), None
    for place, ranks in tally.registers.items():
        if place in present:
            after = active_people.raised(present[place].registers, ranks)
            if after != present[place].registers:
                yield _row(place, present[place].revision, registers=active_people.packed(after))
    for place, user_id in tally.agents.items():
        if not rows.has(tables.Figure, *place):
            yield _row(place, 0, user_id=user_id)


class _Present(Struct, frozen=True):
    """A row as it was read, or as a new one begins."""

    revision: int
    counts: Mapping[str, int]
    registers: bytes
    collected: Collected


def _present(rows: batches.Rows, place: Place) -> _Present:
    row = rows.get(tables.Figure, *place)
    revision = 0 if row is None else int(row.revision)
    return _Present(revision, counts_of(row), registers_of(row), Collected.of(row))


def _row(place: Place, revision: int, **attributes: Any) -> tuple[tables.Figure, int]:
    return tables.Figure(*place, revision=revision + 1, **attributes), revision


def counts_of(row: tables.Figure | None) -> dict[str, int]:
    """Returns the numbers of a row, by name."""
    return {} if row is None or row.counts is None else _counts.decode(row.counts)


def registers_of(row: tables.Figure | None) -> bytes:
    """Returns the registers of a row."""
    return active_people.unpacked(None if row is None else row.registers)


def numbers_between(key: str, first: str, last: str) -> dict[str, dict[str, int]]:
    """Returns the numbers of the rows of a key whose places begin with a text from `first` to `last`, by place.

    A round trip for each MB. Unreadable rows are left out and reported.
    """
    decoded = unreadable.decoded("Figures", _between(key, first, last), lambda row: (row.place, counts_of(row)))
    return dict(decoded)


def people_between(first: str, last: str) -> dict[str, dict[str, bytes]]:
    """Returns the chunks of registers of days, by day and number; a round trip for each MB, some 8 KB a day."""
    rows = _between(tallies.PEOPLE, first, last)
    found: dict[str, dict[str, bytes]] = {}
    for place, registers in unreadable.decoded("Figures", rows, lambda row: (row.place, registers_of(row))):
        day, _, chunk = place.partition("#")
        found.setdefault(day, {})[chunk] = registers
    return found


def all_agents() -> dict[str, str]:
    """Returns all agents that the figures know, by code; one round trip, some 100 bytes for each."""
    rows = tables.Figure.query(tallies.AGENTS)
    return dict(unreadable.decoded("Figures", rows, lambda row: (row.place, row.user_id)))


def agent_of(code: str) -> str | None:
    """Returns the agent whom a code stands for, strongly consistent; one round trip."""
    row = batches.read_rows({tables.Figure: [(tallies.AGENTS, code)]}).get(tables.Figure, tallies.AGENTS, code)
    return None if row is None else row.user_id


def _between(key: str, first: str, last: str) -> Iterator[tables.Figure]:
    # `~` comes after everything that a place holds. What is seconds old in any case is read at half the price.
    return tables.Figure.query(key, tables.Figure.place.between(first, f"{last}~"))
