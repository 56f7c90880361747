"""POST /admin/deliveries/{delivery_id}/replay: one more attempt, under the same id of the event."""

from tests.functional.hooks import ENDPOINTS, Receiver, deliveries, follow, host, made, receiver
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


def test_replay_of_a_pending_delivery_makes_its_next_attempt_now(parley: Parley, receiver: Receiver) -> None:
    backend = host(parley)
    webhook = made(backend, receiver.url)
    receiver.status = 500
    backend.post(f"{ENDPOINTS}/{webhook['id']}/test")
    follow(parley)
    [delivery] = deliveries(backend, webhook["id"], "?status=pending")

    replies = []
    for _ in range(5):
        replies.append(backend.post(f"/admin/deliveries/{delivery['id']}/replay"))
        parley.advance(0.01)
    parley.drain()

    assert {(reply.status, reply.json["status"], reply.json["attempts"]) for reply in replies} == {(202, "pending", 1)}
    assert len(receiver.got) == 4  # as without a replay
    [after] = deliveries(backend, webhook["id"])
    assert (after["id"], after["status"], after["attempts"]) == (delivery["id"], "failed", 4)


def test_replay_of_a_pending_delivery_that_succeeds_is_its_last_attempt(parley: Parley, receiver: Receiver) -> None:
    backend = host(parley)
    webhook = made(backend, receiver.url)
    receiver.status = 500
    backend.post(f"{ENDPOINTS}/{webhook['id']}/test")
    follow(parley)
    [delivery] = deliveries(backend, webhook["id"])
    receiver.take()
    statuses = iter([200])
    receiver.answer = lambda _: next(statuses, 500)

    for _ in range(5):
        backend.post(f"/admin/deliveries/{delivery['id']}/replay")
    parley.drain()

    assert len(receiver.got) == 1
    assert [each["status"] for each in deliveries(backend, webhook["id"])] == ["succeeded"]


def test_a_replayed_delivery_shows_nothing_of_the_attempts_before(parley: Parley, receiver: Receiver) -> None:
    backend = host(parley)
    webhook = made(backend, receiver.url)
    receiver.status = 500
    backend.post(f"{ENDPOINTS}/{webhook['id']}/test")
    parley.drain()
    [failed] = deliveries(backend, webhook["id"], "?status=failed")

    backend.post(f"/admin/deliveries/{failed['id']}/replay")

    [shown] = deliveries(backend, webhook["id"])
    names = ("status", "attempts", "response_status", "code", "last_attempt_at")
    assert [shown[name] for name in names] == ["pending", 0, None, None, None]
    assert shown["next_attempt_at"] is not None and failed["last_attempt_at"] is not None


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
