"""The receiver of webhooks in the example of Express: what Parley signs is taken once, all else is refused."""

import json
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import httpx
import pytest
from standardwebhooks import Webhook

from tests.e2e.stack import PATIENCE_S, Person, Stack
from tests.host.test_examples import School, served

OLD, NEW, FOREIGN = ("whsec_" + letter * 32 for letter in "ABC")
LOOKS_AGAIN_S = 5.5  # until the process that reads the stream looks for webhooks again
numbers = count()


@pytest.fixture(scope="module")
def school(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[School]:
    with ExitStack() as until:
        secrets = f"{NEW} {OLD}"
        yield served("express", stack, tmp_path_factory.mktemp("express"), until, PARLEY_WEBHOOK_SECRETS=secrets)


def written(school: School, who: str) -> int:
    """Returns the number of messages that the school has counted of a user."""
    answer = school.request("GET", "/me", who)
    assert answer.status_code == 200, answer.text
    return int(answer.json()["messages"])


def wait_for(school: School, who: str, number: int) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while written(school, who) < number:
        assert time.monotonic() < deadline, "the event does not come"
        time.sleep(0.05)


def body_of(who: str) -> str:
    return json.dumps({"type": "message.created", "data": {"user_id": f"{who}-express", "text": "Grüße 👋"}})


def post(school: School, body: str, **changed: Any) -> int:
    """Posts an event as Parley does, but for what is `changed`; returns the status."""
    event_id = changed.get("event_id", f"evt_{next(numbers)}")
    at = datetime.now(UTC) + timedelta(seconds=changed.get("late_s", 0))
    headers = {
        "content-type": changed.get("content_type", "application/json"),
        "webhook-id": event_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(changed.get("secret", NEW)).sign(event_id, at, body),
    }
    for name in changed.get("without", ()):
        del headers[name]
    sent = changed.get("sent", body).encode()
    return httpx.post(f"{school.url}/parley", content=sent, headers=headers, timeout=PATIENCE_S).status_code


def webhook_of(host: Person, school: School) -> dict[str, Any]:
    url = f"{school.url}/parley"
    made: dict[str, Any] = host.post("/admin/webhooks", url=url, events=["message.created"], secret=OLD)
    return made


def test_events_of_parley_are_taken_once_by_either_secret(school: School) -> None:
    host, ben = school.stack.person("host", role="service"), school.sign_up("ben", "student", "7b")
    school.sign_up("ada", "teacher", "7b")
    webhook = webhook_of(host, school)
    time.sleep(LOOKS_AGAIN_S)
    context = {"type": "class", "id": "7b"}
    message = {"user_id": "ada-express", "text": "hello", "context": context}
    assert ben.request("POST", "/messages", message).status == 201
    wait_for(school, "ben", 1)

    path = f"/admin/webhooks/{webhook['id']}"
    host.post(f"{path}/rotate-secret", version=webhook["version"], secret=NEW)
    time.sleep(LOOKS_AGAIN_S)
    assert ben.request("POST", "/messages", message | {"text": "hello again"}).status == 201
    wait_for(school, "ben", 2)

    deliveries = host.get(f"{path}/deliveries")["deliveries"]
    assert {each["response_status"] for each in deliveries} == {204}
    for each in deliveries:
        assert host.request("POST", f"/admin/deliveries/{each['id']}/replay").status == 202
    deadline = time.monotonic() + PATIENCE_S
    while any(each["status"] == "pending" for each in host.get(f"{path}/deliveries")["deliveries"]):
        assert time.monotonic() < deadline, "the replay does not end"
        time.sleep(0.05)
    assert written(school, "ben") == 2


@pytest.mark.parametrize("secret", [OLD, NEW])
def test_both_secrets_verify_while_one_takes_the_others_place(school: School, secret: str) -> None:
    who = f"kim{secret[-1]}"
    school.sign_up(who, "student", "7b")

    assert [post(school, body_of(who), secret=secret, event_id=f"evt_{who}") for _ in range(2)] == [204, 204]

    assert written(school, who) == 1


@pytest.mark.parametrize(
    "changed",
    [
        {"secret": FOREIGN},
        {"late_s": -310},
        {"late_s": 310},
        {"sent": body_of("eve") + " "},
        {"sent": ""},
        {"without": ["webhook-id"]},
        {"without": ["webhook-timestamp"]},
        {"without": ["webhook-signature"]},
        {"secret": FOREIGN, "content_type": "text/plain"},
    ],
    ids=str,
)
def test_request_that_nobody_signed_now_is_refused(school: School, changed: dict[str, Any]) -> None:
    who = f"eve{next(numbers)}"
    school.sign_up(who, "student", "7b")

    assert post(school, body_of(who), **changed) == 400

    assert written(school, who) == 0


def test_clocks_may_differ_by_five_minutes(school: School) -> None:
    school.sign_up("max", "student", "7b")

    assert [post(school, body_of("max"), late_s=late_s) for late_s in (-290, 290)] == [204, 204]
    assert written(school, "max") == 2


def test_body_that_parley_never_sends_is_refused_unread(school: School) -> None:
    assert post(school, "x" * 65_537) == 413
    assert post(school, json.dumps({"type": "x" * 60_000, "data": {}})) == 204


def test_event_that_failed_here_is_taken_at_its_next_attempt(school: School) -> None:
    broken = json.dumps({"type": "message.created"})  # the school counts by `data`, and fails without it
    who = "amy"
    school.sign_up(who, "student", "7b")

    assert post(school, broken, event_id="evt_amy") == 500
    assert post(school, body_of(who), event_id="evt_amy") == 204
    assert written(school, who) == 1
