"""ministack's memory: its changes, all of it in parts, and restoring it.

This depends on ministack's internals, which `requirements/ministack.txt` pins: two functions write every row, queues
are lists, and the rest is small enough to compare whole. It runs in the store's process.
"""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from local.store_journal import Contents, Record

SERVICES = ("dynamodb", "s3", "sqs", "secretsmanager")
ROWS_AT_ONCE = 200  # of a snapshot's part: some milliseconds, in which no request is answered

_ITEM_WRITES = {"PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "TransactWriteItems"}
_ITEM_READS = {"GetItem", "Query", "Scan", "BatchGetItem", "TransactGetItems"}
_QUEUE_WRITES = {"SendMessage", "SendMessageBatch", "DeleteMessage", "DeleteMessageBatch", "PurgeQueue"}
_ROWS = ("items", "ItemCount", "TableSizeBytes", "_index_members")  # of a table: its rows, and data derived from them


@dataclass(frozen=True)
class Reach:
    """The things that a request may change besides rows: objects, settings, messages; `writes` if anything at all."""

    writes: bool = False
    files: bool = False
    settings: str | None = None
    messages: bool = False


def reach_of(method: str, path: str, headers: Mapping[bytes, bytes]) -> Reach:
    """Returns the reach of a request, known from its address alone."""
    service, _, action = headers.get(b"x-amz-target", b"").decode("latin-1").partition(".")
    if not service:  # S3
        if method not in ("PUT", "POST", "DELETE"):
            return Reach()
        is_object = bool(path.strip("/").partition("/")[2])
        # A form is posted to the bucket and makes an object. Each write may put an event into a queue.
        is_file = is_object or method == "POST"
        return Reach(writes=True, files=is_file, settings=None if is_object else "s3", messages=True)
    if action in _ITEM_WRITES:
        return Reach(writes=True)
    if action in _QUEUE_WRITES or action == "PutEvents":
        return Reach(writes=True, messages=True)
    if action in ("ReceiveMessage", "ChangeMessageVisibility", "ChangeMessageVisibilityBatch"):
        return Reach(messages=True)  # a message may move to the dead letters
    if action in _ITEM_READS or action.startswith(("Describe", "Get", "List")):
        return Reach()
    name = {"AmazonSQS": "sqs", "secretsmanager": "secretsmanager"}.get(service, "dynamodb")
    return Reach(writes=True, settings=name, messages=name == "sqs")


class Memory:
    """The services of one ministack process. Make only one: it hooks into DynamoDB's writes of rows."""

    def __init__(self) -> None:
        app: Any = import_module("ministack.app")
        self._services: dict[str, Any] = {name: app._get_module(name) for name in SERVICES}
        self._persistence: Any = import_module("ministack.core.persistence")
        self._touched: dict[tuple[str, str, str], Any] = {}  # table's ARN and keys → the table
        self._told: dict[str, dict[str, None]] = {}  # ids of the messages that are written down, by queue
        self._settings: dict[str, str] = {}  # as they are written down, by service
        self._tables: set[str] = set()
        self.file_error: OSError | None = None  # of the last object that could not be written to its file
        self._watch("_set_item")
        self._watch("_remove_item")
        self._watch_files()

    def _watch(self, name: str) -> None:
        original = getattr(self._services["dynamodb"], name)

        def watched(table: Any, hash_key: str, range_key: str, *item: Any) -> Any:
            self._touched[table["TableArn"], hash_key, range_key] = table
            return original(table, hash_key, range_key, *item)

        setattr(self._services["dynamodb"], name, watched)

    def _watch_files(self) -> None:
        original = self._services["s3"]._atomic_write

        def watched(*arguments: Any, **named: Any) -> None:
            try:
                original(*arguments, **named)
            except OSError as problem:
                self.file_error = problem  # ministack logs it and answers as if nothing had happened
                raise

        self._services["s3"]._atomic_write = watched

    def default(self, value: Any) -> Any:
        """Returns a value of ministack's own types as JSON, for `json.dumps`."""
        return self._persistence._json_default(value)

    # --- what has changed --------------------------------------------------------------------------------------------

    def changes(self, reach: Reach) -> Record:
        """Returns the record of the changes since the last one, within the reach of a request; {} for none."""
        record: Record = {}
        if self._touched:
            record["items"] = self._take_touched()
        if reach.messages and (messages := self._new_messages()):
            record["messages"] = messages
        if reach.settings and (settings := self._new_settings(reach.settings)):
            record |= settings
        return record

    def _take_touched(self) -> list[list[Any]]:
        # Taken one by one: the thread that deletes expired rows adds to them meanwhile.
        rows = []
        for key in list(self._touched):
            table = self._touched.pop(key)
            rows.append([*key, table["items"].get(key[1], {}).get(key[2])])
        return rows

    def _new_messages(self) -> dict[str, Any]:
        changes = {}
        for key, messages in self._queues():
            told = self._told.setdefault(key, {})
            now = dict.fromkeys(message["id"] for message in messages)
            gone = [message_id for message_id in told if message_id not in now]
            put = [message for message in messages if message["id"] not in told]
            if gone or put:
                changes[key] = {"put": put, "gone": gone}
                self._told[key] = now
        return changes

    def _queues(self) -> Iterator[tuple[str, list[Any]]]:
        for key, queue in list(self._services["sqs"]._queues._data.items()):
            yield json.dumps(key), queue["messages"]

    def _new_settings(self, service: str) -> Record:
        state = self._state(service)
        text = json.dumps(state, default=self.default)
        if self._settings.get(service) == text:
            return {}
        self._settings[service] = text
        record: Record = {"states": {service: state}}
        if service == "dynamodb":
            tables = {table["TableArn"] for table in self._services[service]._tables._data.values()}
            record["dropped"] = sorted(self._tables - tables)
            self._tables = tables
        return record

    def _state(self, service: str) -> Any:
        """Returns a service's settings, without rows and messages."""
        module = self._services[service]
        if service == "dynamodb":
            tables = {key: _without(table, _ROWS) for key, table in module._tables._data.items()}
            names = ("tags", "ttl_settings", "pitr_settings", "resource_policies")
            return {"tables": _scoped(module._tables, tables)} | {name: getattr(module, f"_{name}") for name in names}
        if service == "sqs":
            queues = {key: _without(queue, ("messages",)) for key, queue in module._queues._data.items()}
            return {"queues": _scoped(module._queues, queues)}
        return module.get_state()

    # --- all of it ---------------------------------------------------------------------------------------------------

    def everything(self) -> Iterator[Record]:
        """Yields all of it in parts. Changes between two parts must be played over them again."""
        yield {"states": {service: self._state(service) for service in SERVICES}}
        yield {"messages": {key: {"put": list(messages), "gone": []} for key, messages in self._queues()}}
        for table in list(self._services["dynamodb"]._tables._data.values()):
            part: list[list[Any]] = []
            for hash_key in list(table["items"]):
                rows = dict(table["items"].get(hash_key, {}))
                part += [[table["TableArn"], hash_key, range_key, item] for range_key, item in rows.items()]
                if len(part) >= ROWS_AT_ONCE:
                    yield {"items": part}
                    part = []
            if part:
                yield {"items": part}

    def restore(self, contents: Contents) -> None:
        """Puts everything back into an empty ministack."""
        states = self._decoded(contents.states)
        for table in states["dynamodb"]["tables"]._data.values() if "dynamodb" in states else ():
            rows = contents.items.get(table["TableArn"], {})
            table["items"] = defaultdict(dict, {key: of_key for key, of_key in rows.items() if of_key})
            self._services["dynamodb"]._items_replaced(table)
        for key, queue in states["sqs"]["queues"]._data.items() if "sqs" in states else ():
            queue["messages"] = list(contents.messages.get(json.dumps(key), {}).values())
        for service, state in states.items():
            self._services[service].load_persisted_state(state)
        self.note_all()

    def restore_old(self, states: Mapping[str, Any]) -> None:
        """Restores the files that ministack itself wrote in earlier versions."""
        for service, state in self._decoded(states).items():
            self._services[service].load_persisted_state(state)
        self.note_all()

    def note_all(self) -> None:
        """Marks everything as written."""
        self._touched.clear()
        self._new_messages()
        for service in SERVICES:
            self._new_settings(service)

    def _decoded(self, states: Mapping[str, Any]) -> Any:
        return json.loads(json.dumps(states), object_hook=self._persistence._json_object_hook)


def _without(record: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: value for name, value in record.items() if name not in names}


def _scoped(like: Any, contents: Mapping[Any, Any]) -> Any:
    """Returns a dictionary of ministack's kind, by account and region, with these contents."""
    copy = type(like)()
    copy._data.update(contents)
    return copy
