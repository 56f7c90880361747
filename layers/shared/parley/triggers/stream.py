"""The stream of messages: the work that follows each row, part by part.

    def hand_out(row: Row) -> None: …

    @stream(hand_out, notify)
    def handler(rows: list[Row]) -> None:
        # rows of which every part is done

A stream supports two readers: one does all the work that follows a message, the other counts (`batches`). Each part
gets each row by itself: a failing part does not stop the others. A row with a failed part comes again, whole, with the
rows after it; so every part may happen twice. If it is the first of its batch, the whole function fails. Then Lambda
cuts the batch in two, until the row is alone and, after its last try, a dead letter. The decorated function gets each
row once, unless the function dies.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial, wraps
from typing import Any, Generic, TypeVar

from parley.adapters.dynamodb.documents import from_wire
from parley.domain.figures.records import Record
from parley.triggers import problems, request_log

Handler = Callable[[dict[str, Any], Any], dict[str, Any]]
Row = Mapping[str, Any]
Part = Callable[[Row], None]
Found = TypeVar("Found")


class Gathering(Generic[Found]):
    """A part that works for all rows of a batch in one call: it finds what each row asks for, and sends it together."""

    def __init__(self, find: Callable[[Row], Sequence[Found]], send: Callable[[Sequence[Found]], None]) -> None:
        self._find, self._send = find, send

    @property
    def name(self) -> str:
        """Returns the name by which a failure is logged."""
        return self._send.__name__

    def begin(self) -> tuple[Part, Callable[[], None]]:
        """Returns the part that finds, row by row, and the call that sends all that was found."""
        gathered: list[Found] = []

        def gather(row: Row) -> None:
            gathered.extend(self._find(row))

        gather.__name__ = self._find.__name__
        return gather, lambda: self._send(gathered)


class FirstRowFailed(Exception):
    """Makes Lambda cut the batch in two: it does so if the function fails, not if a row is reported."""


# A row is written within 29 s of its request (API Gateway's time limit). A row that is written much later was
# restored from a backup: it is no news.
MAX_WRITE_DELAY_S = 15 * 60


def stream(*parts: Part, gathering: Sequence[Gathering[Any]] = ()) -> Callable[[Callable[[list[Row]], None]], Handler]:
    """Returns the decorator that makes a Lambda handler of the parts; template.yaml filters the rows that it gets.

    A gathering comes after the parts, with the rows that they have done. A row that it cannot read fails by itself. If
    its call fails, all rows come again, in two parts until the row that breaks it is alone.
    """

    def decorate(function: Callable[[list[Row]], None]) -> Handler:
        name = function.__module__.rpartition(".")[2]

        @wraps(function)
        def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
            request_id = context.aws_request_id
            changes = [record["dynamodb"] for record in event["Records"]]
            news = [change for change in changes if not _is_put_back(change)]
            done: list[Row] = []
            failed: list[str] = []
            begun = [(each.name, *each.begin()) for each in gathering]
            of_row = [*parts, *(gather for _, gather, _ in begun)]
            for change in news:
                row = _row(change)
                if not _all_done(of_row, row, name, request_id):
                    if change is changes[0] and len(changes) > 1:
                        raise FirstRowFailed
                    failed.append(change["SequenceNumber"])
                    break  # the rows after it come again in any case
                done.append(row)
            if done and not all([_succeeds(send, name, request_id, part=part) for part, _, send in begun]):
                if len(changes) > 1:
                    raise FirstRowFailed
                done, failed = [], [changes[0]["SequenceNumber"]]
            _succeeds(partial(function, done), name, request_id, part="handler")
            counts = {"rows": len(done), "failed": len(failed), "put_back": len(changes) - len(news)}
            request_log.succeeded(name, request_id, **counts)
            return {"batchItemFailures": [{"itemIdentifier": number} for number in failed]}

        return handler

    return decorate


def batches(function: Callable[[str, Sequence[Record]], None]) -> Handler:
    """Makes a Lambda handler of a function of a whole batch: its shard, and its records in order.

    Lambda names the shard because the event source has a tumbling window, whose state is not used. A batch comes again
    until the function succeeds, and may then be cut in another way. A row that was put back comes without its content.
    """
    name = function.__name__

    @wraps(function)
    def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
        request_id = context.aws_request_id
        records = [_record(record["dynamodb"]) for record in event["Records"]]
        failed: list[str] = []
        # A window that ends comes without records.
        if records and not _succeeds(partial(function, event["shardId"], records), name, request_id, part=name):
            failed.append(event["Records"][0]["dynamodb"]["SequenceNumber"])
        counts = {"rows": len(records), "failed": len(failed)}
        request_log.succeeded(name, request_id, **counts, put_back=sum(record.row is None for record in records))
        return {"state": {}, "batchItemFailures": [{"itemIdentifier": number} for number in failed]}

    return handler


def _record(change: Mapping[str, Any]) -> Record:
    return Record(
        sequence=int(change["SequenceNumber"]),
        written_at_s=int(change["ApproximateCreationDateTime"]),
        row=None if _is_put_back(change) else _row(change),
    )


def _all_done(parts: Sequence[Part], row: Row, name: str, request_id: str) -> bool:
    """Does every part of a row's work; says whether all of them succeeded."""
    return all([_succeeds(partial(part, row), name, request_id, part=part.__name__) for part in parts])


def _succeeds(work: Callable[[], None], name: str, request_id: str, *, part: str) -> bool:
    """Says whether `work` succeeded; logs and counts a failure by the part's name."""
    try:
        work()
    except Exception as error:
        problems.note(error, name, request_id, part=part)
        return False
    return True


def _is_put_back(change: Mapping[str, Any]) -> bool:
    """Says whether a row was written long after the event that it records, or comes from another system."""
    row = _row(change)
    if row.get("imported"):
        return True
    created_at_ms = row.get("created_at_ms") or (row.get("change") or {}).get("at_ms")
    if created_at_ms is None:
        return False
    return float(change["ApproximateCreationDateTime"]) - int(created_at_ms) / 1000 > MAX_WRITE_DELAY_S


def _row(change: Mapping[str, Any]) -> Row:
    return {name: from_wire(value) for name, value in change["NewImage"].items()}
