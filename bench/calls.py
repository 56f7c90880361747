"""The AWS calls that were really made, recorded inside botocore: request, time and cost.

with recording() as recorded:
    handler(event, context)
assert recorded.round_trips <= 3
assert recorded.units.write <= 7
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock
from typing import Any
from unittest import mock

from botocore.client import BaseClient
from botocore.exceptions import ClientError

from bench.capacity import Item, Table, Units, item_size, read_units, refused_write_units, write_units
from bench.causes import Causes
from bench.latency import typical_ms

WRITES = frozenset({"PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems", "BatchWriteItem"})

NO_UNITS = Units()

ApiCall = Callable[[BaseClient, str, dict[str, Any]], Any]


class NotCounted(Exception):
    """The price of a call cannot be told from its request and answer: its rule is missing below."""


@dataclass(frozen=True)
class Call:
    """One call of one service."""

    service: str
    operation: str
    params: Mapping[str, Any]
    number: int  # of the recording, in the order in which calls ended
    after: int  # the calls that had ended for it to begin: a bit for each of their numbers
    units: Units | None = NO_UNITS  # None where they cannot be told
    engine_units: float | None = None  # the engine's own count of consumed units, if it reports one
    error_code: str | None = None


@dataclass
class Recorded:
    """The calls of one recording."""

    calls: list[Call] = field(default_factory=list)

    def of(self, service: str) -> list[Call]:
        """Returns the calls of one service, by botocore's name for it."""
        return [call for call in self.calls if call.service == service]

    @property
    def dynamodb(self) -> list[Call]:
        return self.of("dynamodb")

    @property
    def units(self) -> Units:
        """Returns the DynamoDB units of everything recorded; raises NotCounted rather than leave a call out."""
        total = NO_UNITS
        for call in self.dynamodb:
            if call.units is None:
                raise NotCounted(f"{call.operation} {call.params}")
            total += call.units
        return total

    @property
    def round_trips(self) -> int:
        """Returns the longest chain of DynamoDB calls, each begun after the one before had ended."""
        return longest_chain(self.dynamodb)

    @property
    def waits_ms(self) -> float:
        """Returns how long a function waits for these calls on AWS: the slowest chain of them, typical times."""
        return slowest_chain((call, typical_ms(call.service, call.operation)) for call in self.calls)

    @property
    def priced_writes(self) -> list[Call]:
        """Returns the writes for which the engine reports a cost."""
        return [call for call in self.dynamodb if call.operation in WRITES and call.engine_units is not None]

    @property
    def disagreements(self) -> list[Call]:
        """Returns the writes for which the engine reports another cost."""
        return [call for call in self.priced_writes if call.units != Units(write=call.engine_units or 0.0)]


def longest_chain(calls: Iterable[Call]) -> int:
    """Returns the largest number of these calls of which each waited for the one before."""
    return round(slowest_chain((call, 1.0) for call in calls))


def slowest_chain(weighed: Iterable[tuple[Call, float]]) -> float:
    """Returns the largest sum of the weights of calls of which each waited for the one before."""
    upto: dict[int, float] = {}  # of each call, the heaviest chain that ends with it
    for call, weight in sorted(weighed, key=lambda one: one[0].number):
        upto[call.number] = weight + max(
            (chain for number, chain in upto.items() if call.after >> number & 1), default=0
        )
    return max(upto.values(), default=0)


@contextmanager
def recording() -> Iterator[Recorded]:
    """Records every call of every botocore client of this process."""
    causes = Causes()
    recorder = _Recorder(door(), causes)

    def watched(client: BaseClient, operation: str, params: dict[str, Any]) -> Any:
        return recorder.call(client, operation, params)

    with causes.followed(), mock.patch.object(BaseClient, "_make_api_call", watched):
        yield recorder.recorded


@contextmanager
def answering(canned: Mapping[str, Any]) -> Iterator[None]:
    """Answers in place of some services, by botocore's names for them; these are not called at all."""
    make = door()

    def answered(client: BaseClient, operation: str, params: dict[str, Any]) -> Any:
        service = _service(client)
        return canned[service] if service in canned else make(client, operation, params)

    with mock.patch.object(BaseClient, "_make_api_call", answered):
        yield


def door() -> ApiCall:
    """Returns the present method through which every call of every client goes."""
    method: ApiCall = vars(BaseClient)["_make_api_call"]
    return method


def _service(client: BaseClient) -> str:
    name: str = client.meta.service_model.service_name
    return name


