"""`@connections`: what a function gets that posts, asks or closes, by botocore's own client."""

from typing import Any

import botocore.session
import pytest
from botocore.exceptions import ClientError

from local import management
from tests.harness import Parley, Socket

ENGINES = ("moto",)  # the rules of the gateway do not depend on the store


@pytest.fixture
def client(parley: Parley) -> Any:
    return botocore.session.get_session().create_client(
        "apigatewaymanagementapi", endpoint_url="https://anything.example/v1"
    )


def connected(parley: Parley) -> Socket:
    return parley.bearer("").open(query="?ticket=alice", headers=[("User-Agent", "tests")])


def code_of(error: pytest.ExceptionInfo[ClientError]) -> tuple[str, int]:
    response = error.value.response
    return response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]


def test_a_post_reaches_the_client(parley: Parley, client: Any) -> None:
    socket = connected(parley)

    client.post_to_connection(ConnectionId=socket.connection_id, Data='{"x": "ü"}'.encode())

    assert socket.frames == [{"x": "ü"}]


def test_a_connection_that_is_gone_answers_410(parley: Parley, client: Any) -> None:
    socket = connected(parley)
    socket.close()

    for call in (client.get_connection, client.delete_connection):
        with pytest.raises(client.exceptions.GoneException):
            call(ConnectionId=socket.connection_id)
    with pytest.raises(client.exceptions.GoneException):
        client.post_to_connection(ConnectionId=socket.connection_id, Data=b"1")


def test_a_connection_that_never_was_answers_410(parley: Parley, client: Any) -> None:
    with pytest.raises(client.exceptions.GoneException):
        client.post_to_connection(ConnectionId="L0SM9cOFvHcCIhw=", Data=b"1")


@pytest.mark.parametrize("connection_id", ["x", "not/an/id", "ümlaut=", "L0SM9cOFvHcCIhw==="])
def test_a_malformed_id_answers_400(client: Any, connection_id: str) -> None:
    with pytest.raises(ClientError) as error:
        client.post_to_connection(ConnectionId=connection_id, Data=b"1")

    assert code_of(error) == ("BadRequestException", 400)


def test_more_than_128_kb_answers_413(parley: Parley, client: Any) -> None:
    socket = connected(parley)

    client.post_to_connection(ConnectionId=socket.connection_id, Data=b'"' + b"1" * (128 * 1024 - 2) + b'"')
    with pytest.raises(client.exceptions.PayloadTooLargeException):
        client.post_to_connection(ConnectionId=socket.connection_id, Data=b"1" * (128 * 1024 + 1))

    assert len(socket.frames) == 1


def test_a_client_that_does_not_read_answers_429(parley: Parley, client: Any) -> None:
    socket = connected(parley)
    socket.is_full = True

    with pytest.raises(client.exceptions.LimitExceededException) as error:
        client.post_to_connection(ConnectionId=socket.connection_id, Data=b"1")

    assert code_of(error)[1] == 429
    assert socket.closed is None


def test_delete_closes_with_1000_and_disconnect_follows(parley: Parley, client: Any, calls: Any) -> None:
    socket = connected(parley)

    client.delete_connection(ConnectionId=socket.connection_id)
    assert socket.closed == 1000
    parley.advance(0)

    assert [name for name, _ in calls][-1] == "$disconnect"
    assert calls[-1][1]["requestContext"]["disconnectStatusCode"] == 1000


def test_get_tells_of_the_connection(parley: Parley, client: Any) -> None:
    socket = connected(parley)
    parley.advance(10)
    socket.send({"action": "silent"})
    parley.advance(10)

    told = client.get_connection(ConnectionId=socket.connection_id)

    assert told["Identity"] == {"SourceIp": "127.0.0.1", "UserAgent": "tests"}
    assert (told["LastActiveAt"] - told["ConnectedAt"]).total_seconds() == 10


@pytest.mark.parametrize(
    ("method", "path", "headers"),
    [
        ("POST", "/v1/@connections/L0SM9cOFvHcCIhw%3D", {}),
        ("POST", "/v2/@connections/L0SM9cOFvHcCIhw%3D", {"authorization": "x"}),
        ("PUT", "/v1/@connections/L0SM9cOFvHcCIhw%3D", {"authorization": "x"}),
        ("GET", "/v1", {"authorization": "x"}),
    ],
    ids=["unsigned", "another stage", "another method", "no connection"],
)
def test_what_is_no_request_of_the_api_answers_403(
    parley: Parley, method: str, path: str, headers: dict[str, str]
) -> None:
    assert management.answer(parley.websocket, method, path, headers, b"").status == 403
