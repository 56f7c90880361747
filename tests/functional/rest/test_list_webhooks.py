"""GET /admin/webhooks: all endpoints, without their secrets."""

from tests.functional.hooks import ENDPOINTS, host, made
from tests.functional.replies import refusal
from tests.harness import Parley


def test_keeper_sees_all_webhooks_without_secrets(parley: Parley) -> None:
    backend = host(parley)
    assert backend.get(ENDPOINTS).json == {"webhooks": [], "users": {}}
    ids = {made(backend, f"https://hooks.example.org/{number}")["id"] for number in range(3)}

    found = backend.get(ENDPOINTS).json["webhooks"]

    assert {webhook["id"] for webhook in found} == ids
    assert not any("secret" in webhook for webhook in found)


def test_others_are_refused(parley: Parley) -> None:
    assert refusal(parley.user("mona", role="moderator").get(ENDPOINTS)) == ("webhooks_closed", 403, [])
