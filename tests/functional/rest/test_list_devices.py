"""GET /me/devices: the caller's devices that take pushes."""

import pytest

from tests.functional.mailing import clocked
from tests.functional.notifying import pushing, register
from tests.functional.push_devices import browser, put, registered, rows
from tests.functional.talk import in_s, meet, say
from tests.harness import Frame, Parley


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


def test_a_device_tells_that_pushes_do_not_arrive_and_since_when(
    parley: Parley, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pushing(parley, monkeypatch) as service, clocked(parley):
        alice, bob = parley.user("alice"), parley.user("bob")
        conversation_id = meet(alice, bob)
        for device_id in ("browser", "laptop"):
            register(parley, service, "bob", device_id)

        def faults(**answers: int) -> list[Frame | None]:
            for device_id, status in answers.items():
                service.answer(f"bob-{device_id}", status)
            parley.advance(60)
            say(alice, conversation_id, "hello")
            with parley.watch() as calls:
                parley.drain()
            writes.append(sum("~devices" in str(call.params) and "Write" in call.operation for call in calls))
            return [device["fault"] for device in bob.get("/me/devices").json["devices"]]

        writes: list[int] = []
        assert faults(browser=201) == [None, None]
        since = in_s(parley, 60)
        failed = {"state": "failed", "answer": "503", "since": since}
        assert faults(browser=503) == [failed, None]
        assert faults(browser=500) == [failed, None]
        refused = {"state": "refused", "answer": "400", "since": in_s(parley, 60)}
        assert faults(browser=400) == [refused, None]
        assert faults(browser=201) == [None, None]
        assert writes == [0, 1, 0, 1, 1]
