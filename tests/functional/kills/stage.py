"""The stage of a scenario: it is set once, and put back to its beginning for each time that a function dies."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tests.functional.kills.acts import poll
from tests.functional.kills.scenario import Scenario
from tests.functional.kills.world import Died, World
from tests.functional.talk import joined, open_direct
from tests.harness import Call
from tests.harness.emptying import Written
from tests.harness.fixtures import System, forget_told, fresh

READS = ("BatchGet", "Get", "Head", "List", "Query", "Scan", "TransactGet")  # how their operations begin


@dataclass
class End:
    """The end of a scenario: the last answer, what everybody has heard, and what is stored."""

    answer: object
    events: dict[str, set[str]]
    stored: dict[str, set[str]]
    dead_letters: list[str]
    objects: set[str]


async def _nothing() -> None:
    """Lets the gateway do what it still has to do."""


def _leaves_something(call: Call) -> bool:
    return not call.operation.startswith(READS)


class Counter:
    """A hook that counts the calls at which a function can be killed, but mere reads."""

    def __init__(self) -> None:
        self.operations: list[str] = []

    def before(self, call: Call) -> None:
        if not call.is_presigned and _leaves_something(call):
            self.operations.append(f"{call.function} {call.operation}")

    def after(self, call: Call) -> None:
        pass


class Stage:
    """A world that is set up once and put back to its beginning as often as it takes."""

    def __init__(self, world: World, scenario: Scenario, written: Written) -> None:
        self.world = world
        self.scenario = scenario
        self._written = written
        self._clock_ms = world.parley.clock()
        self._loses = world.parley.lose_disconnects
        self._items = self._items_now = world.items()
        written.tables.clear()
        self._devices = dict(world.devices)
        self._open = dict(world.parley.websocket.connections)
        self._sockets = [(socket, socket.closed, vars(socket.connection).copy()) for socket in self._devices.values()]

    def reset(self) -> None:
        parley = self.world.parley
        self._reset_tables()
        self.world.forget_files()
        parley.clock.ms = self._clock_ms
        parley.websocket.lose_disconnects = self._loses
        parley.websocket.connections.clear()
        parley.websocket.connections.update(self._open)
        for socket, closed, connection in self._sockets:
            socket.closed = closed
            vars(socket.connection).update(connection)
        self.world.devices.clear()
        self.world.devices.update(self._devices)
        self.scenario.each(self.world)
        for socket in self.world.devices.values():
            socket.frames.clear()
        forget_told()

    def _reset_tables(self) -> None:
        dynamodb = self.world.parley.store.client("dynamodb")
        for table, items in self._items_now.items():
            kept = self._items[table]
            for key in items.keys() - kept.keys():
                dynamodb.delete_item(TableName=table, Key=json.loads(key))
            for key, item in kept.items():
                if items.get(key) != item:
                    dynamodb.put_item(TableName=table, Item=item)

    def in_peace(self) -> tuple[End, list[str]]:
        """Returns how it ends when nobody dies, and the calls that were made."""
        self.reset()
        counter = Counter()
        self.world.parley.hooks.append(counter)
        answer = self.scenario.act(self.world)
        self.world.parley.hooks.remove(counter)
        return self.end(answer), counter.operations

    def killed(self, at: int) -> End:
        """Returns how it ends when the function dies right after its `at`-th call but reads, and is tried again."""
        self.reset()
        answer: object = None
        with self.world.parley.kill(at, after=True, counts=_leaves_something) as kill:
            try:
                answer = self.scenario.act(self.world)
            except Died:
                pass
        assert kill.happened, f"{self.scenario} made fewer than {at} such calls this time"
        forget_told()  # the memory of a dead process is gone
        return self.end(answer if self.scenario.once else self.try_again())

    def try_again(self) -> object:
        for _ in range(3):
            try:
                return self.scenario.act(self.world)
            except Died:
                continue
        raise AssertionError(f"{self.scenario}: no answer in three tries")

    def end(self, answer: object) -> End:
        while poll(self.world):
            pass
        self.world.parley.run(_nothing())  # what was closed from this side is disconnected by then
        if self.scenario.once:
            self.world.settle()
        events = self.world.events()
        if self.scenario.heals:
            self.world.settle()
        self._items_now = self.world.items(self._items_now, self._written.tables)
        self._written.tables.clear()
        objects = self.world.objects(self._written.buckets)
        return End(answer, events, self.world.stored(self._items_now), self.world.dead_letters(), objects)


@contextmanager
def stage(system: System, scenario: Scenario) -> Iterator[Stage]:
    """Sets the stage for a scenario."""
    with fresh(system) as parley:
        # The same in every run of the scenario, so that all times are; and now, as streams leave out what is older than
        # a quarter of an hour by the clock on the wall.
        parley.clock.ms = int(time.time()) * 1000
        alice, bob, eve = parley.user("alice"), parley.user("bob"), parley.user("eve")
        conversation_id = open_direct(alice, bob)
        devices = {
            "phone": alice.connect(),
            "laptop": alice.connect(),
            "screen": joined(bob, conversation_id),
            "tab": bob.connect(),
            "outsider": eve.connect(),
        }
        world = World(parley, alice, bob, conversation_id, devices)
        scenario.arrange(world)
        parley.run(parley.rest.sign_in(f"Bearer {alice.token}"))  # kept for five minutes, so that it is no call later
        yield Stage(world, scenario, system.written)
