"""Reading a conversation, or writing there, takes its notices away from the person's apps, and from nothing else."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from parley.domain.notifications.notice import Device
from tests.functional.desk import agent, open_ticket, respond, use_desk
from tests.functional.notifying import pushing, register
from tests.functional.sns import Sns, stub_sns
from tests.functional.talk import make_group, meet, say
from tests.harness import Call, Parley, User
from tests.harness.calls import aws_refusal

APNS = "arn:aws:sns:us-east-1:123456789012:endpoint/APNS/app/1"


@dataclass
class Scene:
    """Alice has written to bob, whose app was told."""

    parley: Parley
    sns: Sns
    alice: User
    bob: User
    conversation_id: str
    seq: int

    @property
    def message_id(self) -> str:
        return f"{self.conversation_id}.{self.seq}"

    def pushed(self) -> list[dict[str, Any]]:
        """Returns what the app has got so far."""
        return [json.loads(json.loads(each["Message"])["APNS"]) for each in self.sns.got]

    def closed(self) -> list[tuple[str, int]]:
        """Returns the conversations whose notices the app was told to take away, with the badge."""
        return [(each["close"], each["badge"]) for each in self.pushed() if "close" in each]


def register_app(parley: Parley, user_id: str) -> None:
    from parley.adapters.notifications import devices

    device = Device(device_id="phone", kind="apns", at_ms=1, endpoint=APNS, token="t0ken")
    registered, holder = devices.read_for(user_id, device)
    devices.put_device(registered, device, holder, None, parley.clock.ms // 1000)


@pytest.fixture
def scene(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    sns = stub_sns(monkeypatch)
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = meet(alice, bob)
    bob.patch(f"/conversations/{conversation_id}/read-all")
    register_app(parley, "bob")
    parley.drain()
    sns.got.clear()
    say(alice, conversation_id, "hello")
    parley.drain()
    seq = int(bob.get(f"/conversations/{conversation_id}").json["last_seq"])
    yield Scene(parley, sns, alice, bob, conversation_id, seq)


def rest_mark_read(scene: Scene) -> object:
    return scene.bob.patch(f"/messages/{scene.message_id}/read")


def rest_mark_conversation_read(scene: Scene) -> object:
    return scene.bob.patch(f"/conversations/{scene.conversation_id}/read-all")


def websocket_mark_read(scene: Scene) -> object:
    return scene.bob.connect().request("mark_read", {"message_id": scene.message_id})


def websocket_mark_conversation_read(scene: Scene) -> object:
    return scene.bob.connect().request("mark_conversation_read", {"conversation_id": scene.conversation_id})


def mark_all_read(scene: Scene) -> object:
    return scene.bob.post("/me/read-all")


def clear_history(scene: Scene) -> object:
    return scene.bob.delete(f"/conversations/{scene.conversation_id}/history")


WAYS = [
    rest_mark_read,
    rest_mark_conversation_read,
    websocket_mark_read,
    websocket_mark_conversation_read,
    clear_history,
    mark_all_read,
]


@pytest.mark.parametrize("read", WAYS)
def test_reading_takes_the_notices_of_the_conversation_away_once(scene: Scene, read: Callable[[Scene], object]) -> None:
    assert scene.pushed()[0]["aps"]["alert"]["body"] == "hello"

    read(scene)
    scene.parley.drain()
    read(scene)
    scene.parley.drain()

    assert scene.closed() == [(scene.conversation_id, 0)]
    assert scene.pushed()[-1]["aps"] == {"content-available": 1}


def answer(scene: Scene, conversation_id: str) -> None:
    sent = scene.bob.post(f"/conversations/{conversation_id}/messages", json={"text": "yes"})
    assert sent.status == 201, sent


def websocket_answer(scene: Scene, conversation_id: str) -> None:
    reply = scene.bob.connect().request("send_message", {"conversation_id": conversation_id, "text": "yes"})
    assert reply["type"] == "ack", reply


@pytest.mark.parametrize("write", [answer, websocket_answer])
def test_an_answer_takes_the_notices_of_the_conversation_away_once(
    scene: Scene, write: Callable[[Scene, str], None]
) -> None:
    write(scene, scene.conversation_id)
    scene.parley.drain()
    write(scene, scene.conversation_id)
    scene.parley.drain()
    rest_mark_conversation_read(scene)
    scene.parley.drain()

    assert scene.closed() == [(scene.conversation_id, 0)]


@pytest.mark.parametrize("write", [answer, websocket_answer])
def test_an_answer_in_a_group_takes_its_notices_away_once(scene: Scene, write: Callable[[Scene, str], None]) -> None:
    group = make_group(scene.alice, scene.bob)
    say(scene.alice, group, "lunch?")
    scene.parley.drain()
    write(scene, group)
    scene.parley.drain()
    write(scene, group)
    scene.parley.drain()

    assert scene.closed() == [(group, 1)]


def test_an_answer_in_a_ticket_takes_its_notices_away(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    use_desk(monkeypatch, tmp_path, "")
    ticket_id = open_ticket(scene.bob)
    assert respond(agent(scene.parley), ticket_id).status == 201
    scene.parley.drain()
    answer(scene, ticket_id)
    scene.parley.drain()

    assert scene.closed() == [(ticket_id, 1)]


def test_a_message_of_the_hosts_in_the_name_of_a_person_takes_nothing_away(scene: Scene) -> None:
    host = scene.parley.user("host", role="service")
    sent = host.post(f"/conversations/{scene.conversation_id}/messages", json={"text": "Hi.", "sender_id": "bob"})
    assert sent.status == 201, sent
    scene.parley.drain()

    assert scene.closed() == []


def test_an_answer_leaves_a_notice_that_came_after_it(scene: Scene) -> None:
    rest_mark_read(scene)
    scene.parley.drain()
    before = len(scene.closed())
    answer(scene, scene.conversation_id)
    scene.parley.advance(60)
    say(scene.alice, scene.conversation_id, "one more")
    scene.parley.drain()

    assert len(scene.closed()) == before


def test_an_answer_after_the_reading_takes_nothing_away_once_more(scene: Scene) -> None:
    rest_mark_read(scene)
    scene.parley.drain()
    answer(scene, scene.conversation_id)
    scene.parley.drain()

    assert scene.closed() == [(scene.conversation_id, 0)]


def test_a_message_costs_nothing_more_if_no_app_was_told_since_the_last(scene: Scene) -> None:
    answer(scene, scene.conversation_id)
    scene.parley.drain()
    with scene.parley.watch() as calls:
        answer(scene, scene.conversation_id)
        scene.parley.drain()

    rows = [
        item["Put"]["Item"]
        for call in calls
        if call.operation == "TransactWriteItems"
        for item in call.params["TransactItems"]
        if "Put" in item
    ]
    assert rows and [row["errands"] for row in rows if "errands" in row] == []
    jobs = [json.loads(entry["MessageBody"]) for call in calls for entry in call.params.get("Entries", ())]
    assert not any(job.get("closes") for job in jobs)


def test_reading_a_part_of_what_was_pushed_takes_nothing_away(scene: Scene) -> None:
    say(scene.alice, scene.conversation_id, "are you there?")
    scene.parley.advance(60)
    say(scene.alice, scene.conversation_id, "hello?")
    scene.parley.drain()

    rest_mark_read(scene)
    scene.parley.drain()
    assert scene.closed() == []
    rest_mark_conversation_read(scene)
    scene.parley.drain()

    assert scene.closed() == [(scene.conversation_id, 0)]


def test_what_was_pushed_since_the_reading_stays(scene: Scene) -> None:
    rest_mark_read(scene)
    scene.parley.advance(60)
    say(scene.alice, scene.conversation_id, "one more")
    scene.parley.drain()
    closed = scene.closed()

    rest_mark_conversation_read(scene)
    scene.parley.drain()

    assert len(closed) <= 1  # the job of the reading may come before the new push, and not after
    assert scene.closed()[-1] == (scene.conversation_id, 0)


def test_reading_what_no_app_was_told_of_calls_nothing(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    with pushing(parley, monkeypatch) as service:
        alice, bob = parley.user("alice"), parley.user("bob")
        conversation_id = meet(alice, bob)
        register(parley, service, "bob")
        say(alice, conversation_id, "hello")
        parley.drain()

        with parley.watch() as calls:
            bob.patch(f"/conversations/{conversation_id}/read-all")

    assert [call for call in calls if call.service == "sqs"] == []


class NoQueue:
    """A hook: the queue of notifications takes nothing."""

    def before(self, call: Call) -> None:
        if call.operation == "SendMessageBatch" and "NotificationJobs" in call.params["QueueUrl"]:
            raise self.error(call)

    def after(self, call: Call) -> None:
        pass

    @staticmethod
    def error(call: Call) -> ClientError:
        return aws_refusal(call, "AccessDenied", "no")


def test_reading_succeeds_although_nothing_can_be_queued(scene: Scene) -> None:
    scene.parley.hooks.append(NoQueue())

    reply = scene.bob.patch(f"/messages/{scene.message_id}/read")

    assert (reply.status, reply.json["moved"]) == (200, True)


def test_somebody_who_was_signed_out_meanwhile_is_told_nothing(scene: Scene) -> None:
    from parley.actions.account import push_devices

    scene.bob.patch(f"/messages/{scene.message_id}/read")
    push_devices.remove_devices("bob")
    scene.parley.drain()

    assert scene.closed() == []
