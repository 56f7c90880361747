"""The harness itself: rights, kills, hooks, and moto's cure. What it lets pass, every other test would."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.harness import Call, Parley
from tests.harness.calls import aws_refusal
from tests.harness.fixtures import System
from tests.harness.iam import Checker, Right

ENGINES = ("moto",)
TABLE = "arn:aws:dynamodb:us-east-1:123456789012:table"
POST = "arn:aws:execute-api:us-east-1:123456789012:abc/v1/POST/@connections/*"


@pytest.fixture
def checker(system: System) -> Checker:
    checker = Checker(system.template, system.functions)
    granted = [
        ("dynamodb:GetItem", f"{TABLE}/a"),
        ("dynamodb:PutItem", f"{TABLE}/a"),
        ("dynamodb:UpdateItem", f"{TABLE}/b"),
        ("dynamodb:BatchGetItem", f"{TABLE}/a"),
        ("dynamodb:Query", f"{TABLE}/a/index/by_time"),
        ("execute-api:ManageConnections", POST),
        ("sqs:SendMessage", "arn:aws:sqs:us-east-1:123456789012:jobs"),
        ("secretsmanager:GetSecretValue", "arn:aws:secretsmanager:us-east-1:123456789012:secret:key"),
        ("s3:Get*", "arn:aws:s3:::files/public/*"),
        ("s3:PutObject", "arn:aws:s3:::files/copies/*"),
        ("dynamodb:*", f"{TABLE}/d"),
    ]
    allowed = [Right("Echo", "Allow", action, resource) for action, resource in granted]
    checker.grant([*allowed, Right("Echo", "Deny", "dynamodb:DeleteItem", f"{TABLE}/d")])
    return checker


def call(service: str, operation: str, function: str = "Echo", **params: Any) -> Call:
    address = "https://abc.execute-api.us-east-1.amazonaws.com/v1"
    return Call(function, service, operation, params, address)


def transacted(**operations: str) -> dict[str, Any]:
    return {"TransactItems": [{kind: {"TableName": name}} for kind, name in operations.items()]}


ALLOWED = [
    call("dynamodb", "PutItem", TableName="a"),
    call("dynamodb", "Query", TableName="a", IndexName="by_time"),
    call("dynamodb", "BatchGetItem", RequestItems={"a": {}}),
    call("dynamodb", "TransactWriteItems", **transacted(Put="a", Update="b")),
    call("dynamodb", "TransactGetItems", **transacted(Get="a")),
    call("dynamodb", "Scan", TableName="d"),
    call("apigatewaymanagementapi", "PostToConnection", ConnectionId="x="),
    call("sqs", "SendMessage", QueueUrl="https://sqs.example/123456789012/jobs"),
    call("sqs", "SendMessageBatch", QueueUrl="https://sqs.example/123456789012/jobs"),
    call("secretsmanager", "GetSecretValue", SecretId="key"),
    call("s3", "GetObject", Bucket="files", Key="public/x"),
    call("s3", "CopyObject", Bucket="files", Key="copies/x", CopySource={"Bucket": "files", "Key": "public/x y"}),
    call("s3", "CopyObject", Bucket="files", Key="copies/x", CopySource="files/public/x%20y"),
]
REFUSED = [
    call("dynamodb", "DeleteItem", TableName="a"),
    call("dynamodb", "PutItem", TableName="b"),
    call("dynamodb", "PutItem", "Gate", TableName="a"),
    call("dynamodb", "Query", TableName="a"),
    call("dynamodb", "Query", TableName="a", IndexName="by_name"),
    call("dynamodb", "BatchGetItem", RequestItems={"a": {}, "b": {}}),
    call("dynamodb", "TransactWriteItems", **transacted(Put="a", ConditionCheck="a")),
    call("dynamodb", "TransactWriteItems", **transacted(Put="a", Update="a")),
    call("dynamodb", "DeleteItem", TableName="d"),
    call("apigatewaymanagementapi", "DeleteConnection", ConnectionId="x="),
    call("sqs", "SendMessage", QueueUrl="https://sqs.example/123456789012/others"),
    call("secretsmanager", "GetSecretValue", SecretId="other"),
    call("s3", "GetObject", Bucket="files", Key="private/x"),
    call("s3", "PutObject", Bucket="files", Key="public/x"),
    call("s3", "CopyObject", Bucket="files", Key="copies/x", CopySource={"Bucket": "files", "Key": "private/x"}),
    call("s3", "CopyObject", Bucket="files", Key="copies/x", CopySource="files/private/x"),
    call("s3", "CopyObject", Bucket="files", Key="public/y", CopySource="files/public/x"),
]


def named(call: Call) -> str:
    return f"{call.operation} {call.params}"


@pytest.mark.parametrize("made", ALLOWED, ids=named)
def test_what_a_statement_covers_is_allowed(checker: Checker, made: Call) -> None:
    checker.before(made)

    assert checker.violations == []


@pytest.mark.parametrize("made", REFUSED, ids=named)
def test_what_no_statement_covers_is_refused_and_remembered(checker: Checker, made: Call) -> None:
    with pytest.raises(ClientError) as error:
        checker.before(made)

    assert error.value.response["Error"]["Code"] == "AccessDeniedException"
    [violation] = checker.violations
    assert violation.startswith(f"{made.function} may not ")


def test_what_no_call_needed_is_listed(checker: Checker) -> None:
    checker.grant(right for right in checker.rights if "/a" in right.resource and "index" not in right.resource)
    checker.before(call("dynamodb", "PutItem", TableName="a"))

    assert checker.unused() == [f"Echo: dynamodb:BatchGetItem on {TABLE}/a", f"Echo: dynamodb:GetItem on {TABLE}/a"]


def test_what_lambda_does_itself_under_the_role_is_not_listed(system: System) -> None:
    checker = Checker(system.template, system.functions)
    letters = system.template.resources["Dead"].arn

    assert Right("OnItem", "Allow", "sqs:SendMessage", letters) in checker.rights
    assert not any("OnItem" in line for line in checker.unused())


def test_a_service_that_the_checker_does_not_know_is_loud(checker: Checker) -> None:
    with pytest.raises(AssertionError, match="does not know"):
        checker.before(call("polly", "SynthesizeSpeech"))


# --- kills and hooks -------------------------------------------------------------------------------------------------


def post(parley: Parley) -> tuple[list[Any], list[Any]]:
    """Lets one socket's function post to another; returns what came to the sender and to the receiver."""
    nobody = parley.bearer("")
    sender, receiver = nobody.open(query="?ticket=a"), nobody.open(query="?ticket=b")
    sender.send({"action": "echo_it", "do": "post", "to": receiver.connection_id, "text": '"hello"'})
    return [frame.get("posted", frame.get("message")) for frame in sender.frames], receiver.frames


