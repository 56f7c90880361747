"""The gateways on real ports: handshakes, close codes and HTTP as clients meet them, by other people's clients."""

import asyncio
import contextlib
import http.client
import json
import os
import socket as sockets
import stat
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from local.hosts import Hosts
from local.mails import Outbox
from local.provision import Store
from local.queues import sender
from local.rest import RestApi
from local.server import OnlyHosts, WebSocketApp, listen, rest_app, serving
from local.websocket import Limits, WebSocketApi
from tests.harness import Reply
from tests.harness.fixtures import System, active

ENGINES = ("moto",)
SECRET = "a secret of the tests that is long enough for HS256"


@dataclass
class Served:
    """Both gateways over the fixture template, on free ports, in a thread of their own."""

    api: WebSocketApi
    rest_port: int
    port: int

    def connect(self, ticket: str = "alice", **options: Any) -> AbstractContextManager[ClientConnection]:
        options = {"compression": None, "ping_interval": None, **options}
        opened: AbstractContextManager[ClientConnection] = connect(
            f"ws://127.0.0.1:{self.port}/v1?ticket={ticket}", **options
        )
        return opened

    def http(self, port: int, method: str, path: str, body: bytes = b"", **headers: str) -> Reply:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        with closing(connection):
            if path.startswith("/local/"):
                headers = {"Content_Type": "application/json", **headers}
            connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
            answer = connection.getresponse()
            text = answer.read().decode()
            return Reply(answer.status, text, {name.lower(): value for name, value in answer.getheaders()})


@contextmanager
def running(system: System, limits: Limits | None = None, outbox: Outbox | None = None) -> Iterator[Served]:
    with active(system):
        yield from _running(system, limits, outbox or Outbox(Path("no outbox")))


def _running(system: System, limits: Limits | None, outbox: Outbox) -> Iterator[Served]:
    functions = system.functions
    functions.deliver_twice = False

    def now_ms() -> int:
        return time.time_ns() // 1_000_000

    rest = RestApi.of(system.template, functions.pooled, now_ms)
    api = WebSocketApi.of(system.template, functions.pooled, now_ms, limits)
    rest_socket, socket = listen(0), listen(0)
    loop = asyncio.new_event_loop()
    ready, stop = threading.Event(), asyncio.Event()

    async def serve() -> None:
        app = WebSocketApp(api)
        hosts = Hosts()
        apps = [
            (rest_app(rest, api, functions, SECRET, hosts, sender(system.template, Store()), outbox), rest_socket),
            (OnlyHosts(app, hosts), socket),
        ]
        async with serving(apps):
            clocks = asyncio.create_task(app.close_stale())
            ready.set()
            await stop.wait()
            clocks.cancel()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    try:
        assert ready.wait(10)
        port = socket.getsockname()[1]
        os.environ["CONNECTIONS_ENDPOINT"] = f"http://127.0.0.1:{port}/v1"
        yield Served(api, rest_socket.getsockname()[1], port)
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)
        loop.close()
        rest_socket.close()
        socket.close()


@pytest.fixture(scope="module")
def served(system: System) -> Iterator[Served]:
    with running(system) as served:
        yield served


@pytest.fixture
def calls(served: Served) -> list[tuple[str, dict[str, Any]]]:
    import parley_fixture  # on the path only once `system` has put the fixture's code there

    parley_fixture.calls.clear()
    return parley_fixture.calls


def closed_with(connection: ClientConnection) -> tuple[int | None, str]:
    with pytest.raises(ConnectionClosed) as closed:
        while True:
            connection.recv(timeout=5)
    assert closed.value.rcvd is not None
    return closed.value.rcvd.code, closed.value.rcvd.reason


def eventually(calls: list[tuple[str, dict[str, Any]]], name: str, who: str) -> dict[str, Any]:
    """Returns the event of a route for one person's connection; those of earlier tests may still come in."""
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        for called, event in calls:
            if called == name and event["requestContext"]["authorizer"]["user_id"] == who:
                return event
        time.sleep(0.01)
    raise AssertionError(f"{name} was never called for {who}: {[called for called, _ in calls]}")


