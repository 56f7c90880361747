"""Exports with files: one ZIP archive with the transcript, the files of the messages and their thumbnails."""

import io
import json
import subprocess
import sys
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from zipfile import ZIP_STORED, ZipFile

import pytest

from local.functions import Killed
from parley.domain.erasure.job import ROUNDS
from tests.functional.attachments import FILE, THUMBNAIL, carry, clean_attachment, put_object, set_row
from tests.functional.erasures import erase, erased, everything
from tests.functional.exports import export, exported, fetched, lines, shown
from tests.functional.moderation import open_to_moderators
from tests.functional.queues.test_write_export import KillAtEach, Refusing, dead_letters, poll
from tests.functional.replies import Meanwhile, refusal
from tests.functional.talk import make_group, open_direct, say
from tests.harness import Call, Parley, User


@pytest.fixture
def alice(parley: Parley) -> User:
    return parley.user("alice")


@pytest.fixture
def conversation_id(parley: Parley, alice: User) -> str:
    return open_direct(alice, parley.user("bob"))


def send(person: User, conversation_id: str, *ids: str) -> None:
    path = f"/conversations/{conversation_id}/messages"
    reply = person.post(path, json={"attachment_ids": list(ids)})
    assert reply.status == 201, reply


def opened(parley: Parley, done: dict[str, Any]) -> ZipFile:
    """Returns the archive of an export that is done; every entry of it is as its CRC says."""
    assert done["state"] == "done", done
    content = fetched(parley, done["url"])
    assert (done["size_bytes"], done["sha256"]) == (len(content), sha256(content).hexdigest())
    archive = ZipFile(io.BytesIO(content))
    assert archive.testzip() is None
    return archive


def archived(parley: Parley, person: User, conversation_id: str, format: str = "jsonl") -> ZipFile:
    return opened(parley, exported(parley, person, conversation_id, format, files=True))


def attachments_in(archive: ZipFile) -> list[dict[str, Any]]:
    """Returns what the lines of an archive say of files, in order."""
    return [each for line in lines(archive.read("messages.jsonl"))[1:] for each in line["attachments"]]


def objects_of_work(parley: Parley) -> list[str]:
    bucket = parley.template.resources["ExportFiles"].ref
    found = parley.store.client("s3").list_objects_v2(Bucket=bucket).get("Contents", [])
    return [each["Key"] for each in found if each["Key"].startswith("work/")]


def test_archive_has_the_lines_and_the_files_that_they_name(parley: Parley, alice: User, conversation_id: str) -> None:
    first, second = (
        clean_attachment(parley, alice, conversation_id, file=each, sha256=sha256(each).hexdigest())
        for each in (FILE, b"another file")
    )
    say(alice, conversation_id, "look at these")
    send(alice, conversation_id, first, second)

    archive = archived(parley, alice, conversation_id)

    about, said, sent = lines(archive.read("messages.jsonl"))
    assert (about["message_count"], said["text"], said["attachments"]) == (2, "look at these", [])
    assert [each["id"] for each in sent["attachments"]] == [first, second]
    paths = ["files/2-01-Stundenplan.pdf", "files/2-02-Stundenplan.pdf"]
    assert [each["path"] for each in sent["attachments"]] == paths
    assert archive.namelist() == [*paths, "messages.jsonl"]
    assert [archive.read(path) for path in paths] == [FILE, b"another file"]
    for each in sent["attachments"]:
        assert sha256(archive.read(each["path"])).hexdigest() == each["sha256"]
        assert "missing" not in each


