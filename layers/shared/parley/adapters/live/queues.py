"""The queues: posts that wait, work left for a group's members, and exports that have more to do."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from parley.adapters import environment
from parley.adapters.dynamodb import clients, retrying
from parley.domain.live.posts import Post
from parley.domain.live.sweeps import SweepJob

if TYPE_CHECKING:  # every handler that tells people imports this module; few handle the others
    from parley.domain.attachments.steps import AttachmentStep
    from parley.domain.erasure.job import ErasureStep
    from parley.domain.exports.job import ExportStep

MAX_ENTRIES = 10  # of one SendMessageBatch, 256 KB in all (SQS quotas)
MAX_BATCH_BYTES = 256 * 1024
FIRST_DELAY_S = 1  # before the first retry of a post; the queue's visibility timeout spaces the others
MAX_TRIES = 3  # of a batch of which SQS takes only a part


def retry_later(posts: Sequence[Post]) -> None:
    """Puts posts into the queue; one call per 10."""
    send_all("POST_RETRIES_QUEUE_URL", posts, delay_s=FIRST_DELAY_S)


def deliver(jobs: Sequence[Struct], delay_s: int = 0) -> None:
    """Puts jobs that tell many people into their queue, to be done after `delay_s`; one call per 10."""
    send_all("DELIVERIES_QUEUE_URL", jobs, delay_s=delay_s)


def sweep_on(jobs: Sequence[SweepJob], delay_s: int = 0) -> None:
    """Puts due rows that a sweep has found into their queue, to be handled after `delay_s`; one call per 10 jobs."""
    send_all("SWEEPS_QUEUE_URL", jobs, delay_s=delay_s)


def send_all(queue_variable: str, bodies: Sequence[Struct], delay_s: int = 0) -> None:
    """Sends bodies to the queue that an environment variable names; one call per 10."""
    send_each(queue_variable, [(body, delay_s) for body in bodies])


def send_each(queue_variable: str, bodies: Sequence[tuple[Struct, int]]) -> None:
    """Sends bodies, each with its own delay in seconds, to the queue that a variable names; one call per 10."""
    if not bodies:
        return
    sqs, queue_url = clients.client("sqs"), environment.required(queue_variable)
    for first in range(0, len(bodies), MAX_ENTRIES):
        # A frame is at most 128 KB, so ten of them might not fit one call; then each goes alone.
        chunk = [(msgspec.json.encode(body).decode(), delay_s) for body, delay_s in bodies[first : first + MAX_ENTRIES]]
        entries = [
            {"Id": str(n), "MessageBody": body, **({"DelaySeconds": delay_s} if delay_s else {})}
            for n, (body, delay_s) in enumerate(chunk)
        ]
        fit = sum(len(body.encode()) for body, _ in chunk) <= MAX_BATCH_BYTES
        for group in [entries] if fit else [[entry] for entry in entries]:
            send_entries(sqs, queue_url, group)


def go_on_with(step: "ExportStep") -> None:
    """Puts an export's next step into its queue."""
    clients.client("sqs").send_message(
        QueueUrl=environment.required("EXPORT_STEPS_QUEUE_URL"), MessageBody=msgspec.json.encode(step).decode()
    )


def erase_on(step: "ErasureStep", delay_s: int = 0) -> None:
    """Puts an erasure's next step into its queue, to be done after `delay_s` (900 at most, SQS quotas)."""
    send_all("ERASURE_STEPS_QUEUE_URL", [step], delay_s=delay_s)


def settle_on(steps: Sequence["AttachmentStep"]) -> None:
    """Puts steps for attachments into their queue; one call per 10."""
    send_all("ATTACHMENT_STEPS_QUEUE_URL", steps)


def send_entries(sqs: Any, queue_url: str, entries: list[dict[str, Any]]) -> None:
    """Sends one batch, and repeats the part that was not taken: botocore repeats a failed call, not a part of one."""
    for _ in range(MAX_TRIES):
        answer = sqs.send_message_batch(QueueUrl=queue_url, Entries=entries)
        not_taken = {failure["Id"] for failure in answer.get("Failed", [])}
        entries = [entry for entry in entries if entry["Id"] in not_taken]
        if not entries:
            return
    raise retrying.busy()
