"""API Gateway WebSocket without sockets: connections, routes, `@connections`, and every limit that a client can meet.

A transport calls `connect` for a handshake, `receive` for a message and `disconnected` when a connection has ended, and
gives each connection a `Peer` to send and close with. Numbers are from the developer guide's "Quotas for configuring
and running a WebSocket API"; comments mark what was not checked against AWS.
"""

import json
import logging
import re
import time
from collections.abc import Callable, Container
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum
from typing import Any, Protocol
from urllib.parse import unquote

from local import authorizers
from local.authorizers import Denied, Grant, Misconfigured, Unauthorized
from local.events import (
    MAX_HEADER_BYTES,
    Headers,
    MultiMap,
    Permissions,
    event_headers,
    event_query,
    function_of,
    header_bytes,
    request_time,
    short_id,
)
from local.functions import FunctionError, InvocationError, Invoke
from local.template import Document, Resource, Template, TemplateError
from local.terminal import Answered, Observe, nobody, problem_of

log = logging.getLogger(__name__)

MAX_FRAME_BYTES = 32 * 1024
MAX_MESSAGE_BYTES = 128 * 1024
INTEGRATION_TIMEOUT_MS = 29_000

_RESERVED = ("$connect", "$disconnect", "$default")
_CONNECTION_ID = re.compile(r"[A-Za-z0-9_-]{8,}={1,2}")


@dataclass
class Limits:
    """The two time limits of a connection; tests and impatient users shorten them."""

    idle_ms: int = 10 * 60 * 1000
    lifetime_ms: int = 2 * 60 * 60 * 1000


class Peer(Protocol):
    """The transport's end of a connection. Both return at once; `send` says False when the client's buffer is full."""

    def send(self, text: str) -> bool: ...

    def close(self, code: int, reason: str) -> None: ...


class State(Enum):
    PENDING = "pending"  # $connect has not returned yet: posts to it fail
    OPEN = "open"
    CLOSED = "closed"


@dataclass(eq=False)
class Connection:
    """One client's connection, from the handshake until its $disconnect."""

    connection_id: str
    peer: Peer
    source_ip: str
    user_agent: str | None
    connected_at_ms: int
    active_at_ms: int
    grant: Grant | None = None
    state: State = State.PENDING
    subprotocol: str | None = None
    closed_with: tuple[int, str] | None = None  # set when the gateway, not the client, ended it


@dataclass(frozen=True)
class Handshake:
    """The request that asks for a connection: `target` is the undecoded path with its query string."""

    target: str
    headers: Headers = field(default_factory=list)
    source_ip: str = "127.0.0.1"


class Refused(Exception):
    """The handshake is answered with an HTTP status instead of 101; browsers see close code 1006."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"{status} {message}")
        self.status = status
        self.message = message


class _FrameError(Exception):
    """A message is answered with a frame of the gateway's own; clients see the message, and no status."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


class ManagementError(Exception):
    """An answer of the `@connections` API other than 200: botocore raises the exception that `error_type` names."""

    def __init__(self, status: int, error_type: str, message: str | None = None) -> None:
        super().__init__(f"{status} {error_type}")
        self.status = status
        self.error_type = error_type
        self.message = message


@dataclass(frozen=True)
class _Route:
    key: str
    function: str
    role_arn: str | None  # role in which the API invokes the function; None requires a permission
    timeout_s: float
    answers: bool  # has both RouteResponseSelectionExpression and a RouteResponse: its body goes back to the client
    authorizer: "_Authorizer | None"


@dataclass(frozen=True)
class _Authorizer:
    authorizer_id: str
    function: str
    role_arn: str | None
    sources: tuple[str, ...]


