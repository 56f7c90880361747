"""DELETE /admin/webhooks/{webhook_id}: an endpoint gets nothing more."""

import json

import pytest

from tests.functional.hooks import ENDPOINTS, Got, Receiver, deliveries, follow, host, made, of, receiver
from tests.functional.replies import refusal
from tests.functional.talk import meet, say
from tests.harness import Parley

__all__ = ["receiver"]


def test_deleted_webhook_gets_nothing_more(parley: Parley, receiver: Receiver) -> None:
    backend = host(parley)
    webhook = made(backend, receiver.url)
    path = f"{ENDPOINTS}/{webhook['id']}"

    replies = [backend.delete(path) for _ in range(2)]
    meet(parley.user("alice"), parley.user("bob"))
    parley.drain()

    assert [(reply.status, reply.json) for reply in replies] == [(200, {"id": webhook["id"]})] * 2
    assert refusal(backend.get(path)) == ("webhook_not_found", 404, [])
    assert receiver.got == []


def test_the_same_client_id_makes_another_webhook_after_a_deletion(parley: Parley, receiver: Receiver) -> None:
    backend = host(parley)
    body = {"url": receiver.url, "events": ["message.created"], "client_id": "crm"}
    first = backend.post(ENDPOINTS, json=body).json
    receiver.status = 500
    meet(parley.user("alice"), parley.user("bob"))
    follow(parley)
    assert deliveries(backend, first["id"], "?status=pending")
    receiver.take()
    receiver.status = 200

    backend.delete(f"{ENDPOINTS}/{first['id']}")
    second = backend.post(ENDPOINTS, json=body)
    parley.drain()

    assert (second.status, second.json["id"] == first["id"]) == (201, False)
    assert second.json["secret"] != first["secret"]
    assert (deliveries(backend, second.json["id"]), receiver.got) == ([], [])
    assert of(backend, second.json["id"])["failing_since"] is None


def rows(parley: Parley) -> list[str]:
    """Returns the keys of the rows that say something of a webhook."""
    found = parley.store.client("dynamodb").scan(TableName="parley-Webhooks")["Items"]
    return [row["key"]["S"] for row in found if not row["place"]["S"].startswith("#")]


def test_deliveries_go_with_their_webhook(parley: Parley, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("parley.actions.webhooks.posting.PURGED_AT_ONCE", 2)
    backend = host(parley)
    webhook, other = made(backend, receiver.url, "message.created"), made(backend, receiver.url, "conversation.created")
    receiver.answer = lambda got: 500 if got.data["seq"] % 2 else 200
    alice, bob = parley.user("alice"), parley.user("bob")
    say(alice, meet(alice, bob), *"abcdefg")
    parley.drain()
    say(alice, meet(alice, bob), "h")
    follow(parley)
    assert len(deliveries(backend, webhook["id"])) > 6

    backend.delete(f"{ENDPOINTS}/{webhook['id']}")
    parley.drain()

    assert {key for key in rows(parley) if key != "endpoints"} == {f"failed#{other['id']}"}


def test_what_is_written_while_its_webhook_goes_is_deleted_too(parley: Parley, receiver: Receiver) -> None:
    backend = host(parley)
    webhook = made(backend, receiver.url, "message.created")

    def answer(_: Got) -> int:
        backend.delete(f"{ENDPOINTS}/{webhook['id']}")
        return 200

    receiver.answer = answer
    meet(parley.user("alice"), parley.user("bob"))
    parley.drain()

    assert receiver.got and rows(parley) == []


def test_a_job_of_a_deletion_that_failed_deletes_nothing(parley: Parley, receiver: Receiver) -> None:
    backend = host(parley)
    webhook = made(backend, receiver.url, "message.created")
    meet(parley.user("alice"), parley.user("bob"))
    parley.drain()
    parley.enqueue("WebhookRetries", json.dumps({"webhook_id": webhook["id"], "purge": True}))
    parley.drain()

    assert deliveries(backend, webhook["id"])


def test_others_delete_none(parley: Parley) -> None:
    webhook = made(host(parley), "https://hooks.example.org/")

    assert refusal(parley.user("eve").delete(f"{ENDPOINTS}/{webhook['id']}")) == ("webhooks_closed", 403, [])
