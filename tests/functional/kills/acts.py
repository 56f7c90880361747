"""The acts that scenarios of several areas share: ask, look at the answer, and arrange what comes before."""

import time
from collections.abc import Callable
from json import dumps, loads
from typing import Any

from local.functions import FunctionError
from tests.functional.attachment_ends import keys_of
from tests.functional.attachments import FILE, clean_attachment, put_object
from tests.functional.kills.world import Died, World
from tests.functional.talk import LEASE_S, LEAST_S, make_group, say
from tests.harness import Refused, Reply, Socket, User


def answered(reply: Reply) -> Any:
    """Returns the JSON of an answer; Died for a 5xx."""
    if reply.status >= 500:
        raise Died
    assert reply.status in (200, 201, 202), reply
    return reply.json


def settled(answer: Any) -> Any:
    """Returns an answer without what says that it is not the first."""
    return {name: value for name, value in answer.items() if name not in ("replayed", "moved")}


def said(world: World) -> str:
    """Lets bob say something; returns the id of the message."""
    return say(world.bob, world.conversation_id, "one", "two")[1]


def be_blocked(world: World) -> None:
    assert world.bob.put("/users/alice/block").status == 200


def meet_carol(world: World) -> None:
    world.devices["carol"] = world.parley.user("carol").connect()


def an_hour_later(world: World) -> None:
    world.parley.clock.ms += 3_600_000
    for socket in world.devices.values():
        socket.connection.active_at_ms = world.parley.clock()
        socket.request("ping")


def act_on_conversation(action: str) -> Callable[[World], object]:
    return lambda world: settled(world.ask(action, conversation_id=world.conversation_id))


def in_group(world: World) -> None:
    """Puts alice, who owns it, bob, dave and erin into a group that stands in the place of the direct conversation."""
    people = [world.bob, *(world.parley.user(one) for one in ("dave", "erin"))]
    world.conversation_id = make_group(world.alice, *people)
    world.devices["dave"] = people[1].connect()
    world.ask("join_conversation", conversation_id=world.conversation_id)


def alice_said(world: World) -> None:
    say(world.alice, world.conversation_id, "one", "two")


def and_then(*acts: Callable[[World], object]) -> Callable[[World], None]:
    def arrange(world: World) -> None:
        for act in acts:
            act(world)

    return arrange


def ask_rest(method: str, path: str, json: object = None) -> Callable[[World], object]:
    """Returns an act of alice's; `{}` in a path or a body is the conversation's id."""

    def act(world: World) -> object:
        filled = loads(dumps(json).replace("{}", world.conversation_id))
        return settled(answered(world.alice.request(method, path.replace("{}", world.conversation_id), json=filled)))

    return act


archive = ask_rest("PATCH", "/conversations/{}/archive", {"archived": True})


def invoke(world: World, function: str, event: dict[str, Any]) -> object:
    """Returns what a function answers that no client calls; Died where it failed."""
    try:
        result = world.parley.functions.invoke(function, event)
    except FunctionError as died:
        raise Died from died
    if result["batchItemFailures"]:
        raise Died
    return result


def sweep_rows(kind: str, *keys: Callable[[World], tuple[str, ...]]) -> Callable[[World], object]:
    """Returns what lets the queue bring a job of a sweep."""

    def act(world: World) -> object:
        at_s = world.parley.clock() // 1000
        body = dumps({"kind": kind, "keys": [key(world) for key in keys], "at_s": at_s})
        sent = {"SentTimestamp": str(int(time.time() * 1000))}
        return invoke(world, "SweepRows", {"Records": [{"messageId": "m1", "body": body, "attributes": sent}]})

    return act


def host_of(world: World) -> User:
    return world.parley.bearer(world.parley.token("backend", role="service"), "backend")


def sign_host_in(world: World) -> None:
    answered(host_of(world).get("/unread-count"))  # so that the authorizer makes no call later


def connect_as(person: str) -> Callable[[World], object]:
    def connect(world: World) -> object:
        user = world.parley.bearer(world.parley.token(person), person)
        return connect_new(world, lambda: user.connect(subprotocol=True))

    return connect


def connect_new(world: World, connect: Callable[[], Socket]) -> object:
    try:
        world.devices["new"] = connect()
    except Refused as refused:
        assert refused.status >= 500
        raise Died from refused
    except AssertionError as no_ticket:
        raise Died from no_ticket
    return world.devices["new"].subprotocol


def let_leases_run_low(world: World) -> None:
    """Lets so much time pass that the next frame of a device renews its lease."""
    world.parley.clock.ms += 1000 * (LEASE_S - LEAST_S + 1)


def attach(world: World, count: int = 1) -> None:
    """Lets clean attachments be alice's; two that are swept at once would compete for the row of her uploads."""
    world.files[:] = [clean_attachment(world.parley, world.alice, world.conversation_id) for _ in range(count)]


def put_files(world: World) -> None:
    for key in keys_of(*world.files):
        put_object(world.parley, key, FILE)


def poll(world: World) -> int:
    """Lets each queue that may hold something have one batch delivered; returns how many batches there were."""
    return world.parley.poll_queues()


def moderator(world: World) -> User:
    return world.parley.bearer(world.parley.token("mona", role="moderator"), "mona")


def sign_moderator_in(world: World) -> None:
    moderator(world).get("/admin/reports")
