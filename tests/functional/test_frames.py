"""Rules that hold for every action of the WebSocket API; the actions are read from the template."""

import json

import pytest

from tests.functional.talk import frame_refusal
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

        code, status, found = frame_refusal(reply)
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

        assert frame_refusal(reply) == ("invalid_request", 400, [("/request_id", code)]), action
        assert "request_id" not in reply


def test_every_action_answers_without_a_request_id_and_without_data(parley: Parley) -> None:
    phone = parley.user("alice").connect()

    for action in actions(parley):
        if action == "ping":  # what goes well is answered only if it asks; of typing, only the data are missing here
            continue
        reply = one_reply(phone, {"action": action})

        assert reply["type"] in ("ack", "error") and "request_id" not in reply, action
        if reply["type"] == "error":
            code, status, fields = frame_refusal(reply)
            assert (code, status, {wrong for _, wrong in fields}) == ("invalid_request", 400, {"required"}), action


def test_no_action_is_open_to_a_token_that_has_run_out(parley: Parley) -> None:
    phone = parley.user("alice", expires_in_s=60).connect()
    parley.advance(90)

    for action in actions(parley):
        reply = phone.request(action, {"whatever": True})

        assert frame_refusal(reply)[:2] == ("token_expired", 401), action


@pytest.mark.parametrize("depth", [100, 3_000, 10_000], ids=["deep", "deeper", "deepest"])
def test_nesting_is_refused_under_its_request_id_and_never_a_fault(parley: Parley, depth: int) -> None:
    phone = parley.user("alice").connect()
    nested = '{"a":' * depth + "1" + "}" * depth

    for action in actions(parley):
        for frame in (
            f'{{"action": "{action}", "request_id": "r1", "data": {nested}}}',
            f'{{"data": {nested}, "action": "{action}", "request_id": "r1"}}',
        ):
            reply = one_reply(phone, frame)

            code, status, _ = frame_refusal(reply)
            assert (code in ("too_deep", "invalid_request"), status) == (True, 400), (action, code)
            assert reply["request_id"] == "r1", action


@pytest.mark.parametrize(
    "frame",
    [
        '{"action": "ping", "request_id": "r1", "data": {"a": NaN}}',
        '{"action": "ping", "request_id": "r1", "data": {"a": "',
        '{"action": "ping", "request_id": "r1", "data": {"a": tru}}',
        '{"request_id": "r0", "action": "ping", "data": {"request_id": "no"}, "request\\u005fid": "r1",}',
        '{"request_id": "r1"]',
    ],
    ids=["not a number", "cut off", "no word", "comma, written with an escape", "bracket"],
)
def test_damaged_frame_is_refused_under_its_request_id(parley: Parley, frame: str) -> None:
    reply = one_reply(parley.user("alice").connect(), frame)

    assert frame_refusal(reply) == ("malformed_json", 400, [])
    assert reply["request_id"] == "r1"


@pytest.mark.parametrize(
    "frame",
    [
        '{"action": "ping", "data": {"request_id": "r1"',
        '{"action": "ping", "request_id": "r1\\ud83d", "data": {}}',
        '{"action": "ping", "request_id": "r1", "request_id": 7, "data": {"a": ',
        '{"action": "ping", "request_id": "r1',
        f'{{"action": "ping", "request_id": "{"r" * 129}", "data": ',
        '{"a": "request_id", "r1": "r1"',
    ],
    ids=["of the data", "half an emoji", "number", "cut off", "long", "value"],
)
def test_damaged_frame_without_a_request_id_of_its_own_is_refused_without_one(parley: Parley, frame: str) -> None:
    reply = one_reply(parley.user("alice").connect(), frame)

    assert frame_refusal(reply)[:2] in (("malformed_json", 400), ("invalid_request", 400))
    assert "request_id" not in reply


@pytest.mark.parametrize("name", ["👋" * 100, "~" * 100], ids=["emoji", "tildes"])
def test_refusal_of_many_faults_deep_inside_fits_a_frame(parley: Parley, name: str) -> None:
    faults = "[" + ",".join(['"\\ud83d"'] * 20) + "]"
    inside = f'{{"{name}":' * 55 + faults + "}" * 55
    frame = f'{{"action": "ping", "request_id": "r1", "data": {inside}}}'
    assert len(frame.encode()) <= 32 * 1024

    reply = one_reply(parley.user("alice").connect(), frame)

    assert (reply["request_id"], reply["error"]["code"]) == ("r1", "invalid_request")
    assert len(reply["error"]["errors"]) == 20
    assert len(json.dumps(reply, ensure_ascii=False).encode()) < 128 * 1024
