"""API Gateway WebSocket: handshakes, routes, frames, limits, clocks, and $disconnect."""

import json
from dataclasses import replace
from typing import Any

import pytest

from local.template import Properties, TemplateError
from local.websocket import Handshake, WebSocketApi
from tests.harness import Parley, Refused, Socket

ENGINES = ("moto",)  # the rules of the gateway do not depend on the store
Calls = list[tuple[str, dict[str, Any]]]


def connected(parley: Parley, user_id: str = "alice", **headers: str) -> Socket:
    return parley.bearer("").open(query=f"?ticket={user_id}", headers=list(headers.items()))


def events(calls: Calls, route: str) -> list[dict[str, Any]]:
    return [event for name, event in calls if name == route]


# --- the handshake ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "status", "reached"),
    [
        ("", 401, []),
        ("?ticket=", 401, []),
        ("?ticket=unauthorized", 401, ["on_gate"]),
        ("?ticket=deny", 403, ["on_gate"]),
        ("?ticket=broken", 500, ["on_gate"]),
        ("?ticket=refused", 418, ["on_gate", "$connect"]),
        ("?ticket=fails", 502, ["on_gate", "$connect"]),
        ("?ticket=shapeless", 502, ["on_gate", "$connect"]),
    ],
)
def test_a_handshake_is_refused(parley: Parley, calls: Calls, query: str, status: int, reached: list[str]) -> None:
    with pytest.raises(Refused) as refused:
        parley.bearer("").open(query=query)

    assert refused.value.status == status
    assert [name for name, _ in calls] == reached
    assert parley.websocket.connections == {}


def test_another_stage_is_refused(parley: Parley) -> None:
    with pytest.raises(Refused) as refused:
        parley.run(parley.websocket.connect(Handshake("/v2?ticket=a"), Socket(parley.bearer("")).peer))

    assert refused.value.status == 403


def test_connect_carries_headers_and_query(parley: Parley, calls: Calls) -> None:
    parley.bearer("").open(query="?ticket=alice&x=1&x=2", headers=[("X-Y", "1"), ("Upgrade", "websocket")])

    [event] = events(calls, "$connect")
    assert {"Host": "localhost", "X-Y": "1", "X-Forwarded-For": "127.0.0.1"}.items() <= event["headers"].items()
    assert "Upgrade" not in event["headers"]
    assert event["multiValueQueryStringParameters"] == {"ticket": ["alice"], "x": ["1", "2"]}
    assert event["requestContext"]["eventType"] == "CONNECT"
    assert event["requestContext"]["routeKey"] == "$connect"
    [asked] = events(calls, "on_gate")
    assert asked["type"] == "REQUEST"
    assert asked["methodArn"].endswith("/v1/$connect")
    assert asked["requestContext"]["connectionId"] == event["requestContext"]["connectionId"]


@pytest.mark.parametrize("extra", [0, 1], ids=["just enough", "too much"])
def test_a_handshake_has_10240_bytes_of_headers(parley: Parley, calls: Calls, extra: int) -> None:
    known = len("/v1?ticket=alice") + len("Hostlocalhost") + len("X-Long")
    headers = [("X-Long", "x" * (10_240 - known + extra))]

    if not extra:
        assert parley.bearer("x").open(query="?ticket=alice", headers=headers).connection_id
        return
    with pytest.raises(Refused) as refused:
        parley.bearer("x").open(query="?ticket=alice", headers=headers)
    assert refused.value.status == 413
    assert calls == []


def test_the_subprotocol_is_what_connect_answers(parley: Parley) -> None:
    offered = connected(parley, **{"sec-websocket-protocol": "bearer, token"})

    assert offered.subprotocol == "bearer"
    assert connected(parley).subprotocol is None


def test_nobody_can_post_to_a_connection_before_connect_has_returned(parley: Parley, calls: Calls) -> None:
    socket = connected(parley, "impatient")

    assert events(calls, "posted") == [{"status": "GoneException"}]
    assert socket.frames == []


def test_connection_ids_look_like_those_of_aws(parley: Parley) -> None:
    ids = {connected(parley).connection_id for _ in range(20)}

    assert len(ids) == 20
    assert all(len(each) == 16 and each.endswith("=") for each in ids)


# --- messages --------------------------------------------------------------------------------------------------------


def test_a_message_s_event_has_identity_but_neither_headers_nor_query(parley: Parley, calls: Calls) -> None:
    socket = connected(parley)
    parley.advance(5)

    socket.send({"action": "echo_it"})

    [event] = events(calls, "echo_it")
    context = event["requestContext"]
    assert set(event) == {"requestContext", "body", "isBase64Encoded"}
    assert json.loads(event["body"]) == {"action": "echo_it"}
    assert context["eventType"] == "MESSAGE"
    assert context["connectionId"] == socket.connection_id
    assert context["requestTimeEpoch"] == parley.clock()
    assert context["connectedAt"] == parley.clock() - 5000
    assert context["messageId"]
    assert context["domainName"].endswith(".execute-api.us-east-1.amazonaws.com")
    assert context["authorizer"] == {
        "principalId": "alice",
        "user_id": "alice",
        "age": "42",
        "admin": "false",
        "integrationLatency": 0,
    }


