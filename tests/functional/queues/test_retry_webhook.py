"""Further attempts: when they are due, in steps of 15 minutes, for a day; then the endpoint is disabled after three."""

import json
import time
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from parley.domain.webhooks.endpoints import DISABLED_AFTER_MS
from tests.functional.attachments import clean_attachment
from tests.functional.desk import open_ticket
from tests.functional.hooks import Got, Receiver, deliveries, host, made, of, pending, receiver
from tests.functional.talk import make_group, meet, say
from tests.harness import Parley

__all__ = ["receiver"]
SCHEMAS = json.loads((Path(__file__).parents[3] / "docs" / "webhooks.json").read_text(encoding="utf-8"))


def test_attempt_that_is_not_due_waits_in_steps(parley: Parley, receiver: Receiver) -> None:
    webhook = made(host(parley), receiver.url)
    due_ms = time.time_ns() // 1_000_000 + 3_600_000
    event = {"type": "webhook.test", "key": webhook["id"], "number": 1, "at_ms": 1}
    job = {"webhook_id": webhook["id"], "event": event, "attempts": 3, "first_ms": 1, "due_ms": due_ms}
    parley.enqueue("WebhookRetries", json.dumps(job))
    [mapping] = [each for each in parley.queues if each.queue.logical_id == "WebhookRetries"]
    with parley.watch() as calls:
        mapping.poll()

    [sent] = [call for call in calls if call.function == "RetryWebhook" and call.service == "sqs"]
    [entry] = sent.params["Entries"]
    assert entry["DelaySeconds"] == 900 and json.loads(entry["MessageBody"])["due_ms"] == due_ms
    assert receiver.got == []


def test_endpoint_that_only_fails_for_days_is_disabled(
    parley: Parley, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend = host(parley)
    alice, bob = parley.user("alice"), parley.user("bob")
    webhook = made(backend, receiver.url, "message.created")
    receiver.status = 500
    monkeypatch.setattr("parley.domain.webhooks.endpoints.DISABLED_AFTER_MS", 0)
    assert DISABLED_AFTER_MS > 0
    meet(alice, bob)
    parley.drain()

    now = of(backend, webhook["id"])
    assert (now["enabled"], now["disabled_reason"]) == (False, "failing")
    assert now["disabled_at"] is not None
    assert {each["status"] for each in deliveries(backend, webhook["id"])} == {"failed"}


def test_jobs_of_a_deleted_endpoint_end(parley: Parley, receiver: Receiver) -> None:
    event = {"type": "webhook.test", "key": "wh_x", "number": 1, "at_ms": 1}
    parley.enqueue("WebhookRetries", json.dumps({"webhook_id": f"wh_{'a' * 26}", "event": event}))
    parley.drain()

    assert receiver.got == [] and parley.dequeue("WebhookRetries") == []


def test_event_whose_subject_is_gone_leaves_no_delivery(parley: Parley, receiver: Receiver) -> None:
    backend = host(parley)
    webhook = made(backend, receiver.url)
    event = {"type": "report.created", "key": "#report#r_gone", "number": 1, "at_ms": 1}
    parley.enqueue("WebhookRetries", pending(webhook["id"], event, 1, attempts=1))
    parley.drain()

    assert receiver.got == [] and deliveries(backend, webhook["id"]) == []


def test_each_kind_of_event_can_come_at_a_further_attempt(parley: Parley, receiver: Receiver) -> None:
    backend = host(parley)
    made(backend, receiver.url)
    seen: set[str] = set()

    def answer(got: Got) -> int:
        is_first = got.id not in seen
        seen.add(got.id)
        return 500 if is_first else 200

    receiver.answer = answer
    alice, bob, mona = parley.user("alice"), parley.user("bob"), parley.user("mona", role="moderator")
    conversation_id = meet(alice, bob)
    [message_id] = say(alice, conversation_id, "hello")
    alice.patch(f"/messages/{message_id}", json={"text": "hello again"})
    group = make_group(alice, bob)
    alice.patch(f"/conversations/{group}", json={"title": "Trip"})
    open_ticket(alice)
    clean_attachment(parley, alice, conversation_id)
    bob.post(f"/messages/{message_id}/report", json={"reason": "spam"})
    mona.post("/admin/warnings", json={"user_id": "alice", "reason": "Be kind."})
    parley.advance(60)
    parley.user("alice", name="Alice Liddell")
    parley.drain()

    told = {got.type for got in receiver.got}
    assert told >= {
        "message.created",
        "message.updated",
        "conversation.created",
        "conversation.updated",
        "ticket.created",
        "attachment.updated",
        "report.created",
        "moderation.warn_user",
        "user.updated",
    }
    assert all([got.id for got in receiver.got].count(each) >= 2 for each in seen)
    for got in receiver.got:
        Draft202012Validator(SCHEMAS).validate(got.body)
