"""$connect: a device comes, and those who watch are told once, however many devices follow."""

import pytest
from botocore.exceptions import ConnectTimeoutError

from parley.domain.live.presence import CONNECTING_MS
from tests.functional.notifying import besides_notifications
from tests.functional.talk import LEASE_S, LEAST_S, contents, forget_events, in_s, meet, names, say
from tests.harness import Call, Parley, Refused, Socket, User


def status_of(watcher: Socket, user_id: str) -> dict[str, object]:
    [status] = watcher.request("request_user_status", {"user_ids": [user_id]})["data"]["statuses"]
    return dict(status)


def test_those_who_share_a_conversation_are_told_with_the_end_of_the_lease(parley: Parley) -> None:
    alice, bob, eve = parley.user("alice"), parley.user("bob"), parley.user("eve")
    meet(alice, bob)
    screen, outsider = bob.connect(), eve.connect()
    parley.clock.ms -= parley.clock.ms % 1000

    alice.connect()

    told = screen.events()
    assert names(told) == ["user_status_change"]
    online = {"user_id": "alice", "status": "online", "last_seen": None, "expires_at": in_s(parley, LEASE_S)}
    assert contents(told) == [online]
    assert outsider.frames == []


def test_lease_never_outlives_the_token(parley: Parley) -> None:
    alice, bob = parley.user("alice", expires_in_s=90), parley.user("bob")
    meet(alice, bob)
    screen = bob.connect()

    phone = alice.connect()

    [told] = contents(screen.events())
    assert told["expires_at"] == phone.request("hello")["data"]["token_expires_at"]


