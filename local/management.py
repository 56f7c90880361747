"""The `@connections` API as HTTP: the requests of botocore's `apigatewaymanagementapi` client, and their answers."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from local.events import request_id
from local.websocket import ManagementError, WebSocketApi

MARKER = "/@connections/"


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes = b""


def answer(api: WebSocketApi, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
    """Returns the answer to one request; `path` is undecoded, header names are in lower case."""
    try:
        content = _do(api, method, path, headers, body)
    except ManagementError as error:
        content = json.dumps({"message": error.message}).encode() if error.message else b""
        return Answer(error.status, {"x-amzn-ErrorType": error.error_type, **_common()}, content)
    return Answer(204 if method == "DELETE" else 200, _common(), content)


def _do(api: WebSocketApi, method: str, path: str, headers: Mapping[str, str], body: bytes) -> bytes:
    stage, marker, connection_id = path.removeprefix("/").partition(MARKER)
    if not marker or stage != api.stage:
        raise ManagementError(403, "ForbiddenException", "Forbidden")
    if "authorization" not in headers:  # unsigned; the signature itself is not checked here
        raise ManagementError(403, "MissingAuthenticationTokenException", "Missing Authentication Token")
    connection_id = unquote(connection_id)  # ids contain `=`, so clients encode them
    match method:
        case "POST":
            api.post(connection_id, body)
        case "DELETE":
            api.delete(connection_id)
        case "GET":
            return json.dumps(api.get(connection_id)).encode()
        case _:
            raise ManagementError(403, "MissingAuthenticationTokenException", "Missing Authentication Token")
    return b""


def _common() -> dict[str, str]:
    return {"x-amzn-RequestId": request_id(), "Content-Type": "application/json"}
