"""What holds for every action of the WebSocket API, whichever it is; the actions are read from the template."""

import pytest

from tests.functional.talk import refusal
from tests.harness import Frame, Parley, Socket

EVENTS = ("$connect", "$disconnect", "$default")


def actions(parley: Parley) -> list[str]:
    """Returns every action that a client can name."""
    routes = parley.template.of_type("AWS::ApiGatewayV2::Route")
    return sorted(route.properties["RouteKey"] for route in routes if route.properties["RouteKey"] not in EVENTS)


def one_reply(socket: Socket, frame: object) -> Frame:
    """Returns the one frame that comes back."""
    socket.send(frame)
    [reply] = socket.frames
    socket.frames.clear()
    return dict(reply)


@pytest.mark.parametrize(
    "wrong, fields",
    [
        ({"extra": 1}, [("/extra", "unknown_field")]),
        ({"data": []}, [("/data", "wrong_type")]),
        ({"data": "text"}, [("/data", "wrong_type")]),
        ({"data": None}, [("/data", "wrong_type")]),
        ({"data": {"nonsense": 1}}, [("/data/nonsense", "unknown_field")]),
    ],
    ids=["unknown field", "list", "text", "null", "unknown field of data"],
)
def test_frame_that_is_wrong_is_refused_under_its_request_id(
    parley: Parley, wrong: Frame, fields: list[tuple[str, str]]
) -> None:
    phone = parley.user("alice").connect()
    assert len(actions(parley)) >= 12

    for action in actions(parley):
        reply = one_reply(phone, {"action": action, "request_id": "r1"} | wrong)

        code, status, found = refusal(reply)
        assert (code, status, reply["request_id"]) == ("invalid_request", 400, "r1"), action
        assert set(fields) <= set(found), action
        assert reply["error"]["instance"] == f"/{action}"


@pytest.mark.parametrize(
    "request_id, code",
    [("", "too_short"), ("r" * 129, "too_long"), (7, "wrong_type"), (["r1"], "wrong_type")],
    ids=["empty", "long", "number", "list"],
)
def test_request_id_that_is_none_is_refused_without_one(parley: Parley, request_id: object, code: str) -> None:
    phone = parley.user("alice").connect()

    for action in actions(parley):
        reply = one_reply(phone, {"action": action, "request_id": request_id})

        assert refusal(reply) == ("invalid_request", 400, [("/request_id", code)]), action
        assert "request_id" not in reply


def test_every_action_answers_without_a_request_id_and_without_data(parley: Parley) -> None:
    phone = parley.user("alice").connect()

    for action in actions(parley):
        reply = one_reply(phone, {"action": action})

        assert reply["type"] in ("ack", "error") and "request_id" not in reply, action
        if reply["type"] == "error":
            code, status, fields = refusal(reply)
            assert (code, status, {wrong for _, wrong in fields}) == ("invalid_request", 400, {"required"}), action


def test_no_action_is_open_to_a_token_that_has_run_out(parley: Parley) -> None:
    phone = parley.user("alice", expires_in_s=60).connect()
    parley.advance(90)

    for action in actions(parley):
        reply = phone.request(action, {"whatever": True})

        assert refusal(reply)[:2] == ("token_expired", 401), action


@pytest.mark.parametrize("depth", [100, 3_000], ids=["deep", "deeper"])
def test_nesting_is_refused_and_never_a_fault(parley: Parley, depth: int) -> None:
    phone = parley.user("alice").connect()
    nested = '{"a":' * depth + "1" + "}" * depth

    for action in actions(parley):
        reply = one_reply(phone, f'{{"action": "{action}", "request_id": "r1", "data": {nested}}}')

        code, status, _ = refusal(reply)
        assert (code in ("too_deep", "invalid_request"), status) == (True, 400), (action, code)
