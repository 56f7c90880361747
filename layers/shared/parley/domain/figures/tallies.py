"""Tallies: what a row of the stream adds to rows of figures. Additions add up in any order.

The table of figures holds, by key (`key`, `place`):

    day                <day>#<slot>            messages, new conversations, each type of context
    people             <day>#<chunk>           registers of those who wrote (`active_people.py`)
    queue              totals#<slot>           tickets now: by status, and open ones by priority, category, team
    queue              assignee#<agent>        open tickets of an agent, now
    desk#day           <day>#all               what happened on a day at the desk: `Desk` below
    desk#<facet>       <day>#<value>           the same of a category, a priority or an agent
    agents             <agent>                 the id of the person whom the other rows call by this code
    mark               <shard>                 how far a shard of the stream is counted
    runs               <day>#<slot>#<number>   what people wrote and received, as some batches have brought it
    users#<shard>      <day>#<part>            the same of a whole day, by shard of the directory (`person_numbers.py`)

The numbers of people are collected in the row of the day first, which each batch writes anyway, then in runs of some
KB, and go to the rows that are read once there are `MERGE_RUNS` of them. So a person costs some bytes and no row.
Shards of the stream that count at once compete for a row, so the two rows that most batches touch have a few slots.
"""

from collections.abc import Collection, Iterator, Mapping
from hashlib import sha256
from typing import Any, Literal
from zlib import crc32

from msgspec import Struct, field

from parley.domain.api import ids
from parley.domain.api.identity import is_reserved, is_system_sender
from parley.domain.figures import active_people, person_numbers
from parley.domain.figures.days import day_of
from parley.domain.figures.durations import bucket_of
from parley.domain.figures.person_numbers import Numbers

SLOTS = 4
OPEN = ("open", "in_progress", "waiting_on_customer")
AGENTS = "agents"
QUEUE = "queue"
DAY = "day"
PEOPLE = "people"
MARK = "mark"
TOTALS = "totals"
ASSIGNEE = "assignee"
ALL = "all"
CONTEXT = "context:"
OTHER_CONTEXTS = "contexts_left_out"
MAX_CONTEXT_TYPES = 50  # named by one row
RUNS = "runs"
MERGE_RUNS = 48
COLLECTED_BYTES = 600  # of people in the row of a day, which stays below 1 KB with its numbers, as a rule

Row = Mapping[str, Any]
Place = tuple[str, str]
Facet = Literal["day", "category", "priority", "agent"]
DAY_FACET: Facet = "day"


class Tally(Struct):
    """Additions by row: numbers by name, registers with their ranks, and the people whom codes stand for.

    And what people have written and received, by the row of the day, each of which has `counts`, too.
    """

    counts: dict[Place, dict[str, int]] = field(default_factory=dict)
    registers: dict[Place, dict[int, int]] = field(default_factory=dict)
    agents: dict[Place, str] = field(default_factory=dict)
    people: dict[Place, dict[int, Numbers]] = field(default_factory=dict)

    @property
    def places(self) -> set[Place]:
        """Returns the rows that it changes."""
        return {*self.counts, *self.registers, *self.agents}

    @property
    def people_count(self) -> int:
        """Returns how many people it tells of."""
        return sum(map(len, self.people.values()))

    def add_person(self, place: Place, user_id: str, numbers: Numbers) -> None:
        """Adds to the numbers of a person."""
        known = self.people.setdefault(place, {})
        code = person_numbers.code_of(user_id)
        known[code] = known.get(code, person_numbers.NOTHING).plus(numbers)

    def add(self, place: Place, name: str, amount: int = 1) -> None:
        """Adds to a number of a row."""
        counts = self.counts.setdefault(place, {})
        counts[name] = counts.get(name, 0) + amount

    def include(self, other: "Tally") -> None:
        """Adds all of another tally."""
        for place, counts in other.counts.items():
            for name, amount in counts.items():
                self.add(place, name, amount)
        for place, ranks in other.registers.items():
            known = self.registers.setdefault(place, {})
            for register, rank in ranks.items():
                known[register] = max(rank, known.get(register, 0))
        self.agents |= other.agents
        for place, numbers in other.people.items():
            self.people[place] = person_numbers.together([self.people.get(place, {}), numbers])


