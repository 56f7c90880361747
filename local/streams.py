"""DynamoDB streams to functions, as Lambda's event source mappings do it (docs: "Using Lambda with Amazon DynamoDB").

In order, at least once, in batches; a batch that fails is tried again as a whole, or from the first record that the
function reported, or cut in two, until its tries are used up and a note about it goes to the on-failure destination.
"""

import base64
import json
import logging
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from local.functions import Functions, InvocationError
from local.patterns import Filter
from local.provision import Store
from local.template import Document, Resource, Template

log = logging.getLogger(__name__)

MAX_BACKOFF_S = 10.0


@dataclass
class _Shard:
    shard_id: str
    iterator: str | None


class StreamMapping:
    """One event source mapping from a table's stream to a function."""

    def __init__(self, template: Template, mapping: Resource, functions: Functions, store: Store) -> None:
        properties = mapping.properties
        self.name = mapping.logical_id
        self.table = template.by_arn(properties["EventSourceArn"])
        self._function = _function_of(template, properties["FunctionName"])
        self._functions = functions
        self._store = store
        self._filter = Filter(properties.get("FilterCriteria", {}))
        self._batch_size = int(properties.get("BatchSize", 100))
        self._window_s = float(properties.get("MaximumBatchingWindowInSeconds", 0))
        self._retries = int(properties.get("MaximumRetryAttempts", -1))
        self._max_age_s = float(properties.get("MaximumRecordAgeInSeconds", -1))
        self._bisects = bool(properties.get("BisectBatchOnFunctionError", False))
        self._reports_failures = "ReportBatchItemFailures" in properties.get("FunctionResponseTypes", [])
        self._tumbles_s = int(properties.get("TumblingWindowInSeconds", 0))
        self._starts_at = str(properties.get("StartingPosition", "LATEST"))
        on_failure = properties.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination")
        self._dead_letters = template.by_arn(on_failure) if on_failure else None
        self._stream_arn = ""
        self._shards: list[_Shard] = []
        self._waiting: list[tuple[_Shard, Document]] = []
        self._waiting_since_s = 0.0
        self.invocations = 0

    @property
    def is_started(self) -> bool:
        return bool(self._stream_arn)

    def start(self, position: str | None = None) -> None:
        """Takes a position in the stream: the template's, or a given one (for example `LATEST`)."""
        if not self._stream_arn:
            description = self._store.client("dynamodb").describe_table(TableName=self.table.ref)["Table"]
            self._stream_arn = description["LatestStreamArn"]
        known = [shard.shard_id for shard in self._shards] or self._open_shards()
        self._shards = [self._shard(each, position or self._starts_at) for each in known]
        self._waiting.clear()

    def _open_shards(self) -> list[str]:
        client = self._store.client("dynamodbstreams")
        shards = client.describe_stream(StreamArn=self._stream_arn)["StreamDescription"]["Shards"]
        return [shard["ShardId"] for shard in shards]

    def _shard(self, shard_id: str, position: str) -> _Shard:
        client = self._store.client("dynamodbstreams")
        arguments = {"StreamArn": self._stream_arn, "ShardId": shard_id, "ShardIteratorType": position}
        return _Shard(shard_id, client.get_shard_iterator(**arguments)["ShardIterator"])

    def poll(
        self,
        *,
        flush: bool,
        sleep: Callable[[float], bool] = lambda _: True,
        stopped: Callable[[], bool] = lambda: False,
    ) -> int:
        """Reads the new records and invokes the function for each batch; returns the number of invocations.

        Without `flush`, it reads one page, and an incomplete batch waits for its window to pass. `sleep` waits before
        a retry, and returns False if there is no time for one. `stopped` says whether the other batches wait.
        """
        before = self.invocations
        for shard in self._shards:
            self._read(shard, to_end=flush)
        known = {shard.shard_id for shard in self._shards}
        if any(
            shard.iterator is None for shard in self._shards
        ):  # a shard has ended; its children begin at their start
            fresh = [self._shard(each, "TRIM_HORIZON") for each in self._open_shards() if each not in known]
            self._shards = [shard for shard in self._shards if shard.iterator] + fresh
        while self._waiting and not stopped() and (flush or self._is_due()):
            shard = self._waiting[0][0]
            batch = [record for of, record in self._waiting[: self._batch_size] if of is shard]
            self._deliver(shard, batch, sleep)
            del self._waiting[: len(batch)]
        return self.invocations - before

    def _is_due(self) -> bool:
        waited_s = time.monotonic() - self._waiting_since_s
        return len(self._waiting) >= self._batch_size or waited_s >= self._window_s

    def _read(self, shard: _Shard, *, to_end: bool) -> None:
        client = self._store.client("dynamodbstreams")
        while shard.iterator:
            page = client.get_records(ShardIterator=shard.iterator, Limit=1000)
            shard.iterator = page.get("NextShardIterator")
            if not page["Records"]:
                return
            records = [_event_record(record, self._stream_arn) for record in page["Records"]]
            passed = [(shard, record) for record in records if self._filter.passes(record)]
            if passed and not self._waiting:
                self._waiting_since_s = time.monotonic()
            self._waiting += passed
            if not to_end:
                return

    def _deliver(self, shard: _Shard, batch: list[Document], sleep: Callable[[float], bool]) -> None:
        """Delivers a batch until it succeeds, or goes to the dead letters."""
        attempts = 0
        while True:
            attempts += 1
            rest, error = self._try(shard, batch)
            if not rest:
                return
            batch = rest
            if self._bisects and error and len(batch) > 1:  # cutting does not count as a try
                middle = len(batch) // 2
                self._deliver(shard, batch[:middle], sleep)
                self._deliver(shard, batch[middle:], sleep)
                return
            if 0 <= self._retries < attempts:
                return self._give_up(shard, batch, "RetryAttemptsExhausted", attempts)
            if 0 <= self._max_age_s < time.time() - batch[0]["dynamodb"]["ApproximateCreationDateTime"]:
                return self._give_up(shard, batch, "RecordAgeExceeded", attempts)
            if not sleep(min(0.1 * 2**attempts, MAX_BACKOFF_S)):
                return

    def _try(self, shard: _Shard, batch: list[Document]) -> tuple[list[Document], bool]:
        """Returns the records that must be tried again, and whether the function failed as a whole."""
        self.invocations += 1
        try:
            result = self._functions.waited(self._function, {"Records": batch, **self._window(shard, batch)})
        except InvocationError:
            return batch, True
        if not self._reports_failures or not isinstance(result, dict) or not result.get("batchItemFailures"):
            return [], False
        numbers = [record["dynamodb"]["SequenceNumber"] for record in batch]
        failed = [failure.get("itemIdentifier") for failure in result["batchItemFailures"]]
        if not set(failed) <= set(numbers):  # an unknown or empty identifier: the whole batch has failed
            return batch, True
        return batch[min(numbers.index(number) for number in failed) :], False

    def _window(self, shard: _Shard, batch: list[Document]) -> Document:
        """Returns what Lambda adds to an event in a tumbling window, whose end is not played."""
        if not self._tumbles_s:
            return {}
        written_at_s = batch[0]["dynamodb"]["ApproximateCreationDateTime"]
        start_s = written_at_s - written_at_s % self._tumbles_s
        return {
            "window": {"start": _iso(start_s), "end": _iso(start_s + self._tumbles_s)},
            "state": {},
            "shardId": shard.shard_id,
            "eventSourceARN": self._stream_arn,
            "isFinalInvokeForWindow": False,
            "isWindowTerminatedEarly": False,
        }

    def _give_up(self, shard: _Shard, batch: list[Document], condition: str, attempts: int) -> None:
        log.error("%s: gave up on %d records: %s", self.name, len(batch), condition)
        if self._dead_letters is None:
            return
        first, last = batch[0]["dynamodb"], batch[-1]["dynamodb"]
        note = {
            "requestContext": {
                "requestId": str(uuid.uuid4()),
                "functionArn": self._functions[self._function].arn,
                "condition": condition,
                "approximateInvokeCount": attempts,
            },
            "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"},
            "version": "1.0",
            "timestamp": _iso(time.time()),
            "DDBStreamBatchInfo": {
                "shardId": shard.shard_id,
                "startSequenceNumber": first["SequenceNumber"],
                "endSequenceNumber": last["SequenceNumber"],
                "approximateArrivalOfFirstRecord": _iso(first["ApproximateCreationDateTime"]),
                "approximateArrivalOfLastRecord": _iso(last["ApproximateCreationDateTime"]),
                "batchSize": len(batch),
                "streamArn": self._stream_arn,
            },
        }
        self._store.client("sqs").send_message(QueueUrl=self._dead_letters.ref, MessageBody=json.dumps(note))


