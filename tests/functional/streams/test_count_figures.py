"""The counts of messages, tickets and active people: each record of the stream counts once, however often it comes."""

import json
import time
from typing import Any

import pytest

from parley.adapters.dynamodb.documents import from_wire, to_wire
from parley.domain.figures import active_people, tallies
from parley.domain.figures.days import day_of
from tests.functional.desk import agent, note, open_ticket
from tests.functional.erasures import erased
from tests.functional.figures import SHARD, bring, entry, message, record, state
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


def test_full_batch_costs_less_than_a_tenth_of_a_write_unit_a_message(parley: Parley) -> None:
    records = [record(number, message(parley, number, f"u{number % 700}")) for number in range(1, 1001)]

    with parley.watch() as calls:
        bring(parley, records)

    assert [call.operation for call in calls] == ["BatchGetItem", "TransactWriteItems"]
    written = calls[1].params["TransactItems"]
    sizes = [len(json.dumps(item["Put"]["Item"], default=lambda value: value.decode("latin-1"))) for item in written]
    assert max(sizes) < 2048  # an emoji of JSON for each byte: less than 1 KB as DynamoDB counts
    assert 2 * len(written) / len(records) <= 0.1


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
