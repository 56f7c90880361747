"""The WebSocket API of template.yaml: its routes, its authorizer, its stage."""

import pytest

from local.events import matches
from local.template import Resource
from parley.triggers.request_log import QUIET
from tests.template.deployed import ROUTES, before, called_by, deployed, invoked_by, names, of_type


def target_of(route: Resource) -> Resource:
    """Returns the function of a route."""
    return called_by(integration_of(route).properties["IntegrationUri"])


def integration_of(route: Resource) -> Resource:
    return deployed().resources[route.properties["Target"].removeprefix("integrations/")]


@pytest.mark.parametrize("route_id", ROUTES)
def test_a_route_has_its_function_and_the_role_to_call_it(route_id: str) -> None:
    route = deployed().resources[route_id]
    function = target_of(route)
    key = route.properties["RouteKey"]

    assert deployed().resources[function.logical_id].properties["Handler"] == f"websocket.{key.strip('$')}.handler"
    assert integration_of(route).properties["IntegrationType"] == "AWS_PROXY"
    assert integration_of(route).properties["CredentialsArn"] == deployed().resources["WebSocketInvoker"].arn
    assert matches(invoked_by("WebSocketInvoker"), function.arn)


@pytest.mark.parametrize("route_id", ROUTES)
def test_a_route_that_clients_await_gives_the_functions_answer_back(route_id: str) -> None:
    route = deployed().resources[route_id]
    replies = [r for r in of_type("AWS::ApiGatewayV2::RouteResponse") if r.properties["RouteId"] == route.ref]
    awaited = route.properties["RouteKey"] not in ("$connect", "$disconnect", *QUIET)

    # Without both of them API Gateway drops what the function returns.
    assert ("RouteResponseSelectionExpression" in route.properties) == awaited
    assert [reply.properties["RouteResponseKey"] for reply in replies] == (["$default"] if awaited else [])


def test_only_connect_is_authorised_and_the_function_alone_decides() -> None:
    authorised = {
        r.properties["RouteKey"] for r in of_type("AWS::ApiGatewayV2::Route") if "AuthorizerId" in r.properties
    }
    [authorizer] = of_type("AWS::ApiGatewayV2::Authorizer")

    assert authorised == {"$connect"}
    # A list of identity sources is a list of demands; people come with a ticket or with a token.
    assert authorizer.properties["IdentitySource"] == []
    assert authorizer.properties["AuthorizerType"] == "REQUEST"
    assert called_by(authorizer.properties["AuthorizerUri"]).logical_id == "OnAuthorize"
    assert authorizer.properties["AuthorizerCredentialsArn"] == deployed().resources["WebSocketInvoker"].arn


def test_routes_are_chosen_by_action_and_deployed_by_themselves() -> None:
    [stage] = of_type("AWS::ApiGatewayV2::Stage")
    [api] = of_type("AWS::ApiGatewayV2::Api")

    assert api.properties["RouteSelectionExpression"] == "$request.body.action"
    assert stage.properties["StageName"] == "v1"
    assert stage.properties["AutoDeploy"] is True


def test_the_stage_is_deployed_once_when_all_that_belongs_to_it_is_there() -> None:
    answers = names("AWS::ApiGatewayV2::RouteResponse")

    # A stage that is made before its routes has nothing to deploy, and one that is made before their responses drops
    # answers until it has been deployed again.
    assert {*ROUTES, *answers} <= before("WebSocketStage")


@pytest.mark.parametrize("integration", names("AWS::ApiGatewayV2::Integration"))
def test_a_function_is_called_by_post(integration: str) -> None:
    # Lambda's Invoke is a POST, whatever the client sent (aws-facts.md#websocket-api).
    assert deployed().resources[integration].properties["IntegrationMethod"] == "POST"
