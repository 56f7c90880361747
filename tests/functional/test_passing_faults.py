"""Each AWS call of each operation answers once, or for a while, with each fault that passes by itself.

The client gets its answer, or 503 `store_busy` with a time to come back, and never a bare 500. After it has asked again
everything is as it would have been without the fault: what is stored, what is answered, what everybody has heard. That
holds for the worst moment too: a fault may be answered although the call was done, and botocore may make a call a
second time whose first answer was lost.
"""

import collections
import json
import random
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast

import pytest
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ReadTimeoutError,
)

from docs.operations import RestOperation
from parley.domain.conversations import reports
from tests.functional.articles import admin, written
from tests.functional.attachments import clean_attachment
from tests.functional.attempts import Attempt, everything
from tests.functional.desk import agent, note, open_ticket
from tests.functional.hooks import made
from tests.functional.kills.acts import answered, moderator, sign_moderator_in
from tests.functional.kills.every import SCENARIOS
from tests.functional.kills.moderation import report_message
from tests.functional.kills.scenario import Scenario
from tests.functional.kills.stage import End, Stage, stage
from tests.functional.kills.support import agent_of
from tests.functional.kills.world import Died, World
from tests.functional.pages import show_picture
from tests.functional.suspending import suspend
from tests.functional.talk import open_direct, say
from tests.harness import Call, Parley, User
from tests.harness.calls import replaced
from tests.harness.fixtures import System, forget_told

ENGINES = ("ministack",)  # moto ignores the token by which DynamoDB knows a transaction again
Error = ClientError | BotoCoreError
SINGLE_WRITES = ("PutItem", "UpdateItem", "DeleteItem")
WRITES = (*SINGLE_WRITES, "TransactWriteItems")
ALWAYS = 10_000
DOWNLOADS = ("get_attachment", "get_preview_image", "get_thumbnail")  # the operations that answer with a redirect


@dataclass(frozen=True)
class Fault:
    """One way in which a call fails, and which calls can fail so; `is_done` says that it was done nevertheless."""

    name: str
    error: Callable[[Call], Error]
    meets: Callable[[Call], bool]
    is_done: bool = False
    times: int = 1
    is_absorbed: bool = False  # the adapters try again, and the client notices nothing

    def __str__(self) -> str:
        return f"{self.name}{' though done' if self.is_done else ''}{' for a while' if self.times > 1 else ''}"


def coded(code: str, status: int, reasons: Sequence[str] = ()) -> Callable[[Call], ClientError]:
    """Returns what makes the error with which botocore reports such an answer."""

    def error(call: Call) -> ClientError:
        answer: dict[str, Any] = {
            "Error": {"Code": code, "Message": "as the test wants it"},
            "ResponseMetadata": {"HTTPStatusCode": status},
        }
        if reasons:
            count = len(call.params["TransactItems"])
            given = [*reasons, *["None"] * count][:count]
            answer["CancellationReasons"] = [{"Code": reason} for reason in given]
        return ClientError(cast(Any, answer), call.operation)

    return error


def of_service(service: str, *operations: str) -> Callable[[Call], bool]:
    return lambda call: call.service == service and (not operations or call.operation in operations)


def anything(call: Call) -> bool:
    return True


def silence(call: Call) -> ReadTimeoutError:
    return ReadTimeoutError(endpoint_url=call.endpoint_url)


