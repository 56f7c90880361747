"""WebSocket: a route's event in, one reply frame out.

    @action(SendMessageAction)
    def handler(request: Request, data: SendMessageAction) -> object:
        return send_action.send_message(request, data)

Every action frame gets exactly one reply, `ack` or `error`, with its `request_id`. The reply is the function's return
value: the action's route has a route response in template.yaml. Without one API Gateway drops the value
(aws-facts.md#websocket-api).

The quiet actions (`request_log.QUIET`) are acknowledged only if the frame has a `request_id`. An error is always
posted, and so is anything that the device must know (`Unasked`).
API Gateway sends a frame for every value that a route with a route response returns, and each frame is paid for. So
their routes have none, and the function posts the reply.
"""

from collections.abc import Callable, Mapping
from contextlib import nullcontext
from functools import wraps
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Raw, Struct

from parley.actions import push
from parley.domain.api.bodies import decode
from parley.domain.api.errors import Field, Invalid, Unauthenticated
from parley.domain.api.identity import Identity
from parley.domain.api.limits import COST, LIVE
from parley.domain.api.request import Request
from parley.domain.api.requests import Body
from parley.domain.api.types import RateLimit
from parley.domain.live.posts import Unasked
from parley.triggers import entering, problems, request_log
from parley.triggers.problems import Problem

Handler = Callable[[dict[str, Any], Any], dict[str, Any]]
RequestId = Annotated[str, Meta(min_length=1, max_length=128)]


