"""ScanAttachment: from an upload to a clean file or a refusal, whatever comes twice, late or in another order."""

import io
import itertools
import json
import struct
import zipfile
import zlib
from hashlib import sha256

import msgspec
import pillow_heif
import pytest
from PIL import Image

from local.functions import Killed
from parley.domain.api.types import Attachment
from parley.domain.attachments.scans import MAX_TRIES
from parley.domain.conversations.client_model import apply_to_attachment
from parley.domain.conversations.events import AttachmentUpdated
from tests import media_files
from tests.functional.attachments import (
    EICAR,
    Upload,
    ask,
    kept,
    objects,
    picture,
    put_object,
    scanned,
    set_row,
    states,
    unsent,
    upload,
)
from tests.functional.replies import Meanwhile, outside, stored
from tests.functional.talk import open_direct
from tests.harness import Parley, User

FIRST_TRY = {"ApproximateReceiveCount": "1"}


@pytest.fixture
def alice(parley: Parley) -> User:
    return parley.user("alice")


@pytest.fixture
def conversation_id(parley: Parley, alice: User) -> str:
    return open_direct(alice, parley.user("bob"))


def test_clean_image_gets_its_facts_and_its_uploader_hears_of_it(
    parley: Parley, alice: User, conversation_id: str
) -> None:
    phone, other = alice.connect(), parley.user("bob").connect()

    done = scanned(alice, conversation_id, picture("JPEG", (800, 600)), "image/jpeg", "Ein Foto.jpg")

    files = objects(parley, "Attachments")
    assert kept(parley) == (set(), {f"files/{done.id}", f"thumbnails/{done.id}"})
    assert done.row | {"state": "clean", "width": 800, "height": 600, "thumbnail_type": "image/jpeg"} == done.row
    assert done.row["sha256"] == sha256(files[f"files/{done.id}"]).hexdigest()
    assert done.row["size"] == len(files[f"files/{done.id}"])
    assert len(done.row["placeholder"]) <= 40
    events = phone.events("attachment_updated")
    assert [each["data"]["attachment"]["state"] for each in events] == ["scanning", "clean"]
    shown = events[1]["data"]["attachment"]
    assert (shown["id"], shown["name"], shown["has_thumbnail"]) == (done.id, "Ein Foto.jpg", True)
    assert other.events("attachment_updated") == []
    assert unsent(parley, alice) == 1


# --- what bad input gets ---------------------------------------------------------------------------------------------


def gif(frames: int) -> bytes:
    """Returns an animation of one pixel; of many frames it has a few kilobytes."""
    head = b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff"
    frame = b"\x2c\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02\x44\x01\x00"
    return head + frame * frames + b"\x3b"


