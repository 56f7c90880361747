"""The world of a kill scenario: people, devices, and what is stored in the end."""

import json
import re
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from parley.triggers.request_log import QUIET
from tests.functional.talk import LEASE_S
from tests.harness import Frame, Parley, Socket, User, calls

COUNTS = ("#cost", "#live")  # the buckets of what a request has cost
MADE_UP = re.compile(r"\b(erased-|z_)[a-z2-7]{26}")  # ids that are random, so that nobody can guess whose they are


class Died(Exception):
    """The function did not live to answer."""


Items = dict[str, dict[str, dict[str, Any]]]  # by table and key, in DynamoDB's own notation


@dataclass
class World:
    """Alice and bob, who talk, and eve, who does not; it is alice's phone that acts."""

    parley: Parley
    alice: User
    bob: User
    conversation_id: str
    devices: dict[str, Socket]
    asked: str = ""  # the action that the phone sent last
    files: list[str] = field(default_factory=list)  # the attachments whose files were uploaded

    @property
    def phone(self) -> Socket:
        return self.devices["phone"]

    def ask(self, action: str, **data: object) -> Frame:
        """Returns what the phone gets as its ack."""
        self.asked = action
        self.phone.send({"action": action, "request_id": "r1", "data": data})
        replies = [frame for frame in self.phone.frames if frame.get("type") != "event"]
        self.phone.frames[:] = [frame for frame in self.phone.frames if frame.get("type") == "event"]
        if not replies:
            raise Died
        # A function that posts its reply may die after it: then the gateway's own frame follows.
        [reply] = [frame for frame in replies if frame.get("type") == "ack"] or replies
        if reply.get("message") == "Internal server error" or reply.get("error", {}).get("status", 0) >= 500:
            raise Died
        assert reply["type"] == "ack", reply
        return dict(reply["data"])

    def sweep(self, function: str) -> None:
        with self.parley.watch() as calls:
            self.parley.run_schedule(function)
        if not calls:
            raise Died

    def events(self) -> dict[str, set[str]]:
        """Returns what each device has heard, once each; not the acks that a queue may bring the phone late."""
        return {
            name: {self.written(_told(frame)) for frame in socket.frames if not self._is_late_ack(name, frame)}
            for name, socket in self.devices.items()
        }

    def _is_late_ack(self, device: str, frame: Frame) -> bool:
        """Says whether a frame may be the ack of a quiet action: its function posts it, so the queue may repeat it."""
        return (
            device == "phone" and self.asked in QUIET and (frame.get("type"), frame.get("request_id")) == ("ack", "r1")
        )

    def items(self, known: Items | None = None, written: Collection[str] = ()) -> Items:
        """Returns every item of every table, by table and key; of `known` tables, only the written ones are read."""
        dynamodb = self.parley.store.client("dynamodb")
        found: Items = {}
        for table in self.parley.template.of_type("AWS::DynamoDB::Table"):
            if known is not None and table.ref not in written:
                found[table.ref] = known[table.ref]
                continue
            keys = [key["AttributeName"] for key in table.properties["KeySchema"]]
            scanned = dynamodb.scan(TableName=table.ref, ConsistentRead=True)["Items"]
            if table.logical_id == "Rates":  # a try that dies has cost something, too
                scanned = [item for item in scanned if not item["user_id"]["S"].endswith(COUNTS)]
            found[table.ref] = {json.dumps({key: item[key] for key in keys}): item for item in scanned}
        return found

    def stored(self, items_by_table: Items) -> dict[str, set[str]]:
        """Returns what the tables hold, as far as anybody can tell; connections under the names of their devices."""
        now_s = self.parley.clock() // 1000
        return {
            table: {
                self.written(_visible(item))
                for item in items.values()
                if int(item.get("expires_at_s", {"N": now_s + 1})["N"]) > now_s  # DynamoDB deletes what has run out
                and "used_by" not in item  # a ticket that is used up is as good as deleted
                # The number of a call's signals counts tries, as a bucket does (`_visible`): a retry is one more.
                and "signals" not in item
            }
            for table, items in items_by_table.items()
        }

    def objects(self, buckets: Collection[str]) -> set[str]:
        """Returns the keys of all objects in these buckets, with the hashes of their bytes."""
        s3 = self.parley.store.client("s3")
        listed = [s3.list_objects_v2(Bucket=bucket).get("Contents", []) for bucket in buckets]
        return {f"{each['Key']} {each['ETag']}" for contents in listed for each in contents}

    def forget_files(self) -> None:
        """Empties the buckets of uploads and of clean files."""
        s3 = self.parley.store.client("s3")
        buckets = {self.parley.template.resources[name].ref for name in ("Quarantine", "Attachments")}
        for bucket in buckets & calls.written.buckets:
            for each in s3.list_objects_v2(Bucket=bucket).get("Contents", []):
                s3.delete_object(Bucket=bucket, Key=each["Key"])

    def dead_letters(self) -> list[str]:
        sqs = self.parley.store.client("sqs")
        redriven = [one for one in self.parley.template.of_type("AWS::SQS::Queue") if "RedrivePolicy" in one.properties]
        queues_there = [
            self.parley.template.by_arn(one.properties["RedrivePolicy"]["deadLetterTargetArn"]) for one in redriven
        ]
        held = [one for one in calls.written.held(self.parley.template) if one in queues_there]
        received = [sqs.receive_message(QueueUrl=one.ref, MaxNumberOfMessages=10) for one in held]
        bodies = [message["Body"] for answer in received for message in answer.get("Messages", [])]
        # One queue also takes Lambda's notes of scheduled runs that failed; those are no jobs that were given up.
        return [body for body in bodies if "requestContext" not in json.loads(body)]

    def written(self, value: object) -> str:
        """Returns JSON, the same for the same value, with the names of devices in place of their connection ids."""
        text = MADE_UP.sub(r"\1-made-up", json.dumps(value, default=bytes.hex))
        for name, socket in self.devices.items():
            text = text.replace(socket.connection_id, f"<{name}>")
        return json.dumps(json.loads(text), sort_keys=True)

    def settle(self) -> None:
        """Lets ghosts run out: who is there pings, and the rest is swept away."""
        self.parley.advance(LEASE_S - 10)
        for socket in self.devices.values():
            if socket.closed is None:
                socket.request("ping")
        self.parley.advance(20)
        self.parley.run_schedule("ClearStalePresence")


