"""POST /admin/webhooks/{webhook_id}/test: the event `webhook.test`, whatever the endpoint asks for."""

from tests.functional.hooks import ENDPOINTS, Receiver, deliveries, host, made, receiver
from tests.functional.replies import refusal
from tests.harness import Parley

__all__ = ["receiver"]


def test_endpoint_gets_a_signed_test(parley: Parley, receiver: Receiver) -> None:
    backend = host(parley)
    webhook = made(backend, receiver.url, "ticket.*")

    reply = backend.post(f"{ENDPOINTS}/{webhook['id']}/test")
    parley.drain()

    [got] = receiver.got
    assert (reply.status, reply.json["type"], reply.json["event_id"]) == (202, "webhook.test", got.id)
    assert got.verified(webhook["secret"])["data"] == {"webhook_id": webhook["id"]}
    [delivery] = deliveries(backend, webhook["id"])
    assert (delivery["id"], delivery["status"]) == (reply.json["id"], "succeeded")


def test_disabled_endpoint_gets_no_test(parley: Parley) -> None:
    backend = host(parley)
    webhook = made(backend, "https://hooks.example.org/")
    backend.patch(f"{ENDPOINTS}/{webhook['id']}", json={"enabled": False})

    assert refusal(backend.post(f"{ENDPOINTS}/{webhook['id']}/test")) == ("webhook_disabled", 409, [])
    assert refusal(backend.post(f"{ENDPOINTS}/wh_{'a' * 26}/test")) == ("webhook_not_found", 404, [])
    assert refusal(parley.user("eve").post(f"{ENDPOINTS}/{webhook['id']}/test")) == ("webhooks_closed", 403, [])
