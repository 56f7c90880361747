"""rest.md and websocket.md of docs/reference: the two API documents as pages to read, with their examples."""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

Document = dict[str, Any]

REST = """\
# REST API

Made by `make docs` from the same source as [openapi.json](../openapi.json).
Every example was really sent and answered in a test.

The address is the output `RestUrl` of the stack, locally `http://localhost:3000/v1`. Bodies are JSON in UTF-8, names
are in snake_case, times are RFC 3339 in UTC with milliseconds. Each request carries `Authorization: Bearer <JWT>`.
An error is a [problem](errors.md).
"""
SOCKET = """\
# WebSocket API

Made by `make docs` from the same source as [asyncapi.json](../asyncapi.json).
Every example was really sent and answered in a test.

The address is the output `WebSocketUrl` of the stack, locally `ws://localhost:3001/v1`;
[clients](../guides/clients.md#connecting) has the three ways to connect. A client sends
`{"action", "request_id"?, "data"?}` and gets one reply, `ack` or `error`, with the same `request_id`.
`ping`, `typing_start` and `typing_stop` get an `ack` only if they have a `request_id`.
Events come by themselves. An error is a [problem](errors.md).
"""


def rest(document: Document, examples: dict[str, Document]) -> str:
    """Returns the page of the REST API."""
    tags = [tag["name"] for tag in document["tags"]]
    parts = [REST, _contents([*tags, "Objects"])]
    for tag in tags:
        parts.append(f"## {tag}\n")
        parts += [
            _rest_operation(f"{method.upper()} {path}", one, examples.get(f"rest {one['operationId']}"))
            for path, methods in document["paths"].items()
            for method, one in methods.items()
            if tag in one["tags"]
        ]
    return "\n".join([*parts, *_objects(document["components"]["schemas"])])


def _rest_operation(route: str, one: Document, example: Document | None) -> str:
    parts = [f"### {route}\n", one["description"] + "\n"]
    if parameters := one.get("parameters"):
        rows = [_row(p["name"], p["schema"], p["description"], is_needed=p["required"]) for p in parameters]
        parts.append(_table("parameter", rows))
    content = one.get("requestBody", {}).get("content", {}).get("application/json", {})
    if content:
        parts.append(f"Body: {_kind(content['schema'])}\n")
    statuses = sorted(status for status in one["responses"] if status != "default")
    answers = [one["responses"][status].get("content", {}).get("application/json", {}) for status in statuses]
    kind = next((_kind(answer["schema"]) for answer in answers if answer), "")
    parts.append(f"Answers {', '.join(statuses)}{f' with {kind}' if kind else ''}\n")
    if example is not None:
        parts += _rest_example(route.partition(" ")[0], example)
    return "\n".join(parts)


def _rest_example(method: str, example: Document) -> Iterator[str]:
    yield f"```http\n{method} {example['path']}\n```\n"
    if example["sent"] is not None:
        yield _code(example["sent"])
    yield f"{example['status']}:\n\n{_code(example['got'])}"


def websocket(document: Document) -> str:
    """Returns the page of the WebSocket API."""
    messages = document["components"]["messages"]
    actions = [name for name, one in document["operations"].items() if one["action"] == "receive"]
    events = [name.removeprefix("on_") for name, one in document["operations"].items() if one["action"] == "send"]
    schemas = document["components"]["schemas"]
    parts = [SOCKET, _contents(["Actions", "Events", "Objects"]), "## Actions\n"]
    for name in actions:
        parts.append(_action(name, document["operations"][name]["description"], messages, schemas))
    parts.append("## Events\n")
    parts += [_event(name, messages[f"{name}_event"], schemas) for name in events]
    frames = {_name(message["payload"]) for message in messages.values()}
    return "\n".join([*parts, *_objects({name: one for name, one in schemas.items() if name not in frames})])


def _action(name: str, description: str, messages: Document, schemas: Document) -> str:
    request, ack = messages[name], messages[f"{name}_ack"]
    taken = schemas[_name(request["payload"])]["properties"]["data"]
    given = schemas[_name(ack["payload"])]["properties"]["data"]
    parts = [f"### {name}\n", description + "\n", f"`data`: {_kind(taken)} → `ack`: {_kind(given)}\n"]
    parts += [f"→\n\n{_code(request['examples'][0]['payload'])}", f"←\n\n{_code(ack['examples'][0]['payload'])}"]
    return "\n".join(parts)


def _event(name: str, message: Document, schemas: Document) -> str:
    data = schemas[_name(message["payload"])]["properties"]["data"]
    return "\n".join(
        [
            f"### {name} (event)\n",
            message["summary"] + "\n",
            f"`data`: {_kind(data)}\n",
            _code(message["examples"][0]["payload"]),
        ]
    )


def _objects(schemas: Document) -> Iterator[str]:
    """Yields a table of fields for each class, and the values of each enumeration."""
    yield "## Objects\n"
    for name, schema in schemas.items():
        yield f"### {name}\n"
        yield schema.get("description", "") + "\n"
        if "enum" in schema:
            yield ", ".join(f"`{value}`" for value in schema["enum"]) + "\n"
        elif fields := schema.get("properties"):
            needed = schema.get("required", [])
            rows = [_row(f, one, one.get("description", ""), is_needed=f in needed) for f, one in fields.items()]
            yield _table("field", rows)


def _contents(titles: Iterable[str]) -> str:
    return " · ".join(f"[{title}](#{title.lower()})" for title in titles) + "\n"


def _table(head: str, rows: Iterable[str]) -> str:
    return f"| {head} | | |\n|---|---|---|\n" + "".join(rows)


def _row(name: str, schema: Document, description: str, *, is_needed: bool) -> str:
    sentence = " ".join(description.split()).replace("|", "\\|")
    return f"| `{name}`{'' if is_needed else '?'} | {_kind(schema)} | {sentence} |\n"


def _kind(schema: Document) -> str:
    """Returns the kind of a value, in a few words: `text`, `list of [Message](#message)`, `text or null`."""
    if "$ref" in schema:
        name = _name(schema)
        return f"[{name}](#{name.lower()})"
    if "anyOf" in schema:
        return " or ".join(_kind(one) for one in schema["anyOf"])
    if "const" in schema:
        return f"`{schema['const']}`"
    kind = schema.get("type", "any")
    if kind == "array":
        return f"list of {_kind(schema.get('items', {}))}"
    if kind == "object" and isinstance(schema.get("additionalProperties"), dict):
        return f"map of {_kind(schema['additionalProperties'])}"
    return f"{_WORDS.get(kind, kind)}{_bounds(schema)}"


_WORDS = {"string": "text", "integer": "number", "boolean": "true or false", "null": "null", "object": "object"}


def _bounds(schema: Document) -> str:
    least = schema.get("minimum", schema.get("minLength"))
    most = schema.get("maximum", schema.get("maxLength"))
    if schema.get("format") in ("date-time", "uri", "uuid"):
        return {"date-time": " (time)", "uri": " (address)", "uuid": " (UUID)"}[schema["format"]]
    if most is None or most >= 2**31 - 1:
        return ""
    return f", at most {most:,}" if least in (None, 0) else f", {least:,} to {most:,}"


def _name(schema: Document) -> str:
    return re.sub(r".*/", "", str(schema["$ref"]))


def _code(value: object) -> str:
    return f"```json\n{json.dumps(value, indent=2, ensure_ascii=False)}\n```\n"
