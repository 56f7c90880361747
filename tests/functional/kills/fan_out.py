"""Kill scenarios of the stream and the queues that tell many people, or tell them again."""

from json import dumps
from types import SimpleNamespace

import pytest

from tests.functional.kills.acts import (
    alice_said,
    an_hour_later,
    and_then,
    answered,
    host_of,
    in_group,
    invoke,
    poll,
    said,
    sign_host_in,
)
from tests.functional.kills.scenario import Scenario
from tests.functional.kills.world import World
from tests.functional.mailing import clocked
from tests.functional.talk import say


def in_large_group(world: World) -> None:
    """Puts alice into a group of so many members that the queue tells them."""
    in_group(world)
    body = {"user_ids": [f"u{number}" for number in range(90)]}
    for user_ids in (body["user_ids"], [f"v{number}" for number in range(20)]):
        path = f"/conversations/{world.conversation_id}/members"
        assert world.alice.post(path, json={"user_ids": user_ids}).status == 200


def hand_out(world: World) -> object:
    """Lets the stream bring the message that left something to do for the group."""
    rows = world.items()[world.parley.template.resources["Messages"].ref].values()
    row = max((one for one in rows if "errands" in one), key=lambda one: int(one["seq"]["N"]))
    written_at_s = world.parley.clock() / 1000
    change = {"NewImage": row, "SequenceNumber": "1", "ApproximateCreationDateTime": written_at_s}
    return invoke(world, "StartFanOut", {"Records": [{"dynamodb": change}]})


def run_fan_out(world: World) -> object:
    """Lets the queue bring the job for the first part of the group, its first message of the hour among it."""
    heads = world.items()[world.parley.template.resources["Conversations"].ref]
    last_seq = int(heads[dumps({"conversation_id": {"S": world.conversation_id}})]["last_seq"]["N"])
    errand = {"conversation_id": world.conversation_id, "seq": last_seq, "errands": ["index", "fan_out"]}
    delivery = {"errand": errand, "user_ids": ["alice", "bob", "dave", "erin", "u1"]}
    return invoke(world, "RunFanOut", {"Records": [{"messageId": "m1", "body": dumps(delivery)}]})


def leave_posts_behind(world: World) -> None:
    for name in ("screen", "tab"):
        world.devices[name].is_full = True
    say(world.alice, world.conversation_id, "hello")
    world.devices["screen"].is_full = world.devices["tab"].is_full = False


def in_group_of_everyone(world: World) -> None:
    """Lets alice begin to add all teachers to a group, which is the first change of the group."""
    world.devices["teacher0"] = world.parley.user("teacher0", role="teacher").connect()
    world.parley.user("teacher1", role="teacher")
    in_group(world)
    assert begin_everyone(world)


def begin_everyone(world: World) -> object:
    body = {"everyone": {"role": "teacher"}, "client_id": "all"}
    return answered(world.alice.post(f"/conversations/{world.conversation_id}/members", json=body))


def add_everyone(world: World) -> object:
    """Lets the queue bring the job that follows the first change, at a time that is the same in each try."""
    errand = {"conversation_id": world.conversation_id, "change_seq": 1, "errands": ["add"]}
    body = dumps({"errand": errand, "user_ids": []})
    frozen = SimpleNamespace(time_ns=lambda: world.parley.clock() * 1_000_000)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("parley.triggers.queue.time", frozen)
        return invoke(world, "RunFanOut", {"Records": [{"messageId": "m1", "body": body}]})


def dissolved_in_parts(world: World) -> None:
    """Lets alice dissolve a group of more people than one step takes out."""
    in_group(world)
    path = f"/conversations/{world.conversation_id}"
    assert world.alice.post(f"{path}/members", json={"user_ids": [f"u{number}" for number in range(60)]}).status == 200
    answered(world.alice.delete(path))


def dissolve_on(world: World) -> object:
    """Lets the queue bring the job that follows the step which dissolved the group."""
    heads = world.items()[world.parley.template.resources["Conversations"].ref]
    head = heads[dumps({"conversation_id": {"S": world.conversation_id}})]
    errand = {"conversation_id": world.conversation_id, "change_seq": 2, "errands": ["dissolve"]}
    assert "dissolved" in head
    body = dumps({"errand": errand, "user_ids": []})
    frozen = SimpleNamespace(time_ns=lambda: world.parley.clock() * 1_000_000)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("parley.triggers.queue.time", frozen)
        return invoke(world, "RunFanOut", {"Records": [{"messageId": "m1", "body": body}]})


def rename_alice(world: World) -> None:
    """Gives alice another name, and lets the stream's row wait for the scenario."""
    sign_host_in(world)
    answered(host_of(world).put("/users/alice", json={"name": "Alice Lee"}))


def hand_out_update(world: World) -> object:
    """Lets the stream bring the entry that tells of alice's new name."""
    rows = world.items()[world.parley.template.resources["Messages"].ref].values()
    [row] = [one for one in rows if "outbox" in one]
    change = {"NewImage": row, "SequenceNumber": "1", "ApproximateCreationDateTime": world.parley.clock() / 1000}
    return invoke(world, "StartFanOut", {"Records": [{"dynamodb": change}]})


def tell_update(world: World) -> object:
    """Lets the queue bring the job that tells of alice's new name."""
    users = world.items()[world.parley.template.resources["Users"].ref]
    profile_seq = int(users[dumps({"user_id": {"S": "alice"}})]["profile_seq"]["N"])
    errand = {"conversation_id": "#user_updated#alice", "change_seq": profile_seq, "errands": ["user_updated"]}
    body = dumps({"errand": errand, "user_ids": ["alice"]})
    return invoke(world, "RunFanOut", {"Records": [{"messageId": "m1", "body": body}]})


def read_part(world: World) -> object:
    """Lets the queue bring the part of alice's job that marks the conversation with bob as read."""
    caller = {"user_id": "alice", "name": "Alice", "role": "user"}
    job = {"caller": caller, "at_ms": world.parley.clock(), "conversation_ids": [world.conversation_id]}
    errand = {"conversation_id": "#read_all#alice", "errands": ["read_all"]}
    body = dumps({"errand": errand, "user_ids": [], "read_all": job})
    with clocked(world.parley):
        return invoke(world, "RunFanOut", {"Records": [{"messageId": "m1", "body": body}]})


def read_everything(world: World) -> object:
    """Lets alice ask for the job; each try of it begins another one, at its own time."""
    return list(answered(world.alice.post("/me/read-all")))


SCENARIOS = [
    Scenario("rest/mark_all_read", read_everything),
    Scenario("queues/run_fan_out", read_part, said, variant="all read"),
    Scenario("queues/run_fan_out", read_part, and_then(in_group, said), variant="all read, group"),
    Scenario("queues/retry_posts", lambda world: bool(poll(world)), each=leave_posts_behind),
    Scenario("streams/start_fan_out", hand_out, and_then(in_large_group, an_hour_later, alice_said)),
    Scenario("queues/run_fan_out", run_fan_out, and_then(in_large_group, an_hour_later, alice_said)),
    Scenario("streams/start_fan_out", hand_out_update, rename_alice, variant="profile"),
    Scenario("queues/run_fan_out", tell_update, rename_alice, variant="profile"),
    Scenario("queues/run_fan_out", add_everyone, in_group_of_everyone, variant="everyone"),
    Scenario("queues/run_fan_out", dissolve_on, dissolved_in_parts, variant="dissolved"),
    Scenario("rest/add_members", begin_everyone, in_group, variant="everyone"),
]
