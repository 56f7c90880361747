"""$connect: a device comes, and those who watch are told once, however many devices follow."""

import pytest

from parley.domain.presence import LEASE_S
from tests.functional.talk import contents, forget_events, in_s, names, open_direct, say
from tests.harness import Parley, Refused, Socket, User


def status_of(watcher: Socket, user_id: str) -> dict[str, object]:
    [status] = watcher.request("request_user_status", {"user_ids": [user_id]})["data"]["statuses"]
    return dict(status)


def test_those_who_share_a_conversation_are_told_with_the_end_of_the_lease(parley: Parley) -> None:
    alice, bob, eve = parley.user("alice"), parley.user("bob"), parley.user("eve")
    open_direct(alice, bob)
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
    open_direct(alice, bob)
    screen = bob.connect()

    phone = alice.connect()

    [told] = contents(screen.events())
    assert told["expires_at"] == phone.request("hello")["data"]["token_expires_at"]


def test_second_device_is_not_told_of_again(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    open_direct(alice, bob)
    screen = bob.connect()

    alice.connect()
    alice.connect()

    assert names(screen.events()) == ["user_status_change"]


def test_who_comes_back_is_told_of_again(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    open_direct(alice, bob)
    screen = bob.connect()

    alice.connect().close()
    alice.connect()

    assert [one["status"] for one in contents(screen.events())] == ["online", "offline", "online"]


def test_own_devices_and_the_new_one_hear_nothing(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    open_direct(alice, bob)

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
    conversation_id = open_direct(alice, bob)
    parley.deliver_twice = True
    phone = alice.connect(subprotocol=True)
    parley.deliver_twice = False

    say(bob, conversation_id, "hello")

    assert names(phone.events()) == ["message_notification"]


class PostsDuringConnect:
    """A hook: while somebody's `$connect` writes its row, somebody else sends them a message."""

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
    conversation_id = open_direct(alice, bob)
    bob.connect().close()  # bob has a row, so that his next $connect updates it
    hook = PostsDuringConnect(alice, conversation_id)
    parley.hooks.append(hook)

    screen = bob.connect()  # until $connect has returned, a post to it answers 410
    assert hook.done and screen.frames == []
    parley.drain()

    assert names(screen.events()) == ["message_notification"]
    say(alice, conversation_id, "still there?")
    assert names(screen.events()) == ["message_notification"]


def test_status_is_offline_before_and_online_after(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    open_direct(alice, bob)
    screen = bob.connect()

    before = status_of(screen, "alice")
    alice.connect()
    after = status_of(screen, "alice")

    assert before == {"user_id": "alice", "status": "offline", "last_seen": None, "expires_at": None}
    assert after["status"] == "online"
    forget_events(screen)
