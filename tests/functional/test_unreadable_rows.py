"""Unreadable rows: a damaged row of one person ends nobody else's request."""

import json
from typing import Any

import pytest

from tests.functional.attachment_ends import objects, row, settle, step
from tests.functional.attachments import clean_attachment, set_row
from tests.functional.talk import (
    LEASE_S,
    contents,
    forget_events,
    joined,
    make_group,
    meet,
    names,
    say,
)
from tests.functional.test_sweeps import PRESENCE, failures
from tests.harness import Parley, User

# Values of a row's `connections` that no version has written.
EMPTY_DEVICE: dict[str, Any] = {"M": {"c1aaaaaaaaaaa=": {"M": {}}}}
DAMAGES = {
    "device without fields": EMPTY_DEVICE,
    "device that is text": {"M": {"c1aaaaaaaaaaa=": {"S": "here"}}},
    "lease that is text": {"M": {"c1aaaaaaaaaaa=": {"M": {"lease_s": {"S": "9999999999"}}}}},
    "text": {"S": "nobody"},
}
damaged = pytest.mark.parametrize("connections", DAMAGES.values(), ids=DAMAGES)


def damage(parley: Parley, user: User, connections: dict[str, Any]) -> None:
    parley.store.client("dynamodb").update_item(
        TableName=parley.functions.environment["CONNECTIONS_TABLE"],
        Key={"user_id": {"S": user.user_id}},
        UpdateExpression="SET connections = :c",
        ExpressionAttributeValues={":c": connections},
    )


def three(parley: Parley) -> tuple[User, User, User]:
    """Returns alice, bob and dave; dave has met both of the others."""
    alice, bob, dave = (parley.user(name) for name in ("alice", "bob", "dave"))
    meet(alice, dave)
    meet(bob, dave)
    return alice, bob, dave


@damaged
def test_damaged_row_of_a_watcher_keeps_a_change_of_presence_from_no_other(
    parley: Parley, connections: dict[str, Any]
) -> None:
    alice, bob, dave = three(parley)
    bob.connect()
    screen = alice.connect()
    damage(parley, bob, connections)

    dave.connect().close()

    changes = [(one["user_id"], one["status"]) for one in contents(screen.events("user_status_change"))]
    assert changes == [("dave", "online"), ("dave", "offline")]


@damaged
def test_damaged_row_of_a_watcher_keeps_nobody_online(parley: Parley, connections: dict[str, Any]) -> None:
    alice, bob, dave = three(parley)
    parley.lose_disconnects = True
    dave.connect()
    parley.advance(LEASE_S + 1)
    bob.connect()
    screen = alice.connect()
    damage(parley, bob, connections)

    parley.run_schedule(PRESENCE)

    assert [one["status"] for one in contents(screen.events("user_status_change"))] == ["offline"]


