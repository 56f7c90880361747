"""Deliver a message or change to a hundred members of a group: move it up their lists, tell those online."""

from parley.actions.live import fan_out
from parley.triggers.queue import queue


@queue(fan_out.Delivery)
def handler(delivery: fan_out.Delivery, now_ms: int) -> None:
    fan_out.run_fan_out(delivery, now_ms)