def vast_png() -> bytes:
    """Returns a PNG that says that it has 65,535 x 65,535 pixels, in about 100 bytes."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 65_535, 65_535, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")


def docx(document: bytes, name: str = "word/document.xml") -> bytes:
    out = io.BytesIO()
    types = (
        b'<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        b'<Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.'
        b'wordprocessingml.document.main+xml"/></Types>'
    )
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", types)
        archive.writestr("_rels/.rels", media_files.package(name)["_rels/.rels"])
        archive.writestr(name, document)
    return out.getvalue()


DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
SVG = b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'><script>alert(1)</script></svg>"
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\n%%EOF\n"
BAD = {
    "lying type": (picture("JPEG"), "image/png", "type_mismatch"),
    "truncated image": (picture("JPEG", (800, 600), quality=95)[:-2000], "image/jpeg", "damaged"),
    "half a PNG": (picture("PNG", (800, 600))[:200], "image/png", "damaged"),
    "SVG with script as PNG": (SVG, "image/png", "type_mismatch"),
    "HTML as PDF": (b"<html><script>alert(1)</script></html>", "application/pdf", "type_mismatch"),
    "docx that is a bomb": (docx(b"\0" * 300 * 1024 * 1024), DOCX, "decompression_bomb"),
    "65,535 x 65,535 pixels": (vast_png(), "image/png", "too_many_pixels"),
    "GIF of 10,000 frames": (gif(10_000), "image/gif", "too_many_frames"),
    "PDF and ZIP": (PDF + docx(b"<w/>"), "application/pdf", "polyglot"),
    "text with a zero": (b"a\0b", "text/plain", "type_mismatch"),
    "text in another encoding": (b"caf\xe9", "text/plain", "not_utf8"),
    "audio of noise": (b"OggS" + bytes(2000), "audio/ogg", "damaged"),
}


@pytest.mark.parametrize(("body", "type", "code"), BAD.values(), ids=BAD)
def test_bad_file_is_refused_and_leaves_nothing(
    parley: Parley, alice: User, conversation_id: str, body: bytes, type: str, code: str
) -> None:
    phone = alice.connect()

    done = scanned(alice, conversation_id, body, type, "script.png")

    assert done.state == ("rejected", code)
    assert kept(parley) == (set(), set())
    assert [
        (each["data"]["attachment"]["state"], each["data"]["attachment"].get("code"))
        for each in phone.events("attachment_updated")
    ] == [("scanning", None), ("rejected", code)]
    assert unsent(parley, alice) == 0


@pytest.mark.parametrize("type", ["text/plain", "image/png"])
def test_test_file_of_virus_scanners_is_infected(parley: Parley, alice: User, conversation_id: str, type: str) -> None:
    phone = alice.connect()

    done = scanned(alice, conversation_id, EICAR, type)

    assert done.state == ("infected", None)
    assert kept(parley) == (set(), set())
    assert states(phone) == ["scanning", "infected"]
    assert unsent(parley, alice) == 0


def test_polyglot_image_loses_what_is_after_it(parley: Parley, alice: User, conversation_id: str) -> None:
    script = b"/*<script>alert(1)</script>*/"

    done = scanned(alice, conversation_id, picture("GIF") + script, "image/gif")

    assert done.state == ("clean", None)
    assert script not in objects(parley, "Attachments")[f"files/{done.id}"]


def test_photo_loses_its_exif_and_keeps_its_orientation(parley: Parley, alice: User, conversation_id: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    exif[0x010E] = "somewhere near 52.5200, 13.4050 " * 1900  # 60 KB

    done = scanned(alice, conversation_id, picture("JPEG", (80, 60), exif=exif), "image/jpeg")

    file = objects(parley, "Attachments")[f"files/{done.id}"]
    assert (done.row["width"], done.row["height"]) == (60, 80)
    assert len(file) < 10_000 and b"52.52" not in file and not Image.open(io.BytesIO(file)).getexif()


def test_photo_of_a_phone_becomes_a_jpeg_and_is_named_so(parley: Parley, alice: User, conversation_id: str) -> None:
    pillow_heif.register_heif_opener()

    done = scanned(alice, conversation_id, picture("HEIF", (64, 48)), "image/heic", "IMG_0001.HEIC")

    assert (done.row["name"], done.row["type"], done.row["state"]) == ("IMG_0001.jpg", "image/jpeg", "clean")
    assert objects(parley, "Attachments")[f"files/{done.id}"].startswith(b"\xff\xd8")


def test_device_that_is_gone_is_forgotten(parley: Parley) -> None:
    parley.clock.ms -= 120_000  # API Gateway may know a new device only a little later; its lease has not ended
    alice = parley.user("alice")
    conversation_id = open_direct(alice, parley.user("bob"))
    parley.lose_disconnects = True
    phone = alice.connect()
    phone.close()

    scanned(alice, conversation_id, picture("PNG"), "image/png")

    assert phone.connection_id not in "".join(stored(parley)["Connections"])


def test_file_with_a_name_that_runs_gets_the_extension_of_its_type(
    parley: Parley, alice: User, conversation_id: str
) -> None:
    names = [
        scanned(alice, conversation_id, b"echo hello", "text/plain", "run.bat").row["name"],
        scanned(alice, conversation_id, picture("PNG"), "image/png", "evil.exe").row["name"],
        scanned(alice, conversation_id, b"hello", "text/plain", "hello.md").row["name"],
    ]

    assert names == ["run.bat.txt", "evil.exe.png", "hello.md"]


def test_s3_refuses_what_the_form_does_not_allow(parley: Parley, alice: User, conversation_id: str) -> None:
    asked = ask(alice, conversation_id, "text/plain", 10)
    late = ask(alice, conversation_id, "text/plain", 10)

    refused = [
        asked.post(b""),
        asked.post(b"a" * 11),
        asked.post(b"a", key="a_other"),
        asked.post(b"a", key=f"files/{asked.id}"),
        asked.post(b"a", **{"Content-Type": "text/html"}),
        asked.post(b"a", policy=None),
    ]
    parley.advance(15 * 60)
    refused.append(late.post(b"a"))

    parley.drain()
    assert all(status >= 400 for status in refused), refused
    assert (asked.state, kept(parley)) == (("pending", None), (set(), set()))


def test_limits_of_images_are_the_deployments(
    parley: Parley, alice: User, conversation_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAX_IMAGE_PIXELS", "1200")
    monkeypatch.setenv("MAX_IMAGE_FRAMES", "3")
    monkeypatch.setenv("MAX_ANIMATION_PIXELS", "2")

    done = [
        scanned(alice, conversation_id, body, type)
        for body, type in (
            (picture("PNG", (40, 30)), "image/png"),
            (picture("PNG", (40, 31)), "image/png"),
            (gif(2), "image/gif"),
            (gif(3), "image/gif"),
            (gif(4), "image/gif"),
        )
    ]

    assert [each.state for each in done] == [
        ("clean", None),
        ("rejected", "too_many_pixels"),
        ("clean", None),
        ("rejected", "too_many_pixels"),
        ("rejected", "too_many_frames"),
    ]


# --- twice, late, in another order -----------------------------------------------------------------------------------


def s3_event(parley: Parley, key: str, bucket: str | None = None) -> str:
    name = bucket or parley.template.resources["Quarantine"].ref
    place = {"bucket": {"name": name}, "object": {"key": key}}
    return json.dumps({"Records": [{"eventName": "ObjectCreated:Post", "s3": place}]})


def test_second_event_of_an_upload_changes_nothing(parley: Parley, alice: User, conversation_id: str) -> None:
    phone = alice.connect()
    done = scanned(alice, conversation_id, picture(), "image/png")
    before = done.row

    parley.enqueue("AttachmentScans", s3_event(parley, done.id))
    parley.drain()

    assert (done.row, states(phone)) == (before, ["scanning", "clean"])
    assert kept(parley) == (set(), {f"files/{done.id}", f"thumbnails/{done.id}"})


@pytest.mark.parametrize("body", [picture(), b"no picture", EICAR], ids=["clean", "rejected", "infected"])
@pytest.mark.parametrize("is_discarded", [False, True])
def test_client_that_applies_the_events_in_any_order_has_what_a_fresh_read_shows(
    parley: Parley, alice: User, conversation_id: str, body: bytes, is_discarded: bool
) -> None:
    phone = alice.connect()
    wanted = {"name": "a.png", "type": "image/png", "size": len(body)}
    asked = alice.post(f"/conversations/{conversation_id}/attachments", json=wanted).json
    assert parley.upload(asked["upload"], body) in (200, 204)
    parley.drain()
    if is_discarded:
        alice.delete(f"/attachments/{asked['attachment']['id']}")
    fresh = alice.get(f"/attachments/{asked['attachment']['id']}", headers={"Accept": "application/json"}).json

    heard = [msgspec.convert(each["data"], AttachmentUpdated) for each in phone.events("attachment_updated")]
    for order in itertools.permutations([*heard, heard[0]]):
        known = msgspec.convert(asked["attachment"], Attachment)
        for event in order:
            known = apply_to_attachment(event, known)
        assert msgspec.to_builtins(known) == fresh["attachment"]


def test_each_invocation_may_happen_twice(parley: Parley, alice: User, conversation_id: str) -> None:
    parley.deliver_twice = True
    good = scanned(alice, conversation_id, picture(), "image/png")
    bad = scanned(alice, conversation_id, EICAR, "text/plain")

    assert (good.state, bad.state) == (("clean", None), ("infected", None))
    assert kept(parley) == (set(), {f"files/{good.id}", f"thumbnails/{good.id}"})
    assert unsent(parley, alice) == 1


def test_upload_after_the_file_is_clean_is_deleted(parley: Parley, alice: User, conversation_id: str) -> None:
    body = picture("PNG", (40, 30))
    done = scanned(alice, conversation_id, body, "image/png")
    before = done.row, objects(parley, "Attachments")

    assert done.post(picture("PNG", (4, 3))) in (200, 204)
    parley.drain()

    assert (done.row, objects(parley, "Attachments")) == before
    assert objects(parley, "Quarantine") == {}


def test_upload_after_a_refusal_is_deleted(parley: Parley, alice: User, conversation_id: str) -> None:
    done = scanned(alice, conversation_id, EICAR, "text/plain")

    assert done.post(b"harmless") in (200, 204)
    parley.drain()

    assert (done.state, kept(parley)) == (("infected", None), (set(), set()))


def test_of_two_uploads_before_the_scan_the_later_one_counts(parley: Parley, alice: User, conversation_id: str) -> None:
    asked = ask(alice, conversation_id, "text/plain", 10)
    for body in (b"first", b"second"):
        assert asked.post(body) in (200, 204)

    parley.drain()

    assert objects(parley, "Attachments") == {f"files/{asked.id}": b"second"}
    assert asked.row["sha256"] == sha256(b"second").hexdigest()
    assert objects(parley, "Quarantine") == {}


@pytest.mark.parametrize("operation", ["GetObject", "PutObject", "TransactWriteItems", "DeleteObject"])
@pytest.mark.parametrize("second", [picture("PNG", (8, 9)), b"no picture", EICAR], ids=["clean", "damaged", "infected"])
def test_row_describes_the_file_though_a_second_upload_overtakes_the_first(
    parley: Parley, alice: User, conversation_id: str, operation: str, second: bytes
) -> None:
    asked = ask(alice, conversation_id, "image/png", 1000)
    assert asked.post(picture("PNG", (40, 30))) in (200, 204)
    happened: list[bool] = []

    def upload_and_scan_again() -> None:
        if not happened:
            happened.append(True)
            assert asked.post(second) in (200, 204)
            event = {"messageId": "m2", "body": s3_event(parley, asked.id), "attributes": FIRST_TRY}
            assert parley.functions.invoke("ScanAttachment", {"Records": [event]}) == {"batchItemFailures": []}

    parley.hooks.append(hook := Meanwhile(operation, upload_and_scan_again))
    parley.drain()
    parley.hooks.remove(hook)

    assert happened
    assert objects(parley, "Quarantine") == {}
    files = objects(parley, "Attachments")
    if asked.state[0] == "clean":
        assert set(files) == {f"files/{asked.id}", f"thumbnails/{asked.id}"}
        assert asked.row["sha256"] == sha256(files[f"files/{asked.id}"]).hexdigest()
        assert unsent(parley, alice) == 1
    else:
        assert (files, unsent(parley, alice)) == ({}, 0)


def test_copy_that_a_dead_run_left_of_another_upload_gives_way(
    parley: Parley, alice: User, conversation_id: str
) -> None:
    asked = ask(alice, conversation_id, "image/png", 1000)
    for key in (f"files/{asked.id}", f"thumbnails/{asked.id}"):
        put_object(parley, key, b"of another upload")
    assert asked.post(picture()) in (200, 204)

    parley.drain()

    assert asked.state == ("clean", None)
    assert asked.row["sha256"] == sha256(objects(parley, "Attachments")[f"files/{asked.id}"]).hexdigest()
    assert b"of another upload" not in objects(parley, "Attachments").values()


def test_run_that_replaces_a_copy_may_die_at_each_call(parley: Parley, alice: User, conversation_id: str) -> None:
    for at in range(1, 100):
        asked = ask(alice, conversation_id, "image/png", 1000)
        put_object(parley, f"files/{asked.id}", b"of another upload")
        put_object(parley, f"thumbnails/{asked.id}", b"of another upload")
        assert asked.post(picture()) in (200, 204)
        [mapping] = [each for each in parley.queues if each.queue.logical_id == "AttachmentScans"]

        with parley.kill(at) as kill:
            mapping.poll(retry_at_once=True)
        parley.drain()

        files = objects(parley, "Attachments")
        assert asked.state == ("clean", None), at
        assert asked.row["sha256"] == sha256(files[f"files/{asked.id}"]).hexdigest(), at
        assert files[f"thumbnails/{asked.id}"] != b"of another upload", at
        assert objects(parley, "Quarantine") == {}, at
        if not kill.happened:
            assert at > 10
            return


def test_refusal_takes_the_copies_of_a_dead_run_away(parley: Parley, alice: User, conversation_id: str) -> None:
    asked = ask(alice, conversation_id, "text/plain", 100)
    for key in (f"files/{asked.id}", f"thumbnails/{asked.id}"):
        put_object(parley, key, b"of a dead run")
    assert asked.post(EICAR) in (200, 204)

    parley.drain()

    assert (asked.state, kept(parley)) == (("infected", None), (set(), set()))


def delete_row(parley: Parley, attachment_id: str) -> None:
    table = parley.template.resources["Files"].ref
    parley.store.client("dynamodb").delete_item(TableName=table, Key={"attachment_id": {"S": attachment_id}})


def test_upload_of_an_attachment_that_is_gone_is_deleted(parley: Parley, alice: User, conversation_id: str) -> None:
    done = upload(alice, conversation_id, picture(), "image/png")
    delete_row(parley, done.id)

    parley.drain()

    assert (done.row, kept(parley)) == ({}, (set(), set()))


@pytest.mark.parametrize("operation", ["GetObject", "PutObject", "HeadObject"])
def test_attachment_that_is_deleted_during_its_scan_leaves_no_file(
    parley: Parley, alice: User, conversation_id: str, operation: str
) -> None:
    done = upload(alice, conversation_id, picture(), "image/png")
    if operation == "HeadObject":  # the run finds a copy then
        put_object(parley, f"files/{done.id}", b"other")
    parley.hooks.append(hook := Meanwhile(operation, lambda: outside(lambda: delete_row(parley, done.id))))

    parley.drain()

    parley.hooks.remove(hook)
    assert (done.row, kept(parley)) == ({}, (set(), set()))


def test_file_that_a_forward_shows_stays_if_its_first_attachment_was_deleted(
    parley: Parley, alice: User, conversation_id: str
) -> None:
    done = scanned(alice, conversation_id, picture(), "image/png")
    set_row(parley, done.id, state="deleted", refs=1, version=9)

    assert done.post(picture("PNG", (8, 9))) in (200, 204)
    parley.drain()
    shown = kept(parley)
    set_row(parley, done.id, refs=0, version=10)
    parley.enqueue("AttachmentScans", s3_event(parley, done.id))
    parley.drain()

    assert shown == (set(), {f"files/{done.id}", f"thumbnails/{done.id}"})
    assert kept(parley) == (set(), set())


def test_upload_that_arrives_when_the_attachment_has_expired_is_deleted(
    parley: Parley, alice: User, conversation_id: str
) -> None:
    phone = alice.connect()
    done = upload(alice, conversation_id, picture(), "image/png")
    set_row(parley, done.id, created_at_ms=parley.clock() - 20 * 60 * 1000)

    parley.drain()

    assert (done.state, kept(parley)) == (("pending", None), (set(), set()))
    assert states(phone) == []


def test_scan_that_began_before_the_end_keeps_its_file_although_another_saw_the_end(
    parley: Parley, alice: User, conversation_id: str
) -> None:
    done = upload(alice, conversation_id, picture(), "image/png")
    set_row(parley, done.id, created_at_ms=parley.clock() - 20 * 60 * 1000)

    def scan_by_a_slower_clock() -> None:
        # To that clock the upload is a minute younger.
        outside(lambda: set_row(parley, done.id, created_at_ms=parley.clock() - 19 * 60 * 1000))
        event = {"messageId": "m2", "body": s3_event(parley, done.id), "attributes": FIRST_TRY}
        assert parley.functions.invoke("ScanAttachment", {"Records": [event]}) == {"batchItemFailures": []}

    parley.hooks.append(hook := Meanwhile("DeleteObject", scan_by_a_slower_clock))
    parley.drain()
    parley.hooks.remove(hook)

    assert hook.happened
    assert done.state == ("clean", None)
    assert f"files/{done.id}" in kept(parley)[1]


def test_event_of_another_bucket_means_nothing(parley: Parley, alice: User, conversation_id: str) -> None:
    asked = ask(alice, conversation_id, "text/plain", 10)

    parley.enqueue("AttachmentScans", s3_event(parley, asked.id, "other-quarantine-1"))
    parley.enqueue("AttachmentScans", json.dumps({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "b"}))
    parley.drain()

    assert asked.state == ("pending", None)


# --- failures --------------------------------------------------------------------------------------------------------


def dead_letters(parley: Parley) -> list[str]:
    return parley.dequeue("AttachmentScansDeadLetters")


def test_file_that_ends_the_process_each_time_is_rejected_in_the_end(
    parley: Parley, alice: User, conversation_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = []

    def crash(*_: object, **__: object) -> None:
        tries.append(1)
        raise Killed("a decoder has crashed")

    phone = alice.connect()
    done = upload(alice, conversation_id, picture(), "image/png")
    monkeypatch.setattr("parley.actions.attachments.scanning.examine_contained", crash)

    parley.drain()

    assert (done.state, len(tries)) == (("rejected", "scan_failed"), 4)
    assert (kept(parley), dead_letters(parley), unsent(parley, alice)) == ((set(), set()), [], 0)
    assert states(phone)[-1] == "rejected"


def test_upload_that_was_lost_is_rejected_in_the_end(parley: Parley, alice: User, conversation_id: str) -> None:
    done = upload(alice, conversation_id, picture(), "image/png")
    bucket = parley.template.resources["Quarantine"].ref
    parley.store.client("s3").delete_object(Bucket=bucket, Key=done.id)

    parley.drain()

    assert (done.state, dead_letters(parley)) == (("rejected", "scan_failed"), [])


def test_message_that_makes_no_sense_goes_to_the_dead_letters(parley: Parley) -> None:
    bad = [
        json.dumps({"source": "parley.scanner", "attachment_id": "a_1", "verdict": "clean"}),
        json.dumps({"source": "parley.scanner", "attachment_id": "a_1", "etag": "e", "verdict": "maybe"}),
        json.dumps({"source": "aws.guardduty"}),
        json.dumps({"source": "somebody"}),
        "no JSON",
    ]

    parley.enqueue("AttachmentScans", *bad)
    parley.drain()

    assert sorted(dead_letters(parley)) == sorted(bad)


def test_queue_gives_a_message_up_after_the_last_try_that_the_scanner_counts(parley: Parley) -> None:
    queue = parley.template.resources["AttachmentScans"].properties

    assert queue["RedrivePolicy"]["maxReceiveCount"] == MAX_TRIES


# --- virus scanners --------------------------------------------------------------------------------------------------


def etag(parley: Parley, done: Upload) -> str:
    bucket = parley.template.resources["Quarantine"].ref
    return str(parley.store.client("s3").head_object(Bucket=bucket, Key=done.id)["ETag"]).strip('"')


def guardduty(parley: Parley, done: Upload, status: str, tag: str | None = None) -> None:
    """Lets GuardDuty say what it found; the example of the user guide, "S3 object scan result"."""
    bucket = parley.template.resources["Quarantine"].ref
    about = {"bucketName": bucket, "objectKey": done.id, "eTag": tag or etag(parley, done), "versionId": ""}
    detail = {"schemaVersion": "1.0", "scanStatus": "COMPLETED", "resourceType": "S3_OBJECT", "s3ObjectDetails": about}
    parley.publish(
        "aws.guardduty",
        "GuardDuty Malware Protection Object Scan Result",
        {**detail, "scanResultDetails": {"scanResultStatus": status, "threats": None}},
    )


@pytest.fixture
def with_guardduty(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MALWARE_SCAN", "guardduty")


@pytest.mark.usefixtures("with_guardduty")
@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("NO_THREATS_FOUND", ("clean", None)),
        ("THREATS_FOUND", ("infected", None)),
        ("UNSUPPORTED", ("rejected", "scan_failed")),
        ("ACCESS_DENIED", ("rejected", "scan_failed")),
        ("FAILED", ("rejected", "scan_failed")),
    ],
)
def test_clean_waits_for_the_verdict_of_guardduty(
    parley: Parley, alice: User, conversation_id: str, status: str, state: tuple[str, str | None]
) -> None:
    phone = alice.connect()
    done = scanned(alice, conversation_id, picture(), "image/png")
    waiting = done.state, kept(parley)

    guardduty(parley, done, status)
    parley.drain()

    assert waiting == (("scanning", None), ({done.id}, set()))
    assert done.state == state
    files = {f"files/{done.id}", f"thumbnails/{done.id}"} if state[0] == "clean" else set()
    assert kept(parley) == (set(), files)
    assert states(phone) == ["scanning", state[0]]
    assert unsent(parley, alice) == (1 if state[0] == "clean" else 0)


@pytest.mark.usefixtures("with_guardduty")
@pytest.mark.parametrize("status", ["NO_THREATS_FOUND", "THREATS_FOUND"])
def test_verdict_may_come_before_the_event_of_the_upload(
    parley: Parley, alice: User, conversation_id: str, status: str
) -> None:
    done = upload(alice, conversation_id, picture(), "image/png")
    told = parley.dequeue("AttachmentScans")

    guardduty(parley, done, status)
    parley.drain()
    state, files = done.state, kept(parley)
    parley.enqueue("AttachmentScans", *told)
    parley.drain()

    assert state == (("clean", None) if status == "NO_THREATS_FOUND" else ("infected", None))
    assert (done.state, kept(parley)) == (state, files)
    assert files[0] == set()


@pytest.mark.usefixtures("with_guardduty")
def test_verdict_counts_for_the_bytes_that_were_scanned_alone(
    parley: Parley, alice: User, conversation_id: str
) -> None:
    asked = ask(alice, conversation_id, "text/plain", 100)
    assert asked.post(b"harmless") in (200, 204)
    first = etag(parley, asked)
    assert asked.post(b"not harmless") in (200, 204)

    guardduty(parley, asked, "NO_THREATS_FOUND", first)
    parley.drain()
    after_first = asked.state, kept(parley)
    guardduty(parley, asked, "THREATS_FOUND")
    parley.drain()

    assert after_first == (("scanning", None), ({asked.id}, set()))
    assert (asked.state, kept(parley)) == (("infected", None), (set(), set()))


@pytest.mark.usefixtures("with_guardduty")
def test_file_without_threats_is_examined_all_the_same(parley: Parley, alice: User, conversation_id: str) -> None:
    done = scanned(alice, conversation_id, b"no picture", "image/png")

    guardduty(parley, done, "NO_THREATS_FOUND")
    parley.drain()

    assert done.state == ("rejected", "type_mismatch")


@pytest.mark.parametrize(("verdict", "state"), [("clean", "clean"), ("infected", "infected")])
def test_any_other_scanner_sends_its_verdict_to_the_queue(
    parley: Parley, alice: User, conversation_id: str, verdict: str, state: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MALWARE_SCAN", "external")
    done = scanned(alice, conversation_id, b"words", "text/plain")
    waiting = done.state

    said = {"source": "parley.scanner", "attachment_id": done.id, "etag": etag(parley, done), "verdict": verdict}
    parley.enqueue("AttachmentScans", json.dumps(said))
    parley.drain()

    assert waiting == ("scanning", None)
    assert done.state == (state, None)
    assert kept(parley) == (set(), {f"files/{done.id}"} if state == "clean" else set())


def test_scanner_of_another_name_stops_the_function(
    parley: Parley, alice: User, conversation_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MALWARE_SCAN", "clamav")
    done = scanned(alice, conversation_id, b"words", "text/plain")

    assert done.state == ("scanning", None)
    assert kept(parley) == ({done.id}, set())
    assert len(dead_letters(parley)) == 1