class Frame(Body, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A client's frame: the action that chose the route, the id that its reply carries, the action's own fields."""

    action: str
    request_id: RequestId | None = None
    data: Raw = Raw(b"{}")


class Ack(Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="type", tag="ack"):
    """The action is done, and its writes are durable."""

    request_id: str | None = None
    data: object
    rate_limits: tuple[RateLimit, ...] = ()  # of an action that is limited


class Error(Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="type", tag="error"):
    """The action was refused or failed; the same problem document as over REST."""

    request_id: str | None = None
    error: Problem
    rate_limits: tuple[RateLimit, ...] = ()


def action(data: type[Struct], asks: str | None = COST) -> Callable[[Callable[..., object]], Handler]:
    """Returns the decorator that makes a Lambda handler of an action; `data` is the class of its fields.

    `asks` names the caller's bucket that must not be empty (`metering.py`).
    """

    def decorate(function: Callable[..., object]) -> Handler:
        name = _name(function)

        @wraps(function)
        def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
            frame: Frame | None = None
            rate_limits: Mapping[str, RateLimit] = {}

            def run(request: Request) -> object:
                nonlocal frame, rate_limits
                rate_limits = request.rate_limits
                frame = decode(event.get("body") or "", Frame)
                wanted = decode(bytes(frame.data), data, pointer=request.field_prefix)
                with entering.admitted(request, name, asks):
                    return function(request, wanted)

            outcome = _outcome(event, name, run)
            request_id = frame.request_id if frame else _request_id(event)
            if name not in request_log.QUIET:
                return _send(request_id, outcome, tuple(rate_limits.values()))
            if request_id is not None or isinstance(outcome, Problem | Unasked):
                _post(event, name, _reply(request_id, outcome, tuple(rate_limits.values())))
            return {"statusCode": 200}

        return handler

    return decorate


def connection_event(function: Callable[[Request, list[str]], dict[str, str]]) -> Handler:
    """Makes a Lambda handler of `$connect` or `$disconnect`.

    The function gets the request and the offered subprotocols, and returns the headers of the answer.
    """
    name = _name(function)

    @wraps(function)
    def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
        # A disconnect succeeds even with an expired token.
        must_hold = event["requestContext"]["eventType"] == "CONNECT"

        def run(request: Request) -> dict[str, str]:
            with entering.admitted(request, name, LIVE) if must_hold else nullcontext():
                return function(request, _offered(event))

        outcome = _outcome(event, name, run, must_hold=must_hold)
        if isinstance(outcome, Problem):
            # The body of `$connect` is never delivered (aws-facts.md#websocket-api).
            return {"statusCode": outcome.status}
        return {"statusCode": 200, "headers": outcome}

    return handler


def unknown_action(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Answers a frame that no route takes; the Lambda handler of `$default`."""

    def refuse(request: Request) -> object:
        frame = decode(event.get("body") or "", Frame)
        raise Invalid(
            "unknown_action",
            f"There is no action {frame.action[:64]!r}.",
            fields=(Field("/action", "not_allowed"),),
        )

    outcome = _outcome(event, "default", refuse)
    return _send(_request_id(event), outcome)


def _name(function: Callable[..., Any]) -> str:
    """Returns the operation's name: its file's."""
    return function.__module__.rpartition(".")[2]


def _offered(event: Mapping[str, Any]) -> list[str]:
    """Returns the subprotocols that a client offers on `$connect`; the only event that has headers."""
    headers = {name.lower(): text for name, text in (event.get("headers") or {}).items()}
    return [protocol.strip() for protocol in headers.get("sec-websocket-protocol", "").split(",")]


def _outcome(event: Mapping[str, Any], name: str, run: Callable[[Request], object], must_hold: bool = True) -> object:
    """Returns what `run` returns, or a problem document if it raises; logs and counts either way."""
    request_context = event["requestContext"]
    request_id, ids = request_context["requestId"], {"connection_id": request_context["connectionId"]}
    ids["user_id"] = (request_context.get("authorizer") or {}).get("user_id")
    instance = f"/{request_context['routeKey']}"
    try:
        request = _request(request_context)
        if must_hold and request.caller.expires_at_s <= request.now_s:
            raise Unauthenticated("token_expired", "Your sign-in has expired; connect again with a new token.")
        outcome = run(request)
    except Exception as error:
        refusal = problems.as_refusal(error)
        if refusal is None:
            request_log.failed(name, request_id, **ids)
            return problems.fault(instance, request_id)
        request_log.refused(name, request_id, refusal.code, **ids, **problems.reasons(refusal))
        return problems.problem(refusal, instance, request_id)
    request_log.succeeded(name, request_id, **ids)
    return outcome


def _request(request_context: Mapping[str, Any]) -> Request:
    return Request(
        caller=Identity.from_authorizer_context(request_context["authorizer"]),
        now_ms=request_context["requestTimeEpoch"],
        request_id=request_context["requestId"],
        connection_id=request_context["connectionId"],
        connected_at_ms=request_context["connectedAt"],
        field_prefix="/data",
    )


def _request_id(event: Mapping[str, Any]) -> str | None:
    """Returns the `request_id` of a frame that could not be decoded, so that the client knows which it was."""
    from parley.domain.api import damaged_json  # only bad frames pay for it

    found = damaged_json.text_member(event.get("body") or "", "request_id")
    try:
        return msgspec.convert(found, type=RequestId | None)
    except msgspec.ValidationError:
        return None


def _send(request_id: str | None, outcome: object, rate_limits: tuple[RateLimit, ...] = ()) -> dict[str, Any]:
    return {"statusCode": 200, "body": problems.encode(_reply(request_id, outcome, rate_limits))}


def _reply(request_id: str | None, outcome: object, rate_limits: tuple[RateLimit, ...] = ()) -> Ack | Error:
    if isinstance(outcome, Problem):
        return Error(request_id=request_id, error=outcome, rate_limits=rate_limits)
    return Ack(request_id=request_id, data=outcome, rate_limits=rate_limits)


def _post(event: Mapping[str, Any], name: str, reply: Ack | Error) -> None:
    """Posts a reply to the calling device; logs and counts a failure as a failure of the operation."""
    _outcome(event, name, lambda request: push.answer(request, problems.encode(reply)), must_hold=False)