CANCELED = "TransactionCanceledException"
in_dynamodb, in_transactions = of_service("dynamodb"), of_service("dynamodb", "TransactWriteItems")
FAULTS = (
    Fault("ThrottlingException", coded("ThrottlingException", 400), in_dynamodb),
    Fault("ThroughputExceeded", coded("ProvisionedThroughputExceededException", 400), in_dynamodb),
    Fault("RequestLimitExceeded", coded("RequestLimitExceeded", 400), in_dynamodb),
    Fault("InternalServerError", coded("InternalServerError", 500), in_dynamodb),
    Fault("ServiceUnavailable", coded("ServiceUnavailable", 503), anything),
    Fault("InternalServerError", coded("InternalServerError", 500), of_service("dynamodb", *WRITES), is_done=True),
    Fault("no answer", silence, of_service("dynamodb", *WRITES), is_done=True),
    Fault("no answer", silence, anything),
    Fault("no connection", lambda call: EndpointConnectionError(endpoint_url=call.endpoint_url), anything),
    Fault("connection too slow", lambda call: ConnectTimeoutError(endpoint_url=call.endpoint_url), anything),
    Fault("ThrottlingError", coded(CANCELED, 400, ["ThrottlingError"]), in_transactions, is_absorbed=True),
    Fault("ThrottlingError", coded(CANCELED, 400, ["ThrottlingError"]), in_transactions, times=ALWAYS),
    Fault(
        "ThroughputExceeded among reasons",
        coded(CANCELED, 400, ["None", "ProvisionedThroughputExceeded"]),
        lambda call: in_transactions(call) and len(call.params["TransactItems"]) > 1,
        is_absorbed=True,
    ),
    Fault(
        "throttled while a race was lost",
        coded(CANCELED, 400, ["TransactionConflict", "ThrottlingError"]),
        lambda call: in_transactions(call) and len(call.params["TransactItems"]) > 1,
    ),
    Fault("TransactionInProgress", coded("TransactionInProgressException", 400), in_transactions, is_absorbed=True),
    Fault("TransactionInProgress", coded("TransactionInProgressException", 400), in_transactions, times=ALWAYS),
    Fault(
        "TransactionConflict",
        coded("TransactionConflictException", 400),
        of_service("dynamodb", *SINGLE_WRITES),
        is_absorbed=True,
    ),
    Fault(
        "TransactionConflict",
        coded("TransactionConflictException", 400),
        of_service("dynamodb", *SINGLE_WRITES),
        times=ALWAYS,
    ),
    Fault("SlowDown", coded("SlowDown", 503), of_service("s3")),
    Fault("InternalError", coded("InternalError", 500), of_service("s3")),
    Fault("RequestTimeout", coded("RequestTimeout", 400), of_service("s3")),
    Fault("RequestThrottled", coded("RequestThrottled", 400), of_service("sqs")),
    Fault("InternalError", coded("InternalError", 500), of_service("sqs"), is_done=True),
    Fault("OverLimit", coded("OverLimit", 403), of_service("sqs")),
    Fault("LimitExceeded", coded("LimitExceededException", 429), of_service("apigatewaymanagementapi")),
)


@dataclass(frozen=True)
class Place:
    """Which call it is: the n-th of an operation that a function makes. Some calls run side by side, in any order."""

    function: str
    operation: str
    number: int

    def is_of(self, call: Call) -> bool:
        return (self.function, self.operation) == (call.function, call.operation)

    def __str__(self) -> str:
        return f"{self.operation} {self.number} of {self.function}"


class Failing:
    """A hook that lets a call fail, and its like after it as often as the fault wants."""

    def __init__(self, place: Place, fault: Fault) -> None:
        self.place = place
        self.fault = fault
        self._count = 0
        self._lock = threading.Lock()
        self.failed = 0

    def before(self, call: Call) -> None:
        with self._lock:
            self._count += self.place.is_of(call)
        if not self.fault.is_done:
            self._fail(call)

    def after(self, call: Call) -> None:
        if self.fault.is_done:
            self._fail(call)

    def _fail(self, call: Call) -> None:
        with self._lock:
            is_due = self.place.is_of(call) and self._count >= self.place.number and self.failed < self.fault.times
            self.failed += is_due
        if is_due:
            raise self.fault.error(call)


class Doubled:
    """A hook that makes a call a second time, as botocore does when it never hears of the first."""

    def __init__(self, parley: Parley, place: Place) -> None:
        self._parley = parley
        self._place = place
        self._count = 0
        self.failed = 0

    def before(self, call: Call) -> None:
        pass

    def after(self, call: Call) -> None:
        self._count += self._place.is_of(call)
        if self._place.is_of(call) and self._count == self._place.number and not self.failed:
            self.failed += 1
            self._parley.store.client(call.service)._make_api_call(call.operation, call.params)


class Counter:
    """A hook that keeps every call, and apart those that were answered with what they were to do."""

    def __init__(self) -> None:
        self.made: list[Call] = []
        self.done: list[Call] = []

    def before(self, call: Call) -> None:
        self.made.append(call)

    def after(self, call: Call) -> None:
        self.done.append(call)


@contextmanager
def hooked(parley: Parley, *hooks: Any) -> Iterator[None]:
    parley.hooks.extend(hooks)
    try:
        yield
    finally:
        for hook in hooks:
            parley.hooks.remove(hook)


