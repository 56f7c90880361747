"""SQS queues to functions, as Lambda's event source mappings do it (docs: "Using Lambda with Amazon SQS").

A handled message is deleted. A reported message, or all if the function failed, comes back after its visibility
timeout, until the queue's redrive policy moves it to the dead letters.
"""

import json
import logging
import uuid
from collections.abc import Callable
from typing import Any

from local.functions import Functions, InvocationError
from local.patterns import Filter
from local.provision import Store
from local.template import Document, Resource, Template, TemplateError
from parley.domain.api.errors import NotFound

log = logging.getLogger(__name__)

SendMessage = Callable[[str, str], None]

_MAX_RECEIVED = 10  # messages that one ReceiveMessage returns
_DEFAULT_VISIBILITY_S = 30


def sender(template: Template, store: Store) -> SendMessage:
    """Returns a function that sends a message to a queue of the template, by logical id; it raises NotFound."""
    queues = {queue.logical_id: queue for queue in template.of_type("AWS::SQS::Queue")}

    def send(logical_id: str, body: str) -> None:
        if logical_id not in queues:
            raise NotFound("queue_not_found", f"template.yaml has no queue {logical_id!r}.")
        queue = queues[logical_id]
        # A message by hand is a group of its own.
        group = uuid.uuid4().hex
        of_group = {"MessageGroupId": group, "MessageDeduplicationId": group} if _is_fifo(queue) else {}
        store.client("sqs").send_message(QueueUrl=queue.ref, MessageBody=body, **of_group)

    return send


def _is_fifo(queue: Resource) -> bool:
    return bool(queue.properties.get("FifoQueue", False))


class QueueMapping:
    """One event source mapping from a queue to a function."""

    def __init__(self, template: Template, mapping: Resource, functions: Functions, store: Store) -> None:
        properties = mapping.properties
        self.name = mapping.logical_id
        self.queue = template.by_arn(properties["EventSourceArn"])
        names = {name: each for each in functions for name in (each.name, each.arn)}
        self._function = names[properties["FunctionName"]]
        self._functions = functions
        self._store = store
        self.is_fifo = _is_fifo(self.queue)
        self._filter = Filter(properties.get("FilterCriteria", {}))
        self._batch_size = int(properties.get("BatchSize", 10))
        self._reports_failures = "ReportBatchItemFailures" in properties.get("FunctionResponseTypes", [])
        visibility_s = float(self.queue.properties.get("VisibilityTimeout", _DEFAULT_VISIBILITY_S))
        if visibility_s < self._function.timeout_s:  # CreateEventSourceMapping refuses it
            raise TemplateError(
                f"{self.name}: the visibility timeout of {self.queue.logical_id} ({visibility_s:.0f} s) is less than "
                f"the timeout of {self._function.logical_id} ({self._function.timeout_s:.0f} s)"
            )

    def poll(self, *, wait_s: int = 0, retry_at_once: bool = False) -> int:
        """Receives one batch and invokes the function with it; returns how many invocations that were, 0 or 1.

        `retry_at_once` makes failed messages visible again without their timeout, for tests that move a clock by hand.
        """
        messages = self.receive(wait_s)
        if not messages:
            return 0
        self.handle(messages, retry_at_once=retry_at_once)
        return 1

    def receive(self, wait_s: int) -> list[Document]:
        """Returns one batch. Of a FIFO queue no group's next message comes before `handle` has ended with this one."""
        return [message for message in self._receive(wait_s) if self._keep(message)]

    def handle(self, messages: list[Document], *, retry_at_once: bool = False) -> None:
        """Invokes the function with a batch that was received, and deletes what is handled."""
        failed = self._try(messages)
        for message in messages:
            if message["MessageId"] not in failed:
                self._delete(message)
            elif retry_at_once:
                self._client.change_message_visibility(
                    QueueUrl=self.queue.ref, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0
                )

    @property
    def _client(self) -> Any:
        return self._store.client("sqs")

    def _receive(self, wait_s: int) -> list[Document]:
        messages: list[Document] = []
        while len(messages) < self._batch_size:
            page = self._client.receive_message(
                QueueUrl=self.queue.ref,
                MaxNumberOfMessages=min(_MAX_RECEIVED, self._batch_size - len(messages)),
                WaitTimeSeconds=0 if messages else wait_s,
                AttributeNames=["All"],
                MessageAttributeNames=["All"],
            ).get("Messages", [])
            messages += page
            if not page:
                break
        return messages

    def _keep(self, message: Document) -> bool:
        """Says whether the filter lets a message through; other messages are deleted, as Lambda does."""
        try:
            body: Any = json.loads(message["Body"])
        except ValueError:
            body = message["Body"]
        if self._filter.passes({"body": body}):
            return True
        self._delete(message)
        return False

    def _delete(self, message: Document) -> None:
        self._client.delete_message(QueueUrl=self.queue.ref, ReceiptHandle=message["ReceiptHandle"])

    def _try(self, messages: list[Document]) -> set[str]:
        """Returns the ids of the messages that were not handled."""
        everything = {message["MessageId"] for message in messages}
        try:
            result = self._functions.waited(self._function.logical_id, {"Records": [self._record(m) for m in messages]})
        except InvocationError:
            return everything
        if not self._reports_failures or not isinstance(result, dict):
            return set()
        failed = {failure.get("itemIdentifier") for failure in result.get("batchItemFailures") or []}
        return failed if failed <= everything else everything  # an unknown identifier fails the whole batch

    def _record(self, message: Document) -> Document:
        return {
            "messageId": message["MessageId"],
            "receiptHandle": message["ReceiptHandle"],
            "body": message["Body"],
            "attributes": message.get("Attributes", {}),
            "messageAttributes": {
                name: {k[0].lower() + k[1:]: v for k, v in value.items() if k != "BinaryValue"}
                for name, value in message.get("MessageAttributes", {}).items()
            },
            "md5OfBody": message["MD5OfBody"],
            "eventSource": "aws:sqs",
            "eventSourceARN": self.queue.arn,
            "awsRegion": self.queue.arn.split(":")[3],
        }


def mappings(template: Template, functions: Functions, store: Store) -> list[QueueMapping]:
    """Returns the template's mappings from queues, enabled ones only."""
    return [
        QueueMapping(template, each, functions, store)
        for each in template.of_type("AWS::Lambda::EventSourceMapping")
        if ":sqs:" in each.properties["EventSourceArn"] and each.properties.get("Enabled", True)
    ]
