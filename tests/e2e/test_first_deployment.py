"""A first deployment that fails leaves nothing, so that the next one can be tried at once.

What holds data is deployed onto ministack's CloudFormation, beside a resource that cannot be made.
"""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import WaiterError

from tests.e2e.cloud import ACCOUNT, ROOT, STACK, Cloud, administrator
from tests.template.gate import translated

HOLDS_DATA = ("AWS::DynamoDB::Table", "AWS::S3::Bucket", "AWS::SQS::Queue", "AWS::SecretsManager::Secret")


@pytest.fixture(scope="module")
def cloud() -> Iterator[Cloud]:
    started = Cloud(ROOT, account=ACCOUNT, guarded=False)
    with started:
        yield started


def data_only(**more: object) -> str:
    """Returns template.yaml without all that holds no data, and with `more` resources."""
    template = translated()
    kept = {name: each for name, each in template["Resources"].items() if each["Type"] in HOLDS_DATA}
    # S3 checks the right to send to a queue before it takes a bucket that does. The store is reached over plain HTTP,
    # and obeys a policy that demands TLS.
    policy = template["Resources"]["AttachmentScansPolicy"]
    document = policy["Properties"]["PolicyDocument"]
    document["Statement"] = [each for each in document["Statement"] if each["Effect"] == "Allow"]
    kept["AttachmentScansPolicy"] = policy
    # Without the words for people: a body that is sent, and not read from S3, has 51,200 bytes at most.
    told = {"Description", "ConstraintDescription"}
    parameters = {
        name: {key: value for key, value in each.items() if key not in told}
        for name, each in template["Parameters"].items()
    }
    whole = {"Parameters": parameters, "Conditions": template["Conditions"], "Resources": {**kept, **more}}
    return json.dumps(whole, separators=(",", ":"))


def left(cloud: Cloud) -> list[str]:
    """Returns the names of all tables, buckets, queues and secrets that are there."""

    def client(service: str) -> Any:
        return administrator(cloud.endpoint_url, service)

    return [
        *client("dynamodb").list_tables()["TableNames"],
        *(bucket["Name"] for bucket in client("s3").list_buckets()["Buckets"]),
        *client("sqs").list_queues().get("QueueUrls", []),
        *(secret["Name"] for secret in client("secretsmanager").list_secrets()["SecretList"]),
    ]


def test_a_first_deployment_that_fails_leaves_nothing_and_can_be_tried_again(cloud: Cloud) -> None:
    cloudformation = administrator(cloud.endpoint_url, "cloudformation")
    # After all others, so that there is something to roll back.
    impossible = {
        "Type": "AWS::SQS::QueuePolicy",
        "DependsOn": [name for name in json.loads(data_only())["Resources"] if name != "JwtSecret"],
        "Properties": {"Queues": [{"Fn::GetAtt": ["Deliveries", "NoSuchAttribute"]}], "PolicyDocument": {}},
    }

    cloudformation.create_stack(StackName=STACK, TemplateBody=data_only(Impossible=impossible))
    with pytest.raises(WaiterError):
        cloudformation.get_waiter("stack_create_complete").wait(StackName=STACK, WaiterConfig={"Delay": 1})
    [stack] = cloudformation.describe_stacks(StackName=STACK)["Stacks"]
    assert (stack["StackStatus"], left(cloud)) == ("ROLLBACK_COMPLETE", [])

    cloudformation.delete_stack(StackName=STACK)
    cloudformation.get_waiter("stack_delete_complete").wait(StackName=STACK, WaiterConfig={"Delay": 1})
    cloudformation.create_stack(StackName=STACK, TemplateBody=data_only())
    cloudformation.get_waiter("stack_create_complete").wait(StackName=STACK, WaiterConfig={"Delay": 1})

    cloudformation.delete_stack(StackName=STACK)
    cloudformation.get_waiter("stack_delete_complete").wait(StackName=STACK, WaiterConfig={"Delay": 1})
    assert len(left(cloud)) == len(kept_when_deleted())


def kept_when_deleted() -> list[str]:
    resources = json.loads(data_only())["Resources"]
    kept = {name: each for name, each in resources.items() if each.get("DeletionPolicy") == "RetainExceptOnCreate"}
    # Of the secrets with a condition only that of tokens is made by the defaults.
    return [name for name, each in kept.items() if each.get("Condition") in (None, "MakesSecret")]