def test_page_of_an_archive_shows_thumbnails_and_leads_to_files(
    parley: Parley, alice: User, conversation_id: str
) -> None:
    pictured = clean_attachment(parley, alice, conversation_id)
    plain = clean_attachment(parley, alice, conversation_id, thumbnail=None, asked={"name": 'Ä & "b" 1%.pdf'})
    say(alice, conversation_id, *("word",) * 9)
    send(alice, conversation_id, pictured, plain)

    archive = archived(parley, alice, conversation_id, "html")

    page = archive.read("index.html").decode()
    names = ["files/10-01-Stundenplan.pdf", "thumbnails/10-01.webp", "files/10-02-Ä & _b_ 1%.pdf", "index.html"]
    assert archive.namelist() == names
    assert archive.read(names[1]) == THUMBNAIL
    assert f'<a href="{names[0]}"><img alt="" src="{names[1]}"><bdi dir="auto">Stundenplan.pdf</bdi></a>' in page
    assert '<a href="files/10-02-%C3%84%20%26%20_b_%201%25.pdf"><bdi dir="auto">Ä &amp; _b_ 1%.pdf</bdi></a>' in page
    assert "img-src &#x27;self&#x27; file:;" in page and "data:" not in page and "missing" not in page
    linked = [unquote(each.partition('"')[0]) for each in page.split('href="')[1:]]
    assert [each for each in linked if not each.startswith("#")] == [names[0], names[2]]


HOSTILE = (
    "../../etc/passwd",
    "/etc/passwd",
    "C:\\Windows\\win.ini",
    "same.pdf",
    "SAME.pdf",
    "same.pdf",
    "nul.txt",
    "a" * 300 + ".pdf",
    "\u202efdp.exe\u0000\n",
    "👩\u200d👩.pdf",
    "..",
)


@pytest.mark.parametrize("format", ["jsonl", "html"])
def test_names_are_safe_and_each_is_there_once(
    parley: Parley, alice: User, conversation_id: str, tmp_path: Path, format: str
) -> None:
    for name in HOSTILE:  # as an older version, or a fault, could have stored them
        made = clean_attachment(parley, alice, conversation_id, file=name.encode(), thumbnail=None)
        set_row(parley, made, name=name)
        send(alice, conversation_id, made)

    done = exported(parley, alice, conversation_id, format, files=True)
    archive = opened(parley, done)

    names = archive.namelist()
    assert [archive.read(name) for name in names[:-1]] == [name.encode() for name in HOSTILE]
    assert len({name.casefold() for name in names}) == len(names) == len(HOSTILE) + 1
    for entry in archive.infolist():
        folder, _, name = entry.filename.rpartition("/")
        assert folder in ("", "files") and not name.startswith(".") and "\\" not in name, name
        assert len(name.encode()) <= 255 and name.isprintable() | ("\u200d" in name), name
        assert (entry.flag_bits, entry.compress_type) == (0x800, ZIP_STORED)
    assert names[4] == "files/05-01-SAME.pdf"
    path = tmp_path / "export.zip"
    path.write_bytes(fetched(parley, done["url"]))
    for command in (["unzip", "-t"], [sys.executable, "-m", "zipfile", "-t"]):
        tested = subprocess.run([*command, path], capture_output=True, text=True, check=False)
        assert tested.returncode == 0, tested


def test_file_that_is_gone_is_listed_as_missing(
    parley: Parley, alice: User, conversation_id: str, caplog: pytest.LogCaptureFixture
) -> None:
    kept, deleted, vanished, cut, changed = (
        clean_attachment(parley, alice, conversation_id, sha256=sha256(FILE).hexdigest()) for _ in range(5)
    )
    send(alice, conversation_id, kept, deleted, vanished, cut, changed)
    set_row(parley, deleted, state="deleted")
    bucket = parley.template.resources["Attachments"].ref
    parley.store.client("s3").delete_object(Bucket=bucket, Key=f"files/{vanished}")
    put_object(parley, f"files/{cut}", FILE[:-1])
    put_object(parley, f"files/{changed}", FILE[:-1] + b"!")

    archive = archived(parley, alice, conversation_id)
    page = archived(parley, alice, conversation_id, "html")

    told = [
        (each["id"], each.get("missing", False), "path" in each, "sha256" in each) for each in attachments_in(archive)
    ]
    assert told[0] == (kept, False, True, True)
    assert told[1:] == [(each, True, False, False) for each in (deleted, vanished, cut, changed)]
    assert archive.namelist() == ["files/1-01-Stundenplan.pdf", "messages.jsonl"]
    assert page.namelist() == ["files/1-01-Stundenplan.pdf", "thumbnails/1-01.webp", "index.html"]
    assert page.read("index.html").decode().count(" · missing</span>") == 4
    logged = [vars(record).get("attachment_id") for record in caplog.records if record.getMessage() == "file_damaged"]
    assert logged == [cut, changed] * 2


