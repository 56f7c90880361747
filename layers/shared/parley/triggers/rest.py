"""REST: an API Gateway proxy event in, a proxy reply out.

    @operation(body=SendMessage)
    def handler(request: Request, body: SendMessage, conversation_id: str) -> Reply[SentMessage]:
        return created(messages.send_message(request, conversation_id, body))

A handler gets the request, the checked `body` and `query` if the decorator names their classes, and the parts of the
path by name. An exception becomes a problem document; the returned value is sent as JSON. docs/openapi.json is made
from its annotations and the first line of its module.
"""

from base64 import b64decode
from collections.abc import Callable, Collection, Mapping
from functools import wraps
from typing import Any, Generic, TypeVar
from urllib.parse import unquote, urlencode

from msgspec import Struct

from parley.adapters import environment
from parley.domain.api.bodies import decode, decode_query
from parley.domain.api.errors import Malformed, Unauthenticated
from parley.domain.api.identity import Identity
from parley.domain.api.limits import COST
from parley.domain.api.request import Request
from parley.domain.api.requests import Nothing
from parley.domain.api.tables import Csv
from parley.domain.api.types import RateLimit
from parley.triggers import accept, entering, problems, request_log
from parley.triggers.problems import Problem

Handler = Callable[[dict[str, Any], Any], dict[str, Any]]
Value = TypeVar("Value")
Value_co = TypeVar("Value_co", covariant=True)


class Reply(Struct, Generic[Value_co], frozen=True):
    """A status, and the body that is sent with it; a redirect has a `location` and no body."""

    status: int
    value: Value_co | None = None
    location: str | None = None


def ok(value: Value) -> Reply[Value]:
    """Returns a 200."""
    return Reply(200, value)


def created(value: Value, *, new: bool = True) -> Reply[Value]:
    """Returns a 201, or a 200 if it was there already."""
    return Reply(201 if new else 200, value)


def accepted(value: Value) -> Reply[Value]:
    """Returns a 202: a job has begun, and the answer says how far it is."""
    return Reply(202, value)


def ok_or_found(answer: Value | str) -> Reply[Value]:
    """Returns a 200, or a 302 if the answer is an address: the client finds there, this time, what it asked for."""
    return Reply(302, location=answer) if isinstance(answer, str) else Reply(200, answer)


def operation(
    body: type[Struct] | None = None,
    query: type[Struct] = Nothing,
    asks: str | None = COST,
    negotiates: bool = False,
    tables: bool = False,
) -> Callable[[Callable[..., Reply[object]]], Handler]:
    """Returns the decorator that makes a Lambda handler of an operation; see the module's docstring.

    `asks` names the caller's bucket that must not be empty (`metering.py`). A handler that `negotiates` gets `as_json`:
    whether the client wants JSON rather than a redirect. One that answers `tables` gets `as_table`: whether the client
    wants CSV.
    """

    def decorate(function: Callable[..., Reply[object]]) -> Handler:
        name = function.__module__.rpartition(".")[2]

        def answer(event: dict[str, Any], request: Request) -> Reply[object]:
            wanted = {"as_json": accept.asks_for_json(_header(event, "accept"))} if negotiates else {}
            if tables:
                wanted["as_table"] = accept.asks_for_table(_header(event, "accept"))
            return function(request, **_arguments(event, body, query), **wanted)

        @wraps(function)
        def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
            return _answered(event, name, asks, lambda request: answer(event, request))

        return handler

    return decorate


def _answered(
    event: dict[str, Any], name: str, asks: str | None, answer: Callable[[Request], Reply[object]]
) -> dict[str, Any]:
    """Returns what an operation replies, or the problem document of what it raises."""
    request_context = event["requestContext"]
    request: Request | None = None
    try:
        request = _request(request_context)
        with entering.admitted(request, name, asks):
            reply = answer(request)
    except Exception as error:
        return _refused(event, name, error, request.rate_limits.values() if request else ())
    request_log.succeeded(name, request_context["requestId"], user_id=_user_id(request_context), status=reply.status)
    if reply.location is not None:
        return _redirect(reply.status, reply.location, request.rate_limits.values())
    if isinstance(reply.value, Csv):
        return _table(event, reply.status, reply.value, request.rate_limits.values())
    return _reply(reply.status, "application/json", reply.value, request.rate_limits.values())


def _refused(event: dict[str, Any], name: str, error: Exception, rate_limits: Collection[RateLimit]) -> dict[str, Any]:
    """Returns the problem document of a refusal or a fault, and logs it."""
    instance, request_context = event["path"], event["requestContext"]
    request_id, user_id = request_context["requestId"], _user_id(request_context)
    refusal = problems.as_refusal(error)
    if refusal is None:
        request_log.failed(name, request_id, user_id=user_id)
        return _problem(problems.fault(instance, request_id), rate_limits)
    request_log.refused(name, request_id, refusal.code, user_id=user_id, **problems.reasons(refusal))
    return _problem(problems.problem(refusal, instance, request_id), rate_limits)


