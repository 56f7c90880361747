"""Access to the store: requests of the local stack, and signed requests of browsers to a bucket.

Browsers must reach the store's port: they fetch an export from S3, and upload a file to S3, without the API in between.
So the port is open to every page, and this wraps the store's ASGI application. It runs in the store's process: standard
library only.
"""

import hmac
import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qs

from local.hosts import Hosts

HEADER = "x-parley-store"  # carries the secret; botocore adds it after it has signed (`ministack.py`)

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

# Headers that S3 reads of a browser's request; others (`Authorization`, `X-Amz-Target`) could reach another service.
_BROWSERS_HEADERS = frozenset(
    {
        b"accept",
        b"access-control-request-headers",
        b"access-control-request-method",
        b"content-length",
        b"content-type",
        b"host",
        b"if-match",
        b"if-modified-since",
        b"if-none-match",
        b"if-unmodified-since",
        b"origin",
        b"range",
        b"transfer-encoding",
        b"user-agent",
    }
)
_ALGORITHM = "AWS4-HMAC-SHA256"
_REFUSAL = json.dumps(
    {"__type": "AccessDenied", "message": "The local stack's store answers that stack only."}
).encode()


class Guard:
    """The store's application, for clients with the secret; others may only send signed requests to objects.

    The store checks those signatures itself (`AUTH=true`). `has_bucket` says whether a path begins with a bucket.
    """

    def __init__(self, app: App, secret: str, hosts: Hosts, has_bucket: Callable[[str], bool]) -> None:
        self._app = app
        self._secret = secret.encode()
        self._hosts = hosts
        self._has_bucket = has_bucket

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] == "http" and self._may_pass(scope):
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            await _refuse(send)
        else:
            await receive()
            await send({"type": "websocket.close", "code": 1008})

    def _may_pass(self, scope: Scope) -> bool:
        # Paths that begin with `_` are the store's own: they reset it, or change its settings.
        if not self._hosts.allow(scope["headers"]) or scope["path"].lstrip("/").startswith("_"):
            return False
        given = [value for name, value in scope["headers"] if name == HEADER.encode()]
        if len(given) == 1 and hmac.compare_digest(given[0], self._secret):
            return True
        scope["headers"] = [(name, value) for name, value in scope["headers"] if name in _BROWSERS_HEADERS]
        return self._has_bucket(scope["path"]) and _is_browsers(scope)


def _is_browsers(scope: Scope) -> bool:
    """Says whether a request to a bucket is a presigned GET, a form with a file, or the preflight of either."""
    bucket, _, key = scope["path"].removeprefix("/").partition("/")
    query = parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True)
    match scope["method"]:
        case "GET" | "HEAD":
            return bool(key) and _is_signed(query)
        case "POST":
            kind = next((value for name, value in scope["headers"] if name == b"content-type"), b"")
            return not key and not query and kind.lower().startswith(b"multipart/form-data;")
        case "OPTIONS":
            return bool(bucket)
    return False


def _is_signed(query: dict[str, list[str]]) -> bool:
    """Says whether a query is that of a presigned object, and asks for nothing else of it (its ACL, say)."""
    others = [name for name in query if not name.startswith(("X-Amz-", "response-"))]
    return not others and query.get("X-Amz-Algorithm") == [_ALGORITHM] and len(query.get("X-Amz-Signature", [])) == 1


async def _refuse(send: Send) -> None:
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(_REFUSAL)).encode())]
    await send({"type": "http.response.start", "status": 403, "headers": headers})
    await send({"type": "http.response.body", "body": _REFUSAL})
