"""The WebSocket API as an AsyncAPI 3.0 document."""

import inspect
from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from docs.openapi import CONTACT
from docs.operations import Operation
from docs.schemas import Schema, Schemas

Document = dict[str, Any]

DESCRIPTION = """\
Messages between the users of an application that signs them in itself, as they happen.

A client sends `{"action", "request_id"?, "data"?}` and gets one reply to it, `ack` or `error`, with the same
`request_id`. `ping`, `typing_start` and `typing_stop` get an `ack` only if they have a `request_id`.
Events come by themselves: `{"type": "event", "event", "data"}`. Sign in when connecting, in one of three ways:
with a one-time ticket (POST /ws-tickets) as `?ticket=`; with a token in the header `Authorization: Bearer <JWT>`,
if the client can set headers; or with a token as a subprotocol, `Sec-WebSocket-Protocol: bearer, <JWT>`.
Never put a token into the address. Made from the code by `make docs`."""


def document(actions: Sequence[Operation], version: str) -> Document:
    """Returns the AsyncAPI document of these actions and of every event class."""
    from parley.domain.api.requests import Body
    from parley.domain.api.types import RateLimit
    from parley.domain.conversations.events import Event, kinds
    from parley.domain.notifications.events import NotificationTold
    from parley.domain.support.events import TicketCreated
    from parley.triggers.websocket import Error, RequestId

    # `kinds` finds the classes of modules that are imported
    assert issubclass(TicketCreated, Event) and issubclass(NotificationTold, Event)
    events = sorted(kinds(), key=lambda one: one.name)
    schemas = Schemas(
        [*(one.takes for one in actions), *(one.replies for one in actions), *events, Error, RateLimit, RequestId],
        sent=Body,
    )
    messages = {
        **{one.name: _request(one, schemas, schemas.of(RequestId)) for one in actions},
        **{f"{one.name}_ack": _ack(one, schemas, schemas.of(RequestId), schemas.of(RateLimit)) for one in actions},
        **{f"{one.name}_event": _event(one, one.name, schemas) for one in events},
        "error": _message("error", "The action was refused or failed.", schemas.of(Error)),
    }
    return {
        "asyncapi": "3.0.0",  # 3.1 is out, but generators of clients (Modelina, say) make nothing of it yet
        "info": {
            "title": "Parley WebSocket API",
            "version": version,
            "description": DESCRIPTION,
            "license": {"name": "MIT"},
            "contact": CONTACT,
            "tags": [{"name": "messaging", "description": "Messages, presence, typing and calls, in real time."}],
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
                "security": [_refer("securitySchemes", name) for name in ("ticket", "header", "token")],
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
            **{f"on_{one.name}": _event_operation(one) for one in events},
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
                "header": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "JWT",
                    "description": "The header Authorization of the handshake, for clients that can set one.",
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


def _is_quiet(one: Operation) -> bool:
    """Says whether the action is answered only if it asks for it."""
    from parley.triggers.request_log import QUIET

    return one.name in QUIET


def _request_id(one: Operation, request_id: Schema) -> Schema:
    told = "The reply carries the same one."
    if _is_quiet(one):
        told = "The reply carries the same one. Without it, only an error is answered."
    return {**request_id, "description": told}


def _request(one: Operation, schemas: Schemas, request_id: Schema) -> Document:
    assert one.takes is not None, f"{one.name} does not say what its data are"
    required = ["action"]
    if schemas.whole(one.takes)["required"]:
        required.append("data")
    properties = {
        "action": _always(one.name, "The action."),
        "request_id": _request_id(one, request_id),
        "data": {**schemas.of(one.takes), "description": "The action's own fields."},
    }
    payload = _object(f"The action `{one.name}`.", properties, required) | {"additionalProperties": False}
    return _message(one.name, one.summary, schemas.name(f"{_camel(one.name)}Request", payload))


def _ack(one: Operation, schemas: Schemas, request_id: Schema, rate_limit: Schema) -> Document:
    summary = f"{one.name} is done, and its writes are durable."
    properties = {
        "type": _always("ack", "The kind of the frame."),
        "request_id": {**request_id, "description": "The `request_id` of the request; absent if it had none."},
        "data": _told(schemas.of(one.replies), "The answer of the action."),
        "rate_limits": {
            "type": "array",
            "items": rate_limit,
            "description": "What the caller has left of each limit that applied; absent if none did.",
        },
    }
    payload = _object(summary, properties, ["type", "data"])
    return _message(f"{one.name}_ack", summary, schemas.name(f"{_camel(one.name)}Ack", payload))


def _event(event: type[Struct], name: str, schemas: Schemas) -> Document:
    summary = inspect.getdoc(event) or ""
    properties = {
        "type": _always("event", "The kind of the frame."),
        "event": _always(name, "The event."),
        "data": _told(schemas.of(event), "The event that has happened."),
    }
    payload = _object(summary, properties, list(properties))
    return _message(f"{name}_event", summary, schemas.name(f"{_camel(name)}Frame", payload))


def _object(description: str, properties: Document, required: list[str]) -> Schema:
    return {"type": "object", "description": description, "properties": properties, "required": required}


def _always(text: str, description: str) -> Schema:
    return {"type": "string", "const": text, "description": description}


def _told(schema: Schema, description: str) -> Schema:
    return {"description": description, **schema}


def _message(name: str, summary: str, payload: Schema) -> Document:
    return {"name": name, "summary": summary, "payload": payload}


def _camel(name: str) -> str:
    return "".join(part.title() for part in name.split("_"))


_QUIET_REPLY = " The `ack` comes only to a frame with a `request_id`; an `error` always comes."


def _action_operation(one: Operation) -> Document:
    return {
        "action": "receive",
        "summary": one.summary,
        "description": one.description + _QUIET_REPLY if _is_quiet(one) else one.description,
        "channel": {"$ref": "#/channels/socket"},
        "messages": [_of_channel(one.name)],
        "reply": {
            "channel": {"$ref": "#/channels/socket"},
            "messages": [_of_channel(f"{one.name}_ack"), _of_channel("error")],
        },
    }


def _event_operation(event: Any) -> Document:
    summary = inspect.getdoc(event) or ""
    return {
        "action": "send",
        "summary": summary.partition("\n")[0],
        "description": summary,
        "channel": {"$ref": "#/channels/socket"},
        "messages": [_of_channel(f"{event.name}_event")],
    }


def _of_channel(message: str) -> Document:
    return {"$ref": f"#/channels/socket/messages/{message}"}


def _refer(kind: str, name: str) -> Document:
    return {"$ref": f"#/components/{kind}/{name}"}