# --- WebSocket -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ticket", "status"), [("unauthorized", 401), ("deny", 403), ("broken", 500), ("refused", 418)]
)
def test_a_refused_handshake_has_its_status(
    served: Served, ticket: str, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(InvalidStatus) as refused, served.connect(ticket):
        pass

    assert refused.value.response.status_code == status
    assert [record for record in caplog.records if record.name == "uvicorn.error"] == []


def test_messages_and_answers_travel(served: Served) -> None:
    with served.connect() as client:
        client.send(json.dumps({"action": "echo_it", "x": "ü 🎉"}))

        assert json.loads(client.recv(timeout=5)) == {"you_said": {"action": "echo_it", "x": "ü 🎉"}, "as": "alice"}


def test_the_subprotocol_is_echoed(served: Served) -> None:
    with served.connect(subprotocols=["bearer", "token"]) as client:
        assert client.subprotocol == "bearer"


def test_two_clients_reach_each_other_through_connections(served: Served, calls: Any) -> None:
    with served.connect("alice") as alice, served.connect("bob") as bob:
        to = eventually(calls, "$connect", "bob")["requestContext"]["connectionId"]
        alice.send(json.dumps({"action": "echo_it", "do": "post", "to": to, "text": "hello bob"}))

        assert bob.recv(timeout=5) == "hello bob"
        assert json.loads(alice.recv(timeout=5)) == {"posted": "ok"}


def test_a_message_larger_than_128_kb_closes_with_1009(served: Served, calls: Any) -> None:
    with served.connect("long") as client:
        with contextlib.suppress(ConnectionClosed):  # the close may come before the last frame has left
            client.send(["x" * 32 * 1024] * 4 + ["x"])

        assert closed_with(client)[0] == 1009
    assert eventually(calls, "$disconnect", "long")["requestContext"]["disconnectStatusCode"] == 1009


def test_a_frame_larger_than_32_kb_closes_with_1009(served: Served, calls: Any) -> None:
    with served.connect("wide") as client:
        client.send("x" * (32 * 1024 + 1))

        assert closed_with(client) == (1009, "Message too long")
    assert eventually(calls, "$disconnect", "wide")["requestContext"]["disconnectStatusCode"] == 1009


def test_a_long_message_in_short_frames_is_welcome(served: Served) -> None:
    with served.connect() as client:
        client.send(['{"action": "echo_it", "pad": "', *["x" * 32_000] * 3, '"}'])

        assert len(json.loads(client.recv(timeout=5))["you_said"]["pad"]) == 96_000


def test_binary_closes_with_1003(served: Served) -> None:
    with served.connect() as client:
        client.send(b"\x00")

        assert closed_with(client)[0] == 1003


def test_the_clients_code_and_reason_reach_disconnect(served: Served, calls: Any) -> None:
    with served.connect("polite") as client:
        client.close(4001, "so long")

    context = eventually(calls, "$disconnect", "polite")["requestContext"]
    assert (context["disconnectStatusCode"], context["disconnectReason"]) == (4001, "so long")


def test_a_client_that_vanishes_is_noticed(served: Served, calls: Any) -> None:
    with served.connect("gone") as client:
        client.socket.shutdown(sockets.SHUT_RDWR)

    assert eventually(calls, "$disconnect", "gone")["requestContext"]["disconnectStatusCode"] in (1005, 1006)


def test_messages_of_one_connection_run_side_by_side(served: Served) -> None:
    with served.connect() as client:
        client.send(json.dumps({"action": "echo_it", "do": "sleep", "seconds": 0.5, "n": 1}))
        client.send(json.dumps({"action": "echo_it", "n": 2}))

        assert [json.loads(client.recv(timeout=5))["you_said"]["n"] for _ in range(2)] == [2, 1]


def test_a_function_over_its_time_is_an_error_frame(served: Served) -> None:
    with served.connect() as client:
        client.send(json.dumps({"action": "echo_it", "do": "sleep", "seconds": 1.5}))

        assert json.loads(client.recv(timeout=5))["message"] == "Internal server error"


def test_idle_connections_close_with_1001(system: System) -> None:
    with running(system, Limits(idle_ms=300)) as served, served.connect() as client:
        assert closed_with(client) == (1001, "Going away")


def test_old_connections_close_with_1001(system: System) -> None:
    with running(system, Limits(lifetime_ms=500)) as served, served.connect() as client:
        assert closed_with(client) == (1001, "Going away")


# --- @connections over HTTP ------------------------------------------------------------------------------------------


def test_delete_over_http_closes_with_1000(served: Served, calls: Any) -> None:
    with served.connect("deleted") as client:
        connection_id = eventually(calls, "$connect", "deleted")["requestContext"]["connectionId"]
        path = f"/v1/@connections/{connection_id.replace('=', '%3D')}"

        assert served.http(served.port, "GET", path, Authorization="x").status == 200
        assert served.http(served.port, "POST", path, b"hi", Authorization="x").status == 200
        assert client.recv(timeout=5) == "hi"
        assert served.http(served.port, "DELETE", path, Authorization="x").status == 204
        assert closed_with(client)[0] == 1000
        answer = served.http(served.port, "POST", path, b"hi", Authorization="x")
        assert (answer.status, answer.headers["x-amzn-errortype"]) == (410, "GoneException")


def test_a_reader_that_stops_reading_gets_429_and_later_everything(served: Served, calls: Any) -> None:
    with served.connect("slow", max_queue=1) as client:
        connection_id = eventually(calls, "$connect", "slow")["requestContext"]["connectionId"]
        path = f"/v1/@connections/{connection_id}"
        sent = 0
        while served.http(served.port, "POST", path, b"x" * 100_000, Authorization="x").status == 200:
            sent += 1
            assert sent < 500
        assert sent > 0

        for _ in range(sent):
            assert len(client.recv(timeout=5)) == 100_000
        assert served.http(served.port, "POST", path, b"again", Authorization="x").status == 200
        assert client.recv(timeout=5) == "again"


# --- REST ------------------------------------------------------------------------------------------------------------


def test_rest_over_http(served: Served) -> None:
    path = "/v1/things/a%2Fb?x=1&x=2"
    answer = served.http(served.rest_port, "GET", path, Authorization="Bearer ok", X_Custom="1")

    event = answer.json
    assert answer.status == 200
    assert event["pathParameters"] == {"thing_id": "a%2Fb"}
    assert event["multiValueQueryStringParameters"] == {"x": ["1", "2"]}
    assert event["headers"]["Authorization"] == "Bearer ok"
    assert answer.headers["x-amzn-requestid"] == event["requestContext"]["requestId"]


def ask_and_end(served: Served, *parts: bytes) -> bytes:
    """Returns all that a client reads after it has sent these bytes and closed its own side."""
    with sockets.create_connection(("127.0.0.1", served.rest_port), timeout=10) as client:
        client.sendall(b"".join(parts))
        client.shutdown(sockets.SHUT_WR)
        read = b""
        while chunk := client.recv(65536):
            read += chunk
        return read


GET = b"GET /v1/echo?do=sleep HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ok\r\n\r\n"
POST = b"POST /v1/echo?do=sleep HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ok\r\nContent-Length: 20\r\n\r\n"


@pytest.mark.parametrize(
    ("parts", "answers"),
    [((GET,), 1), ((POST, b'{"text": "hello..."}'), 1), ((GET, GET, GET), 3), ((GET, POST, b"{"), 1)],
    ids=["without a body", "with a body", "three requests", "one whole, one cut off"],
)
def test_a_client_that_closes_its_side_after_a_whole_request_gets_the_answer(
    served: Served, parts: tuple[bytes, ...], answers: int
) -> None:
    assert ask_and_end(served, *parts).count(b"HTTP/1.1 ") == answers


@pytest.mark.parametrize("path", ["/v1/echo", "/local/token"])
def test_a_client_that_leaves_within_a_body_is_no_fault(
    served: Served, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    head = POST.replace(b"/v1/echo?do=sleep", path.encode()).replace(
        b"\r\n\r\n", b"\r\nContent-Type: application/json\r\n\r\n"
    )

    assert ask_and_end(served, head, b'{"text"') == b""

    assert served.http(served.rest_port, "GET", "/v1/echo", Authorization="Bearer ok").status == 200  # after it
    assert [record.getMessage() for record in caplog.records if record.levelname == "ERROR"] == []


def test_a_function_over_its_time_is_502_over_rest(served: Served) -> None:
    answer = served.http(served.rest_port, "GET", "/v1/echo?do=sleep", Authorization="Bearer ok")

    assert (answer.status, answer.json) == (502, {"message": "Internal server error"})


def test_an_integration_over_its_time_is_504(system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("local.rest.INTEGRATION_TIMEOUT_MS", 200)
    with running(system) as served:
        answer = served.http(served.rest_port, "GET", "/v1/echo?do=sleep", Authorization="Bearer ok")

    assert (answer.status, answer.json) == (504, {"message": "Endpoint request timed out"})


def test_too_large_a_body_is_413_over_http(served: Served) -> None:
    body = b"x" * (10 * 1024 * 1024 + 1)
    answer = served.http(served.rest_port, "POST", "/v1/echo", body, Authorization="Bearer ok")

    assert answer.status == 413


# --- who may ask at all ----------------------------------------------------------------------------------------------


def begun(calls: list[tuple[str, dict[str, Any]]]) -> list[str]:
    """Returns which handlers were called; the disconnections of earlier tests may still come in."""
    return [name for name, _ in calls if name != "$disconnect"]


FOREIGN = ["evil.example", "evil.example:3000", "localhost.evil.example", "127.0.0.1.nip.io", "127.0.0.2", "[::2]", ""]


@pytest.mark.parametrize("host", FOREIGN)
def test_a_foreign_host_gets_nothing_over_rest(served: Served, calls: Any, host: str) -> None:
    wish = json.dumps({"user_id": "mallory", "role": "service"}).encode()

    for path in ("/local/token", "/v1/echo"):
        answer = served.http(served.rest_port, "POST", path, wish, Host=host, Authorization="Bearer ok")
        assert (answer.status, set(answer.json)) == (403, {"message"})
    assert begun(calls) == []


@pytest.mark.parametrize("path", ["a%0Ab", "%0A", "a%0D%0Ab", "a%2Fb", "%252e", "%00", "%C3%A4"])
def test_a_path_reaches_the_function_as_it_was_sent(served: Served, path: str) -> None:
    answer = served.http(served.rest_port, "GET", f"/v1/things/{path}", Authorization="ok")

    assert answer.status == 200, answer.text
    assert (answer.json["pathParameters"], answer.json["path"]) == ({"thing_id": path}, f"/things/{path}")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"X": "a" * 9_000}, "101"),
        ({f"X-{number}": "a" for number in range(200)}, "101"),
        ({"X": "a" * 10_500}, "413"),
        ({"X": "a" * 70_000}, "413"),
    ],
    ids=["9,000 bytes", "200 headers", "10,500 bytes", "70,000 bytes"],
)
def test_a_handshake_with_large_headers_is_answered(served: Served, headers: dict[str, str], status: str) -> None:
    lines = ["GET /v1?ticket=alice HTTP/1.1", f"Host: 127.0.0.1:{served.port}", "Upgrade: websocket"]
    lines += ["Connection: Upgrade", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="]
    lines += [f"{name}: {value}" for name, value in headers.items()]

    with sockets.create_connection(("127.0.0.1", served.port), timeout=5) as client:
        client.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        answer = client.recv(1_000).decode()

    assert answer.split()[1] == status, answer


def test_headers_of_more_than_10240_bytes_are_413(served: Served) -> None:
    assert served.http(served.rest_port, "GET", "/v1/echo", Authorization="ok", X_Long="x" * 11_000).status == 413


@pytest.mark.parametrize("host", FOREIGN)
def test_a_foreign_host_gets_nothing_over_the_websocket_port(served: Served, calls: Any, host: str) -> None:
    handshake = {"Connection": "Upgrade", "Sec_WebSocket_Version": "13", "Sec_WebSocket_Key": "A" * 22 + "=="}
    headers = {"Host": host, "Upgrade": "websocket", **handshake}

    assert served.http(served.port, "GET", "/v1?ticket=alice", b"", **headers).status == 403
    assert served.http(served.port, "GET", "/v1/@connections/x=", Host=host, Authorization="x").status == 403
    assert begun(calls) == []


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:80", "127.0.0.1:1", "[::1]:3000", "localhost.", "[::1]"])
def test_this_machines_names_are_welcome(served: Served, host: str) -> None:
    assert served.http(served.rest_port, "POST", "/v1/echo", Host=host, Authorization="Bearer ok").status == 200
    assert served.http(served.port, "GET", "/v1/@connections/x=", Host=host, Authorization="x").status != 403


def test_a_request_without_a_host_gets_nothing(served: Served) -> None:
    with closing(sockets.create_connection(("127.0.0.1", served.rest_port), 10)) as connection:
        connection.sendall(b"GET /v1/echo HTTP/1.0\r\n\r\n")

        assert connection.recv(100).startswith(b"HTTP/1.1 403")


def test_a_page_of_another_origin_may_connect_a_socket(served: Served) -> None:
    # As on AWS: what counts is the ticket or token that it has, and no cookie goes along.
    with served.connect(origin="https://app.example") as client:
        client.send(json.dumps({"action": "echo_it"}))
        assert json.loads(client.recv(timeout=5))["as"] == "alice"


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "http://localhost.evil.example", "null", "file://", "http://localhost@evil.example", "x"],
)
def test_a_page_of_another_site_gets_no_token(served: Served, calls: Any, origin: str) -> None:
    answer = served.http(served.rest_port, "POST", "/local/token", b'{"user_id": "mallory"}', Origin=origin)
    asked = served.http(served.rest_port, "OPTIONS", "/local/token", Origin=origin)

    assert (answer.status, asked.status) == (403, 403)
    assert "access-control-allow-origin" not in {*answer.headers, *asked.headers}
    assert begun(calls) == []


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/local/token"), ("PUT", "/local/faults"), ("POST", "/local/queues/Jobs")]
)
def test_what_a_page_can_send_without_asking_is_refused(
    served: Served, calls: Any, method: str, path: str, content_type: str
) -> None:
    body = b'{"user_id": "alice", "name": "Mallory was here"}'
    answer = served.http(served.rest_port, method, path, body, Content_Type=content_type)

    assert (answer.status, answer.json["code"]) == (415, "unsupported_media_type")
    assert begun(calls) == []


