"""A store that is too busy, or does not answer: 503 and a time to come back, over both transports, never a bare 500."""

import pytest
from botocore.exceptions import EndpointConnectionError, ReadTimeoutError

from tests.functional.talk import frame_refusal, open_direct
from tests.harness import Call, Parley
from tests.harness.calls import aws_refusal


class Failing:
    """Lets one operation of DynamoDB fail, every time."""

    def __init__(self, operation: str, failure: str) -> None:
        self._operation = operation
        self._failure = failure

    def before(self, call: Call) -> None:
        if call.operation != self._operation:
            return
        match self._failure:
            case "throttled":
                raise aws_refusal(call, "ThrottlingException", "Rate exceeded")
            case "silent":
                raise ReadTimeoutError(endpoint_url="https://dynamodb")
        raise EndpointConnectionError(endpoint_url="https://dynamodb")

    def after(self, call: Call) -> None: ...


@pytest.mark.parametrize("failure", ["throttled", "silent", "unreachable"])
@pytest.mark.parametrize("operation", ["BatchGetItem", "TransactWriteItems"])
def test_a_send_is_refused_for_the_moment_and_a_retry_gets_through(
    parley: Parley, operation: str, failure: str
) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    path, body = f"/conversations/{conversation_id}/messages", {"text": "hello", "client_id": "c1"}
    phone = alice.connect()
    failing = Failing(operation, failure)

    parley.hooks.append(failing)
    reply = alice.post(path, json=body)
    frame = phone.request("send_message", {"conversation_id": conversation_id, **body})
    parley.hooks.remove(failing)

    assert (reply.status, reply.json["code"], reply.headers["retry-after"]) == (503, "store_busy", "1")
    assert frame_refusal(frame) == ("store_busy", 503, [])
    assert alice.post(path, json=body).status in (200, 201)
    assert [message["text"] for message in bob.get(path).json["messages"]] == ["hello"]


@pytest.mark.parametrize("failure", ["throttled", "silent"])
def test_a_marker_too(parley: Parley, failure: str) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    alice.post(f"/conversations/{conversation_id}/messages", json={"text": "hello"})
    failing = Failing("TransactWriteItems", failure)

    parley.hooks.append(failing)
    reply = bob.patch(f"/conversations/{conversation_id}/read-all")
    parley.hooks.remove(failing)

    assert (reply.status, reply.json["code"]) == (503, "store_busy")
    assert bob.patch(f"/conversations/{conversation_id}/read-all").json["unread"] == 0
