"""The EventBridge bus: it gets the events of webhooks, each at least once, whatever fails on the way."""

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from local.functions import Functions, Killed
from local.template import load
from parley.domain.api.times import rfc3339
from tests.functional.hooks import Receiver, follow, host, made, receiver, take_on
from tests.functional.talk import meet, say
from tests.harness import Call, Parley
from tests.harness.calls import Recorder, aws_refusal
from tests.harness.documents import TEMPLATE
from tests.harness.iam import Checker

__all__ = ["receiver"]


@pytest.fixture
def bus(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The ARN of a bus that functions put onto, with the rights that they have then; a queue gets all of it."""
    events, sqs = parley.store.client("events"), parley.store.client("sqs")
    arn: str = events.create_event_bus(Name="host")["EventBusArn"]
    queue_url = sqs.create_queue(QueueName="host-events")["QueueUrl"]
    queue_arn = sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    events.put_rule(Name="all", EventBusName="host", EventPattern=json.dumps({"source": ["parley"]}))
    events.put_targets(Rule="all", EventBusName="host", Targets=[{"Id": "1", "Arn": queue_arn}])
    monkeypatch.setenv("EVENT_BUS_ARN", arn)
    monkeypatch.setenv("EVENT_BUS_QUEUE_URL", parley.template.resources["WebhookRetries"].ref)
    monkeypatch.setattr("parley.domain.webhooks.deliveries.BACK_OFF_S", (0, 0, 0))
    template = load(TEMPLATE, {"EventBusArn": arn}, parley.template.place)
    checker = Checker(template, Functions(template))
    parley.hooks[:] = [checker]
    yield arn
    events.remove_targets(Rule="all", EventBusName="host", Ids=["1"])
    events.delete_rule(Name="all", EventBusName="host")
    events.delete_event_bus(Name="host")
    sqs.delete_queue(QueueUrl=queue_url)
    assert checker.violations == []


def arrived(parley: Parley) -> list[dict[str, Any]]:
    """Returns the events that a rule of the bus has handed on."""
    sqs = parley.store.client("sqs")
    queue_url = sqs.get_queue_url(QueueName="host-events")["QueueUrl"]
    found: list[dict[str, Any]] = []
    while messages := sqs.receive_message(QueueUrl=queue_url, MaxNumberOfMessages=10).get("Messages"):
        for message in messages:
            found.append(json.loads(message["Body"]))
            sqs.delete_message(QueueUrl=queue_url, ReceiptHandle=message["ReceiptHandle"])
    return found


def texts(events: list[dict[str, Any]]) -> list[str]:
    return sorted(each["detail"]["data"]["message"]["text"] for each in events if said(each))


def said(event: dict[str, Any]) -> bool:
    return str(event["detail-type"]) == "message.created"


class Refusing:
    """A hook: the bus refuses some calls, or does not take some entries of the others."""

    def __init__(
        self, *, calls: int = 0, entries: int = 0, of_text: str = "", code: str = "ThrottlingException"
    ) -> None:
        self.calls, self.entries, self.of_text, self.code = calls, entries, of_text, code
        self.put: list[list[str]] = []  # the texts of each call

    def before(self, call: Call) -> None:
        if call.operation != "PutEvents":
            return
        self.put.append([entry["Detail"] for entry in call.params["Entries"]])
        if self.calls:
            self.calls -= 1
            raise aws_refusal(call, self.code, "not now")
        if self.entries and any(self.of_text in detail for detail in self.put[-1]):
            # The rule must not see what the bus did not take, so it is taken out of the call.
            self.kept = call.params["Entries"]
            call.params["Entries"] = [each for each in self.kept if self.of_text not in each["Detail"]]

    def after(self, call: Call) -> None:
        if call.operation != "PutEvents" or not self.entries or not hasattr(self, "kept"):
            return
        self.entries -= 1
        taken = iter(call.response["Entries"])
        refused = {"ErrorCode": self.code, "ErrorMessage": "not now"}
        call.response["Entries"] = [refused if self.of_text in each["Detail"] else next(taken) for each in self.kept]
        call.response["FailedEntryCount"] = sum("ErrorCode" in each for each in call.response["Entries"])
        del self.kept


class DiesOnce:
    """A hook: a function dies once, at its n-th call or right after it."""

    def __init__(self, function: str, at: int, *, after: bool) -> None:
        self.function, self.at, self.is_after = function, at, after
        self.count, self.happened = 0, False

    def before(self, call: Call) -> None:
        self._look(call, is_after=False)

    def after(self, call: Call) -> None:
        self._look(call, is_after=True)

    def _look(self, call: Call, *, is_after: bool) -> None:
        if call.function == self.function and is_after == self.is_after and not self.happened:
            self.count += 1
            if self.count == self.at:
                self.happened = True
                raise Killed(f"killed at {call.operation}")


def test_bus_gets_what_a_webhook_gets(parley: Parley, receiver: Receiver, bus: str) -> None:
    made(host(parley), receiver.url)
    alice, bob = parley.user("alice"), parley.user("bob")
    [message_id] = say(alice, meet(alice, bob), "hello")
    alice.patch(f"/messages/{message_id}", json={"text": "hello again"})
    bob.post(f"/messages/{message_id}/report", json={"reason": "spam"})
    recorder = Recorder()
    parley.hooks.append(recorder)
    parley.drain()

    found = arrived(parley)
    posted = {got.id: got.body for got in receiver.got}
    assert {each["detail"]["id"]: each["detail"] for each in found} == posted
    assert {each["detail-type"] for each in found} >= {"conversation.created", "message.updated", "report.created"}
    for each in found:
        assert (each["source"], each["detail-type"]) == ("parley", each["detail"]["type"])
    for call in recorder.calls:  # the store's rules tell the time of the call
        for entry in call.params["Entries"] if call.operation == "PutEvents" else ():
            assert rfc3339(entry["Time"] * 1000)[:19] == json.loads(entry["Detail"])["timestamp"][:19]


def test_bus_needs_no_webhook(parley: Parley, bus: str) -> None:
    alice = parley.user("alice")
    say(alice, meet(alice, parley.user("bob")), "hello")
    parley.drain()

    assert "hello" in texts(arrived(parley))


def test_without_a_bus_nothing_is_queued_for_one(parley: Parley) -> None:
    alice = parley.user("alice")
    say(alice, meet(alice, parley.user("bob")), "hello")
    with parley.watch() as calls:
        parley.drain()

    assert [call for call in calls if call.function == "RetryWebhook" or call.service == "events"] == []


def test_job_for_a_bus_that_was_taken_away_ends(parley: Parley, bus: str, monkeypatch: pytest.MonkeyPatch) -> None:
    meet(parley.user("alice"), parley.user("bob"))
    follow(parley)
    monkeypatch.delenv("EVENT_BUS_ARN")
    parley.drain()

    assert arrived(parley) == []


def test_ten_events_of_a_batch_are_one_job_and_one_call(parley: Parley, bus: str) -> None:
    alice = parley.user("alice")
    conversation_id = meet(alice, parley.user("bob"))
    parley.drain()
    arrived(parley)
    say(alice, conversation_id, *(f"number {number}" for number in range(20)))
    with parley.watch() as calls:
        follow(parley)
        take_on(parley, "WebhookRetries")

    assert len(texts(arrived(parley))) == 20
    assert len([call for call in calls if call.service == "events"]) <= 3


def test_only_the_entry_that_was_not_taken_is_put_again(parley: Parley, bus: str) -> None:
    alice = parley.user("alice")
    conversation_id = meet(alice, parley.user("bob"))
    parley.drain()
    arrived(parley)
    refusing = Refusing(entries=1, of_text="second", code="InternalFailure")
    parley.hooks.append(refusing)
    say(alice, conversation_id, "first", "second", "third")
    parley.drain()

    assert texts(arrived(parley)) == ["first", "second", "third"]
    again = [details for details in refusing.put if any("second" in each for each in details)][1]
    assert len(again) == 1


@pytest.mark.parametrize("code", ["ThrottlingException", "InternalException", "AccessDeniedException"])
def test_events_of_a_call_that_failed_are_all_put_again(parley: Parley, bus: str, code: str) -> None:
    alice = parley.user("alice")
    conversation_id = meet(alice, parley.user("bob"))
    parley.drain()
    arrived(parley)
    parley.hooks.append(Refusing(calls=1, code=code))
    say(alice, conversation_id, "first", "second")
    parley.drain()

    assert texts(arrived(parley)) == ["first", "second"]


def test_unreadable_subject_holds_up_no_other_event(parley: Parley, bus: str) -> None:
    alice = parley.user("alice")
    conversation_id = meet(alice, parley.user("bob"))
    parley.drain()
    arrived(parley)
    [message_id, *_] = say(alice, conversation_id, "first", "second")
    follow(parley)
    parley.store.client("dynamodb").update_item(
        TableName=parley.template.resources["Messages"].ref,
        Key={"conversation_id": {"S": conversation_id}, "seq": {"N": message_id.rpartition(".")[2]}},
        UpdateExpression="SET created_at_ms = :damage",
        ExpressionAttributeValues={":damage": {"S": "damaged"}},
    )
    parley.drain()

    assert texts(arrived(parley)) == ["second"]


def test_events_that_are_never_taken_become_a_dead_letter(
    parley: Parley, bus: str, caplog: pytest.LogCaptureFixture
) -> None:
    meet(parley.user("alice"), parley.user("bob"))
    refusing = Refusing(calls=1000, code="AccessDeniedException")
    parley.hooks.append(refusing)
    with caplog.at_level(logging.INFO):
        parley.drain()

    levels = [record.levelname for record in caplog.records if record.getMessage() == "events_not_put"]
    assert levels[:3] == ["INFO", "INFO", "ERROR"]
    [body, *others] = parley.dequeue("WebhookRetriesDeadLetters")
    left = [event for each in (body, *others) for event in json.loads(each)["events"]]
    assert {event["type"] for event in left} >= {"conversation.created", "message.created"}

    parley.hooks.remove(refusing)  # the right is there again, and the operator moves the dead letters back
    for each in (body, *others):
        parley.enqueue("WebhookRetries", each)
    parley.drain()
    assert {each["detail-type"] for each in arrived(parley)} >= {"conversation.created", "message.created"}


def test_only_the_event_that_is_never_taken_becomes_a_dead_letter(parley: Parley, bus: str) -> None:
    alice = parley.user("alice")
    conversation_id = meet(alice, parley.user("bob"))
    parley.drain()
    arrived(parley)
    parley.hooks.append(Refusing(entries=1000, of_text="second"))
    say(alice, conversation_id, "first", "second", "third")
    parley.drain()

    assert texts(arrived(parley)) == ["first", "third"]
    [dead] = parley.dequeue("WebhookRetriesDeadLetters")
    assert [event["type"] for event in json.loads(dead)["events"]] == ["message.created"]


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("function", ["StartFanOut", "RetryWebhook"])
def test_function_that_dies_at_any_call_loses_no_event(parley: Parley, bus: str, function: str, after: bool) -> None:
    alice = parley.user("alice")
    conversation_id = meet(alice, parley.user("bob"))
    parley.drain()
    arrived(parley)
    for at in range(1, 12):
        dies = DiesOnce(function, at, after=after)
        parley.hooks.append(dies)
        say(alice, conversation_id, f"number {at}")
        parley.drain()
        assert set(texts(arrived(parley))) == {f"number {at}"}
        if not dies.happened:
            assert at > 1
            return
    raise AssertionError("the function never came to its end")
