"""API Gateway REST without sockets: a request in, a response out, by AWS's rules and the template's routes."""

import base64
import json
import logging
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any
from urllib.parse import unquote

from local import authorizers, compression
from local.authorizers import Cache, Denied, Grant, Misconfigured, Unauthorized
from local.compression import NotDecodable
from local.events import (
    MAX_HEADER_BYTES,
    Headers,
    MultiMap,
    Permissions,
    event_headers,
    event_query,
    function_of,
    header_bytes,
    request_id,
    request_time,
    short_id,
)
from local.functions import FunctionError, Invoke, PayloadTooLarge
from local.template import Document, Resource, Template, TemplateError
from local.terminal import Answered, Observe, nobody, problem_of

log = logging.getLogger(__name__)

MAX_BODY_BYTES = 10 * 1024 * 1024  # quotas: "Payload size 10 MB"
INTEGRATION_TIMEOUT_MS = 29_000  # quotas: "Integration timeout", the default and what most accounts have

# Response headers of a proxy integration that API Gateway renames (docs: "Amazon API Gateway important notes").
_REMAPPED = {"connection", "content-length", "date", "server"}


@dataclass(frozen=True)
class Request:
    """A request as it was sent: `target` is the undecoded path with its query string."""

    method: str
    target: str
    headers: Headers = field(default_factory=list)
    body: bytes = b""
    source_ip: str = "127.0.0.1"


@dataclass(frozen=True)
class Response:
    status: int
    headers: Headers
    body: bytes


class GatewayError(Exception):
    """A refusal of the gateway's own, by the name of its gateway response."""

    def __init__(self, kind: str, message: str | None = None) -> None:
        super().__init__(kind)
        self.kind = kind
        self.message = message


@dataclass(frozen=True)
class _Default:
    status: int
    message: str | None
    error_type: str


# docs: "Gateway response types"; the messages are those that AWS sends.
_GATEWAY_RESPONSES = {
    "ACCESS_DENIED": _Default(403, "User is not authorized to access this resource", "AccessDeniedException"),
    "AUTHORIZER_CONFIGURATION_ERROR": _Default(500, None, "AuthorizerConfigurationException"),
    "API_CONFIGURATION_ERROR": _Default(500, "Internal server error", "InternalServerErrorException"),
    "BAD_GATEWAY": _Default(502, "Internal server error", "InternalServerErrorException"),
    "FORBIDDEN": _Default(403, "Forbidden", "ForbiddenException"),
    "INTEGRATION_TIMEOUT": _Default(504, "Endpoint request timed out", "InternalServerErrorException"),
    "MISSING_AUTHENTICATION_TOKEN": _Default(
        403, "Missing Authentication Token", "MissingAuthenticationTokenException"
    ),
    "REQUEST_TOO_LARGE": _Default(413, "HTTP content length exceeded 10485760 bytes.", "RequestTooLargeException"),
    "UNAUTHORIZED": _Default(401, "Unauthorized", "UnauthorizedException"),
    "UNSUPPORTED_MEDIA_TYPE": _Default(415, "Unsupported Media Type", "UnsupportedMediaTypeException"),
}


@dataclass(frozen=True)
class _Authorizer:
    """A Lambda authorizer of the API; TOKEN and REQUEST differ in their event and their identity sources."""

    name: str
    function: str
    role_arn: str | None  # role in which the API invokes the function; None requires a permission
    kind: str
    sources: tuple[str, ...]
    validation: str | None
    cache: Cache


@dataclass(frozen=True)
class _Method:
    http_method: str
    resource: str
    integration: Document
    authorizer: _Authorizer | None

    @property
    def timeout_s(self) -> float:
        return float(self.integration.get("timeoutInMillis", INTEGRATION_TIMEOUT_MS)) / 1000


