"""DELETE /admin/webhooks/{webhook_id}: an endpoint gets nothing more."""

from tests.functional.hooks import ENDPOINTS, Receiver, host, made, receiver
from tests.functional.replies import refusal
from tests.functional.talk import meet
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


def test_others_delete_none(parley: Parley) -> None:
    webhook = made(host(parley), "https://hooks.example.org/")

    assert refusal(parley.user("eve").delete(f"{ENDPOINTS}/{webhook['id']}")) == ("webhooks_closed", 403, [])
