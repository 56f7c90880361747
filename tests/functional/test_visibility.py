"""A block hides from each of the two that the other one is there: live, in answers, in calls, and in groups of both."""

from dataclasses import dataclass

import pytest

from tests.functional.calling import call_and_answer, code, heard, ring, signal, state
from tests.functional.talk import contents, forget_events, joined, make_group, open_direct, say
from tests.harness import Frame, Parley, Socket, User

MARKS = ("message_read", "conversation_read", "message_delivered")


@dataclass
class World:
    """Alice has blocked mallory; they have written to each other before, and both are in a group with bob.

    Each has a device that has the group open; alice's phone acts.
    """

    parley: Parley
    alice: User
    mallory: User
    bob: User
    direct: str
    group: str
    phone: Socket
    tablet: Socket
    spy: Socket
    friend: Socket

    def markers(self, reader: User, user_id: str, conversation_id: str | None = None) -> tuple[int | None, int | None]:
        """Returns how far a reader sees that a person has read and received."""
        path = f"/conversations/{conversation_id or self.direct}"
        people = reader.get(f"{path}/members").json["members"]
        [found] = [one for one in people if one["user_id"] == user_id]
        if not path.endswith(self.group):
            assert found in reader.get(path).json["members"]
        return found["read_seq"], found["delivered_seq"]

    def receipt(self, reader: User, message_id: str, user_id: str) -> tuple[str | None, str | None]:
        found = reader.get(f"/messages/{message_id}/receipts").json["receipts"]
        [times] = [(one["delivered_at"], one["read_at"]) for one in found if one["user_id"] == user_id]
        return times

    def act(self, way: str, conversation_id: str, message_id: str) -> None:
        """Lets alice show in one way that she is there."""
        match way:
            case "mark_read over REST":
                assert self.alice.patch(f"/messages/{message_id}/read").status == 200
            case "mark_conversation_read over REST":
                assert self.alice.patch(f"/conversations/{conversation_id}/read-all").status == 200
            case "mark_read" | "mark_delivered":
                assert self.phone.request(way, {"message_id": message_id})["type"] == "ack"
            case _:
                assert self.phone.request(way, {"conversation_id": conversation_id})["type"] == "ack"

    def begin(self, way: str, conversation_id: str) -> None:
        """Lets alice do what she must have begun before she can end it."""
        if begun := {"leave_conversation": "join_conversation", "typing_stop": "typing_start"}.get(way):
            self.phone.request(begun, {"conversation_id": conversation_id})

    def forget(self) -> None:
        forget_events(self.phone, self.tablet, self.spy, self.friend)


@pytest.fixture
def world(parley: Parley) -> World:
    alice, mallory, bob = (parley.user(one) for one in ("alice", "mallory", "bob"))
    direct, group = open_direct(alice, mallory), make_group(alice, mallory, bob)
    say(alice, direct, "hello")
    say(mallory, direct, "one", "two", "three")
    say(mallory, group, "one", "two")
    phone, tablet = alice.connect(), joined(alice, group)
    world = World(parley, alice, mallory, bob, direct, group, phone, tablet, joined(mallory, group), joined(bob, group))
    assert phone.request("mark_read", {"message_id": f"{direct}.2"})["type"] == "ack"
    assert alice.put("/users/mallory/block").status == 200
    world.forget()
    return world


MARKING = (
    "mark_read",
    "mark_read over REST",
    "mark_conversation_read",
    "mark_conversation_read over REST",
    "mark_delivered",
)
LIVE = (*MARKING, "join_conversation", "leave_conversation", "typing_stop")


@pytest.mark.parametrize("way", LIVE)
def test_neither_hears_between_two_that_the_other_is_there(world: World, way: str) -> None:
    world.begin(way, world.direct)

    world.act(way, world.direct, f"{world.direct}.4")

    assert world.spy.events() == []


@pytest.mark.parametrize("way", MARKING)
def test_markers_stand_as_they_stood_when_the_block_came(world: World, way: str) -> None:
    path = f"/messages/{world.direct}.2/receipts"
    before = world.markers(world.mallory, "alice"), world.mallory.get(path).json
    assert before[0] == (2, 2)

    world.parley.advance(5)
    world.act(way, world.direct, f"{world.direct}.4")
    world.act("mark_delivered", world.direct, f"{world.direct}.4")

    assert (world.markers(world.mallory, "alice"), world.mallory.get(path).json) == before
    assert world.receipt(world.mallory, f"{world.direct}.4", "alice") == (None, None)
    mine = world.alice.get(f"/conversations/{world.direct}").json
    assert (mine["read_seq"], mine["delivered_seq"]) == (2 if way == "mark_delivered" else 4, 4)
    assert world.markers(world.alice, "alice") == (mine["read_seq"], mine["delivered_seq"])


