"""The REST API of template.yaml: its operations, its authorizer, what the gateway answers by itself."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local.template import load
from tests.template.deployed import FUNCTIONS, ROOT, TEMPLATE, called_by, deployed, deployed_with, kind_of, of_type


def rest_body() -> dict[str, Any]:
    body: dict[str, Any] = deployed().resources["RestApi"].properties["Body"]
    return body


def rest_methods() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in rest_body()["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


OPERATIONS = [(path, method) for path, method, _ in rest_methods() if method != "options"]


@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_a_rest_operation_calls_the_function_whose_first_line_names_it(path: str, method: str) -> None:
    integration = rest_body()["paths"][path][method]["x-amazon-apigateway-integration"]
    function = called_by(integration["uri"])
    module = ROOT / "functions" / Path(*function.properties["Handler"].split(".")[:2]).with_suffix(".py")
    first_line = module.read_text(encoding="utf-8").partition("\n")[0]
    named = re.match(r'"""([A-Z]+) (/[^:?]*)[:?]', first_line)

    assert named and named.groups() == (method.upper(), path), first_line
    assert (integration["type"], integration["httpMethod"]) == ("aws_proxy", "POST")
    assert integration["credentials"] == deployed().resources["RestInvoker"].arn


def test_every_rest_function_but_the_authorizer_has_one_operation() -> None:
    called = [called_by(each["x-amazon-apigateway-integration"]["uri"]).logical_id for each in operations()]
    authorizer = rest_body()["components"]["securitySchemes"]["Token"]["x-amazon-apigateway-authorizer"]

    assert sorted([*called, "Authorize"]) == [name for name in FUNCTIONS if kind_of(name) == "rest"]
    assert called_by(authorizer["authorizerUri"]).logical_id == "Authorize"
    assert authorizer["authorizerCredentials"] == deployed().resources["RestInvoker"].arn


def operations() -> list[dict[str, Any]]:
    return [operation for _, method, operation in rest_methods() if method != "options"]


PAGES = {"/unsubscribe/{token}"}  # a link in an e-mail opens them


def test_every_rest_operation_but_pages_asks_the_authorizer_and_no_preflight_does() -> None:
    for path, method, operation in rest_methods():
        wanted: object = None if method == "options" else [{"NONE": []}] if path in PAGES else [{"Token": []}]
        assert operation.get("security") == wanted, (path, method)


def test_every_rest_path_answers_preflights() -> None:
    assert all("options" in methods for methods in rest_body()["paths"].values())


def test_the_rest_authorizer_gets_the_whole_request_and_is_remembered_by_the_header() -> None:
    authorizer = rest_body()["components"]["securitySchemes"]["Token"]["x-amazon-apigateway-authorizer"]

    assert authorizer["type"] == "request"  # the time of a request stands in its context; a token alone has none
    assert authorizer["identitySource"] == "method.request.header.Authorization"
    assert authorizer["authorizerResultTtlInSeconds"] == 300


@pytest.mark.parametrize(
    "kind",
    [
        "ACCESS_DENIED",
        "DEFAULT_4XX",
        "DEFAULT_5XX",
        "INTEGRATION_TIMEOUT",
        "MISSING_AUTHENTICATION_TOKEN",
        "REQUEST_TOO_LARGE",
        "THROTTLED",
        "UNAUTHORIZED",
    ],
)
def test_what_the_gateway_answers_itself_is_a_problem_that_browsers_may_see(kind: str) -> None:
    response = rest_body()["x-amazon-apigateway-gateway-responses"][kind]
    problem = json.loads(response["responseTemplates"]["application/json"])
    headers = response["responseParameters"]

    more = {"rule", "retry_after_ms"} if kind == "THROTTLED" else set()
    # A default answers under many statuses, so its body names none.
    status = set() if kind.startswith("DEFAULT_") else {"status"}
    assert problem.keys() == {"type", "title", "detail", "code", "request_id", *status, *more}
    assert problem["type"] == f"urn:parley:problem:{problem['code']}"
    assert str(problem.get("status")) == str(response.get("statusCode"))
    assert headers["gatewayresponse.header.Access-Control-Allow-Origin"] == "'*'"
    assert "x-amzn-requestid" in headers["gatewayresponse.header.Access-Control-Expose-Headers"]
    assert headers["gatewayresponse.header.Content-Type"] == "'application/problem+json'"


def test_who_is_throttled_by_the_gateway_is_told_for_how_long() -> None:
    response = rest_body()["x-amazon-apigateway-gateway-responses"]["THROTTLED"]
    headers = response["responseParameters"]

    assert headers["gatewayresponse.header.Retry-After"] == "'1'"
    assert "Retry-After" in headers["gatewayresponse.header.Access-Control-Expose-Headers"]
    assert json.loads(response["responseTemplates"]["application/json"])["retry_after_ms"] == 1000


def test_pages_may_send_what_tracing_libraries_and_caches_add_to_a_request() -> None:
    allowed = {
        response["responseParameters"]["method.response.header.Access-Control-Allow-Headers"]
        for path, method, operation in rest_methods()
        if method == "options"
        for response in operation["x-amazon-apigateway-integration"]["responses"].values()
    }

    assert [set(value.strip("'").split(",")) for value in allowed] == [
        {
            "Authorization", "Content-Type", "Cache-Control", "Idempotency-Key", "X-Request-Id", "X-Amzn-Trace-Id",
            "traceparent", "tracestate", "baggage", "sentry-trace",
        }
    ]  # fmt: skip


def test_the_rest_api_compresses_what_is_longer_than_a_packet() -> None:
    assert deployed().resources["RestApi"].properties["MinimumCompressionSize"] == 1024


def test_the_rest_api_has_one_stage() -> None:
    [stage] = of_type("AWS::ApiGateway::Stage")

    assert stage.properties["StageName"] == "v1"
    assert stage.properties["TracingEnabled"] is False
    [traced] = deployed_with("Tracing", "Active").of_type("AWS::ApiGateway::Stage")
    assert traced.properties["TracingEnabled"] is True


def test_what_the_gateway_answers_by_itself_keeps_browsers_from_guessing_and_from_http() -> None:
    api = next(iter(load(TEMPLATE).of_type("AWS::ApiGateway::RestApi")))
    answers = api.properties["Body"]["x-amazon-apigateway-gateway-responses"]

    assert answers
    for kind, answer in answers.items():
        headers = answer["responseParameters"]
        assert headers["gatewayresponse.header.X-Content-Type-Options"] == "'nosniff'", kind
        assert headers["gatewayresponse.header.Strict-Transport-Security"].startswith("'max-age="), kind