class WebSocketApi:
    """One WebSocket API of a template, on one stage.

    `lose_disconnects` names connections whose $disconnect never comes (it is "best-effort"), or is `Everyone()`.
    """

    def __init__(
        self,
        template: Template,
        api: Resource,
        invoke: Invoke,
        now_ms: Callable[[], int],
        limits: Limits | None = None,
    ) -> None:
        self._template = template
        self._invoke = invoke
        self._now_ms = now_ms
        self._permissions = Permissions(template)
        self.limits = limits or Limits()
        self.api_id = api.ref
        self.stage = _stage(template, api)
        self._select = _selector(api)
        self.routes = {route.key: route for route in _routes(template, api)}
        self.connections: dict[str, Connection] = {}
        self.lose_disconnects: Container[str] = ()
        self.observe: Observe = nobody

    @classmethod
    def of(
        cls, template: Template, invoke: Invoke, now_ms: Callable[[], int], limits: Limits | None = None
    ) -> "WebSocketApi":
        """Returns the template's WebSocket API; raises TemplateError if it has none, or more than one."""
        apis = [a for a in template.of_type("AWS::ApiGatewayV2::Api") if a.properties["ProtocolType"] == "WEBSOCKET"]
        if len(apis) != 1:
            raise TemplateError(
                f"{template.path.name}: has {len(apis)} WebSocket APIs; the local stack serves exactly one"
            )
        return cls(template, apis[0], invoke, now_ms, limits)

    # --- the life of a connection ------------------------------------------------------------------------------------

    async def connect(self, handshake: Handshake, peer: Peer) -> Connection:
        """Returns the open connection; raises Refused with the status that the handshake is answered with."""
        if header_bytes(handshake.target, handshake.headers) > MAX_HEADER_BYTES:
            raise Refused(413, f"HTTP header is larger than {MAX_HEADER_BYTES} bytes.")
        target, _, query_string = handshake.target.partition("?")
        if unquote(target).strip("/") != self.stage:
            raise Refused(403, "Forbidden")
        headers, query = event_headers(handshake.headers, handshake.source_ip), event_query(query_string)
        now_ms = self._now_ms()
        connection = Connection(
            connection_id=short_id(),
            peer=peer,
            source_ip=handshake.source_ip,
            user_agent=headers.get("user-agent"),
            connected_at_ms=now_ms,
            active_at_ms=now_ms,
        )
        self.connections[connection.connection_id] = connection
        began_s, request_id, status = time.perf_counter(), short_id(), 101
        try:
            await self._connect(connection, headers, query, request_id)
        except Refused as refused:
            status = refused.status
            connection.state = State.CLOSED
            del self.connections[connection.connection_id]
            raise
        finally:
            self._observed(connection, "$connect", status, None, request_id, began_s)
        connection.state = State.OPEN
        return connection

    def _observed(
        self, connection: Connection, key: str, status: int, code: str | None, request_id: str, began_s: float
    ) -> None:
        ms = (time.perf_counter() - began_s) * 1000
        user = connection.grant.principal_id if connection.grant else None
        self.observe(Answered("WS", key, status, ms, user, code, request_id))

    async def _connect(self, connection: Connection, headers: MultiMap, query: MultiMap, request_id: str) -> None:
        route = self.routes.get("$connect")
        if route is None:
            return
        if route.authorizer:
            connection.grant = await self._authorize(connection, route.authorizer, headers, query, request_id)
        event = {**_connect_fields(headers, query), **self._event(connection, route.key, "CONNECT", request_id)}
        try:
            result = await self._call(route, event)
        except InvocationError as problem:
            raise Refused(502, "Internal server error") from problem
        except TimeoutError as problem:
            raise Refused(504, "Endpoint request timed out") from problem
        if not isinstance(result, dict) or not isinstance(result.get("statusCode"), int):
            log.error("%s: $connect must return a statusCode", route.function)
            raise Refused(502, "Internal server error")
        if not 200 <= result["statusCode"] <= 299:
            raise Refused(result["statusCode"], "Forbidden")  # $connect's body is never delivered
        answered = {name.lower(): str(value) for name, value in (result.get("headers") or {}).items()}
        connection.subprotocol = answered.get("sec-websocket-protocol")

    async def _authorize(
        self,
        connection: Connection,
        authorizer: _Authorizer,
        headers: MultiMap,
        query: MultiMap,
        request_id: str,
    ) -> Grant:
        method_arn = self._arn(f"{self.stage}/$connect")
        event = {
            "type": "REQUEST",
            "methodArn": method_arn,
            "headers": headers.last,
            "multiValueHeaders": headers.all,
            "queryStringParameters": query.last,
            "multiValueQueryStringParameters": query.all,
            "stageVariables": {},
            "requestContext": self._event(connection, "$connect", "CONNECT", request_id)["requestContext"],
        }
        try:
            if not all(_has(source, headers, query) for source in authorizer.sources):
                raise Unauthorized
            source_arn = self._arn(f"authorizers/{authorizer.authorizer_id}")
            if not self._permissions.allow(authorizer.function, source_arn, authorizer.role_arn):
                raise Misconfigured(f"neither a role nor a permission lets the API invoke {authorizer.function}")
            grant = await authorizers.ask_authorizer(lambda: self._invoke(authorizer.function, event))
            grant.check(method_arn)
        except Unauthorized as problem:
            raise Refused(401, "Unauthorized") from problem
        except Denied as problem:
            raise Refused(403, str(problem)) from problem
        except Misconfigured as problem:
            log.error("authorizer %s: %s", authorizer.authorizer_id, problem)
            raise Refused(500, "Internal server error") from problem
        return grant

    async def receive(self, connection: Connection, message: str | bytes, largest_frame_bytes: int = 0) -> None:
        """Plays one message of the client; each is its own invocation, possibly beside others of its connection."""
        if connection.state is not State.OPEN:
            return
        if isinstance(message, bytes):
            return self._close(connection, 1003, "Binary messages are not supported")
        size = len(message.encode())
        if size > MAX_MESSAGE_BYTES or largest_frame_bytes > MAX_FRAME_BYTES:
            return self._close(connection, 1009, "Message too long")
        connection.active_at_ms = self._now_ms()
        request_id, began_s = short_id(), time.perf_counter()
        key = self._route_key(message)
        code: str | None = None
        try:
            body = await self._answer(connection, key, message, request_id)
            failed_with, code = problem_of(body)
            status = failed_with or 200
            if body and connection.state is State.OPEN:
                connection.peer.send(body)
        except _FrameError as error:
            status = error.status
            self._error_frame(connection, error.message, request_id)
        self._observed(connection, key or "(no route)", status, code, request_id, began_s)

    async def _answer(self, connection: Connection, key: str | None, message: str, request_id: str) -> str:
        """Returns the frame that answers a message, empty for none; raises _FrameError."""
        if key is None:
            raise _FrameError(403, "Forbidden")
        event = self._event(connection, key, "MESSAGE", request_id)
        event["requestContext"]["messageId"] = short_id()
        event["body"] = message
        try:
            result = await self._call(self.routes[key], event)
        except InvocationError as problem:
            raise _FrameError(500, "Internal server error") from problem
        except TimeoutError as problem:
            raise _FrameError(504, "Endpoint request timed out") from problem
        return _frame(result) if self.routes[key].answers else ""

    def _error_frame(self, connection: Connection, message: str, request_id: str) -> None:
        if connection.state is State.OPEN:
            frame = {"message": message, "connectionId": connection.connection_id, "requestId": request_id}
            connection.peer.send(json.dumps(frame))

    async def disconnected(self, connection: Connection, code: int, reason: str = "") -> None:
        """Ends a connection that either side closed; the transport calls this once. $disconnect runs, or is lost."""
        connection.state = State.CLOSED
        if self.connections.pop(connection.connection_id, None) is None:
            return
        route = self.routes.get("$disconnect")
        if route is None or connection.connection_id in self.lose_disconnects:
            return
        code, reason = connection.closed_with or (code, reason)
        event = self._event(connection, "$disconnect", "DISCONNECT")
        event["requestContext"] |= {"disconnectStatusCode": code, "disconnectReason": reason}
        headers = {"Host": self.domain, "x-api-key": "", "X-Forwarded-For": "", "x-restapi": ""}
        fields = {"headers": headers, "multiValueHeaders": {name: [value] for name, value in headers.items()}}
        try:
            await self._call(route, {**fields, **event})
        except (InvocationError, TimeoutError) as problem:
            log.warning("$disconnect of %s was in vain: %s", connection.connection_id, problem)

    def close_stale(self) -> None:
        """Closes with 1001 connections that were idle for 10 minutes or open for 2 hours; the server calls it often."""
        now_ms = self._now_ms()
        for connection in list(self.connections.values()):
            if connection.state is not State.OPEN:
                continue
            if now_ms - connection.connected_at_ms >= self.limits.lifetime_ms:
                self._close(connection, 1001, "Going away")  # the code is unverified
            elif now_ms - connection.active_at_ms >= self.limits.idle_ms:
                self._close(connection, 1001, "Going away")

    def _close(self, connection: Connection, code: int, reason: str) -> None:
        connection.state = State.CLOSED
        connection.closed_with = (code, reason)
        connection.peer.close(code, reason)

    # --- @connections ------------------------------------------------------------------------------------------------

    def post(self, connection_id: str, payload: bytes) -> None:
        """Sends a text frame to a client; raises ManagementError: 400, 410, 413 or 429."""
        if len(payload) > MAX_MESSAGE_BYTES:
            raise ManagementError(413, "PayloadTooLargeException", "Message too long")
        connection = self._open(connection_id)
        if not connection.peer.send(payload.decode(errors="replace")):
            raise ManagementError(429, "LimitExceededException", "Too many unread messages")
        connection.active_at_ms = self._now_ms()

    def get(self, connection_id: str) -> Document:
        """Returns the API's description of a connection; raises ManagementError: 400 or 410."""
        connection = self._open(connection_id)
        return {
            "connectedAt": _iso(connection.connected_at_ms),
            "identity": {"sourceIp": connection.source_ip, "userAgent": connection.user_agent},
            "lastActiveAt": _iso(connection.active_at_ms),
        }

    def delete(self, connection_id: str) -> None:
        """Closes a client's connection with 1000; raises ManagementError: 400 or 410."""
        self._close(self._open(connection_id), 1000, "Connection Closed Normally")

    def _open(self, connection_id: str) -> Connection:
        if not _CONNECTION_ID.fullmatch(connection_id):
            raise ManagementError(400, "BadRequestException", f"Invalid connectionId: {connection_id}")
        connection = self.connections.get(connection_id)
        if connection is None or connection.state is not State.OPEN:
            raise ManagementError(410, "GoneException")
        return connection

    # --- routes and events -------------------------------------------------------------------------------------------

    def _route_key(self, message: str) -> str | None:
        """Returns the route for a message: an exact match, else $default; None if there is neither."""
        key = self._select(message)
        if key is None or key in _RESERVED or key not in self.routes:
            key = "$default"
        return key if key in self.routes else None

    async def _call(self, route: _Route, event: Document) -> Any:
        if not self._permissions.allow(route.function, self._arn(f"{self.stage}/{route.key}"), route.role_arn):
            log.error("neither a role nor a permission lets the API invoke %s", route.function)
            raise FunctionError("AccessDeniedException", "The API may not invoke the function.")
        return await self._invoke(route.function, event, route.timeout_s)

    def _arn(self, rest: str) -> str:
        return self._template.place.arn("execute-api", f"{self.api_id}/{rest}")

    @property
    def domain(self) -> str:
        """The API's own host name on AWS."""
        return f"{self.api_id}.execute-api.{self._template.place.region}.amazonaws.com"

    def _event(self, connection: Connection, key: str, kind: str, request_id: str | None = None) -> Document:
        now_ms = self._now_ms()
        context: Document = {
            "routeKey": key,
            "eventType": kind,
            "messageDirection": "IN",
            "connectionId": connection.connection_id,
            "connectedAt": connection.connected_at_ms,
            "requestTime": request_time(now_ms),
            "requestTimeEpoch": now_ms,
            "requestId": request_id or short_id(),
            "extendedRequestId": short_id(),
            "stage": self.stage,
            "domainName": self.domain,
            "apiId": self.api_id,
            "identity": {"sourceIp": connection.source_ip, "userAgent": connection.user_agent},
        }
        if connection.grant:
            context["authorizer"] = {**connection.grant.event_context(), "integrationLatency": 0}
        return {"requestContext": context, "isBase64Encoded": False}


