"""Kill scenarios of signing in, of devices and of what a user says of themself."""

from itertools import count
from urllib.parse import quote

from tests.functional.kills.acts import answered, connect_as, connect_new, host_of, sign_host_in
from tests.functional.kills.scenario import Scenario
from tests.functional.kills.world import World
from tests.functional.push_devices import ENDPOINT, browser, put, rows
from tests.harness import User


def hide(world: World) -> object:
    return answered(world.alice.patch("/me", json={"show_last_seen": False}))


def describe_oneself(world: World) -> object:
    me = answered(world.alice.patch("/me", json={"locale": "de-CH", "time_zone": "Europe/Zurich", "avatar_url": None}))
    return me["locale"], me["time_zone"]


def sign_out_bob(world: World) -> object:
    """Signs bob out, which waits for the next second, at a time that is the same in each try."""
    now_ms = world.parley.clock()
    try:
        return sorted(answered(host_of(world).post("/users/bob/sign-out")))
    finally:
        world.parley.clock.ms = now_ms


def close_laptop(world: World) -> object:
    laptop = quote(world.devices["laptop"].connection_id, safe="")
    return answered(world.alice.delete(f"/me/connections/{laptop}"))


def create_ws_ticket(world: World) -> object:
    ticket = answered(world.alice.post("/ws-tickets"))
    return sorted(ticket)


def connect_by_ticket(world: World) -> object:
    return connect_new(world, world.alice.connect)


def sign_in(world: World) -> object:
    # Each time by another token: API Gateway asks once for each, and keeps the answer.
    token = world.parley.token("dave", expires_in_s=next(_lives_s))
    return answered(world.parley.bearer(token, "dave").get("/unread-count"))


_lives_s = count(3600)


def put_laptop(world: World) -> object:
    """Registers alice's browser, whose endpoint bob has had."""
    reply = answered(world.alice.put("/me/devices/laptop", json=browser()))
    return reply["device_id"], devices_of(world.alice), devices_of(world.bob)


def devices_of(person: User) -> list[str]:
    return [device["device_id"] for device in answered(person.get("/me/devices"))["devices"]]


def register_bob(world: World) -> None:
    assert put(world.bob, "shared").status == 200


def register_alice(world: World) -> None:
    assert put(world.alice, "phone", browser(f"{ENDPOINT}2")).status == 200
    assert put(world.alice).status == 200


def delete_laptop(world: World) -> object:
    return answered(world.alice.delete("/me/devices/laptop")), devices_of(world.alice)


def sign_out_bobs_browser(world: World) -> object:
    """Signs bob out; returns the endpoints that belong to a person."""
    sign_out_bob(world)
    return [row for row in rows(world.parley) if "push.example.org" in row or "#device#" in row]


def sign_host_in_and_register_bob(world: World) -> None:
    sign_host_in(world)
    register_bob(world)


SCENARIOS = [
    Scenario("rest/put_device", put_laptop, register_bob),
    Scenario("rest/delete_device", delete_laptop, register_alice),
    Scenario("rest/sign_out_user", sign_out_bobs_browser, sign_host_in_and_register_bob, variant="devices"),
    Scenario("rest/authorize", sign_in),
    Scenario("rest/create_ws_ticket", create_ws_ticket),
    Scenario("rest/update_me", hide),
    Scenario("rest/update_me", describe_oneself, variant="profile"),
    Scenario("rest/sign_out_user", sign_out_bob, sign_host_in),
    Scenario("rest/close_connection", close_laptop),
    Scenario("websocket/authorize", connect_as("dave"), heals=True),
    Scenario("websocket/authorize", connect_by_ticket, heals=True, variant="ticket"),
]
