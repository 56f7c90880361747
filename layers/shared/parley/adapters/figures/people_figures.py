"""The figures of people: collected with the day, then in runs, then merged into the rows that pages read."""

from collections.abc import Iterable, Iterator

from msgspec import Struct
from pynamodb.expressions.condition import Condition

from parley.adapters.dynamodb import batches, conditions, tables, unreadable
from parley.domain.figures import person_numbers, tallies
from parley.domain.figures.person_numbers import Numbers, Packed, People
from parley.domain.figures.tallies import Place
from parley.domain.people.directory import SHARDS

RUN_KEPT_S = 400 * 24 * 3600  # a year and a month: a run that is merged is rubbish, one that is not waits for that
_DAYS_BACK = 2  # whose slots are looked at when a day begins


class Collected(Struct, frozen=True):
    """The people in the row of a day and slot, and the number of runs beside it that are not merged yet."""

    people: Packed
    runs: int

    @classmethod
    def of(cls, row: tables.Figure | None) -> "Collected":
        """Raises ValueError for a damaged row."""
        content, runs = (None, 0) if row is None else (row.people, row.runs or 0)
        return cls(person_numbers.unpacked(content), int(runs))

    @property
    def content(self) -> bytes | None:
        """Returns the people as they are stored."""
        return person_numbers.packed(self.people.all()) if self.people.codes else None

    @property
    def is_empty(self) -> bool:
        return not self.runs and not self.people.codes

    def plus(self, more: People) -> tuple["Collected", bytes | None]:
        """Returns both together, and the content of a new run if the row has no room for them."""
        if not more:
            return self, None
        content = person_numbers.packed(person_numbers.together([self.people.all(), more]))
        if len(content) <= tallies.COLLECTED_BYTES:
            return Collected(Packed(content), self.runs), None
        return Collected(person_numbers.unpacked(None), self.runs + 1), content


def run_row(day_place: str, number: int, content: bytes, at_s: int) -> tables.Figure:
    """Returns the row of a run."""
    return tables.Figure(*tallies.run_place(day_place, number), people=content, expires_at_s=at_s + RUN_KEPT_S)


def members_of(conversation_ids: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Returns the people of conversations, of those with more than a head lists nobody; they may be a moment old.

    One round trip for 100 conversations, side by side; none without any.
    """
    wanted = list(dict.fromkeys(conversation_ids))
    rows = batches.read_rows({tables.Conversation: [(each,) for each in wanted]}, stale=(tables.Conversation,))

    def members(conversation_id: str) -> tuple[str, ...] | None:
        head = rows.get(tables.Conversation, conversation_id)
        return None if head is None else tuple(head.participants)

    return unreadable.readable("Conversations", wanted, members)


def left_before(day: str) -> list[Place]:
    """Returns the rows of earlier days that still hold people, of the last two with rows; one round trip."""
    limit = _DAYS_BACK * tallies.SLOTS
    rows = tables.Figure.query(
        tallies.DAY, tables.Figure.place < day, scan_index_forward=False, limit=limit, page_size=limit
    )
    found = unreadable.decoded("Figures", rows, lambda row: (row.place, Collected.of(row)))
    return [(tallies.DAY, place) for place, held in found if not held.is_empty]


def merge(place: Place) -> None:
    """Moves what is collected of a day and slot to the rows that pages read; raises LostRace if one has changed.

    All in one transaction of `len(SHARDS) * PARTS` rows at most, so nobody counts twice. Three round trips.
    """
    row = batches.read_rows({tables.Figure: [place]}).get(tables.Figure, *place)
    held = Collected.of(row)
    if row is None or held.is_empty:
        return
    runs = [tallies.run_place(place[1], number) for number in range(held.runs)]
    day = place[1].partition("#")[0]
    rows = batches.read_rows({tables.Figure: [*runs, *_places(day)]})
    found = unreadable.readable("Figures", runs, lambda run: _run(rows, run))
    more = person_numbers.together(each.all() for each in (held.people, *found.values()))
    with conditions.transaction() as transaction:
        emptied = tables.Figure(*place, revision=int(row.revision) + 1, counts=row.counts)
        transaction.save(emptied, condition=tables.Figure.revision == int(row.revision))
        for merged, revision in _merged(rows, day, more):
            transaction.save(merged, condition=at_revision(revision))


def at_revision(revision: int) -> Condition:
    """Returns the condition that nobody has changed a row since it was read; 0 for one that was not there."""
    return tables.Figure.revision == revision if revision else tables.Figure.key.does_not_exist()


def _places(day: str) -> list[Place]:
    return [tallies.people_place(shard, day, part) for shard in SHARDS for part in range(person_numbers.PARTS)]


def _merged(rows: batches.Rows, day: str, more: People) -> Iterator[tuple[tables.Figure, int]]:
    """Yields each row of a day that changes, with its revision; a damaged one stays as it is, and is reported."""
    by_place: dict[Place, dict[int, Numbers]] = {}
    for code, numbers in more.items():
        shard, part = person_numbers.row_of(code)
        by_place.setdefault(tallies.people_place(shard, day, part), {})[code] = numbers

    def present(place: Place) -> tuple[int, People]:
        row = rows.get(tables.Figure, *place)
        return (0, {}) if row is None else (int(row.revision), person_numbers.unpacked(row.people).all())

    for place, (revision, before) in unreadable.readable("Figures", by_place, present).items():
        after = person_numbers.bounded(before, person_numbers.together([before, by_place[place]]))
        yield tables.Figure(*place, revision=revision + 1, people=person_numbers.packed(after)), revision


def numbers_of(shard: str, codes: Iterable[int], first: str, last: str) -> dict[int, dict[str, Numbers]]:
    """Returns the numbers of people of a shard of the directory by day, without days on which they have none.

    A round trip for each MB of rows, some 3 bytes for each person who was active on a day, and of what is collected;
    one more if there are runs. What is merged in between may be missing for that moment.
    """
    wanted = set(codes)
    found: dict[int, dict[str, Numbers]] = {}
    for day, row in (*_merged_between(shard, first, last), *_collected_between(first, last)):
        for code in wanted:
            numbers = row.of(code)
            if numbers != person_numbers.NOTHING:
                days = found.setdefault(code, {})
                days[day] = days.get(day, person_numbers.NOTHING).plus(numbers)
    return found


def _merged_between(shard: str, first: str, last: str) -> Iterator[tuple[str, Packed]]:
    rows = tables.Figure.query(tallies.people_key(shard), tables.Figure.place.between(first, f"{last}~"))
    return unreadable.decoded("Figures", rows, lambda row: (_day(row.place), person_numbers.unpacked(row.people)))


def _collected_between(first: str, last: str) -> Iterator[tuple[str, Packed]]:
    query = tables.Figure.query(tallies.DAY, tables.Figure.place.between(first, f"{last}~"))
    rows = dict(unreadable.decoded("Figures", query, lambda row: (row.place, Collected.of(row))))
    runs = [tallies.run_place(place, number) for place, held in rows.items() for number in range(held.runs)]
    found = batches.read_rows({tables.Figure: runs}, stale=(tables.Figure,))
    yield from ((_day(place), held.people) for place, held in rows.items())
    for (_, place), people in unreadable.readable("Figures", runs, lambda run: _run(found, run)).items():
        yield _day(place), people


def _run(rows: batches.Rows, place: Place) -> Packed | None:
    row = rows.get(tables.Figure, *place)
    return None if row is None else person_numbers.unpacked(row.people)


def _day(place: str) -> str:
    return place.partition("#")[0]