@dataclass(frozen=True)
class _Route:
    """One path of the API; `{name}` takes one segment, `{name+}` all remaining ones."""

    resource: str
    methods: dict[str, _Method]

    @cached_property
    def segments(self) -> list[str]:
        return [segment for segment in self.resource.split("/") if segment]

    def match(self, path: list[str]) -> dict[str, str] | None:
        """Returns the path parameters, undecoded; None if the path does not match."""
        parameters: dict[str, str] = {}
        segments = self.segments
        for index, segment in enumerate(segments):
            if segment.endswith("+}"):
                return {**parameters, segment[1:-2]: "/".join(path[index:])} if path[index:] else None
            if index >= len(path):
                return None
            if segment.startswith("{"):
                parameters[segment[1:-1]] = path[index]
            elif segment != path[index]:
                return None
        return parameters if len(path) == len(segments) else None

    @property
    def precedence(self) -> list[int]:
        """Sorts routes as API Gateway prefers them: literal before `{name}` before `{name+}`, segment by segment."""
        return [2 if segment.endswith("+}") else 1 if segment.startswith("{") else 0 for segment in self.segments]


@dataclass
class _Call:
    """One request on its way: the source of the event, of the authorizer's event and of gateway responses."""

    request: Request
    request_id: str
    now_ms: int
    stage: str
    path: str
    query: MultiMap
    headers: MultiMap
    body: bytes = b""  # without its content coding
    route: _Route | None = None
    path_parameters: dict[str, str] = field(default_factory=dict)
    grant: Grant | None = None
    extended_id: str = field(default_factory=short_id)


