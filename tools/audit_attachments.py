"""Finds attachments whose rows and objects do not match: `python -m tools.audit_attachments --stack parley`.

Without `--repair` it changes nothing. With it, whatever is older than a day is deleted, or given to the sweep. It reads
the whole table Files and lists both buckets, and keeps an id and some numbers of each row in memory.
"""

import argparse
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "layers" / "shared"))

DAY_S = 24 * 3600
FOLDERS = ("files", "thumbnails")
WAITS = ("pending", "scanning")  # the states of a row whose upload may be in the quarantine


@dataclass(frozen=True)
class Finding:
    """Something that does not match. `key` is the key of an object, or the id of an attachment."""

    kind: str
    key: str
    age_s: int

    @property
    def may_be_repaired(self) -> bool:
        """Says whether it is older than a day, so that no work on it is under way."""
        return self.age_s > DAY_S and self.kind in REPAIRS


@dataclass(frozen=True)
class Row:
    """The part of an attachment's row that the audit needs."""

    attachment_id: str
    state: str
    created_at_s: int
    file_id: str
    refs: int
    is_sent: bool
    is_settled: bool
    sweep_at_s: int | None

    @classmethod
    def of(cls, item: Mapping[str, Any]) -> "Row":
        """Returns a row from an item in DynamoDB's own notation."""
        number = {name: int(value["N"]) for name, value in item.items() if "N" in value}
        attachment_id = str(item["attachment_id"]["S"])
        return cls(
            attachment_id=attachment_id,
            state=str(item["state"]["S"]),
            created_at_s=number["created_at_ms"] // 1000,
            file_id=str(item.get("file_id", {}).get("S", attachment_id)),
            refs=number.get("refs", 1),
            is_sent="seq" in number,
            is_settled="shelf" in item,
            sweep_at_s=number.get("sweep_at_s"),
        )

    @property
    def has_file(self) -> bool:
        """Says whether a file of this attachment must be in the bucket."""
        return self.file_id == self.attachment_id and self.refs > 0 and self.state in ("clean", "deleted")


def main(arguments: Sequence[str]) -> int:
    """Prints what does not match; returns 1 if something is left, or 0."""
    chosen = _parser().parse_args(arguments)
    with _local(chosen.local) if chosen.local else _deployed(chosen.stack):
        found = audit(int(time.time()))
        for finding in found:
            print(f"{finding.kind:<24} {finding.key}  {finding.age_s // 3600} h")
        repaired = repair(found, int(time.time())) if chosen.repair else 0
    print(f"{len(found)} found, {repaired} repaired")
    return int(len(found) > repaired)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tools.audit_attachments", description="Find orphans.")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--stack", default="parley", help="the deployed stack, in the region and account of AWS_*")
    which.add_argument(
        "--local", type=Path, metavar="STATE", help="the local stack's folder (.parley), while it does not run"
    )
    parser.add_argument("--repair", action="store_true", help="delete or repair whatever is older than a day")
    return parser


@contextmanager
def _deployed(stack: str) -> Iterator[None]:
    """Takes the names of tables and buckets from the function that sweeps attachments."""
    import botocore.session

    lambda_: Any = botocore.session.get_session().create_client("lambda")
    answer = lambda_.get_function_configuration(FunctionName=f"{stack}_ClearStaleAttachments")
    os.environ |= answer["Environment"]["Variables"]
    yield


@contextmanager
def _local(state: Path) -> Iterator[None]:
    from local import stack

    try:
        with stack.at_rest(stack.Options(root=ROOT, state=state.resolve())):
            yield
    except stack.StackError as problem:
        raise SystemExit(f"parley: {problem}") from problem


# --- what is found ---------------------------------------------------------------------------------------------------


def audit(now_s: int) -> list[Finding]:
    """Returns everything that does not match, of the tables and buckets in the environment."""
    # The objects come first: a file that is stored meanwhile has a row by then, because the row is there before it.
    objects = {folder: _objects("ATTACHMENTS_BUCKET", f"{folder}/") for folder in FOLDERS}
    uploads = _objects("QUARANTINE_BUCKET", "")
    rows = {row.attachment_id: row for row in _rows()}
    return [
        *_orphans(objects, rows, now_s),
        *_old_uploads(uploads, rows, now_s),
        *_fileless(objects["files"], rows, now_s),
        *_miscounted(rows, now_s),
        *_unfinished(rows, now_s),
    ]


def _orphans(objects: Mapping[str, Mapping[str, int]], rows: Mapping[str, Row], now_s: int) -> Iterator[Finding]:
    for folder, found in objects.items():
        for attachment_id, changed_at_s in found.items():
            if attachment_id not in rows:
                yield Finding("object_without_row", f"{folder}/{attachment_id}", now_s - changed_at_s)


