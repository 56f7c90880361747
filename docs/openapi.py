"""The REST API as an OpenAPI 3.1 document."""

from collections.abc import Iterable, Sequence
from http import HTTPStatus
from typing import Any

from docs import fields
from docs.operations import RestOperation, Undocumented, is_page, without_table
from docs.schemas import Schema, Schemas, portable_pattern

Document = dict[str, Any]

RATE_HEADERS = {  # draft-ietf-httpapi-ratelimit-headers-10
    "RateLimit-Policy": ("What a limit allows: `q` at once, and as many again in `w` seconds.", '"send";q=30;w=15'),
    "RateLimit": ("What is left of it: `r` now, and one more in `t` seconds.", '"send";r=29;t=1'),
}
RETRY_AFTER = {
    "description": "Seconds to wait; `retry_after_ms` says it more exactly.",
    "schema": {"type": "integer", "format": "int32", "minimum": 0},
}
LOCATION = {
    "description": "The address of the file, which needs no token.",
    "schema": {"type": "string", "format": "uri"},
}
# The first part of an operation's path, and the subject of its operations.
TAGS = {
    "admin": "Operations of moderators and administrators.",
    "attachments": "Files: uploads and downloads.",
    "contexts": "The people of a class, a game block, a pattern.",
    "conversations": "Conversations, their members and messages.",
    "erasures": "The progress of a person's erasure.",
    "exports": "Files made from a conversation.",
    "me": "The caller.",
    "messages": "Single messages: edit, delete, react, pin, forward, report.",
    "migration": "Moving in: conversations of another system, brought along by the host's own server.",
    "policy": "The policy: who may talk to whom, and why.",
    "search": "Search in the text of messages.",
    "support": "Tickets of the support desk, which are conversations, too.",
    "sync": "Everything that a client has missed.",
    "turn-credentials": "Relays for calls.",
    "unread": "Unread counts by conversation.",
    "unsubscribe": "The link in an e-mail that ends e-mails: pages without a token.",
    "unread-count": "Unread totals.",
    "users": "The directory, profiles and presence.",
    "ws-tickets": "Tickets for a WebSocket connection.",
}

# Each deployment has its own team; addresses below example.com belong to nobody (RFC 2606).
CONTACT = {"name": "The team that deploys it", "url": "https://example.com/support", "email": "support@example.com"}

DESCRIPTION = """\
Messages between the users of an application that signs them in itself.

JSON, snake_case, UTF-8; times are RFC 3339 in UTC with milliseconds. Every error is a problem document (RFC 9457):
switch on its `code`, which docs/reference/errors.md explains. For users outside a conversation it does not
exist (404). Made from the code by `make docs`."""


def document(operations: Sequence[RestOperation], version: str) -> Document:
    """Returns the OpenAPI document of these operations."""
    from parley.domain.api.requests import Body
    from parley.triggers.problems import Problem

    types = [
        kind
        for one in operations
        if not is_page(one)
        for kind in (one.takes, one.query, without_table(one.replies)[0])
        if kind
    ]
    schemas = Schemas([*types, Problem], sent=Body)
    # API Gateway's own answers do not name their request, and the answers for no particular case leave out their
    # status (template.yaml, GatewayResponses).
    for field in ("instance", "status"):
        schemas.whole(Problem)["required"].remove(field)
    paths: dict[str, Document] = {}
    for one in operations:
        paths.setdefault(one.path, {})[one.method] = _operation(one, schemas)
    queries = {one.query.__name__ for one in operations if one.query is not None}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Parley REST API",
            "version": version,
            "description": DESCRIPTION,
            "contact": CONTACT,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [
            {"url": "http://127.0.0.1:3000/v1", "description": "`make run`"},
            {
                "url": "https://{api_id}.execute-api.{region}.amazonaws.com/v1",
                "description": "A deployed stack: its output RestUrl",
                "variables": {"api_id": {"default": "abcdef1234"}, "region": {"default": "us-east-1"}},
            },
        ],
        "security": [{"token": []}],
        "tags": [{"name": name, "description": TAGS[name]} for name in sorted({_tag(one) for one in operations})],
        "paths": paths,
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
            "schemas": {name: one for name, one in sorted(schemas.components.items()) if name not in queries},
            "headers": {name: _header(*described) for name, described in RATE_HEADERS.items()},
            "responses": {str(status): _problem(status, schemas.of(Problem)) for status in _refusals(operations)}
            | {"default": _problem(None, schemas.of(Problem))},
        },
    }


