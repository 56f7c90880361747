"""API Gateway REST: routes, authorizers, events, replies, and the gateway's own answers."""

import copy
import gzip
import json
import zlib
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from local.rest import Request, Response, RestApi
from local.template import Properties, Resource, Template, TemplateError
from tests.harness import Parley, Reply

ENGINES = ("moto",)  # the rules of the gateway do not depend on the store
OWN = {"X-Amzn-Trace-Id", "X-Forwarded-For", "X-Forwarded-Port", "X-Forwarded-Proto"}
Calls = list[tuple[str, dict[str, Any]]]


def called(calls: Calls, name: str) -> list[dict[str, Any]]:
    return [event for called_name, event in calls if called_name == name]


# --- routes ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/nothing"),
        ("DELETE", "/echo"),
        ("GET", "/things"),
        ("GET", "/things/a/b"),
        ("GET", "//echo"),
        ("GET", "/"),
    ],
    ids=["unknown path", "unknown method", "half a path", "too long", "empty segment", "root"],
)
def test_what_does_not_exist_is_forbidden_and_nothing_runs(
    parley: Parley, calls: Calls, method: str, path: str
) -> None:
    reply = parley.bearer("ok").request(method, path)

    assert (reply.status, reply.json) == (403, {"message": "Missing Authentication Token"})
    assert reply.headers["x-amzn-errortype"] == "MissingAuthenticationTokenException"
    assert calls == []


def test_another_stage_is_forbidden(parley: Parley) -> None:
    response = parley.run(parley.rest.handle(Request("GET", "/v2/echo")))

    assert (response.status, json.loads(response.body)) == (403, {"message": "Forbidden"})


@pytest.mark.parametrize(
    ("path", "resource", "parameters"),
    [
        ("/things/42", "/things/{thing_id}", {"thing_id": "42"}),
        ("/things/special", "/things/special", None),
        ("/things/special/", "/things/special", None),
        ("/things/a%2Fb%20%C3%A4", "/things/{thing_id}", {"thing_id": "a%2Fb%20%C3%A4"}),
        ("/things/%252e%0A", "/things/{thing_id}", {"thing_id": "%252e%0A"}),
        ("/things/a+b", "/things/{thing_id}", {"thing_id": "a+b"}),
        ("/files/a/b/c", "/files/{path+}", {"path": "a/b/c"}),
    ],
    ids=["parameter", "literal first", "trailing slash", "not decoded", "percent sign", "plus stays", "greedy"],
)
def test_a_path_finds_its_resource(parley: Parley, path: str, resource: str, parameters: dict[str, str] | None) -> None:
    event = parley.bearer("ok").get(path).json

    assert (event["resource"], event["pathParameters"]) == (resource, parameters)


def test_a_greedy_resource_takes_any_method(parley: Parley) -> None:
    assert parley.bearer("ok").patch("/files/x", json={}).json["httpMethod"] == "PATCH"


# --- the event -------------------------------------------------------------------------------------------------------


def test_the_event_is_the_proxy_event_of_version_1(parley: Parley) -> None:
    reply = parley.bearer("ok").put("/things/7/parts/8?a=1&a=2&b=&c", json={"x": "ü"}, headers={"X-Custom": "Yes"})

    event = reply.json
    assert set(event) == {
        "resource", "path", "httpMethod", "headers", "multiValueHeaders", "queryStringParameters",
        "multiValueQueryStringParameters", "pathParameters", "stageVariables", "requestContext", "body",
        "isBase64Encoded",
    }  # fmt: skip
    assert event["path"] == "/things/7/parts/8"
    assert event["queryStringParameters"] == {"a": "2", "b": "", "c": ""}
    assert event["multiValueQueryStringParameters"] == {"a": ["1", "2"], "b": [""], "c": [""]}
    assert event["headers"]["X-Custom"] == "Yes"
    assert event["multiValueHeaders"]["X-Custom"] == ["Yes"]
    assert json.loads(event["body"]) == {"x": "ü"}
    context = event["requestContext"]
    assert context["path"] == "/v1/things/7/parts/8"
    assert context["resourcePath"] == "/things/{thing_id}/parts/{part_id}"
    assert context["requestTimeEpoch"] == parley.clock()
    assert context["identity"]["sourceIp"] == "127.0.0.1"
    assert context["stage"] == "v1"
    assert context["requestId"] == reply.headers["x-amzn-requestid"]


