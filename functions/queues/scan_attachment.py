"""Examine an upload, or the picture of a preview: S3 tells of it, or a virus scanner."""

from collections.abc import Mapping

from parley.actions.attachments import scanning
from parley.domain.api.request import Request
from parley.domain.attachments.scans import ScanMessage
from parley.triggers.queue import counted_queue


@counted_queue(ScanMessage)
def handler(request: Request, message: ScanMessage, number: int) -> Mapping[str, str]:
    return scanning.scan_attachment(request, message, number)
