"""Every answer and event of Parley in a test, held to docs/openapi.json and docs/asyncapi.json."""

import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs
from openapi_schema_validator import OAS31Validator, oas31_format_checker

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
TEMPLATE = ROOT / "template.yaml"
ANYBODYS = {413, 429}  # which `default` stands for, with 5xx: all others are named at each operation (docs/openapi.py)


@cache
def _document(name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((DOCS / name).read_text(encoding="utf-8"))
    return document


@cache
def _validator(name: str, schema: str) -> OAS31Validator:
    """Returns what checks against a schema (as JSON text), whose references lead into the document's components."""
    whole = {**json.loads(schema), "components": _document(name)["components"]}
    return OAS31Validator(whole, format_checker=oas31_format_checker)


@cache
def _quick_validator(name: str, schema: str) -> jsonschema_rs.Draft202012Validator:
    """Returns what only says whether a value is allowed; it takes a hundredth of the time (D-788)."""
    whole = {**json.loads(schema), "components": _document(name)["components"]}
    return jsonschema_rs.Draft202012Validator(_with_bounds(whole), validate_formats=True)


def _with_bounds(schema: Any) -> Any:
    """Returns a schema whose integers have the bounds that their formats mean; JSON Schema knows none of these."""
    if isinstance(schema, list):
        return [_with_bounds(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    inner = {name: _with_bounds(one) for name, one in schema.items()}
    bits = {"int32": 31, "int64": 63}.get(str(schema.get("format")))
    return inner if bits is None else {"minimum": -(2**bits), "maximum": 2**bits - 1} | inner


def _check(name: str, schema: dict[str, Any], value: object) -> None:
    text = json.dumps(schema)
    if _quick_validator(name, text).is_valid(value):
        return
    faults = [f"{fault.json_path}: {fault.message}" for fault in _validator(name, text).iter_errors(value)]
    raise AssertionError(f"{name} does not allow {value}: {faults}")


def check_reply(method: str, path: str, status: int, content_type: str, value: object) -> None:
    """Fails where the REST document does not know such a reply; `path` is without the stage."""
    operation = _operation(method, path)
    if operation is None:
        assert status == 403, f"openapi.json has no {method} {path}, which answered {status}"
        return
    responses = operation["responses"]
    is_anybodys = status in ANYBODYS or status >= 500
    assert str(status) in responses or is_anybodys, f"openapi.json does not say that {method} {path} answers {status}"
    response = responses.get(str(status), responses["default"])
    if "$ref" in response:
        response = _document("openapi.json")["components"]["responses"][response["$ref"].rpartition("/")[2]]
    assert content_type in response["content"], f"{method} {path} answered {status} as {content_type}"
    _check("openapi.json", response["content"][content_type]["schema"], value)


def check_redirect(method: str, path: str, status: int, headers: Mapping[str, str]) -> None:
    """Fails where the REST document does not know such a reply without a body, or one of its headers is missing."""
    operation = _operation(method, path)
    assert operation is not None, f"openapi.json has no {method} {path}, which answered {status}"
    response = operation["responses"].get(str(status), {"content": None})
    assert "content" not in response, f"openapi.json does not say that {method} {path} answers {status} without a body"
    limits = {"RateLimit", "RateLimit-Policy"}  # not in answers to those whom no limit holds for
    missing = [name for name in response.get("headers", {}).keys() - limits if name.lower() not in headers]
    assert not missing, f"{method} {path} answered {status} without {missing}"
    assert (headers["cache-control"], headers["x-content-type-options"]) == ("no-store", "nosniff"), (method, path)


def operation_id(method: str, path: str) -> str | None:
    """Returns the name of an operation; None where the REST document has none."""
    operation = _operation(method, path)
    return None if operation is None else str(operation["operationId"])


def _operation(method: str, path: str) -> dict[str, Any] | None:
    bare = path.partition("?")[0]
    for pattern, operation in _operations(method.lower(), bare.count("/")):
        if pattern.fullmatch(bare):
            return operation
    return None


@cache
def _operations(method: str, slashes: int) -> list[tuple[re.Pattern[str], dict[str, Any]]]:
    """Returns the operations of a method whose paths have so many slashes, each with the pattern of its path."""
    return [
        (re.compile(re.sub(r"\{\w+\}", "[^/]+", template)), methods[method])
        for template, methods in _document("openapi.json")["paths"].items()
        if method in methods and template.count("/") == slashes
    ]


def check_frame(frame: dict[str, Any], action: str | None = None) -> None:
    """Fails where the WebSocket document does not know such a frame; `action` is what an `ack` answers."""
    kind = frame.get("type")
    message = {"ack": f"{action}_ack", "event": f"{frame.get('event')}_event"}.get(str(kind), str(kind))
    messages = _document("asyncapi.json")["components"]["messages"]
    assert message in messages, f"asyncapi.json does not know {frame}"
    _check("asyncapi.json", messages[message]["payload"], frame)


def check_request(frame: dict[str, Any]) -> None:
    """Fails where the WebSocket document does not let a client send this."""
    _check("asyncapi.json", _document("asyncapi.json")["components"]["messages"][frame["action"]]["payload"], frame)


def stale_examples(examples: dict[str, dict[str, Any]]) -> set[str]:
    """Returns which examples (docs/examples.py) are missing, belong to nothing, or are not what the documents say."""
    wanted = _wanted_examples()
    wrong = {key for key in wanted & examples.keys() if not _is_true(key, examples[key])}
    return (wanted - examples.keys()) | (examples.keys() - wanted) | wrong


def _wanted_examples() -> set[str]:
    methods = [one for methods in _document("openapi.json")["paths"].values() for one in methods.values()]
    operations = _document("asyncapi.json")["operations"]
    return {
        *(f"rest {one['operationId']}" for one in methods if one.get("security") != []),  # pages show nothing
        *(f"action {name}" for name, one in operations.items() if one["action"] == "receive"),
        *(f"event {name.removeprefix('on_')}" for name, one in operations.items() if one["action"] == "send"),
        "error error",
    }


def _is_true(key: str, example: dict[str, Any]) -> bool:
    kind, name = key.split()
    try:
        if kind == "rest":
            _check_exchange(example)
        else:
            check_frame(example["got"], name)
        if kind == "action":
            check_request(example["sent"])
    except (AssertionError, KeyError):
        return False
    return True


def _check_exchange(example: dict[str, Any]) -> None:
    [(method, operation)] = [
        (method, one)
        for methods in _document("openapi.json")["paths"].values()
        for method, one in methods.items()
        if one["operationId"] == example["name"]
    ]
    check_reply(method, example["path"], example["status"], "application/json", example["got"])
    if "requestBody" in operation:
        _check("openapi.json", operation["requestBody"]["content"]["application/json"]["schema"], example["sent"])
