"""Sweeps: a row that fails is logged, counted and tried later, and keeps nothing from anybody else."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from tests.functional.calling import heard, ring
from tests.functional.talk import LEASE_S, contents, forget_events, make_group, meet, open_direct
from tests.harness import Call, Parley, Refused, Socket, User

PRESENCE, TYPING, CALLS = "ClearStalePresence", "ClearStaleTyping", "ClearStaleCalls"


def broken(call: Call) -> Exception:
    answer: Any = {"Error": {"Code": "ValidationException"}, "ResponseMetadata": {"HTTPStatusCode": 400}}
    return ClientError(answer, call.operation)


def forbidden(call: Call) -> Exception:
    answer: Any = {"Error": {"Code": "ForbiddenException"}, "ResponseMetadata": {"HTTPStatusCode": 403}}
    return ClientError(answer, call.operation)


def unanswered(call: Call) -> Exception:
    return ReadTimeoutError(endpoint_url=call.endpoint_url)


class Fails:
    """A hook: calls of some operations that speak of `about` fail, as long as it `lasts`."""

    def __init__(self, error: Callable[[Call], Exception], about: str, *operations: str) -> None:
        self._error, self._about, self._operations = error, about, operations
        self.lasts = True
        self.count = 0

    def before(self, call: Call) -> None:
        if self.lasts and call.operation in self._operations and self._about in json.dumps(call.params, default=str):
            self.count += 1
            raise self._error(call)

    def after(self, call: Call) -> None:
        pass


def failures(capsys: pytest.CaptureFixture[str], operation: str) -> int:
    """Returns how many failed rows the metric counts that the sweeps have written since it was last asked."""
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"RowsFailed"' in line]
    return sum(sum(line["RowsFailed"]) for line in lines if line["operation"] == operation)


def ghosts(parley: Parley, count: int) -> tuple[Socket, list[User], list[Socket]]:
    """Returns a device of alice, who watches, and people whose leases have run out, with their devices."""
    alice = parley.user("alice")
    people = [parley.user(f"friend{number}") for number in range(count)]
    for person in people:
        meet(alice, person)
    parley.lose_disconnects = True
    devices = [person.connect() for person in people]
    parley.advance(LEASE_S + 1)
    return alice.connect(), people, devices


def offline(screen: Socket) -> set[str]:
    return {one["user_id"] for one in contents(screen.events("user_status_change")) if one["status"] == "offline"}


def test_person_whose_row_fails_keeps_nobody_else_online(parley: Parley, capsys: pytest.CaptureFixture[str]) -> None:
    screen, people, _ = ghosts(parley, 12)
    fails = Fails(broken, '"friend3"', "UpdateItem")
    parley.hooks.append(fails)
    capsys.readouterr()

    parley.run_schedule(PRESENCE)

    assert offline(screen) == {person.user_id for person in people} - {"friend3"}
    assert failures(capsys, "clear_stale_presence") == 2  # the row, and putting it off


def test_person_whose_row_failed_is_tried_after_all_others(parley: Parley, caplog: pytest.LogCaptureFixture) -> None:
    screen, _, _ = ghosts(parley, 3)
    fails = Fails(broken, '"friend1"', "Query")
    parley.hooks.append(fails)
    parley.run_schedule(PRESENCE)
    parley.run_schedule(PRESENCE)
    logged = [vars(record) for record in caplog.records if record.message == "failed"]
    again = offline(screen)
    table = parley.functions.environment["CONNECTIONS_TABLE"]
    row = parley.store.client("dynamodb").get_item(TableName=table, Key={"user_id": {"S": "friend1"}})["Item"]
    fails.lasts = False

    parley.run_schedule(PRESENCE)

    assert {one["user_id"] for one in logged} == {"friend1"}
    assert again == {"friend0", "friend2"}
    assert int(row["sweep_at_s"]["N"]) == parley.clock() // 1000  # after all that is overdue
    assert offline(screen) == {"friend1"}


@pytest.mark.parametrize("error", [forbidden, unanswered])
def test_device_that_cannot_be_closed_is_forgotten_all_the_same(
    parley: Parley, error: Callable[[Call], Exception], capsys: pytest.CaptureFixture[str]
) -> None:
    screen, people, devices = ghosts(parley, 3)
    parley.hooks.append(Fails(error, "", "DeleteConnection"))
    capsys.readouterr()

    parley.run_schedule(PRESENCE)
    counted = failures(capsys, "clear_stale_presence")
    with parley.watch() as again:
        parley.run_schedule(PRESENCE)

    assert offline(screen) == {person.user_id for person in people}
    assert counted == len(devices)
    assert {call.operation for call in again} == {"Query"}


@pytest.mark.parametrize("error", [forbidden, unanswered])
@pytest.mark.parametrize("expires_in_s", [60, 3600], ids=["token", "lease"])
def test_dead_device_that_cannot_be_closed_makes_room_for_a_new_one(
    parley: Parley, error: Callable[[Call], Exception], expires_in_s: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONNECTIONS_PER_USER", "2")
    parley.lose_disconnects = True
    dying = parley.user("alice", expires_in_s=expires_in_s)
    dead = [dying.connect(), dying.connect()]
    parley.advance(LEASE_S + 1)
    parley.hooks.append(Fails(error, "", "DeleteConnection"))

    phone = parley.user("alice").connect()

    assert phone.request("ping")["type"] == "ack"
    listed = parley.user("alice").get("/me/connections").json["connections"]
    assert [one["connection_id"] for one in listed] == [phone.connection_id]
    assert [device.closed for device in dead] == [None, None]


def test_person_with_live_devices_only_is_still_refused_another(
    parley: Parley, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONNECTIONS_PER_USER", "1")
    alice = parley.user("alice")
    alice.connect()

    with pytest.raises(Refused):
        alice.connect(subprotocol=True)


def test_typing_that_fails_is_shown_in_no_other_conversation(
    parley: Parley, capsys: pytest.CaptureFixture[str]
) -> None:
    alice = parley.user("alice")
    friends = [parley.user(f"friend{number}") for number in range(5)]
    opened = [open_direct(alice, friend) for friend in friends]
    for friend, conversation_id in zip(friends, opened, strict=True):
        friend.connect().request("typing_start", {"conversation_id": conversation_id})
    screen = alice.connect()
    parley.advance(6)
    fails = Fails(broken, opened[2], "DeleteItem", "PostToConnection")
    parley.hooks.append(fails)
    capsys.readouterr()

    parley.run_schedule(TYPING)
    told = [one["conversation_id"] for one in contents(screen.events("user_stopped_typing"))]
    counted = failures(capsys, "clear_stale_typing")
    fails.lasts = False
    parley.run_schedule(TYPING)

    assert sorted(told) == sorted(set(opened) - {opened[2]})
    assert counted == 1
    assert contents(screen.events()) == [{"conversation_id": opened[2], "user_id": "friend2"}]


def test_call_that_fails_keeps_no_other_one_going(parley: Parley, capsys: pytest.CaptureFixture[str]) -> None:
    pairs = []
    for number in range(4):
        caller, callee = parley.user(f"caller{number}"), parley.user(f"friend{number}")
        phone, conversation_id = caller.connect(), open_direct(caller, callee)
        ring(phone, conversation_id, f"call-{number}")
        pairs.append(phone)
    parley.advance(50)
    fails = Fails(broken, '"call-1"', "TransactWriteItems")
    parley.hooks.append(fails)
    capsys.readouterr()

    parley.run_schedule(CALLS)
    first = [heard(phone) for phone in pairs]
    counted = failures(capsys, "clear_stale_calls")
    fails.lasts = False
    parley.run_schedule(CALLS)

    missed = [("hang_up", "missed")]
    assert first == [missed, [], missed, missed]
    assert (counted, heard(pairs[1])) == (1, missed)


def let_dynamodb_expire(parley: Parley) -> None:
    """Deletes the typing rows that DynamoDB may delete by now; it may at once."""
    dynamodb, table = parley.store.client("dynamodb"), parley.functions.environment["TYPING_TABLE"]
    for item in dynamodb.scan(TableName=table, ConsistentRead=True)["Items"]:
        if int(item["expires_at_s"]["N"]) <= parley.clock() // 1000:
            dynamodb.delete_item(TableName=table, Key={name: item[name] for name in ("conversation_id", "user_id")})


def test_end_of_typing_is_told_although_dynamodb_expires_rows_at_once(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    phone, screen = alice.connect(), bob.connect()
    phone.request("typing_start", {"conversation_id": conversation_id})
    forget_events(screen)
    parley.advance(60)
    screen.request("ping")
    let_dynamodb_expire(parley)

    parley.run_schedule(TYPING)

    assert contents(screen.events()) == [{"conversation_id": conversation_id, "user_id": "alice"}]


def test_typing_that_was_stopped_is_kept_no_longer_than_its_retry_needs_it(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    phone = alice.connect()
    phone.request("typing_start", {"conversation_id": conversation_id})
    phone.request("typing_stop", {"conversation_id": conversation_id})
    parley.advance(10)

    let_dynamodb_expire(parley)

    table = parley.functions.environment["TYPING_TABLE"]
    assert parley.store.client("dynamodb").scan(TableName=table, ConsistentRead=True)["Count"] == 0


def test_typing_that_an_earlier_version_wrote_ends_too(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    screen = bob.connect()
    table, now_ms = parley.functions.environment["TYPING_TABLE"], parley.clock()
    item = {
        "conversation_id": {"S": conversation_id},
        "user_id": {"S": "alice"},
        "expires_at_ms": {"N": str(now_ms + 5000)},
        "expires_at_s": {"N": str(now_ms // 1000 + 6)},
        "sweep_shard": {"S": "3"},
    }
    parley.store.client("dynamodb").put_item(TableName=table, Item=item)

    shown = screen.request("join_conversation", {"conversation_id": conversation_id})["data"]["typing"]
    parley.advance(6)
    parley.run_schedule(TYPING)

    assert [one["user_id"] for one in shown] == ["alice"]
    assert contents(screen.events()) == [{"conversation_id": conversation_id, "user_id": "alice"}]
    assert parley.store.client("dynamodb").scan(TableName=table, ConsistentRead=True)["Count"] == 0


def test_removed_member_is_not_shown_typing_and_hears_no_more_of_the_group(parley: Parley) -> None:
    alice, bob, carol = (parley.user(one) for one in ("alice", "bob", "carol"))
    group = make_group(alice, bob, carol)
    phone, screen, tablet = alice.connect(), bob.connect(), carol.connect()
    screen.request("typing_start", {"conversation_id": group})
    alice.delete(f"/conversations/{group}/members/bob")

    shown = tablet.request("join_conversation", {"conversation_id": group})["data"]["typing"]
    forget_events(phone, screen, tablet)
    parley.advance(6)
    parley.run_schedule(TYPING)

    assert shown == []
    stopped = {"conversation_id": group, "user_id": "bob"}
    assert contents(phone.events()) == contents(tablet.events()) == [stopped]
    assert screen.events() == []


def test_member_is_shown_typing_to_a_device_that_joins(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    group = make_group(alice, bob)
    bob.connect().request("typing_start", {"conversation_id": group})

    shown = alice.connect().request("join_conversation", {"conversation_id": group})["data"]["typing"]

    assert [one["user_id"] for one in shown] == ["bob"]
