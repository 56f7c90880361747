"""SweepRows: rows beyond the first hundred of a scheduled sweep are dealt with by jobs of a hundred each."""

import json
import time
from collections.abc import Iterable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from parley.domain.live.sweeps import shard
from tests.functional.calling import call_and_answer, heard, ring
from tests.functional.notifying import besides_notifications
from tests.functional.talk import LEASE_S, contents, forget_events, let_many_block, make_group, meet, open_direct
from tests.functional.test_sweeps import CALLS, PRESENCE, TYPING, Fails, broken, failures, offline
from tests.harness import Call, Parley, Socket

OWN = 100  # rows that a scheduled run deals with itself


def put(parley: Parley, variable: str, items: Iterable[dict[str, Any]]) -> None:
    """Writes rows straight into a table: more than people could make in a test's time."""
    dynamodb, table = parley.store.client("dynamodb"), parley.functions.environment[variable]
    requests = [{"PutRequest": {"Item": item}} for item in items]
    for first in range(0, len(requests), 25):
        dynamodb.batch_write_item(RequestItems={table: requests[first : first + 25]})


def left(parley: Parley, variable: str, attribute: str) -> int:
    """Returns how many rows of a table a sweep has still to look at."""
    items = parley.store.client("dynamodb").scan(TableName=parley.functions.environment[variable], ConsistentRead=True)[
        "Items"
    ]
    return sum(attribute in item for item in items)


