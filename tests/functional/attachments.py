"""Attachments as later steps leave them, for tests that begin there: checked by the scanner, carried by a message."""

from typing import Any

from tests.harness import Parley, User, calls

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


def put_object(parley: Parley, key: str, body: bytes) -> None:
    """Puts an object into the bucket of clean files."""
    bucket = parley.template.resources["Attachments"].ref
    calls.written.buckets.add(bucket)
    parley.store.client("s3").put_object(Bucket=bucket, Key=key, Body=body)


def carry(parley: Parley, attachment_id: str, message_id: str, position: int = 0, kind: str = "file") -> None:
    """Lets a message carry an attachment, as its send and then the stream write it."""
    conversation_id, _, seq = message_id.partition(".")
    place = {"shelf": f"{conversation_id}#{kind}", "place": int(seq) * 100 + position}
    set_row(parley, attachment_id, kind=kind, seq=int(seq), position=position, **place)


def _wire(value: object) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"BOOL": value}
    return {"N": str(value)} if isinstance(value, int) else {"S": str(value)}
