"""Kill any writing operation between any of its AWS calls, and try again: nothing is different.

Every scenario is played once in peace, which also counts its calls. Then it is played again for each of them that is
no mere read: the function dies right after it. (Between two reads it leaves what it leaves before both.) The client
tries again with the same `client_id`, as clients do. In the end the tables hold the same, the last answer is the same,
and everybody has heard the same: more often, perhaps, for clients drop what they have.
"""

import pytest

from tests.functional.kills.every import SCENARIOS
from tests.functional.kills.scenario import Scenario
from tests.functional.kills.stage import stage
from tests.functional.kills.world import Died
from tests.harness.fixtures import System
from tests.harness.iam import rights

ENGINES = ("ministack",)  # which calls were made when it dies is the same on any; each operation runs on both elsewhere
WRITING = ("dynamodb:Put", "dynamodb:Update", "dynamodb:Delete", "execute-api:ManageConnections", "sqs:SendMessage")


@pytest.mark.parametrize("scenario", SCENARIOS, ids=str)
def test_end_is_the_same_wherever_it_is_killed(system: System, scenario: Scenario) -> None:
    with stage(system, scenario) as staged:
        expected, calls = staged.in_peace()
        assert calls and expected.dead_letters == []

        assert calls, scenario
        for at, call in enumerate(calls, start=1):
            where = f"{scenario}, killed after call {at} of {len(calls)}, {call}"
            found = staged.killed(at)

            assert found.answer == expected.answer, where
            assert found.stored == expected.stored, where
            assert found.objects == expected.objects, where
            assert found.dead_letters == [], where
            for device, heard in expected.events.items():
                assert found.events[device] == heard, f"{where}: {device}"


def test_every_operation_that_writes_or_tells_has_a_scenario(system: System) -> None:
    buckets = system.template.resources["Rates"].arn
    writing = {
        right.function
        for right in rights(system.template, system.functions)
        # Dead letters are Lambda's own; what a request has cost is written for each (test_metering.py).
        if right.action.startswith(WRITING) and "DeadLetters" not in right.resource and right.resource != buckets
    }
    handlers = {system.functions[function].handler.removesuffix(".handler").replace(".", "/") for function in writing}

    writes_tokens_alone = {"rest/create_turn_credentials"}
    assert handlers | writes_tokens_alone == {scenario.operation for scenario in SCENARIOS}


def test_a_killed_function_is_seen_by_the_client_as_a_failure(system: System) -> None:
    scenario = next(one for one in SCENARIOS if one.operation == "rest/send_message")
    with stage(system, scenario) as staged:
        world = staged.world
        with world.parley.kill(1), pytest.raises(Died):
            scenario.act(world)
        assert world.alice.get(f"/conversations/{world.conversation_id}").json["last_seq"] == 0
