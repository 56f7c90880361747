"""A stack on ministack's CloudFormation: what deploys it, the people in it, and an administrator's clients.

ministack's API Gateway, REST and WebSocket, calls the functions as Lambda does: each in a process of its own, with the
built layer, and under its own role (`AUTH=true`).
"""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import botocore.session
import httpx
import jwt
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from local.ministack import Ministack

ROOT = Path(__file__).parents[2]
STACK = "parley"
ACCOUNT = "000000000000"
SECRET = "a key that only this test knows, long enough for HS256"
# The functions run on the Python at hand; the layers are built for that one too.
PARAMETERS = {
    "PythonVersion": f"{sys.version_info.major}.{sys.version_info.minor}",
    "Architecture": "x86_64",
    "DeletionProtection": "false",
}
PATIENCE_S = 60  # the first call of a function starts a process, and the machine may be busy with other tests


class Cloud(Ministack):
    """ministack with every service that the template needs, and with IAM in force.

    It unpacks each function into a folder of its own and leaves it there. So its temporary files have a folder that
    goes with it. The layers, 54 MB for each function, are unpacked once (`local/ministack_child.py`).
    """

    _unpacked: TemporaryDirectory[str] | None = None

    def stop(self) -> None:
        super().stop()
        if self._unpacked:
            self._unpacked.cleanup()
            self._unpacked = None

    def _environment(self, port: int) -> dict[str, str]:
        self._unpacked = self._unpacked or TemporaryDirectory(prefix="parley-cloud-", ignore_cleanup_errors=True)
        everything = {name: value for name, value in super()._environment(port).items() if name != "SERVICES"}
        return everything | {"AUTH": "true", "TMPDIR": self._unpacked.name, "PARLEY_STORE_RESOURCES": "1000"}