def crowd(parley: Parley, count: int) -> None:
    """Leaves people who went long ago, and whose going nobody has been told of yet."""
    at_s = str(parley.clock() // 1000 - 3600)
    put(
        parley,
        "CONNECTIONS_TABLE",
        (
            {
                "user_id": {"S": f"gone{number}"},
                "connections": {"M": {}},
                "sweep_shard": {"S": shard("presence", f"gone{number}")},
                "sweep_at_s": {"N": at_s},
            }
            for number in range(count)
        ),
    )


def test_those_beyond_the_first_hundred_are_told_of_by_jobs(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    meet(alice, bob)
    parley.lose_disconnects = True
    ghost = alice.connect()
    parley.advance(LEASE_S + 1)
    screen = bob.connect()
    crowd(parley, 130)  # all of them due before alice

    parley.run_schedule(PRESENCE)
    before = left(parley, "CONNECTIONS_TABLE", "sweep_at_s")
    parley.drain()

    assert before == 2 + 130 - OWN
    assert left(parley, "CONNECTIONS_TABLE", "sweep_at_s") == 1  # bob's
    assert offline(screen) == {"alice"}
    assert ghost.closed == 1000


def test_job_reads_a_hundred_rows_at_once(parley: Parley) -> None:
    crowd(parley, OWN + 60)
    parley.run_schedule(PRESENCE)

    with parley.watch() as calls:
        parley.drain()

    read = [call for call in calls if call.operation == "BatchGetItem" and "gone" in json.dumps(call.params)]
    table = parley.functions.environment["CONNECTIONS_TABLE"]
    assert [len(call.params["RequestItems"][table]["Keys"]) for call in read] == [60]


def test_row_that_cannot_be_read_holds_up_no_other_of_its_job(
    parley: Parley, capsys: pytest.CaptureFixture[str]
) -> None:
    crowd(parley, OWN + 20)
    parley.run_schedule(PRESENCE)
    dynamodb, table = parley.store.client("dynamodb"), parley.functions.environment["CONNECTIONS_TABLE"]
    [poison, *_] = [item for item in dynamodb.scan(TableName=table)["Items"] if "sweep_at_s" in item]
    dynamodb.put_item(TableName=table, Item={**poison, "connections": {"S": "?"}})
    capsys.readouterr()

    parley.drain()

    assert left(parley, "CONNECTIONS_TABLE", "sweep_at_s") == 0  # a row that is bad as a whole is repaired
    assert failures(capsys, "sweep_rows") == 0


def test_row_that_fails_in_a_job_does_not_bring_the_job_back(parley: Parley) -> None:
    crowd(parley, OWN + 20)
    parley.run_schedule(PRESENCE)
    fails = Fails(broken, '"gone', "Query")
    parley.hooks.append(fails)

    invocations = parley.drain()
    fails.lasts = False
    parley.run_schedule(PRESENCE)

    assert invocations == 1
    assert left(parley, "CONNECTIONS_TABLE", "sweep_at_s") == 0


def test_job_that_waited_for_a_minute_is_left_to_the_next_sweep(parley: Parley) -> None:
    crowd(parley, 5)
    keys = [[f"gone{number}"] for number in range(5)]
    body = json.dumps({"kind": "presence", "keys": keys, "at_s": parley.clock() // 1000})

    def come(waited_s: float) -> int:
        """Lets a job come that has been in the queue for so long; returns how many of its rows are still due."""
        sent = {"SentTimestamp": str(int((time.time() - waited_s) * 1000))}
        record = {"messageId": "m1", "body": body, "attributes": sent}
        assert parley.functions.invoke("SweepRows", {"Records": [record]}) == {"batchItemFailures": []}
        return left(parley, "CONNECTIONS_TABLE", "sweep_at_s")

    assert [come(61), come(5)] == [5, 0]


def test_delivered_twice_it_is_told_once(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    meet(alice, bob)
    parley.lose_disconnects = True
    alice.connect()
    parley.advance(LEASE_S + 1)
    screen = bob.connect()
    crowd(parley, 130)
    parley.run_schedule(PRESENCE)
    parley.deliver_twice = True

    parley.drain()

    assert [one["user_id"] for one in contents(screen.events("user_status_change"))] == ["alice"]


def behind_a_crowd_of_typists(parley: Parley) -> None:
    """Fills the first hundred places of the sweep with rows of conversations that are gone."""
    long_ago_ms = parley.clock() - 60_000
    put(
        parley,
        "TYPING_TABLE",
        (
            {
                "conversation_id": {"S": f"d_gone{number}"},
                "user_id": {"S": "nobody"},
                "until_ms": {"N": str(long_ago_ms)},
                "expires_at_ms": {"N": str(long_ago_ms)},
                "expires_at_s": {"N": str(long_ago_ms // 1000 + 7200)},
                "sweep_shard": {"S": "0"},
            }
            for number in range(OWN)
        ),
    )


def test_typing_beyond_the_first_hundred_ends_by_a_job(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    group = make_group(alice, bob)
    bob.put("/users/dave/block")
    phone, screen = alice.connect(), bob.connect()
    parley.advance(1)  # else the message that says who made the group would end the typing
    phone.request("typing_start", {"conversation_id": group})
    forget_events(screen)
    parley.advance(6)
    behind_a_crowd_of_typists(parley)

    parley.run_schedule(TYPING)
    parley.drain()

    assert left(parley, "TYPING_TABLE", "sweep_shard") == 0
    assert contents(besides_notifications(screen)) == [{"conversation_id": group, "user_id": "alice"}]


def behind_a_crowd_of_calls(parley: Parley) -> None:
    """Fills the first hundred places of the sweep with entries whose calls are not due any more."""
    put(
        parley,
        "CALLS_TABLE",
        (
            {
                "conversation_id": {"S": f"d_gone{number}"},
                "call_id": {"S": "c"},
                "sweep_shard": {"S": "0"},
                "due_at_s": {"N": "1"},
                "version": {"N": "1"},
                "state": {"S": "ended"},
                "media": {"S": "audio"},
                "caller_id": {"S": "nobody"},
                "callee_id": {"S": "noone"},
                "caller_device": {"S": "gone="},
                "started_at_ms": {"N": "1"},
                "ended_at_ms": {"N": "2"},
                "reason": {"S": "missed"},
                "is_doubted": {"BOOL": False},
            }
            for number in range(OWN)
        ),
    )


def test_calls_beyond_the_first_hundred_end_by_a_job(parley: Parley) -> None:
    pairs = [(parley.user(f"caller{number}"), parley.user(f"callee{number}")) for number in range(2)]
    phones = [caller.connect() for caller, _ in pairs]
    other = pairs[1][1].connect()
    ring(phones[0], open_direct(*pairs[0]), "call-0")
    call_and_answer(phones[1], other, open_direct(*pairs[1]), "call-1")
    parley.advance(50)
    behind_a_crowd_of_calls(parley)

    parley.run_schedule(CALLS)
    parley.drain()

    assert heard(phones[0]) == [("hang_up", "missed")]
    assert left(parley, "CALLS_TABLE", "due_at_s") == 1  # the one that goes on


class Slow:
    """A hook: devices are full, so posts go to the queue."""

    def before(self, call: Call) -> None:
        if call.operation == "PostToConnection":
            answer: Any = {"Error": {"Code": "LimitExceeded"}, "ResponseMetadata": {"HTTPStatusCode": 429}}
            raise ClientError(answer, call.operation)

    def after(self, call: Call) -> None:
        pass


def test_watcher_who_is_slow_hears_it_later(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    meet(alice, bob)
    parley.lose_disconnects = True
    alice.connect()
    parley.advance(LEASE_S + 1)
    screen: Socket = bob.connect()
    slow = Slow()
    parley.hooks.append(slow)
    hand_on(parley, "presence", ("alice",))
    assert sum(queue.poll() for queue in parley.queues if queue.queue.logical_id == "Sweeps") == 1
    parley.hooks.remove(slow)
    assert offline(screen) == set()

    parley.drain()

    assert offline(screen) == {"alice"}


def hand_on(parley: Parley, kind: str, *keys: tuple[str, ...]) -> None:
    """Puts a job into the queue as a scheduled run does."""
    job = {"kind": kind, "keys": keys, "at_s": parley.clock() // 1000}
    parley.store.client("sqs").send_message(
        QueueUrl=parley.functions.environment["SWEEPS_QUEUE_URL"], MessageBody=json.dumps(job)
    )


def test_typing_that_fails_in_a_job_ends_with_the_next_one(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    alice.connect().request("typing_start", {"conversation_id": conversation_id})
    parley.advance(6)
    fails = Fails(broken, conversation_id, "DeleteItem")
    parley.hooks.append(fails)

    hand_on(parley, "typing", (conversation_id, "alice"))
    parley.drain()
    first = left(parley, "TYPING_TABLE", "sweep_shard")
    fails.lasts = False
    hand_on(parley, "typing", (conversation_id, "alice"))
    parley.drain()

    assert (first, left(parley, "TYPING_TABLE", "sweep_shard")) == (1, 0)


def test_call_that_fails_in_a_job_is_told_of_by_the_next_one(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    phone = alice.connect()
    ring(phone, conversation_id, "call-1")
    parley.clock.ms += 3_600_000  # the list is put in order, too
    phone.connection.active_at_ms = parley.clock()
    phone.request("ping")
    fails = Fails(broken, '"call-1"', "PutItem")
    parley.hooks.append(fails)

    hand_on(parley, "calls", (conversation_id, "call-1"))
    parley.drain()
    first = left(parley, "CALLS_TABLE", "due_at_s")
    fails.lasts = False
    hand_on(parley, "calls", (conversation_id, "call-1"))
    parley.drain()

    assert (first, left(parley, "CALLS_TABLE", "due_at_s")) == (1, 0)
    assert set(heard(phone)) == {("hang_up", "missed")}
    assert len(bob.get(f"/conversations/{conversation_id}/messages").json["messages"]) == 1


def test_those_whom_very_many_have_blocked_go_too(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    meet(alice, bob)
    let_many_block(parley, "alice", 110)
    parley.lose_disconnects = True
    alice.connect()
    parley.advance(LEASE_S + 1)
    screen = bob.connect()

    hand_on(parley, "presence", ("alice",))
    parley.drain()

    assert offline(screen) == {"alice"}


def test_people_who_are_there_again_are_left_alone(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    meet(alice, bob)
    phone, screen = alice.connect(), bob.connect()
    forget_events(screen)

    hand_on(parley, "presence", ("alice",), ("carol",))
    parley.drain()

    assert screen.events() == []
    assert phone.closed is None
