"""The stage of the counting: the template's own functions in this process, over a store in its own server.

Operations enter at the handlers, as the events that API Gateway would send. There are no sockets: the measuring code
answers for `@connections`.
"""

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from local.functions import Functions
from local.ministack import Ministack
from local.provision import Store, provision
from local.template import load

ROOT = Path(__file__).parents[1]
TOKEN_S = 24 * 3600

Invoke = Callable[[str, dict[str, Any]], Any]


@cache
def _functions() -> Functions:
    return Functions(load(ROOT / "template.yaml"))


def environment() -> dict[str, str]:
    """Returns the environment of every function, as template.yaml declares it."""
    return _functions().environment


def handlers() -> list[str]:
    """Returns the handler of every function, `rest.send_message.handler`."""
    return [function.handler for function in _functions()]


def memory_mb(logical_id: str) -> int:
    """Returns the memory of a function, as template.yaml declares it."""
    return _functions()[logical_id].memory_mb


def half_past_ms() -> int:
    """Returns half past the present hour, so that two runs find as many conversations in an hour."""
    return (int(time.time()) // 3600 * 3600 + 1800) * 1000


@dataclass
class Device:
    """A person's open WebSocket."""

    user_id: str
    connection_id: str
    connected_at_ms: int


@dataclass
class Stage:
    """Invokes operations as people; `now_ms` is the time of the next request, and moves only by hand."""

    functions: Functions
    now_ms: int = field(default_factory=half_past_ms)
    invoke: Invoke = field(init=False)  # the measuring code replaces it
    roles: dict[str, str] = field(default_factory=dict)  # of those who are no plain users, by person
    reply_bytes: int = 0  # of the last acknowledgement
    _requests: int = 0

    def __post_init__(self) -> None:
        self.invoke = self.functions.invoke

    def rest(
        self,
        user_id: str,
        logical_id: str,
        path: Mapping[str, str] | None = None,
        *,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Returns the answer of a REST operation; raises AssertionError for anything but a success."""
        return answer_of(self.invoke(logical_id, self.rest_event(user_id, path, query=query, body=body)))

    def rest_event(
        self,
        user_id: str,
        path: Mapping[str, str] | None = None,
        *,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Returns the event of a REST request."""
        return {
            "path": "/" + "/".join((path or {}).values()),
            "headers": {"Content-Type": "application/json", "User-Agent": "bench"},
            "pathParameters": dict(path) if path else None,
            "multiValueQueryStringParameters": {name: [value] for name, value in query.items()} if query else None,
            "requestContext": {
                "requestId": self._request_id(),
                "requestTimeEpoch": self.now_ms,
                "authorizer": self._authorizer(user_id),
            },
            "body": json.dumps(body) if body is not None else None,
            "isBase64Encoded": False,
        }

    def connect(self, user_id: str) -> Device:
        """Returns a new device of a person, `$connect` done."""
        device = Device(user_id, f"{user_id}-{self._request_id()}=", self.now_ms)
        event = self._socket_event(device, "$connect", "CONNECT")
        answered = self.invoke("OnConnect", event)
        assert answered["statusCode"] == 200, answered
        return device

    def disconnect(self, device: Device) -> None:
        """Disconnects a device."""
        self.invoke("OnDisconnect", self._socket_event(device, "$disconnect", "DISCONNECT"))

    def authorize(self, token: str) -> dict[str, Any]:
        """Returns the REST authorizer's answer to a token."""
        return self._authorized("Authorize", {"headers": {"Authorization": f"Bearer {token}"}})

    def sign_in(self, token: str) -> dict[str, Any]:
        """Returns the answer of `$connect`'s authorizer to a token among the subprotocols."""
        return self._authorized("OnAuthorize", {"headers": {"Sec-WebSocket-Protocol": f"bearer, {token}"}})

    def redeem(self, ticket: str) -> dict[str, Any]:
        """Returns the answer of `$connect`'s authorizer to a ticket."""
        return self._authorized("OnAuthorize", {"queryStringParameters": {"ticket": ticket}})

    def _authorized(self, logical_id: str, sent: Mapping[str, Any]) -> dict[str, Any]:
        request = {"requestId": self._request_id(), "requestTimeEpoch": self.now_ms, "connectionId": "bench="}
        answer: dict[str, Any] = self.invoke(logical_id, {**sent, "methodArn": "arn/v1/*", "requestContext": request})
        return answer

    def sweep(self, logical_id: str) -> None:
        """Runs a schedule's function."""
        self.invoke(logical_id, {"time": f"{datetime.fromtimestamp(self.now_ms / 1000, UTC):%Y-%m-%dT%H:%M:%SZ}"})

    def act(self, device: Device, logical_id: str, action: str, **data: Any) -> dict[str, Any]:
        """Returns the acknowledgement's `data` of an action; AssertionError for anything else."""
        reply = self.invoke(logical_id, self.action_event(device, action, **data))["body"]
        self.reply_bytes, frame = len(reply.encode()), json.loads(reply)
        assert frame["type"] == "ack", frame
        acknowledged: dict[str, Any] = frame["data"]
        return acknowledged

    def say(self, device: Device, logical_id: str, action: str, **data: Any) -> None:
        """Sends a frame that asks for no answer; AssertionError if it is answered."""
        event = self.action_event(device, action, **data)
        frame = {name: part for name, part in json.loads(event["body"]).items() if name != "request_id"}
        answer = self.invoke(logical_id, {**event, "body": json.dumps(frame)})
        assert answer == {"statusCode": 200}, answer

    def action_event(self, device: Device, action: str, **data: Any) -> dict[str, Any]:
        """Returns the event of a WebSocket frame."""
        event = self._socket_event(device, action, "MESSAGE")
        return {**event, "body": json.dumps({"action": action, "request_id": self._request_id(), "data": data})}

    def _socket_event(self, device: Device, route: str, kind: str) -> dict[str, Any]:
        return {
            "requestContext": {
                "routeKey": route,
                "eventType": kind,
                "requestId": self._request_id(),
                "requestTimeEpoch": self.now_ms,
                "connectedAt": device.connected_at_ms,
                "connectionId": device.connection_id,
                "authorizer": self._authorizer(device.user_id),
            },
            "headers": {},
            "isBase64Encoded": False,
        }

    def _authorizer(self, user_id: str) -> dict[str, str]:
        return {
            "principalId": user_id,
            "user_id": user_id,
            "name": user_id.title(),
            "role": self.roles.get(user_id, "user"),
            "contexts": '{"class":["7b"]}',
            "profile_seq": "1",
            "expires_at_s": str(self.now_ms // 1000 + TOKEN_S),
        }

    def _request_id(self) -> str:
        self._requests += 1
        return f"r{self._requests:08d}"


def answer_of(reply: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the body of a REST handler's reply; AssertionError for anything but a success."""
    assert reply["statusCode"] < 300, reply
    body: dict[str, Any] = json.loads(reply["body"])
    return body


@contextmanager
def staged(state: Path | None = None) -> Iterator[Stage]:
    """Yields a stage over an empty store; with a folder, the store logs what it acknowledges.

    Only once per process: the handlers read the names of their tables on import.
    """
    template = load(ROOT / "template.yaml")
    functions = Functions(template)
    with Ministack(ROOT, account=template.place.account, state=state) as store:
        os.environ.update(
            {
                **store.client_environment,
                "AWS_REGION": template.place.region,
                "AWS_DEFAULT_REGION": template.place.region,
            }
        )
        provision(template, Store())
        functions.prepare()
        # The stage's time does not move, so all operations happen at once.
        os.environ |= {"SEND_BURST": "10000", "LIVE_BURST": "10000", "COST_UNIT_BURST": "1000000"}
        try:
            yield Stage(functions)
        finally:
            functions.close()
