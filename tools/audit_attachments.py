"""Finds attachments whose rows and objects do not match: `python -m tools.audit_attachments --stack parley`.

Without `--repair` it changes nothing. With it, whatever is older than a day is deleted, or given to the sweep. It reads
the whole table Files and lists both buckets, and keeps an id and some numbers of each row in memory.
"""

import argparse
import os
import sys
import time
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "layers" / "shared"))

DAY_S = 24 * 3600
FOLDERS = ("files", "thumbnails")
PICTURES = "previews/"
SHOWN_WITHIN_S = 2 * 3600  # a picture is there before its message shows it; its job waits for an hour at most
MESSAGES = 800  # read at once: 8 calls side by side, 100 keys each
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
    conversation_id: str
    seq: int | None
    is_settled: bool
    has_thumbnail: bool
    sweep_at_s: int | None

    @classmethod
    def of(cls, item: Mapping[str, Any]) -> "Row":
        """Returns a row from an item in DynamoDB's own notation; raises one of `unreadable.ERRORS`."""
        from parley.adapters.attachments import attachments
        from parley.adapters.dynamodb import tables

        stored = attachments.of_row(tables.File.from_raw_data(dict(item)))
        return cls(
            attachment_id=stored.attachment_id,
            state=stored.state,
            created_at_s=stored.created_at_ms // 1000,
            file_id=stored.of_file,
            refs=stored.refs,
            conversation_id=stored.conversation_id,
            seq=stored.seq,
            is_settled=_shelf_of(item).startswith(f"{stored.conversation_id}#"),
            has_thumbnail=stored.thumbnail_type is not None,
            sweep_at_s=stored.sweep_at_s,
        )

    @property
    def is_sent(self) -> bool:
        return self.seq is not None

    @property
    def message(self) -> tuple[str, int]:
        """The conversation and the seq of the message that carries it."""
        return self.conversation_id, self.seq or 0

    @property
    def has_file(self) -> bool:
        """Says whether a file of this attachment must be in the bucket."""
        return self.file_id == self.attachment_id and self.refs > 0 and self.state in ("clean", "deleted")


def _shelf_of(item: Mapping[str, Any]) -> str:
    return str(item.get("shelf", {}).get("S", ""))


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
    pictures = _objects("ATTACHMENTS_BUCKET", PICTURES)
    uploads = _objects("QUARANTINE_BUCKET", "")
    rows, damaged = _rows()
    # Nobody knows what a damaged row says, so whatever may belong to it is left alone.
    objects = {folder: _without(damaged, found) for folder, found in objects.items()}
    return [
        *(Finding("damaged_row", attachment_id, 0) for attachment_id in sorted(damaged)),
        *_orphans(objects, rows, now_s),
        *_unshown(pictures, now_s),
        *_old_uploads(_without(damaged, uploads), rows, now_s),
        *_fileless(objects, rows, damaged, now_s),
        *_miscounted(rows, now_s),
        *_unfinished(rows, now_s),
    ]


def _without(damaged: Collection[str], found: Mapping[str, int]) -> dict[str, int]:
    return {attachment_id: at_s for attachment_id, at_s in found.items() if attachment_id not in damaged}


def _orphans(objects: Mapping[str, Mapping[str, int]], rows: Mapping[str, Row], now_s: int) -> Iterator[Finding]:
    for folder, found in objects.items():
        for attachment_id, changed_at_s in found.items():
            if attachment_id not in rows:
                yield Finding("object_without_row", f"{folder}/{attachment_id}", now_s - changed_at_s)


def _unshown(pictures: Mapping[str, int], now_s: int) -> Iterator[Finding]:
    """Yields pictures of previews that their message does not show."""
    old = {key: now_s - at_s for key, at_s in pictures.items() if now_s - at_s > SHOWN_WITHIN_S}
    keys = list(old)
    for start in range(0, len(keys), MESSAGES):
        part = keys[start : start + MESSAGES]
        shown = _pictures_shown(part, now_s)
        yield from (Finding("picture_without_message", key, old[key]) for key in part if key not in shown)


def _pictures_shown(keys: Collection[str], now_s: int) -> set[str]:
    """Returns those pictures that their messages show; a damaged message may be there for its readers again."""
    from parley.adapters.attachments import limits
    from parley.adapters.conversations import messages
    from parley.adapters.dynamodb import batches, tables, unreadable
    from parley.domain.previews.pictures import place_of

    places = {key: place for key in keys if (place := place_of(f"{PICTURES}{key}")) is not None}
    rows = batches.read_rows({tables.Message: {(each.conversation_id, each.seq) for each in places.values()}})
    since_ms = limits.files_since_ms(now_s * 1000) - 2 * DAY_S * 1000  # the bucket drops them at the end of a day
    shown = set()
    for key, place in places.items():
        try:
            message = messages.message_of(rows, place.conversation_id, place.seq)
        except unreadable.ERRORS:
            shown.add(key)
            continue
        preview = None if message is None else message.link_preview
        image = None if preview is None else preview.image or None
        if message is not None and image is not None and image.id == place.id and message.keeps_files(since_ms):
            shown.add(key)
    return shown


def _old_uploads(uploads: Mapping[str, int], rows: Mapping[str, Row], now_s: int) -> Iterator[Finding]:
    for attachment_id, changed_at_s in uploads.items():
        if attachment_id.startswith(PICTURES):  # of a page: it has no row, and the bucket drops it after a day
            continue
        if attachment_id not in rows or rows[attachment_id].state not in WAITS:
            yield Finding("upload_without_row", attachment_id, now_s - changed_at_s)


