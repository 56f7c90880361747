"""Helpers with which REST tests look at replies and at what is stored."""

import json
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from threading import Event, Thread
from typing import Any, TypeVar

from local.functions import stand_outside
from tests.harness import Call, Parley, Reply

T = TypeVar("T")
Refusal = tuple[str, int, list[tuple[str, str]]]

RULED = (403, 409, 429)  # nothing is wrong with the request: some rule forbids it now, and is named

# Paths' parts that are neither a conversation's nor a message's id.
WRONG_IDS = {
    "word": "nothing",
    "slash": "d%2F" + "a" * 25,
    "emoji": "%F0%9F%91%8B",
    "no UTF-8": "%FF",
    "line feed": "d_" + "a" * 26 + "%0A",
    "key of a record": "d_" + "a" * 26 + "%23alice%23c1",
    "long": "d_" + "a" * 3000,
    "dots": "%2E%2E",
}

MISSING: dict[str, bytes] = {"nothing": b""}
# Bodies that are no JSON object in UTF-8.
MALFORMED: dict[str, bytes] = {
    "space": b" ",
    "word": b"hello",
    "half": b'{"text": "a"',
    "two": b"{}{}",
    "not UTF-8": b'{"text": "\xff"}',
    "UTF-16": '{"text": "a"}'.encode("utf-16"),
    "NaN": b'{"text": NaN}',
    "bare line feed": b'{"text": "a\nb"}',
}
TOO_DEEP: dict[str, bytes] = {
    "arrays": b'{"text":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "objects": b'{"text":' * 50_000,
}
NO_OBJECT: dict[str, bytes] = {"null": b"null", "list": b"[]", "text": b'"hello"', "number": b"9" * 5_000}


def refusal(reply: Reply) -> Refusal:
    """Returns code, status, and pointer and code of each wrong field of a problem document."""
    problem = reply.json
    assert reply.headers["content-type"] == "application/problem+json", reply
    assert reply.headers["access-control-allow-origin"] == "*", reply
    assert problem["status"] == reply.status, reply
    assert problem["type"] == f"urn:parley:problem:{problem['code']}", reply
    assert {"title", "detail", "instance", "request_id"} <= problem.keys(), reply
    assert bool(problem.get("rule")) or reply.status not in RULED, reply
    return problem["code"], problem["status"], [(one["pointer"], one["code"]) for one in problem.get("errors", [])]


def described(person: Mapping[str, Any]) -> dict[str, Any]:
    """Returns a person as an answer shows them, without `profile_seq`, which is there and grows."""
    assert person["profile_seq"] > 0, person
    return {name: value for name, value in person.items() if name != "profile_seq"}


def invalid(*fields: tuple[str, str]) -> Refusal:
    """Returns the refusal of a request whose fields are wrong."""
    return "invalid_request", 400, list(fields)


def malformed_bodies(post: Callable[[bytes], Reply]) -> dict[str, Refusal]:
    """Returns how each body that makes no sense is refused, where it is not refused as it must be."""
    expected: dict[str, Refusal] = {
        **dict.fromkeys(MISSING, ("missing_body", 400, [])),
        **dict.fromkeys(MALFORMED, ("malformed_json", 400, [])),
        **dict.fromkeys(TOO_DEEP, ("too_deep", 400, [])),
        **dict.fromkeys(NO_OBJECT, invalid(("", "wrong_type"))),
    }
    refused = {name: refusal(post(raw)) for name, raw in (MISSING | MALFORMED | TOO_DEEP | NO_OBJECT).items()}
    return {name: refused[name] for name in expected if refused[name] != expected[name]}


def stored(parley: Parley) -> dict[str, list[str]]:
    """Returns every item of every table, but for what requests have cost: reads and refusals are paid for, too."""
    dynamodb = parley.store.client("dynamodb")
    rows = {}
    for table in parley.template.of_type("AWS::DynamoDB::Table"):
        pages = dynamodb.get_paginator("scan").paginate(TableName=table.ref, ConsistentRead=True)
        rows[table.logical_id] = sorted(
            json.dumps(item, sort_keys=True, default=bytes.hex)
            for page in pages
            for item in page["Items"]
            if table.logical_id != "Rates" or "#" not in item["user_id"]["S"]
        )
    return rows


def at_once(calls: Iterable[Callable[[], T]]) -> list[T]:
    """Returns what these calls return when all of them are made at the same time."""
    made = list(calls)
    with ThreadPoolExecutor(len(made)) as threads:
        return list(threads.map(lambda call: call(), made))


def outside(act: Callable[[], object]) -> None:
    """Acts as no function does, though a function is running."""

    def run() -> None:
        stand_outside()
        act()

    thread = Thread(target=run)
    thread.start()
    thread.join()


class Meanwhile:
    """A hook: just before the first call of an operation, on a table if one is named, something else happens."""

    def __init__(self, operation: str, happen: Callable[[], Any], table: str = "") -> None:
        self._operation = operation
        self._table = table
        self._happen = happen
        self.happened = False

    def before(self, call: Call) -> None:
        is_it = call.operation == self._operation and self._table in str(call.params.get("TableName", ""))
        if is_it and not self.happened:
            self.happened = True
            self._happen()

    def after(self, call: Call) -> None:
        pass


class BetweenMarksAndMessages:
    """A hook: something happens after a person's marks are read, and before the messages that are read beside them."""

    def __init__(self, parley: Parley, happen: Callable[[], object]) -> None:
        self._marks, self._messages = (parley.template.resources[name].ref for name in ("Receipts", "Messages"))
        self._happen = happen
        self._is_happening = False
        self._messages_wait, self._go_on = Event(), Event()

    def before(self, call: Call) -> None:
        tables = call.params.get("RequestItems", (call.params.get("TableName"),))
        if self._messages in tables and not self._is_happening:
            self._messages_wait.set()
            assert self._go_on.wait(timeout=10)

    def after(self, call: Call) -> None:
        if call.params.get("TableName") == self._marks and not self._is_happening and not self._go_on.is_set():
            assert self._messages_wait.wait(timeout=10)
            self._is_happening = True
            self._happen()
            self._go_on.set()
