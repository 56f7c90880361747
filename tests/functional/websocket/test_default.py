"""$default: what is no JSON, or names no action, is answered with an error frame, and the socket stays open."""

import pytest

from tests.functional.talk import frame_refusal
from tests.harness import Frame, Parley, Socket


def one_reply(socket: Socket, message: object) -> Frame:
    socket.send(message)
    [reply] = socket.frames
    socket.frames.clear()
    return dict(reply)


@pytest.mark.parametrize(
    "message",
    ["", "hello", "{", '{"action": "ping"', "NaN", "[" * 30_000],
    ids=["empty", "word", "brace", "cut off", "not a number", "endless depth"],
)
def test_what_is_no_json_is_refused(parley: Parley, message: str) -> None:
    phone = parley.user("alice").connect()

    reply = one_reply(phone, message)

    code, status, _ = frame_refusal(reply)
    assert (code in ("missing_body", "malformed_json", "too_deep"), status) == (True, 400)
    assert "request_id" not in reply
    assert phone.request("ping")["type"] == "ack"


@pytest.mark.parametrize("message", ["[]", '"ping"', "7", "null"], ids=["list", "text", "number", "null"])
def test_json_that_is_no_object_is_refused(parley: Parley, message: str) -> None:
    reply = one_reply(parley.user("alice").connect(), message)

    assert frame_refusal(reply) == ("invalid_request", 400, [("", "wrong_type")])


@pytest.mark.parametrize(
    "action", ["sing", "$connect", "$disconnect", "$default", "SEND_MESSAGE", "", "🎵", "a" * 1000], ids=ascii
)
def test_unknown_action_is_refused_under_its_request_id(parley: Parley, action: str) -> None:
    reply = parley.user("alice").connect().request(action, {"anything": 1})

    assert frame_refusal(reply) == ("unknown_action", 400, [("/action", "not_allowed")])
    assert reply["error"]["instance"] == "/$default"
    assert len(reply["error"]["detail"]) < 200


@pytest.mark.parametrize(
    "frame, fields",
    [
        ({"request_id": "r1"}, [("/action", "required")]),
        ({"action": 7, "request_id": "r1"}, [("/action", "wrong_type")]),
        ({"action": None, "request_id": "r1"}, [("/action", "wrong_type")]),
        ({"action": ["ping"], "request_id": "r1"}, [("/action", "wrong_type")]),
        ({"action": "ping \ud83d", "request_id": "r1"}, [("/action", "bad_format")]),
    ],
    ids=["missing", "number", "null", "list", "half an emoji"],
)
def test_frame_without_a_usable_action_is_refused(parley: Parley, frame: Frame, fields: list[tuple[str, str]]) -> None:
    reply = one_reply(parley.user("alice").connect(), frame)

    assert frame_refusal(reply) == ("invalid_request", 400, fields)
    assert reply["request_id"] == "r1"


def test_expired_token_is_the_first_thing_that_is_said(parley: Parley) -> None:
    phone = parley.user("alice", expires_in_s=60).connect()
    parley.advance(90)

    assert frame_refusal(phone.request("sing"))[:2] == ("token_expired", 401)


def test_binary_message_closes_the_socket(parley: Parley) -> None:
    phone = parley.user("alice").connect()

    phone.send(b'{"action": "ping"}')

    assert phone.closed == 1003