@pytest.mark.parametrize("origin", ["http://localhost:5173", "https://127.0.0.1", "http://[::1]:8080"])
def test_a_front_end_on_another_port_of_this_machine_gets_a_token(served: Served, origin: str) -> None:
    preflight = {"Access_Control_Request_Method": "POST", "Access_Control_Request_Headers": "content-type"}
    asked = served.http(served.rest_port, "OPTIONS", "/local/token", b"", Origin=origin, **preflight)
    answer = served.http(
        served.rest_port,
        "POST",
        "/local/token",
        b'{"user_id": "alice"}',
        Origin=origin,
        Content_Type="application/json; charset=utf-8",
    )

    assert asked.status == 204
    assert "POST" in asked.headers["access-control-allow-methods"]
    assert asked.headers["access-control-allow-headers"].lower() == "content-type"
    assert {asked.headers["access-control-allow-origin"], answer.headers["access-control-allow-origin"]} == {origin}
    assert (answer.status, answer.headers["vary"]) == (200, "Origin")


def test_more_names_can_be_allowed() -> None:
    hosts = Hosts("Laptop.test, tunnel.example")

    assert all(hosts.allow([(b"Host", host)]) for host in (b"laptop.test:3000", b"tunnel.example", b"localhost"))
    assert not hosts.allow([(b"host", b"other.test")])
    assert not hosts.allow([(b"host", b"localhost"), (b"host", b"other.test")])
    assert hosts.allow_origin("https://tunnel.example") and not hosts.allow_origin("https://other.test")


