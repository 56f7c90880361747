"""Write the next part of an export into its file."""

from parley.actions import exports
from parley.domain.exporting import ExportStep
from parley.triggers.queue import queue


@queue(ExportStep)
def handler(step: ExportStep, now_ms: int) -> None:
    exports.step(step, now_ms)
