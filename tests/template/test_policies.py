"""The rights of each function, and the roles in which API Gateway calls them."""

import json
import re

import pytest

from local.events import listed, matches
from local.template import load
from tests.template import source
from tests.template.deployed import (
    FUNCTIONS,
    QUEUE_MAPPINGS,
    TEMPLATE,
    deployed,
    deployed_as,
    deployed_with,
    environment_of,
    functions_written,
    invoked_by,
    kind_of,
    layer,
    of_type,
    statements,
)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_has_statements_of_its_own_one_for_each_resource(function: str) -> None:
    written = functions_written()[function].get("Policies", [])
    of_ours = [policy for policy in written if policy not in OF_EVENT_SOURCES]
    policies = [policy["Fn::If"][1] if "Fn::If" in policy else policy for policy in of_ours]
    resources = [statement["Resource"] for statement in statements(function)]

    # SAM's policy templates grant more or less than their names say, and one policy for all grants everything to all.
    assert all(set(policy) == {"Statement"} for policy in policies)
    assert len(resources) == len(set(resources))
    for statement in statements(function):
        assert statement["Effect"] == "Allow"
        assert listed(statement["Action"]) == sorted(set(listed(statement["Action"])), key=VERBS.index)
        assert isinstance(statement["Resource"], str) and statement["Resource"].startswith("arn:")
        # Any connection, and any file of a bucket: their names are not known.
        of_a_bucket = statement["Resource"].startswith("arn:aws:s3:::")
        before_ids = statement["Resource"].removesuffix("/*" if of_a_bucket else "/@connections/*")
        assert "*" not in before_ids


# AWS's own, for those that a queue calls: what Lambda needs to read it in the function's name.
OF_EVENT_SOURCES = ("AWSLambdaSQSQueueExecutionRole",)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_may_read_a_queue_if_a_queue_calls_it(function: str) -> None:
    mappings = [deployed().resources[name].properties["FunctionName"] for name in QUEUE_MAPPINGS]
    named = [policy for policy in functions_written()[function].get("Policies", []) if isinstance(policy, str)]

    assert named == list(OF_EVENT_SOURCES) * mappings.count(deployed().resources[function].arn)


# Every right that a function may have, in the order in which a statement lists them, with its word in an anchor's name.
WORDS = {
    "dynamodb:BatchGetItem": "read",
    "dynamodb:BatchWriteItem": "write",
    "dynamodb:GetItem": "get",
    "dynamodb:Query": "query",
    "dynamodb:ConditionCheckItem": "check",
    "dynamodb:PutItem": "put",
    "dynamodb:UpdateItem": "update",
    "dynamodb:DeleteItem": "delete",
    "dynamodb:Scan": "scan",
    "dynamodb:DescribeStream": "describe",
    "dynamodb:GetRecords": "follow",
    "dynamodb:GetShardIterator": "find",
    "dynamodb:ListStreams": "list",
    "s3:AbortMultipartUpload": "abort",
    "s3:DeleteObject": "delete",
    "s3:GetObject": "get",
    "s3:ListBucket": "list",
    "s3:PutObject": "put",
    "sns:CreatePlatformEndpoint": "create",
    "sns:DeleteEndpoint": "delete",
    "sns:Publish": "publish_to",
    "sns:SetEndpointAttributes": "set",
    "sqs:SendMessage": "send_to",
    "execute-api:ManageConnections": "manage",
    "secretsmanager:GetSecretValue": "get",
    "kms:Decrypt": "decrypt",
    "kms:GenerateDataKey": "encrypt",
}
VERBS = list(WORDS)
ANCHORS = re.findall(
    r'- &(\w+) \{Effect: Allow, Action: (.*?), Resource: !Sub "\$\{Tables\}/\$\{(\w+)\}(?:/index/(\w+))?"\}',
    "\n".join(path.read_text(encoding="utf-8") for path in source.stacks().values()),
)


@pytest.mark.parametrize(("anchor", "actions", "table", "index"), ANCHORS)
def test_an_anchor_says_what_it_grants(anchor: str, actions: str, table: str, index: str) -> None:
    verbs = [WORDS[action] for action in actions.strip("[]").split(", ")]
    resource = re.sub(r"(?<!^)(?=[A-Z])", "_", table).lower()

    assert anchor == "_".join([*verbs, resource, *([index] if index else [])])


def test_only_the_authorizers_know_the_key() -> None:
    holders = {name for name in FUNCTIONS if any(key.startswith("JWT_") for key in environment_of(name))}
    readers = {
        name
        for name in FUNCTIONS
        if any("secretsmanager:GetSecretValue" in listed(s["Action"]) for s in statements(name))
    }
    webhooks = {name for name in FUNCTIONS if "WEBHOOK_KEY_ARN" in environment_of(name)}

    assert webhooks == {"CreateWebhook", "RotateWebhookSecret", "PostWebhook", "RetryWebhook"}
    assert holders == readers - webhooks == {"Authorize", "OnAuthorize"}


def test_public_keys_need_no_right_to_read_a_secret() -> None:
    with_jwks = deployed_with("JwtJwksUrl", "https://example.com/keys")

    assert "JwtSecret" not in with_jwks.resources
    assert with_jwks.resources["Authorize"].properties["Environment"]["Variables"]["JWT_SECRET_ARN"] == ""
    assert "secretsmanager" not in json.dumps(with_jwks.resources["AuthorizeRole"].properties)


