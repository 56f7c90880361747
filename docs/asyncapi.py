"""The WebSocket API as an AsyncAPI 3.0 document."""

import inspect
from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from docs.operations import Operation
from docs.schemas import Schema, Schemas

Document = dict[str, Any]

DESCRIPTION = """\
Messages between the users of an application that signs them in itself, as they happen.

A client sends `{"action", "request_id"?, "data"?}` and gets one reply to it, `ack` or `error`, with the same
`request_id`. Events come by themselves: `{"type": "event", "event", "data"}`. Sign in when connecting, with a one-time
ticket (POST /ws-tickets) as `?ticket=`, or with a token as a subprotocol: `Sec-WebSocket-Protocol: bearer, <JWT>`.
Never put a token into the address. Made from the code by `make docs`."""


def document(actions: Sequence[Operation], version: str) -> Document:
    """Returns the AsyncAPI document of these actions and of every event class."""
    from parley.domain.events import kinds
    from parley.domain.requests import Body
    from parley.domain.types import RateLimit
    from parley.triggers.websocket import Error, RequestId

    events = sorted(kinds(), key=lambda one: one.name)
    schemas = Schemas(
        [*(one.takes for one in actions), *(one.replies for one in actions), *events, Error, RateLimit, RequestId],
        sent=Body,
    )
    request_id = schemas.of(RequestId)
    rate_limits = {"type": "array", "items": schemas.of(RateLimit)}
    messages = {
        **{one.name: _request(one, schemas, request_id) for one in actions},
        **{f"{one.name}_ack": _ack(one, schemas, request_id, rate_limits) for one in actions},
        **{f"{one.name}_event": _event(one, one.name, schemas) for one in events},
        "error": {"summary": "The action was refused or failed.", "payload": schemas.of(Error)},
    }
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Parley WebSocket API",
            "version": version,
            "description": DESCRIPTION,
            "license": {"name": "MIT"},
        },
        "defaultContentType": "application/json",
        "servers": {
            "local": {"host": "localhost:3001", "pathname": "/v1", "protocol": "ws", "description": "`make run`"},
            "deployed": {
                "host": "{api_id}.execute-api.{region}.amazonaws.com",
                "pathname": "/v1",
                "protocol": "wss",
                "description": "A deployed stack: its output WebSocketUrl",
                "variables": {"api_id": {"default": "abcdef1234"}, "region": {"default": "us-east-1"}},
                "security": [_refer("securitySchemes", "ticket"), _refer("securitySchemes", "token")],
            },
        },
        "channels": {
            "socket": {
                "address": "/",
                "messages": {name: _refer("messages", name) for name in messages},
                "bindings": {"ws": {"method": "GET", "query": _TICKET, "bindingVersion": "0.1.0"}},
            }
        },
        "operations": {
            **{one.name: _action_operation(one) for one in actions},
            **{f"on_{one.name}": _event_operation(one.name) for one in events},
        },
        "components": {
            "messages": messages,
            "schemas": dict(sorted(schemas.components.items())),
            "securitySchemes": {
                "ticket": {
                    "type": "httpApiKey",
                    "in": "query",
                    "name": "ticket",
                    "description": "One use, 30 seconds.",
                },
                "token": {
                    "type": "httpApiKey",
                    "in": "header",
                    "name": "Sec-WebSocket-Protocol",
                    "description": "Two subprotocols: `bearer` and the token. The server answers with `bearer`.",
                },
            },
        },
    }


_TICKET: Schema = {
    "type": "object",
    "properties": {"ticket": {"type": "string", "description": "From POST /ws-tickets; not with a token."}},
}


def _request(one: Operation, schemas: Schemas, request_id: Schema) -> Document:
    assert one.takes is not None, f"{one.name} does not say what its data are"
    required = ["action"]
    if schemas.whole(one.takes)["required"]:
        required.append("data")
    payload = {
        "type": "object",
        "properties": {"action": {"const": one.name}, "request_id": request_id, "data": schemas.of(one.takes)},
        "required": required,
        "additionalProperties": False,
    }
    return {"summary": one.summary, "payload": payload}


def _ack(one: Operation, schemas: Schemas, request_id: Schema, rate_limits: Schema) -> Document:
    properties = {
        "type": {"const": "ack"},
        "request_id": request_id,
        "data": schemas.of(one.replies),
        "rate_limits": rate_limits,
    }
    payload = {"type": "object", "properties": properties, "required": ["type", "data"]}
    return {"summary": f"{one.name} is done, and what it wrote is durable.", "payload": payload}


def _event(event: type[Struct], name: str, schemas: Schemas) -> Document:
    properties = {"type": {"const": "event"}, "event": {"const": name}, "data": schemas.of(event)}
    payload = {"type": "object", "properties": properties, "required": list(properties)}
    return {"summary": inspect.getdoc(event), "payload": payload}


def _action_operation(one: Operation) -> Document:
    return {
        "action": "receive",
        "summary": one.summary,
        "channel": {"$ref": "#/channels/socket"},
        "messages": [_of_channel(one.name)],
        "reply": {
            "channel": {"$ref": "#/channels/socket"},
            "messages": [_of_channel(f"{one.name}_ack"), _of_channel("error")],
        },
    }


def _event_operation(name: str) -> Document:
    return {
        "action": "send",
        "channel": {"$ref": "#/channels/socket"},
        "messages": [_of_channel(f"{name}_event")],
    }


def _of_channel(message: str) -> Document:
    return {"$ref": f"#/channels/socket/messages/{message}"}


def _refer(kind: str, name: str) -> Document:
    return {"$ref": f"#/components/{kind}/{name}"}