# --- what AWS does not have ------------------------------------------------------------------------------------------


def test_a_token_can_be_had_and_its_bearer_signs_in(served: Served, calls: Any) -> None:
    import jwt

    body = {"user_id": "alice", "role": "teacher", "contexts": {"class": ["7b"]}, "expires_in_s": 60}
    answer = served.http(served.rest_port, "POST", "/local/token", json.dumps(body).encode())

    claims = jwt.decode(answer.json["token"], SECRET, algorithms=["HS256"], audience="parley")
    assert (claims["sub"], claims["role"], claims["contexts"]) == ("alice", "teacher", {"class": ["7b"]})
    assert claims["exp"] - claims["iat"] == 60
    assert [name for name, _ in calls if name == "gate"] == ["gate"]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        (b'{"user_id": "a/b"}', "/user_id"),
        (b'{"user_id": ".."}', "/user_id"),
        (b'{"user_id": "erased-aaaa"}', "/user_id"),
        (b'{"user_id": "~parley.erased-aaaa"}', "/user_id"),
        (b"{}", "/user_id"),
        (b'{"user_id": "a", "colour": "red"}', "/colour"),
        (b'{"user_id": "a", "role": "a b"}', "/role"),
        (b'{"user_id": "a", "contexts": {"class": ["/"]}}', "/contexts/class"),
        (b'{"user_id": "a", "expires_in_s": 0}', "/expires_in_s"),
    ],
)
def test_a_wrong_wish_for_a_token_names_the_field(served: Served, body: bytes, pointer: str) -> None:
    answer = served.http(served.rest_port, "POST", "/local/token", body)

    problem = answer.json
    assert (answer.status, answer.headers["content-type"]) == (400, "application/problem+json")
    assert problem["code"] == "invalid_request"
    assert problem["errors"][0]["pointer"] == pointer


