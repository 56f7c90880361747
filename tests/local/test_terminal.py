"""The line that `make run` prints for each request."""

import logging
import os
from collections.abc import Iterator
from typing import Any, TextIO

import pytest

from local.rest import Request
from local.terminal import MAX_WAITING_LINES, Answered, RefusalCodes, Terminal, problem_of
from tests.harness import Parley, Refused

ENGINES = ("moto",)
DONE = Answered("GET", "/conversations/{conversation_id}", 200, 4.4, "alice", None, "r-1")


@pytest.fixture
def seen(parley: Parley) -> list[Answered]:
    """Every request that the two gateways have answered in this test."""
    answered: list[Answered] = []
    parley.rest.observe = parley.websocket.observe = answered.append
    return answered


def told(seen: list[Answered]) -> list[tuple[Any, ...]]:
    return [(one.method, one.route, one.status, one.user, one.code) for one in seen]


def test_a_line_has_method_route_status_time_user_and_code() -> None:
    refused = Answered("POST", "/messages", 400, 12.6, None, "invalid_request", "r-2")

    assert DONE.line().split() == ["GET", "/conversations/{conversation_id}", "200", "4", "ms", "alice"]
    assert refused.line().split() == ["POST", "/messages", "400", "13", "ms", "-", "invalid_request"]


def test_a_line_is_one_line_whatever_a_client_sends() -> None:
    line = Answered("GET", "/\x1b[2J\n" + "ü" * 500, 403, 1, None, "\r\n", "r").line()

    assert line.isascii() is False or line.isprintable()
    assert "\x1b" not in line and len(line.splitlines()) == 1 and len(line) < 160


def test_rest_requests_are_told_by_their_route(parley: Parley, seen: list[Answered]) -> None:
    parley.bearer("ok").get("/things/42")
    parley.bearer("ok").get("/nothing/here?x=1")
    parley.bearer("x").get("/echo", headers={"Authorization": "deny"})
    parley.bearer("ok").get("/echo?do=raise")

    assert told(seen) == [
        ("GET", "/things/{thing_id}", 200, "alice", None),
        ("GET", "/nothing/here", 403, None, None),
        ("GET", "/echo", 403, None, "denied"),
        ("GET", "/echo", 502, "alice", None),
    ]
    assert all(one.ms > 0 and one.request_id for one in seen)


def test_a_compressed_refusal_still_tells_its_code(parley: Parley, seen: list[Answered]) -> None:
    headers = [("Authorization", "deny"), ("Accept-Encoding", "gzip")]

    parley.run(parley.rest.handle(Request("GET", "/v1/echo", headers)))

    assert told(seen) == [("GET", "/echo", 403, None, "denied")]


def test_frames_and_handshakes_are_told_by_their_route(parley: Parley, seen: list[Answered]) -> None:
    with pytest.raises(Refused):
        parley.bearer("x").open()
    socket = parley.bearer("x").open(query="?ticket=alice")
    socket.send({"action": "echo_it"})
    socket.send({"action": "echo_it", "do": "raise"})

    assert told(seen) == [
        ("WS", "$connect", 401, None, None),
        ("WS", "$connect", 101, "alice", None),
        ("WS", "echo_it", 200, "alice", None),
        ("WS", "echo_it", 500, "alice", None),
    ]


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ('{"type": "urn:x", "status": 409, "code": "last_owner"}', (409, "last_owner")),
        ('{"type": "error", "request_id": "r", "error": {"status": 404, "code": "gone"}}', (404, "gone")),
        ('{"code": "request_refused"}', (None, "request_refused")),
        ('{"type": "ack", "data": {"code": "x", "status": 1}}', (None, None)),
        ("[]", (None, None)),
        ("no json", (None, None)),
        ("", (None, None)),
    ],
)
def test_a_problem_is_found_in_answers_and_frames(body: str, found: tuple[int | None, str | None]) -> None:
    assert problem_of(body) == found


@pytest.fixture
def pipe() -> Iterator[tuple[TextIO, TextIO]]:
    reading, writing = os.pipe()
    with os.fdopen(reading) as reader, os.fdopen(writing, "w") as writer:
        yield reader, writer


def test_the_code_in_the_log_says_more_than_the_gateways(pipe: tuple[TextIO, TextIO]) -> None:
    reader, writer = pipe
    codes = RefusalCodes()
    terminal = Terminal(writer, codes)
    line = {"correlation_id": "r-3", "code": "token_issuer"}
    codes.handle(logging.makeLogRecord({"levelno": logging.INFO, "msg": "refused", **line}))

    terminal.show(Answered("GET", "/me", 401, 3, None, "unauthenticated", "r-3"))
    terminal.show(DONE)

    assert reader.readline().split() == ["GET", "/me", "401", "3", "ms", "-", "token_issuer"]
    assert reader.readline() == f"{DONE.line()}\n"


def test_an_action_that_posts_its_error_is_shown_with_the_status_in_the_log(pipe: tuple[TextIO, TextIO]) -> None:
    reader, writer = pipe
    codes = RefusalCodes()
    terminal = Terminal(writer, codes)
    line = {"correlation_id": "r-4", "code": "invalid_request", "status": 400}
    codes.handle(logging.makeLogRecord({"levelno": logging.INFO, "msg": "refused", **line}))

    terminal.show(Answered("WS", "ping", 200, 3, "alice", None, "r-4"))

    assert reader.readline().split() == ["WS", "ping", "400", "3", "ms", "alice", "invalid_request"]


def test_a_pipe_that_nobody_reads_holds_up_nothing(pipe: tuple[TextIO, TextIO]) -> None:
    reader, writer = pipe
    terminal = Terminal(writer, RefusalCodes())

    for _ in range(10 * MAX_WAITING_LINES):  # ten times what waits, and more than a pipe's 64 KB
        terminal.show(DONE)

    assert {reader.readline() for _ in range(MAX_WAITING_LINES)} == {f"{DONE.line()}\n"}
