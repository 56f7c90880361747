"""Kill scenarios of the stream and the queues that tell many people, or tell them again."""

from json import dumps

from tests.functional.kills.acts import alice_said, an_hour_later, and_then, in_group, invoke, poll
from tests.functional.kills.scenario import Scenario
from tests.functional.kills.world import World
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


SCENARIOS = [
    Scenario("queues/retry_posts", lambda world: bool(poll(world)), each=leave_posts_behind),
    Scenario("streams/start_fan_out", hand_out, and_then(in_large_group, an_hour_later, alice_said)),
    Scenario("queues/run_fan_out", run_fan_out, and_then(in_large_group, an_hour_later, alice_said)),
]
