"""Lambda: environments, imports, what may fail in an invocation, and which function a call belongs to."""

import asyncio
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from local import functions
from local.functions import Closed, FunctionError, Functions, PayloadTooLarge
from local.template import Resource, Template, TemplateError, load
from tests.harness.fixtures import System

ENGINES = ("moto",)
FIXTURE = Path(__file__).parent / "fixture" / "template.yaml"
EVENT: dict[str, Any] = {"queryStringParameters": None, "Records": []}


@pytest.fixture
def lambdas(system: System) -> Iterator[Functions]:
    system.functions.deliver_twice = False
    yield system.functions
    system.functions.deliver_twice = False


def with_variable(template: Template, logical_id: str, **variables: str) -> Template:
    resource = template.resources[logical_id]
    environment = {**resource.properties["Environment"]["Variables"], **variables}
    changed = {**resource.properties, "Environment": {"Variables": environment}}
    return replace(template, resources={**template.resources, logical_id: replace(resource, properties=changed)})


def with_handler(template: Template, logical_id: str, handler: str) -> Template:
    resource: Resource = template.resources[logical_id]
    changed = replace(resource, properties={**resource.properties, "Handler": handler})
    return replace(template, resources={**template.resources, logical_id: changed})


def test_the_environment_is_what_the_functions_declare() -> None:
    environment = Functions(load(FIXTURE)).environment

    assert set(environment) == {"GREETING", "ITEMS_TABLE", "JOBS_QUEUE_URL", "FILES_BUCKET", "CONNECTIONS_ENDPOINT"}


def test_two_values_for_one_variable_are_an_error() -> None:
    template = with_variable(load(FIXTURE), "Echo", GREETING="something else")

    with pytest.raises(TemplateError, match="GREETING"):
        Functions(template)


def test_a_variable_of_one_function_only_is_there() -> None:
    template = with_variable(load(FIXTURE), "Echo", MINE="1")

    assert Functions(template).environment["MINE"] == "1"


def test_an_address_of_aws_can_be_moved() -> None:
    lambdas = Functions(load(FIXTURE))
    address = lambdas.environment["CONNECTIONS_ENDPOINT"].removesuffix("/v1")

    lambdas.move(address, "http://127.0.0.1:3001")

    assert lambdas.environment["CONNECTIONS_ENDPOINT"] == "http://127.0.0.1:3001/v1"


@pytest.mark.parametrize(
    ("do", "error_type", "message"),
    [
        ("raise", "ValueError", "something broke"),
        ("exit", "Runtime.ExitError", "SystemExit(3)"),
        ("unencodable", "Runtime.MarshalError", "not JSON serializable"),
        ("huge", "Function.ResponseSizeTooLarge", "6291456 bytes"),
    ],
)
def test_what_goes_wrong_has_a_type_and_a_message(lambdas: Functions, do: str, error_type: str, message: str) -> None:
    with pytest.raises(FunctionError) as error:
        lambdas.invoke("Echo", {**EVENT, "queryStringParameters": {"do": do}})

    assert error.value.error_type == error_type
    assert message in error.value.message


@pytest.mark.parametrize(
    ("handler", "error_type"),
    [
        ("fixture_rest.nobody.handler", "Runtime.ImportModuleError"),
        ("fixture_rest.echo.nobody", "Runtime.HandlerNotFound"),
    ],
)
def test_a_handler_that_is_not_there_is_lambda_s_own_error(system: System, handler: str, error_type: str) -> None:
    lambdas = Functions(with_handler(system.template, "Echo", handler))

    with pytest.raises(FunctionError) as error:
        lambdas.invoke("Echo", EVENT)

    assert error.value.error_type == error_type


def test_more_than_6_mb_does_not_reach_the_function(lambdas: Functions) -> None:
    with pytest.raises(PayloadTooLarge):
        lambdas.invoke("Echo", {**EVENT, "body": "ü" * (3 * 1024 * 1024)})


def test_an_event_goes_through_json(lambdas: Functions) -> None:
    import parley_fixture

    event = {**EVENT, "pair": (1, 2), "nested": {"a": [1]}}
    lambdas.invoke("Echo", event)

    _, seen = parley_fixture.calls[-1]
    assert seen["pair"] == [1, 2]
    assert seen["nested"] is not event["nested"]


def test_twice_means_the_same_request_and_the_first_result(lambdas: Functions) -> None:
    lambdas.deliver_twice = True

    import parley_fixture

    parley_fixture.calls.clear()
    result = lambdas.invoke("Echo", {**EVENT, "queryStringParameters": {"do": "context"}})

    assert len(parley_fixture.calls) == 2
    assert result["statusCode"] == 200


def test_a_function_over_its_time_is_answered_for(lambdas: Functions) -> None:
    event = {**EVENT, "queryStringParameters": {"do": "sleep"}}

    with pytest.raises(FunctionError, match="Task timed out after 1.00 seconds"):
        asyncio.run(lambdas.pooled("Echo", event))
    with pytest.raises(FunctionError, match="Task timed out after 1.00 seconds"):
        lambdas.waited("Echo", event)
    with pytest.raises(TimeoutError):
        asyncio.run(lambdas.pooled("Echo", event, 0.1))


def test_functions_that_are_closed_are_not_invoked(system: System) -> None:
    lambdas = Functions(system.template, threads=1)
    lambdas.close()

    with pytest.raises(Closed):
        lambdas.waited("Echo", EVENT)


def test_a_call_that_waits_for_a_thread_ends_when_the_functions_close(system: System) -> None:
    lambdas, released = Functions(system.template, threads=1), threading.Event()
    lambdas._threads.submit(released.wait)
    with ThreadPoolExecutor(1) as callers:
        call = callers.submit(lambdas.waited, "Echo", EVENT)
        while not lambdas._threads._work_queue.qsize():
            time.sleep(0.01)
        lambdas.close()

        problem = call.exception(10)
        released.set()

    assert isinstance(problem, Closed)


def test_invocations_run_side_by_side(lambdas: Functions) -> None:
    async def both() -> None:
        event = {**EVENT, "queryStringParameters": {"do": "sleep"}}
        await asyncio.gather(*(lambdas.pooled("Echo", event) for _ in range(5)), return_exceptions=True)

    thread = threading.Thread(target=lambda: asyncio.run(both()))
    thread.start()
    thread.join(2.5)
    assert not thread.is_alive()


def test_a_call_knows_the_function_it_belongs_to_in_the_threads_of_a_handler_too(lambdas: Functions) -> None:
    import fixture_rest.echo as module

    seen: list[str] = []
    original = module.handler

    def handler(event: dict[str, Any], context: Any) -> Any:
        def look() -> None:
            function = functions.current()
            seen.append(function.logical_id if function else "nobody")

        look()
        with ThreadPoolExecutor(1) as threads:
            threads.submit(look).result()
        return original(event, context)

    module.handler = handler
    try:
        lambdas.invoke("Echo", EVENT)
    finally:
        module.handler = original
    assert seen == ["Echo", "Echo"]
