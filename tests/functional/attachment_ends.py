"""Attachments of sent and forwarded messages, as the stream finds them, and what is left of them in the end."""

import json
from typing import Any

from tests.functional.attachments import clean_attachment, set_row
from tests.harness import Parley, User

SEQ = 1  # of the message that carries them


def step(kind: str, conversation_id: str, *attachment_ids: str, seq: int = SEQ) -> str:
    return json.dumps(
        {"kind": kind, "conversation_id": conversation_id, "seq": seq, "attachment_ids": list(attachment_ids)}
    )


def row(parley: Parley, attachment_id: str) -> dict[str, Any] | None:
    """Returns an attachment's row, or a person's under `<user id>#`; None if there is none."""
    table = parley.template.resources["Files"].ref
    found = parley.store.client("dynamodb").get_item(
        TableName=table, Key={"attachment_id": {"S": attachment_id}}, ConsistentRead=True
    )
    return {name: next(iter(value.values())) for name, value in found["Item"].items()} if "Item" in found else None


def unsent(parley: Parley, person: User) -> int:
    found = row(parley, f"{person.user_id}#")
    return int(found["unsent"]) if found else 0


def objects(parley: Parley, bucket: str = "Attachments") -> set[str]:
    """Returns the keys of all objects in a bucket."""
    answer = parley.store.client("s3").list_objects_v2(Bucket=parley.template.resources[bucket].ref)
    return {each["Key"] for each in answer.get("Contents", [])}


def keys_of(*attachment_ids: str) -> set[str]:
    return {f"{folder}/{each}" for folder in ("files", "thumbnails") for each in attachment_ids}


def put_carrier(parley: Parley, conversation_id: str) -> None:
    """Writes the message that carries attachments, without content, unless the conversation has it."""
    parley.store.client("dynamodb").update_item(
        TableName=parley.template.resources["Messages"].ref,
        Key={"conversation_id": {"S": conversation_id}, "seq": {"N": str(SEQ)}},
        UpdateExpression="SET created_at_ms = if_not_exists(created_at_ms, :now)",
        ExpressionAttributeValues={":now": {"N": str(parley.clock())}},
    )


def sent(parley: Parley, sender: User, conversation_id: str, count: int = 1, **found: object) -> list[str]:
    """Returns the ids of attachments that a message carries, as a send leaves them."""
    put_carrier(parley, conversation_id)
    made = [clean_attachment(parley, sender, conversation_id, **found) for _ in range(count)]  # type: ignore[arg-type]
    for position, attachment_id in enumerate(made):
        set_row(parley, attachment_id, seq=SEQ, position=position)
    return made


def forwarded(parley: Parley, attachment_id: str, conversation_id: str, name: str) -> str:
    """Returns the id of an attachment that shows another one's file, as a forward leaves it."""
    put_carrier(parley, conversation_id)
    copy = "a_" + name * 26
    file_id = (row(parley, attachment_id) or {}).get("file_id", attachment_id)
    table, dynamodb = parley.template.resources["Files"].ref, parley.store.client("dynamodb")
    item = dynamodb.get_item(TableName=table, Key={"attachment_id": {"S": attachment_id}})["Item"]
    kept = {
        name: value for name, value in item.items() if not name.startswith("sweep") and name not in ("fingerprint",)
    }
    changed = {"attachment_id": {"S": copy}, "conversation_id": {"S": conversation_id}, "file_id": {"S": file_id}}
    fixed = {"seq": {"N": str(SEQ)}, "refs": {"N": "1"}, "version": {"N": "1"}, "is_counted": {"BOOL": False}}
    dynamodb.put_item(TableName=table, Item={**kept, **changed, **fixed})
    refs = int((row(parley, file_id) or {})["refs"])
    set_row(parley, file_id, refs=refs + 1)
    return copy


def settle(parley: Parley, *steps: str) -> None:
    parley.enqueue("AttachmentSteps", *steps)
    parley.drain()