def _operation(one: RestOperation, schemas: Schemas) -> Document:
    from parley.domain.api.suspension import OPEN_UNDER

    described: Document = {
        "operationId": one.name,
        "tags": [_tag(one)],
        "summary": one.summary,
        "description": one.description,
    }
    if parameters := [*_path_parameters(one.path), *_query_parameters(one, schemas)]:
        described["parameters"] = parameters
    if is_page(one):
        return described | _page(one)
    if one.takes is not None:
        described["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": schemas.of(one.takes)}},
        }
    replies, has_table = without_table(one.replies)
    described["responses"] = {
        **{
            str(status): _response(status, remark, schemas.of(replies), has_table, is_limited=429 in one.statuses)
            for status, remark in one.statuses.items()
        },
        "401": _refer(401),
        # Every other operation refuses a suspended person.
        **({} if 403 in one.statuses or one.name in OPEN_UNDER["all"] else {"403": _refer(403)}),
        "default": {"$ref": "#/components/responses/default"},
    }
    return described


def _page(one: RestOperation) -> Document:
    """Returns what is special of a page: no token, a form as its body, and HTML, also if something is wrong."""
    html = {"text/html": {"schema": {"type": "string"}}}
    form = {"application/x-www-form-urlencoded": {"schema": {"type": "object"}}}
    gateway = _problem(None, {"$ref": "#/components/schemas/Problem"})  # its own answers, as everywhere
    phrases = {status: HTTPStatus(status).phrase for status in one.statuses}
    return {
        "security": [],
        **({"requestBody": {"required": False, "content": form}} if one.method == "post" else {}),
        "responses": {
            **{str(status): {"description": phrase, "content": html} for status, phrase in phrases.items()},
            "default": gateway | {"content": {**gateway["content"], **html}},
        },
    }


def _tag(one: RestOperation) -> str:
    return one.path.split("/")[1]


def _path_parameters(path: str) -> Iterable[Document]:
    for part in path.split("/"):
        if part.startswith("{"):
            name = part.strip("{}")
            yield {"name": name, "in": "path", "required": True, **_path_parameter(name)}