def test_absent_things_are_null(parley: Parley) -> None:
    event = parley.bearer("ok").get("/echo").json

    absent = ("queryStringParameters", "multiValueQueryStringParameters", "pathParameters", "body", "stageVariables")
    assert [event[name] for name in absent] == [None] * 5


def test_the_authorizer_s_context_reaches_the_function_as_strings(parley: Parley) -> None:
    authorizer = parley.bearer("ok").get("/echo").json["requestContext"]["authorizer"]

    assert authorizer == {
        "principalId": "alice",
        "role": "teacher",
        "age": "42",
        "admin": "true",
        "integrationLatency": 0,
    }


def test_a_body_that_is_no_utf_8_travels_as_base64(parley: Parley) -> None:
    event = parley.bearer("ok").post("/echo", raw=b"\xff\x00").json

    assert (event["body"], event["isBase64Encoded"]) == ("/wA=", True)


def test_connection_headers_stay_with_the_gateway(parley: Parley) -> None:
    headers = {"Connection": "close", "Content-Length": "3", "TE": "trailers", "X-Kept": "1"}

    event = parley.bearer("ok").get("/echo", headers=headers).json

    assert set(event["headers"]) == {"Authorization", "X-Kept", *OWN}


def test_the_gateway_s_own_headers_cannot_be_forged(parley: Parley) -> None:
    forged = {"X-Forwarded-Proto": "http", "x-forwarded-for": "1.2.3.4", "X-Amzn-Trace-Id": "mine"}

    headers = parley.bearer("ok").get("/echo", headers=forged).json["headers"]

    assert (headers["X-Forwarded-Proto"], headers["X-Forwarded-For"]) == ("https", "1.2.3.4, 127.0.0.1")
    assert headers["X-Amzn-Trace-Id"].startswith("Root=1-")
    assert set(headers) == {"Authorization", *OWN}


# --- authorizers -----------------------------------------------------------------------------------------------------


def test_a_missing_identity_source_is_401_without_a_call(parley: Parley, calls: Calls) -> None:
    reply = parley.bearer("ok").get("/echo", headers={"Authorization": None})

    assert (reply.status, reply.json) == (401, {"message": "Unauthorized"})
    assert calls == []


@pytest.mark.parametrize(
    ("token", "status", "body"),
    [
        ("unauthorized", 401, {"message": "Unauthorized"}),
        ("deny", 403, {"detail": "User is not authorized to access this resource with an explicit deny"}),
        ("broken", 500, {"message": None}),
        ("nonsense", 500, {"message": None}),
        ("nested", 500, {"message": None}),
        ("big", 500, {"message": None}),
    ],
)
def test_what_an_authorizer_s_answer_comes_to(
    parley: Parley, calls: Calls, token: str, status: int, body: dict[str, str]
) -> None:
    reply = parley.bearer("x").get("/echo", headers={"Authorization": token})

    assert reply.status == status
    assert body.items() <= reply.json.items()
    assert called(calls, "echo") == []
    assert reply.headers.get("access-control-allow-origin") == (None if status in (403, 500) else "*")


def test_the_authorizer_sees_the_request_but_never_its_body(parley: Parley, calls: Calls) -> None:
    parley.bearer("ok").post("/echo?x=1", json={"secret": 1})

    [event] = called(calls, "gate")
    assert event["type"] == "REQUEST"
    assert event["methodArn"].endswith("/v1/POST/echo")
    assert event["queryStringParameters"] == {"x": "1"}
    assert "body" not in event
    assert "authorizer" not in event["requestContext"]