def mappings(template: Template, functions: Functions, store: Store) -> list[StreamMapping]:
    """Returns the template's mappings from streams, enabled ones only."""
    return [
        StreamMapping(template, each, functions, store)
        for each in template.of_type("AWS::Lambda::EventSourceMapping")
        if ":dynamodb:" in each.properties["EventSourceArn"] and each.properties.get("Enabled", True)
    ]


def _function_of(template: Template, name_or_arn: str) -> str:
    functions = template.of_type("AWS::Lambda::Function")
    return next(each.logical_id for each in functions if name_or_arn in (each.ref, each.arn))


def _event_record(record: Document, stream_arn: str) -> Document:
    """Returns a record as functions get it: times as numbers, bytes as base64, and the stream's ARN."""
    change = dict(record["dynamodb"])
    change["ApproximateCreationDateTime"] = _epoch_s(change["ApproximateCreationDateTime"])
    for part in ("Keys", "NewImage", "OldImage"):
        if part in change:
            change[part] = {name: _plain(value) for name, value in change[part].items()}
    return {**record, "dynamodb": change, "eventSourceARN": stream_arn}


def _epoch_s(when: Any) -> float:
    return when.timestamp() if isinstance(when, datetime) else float(when)


def _plain(value: Document) -> Document:
    [(kind, content)] = value.items()
    match kind:
        case "B":
            return {"B": base64.b64encode(content).decode()}
        case "BS":
            return {"BS": [base64.b64encode(each).decode() for each in content]}
        case "L":
            return {"L": [_plain(each) for each in content]}
        case "M":
            return {"M": {name: _plain(each) for name, each in content.items()}}
    return value


def _iso(time_s: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(time_s)) + f".{int(time_s * 1000) % 1000:03d}Z"
