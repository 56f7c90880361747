"""template.yaml deploys, and two people talk through what was deployed.

`sam build` and `sam deploy` onto ministack (`tests/e2e/cloud.py`).
"""

import json
import time
from collections.abc import Callable, Iterator

import httpx
import jwt
import pytest
from samtranslator.yaml_helper import yaml_parse
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from tests.e2e.cloud import (
    ACCOUNT,
    PARAMETERS,
    PATIENCE_S,
    ROOT,
    SECRET,
    STACK,
    Cloud,
    Deployment,
    Person,
    administrator,
    for_ministack,
    overrides,
    sam,
    until,
)


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    folder = tmp_path_factory.mktemp("deploy")
    build = folder / "build"
    parameters = dict(PARAMETERS)
    # Before the server starts, for it would wait idle.
    sam("build", "--build-dir", str(build), "--cache-dir", str(folder / "cache"), *overrides(parameters))
    with Cloud(ROOT, account=ACCOUNT, guarded=False) as cloud:
        built = yaml_parse((build / "template.yaml").read_text(encoding="utf-8"))
        template = for_ministack(built, cloud.endpoint_url)
        (build / "ministack.json").write_text(json.dumps(template), encoding="utf-8")
        secrets = administrator(cloud.endpoint_url, "secretsmanager")
        # `Ref` of a secret is its name there, not its ARN, so the secret that the stack would make is given to it.
        parameters["JwtSecretArn"] = secrets.create_secret(Name="key", SecretString=SECRET)["ARN"]
        sam(
            "deploy",
            *("--template-file", str(build / "ministack.json"), "--stack-name", STACK, "--region", "us-east-1"),
            *("--resolve-s3", "--capabilities", "CAPABILITY_IAM", "--no-confirm-changeset", "--no-progressbar"),
            *overrides(parameters),
            endpoint_url=cloud.endpoint_url,
        )
        yield Deployment(cloud.endpoint_url, template)


@pytest.fixture
def people(deployment: Deployment) -> Iterator[Callable[[str], Person]]:
    """Yields what makes people; they leave when the test is over."""
    made: list[Person] = []

    def person(user_id: str) -> Person:
        made.append(Person(deployment, user_id))
        return made[-1]

    yield person
    for each in made:
        each.leave()


def test_all_that_the_template_declares_is_there(deployment: Deployment) -> None:
    wanted = {name for name, each in deployment.template["Resources"].items() if "Condition" not in each}
    layer_versions = {name for name in wanted if name == "Shared"}  # SAM adds a hash of its contents to the name

    assert wanted - layer_versions <= deployment.ids.keys()


def test_two_people_talk_over_rest_and_websocket(people: Callable[[str], Person]) -> None:
    alice, bob = people("alice"), people("bob")
    alice.connect_by_ticket()
    bob.connect_by_token()

    conversation_id = alice.ask("POST", "/conversations", {"type": "direct", "user_id": "bob"})["id"]
    assert bob.hears("conversation_created")["conversation_id"] == conversation_id
    bob.act("join_conversation", conversation_id=conversation_id)

    alice.act("typing_start", conversation_id=conversation_id)
    assert bob.hears("user_typing")["user_id"] == "alice"
    sent = alice.act("send_message", conversation_id=conversation_id, text="Hello, Bob", client_id="1")
    assert (sent["seq"], sent["replayed"]) == (1, False)
    assert bob.hears("new_message")["message"]["text"] == "Hello, Bob"
    assert bob.ask("GET", "/unread-count")["total"] == 1

    bob.act("mark_read", message_id=sent["id"])
    assert alice.hears("message_read")["seq"] == 1
    answered = bob.ask("POST", f"/conversations/{conversation_id}/messages", {"text": "Hello, Alice"})
    assert alice.hears("message_notification")["message"]["id"] == answered["id"]

    history = alice.ask("GET", f"/conversations/{conversation_id}/messages")["messages"]
    assert [(message["seq"], message["sender_id"]) for message in history] == [(1, "alice"), (2, "bob")]
    receipts = alice.ask("GET", f"/messages/{sent['id']}/receipts")["receipts"]
    assert [receipt["user_id"] for receipt in receipts if receipt["read_at"]] == ["bob"]