class _Recorder:
    """Makes the calls; before and after each write it looks at the items, by calls that are not recorded."""

    def __init__(self, make: ApiCall, causes: Causes) -> None:
        self._make = make
        self._causes = causes
        self._noting = Lock()
        self._tables: dict[str, Table] = {}
        self.recorded = Recorded()

    def call(self, client: BaseClient, operation: str, params: dict[str, Any]) -> Any:
        service = _service(client)
        if service != "dynamodb":
            answer = self._make(client, operation, params)
            self._note(service, operation, params)
            return answer
        targets = self._targets(client, operation, params)
        before = [self._item(client, table, key) for table, key in targets]
        try:
            answer = self._make(client, operation, params)
        except ClientError as error:
            transactional = operation == "TransactWriteItems"
            refused = sum(refused_write_units(item, transactional=transactional) for item in before)
            code = error.response["Error"]["Code"]
            self._note(service, operation, params, units=Units(write=refused), error_code=code)
            raise
        if operation in WRITES:
            after = [self._item(client, table, key) for table, key in targets]
            changes = zip(targets, before, after, strict=True)
            transactional = operation == "TransactWriteItems"
            units: Units | None = Units(
                write=sum(write_units(table, old, new, transactional=transactional) for (table, _), old, new in changes)
            )
        else:
            units = self._read_units(client, operation, params, answer)
        self._note(service, operation, params, units=units, engine_units=_engine_units(answer))
        return answer

    def _note(
        self,
        service: str,
        operation: str,
        params: Mapping[str, Any],
        *,
        units: Units | None = NO_UNITS,
        engine_units: float | None = None,
        error_code: str | None = None,
    ) -> None:
        with self._noting:
            number = len(self.recorded.calls)
            after = self._causes.add(number)
            self.recorded.calls.append(Call(service, operation, params, number, after, units, engine_units, error_code))

    def _table(self, client: BaseClient, name: str) -> Table:
        if name not in self._tables:
            self._tables[name] = Table.of(self._make(client, "DescribeTable", {"TableName": name})["Table"])
        return self._tables[name]

    def _item(self, client: BaseClient, table: Table, key: Item) -> Item | None:
        wanted = {"TableName": table.name, "Key": key, "ConsistentRead": True}
        item: Item | None = self._make(client, "GetItem", wanted).get("Item")
        return item

    def _targets(self, client: BaseClient, operation: str, params: Mapping[str, Any]) -> list[tuple[Table, Item]]:
        """Returns the table and key of every item that a call may write."""
        if operation not in WRITES:
            return []
        if operation == "TransactWriteItems":
            writes = [write for each in params["TransactItems"] for write in each.values()]
        elif operation == "BatchWriteItem":
            of_tables = params["RequestItems"].items()
            writes = [
                {"TableName": name, **write} for name, each in of_tables for one in each for write in one.values()
            ]
        else:
            writes = [params]
        named = [(self._table(client, write["TableName"]), write) for write in writes]
        return [(table, write["Key"] if "Key" in write else table.key_of(write["Item"])) for table, write in named]

    def _read_units(
        self, client: BaseClient, operation: str, params: Mapping[str, Any], answer: Mapping[str, Any]
    ) -> Units | None:
        # DynamoDB charges for all items read; with an expression these are more than it returned, and unknown here.
        if params.keys() & {"ProjectionExpression", "FilterExpression", "Select"}:
            return None
        consistent = bool(params.get("ConsistentRead"))
        match operation:
            case "GetItem":
                return Units(read=read_units(item_size(answer.get("Item")), consistent=consistent))
            case "Query":
                return Units(read=read_units(sum(map(item_size, answer["Items"])), consistent=consistent))
            case "BatchGetItem":
                return Units(read=self._batch_read_units(client, params["RequestItems"], answer))
        return None

    def _batch_read_units(self, client: BaseClient, asked: Mapping[str, Any], answer: Any) -> float:
        units = 0.0
        for name, request in asked.items():
            table, consistent = self._table(client, name), bool(request.get("ConsistentRead"))
            found = {_frozen(table.key_of(item)): item_size(item) for item in answer["Responses"].get(name, [])}
            left_out = (answer.get("UnprocessedKeys") or {}).get(name, {}).get("Keys", [])
            not_read = {_frozen(key) for key in left_out}
            keys = {_frozen(key) for key in request["Keys"]} - not_read
            units += sum(read_units(found.get(key, 0), consistent=consistent) for key in keys)
        return units


def _frozen(key: Item) -> frozenset[tuple[str, str, str]]:
    return frozenset((name, *each) for name, value in key.items() for each in value.items())


def _engine_units(answer: Mapping[str, Any]) -> float | None:
    said = answer.get("ConsumedCapacity")
    if said is None:
        return None
    return float(sum(each["CapacityUnits"] for each in (said if isinstance(said, list) else [said])))