def run_place(day_place: str, number: int) -> Place:
    """Returns the row of a run of a day and slot."""
    return RUNS, f"{day_place}#{number:04d}"


def people_place(shard: str, day: str, part: int) -> Place:
    """Returns the row that counts people of a shard of the directory on a day."""
    return people_key(shard), f"{day}#{part}"


def people_key(shard: str) -> str:
    """Returns the key of the rows that count people of a shard of the directory."""
    return f"users#{shard}"


def added(counts: Mapping[str, int], amounts: Mapping[str, int]) -> dict[str, int]:
    """Returns the numbers of a row after additions, without those that have become 0.

    A row names `MAX_CONTEXT_TYPES` types of context; the conversations of others count together.
    """
    after = dict(counts)
    contexts = sum(name.startswith(CONTEXT) for name in after)
    for name, amount in amounts.items():
        if name.startswith(CONTEXT) and name not in after:
            name, contexts = (name, contexts + 1) if contexts < MAX_CONTEXT_TYPES else (OTHER_CONTEXTS, contexts)
        after[name] = after.get(name, 0) + amount
    return {name: count for name, count in after.items() if count}


def slot_of(shard_id: str) -> int:
    """Returns the slot in which a shard counts."""
    return crc32(shard_id.encode()) % SLOTS


def desk_key(facet: Facet) -> str:
    """Returns the key of the desk's days by a facet."""
    return f"desk#{facet}"


def agent_code(user_id: str) -> str:
    """Returns the code of an agent in rows of figures; an erasure then changes one row (`agents`) and not each day."""
    return sha256(user_id.encode()).hexdigest()[:20]


def has_readers(row: Row) -> bool:
    """Says whether a row is a message that counts as received: no system message, and no note."""
    return "kind" in row and row["kind"] != "system" and not str(row["conversation_id"]).startswith(ids.NOTES_PREFIX)


def tally(row: Row, slot: int, members: Collection[str] = ()) -> Tally:
    """Returns what one row of the stream counts for; raises an error of a damaged row (`unreadable.ERRORS`).

    `members` are those of the conversation of a message that `has_readers`.
    """
    counted = Tally()
    if row.get("outbox") == "ticket":
        _count_ticket(counted, row, slot)
    elif row.get("outbox") == "ticket_import":
        _count_import(counted, row, slot)
    elif "kind" in row:
        _count_message(counted, row, slot, members)
    return counted


def _count_message(counted: Tally, row: Row, slot: int, members: Collection[str]) -> None:
    day = day_of(row["created_at_ms"])
    place = (DAY, f"{day}#{slot}")
    # A conversation counts from its first message on; notes are a part of their ticket, which counts already.
    if row["seq"] == 1 and not row["conversation_id"].startswith(ids.NOTES_PREFIX):
        counted.add(place, "conversations")
        counted.add(place, f"{CONTEXT}{row.get('context_type') or 'general'}")
    if row["kind"] == "system":
        return
    counted.add(place, "messages")
    sender_id: str = row["sender_id"]
    for member_id in members:
        if member_id != sender_id and not is_reserved(member_id):
            counted.add_person(place, member_id, Numbers(received=1))
    if "via" in row or is_reserved(sender_id):
        return  # a program wrote it
    chunk, register, rank = active_people.register_of(sender_id)
    counted.registers[PEOPLE, f"{day}#{chunk:02d}"] = {register: rank}
    counted.add_person(place, sender_id, Numbers(sent=1, minute=person_numbers.minute_of(row["created_at_ms"])))


def _count_ticket(counted: Tally, row: Row, slot: int) -> None:
    about: Row = row["about"]
    if "state" not in about:
        return  # an entry of version 0.1, before there were figures
    state, changes = about["state"], about.get("changes") or {}
    before = None if about["event"] == "created" else _before(state, changes)
    _count_queue(counted, before, state, slot)
    _count_desk(counted, row["created_at_ms"], about, before)


def _count_import(counted: Tally, row: Row, slot: int) -> None:
    """Counts a ticket that an import has brought, or that has gone with it, among those of now; no day opened it."""
    about: Row = row["about"]
    state, amount = about["state"], 1 if about["event"] == "imported" else -1
    before, after = (None, state) if amount > 0 else (state, None)
    _count_queue(counted, before, after, slot)
    if state["status"] in OPEN:
        _count_happened(counted, day_of(row["created_at_ms"]), state, {"backlog": amount})
        _count_of_agent(counted, day_of(row["created_at_ms"]), state.get("assignee_id"), {"backlog": amount})