class RestApi:
    """One REST API of a template, on one stage."""

    def __init__(self, template: Template, api: Resource, invoke: Invoke, now_ms: Callable[[], int]) -> None:
        self._template = template
        self._invoke = invoke
        self._now_ms = now_ms
        self._permissions = Permissions(template)
        self.observe: Observe = nobody
        self.api_id = api.ref
        body = api.properties.get("Body")
        if not isinstance(body, dict):
            raise TemplateError(
                f"{api.logical_id} has no paths: no DefinitionBody and no function's event gives it one"
            )
        self._body: Document = body
        self.stage = _stage(template, api)
        self._binary_types = [t.replace("~1", "/") for t in body.get("x-amazon-apigateway-binary-media-types", [])]
        self._binary_types += api.properties.get("BinaryMediaTypes", [])
        compresses_from = api.properties.get("MinimumCompressionSize")
        self._compresses_from = None if compresses_from is None else int(compresses_from)
        self._gateway_responses: Document = body.get("x-amazon-apigateway-gateway-responses", {})
        self._authorizers = self._read_authorizers()
        self.routes = sorted(self._read_routes(), key=lambda route: route.precedence)

    @classmethod
    def of(cls, template: Template, invoke: Invoke, now_ms: Callable[[], int]) -> "RestApi":
        """Returns the template's REST API; raises TemplateError if it has none, or more than one."""
        apis = template.of_type("AWS::ApiGateway::RestApi")
        if len(apis) != 1:
            raise TemplateError(f"{template.path.name}: has {len(apis)} REST APIs; the local stack serves exactly one")
        return cls(template, apis[0], invoke, now_ms)

    async def sign_in(self, authorization: str, source_ip: str = "127.0.0.1") -> Grant:
        """Only asks the authorizer, as a first request with this header would; raises GatewayError."""
        plain = (route for route in self.routes if "{" not in route.resource)
        guarded = next(((route, m) for route in plain for m in route.methods.values() if m.authorizer), None)
        if guarded is None:
            raise GatewayError("MISSING_AUTHENTICATION_TOKEN")
        route, method = guarded
        target = f"/{self.stage}{route.resource}"
        request = Request(method.http_method, target, [("Authorization", authorization)], source_ip=source_ip)
        call = self._call(request)
        assert method.authorizer
        self._route(call)
        return await self._authorize(call, method, method.authorizer)

    async def handle(self, request: Request) -> Response:
        """Returns the response; every request gets one."""
        began_s = time.perf_counter()
        call = self._call(request)
        try:
            plain = await self._answer(call)
            response = self._compressed(call, plain)
        except GatewayError as error:
            plain = response = self._gateway_response(call, error)
        self.observe(_answered(call, plain, time.perf_counter() - began_s))
        return response

    def _call(self, request: Request) -> _Call:
        target, _, query = request.target.partition("?")
        stage, path = _split_stage(target)
        headers = event_headers(request.headers, request.source_ip)
        return _Call(request, request_id(), self._now_ms(), stage, path, event_query(query), headers)

    async def _answer(self, call: _Call) -> Response:
        if header_bytes(call.request.target, call.request.headers) > MAX_HEADER_BYTES:
            raise GatewayError("REQUEST_TOO_LARGE", f"HTTP header is larger than {MAX_HEADER_BYTES} bytes.")
        if call.stage != self.stage:
            raise GatewayError("FORBIDDEN")
        method = self._route(call)
        call.body = _plain_body(call)
        if len(call.body) > MAX_BODY_BYTES:
            raise GatewayError("REQUEST_TOO_LARGE")
        if method.authorizer:
            call.grant = await self._authorize(call, method, method.authorizer)
        match str(method.integration["type"]).lower():
            case "aws_proxy":
                return await self._proxy(call, method)
            case "mock":
                return _mock(call, method.integration)
        raise GatewayError("API_CONFIGURATION_ERROR")

    # --- routes ------------------------------------------------------------------------------------------------------

    def _read_routes(self) -> list[_Route]:
        return [
            _Route(path, {m.http_method: m for name, spec in spec_of.items() if (m := self._method(path, name, spec))})
            for path, spec_of in self._body.get("paths", {}).items()
        ]

    def _method(self, path: str, name: str, spec: Document) -> _Method | None:
        if not isinstance(spec, dict) or "x-amazon-apigateway-integration" not in spec:
            return None  # `parameters`, `summary` and other keys that are not methods
        http_method = "ANY" if name == "x-amazon-apigateway-any-method" else name.upper()
        wanted = {each for requirement in spec.get("security", []) for each in requirement} - {"NONE"}
        if not wanted <= set(self._authorizers):
            raise TemplateError(
                f"{http_method} {path} asks for {', '.join(wanted)}, which is no Lambda authorizer here"
            )
        authorizer = next((self._authorizers[each] for each in wanted), None)
        return _Method(http_method, path, spec["x-amazon-apigateway-integration"], authorizer)

    def _route(self, call: _Call) -> _Method:
        # A trailing slash does not matter to a REST API; an empty segment does.
        path = call.path.removesuffix("/").split("/")[1:]
        for route in self.routes:
            method = route.methods.get(call.request.method) or route.methods.get("ANY")
            if method is not None and (parameters := route.match(path)) is not None:
                call.route = route
                call.path_parameters = parameters  # as they were sent (aws-facts.md#rest-api)
                return method
        raise GatewayError("MISSING_AUTHENTICATION_TOKEN")  # 403: API Gateway does not reveal which paths exist

    # --- authorizers -------------------------------------------------------------------------------------------------

    def _read_authorizers(self) -> dict[str, _Authorizer]:
        schemes = self._body.get("components", {}).get("securitySchemes") or self._body.get("securityDefinitions", {})
        return {
            name: self._authorizer(name, scheme)
            for name, scheme in schemes.items()
            if "x-amazon-apigateway-authorizer" in scheme
        }

    def _authorizer(self, name: str, scheme: Document) -> _Authorizer:
        spec = scheme["x-amazon-apigateway-authorizer"]
        if spec["type"] == "token":
            sources = [f"method.request.header.{scheme['name']}"]
        else:
            sources = [source.strip() for source in spec.get("identitySource", "").split(",") if source.strip()]
        if not all(source.startswith(("method.request.header.", "method.request.querystring.")) for source in sources):
            raise TemplateError(f"{name}: the local stack cannot identify anybody by {', '.join(sources)}")
        # Without an identity nothing distinguishes two callers, so nothing may be cached.
        ttl_s = float(spec.get("authorizerResultTtlInSeconds", 300)) if sources else 0.0
        return _Authorizer(
            name=name,
            function=function_of(spec["authorizerUri"], self._template),
            role_arn=spec.get("authorizerCredentials"),
            kind=spec["type"],
            sources=tuple(sources),
            validation=spec.get("identityValidationExpression"),
            cache=Cache(ttl_s, self._now_ms),
        )

    async def _authorize(self, call: _Call, method: _Method, authorizer: _Authorizer) -> Grant:
        method_arn = self._method_arn(call)
        try:
            identity = _identity(call, authorizer)
            grant = authorizer.cache.get(identity)
            if grant is None:
                source_arn = self._arn(f"authorizers/{authorizer.name}")
                if not self._permissions.allow(authorizer.function, source_arn, authorizer.role_arn):
                    raise Misconfigured(f"neither a role nor a permission lets the API invoke {authorizer.function}")
                event = self._authorizer_event(call, method, authorizer, identity, method_arn)
                grant = await authorizers.ask_authorizer(lambda: self._invoke(authorizer.function, event))
                authorizer.cache.put(identity, grant)
            grant.check(method_arn)
        except Unauthorized as problem:
            raise GatewayError("UNAUTHORIZED") from problem
        except Denied as problem:
            raise GatewayError("ACCESS_DENIED", str(problem)) from problem
        except Misconfigured as problem:
            log.error("authorizer %s: %s", authorizer.name, problem)
            raise GatewayError("AUTHORIZER_CONFIGURATION_ERROR") from problem
        return grant

    def _authorizer_event(
        self, call: _Call, method: _Method, authorizer: _Authorizer, identity: tuple[str, ...], method_arn: str
    ) -> Document:
        if authorizer.kind == "token":
            return {"type": "TOKEN", "methodArn": method_arn, "authorizationToken": identity[0]}
        event = self._event(call, method)
        del event["body"], event["isBase64Encoded"]  # an authorizer never sees the body
        return {"type": "REQUEST", "methodArn": method_arn, **event}

    def _arn(self, rest: str) -> str:
        return self._template.place.arn("execute-api", f"{self.api_id}/{rest}")

    def _method_arn(self, call: _Call) -> str:
        return self._arn(f"{self.stage}/{call.request.method}{call.path}")

    # --- Lambda proxy integration ------------------------------------------------------------------------------------

    async def _proxy(self, call: _Call, method: _Method) -> Response:
        function = function_of(method.integration["uri"], self._template)
        # The method in the ARN that a permission must cover is the resource's path, with `*` for its parameters.
        path = re.sub(r"\{[^}]+\}", "*", method.resource)
        source_arn = self._arn(f"{self.stage}/{call.request.method}{path}")
        if not self._permissions.allow(function, source_arn, method.integration.get("credentials")):
            log.error("neither a role nor a permission lets the API invoke %s", function)
            raise GatewayError("API_CONFIGURATION_ERROR")
        try:
            result = await self._invoke(function, self._event(call, method), method.timeout_s)
        except FunctionError as problem:
            raise GatewayError("BAD_GATEWAY") from problem
        except PayloadTooLarge as problem:
            raise GatewayError("REQUEST_TOO_LARGE", "Request Too Long") from problem
        except TimeoutError as problem:
            raise GatewayError("INTEGRATION_TIMEOUT") from problem
        return self._proxy_response(call, function, result)

    def _event(self, call: _Call, method: _Method) -> Document:
        body, is_base64 = self._event_body(call)
        return {
            "resource": method.resource,
            "path": call.path,
            "httpMethod": call.request.method,
            "headers": call.headers.last,
            "multiValueHeaders": call.headers.all,
            "queryStringParameters": call.query.last or None,
            "multiValueQueryStringParameters": call.query.all or None,
            "pathParameters": call.path_parameters or None,
            "stageVariables": None,
            "requestContext": self._request_context(call, method),
            "body": body,
            "isBase64Encoded": is_base64,
        }

    def _event_body(self, call: _Call) -> tuple[str | None, bool]:
        body = call.body
        if not body:
            return None, False
        content_type = (call.headers.get("content-type") or "").partition(";")[0].strip()
        if not _is_media_type(content_type, self._binary_types):
            try:
                return body.decode(), False
            except UnicodeDecodeError:
                pass  # a body that is not text travels as base64 anyway
        return base64.b64encode(body).decode(), True

    def _request_context(self, call: _Call, method: _Method) -> Document:
        place = self._template.place
        context = {
            "accountId": place.account,
            "apiId": self.api_id,
            "deploymentId": "local",
            "domainName": f"{self.api_id}.execute-api.{place.region}.amazonaws.com",
            "domainPrefix": self.api_id,
            "extendedRequestId": call.extended_id,
            "httpMethod": call.request.method,
            "identity": {
                "accessKey": None,
                "accountId": None,
                "apiKey": None,
                "apiKeyId": None,
                "caller": None,
                "cognitoAuthenticationProvider": None,
                "cognitoAuthenticationType": None,
                "cognitoIdentityId": None,
                "cognitoIdentityPoolId": None,
                "principalOrgId": None,
                "sourceIp": call.request.source_ip,
                "user": None,
                "userAgent": call.headers.get("user-agent"),
                "userArn": None,
            },
            "path": f"/{self.stage}{call.path}",
            "protocol": "HTTP/1.1",
            "requestId": call.request_id,
            "requestTime": request_time(call.now_ms),
            "requestTimeEpoch": call.now_ms,
            "resourceId": short_id(6).rstrip("=").lower(),
            "resourcePath": method.resource,
            "stage": self.stage,
        }
        if call.grant:
            context["authorizer"] = {**call.grant.event_context(), "integrationLatency": 0}
        return context

    def _proxy_response(self, call: _Call, function: str, result: Any) -> Response:
        try:
            status, headers, body = _read_proxy_result(result)
        except (TypeError, ValueError) as problem:
            log.error("%s: malformed Lambda proxy response: %s", function, problem)
            raise GatewayError("BAD_GATEWAY") from problem
        if result.get("isBase64Encoded") and _is_media_type(call.headers.get("accept") or "", self._binary_types):
            body = base64.b64decode(body)  # only for binary media types: others get the text as it is
        if not any(name.lower() == "content-type" for name, _ in headers):
            headers.append(("Content-Type", "application/json"))
        remapped = [(f"x-amzn-Remapped-{n}" if n.lower() in _REMAPPED else n, v) for n, v in headers]
        return Response(status, remapped + _own_headers(call), body)

    def _compressed(self, call: _Call, response: Response) -> Response:
        coding = compression.chosen(call.headers.get("accept-encoding"))
        has_coding = any(name.lower() == "content-encoding" for name, _ in response.headers)
        if coding is None or has_coding or self._compresses_from is None or len(response.body) < self._compresses_from:
            return response
        headers = [*response.headers, ("Content-Encoding", coding)]
        return replace(response, headers=headers, body=compression.encoded(response.body, coding))

    # --- gateway responses -------------------------------------------------------------------------------------------

    def _gateway_response(self, call: _Call, error: GatewayError) -> Response:
        default = _GATEWAY_RESPONSES[error.kind]
        family = "DEFAULT_4XX" if default.status < 500 else "DEFAULT_5XX"
        custom = self._gateway_responses.get(error.kind) or self._gateway_responses.get(family) or {}
        status = int(custom.get("statusCode") or default.status)
        message = error.message or default.message
        variables = self._variables(call, error.kind, message)
        headers = [
            (name.removeprefix("gatewayresponse.header."), value)
            for name, source in custom.get("responseParameters", {}).items()
            if name.startswith("gatewayresponse.header.") and (value := _parameter(call, variables, source)) is not None
        ]
        key = "Message" if error.kind == "ACCESS_DENIED" else "message"  # AWS's own inconsistency
        templates = custom.get("responseTemplates") or {"application/json": f'{{"{key}":$context.error.messageString}}'}
        content_type, template = next(iter(templates.items()))
        # A response parameter replaces the Content-Type that the template's key implies; it is never sent twice.
        if not any(name.lower() == "content-type" for name, _ in headers):
            headers.append(("Content-Type", content_type))
        headers += [("x-amzn-ErrorType", default.error_type), *_own_headers(call)]
        return Response(status, headers, _filled(template, variables).encode())

    def _variables(self, call: _Call, kind: str, message: str | None) -> Document:
        return {
            "apiId": self.api_id,
            "stage": self.stage,
            "requestId": call.request_id,
            "extendedRequestId": call.extended_id,
            "httpMethod": call.request.method,
            "path": f"/{self.stage}{call.path}",
            "resourcePath": call.route.resource if call.route else "",
            "requestTime": request_time(call.now_ms),
            "requestTimeEpoch": call.now_ms,
            "identity": {"sourceIp": call.request.source_ip},
            "error": {
                "message": message,
                "messageString": json.dumps(message),
                "responseType": kind,
            },
        }