def _frame(result: Any) -> str:
    """Returns the frame in the result of a route that answers; raises _FrameError."""
    if not isinstance(result, dict) or not isinstance(result.get("body", ""), str):
        log.error("a route with a route response must return {statusCode, body}, and body must be a string")
        raise _FrameError(500, "Internal server error")
    body: str = result.get("body") or ""
    if len(body.encode()) > MAX_MESSAGE_BYTES:
        # Quotas: "Message payload size 128 KB". It is unverified what a client gets for a larger answer; not the body.
        log.error("a route's answer of %d bytes is larger than a message may be", len(body.encode()))
        raise _FrameError(500, "Internal server error")
    return body


class Everyone:
    """Contains every connection id: `api.lose_disconnects = Everyone()`."""

    def __contains__(self, connection_id: object) -> bool:
        return True


def _iso(time_ms: int) -> str:
    return datetime.fromtimestamp(time_ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _connect_fields(headers: MultiMap, query: MultiMap) -> Document:
    """Returns the fields that only $connect's event has; without a query string, the two query fields are left out."""
    fields: Document = {"headers": headers.last, "multiValueHeaders": headers.all}
    if query.pairs:
        fields |= {"queryStringParameters": query.last, "multiValueQueryStringParameters": query.all}
    return fields


def _has(source: str, headers: MultiMap, query: MultiMap) -> bool:
    _, _, kind, name = (source.split(".", 3) + ["", ""])[:4]
    return bool(headers.get(name) if kind == "header" else query.last.get(name))


def _stage(template: Template, api: Resource) -> str:
    stages = [s for s in template.of_type("AWS::ApiGatewayV2::Stage") if s.properties["ApiId"] == api.ref]
    if len(stages) != 1:
        raise TemplateError(f"{api.logical_id} has {len(stages)} stages; the local stack serves exactly one")
    return str(stages[0].properties["StageName"])


def _selector(api: Resource) -> Callable[[str], str | None]:
    """Returns the selector of a message's route key, by a RouteSelectionExpression like `$request.body.action`."""
    expression = str(api.properties["RouteSelectionExpression"])
    found = re.fullmatch(r"\$\{?request\.body\.([A-Za-z0-9_.-]+)\}?", expression)
    if not found:
        raise TemplateError(f"{api.logical_id}: the local stack cannot select routes by {expression}")
    path = found[1].split(".")

    def select(message: str) -> str | None:
        try:
            value = json.loads(message)
        except (ValueError, RecursionError):
            return None
        for part in path:
            value = value.get(part) if isinstance(value, dict) else None
        return value if isinstance(value, str) else None

    return select


def _routes(template: Template, api: Resource) -> list[_Route]:
    def of_api(kind: str) -> list[Resource]:
        found = template.of_type(f"AWS::ApiGatewayV2::{kind}")
        return [each for each in found if each.properties["ApiId"] == api.ref]

    integrations = {each.ref: each for each in of_api("Integration")}
    authorizer_of = {
        each.ref: _Authorizer(
            each.ref,
            function_of(each.properties["AuthorizerUri"], template),
            each.properties.get("AuthorizerCredentialsArn"),
            tuple(each.properties.get("IdentitySource", [])),
        )
        for each in of_api("Authorizer")
    }
    answering = {
        r.properties["RouteId"] for r in of_api("RouteResponse") if r.properties["RouteResponseKey"] == "$default"
    }
    routes = []
    for route in of_api("Route"):
        properties = route.properties
        integration = integrations.get(str(properties.get("Target", "")).removeprefix("integrations/"))
        if integration is None:
            raise TemplateError(f"{route.logical_id}: its Target is no integration of this API")
        selects = properties.get("RouteResponseSelectionExpression") == "$default"
        kind = properties.get("AuthorizationType", "NONE")
        if kind not in ("NONE", "CUSTOM"):
            raise TemplateError(f"{route.logical_id}: the local stack knows no {kind} authorization")
        if kind == "CUSTOM" and properties["AuthorizerId"] not in authorizer_of:
            raise TemplateError(f"{route.logical_id}: its AuthorizerId is no authorizer of this API")
        routes.append(
            _Route(
                key=properties["RouteKey"],
                function=function_of(integration.properties["IntegrationUri"], template),
                role_arn=integration.properties.get("CredentialsArn"),
                timeout_s=float(integration.properties.get("TimeoutInMillis", INTEGRATION_TIMEOUT_MS)) / 1000,
                answers=selects and route.ref in answering,
                authorizer=authorizer_of[properties["AuthorizerId"]] if kind == "CUSTOM" else None,
            )
        )
    return routes
