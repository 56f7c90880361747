"""Kill any writing operation between any of its AWS calls, and try again: nothing is different.

Every scenario is played once in peace, which also counts its calls. Then it is played again for each of them that is
no mere read: the function dies right after it. (Between two reads it leaves what it leaves before both.) The client
tries again with the same `client_id`, as clients do. In the end the tables hold the same, the last answer is the same,
and everybody has heard the same: more often, perhaps, for clients drop what they have.
"""

import json
import os
import re
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from json import dumps, loads
from typing import Any
from urllib.parse import quote

import pytest

from local import queues
from local.functions import FunctionError
from parley.adapters.dynamodb.documents import to_wire
from parley.domain.attachments.attachment import UNSENT_S
from parley.domain.conversations import reports
from parley.triggers.request_log import QUIET
from tests.functional.attachment_ends import SEQ, forwarded, keys_of, put_carrier, settle, step
from tests.functional.attachments import EICAR, FILE, clean_attachment, picture, put_object, say_aloud, set_row, upload
from tests.functional.talk import LEASE_S, LEAST_S, joined, make_group, meet, open_direct, say
from tests.harness import Call, Frame, Parley, Refused, Reply, Socket, User
from tests.harness.emptying import Written
from tests.harness.fixtures import System, forget_told, fresh
from tests.harness.iam import rights

ENGINES = ("ministack",)  # which calls were made when it dies is the same on any; each operation runs on both elsewhere
NOW_MS = int(time.time()) * 1000  # the same in every run, so that all times are
WRITING = ("dynamodb:Put", "dynamodb:Update", "dynamodb:Delete", "execute-api:ManageConnections", "sqs:SendMessage")
READS = ("BatchGet", "Get", "Head", "List", "Query", "Scan", "TransactGet")  # how their operations begin
THUMB = "%F0%9F%91%8D"
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
            name: {self.written(frame) for frame in socket.frames if not self._is_late_ack(name, frame)}
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
                scanned = [item for item in scanned if "#" not in item["user_id"]["S"]]
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
                # How many signals a call has had counts tries, as a bucket does (`_visible`): a retry is one more.
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
        for bucket in (self.parley.template.resources[name].ref for name in ("Quarantine", "Attachments")):
            for each in s3.list_objects_v2(Bucket=bucket).get("Contents", []):
                s3.delete_object(Bucket=bucket, Key=each["Key"])

    def dead_letters(self) -> list[str]:
        sqs = self.parley.store.client("sqs")
        redriven = [one for one in self.parley.template.of_type("AWS::SQS::Queue") if "RedrivePolicy" in one.properties]
        queues_there = [
            self.parley.template.by_arn(one.properties["RedrivePolicy"]["deadLetterTargetArn"]) for one in redriven
        ]
        received = [sqs.receive_message(QueueUrl=one.ref, MaxNumberOfMessages=10) for one in queues_there]
        bodies = [message["Body"] for answer in received for message in answer.get("Messages", [])]
        # One queue also takes Lambda's notes of scheduled runs that failed; those are no jobs that were given up.
        return [body for body in bodies if "requestContext" not in json.loads(body)]

    def written(self, value: object) -> str:
        """Returns JSON, the same for the same value, with the names of devices in place of their connection ids."""
        text = MADE_UP.sub(r"\1-made-up", json.dumps(value))
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