def test_an_answer_is_cached_by_identity_for_its_time(parley: Parley, calls: Calls) -> None:
    alice, bob = parley.bearer("alice"), parley.bearer("bob")

    alice.get("/echo")
    alice.get("/things/1")
    bob.get("/echo")
    assert len(called(calls, "gate")) == 2

    parley.advance(299)
    alice.get("/echo")
    assert len(called(calls, "gate")) == 2

    parley.advance(1)
    alice.get("/echo")
    assert len(called(calls, "gate")) == 3


def test_a_cached_policy_that_is_too_narrow_forbids_the_next_path(parley: Parley, calls: Calls) -> None:
    narrow = {"Authorization": "narrow"}
    alice = parley.bearer("x")

    first, second = alice.get("/echo", headers=narrow), alice.get("/things/1", headers=narrow)

    assert (first.status, second.status) == (200, 403)
    assert second.json["detail"] == "User is not authorized to access this resource"
    assert len(called(calls, "gate")) == 1


def test_a_deny_is_cached_too_and_a_401_is_not(parley: Parley, calls: Calls) -> None:
    alice = parley.bearer("x")
    for _ in range(2):
        alice.get("/echo", headers={"Authorization": "deny"})
        alice.get("/echo", headers={"Authorization": "unauthorized"})

    assert len(called(calls, "gate")) == 3


def test_a_method_without_authorizer_is_open(parley: Parley, calls: Calls) -> None:
    reply = parley.bearer("x").get("/open", headers={"Authorization": None})

    assert reply.status == 200
    assert "authorizer" not in reply.json["requestContext"]


def test_sign_in_asks_the_authorizer_and_nothing_else(parley: Parley, calls: Calls) -> None:
    parley.run(parley.rest.sign_in("Bearer somebody"))

    assert [name for name, _ in calls] == ["gate"]


# --- replies ---------------------------------------------------------------------------------------------------------


def told(parley: Parley, what: str, **headers: str) -> Reply:
    return parley.bearer("ok").get(f"/echo?do={what}", headers=headers)


@pytest.mark.parametrize("what", ["raise", "exit", "text", "extra", "object", "unencodable", "huge"])
def test_a_function_that_fails_or_answers_nonsense_is_502(parley: Parley, what: str) -> None:
    reply = told(parley, what)

    assert (reply.status, reply.json) == (502, {"message": "Internal server error"})


def test_a_status_is_200_and_the_type_is_json_where_the_function_does_not_say(parley: Parley) -> None:
    reply = told(parley, "nothing")

    assert (reply.status, reply.text, reply.headers["content-type"]) == (200, "", "application/json")


def test_a_decimal_is_a_number_in_a_reply(parley: Parley) -> None:
    assert told(parley, "decimal").status == 201


def test_headers_come_single_and_multiple_and_some_are_renamed(parley: Parley) -> None:
    request = Request("GET", "/v1/echo?do=headers", [("authorization", "Bearer ok")])
    response = parley.run(parley.rest.handle(request))

    sent = [(name, value) for name, value in response.headers if name.lower().startswith(("x-", "date"))]
    own = ("x-amzn-requestid", "x-amz-apigw-id")
    assert [(name, value) for name, value in sent if name.lower() not in own] == [
        ("X-One", "1"),
        ("x-amzn-Remapped-Date", "mine"),
        ("X-Yes", "true"),
        ("x-both", "a"),
        ("x-both", "b"),
    ]


def test_base64_stays_text_where_the_api_has_no_binary_media_types(parley: Parley) -> None:
    assert told(parley, "base64", Accept="image/png").text == "//4="


