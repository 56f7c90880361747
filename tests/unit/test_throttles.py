"""Counting what DynamoDB throttles (`adapters/dynamodb/throttles.py`)."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders

from parley.adapters.dynamodb import clients

TABLE = "arn:aws:dynamodb:us-east-1:000000000000:table/parley-Users"
REASON = {"reason": "TableReadKeyRangeThroughputExceeded", "resource": TABLE}


class Raw:
    """The body of an answer as urllib3 hands it over."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self._body


class Answers:
    """A handler of botocore's event before a request leaves: it answers instead of DynamoDB."""

    def __init__(self, *answers: tuple[int, dict[str, Any]]) -> None:
        self._answers = list(answers)
        self.asked = 0

    def __call__(self, request: Any, **_: Any) -> AWSResponse:
        status, answer = self._answers[min(self.asked, len(self._answers) - 1)]
        self.asked += 1
        return AWSResponse(request.url, status, HTTPHeaders(), Raw(json.dumps(answer).encode()))


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name, value in {
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "x",
        "AWS_SECRET_ACCESS_KEY": "x",
        "POWERTOOLS_METRICS_NAMESPACE": "parley",
        "POWERTOOLS_SERVICE_NAME": "parley",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("time.sleep", lambda seconds: None)  # botocore waits between its tries
    clients.forget_clients()
    yield clients.client("dynamodb")
    clients.forget_clients()


def counted(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if line.startswith("{")]
    return [line for line in lines if "StoreThrottled" in line]


def answer(client: Any, *answers: tuple[int, dict[str, Any]]) -> Answers:
    found = Answers(*answers)
    client.meta.events.register_first("before-send.dynamodb", found)
    return found


def error(code: str, **more: object) -> tuple[int, dict[str, Any]]:
    return 400, {"__type": f"com.amazonaws.dynamodb.v20120810#{code}", **more}


@pytest.mark.parametrize(
    "code", ["ProvisionedThroughputExceededException", "ThrottlingException", "RequestLimitExceeded"]
)
def test_a_try_that_is_throttled_counts_though_the_next_one_succeeds(
    client: Any, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture, code: str
) -> None:
    reasons = {"throttlingReasons": [REASON], "ThrottlingReasons": [REASON]}
    answers = answer(client, error(code, **reasons), (200, {}))

    client.get_item(TableName="parley-Users", Key={"user_id": {"S": "alice"}})

    assert answers.asked == 2
    [metric] = counted(capsys)
    assert (metric["StoreThrottled"], metric["service"]) == ([1.0], "parley")
    [directive] = metric["_aws"]["CloudWatchMetrics"]
    assert (directive["Namespace"], directive["Dimensions"]) == ("parley", [["service"]])
    [line] = [each for each in caplog.records if each.getMessage() == "store_throttled"]
    assert (line.levelname, vars(line)["call"]) == ("WARNING", "GetItem")
    assert vars(line)["places"] == [f"{TABLE} TableReadKeyRangeThroughputExceeded"]


def test_a_transaction_that_is_cancelled_for_the_rate_counts(client: Any, capsys: pytest.CaptureFixture[str]) -> None:
    cancelled = error(
        "TransactionCanceledException", CancellationReasons=[{"Code": "None"}, {"Code": "ThrottlingError"}]
    )
    answer(client, cancelled)

    with pytest.raises(client.exceptions.TransactionCanceledException):
        client.transact_write_items(TransactItems=[])

    assert len(counted(capsys)) == 1


@pytest.mark.parametrize(("size", "count"), [(100, 1), (1_200_000, 0)])
def test_a_batch_that_leaves_keys_out_counts_unless_its_answer_is_large(
    client: Any, capsys: pytest.CaptureFixture[str], size: int, count: int
) -> None:
    found = {"Responses": {"parley-Users": [{"name": {"S": "x" * size}}]}, "UnprocessedKeys": {"t": {"Keys": [{}]}}}
    answer(client, (200, found))

    client.batch_get_item(RequestItems={"parley-Users": {"Keys": [{"user_id": {"S": "alice"}}]}})

    assert len(counted(capsys)) == count


@pytest.mark.parametrize(
    "given", [(200, {}), error("ConditionalCheckFailedException"), (500, {"__type": "InternalServerError"})]
)
def test_nothing_else_counts(
    client: Any, capsys: pytest.CaptureFixture[str], given: tuple[int, dict[str, Any]]
) -> None:
    answer(client, given, (200, {}))

    try:
        client.put_item(TableName="parley-Users", Item={"user_id": {"S": "alice"}})
    except client.exceptions.ConditionalCheckFailedException:
        assert given[0] == 400

    assert counted(capsys) == []