@damaged
def test_damaged_row_of_a_member_keeps_a_message_from_no_other(
    parley: Parley, connections: dict[str, Any], capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    alice, bob, dave = three(parley)
    group_id = make_group(alice, bob, dave)
    bob.connect()
    screen = joined(dave, group_id)
    damage(parley, bob, connections)
    forget_events(screen)
    capsys.readouterr()

    say(alice, group_id, "hello")

    metrics = [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"RowsUnreadable"' in line]
    [logged] = [vars(record) for record in caplog.records if record.message == "row_unreadable"]
    assert names(screen.events()) == ["new_message"]
    assert [(one["RowsUnreadable"], one["table"]) for one in metrics] == [([1.0], "connections")]
    assert (logged["table"], logged["ids"]) == ("connections", ["bob"])


@damaged
def test_damaged_row_of_the_other_one_fails_neither_a_message_nor_typing(
    parley: Parley, connections: dict[str, Any]
) -> None:
    alice, bob, _ = three(parley)
    conversation_id = meet(alice, bob)
    screen = joined(alice, conversation_id)
    bob.connect()
    damage(parley, bob, connections)

    typing = screen.request("typing_start", {"conversation_id": conversation_id})
    sent = screen.request("send_message", {"conversation_id": conversation_id, "text": "hello"})

    assert [typing["type"], sent["type"]] == ["ack", "ack"]


@pytest.mark.parametrize("most", ["1", "5"], ids=["in place of the damaged one", "beside the damaged one"])
def test_person_with_a_damaged_device_connects(parley: Parley, most: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONNECTIONS_PER_USER", most)
    alice, bob, _ = three(parley)
    conversation_id = meet(alice, bob)
    bob.connect()
    damage(parley, bob, EMPTY_DEVICE)

    phone = bob.connect()
    say(alice, conversation_id, "hello")

    listed = bob.get("/me/connections").json["connections"]
    assert names(phone.events()) == ["message_notification"]
    assert [one["connection_id"] for one in listed] == [phone.connection_id]
    assert phone.request("ping")["type"] == "ack"


def test_sweep_removes_a_damaged_device_and_tells_who_watches(
    parley: Parley, capsys: pytest.CaptureFixture[str]
) -> None:
    alice, bob, dave = three(parley)
    parley.lose_disconnects = True
    dave.connect()
    parley.advance(LEASE_S + 1)
    screen = alice.connect()
    damage(parley, dave, EMPTY_DEVICE)
    capsys.readouterr()

    parley.run_schedule(PRESENCE)

    assert [one["status"] for one in contents(screen.events("user_status_change"))] == ["offline"]
    assert failures(capsys, "clear_stale_presence") == 0
    with parley.watch() as again:
        parley.run_schedule(PRESENCE)
    assert {call.operation for call in again} == {"Query"}


# Attributes of a row that make it unreadable as a whole, one for each of them.
WHOLE: dict[str, dict[str, dict[str, Any]]] = {
    "devices": {"connections": {"S": "no"}},
    "long text as devices": {"connections": {"S": "nobody"}},
    "no devices": {"connections": {"NULL": True}},
    "last seen": {"last_seen_ms": {"S": "yesterday"}},
    "hiding": {"hides_last_seen": {"S": "no"}},
    "announced": {"announced": {"N": "1"}},
    "all": {"connections": {"S": "a"}, "last_seen_ms": {"S": "b"}, "hides_last_seen": {"S": "c"}},
}
damaged_whole = pytest.mark.parametrize("attributes", WHOLE.values(), ids=WHOLE)


def damage_row(parley: Parley, user: User, attributes: dict[str, dict[str, Any]]) -> None:
    parley.store.client("dynamodb").update_item(
        TableName=parley.functions.environment["CONNECTIONS_TABLE"],
        Key={"user_id": {"S": user.user_id}},
        UpdateExpression="SET " + ", ".join(f"{name} = :{name}" for name in attributes),
        ExpressionAttributeValues={f":{name}": value for name, value in attributes.items()},
    )


@damaged_whole
def test_row_that_is_unreadable_as_a_whole_is_repaired_by_connect(
    parley: Parley, attributes: dict[str, dict[str, Any]]
) -> None:
    alice, bob, _ = three(parley)
    conversation_id = meet(alice, bob)
    bob.connect()
    damage_row(parley, bob, attributes)

    phone = bob.connect()
    say(alice, conversation_id, "hello")

    assert names(phone.events()) == ["message_notification"]
    assert phone.request("ping")["type"] == "ack"


@damaged_whole
def test_row_that_is_unreadable_as_a_whole_is_repaired_by_ping(
    parley: Parley, attributes: dict[str, dict[str, Any]]
) -> None:
    alice, bob, _ = three(parley)
    conversation_id = meet(alice, bob)
    phone = bob.connect()
    damage_row(parley, bob, attributes)

    assert phone.request("ping")["type"] == "ack"
    say(alice, conversation_id, "hello")

    assert "message_notification" in names(phone.events())


@damaged_whole
def test_sweep_gets_past_a_row_that_is_unreadable_as_a_whole(
    parley: Parley, capsys: pytest.CaptureFixture[str], attributes: dict[str, dict[str, Any]]
) -> None:
    alice, _, dave = three(parley)
    parley.lose_disconnects = True
    dave.connect()
    parley.advance(LEASE_S + 1)
    screen = alice.connect()
    damage_row(parley, dave, attributes)
    capsys.readouterr()

    parley.run_schedule(PRESENCE)

    assert [one["status"] for one in contents(screen.events("user_status_change"))] == ["offline"]
    assert failures(capsys, "clear_stale_presence") == 0
    with parley.watch() as again:
        parley.run_schedule(PRESENCE)
    assert {call.operation for call in again} == {"Query"}


def test_repair_hides_when_a_user_was_last_here(parley: Parley) -> None:
    alice, bob, _ = three(parley)
    meet(alice, bob)
    bob.connect()
    damage_row(parley, bob, WHOLE["hiding"])

    bob.connect().close()

    [status] = alice.get("/users/presence?ids=bob").json["statuses"]
    assert status["last_seen"] is None


DAMAGED_FILES: dict[str, dict[str, object]] = {"size": {"size": "large"}, "state": {"state": 5}, "kind": {"kind": "x"}}


@pytest.mark.parametrize("fields", DAMAGED_FILES.values(), ids=DAMAGED_FILES)
def test_attachment_with_a_damaged_row_is_not_found_by_a_send(parley: Parley, fields: dict[str, object]) -> None:
    alice = parley.user("alice")
    conversation_id = meet(alice, parley.user("bob"))
    made = clean_attachment(parley, alice, conversation_id)
    set_row(parley, made, **fields)

    replies = [
        alice.post(f"/conversations/{conversation_id}/messages", json={"attachment_ids": [made]}),
        alice.post("/messages", json={"user_id": "bob", "attachment_ids": [made]}),
    ]

    assert [(reply.status, reply.json["code"]) for reply in replies] == [(404, "attachment_not_found")] * 2


def test_damaged_row_keeps_no_other_attachment_from_its_step(parley: Parley) -> None:
    alice = parley.user("alice")
    conversation_id = meet(alice, parley.user("bob"))
    bad, good = (clean_attachment(parley, alice, conversation_id) for _ in range(2))
    say(alice, conversation_id, "the message that carries them")
    for attachment_id in (bad, good):
        set_row(parley, attachment_id, seq=3)
    set_row(parley, bad, size="large")

    settle(parley, step("sent", conversation_id, bad, good, seq=3))
    shelf = (row(parley, good) or {}).get("shelf")
    settle(parley, step("released", conversation_id, bad, good, seq=3))

    assert shelf == f"{conversation_id}#file"
    assert row(parley, good) is None
    assert {key.rpartition("/")[2] for key in objects(parley)} == {bad}
