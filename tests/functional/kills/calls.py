"""Kill scenarios of calls."""

from collections.abc import Callable

from tests.functional.kills.acts import and_then, answered, be_blocked, sweep_rows
from tests.functional.kills.scenario import Scenario
from tests.functional.kills.world import World
from tests.functional.talk import open_direct


def create_turn_credentials(world: World) -> object:
    return answered(world.alice.post("/turn-credentials", json={"conversation_id": world.conversation_id}))


def signal(what: str, **fields: object) -> Callable[[World], object]:
    """Returns what says a signal of the call."""
    return lambda world: world.ask(
        "call_signal", conversation_id=world.conversation_id, call_id="c1", signal=what, **fields
    )


def bob_says(world: World, what: str, **fields: object) -> None:
    data = {"conversation_id": world.conversation_id, "call_id": "c1", "signal": what, **fields}
    assert world.devices["screen"].request("call_signal", data)["type"] == "ack"


def bob_calls(world: World) -> None:
    bob_says(world, "offer", payload="sdp")


def call_bob(world: World) -> None:
    signal("offer", payload="sdp")(world)


def talk_to_bob(world: World) -> None:
    call_bob(world)
    bob_says(world, "answer", payload="sdp")


def keep_bob_busy(world: World) -> None:
    carol = world.parley.user("carol")
    data = {"conversation_id": open_direct(carol, world.bob), "call_id": "c2", "signal": "offer"}
    world.devices["carol"] = carol.connect()
    assert world.devices["carol"].request("call_signal", data)["type"] == "ack"


def let_calls_ring_out(world: World) -> None:
    call_bob(world)
    world.parley.clock.ms += 50_000


def call_and_sweep(world: World) -> object:
    """Lets alice call; the call before it has rung out, and where its end was not told to all, the sweep does that."""
    answer = signal("offer", payload="sdp")(world)
    sweep_calls(world)
    return answer


def keep_bob_busy_for_too_long(world: World) -> None:
    keep_bob_busy(world)
    world.parley.clock.ms += 50_000


def reconnect_in_a_call(world: World) -> None:
    talk_to_bob(world)
    world.devices["new"] = world.alice.connect()


def resume(world: World) -> object:
    old, new = world.phone, world.devices["new"]
    world.devices["phone"] = new
    try:
        return signal("resume", previous_connection_id=old.connection_id)(world)
    finally:
        world.devices["phone"] = old


def lose_phone_in_a_call(world: World) -> None:
    talk_to_bob(world)
    world.phone.close()
    world.parley.clock.ms += 100_000
    world.parley.run_schedule("ClearStaleCalls")
    world.parley.clock.ms += 40_000


def check_on_a_call(world: World) -> None:
    talk_to_bob(world)
    world.parley.clock.ms += 100_000


def sweep_calls(world: World) -> None:
    world.sweep("ClearStaleCalls")


SCENARIOS = [
    Scenario("rest/create_turn_credentials", create_turn_credentials),
    Scenario("websocket/call_signal", signal("offer", payload="sdp"), variant="offer"),
    Scenario("websocket/call_signal", signal("offer", payload="sdp"), keep_bob_busy, variant="busy"),
    Scenario("websocket/call_signal", call_and_sweep, keep_bob_busy_for_too_long, variant="rung out"),
    Scenario("websocket/call_signal", signal("answer", payload="sdp"), bob_calls, variant="answer"),
    Scenario("websocket/call_signal", signal("candidate", payload="c"), talk_to_bob, variant="candidate"),
    Scenario("websocket/call_signal", signal("hang_up"), call_bob, variant="give up"),
    Scenario("websocket/call_signal", signal("hang_up"), bob_calls, variant="decline"),
    Scenario("websocket/call_signal", signal("hang_up"), talk_to_bob, variant="hang up"),
    Scenario("websocket/call_signal", resume, reconnect_in_a_call, variant="resume"),
    Scenario("scheduled/clear_stale_calls", sweep_calls, let_calls_ring_out, variant="rung out"),
    Scenario("scheduled/clear_stale_calls", sweep_calls, lose_phone_in_a_call, variant="lost"),
    Scenario("scheduled/clear_stale_calls", sweep_calls, check_on_a_call, variant="in order"),
    Scenario("scheduled/clear_stale_calls", sweep_calls, and_then(check_on_a_call, be_blocked), variant="blocked"),
    Scenario(
        "queues/sweep_rows",
        sweep_rows("calls", lambda world: (world.conversation_id, "c1")),
        let_calls_ring_out,
        variant="calls",
    ),
]
