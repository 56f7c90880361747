"""GET /admin/webhooks/{webhook_id}: an endpoint without its secret."""

from tests.functional.hooks import ENDPOINTS, host, made, of
from tests.functional.replies import invalid, refusal
from tests.harness import Parley

NOBODYS = "wh_" + "a" * 26


def test_keeper_sees_a_webhook_without_its_secret(parley: Parley) -> None:
    backend = host(parley)
    new = made(backend, "https://hooks.example.org/")

    assert of(host(parley, "worker"), new["id"]) == {name: new[name] for name in new if name != "secret"}


def test_webhook_that_is_not_there_is_not_found(parley: Parley) -> None:
    backend = host(parley)

    assert refusal(backend.get(f"{ENDPOINTS}/{NOBODYS}")) == ("webhook_not_found", 404, [])
    assert refusal(backend.get(f"{ENDPOINTS}/nonsense")) == invalid(("{webhook_id}", "bad_format"))
    assert refusal(parley.user("eve").get(f"{ENDPOINTS}/{NOBODYS}")) == ("webhooks_closed", 403, [])
