"""A message in a group is marked wherever the people who have blocked its sender read it, and for nobody else."""

from dataclasses import dataclass

import pytest

from tests.functional.talk import contents, forget_events, joined, make_group, open_direct, say
from tests.harness import Frame, Parley, Socket, User

THUMB = "%F0%9F%91%8D"


@dataclass
class World:
    """Alice has blocked mallory; both are in a group with bob, in which mallory (3) and bob (4) have spoken."""

    parley: Parley
    alice: User
    mallory: User
    bob: User
    group: str
    theirs: str
    bobs: str

    def marks(self, found: list[Frame]) -> dict[str, bool]:
        return {one["text"]: one["blocked"] for one in found if one["kind"] == "text"}


@pytest.fixture
def world(parley: Parley) -> World:
    alice, mallory, bob = parley.user("alice"), parley.user("mallory"), parley.user("bob")
    group = make_group(alice, mallory, bob)
    [theirs], [bobs] = say(mallory, group, "nasty"), say(bob, group, "nice")
    alice.put("/users/mallory/block")
    return World(parley, alice, mallory, bob, group, theirs, bobs)


MARKED = {"nasty": True, "nice": False}


def test_history_is_marked_for_the_blocker_only(world: World) -> None:
    pages = [
        person.get(f"/conversations/{world.group}/messages").json["messages"]
        for person in (world.alice, world.bob, world.mallory)
    ]

    assert [world.marks(page) for page in pages] == [MARKED, *[dict.fromkeys(MARKED, False)] * 2]
    assert not any(one["blocked"] for one in pages[0] if one["kind"] == "system")


def test_every_way_to_read_a_message_says_the_same(world: World) -> None:
    world.alice.put(f"/messages/{world.theirs}/pin")
    world.alice.put(f"/messages/{world.bobs}/pin")
    sync = {"cursors": {world.group: 0}}
    socket = world.alice.connect()

    read = {
        "one": [world.alice.get(f"/messages/{one}").json for one in (world.theirs, world.bobs)],
        "pins": world.alice.get(f"/conversations/{world.group}/pins").json["messages"],
        "search": [one["message"] for one in world.alice.get("/search?q=n").json["results"]],
        "sync": world.alice.post("/sync", json=sync).json["conversations"][world.group]["messages"],
        "sync over WebSocket": socket.request("sync", sync)["data"]["conversations"][world.group]["messages"],
        "after a reaction": [
            world.alice.put(f"/messages/{one}/reactions/{THUMB}").json for one in (world.theirs, world.bobs)
        ],
    }

    assert {way: world.marks(found) for way, found in read.items()} == dict.fromkeys(read, MARKED)


def test_every_list_marks_what_was_said_last(world: World) -> None:
    say(world.mallory, world.group, "nasty again")
    path = f"/conversations/{world.group}"

    def lists(person: User) -> dict[str, Frame]:
        return {
            "list": person.get("/conversations").json["conversations"][0],
            "one": person.get(path).json,
            "unchanged": person.patch(path, json={}).json if person is world.alice else {},
            "archived": person.patch(f"{path}/archive", json={"archived": True}).json,
            "settings": person.patch(f"{path}/settings", json={"notifications": "none"}).json,
            "archived list": person.get("/conversations?state=archived").json["conversations"][0],
            "not archived": person.patch(f"{path}/archive", json={"archived": False}).json,
            "sync": person.post("/sync", json={"cursors": {}}).json["joined"][0],
            "sync over WebSocket": person.connect().request("sync", {"cursors": {}})["data"]["joined"][0],
        }

    found = {person.user_id: lists(person) for person in (world.alice, world.bob)}

    marks = {one: {way["last_message"]["blocked"] for way in ways.values() if way} for one, ways in found.items()}
    assert marks == {"alice": {True}, "bob": {False}}
    world.alice.patch(path, json={"title": "Go"})
    assert world.alice.get(path).json["last_message"]["blocked"] is False


