"""Write the next part of an export into its file."""

from parley.actions.exports import exports
from parley.domain.exports.job import ExportStep
from parley.triggers.queue import queue


@queue(ExportStep)
def handler(step: ExportStep, now_ms: int) -> None:
    exports.write_export(step, now_ms)
