"""Do what is left to do for a hundred members of a group: put it in its place in their lists, tell those online."""

from parley.actions import errands
from parley.triggers.queue import queue


@queue(errands.Delivery)
def handler(delivery: errands.Delivery, now_ms: int) -> None:
    errands.run(delivery, now_ms)