@pytest.mark.parametrize("reader", ["alice", "mallory"])
def test_what_was_not_told_is_in_a_fresh_read_once_the_block_is_gone(world: World, reader: str) -> None:
    other = {"alice": "mallory", "mallory": "alice"}[reader]
    people = {"alice": world.alice, "mallory": world.mallory}
    say_more = people[other].patch(f"/conversations/{world.direct}/read-all")
    assert say_more.status == 200
    screen = {"alice": world.phone, "mallory": world.spy}[reader]
    world.alice.delete("/users/mallory/block")

    [told] = contents(screen.events("conversation_updated"))
    assert "send_message" in told["shared"]["capabilities"]["member"]
    assert world.markers(people[reader], other) == (4, 4)


def test_second_block_freezes_what_was_seen_by_then(world: World) -> None:
    world.act("mark_read", world.direct, f"{world.direct}.3")
    world.alice.delete("/users/mallory/block")
    assert world.markers(world.mallory, "alice") == (3, 3)

    world.alice.put("/users/mallory/block")
    assert world.markers(world.mallory, "alice") == (3, 3)
    world.act("mark_read", world.direct, f"{world.direct}.4")

    assert world.markers(world.mallory, "alice") == (3, 3)


def test_block_of_the_other_one_too_changes_nothing_of_what_is_shown(world: World) -> None:
    world.act("mark_read", world.direct, f"{world.direct}.3")
    world.mallory.put("/users/alice/block")
    world.act("mark_read", world.direct, f"{world.direct}.4")
    world.alice.delete("/users/mallory/block")

    assert world.markers(world.mallory, "alice") == (2, 2)
    world.mallory.delete("/users/alice/block")
    assert world.markers(world.mallory, "alice") == (4, 4)


def test_own_other_devices_hear_of_it(world: World) -> None:
    world.act("mark_read", world.direct, f"{world.direct}.4")

    assert [one["seq"] for one in contents(world.tablet.events("message_read"))] == [4]


