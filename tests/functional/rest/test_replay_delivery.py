"""POST /admin/deliveries/{delivery_id}/replay: one more attempt, under the same id of the event."""

from tests.functional.hooks import ENDPOINTS, Receiver, deliveries, host, made, receiver
from tests.functional.replies import invalid, refusal
from tests.harness import Parley

__all__ = ["receiver"]


def test_successful_delivery_can_be_repeated(parley: Parley, receiver: Receiver) -> None:
    backend = host(parley)
    webhook = made(backend, receiver.url)
    backend.post(f"{ENDPOINTS}/{webhook['id']}/test")
    parley.drain()
    [delivery] = deliveries(backend, webhook["id"])

    reply = backend.post(f"/admin/deliveries/{delivery['id']}/replay")
    parley.drain()

    assert (reply.status, reply.json["status"], reply.json["attempts"]) == (202, "pending", 0)
    assert [got.id for got in receiver.got] == [delivery["event_id"]] * 2
    [after] = deliveries(backend, webhook["id"])
    assert (after["status"], after["attempts"]) == ("succeeded", 1)


def test_what_cannot_be_repeated_is_refused(parley: Parley, receiver: Receiver) -> None:
    backend = host(parley)
    webhook = made(backend, receiver.url)
    backend.post(f"{ENDPOINTS}/{webhook['id']}/test")
    parley.drain()
    [delivery] = deliveries(backend, webhook["id"])
    path = f"/admin/deliveries/{delivery['id']}/replay"

    backend.patch(f"{ENDPOINTS}/{webhook['id']}", json={"enabled": False})

    assert refusal(backend.post(path)) == ("webhook_disabled", 409, [])
    assert refusal(parley.user("eve").post(path)) == ("webhooks_closed", 403, [])
    other = f"/admin/deliveries/{webhook['id']}.1795246260123.evt_{'0' * 32}/replay"
    assert refusal(backend.post(other)) == ("delivery_not_found", 404, [])
    gone = f"/admin/deliveries/wh_{'a' * 26}.1795246260123.evt_{'0' * 32}/replay"
    assert refusal(backend.post(gone)) == ("webhook_not_found", 404, [])
    assert refusal(backend.post("/admin/deliveries/nonsense/replay")) == invalid(("{delivery_id}", "bad_format"))
