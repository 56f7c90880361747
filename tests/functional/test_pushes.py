"""Whatever tells people something: a device that is gone is forgotten, a slow one hears of it later, and neither
makes the operation fail.

The functions are read from the template: one that may put a post into the queue for later has its act here.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from samtranslator.yaml_helper import yaml_parse

from tests.functional.replies import stored
from tests.functional.talk import forget_events, names, open_direct, say
from tests.harness import Parley, Reply, Socket, User

TEMPLATE = Path(__file__).parents[2] / "template.yaml"
ABOUT = {"type": "booking", "id": "b1"}


@dataclass
class World:
    """Alice acts; Bob has written to her, and is told on two devices of what she does."""

    parley: Parley
    alice: User
    bob: User
    phone: Socket  # Alice's
    conversation_id: str

    def over_rest(self, reply: Reply) -> None:
        assert reply.status in (200, 201), reply

    def over_websocket(self, action: str, **data: str) -> None:
        reply = self.phone.request(action, data)
        assert reply["type"] == "ack", reply

    def in_conversation(self, action: str, **data: str) -> None:
        self.over_websocket(action, conversation_id=self.conversation_id, **data)

    def on_message(self, action: str) -> None:
        self.over_websocket(action, message_id=f"{self.conversation_id}.1")

    def take_phone_for_gone(self) -> None:
        self.parley.advance(40)
        state = self.phone.connection.state
        self.phone.connection.state = type(state).CLOSED  # a short outage at API Gateway: posts answer 410
        say(self.bob, self.conversation_id, "are you there?")
        self.phone.connection.state = state


Act = Callable[[World], object]


@dataclass(frozen=True)
class Push:
    """What makes a function tell Bob something, and under which name."""

    act: Act
    event: str
    before: Act = lambda world: None
    stays: bool = True  # whether Alice's phone goes on pinging


PUSHES = {
    "CreateConversation": Push(
        lambda w: w.over_rest(
            w.alice.post("/conversations", json={"type": "direct", "user_id": "bob", "context": ABOUT})
        ),
        "conversation_created",
    ),
    "SendMessage": Push(lambda w: say(w.alice, w.conversation_id, "hello"), "message_notification"),
    "SendMessageToUser": Push(
        lambda w: w.over_rest(w.alice.post("/messages", json={"user_id": "bob", "text": "hello"})),
        "message_notification",
    ),
    "MarkRead": Push(
        lambda w: w.over_rest(w.alice.patch(f"/messages/{w.conversation_id}.1/read")),
        "message_read",
    ),
    "MarkConversationRead": Push(
        lambda w: w.over_rest(w.alice.patch(f"/conversations/{w.conversation_id}/read-all")),
        "conversation_read",
    ),
    "OnConnect": Push(lambda w: w.alice.connect(), "user_status_change", before=lambda w: w.phone.close(), stays=False),
    "OnDisconnect": Push(lambda w: w.phone.close(), "user_status_change"),
    "OnPing": Push(
        lambda w: w.over_websocket("ping"), "user_status_change", before=World.take_phone_for_gone, stays=False
    ),
    "OnJoinConversation": Push(lambda w: w.in_conversation("join_conversation"), "user_joined_conversation"),
    "OnLeaveConversation": Push(
        lambda w: w.in_conversation("leave_conversation"),
        "user_left_conversation",
        before=lambda w: w.in_conversation("join_conversation"),
    ),
    "OnSendMessage": Push(lambda w: w.in_conversation("send_message", text="hello"), "message_notification"),
    "OnTypingStart": Push(lambda w: w.in_conversation("typing_start"), "user_typing"),
    "OnTypingStop": Push(
        lambda w: w.in_conversation("typing_stop"),
        "user_stopped_typing",
        before=lambda w: w.in_conversation("typing_start"),
    ),
    "OnMarkDelivered": Push(lambda w: w.on_message("mark_delivered"), "message_delivered"),
    "OnMarkRead": Push(lambda w: w.on_message("mark_read"), "message_read"),
    "OnMarkConversationRead": Push(lambda w: w.in_conversation("mark_conversation_read"), "conversation_read"),
    "OnCallSignal": Push(lambda w: w.in_conversation("call_signal", call_id="c1", signal="offer"), "call_signal"),
    "ClearStaleCalls": Push(
        lambda w: w.parley.run_schedule("ClearStaleCalls"),
        "call_signal",
        before=lambda w: w.in_conversation("call_signal", call_id="c1", signal="offer"),
    ),
    "ClearStaleTyping": Push(
        lambda w: w.parley.run_schedule("ClearStaleTyping"),
        "user_stopped_typing",
        before=lambda w: w.in_conversation("typing_start"),
    ),
    "ClearStalePresence": Push(
        lambda w: w.parley.run_schedule("ClearStalePresence"), "user_status_change", stays=False
    ),
}


def world(parley: Parley) -> World:
    contexts = {"booking": ["b1"]}
    alice, bob = parley.user("alice", contexts=contexts), parley.user("bob", contexts=contexts)
    conversation_id = open_direct(alice, bob)
    say(bob, conversation_id, "a word before")
    return World(parley, alice, bob, alice.connect(), conversation_id)


@pytest.mark.parametrize("function", PUSHES)
def test_dead_device_is_forgotten_and_a_slow_one_hears_of_it_later(parley: Parley, function: str) -> None:
    push = PUSHES[function]
    now = world(parley)
    dead, slow = now.bob.connect(), now.bob.connect()
    push.before(now)
    parley.advance(110)
    for device in (dead, slow, now.phone) if push.stays else (dead, slow):
        device.request("ping")
    parley.lose_disconnects = {dead.connection_id}
    dead.close()
    parley.advance(45)
    forget_events(slow)
    slow.is_full = True

    with parley.watch() as calls:
        push.act(now)
    slow.is_full = False
    parley.drain()

    assert {"PostToConnection", "SendMessageBatch"} & {call.operation for call in calls if call.function == function}
    assert names(slow.events()) == [push.event]
    connections = "".join(stored(parley)["Connections"])
    assert dead.connection_id not in connections
    assert slow.connection_id in connections


def test_every_function_that_tells_people_something_has_its_act() -> None:
    resources = yaml_parse(TEMPLATE.read_text(encoding="utf-8"))["Resources"]
    functions = {name: one["Properties"] for name, one in resources.items() if one["Type"].endswith("::Function")}

    may_put_off = {
        name
        for name, properties in functions.items()
        for policy in properties.get("Policies", [])
        for statement in policy.get("Fn::If", [None, policy])[1]["Statement"]
        if statement.get("Action") == "sqs:SendMessage" and "PostRetries" in str(statement["Resource"])
    }

    assert may_put_off == set(PUSHES)