def _old_uploads(uploads: Mapping[str, int], rows: Mapping[str, Row], now_s: int) -> Iterator[Finding]:
    for attachment_id, changed_at_s in uploads.items():
        if attachment_id not in rows or rows[attachment_id].state not in WAITS:
            yield Finding("upload_without_row", attachment_id, now_s - changed_at_s)


def _fileless(files: Mapping[str, int], rows: Mapping[str, Row], now_s: int) -> Iterator[Finding]:
    for row in rows.values():
        if row.has_file and row.attachment_id not in files:
            yield Finding("row_without_object", row.attachment_id, now_s - row.created_at_s)
        elif row.file_id not in rows:
            yield Finding("row_without_file", row.attachment_id, now_s - row.created_at_s)


def _miscounted(rows: Mapping[str, Row], now_s: int) -> Iterator[Finding]:
    shown = Counter(row.file_id for row in rows.values() if row.state != "deleted")
    for row in rows.values():
        if row.file_id == row.attachment_id and row.refs != shown[row.attachment_id]:
            yield Finding("wrong_count", row.attachment_id, now_s - row.created_at_s)


def _unfinished(rows: Mapping[str, Row], now_s: int) -> Iterator[Finding]:
    """Yields rows that wait for a step or a sweep that will not come."""
    from parley.adapters.attachments import limits

    days = limits.retention_days()
    for row in rows.values():
        age_s = now_s - row.created_at_s
        is_due = row.sweep_at_s is not None and row.sweep_at_s <= now_s + DAY_S
        if is_due:
            continue
        if row.state == "deleted" and (row.refs == 0 or row.file_id != row.attachment_id):
            yield Finding("not_deleted", row.attachment_id, age_s)
        elif row.state == "clean" and row.is_sent and not row.is_settled:
            yield Finding("not_settled", row.attachment_id, age_s)
        elif not row.is_sent and row.sweep_at_s is None:
            yield Finding("never_swept", row.attachment_id, age_s)
        elif days and row.is_sent and row.state != "deleted" and age_s > (days + 1) * DAY_S:
            yield Finding("kept_too_long", row.attachment_id, age_s)


def _rows() -> Iterator[Row]:
    from parley.adapters.dynamodb import clients

    dynamodb = clients.client("dynamodb", connections=clients.MAX_CONNECTIONS)
    for page in dynamodb.get_paginator("scan").paginate(TableName=os.environ["FILES_TABLE"], ConsistentRead=True):
        for item in page["Items"]:
            if "#" not in item["attachment_id"]["S"]:  # else a person's usage
                yield Row.of(item)


def _objects(bucket: str, prefix: str) -> dict[str, int]:
    """Returns when each object below a prefix was last written, by the attachment's id."""
    from parley.adapters.dynamodb import clients

    pages = clients.s3().get_paginator("list_objects_v2").paginate(Bucket=os.environ[bucket], Prefix=prefix)
    return {
        each["Key"].removeprefix(prefix): int(each["LastModified"].timestamp())
        for page in pages
        for each in page.get("Contents", [])
    }


# --- what is repaired ------------------------------------------------------------------------------------------------


def repair(found: Sequence[Finding], now_s: int) -> int:
    """Repairs the findings that are older than a day; returns how many."""
    old = [finding for finding in found if finding.may_be_repaired]
    for finding in old:
        REPAIRS[finding.kind](finding.key, now_s)
    return len(old)


def _delete_object(key: str, _now_s: int) -> None:
    from parley.adapters.attachments import files

    files.delete(key.partition("/")[2])


def _delete_upload(key: str, _now_s: int) -> None:
    from parley.adapters.attachments import quarantine

    quarantine.delete(key)


def _end(attachment_id: str, now_s: int) -> None:
    """Ends an attachment as its message's deletion would: nobody can open it any more."""
    from parley.actions.attachments import endings
    from parley.adapters.attachments import lives

    attachment = lives.read_attachment(attachment_id)
    if attachment is not None:
        endings.end(attachment, now_s * 1000)


def _make_due(attachment_id: str, now_s: int) -> None:
    """Lets the next sweep look at an attachment."""
    from parley.adapters.attachments import lives

    lives.make_due(attachment_id, now_s)


REPAIRS = {
    "object_without_row": _delete_object,
    "upload_without_row": _delete_upload,
    "row_without_object": _end,
    "row_without_file": _end,
    "not_deleted": _end,
    "not_settled": _make_due,
    "never_swept": _make_due,
    "kept_too_long": _make_due,
}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