def test_every_other_operation_may_do_what_it_does(people: Callable[[str], Person]) -> None:
    carol, dave = people("carol"), people("dave")
    carol.connect_by_token()
    dave.connect_by_ticket()

    sent = carol.ask("POST", "/messages", {"user_id": "dave", "text": "Are you there?"})
    conversation_id = sent["conversation_id"]
    assert dave.hears("message_notification")["message"]["id"] == sent["id"]
    assert dave.act("hello")["connection_id"]
    dave.act("ping")
    dave.act("join_conversation", conversation_id=conversation_id)
    dave.act("typing_start", conversation_id=conversation_id)
    dave.act("typing_stop", conversation_id=conversation_id)
    dave.act("mark_delivered", message_id=sent["id"])
    assert carol.hears("message_delivered")["user_id"] == "dave"
    dave.act("mark_conversation_read", conversation_id=conversation_id)
    assert carol.hears("conversation_read")["user_id"] == "dave"
    assert dave.act("request_user_status", user_ids=["carol"])
    assert dave.act("sync", cursors={conversation_id: 0})["conversations"][conversation_id]["verdict"] == "complete"
    dave.act("leave_conversation", conversation_id=conversation_id)

    assert carol.ask("GET", "/conversations")["conversations"][0]["id"] == conversation_id
    assert carol.ask("GET", f"/conversations/{conversation_id}")["last_seq"] == 1
    assert carol.ask("GET", f"/messages/{sent['id']}")["text"] == "Are you there?"
    assert carol.ask("GET", "/unread")
    assert carol.ask("POST", "/sync", {"cursors": {conversation_id: 0}})["conversations"]
    carol.ask("PATCH", f"/messages/{sent['id']}/read")
    export = carol.ask("POST", f"/conversations/{conversation_id}/export", {"format": "html"})
    until(lambda: carol.ask("GET", f"/exports/{export['id']}")["state"] == "done")
    carol.ask("PATCH", f"/conversations/{conversation_id}/read-all")


def test_nobody_gets_in_without_a_good_token(deployment: Deployment) -> None:
    rest, socket = deployment.url("RestApi", "http"), deployment.url("WebSocketApi", "ws")
    forged = jwt.encode({"sub": "eve", "iss": "parley", "aud": "parley", "exp": int(time.time()) + 600}, "x" * 32)

    assert httpx.get(f"{rest}/conversations", timeout=PATIENCE_S).status_code == 401
    bearer = {"Authorization": f"Bearer {forged}"}
    assert httpx.get(f"{rest}/conversations", headers=bearer, timeout=PATIENCE_S).status_code == 401
    assert httpx.get(f"{rest}/nowhere", timeout=PATIENCE_S).status_code == 403
    with pytest.raises(InvalidStatus) as refused, connect(f"{socket}?ticket=invented", open_timeout=PATIENCE_S):
        pass
    # API Gateway answers 401 to an authorizer that raises "Unauthorized"; ministack answers every exception with 500.
    assert refused.value.response.status_code in (401, 500)


def test_what_nobody_waits_for_runs_under_its_role_too(deployment: Deployment, people: Callable[[str], Person]) -> None:
    erin = people("erin")
    erin.ask("POST", "/messages", {"user_id": "frank", "text": "Call me."})
    sqs = deployment.client("sqs")
    post = {"user_id": "erin", "connection_id": "Z29uZQ==", "since_ms": 1, "last_sign_ms": 1, "frame": "{}"}
    sqs.send_message(QueueUrl=deployment.ids["PostRetries"], MessageBody=json.dumps(post))

    for sweep in ("ClearStaleTyping", "ClearStalePresence"):
        assert deployment.invoke(sweep, {"time": "2030-01-01T00:00:00Z"}).keys() == {"swept"}
    until(lambda: '"MessagesStored"' in deployment.log("BackgroundLogs"))
    until(lambda: '"received":1' in deployment.log("BackgroundLogs").replace(" ", ""))
    for queue in ("PostRetriesDeadLetters", "ExportStepsDeadLetters", "StreamDeadLetters", "ScheduleDeadLetters"):
        assert "Messages" not in sqs.receive_message(QueueUrl=deployment.ids[queue])


def test_no_function_was_refused_anything(deployment: Deployment) -> None:
    """The last one, on purpose: what the others made the functions do stands in their logs."""
    logs = {group: deployment.log(group) for group in ("RestLogs", "WebSocketLogs", "BackgroundLogs")}

    assert all('"level":"INFO"' in log for log in logs.values())
    assert not [line for log in logs.values() for line in log.splitlines() if "AccessDenied" in line]
    assert not [line for log in logs.values() for line in log.splitlines() if '"level":"ERROR"' in line]