def _visible(item: dict[str, Any]) -> dict[str, Any]:
    """Returns an item without what nobody is shown: when somebody was last here who is here; which ticket it is.

    Nor which request it was, how full somebody's bucket is (a try that dies may have used a token up), and when a
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
    if "unsent" in item:
        hidden.add("expires_at_s")  # a queue's function counts from the clock on the wall
    seen = {name: value for name, value in item.items() if name not in hidden}
    if "removed" in seen:
        # The store lets tickets run out by the clock on the wall, so how many an erasure finds depends on the hour.
        counts = {kind: count for kind, count in seen["removed"]["M"].items() if kind != "tickets"}
        seen["removed"] = {"M": counts}
    return seen


@dataclass(frozen=True)
class Scenario:
    """One request of one operation: what comes before it, and the request, which raises Died when it was not answered.

    `arrange` comes once, `each` before every try of the whole. `act` returns what the client makes of the answer.
    `heals` is for what leaves ghosts behind, which the sweep then finds; with `once`, nobody tries again and the sweep
    has to make good alone.
    """

    operation: str
    act: Callable[[World], object]
    arrange: Callable[[World], object] = lambda world: None
    each: Callable[[World], object] = lambda world: None
    heals: bool = False
    once: bool = False
    variant: str = ""

    def __str__(self) -> str:
        return f"{self.operation}{'-' if self.variant else ''}{self.variant}"


def answered(reply: Reply) -> Any:
    """Returns the JSON of an answer; Died for a 5xx."""
    if reply.status >= 500:
        raise Died
    assert reply.status in (200, 201, 202), reply
    return reply.json


def settled(answer: Any) -> Any:
    """Returns an answer without what says that it is not the first."""
    return {name: value for name, value in answer.items() if name not in ("replayed", "moved")}


def said(world: World) -> str:
    """Lets bob say something; returns the id of the message."""
    return say(world.bob, world.conversation_id, "one", "two")[1]


def spoken(world: World) -> None:
    """Lets bob send a voice message."""
    say_aloud(world.parley, world.bob, world.conversation_id)


def be_blocked(world: World) -> None:
    assert world.bob.put("/users/alice/block").status == 200


def send_rest(world: World) -> object:
    path = f"/conversations/{world.conversation_id}/messages"
    return settled(answered(world.alice.post(path, json={"text": "hello", "client_id": "c1"})))


def send_websocket(world: World) -> object:
    return settled(world.ask("send_message", conversation_id=world.conversation_id, text="hello", client_id="c1"))


def attached(world: World) -> dict[str, object]:
    return {"attachment_ids": world.files, "client_id": "c1"}


def send_files_rest(world: World) -> object:
    path = f"/conversations/{world.conversation_id}/messages"
    return settled(answered(world.alice.post(path, json=attached(world))))


def send_files_websocket(world: World) -> object:
    return settled(world.ask("send_message", conversation_id=world.conversation_id, **attached(world)))


def sent_files(world: World) -> None:
    attach(world, 2)
    send_files_rest(world)


def lose_a_device(world: World) -> None:
    """Leaves bob with a connection that is gone, and old enough that a 410 means it."""
    world.parley.lose_disconnects = True
    world.bob.connect().close()
    world.parley.clock.ms += 60_000


def send_to_slow_and_gone(world: World) -> object:
    world.devices["tab"].is_full = True
    try:
        return send_rest(world)
    finally:
        world.devices["tab"].is_full = False


def send_to_user(world: World) -> object:
    return settled(answered(world.alice.post("/messages", json={"user_id": "bob", "text": "hello", "client_id": "c1"})))


def send_to_new(world: World) -> object:
    body = {"user_id": "carol", "text": "hello", "client_id": "c1"}
    return settled(answered(world.alice.post("/messages", json=body)))


def send_file_to_new(world: World) -> object:
    return settled(answered(world.alice.post("/messages", json={"user_id": "carol", **attached(world)})))


def attach_for_carol(world: World) -> None:
    """Lets alice have a clean file for carol, with whom she has no conversation."""
    meet_carol(world)
    body = {"user_id": "carol", "name": "plan.pdf", "type": "application/pdf", "size": 10}
    attachment_id = answered(world.alice.post("/attachments", json=body))["attachment"]["id"]
    set_row(world.parley, attachment_id, state="clean", version=3)
    world.files[:] = [attachment_id]


def meet_carol(world: World) -> None:
    world.devices["carol"] = world.parley.user("carol").connect()


def meet_absent_carol(world: World) -> None:
    meet(world.bob, world.parley.user("carol"))


def create(world: World) -> object:
    return answered(world.alice.post("/conversations", json={"type": "direct", "user_id": "carol"}))


def an_hour_later(world: World) -> None:
    world.parley.clock.ms += 3_600_000
    for socket in world.devices.values():
        socket.connection.active_at_ms = world.parley.clock()
        socket.request("ping")


def act_on_last(action: str) -> Callable[[World], object]:
    return lambda world: settled(world.ask(action, message_id=f"{world.conversation_id}.2"))


def act_on_conversation(action: str) -> Callable[[World], object]:
    return lambda world: settled(world.ask(action, conversation_id=world.conversation_id))


def in_group(world: World) -> None:
    """Puts alice, who owns it, bob, dave and erin into a group that stands in the place of the direct conversation."""
    people = [world.bob, *(world.parley.user(one) for one in ("dave", "erin"))]
    world.conversation_id = make_group(world.alice, *people)
    world.devices["dave"] = people[1].connect()
    world.ask("join_conversation", conversation_id=world.conversation_id)


def in_large_group(world: World) -> None:
    """The same with so many members that the queue tells them."""
    in_group(world)
    body = {"user_ids": [f"u{number}" for number in range(90)]}
    for user_ids in (body["user_ids"], [f"v{number}" for number in range(20)]):
        path = f"/conversations/{world.conversation_id}/members"
        assert world.alice.post(path, json={"user_ids": user_ids}).status == 200


def alice_said(world: World) -> None:
    say(world.alice, world.conversation_id, "one", "two")


def talked(world: World) -> None:
    """Lets both have written, so that each of them is told whether the other is there."""
    said(world)
    alice_said(world)


def and_then(*acts: Callable[[World], object]) -> Callable[[World], None]:
    def arrange(world: World) -> None:
        for act in acts:
            act(world)

    return arrange


def ask_rest(method: str, path: str, json: object = None) -> Callable[[World], object]:
    """Returns an act of alice's; `{}` in a path or a body is the conversation's id."""

    def act(world: World) -> object:
        filled = loads(dumps(json).replace("{}", world.conversation_id))
        return settled(answered(world.alice.request(method, path.replace("{}", world.conversation_id), json=filled)))

    return act


archive = ask_rest("PATCH", "/conversations/{}/archive", {"archived": True})


def create_group(world: World) -> object:
    body = {"type": "group", "title": "Chess", "member_ids": ["bob", "carol"], "client_id": "g1"}
    return answered(world.alice.post("/conversations", json=body))


def forward(world: World) -> object:
    body = {"conversation_ids": [world.conversation_id], "client_id": "f1"}
    path = f"/messages/{world.conversation_id}.1/forward"
    return [settled(one) for one in answered(world.alice.post(path, json=body))["messages"]]


def invoke(world: World, function: str, event: dict[str, Any]) -> object:
    """Returns what a function answers that no client calls; Died where it failed."""
    try:
        result = world.parley.functions.invoke(function, event)
    except FunctionError as died:
        raise Died from died
    if result["batchItemFailures"]:
        raise Died
    return result


def hand_out(world: World) -> object:
    """Lets the stream bring the message that left something to do for the group."""
    rows = world.items()[world.parley.template.resources["Messages"].ref].values()
    row = max((one for one in rows if "errands" in one), key=lambda one: int(one["seq"]["N"]))
    written_at_s = world.parley.clock() / 1000
    change = {"NewImage": row, "SequenceNumber": "1", "ApproximateCreationDateTime": written_at_s}
    return invoke(world, "StartFanOut", {"Records": [{"dynamodb": change}]})


def run_fan_out(world: World) -> object:
    """Lets the queue bring the job for the first part of the group, its first message of the hour among it."""
    heads = world.items()[world.parley.template.resources["Conversations"].ref]
    last_seq = int(heads[dumps({"conversation_id": {"S": world.conversation_id}})]["last_seq"]["N"])
    errand = {"conversation_id": world.conversation_id, "seq": last_seq, "errands": ["index", "fan_out"]}
    delivery = {"errand": errand, "user_ids": ["alice", "bob", "dave", "erin", "u1"]}
    return invoke(world, "RunFanOut", {"Records": [{"messageId": "m1", "body": dumps(delivery)}]})


def sweep_rows(kind: str, *keys: Callable[[World], tuple[str, ...]]) -> Callable[[World], object]:
    """Returns what lets the queue bring a job of a sweep."""

    def act(world: World) -> object:
        at_s = world.parley.clock() // 1000
        body = dumps({"kind": kind, "keys": [key(world) for key in keys], "at_s": at_s})
        sent = {"SentTimestamp": str(int(time.time() * 1000))}
        return invoke(world, "SweepRows", {"Records": [{"messageId": "m1", "body": body, "attributes": sent}]})

    return act


def patch(path: str) -> Callable[[World], object]:
    return lambda world: settled(answered(world.alice.patch(path.format(world.conversation_id))))


def play(seq: int) -> Callable[[World], object]:
    return ask_rest("PUT", f"/messages/{{}}.{seq}/played")


def open_here(world: World) -> None:
    world.ask("join_conversation", conversation_id=world.conversation_id)


def type_here(world: World) -> None:
    world.ask("typing_start", conversation_id=world.conversation_id)


def host_of(world: World) -> User:
    return world.parley.bearer(world.parley.token("backend", role="service"), "backend")


def sign_host_in(world: World) -> None:
    answered(host_of(world).get("/unread-count"))  # so that the authorizer makes no call later


def put_user(world: World) -> object:
    return answered(
        host_of(world).put("/users/dave", json={"name": "Dave", "role": "student", "contexts": {"class": ["7b"]}})
    )


def hide(world: World) -> object:
    return answered(world.alice.patch("/me", json={"show_last_seen": False}))


def create_turn_credentials(world: World) -> object:
    return answered(world.alice.post("/turn-credentials", json={"conversation_id": world.conversation_id}))


def sign_out_bob(world: World) -> object:
    return sorted(answered(host_of(world).post("/users/bob/sign-out")))


def close_laptop(world: World) -> object:
    laptop = quote(world.devices["laptop"].connection_id, safe="")
    return answered(world.alice.delete(f"/me/connections/{laptop}"))


def create_ws_ticket(world: World) -> object:
    ticket = answered(world.alice.post("/ws-tickets"))
    return sorted(ticket)


def connect_as(person: str) -> Callable[[World], object]:
    def connect(world: World) -> object:
        user = world.parley.bearer(world.parley.token(person), person)
        return connect_new(world, lambda: user.connect(subprotocol=True))

    return connect


def crowd_with_ghosts(world: World) -> None:
    """Leaves alice as many connections as she may have; of the last two, one is gone and the other's token is over."""
    world.parley.lose_disconnects = True
    world.devices["gone"] = world.alice.connect()
    world.devices["gone"].close()
    world.devices["expired"] = world.parley.bearer(world.parley.token("alice", expires_in_s=60), "alice").connect(
        subprotocol=True
    )
    world.parley.clock.ms += 1000 * (LEASE_S + 10)
    for name in ("phone", "laptop", "screen", "tab", "outsider"):
        world.devices[name].connection.active_at_ms = world.parley.clock()
        world.devices[name].request("ping")
    os.environ["CONNECTIONS_PER_USER"] = "4"  # the harness puts the environment back