def _told(frame: Frame) -> Frame:
    """Returns a frame without the `users` of a leave: the sweep names nobody, and tells of a leave that was cut off."""
    data = frame.get("data", {})
    if frame.get("event") != "user_status_change" or data["status"] != "offline":
        return frame
    return frame | {"data": {name: value for name, value in data.items() if name != "users"}}


def _visible(item: dict[str, Any]) -> dict[str, Any]:
    """Returns an item without what nobody is shown: when a person who is here was last here; which ticket it is.

    Nor which request it was, how full a person's bucket is (a try that dies may have used a token up), and when a
    job last moved, by the clock on the wall.
    """
    here = item.get("connections", {}).get("M")
    hidden = {"ticket_hash", "request_id", "tat_ms", "moved_at_ms", "finished_at_ms"} | (
        {"last_seen_ms"} if here else set()
    )
    if item.get("action") == {"S": "erase_user"}:
        hidden.add("entry_id")  # it is a hash of the erasure's id among others, which is random
    if "erasure_id" in item:
        hidden.add("revision")  # a part that finds done what it would have done is noted with the next one
    if "outbox" in item:
        hidden |= {"created_at_ms", "expires_at_s"}  # likewise
    if item.get("place", {}).get("S", "")[:2] in ("c#", "n#", "t#"):  # of a notification
        hidden |= {"expires_at_s", "owner", "until_ms", "version", "pushed_at_ms", "told_ms"}
        item = item | ({"document": _untimed(item["document"])} if "document" in item else {})
    if "unsent" in item or "tat_ms" in item or item.get("conversation_id", {}).get("S", "").startswith("#page#"):
        hidden.add("expires_at_s")  # a queue's function counts from the clock on the wall
    seen = {name: value for name, value in item.items() if name not in hidden}
    if "M" in seen.get("removed", ()):  # of an erasure, and not of a message
        # The store lets tickets run out by the clock on the wall, so how many an erasure finds depends on the hour.
        counts = {kind: count for kind, count in seen["removed"]["M"].items() if kind != "tickets"}
        seen["removed"] = {"M": counts}
    return seen


def _untimed(document: dict[str, Any]) -> dict[str, Any]:
    """Returns what channels have decided without the times, by the clock on the wall."""
    channels = document["M"].items()
    return {"M": {name: {"M": {k: v for k, v in told["M"].items() if k != "at_ms"}} for name, told in channels}}