def test_the_context_object_tells_what_lambda_tells(parley: Parley) -> None:
    context = told(parley, "context").json

    assert context["function_name"] == "parley-Echo"
    assert context["memory_limit_in_mb"] == "256"
    assert context["invoked_function_arn"].endswith(":function:parley-Echo")
    assert context["log_group_name"] == "/aws/lambda/parley-Echo"
    assert len(context["aws_request_id"]) == 36
    assert 0 < context["remaining_ms"] <= 1000


# --- content codings -------------------------------------------------------------------------------------------------

PLAIN: dict[str | None, Callable[[bytes], bytes]] = {"gzip": gzip.decompress, "deflate": zlib.decompress, None: bytes}
LONG = b"a" * 1000  # the fixture answers with its event, and compresses from 1,000 bytes


def coded(parley: Parley, accepted: str | None, path: str = "/echo", body: bytes = LONG, **sent: str) -> Response:
    accepts = [] if accepted is None else [("Accept-Encoding", accepted)]
    more = [(name.replace("_", "-"), value) for name, value in sent.items()]
    headers = [("Authorization", "ok"), *accepts, *more]
    return parley.run(parley.rest.handle(Request("POST", f"/v1{path}", headers, body)))


def coding_of(response: Response) -> str | None:
    return dict(response.headers).get("Content-Encoding")


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("gzip", "gzip"),
        ("GZIP", "gzip"),
        ("deflate", "deflate"),
        ("gzip, deflate, br, zstd", "gzip"),
        ("deflate;q=0.5,gzip;q=1.0", "gzip"),
        ("gzip;q=1.0,identity;q=0.5,*;q=0", "gzip"),
        (None, None),
        ("", None),
        ("*", None),
        ("identity", None),
        ("br, gzip", None),
        ("br;q=1.0, gzip;q=0.8", None),
        ("gzip;q=0", None),
        ("gzip;q=x", None),
    ],
)
def test_an_answer_is_compressed_as_its_client_prefers(
    parley: Parley, accepted: str | None, coding: str | None
) -> None:
    answer = coded(parley, accepted)

    assert coding_of(answer) == coding
    plain = PLAIN[coding](answer.body)
    assert json.loads(plain)["body"] == LONG.decode()
    assert (len(answer.body) < 1000) == (coding is not None)


def test_short_answers_and_the_gateway_s_own_are_never_compressed(parley: Parley) -> None:
    assert coding_of(coded(parley, "gzip", "/echo?do=headers")) is None
    assert coding_of(coded(parley, "gzip", "/nothing")) is None


def test_without_the_property_no_answer_is_compressed(parley: Parley) -> None:
    properties = copy.deepcopy(parley.template.resources["Rest"].properties)
    del properties["MinimumCompressionSize"]
    api = RestApi.of(changed(parley, "Rest", properties), parley.functions.inline, parley.clock)
    headers = [("Authorization", "ok"), ("Accept-Encoding", "gzip")]

    answer = parley.run(api.handle(Request("POST", "/v1/echo", headers, LONG)))

    assert coding_of(answer) is None
    assert json.loads(answer.body)["body"] == LONG.decode()


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("gzip", gzip.compress(LONG)),
        ("deflate", zlib.compress(LONG)),
        ("identity", LONG),
        ("GZip", gzip.compress(LONG)),
        ("gzip", gzip.compress(LONG[:9]) + gzip.compress(LONG[9:])),
    ],
    ids=["gzip", "deflate", "identity", "capitals", "two members"],
)
def test_a_compressed_request_reaches_the_function_as_text(parley: Parley, coding: str, body: bytes) -> None:
    event = json.loads(coded(parley, None, body=body, Content_Encoding=coding).body)

    assert (event["body"], event["isBase64Encoded"]) == (LONG.decode(), False)


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("br", LONG),
        ("gzip", LONG),
        ("gzip", gzip.compress(LONG)[:-9]),
        ("deflate", gzip.compress(LONG)),
        ("gzip, gzip", b""),
        ("gzip", b""),
        ("gzip", gzip.compress(LONG) + b"garbage"),
        ("deflate", zlib.compress(LONG) + b"garbage"),
    ],
    ids=[
        "unsupported",
        "not compressed",
        "cut off",
        "compressed otherwise",
        "twice",
        "empty",
        "gzip and garbage",
        "deflate and garbage",
    ],
)
def test_a_coding_that_cannot_be_read_is_415(parley: Parley, calls: Calls, coding: str, body: bytes) -> None:
    assert coded(parley, None, body=body, Content_Encoding=coding).status == 415
    assert calls == []


