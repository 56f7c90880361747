"""Helpers of the tests of notifications."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from parley.domain.notifications.notice import Device
from tests.harness import Frame, Parley, Socket
from tests.harness.web_push import Browser, PushService, push_service

DAMAGE = {"S": "damaged"}
BROWSER = Browser()


def rows_of(parley: Parley, user_id: str) -> dict[str, dict[str, Any]]:
    """Returns a person's rows in the table of notifications by place, without the types of their attributes."""
    found = parley.store.client("dynamodb").query(
        TableName=parley.template.resources["Notifications"].ref,
        KeyConditionExpression="#k = :k",
        ExpressionAttributeNames={"#k": "key"},
        ExpressionAttributeValues={":k": {"S": user_id}},
        ConsistentRead=True,
    )["Items"]
    return {
        item["place"]["S"]: {name: next(iter(value.values())) for name, value in item.items() if name != "key"}
        for item in found
    }


def decided(parley: Parley, user_id: str, name: str) -> dict[str, tuple[str, str]]:
    """Returns state and rule of each channel, of what `name` tells from all else; nothing if there is no trace."""
    document = rows_of(parley, user_id).get(f"t#{name}", {}).get("document", {})
    return {channel: (told["M"]["state"]["S"], told["M"]["rule"]["S"]) for channel, told in document.items()}


def entries_of(parley: Parley, user_id: str) -> set[str]:
    """Returns the places of a person's entries in the inbox."""
    return {place for place, row in rows_of(parley, user_id).items() if "at_ms" in row}


def spoil(parley: Parley, user_id: str, place: str, attribute: str) -> None:
    """Damages one attribute of a person's row that exists."""
    parley.store.client("dynamodb").update_item(
        TableName=parley.template.resources["Notifications"].ref,
        Key={"key": {"S": user_id}, "place": {"S": place}},
        UpdateExpression="SET #a = :damage",
        ConditionExpression="attribute_exists(#k)",
        ExpressionAttributeNames={"#a": attribute, "#k": "key"},
        ExpressionAttributeValues={":damage": DAMAGE},
    )


def notice_the_rows(parley: Parley) -> None:
    """Runs the readers of the stream, and no queue: the jobs of people who are connected still wait."""
    while sum(stream.poll(flush=True, sleep=lambda _: False) for stream in parley.streams):
        pass


@contextmanager
def pushing(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> Iterator[PushService]:
    """Runs a push service, to which functions may push while it lasts."""
    monkeypatch.setenv("ALLOW_PRIVATE_ADDRESSES", "true")
    monkeypatch.setenv("WEB_PUSH_SECRET", "s" * 64)
    monkeypatch.setenv("WEB_PUSH_CONTACT", "mailto:operator@example.org")
    with push_service() as running:
        yield running


def register(parley: Parley, service: PushService, user_id: str, device_id: str = "browser") -> None:
    """Registers a browser of a person; the service knows it by the person's id and the browser's."""
    from parley.adapters.notifications import devices

    endpoint = service.endpoint(f"{user_id}-{device_id}")
    device = Device(device_id=device_id, kind="web_push", at_ms=1, endpoint=endpoint, **BROWSER.keys())
    registered, holder = devices.read_for(user_id, device)
    devices.put_device(registered, device, holder, None, parley.clock.ms // 1000)


def pushes(service: PushService, user_id: str, device_id: str = "browser") -> list[dict[str, Any]]:
    """Returns what a person's browser got, decrypted."""
    return [json.loads(BROWSER.open(body)) for body in service.bodies(f"{user_id}-{device_id}")]


def besides_notifications(device: Socket) -> list[Frame]:
    """Returns the events of a device without those of a person's inbox, which come after a while."""
    return [frame for frame in device.events() if frame["event"] not in ("notification", "notifications_seen")]
