"""Give a message the preview of its first link: the words of the page about itself, and its picture if clean."""

from collections.abc import Mapping

from parley.actions.messages import previews
from parley.domain.api.request import Request
from parley.domain.previews.job import PreviewJob
from parley.triggers.queue import counted_queue


@counted_queue(PreviewJob)
def handler(request: Request, job: PreviewJob, number: int) -> Mapping[str, str]:
    return previews.preview_link(job, request.now_ms, request.request_id)
