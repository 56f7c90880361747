"""ClearStaleTyping: typing that has run out is deleted, and the members are told."""

from tests.functional.talk import contents, forget_events, names, open_direct, say
from tests.harness import Parley

SWEEP = "ClearStaleTyping"


def rows(parley: Parley) -> int:
    table = parley.functions.environment["TYPING_TABLE"]
    return int(parley.store.client("dynamodb").scan(TableName=table, ConsistentRead=True)["Count"])


def test_who_stopped_without_a_word_is_told_of_once(parley: Parley) -> None:
    alice, bob, eve = parley.user("alice"), parley.user("bob"), parley.user("eve")
    conversation_id = open_direct(alice, bob)
    phone, screen, outsider = alice.connect(), bob.connect(), eve.connect()
    phone.request("typing_start", {"conversation_id": conversation_id})
    forget_events(screen)
    parley.advance(6)

    parley.run_schedule(SWEEP)
    parley.run_schedule(SWEEP)

    frames = screen.events()
    told = {"conversation_id": conversation_id, "user_id": "alice"}
    assert (names(frames), contents(frames)) == (["user_stopped_typing"], [told])
    assert outsider.frames == []
    assert rows(parley) == 0


def test_who_still_types_is_left_alone(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    phone, screen = alice.connect(), bob.connect()
    phone.request("typing_start", {"conversation_id": conversation_id})
    forget_events(screen)
    parley.advance(3)

    parley.run_schedule(SWEEP)

    assert screen.frames == []
    assert rows(parley) == 1


class TypesOn:
    """A hook: right after the sweep has asked what is due, a person types on."""

    def __init__(self, type_on: object) -> None:
        self._type_on = type_on
        self.done = False

    def before(self, call: object) -> None:
        pass

    def after(self, call: object) -> None:
        asked = (getattr(call, "function", ""), getattr(call, "operation", "")) == (SWEEP, "Query")
        if asked and getattr(call, "response", {}).get("Items") and not self.done:
            self.done = True
            assert callable(self._type_on)
            self._type_on()


def test_who_types_on_while_the_sweep_looks_is_left_alone(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    phone, screen = alice.connect(), bob.connect()
    phone.request("typing_start", {"conversation_id": conversation_id})
    parley.advance(6)
    hook = TypesOn(lambda: phone.request("typing_start", {"conversation_id": conversation_id}))
    parley.hooks.append(hook)
    forget_events(screen)

    parley.run_schedule(SWEEP)

    assert hook.done
    assert names(screen.events()) == ["user_typing"]
    assert rows(parley) == 1


def test_a_message_ends_its_authors_typing_and_nobody_else_s(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    phone, screen = alice.connect(), bob.connect()
    for socket in (phone, screen):
        socket.request("typing_start", {"conversation_id": conversation_id})
    parley.advance(1)
    say(alice, conversation_id, "hello")
    joined = screen.request("join_conversation", {"conversation_id": conversation_id})["data"]
    typing = alice.connect().request("join_conversation", {"conversation_id": conversation_id})["data"]["typing"]
    parley.advance(6)
    forget_events(phone, screen)

    parley.run_schedule(SWEEP)

    assert joined["typing"] == []  # clients hide it at the message
    assert [one["user_id"] for one in typing] == ["bob"]
    for socket in (phone, screen):
        assert [one["user_id"] for one in contents(socket.events())] == ["bob"]
    assert rows(parley) == 0


def test_who_types_on_after_a_message_is_told_to_have_stopped(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    phone, screen = alice.connect(), bob.connect()
    phone.request("typing_start", {"conversation_id": conversation_id})
    say(alice, conversation_id, "hello")
    parley.advance(3)
    phone.request("typing_start", {"conversation_id": conversation_id})
    parley.advance(6)
    forget_events(screen)

    parley.run_schedule(SWEEP)

    assert names(screen.events()) == ["user_stopped_typing"]


def test_everything_that_is_due_is_found_by_index(parley: Parley) -> None:
    alice = parley.user("alice")
    friends = [parley.user(f"friend{number}") for number in range(8)]
    opened = [open_direct(alice, friend) for friend in friends]
    for friend, conversation_id in zip(friends, opened, strict=True):
        friend.connect().request("typing_start", {"conversation_id": conversation_id})
    screen = alice.connect()
    parley.advance(6)

    with parley.watch() as calls:
        parley.run_schedule(SWEEP)

    assert sorted(one["conversation_id"] for one in contents(screen.events())) == sorted(opened)
    assert "Scan" not in {call.operation for call in calls}
    assert rows(parley) == 0


def test_delivered_twice_nothing_is_different(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    phone, screen = alice.connect(), bob.connect()
    phone.request("typing_start", {"conversation_id": conversation_id})
    forget_events(screen)
    parley.advance(6)
    parley.deliver_twice = True

    parley.run_schedule(SWEEP)

    assert names(screen.events()) == ["user_stopped_typing"]