def test_a_function_killed_at_its_call_has_not_made_it(parley: Parley) -> None:
    with parley.kill(at=1) as kill:
        assert post(parley) == (["Internal server error"], [])

    assert kill.happened


def test_a_function_killed_after_its_call_has_made_it(parley: Parley) -> None:
    with parley.kill(at=1, after=True) as kill:
        assert post(parley) == (["Internal server error"], ["hello"])

    assert kill.happened


@pytest.mark.parametrize("after", [False, True])
def test_a_kill_past_the_last_call_does_not_happen(parley: Parley, after: bool) -> None:
    with parley.kill(at=2, after=after) as kill:
        assert post(parley) == (["ok"], ["hello"])

    assert not kill.happened


def test_every_call_is_seen_with_its_function_and_its_answer(parley: Parley) -> None:
    with parley.watch() as calls:
        post(parley)

    [seen] = calls
    assert (seen.function, seen.service, seen.operation) == ("OnAction", "apigatewaymanagementapi", "PostToConnection")
    assert seen.response["ResponseMetadata"]["HTTPStatusCode"] == 200


def test_a_hook_answers_in_the_place_of_aws(parley: Parley) -> None:
    class Throttled:
        def before(self, call: Call) -> None:
            raise aws_refusal(call, "ThrottlingException", "slow down")

        def after(self, call: Call) -> None:
            raise AssertionError("a call that was refused has no after")

    parley.hooks.append(Throttled())

    assert post(parley) == (["ThrottlingException"], [])


def test_the_tests_own_calls_are_nobody_s(parley: Parley) -> None:
    with parley.watch() as calls:
        parley.store.client("dynamodb").list_tables()

    assert calls == []


# --- moto's cure -----------------------------------------------------------------------------------------------------


def put(owner: str, seq: int, condition: str | None = None, **attributes: dict[str, str]) -> dict[str, Any]:
    item = {"owner": {"S": owner}, "seq": {"N": str(seq)}, **attributes}
    written = {"TableName": "parley-Items", "Item": item}
    return {"Put": {**written, "ConditionExpression": condition} if condition else written}


def test_a_transaction_that_fails_leaves_everything_as_it_was(parley: Parley) -> None:
    dynamodb = parley.store.client("dynamodb")
    dynamodb.transact_write_items(TransactItems=[put("kept", 1, colour={"S": "red"})])

    with pytest.raises(dynamodb.exceptions.TransactionCanceledException):
        dynamodb.transact_write_items(
            TransactItems=[
                put("new", 1),
                put("kept", 1, colour={"S": "blue"}),
                put("other", 1, "attribute_exists(seq)"),
            ]
        )

    items = dynamodb.scan(TableName="parley-Items")["Items"]
    assert items == [{"owner": {"S": "kept"}, "seq": {"N": "1"}, "colour": {"S": "red"}}]


def test_a_failed_transaction_leaves_no_trace_in_the_stream(parley: Parley, calls: list[Any]) -> None:
    dynamodb = parley.store.client("dynamodb")
    dynamodb.transact_write_items(TransactItems=[put("first", 1)])
    with pytest.raises(dynamodb.exceptions.TransactionCanceledException):
        dynamodb.transact_write_items(TransactItems=[put("second", 1), put("first", 1, "attribute_not_exists(seq)")])
    dynamodb.transact_write_items(TransactItems=[put("third", 1)])

    parley.drain()

    owners = [record["dynamodb"]["Keys"]["owner"]["S"] for _, event in calls for record in event["Records"]]
    assert owners == ["first", "third"]


def test_no_acknowledged_transaction_is_lost_among_those_that_fail(parley: Parley) -> None:
    dynamodb = parley.store.client("dynamodb")

    def write(number: int) -> bool:
        try:
            dynamodb.transact_write_items(
                TransactItems=[put(f"own-{number}", 1), put("shared", number % 20, "attribute_not_exists(seq)")]
            )
        except dynamodb.exceptions.TransactionCanceledException:
            return False
        return True

    with ThreadPoolExecutor(8) as threads:
        written = list(threads.map(write, range(60)))

    owners = {item["owner"]["S"] for item in dynamodb.scan(TableName="parley-Items")["Items"]}
    assert sum(written) == 20
    assert owners == {"shared", *(f"own-{number}" for number, done in enumerate(written) if done)}
