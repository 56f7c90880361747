"""The counts of messages, tickets and active people: each record of the stream counts once, however often it comes."""

import json
import time
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import pytest

from parley.adapters.dynamodb.documents import from_wire, to_wire
from parley.domain.api import ids
from parley.domain.figures import active_people, person_numbers, tallies
from parley.domain.figures.days import day_of
from tests.functional.desk import agent, note, open_ticket
from tests.functional.erasures import erased
from tests.functional.figures import DAY_MS, SHARD, bring, entry, message, record, state
from tests.functional.talk import make_group, open_direct, say
from tests.harness import Parley
from tests.harness.calls import Call, Hook

Numbers = dict[str, dict[str, int]]


@pytest.fixture(autouse=True)
def _now(parley: Parley) -> None:
    parley.clock.ms = time.time_ns() // 1_000_000  # the stream goes by the clock on the wall


def figures(parley: Parley) -> list[dict[str, Any]]:
    """Returns the rows of the table."""
    table = parley.template.resources["Figures"].ref
    found = parley.store.client("dynamodb").scan(TableName=table, ConsistentRead=True)["Items"]
    return [{name: from_wire(value) for name, value in item.items() if name != "registers"} for item in found]


def numbers(parley: Parley) -> Numbers:
    """Returns the numbers that are counted, by key and place without the slot, the slots together."""
    found: Numbers = {}
    for row in figures(parley):
        if "counts" in row:
            counts = found.setdefault(f"{row['key']} {row['place'].partition('#')[0]}", {})
            for name, count in json.loads(row["counts"]).items():
                counts[name] = counts.get(name, 0) + count
    return found


DONE: dict[str, Any] = {"state": {}, "batchItemFailures": []}


def test_messages_conversations_and_people_are_counted_by_day(parley: Parley) -> None:
    alice = parley.user("alice", role="teacher", contexts={"class": ["7b"]})
    bob = parley.user("bob", role="student", contexts={"class": ["7b"]})
    say(alice, open_direct(alice, bob), "one", "two")
    of_class = {"type": "direct", "user_id": "bob", "context": {"type": "class", "id": "7b"}}
    lesson = alice.post("/conversations", json=of_class).json["id"]
    say(bob, lesson, "three")
    make_group(alice, bob)

    parley.drain()

    day = day_of(parley.clock())
    counted = {"messages": 3, "conversations": 3, "context:general": 2, "context:class": 1}
    assert numbers(parley) == {f"day {day}": counted}
    assert active(parley) == 2


def test_notes_are_messages_and_no_conversation_of_their_own(parley: Parley) -> None:
    ticket_id = open_ticket(parley.user("alice"))
    assert note(agent(parley), ticket_id).status == 201

    parley.drain()

    counted = numbers(parley)[f"day {day_of(parley.clock())}"]
    assert (counted["messages"], counted["conversations"]) == (2, 1)


def active(parley: Parley) -> int:
    table = parley.template.resources["Figures"].ref
    found = parley.store.client("dynamodb").scan(TableName=table, ConsistentRead=True)["Items"]
    return active_people.estimate(
        active_people.unpacked(bytes(item["registers"]["B"])) for item in found if "registers" in item
    )


def test_batch_that_comes_twice_counts_once(parley: Parley) -> None:
    records = [record(number, message(parley, number, f"u{number}")) for number in range(1, 31)]

    assert [bring(parley, records) for _ in range(2)] == [DONE, DONE]

    assert numbers(parley)[f"day {day_of(parley.clock())}"]["messages"] == 30
    assert active(parley) == 30


@pytest.mark.parametrize(
    "cuts",
    [[(0, 10), (5, 20), (20, 30)], [(0, 30), (0, 7), (7, 30)], [(0, 1), (0, 2), (0, 30)], [(0, 15), (0, 30), (29, 30)]],
    ids=["overlapping", "cut after it was counted", "growing", "doubled at its end"],
)
def test_batches_that_are_cut_in_other_ways_count_each_record_once(parley: Parley, cuts: list[tuple[int, int]]) -> None:
    records = [record(number * 7, message(parley, number)) for number in range(1, 31)]

    for first, end in cuts:
        assert bring(parley, records[first:end]) == DONE

    assert numbers(parley)[f"day {day_of(parley.clock())}"]["messages"] == 30


