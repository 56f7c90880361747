"""Figures for tests: rows of the stream, the batches that bring them, and what is counted."""

from collections.abc import Sequence
from typing import Any

from parley.adapters.dynamodb.documents import to_wire
from tests.harness import Parley

SHARD = "shardId-00000001795246260000-aaaaaaaa"
DAY_MS = 86_400_000
Record = dict[str, Any]


def record(sequence: int, row: dict[str, Any], *, late_s: int = 0) -> Record:
    """Returns a record of the stream, written so long after its row says that it was."""
    image = {name: to_wire(value) for name, value in row.items()}
    written_at_s = row["created_at_ms"] // 1000 + late_s
    change = {"NewImage": image, "SequenceNumber": str(sequence), "ApproximateCreationDateTime": written_at_s}
    return {"dynamodb": change}


def message(parley: Parley, seq: int, sender_id: str = "alice", **fields: object) -> dict[str, Any]:
    """Returns the row of a message."""
    of = {"conversation_id": "c_1", "seq": seq, "kind": "text", "sender_id": sender_id, "text": "hi"}
    return {**of, "created_at_ms": parley.clock(), **fields}


def state(**fields: object) -> dict[str, Any]:
    """Returns a state of a ticket as its history tells it."""
    plain = {"status": "open", "priority": "medium", "category": "general", "assignee_id": None, "team": None}
    return {**plain, "tags": [], **fields}


def entry(
    parley: Parley, number: int, event: str = "created", after: dict[str, object] | None = None, **more: Any
) -> dict[str, Any]:
    """Returns an entry of the history of a ticket, as the desk writes it."""
    about = {"event": event, "user_id": "alice", "changes": {}, "state": after or state(), **more}
    return {
        "conversation_id": f"#ticket#t_{number}",
        "seq": 1,
        "outbox": "ticket",
        "created_at_ms": parley.clock(),
        "about": {"opened_at_ms": parley.clock(), **about},
    }


def bring(parley: Parley, records: Sequence[Record], shard: str = SHARD) -> object:
    """Lets Lambda bring a batch; returns what the function answers."""
    return parley.functions.invoke("CountFigures", {"Records": list(records), "shardId": shard, "state": {}})


class History:
    """The history of some tickets: each act is an entry, which counts at once."""

    def __init__(self, parley: Parley) -> None:
        self._parley = parley
        self._sequence = 0
        self._tickets: dict[int, tuple[dict[str, Any], int]] = {}

    def opened(self, number: int, **fields: object) -> None:
        self._tickets[number] = state(**fields), self._parley.clock()
        self._tell(number, "created", state(**fields), {})

    def changed(self, number: int, event: str = "updated", **fields: object) -> None:
        """Changes fields of a ticket."""
        before, _ = self._tickets[number]
        changes = {name: {"from": before[name], "to": value} for name, value in fields.items()}
        self._tell(number, event, {**before, **fields}, changes)

    def happened(self, number: int, event: str, **about: object) -> None:
        """Tells of something that changes no field."""
        self._tell(number, event, self._tickets[number][0], {}, **about)

    def _tell(self, number: int, event: str, after: dict[str, Any], changes: object, **about: object) -> None:
        opened_at_ms = self._tickets[number][1]
        self._tickets[number] = after, opened_at_ms
        self._sequence += 1
        row = entry(self._parley, number, event, after, changes=changes, opened_at_ms=opened_at_ms, **about)
        bring(self._parley, [record(self._sequence, row)])
