"""REST routes without an authorizer that answer a page: a link in an e-mail opens them, in a browser without a token.

    @page_operation
    def handler(request: Request, token: str) -> Reply[Html]:
        return Reply(*unsubscribing.unsubscribe(token, request.now_s))

Nobody is the caller. An exception becomes a page that asks to try again, with the status of the exception.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import unquote

from parley.actions.notifications import unsubscribing
from parley.domain.api.errors import Refusal
from parley.domain.api.pages import Html
from parley.domain.api.request import Request
from parley.triggers import problems, request_log
from parley.triggers.attempts import NOBODY
from parley.triggers.rest import Handler, Reply

# No other site learns the address, because it is the person's secret. A page runs no script.
_HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; img-src https: data:; form-action 'self';"
        " frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex",
    "X-Content-Type-Options": "nosniff",
    "Strict-Transport-Security": "max-age=63072000",
}


def page_operation(function: Callable[..., Reply[Html]]) -> Handler:
    """Makes a Lambda handler of a page; see the module's docstring."""
    name = function.__module__.rpartition(".")[2]

    @wraps(function)
    def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
        context = event["requestContext"]
        request = Request(caller=NOBODY, now_ms=context["requestTimeEpoch"], request_id=context["requestId"])
        arguments = {part: unquote(text) for part, text in (event.get("pathParameters") or {}).items()}
        try:
            reply = function(request, **arguments)
        except Exception as error:
            problems.note(error, name, request.request_id)
            return _failed(problems.as_refusal(error))
        request_log.succeeded(name, request.request_id, status=reply.status)
        return _sent(reply.status, reply.value or Html(""))

    return handler


def _failed(refusal: Refusal | None) -> dict[str, Any]:
    sent = _sent(500 if refusal is None else refusal.status, unsubscribing.failure_page())
    if refusal is not None and refusal.retry_after_ms is not None:
        sent["headers"]["Retry-After"] = str(-(-refusal.retry_after_ms // 1000))
    return sent


def _sent(status: int, page: Html) -> dict[str, Any]:
    return {"statusCode": status, "headers": dict(_HEADERS), "body": page.text}