def test_what_is_no_json_gets_no_token(served: Served) -> None:
    assert served.http(served.rest_port, "POST", "/local/token", b"{").status == 400


@pytest.mark.parametrize(
    "wish",
    [b"x", b"", b"[]", b'{"lose_disconnects": 7}', b'{"deliver_twice": "yes"}', b'{"lose_connects": true}'],
    ids=["no JSON", "nothing", "list", "number", "text", "unknown"],
)
def test_faults_that_make_no_sense_are_refused(served: Served, wish: bytes) -> None:
    answer = served.http(served.rest_port, "PUT", "/local/faults", wish)

    assert (answer.status, answer.json["status"]) == (400, 400)


def test_faults_can_be_asked_for(served: Served, calls: Any) -> None:
    wish = json.dumps({"lose_disconnects": True, "deliver_twice": True}).encode()
    assert served.http(served.rest_port, "PUT", "/local/faults", wish).status == 200

    with served.connect("twice") as client:
        client.send(json.dumps({"action": "echo_it"}))
        client.recv(timeout=5)
    time.sleep(0.3)
    assert served.http(served.rest_port, "PUT", "/local/faults", b"{}").status == 200

    mine = [name for name, event in calls if "twice" in json.dumps(event)]
    assert mine == ["on_gate", "on_gate", "$connect", "$connect", "echo_it", "echo_it"]


