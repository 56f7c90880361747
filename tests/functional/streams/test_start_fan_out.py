"""The work that follows a stored message: jobs of a hundred members each for a group, and a count by context."""

import json
from pathlib import Path
from typing import Any

import pytest

from parley.adapters.dynamodb.documents import to_wire
from tests.functional.attachments import ask_upload
from tests.functional.talk import make_group, open_direct, say
from tests.harness import Parley, User
from tests.harness.calls import Call, Hook

ROOT = Path(__file__).parents[3]


def large_group(owner: User, people: list[str]) -> str:
    group = make_group(owner)
    for first in range(0, len(people), 90):
        assert (
            owner.post(f"/conversations/{group}/members", json={"user_ids": people[first : first + 90]}).status == 200
        )
    return group


def test_a_large_group_is_told_in_parts_of_a_hundred_by_one_call_of_the_queue(parley: Parley) -> None:
    alice = parley.user("alice")
    group = large_group(alice, [f"u{number:03}" for number in range(249)])
    parley.drain()

    say(alice, group, "to all of you")
    with parley.watch() as calls:
        parley.drain()

    handed_out = [call for call in calls if call.function == "StartFanOut"]
    sent = [call for call in handed_out if "Deliveries" in str(call.params.get("QueueUrl"))]
    assert [len(call.params["Entries"]) for call in sent] == [3]


def test_whoever_writes_waits_for_none_of_it(parley: Parley) -> None:
    alice = parley.user("alice")
    group = large_group(alice, [f"u{number:03}" for number in range(120)])

    with parley.watch() as calls:
        say(alice, group, "to all of you")

    # The query, beside the batch, is for those who have blocked the sender; a group may be a small one.
    assert {call.operation for call in calls} == {"BatchGetItem", "Query", "TransactWriteItems"}


