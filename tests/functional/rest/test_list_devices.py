"""GET /me/devices: the caller's devices that take pushes."""

from tests.functional.push_devices import browser, put, registered, rows
from tests.harness import Parley


def test_devices_come_by_id_and_are_ones_own(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    for device_id in ("phone", "laptop", "desk"):
        put(alice, device_id, browser(f"https://push.example.org/{device_id}"))

    assert registered(alice) == ["desk", "laptop", "phone"]
    assert registered(bob) == []


def test_a_sign_out_ends_the_pushes_to_all_devices(parley: Parley) -> None:
    alice, bob, host = parley.user("alice"), parley.user("bob"), parley.user("host", role="service")
    put(alice)
    put(alice, "phone", browser("https://push.example.org/2"))
    put(bob, "laptop", browser("https://push.example.org/3"))
    parley.advance(1)

    assert host.post("/users/alice/sign-out").status == 200

    parley.advance(1)
    assert registered(parley.user("alice")) == []
    assert registered(bob) == ["laptop"]
    assert put(bob, "desk", browser()).status == 200


def test_an_erasure_leaves_no_row_of_a_device(parley: Parley) -> None:
    alice, host = parley.user("alice"), parley.user("host", role="service")
    put(alice)
    put(alice, "phone", browser("https://push.example.org/2"))

    begun = host.delete("/users/alice").json
    parley.drain()

    assert rows(parley) == []
    assert host.get(f"/erasures/{begun['id']}").json["removed"]["push_devices"] == 2