def _stage(template: Template, api: Resource) -> str:
    stages = [s for s in template.of_type("AWS::ApiGateway::Stage") if s.properties.get("RestApiId") == api.ref]
    if len(stages) != 1:
        raise TemplateError(f"{api.logical_id} has {len(stages)} stages; the local stack serves exactly one")
    return str(stages[0].properties["StageName"])


def _split_stage(target: str) -> tuple[str, str]:
    stage, slash, path = target.removeprefix("/").partition("/")
    return unquote(stage), slash + path or "/"


def _answered(call: _Call, response: Response, seconds: float) -> Answered:
    return Answered(
        method=call.request.method,
        route=call.route.resource if call.route else call.path,
        status=response.status,
        ms=seconds * 1000,
        user=call.grant.principal_id if call.grant else None,
        code=problem_of(response.body)[1] if response.status >= 400 else None,
        request_id=call.request_id,
    )


def _plain_body(call: _Call) -> bytes:
    try:
        return compression.decoded(call.request.body, call.headers.get("content-encoding") or "", MAX_BODY_BYTES)
    except NotDecodable as problem:
        raise GatewayError("UNSUPPORTED_MEDIA_TYPE") from problem


def _identity(call: _Call, authorizer: _Authorizer) -> tuple[str, ...]:
    """Returns the values of the identity sources, which are the cache's key; raises Unauthorized if one is missing."""
    values = []
    for source in authorizer.sources:
        _, _, kind, name = (source.split(".", 3) + ["", ""])[:4]
        value = call.headers.get(name) if kind == "header" else call.query.last.get(name)
        if not value:
            raise Unauthorized
        values.append(value)
    if authorizer.validation and not re.fullmatch(authorizer.validation, values[0]):
        raise Unauthorized
    return tuple(values)