@contextmanager
def said(parley: Parley) -> Iterator[list[tuple[int, dict[str, Any], str | None]]]:
    """Collects each answer of a 5xx that clients get: its status, the problem, and when to come back by the header."""
    found: list[tuple[int, dict[str, Any], str | None]] = []
    rest, invoke = parley.rest.handle, parley.functions.invoke

    async def handle(request: Any) -> Any:
        response = await rest(request)
        if response.status >= 500:
            headers = {name.lower(): value for name, value in response.headers}
            is_page = headers["content-type"].startswith("text/html")  # it says the same in words
            page = {"status": response.status, "code": "store_busy", "retry_after_ms": 1000}
            problem = page if is_page else json.loads(response.body)
            found.append((response.status, problem, headers.get("retry-after")))
        return response

    def invoked(logical_id: str, event: Any) -> Any:
        result = invoke(logical_id, event)
        frame = json.loads(result.get("body") or "{}") if event.get("requestContext", {}).get("connectionId") else {}
        if frame.get("type") == "error" and frame["error"]["status"] >= 500:
            found.append((frame["error"]["status"], frame["error"], "1"))
        return result

    with replaced(parley.rest, "handle", handle), replaced(parley.functions, "invoke", invoked):
        yield found


def hold_to_promise(answers: list[tuple[int, dict[str, Any], str | None]], where: str) -> None:
    for status, problem, retry_after in answers:
        assert (status, problem["status"], problem["code"], retry_after) == (503, 503, "store_busy", "1"), where
        assert problem["retry_after_ms"] == 1000, where


@pytest.fixture(autouse=True)
def _no_waiting() -> Iterator[None]:
    """Draws no time to wait between tries."""
    with replaced(random, "uniform", lambda least, most: 0.0):
        yield


def placed(calls: Sequence[Call]) -> list[tuple[Place, Call]]:
    """Returns each call with its place."""
    counts: collections.Counter[tuple[str, str]] = collections.Counter()
    found = []
    for call in calls:
        counts[call.function, call.operation] += 1
        found.append((Place(call.function, call.operation, counts[call.function, call.operation]), call))
    return found


def is_made(place: Place, calls: Counter) -> bool:
    """Says whether a run makes a call at all.

    Reads run side by side, in any order: the caller's own rows come along with the first call if that is a batch, and
    take one of their own if it is not (`admission.py`). So a run can have a read more than the next.
    """
    return any(place == made for made, _ in placed(calls.made))


def plays(scenario: Scenario | None, calls: Counter) -> list[tuple[Place, Fault]]:
    """Returns which call fails how: each call in one way at least, and each fault once for each operation.

    A variant of an operation lets each of its calls fail, but not in every way again.
    """
    can_fail = [
        (place, call)
        for place, call in placed(calls.made)
        # The queue goes by the clock on the wall, by which this test's gone device is too young to be gone.
        if scenario is None or scenario.variant != "slow and gone devices" or call.operation != "PostToConnection"
    ]
    done = {id(call) for call in calls.done}  # a write that its own condition refuses cannot fail though done

    def can_meet(fault: Fault, call: Call) -> bool:
        return fault.meets(call) and (not fault.is_done or id(call) in done)

    chosen = []
    for number, fault in enumerate(FAULTS if scenario is None or not scenario.variant else ()):
        met = [place for place, call in can_fail if can_meet(fault, call)]
        if met:
            chosen.append((met[number % len(met)], fault))
    for number, (place, call) in enumerate(can_fail):
        if place not in {failing for failing, _ in chosen}:
            possible = [fault for fault in FAULTS if can_meet(fault, call)]
            chosen.append((place, possible[number % len(possible)]))
    return chosen


def in_peace(staged: Stage) -> tuple[End, Counter]:
    """Returns how it ends in peace, and the calls that were made."""
    staged.reset()
    counter = Counter()
    with hooked(staged.world.parley, counter):
        answer = staged.scenario.act(staged.world)
    return staged.end(answer), counter


def with_fault(staged: Stage, hook: Failing | Doubled, where: str, *, is_absorbed: bool) -> End:
    """Returns how it ends when a call fails and the client, if it was refused, asks again."""
    staged.reset()
    parley, answer, is_refused = staged.world.parley, None, False
    with hooked(parley, hook), said(parley) as answers:
        try:
            answer = staged.scenario.act(staged.world)
        except Died:
            is_refused = True
    hold_to_promise(answers, where)
    assert not (is_absorbed and is_refused), where
    if staged.scenario.operation.startswith(("scheduled/", "queues/sweep_rows")):
        is_refused = True  # nobody hears of a sweep that failed; the next one comes in a minute
    if staged.scenario.once or not is_refused:
        return staged.end(answer)
    return staged.end(staged.try_again())