@pytest.mark.parametrize(
    "message",
    [
        "not json",
        "[1]",
        "7",
        '"echo_it"',
        "{}",
        '{"action": 7}',
        '{"action": "nobody"}',
        '{"action": "$connect"}',
        '{"action": "$disconnect"}',
        '{"action": "Echo_It"}',
        "[" * 100_000,
    ],
    ids=[
        "text",
        "list",
        "number",
        "string",
        "none",
        "not a string",
        "unknown",
        "reserved",
        "reserved 2",
        "case",
        "deep",
    ],
)
def test_without_a_route_and_without_default_there_is_an_error_frame(
    parley: Parley, calls: Calls, message: str
) -> None:
    socket = connected(parley)
    calls.clear()

    socket.send(message)

    [frame] = socket.frames
    assert frame["message"] == "Forbidden"
    assert frame["connectionId"] == socket.connection_id
    assert frame["requestId"]
    assert calls == []
    assert socket.closed is None


def test_a_route_response_returns_the_body(parley: Parley) -> None:
    socket = connected(parley)

    socket.send({"action": "echo_it", "x": "ü"})

    assert socket.frames == [{"you_said": {"action": "echo_it", "x": "ü"}, "as": "alice"}]


@pytest.mark.parametrize("action", ["silent", "half"], ids=["no route response", "expression only"])
def test_without_a_route_response_the_return_value_is_dropped(parley: Parley, calls: Calls, action: str) -> None:
    socket = connected(parley)

    socket.send({"action": action})

    assert events(calls, action)
    assert socket.frames == []


@pytest.mark.parametrize("what", ["raise", "malformed"])
def test_a_failing_function_gives_an_error_frame_and_the_socket_stays_open(parley: Parley, what: str) -> None:
    socket = connected(parley)

    socket.send({"action": "echo_it", "do": what})
    socket.send({"action": "echo_it"})

    [failure, answer] = socket.frames
    assert failure["message"] == "Internal server error"
    assert set(failure) == {"message", "connectionId", "requestId"}
    assert answer["as"] == "alice"


def test_an_empty_body_sends_nothing(parley: Parley) -> None:
    socket = connected(parley)

    socket.send({"action": "echo_it", "do": "empty"})

    assert socket.frames == []


# --- limits ----------------------------------------------------------------------------------------------------------


def test_answer_larger_than_a_message_does_not_arrive(parley: Parley) -> None:
    socket = connected(parley)

    socket.send({"action": "echo_it", "do": "large", "bytes": 128 * 1024})
    socket.send({"action": "echo_it", "do": "large", "bytes": 128 * 1024 + 1})

    whole, refused = socket.frames
    assert len(json.dumps(whole)) == 128 * 1024
    assert refused["message"] == "Internal server error"


def padded(size: int) -> str:
    message = json.dumps({"action": "echo_it", "pad": ""})
    return message.replace('""', '"' + "x" * (size - len(message)) + '"')


@pytest.mark.parametrize(
    ("size", "frame", "closed"),
    [
        (128 * 1024, 32 * 1024, None),
        (128 * 1024 + 1, 32 * 1024, 1009),
        (32 * 1024, 32 * 1024, None),
        (32 * 1024 + 1, 32 * 1024 + 1, 1009),
    ],
    ids=["largest message", "message too large", "largest frame", "frame too large"],
)
def test_messages_and_frames_have_their_limits(
    parley: Parley, calls: Calls, size: int, frame: int, closed: int | None
) -> None:
    socket = connected(parley)

    socket.send(padded(size), largest_frame_bytes=frame)

    assert socket.closed == closed
    assert len(events(calls, "echo_it")) == (closed is None)
    assert len(events(calls, "$disconnect")) == (closed is not None)


def test_the_limit_counts_bytes_and_not_characters(parley: Parley) -> None:
    socket = connected(parley)

    socket.send(json.dumps({"action": "echo_it", "pad": "ü" * 70_000}, ensure_ascii=False))

    assert socket.closed == 1009


def test_binary_is_refused_with_1003(parley: Parley, calls: Calls) -> None:
    socket = connected(parley)

    socket.send(b'{"action": "echo_it"}')

    assert socket.closed == 1003
    assert events(calls, "echo_it") == []


# --- the clocks ------------------------------------------------------------------------------------------------------


def test_ten_idle_minutes_close_with_1001(parley: Parley, calls: Calls) -> None:
    socket = connected(parley)

    parley.advance(599)
    assert socket.closed is None
    parley.advance(1)

    assert socket.closed == 1001
    assert events(calls, "$disconnect")[0]["requestContext"]["disconnectStatusCode"] == 1001


@pytest.mark.parametrize("by", ["client", "server"])
def test_traffic_either_way_keeps_a_connection_alive(parley: Parley, by: str) -> None:
    socket = connected(parley)
    parley.advance(599)

    if by == "client":
        socket.send({"action": "silent"})
    else:
        parley.websocket.post(socket.connection_id, b'"hello"')
    parley.advance(599)

    assert socket.closed is None


