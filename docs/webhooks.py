"""docs/webhooks.json: the JSON Schema of each event of webhooks, and test vectors for signatures."""

import json
from typing import Any

import msgspec

REF = "#/$defs/{name}"
SECRET = "whsec_cGFybGV5LXdlYmhvb2stdGVzdC12ZWN0b3Itc2VjcmV0"
WEBHOOK_ID = "wh_rcacaty2c4itxxpmvchtux4jlq"
EVENT_ID = "evt_9f2c9f2c9f2c9f2c9f2c9f2c9f2c9f2c"
OLD_SECRET = "whsec_cGFybGV5LXdlYmhvb2stb2xkZXItdmVjdG9yLXNlY3JldA=="


def document() -> dict[str, Any]:
    """Returns the document: the schema of a body by the type of its event, and the vectors."""
    from parley.actions.webhooks import bodies
    from parley.domain.webhooks.event_types import EVENT_ID_PATTERN, EVENT_TYPES, TEST

    kinds = {
        "message": bodies.MessageData,
        "note": bodies.MessageData,
        "conversation": bodies.ConversationData,
        "member": bodies.MemberData,
        "ticket": bodies.TicketData,
        "call": bodies.CallData,
        "user": bodies.UserData,
        "attachment": bodies.AttachmentData,
        "report": bodies.ReportData,
        "moderation": bodies.ModerationData,
        "webhook": bodies.TestData,
    }
    classes = list(dict.fromkeys(kinds.values()))
    schemas, components = msgspec.json.schema_components(classes, ref_template=REF)
    of = dict(zip(classes, schemas, strict=True))
    events = {
        event_type: {
            "type": "object",
            "properties": {
                "id": {"type": "string", "pattern": EVENT_ID_PATTERN},
                "type": {"const": event_type},
                "timestamp": {"type": "string", "format": "date-time"},
                "data": of[kinds[event_type.partition(".")[0]]],
            },
            "required": ["id", "type", "timestamp", "data"],
        }
        for event_type in (*EVENT_TYPES, TEST)
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Bodies of Parley's webhooks",
        "oneOf": [{"$ref": REF.format(name=event_type)} for event_type in events],
        "$defs": {**events, **components},
        "examples": vectors(),
    }


def vectors() -> list[dict[str, Any]]:
    """Returns requests with their signatures: by one secret, and by two as after a rotation."""
    from parley.domain.webhooks.signatures import headers

    at = "2026-11-21T07:31:00.123Z"
    zoe = {"name": "Zoë 👋", "role": "user", "avatar_url": None, "profile_seq": 2}
    told = (
        {"id": EVENT_ID, "type": "webhook.test", "timestamp": at, "data": {"webhook_id": WEBHOOK_ID}},
        {"id": EVENT_ID, "type": "user.updated", "timestamp": at, "data": {"user_id": "zoe", "user": zoe}},
    )
    bodies = (msgspec.json.encode(each).decode() for each in told)
    found = []
    for body in bodies:
        for secrets in ([SECRET], [SECRET, OLD_SECRET]):
            signed = headers(EVENT_ID, 1_795_246_260, body.encode(), secrets)
            found.append({"secrets": secrets, "headers": signed, "body": body})
    return found


def text() -> str:
    """Returns the file."""
    return json.dumps(document(), indent=2, ensure_ascii=False) + "\n"
