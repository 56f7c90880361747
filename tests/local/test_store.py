"""The store as a process: what it has acknowledged is there again, whatever has happened to it or to its disk."""

import json
import os
import resource
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from local import store_journal
from local.ministack import Ministack, StoreError
from tests.e2e.stack import ROOT
from tests.harness import presigned

ACCOUNT = "000000000000"
TABLE = "things"
ONE_TRY = Config(retries={"total_max_attempts": 1, "mode": "standard"}, user_agent="tests")


class Impatient(Ministack):
    """A store that takes a log of a megabyte for a large one."""

    def _environment(self, port: int) -> dict[str, str]:
        return {**super()._environment(port), "PARLEY_STORE_LARGE_LOG_BYTES": "1000000"}


class Store:
    """One store's folder, and the process that runs on it now."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.kind: type[Ministack] = Ministack
        self._clients: dict[tuple[int, str], Any] = {}
        self._running: Ministack | None = None

    def start(self) -> None:
        self._running = self.kind(ROOT, account=ACCOUNT, state=self.folder)
        try:
            self._running.start()
        except StoreError:
            self._running = None
            raise

    def stop(self) -> None:
        if self._running:
            self._running.stop()
            self._running = None

    @property
    def pid(self) -> int:
        assert self._running and self._running._process
        return self._running._process.pid

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)
        self.stop()

    def restart(self) -> None:
        self.stop()
        self.start()

    def client(self, service: str) -> Any:
        """Returns a client of the process that runs now."""
        if (self.pid, service) not in self._clients:
            self._clients[self.pid, service] = self._new_client(service)
        return self._clients[self.pid, service]

    def _new_client(self, service: str) -> Any:
        assert self._running
        known = self._running.client_environment
        return botocore.session.get_session().create_client(
            service,
            region_name="us-east-1",
            endpoint_url=known["AWS_ENDPOINT_URL"],
            aws_access_key_id=known["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=known["AWS_SECRET_ACCESS_KEY"],
            config=ONE_TRY,
        )

    def make_table(self) -> None:
        self.client("dynamodb").create_table(
            TableName=TABLE,
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}, {"AttributeName": "n", "KeyType": "RANGE"}],
            AttributeDefinitions=[
                {"AttributeName": "id", "AttributeType": "S"},
                {"AttributeName": "n", "AttributeType": "N"},
            ],
            BillingMode="PAY_PER_REQUEST",
        )

    def put(self, number: int, text: str = "there") -> None:
        self.client("dynamodb").put_item(TableName=TABLE, Item=item(number, text))

    def rows(self) -> dict[int, str]:
        pages = self.client("dynamodb").get_paginator("scan").paginate(TableName=TABLE)
        return {int(each["n"]["N"]): each["text"]["S"] for page in pages for each in page["Items"]}

    def file(self, kind: str, generation: int) -> Path:
        return store_journal.path_of(self.folder, kind, generation)

    @contextmanager
    def full_disk(self, room: int = 0) -> Iterator[None]:
        """While it lasts, no file of the process can grow beyond what the log has now, but for some bytes of room."""
        limit = self.file("log", 0).stat().st_size + room
        before = resource.prlimit(self.pid, resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
        try:
            yield
        finally:
            if self._running:
                resource.prlimit(self.pid, resource.RLIMIT_FSIZE, before)


def item(number: int, text: str = "there") -> dict[str, Any]:
    return {"id": {"S": "x"}, "n": {"N": str(number)}, "text": {"S": text}}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(tmp_path / "store")
    with ExitStack() as stack:
        stack.callback(store.stop)
        store.start()
        yield store


def test_every_acknowledged_write_survives_a_kill_under_load(store: Store) -> None:
    store.make_table()
    acknowledged: list[int] = []

    def write(start: int) -> None:
        dynamodb = store.client("dynamodb")
        for number in range(start, start + 10_000):
            try:
                put = {"TableName": TABLE, "Item": item(number)}
                other = {"TableName": TABLE, "Item": item(-number)}
                dynamodb.transact_write_items(TransactItems=[{"Put": put}, {"Put": other}])
            except (BotoCoreError, ClientError):
                return
            acknowledged.append(number)

    threads = [threading.Thread(target=write, args=(start,)) for start in (1, 100_001, 200_001)]
    for thread in threads:
        thread.start()
    while len(acknowledged) < 200:
        time.sleep(0.01)
    os.kill(store.pid, signal.SIGKILL)
    for thread in threads:
        thread.join(10)
    store.restart()

    rows = store.rows()
    assert set(acknowledged) <= set(rows)
    assert {-number for number in rows} == set(rows)  # of a transaction there is all, or nothing


def test_rows_are_as_they_were_last_after_a_kill(store: Store) -> None:
    store.make_table()
    dynamodb = store.client("dynamodb")
    for number in range(5):
        store.put(number)
    dynamodb.delete_item(TableName=TABLE, Key={"id": {"S": "x"}, "n": {"N": "1"}})
    dynamodb.update_item(
        TableName=TABLE,
        Key={"id": {"S": "x"}, "n": {"N": "2"}},
        UpdateExpression="SET #t = :t",
        ExpressionAttributeNames={"#t": "text"},
        ExpressionAttributeValues={":t": {"S": "ü 🎉"}},
    )
    with pytest.raises(ClientError):
        dynamodb.put_item(TableName=TABLE, Item=item(3, "no"), ConditionExpression="attribute_not_exists(id)")
    deletion = {"DeleteRequest": {"Key": {"id": {"S": "x"}, "n": {"N": "4"}}}}
    dynamodb.batch_write_item(RequestItems={TABLE: [deletion, {"PutRequest": {"Item": item(6)}}]})
    store.kill()
    store.start()

    assert store.rows() == {0: "there", 2: "ü 🎉", 3: "there", 6: "there"}


def test_settings_queues_objects_and_secrets_survive_a_kill(store: Store) -> None:
    store.make_table()
    ttl = {"Enabled": True, "AttributeName": "expires_at_s"}
    store.client("dynamodb").update_time_to_live(TableName=TABLE, TimeToLiveSpecification=ttl)
    sqs, s3 = store.client("sqs"), store.client("s3")
    dead = sqs.create_queue(QueueName="dead")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    redrive = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 1})
    jobs = sqs.create_queue(QueueName="jobs", Attributes={"RedrivePolicy": redrive, "VisibilityTimeout": "0"})[
        "QueueUrl"
    ]
    for body in ("done", "fails", "waits"):
        sqs.send_message(QueueUrl=jobs, MessageBody=body, DelaySeconds=0 if body != "waits" else 600)
    first, second = sqs.receive_message(QueueUrl=jobs, MaxNumberOfMessages=2)["Messages"]
    sqs.delete_message(QueueUrl=jobs, ReceiptHandle=first["ReceiptHandle"])
    assert "Messages" not in sqs.receive_message(QueueUrl=jobs)  # the one that failed has moved
    s3.create_bucket(Bucket="files")
    s3.put_object(Bucket="files", Key="a/b", Body=b"content", ContentType="text/x")
    store.client("secretsmanager").create_secret(Name="key", SecretString="value")
    store.kill()
    store.start()

    sqs = store.client("sqs")
    there = store.client("s3").get_object(Bucket="files", Key="a/b")
    known = store.client("dynamodb").describe_time_to_live(TableName=TABLE)["TimeToLiveDescription"]
    counts = sqs.get_queue_attributes(QueueUrl=jobs, AttributeNames=["All"])["Attributes"]
    assert (first["Body"], second["Body"]) == ("done", "fails")
    assert [each["Body"] for each in sqs.receive_message(QueueUrl=dead)["Messages"]] == ["fails"]
    assert (counts["ApproximateNumberOfMessages"], counts["ApproximateNumberOfMessagesDelayed"]) == ("0", "1")
    assert (there["Body"].read(), there["ContentType"]) == (b"content", "text/x")
    assert store.client("secretsmanager").get_secret_value(SecretId="key")["SecretString"] == "value"
    assert known == {"TimeToLiveStatus": "ENABLED", "AttributeName": "expires_at_s"}


def test_an_upload_and_its_event_survive_a_kill_right_after_the_answer(store: Store) -> None:
    sqs, s3 = store.client("sqs"), store.client("s3")
    url = sqs.create_queue(QueueName="uploads")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    allow = {"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "sqs:*", "Resource": arn}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    s3.create_bucket(Bucket="uploads")
    to_queue = {"QueueConfigurations": [{"QueueArn": arn, "Events": ["s3:ObjectCreated:*"]}]}
    s3.put_bucket_notification_configuration(Bucket="uploads", NotificationConfiguration=to_queue)
    form = s3.generate_presigned_post("uploads", "form.txt")
    statuses = [presigned.post(form["url"], form["fields"], b"by form")]
    s3.put_object(Bucket="uploads", Key="put.txt", Body=b"by put")
    store.kill()
    store.start()

    sqs, s3 = store.client("sqs"), store.client("s3")
    bodies = [
        json.loads(each["Body"]) for each in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    ]
    told = [record["s3"]["object"]["key"] for body in bodies for record in body.get("Records", [])]
    assert statuses == [204]
    assert [body.get("Event") for body in bodies] == ["s3:TestEvent", None, None]
    assert told == ["form.txt", "put.txt"]
    assert s3.get_object(Bucket="uploads", Key="form.txt")["Body"].read() == b"by form"
    kept = s3.get_bucket_notification_configuration(Bucket="uploads")
    assert [one["QueueArn"] for one in kept["QueueConfigurations"]] == [arn]


def test_it_goes_on_after_a_second_and_a_third_kill(store: Store) -> None:
    store.make_table()
    for number in range(3):
        store.put(number)
        store.kill()
        store.start()

    assert set(store.rows()) == {0, 1, 2}


def test_a_long_log_becomes_a_snapshot_when_it_stops(store: Store) -> None:
    store.make_table()
    for number in range(60):
        store.put(number % 30, "x" * 100_000)
    store.restart()

    assert store.file("snapshot", 1).stat().st_size < store.file("log", 0).stat().st_size
    assert store.file("log", 1).stat().st_size < 1_000
    assert len(store.rows()) == 30
    store.put(99)
    store.kill()
    store.start()
    assert set(store.rows()) == {*range(30), 99}


def test_a_snapshot_taken_while_people_write_loses_nothing(store: Store) -> None:
    store.make_table()
    store.kind = Impatient
    store.restart()
    acknowledged: dict[int, int] = {}

    def write(number: int) -> None:
        dynamodb = store.client("dynamodb")
        for version in range(10_000):
            try:
                dynamodb.put_item(TableName=TABLE, Item=item(number, f"{version} {'x' * 5_000}"))
            except (BotoCoreError, ClientError):
                return
            acknowledged[number] = version

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for number in range(1_000, 1_300):  # so that the snapshot has several parts
        store.put(number)
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + 60
    while not store.file("snapshot", 2).exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    os.kill(store.pid, signal.SIGKILL)
    for thread in threads:
        thread.join(10)
    store.restart()

    rows = store.rows()
    assert set(range(1_000, 1_300)) <= set(rows)
    assert all(int(rows[number].split()[0]) >= version for number, version in acknowledged.items())
    assert not store.file("log", 0).exists()


def test_what_a_kill_left_of_an_old_generation_goes_at_the_next_start(store: Store) -> None:
    store.make_table()
    store.kind = Impatient
    store.restart()
    deadline = time.monotonic() + 60
    while not store.file("snapshot", 2).exists():
        assert time.monotonic() < deadline
        for number in range(20):
            store.put(number, "x" * 10_000)
    store.kill()
    left = store.file("log", 0)
    left.write_bytes(b"")  # as if the process had died before it deleted the file

    store.start()

    assert not left.exists()
    assert store.file("snapshot", 2).exists()


def test_a_damaged_log_keeps_it_from_starting_and_stays_as_it_is(store: Store) -> None:
    store.make_table()
    for number in range(9):
        store.put(number)
    store.stop()
    log = store.file("log", 0)
    damaged = log.read_bytes().replace(b'"n":{"N":"4"}', b'"n":{"N":"5"}')
    log.write_bytes(damaged)

    with pytest.raises(StoreError, match=r"log-000000 is damaged \(line \d+\).*python -m local recover"):
        store.start()
    assert log.read_bytes() == damaged

    store_journal.recover(store.folder)
    store.start()
    assert set(store.rows()) == {0, 1, 2, 3}


def test_files_of_the_version_before_are_taken_over(store: Store, tmp_path: Path) -> None:
    store.stop()
    old = {
        "__ministack_format__": 2,
        "payload": {
            "queues": {
                "__account_region_scoped__": True,
                "data": {
                    f"{ACCOUNT}\0us-east-1\0'http://localhost:1/{ACCOUNT}/jobs'": {
                        "name": "jobs",
                        "url": f"http://localhost:1/{ACCOUNT}/jobs",
                        "is_fifo": False,
                        "attributes": {"QueueArn": f"arn:aws:sqs:us-east-1:{ACCOUNT}:jobs", "VisibilityTimeout": "30"},
                        "messages": [],
                        "tags": {},
                        "dedup_cache": {},
                        "fifo_seq": 0,
                    }
                },
            }
        },
    }
    store.folder = tmp_path / "old"
    store.folder.mkdir()
    (store.folder / "sqs.json").write_text(json.dumps(old))

    for _ in range(2):
        store.start()
        assert store.client("sqs").get_queue_url(QueueName="jobs")["QueueUrl"].endswith("/jobs")
        store.kill()
    assert (store.folder / "sqs.json.taken-over").exists() and not (store.folder / "sqs.json").exists()


def test_a_damaged_file_of_the_version_before_keeps_it_from_starting(store: Store, tmp_path: Path) -> None:
    store.stop()
    store.folder = tmp_path / "old"
    store.folder.mkdir()
    path = store.folder / "dynamodb.json"
    path.write_text('{"__ministack_format__": 2, "payload": {')

    for _ in range(2):
        with pytest.raises(StoreError, match=r"dynamodb\.json is damaged"):
            store.start()
    assert path.read_text().endswith("{")


def test_on_a_full_disk_writes_are_refused_and_nothing_acknowledged_is_lost(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    store.make_table()
    store.put(1)
    with store.full_disk(room=300):
        acknowledged = [1]
        for number in range(2, 9):
            try:
                store.put(number, "x" * 100)
            except ClientError as refused:
                assert refused.response["Error"]["Code"] == "ServiceUnavailable"
                assert refused.response["ResponseMetadata"]["HTTPStatusCode"] == 503
            else:
                acknowledged.append(number)
        assert 1 < len(acknowledged) < 5
        said = [record.getMessage() for record in caplog.records if "cannot write" in record.getMessage()]
        assert len(said) == 1 and "File too large" in said[0] and "refused" in said[0]
        assert set(store.rows()) >= set(acknowledged)  # it can still be read
        store.kill()
    store.start()

    assert set(store.rows()) == set(acknowledged)


def test_it_writes_again_when_there_is_room(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    store.make_table()
    with store.full_disk(), pytest.raises(ClientError):
        store.put(1)
    store.put(2)
    deadline = time.monotonic() + 5
    while "The store can write again." not in caplog.messages and time.monotonic() < deadline:
        time.sleep(0.05)
    assert "The store can write again." in caplog.messages
    store.kill()
    store.start()

    assert set(store.rows()) == {1, 2}  # what was refused had been done, and is written down before what followed it


def test_a_file_that_has_no_room_is_refused(store: Store) -> None:
    s3 = store.client("s3")
    s3.create_bucket(Bucket="files")
    with store.full_disk(), pytest.raises(ClientError) as refused:
        s3.put_object(Bucket="files", Key="a", Body=b"x" * 100_000)
    s3.put_object(Bucket="files", Key="b", Body=b"x" * 100_000)
    store.kill()
    store.start()

    assert refused.value.response["Error"]["Code"] == "ServiceUnavailable"
    assert store.client("s3").get_object(Bucket="files", Key="b")["Body"].read() == b"x" * 100_000


def test_store_that_is_interrupted_while_it_starts_stops_without_a_word(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Ministack(ROOT, account=ACCOUNT, state=tmp_path)

    def interrupted(_: threading.Thread) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", interrupted)
        with pytest.raises(KeyboardInterrupt):
            store.spawn()
    store.stop()

    assert not store.is_running
