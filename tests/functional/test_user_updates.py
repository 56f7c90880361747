"""`user_updated`: a changed profile is told at once to those who hear of the person's presence or have them open."""

from types import SimpleNamespace
from typing import Any

import pytest

from parley.domain.conversations.client_model import apply_to_users
from tests.functional.erasures import erased, everything, host
from tests.functional.streams.test_start_fan_out import large_group
from tests.functional.talk import forget_events, joined, make_group, meet, named, open_direct
from tests.harness import Parley, Socket, User

PICTURE = "https://example.org/a.png"


def put(parley: Parley, user_id: str, **fields: object) -> None:
    assert host(parley).put(f"/users/{user_id}", json=fields).status in (200, 201)


def told_on(socket: Socket) -> list[dict[str, Any]]:
    """Returns the `data` of each `user_updated` on a device, with its `users`, which is what the event tells."""
    return [frame["data"] for frame in socket.events("user_updated")]


def heard(*sockets: Socket) -> list[list[str]]:
    """Returns the names that came with `user_updated` on each device."""
    return [[told["users"][told["user_id"]]["name"] for told in told_on(socket)] for socket in sockets]


@pytest.fixture
def alice(parley: Parley) -> User:
    return parley.user("alice")


def test_those_who_hear_of_the_persons_presence_and_their_own_devices_are_told(parley: Parley, alice: User) -> None:
    bob, eve = parley.user("bob"), parley.user("eve")
    meet(alice, bob)
    phone, screen, outsider = alice.connect(), bob.connect(), eve.connect()

    put(parley, "alice", name="Alice Lee", avatar_url=PICTURE)
    parley.drain()

    [told] = told_on(screen)
    assert told == {"user_id": "alice", "users": named(parley, "alice")}
    assert told["users"]["alice"]["name"] == "Alice Lee"
    assert told_on(phone) == [told]
    assert outsider.events() == []


def test_a_slow_device_hears_it_from_the_queue(parley: Parley, alice: User) -> None:
    bob = parley.user("bob")
    meet(alice, bob)
    screen = bob.connect()
    screen.is_full = True
    put(parley, "alice", name="New")
    [stream] = [stream for stream in parley.streams if stream.name == "HandOutErrandsMessages"]
    stream.poll(flush=True)
    [job] = parley.dequeue("Deliveries")
    run(parley, job)
    assert heard(screen) == [[]]

    screen.is_full = False
    parley.drain()

    assert heard(screen) == [["New"]]


def newer_token(parley: Parley, alice: User) -> None:
    parley.clock.ms += 1000
    renamed = parley.bearer(parley.token("alice", name="New"), "alice")
    assert renamed.get("/me").json["name"] == "New"


def newer_token_at_connect(parley: Parley, alice: User) -> None:
    parley.clock.ms += 1000
    parley.bearer(parley.token("alice", name="New"), "alice").connect(subprotocol=True).close()


def bulk(parley: Parley, alice: User) -> None:
    assert host(parley).put("/users", json={"users": [{"id": "alice", "name": "New"}]}).status == 200


def by_herself(parley: Parley, alice: User) -> None:
    assert alice.patch("/me", json={"avatar_url": PICTURE}).status == 200


@pytest.mark.parametrize("change", [newer_token, newer_token_at_connect, bulk, by_herself])
def test_every_way_to_change_a_profile_is_told(parley: Parley, alice: User, change: Any) -> None:
    bob = parley.user("bob")
    meet(alice, bob)
    screen = bob.connect()

    change(parley, alice)
    parley.drain()

    [told] = told_on(screen)
    assert told["users"] == named(parley, "alice")


def test_what_others_do_not_see_is_not_told(parley: Parley, alice: User) -> None:
    bob = parley.user("bob")
    meet(alice, bob)
    put(parley, "alice", name="Alice")
    parley.drain()
    screen = bob.connect()

    put(parley, "alice", name="Alice", email="a@example.org", locale="de")
    assert host(parley).put("/contexts/class/7b/people/alice").status == 201
    with parley.watch() as calls:
        parley.drain()

    assert (screen.events(), [call for call in calls if call.function == "StartFanOut"]) == ([], [])


def test_a_group_is_told_on_devices_that_have_it_open(parley: Parley, alice: User) -> None:
    bob, carol = parley.user("bob"), parley.user("carol")
    group, other = make_group(alice, bob, carol), make_group(bob, carol)
    opened, elsewhere, closed = joined(bob, group), joined(carol, other), bob.connect()
    forget_events(opened, elsewhere, closed)

    put(parley, "alice", name="New")
    parley.drain()

    assert heard(opened, elsewhere, closed) == [["New"], [], []]