def received(system: System) -> list[str]:
    """Returns the messages that wait in the queue of jobs, and takes them out."""
    url = system.template.resources["Jobs"].ref
    found = Store().client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=0)
    for message in (messages := found.get("Messages", [])):
        Store().client("sqs").delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return [message["Body"] for message in messages]


def test_a_message_can_be_sent_to_a_queue(served: Served, system: System) -> None:
    received(system)
    answer = served.http(served.rest_port, "POST", "/local/queues/Jobs", b'{"verdict": "clean"}')

    assert (answer.status, [json.loads(body) for body in received(system)]) == (202, [{"verdict": "clean"}])


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/local/queues/Nowhere", b"{}", 404),
        ("/local/queues/Uploads", b"{}", 404),  # a bucket
        ("/local/queues/Jobs", b"", 400),
        ("/local/queues/Jobs", b"[]", 400),
    ],
    ids=["unknown", "no queue", "nothing", "a list"],
)
def test_a_message_that_no_queue_takes_is_refused(
    served: Served, system: System, path: str, body: bytes, status: int
) -> None:
    received(system)
    answer = served.http(served.rest_port, "POST", path, body)

    assert (answer.status, answer.json["status"]) == (status, status)
    assert received(system) == []


@pytest.mark.parametrize("gateway", ["rest_port", "port"], ids=["rest", "websocket"])
def test_accepted_sockets_send_at_once_instead_of_waiting_for_acknowledgements(served: Served, gateway: str) -> None:
    with closing(http.client.HTTPConnection("127.0.0.1", getattr(served, gateway), timeout=10)) as client:
        client.request("GET", "/v1/none")
        client.getresponse().read()

        accepted = _other_end(client.sock)

    with accepted:
        assert accepted.getsockopt(sockets.IPPROTO_TCP, sockets.TCP_NODELAY)


def _other_end(client: sockets.socket) -> sockets.socket:
    """Returns the server's end of a connection; it is one of this process's own files."""
    for number in (int(name) for name in os.listdir("/dev/fd")):
        with contextlib.suppress(OSError):  # the file is closed by now, or the socket is not connected
            if stat.S_ISSOCK(os.fstat(number).st_mode):
                with sockets.socket(fileno=os.dup(number)) as found:
                    if found.getpeername() == client.getsockname():
                        return found.dup()
    raise AssertionError("the connection is not served by this process")


@pytest.mark.parametrize("name", ["openapi.json", "asyncapi.json"])
def test_both_documents_are_served_to_this_machine(served: Served, name: str) -> None:
    answer = served.http(served.rest_port, "GET", f"/local/{name}", Origin="http://localhost:5173")
    refused = served.http(served.rest_port, "GET", f"/local/{name}", Origin="https://evil.example")

    assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
    assert answer.json == json.loads((Path(__file__).parents[2] / "docs" / name).read_text(encoding="utf-8"))
    assert answer.headers["access-control-allow-origin"] == "http://localhost:5173"
    assert refused.status == 403