def test_what_is_more_than_10_mb_without_its_coding_is_413(parley: Parley, calls: Calls) -> None:
    assert coded(parley, None, body=gzip.compress(b"x" * (10 * 1024 * 1024 + 1)), Content_Encoding="gzip").status == 413
    assert calls == []


# --- limits and CORS -------------------------------------------------------------------------------------------------


def test_more_than_10_mb_is_413(parley: Parley, calls: Calls) -> None:
    reply = parley.bearer("ok").post("/echo", raw=b"x" * (10 * 1024 * 1024 + 1))

    assert reply.status == 413
    assert reply.headers["access-control-allow-origin"] == "*"
    assert calls == []


@pytest.mark.parametrize("extra", [0, 1], ids=["just enough", "too much"])
def test_more_than_10240_bytes_of_headers_are_413(parley: Parley, calls: Calls, extra: int) -> None:
    known = len("/v1/echo?") + len("Authorizationok") + len("X-Long")
    value = "x" * (10_240 - known + extra)

    answer = parley.run(parley.rest.handle(Request("GET", "/v1/echo?", [("Authorization", "ok"), ("X-Long", value)])))

    assert answer.status == (413 if extra else 200)
    assert bool(calls) is not bool(extra)


def test_more_than_lambda_s_6_mb_is_413_too(parley: Parley, calls: Calls) -> None:
    reply = parley.bearer("ok").post("/echo", raw=b"x" * (6 * 1024 * 1024))

    assert reply.status == 413
    assert called(calls, "echo") == []


def test_a_preflight_is_answered_from_the_template_without_a_token(parley: Parley, calls: Calls) -> None:
    reply = parley.bearer("x").request("OPTIONS", "/things/1", headers={"Authorization": None})

    assert reply.status == 200
    assert reply.headers["access-control-allow-origin"] == "*"
    assert reply.headers["access-control-allow-headers"] == "authorization,content-type"
    assert reply.headers["access-control-allow-methods"] == "GET,POST"
    assert calls == []


def test_a_gateway_response_follows_its_template(parley: Parley) -> None:
    reply = parley.bearer("x").get("/echo", headers={"Authorization": "deny"})

    assert reply.headers["content-type"] == "application/problem+json"
    assert reply.json == {
        "code": "denied",
        "detail": "User is not authorized to access this resource with an explicit deny",
        "request_id": reply.headers["x-amzn-requestid"],
    }


# --- what the template gets wrong ------------------------------------------------------------------------------------


def changed(parley: Parley, logical_id: str, properties: dict[str, Any]) -> Template:
    resource = replace(parley.template.resources[logical_id], properties=properties)
    return replace(parley.template, resources={**parley.template.resources, logical_id: resource})


def served_by(parley: Parley, template: Template, path: str = "/echo", token: str = "ok") -> Response:
    api = RestApi.of(template, parley.functions.inline, parley.clock)
    return parley.run(api.handle(Request("GET", f"/v1{path}", [("Authorization", token)])))


def without(parley: Parley, *logical_ids: str) -> Template:
    kept = {name: each for name, each in parley.template.resources.items() if name not in logical_ids}
    return replace(parley.template, resources=kept)


def test_a_function_that_the_api_may_not_invoke_is_500(parley: Parley, calls: Calls) -> None:
    template = without(parley, "EchoGetPermissionStage")

    assert served_by(parley, template).status == 500
    assert served_by(parley, template, "/things/1").status == 200
    assert len(called(calls, "echo")) == 1