def test_two_people_leave_nothing_to_do(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    say(alice, open_direct(alice, bob), "hello")

    with parley.watch() as calls:
        parley.drain()

    asked = [call.params["TableName"] for call in calls if (call.function, call.operation) == ("StartFanOut", "Query")]
    assert asked in ([], ["parley-Webhooks"])  # once in five seconds


# --- the count -------------------------------------------------------------------------------------------------------


def counted(output: str) -> dict[str, float]:
    """Returns the metric MessagesStored by context type, summed over what the functions have printed (EMF)."""
    totals: dict[str, float] = {}
    for line in output.splitlines():
        if "MessagesStored" in line:
            metric = json.loads(line)
            totals[metric["context_type"]] = totals.get(metric["context_type"], 0) + sum(metric["MessagesStored"])
    return totals


def test_messages_are_counted_by_context_and_records_of_client_ids_are_not(
    parley: Parley, capsys: pytest.CaptureFixture[str]
) -> None:
    alice = parley.user("alice", role="teacher", contexts={"class": ["7b"]})
    bob = parley.user("bob", role="student", contexts={"class": ["7b"]})
    general = open_direct(alice, bob)
    of_class = {"type": "direct", "user_id": "bob", "context": {"type": "class", "id": "7b"}}
    lesson = alice.post("/conversations", json=of_class).json["id"]
    say(alice, general, "one", "two")
    bob.post(f"/conversations/{lesson}/messages", json={"text": "three", "client_id": "c1"})
    capsys.readouterr()

    parley.drain()

    assert counted(capsys.readouterr().out) == {"general": 2, "class": 1}


def test_nothing_that_was_said_stands_in_what_is_printed(parley: Parley, capsys: pytest.CaptureFixture[str]) -> None:
    alice, bob = parley.user("alice", name="Alice Example"), parley.user("bob")
    say(alice, open_direct(alice, bob), "a secret")

    parley.drain()

    printed = capsys.readouterr().out
    assert "a secret" not in printed and "Alice Example" not in printed


def test_replayed_send_is_counted_once(parley: Parley, capsys: pytest.CaptureFixture[str]) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    for _ in range(3):
        alice.post(f"/conversations/{conversation_id}/messages", json={"text": "hello", "client_id": "c1"})
    capsys.readouterr()

    parley.drain()

    assert counted(capsys.readouterr().out) == {"general": 1}


# --- steps for attachments -------------------------------------------------------------------------------------------


def put_message(parley: Parley, conversation_id: str, **fields: object) -> None:
    """Puts a row into the table of messages, as a transaction that no test can make writes it."""
    row = {"conversation_id": conversation_id, "seq": 1, "created_at_ms": parley.clock(), **fields}
    item = {name: to_wire(value) for name, value in row.items()}
    parley.store.client("dynamodb").put_item(TableName=parley.template.resources["Messages"].ref, Item=item)


def steps(parley: Parley) -> list[Any]:
    for stream in parley.streams:
        stream.poll(flush=True)
    return [json.loads(body) for body in parley.dequeue("AttachmentSteps")]


def test_message_with_attachments_starts_a_step(parley: Parley, capsys: pytest.CaptureFixture[str]) -> None:
    conversation_id = open_direct(parley.user("alice"), parley.user("bob"))
    texts = json.dumps([["a_" + "b" * 26, "plan.pdf", "application/pdf", "file", 10], ["a_" + "c" * 26, "x", "y", "z"]])

    put_message(parley, conversation_id, kind="text", sender_id="alice", attachments=texts)

    assert steps(parley) == [
        {
            "kind": "sent",
            "conversation_id": conversation_id,
            "seq": 1,
            "attachment_ids": ["a_" + "b" * 26, "a_" + "c" * 26],
        }
    ]
    assert counted(capsys.readouterr().out) == {"general": 1}


@pytest.mark.parametrize(
    ("of_removal", "kind"), [({}, "released"), ({"is_held": True}, "held")], ids=["deleted", "removed by a moderator"]
)
def test_released_attachments_start_a_step_and_are_no_message(
    parley: Parley, capsys: pytest.CaptureFixture[str], of_removal: dict[str, bool], kind: str
) -> None:
    conversation_id = open_direct(parley.user("alice"), parley.user("bob"))
    about = {"attachment_ids": ["a_" + "b" * 26], **of_removal}

    key = f"#attachments_released#{conversation_id}.7"
    put_message(parley, key, outbox="attachments_released", about=about)

    assert steps(parley) == [
        {"kind": kind, "conversation_id": conversation_id, "seq": 7, "attachment_ids": ["a_" + "b" * 26]}
    ]
    assert counted(capsys.readouterr().out) == {}


def test_states_of_attachments_leave_nothing_but_webhooks_to_do(parley: Parley) -> None:
    alice = parley.user("alice")
    ask_upload(alice, open_direct(alice, parley.user("bob")))

    with parley.watch() as calls:
        parley.drain()

    assert [call for call in calls if call.function == "StartFanOut" and call.service == "sqs"] == []


# --- parts that fail, and rows that are put back ---------------------------------------------------------------------


class Broken(Hook):
    """Breaks the reading of members by the function that reads the stream, so many times."""

    def __init__(self, operation: str, times: int) -> None:
        self.operation = operation
        self.times = times

    def before(self, call: Call) -> None:
        is_asked = (call.function, call.operation) == ("StartFanOut", self.operation)
        if self.times and is_asked and call.params.get("TableName") == "parley-Memberships":
            self.times -= 1
            raise ValueError("broken")

    def after(self, call: Call) -> None:
        pass


def test_row_whose_part_fails_comes_again_and_every_row_is_counted_once(
    parley: Parley, capsys: pytest.CaptureFixture[str]
) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    direct, group = open_direct(alice, bob), large_group(alice, [f"u{number:03}" for number in range(120)])
    listener = parley.user("u007").connect()
    parley.drain()
    listener.events()
    say(alice, direct, "before")
    say(alice, group, "to all of you")
    say(alice, direct, "after")
    capsys.readouterr()

    parley.hooks.append(Broken("Query", 2))
    parley.drain()

    assert counted(capsys.readouterr().out) == {"general": 3}
    [told] = listener.events("message_notification")
    assert told["data"]["message"]["text"] == "to all of you"


def test_row_that_fails_to_the_end_is_a_dead_letter_and_the_next_ones_go_on(
    parley: Parley, capsys: pytest.CaptureFixture[str]
) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    direct, group = open_direct(alice, bob), large_group(alice, [f"u{number:03}" for number in range(120)])
    parley.drain()
    say(alice, group, "to all of you")
    say(alice, direct, "after")
    capsys.readouterr()

    parley.hooks.append(Broken("Query", 1000))
    parley.drain()

    assert counted(capsys.readouterr().out) == {"general": 1}
    assert len(dead_letters(parley)) == 1


def test_messages_that_are_put_back_from_a_backup_are_told_and_counted_to_nobody(
    parley: Parley, capsys: pytest.CaptureFixture[str]
) -> None:
    alice = parley.user("alice")
    group = large_group(alice, [f"u{number:03}" for number in range(120)])
    [message_id] = say(alice, group, "an old message")
    assert alice.patch(f"/messages/{message_id}", json={"text": "an old, edited message"}).status == 200
    parley.drain()
    table = parley.functions.environment["MESSAGES_TABLE"]
    client = parley.store.client("dynamodb")
    rows = client.scan(TableName=table, ConsistentRead=True)["Items"]
    listener = parley.user("u007").connect()
    for row in rows:  # as if the table had been lost an hour after they were written
        client.delete_item(TableName=table, Key={name: row[name] for name in ("conversation_id", "seq")})
        client.put_item(TableName=table, Item=an_hour_older(row))
    capsys.readouterr()

    with parley.watch() as calls:
        parley.drain()

    assert {"errands", "kind"} <= {name for row in rows for name in row}
    assert [call.operation for call in calls] == []
    assert listener.events() == []
    assert counted(capsys.readouterr().out) == {}


def an_hour_older(row: dict[str, Any]) -> dict[str, Any]:
    """Returns a row with its times an hour ago; streams date a write by the real clock, which tests cannot move."""
    older = dict(row)
    if "created_at_ms" in row:
        older["created_at_ms"] = earlier(row["created_at_ms"])
    if "change" in row:
        older["change"] = {"M": row["change"]["M"] | {"at_ms": earlier(row["change"]["M"]["at_ms"])}}
    return older


def earlier(time_ms: dict[str, str]) -> dict[str, str]:
    return {"N": str(int(time_ms["N"]) - 3_600_000)}


def dead_letters(parley: Parley) -> list[dict[str, Any]]:
    client = parley.store.client("sqs")
    queue_url = parley.template.resources["StreamDeadLetters"].ref
    found = client.receive_message(QueueUrl=queue_url, MaxNumberOfMessages=10).get("Messages", [])
    for message in found:
        client.delete_message(QueueUrl=queue_url, ReceiptHandle=message["ReceiptHandle"])
    return [json.loads(message["Body"]) for message in found]


def test_event_for_sam_local_invoke_counts_its_message(parley: Parley, capsys: pytest.CaptureFixture[str]) -> None:
    event = json.loads((ROOT / "events" / "streams" / "start_fan_out.json").read_text(encoding="utf-8"))

    assert parley.functions.invoke("StartFanOut", event) == {"batchItemFailures": []}
    assert counted(capsys.readouterr().out) == {"general": 1}