def connect_by_ticket(world: World) -> object:
    return connect_new(world, world.alice.connect)


def connect_new(world: World, connect: Callable[[], Socket]) -> object:
    try:
        world.devices["new"] = connect()
    except Refused as refused:
        assert refused.status >= 500
        raise Died from refused
    except AssertionError as no_ticket:
        raise Died from no_ticket
    return world.devices["new"].subprotocol


def sign_in(world: World) -> object:
    # Each time by another token: API Gateway asks once for each, and keeps the answer.
    token = world.parley.token("dave", expires_in_s=next(_lives_s))
    return answered(world.parley.bearer(token, "dave").get("/unread-count"))


_lives_s = count(3600)


def go(world: World) -> None:
    world.phone.close()


def come_alone(world: World) -> None:
    world.devices["laptop"].close()
    del world.devices["laptop"]


def let_leases_run_low(world: World) -> None:
    """Lets so much time pass that the next frame of a device renews its lease."""
    world.parley.clock.ms += 1000 * (LEASE_S - LEAST_S + 1)


def ask_for_own_status(world: World) -> object:
    return world.ask("request_user_status", user_ids=["alice"])


def be_forgotten(world: World) -> None:
    world.parley.lose_disconnects = True
    come_alone(world)
    world.parley.clock.ms += 1000 * (LEASE_S + 10)
    for name, socket in world.devices.items():
        socket.connection.active_at_ms = world.parley.clock()
        if name != "phone":
            socket.request("ping")
    world.parley.run_schedule("ClearStalePresence")
    # The sweep has closed the phone's socket, too; let it be as if that had not got through.
    world.phone.closed = None
    world.phone.connection.state = type(world.phone.connection.state).OPEN
    world.parley.websocket.connections[world.phone.connection_id] = world.phone.connection


