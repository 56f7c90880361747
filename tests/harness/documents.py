"""Whatever Parley says in a test, held to docs/openapi.json and docs/asyncapi.json."""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

from openapi_schema_validator import OAS31Validator

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
TEMPLATE = ROOT / "template.yaml"
ANYBODYS = {413, 429}  # which `default` stands for, with 5xx: all others are named at each operation (docs/openapi.py)


@cache
def _document(name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((DOCS / name).read_text(encoding="ascii"))
    return document


@cache
def _validator(name: str, schema: str) -> OAS31Validator:
    """Returns what checks against a schema (as JSON text), whose references lead into the document's components."""
    return OAS31Validator({**json.loads(schema), "components": _document(name)["components"]})


def _check(name: str, schema: dict[str, Any], value: object) -> None:
    faults = [
        f"{fault.json_path}: {fault.message}" for fault in _validator(name, json.dumps(schema)).iter_errors(value)
    ]
    assert not faults, f"{name} does not allow {value}: {faults}"


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


def _operation(method: str, path: str) -> dict[str, Any] | None:
    for template, methods in _document("openapi.json")["paths"].items():
        if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path.partition("?")[0]) and method.lower() in methods:
            operation: dict[str, Any] = methods[method.lower()]
            return operation
    return None


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
