"""PATCH /admin/webhooks/{webhook_id}: change an endpoint, disable it, enable it again."""

import pytest

from tests.functional.hooks import ENDPOINTS, Receiver, host, made, of, receiver
from tests.functional.replies import invalid, refusal
from tests.functional.talk import meet, named, say
from tests.harness import Parley

__all__ = ["receiver"]
URL = "https://hooks.example.org/"


def test_fields_change_one_by_one(parley: Parley) -> None:
    backend = host(parley)
    webhook = made(backend, URL, "message.*", description="CRM")

    reply = backend.patch(f"{ENDPOINTS}/{webhook['id']}", json={"events": ["ticket.*"]})
    same = backend.patch(f"{ENDPOINTS}/{webhook['id']}", json={"events": ["ticket.*"], "description": "CRM"})

    assert (reply.status, reply.json["events"], reply.json["description"]) == (200, ["ticket.*"], "CRM")
    assert (reply.json["version"], same.json["version"]) == (2, 2)
    assert "secret" not in reply.json


def test_disabled_webhook_gets_nothing_until_it_is_enabled(parley: Parley, receiver: Receiver) -> None:
    backend = host(parley)
    webhook = made(backend, receiver.url, "message.created")
    path = f"{ENDPOINTS}/{webhook['id']}"
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = meet(alice, bob)
    parley.drain()
    receiver.take()

    off = backend.patch(path, json={"enabled": False})
    say(alice, conversation_id, "unheard")
    parley.drain()
    on = backend.patch(path, json={"enabled": True})
    say(alice, conversation_id, "heard")
    parley.drain()

    assert (off.json["enabled"], off.json["disabled_reason"]) == (False, "by_request")
    assert (on.json["enabled"], on.json["disabled_reason"], on.json["disabled_at"]) == (True, None, None)
    assert [got.data["message"]["text"] for got in receiver.got] == ["heard"]


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ({"url": "http://hooks.example.org/"}, "/url", "https_only"),
        ({"url": "https://10.0.0.1/"}, "/url", "private_address"),
        ({"events": ["message.sold"]}, "/events/0", "unknown_event"),
        ({"enabled": "no"}, "/enabled", "wrong_type"),
        ({"secret": "whsec_"}, "/secret", "unknown_field"),
    ],
)
def test_bad_fields_are_named(parley: Parley, body: dict[str, object], pointer: str, code: str) -> None:
    backend = host(parley)
    webhook = made(backend, URL)

    reply = backend.patch(f"{ENDPOINTS}/{webhook['id']}", json=body)

    assert refusal(reply)[2] == [(pointer, code)] and reply.status == 400
    assert of(backend, webhook["id"])["version"] == 1


def test_no_others_change_it(parley: Parley) -> None:
    webhook = made(host(parley), URL)
    path = f"{ENDPOINTS}/{webhook['id']}"

    assert refusal(parley.user("eve").patch(path, json={"enabled": False})) == ("webhooks_closed", 403, [])
    assert refusal(host(parley).patch(f"{ENDPOINTS}/x", json={})) == invalid(("{webhook_id}", "bad_format"))


def test_answers_name_the_moderator_who_has_made_the_webhook(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODERATOR_READS", "any")
    webhook = made(parley.user("mona", role="moderator"), URL)
    backend, path = host(parley), f"{ENDPOINTS}/{webhook['id']}"

    answers = [
        backend.get(ENDPOINTS),
        backend.get(path),
        backend.patch(path, json={"description": "CRM"}),
        backend.post(f"{path}/rotate-secret", json={"version": 2}),
    ]

    assert [reply.json["users"] for reply in answers] == [named(parley, "mona")] * 4
