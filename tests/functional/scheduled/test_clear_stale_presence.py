"""ClearStalePresence: connections whose lease or token has run out are closed and forgotten; watchers learn of it."""

from tests.functional.talk import LEASE_S, LEAST_S, contents, forget_events, frame_refusal, in_s, meet, names, say
from tests.harness import Call, Parley

SWEEP = "ClearStalePresence"


def test_ghost_is_told_of_once_with_the_time_of_its_last_sign(parley: Parley) -> None:
    alice, bob, eve = parley.user("alice"), parley.user("bob"), parley.user("eve")
    meet(alice, bob)
    screen, ghost, outsider = bob.connect(), alice.connect(), eve.connect()
    parley.lose_disconnects = True
    parley.advance(LEASE_S - LEAST_S + 1)
    screen.request("ping")
    outsider.request("ping")
    ghost.request("ping")  # it renews the lease
    last_sign = in_s(parley, 0)[:19]
    ghost.close()
    forget_events(screen)
    parley.advance(LEASE_S)
    screen.request("ping")
    outsider.request("ping")

    parley.run_schedule(SWEEP)
    parley.run_schedule(SWEEP)

    [told] = contents(screen.events())
    assert (told["user_id"], told["status"], told["expires_at"]) == ("alice", "offline", None)
    assert told["last_seen"][:19] == last_sign
    assert outsider.frames == []
    assert screen.closed is None


def test_silent_device_is_closed_and_the_other_one_keeps_the_person_online(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = meet(alice, bob)
    screen, silent, lively = bob.connect(), alice.connect(), alice.connect()
    forget_events(screen)
    for _ in range(LEASE_S // 60 + 1):
        parley.advance(60)
        lively.request("ping")
        screen.request("ping")

    parley.run_schedule(SWEEP)
    say(bob, conversation_id, "hello")

    assert (silent.closed, lively.closed, screen.closed) == (1000, None, None)
    assert screen.events("user_status_change") == []
    assert names(lively.events()) == ["message_notification"]


def test_connection_with_an_expired_token_is_refused_then_closed(parley: Parley) -> None:
    alice, bob = parley.user("alice", expires_in_s=100), parley.user("bob")
    conversation_id = meet(alice, bob)
    phone, screen = alice.connect(), bob.connect()
    forget_events(phone, screen)
    parley.advance(60)
    phone.request("ping")
    screen.request("ping")
    parley.advance(60)

    refused = phone.request("send_message", {"conversation_id": conversation_id, "text": "hello"})
    say(bob, conversation_id, "do you hear?")
    parley.run_schedule(SWEEP)

    assert frame_refusal(refused)[:2] == ("token_expired", 401)
    assert phone.events() == []  # whose token has run out hears nothing any more
    assert phone.closed == 1000
    assert [one["status"] for one in contents(screen.events("user_status_change"))] == ["offline"]


class PingsMeanwhile:
    """A hook: right after the sweep has read a person's row, their device pings."""

    def __init__(self, ping: object) -> None:
        self._ping = ping
        self.done = False

    def before(self, call: Call) -> None:
        pass

    def after(self, call: Call) -> None:
        if (call.function, call.operation) == (SWEEP, "BatchGetItem") and not self.done:
            self.done = True
            assert callable(self._ping)
            self._ping()


def test_ping_in_the_last_moment_saves_the_device(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    meet(alice, bob)
    phone = alice.connect()
    parley.advance(LEASE_S + 1)
    screen = bob.connect()
    forget_events(screen)
    hook = PingsMeanwhile(lambda: phone.request("ping"))
    parley.hooks.append(hook)

    parley.run_schedule(SWEEP)

    assert hook.done and phone.closed is None
    assert screen.events() == []
    [status] = screen.request("request_user_status", {"user_ids": ["alice"]})["data"]["statuses"]
    assert status["status"] == "online"


def test_sweep_finds_by_index_and_looks_at_nobody_twice_for_nothing(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    meet(alice, bob)
    _silent, phone, screen = alice.connect(), alice.connect(), bob.connect()
    for _ in range(LEASE_S // 60 + 1):
        parley.advance(60)
        phone.request("ping")
        screen.request("ping")

    with parley.watch() as first:
        parley.run_schedule(SWEEP)
    with parley.watch() as second:
        parley.run_schedule(SWEEP)

    assert "Scan" not in {call.operation for call in first}
    assert "BatchGetItem" in {call.operation for call in first}  # one of two is gone, and the entry waits for the other
    assert {call.operation for call in second} == {"Query"}
    assert phone.closed is None and screen.closed is None


def test_many_ghosts_go_in_one_sweep(parley: Parley) -> None:
    alice = parley.user("alice")
    people = [parley.user(f"friend{number}") for number in range(12)]
    for person in people:
        meet(alice, person)
    parley.lose_disconnects = True
    for person in people:
        person.connect().close()
    parley.advance(LEASE_S + 1)
    screen = alice.connect()

    parley.run_schedule(SWEEP)

    told = contents(screen.events())
    assert sorted(one["user_id"] for one in told) == sorted(person.user_id for person in people)
    assert {one["status"] for one in told} == {"offline"}


def test_delivered_twice_it_is_told_once(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    meet(alice, bob)
    parley.lose_disconnects = True
    alice.connect().close()
    parley.advance(LEASE_S + 1)
    screen = bob.connect()
    parley.deliver_twice = True

    parley.run_schedule(SWEEP)

    assert names(screen.events()) == ["user_status_change"]


class DisconnectsAtOnce:
    """A hook: the `$disconnect` of a connection that the sweep closes comes before the sweep has told anybody."""

    def __init__(self, parley: Parley) -> None:
        self._parley = parley
        self.happened = False

    def before(self, call: Call) -> None:
        pass

    def after(self, call: Call) -> None:
        if call.operation == "DeleteConnection" and not self.happened:
            self.happened = True
            self._parley.advance(0)


def test_who_vanished_was_last_here_when_they_last_pinged_whoever_tells_of_it(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    meet(alice, bob)
    alice.connect()
    screen = bob.connect()
    parley.advance(LEASE_S - LEAST_S + 1)
    screen.request("ping")
    parley.advance(LEAST_S)
    forget_events(screen)
    at_once = DisconnectsAtOnce(parley)

    parley.hooks.append(at_once)
    parley.run_schedule(SWEEP)
    parley.hooks.remove(at_once)

    told = [frame["data"] for frame in screen.events("user_status_change")]
    assert at_once.happened and told
    assert {one["last_seen"] for one in told} == {told[0]["last_seen"]}
    assert told[0]["last_seen"] < in_s(parley, -200)
