"""The queues of template.yaml, and the mappings that read them."""

import pytest

from parley.domain.exports import job
from tests.template.deployed import QUEUE_MAPPINGS, QUEUES, dead_letter_queues, deployed, of_type


def test_an_export_counts_as_dead_when_all_its_tries_are_over() -> None:
    queue = deployed().resources["ExportSteps"].properties
    tries_ms = queue["RedrivePolicy"]["maxReceiveCount"] * queue["VisibilityTimeout"] * 1000

    assert tries_ms < job.STALLED_MS < 2 * tries_ms


@pytest.mark.parametrize("queue", QUEUES)
def test_a_queue_is_encrypted_and_gives_up_to_a_dead_letter_queue_or_is_one(queue: str) -> None:
    properties = deployed().resources[queue].properties

    assert properties["SqsManagedSseEnabled"] is True
    assert ("RedrivePolicy" in properties) != (queue in dead_letter_queues())


def test_every_queue_is_reached_over_tls_only() -> None:
    denied = {
        url
        for policy in of_type("AWS::SQS::QueuePolicy")
        for url in policy.properties["Queues"]
        if any(
            s["Sid"] == "TlsOnly" and s["Effect"] == "Deny" for s in policy.properties["PolicyDocument"]["Statement"]
        )
    }

    assert denied == {queue.ref for queue in of_type("AWS::SQS::Queue")}


@pytest.mark.parametrize("mapping", QUEUE_MAPPINGS)
def test_a_queues_message_stays_hidden_while_it_may_still_be_worked_on(mapping: str) -> None:
    properties = deployed().resources[mapping].properties
    queue = deployed().by_arn(properties["EventSourceArn"])
    [function] = [one for one in of_type("AWS::Lambda::Function") if properties["FunctionName"] in (one.ref, one.arn)]

    # Six times the function's time limit (Lambda developer guide, "Using Lambda with Amazon SQS").
    assert queue.properties["VisibilityTimeout"] >= 6 * function.properties["Timeout"]


@pytest.mark.parametrize("mapping", QUEUE_MAPPINGS)
def test_the_queue_gets_back_only_what_failed(mapping: str) -> None:
    assert deployed().resources[mapping].properties["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