def test_changes_that_sync_replays_are_marked(world: World) -> None:
    before = world.alice.get(f"/conversations/{world.group}").json
    for message_id in (world.theirs, world.bobs):
        world.bob.put(f"/messages/{message_id}/reactions/{THUMB}")

    cursors = {world.group: {"seq": before["last_seq"], "change_seq": before["last_change_seq"]}}
    missed = world.alice.post("/sync", json={"cursors": cursors}).json["conversations"][world.group]["changes"]

    assert world.marks([one["data"]["message"] for one in missed]) == MARKED


def be_blocked_by_many(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets mallory be blocked by more people than a send reads."""
    monkeypatch.setattr("parley.adapters.people.blocks.MAX_READ", 2)
    for number in range(3):
        world.parley.user(f"a-victim{number}").put("/users/mallory/block")


@pytest.mark.parametrize("by_many", [False, True], ids=["by one", "by many"])
@pytest.mark.parametrize("over", ["rest", "websocket", "forward"])
def test_new_message_is_pushed_with_its_mark(
    world: World, monkeypatch: pytest.MonkeyPatch, over: str, by_many: bool
) -> None:
    if by_many:
        be_blocked_by_many(world, monkeypatch)
    devices: dict[str, Socket] = {
        "alice": joined(world.alice, world.group),
        "alice's list": world.alice.connect(),
        "bob": joined(world.bob, world.group),
        "mallory": joined(world.mallory, world.group),
    }
    phone = world.mallory.connect()
    source = say(world.mallory, open_direct(world.mallory, world.bob), "nasty again")[0]
    forget_events(*devices.values())

    match over:
        case "rest":
            say(world.mallory, world.group, "nasty again")
        case "websocket":
            phone.request("send_message", {"conversation_id": world.group, "text": "nasty again"})
        case "forward":
            world.mallory.post(f"/messages/{source}/forward", json={"conversation_ids": [world.group]})

    told = {name: contents(socket.events()) for name, socket in devices.items()}
    assert {name: [one["message"]["blocked"] for one in found] for name, found in told.items()} == {
        "alice": [True],
        "alice's list": [True],
        "bob": [False],
        "mallory": [False],
    }


@pytest.mark.parametrize("by_many", [False, True], ids=["by one", "by many"])
def test_large_group_is_told_with_the_mark_too(world: World, monkeypatch: pytest.MonkeyPatch, by_many: bool) -> None:
    if by_many:
        be_blocked_by_many(world, monkeypatch)
    others = [world.parley.bearer("", f"m{number}").user_id for number in range(99)]
    added = [world.alice.post(f"/conversations/{world.group}/members", json={"user_ids": part}).status
             for part in (others[:90], others[90:])]  # fmt: skip
    assert set(added) <= {200, 201}
    world.parley.drain()
    screen, other = joined(world.alice, world.group), joined(world.bob, world.group)
    forget_events(screen, other)

    say(world.mallory, world.group, "nasty again")
    world.parley.drain()

    assert [one["message"]["blocked"] for one in contents(screen.events("new_message"))] == [True]
    assert [one["message"]["blocked"] for one in contents(other.events("new_message"))] == [False]


def test_mark_goes_with_the_block(world: World) -> None:
    world.alice.delete("/users/mallory/block")

    page = world.alice.get(f"/conversations/{world.group}/messages").json["messages"]
    assert world.marks(page) == dict.fromkeys(MARKED, False)


def test_between_two_nothing_is_marked(world: World) -> None:
    world.alice.delete("/users/mallory/block")
    conversation_id = open_direct(world.alice, world.mallory)
    say(world.mallory, conversation_id, "nasty")
    world.alice.put("/users/mallory/block")

    [message] = world.alice.get(f"/conversations/{conversation_id}/messages").json["messages"]

    assert message["blocked"] is False
