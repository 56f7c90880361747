"""Exports in tests: ask, wait and fetch."""

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.harness import Frame, Parley, User, presigned


def export(person: User, conversation_id: str, format: str = "jsonl", **fields: object) -> Frame:
    """Returns the export that a person's wish has begun."""
    reply = person.post(f"/conversations/{conversation_id}/export", json={"format": format, **fields})
    assert reply.status == 202, reply
    return dict(reply.json)


def shown(person: User, export_id: str) -> Frame:
    """Returns an export as its owner sees it."""
    reply = person.get(f"/exports/{export_id}")
    assert reply.status == 200, reply
    return dict(reply.json)


def exported(parley: Parley, person: User, conversation_id: str, format: str = "jsonl", **fields: object) -> Frame:
    """Returns an export that is over."""
    asked = export(person, conversation_id, format, **fields)
    parley.drain()
    return shown(person, asked["id"])


def fetched(parley: Parley, url: str) -> bytes:
    """Returns what is at a presigned address: got by anybody where the store has an address, else by its name."""
    address = urlsplit(url)
    query = parse_qs(address.query)
    assert query["X-Amz-Algorithm"] == ["AWS4-HMAC-SHA256"] and query["X-Amz-Expires"] == ["300"], url
    if address.hostname == "127.0.0.1":
        downloaded = presigned.get(url, {})
        assert downloaded.status == 200 and downloaded.headers["content-disposition"].startswith("attachment")
        return downloaded.body
    bucket = parley.template.resources["ExportFiles"].ref
    path = address.path.removeprefix(f"/{bucket}").lstrip("/")
    assert bucket in url
    found: bytes = parley.store.client("s3").get_object(Bucket=bucket, Key=path)["Body"].read()
    return found


def lines(content: bytes) -> list[Any]:
    """Returns what the lines of a JSON Lines file say."""
    assert content.endswith(b"\n")
    return [json.loads(line) for line in content.splitlines()]