def _read_proxy_result(result: Any) -> tuple[int, Headers, bytes]:
    """Returns status, headers and body of a Lambda proxy reply; TypeError or ValueError if it is invalid."""
    known = {"statusCode", "headers", "multiValueHeaders", "body", "isBase64Encoded", "cookies"}
    if not isinstance(result, dict) or not known.issuperset(result):
        raise TypeError(f"expected statusCode, headers and body, not {type(result).__name__} {list(result or [])[:5]}")
    status = int(result.get("statusCode") or 200)
    single, multiple, body = result.get("headers") or {}, result.get("multiValueHeaders") or {}, result.get("body")
    if not 100 <= status <= 599 or not isinstance(body, str | None):
        raise TypeError(f"statusCode {status} or a body of type {type(body).__name__}")
    if not all(isinstance(value, str | bool | int) for value in single.values()):
        raise TypeError("a header's value is not a string")
    repeated = {name.lower() for name in multiple}
    headers = [(name, _header_value(value)) for name, value in single.items() if name.lower() not in repeated]
    headers += [(name, _header_value(value)) for name, values in multiple.items() for value in values]
    return status, headers, (body or "").encode()


def _header_value(value: str | bool | int) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _mock(call: _Call, integration: Document) -> Response:
    """Returns the answer of a mock integration: SAM's `Cors` makes the OPTIONS methods of these."""
    responses = integration.get("responses", {})
    response = responses.get("default") or next(iter(responses.values()))
    headers = [
        (name.removeprefix("method.response.header."), str(value).strip("'"))
        for name, value in response.get("responseParameters", {}).items()
    ]
    content_type, template = next(iter(response.get("responseTemplates", {}).items()), ("application/json", ""))
    headers += [("Content-Type", content_type), *_own_headers(call)]
    return Response(int(response["statusCode"]), headers, template.strip().encode())