def leave_ghosts(world: World) -> None:
    world.devices["expired"] = world.parley.user("dave", expires_in_s=60).connect()
    talked(world)
    meet(world.bob, world.parley.user("dave"))
    world.parley.lose_disconnects = True
    world.phone.close()
    world.devices.pop("laptop").close()
    world.parley.clock.ms += 1000 * (LEASE_S + 10)
    for name in ("screen", "tab", "outsider"):
        world.devices[name].request("ping")


def let_typing_run_out(world: World) -> None:
    type_here(world)
    world.parley.clock.ms += 6000


def signal(what: str, **fields: object) -> Callable[[World], object]:
    """Returns what says a signal of the call."""
    return lambda world: world.ask(
        "call_signal", conversation_id=world.conversation_id, call_id="c1", signal=what, **fields
    )


def bob_says(world: World, what: str, **fields: object) -> None:
    data = {"conversation_id": world.conversation_id, "call_id": "c1", "signal": what, **fields}
    assert world.devices["screen"].request("call_signal", data)["type"] == "ack"


def bob_calls(world: World) -> None:
    bob_says(world, "offer", payload="sdp")


def call_bob(world: World) -> None:
    signal("offer", payload="sdp")(world)


def talk_to_bob(world: World) -> None:
    call_bob(world)
    bob_says(world, "answer", payload="sdp")


def keep_bob_busy(world: World) -> None:
    carol = world.parley.user("carol")
    data = {"conversation_id": open_direct(carol, world.bob), "call_id": "c2", "signal": "offer"}
    world.devices["carol"] = carol.connect()
    assert world.devices["carol"].request("call_signal", data)["type"] == "ack"


def let_calls_ring_out(world: World) -> None:
    call_bob(world)
    world.parley.clock.ms += 50_000


def call_and_sweep(world: World) -> object:
    """Lets alice call; the call before it has rung out, and where its end was not told to all, the sweep does that."""
    answer = signal("offer", payload="sdp")(world)
    sweep_calls(world)
    return answer


def keep_bob_busy_for_too_long(world: World) -> None:
    keep_bob_busy(world)
    world.parley.clock.ms += 50_000


def reconnect_in_a_call(world: World) -> None:
    talk_to_bob(world)
    world.devices["new"] = world.alice.connect()


def resume(world: World) -> object:
    old, new = world.phone, world.devices["new"]
    world.devices["phone"] = new
    try:
        return signal("resume", previous_connection_id=old.connection_id)(world)
    finally:
        world.devices["phone"] = old


def lose_phone_in_a_call(world: World) -> None:
    talk_to_bob(world)
    world.phone.close()
    world.parley.clock.ms += 100_000
    world.parley.run_schedule("ClearStaleCalls")
    world.parley.clock.ms += 40_000


def check_on_a_call(world: World) -> None:
    talk_to_bob(world)
    world.parley.clock.ms += 100_000


def sweep_calls(world: World) -> None:
    world.sweep("ClearStaleCalls")


def leave_posts_behind(world: World) -> None:
    for name in ("screen", "tab"):
        world.devices[name].is_full = True
    say(world.alice, world.conversation_id, "hello")
    world.devices["screen"].is_full = world.devices["tab"].is_full = False


def export(world: World) -> object:
    body = {"format": "html", "client_id": "e1"}
    return answered(world.alice.post(f"/conversations/{world.conversation_id}/export", json=body))


def create_attachment(world: World) -> object:
    body = {"name": "plan.pdf", "type": "application/pdf", "size": 10, "client_id": "f1"}
    # Not the form: its policy names the real time.
    return answered(world.alice.post(f"/conversations/{world.conversation_id}/attachments", json=body))["attachment"]


def create_attachment_for_user(world: World) -> object:
    body = {"user_id": "eve", "name": "plan.pdf", "type": "application/pdf", "size": 10, "client_id": "f1"}
    return answered(world.alice.post("/attachments", json=body))["attachment"]


def attach(world: World, count: int = 1) -> None:
    """Lets clean attachments be alice's; two that are swept at once would compete for the row of her uploads."""
    world.files[:] = [clean_attachment(world.parley, world.alice, world.conversation_id) for _ in range(count)]


def attach_two(world: World) -> None:
    attach(world, 2)


def attach_and_send(world: World) -> None:
    """Lets a message carry two attachments, as its send leaves them; the stream has not seen it yet."""
    attach(world, 2)
    send_attached(world)


def send_attached(world: World) -> None:
    put_carrier(world.parley, world.conversation_id)
    for position, attachment_id in enumerate(world.files):
        set_row(world.parley, attachment_id, seq=SEQ, position=position)


def forward_and_delete(world: World) -> None:
    """Lets another message show the first file of a message that was deleted."""
    attach_and_send(world)
    world.parley.dequeue("AttachmentSteps")
    forwarded(world.parley, world.files[0], world.conversation_id, "c")
    settle(world.parley, step("released", world.conversation_id, *world.files))


def put_files(world: World) -> None:
    for key in keys_of(*world.files):
        put_object(world.parley, key, FILE)


def take_step(kind: str, *attachment_ids: str) -> Callable[[World], None]:
    """Puts the files back, and into the queue a step for these attachments, or for all that were uploaded."""

    def each(world: World) -> None:
        put_files(world)
        world.parley.enqueue("AttachmentSteps", step(kind, world.conversation_id, *(attachment_ids or world.files)))

    return each


