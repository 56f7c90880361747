"""Calls in tests: signals of one call, and the events that the others get."""

from typing import Any

from tests.functional.talk import contents, frame_refusal
from tests.harness import Frame, Socket

CALL = "5c3b9e0e-0000-4000-8000-000000000001"
SDP = "v=0\r\no=- 4611 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"


def signal(device: Socket, conversation_id: str, what: str, call_id: str = CALL, **more: object) -> Frame:
    """Returns the reply to a signal."""
    data = {"conversation_id": conversation_id, "call_id": call_id, "signal": what, **more}
    return device.request("call_signal", data)


def state(reply: Frame) -> tuple[str, str | None]:
    """Returns state and reason of the call that an ack tells of."""
    assert reply["type"] == "ack", reply
    return reply["data"]["state"], reply["data"]["reason"]


def code(reply: Frame) -> tuple[str, int]:
    """Returns code and status of a refusal."""
    return frame_refusal(reply)[:2]


def heard(device: Socket) -> list[tuple[str, str | None]]:
    """Returns and forgets the signals that a device got: which, and their payload or reason."""
    return [(one["signal"], one["payload"] or one["reason"]) for one in signals(device)]


def signals(device: Socket) -> list[dict[str, Any]]:
    """Returns and forgets the whole signals that a device got, without the people whom they name."""
    return contents(device.events("call_signal"))


def ring(caller: Socket, conversation_id: str, call_id: str = CALL) -> None:
    """Lets a call begin."""
    reply = signal(caller, conversation_id, "offer", call_id, media="video", payload=SDP)
    assert state(reply) == ("ringing", None)


def call_and_answer(caller: Socket, callee: Socket, conversation_id: str, call_id: str = CALL) -> None:
    """Lets a call begin and be answered."""
    ring(caller, conversation_id, call_id)
    assert state(signal(callee, conversation_id, "answer", call_id, payload="yes")) == ("active", None)
    heard(caller), heard(callee)