def same(found: End, expected: End, where: str, parting: str | None = None) -> None:
    assert found.answer == expected.answer, where
    assert found.stored == expected.stored, where
    assert found.dead_letters == [], where
    for device, heard in expected.events.items():
        may_miss = {frame for frame in heard if parting and json.loads(frame).get("event") == parting}
        assert found.events[device] | may_miss == heard, f"{where}: {device}"


@pytest.mark.parametrize("scenario", SCENARIOS, ids=str)
def test_end_is_the_same_whichever_call_fails(system: System, scenario: Scenario) -> None:
    with stage(system, scenario) as staged:
        expected, calls = in_peace(staged)
        for place, fault in plays(scenario, calls):
            where = f"{scenario}: {place} fails: {fault}"
            failing = Failing(place, fault)
            found = with_fault(staged, failing, where, is_absorbed=fault.is_absorbed)
            assert failing.failed or not is_made(place, in_peace(staged)[1]), where
            same(found, expected, where, scenario.parting)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=str)
def test_a_write_that_botocore_makes_twice_is_answered_as_one(system: System, scenario: Scenario) -> None:
    with stage(system, scenario) as staged:
        expected, calls = in_peace(staged)
        for place, call in placed(calls.done):
            if call.service == "dynamodb" and call.operation in WRITES:
                where = f"{scenario}: {place} is made twice"
                doubled = Doubled(staged.world.parley, place)
                same(with_fault(staged, doubled, where, is_absorbed=True), expected, where)
                assert doubled.failed, where


def people_there(world: World) -> dict[str, str]:
    """Arranges something to read for each operation; returns what stands for each part of a path."""
    conversation_id = world.conversation_id
    say(world.bob, conversation_id, "one", "two")
    answered(world.alice.put(f"/messages/{conversation_id}.2/pin"))
    report_message(world)
    export_id = answered(world.alice.post(f"/conversations/{conversation_id}/export", json={"format": "jsonl"}))["id"]
    show_picture(world.parley, f"{conversation_id}.2")
    erasure_id = answered(host(world).delete("/users/dave"))["id"]
    sign_moderator_in(world)
    agent(world.parley)  # so that signing in is no call later
    asked = {"user_id": "eve", "hours": 1, "reason": "Spam."}
    removal_id = answered(moderator(world).post("/admin/removals", json=asked))["id"]
    assert suspend(world.parley, "bob").status == 200
    article = written(admin(world.parley), title="Refunds", text="They take a week.")
    return {
        "conversation_id": conversation_id,
        "message_id": f"{conversation_id}.2",
        "article_id": str(article["id"]),
        "user_id": "bob",
        "context_type": "class",
        "context_id": "7b",
        "report_id": reports.report_id_of("alice", conversation_id, 2),
        "export_id": export_id,
        "erasure_id": erasure_id,
        "removal_id": removal_id,
        "ticket_id": noted_ticket(world),
        "webhook_id": made(host(world), "https://hooks.example.org/", client_id="w1")["id"],
        "attachment_id": clean_attachment(world.parley, world.alice, conversation_id),
    }


def noted_ticket(world: World) -> str:
    ticket_id = open_ticket(world.alice)
    answered(note(agent(world.parley), ticket_id))
    return ticket_id


def host(world: World) -> User:
    return world.parley.bearer(world.parley.token("host", role="service"), "host")


def ask(world: World, attempt: Attempt, parts: dict[str, str]) -> dict[str, Any]:
    """Returns the whole answer of an operation that only reads.

    Each call begins in a new process, or the debts of earlier ones would be written in some of them.
    """
    forget_told()
    if not attempt.is_rest:
        named = {name: parts[name] for name in attempt.ids}
        frame = world.phone.request(attempt.operation.name, attempt.fields | named)
        return {name: one for name, one in frame.items() if name != "request_id"}
    operation = attempt.operation
    assert isinstance(operation, RestOperation)
    moderates = operation.path.startswith(("/admin/", "/messages/{message_id}/versions"))
    serves = "/webhooks" in operation.path or "erasure" in operation.path or "/contexts" in operation.path
    desk = operation.path.endswith(
        ("/canned-replies", "/macros", "/automations", "/{article_id}/versions", "/notes", "/sla", "/support/agents")
    ) or operation.path.startswith("/support/tickets/admin/")
    serves = serves or operation.path in ("/support/queue-counts", "/support/metrics")
    person = agent_of(world) if desk else host(world) if serves else moderator(world) if moderates else world.alice
    path = (operation.path + attempt.query).format(**parts)
    reply = person.request(operation.method.upper(), path, json=attempt.fields if operation.takes else None)
    answer = reply.json or {}  # a redirect has no body
    return {**answer, "its status": answer.get("status"), "status": reply.status}


