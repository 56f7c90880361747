"""Kill scenarios of webhooks."""

from collections.abc import Callable
from json import dumps
from types import SimpleNamespace
from typing import Any

import pytest

from parley.domain.api import ids
from parley.domain.api.times import rfc3339
from parley.domain.webhooks.event_types import Occurrence
from tests.functional.hooks import ENDPOINTS, pending
from tests.functional.kills.acts import alice_said, and_then, answered, host_of, invoke, sign_host_in
from tests.functional.kills.scenario import Scenario
from tests.functional.kills.world import World

WEBHOOK_ID = ids.webhook_id("~parley.system-host", "0 w1")
PATH = f"{ENDPOINTS}/{WEBHOOK_ID}"
FIRST, SECOND = ("whsec_" + letter * 32 for letter in "Aa")


def forget() -> None:
    """Lets the process forget the endpoints and the key, so that each try makes the same calls."""
    from parley.adapters.webhooks import endpoints, sealed_secrets  # they need the environment that the fixture makes

    endpoints.forget()
    sealed_secrets.forget_key()


def create_webhook(world: World) -> object:
    forget()
    body = {"url": "https://hooks.example.org/", "events": ["report.created"], "client_id": "w1", "secret": FIRST}
    return answered(host_of(world).post(ENDPOINTS, json=body))


def have_webhook(world: World) -> None:
    sign_host_in(world)
    create_webhook(world)


def ask(method: str, path: str, json: object = None) -> Callable[[World], object]:
    def act(world: World) -> object:
        forget()
        return answered(host_of(world).request(method, path, json=json))

    return act


def and_nothing_more(act: Callable[[World], object], queue: str) -> Callable[[World], object]:
    """Returns an act whose attempts nobody makes: they would go to a real address."""

    def act_alone(world: World) -> object:
        answer = act(world)
        world.parley.dequeue(queue)
        return answer

    return act_alone


def rotate_secret(world: World) -> object:
    """Rotates once: a repeat learns that it was done, and reads the webhook."""
    forget()
    reply = host_of(world).post(f"{PATH}/rotate-secret", json={"version": 1, "secret": SECOND})
    if reply.status == 409:
        reply = host_of(world).get(PATH)
    return {name: value for name, value in answered(reply).items() if name != "secret"}


def event_of(world: World) -> Occurrence:
    return Occurrence(type="message.created", key=world.conversation_id, number=1, at_ms=1_795_246_260_123)


def bring(function: str, **fields: Any) -> Callable[[World], object]:
    """Lets a queue bring an attempt, at a time that is the same in each try; the receiver takes it."""

    def act(world: World) -> object:
        forget()
        event = event_of(world)
        told = {"type": event.type, "key": event.key, "number": event.number, "at_ms": event.at_ms}
        body = dumps({"webhook_id": WEBHOOK_ID, "event": told, **fields})
        record = {"messageId": "m1", "body": body, "attributes": {"ApproximateReceiveCount": "2"}}
        with pytest.MonkeyPatch.context() as patch:
            frozen = SimpleNamespace(time_ns=lambda: world.parley.clock() * 1_000_000)
            patch.setattr("parley.triggers.queue.time", frozen)
            patch.setattr("parley.adapters.outbound.http.post", lambda *_, **__: SimpleNamespace(status=200))
            return invoke(world, function, {"Records": [record]})

    return act


def replay_delivery(world: World) -> object:
    event = event_of(world)
    return ask("POST", f"/admin/deliveries/{WEBHOOK_ID}.{event.at_ms}.{event.id}/replay")(world)


def replay_deliveries(world: World) -> object:
    now_ms = world.parley.clock()
    body = {"since": rfc3339(now_ms - 1000), "until": rfc3339(now_ms)}
    return ask("POST", f"{PATH}/replay", body)(world)


def have_pause(world: World) -> None:
    world.parley.store.client("dynamodb").update_item(
        TableName=world.parley.template.resources["Webhooks"].ref,
        Key={"key": {"S": "endpoints"}, "place": {"S": WEBHOOK_ID}},
        UpdateExpression="SET failures = :failures, paused_until_ms = :end",
        ExpressionAttributeValues={":failures": {"N": "5"}, ":end": {"N": str(world.parley.clock() + 60_000)}},
    )


def have_pending(world: World) -> None:
    event = event_of(world)
    told = {"type": event.type, "key": event.key, "number": event.number, "at_ms": event.at_ms}
    pending(WEBHOOK_ID, told, 1, attempts=1)


delivered = and_then(have_webhook, alice_said, bring("PostWebhook"))

SCENARIOS = [
    Scenario("rest/create_webhook", create_webhook, sign_host_in),
    Scenario("rest/update_webhook", ask("PATCH", PATH, {"enabled": False}), have_webhook),
    Scenario(
        "rest/update_webhook",
        and_nothing_more(ask("PATCH", PATH, {"enabled": True}), "WebhookRetries"),
        and_then(have_webhook, have_pause),
        variant="pause",
    ),
    Scenario("rest/delete_webhook", and_nothing_more(ask("DELETE", PATH), "WebhookRetries"), have_webhook),
    Scenario("rest/rotate_webhook_secret", rotate_secret, have_webhook),
    Scenario("rest/test_webhook", and_nothing_more(ask("POST", f"{PATH}/test"), "WebhookEvents"), have_webhook),
    Scenario("rest/replay_delivery", and_nothing_more(replay_delivery, "WebhookRetries"), delivered),
    Scenario("rest/replay_deliveries", and_nothing_more(replay_deliveries, "WebhookRetries"), have_webhook),
    Scenario("queues/post_webhook", bring("PostWebhook"), and_then(have_webhook, alice_said)),
    Scenario(
        "queues/retry_webhook",
        bring("RetryWebhook", attempts=1, due_ms=1),
        and_then(have_webhook, alice_said, have_pending),
    ),
]
