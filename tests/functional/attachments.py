"""Attachments in tests: uploaded through the door as a browser does, or written as later steps leave them."""

import io
from dataclasses import dataclass
from typing import Any

from PIL import Image

from tests.harness import Parley, Socket, User, calls

EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
ASKED = {"name": "Stundenplan.pdf", "type": "application/pdf", "size": 1000}
FILE, THUMBNAIL = b"%PDF-1.7 the whole file", b"the small picture"


def ask_upload(person: User, conversation_id: str, **changed: object) -> str:
    """Returns the id of a new attachment, whose file has not come yet."""
    reply = person.post(f"/conversations/{conversation_id}/attachments", json=ASKED | changed)
    assert reply.status in (200, 201), reply
    return str(reply.json["attachment"]["id"])


def set_row(parley: Parley, attachment_id: str, **fields: object) -> None:
    """Sets attributes of an attachment's row, as a scan, a send or the stream does."""
    names = {f"#{number}": name for number, name in enumerate(fields)}
    parley.store.client("dynamodb").update_item(
        TableName=parley.template.resources["Files"].ref,
        Key={"attachment_id": {"S": attachment_id}},
        UpdateExpression="SET " + ", ".join(f"{place} = :{place[1:]}" for place in names),
        ExpressionAttributeNames=names,
        ExpressionAttributeValues={f":{number}": _wire(value) for number, value in enumerate(fields.values())},
    )


def clean_attachment(
    parley: Parley,
    person: User,
    conversation_id: str,
    *,
    file: bytes = FILE,
    thumbnail: bytes | None = THUMBNAIL,
    asked: dict[str, object] | None = None,
    **found: object,
) -> str:
    """Returns the id of an attachment that the scanner has found clean, with its objects in the bucket.

    `asked` are fields of the request for the upload, `found` those of the row that a scan writes.
    """
    attachment_id = ask_upload(person, conversation_id, **(asked or {}))
    if thumbnail is not None:
        found = {"thumbnail_type": "image/webp", **found}
        put_object(parley, f"thumbnails/{attachment_id}", thumbnail)
    put_object(parley, f"files/{attachment_id}", file)
    set_row(parley, attachment_id, **{"state": "clean", "version": 3, "size": len(file), **found})
    return attachment_id


A_RECORDING: dict[str, object] = {"name": "Sprachnachricht.webm", "type": "audio/webm", "size": 40_000}


def clean_recording(parley: Parley, person: User, conversation_id: str, **found: object) -> str:
    """Returns the id of a recording of 2.5 s that the scanner has found clean."""
    facts: dict[str, Any] = {"waveform": bytes(range(64)).hex(), "duration_ms": 2_500}
    return clean_attachment(parley, person, conversation_id, thumbnail=None, asked=A_RECORDING, **facts | found)


def say_aloud(parley: Parley, person: User, conversation_id: str, **more: object) -> dict[str, Any]:
    """Lets a person send a voice message; returns it."""
    body = {"kind": "voice", "attachment_ids": [clean_recording(parley, person, conversation_id)]} | more
    reply = person.post(f"/conversations/{conversation_id}/messages", json=body)
    assert reply.status == 201, reply
    return dict(reply.json)


def put_object(parley: Parley, key: str, body: bytes) -> None:
    """Puts an object into the bucket of clean files."""
    bucket = parley.template.resources["Attachments"].ref
    calls.written.buckets.add(bucket)
    parley.store.client("s3").put_object(Bucket=bucket, Key=key, Body=body)


def carry(parley: Parley, attachment_id: str, message_id: str, position: int = 0, kind: str = "file") -> None:
    """Lets a message carry an attachment, as its send and then the stream write it."""
    conversation_id, _, seq = message_id.partition(".")
    place = {"shelf": f"{conversation_id}#{kind}", "place": int(seq) * 100 + 99 - position}
    set_row(parley, attachment_id, kind=kind, seq=int(seq), position=position, **place)


def _wire(value: object) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"BOOL": value}
    return {"N": str(value)} if isinstance(value, int) else {"S": str(value)}


def picture(format: str = "PNG", size: tuple[int, int] = (40, 30), color: str = "teal", **options: Any) -> bytes:
    """Returns an image file of one colour."""
    out = io.BytesIO()
    Image.new("RGB", size, color).save(out, format, **options)
    return out.getvalue()


@dataclass(frozen=True)
class Upload:
    """An attachment that a person asked for, with the form that they got."""

    parley: Parley
    id: str
    form: dict[str, Any]

    def post(self, body: bytes, **tampered_fields: str | None) -> int:
        """Uploads a file with the form; returns S3's status."""
        return self.parley.upload(self.form, body, **tampered_fields)

    @property
    def row(self) -> dict[str, Any]:
        """The row in `Files`, as plain values; empty if there is none."""
        from parley.adapters.attachments import attachments
        from parley.adapters.dynamodb import batches, tables

        row = batches.read_rows({tables.File: [attachments.key(self.id)]}).get(tables.File, self.id)
        return {} if row is None else {name: value for name, value in row.attribute_values.items() if value is not None}

    @property
    def state(self) -> tuple[str, str | None]:
        """The state and the code, as they are stored."""
        return self.row["state"], self.row.get("code")


def ask(
    person: User, conversation_id: str, type: str, size: int, name: str = "file", client_id: str | None = None
) -> Upload:
    """Lets a person ask for an upload."""
    wanted = {"name": name, "type": type, "size": size} | ({"client_id": client_id} if client_id else {})
    reply = person.post(f"/conversations/{conversation_id}/attachments", json=wanted)
    assert reply.status in (200, 201), reply
    return Upload(person.parley, reply.json["attachment"]["id"], reply.json["upload"])


def upload(
    person: User, conversation_id: str, body: bytes, type: str, name: str = "file", client_id: str | None = None
) -> Upload:
    """Lets a person upload a file; nothing has scanned it yet."""
    asked = ask(person, conversation_id, type, max(1, len(body)), name, client_id)
    assert asked.post(body) in (200, 204)
    return asked


def scanned(person: User, conversation_id: str, body: bytes, type: str, name: str = "file") -> Upload:
    """Lets a person upload a file, and the scanner do its work."""
    done = upload(person, conversation_id, body, type, name)
    person.parley.drain()
    return done


def objects(parley: Parley, bucket: str) -> dict[str, bytes]:
    """Returns what a bucket (by logical id) holds."""
    s3, name = parley.store.client("s3"), parley.template.resources[bucket].ref
    keys = [each["Key"] for each in s3.list_objects_v2(Bucket=name).get("Contents", [])]
    return {key: s3.get_object(Bucket=name, Key=key)["Body"].read() for key in keys}


def kept(parley: Parley) -> tuple[set[str], set[str]]:
    """Returns the keys of both buckets: those of uploads, and those of clean files."""
    return set(objects(parley, "Quarantine")), set(objects(parley, "Attachments"))


def unsent(parley: Parley, person: User) -> int:
    """Returns how many unsent attachments of a person are counted."""
    table = parley.template.resources["Files"].ref
    key = {"attachment_id": {"S": f"{person.user_id}#"}}
    row = parley.store.client("dynamodb").get_item(TableName=table, Key=key).get("Item", {})
    return int(row.get("unsent", {"N": "0"})["N"])


def states(device: Socket) -> list[str]:
    """Returns the states of which a device has heard, in order."""
    return [each["data"]["attachment"]["state"] for each in device.events("attachment_updated")]