def _path_parameter(name: str) -> Document:
    """Returns the meaning and the unencoded form of a part of a path."""
    from parley.domain.api.identity import CONTEXT_ID_PATTERN, CONTEXT_TYPE_PATTERN, USER_ID_PATTERN
    from parley.domain.api.ids import (
        ARTICLE_ID_PATTERN,
        ATTACHMENT_ID_PATTERN,
        CANNED_REPLY_ID_PATTERN,
        CONNECTION_ID_PATTERN,
        CONVERSATION_ID_PATTERN,
        EXPORT_ID_PATTERN,
        MACRO_ID_PATTERN,
        MESSAGE_ID_PATTERN,
        PUSH_DEVICE_ID_PATTERN,
        TICKET_ID_PATTERN,
    )
    from parley.domain.api.requests import REPORT_ID_PATTERN
    from parley.domain.erasure.job import ERASURE_ID_PATTERN
    from parley.domain.moderation.removals import REMOVAL_ID_PATTERN
    from parley.domain.notifications.inbox import NOTIFICATION_ID_PATTERN
    from parley.domain.notifications.unsubscribing import TOKEN_PATTERN
    from parley.domain.webhooks.deliveries import DELIVERY_ID_PATTERN
    from parley.domain.webhooks.endpoints import WEBHOOK_ID_PATTERN

    patterns = {
        "article_id": ARTICLE_ID_PATTERN,
        "attachment_id": ATTACHMENT_ID_PATTERN,
        "token": TOKEN_PATTERN,
        "connection_id": CONNECTION_ID_PATTERN,
        "context_id": CONTEXT_ID_PATTERN,
        "context_type": CONTEXT_TYPE_PATTERN,
        "conversation_id": CONVERSATION_ID_PATTERN,
        "device_id": PUSH_DEVICE_ID_PATTERN,
        "emoji": r"\S",
        "erasure_id": ERASURE_ID_PATTERN,
        "notification_id": NOTIFICATION_ID_PATTERN,
        "removal_id": REMOVAL_ID_PATTERN,
        "export_id": EXPORT_ID_PATTERN,
        "message_id": MESSAGE_ID_PATTERN,
        "report_id": REPORT_ID_PATTERN,
        "ticket_id": TICKET_ID_PATTERN,
        "reply_id": CANNED_REPLY_ID_PATTERN,
        "macro_id": MACRO_ID_PATTERN,
        "user_id": USER_ID_PATTERN,
        "webhook_id": WEBHOOK_ID_PATTERN,
        "delivery_id": DELIVERY_ID_PATTERN,
    }
    if name not in patterns:
        raise Undocumented(f"{{{name}}} of a path has no pattern in docs/openapi.py")
    schema = {"type": "string", "pattern": portable_pattern(patterns[name])}
    return {"description": fields.sentence("Path", name), "schema": schema}


def _query_parameters(one: RestOperation, schemas: Schemas) -> Iterable[Document]:
    if one.query is None:
        return
    whole = schemas.whole(one.query)
    for name, field in whole["properties"].items():
        schema = _not_null(field)
        sentence = field["description"]
        schema.pop("description", None)
        required = name in whole["required"]
        yield {"name": name, "in": "query", "required": required, "description": sentence, "schema": schema}


def _not_null(field: Schema) -> Schema:
    """Returns the schema without null: a query cannot say it, and leaves the parameter out instead."""
    if "anyOf" not in field:
        return dict(field)
    [wanted] = [one for one in field["anyOf"] if one != {"type": "null"}]
    return dict(wanted)


def _response(status: int, remark: str, schema: Schema, has_table: bool, *, is_limited: bool) -> Document:
    if status >= 400:
        return _refer(status)
    phrase = HTTPStatus(status).phrase
    response: Document = {"description": f"{phrase}: {remark}" if remark else phrase}
    headers = _rate_headers() if is_limited else {}
    if status < 300:
        response["content"] = {"application/json": {"schema": schema}}
        if has_table:
            response["content"]["text/csv"] = {"schema": {"type": "string"}}
    else:
        headers = {"Location": LOCATION, **headers}
    return response | ({"headers": headers} if headers else {})


def _rate_headers() -> Document:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in RATE_HEADERS}


def _header(description: str, example: str) -> Document:
    return {"description": description, "schema": {"type": "string"}, "example": example}


def _refusals(operations: Sequence[RestOperation]) -> list[int]:
    answers = {status for one in operations if not is_page(one) for status in one.statuses}
    return sorted({status for status in answers if status >= 400} | {401, 403})


def _refer(status: int) -> Document:
    return {"$ref": f"#/components/responses/{status}"}


def _problem(status: int | None, schema: Schema) -> Document:
    from parley.domain.api import errors

    # Not Python's phrases, which changed in 3.13 for 413 and 422.
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.Refusal)]
    titles = {kind.status: kind.title for kind in kinds}
    phrase = titles[status] if status else "Too much, too often, or a failure of ours (413, 429, 5xx)"
    described: Document = {"description": phrase, "content": {"application/problem+json": {"schema": schema}}}
    if status == 429:
        described["headers"] = {"Retry-After": RETRY_AFTER, **_rate_headers()}
    return described