def test_an_authorizer_that_the_api_may_not_invoke_is_500(parley: Parley, calls: Calls) -> None:
    assert served_by(parley, without(parley, "RestGatekeeperAuthorizerPermission")).status == 500
    assert calls == []


def invoker(parley: Parley, resource: str, account: str) -> Resource:
    """Returns a role that may invoke functions, for APIs of an account."""
    trust = {
        "Effect": "Allow",
        "Action": "sts:AssumeRole",
        "Principal": {"Service": "apigateway.amazonaws.com"},
        "Condition": {"StringEquals": {"aws:SourceAccount": account}},
    }
    right = {"Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": resource}
    properties = Properties(
        "Invoker",
        {
            "AssumeRolePolicyDocument": {"Statement": [trust]},
            "Policies": [{"PolicyName": "invoke", "PolicyDocument": {"Statement": [right]}}],
        },
    )
    arn = parley.template.place.arn("iam", "role/invoker")
    return Resource("Invoker", "AWS::IAM::Role", properties, "invoker", arn)


@pytest.mark.parametrize(
    ("resource", "account", "status"),
    [
        ("arn:aws:lambda:*:function:*-Echo", "123456789012", 200),
        ("arn:aws:lambda:*:function:*-Other", "123456789012", 500),
        ("arn:aws:lambda:*:function:*-Echo", "111111111111", 500),
    ],
    ids=["role for it", "role for another function", "role for another account"],
)
def test_the_api_invokes_in_the_role_of_the_integration(
    parley: Parley, resource: str, account: str, status: int
) -> None:
    properties = copy.deepcopy(parley.template.resources["Rest"].properties)
    role = invoker(parley, resource, account)
    properties["Body"]["paths"]["/echo"]["get"]["x-amazon-apigateway-integration"]["credentials"] = role.arn
    template = changed(parley, "Rest", properties)
    # The permission of the function does not count any more.
    template = replace(template, resources={**template.resources, "Invoker": role})

    assert served_by(parley, template).status == status


def test_an_authorizer_that_does_not_exist_never_means_open(parley: Parley) -> None:
    properties = copy.deepcopy(parley.template.resources["Rest"].properties)
    properties["Body"]["paths"]["/echo"]["get"]["security"] = [{"Gatekeepr": []}]

    with pytest.raises(TemplateError, match="Gatekeepr"):
        served_by(parley, changed(parley, "Rest", properties))


def test_without_an_identity_source_nothing_is_remembered(parley: Parley, calls: Calls) -> None:
    properties = copy.deepcopy(parley.template.resources["Rest"].properties)
    [scheme] = properties["Body"]["components"]["securitySchemes"].values()
    del scheme["x-amazon-apigateway-authorizer"]["identitySource"]
    api = RestApi.of(changed(parley, "Rest", properties), parley.functions.inline, parley.clock)

    for token in ("deny", "ok"):
        last = parley.run(api.handle(Request("GET", "/v1/echo", [("Authorization", token)])))

    assert last.status == 200
    assert len(called(calls, "gate")) == 2


def test_a_token_authorizer_gets_the_token_and_can_check_its_form(parley: Parley, calls: Calls) -> None:
    properties = copy.deepcopy(parley.template.resources["Rest"].properties)
    [scheme] = properties["Body"]["components"]["securitySchemes"].values()
    scheme["name"] = "Authorization"
    scheme["x-amazon-apigateway-authorizer"] |= {"type": "token", "identityValidationExpression": "Bearer .+"}
    template = changed(parley, "Rest", properties)

    assert served_by(parley, template, token="Basic x").status == 401
    assert calls == []
    assert served_by(parley, template, token="Bearer x").status == 500  # the fixture's expects a REQUEST
    [event] = called(calls, "gate")
    assert event == {
        "type": "TOKEN",
        "authorizationToken": "Bearer x",
        "methodArn": event["methodArn"],
    }
