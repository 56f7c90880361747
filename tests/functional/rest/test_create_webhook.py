"""POST /admin/webhooks: the host keeps endpoints, each once; the secret is shown here alone."""

import base64
import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from parley.domain.webhooks.endpoints import MAX_ENDPOINTS, SHOWN_AGAIN_MS
from tests.functional.hooks import ENDPOINTS, hook, host, made, of
from tests.functional.replies import invalid, refusal
from tests.functional.talk import named
from tests.harness import Parley

URL = "https://hooks.example.org/parley"


def test_host_makes_a_webhook_and_gets_its_secret_once(parley: Parley) -> None:
    backend = host(parley)

    reply = hook(backend, URL, "message.*", "ticket.created", "message.*", description="CRM")

    new = reply.json
    assert reply.status == 201
    assert re.fullmatch(r"wh_[a-z2-7]{26}", new["id"])
    assert len(base64.b64decode(new["secret"].removeprefix("whsec_"))) == 32
    shown = ("url", "events", "description", "enabled", "disabled_reason", "failing_since", "paused_until", "version")
    assert {name: new[name] for name in shown} == {
        "url": URL,
        "events": ["message.*", "ticket.created"],
        "description": "CRM",
        "enabled": True,
        "disabled_reason": None,
        "failing_since": None,
        "paused_until": None,
        "version": 1,
    }
    assert of(backend, new["id"]) == {name: new[name] for name in new if name != "secret"}


def test_moderators_keep_webhooks_only_if_they_may_read_everything(
    parley: Parley, monkeypatch: pytest.MonkeyPatch
) -> None:
    mona = parley.user("mona", role="moderator")
    refused = hook(mona)

    monkeypatch.setenv("MODERATOR_READS", "any")
    reply = hook(mona)

    assert (refusal(refused), refused.json["rule"]) == (
        ("webhooks_closed", 403, []),
        "ModeratorReads = any: webhooks carry everything",
    )
    assert (reply.status, reply.json["created_by"], reply.json["users"]) == (201, "mona", named(parley, "mona"))
    assert refusal(hook(parley.user("eve"))) == ("webhooks_closed", 403, [])


def test_same_client_id_makes_one_webhook_and_shows_its_secret_again(parley: Parley) -> None:
    backend = host(parley)

    first, again = (hook(backend, URL, client_id="crm") for _ in range(2))
    other = hook(backend, URL, "message.*", client_id="crm")

    assert (first.status, again.status, again.json) == (201, 200, first.json)
    assert refusal(other) == ("client_id_reused", 422, [("/client_id", "client_id_reused")])


def test_secret_is_shown_again_for_some_minutes_only(parley: Parley) -> None:
    backend = host(parley)
    first = hook(backend, URL, client_id="crm")
    parley.advance(SHOWN_AGAIN_MS / 1000 - 1)
    again = hook(backend, URL, client_id="crm")
    parley.advance(1)
    late = hook(backend, URL, client_id="crm")

    assert again.json == first.json
    assert (late.status, late.json) == (200, {**first.json, "secret": None})


def test_a_repeat_does_not_show_the_secret_of_a_rotation(parley: Parley) -> None:
    backend = host(parley)
    first = hook(backend, URL, client_id="crm").json
    backend.post(f"{ENDPOINTS}/{first['id']}/rotate-secret", json={"version": 1, "end_old": True})

    again = hook(backend, URL, client_id="crm")

    assert (again.status, again.json["id"], again.json["secret"]) == (200, first["id"], None)


def test_two_requests_at_once_with_one_client_id_make_one_webhook(parley: Parley) -> None:
    backend = host(parley)
    with ThreadPoolExecutor(4) as pool:
        replies = list(pool.map(lambda _: hook(backend, URL, client_id="crm"), range(4)))

    assert sorted(reply.status for reply in replies) == [200, 200, 200, 201]
    assert len({reply.json["id"] for reply in replies}) == 1 == len(backend.get(ENDPOINTS).json["webhooks"])


def test_secret_of_ones_own_is_kept(parley: Parley) -> None:
    secret = "whsec_" + base64.b64encode(b"a" * 24).decode()

    assert made(host(parley), URL, secret=secret)["secret"] == secret


@pytest.mark.parametrize(
    "secret",
    [
        "whsec_" + base64.b64encode(b"a" * 23).decode(),
        "whsec_" + base64.b64encode(b"a" * 65).decode()[:94],
        base64.b64encode(b"a" * 32).decode(),
        "whsec_not base64!",
        "whsec_",
    ],
    ids=["short", "long", "no prefix", "no base64", "empty"],
)
def test_secret_that_does_not_protect_is_refused(parley: Parley, secret: str) -> None:
    reply = hook(host(parley), URL, secret=secret)

    assert refusal(reply) == invalid(("/secret", "bad_secret"))


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://hooks.example.org/", "https_only"),
        ("https://169.254.169.254/latest/meta-data/", "private_address"),
        ("https://[::ffff:10.0.0.1]/", "private_address"),
        ("https://2130706433/", "bad_url"),
        ("https://0177.0.0.1/", "bad_url"),
        ("https://localhost/", "private_address"),
        ("https://user:secret@hooks.example.org/", "bad_url"),
        ("https://hooks.example.org:22/", "bad_url"),
        ("https://[fe80::1%25eth0]/", "bad_url"),
        ("ftp://hooks.example.org/", "https_only"),
        ("hooks", "bad_url"),
    ],
)
def test_url_that_no_request_may_go_to_is_refused(parley: Parley, url: str, code: str) -> None:
    assert refusal(hook(host(parley), url)) == invalid(("/url", code))


def test_pattern_without_an_event_is_refused_by_its_place(parley: Parley) -> None:
    reply = hook(host(parley), URL, "message.*", "mesage.created", "call.*", "ticket.sold")

    assert refusal(reply) == ("unknown_event", 400, [("/events/1", "unknown_event"), ("/events/3", "unknown_event")])


def test_there_are_at_most_so_many_webhooks(parley: Parley) -> None:
    backend = host(parley)
    first = [made(backend, URL)["id"] for _ in range(MAX_ENDPOINTS)][0]

    assert refusal(hook(backend)) == ("too_many_webhooks", 409, [])

    assert backend.delete(f"{ENDPOINTS}/{first}").status == 200
    assert hook(backend).status == 201


def test_secret_is_not_in_the_table_as_it_is(parley: Parley) -> None:
    webhook = made(host(parley), URL)

    rows = parley.store.client("dynamodb").scan(TableName="parley-Webhooks")["Items"]

    assert webhook["secret"].removeprefix("whsec_") not in str(rows) and len(rows) == 2