def test_file_older_than_the_retention_is_missing(
    parley: Parley, alice: User, conversation_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(alice, conversation_id, clean_attachment(parley, alice, conversation_id))
    monkeypatch.setenv("ATTACHMENT_RETENTION_DAYS", "30")
    parley.store.client("dynamodb").update_item(  # a queue's function counts from the clock on the wall
        TableName=parley.template.resources["Messages"].ref,
        Key={"conversation_id": {"S": conversation_id}, "seq": {"N": "1"}},
        UpdateExpression="SET created_at_ms = :then",
        ExpressionAttributeValues={":then": {"N": str(parley.clock() - 31 * 86_400_000)}},
    )

    archive = archived(parley, alice, conversation_id)

    [each] = attachments_in(archive)
    assert (each["expired"], each["missing"], "path" in each) == (True, True, False)
    assert archive.namelist() == ["messages.jsonl"]


def test_files_of_messages_that_the_owner_does_not_see_are_left_out(
    parley: Parley, alice: User, conversation_id: str
) -> None:
    for _ in range(2):
        send(alice, conversation_id, clean_attachment(parley, alice, conversation_id))
    say(alice, conversation_id, "the end")
    assert alice.delete(f"/messages/{conversation_id}.1?scope=me").status == 200
    assert alice.delete(f"/messages/{conversation_id}.2").status == 200

    mine = archived(parley, alice, conversation_id)
    bobs = archived(parley, parley.user("bob"), conversation_id)

    assert mine.namelist() == ["messages.jsonl"]
    assert bobs.namelist() == ["files/1-01-Stundenplan.pdf", "messages.jsonl"]


@pytest.mark.parametrize(("format", "name"), [("jsonl", "messages.jsonl"), ("html", "index.html")])
def test_conversation_without_files_is_an_archive_of_its_transcript(
    parley: Parley, alice: User, conversation_id: str, format: str, name: str
) -> None:
    empty = archived(parley, alice, conversation_id, format)
    say(alice, conversation_id, "hello")
    said = archived(parley, alice, conversation_id, format)

    assert empty.namelist() == said.namelist() == [name]
    assert b"hello" in said.read(name) and b"hello" not in empty.read(name)


def test_archive_is_saved_as_a_zip(parley: Parley, alice: User, conversation_id: str) -> None:
    done = exported(parley, alice, conversation_id, "html", files=True)

    bucket = parley.template.resources["ExportFiles"].ref
    stored = parley.store.client("s3").head_object(Bucket=bucket, Key=f"{done['id']}/{conversation_id}.zip")

    assert (done["format"], done["files"], stored["ContentType"]) == ("html", True, "application/zip")
    assert stored["ContentDisposition"] == f'attachment; filename="{conversation_id}.zip"'


MIB = 1024 * 1024


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> int:
    """Lets archives have parts of 5 MiB, the least that S3 takes; returns that."""
    monkeypatch.setattr("parley.actions.exports.archives.ARCHIVE_PART_BYTES", 5 * MIB)
    return 5 * MIB


def large_files(parley: Parley, person: User, conversation_id: str, sizes: tuple[int, ...]) -> list[bytes]:
    """Lets a person send files of so many MiB in one message; returns them."""
    files = [bytes([number]) * (size * MIB + number) for number, size in enumerate(sizes)]
    made = [
        clean_attachment(parley, person, conversation_id, file=each, sha256=sha256(each).hexdigest()) for each in files
    ]
    send(person, conversation_id, *made)
    return files


def check_files(archive: ZipFile, files: list[bytes]) -> None:
    """Fails unless the archive has these files, each once, and its lines name them with their hashes."""
    told = attachments_in(archive)
    assert [archive.read(each["path"]) == file for each, file in zip(told, files, strict=True)] == [True] * len(files)
    assert [each["sha256"] for each in told] == [sha256(file).hexdigest() for file in files]
    assert archive.namelist() == [*(each["path"] for each in told), "messages.jsonl"]


def test_files_larger_than_a_part_are_written_in_steps(
    parley: Parley, alice: User, conversation_id: str, small_parts: int
) -> None:
    files = large_files(parley, alice, conversation_id, (6, 2, 2, 7, 1))

    with parley.watch() as calls:
        done = exported(parley, alice, conversation_id, files=True)

    check_files(opened(parley, done), files)
    parts = [len(call.params["Body"]) for call in calls if call.operation == "UploadPart"]
    assert len(parts) == 3 and all(small_parts <= each < small_parts + 7 * MIB for each in parts[:-1])
    assert objects_of_work(parley) == []


def test_many_small_files_take_bounded_steps(
    parley: Parley, alice: User, conversation_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("parley.actions.exports.archives.MAX_READS", 4)
    files = [f"file {number}".encode() for number in range(21)]
    for first in range(0, 21, 3):
        made = [clean_attachment(parley, alice, conversation_id, file=each) for each in files[first : first + 3]]
        send(alice, conversation_id, *made)
    asked = export(alice, conversation_id, files=True)
    steps, reads = 0, []
    more = True
    while more:
        with parley.watch() as calls:
            more = bool(poll(parley))
        steps += more
        reads.append(sum(call.operation == "GetObject" and call.function == "WriteExport" for call in calls))

    done = shown(alice, asked["id"])

    check_files(opened(parley, done), files)
    # Six steps read four files each but the last; six pieces of each kind take two steps.
    assert steps == 6 + 2 + 2 and max(reads) == 4 + 1  # and the bytes that waited
    assert objects_of_work(parley) == []


def test_message_deleted_in_the_middle_of_the_job_leaves_no_half_file(
    parley: Parley, alice: User, conversation_id: str, small_parts: int
) -> None:
    first = large_files(parley, alice, conversation_id, (6,))
    large_files(parley, alice, conversation_id, (6,))
    large_files(parley, alice, conversation_id, (1,))
    asked = export(alice, conversation_id, files=True)
    poll(parley)
    assert shown(alice, asked["id"])["progress"] == {"done": 1, "total": 3}
    assert alice.delete(f"/messages/{conversation_id}.2").status == 200
    [gone] = alice.get(f"/conversations/{conversation_id}/messages").json["messages"][2]["attachments"]
    set_row(parley, gone["id"], state="deleted")

    parley.drain()

    archive = opened(parley, shown(alice, asked["id"]))
    _, kept, deleted, late = lines(archive.read("messages.jsonl"))
    assert archive.namelist() == ["files/1-01-Stundenplan.pdf", "messages.jsonl"]
    assert archive.read(kept["attachments"][0]["path"]) == first[0]
    assert (deleted["attachments"], late["attachments"][0]["missing"]) == ([], True)


def test_message_deleted_between_two_of_its_files_ends_as_an_archive_all_the_same(
    parley: Parley, alice: User, conversation_id: str, small_parts: int
) -> None:
    large_files(parley, alice, conversation_id, (6, 6))
    asked = export(alice, conversation_id, files=True)
    poll(parley)
    assert shown(alice, asked["id"])["progress"] == {"done": 0, "total": 1}
    assert alice.delete(f"/messages/{conversation_id}.1").status == 200

    parley.drain()

    archive = opened(parley, shown(alice, asked["id"]))
    assert archive.namelist() == ["files/1-01-Stundenplan.pdf", "messages.jsonl"]
    assert lines(archive.read("messages.jsonl"))[1]["attachments"] == []


@pytest.mark.parametrize(
    ("operation", "after"),
    [
        ("CreateMultipartUpload", True),
        ("PutObject", False),
        ("PutObject", True),
        ("UploadPart", True),
        ("PutItem", False),
        ("PutItem", True),
        ("SendMessage", False),
        ("CompleteMultipartUpload", True),
        ("DeleteObjects", False),
        ("DeleteObjects", True),
        ("GetObject", False),
    ],
)
def test_killed_at_any_call_the_archive_goes_on_where_it_stopped(
    parley: Parley, alice: User, conversation_id: str, small_parts: int, operation: str, after: bool
) -> None:
    files = large_files(parley, alice, conversation_id, (4, 4, 1))
    asked = export(alice, conversation_id, files=True)
    # A step writes or reads several objects: one that died at every other of them would never get through.
    kill = (KillAtEachFirst if operation in ("PutObject", "GetObject") else KillAtEach)(operation, after=after)
    parley.hooks.append(kill)

    parley.drain()

    assert kill.happened
    check_files(opened(parley, shown(alice, asked["id"])), files)
    assert (objects_of_work(parley), dead_letters(parley)) == ([], [])


class KillAtEachFirst(KillAtEach):
    """A hook: the first call of this operation with this key kills its function."""

    def __init__(self, operation: str, *, after: bool) -> None:
        super().__init__(operation, after=after)
        self._seen: set[str] = set()

    def _die(self, call: Call, *, at_end: bool) -> None:
        if call.operation == self._operation and at_end == self._after:
            key = call.params["Key"]
            self._dead = self._dead or key not in self._seen
            self._seen.add(key)
        if self._dead:
            self.happened = True
            raise Killed(f"killed at {call.operation}")


@pytest.mark.parametrize("operation", ["PutObject", "UploadPart", "CompleteMultipartUpload", "DeleteObjects"])
def test_two_at_the_same_step_make_one_archive(
    parley: Parley, alice: User, conversation_id: str, operation: str
) -> None:
    files = [FILE, FILE]
    send(alice, conversation_id, *(clean_attachment(parley, alice, conversation_id) for _ in files))
    asked = export(alice, conversation_id, files=True)
    hook = Meanwhile(operation, lambda: step_of(parley, asked["id"]))
    parley.hooks.append(hook)

    parley.drain()

    assert hook.happened
    check_files(opened(parley, shown(alice, asked["id"])), files)
    assert objects_of_work(parley) == []


def step_of(parley: Parley, export_id: str) -> None:
    record = {"messageId": "m1", "body": json.dumps({"export_id": export_id})}
    parley.functions.invoke("WriteExport", {"Records": [record]})


@pytest.mark.parametrize("kind", ["transcript-1", "directory-1", "waiting-0", "waiting-1"])
@pytest.mark.parametrize("damage", ["changed", "gone"])
def test_piece_that_is_not_as_it_was_noted_begins_the_archive_again(
    parley: Parley, alice: User, conversation_id: str, kind: str, damage: str
) -> None:
    send(alice, conversation_id, clean_attachment(parley, alice, conversation_id))
    asked = export(alice, conversation_id, files=True)
    poll(parley)
    poll(parley)
    s3, bucket = parley.store.client("s3"), parley.template.resources["ExportFiles"].ref
    key = f"work/{asked['id']}/{kind}"
    there = key in objects_of_work(parley)
    if damage == "gone":
        s3.delete_object(Bucket=bucket, Key=key)
    else:
        s3.put_object(Bucket=bucket, Key=key, Body=b"of another worker")

    parley.drain()

    assert there
    check_files(opened(parley, shown(alice, asked["id"])), [FILE])


def test_archive_that_is_given_up_leaves_no_pieces(parley: Parley, alice: User, conversation_id: str) -> None:
    asked = export(alice, conversation_id, files=True)
    parley.hooks.append(Refusing("CompleteMultipartUpload", "InvalidPart"))

    parley.drain()

    assert shown(alice, asked["id"])["state"] == "failed"
    assert objects_of_work(parley) == []


def test_archive_of_more_parts_than_s3_takes_is_given_up(
    parley: Parley, alice: User, conversation_id: str, monkeypatch: pytest.MonkeyPatch, small_parts: int
) -> None:
    monkeypatch.setattr("parley.adapters.exports.files.MAX_PARTS", 1)
    large_files(parley, alice, conversation_id, (6, 6))

    failed = exported(parley, alice, conversation_id, files=True)

    assert (failed["state"], failed["url"]) == ("failed", None)
    assert (objects_of_work(parley), dead_letters(parley)) == ([], [])


def test_deletion_that_s3_refuses_for_one_piece_is_tried_again(
    parley: Parley, alice: User, conversation_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("parley.adapters.exports.pieces._MAX_KEYS", 3)
    hook = FailingDeletion()
    parley.hooks.append(hook)

    done = exported(parley, alice, conversation_id, files=True)

    assert hook.count > 1
    assert (done["state"], objects_of_work(parley)) == ("done", [])


class FailingDeletion:
    """A hook: the first deletion of several keys is answered with an error for one of them."""

    def __init__(self) -> None:
        self.count = 0

    def before(self, call: Call) -> None: ...

    def after(self, call: Call) -> None:
        if call.operation == "DeleteObjects":
            self.count += 1
            if self.count == 1:
                call.response["Errors"] = [{"Key": "k", "Code": "InternalError"}]


def test_conversation_with_too_many_files_is_refused_before_the_work_begins(
    parley: Parley, alice: User, conversation_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("parley.domain.exports.archive.MAX_FILES_BYTES", 3 * 10_485_760)
    made = [clean_attachment(parley, alice, conversation_id) for _ in range(4)]
    for position, (each, kind) in enumerate(zip(made[:3], ("image", "file", "file"), strict=True)):
        carry(parley, each, f"{conversation_id}.1", position, kind)
    within = alice.post(f"/conversations/{conversation_id}/export", json={"format": "jsonl", "files": True})
    parley.drain()
    carry(parley, made[3], f"{conversation_id}.1", 3, "video")

    refused = alice.post(f"/conversations/{conversation_id}/export", json={"format": "jsonl", "files": True})
    without = alice.post(f"/conversations/{conversation_id}/export", json={"format": "jsonl"})

    assert (within.status, without.status) == (202, 202)
    assert refusal(refused) == ("too_many_files", 422, [])
    assert refused.json["detail"] == "This conversation has more than 3 files. Export it without them."


def test_export_with_files_is_another_one_than_without(parley: Parley, alice: User, conversation_id: str) -> None:
    without = export(alice, conversation_id, client_id="e-1")
    with_files = export(alice, conversation_id, files=True)
    again = export(alice, conversation_id, files=True)
    path = f"/conversations/{conversation_id}/export"
    refused = alice.post(path, json={"format": "jsonl", "files": True, "client_id": "e-1"})

    assert (without["files"], with_files["files"]) == (False, True)
    assert without["id"] != with_files["id"] == again["id"]
    assert refusal(refused) == ("client_id_reused", 422, [("/client_id", "client_id_reused")])


def test_audit_log_says_that_a_moderator_took_the_files(parley: Parley, alice: User, conversation_id: str) -> None:
    mona = parley.user("mona", role="moderator")
    open_to_moderators(parley, conversation_id)
    asked = export(mona, conversation_id, "html", files=True)

    [entry] = mona.get("/admin/audit").json["entries"]

    assert entry["action"] == "export_conversation"
    assert entry["details"] == {"export_id": asked["id"], "format": "html", "files": "included"}


def test_person_who_may_no_longer_read_gets_no_archive(parley: Parley, alice: User) -> None:
    bob = parley.user("bob")
    group = make_group(alice, bob)
    done = exported(parley, bob, group, files=True)
    assert alice.delete(f"/conversations/{group}/members/bob").status == 200

    assert refusal(bob.get(f"/exports/{done['id']}")) == ("export_not_found", 404, [])
    path = f"/conversations/{group}/export"
    assert bob.post(path, json={"format": "jsonl", "files": True}).status == 404


def test_erasure_deletes_an_archive_and_the_pieces_of_one_in_the_making(
    parley: Parley, alice: User, conversation_id: str
) -> None:
    bob = parley.user("bob")
    say(bob, conversation_id, "wombat")
    file = b"%PDF wombat"
    send(bob, conversation_id, clean_attachment(parley, bob, conversation_id, file=file, thumbnail=None))
    parley.drain()
    exported(parley, alice, conversation_id, files=True)
    export(alice, conversation_id, "html", files=True)
    poll(parley)
    poll(parley)
    assert len(objects_of_work(parley)) > 2 and "wombat" in everything(parley)

    erased(parley, "bob")

    assert "wombat" not in everything(parley)
    bucket = parley.template.resources["ExportFiles"].ref
    assert "Contents" not in parley.store.client("s3").list_objects_v2(Bucket=bucket)


@pytest.mark.parametrize("operation", ["PutObject", "UploadPart"])
def test_step_that_an_erasure_overtakes_takes_its_pieces_away(
    parley: Parley, alice: User, conversation_id: str, operation: str
) -> None:
    bob = parley.user("bob")
    say(bob, conversation_id, "wombat")
    asked, erasure = export(alice, conversation_id, files=True), erase(parley, "bob")
    for _ in range(0 if operation == "PutObject" else 2):
        step_of(parley, asked["id"])
    wanted = {"erasure_id": erasure["id"], "round": ROUNDS}
    record = {"messageId": "m1", "body": json.dumps(wanted)}
    hook = Meanwhile(
        operation, lambda: [parley.functions.invoke("ErasePerson", {"Records": [record]}) for _ in range(5)]
    )
    parley.hooks.append(hook)

    step_of(parley, asked["id"])

    assert hook.happened and alice.get(f"/exports/{asked['id']}").status == 404
    bucket = parley.template.resources["ExportFiles"].ref
    assert "Contents" not in parley.store.client("s3").list_objects_v2(Bucket=bucket)


class Overtaken:
    """A hook: at the next call of an operation, lets an erasure run, and then the function die, before or after it."""

    def __init__(self, operation: str, erase: Callable[[], object], *, after: bool) -> None:
        self._operation = operation
        self._erase = erase
        self._after = after
        self.happened = False

    def before(self, call: Call) -> None:
        if call.operation == self._operation and not self.happened:
            self.happened = True
            self._erase()
            if not self._after:
                raise Killed(f"killed at {call.operation}")

    def after(self, call: Call) -> None:
        if call.operation == self._operation and self._after:
            self._after = False
            raise Killed(f"killed after {call.operation}")


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_step_that_dies_while_an_erasure_deletes_its_job_leaves_no_pieces(
    parley: Parley, alice: User, conversation_id: str, after: bool
) -> None:
    bob = parley.user("bob")
    say(bob, conversation_id, "wombat")
    asked, erasure = export(alice, conversation_id, files=True), erase(parley, "bob")
    record = {"messageId": "m1", "body": json.dumps({"erasure_id": erasure["id"], "round": ROUNDS})}
    died = Overtaken(
        "PutObject",
        lambda: [parley.functions.invoke("ErasePerson", {"Records": [record]}) for _ in range(5)],
        after=after,
    )
    parley.hooks.append(died)
    poll(parley)
    left = objects_of_work(parley)

    poll(parley)  # SQS delivers the message of a function that died again

    assert died.happened and alice.get(f"/exports/{asked['id']}").status == 404
    assert left == ([f"work/{asked['id']}/transcript-1"] if after else [])
    assert objects_of_work(parley) == []