def test_an_unanswered_conversation_is_told_on_devices_that_have_it_open(parley: Parley, alice: User) -> None:
    bob = parley.user("bob")
    opened, closed = joined(bob, open_direct(alice, bob)), bob.connect()

    put(parley, "alice", name="New")
    parley.drain()

    assert heard(opened, closed) == [["New"], []]


@pytest.mark.parametrize("blocker", ["alice", "bob"])
def test_nobody_is_told_across_a_block(parley: Parley, alice: User, blocker: str) -> None:
    bob, carol = parley.user("bob"), parley.user("carol")
    meet(alice, bob)
    screen, friend = joined(bob, make_group(alice, bob, carol)), joined(carol, make_group(alice, carol))
    other = {"alice": "bob", "bob": "alice"}[blocker]
    assert {"alice": alice, "bob": bob}[blocker].put(f"/users/{other}/block").status == 200
    forget_events(screen, friend)

    put(parley, "alice", name="New")
    parley.drain()

    assert heard(screen, friend) == [[], ["New"]]


def test_groups_are_told_as_long_as_their_members_are_five_hundred_at_most(parley: Parley, alice: User) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("parley.actions.live.user_updates.MAX_MEMBERS", 130)
        bob, carol = parley.user("bob"), parley.user("carol")
        small, large = make_group(alice, bob), large_group(alice, ["carol", *(f"u{number}" for number in range(110))])
        huge = large_group(alice, ["dave", *(f"u{number}" for number in range(140))])
        opened = [joined(bob, small), joined(carol, large), joined(parley.user("dave"), huge)]
        parley.drain()
        forget_events(*opened)

        put(parley, "alice", name="New")
        parley.drain()

    assert heard(*opened) == [["New"], ["New"], []]


def test_only_the_latest_of_many_changes_is_told_and_never_too_often(
    parley: Parley, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    bob = parley.user("bob")
    meet(alice, bob)
    screen = bob.connect()
    now_ms = parley.clock()
    clock = SimpleNamespace(time_ns=lambda: now_ms * 1_000_000)
    monkeypatch.setattr("parley.triggers.queue.time", clock)
    for number in range(3):
        put(parley, "alice", name=f"Name {number}")
        parley.drain()
    assert heard(screen) == [["Name 0", "Name 1", "Name 2"]]

    for number in range(3, 50):
        put(parley, "alice", name=f"Name {number}")
    with parley.watch() as calls:
        [stream] = [stream for stream in parley.streams if stream.name == "HandOutErrandsMessages"]
        stream.poll(flush=True)
        jobs = parley.dequeue("Deliveries")
        for job in jobs:
            run(parley, job)
    later = [call for call in calls if call.function == "RunFanOut" and call.service == "sqs"]
    assert (len(jobs), heard(screen)) == (47, [[]])
    assert [[entry["DelaySeconds"] for entry in call.params["Entries"]] for call in later] == [[20]]

    now_ms += 20_000
    parley.drain()
    assert heard(screen) == [["Name 49"]]


def run(parley: Parley, job: str) -> None:
    """Lets the queue bring one job."""
    event = {"Records": [{"messageId": "m1", "body": job}]}
    assert parley.functions.invoke("RunFanOut", event) == {"batchItemFailures": []}


def test_a_late_job_tells_nothing_older_than_the_profile_says(parley: Parley, alice: User) -> None:
    bob = parley.user("bob")
    meet(alice, bob)
    screen = bob.connect()
    users: dict[str, Any] = {}
    parley.deliver_twice = parley.deliver_out_of_order = True

    for name in ("One", "Two"):
        put(parley, "alice", name=name)
    parley.drain()

    for told in told_on(screen):
        users = apply_to_users(told["users"], users)
        assert told["users"]["alice"]["name"] == "Two"
    assert users == named(parley, "alice")


def test_an_erased_person_is_named_to_nobody_and_leaves_no_entry(parley: Parley, alice: User) -> None:
    bob = parley.user("bob")
    open_direct(alice, bob)
    screen = bob.connect()
    put(parley, "alice", name="Zaphod Beeblebrox")
    jobs_before = "alice" in everything(parley)

    erased(parley, "alice")
    parley.drain()

    assert jobs_before
    assert "Beeblebrox" not in everything(parley)
    assert "#user_updated#alice" not in everything(parley)
    assert heard(screen)[0] in ([], ["Zaphod Beeblebrox"])