def test_each_shard_has_a_mark_of_its_own(parley: Parley) -> None:
    for shard in (SHARD, SHARD + "b"):
        bring(parley, [record(5, message(parley, 2))], shard)

    assert numbers(parley)[f"day {day_of(parley.clock())}"]["messages"] == 2
    assert {row["place"]: row["sequence"] for row in figures(parley) if row["key"] == "mark"} == {
        SHARD: "5",
        SHARD + "b": "5",
    }


def test_rows_that_were_put_back_are_not_counted(parley: Parley) -> None:
    late = record(1, message(parley, 2), late_s=16 * 60)
    on_time = record(2, message(parley, 3), late_s=14 * 60)

    bring(parley, [late, on_time])

    assert numbers(parley)[f"day {day_of(parley.clock())}"]["messages"] == 1


def test_end_of_a_window_brings_nothing(parley: Parley) -> None:
    with parley.watch() as calls:
        assert bring(parley, []) == DONE
    assert calls == []


def written_units(calls: list[Call]) -> int:
    """Returns the write units of transactions: two for each KB of a row."""
    rows = [item["Put"]["Item"] for call in calls for item in call.params.get("TransactItems", ())]
    return sum(2 * -(-_size(row) // 1024) for row in rows)


def _size(row: dict[str, Any]) -> int:
    """Returns the bytes of a row as DynamoDB counts them (developer guide, "DynamoDB item sizes and formats")."""
    return sum(len(name) + len(next(iter(value.values()))) for name, value in row.items())


def test_full_batch_costs_less_than_a_tenth_of_a_write_unit_a_message(parley: Parley) -> None:
    people = [str(uuid5(NAMESPACE_URL, str(number))) for number in range(700)]
    talk = [people_of(parley, people[number], people[number - 1]) for number in range(300)]
    rows = [message(parley, number, people[number % 700], conversation_id=talk[number % 300]) for number in range(1000)]
    records = [record(number, row) for number, row in enumerate(rows, start=1)]

    with parley.watch() as calls:
        bring(parley, records)

    assert [call.operation for call in calls if call.operation != "BatchGetItem"] == ["TransactWriteItems", "Query"]
    assert written_units(calls) / len(records) <= 0.1


def test_merging_costs_less_than_a_hundredth_of_a_write_unit_a_message(parley: Parley) -> None:
    people = [str(uuid5(NAMESPACE_URL, str(number))) for number in range(350)]
    batch = 500
    with parley.watch() as calls:
        for first in range(0, tallies.MERGE_RUNS * batch, batch):
            rows = [message(parley, 2, people[number % 350]) for number in range(batch)]
            bring(parley, [record(first + number, row) for number, row in enumerate(rows, start=1)])

    merges = [call for call in calls if any(is_merged(item) for item in call.params.get("TransactItems", ()))]
    assert len(merges) == 1
    assert written_units(merges) / (tallies.MERGE_RUNS * batch) <= 0.01
    assert written_units(calls) / (tallies.MERGE_RUNS * batch) <= 0.1


def is_merged(item: dict[str, Any]) -> bool:
    return str(item["Put"]["Item"]["key"]["S"]).startswith("users#")


def people_of(parley: Parley, first: str, second: str, *others: str) -> str:
    """Returns the id of a conversation of these people, as the function reads it."""
    conversation_id = ids.direct_conversation_id(first, second, "general", "")
    item = {"conversation_id": to_wire(conversation_id), "participants": to_wire([first, second, *others])}
    table = parley.template.resources["Conversations"].ref
    parley.store.client("dynamodb").put_item(TableName=table, Item=item)
    return conversation_id


def sums(parley: Parley) -> dict[str, tuple[int, int]]:
    """Returns what people have sent and received, all days together, as merged rows and those that are not have it."""
    table = parley.template.resources["Figures"].ref
    items = parley.store.client("dynamodb").scan(TableName=table, ConsistentRead=True)["Items"]
    rows = [{name: from_wire(value) for name, value in item.items()} for item in items]
    pending = {
        tallies.run_place(row["place"], number)
        for row in rows
        if row["key"] == "day"
        for number in range(row.get("runs") or 0)
    }
    counting = [row for row in rows if row["key"] != "runs" or (row["key"], row["place"]) in pending]
    contents = [
        item["people"]["B"] for item, row in zip(items, rows, strict=True) if "people" in row and row in counting
    ]
    together = person_numbers.together(person_numbers.Packed(bytes(content)).all() for content in contents)
    known = {person_numbers.code_of(name): name for name in ("alice", "bob", *(f"u{n}" for n in range(2000)))}
    return {known[code]: (numbers.sent, numbers.received) for code, numbers in together.items()}


def test_received_messages_are_those_that_others_wrote(parley: Parley) -> None:
    conversation_id = people_of(parley, "alice", "bob")
    rows = [message(parley, number, "alice", conversation_id=conversation_id) for number in range(2, 5)]
    by_desk = message(parley, 5, "~parley.system-desk", conversation_id=conversation_id)
    by_nobody = message(parley, 6, "alice", kind="system", conversation_id=conversation_id)

    bring(parley, [record(number, row) for number, row in enumerate([*rows, by_desk, by_nobody], start=1)])

    assert sums(parley) == {"alice": (3, 1), "bob": (0, 4)}


@pytest.mark.parametrize("size", [1, 7, 90, 1000])
def test_people_count_once_however_batches_are_doubled_and_cut(parley: Parley, size: int) -> None:
    count = min(2000, 120 * size)  # with the smallest batches, more than are merged at once
    conversation_id = people_of(parley, "alice", "bob")
    rows = [message(parley, 2, f"u{number % 300}") for number in range(count)]
    rows[5]["conversation_id"] = conversation_id
    records = [record(number, row) for number, row in enumerate(rows, start=1)]

    for first in range(0, count, size):
        bring(parley, records[max(0, first - size // 2) : first + size])
        bring(parley, records[first : first + size])

    expected = {f"u{number}": (len(range(number, count, 300)), 0) for number in range(min(count, 300))}
    assert sums(parley) == {**expected, "alice": (0, 1), "bob": (0, 1)}


def test_day_that_is_over_is_merged_when_the_next_one_begins(parley: Parley) -> None:
    bring(parley, [record(1, message(parley, 2, "alice"))])
    parley.clock.ms += DAY_MS
    bring(parley, [record(2, message(parley, 2, "alice"))])

    by_key = {row["key"] for row in figures(parley) if "people" in row and row["place"].startswith(yesterday(parley))}
    assert {key.partition("#")[0] for key in by_key} == {"users"}
    assert sums(parley) == {"alice": (2, 0)}


def yesterday(parley: Parley) -> str:
    return day_of(parley.clock() - DAY_MS)


def test_merge_that_loses_its_race_leaves_everything_for_the_next(parley: Parley) -> None:
    rows = [message(parley, 2, f"u{number}") for number in range(90)]

    class Meanwhile(Hook):
        def __init__(self) -> None:
            self.merges = 0

        def before(self, call: Call) -> None:
            items = call.params.get("TransactItems", ())
            if any(is_merged(item) for item in items):
                self.merges += 1
                if self.merges == 1:
                    bring(parley, [record(1, message(parley, 2, "alice"))], same_slot())

        def after(self, call: Call) -> None:
            pass

    race = Meanwhile()
    parley.hooks.append(race)
    for batch in range(tallies.MERGE_RUNS + 1):
        records = [record(batch * 90 + number, row) for number, row in enumerate(rows, start=1)]
        assert bring(parley, records) == DONE

    assert race.merges == 2
    assert sums(parley) == {"alice": (1, 0)} | {f"u{number}": (tallies.MERGE_RUNS + 1, 0) for number in range(90)}


def same_slot() -> str:
    """Returns another shard that counts in the slot of the tests' shard."""
    others = (f"{SHARD}{number}" for number in range(100))
    return next(shard for shard in others if tallies.slot_of(shard) == tallies.slot_of(SHARD))


def test_part_has_a_bounded_number_of_people(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("parley.actions.figures.counting.MAX_PEOPLE", 250)
    conversation_id = people_of(parley, *(f"u{number}" for number in range(100)))
    rows = [message(parley, 2, "u1", conversation_id=conversation_id) for _ in range(6)]

    with parley.watch() as calls:
        bring(parley, [record(number, row) for number, row in enumerate(rows, start=1)])

    assert sum(call.operation == "TransactWriteItems" for call in calls) == 3
    assert sums(parley) == {"u1": (6, 0)} | {f"u{number}": (0, 6) for number in range(100) if number != 1}


@pytest.mark.parametrize("key", ["day", "runs"])
def test_damaged_collection_stops_no_other_number(parley: Parley, key: str) -> None:
    rows = [message(parley, 2, f"u{number}") for number in range(90)]
    day = day_of(parley.clock())
    place = f"{day}#{tallies.slot_of(SHARD)}"
    bring(parley, [record(number, row) for number, row in enumerate(rows, start=1)])
    table = parley.template.resources["Figures"].ref
    damaged = place if key == "day" else tallies.run_place(place, 0)[1]
    parley.store.client("dynamodb").update_item(
        TableName=table,
        Key={"key": to_wire(key), "place": to_wire(damaged)},
        UpdateExpression="SET people = :people",
        ExpressionAttributeValues={":people": {"B": b"no row"}},
    )

    for batch in range(1, tallies.MERGE_RUNS + 1):
        records = [record(batch * 90 + number, row) for number, row in enumerate(rows, start=1)]
        assert bring(parley, records) == DONE

    assert active(parley) == 90
    if key == "runs":
        assert set(sums(parley).values()) == {(tallies.MERGE_RUNS, 0)}


def test_damaged_row_of_people_stops_no_other(parley: Parley, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [message(parley, 2, f"u{number}") for number in range(90)]
    shard, part = person_numbers.row_of(person_numbers.code_of("u0"))
    place = tallies.people_place(shard, day_of(parley.clock()), part)
    table = parley.template.resources["Figures"].ref
    item = {"key": to_wire(place[0]), "place": to_wire(place[1]), "people": {"B": b"no row"}, "revision": to_wire(3)}
    parley.store.client("dynamodb").put_item(TableName=table, Item=item)

    for batch in range(tallies.MERGE_RUNS):
        assert bring(parley, [record(batch * 90 + number, row) for number, row in enumerate(rows, start=1)]) == DONE

    assert "RowsUnreadable" in capsys.readouterr().out
    parley.store.client("dynamodb").delete_item(TableName=table, Key={name: item[name] for name in ("key", "place")})
    counted = sums(parley)
    assert "u0" not in counted and set(counted.values()) == {(tallies.MERGE_RUNS, 0)} and len(counted) > 70


def test_what_changes_many_rows_is_counted_in_parts(parley: Parley) -> None:
    agents = [f"agent{number}" for number in range(100)]
    rows = [entry(parley, number, after=state(assignee_id=agent)) for number, agent in enumerate(agents)]
    records = [record(number, row) for number, row in enumerate(rows, start=1)]

    with parley.watch() as calls:
        assert bring(parley, records) == DONE

    writes = [call for call in calls if call.operation == "TransactWriteItems"]
    assert len(writes) > 1 and all(len(call.params["TransactItems"]) <= 100 for call in writes)
    assert numbers(parley)["queue totals"]["status:open"] == 100
    assert numbers(parley)["queue assignee"]["open"] == 100


class Dies(Hook):
    """Lets the second transaction of a function fail, once."""

    def __init__(self) -> None:
        self.seen = 0

    def before(self, call: Call) -> None:
        if call.operation == "TransactWriteItems":
            self.seen += 1
            if self.seen == 2:
                raise ValueError("broken")

    def after(self, call: Call) -> None:
        pass


def test_batch_that_fails_half_way_is_reported_and_goes_on_where_it_ended(parley: Parley) -> None:
    agents = [f"agent{number}" for number in range(100)]
    rows = [entry(parley, number, after=state(assignee_id=agent)) for number, agent in enumerate(agents)]
    records = [record(number, row) for number, row in enumerate(rows, start=1)]
    parley.hooks.append(Dies())

    failed = bring(parley, records)
    again = bring(parley, records)

    assert failed == {"state": {}, "batchItemFailures": [{"itemIdentifier": "1"}]}
    assert again == DONE
    assert numbers(parley)["queue totals"]["status:open"] == 100


def test_damaged_row_is_reported_and_stops_no_other(parley: Parley, capsys: pytest.CaptureFixture[str]) -> None:
    damaged = {**entry(parley, 1), "about": {"event": "created", "state": {}}}

    assert bring(parley, [record(1, damaged), record(2, message(parley, 2))]) == DONE

    assert numbers(parley)[f"day {day_of(parley.clock())}"]["messages"] == 1
    assert "RowsUnreadable" in capsys.readouterr().out


def test_damaged_figures_stop_no_others(parley: Parley, capsys: pytest.CaptureFixture[str]) -> None:
    day = day_of(parley.clock())
    slot = tallies.slot_of(SHARD)
    item = {"key": "day", "place": f"{day}#{slot}", "counts": "no JSON", "revision": 1}
    table = parley.template.resources["Figures"].ref
    parley.store.client("dynamodb").put_item(
        TableName=table, Item={name: to_wire(value) for name, value in item.items()}
    )

    assert bring(parley, [record(1, message(parley, 2)), record(2, entry(parley, 1))]) == DONE

    assert active(parley) == 1
    assert "RowsUnreadable" in capsys.readouterr().out
    found = [row for row in figures(parley) if row.get("place", "").startswith("totals")]
    assert json.loads(found[0]["counts"])["status:open"] == 1


def test_no_row_names_an_agent_who_was_erased(parley: Parley) -> None:
    parley.user("agnes", role="agent")
    bring(parley, [record(1, entry(parley, 1, after=state(assignee_id="agnes")))])

    done = erased(parley, "agnes")

    assert done["removed"]["figures"] == 1
    assert "agnes" not in str(figures(parley))
    assert [row["user_id"] for row in figures(parley) if row["key"] == "agents"] == [done["receipt"]["pseudonym"]]


def test_two_shards_that_count_at_once_lose_nothing(parley: Parley) -> None:
    class Meanwhile(Hook):
        def __init__(self) -> None:
            self.is_over = False

        def before(self, call: Call) -> None:
            if call.operation == "TransactWriteItems" and not self.is_over:
                self.is_over = True
                other = [record(1, entry(parley, 2, after=state(assignee_id="agnes")))]
                bring(parley, other, SHARD + "other")

        def after(self, call: Call) -> None:
            pass

    parley.hooks.append(Meanwhile())
    bring(parley, [record(1, entry(parley, 1, after=state(assignee_id="agnes")))])

    assert numbers(parley)["queue assignee"] == {"open": 2}
    assert numbers(parley)["queue totals"]["status:open"] == 2


def test_two_functions_of_one_shard_count_a_batch_once(parley: Parley) -> None:
    records = [record(1, message(parley, 2)), record(2, message(parley, 3))]

    class Twin(Hook):
        def __init__(self) -> None:
            self.is_over = False

        def before(self, call: Call) -> None:
            if call.operation == "TransactWriteItems" and not self.is_over:
                self.is_over = True
                bring(parley, records)

        def after(self, call: Call) -> None:
            pass

    parley.hooks.append(Twin())
    assert bring(parley, records) == DONE

    assert numbers(parley)[f"day {day_of(parley.clock())}"]["messages"] == 2


def test_a_row_names_a_bounded_number_of_context_types(parley: Parley) -> None:
    rows = [message(parley, 1, context_type=f"type{number}") for number in range(60)]

    bring(parley, [record(number, row) for number, row in enumerate(rows, start=1)])

    counted = numbers(parley)[f"day {day_of(parley.clock())}"]
    assert sum(name.startswith("context:") for name in counted) == 50
    assert (counted["contexts_left_out"], counted["conversations"]) == (10, 60)
