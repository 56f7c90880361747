"""The two emulations of AWS under the tests: moto, and ministack without its server, both in this process."""

import copy
import os
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote_plus

import moto.dynamodb.models
import moto.events.utils
import moto.s3.notifications
from moto import mock_aws
from moto.core.botocore_stubber import BotocoreStubber
from moto.core.models import botocore_stubber
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.dynamo_type import DynamoType
from moto.dynamodb.models.table import Table

from tests.harness import ministack, quick_moto
from tests.harness.calls import replaced

ACCOUNT = ministack.ACCOUNT  # moto's, so that names are equal on both
ROOT = Path(__file__).parents[2]

# Credentials that reach nothing, and the modes in which moto answers: with an account in its host name the address of
# DynamoDB Streams is unknown to moto 5 (404).
ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_REGION": "us-east-1",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_ACCOUNT_ID_ENDPOINT_MODE": "disabled",
}


@contextmanager
def running(name: str) -> Iterator[None]:
    """Runs an engine by name (`moto` or `ministack`), for tests and functions alike."""
    with ExitStack() as stack:
        if name == "moto":
            stack.enter_context(mock_aws())
            stack.enter_context(_one_at_a_time())
            stack.enter_context(_cheap_transactions())
            stack.enter_context(_events_as_aws_sends_them())
            stack.enter_context(quick_moto.quick())
        else:
            stack.enter_context(ministack.running())
            os.environ |= ministack.CLIENT_ENVIRONMENT
        yield


@contextmanager
def answering(name: str) -> Iterator[None]:
    """While it lasts, this engine is the one that answers: several can run in a process."""
    before = botocore_stubber.enabled
    botocore_stubber.enabled = name == "moto"
    try:
        yield
    finally:
        botocore_stubber.enabled = before


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """moto's tables are plain dicts without locks; functions use threads, so requests queue up here."""
    lock = threading.RLock()

    def process_request(stubber: BotocoreStubber, request: Any) -> Any:
        with lock:
            answer = original(stubber, request)
        if answer is None:
            return None
        status, headers, body = answer  # over HTTP an answer says how long it is, and metering counts by that
        return status, {**dict(headers), "Content-Length": str(len(body))}, body

    with replaced(BotocoreStubber, "process_request", process_request) as original:
        yield


@contextmanager
def _cheap_transactions() -> Iterator[None]:
    """Without this, moto copies whole tables for every transaction, and a failed one puts the old copies back."""

    def transact_write_items(backend: DynamoDBBackend, transact_items: list[dict[str, Any]]) -> None:
        undo = [_undo(backend, operation) for item in transact_items for operation in item.values()]
        try:
            original(backend, transact_items)
        except Exception:
            for restore in undo:
                restore()
            raise

    shallow = SimpleNamespace(
        copy=copy.copy, deepcopy=lambda value: value if isinstance(value, Table) else _deep(value)
    )
    with replaced(moto.dynamodb.models, "copy", shallow):
        with replaced(DynamoDBBackend, "transact_write_items", transact_write_items) as original:
            yield


@contextmanager
def _events_as_aws_sends_them() -> Iterator[None]:
    """Gives S3's events their order, and their keys the slashes; delivers EventBridge's without a library for paths."""
    numbers = count(1)

    def s3_event(name: str, bucket: Any, key: Any, notification_id: str) -> Any:
        event = original(name, bucket, key, notification_id)
        [record] = event["Records"]
        sequencer = f"{next(numbers):018X}"
        record["s3"]["object"] |= {"key": quote_plus(key.name, safe="/"), "sequencer": sequencer}
        return event

    def parse(input_template: Any, input_paths_map: Any, event: Any) -> Any:
        assert input_template is None, "the tests' EventBridge transforms no events"
        return event

    with replaced(moto.s3.notifications, "_get_s3_event", s3_event) as original:
        with replaced(moto.events.utils.EventTemplateParser, "parse", staticmethod(parse)):
            yield


def _deep(value: Any) -> Any:
    return copy.deepcopy(value)


def _undo(backend: DynamoDBBackend, operation: dict[str, Any]) -> Any:
    """Returns what puts one item, and the table's stream, back to where they are now."""
    table = backend.tables.get(operation.get("TableName", ""))
    attributes = operation.get("Key") or operation.get("Item") or {}
    if table is None or not set(table.table_key_attrs) <= set(attributes):
        return lambda: None  # moto will refuse this transaction before it touches anything
    hash_key = DynamoType(attributes[table.hash_key_attr])
    range_key = DynamoType(attributes[table.range_key_attr]) if table.range_key_attr else None
    before = _deep(table.get_item(hash_key, range_key))
    records = len(table.stream_shard.items) if table.stream_shard else 0

    def restore() -> None:
        if table.get_item(hash_key, range_key) is not None:
            table.delete_item(hash_key, range_key)
        if before is not None and range_key is not None:
            table.items[hash_key][range_key] = before
        elif before is not None:
            table.items[hash_key] = before
        if table.stream_shard:
            del table.stream_shard.items[records:]

    return restore