def _own_headers(call: _Call) -> Headers:
    return [("x-amzn-RequestId", call.request_id), ("x-amz-apigw-id", call.extended_id)]


def _is_media_type(content_type: str, patterns: list[str]) -> bool:
    return any(
        pattern in ("*/*", content_type) or (pattern.endswith("/*") and content_type.startswith(pattern[:-1]))
        for pattern in patterns
    )


def _parameter(call: _Call, variables: Document, source: str) -> str | None:
    """Returns the value of a gateway response's header: a quoted constant, a header of the request, or a variable."""
    if source.startswith("'"):
        return source.strip("'")
    if source.startswith("method.request.header."):
        return call.headers.get(source.removeprefix("method.request.header."))
    return _filled(f"${source}", variables) if source.startswith("context.") else None


def _filled(template: str, variables: Document) -> str:
    """Returns the template with its `$context` variables; an unknown one is empty, as in API Gateway."""

    def value(match: re.Match[str]) -> str:
        found: Any = variables
        for part in (match[1] or match[2]).split("."):
            found = found.get(part) if isinstance(found, dict) else None
        return "" if found is None else str(found)

    name = r"context\.([A-Za-z]\w*(?:\.[A-Za-z]\w*)*)"
    return re.sub(rf"\$!?\{{{name}\}}|\$!?{name}", value, template)