def take_step_of_stream(world: World) -> object:
    """Lets the stream bring the entry of the outbox that says that a message was deleted."""
    row = {
        "conversation_id": f"#attachments_released#{world.conversation_id}.{SEQ}",
        "seq": 1,
        "outbox": "attachments_released",
        "created_at_ms": world.parley.clock(),
        "about": {"attachment_ids": list(world.files)},
    }
    image = {name: to_wire(value) for name, value in row.items()}
    change = {"NewImage": image, "SequenceNumber": "1", "ApproximateCreationDateTime": world.parley.clock() / 1000}
    return invoke(world, "StartFanOut", {"Records": [{"dynamodb": change}]})


def let_a_day_pass(world: World) -> None:
    world.parley.clock.ms += UNSENT_S * 1000


def upload_picture(world: World) -> None:
    upload(world.alice, world.conversation_id, picture("JPEG"), "image/jpeg", client_id="f1")


def upload_virus(world: World) -> None:
    upload(world.alice, world.conversation_id, EICAR, "text/plain", client_id="f1")


def upload_for_nobody(world: World) -> None:
    """Leaves an upload whose attachment is gone, and a copy that a dead run had written of it."""
    done = upload(world.alice, world.conversation_id, picture("JPEG"), "image/jpeg", client_id="f1")
    table = world.parley.template.resources["Files"].ref
    world.parley.store.client("dynamodb").delete_item(TableName=table, Key={"attachment_id": {"S": done.id}})
    put_object(world.parley, f"files/{done.id}", b"a copy")


def bob_attached(world: World) -> None:
    """Lets bob have sent two files, of which alice has forwarded them, and have another one."""
    made = [clean_attachment(world.parley, world.bob, world.conversation_id) for _ in range(3)]
    path = f"/conversations/{world.conversation_id}"
    message = answered(world.bob.post(f"{path}/messages", json={"attachment_ids": made[:2]}))
    body = {"conversation_ids": [world.conversation_id]}
    answered(world.alice.post(f"/messages/{message['id']}/forward", json=body))
    world.parley.dequeue("AttachmentSteps")
    world.files[:] = made


def erase_with_files(world: World) -> object:
    put_files(world)
    return erase(world)


def erase(world: World) -> object:
    return answered(host_of(world).delete("/users/bob"))["state"]


def poll(world: World) -> int:
    """Lets each queue have one batch delivered; returns how many there were."""
    found = queues.mappings(world.parley.template, world.parley.functions, world.parley.store)
    return sum(queue.poll(retry_at_once=True) for queue in found)


def be_blocked_too(world: World) -> None:
    world.alice.put("/users/bob/block")
    world.bob.put("/users/alice/block")


def moderator(world: World) -> User:
    return world.parley.bearer(world.parley.token("mona", role="moderator"), "mona")


def list_versions(world: World) -> object:
    return answered(moderator(world).get(f"/messages/{world.conversation_id}.2/versions"))


def report_message(world: World) -> object:
    body = {"reason": "spam", "note": "Again."}
    return answered(world.alice.post(f"/messages/{world.conversation_id}.2/report", json=body))


def sign_moderator_in(world: World) -> None:
    moderator(world).get("/admin/reports")


def flag_hello(world: World) -> None:
    body = {"version": 0, "rules": [{"text": "hello", "action": "flag"}]}
    answered(moderator(world).put("/admin/banned-words", json=body))


def put_banned_words(world: World) -> object:
    body = {"version": 0, "rules": [{"text": "fool", "action": "mask"}]}
    return answered(moderator(world).put("/admin/banned-words", json=body))


def try_banned_words(world: World) -> object:
    body = {"rules": [{"text": "two", "action": "mask"}], "conversation_ids": [world.conversation_id]}
    return answered(moderator(world).post("/admin/banned-words/try", json=body))


def have_reported(world: World) -> None:
    said(world)
    report_message(world)
    sign_moderator_in(world)  # so that it is no call later


def get_report(world: World) -> object:
    report_id = reports.report_id_of("alice", world.conversation_id, 2)
    return answered(moderator(world).get(f"/admin/reports/{report_id}"))


def resolve_report(world: World) -> object:
    report_id = reports.report_id_of("alice", world.conversation_id, 2)
    body = {"version": 1, "status": "resolved", "resolution": "Warned."}
    return answered(moderator(world).patch(f"/admin/reports/{report_id}", json=body))


