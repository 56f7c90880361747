"""The queues: posts that did not get through at once, and exports that have more to do."""

from collections.abc import Sequence
from typing import Any

import msgspec

from parley.adapters import aws, environment
from parley.domain.exporting import ExportStep
from parley.domain.posts import Post

MAX_ENTRIES = 10  # of one SendMessageBatch, 256 KB in all (SQS quotas)
MAX_BATCH_BYTES = 256 * 1024
FIRST_DELAY_S = 1  # before the first retry; the queue's visibility timeout spaces the others
MAX_TRIES = 3  # of a batch of which SQS takes only a part


class NotTaken(Exception):
    """SQS would not take what it was sent."""


def retry_later(posts: Sequence[Post]) -> None:
    """Puts posts into the queue; one call per 10."""
    sqs = aws.client("sqs")
    for first in range(0, len(posts), MAX_ENTRIES):
        # A frame is at most 128 KB, so ten of them might not fit one call; then each goes alone.
        chunk = [msgspec.json.encode(post).decode() for post in posts[first : first + MAX_ENTRIES]]
        entries = [{"Id": str(n), "MessageBody": body, "DelaySeconds": FIRST_DELAY_S} for n, body in enumerate(chunk)]
        groups = [entries] if sum(len(body.encode()) for body in chunk) <= MAX_BATCH_BYTES else [[e] for e in entries]
        for group in groups:
            _send(sqs, group)


def go_on_with(step: ExportStep) -> None:
    """Puts an export's next step into its queue."""
    aws.client("sqs").send_message(
        QueueUrl=environment.required("EXPORT_STEPS_QUEUE_URL"), MessageBody=msgspec.json.encode(step).decode()
    )


def _send(sqs: Any, entries: list[dict[str, Any]]) -> None:
    """Sends one batch, and again what of it was not taken: botocore retries a call that fails, not a part of one."""
    for _ in range(MAX_TRIES):
        answer = sqs.send_message_batch(QueueUrl=environment.required("POST_RETRIES_QUEUE_URL"), Entries=entries)
        not_taken = {failure["Id"] for failure in answer.get("Failed", [])}
        entries = [entry for entry in entries if entry["Id"] in not_taken]
        if not entries:
            return
    raise NotTaken(f"the queue did not take {len(entries)} posts")