def test_second_device_is_not_told_of_again(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    meet(alice, bob)
    screen = bob.connect()

    alice.connect()
    alice.connect()

    assert names(screen.events()) == ["user_status_change"]


def test_who_comes_back_is_told_of_again(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    meet(alice, bob)
    screen = bob.connect()

    alice.connect().close()
    alice.connect()

    assert [one["status"] for one in contents(screen.events())] == ["online", "offline", "online"]


def test_own_devices_and_the_new_one_hear_nothing(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    meet(alice, bob)

    phone = alice.connect()
    laptop = alice.connect()

    assert phone.frames == [] and laptop.frames == []


def test_subprotocol_is_echoed_and_a_ticket_needs_none(parley: Parley) -> None:
    alice = parley.user("alice")

    assert alice.connect(subprotocol=True).subprotocol == "bearer"
    assert alice.connect().subprotocol is None


def test_stranger_comes_in_and_watches_nobody(parley: Parley) -> None:
    newcomer = parley.user("newcomer").connect()

    assert newcomer.request("hello")["type"] == "ack"


def test_expired_token_gets_no_connection(parley: Parley) -> None:
    alice = parley.user("alice", expires_in_s=60)
    parley.advance(120)

    with pytest.raises(Refused) as refused:
        alice.connect(subprotocol=True)

    assert refused.value.status == 401


def test_delivered_twice_it_is_one_device(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = meet(alice, bob)
    parley.deliver_twice = True
    phone = alice.connect(subprotocol=True)
    parley.deliver_twice = False

    say(bob, conversation_id, "hello")

    assert names(phone.events()) == ["message_notification"]


class PostsDuringConnect:
    """A hook: while a person's `$connect` writes its row, another person sends them a message."""

    def __init__(self, sender: User, conversation_id: str) -> None:
        self._sender = sender
        self._conversation_id = conversation_id
        self.done = False

    def before(self, call: object) -> None:
        pass

    def after(self, call: object) -> None:
        wrote = (getattr(call, "function", ""), getattr(call, "operation", "")) == ("OnConnect", "UpdateItem")
        if wrote and not self.done:
            self.done = True
            say(self._sender, self._conversation_id, "hello")


def test_message_during_connect_comes_through_the_queue_and_forgets_nobody(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = meet(alice, bob)
    bob.connect().close()  # bob has a row, so that his next $connect updates it
    hook = PostsDuringConnect(alice, conversation_id)
    parley.hooks.append(hook)

    screen = bob.connect()  # until $connect has returned, a post to it answers 410
    assert hook.done and screen.frames == []
    parley.drain()

    assert names(besides_notifications(screen)) == ["message_notification"]
    say(alice, conversation_id, "still there?")
    assert names(besides_notifications(screen)) == ["message_notification"]


def test_status_is_offline_before_and_online_after(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    meet(alice, bob)
    screen = bob.connect()

    before = status_of(screen, "alice")
    alice.connect()
    after = status_of(screen, "alice")

    assert before == {"user_id": "alice", "status": "offline", "last_seen": None, "expires_at": None}
    assert after["status"] == "online"
    forget_events(screen)


def fill(parley: Parley, person: User, most: int, monkeypatch: pytest.MonkeyPatch) -> list[Socket]:
    """Returns the devices of a person who may have no more of them."""
    monkeypatch.setenv("CONNECTIONS_PER_USER", str(most))
    return [person.connect(subprotocol=True) for _ in range(most)]


def refused_status(person: User) -> int:
    with pytest.raises(Refused) as refused:
        person.connect(subprotocol=True)
    return refused.value.status


def test_one_connection_too_many_is_refused_and_the_others_stay(
    parley: Parley, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = meet(alice, bob)
    devices = fill(parley, alice, 3, monkeypatch)

    assert refused_status(alice) == 429

    say(bob, conversation_id, "hello")
    assert [names(device.events()) for device in devices] == [["message_notification"]] * 3
    assert bob.connect(subprotocol=True).request("hello")["type"] == "ack"


def test_default_allows_twenty(parley: Parley) -> None:
    alice = parley.user("alice")
    devices = [alice.connect(subprotocol=True) for _ in range(20)]

    assert refused_status(alice) == 429
    assert {device.request("ping")["type"] for device in devices} == {"ack"}


def test_who_leaves_makes_room(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    alice = parley.user("alice")
    [phone, _] = fill(parley, alice, 2, monkeypatch)
    assert refused_status(alice) == 429

    phone.close()

    assert alice.connect(subprotocol=True).request("ping")["type"] == "ack"


def test_only_device_that_may_be_comes_and_goes(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    alice = parley.user("alice")
    [phone] = fill(parley, alice, 1, monkeypatch)
    assert refused_status(alice) == 429

    phone.close()
    alice.connect(subprotocol=True)

    assert refused_status(alice) == 429


def test_dead_connections_make_room_and_are_closed(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    meet(alice, bob)
    screen = bob.connect()
    [silent, phone] = fill(parley, alice, 2, monkeypatch)
    parley.advance(LEASE_S - LEAST_S + 1)
    for device in (phone, screen):
        device.request("ping")
    parley.advance(LEAST_S)
    forget_events(screen)

    tablet = alice.connect(subprotocol=True)

    assert silent.closed == 1000
    assert phone.closed is None and tablet.closed is None
    assert screen.frames == []  # alice was there all the time
    assert refused_status(alice) == 429


def test_device_whose_end_nobody_reported_makes_room_before_its_lease_ends(
    parley: Parley, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice = parley.user("alice")
    parley.lose_disconnects = True
    [phone, tablet] = fill(parley, alice, 2, monkeypatch)
    parley.advance(CONNECTING_MS / 1000)
    phone.close()  # a flaky network: API Gateway knows, but could not say so

    laptop = alice.connect(subprotocol=True)

    assert laptop.request("ping")["type"] == tablet.request("ping")["type"] == "ack"
    assert refused_status(alice) == 429  # the other two are there


class GetConnectionFails:
    """A hook: API Gateway does not answer the question whether a connection is there."""

    def before(self, call: Call) -> None:
        if call.operation == "GetConnection":
            raise ConnectTimeoutError(endpoint_url=call.endpoint_url)

    def after(self, call: Call) -> None:
        pass


def test_device_that_api_gateway_says_nothing_of_keeps_its_place(
    parley: Parley, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    alice = parley.user("alice")
    [phone] = fill(parley, alice, 1, monkeypatch)
    parley.advance(60)
    parley.hooks.append(GetConnectionFails())

    assert refused_status(alice) == 429
    assert phone.request("ping")["type"] == "ack"
    [line] = [vars(one) for one in caplog.records if one.message == "not_asked"]
    assert line["reason"] == "ConnectTimeoutError"


def test_devices_are_asked_for_only_if_there_is_no_room(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    alice = parley.user("alice")
    fill(parley, alice, 2, monkeypatch)
    parley.advance(60)
    monkeypatch.setenv("CONNECTIONS_PER_USER", "3")

    with parley.watch() as calls:
        alice.connect(subprotocol=True)

    assert "GetConnection" not in {call.operation for call in calls}


def test_connection_whose_token_ran_out_makes_room(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONNECTIONS_PER_USER", "1")
    old = parley.user("alice", expires_in_s=60).connect(subprotocol=True)
    parley.advance(90)

    new = parley.user("alice").connect(subprotocol=True)

    assert old.closed == 1000
    assert new.request("ping")["type"] == "ack"


def test_last_connection_that_may_be_is_delivered_twice_and_let_in_twice(
    parley: Parley, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONNECTIONS_PER_USER", "2")
    alice = parley.user("alice")
    alice.connect(subprotocol=True)
    parley.deliver_twice = True

    with parley.watch() as calls:
        alice.connect(subprotocol=True)

    own = [call.operation for call in calls if call.function == "OnConnect"]
    # Each reads whether the caller was signed out, before it writes and after.
    assert own == ["BatchGetItem", "UpdateItem", "BatchGetItem"] * 2
    assert refused_status(alice) == 429


class ConnectsMeanwhile:
    """A hook: before a person's `$connect` writes its row, another device of theirs comes in."""

    def __init__(self, person: User) -> None:
        self._person = person
        self.came: list[Socket] = []

    def before(self, call: object) -> None:
        writes = (getattr(call, "function", ""), getattr(call, "operation", "")) == ("OnConnect", "UpdateItem")
        if writes and not self.came:
            self.came.append(Socket(self._person))  # noted first, so that it does not happen within itself
            self.came.append(self._person.connect(subprotocol=True))

    def after(self, call: object) -> None:
        pass


def test_race_for_the_last_place_lets_one_in(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONNECTIONS_PER_USER", "2")
    alice = parley.user("alice")
    alice.connect(subprotocol=True)
    hook = ConnectsMeanwhile(alice)
    parley.hooks.append(hook)

    assert refused_status(alice) == 429
    assert hook.came[-1].request("ping")["type"] == "ack"


class PingsMeanwhile:
    """A hook: a device that was taken for dead pings just before it is forgotten."""

    def __init__(self, device: Socket) -> None:
        self._device = device
        self.done = False

    def before(self, call: object) -> None:
        pass

    def after(self, call: object) -> None:
        read = (getattr(call, "function", ""), getattr(call, "operation", "")) == ("OnConnect", "BatchGetItem")
        if read and not self.done:
            self.done = True
            self._device.request("ping")


def test_device_that_pings_in_the_last_moment_keeps_its_place(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    alice = parley.user("alice")
    [phone] = fill(parley, alice, 1, monkeypatch)
    parley.advance(LEASE_S + 10)
    hook = PingsMeanwhile(phone)
    parley.hooks.append(hook)

    assert refused_status(alice) == 429
    assert hook.done and phone.closed is None
    assert phone.request("ping")["type"] == "ack"