def buildable(folder: Path) -> Path:
    """Returns a copy of what SAM builds, which can be built for the Python at hand.

    The template does not offer Python 3.11, because Lambda's has too old a C library. A developer may have it.
    """
    for name in ("functions", "layers", "stacks"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    text = (ROOT / "template.yaml").read_text(encoding="utf-8")
    place = re.search(r'(?<=Default: "3\.13"\n    AllowedValues: \[)(?="3\.)', text)
    assert place
    widened = f'{text[: place.start()]}"{PARAMETERS["PythonVersion"]}", {text[place.start() :]}'
    (folder / "template.yaml").write_text(widened, encoding="utf-8")
    for layer in (folder / "layers").iterdir():
        target = layer / "targets" / f"python{PARAMETERS['PythonVersion']}-{PARAMETERS['Architecture']}"
        target.mkdir(exist_ok=True)
        (target / "Makefile").write_text("include Makefile\n", encoding="utf-8")
    return folder


def for_ministack(template: dict[str, Any], endpoint_url: str, **variables: str) -> dict[str, Any]:
    """Returns the built template without what ministack 1.5.33 refuses (decisions/template.md lists it).

    `variables` are added to the environment of every function.
    """
    resources = {name: each for name, each in template["Resources"].items() if not _is_unknown(each)}
    for each in resources.values():
        if each["Type"] in ("AWS::SQS::QueuePolicy", "AWS::S3::BucketPolicy"):
            # It is reached over plain HTTP, and obeys a policy that demands TLS.
            document = each["Properties"]["PolicyDocument"]
            document["Statement"] = [s for s in document["Statement"] if s["Sid"] != "TlsOnly"]
    resources = {name: each for name, each in resources.items() if not _is_empty_policy(each)}
    for each in resources.values():
        if isinstance(each.get("DependsOn"), list):
            each["DependsOn"] = [name for name in each["DependsOn"] if name in resources]
    secrets = {name for name, each in resources.items() if each["Type"] == "AWS::SecretsManager::Secret"}
    for each in resources.values():
        _allow_batches(each)
        _name_secrets(each, secrets)
    # Its @connections API is at its own address, and the parameter ConnectionsEndpoint cannot name an API to be made.
    environment = template["Globals"]["Function"]["Environment"]["Variables"]
    environment["CONNECTIONS_ENDPOINT"] = {"Fn::Sub": endpoint_url + "/_aws/execute-api/${WebSocketApi}/v1"}
    environment |= variables
    return {**template, "Resources": resources}


def _allow_batches(resource: dict[str, Any]) -> None:
    """Adds the right `sqs:SendMessageBatch`, which AWS does not have: there `sqs:SendMessage` is enough."""
    for policy in resource["Properties"].get("Policies", []):
        if isinstance(policy, dict) and "Statement" in policy:
            sends = [each for each in policy["Statement"] if each.get("Action") == "sqs:SendMessage"]
            policy["Statement"] += [{**each, "Action": "sqs:SendMessageBatch"} for each in sends]


def _name_secrets(resource: dict[str, Any], secrets: set[str]) -> None:
    """Allows by ARN what is allowed for a secret of the stack: its `Ref` is an ARN in AWS, and a name here."""
    for policy in resource["Properties"].get("Policies", []):
        for each in policy["Statement"] if isinstance(policy, dict) and "Statement" in policy else []:
            name = each["Resource"].get("Ref") if isinstance(each.get("Resource"), dict) else None
            if name in secrets:
                each["Resource"] = {"Fn::Sub": f"arn:aws:secretsmanager:*:*:secret:${{{name}}}-*"}


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
        self.acted: set[str] = set()  # ministack logs no call of a WebSocket function but the authorizer's
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
        pages = self.client("logs").get_paginator("filter_log_events").paginate(logGroupName=self.ids[group])
        return "\n".join(event["message"] for page in pages for event in page["events"])


def signed(claims: dict[str, object]) -> str:
    """Returns a token with these claims, signed with the stack's secret."""
    return jwt.encode(claims, SECRET)


class Person:
    """A person with a token, and a socket once they have connected."""

    def __init__(
        self,
        deployment: Deployment,
        user_id: str,
        role: str = "user",
        sign: Callable[[dict[str, object]], str] = signed,
    ) -> None:
        self._deployment = deployment
        self.user_id = user_id
        claims = {"sub": user_id, "name": user_id.title(), "role": role, "iss": "parley", "aud": "parley"}
        self.token = sign({**claims, "iat": int(time.time()), "exp": int(time.time()) + 600})
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
        answer: dict[str, Any] = self.answer(method, path, body).json()
        return answer

    def answer(self, method: str, path: str, body: object = None, **headers: str) -> httpx.Response:
        """Returns the whole answer; fails where it is no success."""
        response = self._rest.request(method, path, json=body, headers=headers)
        assert response.is_success, (method, path, response.status_code, response.text)
        return response

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
        frame = self._reply(action, data)
        assert frame["type"] == "ack", frame
        acknowledged: dict[str, Any] = frame["data"]
        return acknowledged

    def is_refused(self, action: str, **data: object) -> str:
        """Returns the code with which an action is refused; fails where it is acknowledged."""
        frame = self._reply(action, data)
        assert frame["type"] == "error", frame
        return str(frame["error"]["code"])

    def _reply(self, action: str, data: dict[str, object]) -> dict[str, Any]:
        assert self._socket
        self._deployment.acted.add(action)
        self._asked += 1
        request_id = f"{self.user_id}-{self._asked}"
        self._socket.send(json.dumps({"action": action, "request_id": request_id, "data": data}))
        while True:
            frame = self._receive()
            if frame.get("request_id") == request_id:
                return frame
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

    close = leave  # for contextlib.closing

    def _receive(self) -> dict[str, Any]:
        assert self._socket
        frame: dict[str, Any] = json.loads(self._socket.recv(timeout=PATIENCE_S))
        return frame


def overrides(parameters: dict[str, str]) -> list[str]:
    quoted = {name: value or '""' for name, value in parameters.items()}  # SAM takes no empty value otherwise
    return ["--parameter-overrides", *(f"{name}={value}" for name, value in quoted.items())]


def sam(*arguments: str, endpoint_url: str | None = None) -> None:
    """Runs SAM, as an administrator of ministack where an endpoint is given; fails with what it said."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "JWT_", "COV"))}
    environment |= {"SAM_CLI_TELEMETRY": "0", "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
    # The layer's Makefile looks for uv beside the project, where a release that was unpacked has none.
    environment["PATH"] = f"{ROOT / '.venv' / 'bin'}{os.pathsep}{environment['PATH']}"
    if endpoint_url:
        environment["AWS_ENDPOINT_URL"] = endpoint_url
    # SAM leaves an empty folder for each function that it packs: it removes the archive alone.
    with TemporaryDirectory(prefix="parley-sam-") as folder:
        done = subprocess.run(
            [ROOT / ".venv-sam" / "bin" / "sam", *arguments, "--config-env", "none"],
            cwd=ROOT,
            env=environment | {"TMPDIR": folder},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=300,
        )
    assert done.returncode == 0, done.stdout


def until(happened: Callable[[], bool], patience_s: float = PATIENCE_S) -> None:
    deadline = time.monotonic() + patience_s
    while not happened():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.2)
