"""RetryPosts: what could not be posted at once comes a moment later, or goes to the dead letters in the end."""

import json

import pytest

from tests.functional.notifying import besides_notifications
from tests.functional.talk import contents, forget_events, names, open_direct, say
from tests.harness import Call, Parley


def waiting(parley: Parley, logical_id: str) -> list[dict[str, object]]:
    """Returns the bodies of a queue's messages, and puts them back."""
    sqs = parley.store.client("sqs")
    received = sqs.receive_message(
        QueueUrl=parley.template.resources[logical_id].ref, MaxNumberOfMessages=10, VisibilityTimeout=0
    )
    return [json.loads(message["Body"]) for message in received.get("Messages", [])]


def test_client_that_catches_up_gets_everything_once_and_in_order(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    screen = bob.connect()
    screen.is_full = True
    say(alice, conversation_id, "one", "two", "three")
    screen.is_full = False

    parley.drain()

    heard = [one["message"]["seq"] for one in contents(besides_notifications(screen))]
    assert sorted(heard) == [1, 2, 3]


def test_one_post_that_fails_again_does_not_hold_up_the_others(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    slow, fast = bob.connect(), bob.connect()
    slow.is_full = fast.is_full = True
    say(alice, conversation_id, "hello")
    fast.is_full = False

    parley.drain()

    assert names(besides_notifications(fast)) == ["message_notification"]
    assert slow.frames == []
    assert {body["connection_id"] for body in waiting(parley, "PostRetriesDeadLetters")} == {slow.connection_id}
    assert waiting(parley, "PostRetries") == []


def test_connection_that_is_gone_by_then_is_forgotten_without_a_dead_letter(parley: Parley) -> None:
    parley.clock.ms -= 60_000  # so that no connection is young enough to be still connecting
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    dead, alive = bob.connect(), bob.connect()
    parley.lose_disconnects = True
    dead.is_full = True
    say(alice, conversation_id, "hello")
    dead.close()
    forget_events(alive)

    parley.drain()
    with parley.watch() as calls:
        say(alice, conversation_id, "and you?")

    assert waiting(parley, "PostRetriesDeadLetters") == []
    posted_to = [call.params["ConnectionId"] for call in calls if call.operation == "PostToConnection"]
    assert posted_to == [alive.connection_id]


def test_device_that_is_still_too_slow_is_no_fault_of_ours(parley: Parley, caplog: pytest.LogCaptureFixture) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    screen = bob.connect()
    screen.is_full = True
    say(alice, conversation_id, "hello")

    parley.drain()

    assert {record.levelname for record in caplog.records} == {"INFO"}
    assert "refused" in caplog.messages


def test_message_that_nobody_understands_ends_as_a_dead_letter(parley: Parley) -> None:
    url = parley.template.resources["PostRetries"].ref
    parley.store.client("sqs").send_message(QueueUrl=url, MessageBody='{"something": "else"}')

    parley.drain()

    assert waiting(parley, "PostRetriesDeadLetters") == [{"something": "else"}]


def test_delivered_twice_the_client_gets_the_same_twice(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    screen = bob.connect()
    screen.is_full = True
    say(alice, conversation_id, "hello")
    screen.is_full = False
    parley.deliver_twice = True

    parley.drain()

    assert {one["message"]["seq"] for one in contents(besides_notifications(screen))} == {
        1
    }  # clients drop what they have
    assert waiting(parley, "PostRetriesDeadLetters") == []


class TakesAPart:
    """A hook: the first batch that is sent to a queue loses an entry, which SQS reports as not taken."""

    def __init__(self) -> None:
        self.left_out: list[str] = []

    def before(self, call: Call) -> None:
        if call.operation == "SendMessageBatch" and not self.left_out:
            *kept, last = call.params["Entries"]
            call.params["Entries"] = kept
            self.left_out.append(last["Id"])

    def after(self, call: Call) -> None:
        if call.operation == "SendMessageBatch" and len(self.left_out) == 1:
            [entry_id] = self.left_out
            call.response["Failed"] = [{"Id": entry_id, "SenderFault": False, "Code": "InternalError"}]
            self.left_out.append("")


def test_entry_that_the_queue_did_not_take_is_sent_again(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    phone, laptop = bob.connect(), bob.connect()
    phone.is_full = laptop.is_full = True
    hook = TakesAPart()
    parley.hooks.append(hook)

    say(alice, conversation_id, "hello")
    phone.is_full = laptop.is_full = False
    parley.drain()

    assert hook.left_out
    assert names(besides_notifications(phone)) == names(besides_notifications(laptop)) == ["message_notification"]
