"""template.yaml deploys, and two people talk through what was deployed.

`sam build` and `sam deploy` onto ministack, whose own API Gateway, REST and WebSocket, calls the functions as Lambda
does: each in a process of its own, with the built layer, and under its own role (`AUTH=true`).
"""

import json
import os
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import botocore.session
import httpx
import jwt
import pytest
from samtranslator.yaml_helper import yaml_parse
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from local.ministack import Ministack

ROOT = Path(__file__).parents[2]
STACK = "parley"
ACCOUNT = "000000000000"
SECRET = "a key that only this test knows, long enough for HS256"
# The functions run on the Python at hand; the layer is built for that one too.
PARAMETERS = {
    "PythonVersion": f"{sys.version_info.major}.{sys.version_info.minor}",
    "Architecture": "x86_64",
    "DeletionProtection": "false",
}
PATIENCE_S = 60  # the first call of a function starts a process, and the machine may be busy with other tests


class Cloud(Ministack):
    """ministack with every service that the template needs, and with IAM in force."""

    def _environment(self, port: int) -> dict[str, str]:
        return {name: value for name, value in super()._environment(port).items() if name != "SERVICES"} | {
            "AUTH": "true"
        }


def for_ministack(template: dict[str, Any], endpoint_url: str) -> dict[str, Any]:
    """Returns the built template without what ministack 1.5.33 refuses (docs/decisions.md lists it)."""
    resources = {name: each for name, each in template["Resources"].items() if not _is_unknown(each)}
    for each in resources.values():
        if each["Type"] in ("AWS::SQS::QueuePolicy", "AWS::S3::BucketPolicy"):
            # It is reached over plain HTTP, and obeys a policy that demands TLS.
            document = each["Properties"]["PolicyDocument"]
            document["Statement"] = [s for s in document["Statement"] if s["Sid"] != "TlsOnly"]
    resources = {name: each for name, each in resources.items() if not _is_empty_policy(each)}
    # Its @connections API is at its own address, and the parameter ConnectionsEndpoint cannot name an API to be made.
    environment = template["Globals"]["Function"]["Environment"]["Variables"]
    environment["CONNECTIONS_ENDPOINT"] = {"Fn::Sub": endpoint_url + "/_aws/execute-api/${WebSocketApi}/v1"}
    return {**template, "Resources": resources}


def _is_unknown(resource: dict[str, Any]) -> bool:
    """Says whether ministack refuses it: route responses (it gives every answer back), alarms over several metrics."""
    several_metrics = resource["Type"] == "AWS::CloudWatch::Alarm" and "Metrics" in resource["Properties"]
    return several_metrics or resource["Type"] == "AWS::ApiGatewayV2::RouteResponse"


def _is_empty_policy(resource: dict[str, Any]) -> bool:
    document = resource.get("Properties", {}).get("PolicyDocument")
    return document is not None and not document["Statement"]


def administrator(endpoint_url: str, service: str) -> Any:
    """Returns a client that may do everything; its shape is botocore's model, which mypy cannot see by name."""
    return botocore.session.get_session().create_client(
        service,
        region_name="us-east-1",
        endpoint_url=endpoint_url,
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )


class Deployment:
    """A deployed stack: where its APIs are, and what else is in it."""

    def __init__(self, endpoint_url: str, template: dict[str, Any]) -> None:
        self.endpoint_url = endpoint_url
        self.template = template
        resources = self.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=STACK)
        self.ids = {
            each["LogicalResourceId"]: each["PhysicalResourceId"]
            for page in resources
            for each in page["StackResourceSummaries"]
        }

    def client(self, service: str) -> Any:
        return administrator(self.endpoint_url, service)

    def url(self, api: str, scheme: str) -> str:
        return f"{scheme}{self.endpoint_url.removeprefix('http')}/_aws/execute-api/{self.ids[api]}/v1"

    def invoke(self, function: str, event: dict[str, object]) -> dict[str, Any]:
        """Returns what a function returns; fails where it raised."""
        reply = self.client("lambda").invoke(FunctionName=self.ids[function], Payload=json.dumps(event))
        value: dict[str, Any] = json.loads(reply["Payload"].read())
        assert "FunctionError" not in reply, value
        return value

    def log(self, group: str) -> str:
        events = self.client("logs").filter_log_events(logGroupName=self.ids[group])["events"]
        return "\n".join(event["message"] for event in events)