SCENARIOS = [
    Scenario("rest/authorize", sign_in),
    Scenario("rest/create_ws_ticket", create_ws_ticket),
    Scenario("rest/create_turn_credentials", create_turn_credentials),
    Scenario("rest/put_user", put_user, sign_host_in),
    Scenario(
        "rest/put_user", put_user, and_then(sign_host_in, lambda world: world.parley.user("dave")), variant="known"
    ),
    Scenario("rest/update_me", hide),
    Scenario("rest/sign_out_user", sign_out_bob, sign_host_in),
    Scenario("rest/close_connection", close_laptop),
    Scenario("rest/create_conversation", create, meet_carol),
    Scenario("rest/send_message", send_rest),
    Scenario("rest/send_message", send_files_rest, attach_two, variant="files"),
    Scenario("rest/send_message", send_rest, an_hour_later, variant="first of the hour"),
    Scenario("rest/send_message", send_to_slow_and_gone, lose_a_device, variant="slow and gone devices"),
    Scenario("rest/send_message_to_user", send_to_user),
    Scenario("rest/send_message_to_user", send_to_new, meet_carol, variant="new conversation"),
    Scenario("rest/send_message_to_user", send_file_to_new, attach_for_carol, variant="file, new conversation"),
    Scenario("rest/mark_read", patch("/messages/{}.2/read"), said),
    Scenario("rest/mark_conversation_read", patch("/conversations/{}/read-all"), said),
    Scenario("rest/mark_played", play(1), spoken),
    Scenario("rest/mark_played", play(1), and_then(spoken, be_blocked), variant="under a block"),
    Scenario("rest/mark_played", play(2), and_then(in_group, spoken), variant="group"),
    Scenario("rest/mark_read", patch("/messages/{}.2/read"), and_then(said, be_blocked), variant="under a block"),
    Scenario("rest/create_conversation", create_group, meet_carol, variant="group"),
    Scenario("rest/send_message", send_rest, and_then(in_group, an_hour_later), variant="group"),
    Scenario(
        "rest/send_message",
        send_rest,
        and_then(alice_said, archive),
        variant="archived",
    ),
    Scenario("rest/update_conversation", ask_rest("PATCH", "/conversations/{}", {"title": "Go"}), in_group),
    Scenario("rest/archive_conversation", archive, alice_said),
    Scenario("rest/update_settings", ask_rest("PATCH", "/conversations/{}/settings", {"pinned": True}), alice_said),
    Scenario(
        "rest/add_members",
        ask_rest("POST", "/conversations/{}/members", {"user_ids": ["carol"]}),
        and_then(in_group, meet_carol),
    ),
    Scenario(
        "rest/put_member",
        ask_rest("PUT", "/conversations/{}/members/carol", {"role": "admin"}),
        and_then(in_group, meet_carol),
    ),
    Scenario("rest/set_role", ask_rest("PATCH", "/conversations/{}/members/dave", {"role": "admin"}), in_group),
    Scenario("rest/remove_member", ask_rest("DELETE", "/conversations/{}/members/dave"), in_group),
    Scenario("rest/edit_message", ask_rest("PATCH", "/messages/{}.2", {"text": "new"}), alice_said),
    Scenario("rest/delete_message", ask_rest("DELETE", "/messages/{}.2"), alice_said),
    Scenario("rest/delete_message", ask_rest("DELETE", "/messages/{}.1"), sent_files, variant="files"),
    Scenario("rest/delete_message", ask_rest("DELETE", "/messages/{}.2?scope=me"), alice_said, variant="for me"),
    Scenario("rest/add_reaction", ask_rest("PUT", f"/messages/{{}}.2/reactions/{THUMB}"), alice_said),
    Scenario(
        "rest/remove_reaction",
        ask_rest("DELETE", f"/messages/{{}}.2/reactions/{THUMB}"),
        and_then(alice_said, ask_rest("PUT", f"/messages/{{}}.2/reactions/{THUMB}")),
    ),
    Scenario("rest/pin_message", ask_rest("PUT", "/messages/{}.2/pin"), alice_said),
    Scenario(
        "rest/unpin_message",
        ask_rest("DELETE", "/messages/{}.2/pin"),
        and_then(alice_said, ask_rest("PUT", "/messages/{}.2/pin")),
    ),
    Scenario("rest/forward_message", forward, alice_said),
    Scenario("rest/forward_message", forward, sent_files, variant="files"),
    Scenario("rest/send_message", send_rest, and_then(sign_moderator_in, flag_hello), variant="flagged"),
    Scenario("rest/list_versions", list_versions, and_then(said, sign_moderator_in)),
    Scenario("rest/report_message", report_message, said),
    Scenario("rest/get_report", get_report, have_reported),
    Scenario("rest/resolve_report", resolve_report, have_reported),
    Scenario("rest/put_banned_words", put_banned_words, sign_moderator_in),
    Scenario("rest/try_banned_words", try_banned_words, have_reported),
    Scenario("rest/block_user", lambda world: answered(world.alice.put("/users/bob/block"))),
    Scenario("rest/unblock_user", lambda world: answered(world.alice.delete("/users/bob/block")), be_blocked_too),
    Scenario(
        "rest/unblock_user",
        lambda world: answered(world.alice.delete("/users/bob/block")),
        lambda world: world.alice.put("/users/bob/block"),
        variant="the only one",
    ),
    Scenario("websocket/authorize", connect_as("dave"), heals=True),
    Scenario("websocket/authorize", connect_by_ticket, heals=True, variant="ticket"),
    Scenario("websocket/connect", connect_as("alice"), heals=True, variant="another device"),
    Scenario("websocket/connect", connect_as("carol"), meet_absent_carol, heals=True, variant="newcomer"),
    Scenario("websocket/connect", connect_as("alice"), crowd_with_ghosts, heals=True, variant="in a ghost's place"),
    Scenario("websocket/disconnect", go, and_then(talked, come_alone), once=True),
    Scenario("websocket/disconnect", go, once=True, variant="not the last"),
    Scenario("websocket/ping", lambda world: world.ask("ping"), let_leases_run_low),
    Scenario("websocket/send_message", send_websocket, let_leases_run_low, variant="little left of the lease"),
    Scenario("websocket/ping", lambda world: world.ask("ping"), and_then(talked, be_forgotten), variant="forgotten"),
    Scenario("websocket/request_user_status", ask_for_own_status, let_leases_run_low),
    Scenario("websocket/join_conversation", act_on_conversation("join_conversation")),
    Scenario("websocket/leave_conversation", act_on_conversation("leave_conversation"), open_here),
    Scenario("websocket/send_message", send_websocket),
    Scenario("websocket/send_message", send_files_websocket, attach_two, variant="files"),
    Scenario("websocket/send_message", send_websocket, an_hour_later, variant="first of the hour"),
    Scenario("websocket/typing_start", act_on_conversation("typing_start")),
    Scenario("websocket/typing_stop", act_on_conversation("typing_stop"), type_here),
    Scenario("websocket/mark_delivered", act_on_last("mark_delivered"), said),
    Scenario("websocket/mark_read", act_on_last("mark_read"), said),
    Scenario("websocket/mark_conversation_read", act_on_conversation("mark_conversation_read"), said),
    Scenario("websocket/call_signal", signal("offer", payload="sdp"), variant="offer"),
    Scenario("websocket/call_signal", signal("offer", payload="sdp"), keep_bob_busy, variant="busy"),
    Scenario("websocket/call_signal", call_and_sweep, keep_bob_busy_for_too_long, variant="rung out"),
    Scenario("websocket/call_signal", signal("answer", payload="sdp"), bob_calls, variant="answer"),
    Scenario("websocket/call_signal", signal("candidate", payload="c"), talk_to_bob, variant="candidate"),
    Scenario("websocket/call_signal", signal("hang_up"), call_bob, variant="give up"),
    Scenario("websocket/call_signal", signal("hang_up"), bob_calls, variant="decline"),
    Scenario("websocket/call_signal", signal("hang_up"), talk_to_bob, variant="hang up"),
    Scenario("websocket/call_signal", resume, reconnect_in_a_call, variant="resume"),
    Scenario("scheduled/clear_stale_calls", sweep_calls, let_calls_ring_out, variant="rung out"),
    Scenario("scheduled/clear_stale_calls", sweep_calls, lose_phone_in_a_call, variant="lost"),
    Scenario("scheduled/clear_stale_calls", sweep_calls, check_on_a_call, variant="in order"),
    Scenario("scheduled/clear_stale_calls", sweep_calls, and_then(check_on_a_call, be_blocked), variant="blocked"),
    Scenario("scheduled/clear_stale_typing", lambda w: w.sweep("ClearStaleTyping"), let_typing_run_out),
    Scenario("scheduled/clear_stale_presence", lambda w: w.sweep("ClearStalePresence"), leave_ghosts, heals=True),
    Scenario("rest/export_conversation", export, said),
    Scenario("rest/create_attachment", create_attachment),
    Scenario("rest/create_attachment_for_user", create_attachment_for_user),
    Scenario("queues/retry_posts", lambda world: bool(poll(world)), each=leave_posts_behind),
    Scenario("rest/erase_user", erase, and_then(said, sign_host_in)),
    Scenario("queues/scan_attachment", lambda world: bool(poll(world)), each=upload_picture),
    Scenario("queues/scan_attachment", lambda world: bool(poll(world)), each=upload_virus, variant="infected"),
    Scenario("queues/scan_attachment", lambda world: bool(poll(world)), each=upload_for_nobody, variant="unknown"),
    Scenario("queues/erase_person", lambda world: bool(poll(world)), said, each=erase),
    Scenario(
        "queues/erase_person",
        lambda world: bool(poll(world)),
        bob_attached,
        each=erase_with_files,
        variant="files",
    ),
    Scenario("queues/write_export", lambda world: bool(poll(world)), said, each=export),
    Scenario("streams/start_fan_out", hand_out, and_then(in_large_group, an_hour_later, alice_said)),
    Scenario(
        "queues/sweep_rows",
        sweep_rows("presence", lambda world: ("alice",), lambda world: ("dave",)),
        leave_ghosts,
        heals=True,
        variant="presence",
    ),
    Scenario(
        "queues/sweep_rows",
        sweep_rows("typing", lambda world: (world.conversation_id, "alice")),
        let_typing_run_out,
        variant="typing",
    ),
    Scenario(
        "queues/sweep_rows",
        sweep_rows("calls", lambda world: (world.conversation_id, "c1")),
        let_calls_ring_out,
        variant="calls",
    ),
    Scenario(
        "streams/start_fan_out",
        take_step_of_stream,
        attach_and_send,
        each=put_files,
        variant="attachments released",
    ),
    Scenario(
        "queues/settle_attachments",
        lambda world: bool(poll(world)),
        attach_and_send,
        each=take_step("sent"),
        variant="sent",
    ),
    Scenario(
        "queues/settle_attachments",
        lambda world: bool(poll(world)),
        attach_and_send,
        each=take_step("released"),
        variant="released",
    ),
    Scenario(
        "queues/settle_attachments",
        lambda world: bool(poll(world)),
        forward_and_delete,
        each=take_step("released", "a_" + "c" * 26),
        variant="last forward released",
    ),
    Scenario(
        "scheduled/clear_stale_attachments",
        lambda world: world.sweep("ClearStaleAttachments"),
        and_then(attach, let_a_day_pass),
        each=put_files,
        variant="unsent",
    ),
    Scenario(
        "scheduled/clear_stale_attachments",
        lambda world: world.sweep("ClearStaleAttachments"),
        and_then(attach, send_attached, let_a_day_pass),
        each=put_files,
        variant="sent",
    ),
    Scenario("queues/run_fan_out", run_fan_out, and_then(in_large_group, an_hour_later, alice_said)),
]  # fmt: skip