def be_blocked_by_many(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("parley.adapters.people.blocks.MAX_READ", 2)
    for number in range(3):
        world.parley.user(f"a-victim{number}").put("/users/alice/block")
        world.parley.user(f"a-victim{number}").put("/users/mallory/block")


@pytest.mark.parametrize("by_many", [False, True], ids=["by one", "by many"])
@pytest.mark.parametrize("way", [*LIVE, "typing_start"])
def test_in_a_group_the_others_hear_of_it_and_the_blocked_one_does_not(
    world: World, monkeypatch: pytest.MonkeyPatch, way: str, by_many: bool
) -> None:
    if by_many:
        be_blocked_by_many(world, monkeypatch)
    world.begin(way, world.group)
    world.forget()
    newest = world.alice.get(f"/conversations/{world.group}").json["last_seq"]

    world.act(way, world.group, f"{world.group}.{newest}")

    assert world.spy.events() == []
    assert [one["user_id"] for one in contents(world.friend.events())] == ["alice"]


@pytest.mark.parametrize("by_many", [False, True], ids=["by one", "by many"])
def test_blocker_does_not_hear_of_the_blocked_one_in_a_group_either(
    world: World, monkeypatch: pytest.MonkeyPatch, by_many: bool
) -> None:
    if by_many:
        be_blocked_by_many(world, monkeypatch)

    world.spy.request("typing_start", {"conversation_id": world.group})
    world.spy.request("mark_conversation_read", {"conversation_id": world.group})

    assert world.phone.events() == world.tablet.events() == []
    assert len(world.friend.events()) == 2


@pytest.mark.parametrize("by_many", [False, True], ids=["by one", "by many"])
def test_end_of_typing_that_nobody_ended_is_told_to_the_others_only(
    world: World, monkeypatch: pytest.MonkeyPatch, by_many: bool
) -> None:
    if by_many:
        be_blocked_by_many(world, monkeypatch)
    world.phone.request("typing_start", {"conversation_id": world.group})
    world.forget()
    world.parley.advance(10)

    world.parley.run_schedule("ClearStaleTyping")

    assert world.spy.events() == []
    assert [one["user_id"] for one in contents(world.friend.events("user_stopped_typing"))] == ["alice"]


def test_end_of_typing_that_began_before_the_block_is_not_told_after_it(world: World) -> None:
    world.alice.delete("/users/mallory/block")
    world.phone.request("typing_start", {"conversation_id": world.direct})
    world.alice.put("/users/mallory/block")
    world.forget()
    world.parley.advance(10)

    world.parley.run_schedule("ClearStaleTyping")

    assert world.spy.events() == []


def typing(socket: Socket, conversation_id: str) -> list[str]:
    reply = socket.request("join_conversation", {"conversation_id": conversation_id})
    return [one["user_id"] for one in reply["data"]["typing"]]


@pytest.mark.parametrize("by_many", [False, True], ids=["by one", "by many"])
def test_who_opens_a_group_is_not_shown_that_the_blocked_one_types(
    world: World, monkeypatch: pytest.MonkeyPatch, by_many: bool
) -> None:
    if by_many:
        be_blocked_by_many(world, monkeypatch)
    world.phone.request("typing_start", {"conversation_id": world.group})

    assert (typing(world.spy, world.group), typing(world.friend, world.group)) == ([], ["alice"])


@pytest.mark.parametrize("by_many", [False, True], ids=["by one", "by many"])
def test_group_shows_no_markers_of_the_two_to_each_other(
    world: World, monkeypatch: pytest.MonkeyPatch, by_many: bool
) -> None:
    if by_many:
        be_blocked_by_many(world, monkeypatch)
    world.act("mark_conversation_read", world.group, "")
    sent = f"{world.group}.3"

    for reader, other in ((world.mallory, "alice"), (world.alice, "mallory")):
        assert world.markers(reader, other, world.group) == (None, None)
    assert world.markers(world.bob, "alice", world.group) == (3, 3)
    assert world.markers(world.alice, "alice", world.group) == (3, 3)
    assert world.receipt(world.mallory, sent, "alice") == (None, None)
    assert None not in world.receipt(world.bob, sent, "alice")

    world.alice.delete("/users/mallory/block")
    assert world.markers(world.mallory, "alice", world.group) == (3, 3)
    assert None not in world.receipt(world.mallory, sent, "alice")


@pytest.mark.parametrize("by_many", [False, True], ids=["by one", "by many"])
@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_giving_a_role_shows_no_more_of_the_member(
    world: World, monkeypatch: pytest.MonkeyPatch, method: str, by_many: bool
) -> None:
    if by_many:
        be_blocked_by_many(world, monkeypatch)

    def give(user_id: str) -> Frame:
        reply = world.alice.request(method, f"/conversations/{world.group}/members/{user_id}", json={"role": "admin"})
        assert reply.status == 200, reply
        return dict(reply.json)

    assert [give("mallory")[one] for one in ("read_seq", "delivered_seq")] == [None, None]
    assert None not in give("bob").values()


# --- calls ------------------------------------------------------------------------------------------------------------


def unblocked(world: World) -> None:
    world.alice.delete("/users/mallory/block")


@pytest.mark.parametrize("what", ["candidate", "offer", "answer", "resume"])
@pytest.mark.parametrize("who", ["alice", "mallory"])
def test_call_in_which_a_block_comes_carries_nothing_more(world: World, who: str, what: str) -> None:
    unblocked(world)
    device, other = (world.phone, world.spy) if who == "alice" else (world.spy, world.phone)
    call_and_answer(device, other, world.direct)
    world.alice.put("/users/mallory/block")
    more = {"resume": {"previous_connection_id": device.connection_id}}.get(what, {"payload": "you cannot stop me"})

    reply = signal(device, world.direct, what, **more)

    assert code(reply) == ("blocked", 403)
    assert heard(other) == []
    assert state(signal(device, world.direct, "hang_up")) == ("ended", "hung_up")


@pytest.mark.parametrize("what", ["ringing", "answer", "candidate", "offer"])
def test_call_that_rings_carries_nothing_more(world: World, what: str) -> None:
    unblocked(world)
    ring(world.spy, world.direct)
    world.alice.put("/users/mallory/block")
    heard(world.phone)
    device, other = (world.spy, world.phone) if what in ("candidate", "offer") else (world.phone, world.spy)

    reply = signal(device, world.direct, what)

    assert code(reply) == ("blocked", 403)
    assert heard(other) == []


def test_call_in_which_a_block_comes_is_ended_by_the_sweep(world: World) -> None:
    unblocked(world)
    call_and_answer(world.spy, world.phone, world.direct)
    world.alice.put("/users/mallory/block")
    for _ in range(2):
        world.parley.advance(50)
        for device in (world.phone, world.spy):
            device.request("ping")

    world.parley.run_schedule("ClearStaleCalls")

    assert heard(world.phone) == heard(world.spy) == [("hang_up", "hung_up")]