def _before(state: Row, changes: Row) -> Row:
    """Returns the state before an entry's changes."""
    return {**state, **{name: change["from"] for name, change in changes.items() if name in state}}


def _count_queue(counted: Tally, before: Row | None, after: Row | None, slot: int) -> None:
    moved: dict[tuple[Place, str], int] = {}
    for state, amount in ((before, -1), (after, 1)):
        for at in _queued(state, slot) if state is not None else ():
            moved[at] = moved.get(at, 0) + amount
    for (place, name), amount in moved.items():
        if amount:
            counted.add(place, name, amount)
            if place[1].startswith(ASSIGNEE):
                _name(counted, ((after if amount > 0 else before) or {})["assignee_id"])


def _queued(state: Row, slot: int) -> Iterator[tuple[Place, str]]:
    """Yields the numbers that count a ticket in this state."""
    totals = (QUEUE, f"{TOTALS}#{slot}")
    yield totals, f"status:{state['status']}"
    if state["status"] not in OPEN:
        return
    yield totals, f"priority:{state['priority']}"
    yield totals, f"category:{state['category']}"
    if state.get("team") is not None:
        yield totals, f"team:{state['team']}"
    if state.get("assignee_id") is None:
        yield totals, "unassigned"
    else:
        yield (QUEUE, f"{ASSIGNEE}#{agent_code(state['assignee_id'])}"), "open"


def _count_desk(counted: Tally, at_ms: int, about: Row, before: Row | None) -> None:
    """Counts what happened; the desk's first reply counts for its writer, all else for the assignee."""
    state, day = about["state"], day_of(at_ms)
    happened = dict(_happened(at_ms, about, before))
    replied = {name: amount for name, amount in happened.items() if name.startswith("first:")}
    others = {name: amount for name, amount in happened.items() if name not in replied}
    _count_happened(counted, day, state, happened)
    for user_id, numbers in ((about["user_id"], replied), (state.get("assignee_id"), others)):
        _count_of_agent(counted, day, user_id, numbers)


def _count_happened(counted: Tally, day: str, state: Row, happened: Mapping[str, int]) -> None:
    values: dict[Facet, str] = {"day": ALL, "category": state["category"], "priority": state["priority"]}
    for facet, value in values.items():
        for name, amount in happened.items():
            counted.add((desk_key(facet), f"{day}#{value}"), name, amount)


def _count_of_agent(counted: Tally, day: str, user_id: str | None, numbers: Mapping[str, int]) -> None:
    if user_id is None or not numbers or is_system_sender(user_id):
        return
    _name(counted, user_id)
    for name, amount in numbers.items():
        counted.add((desk_key("agent"), f"{day}#{agent_code(user_id)}"), name, amount)


def _happened(at_ms: int, about: Row, before: Row | None) -> Iterator[tuple[str, int]]:
    event, state = about["event"], about["state"]
    was_open = before is not None and before["status"] in OPEN
    is_open = state["status"] in OPEN
    if before is None:
        yield "opened", 1
    if is_open != was_open:
        yield "backlog", 1 if is_open else -1
    if was_open and not is_open and event != "merged":  # another ticket continues it
        yield "resolved", 1
        yield f"resolution:{bucket_of(at_ms - about['opened_at_ms'])}", 1
    if before is not None and is_open and not was_open:
        yield "reopened", 1
    if about.get("first_response_ms") is not None:
        yield f"first:{bucket_of(about['first_response_ms'])}", 1
    if event == "sla_breach":
        yield f"breach:{about['clock']}", 1
    if event == "rated":
        yield "ratings", 1
        yield "stars", about["rating"]


def _name(counted: Tally, user_id: str) -> None:
    counted.agents[AGENTS, agent_code(user_id)] = user_id


def most(contexts: Mapping[str, int]) -> dict[str, int]:
    """Returns the context types with the most conversations, by name."""
    by_count = sorted(contexts, key=lambda name: (-contexts[name], name))
    return {name: contexts[name] for name in sorted(by_count[:MAX_CONTEXT_TYPES])}