def test_two_hours_are_the_end_however_lively(parley: Parley) -> None:
    socket = connected(parley)

    for _ in range(14):
        parley.advance(500)
        socket.send({"action": "silent"})
    assert socket.closed is None
    parley.advance(200)

    assert socket.closed == 1001


# --- the end ---------------------------------------------------------------------------------------------------------


def test_disconnect_says_who_and_why(parley: Parley, calls: Calls) -> None:
    socket = connected(parley)

    socket.close(4000, "bye")

    [event] = events(calls, "$disconnect")
    context = event["requestContext"]
    assert context["eventType"] == "DISCONNECT"
    assert (context["disconnectStatusCode"], context["disconnectReason"]) == (4000, "bye")
    assert context["authorizer"]["user_id"] == "alice"
    assert context["connectionId"] == socket.connection_id


def test_a_closed_socket_is_closed_once(parley: Parley, calls: Calls) -> None:
    socket = connected(parley)

    socket.close()
    socket.close()
    socket.send({"action": "silent"})

    assert len(events(calls, "$disconnect")) == 1
    assert events(calls, "silent") == []


def test_disconnect_can_be_lost_for_all_or_for_one(parley: Parley, calls: Calls) -> None:
    one, other = connected(parley), connected(parley)
    parley.lose_disconnects = {one.connection_id}
    one.close()
    other.close()
    assert [e["requestContext"]["connectionId"] for e in events(calls, "$disconnect")] == [other.connection_id]

    parley.lose_disconnects = True
    connected(parley).close()
    assert len(events(calls, "$disconnect")) == 1

    parley.lose_disconnects = False
    connected(parley).close()
    assert len(events(calls, "$disconnect")) == 2


def test_every_invocation_can_be_delivered_twice(parley: Parley, calls: Calls) -> None:
    socket = connected(parley)
    calls.clear()
    parley.deliver_twice = True

    socket.send({"action": "echo_it"})

    assert len(events(calls, "echo_it")) == 2
    assert len(socket.frames) == 1


# --- what the template gets wrong ------------------------------------------------------------------------------------


def api_with(parley: Parley, logical_id: str, **properties: Any) -> WebSocketApi:
    resource = parley.template.resources[logical_id]
    changed = Properties(logical_id, {**resource.properties, **properties})
    kept = {name: value for name, value in changed.items() if value is not None}
    resources = {
        **parley.template.resources,
        logical_id: replace(resource, properties=Properties(logical_id, kept)),
    }
    return WebSocketApi.of(replace(parley.template, resources=resources), parley.functions.inline, parley.clock)


@pytest.mark.parametrize(
    ("logical_id", "properties", "sentence"),
    [
        ("EchoRoute", {"Target": "integrations/nothing"}, "EchoRoute: its Target is no integration"),
        ("EchoRoute", {"RouteKey": None}, "EchoRoute has no RouteKey"),
        ("ConnectRoute", {"AuthorizationType": "AWS_IAM"}, "ConnectRoute: the local stack knows no AWS_IAM"),
        ("ConnectRoute", {"AuthorizerId": "nobody"}, "ConnectRoute: its AuthorizerId is no authorizer"),
        ("Sockets", {"RouteSelectionExpression": "$request.header.x"}, "Sockets: the local stack cannot select"),
        ("SocketsStage", {"ApiId": "other"}, "Sockets has 0 stages"),
        ("ActionIntegration", {"IntegrationUri": "arn:aws:lambda:x"}, "nothing in the template has the ARN"),
    ],
)
def test_a_mistake_in_the_template_is_one_clear_line(
    parley: Parley, logical_id: str, properties: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(TemplateError) as error:
        api_with(parley, logical_id, **properties)

    assert sentence in str(error.value)


def test_a_function_that_the_api_may_not_invoke_answers_with_an_error_frame(parley: Parley, calls: Calls) -> None:
    parley.websocket = api_with(parley, "MayInvokeOnAction", SourceArn="arn:aws:execute-api:*:*:*/*/$connect")
    socket = connected(parley)

    socket.send({"action": "echo_it"})

    assert [frame["message"] for frame in socket.frames] == ["Internal server error"]
    assert events(calls, "echo_it") == []


def test_the_api_invokes_in_the_role_of_the_integration(parley: Parley, calls: Calls) -> None:
    # A role that API Gateway may not assume: Lambda's own. The permission of the function does not count any more.
    role = parley.template.resources["OnActionRole"]
    parley.websocket = api_with(parley, "ActionIntegration", CredentialsArn=role.arn)

    with pytest.raises(Refused) as refused:
        connected(parley)

    assert refused.value.status == 502
    assert events(calls, "$connect") == []


def test_routes_may_take_longer_than_others(parley: Parley) -> None:
    api = api_with(parley, "ActionIntegration", TimeoutInMillis=500)

    assert api.routes["echo_it"].timeout_s == 0.5
    assert parley.websocket.routes["echo_it"].timeout_s == 29