def steady(answer: dict[str, Any]) -> dict[str, Any]:
    """Returns an answer without what differs each time: a cursor is sealed again, an address signed, a limit used."""
    changing = ("next", "url", "request_id", "data", "error", "rate_limits")
    return {name: one for name, one in answer.items() if name not in changing}


def meets_fault(world: World, attempt: Attempt, parts: dict[str, str], failing: Failing) -> None:
    """Asks while a call fails: the answer is 503, but for a fault that the adapters absorb."""
    where = f"{attempt}: {failing.place} fails: {failing.fault}"
    with hooked(world.parley, failing), said(world.parley) as answers:
        ask(world, attempt, parts)
    if not failing.failed:
        counter = Counter()
        with hooked(world.parley, counter):
            ask(world, attempt, parts)
        assert not is_made(failing.place, counter), where
        return
    hold_to_promise(answers, where)
    assert bool(answers) is not failing.fault.is_absorbed, where


def test_whatever_call_of_a_reading_operation_fails_the_next_try_reads(system: System) -> None:
    known = {scenario.operation for scenario in SCENARIOS}
    with stage(system, Scenario("reading", lambda world: None)) as staged:
        # Only here: the handlers are imported, and they need the environment of the stage.
        reading = [one for one in everything(system.template) if str(one) not in known]
        world, parley = staged.world, staged.world.parley
        parts = people_there(world)
        for attempt in reading:
            counter = Counter()
            with hooked(parley, counter):
                expected = ask(world, attempt, parts)
            success = 302 if attempt.operation.name in DOWNLOADS else 299
            assert expected.get("status", 200) <= success and expected.get("type") != "error", (str(attempt), expected)
            for place, fault in plays(None, counter):
                meets_fault(world, attempt, parts, Failing(place, fault))
                assert steady(ask(world, attempt, parts)) == steady(expected), f"{attempt}: {place} fails: {fault}"


def test_a_transaction_keeps_its_token_over_the_tries(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    path = f"/conversations/{open_direct(alice, bob)}/messages"
    counter = Counter()
    throttled = next(fault for fault in FAULTS if fault.is_absorbed and fault.name == "ThrottlingError")

    with hooked(parley, counter, Failing(Place("SendMessage", "TransactWriteItems", 1), throttled)):
        assert alice.post(path, json={"text": "hello"}).status == 201

    tokens = [call.params["ClientRequestToken"] for call in counter.made if call.operation == "TransactWriteItems"]
    assert len(tokens) == 2 and len(set(tokens)) == 1


def test_a_record_that_meets_a_busy_store_comes_again_and_nobody_is_woken(
    parley: Parley, caplog: pytest.LogCaptureFixture
) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    answered(alice.post(f"/conversations/{open_direct(alice, bob)}/export", json={"format": "jsonl"}))
    throttled = next(fault for fault in FAULTS if fault.name == "ThrottlingException")

    with hooked(parley, Failing(Place("WriteExport", "BatchGetItem", 1), throttled)):
        parley.drain()

    lines = [json.loads(line.message) if line.message.startswith("{") else vars(line) for line in caplog.records]
    assert "store_busy" in {line.get("code") for line in lines}
    assert not [line for line in caplog.records if line.levelname == "ERROR"]


def test_no_audit_row_is_written_over_another(system: System) -> None:
    audit = system.template.resources["Audit"].ref
    named = {"rest/resolve_report", "rest/get_report", "rest/list_versions", "rest/erase_user", "rest/put_banned_words"}
    for scenario in (one for one in SCENARIOS if one.operation in named):
        with stage(system, scenario) as staged:
            calls = in_peace(staged)[1].done
        puts = [call.params for call in calls if call.operation == "PutItem"]
        puts += [one["Put"] for call in calls for one in call.params.get("TransactItems", []) if "Put" in one]
        rows = [put for put in puts if put["TableName"] == audit]

        assert rows and all("ConditionExpression" in row for row in rows), scenario