def _fileless(
    objects: Mapping[str, Mapping[str, int]], rows: Mapping[str, Row], damaged: Collection[str], now_s: int
) -> Iterator[Finding]:
    for row in rows.values():
        age_s = now_s - row.created_at_s
        if row.has_file and row.attachment_id not in objects["files"]:
            yield Finding("row_without_object", row.attachment_id, age_s)
        elif row.file_id not in rows and row.file_id not in damaged:
            yield Finding("row_without_file", row.attachment_id, age_s)
        elif row.has_thumbnail and row.file_id in rows and row.file_id not in objects["thumbnails"]:
            yield Finding("row_without_thumbnail", row.attachment_id, age_s)


def _miscounted(rows: Mapping[str, Row], now_s: int) -> Iterator[Finding]:
    shown = Counter(row.file_id for row in rows.values() if row.state != "deleted")
    for row in rows.values():
        if row.file_id == row.attachment_id and row.refs != shown[row.attachment_id]:
            yield Finding("wrong_count", row.attachment_id, now_s - row.created_at_s)


def _unreleased(rows: Mapping[str, Row]) -> set[str]:
    """Returns the ids of attachments that are there although their message is not: their release was given up."""
    carried = [row for row in rows.values() if row.is_sent and row.state != "deleted"]
    found: set[str] = set()
    for start in range(0, len(carried), MESSAGES):
        part = carried[start : start + MESSAGES]
        shown = _shown({row.message for row in part})
        found.update(row.attachment_id for row in part if row.message not in shown)
    return found


def _shown(keys: Collection[tuple[str, int]]) -> set[tuple[str, int]]:
    """Returns those messages that exist and are not deleted; a damaged one may be there for its readers again."""
    from parley.adapters.conversations import messages
    from parley.adapters.dynamodb import batches, tables, unreadable

    rows, shown = batches.read_rows({tables.Message: keys}), set()
    for key in keys:
        try:
            is_shown = messages.is_shown(rows, *key)
        except unreadable.ERRORS:
            is_shown = True
        if is_shown:
            shown.add(key)
    return shown


def _unfinished(rows: Mapping[str, Row], now_s: int) -> Iterator[Finding]:
    """Yields rows that wait for a step or a sweep that will not come."""
    from parley.adapters.attachments import limits

    days, unreleased = limits.retention_days(), _unreleased(rows)
    for row in rows.values():
        age_s = now_s - row.created_at_s
        is_due = row.sweep_at_s is not None and row.sweep_at_s <= now_s + DAY_S
        if is_due:
            continue
        is_ending = row.state == "deleted" and (row.refs == 0 or row.file_id != row.attachment_id)
        if is_ending or row.attachment_id in unreleased:
            yield Finding("not_deleted", row.attachment_id, age_s)
        elif row.state == "clean" and row.is_sent and not row.is_settled:
            yield Finding("not_settled", row.attachment_id, age_s)
        elif not row.is_sent and row.sweep_at_s is None:
            yield Finding("never_swept", row.attachment_id, age_s)
        elif days and row.is_sent and row.state != "deleted" and age_s > (days + 1) * DAY_S:
            yield Finding("kept_too_long", row.attachment_id, age_s)


def _rows() -> tuple[dict[str, Row], set[str]]:
    """Returns the rows of attachments by id, and the ids of those that cannot be read."""
    from parley.adapters.dynamodb import unreadable

    rows, damaged = {}, set()
    for item in _items():
        attachment_id = str(item["attachment_id"]["S"])
        try:
            rows[attachment_id] = Row.of(item)
        except unreadable.ERRORS:
            damaged.add(attachment_id)
    return rows, damaged


def _items() -> Iterator[Mapping[str, Any]]:
    from parley.adapters.dynamodb import clients

    dynamodb = clients.client("dynamodb", connections=clients.MAX_CONNECTIONS)
    for page in dynamodb.get_paginator("scan").paginate(TableName=os.environ["FILES_TABLE"], ConsistentRead=True):
        for item in page["Items"]:
            if "#" not in item["attachment_id"]["S"]:  # else a person's usage
                yield item


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


def _delete_picture(key: str, _now_s: int) -> None:
    from parley.adapters.attachments import files
    from parley.adapters.dynamodb import clients

    clients.s3().delete_object(Bucket=files.bucket(), Key=f"{PICTURES}{key}")


def _delete_upload(key: str, _now_s: int) -> None:
    from parley.adapters.attachments import quarantine

    quarantine.delete(key)


def _end(attachment_id: str, now_s: int) -> None:
    """Ends an attachment as its message's deletion would: nobody can open it any more."""
    from parley.actions.attachments import endings
    from parley.adapters.attachments import lives
    from parley.adapters.dynamodb import conditions

    for _ in conditions.tries():
        attachment = lives.read_attachment(attachment_id)
        try:
            return None if attachment is None else endings.end(attachment, now_s * 1000)
        except conditions.LostRace:
            continue
    raise conditions.busy()


def _make_due(attachment_id: str, now_s: int) -> None:
    """Lets the next sweep look at an attachment."""
    from parley.adapters.attachments import lives

    lives.make_due(attachment_id, now_s)


REPAIRS = {
    "object_without_row": _delete_object,
    "picture_without_message": _delete_picture,
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