@dataclass
class End:
    """How a scenario ended: the last answer, what everybody has heard, and what is stored."""

    answer: object
    events: dict[str, set[str]]
    stored: dict[str, set[str]]
    dead_letters: list[str]
    objects: set[str]


async def _nothing() -> None:
    """Lets the gateway do what it still has to do."""


def _leaves_something(call: Call) -> bool:
    return not call.operation.startswith(READS)


class Counter:
    """A hook that counts the calls at which a function can be killed, but mere reads."""

    def __init__(self) -> None:
        self.operations: list[str] = []

    def before(self, call: Call) -> None:
        if not call.is_presigned and _leaves_something(call):
            self.operations.append(f"{call.function} {call.operation}")

    def after(self, call: Call) -> None:
        pass


class Stage:
    """A world that is set up once and put back to its beginning as often as it takes."""

    def __init__(self, world: World, scenario: Scenario, written: Written) -> None:
        self.world = world
        self.scenario = scenario
        self._written = written
        self._clock_ms = world.parley.clock()
        self._loses = world.parley.lose_disconnects
        self._items = self._items_now = world.items()
        written.tables.clear()
        self._devices = dict(world.devices)
        self._open = dict(world.parley.websocket.connections)
        self._sockets = [(socket, socket.closed, vars(socket.connection).copy()) for socket in self._devices.values()]

    def reset(self) -> None:
        parley = self.world.parley
        self._reset_tables()
        self.world.forget_files()
        parley.clock.ms = self._clock_ms
        parley.websocket.lose_disconnects = self._loses
        parley.websocket.connections.clear()
        parley.websocket.connections.update(self._open)
        for socket, closed, connection in self._sockets:
            socket.closed = closed
            vars(socket.connection).update(connection)
        self.world.devices.clear()
        self.world.devices.update(self._devices)
        self.scenario.each(self.world)
        for socket in self.world.devices.values():
            socket.frames.clear()
        forget_told()

    def _reset_tables(self) -> None:
        dynamodb = self.world.parley.store.client("dynamodb")
        for table, items in self._items_now.items():
            kept = self._items[table]
            for key in items.keys() - kept.keys():
                dynamodb.delete_item(TableName=table, Key=json.loads(key))
            for key, item in kept.items():
                if items.get(key) != item:
                    dynamodb.put_item(TableName=table, Item=item)

    def in_peace(self) -> tuple[End, list[str]]:
        """Returns how it ends when nobody dies, and the calls that were made."""
        self.reset()
        counter = Counter()
        self.world.parley.hooks.append(counter)
        answer = self.scenario.act(self.world)
        self.world.parley.hooks.remove(counter)
        return self.end(answer), counter.operations

    def killed(self, at: int) -> End:
        """Returns how it ends when the function dies right after its `at`-th call but reads, and is tried again."""
        self.reset()
        answer: object = None
        with self.world.parley.kill(at, after=True, counts=_leaves_something) as kill:
            try:
                answer = self.scenario.act(self.world)
            except Died:
                pass
        assert kill.happened, f"{self.scenario} made fewer than {at} such calls this time"
        forget_told()  # the memory of a dead process is gone
        return self.end(answer if self.scenario.once else self.try_again())

    def try_again(self) -> object:
        for _ in range(3):
            try:
                return self.scenario.act(self.world)
            except Died:
                continue
        raise AssertionError(f"{self.scenario}: no answer in three tries")

    def end(self, answer: object) -> End:
        while poll(self.world):
            pass
        self.world.parley.run(_nothing())  # what was closed from this side is disconnected by then
        if self.scenario.once:
            self.world.settle()
        events = self.world.events()
        if self.scenario.heals:
            self.world.settle()
        self._items_now = self.world.items(self._items_now, self._written.tables)
        self._written.tables.clear()
        objects = self.world.objects(self._written.buckets)
        return End(answer, events, self.world.stored(self._items_now), self.world.dead_letters(), objects)


