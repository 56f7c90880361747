"""ClearStaleCalls: calls that nobody ends are ended, and both sides are told, once."""

from dataclasses import dataclass
from typing import Any

import pytest

from tests.functional.calling import CALL, call_and_answer, code, heard, ring, signal, signals, state
from tests.functional.talk import LEASE_S, open_direct, say
from tests.harness import Parley, Socket, User

SWEEP = "ClearStaleCalls"


@dataclass
class Pair:
    """Alice and bob, with a device each, and bob with a second one."""

    parley: Parley
    alice: User
    bob: User
    conversation_id: str
    phone: Socket
    screen: Socket
    tab: Socket

    def sweep(self) -> None:
        self.parley.run_schedule(SWEEP)

    def minutes(self, count: int, *gone: Socket) -> None:
        """Lets minutes go by, with a sweep in each, while all devices but those that are gone go on pinging."""
        for _ in range(count):
            self.parley.advance(60)
            for device in (self.phone, self.screen, self.tab):
                if device.closed is None and device not in gone:
                    device.request("ping")
            self.parley.run_schedule("ClearStalePresence")
            self.sweep()


@pytest.fixture
def pair(parley: Parley) -> Pair:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    devices = [person.connect() for person in (alice, bob, bob)]
    for device in devices:
        device.frames.clear()
    return Pair(parley, alice, bob, conversation_id, *devices)


def lines(parley: Parley) -> int:
    table = parley.functions.environment["CALLS_TABLE"]
    items = parley.store.client("dynamodb").scan(TableName=table, ConsistentRead=True)["Items"]
    return sum("live_call_id" in item for item in items)


def test_both_sides_are_told_once_that_it_has_rung_out(pair: Pair) -> None:
    ring(pair.phone, pair.conversation_id)
    heard(pair.screen), heard(pair.tab)
    pair.parley.advance(46)

    pair.sweep()
    pair.sweep()

    [told] = signals(pair.phone)
    assert (told["signal"], told["reason"], told["from_user_id"], told["from_connection_id"]) == (
        "hang_up",
        "missed",
        None,
        None,
    )
    assert heard(pair.screen) == heard(pair.tab) == [("hang_up", "missed")]
    assert lines(pair.parley) == 0


def test_call_that_rang_out_leaves_one_message_of_its_caller(pair: Pair) -> None:
    ring(pair.phone, pair.conversation_id)
    pair.parley.clock.ms += 3_600_000  # the list is put in order, too
    for device in (pair.phone, pair.screen):
        device.connection.active_at_ms = pair.parley.clock()
        device.request("ping")

    pair.sweep()
    pair.sweep()

    [note] = pair.bob.get(f"/conversations/{pair.conversation_id}/messages").json["messages"]
    assert (note["sender_id"], note["system"]["event"], note["system"]["call_id"]) == ("alice", "call_missed", CALL)
    for device in (pair.phone, pair.screen):
        assert [one["data"]["message"] for one in device.events("message_notification")] == [note]


def test_call_that_broke_leaves_no_message(pair: Pair) -> None:
    call_and_answer(pair.phone, pair.screen, pair.conversation_id)
    pair.phone.close()

    pair.minutes(6)

    assert lines(pair.parley) == 0
    assert pair.bob.get(f"/conversations/{pair.conversation_id}/messages").json["messages"] == []


class Says:
    """A hook: right before the sweep writes, a person says something."""

    def __init__(self, act: Any) -> None:
        self._act = act
        self.done = False

    def before(self, call: Any) -> None:
        if (call.function, call.operation) == (SWEEP, "TransactWriteItems") and not self.done:
            self.done = True
            self._act()

    def after(self, call: Any) -> None:
        pass


def test_message_that_comes_meanwhile_does_not_hold_the_sweep_up(pair: Pair) -> None:
    ring(pair.phone, pair.conversation_id)
    pair.parley.advance(50)
    pair.parley.hooks.append(Says(lambda: say(pair.bob, pair.conversation_id, "where are you?")))

    pair.sweep()

    read = pair.alice.get(f"/conversations/{pair.conversation_id}/messages").json["messages"]
    assert [one["kind"] for one in read] == ["text", "system"]
    assert lines(pair.parley) == 0


def test_call_that_still_rings_is_left_alone(pair: Pair) -> None:
    ring(pair.phone, pair.conversation_id)
    pair.parley.advance(44)

    pair.sweep()

    assert pair.phone.frames == []
    assert state(signal(pair.screen, pair.conversation_id, "answer")) == ("active", None)


