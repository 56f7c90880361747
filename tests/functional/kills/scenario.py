"""A scenario of the kill tests: one request of one operation, and what comes before it."""

from collections.abc import Callable
from dataclasses import dataclass

from tests.functional.kills.world import World


@dataclass(frozen=True)
class Scenario:
    """One request of one operation: what comes before it, and the request, which raises Died when it was not answered.

    `arrange` comes once, `each` before every try of the whole. `act` returns what the client makes of the answer.
    `heals` is for what leaves ghosts, which the sweep then finds; with `once`, nobody tries again and the sweep
    has to make good alone. `parting` names the event that a device gets right before it is closed: such an event is
    posted once, because no later post would reach the device.
    """

    operation: str
    act: Callable[[World], object]
    arrange: Callable[[World], object] = lambda world: None
    each: Callable[[World], object] = lambda world: None
    heals: bool = False
    once: bool = False
    parting: str | None = None
    variant: str = ""

    def __str__(self) -> str:
        return f"{self.operation}{'-' if self.variant else ''}{self.variant}"
