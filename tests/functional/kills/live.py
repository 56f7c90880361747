"""Kill scenarios of connections, presence and typing, and of the sweeps that clear them."""

import os

from tests.functional.kills.acts import (
    act_on_conversation,
    alice_said,
    and_then,
    connect_as,
    let_leases_run_low,
    said,
    sweep_rows,
)
from tests.functional.kills.scenario import Scenario
from tests.functional.kills.world import World
from tests.functional.talk import LEASE_S, meet


def meet_absent_carol(world: World) -> None:
    meet(world.bob, world.parley.user("carol"))


def talked(world: World) -> None:
    """Lets both have written, so that each of them is told whether the other is there."""
    said(world)
    alice_said(world)


def open_here(world: World) -> None:
    world.ask("join_conversation", conversation_id=world.conversation_id)


def type_here(world: World) -> None:
    world.ask("typing_start", conversation_id=world.conversation_id)


def crowd_with_ghosts(world: World) -> None:
    """Leaves alice as many connections as she may have; of the last two, one is gone and the other's token is over."""
    world.parley.lose_disconnects = True
    world.devices["gone"] = world.alice.connect()
    world.devices["gone"].close()
    world.devices["expired"] = world.parley.bearer(world.parley.token("alice", expires_in_s=60), "alice").connect(
        subprotocol=True
    )
    world.parley.clock.ms += 1000 * (LEASE_S + 10)
    for name in ("phone", "laptop", "screen", "tab", "outsider"):
        world.devices[name].connection.active_at_ms = world.parley.clock()
        world.devices[name].request("ping")
    os.environ["CONNECTIONS_PER_USER"] = "4"  # the harness puts the environment back


def go(world: World) -> None:
    world.phone.close()


def come_alone(world: World) -> None:
    world.devices["laptop"].close()
    del world.devices["laptop"]


def ask_for_own_status(world: World) -> object:
    return world.ask("request_user_status", user_ids=["alice"])


def be_forgotten(world: World) -> None:
    world.parley.lose_disconnects = True
    come_alone(world)
    world.parley.clock.ms += 1000 * (LEASE_S + 10)
    for name, socket in world.devices.items():
        socket.connection.active_at_ms = world.parley.clock()
        if name != "phone":
            socket.request("ping")
    world.parley.run_schedule("ClearStalePresence")
    # The sweep has closed the phone's socket, too; let it be as if that had not got through.
    world.phone.closed = None
    world.phone.connection.state = type(world.phone.connection.state).OPEN
    world.parley.websocket.connections[world.phone.connection_id] = world.phone.connection


def leave_ghosts(world: World) -> None:
    world.devices["expired"] = world.parley.user("dave", expires_in_s=60).connect()
    talked(world)
    meet(world.bob, world.parley.user("dave"))
    world.parley.lose_disconnects = True
    world.phone.close()
    world.devices.pop("laptop").close()
    world.parley.clock.ms += 1000 * (LEASE_S + 10)
    for name in ("screen", "tab", "outsider"):
        world.devices[name].request("ping")


def let_typing_run_out(world: World) -> None:
    type_here(world)
    world.parley.clock.ms += 6000


SCENARIOS = [
    Scenario("websocket/connect", connect_as("alice"), heals=True, variant="another device"),
    Scenario("websocket/connect", connect_as("carol"), meet_absent_carol, heals=True, variant="newcomer"),
    Scenario("websocket/connect", connect_as("alice"), crowd_with_ghosts, heals=True, variant="in a ghost's place"),
    Scenario("websocket/disconnect", go, and_then(talked, come_alone), once=True),
    Scenario("websocket/disconnect", go, once=True, variant="not the last"),
    Scenario("websocket/ping", lambda world: world.ask("ping"), let_leases_run_low),
    Scenario("websocket/ping", lambda world: world.ask("ping"), and_then(talked, be_forgotten), variant="forgotten"),
    Scenario("websocket/request_user_status", ask_for_own_status, let_leases_run_low),
    Scenario("websocket/join_conversation", act_on_conversation("join_conversation")),
    Scenario("websocket/leave_conversation", act_on_conversation("leave_conversation"), open_here),
    Scenario("websocket/typing_start", act_on_conversation("typing_start")),
    Scenario("websocket/typing_stop", act_on_conversation("typing_stop"), type_here),
    Scenario("scheduled/clear_stale_typing", lambda w: w.sweep("ClearStaleTyping"), let_typing_run_out),
    Scenario("scheduled/clear_stale_presence", lambda w: w.sweep("ClearStalePresence"), leave_ghosts, heals=True),
    Scenario(
        "queues/sweep_rows",
        sweep_rows("presence", lambda world: ("alice",), lambda world: ("dave",)),
        leave_ghosts,
        heals=True,
        variant="presence",
    ),
    Scenario(
        "queues/sweep_rows",
        sweep_rows("typing", lambda world: (world.conversation_id, "alice")),
        let_typing_run_out,
        variant="typing",
    ),
]