@contextmanager
def stage(system: System, scenario: Scenario) -> Iterator[Stage]:
    """Sets the stage for a scenario."""
    with fresh(system) as parley:
        parley.clock.ms = NOW_MS
        alice, bob, eve = parley.user("alice"), parley.user("bob"), parley.user("eve")
        conversation_id = open_direct(alice, bob)
        devices = {
            "phone": alice.connect(),
            "laptop": alice.connect(),
            "screen": joined(bob, conversation_id),
            "tab": bob.connect(),
            "outsider": eve.connect(),
        }
        world = World(parley, alice, bob, conversation_id, devices)
        scenario.arrange(world)
        parley.run(parley.rest.sign_in(f"Bearer {alice.token}"))  # kept for five minutes, so that it is no call later
        yield Stage(world, scenario, system.written)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=str)
def test_end_is_the_same_wherever_it_is_killed(system: System, scenario: Scenario) -> None:
    with stage(system, scenario) as staged:
        expected, calls = staged.in_peace()
        assert calls and expected.dead_letters == []

        assert calls, scenario
        for at, call in enumerate(calls, start=1):
            where = f"{scenario}, killed after call {at} of {len(calls)}, {call}"
            found = staged.killed(at)

            assert found.answer == expected.answer, where
            assert found.stored == expected.stored, where
            assert found.objects == expected.objects, where
            assert found.dead_letters == [], where
            for device, heard in expected.events.items():
                assert found.events[device] == heard, f"{where}: {device}"


def test_every_operation_that_writes_or_tells_has_a_scenario(system: System) -> None:
    buckets = system.template.resources["Rates"].arn
    writing = {
        right.function
        for right in rights(system.template, system.functions)
        # Dead letters are Lambda's own; what a request has cost is written for each (test_metering.py).
        if right.action.startswith(WRITING) and "DeadLetters" not in right.resource and right.resource != buckets
    }
    handlers = {system.functions[function].handler.removesuffix(".handler").replace(".", "/") for function in writing}

    writes_tokens_alone = {"rest/create_turn_credentials"}
    assert handlers | writes_tokens_alone == {scenario.operation for scenario in SCENARIOS}


def test_a_killed_function_is_seen_by_the_client_as_a_failure(system: System) -> None:
    scenario = next(one for one in SCENARIOS if one.operation == "rest/send_message")
    with stage(system, scenario) as staged:
        world = staged.world
        with world.parley.kill(1), pytest.raises(Died):
            scenario.act(world)
        assert world.alice.get(f"/conversations/{world.conversation_id}").json["last_seq"] == 0