def test_public_keys_with_a_secret_beside_them_make_none_and_read_that_one() -> None:
    arn = "arn:aws:secretsmanager:us-east-1:000000000000:secret:hosts"
    both = load(TEMPLATE, {"JwtSecretArn": arn, "JwtJwksUrl": "https://example.com/keys"})

    assert "JwtSecret" not in both.resources
    for name in ("Authorize", "OnAuthorize"):
        variables = both.resources[name].properties["Environment"]["Variables"]
        assert (variables["JWT_SECRET_ARN"], variables["JWT_JWKS_URL"]) == (arn, "https://example.com/keys")
        assert arn in json.dumps(both.resources[f"{name}Role"].properties)


def test_a_secret_of_ones_own_is_used_in_place_of_a_new_one() -> None:
    arn = "arn:aws:secretsmanager:us-east-1:000000000000:secret:mine"
    with_secret = deployed_with("JwtSecretArn", arn)

    assert "JwtSecret" not in with_secret.resources
    assert with_secret.resources["OnAuthorize"].properties["Environment"]["Variables"]["JWT_SECRET_ARN"] == arn
    assert arn in json.dumps(with_secret.resources["OnAuthorizeRole"].properties)


def test_only_who_makes_turn_credentials_reads_the_secret_of_the_turn_servers() -> None:
    arn = "arn:aws:secretsmanager:us-east-1:000000000000:secret:turn"
    with_turn = deployed_with("TurnSecretArn", arn)
    readers = {name for name, each in with_turn.resources.items() if arn in json.dumps(each.properties)}

    assert readers == {"LiveStack", "CreateTurnCredentials", "CreateTurnCredentialsRole"}
    assert "secretsmanager" not in json.dumps(deployed().resources["CreateTurnCredentialsRole"].properties)


@pytest.mark.parametrize("role", ["RestInvoker", "WebSocketInvoker"])
def test_api_gateway_calls_functions_of_this_stack_in_a_role_for_this_account_alone(role: str) -> None:
    ours, others = deployed_as("parley"), deployed_as("parley-x")
    [trust] = ours.resources[role].properties["AssumeRolePolicyDocument"]["Statement"]

    assert trust["Principal"] == {"Service": "apigateway.amazonaws.com"}
    assert trust["Condition"] == {"StringEquals": {"aws:SourceAccount": "000000000000"}}
    assert not any(matches(invoked_by(role, ours), each.arn) for each in others.of_type("AWS::Lambda::Function"))


def test_the_role_of_the_websocket_api_calls_websocket_functions_alone() -> None:
    callable_ = {name for name in FUNCTIONS if matches(invoked_by("WebSocketInvoker"), deployed().resources[name].arn)}

    assert callable_ == {name for name in FUNCTIONS if kind_of(name) == "websocket"}


def test_only_schedules_need_a_permission_at_the_function() -> None:
    assert {each.properties["Principal"] for each in of_type("AWS::Lambda::Permission")} == {"events.amazonaws.com"}


def test_only_the_scanner_reads_uploads_and_has_the_decoders() -> None:
    media, quarantine = deployed().resources[layer("Media")].ref, deployed().resources["Quarantine"].arn
    with_decoders = {name for name in FUNCTIONS if media in deployed().resources[name].properties["Layers"]}
    readers = {
        name
        for name in FUNCTIONS
        for statement in statements(name)
        if statement["Resource"] == f"{quarantine}/*" and "s3:GetObject" in listed(statement["Action"])
    }

    assert with_decoders == readers == {"ScanAttachment"}


def test_audit_rows_are_added_and_only_erasure_may_change_them() -> None:
    audit = load(TEMPLATE).resources["Audit"].arn
    allowed: dict[str, set[str]] = {}
    for role in load(TEMPLATE).of_type("AWS::IAM::Role"):
        for policy in role.properties.get("Policies", []):
            for statement in policy["PolicyDocument"]["Statement"]:
                if str(statement.get("Resource")).startswith(audit):
                    for action in listed(statement["Action"]):
                        allowed.setdefault(action, set()).add(role.logical_id)

    assert set(allowed) == {f"dynamodb:{verb}" for verb in ("BatchGetItem", "PutItem", "Query", "Scan", "UpdateItem")}
    assert allowed["dynamodb:UpdateItem"] == {"ErasePersonRole"}
    assert allowed["dynamodb:BatchGetItem"] == {"PostWebhookRole", "RetryWebhookRole"}


def test_only_the_writer_of_exports_lists_their_files_and_only_its_own_pieces() -> None:
    """An erasure deletes an export with its row, so a later step has to list what an earlier one has left."""
    bucket = load(TEMPLATE).resources["ExportFiles"].arn
    lists = [
        (role.logical_id, statement.get("Condition"))
        for role in load(TEMPLATE).of_type("AWS::IAM::Role")
        for policy in role.properties.get("Policies", [])
        for statement in policy["PolicyDocument"]["Statement"]
        if "s3:ListBucket" in listed(statement["Action"]) and statement.get("Resource") == bucket
    ]

    assert lists == [("WriteExportRole", {"StringLike": {"s3:prefix": "work/*"}})]