class AnswersMeanwhile:
    """A hook: right after the sweep has asked what is due, a person does something."""

    def __init__(self, act: Any) -> None:
        self._act = act
        self.done = False

    def before(self, call: Any) -> None:
        pass

    def after(self, call: Any) -> None:
        if (call.function, call.operation) == (SWEEP, "Query") and call.response["Items"] and not self.done:
            self.done = True
            self._act()


def test_call_that_is_resumed_while_the_sweep_looks_goes_on(pair: Pair) -> None:
    call_and_answer(pair.phone, pair.screen, pair.conversation_id)
    before = pair.phone.connection_id
    pair.phone.close()
    pair.minutes(2)
    phone = pair.alice.connect()
    heard(pair.screen)
    hook = AnswersMeanwhile(lambda: signal(phone, pair.conversation_id, "resume", previous_connection_id=before))
    pair.parley.hooks.append(hook)
    pair.parley.advance(60)
    for device in (phone, pair.screen):
        device.request("ping")

    pair.sweep()

    assert hook.done
    assert heard(pair.screen) == [("resume", None)]
    assert lines(pair.parley) == 2


def test_call_goes_on_as_long_as_both_devices_are_there(pair: Pair) -> None:
    call_and_answer(pair.phone, pair.screen, pair.conversation_id)
    heard(pair.tab)

    pair.minutes(20)

    assert state(signal(pair.phone, pair.conversation_id, "candidate", payload="hello")) == ("active", None)
    assert heard(pair.screen) == [("candidate", "hello")]
    assert pair.tab.events("call_signal") == []


@pytest.mark.parametrize("who", ["phone", "screen"])
def test_who_vanishes_is_in_the_call_no_more(pair: Pair, who: str) -> None:
    call_and_answer(pair.phone, pair.screen, pair.conversation_id)
    heard(pair.tab)
    pair.parley.lose_disconnects = True
    gone: Socket = getattr(pair, who)
    other = pair.screen if gone is pair.phone else pair.phone
    gone.close()

    pair.minutes(LEASE_S // 60 - 1, gone)
    assert lines(pair.parley) == 2
    pair.minutes(4, gone)  # the lease ends, and the sweep looks twice, 90 s apart

    assert heard(other) == [("hang_up", "failed")]
    assert lines(pair.parley) == 0
    assert pair.tab.events("call_signal") == []
    assert code(signal(other, pair.conversation_id, "candidate")) == ("call_over", 409)


def test_moment_without_a_connection_does_not_end_a_call(pair: Pair) -> None:
    call_and_answer(pair.phone, pair.screen, pair.conversation_id)
    before = pair.phone.connection_id
    pair.phone.close()
    pair.minutes(2)  # looked after once, and not found

    pair.phone = pair.alice.connect()
    reply = signal(pair.phone, pair.conversation_id, "resume", previous_connection_id=before)
    pair.minutes(5)

    assert state(reply) == ("active", None)
    assert lines(pair.parley) == 2


def test_second_doubt_needs_a_first_one_of_its_own(pair: Pair) -> None:
    call_and_answer(pair.phone, pair.screen, pair.conversation_id)
    before = pair.phone.connection_id
    for _ in range(2):
        pair.phone.close()
        pair.minutes(2)
        assert lines(pair.parley) == 2
        pair.phone = pair.alice.connect()
        signal(pair.phone, pair.conversation_id, "resume", previous_connection_id=before)
        before = pair.phone.connection_id
        pair.minutes(1)


def test_everything_that_is_due_is_found_by_index(pair: Pair) -> None:
    callers = [pair.parley.user(f"caller{number}") for number in range(8)]
    phones = [caller.connect() for caller in callers]
    for caller, phone in zip(callers, phones, strict=True):
        friend = pair.parley.user(f"friend of {caller.user_id}".replace(" ", "-"))
        ring(phone, open_direct(caller, friend), f"call-of-{caller.user_id}")
    pair.parley.advance(50)

    with pair.parley.watch() as calls:
        pair.sweep()

    assert [heard(phone) for phone in phones] == [[("hang_up", "missed")]] * 8
    assert "Scan" not in {call.operation for call in calls}
    assert lines(pair.parley) == 0


def test_delivered_twice_it_ends_once(pair: Pair) -> None:
    ring(pair.phone, pair.conversation_id)
    pair.parley.advance(50)
    pair.parley.deliver_twice = True

    pair.sweep()

    assert heard(pair.phone) == [("hang_up", "missed")]
    assert code(signal(pair.screen, pair.conversation_id, "answer", CALL)) == ("call_over", 409)
