"""POST /admin/webhooks/{webhook_id}/rotate-secret: for a day, requests have a signature by each of two secrets."""

import pytest
from standardwebhooks import WebhookVerificationError

from parley.domain.webhooks.endpoints import MAX_OLD_SECRETS
from tests.functional.hooks import ENDPOINTS, Receiver, host, made, of, receiver
from tests.functional.replies import invalid, refusal
from tests.harness import Parley

__all__ = ["receiver"]


def test_both_secrets_are_valid_for_a_day(parley: Parley, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    backend = host(parley)
    webhook = made(backend, receiver.url)
    path = f"{ENDPOINTS}/{webhook['id']}"

    reply = backend.post(f"{path}/rotate-secret", json={"version": 1})
    backend.post(f"{path}/test")
    parley.drain()

    new = reply.json
    assert (reply.status, new["version"], new["secret"] != webhook["secret"]) == (200, 2, True)
    assert of(backend, webhook["id"])["old_secret_until"] == new["old_secret_until"] is not None
    [got] = receiver.take()
    assert got.verified(webhook["secret"]) == got.verified(new["secret"])

    monkeypatch.setattr("parley.domain.webhooks.endpoints.BOTH_VALID_MS", 0)
    last = backend.post(f"{path}/rotate-secret", json={"version": 2, "end_old": True}).json
    parley.advance(1)
    backend.post(f"{path}/test")
    parley.drain()

    [got] = receiver.got
    assert got.verified(last["secret"]) and len(got.headers["webhook-signature"].split()) == 1
    with pytest.raises(WebhookVerificationError):
        got.verified(new["secret"])


def test_each_old_secret_stays_valid_for_its_day(parley: Parley, receiver: Receiver) -> None:
    backend = host(parley)
    webhook = made(backend, receiver.url)
    path = f"{ENDPOINTS}/{webhook['id']}"
    secrets = [webhook["secret"]]
    for version in range(1, MAX_OLD_SECRETS + 1):
        secrets.append(backend.post(f"{path}/rotate-secret", json={"version": version}).json["secret"])
    backend.post(f"{path}/test")
    parley.drain()

    [got] = receiver.take()
    assert all(got.verified(secret) for secret in secrets) and len(set(secrets)) == MAX_OLD_SECRETS + 1

    refused = backend.post(f"{path}/rotate-secret", json={"version": MAX_OLD_SECRETS + 1})
    assert (refusal(refused), refused.json["rule"]) == (
        ("too_many_secrets", 409, []),
        "end_old: true ends them at once",
    )


def test_a_leaked_secret_can_be_ended_at_once(parley: Parley, receiver: Receiver) -> None:
    backend = host(parley)
    webhook = made(backend, receiver.url)
    path = f"{ENDPOINTS}/{webhook['id']}"

    backend.post(f"{path}/rotate-secret", json={"version": 1})
    new = backend.post(f"{path}/rotate-secret", json={"version": 2, "end_old": True}).json
    backend.post(f"{path}/test")
    parley.drain()

    assert new["old_secret_until"] is None
    [got] = receiver.got
    assert got.verified(new["secret"]) and len(got.headers["webhook-signature"].split()) == 1


def test_repeat_does_not_end_the_secret_in_use(parley: Parley) -> None:
    backend = host(parley)
    path = f"{ENDPOINTS}/{made(backend, 'https://hooks.example.org/')['id']}/rotate-secret"
    assert backend.post(path, json={"version": 1}).status == 200

    assert refusal(backend.post(path, json={"version": 1})) == ("webhook_changed", 409, [])


def test_bad_secrets_and_other_people_are_refused(parley: Parley) -> None:
    backend = host(parley)
    path = f"{ENDPOINTS}/{made(backend, 'https://hooks.example.org/')['id']}/rotate-secret"

    short = backend.post(path, json={"version": 1, "secret": "whsec_YWJj"})

    assert refusal(short) == invalid(("/secret", "bad_secret"))
    assert refusal(backend.post(path, json={})) == invalid(("/version", "required"))
    assert refusal(parley.user("eve").post(path, json={"version": 1})) == ("webhooks_closed", 403, [])
