"""DELETE /me/devices/{device_id}: a device takes no more pushes."""

from tests.functional.push_devices import browser, put, registered, rows
from tests.harness import Parley


def test_a_device_is_removed_and_others_stay(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    put(alice)
    put(alice, "phone", browser("https://push.example.org/2"))
    put(bob, "laptop", browser("https://push.example.org/3"))

    reply = alice.delete("/me/devices/laptop")

    assert (reply.status, reply.json) == (200, {"device_id": "laptop"})
    assert (registered(alice), registered(bob)) == (["phone"], ["laptop"])
    assert len(rows(parley)) == 4


def test_a_device_that_is_not_there_is_no_error(parley: Parley) -> None:
    reply = parley.user("alice").delete("/me/devices/laptop")

    assert (reply.status, reply.json) == (200, {"device_id": "laptop"})
    assert rows(parley) == []


def test_an_id_of_a_device_has_a_form(parley: Parley) -> None:
    reply = parley.user("alice").delete("/me/devices/a%20b")

    assert [(each["pointer"], each["code"]) for each in reply.json["errors"]] == [("{device_id}", "bad_format")]


def test_a_device_of_a_newer_version_is_left_alone(parley: Parley) -> None:
    alice = parley.user("alice")
    put(alice)
    table = parley.template.resources["Notifications"].ref
    parley.store.client("dynamodb").update_item(
        TableName=table,
        Key={"key": {"S": "alice"}, "place": {"S": "~devices"}},
        UpdateExpression="SET devices.watch = :watch",
        ExpressionAttributeValues={":watch": {"M": {"kind": {"S": "smoke"}, "at_ms": {"N": "1"}}}},
    )

    alice.delete("/me/devices/laptop")

    assert registered(alice) == []
    assert "smoke" in "".join(rows(parley))
