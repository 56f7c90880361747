"""Devices that take pushes, as tests register them."""

from typing import Any

from tests.functional.replies import stored
from tests.harness import Frame, Parley, Reply, User
from tests.harness.web_push import Browser

KEYS = Browser().keys()
ENDPOINT = "https://push.example.org/send/JzLQ3raZJfFBR0aqvOMsLrt54w4rJUsV"


def browser(endpoint: str = ENDPOINT, **others: Any) -> Frame:
    """Returns the body that registers a browser."""
    return {"kind": "web_push", "endpoint": endpoint, "keys": KEYS} | others


def put(user: User, device_id: str = "laptop", body: Frame | None = None) -> Reply:
    """Registers a device."""
    return user.put(f"/me/devices/{device_id}", json=browser() if body is None else body)


def registered(user: User) -> list[str]:
    """Returns the ids of a person's devices that take pushes."""
    reply = user.get("/me/devices")
    assert reply.status == 200, reply
    return [device["device_id"] for device in reply.json["devices"]]


def rows(parley: Parley) -> list[str]:
    """Returns the rows of the table that have to do with devices, as text."""
    return [row for row in stored(parley)["Notifications"] if "~device" in row]