def _user_id(request_context: Mapping[str, Any]) -> str | None:
    user_id: str | None = (request_context.get("authorizer") or {}).get("user_id")
    return user_id


def _request(request_context: Mapping[str, Any]) -> Request:
    request = Request(
        caller=Identity.from_authorizer_context(request_context["authorizer"]),
        now_ms=request_context["requestTimeEpoch"],
        request_id=request_context["requestId"],
    )
    # API Gateway uses the authorizer's answer for 300 s, even if the token expires earlier.
    if request.caller.expires_at_s <= request.now_s:
        raise Unauthenticated("token_expired", "Your sign-in has expired; get a new token.")
    return request


def _arguments(event: Mapping[str, Any], body: type[Struct] | None, query: type[Struct]) -> dict[str, Any]:
    # API Gateway passes the parts of the path as they were sent, still percent-encoded: aws-facts.md#rest-api.
    arguments: dict[str, Any] = {name: unquote(part) for name, part in (event.get("pathParameters") or {}).items()}
    asked = decode_query(event.get("multiValueQueryStringParameters") or {}, query)
    if query is not Nothing:
        arguments["query"] = asked
    if body is not None:
        arguments["body"] = decode(_raw_body(event), body)
    return arguments


def _header(event: Mapping[str, Any], name: str) -> str:
    """Returns a header, its lines joined (RFC 9110, 5.3); "" without it. Clients choose the case of its name."""
    sent = (event.get("multiValueHeaders") or {}).items()
    return ", ".join(line for key, lines in sent if key.lower() == name for line in lines)


def _raw_body(event: Mapping[str, Any]) -> bytes | str:
    raw = event.get("body") or ""
    if not event.get("isBase64Encoded"):
        return str(raw)
    try:
        return b64decode(raw)
    except ValueError as error:
        raise Malformed("malformed_json", "The body is not JSON in UTF-8.") from error


def _problem(problem: Problem, rate_limits: Collection[RateLimit]) -> dict[str, Any]:
    reply = _reply(problem.status, "application/problem+json", problem, rate_limits)
    if problem.retry_after_ms is not None:
        reply["headers"]["Retry-After"] = str(_seconds(problem.retry_after_ms))
    return reply


def _reply(status: int, content_type: str, value: object, rate_limits: Collection[RateLimit]) -> dict[str, Any]:
    return _text(status, content_type, problems.encode(value), rate_limits)


def _table(event: Mapping[str, Any], status: int, table: Csv, rate_limits: Collection[RateLimit]) -> dict[str, Any]:
    """Returns a table, with the address of its next page as a link (RFC 8288): the same query with another cursor."""
    reply = _text(status, "text/csv; charset=utf-8", table.text, rate_limits)
    if table.next is not None:
        query = {**(event.get("multiValueQueryStringParameters") or {}), "cursor": [table.next]}
        headers = reply["headers"]
        headers["Link"] = f'<?{urlencode(query, doseq=True)}>; rel="next"'
        headers["Access-Control-Expose-Headers"] += ", Link"
    return reply


def _text(status: int, content_type: str, text: str, rate_limits: Collection[RateLimit]) -> dict[str, Any]:
    headers = {"Content-Type": content_type, **_headers(rate_limits)}
    return {"statusCode": status, "headers": headers, "body": text}


def _redirect(status: int, location: str, rate_limits: Collection[RateLimit]) -> dict[str, Any]:
    return {"statusCode": status, "headers": {"Location": location, **_headers(rate_limits)}, "body": ""}


def _headers(rate_limits: Collection[RateLimit]) -> dict[str, str]:
    """Returns the headers of every answer."""
    return {
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
        "Strict-Transport-Security": "max-age=63072000",
        "Access-Control-Allow-Origin": environment.optional("CORS_ALLOW_ORIGIN", "*"),
        "Access-Control-Expose-Headers": "RateLimit, RateLimit-Policy, Retry-After, x-amzn-requestid",
        **_rate_headers(rate_limits),
    }


def _rate_headers(rate_limits: Collection[RateLimit]) -> dict[str, str]:
    """Returns the headers of draft-ietf-httpapi-ratelimit-headers-10: what a policy allows, and what is left of it."""
    if not rate_limits:
        return {}
    return {
        "RateLimit-Policy": ", ".join(
            f'"{limit.policy}";q={limit.limit};w={_seconds(limit.window_ms)}' for limit in rate_limits
        ),
        "RateLimit": ", ".join(
            f'"{limit.policy}";r={limit.remaining};t={_seconds(limit.more_in_ms)}' for limit in rate_limits
        ),
    }


def _seconds(ms: int) -> int:
    return -(-ms // 1000)
