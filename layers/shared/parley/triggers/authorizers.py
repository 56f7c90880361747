"""Lambda authorizers: an API Gateway authorizer event in, a policy and the caller's identity out, or 401.

@rest_authorizer
def handler(token: str, now_s: int) -> Identity: …

@websocket_authorizer
def handler(credential: Token | Ticket, now_s: int) -> Identity: …
"""

import time
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from msgspec import Struct

from parley.domain.api.errors import Unauthenticated
from parley.domain.api.identity import Identity
from parley.triggers import problems, request_log

Event = Mapping[str, Any]
Handler = Callable[[dict[str, Any], Any], dict[str, Any]]
BEARER = "bearer"


class Token(Struct, frozen=True):
    """A JWT that came as a subprotocol or in the header `Authorization`."""

    text: str


class Ticket(Struct, frozen=True):
    """A one-time ticket that came in the query string."""

    text: str


def rest_authorizer(sign_in: Callable[[str, int], Identity]) -> Handler:
    """Makes a Lambda handler that signs in by `Authorization: Bearer <token>`."""
    return _authorizer(sign_in, lambda event, now_s: sign_in(bearer_token(event), now_s), _whole_api)


def websocket_authorizer(sign_in: Callable[[Token | Ticket, int], Identity]) -> Handler:
    """Makes a Lambda handler that signs in on `$connect`: by ticket, by subprotocol or by `Authorization: Bearer`."""
    return _authorizer(sign_in, lambda event, now_s: sign_in(connect_credential(event), now_s), _connect_route)


def _authorizer(
    function: Callable[..., Identity], run: Callable[[Event, int], Identity], resource: Callable[[str], str]
) -> Handler:
    name = function.__module__.rpartition(".")[2]

    @wraps(function)
    def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
        request_context = event["requestContext"]
        request_id = request_context.get("requestId", "")
        ids = {"connection_id": request_context["connectionId"]} if "connectionId" in request_context else {}
        try:
            identity = run(event, _now_s(request_context))
        except Exception as error:
            refusal = problems.as_refusal(error)
            if not isinstance(refusal, Unauthenticated):
                request_log.failed(name, request_id, **ids)
                raise  # API Gateway answers 500
            request_log.refused(name, request_id, refusal.code, **ids, **problems.reasons(refusal))
            # The one message that API Gateway turns into a 401; a Deny would be a 403
            # (aws-facts.md#websocket-authorizer, aws-facts.md#rest-authorizer).
            raise Exception("Unauthorized") from None
        request_log.succeeded(name, request_id, user_id=identity.user_id, **ids)
        return _allow(identity, resource(event["methodArn"]))

    return handler


def _now_s(request_context: Mapping[str, Any]) -> int:
    # API Gateway promises a REST authorizer no time: the example event in the guide has none ("Input to a Lambda
    # authorizer"), though events have been seen with one.
    return int(request_context.get("requestTimeEpoch") or time.time_ns() // 1_000_000) // 1000


def _allow(identity: Identity, resource: str) -> dict[str, Any]:
    statement = {"Action": "execute-api:Invoke", "Effect": "Allow", "Resource": resource}
    return {
        "principalId": identity.user_id,
        "policyDocument": {"Version": "2012-10-17", "Statement": [statement]},
        "context": identity.authorizer_context(),
    }


def _whole_api(method_arn: str) -> str:
    # The answer is cached by token for all methods, so a policy for one path would be a 403 on the next
    # (aws-facts.md#rest-authorizer).
    api, stage, *_ = method_arn.split("/")
    return f"{api}/{stage}/*/*"


def _connect_route(method_arn: str) -> str:
    return method_arn


def bearer_token(event: Event) -> str:
    """Returns the token of the header `Authorization`; raises Unauthenticated if there is none, or more than one."""
    values = _headers(event, "authorization")
    if len(values) > 1:
        raise _ambiguous()
    token = _bearer(values[0]) if values else None
    if not token:
        raise _missing("Send the header Authorization: Bearer <token>.")
    return token


def connect_credential(event: Event) -> Token | Ticket:
    """Returns the credential that opens a WebSocket; raises Unauthenticated for none, or more than one."""
    found: list[Token | Ticket] = [Ticket(text) for text in _query(event, "ticket")]
    offered = [protocol.strip() for line in _headers(event, "sec-websocket-protocol") for protocol in line.split(",")]
    if BEARER in offered:
        # The subprotocols offered are `bearer` and the token itself: a browser can send no other header.
        found += [Token(token) for token in offered if token != BEARER] or [Token("")]
    # Node, Android and iOS can set this header. A header of another scheme is not for us: a proxy's, say.
    found += [Token(text) for value in _headers(event, "authorization") if (text := _bearer(value)) is not None]
    if len(found) > 1:
        raise _ambiguous()
    if not found or not found[0].text:
        raise _missing(
            "Connect with ?ticket=<ticket>, Sec-WebSocket-Protocol: bearer, <token> or Authorization: Bearer <token>."
        )
    return found[0]


def _bearer(value: str) -> str | None:
    """Returns the token of an `Authorization` header, which may be empty; None for another scheme."""
    scheme, _, token = value.strip().partition(" ")
    return token.strip() if scheme.lower() == BEARER else None


def _missing(detail: str) -> Unauthenticated:
    return Unauthenticated("token_missing", detail)


def _ambiguous() -> Unauthenticated:
    return Unauthenticated("token_ambiguous", "Send one token or ticket, not several.")


def _headers(event: Event, name: str) -> list[str]:
    """Returns every value of a header; its name comes as the client wrote it."""
    several = event.get("multiValueHeaders") or {key: [value] for key, value in (event.get("headers") or {}).items()}
    return [value for key, values in several.items() if key.lower() == name for value in values]


def _query(event: Event, name: str) -> list[str]:
    several = event.get("multiValueQueryStringParameters")
    if several:
        return list(several.get(name, []))
    single = event.get("queryStringParameters") or {}
    return [single[name]] if name in single else []
