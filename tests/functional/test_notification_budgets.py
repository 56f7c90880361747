"""The cost that notifications may have: calls of the stream's reader, and round trips of a job."""

import json

import pytest

from bench.calls import longest_chain, recording
from tests.functional.notifying import notice_the_rows, pushes, pushing, register, rows_of
from tests.functional.talk import fill, make_group, open_direct, say
from tests.harness import Parley


def test_a_hundred_messages_to_a_person_who_is_there_take_a_call_each_at_most(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    bob.connect()
    say(alice, conversation_id, "one")
    parley.drain()
    before = rows_of(parley, "bob")
    fill(parley, conversation_id, [f"message {number}" for number in range(101)], from_ms=parley.clock())

    with parley.watch() as calls:
        notice_the_rows(parley)
    of_stream = [call.operation for call in calls if call.function == "StartFanOut"]
    assert 0 < len(of_stream) <= 100
    bob.patch(f"/conversations/{conversation_id}/read-all")
    with parley.watch() as calls:
        parley.drain()

    of_jobs = [call.operation for call in calls if call.function == "DecideNotifications"]
    assert set(of_jobs) == {"BatchGetItem"} and len(of_jobs) <= 10
    assert rows_of(parley, "bob") == before


def test_a_thousand_recipients_take_twenty_calls_of_the_stream(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    group = make_group(alice, bob)
    people = [f"u{number}" for number in range(990)]
    for first in range(0, len(people), 90):
        added = alice.post(f"/conversations/{group}/members", json={"user_ids": people[first : first + 90]})
        assert added.status == 200, added
    notice_the_rows(parley)
    parley.dequeue("NotificationJobs")
    say(alice, group, "hello")

    with parley.watch() as calls:
        notice_the_rows(parley)

    of_stream = [call.operation for call in calls if call.function == "StartFanOut"]
    assert len(of_stream) <= 20, of_stream
    jobs = [json.loads(body) for body in parley.dequeue("NotificationJobs")]
    told = [user_id for job in jobs for each in job["occasions"] for user_id in each["user_ids"]]
    assert sorted(told) == sorted([*people, "bob"]) and len(jobs) == 10


def test_a_job_of_a_hundred_takes_five_round_trips_and_a_call_for_each_push(
    parley: Parley, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pushing(parley, monkeypatch) as service:
        alice = parley.user("alice")
        people = [f"u{number}" for number in range(100)]
        group = make_group(alice)
        for part in (people[:90], people[90:]):
            assert alice.post(f"/conversations/{group}/members", json={"user_ids": part}).status == 200
        for user_id in people:
            register(parley, service, user_id)
        parley.dequeue("NotificationJobs")
        parley.hooks.clear()
        chains = []
        for text in ("one", "two", "three"):
            [message_id] = say(alice, group, text)
            seq = int(message_id.rpartition(".")[2])
            occasion = {"kind": "message", "conversation_id": group, "seq": seq, "by": "alice", "at_ms": parley.clock()}
            body = json.dumps({"occasions": [{**occasion, "user_ids": people}], "trails": True})
            with recording() as recorded:
                done = parley.functions.invoke("DecideNotifications", {"Records": [{"messageId": "m1", "body": body}]})
            assert done == {"batchItemFailures": []}
            chains.append(longest_chain(recorded.calls))

        assert max(chains) <= 5
        assert {len(pushes(service, user_id)) for user_id in people} == {3}