class Person:
    """Somebody with a token, and a socket once they have connected."""

    def __init__(self, deployment: Deployment, user_id: str) -> None:
        self._deployment = deployment
        self.user_id = user_id
        claims = {"sub": user_id, "name": user_id.title(), "iss": "parley", "aud": "parley"}
        self.token = jwt.encode({**claims, "iat": int(time.time()), "exp": int(time.time()) + 600}, SECRET)
        self._open = ExitStack()
        self._rest = self._open.enter_context(
            httpx.Client(
                base_url=deployment.url("RestApi", "http"),
                headers={"Authorization": f"Bearer {self.token}"},
                timeout=PATIENCE_S,
            )
        )
        self._socket: ClientConnection | None = None
        self._events: deque[dict[str, Any]] = deque()
        self._asked = 0

    def ask(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        """Returns the answer's body; fails where it is no success."""
        response = self._rest.request(method, path, json=body)
        assert response.is_success, (method, path, response.status_code, response.text)
        answer: dict[str, Any] = response.json()
        return answer

    def connect_by_ticket(self) -> None:
        ticket = self.ask("POST", "/ws-tickets")["ticket"]
        self._connect(f"?ticket={ticket}")

    def connect_by_token(self) -> None:
        self._connect("", Subprotocol("bearer"), Subprotocol(self.token))

    def _connect(self, query: str, *offered: Subprotocol) -> None:
        url = self._deployment.url("WebSocketApi", "ws") + query
        self._socket = self._open.enter_context(
            # No pings: on a busy machine ministack may take longer to answer one than the client would wait.
            connect(url, subprotocols=offered or None, open_timeout=PATIENCE_S, ping_interval=None)
        )

    def act(self, action: str, **data: object) -> dict[str, Any]:
        """Returns what an action acknowledges with; fails where it is refused."""
        assert self._socket
        self._asked += 1
        request_id = f"{self.user_id}-{self._asked}"
        self._socket.send(json.dumps({"action": action, "request_id": request_id, "data": data}))
        while True:
            frame = self._receive()
            if frame.get("request_id") == request_id:
                assert frame["type"] == "ack", frame
                acknowledged: dict[str, Any] = frame["data"]
                return acknowledged
            self._events.append(frame)

    def hears(self, event: str) -> dict[str, Any]:
        """Returns the next event of that name; drops the ones before it."""
        while True:
            frame = self._events.popleft() if self._events else self._receive()
            if frame.get("event") == event:
                heard: dict[str, Any] = frame["data"]
                return heard

    def leave(self) -> None:
        self._open.close()

    def _receive(self) -> dict[str, Any]:
        assert self._socket
        frame: dict[str, Any] = json.loads(self._socket.recv(timeout=PATIENCE_S))
        return frame


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    folder = tmp_path_factory.mktemp("deploy")
    build = folder / "build"
    parameters = dict(PARAMETERS)
    # Before the server starts, for it would wait idle.
    _sam("build", "--build-dir", str(build), "--cache-dir", str(folder / "cache"), *_overrides(parameters))
    with Cloud(ROOT, account=ACCOUNT, guarded=False) as cloud:
        built = yaml_parse((build / "template.yaml").read_text(encoding="utf-8"))
        template = for_ministack(built, cloud.endpoint_url)
        (build / "ministack.json").write_text(json.dumps(template), encoding="utf-8")
        secrets = administrator(cloud.endpoint_url, "secretsmanager")
        # `Ref` of a secret is its name there, not its ARN, so the secret that the stack would make is given to it.
        parameters["JwtSecretArn"] = secrets.create_secret(Name="key", SecretString=SECRET)["ARN"]
        _sam(
            "deploy",
            *("--template-file", str(build / "ministack.json"), "--stack-name", STACK, "--region", "us-east-1"),
            *("--resolve-s3", "--capabilities", "CAPABILITY_IAM", "--no-confirm-changeset", "--no-progressbar"),
            *_overrides(parameters),
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
    _until(lambda: carol.ask("GET", f"/exports/{export['id']}")["state"] == "done")
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
    _until(lambda: '"MessagesStored"' in deployment.log("BackgroundLogs"))
    _until(lambda: '"received":1' in deployment.log("BackgroundLogs").replace(" ", ""))
    for queue in ("PostRetriesDeadLetters", "ExportStepsDeadLetters", "StreamDeadLetters", "ScheduleDeadLetters"):
        assert "Messages" not in sqs.receive_message(QueueUrl=deployment.ids[queue])


def test_no_function_was_refused_anything(deployment: Deployment) -> None:
    """The last one, on purpose: what the others made the functions do stands in their logs."""
    logs = {group: deployment.log(group) for group in ("RestLogs", "WebSocketLogs", "BackgroundLogs")}

    assert all('"level":"INFO"' in log for log in logs.values())
    assert not [line for log in logs.values() for line in log.splitlines() if "AccessDenied" in line]
    assert not [line for log in logs.values() for line in log.splitlines() if '"level":"ERROR"' in line]


def _overrides(parameters: dict[str, str]) -> list[str]:
    return ["--parameter-overrides", *(f"{name}={value}" for name, value in parameters.items())]


def _sam(*arguments: str, endpoint_url: str | None = None) -> None:
    """Runs SAM, as an administrator of ministack where an endpoint is given; fails with what it said."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "JWT_", "COV"))}
    environment |= {"SAM_CLI_TELEMETRY": "0", "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
    if endpoint_url:
        environment["AWS_ENDPOINT_URL"] = endpoint_url
    done = subprocess.run(
        [ROOT / ".venv-sam" / "bin" / "sam", *arguments, "--config-env", "none"],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout


def _until(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not happened():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.2)
