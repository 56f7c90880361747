"""The rows and objects of a test are deleted before the next one: only those, because looking costs requests."""

import json
from typing import Any

from local.provision import Store, make_queue, queues
from local.template import Resource, Template

_BATCH = 25  # deletions that one BatchWriteItem takes


class Written:
    """The rows, queues and buckets in which something was written, read off the calls that wrote."""

    def __init__(self) -> None:
        self.rows: list[tuple[str, dict[str, Any]]] = []  # table, and a key or a whole item
        self.tables: set[str] = set()  # also those from which something was only deleted
        self.queues: set[str] = set()
        self.buckets: set[str] = set()  # also those from which something was only deleted: it may have been told
        self.has_events = False

    def note(self, service: str, operation: str, params: dict[str, Any]) -> None:
        """Takes down what a call is about to write, also one that will be refused."""
        match service, operation:
            case "dynamodb", "PutItem" | "UpdateItem" | "DeleteItem":
                self._note_row(params)
            case "dynamodb", "TransactWriteItems":
                for item in params["TransactItems"]:
                    for name in item.keys() & {"Put", "Update", "Delete"}:
                        self._note_row(item[name])
            case "dynamodb", "BatchWriteItem":
                for table, requests in params["RequestItems"].items():
                    for request in requests:
                        self._note_row({"TableName": table, **(request.get("PutRequest") or request["DeleteRequest"])})
            case "dynamodb", "ExecuteStatement" | "ExecuteTransaction" | "BatchExecuteStatement":
                raise AssertionError(f"no test can tell what {operation} writes")
            case "sqs", "SendMessage" | "SendMessageBatch":
                self.queues.add(params["QueueUrl"])
            case "s3", name if name.startswith(("Put", "Copy", "Complete", "Delete")):
                self.buckets.add(params["Bucket"])
            case "events", "PutEvents":
                self.has_events = True

    def note_provisioned(self, template: Template) -> None:
        """Takes down what provisioning wrote: S3 sends a test event to each queue that a bucket names."""
        self.buckets |= {bucket.ref for bucket in template.of_type("AWS::S3::Bucket") if _told_by(bucket)}

    def _note_row(self, write: dict[str, Any]) -> None:
        self.tables.add(write["TableName"])
        self.rows.append((write["TableName"], write.get("Item") or write["Key"]))

    def empty(self, template: Template, store: Store) -> None:
        """Deletes it all, and forgets it."""
        dynamodb, sqs, s3 = store.client("dynamodb"), store.client("sqs"), store.client("s3")
        for table, keys in self._keys(template).items():  # one by one: moto takes equal keys of two tables for one
            for start in range(0, len(keys), _BATCH):
                wanted = {table: [{"DeleteRequest": {"Key": key}} for key in keys[start : start + _BATCH]]}
                while wanted:
                    wanted = dynamodb.batch_write_item(RequestItems=wanted).get("UnprocessedItems") or {}
        for bucket in list(self.buckets):
            for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
                for each in page.get("Contents", []):
                    s3.delete_object(Bucket=bucket, Key=each["Key"])
        for queue in self.held(template):
            sqs.delete_queue(QueueUrl=queue.ref)  # and made again, because a queue can be purged once a minute only
            make_queue(template, queue, sqs)
        self.rows.clear()
        self.tables.clear()
        self.queues.clear()
        self.buckets.clear()
        self.has_events = False

    def _keys(self, template: Template) -> dict[str, list[dict[str, Any]]]:
        """Returns the key of each row, by table."""
        tables = {table.ref: table.properties["KeySchema"] for table in template.of_type("AWS::DynamoDB::Table")}
        found: dict[str, dict[str, dict[str, Any]]] = {}
        for table, attributes in self.rows:
            names = [part["AttributeName"] for part in tables[table]]
            if attributes.keys() >= set(names):  # else the call was refused for that
                key = {name: attributes[name] for name in names}
                found.setdefault(table, {})[json.dumps(key, sort_keys=True, default=repr)] = key
        return {table: list(keys.values()) for table, keys in found.items()}

    def held(self, template: Template) -> list[Resource]:
        """Returns the queues that may hold something, those first into which others let go what fails too often."""
        told = self._told(template)
        own = [queue for queue in queues(template) if queue.ref in self.queues or queue.arn in told]
        behind = {str(queue.properties.get("RedrivePolicy", {}).get("deadLetterTargetArn")) for queue in own}
        return [queue for queue in queues(template) if queue in own or queue.arn in behind]

    def _told(self, template: Template) -> set[str]:
        """Returns the ARNs of the queues into which AWS itself may have put something."""
        buckets = [bucket for bucket in template.of_type("AWS::S3::Bucket") if bucket.ref in self.buckets]
        told = {arn for bucket in buckets for arn in _told_by(bucket)}
        if not buckets and not self.has_events:
            return told
        rules = [rule for rule in template.of_type("AWS::Events::Rule") if "EventPattern" in rule.properties]
        return told | {target["Arn"] for rule in rules for target in rule.properties["Targets"]}


def _told_by(bucket: Resource) -> set[str]:
    """Returns the ARNs of the queues that a bucket names."""
    configuration = bucket.properties.get("NotificationConfiguration", {})
    return {one["Queue"] for one in configuration.get("QueueConfigurations", [])}
