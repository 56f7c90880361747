"""A deployer's own KMS key: everything that holds data is under it, and each role may do with it what it must."""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from local.template import Place, Resource, Template, load

ROOT = Path(__file__).parents[2]
KEY = "arn:aws:kms:us-east-1:000000000000:key/0a1b2c3d-0000-1111-2222-333344445555"
USD_A_REQUEST = 0.03 / 10_000  # list price of KMS, us-east-1
MAX_POLICY_CHARACTERS = 10_240  # of a role's inline policies together (aws-facts.md#cloudformation-and-cloudwatch)


@cache
def deployed(key: str = KEY) -> Template:
    # The account's number and a long name of the stack stand in every ARN.
    return load(ROOT / "template.yaml", {"KmsKeyArn": key}, place=Place(stack="s" * 40))


def each(kind: str, key: str = KEY) -> list[dict[str, Any]]:
    return [resource.properties for resource in deployed(key).of_type(kind)]


FUNCTIONS = [resource.logical_id for resource in deployed().of_type("AWS::Lambda::Function")]


def test_everything_that_holds_data_is_under_the_key() -> None:
    own = {"SSEEnabled": True, "SSEType": "KMS", "KMSMasterKeyId": KEY}
    rule = {
        "ServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": KEY},
        "BucketKeyEnabled": True,
    }

    assert all(table["SSESpecification"] == own for table in each("AWS::DynamoDB::Table"))
    assert all(
        bucket["BucketEncryption"] == {"ServerSideEncryptionConfiguration": [rule]}
        for bucket in each("AWS::S3::Bucket")
    )
    assert all(
        (queue["KmsMasterKeyId"], queue["SqsManagedSseEnabled"]) == (KEY, False) for queue in each("AWS::SQS::Queue")
    )
    assert all(group["KmsKeyId"] == KEY for group in each("AWS::Logs::LogGroup"))
    assert [secret["KmsKeyId"] for secret in each("AWS::SecretsManager::Secret")] == [KEY, KEY]


def test_without_a_key_nothing_names_one() -> None:
    kinds = ("DynamoDB::Table", "S3::Bucket", "SQS::Queue", "Logs::LogGroup", "SecretsManager::Secret", "IAM::Role")
    found = [properties for kind in kinds for properties in each(f"AWS::{kind}", "")]

    assert found and not re.search("(?i)kms", repr(found))


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_role_may_do_with_the_key_what_its_other_rights_need_and_no_more(function: str) -> None:
    role = role_of(deployed().resources[function])
    granted = [one for one in statements(role) if one["Action"].startswith("kms:")]

    assert {one["Action"] for one in granted} == needed(deployed().resources[function])
    assert all(one["Resource"] == KEY for one in granted)
    assert len(granted) <= 2


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_roles_inline_policies_fit_with_the_key_too(function: str) -> None:
    policies = role_of(deployed().resources[function]).get("Policies", [])
    # IAM does not count white space.
    characters = sum(len(re.sub(r"\s", "", repr(policy["PolicyDocument"]))) for policy in policies)

    assert characters <= MAX_POLICY_CHARACTERS, characters


def needed(function: Resource) -> set[str]:
    """Returns what a function must do with the key (aws-facts.md#kms); DynamoDB makes its data keys itself."""
    actions = {one["Action"] for one in statements(role_of(function))}
    reads = {action for action in actions if action.startswith(("dynamodb:", "secretsmanager:"))}
    writes = actions & {"sqs:SendMessage", "s3:PutObject"}
    files = actions & {"s3:GetObject"}
    from_a_queue_or_stream = any(
        mapping["FunctionName"] in (function.ref, function.arn) for mapping in each("AWS::Lambda::EventSourceMapping")
    )
    found = {"kms:GenerateDataKey"} if writes else set()
    return found | ({"kms:Decrypt"} if reads or writes or files or from_a_queue_or_stream else set())


def role_of(function: Resource) -> dict[str, Any]:
    return deployed().by_arn(function.properties["Role"]).properties


def statements(role: dict[str, Any]) -> list[dict[str, Any]]:
    """Returns all statements of a role's inline policies, SAM's own among them, one action each."""
    return [
        {**statement, "Action": action}
        for policy in role.get("Policies", [])
        for statement in listed(policy["PolicyDocument"]["Statement"])
        for action in listed(statement["Action"])
    ]


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def test_operating_names_each_service_that_uses_the_key_in_its_own_name() -> None:
    """The policy of a queue lets services send; under a customer's key they need the key too (aws-facts.md#kms)."""
    senders = {
        statement["Principal"]["Service"]
        for policy in each("AWS::SQS::QueuePolicy")
        for statement in policy["PolicyDocument"]["Statement"]
        if statement["Effect"] == "Allow"
    }
    page = (ROOT / "docs" / "operate" / "deploy.md").read_text(encoding="utf-8")
    [key_policy] = [json.loads(text) for text in re.findall(r"```json\n(.*?)```", page, re.S) if '"kms:*"' in text]
    named = {one["Principal"]["Service"]: set(one["Action"]) for one in key_policy if "Service" in one["Principal"]}

    assert senders == {"events.amazonaws.com", "s3.amazonaws.com"}
    assert named.keys() == senders | {"logs.<region>.amazonaws.com"}
    assert all(named[sender] == {"kms:GenerateDataKey", "kms:Decrypt"} for sender in senders)


# --- what it costs ---------------------------------------------------------------------------------------------------


def test_operating_says_what_the_key_costs_at_most() -> None:
    """The sources of both numbers are in aws-facts.md#kms."""
    pairs = {
        (function, str(one["Resource"]).split("/index/")[0])
        for function in FUNCTIONS
        for one in statements(role_of(deployed().resources[function]))
        if one["Action"].startswith("dynamodb:") and ":table/" in str(one["Resource"])
    }
    month_s = 30 * 86_400
    asked_by_queues = sum(
        month_s // queue.properties["KmsDataKeyReusePeriodSeconds"] * principals(queue) for queue in all_queues()
    )
    page = (ROOT / "docs" / "operate" / "costs.md").read_text(encoding="utf-8")
    [(told, tables)] = re.findall(r"(\d+) pairs of a function and a table are at most \$([\d.]+) a month", page)
    [queues] = re.findall(r"at most \$([\d.]+) for the queues", page)

    # Round numbers that hold, and not by far.
    assert len(pairs) <= int(told) <= 1.2 * len(pairs), len(pairs)
    assert float(tables) == pytest.approx(int(told) * month_s / 300 * USD_A_REQUEST, abs=0.01)
    assert asked_by_queues * USD_A_REQUEST <= float(queues) <= 1.2 * asked_by_queues * USD_A_REQUEST


def all_queues() -> list[Resource]:
    return deployed().of_type("AWS::SQS::Queue")


def principals(queue: Resource) -> int:
    """Returns 2 P + C: producers count twice (SQS developer guide, "Estimating AWS KMS costs")."""
    producers = sum(
        any(
            one["Action"] == "sqs:SendMessage" and one["Resource"] == queue.arn for one in statements(role_of(function))
        )
        for function in deployed().of_type("AWS::Lambda::Function")
    )
    consumers: int = sum(mapping["EventSourceArn"] == queue.arn for mapping in each("AWS::Lambda::EventSourceMapping"))
    return 2 * producers + consumers
