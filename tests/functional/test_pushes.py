"""Functions that tell people something: a device that is gone is forgotten, a slow one hears of it later, and neither
makes the operation fail.

The functions are read from the template: one that may put a post into the queue for later has its act here.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote

import pytest

from tests.functional import queued
from tests.functional.attachments import ask_upload, say_aloud, set_row, upload
from tests.functional.desk import agent, ask, assign, change, change_all, merge, note, open_ticket, rate, respond, take
from tests.functional.macros import apply, macro
from tests.functional.moderation import moderator, report
from tests.functional.replies import stored
from tests.functional.suspending import suspend
from tests.functional.talk import LEASE_S, LEAST_S, forget_events, make_group, names, open_direct, say
from tests.harness import Parley, Reply, Socket, User
from tests.template import source

ABOUT = {"type": "booking", "id": "b1"}


@dataclass
class World:
    """Alice acts; Bob has written to her, and is told on two devices of what she does."""

    parley: Parley
    alice: User
    bob: User
    phone: Socket  # Alice's
    conversation_id: str
    group_id: str
    upload_id: str = ""  # of an upload that Bob has asked for
    report_id: str = ""  # of a report that Bob has made
    twin_id: str = ""  # of another ticket of Bob's
    ticket_id: str = ""  # of a ticket in whose notes Bob is
    reported_id: str = ""  # of the message that it is about

    @property
    def reaction(self) -> str:
        return f"/messages/{self.conversation_id}.1/reactions/%F0%9F%91%8D"

    def run_fan_out(self) -> None:
        """Lets the queue tell Bob of the group's last message, as if the group were a large one."""
        errand = {"conversation_id": self.group_id, "seq": 1, "errands": ["fan_out"]}
        body = json.dumps({"errand": errand, "user_ids": ["alice", "bob"]})
        result = self.parley.functions.invoke("RunFanOut", {"Records": [{"messageId": "m1", "body": body}]})
        assert result == {"batchItemFailures": []}

    def write_link_by_bob(self) -> None:
        """Lets Bob write a link whose page is known."""
        from parley.adapters.conversations import pages
        from parley.domain.previews.page import Page

        pages.put_page("https://example.com/", Page(title="The game", site="example.com"), 4_000_000_000)
        say(self.bob, self.conversation_id, "https://example.com/")

    def preview_link_of_bob(self) -> None:
        """Lets the queue bring Bob's last message."""
        seq = self.bob.get(f"/conversations/{self.conversation_id}").json["last_seq"]
        body = json.dumps({"conversation_id": self.conversation_id, "seq": seq, "at_ms": self.parley.clock()})
        attributes = {"ApproximateReceiveCount": "1"}
        record = {"messageId": "m1", "body": body, "attributes": attributes}
        assert self.parley.functions.invoke("PreviewLink", {"Records": [record]}) == {"batchItemFailures": []}

    def decide_notifications(self) -> None:
        """Lets the queue tell Bob that he is in a group now."""
        occasion = {"kind": "invitation", "conversation_id": self.group_id, "seq": 1, "by": "alice"}
        body = json.dumps({"occasions": [occasion | {"at_ms": self.parley.clock(), "user_ids": ["bob"]}]})
        event = {"Records": [{"messageId": "m1", "body": body}]}
        assert self.parley.functions.invoke("DecideNotifications", event) == {"batchItemFailures": []}

    def erase_alice(self) -> None:
        """Has Alice erased, as far as one step goes: out of the conversations, and through them."""
        asked = self.parley.user("host", role="service").delete("/users/alice")
        assert asked.status == 202, asked
        step = {"messageId": "m1", "body": json.dumps({"erasure_id": asked.json["id"]})}
        for _ in range(3):
            assert self.parley.functions.invoke("ErasePerson", {"Records": [step]}) == {"batchItemFailures": []}

    def scan_upload_of_bob(self) -> None:
        """Lets Bob upload a text, and the scanner do its work."""
        done = upload(self.bob, self.conversation_id, b"words", "text/plain")
        place = {"bucket": {"name": self.parley.template.resources["Quarantine"].ref}, "object": {"key": done.id}}
        body = json.dumps({"Records": [{"eventName": "ObjectCreated:Post", "s3": place}]})
        event = {"messageId": "m1", "body": body, "attributes": {"ApproximateReceiveCount": "1"}}
        result = self.parley.functions.invoke("ScanAttachment", {"Records": [event]})
        assert result == {"batchItemFailures": []}

    def mark_unread_by_bob(self) -> None:
        """Lets a third device of Bob's tell his others that he has marked the conversation as unread."""
        reply = self.bob.connect().request("mark_unread", {"conversation_id": self.conversation_id, "seq": 1})
        assert reply["type"] == "ack", reply

    def let_upload_of_bob_be_due(self) -> None:
        """Lets Bob ask for an upload that the sweep is to delete now."""
        made = ask_upload(self.bob, self.conversation_id)
        day_ago_ms = self.parley.clock() - 24 * 3600 * 1000
        set_row(self.parley, made, created_at_ms=day_ago_ms, sweep_at_s=self.parley.clock() // 1000)

    def ask_upload_of_bob(self) -> None:
        self.upload_id = ask_upload(self.bob, self.conversation_id)

    def report_by_bob(self) -> None:
        [self.reported_id] = say(self.alice, self.conversation_id, "You are a fool.")
        self.report_id = report(self.bob, self.reported_id).json["id"]

    def remove_reported(self) -> None:
        self.report_by_bob()
        self.over_rest(moderator(self.parley).delete(f"/admin/messages/{self.reported_id}"))

    def report_by_bob_in_group(self) -> None:
        [message_id] = say(self.alice, self.group_id, "You are a fool.")
        self.over_rest(report(self.bob, message_id))

    def resolve_ticket_of_bob(self) -> None:
        self.open_ticket_of_bob()
        self.over_rest(change(self.bob, self.ticket_id, status="resolved"))

    def open_twins_of_bob(self) -> None:
        self.twin_id = open_ticket(self.bob)
        self.open_ticket_of_bob()

    def let_ticket_of_bob_end(self) -> None:
        """Lets Bob resolve a ticket a year ago, so that it has to be closed: the notice came, too."""
        self.resolve_ticket_of_bob()
        long_ago_ms = self.parley.clock() - 366 * 86_400_000
        queued.change(self.ticket_id, status_at_ms=long_ago_ms, noticed_at_ms=long_ago_ms, due_at_s=1)

    def open_ticket_of_bob(self) -> None:
        self.ticket_id = open_ticket(self.bob)

    def mute_alice(self) -> None:
        self.over_rest(moderator(self.parley).put(f"/admin/conversations/{self.group_id}/mutes/alice", json={}))

    def mute_alice_in_group(self) -> None:
        self.report_by_bob_in_group()
        self.mute_alice()

    def note_by_bob(self) -> None:
        """Makes an agent of Bob, of which those are told with whom he talks, and lets him write a note."""
        agent(self.parley)
        self.ticket_id = open_ticket(self.alice)
        self.over_rest(note(agent(self.parley, "bob"), self.ticket_id))
        self.parley.drain()

    def over_rest(self, reply: Reply) -> None:
        assert reply.status in (200, 201, 202), reply

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
    """An act that makes a function tell Bob something, and the function's name."""

    act: Act
    event: str | list[str]
    before: Act = lambda world: None
    stays: bool = True  # whether Alice's phone goes on pinging
    within_s: int = 45  # how soon it must act after `before`, which comes once more for those that must act sooner
    # True if a 410 is believed at once: a queue's function goes by the wall clock, by which the devices are young.
    forgets: bool = True


PUSHES = {
    "ErasePerson": Push(
        lambda w: w.erase_alice(),
        # A new owner, then without her; and of each conversation that it has changed.
        ["message_notification", "conversation_updated", "message_notification", "member_removed"]
        + ["conversation_updated"] * 2,
    ),
    "CreateTicket": Push(
        lambda w: w.over_rest(ask(agent(w.parley), requester_id="bob")),
        ["conversation_created", "ticket_created"],
    ),
    "AddNote": Push(
        lambda w: w.over_rest(note(agent(w.parley), w.ticket_id)),
        ["message_notification", "member_added"],
        before=lambda w: w.note_by_bob(),
    ),
    "UpdateTicket": Push(
        lambda w: w.over_rest(change(agent(w.parley), w.ticket_id, priority="high")),
        ["message_notification", "ticket_updated"],
        before=lambda w: w.open_ticket_of_bob(),
    ),
    "ChangeTickets": Push(
        lambda w: w.over_rest(change_all(agent(w.parley), [w.ticket_id], priority="high")),
        ["message_notification", "ticket_updated"],
        before=lambda w: w.open_ticket_of_bob(),
    ),
    "MergeTicket": Push(
        lambda w: w.over_rest(merge(agent(w.parley), w.twin_id, w.ticket_id)),
        ["message_notification", "ticket_updated"] * 2,  # of both
        before=lambda w: w.open_twins_of_bob(),
    ),
    "RateTicket": Push(
        lambda w: w.over_rest(rate(w.bob, w.ticket_id, 5)),
        ["message_notification", "ticket_updated"],
        before=lambda w: w.resolve_ticket_of_bob(),
    ),
    "TakeTicket": Push(
        lambda w: w.over_rest(take(agent(w.parley), w.ticket_id)),
        ["message_notification", "member_added", "ticket_updated"],
        before=lambda w: w.open_ticket_of_bob(),
    ),
    "AssignTicket": Push(
        lambda w: w.over_rest(assign(agent(w.parley, "ada"), w.ticket_id, agent(w.parley).user_id)),
        ["message_notification", "member_added", "ticket_updated"],
        before=lambda w: w.open_ticket_of_bob(),
    ),
    "ApplyMacro": Push(
        lambda w: w.over_rest(
            apply(agent(w.parley), w.ticket_id, macro(w.parley, reply="Done.", status="resolved", take=True))
        ),
        ["message_notification", "message_notification", "member_added", "ticket_updated"],
        before=lambda w: w.open_ticket_of_bob(),
    ),
    "RespondToTicket": Push(
        lambda w: w.over_rest(respond(agent(w.parley), w.ticket_id)),
        ["message_notification", "member_added"],
        before=lambda w: w.open_ticket_of_bob(),
    ),
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
    "MarkUnread": Push(
        lambda w: w.over_rest(w.bob.put(f"/conversations/{w.conversation_id}/unread", json={"seq": 1})),
        "conversation_updated",
    ),
    "MarkPlayed": Push(
        lambda w: w.over_rest(w.alice.put(f"/messages/{w.conversation_id}.2/played")),
        "message_played",
        before=lambda w: say_aloud(w.parley, w.bob, w.conversation_id),
    ),
    "UpdateConversation": Push(
        lambda w: w.over_rest(w.alice.patch(f"/conversations/{w.group_id}", json={"title": "Go"})),
        ["message_notification", "conversation_updated"],
    ),
    "ArchiveConversation": Push(
        lambda w: w.over_rest(w.bob.patch(f"/conversations/{w.conversation_id}/archive", json={})),
        "conversation_updated",
    ),
    "ClearHistory": Push(
        lambda w: w.over_rest(w.bob.delete(f"/conversations/{w.conversation_id}/history")),
        "conversation_updated",
    ),
    "UpdateSettings": Push(
        lambda w: w.over_rest(w.bob.patch(f"/conversations/{w.conversation_id}/settings", json={"pinned": True})),
        "conversation_updated",
    ),
    "AddMembers": Push(
        lambda w: w.over_rest(w.alice.post(f"/conversations/{w.group_id}/members", json={"user_ids": ["carol"]})),
        ["message_notification", "member_added"],
    ),
    "PutMember": Push(
        lambda w: w.over_rest(w.alice.put(f"/conversations/{w.group_id}/members/carol", json={})),
        ["message_notification", "member_added"],
    ),
    "SetRole": Push(
        lambda w: w.over_rest(w.alice.patch(f"/conversations/{w.group_id}/members/bob", json={"role": "admin"})),
        ["message_notification", "conversation_updated"],
    ),
    "RemoveMember": Push(
        lambda w: w.over_rest(w.alice.delete(f"/conversations/{w.group_id}/members/bob")), "member_removed"
    ),
    "DissolveGroup": Push(lambda w: w.over_rest(w.alice.delete(f"/conversations/{w.group_id}")), "member_removed"),
    "EditMessage": Push(
        lambda w: w.over_rest(w.bob.patch(f"/messages/{w.conversation_id}.1", json={"text": "new"})), "message_updated"
    ),
    "DeleteMessage": Push(lambda w: w.over_rest(w.bob.delete(f"/messages/{w.conversation_id}.1")), "message_deleted"),
    "AddReaction": Push(lambda w: w.over_rest(w.alice.put(w.reaction)), "reaction_added"),
    "RemoveReaction": Push(
        lambda w: w.over_rest(w.alice.delete(w.reaction)),
        "reaction_removed",
        before=lambda w: w.over_rest(w.alice.put(w.reaction)),
    ),
    "PinMessage": Push(lambda w: w.over_rest(w.alice.put(f"/messages/{w.conversation_id}.1/pin")), "message_updated"),
    "UnpinMessage": Push(
        lambda w: w.over_rest(w.alice.delete(f"/messages/{w.conversation_id}.1/pin")),
        "message_updated",
        before=lambda w: w.over_rest(w.alice.put(f"/messages/{w.conversation_id}.1/pin")),
    ),
    "RemovePreview": Push(
        lambda w: w.over_rest(w.bob.delete(f"/messages/{w.conversation_id}.2/preview")),
        "message_updated",
        before=lambda w: w.write_link_by_bob(),
    ),
    "PreviewLink": Push(
        lambda w: w.preview_link_of_bob(), "message_updated", before=lambda w: w.write_link_by_bob(), forgets=False
    ),
    "ForwardMessage": Push(
        lambda w: w.over_rest(
            w.alice.post(f"/messages/{w.conversation_id}.1/forward", json={"conversation_ids": [w.conversation_id]})
        ),
        "message_notification",
    ),
    "RunFanOut": Push(
        lambda w: w.run_fan_out(),
        "message_notification",
        forgets=False,
    ),
    "MarkNotification": Push(
        lambda w: w.over_rest(w.bob.post(f"/me/notifications/n.{w.group_id}.0.invitation/seen")),
        "notification",
        before=lambda w: w.decide_notifications(),
    ),
    "MarkNotifications": Push(lambda w: w.over_rest(w.bob.post("/me/notifications/seen")), "notifications_seen"),
    "DecideNotifications": Push(lambda w: w.decide_notifications(), "notification", forgets=False),
    "ScanAttachment": Push(lambda w: w.scan_upload_of_bob(), ["attachment_updated"] * 2, forgets=False),
    "DeleteAttachment": Push(
        lambda w: w.over_rest(w.bob.delete(f"/attachments/{w.upload_id}")),
        "attachment_updated",
        before=World.ask_upload_of_bob,
    ),
    "BlockUser": Push(lambda w: w.over_rest(w.alice.put("/users/bob/block")), "conversation_updated"),
    "UnblockUser": Push(
        lambda w: w.over_rest(w.alice.delete("/users/bob/block")),
        "conversation_updated",
        before=lambda w: w.over_rest(w.alice.put("/users/bob/block")),
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
        within_s=4,
    ),
    "SignOutUser": Push(
        lambda w: w.over_rest(w.parley.user("host", role="service").post("/users/alice/sign-out")),
        "user_status_change",
    ),
    "ResolveReport": Push(
        lambda w: w.over_rest(
            moderator(w.parley).patch(
                f"/admin/reports/{w.report_id}", json={"version": 1, "status": "dismissed", "note": "A quarrel."}
            )
        ),
        "report_updated",
        before=lambda w: w.report_by_bob(),
    ),
    "SuspendUser": Push(lambda w: w.over_rest(suspend(w.parley, "bob")), "suspended"),
    "LiftSuspension": Push(
        lambda w: w.over_rest(moderator(w.parley).delete("/admin/suspensions/bob")),
        "suspension_lifted",
        before=lambda w: w.over_rest(suspend(w.parley, "bob")),
    ),
    "WarnUser": Push(
        lambda w: w.over_rest(
            moderator(w.parley).post("/admin/warnings", json={"user_id": "bob", "reason": "No insults here."})
        ),
        "warned",
    ),
    "RemoveMessage": Push(
        lambda w: w.over_rest(moderator(w.parley).delete(f"/admin/messages/{w.reported_id}")),
        "message_deleted",
        before=lambda w: w.report_by_bob(),
    ),
    "RemoveMessages": Push(
        lambda w: w.over_rest(
            moderator(w.parley).post(
                "/admin/removals",
                json={"user_id": "alice", "hours": 1, "reason": "Spam.", "report_id": w.report_id},
            )
        ),
        ["message_deleted", "report_updated"],
        before=lambda w: w.report_by_bob(),
    ),
    "RestoreMessage": Push(
        lambda w: w.over_rest(moderator(w.parley).post(f"/admin/messages/{w.reported_id}/restore")),
        "message_updated",
        before=lambda w: w.remove_reported(),
    ),
    "SetConversationState": Push(
        lambda w: w.over_rest(
            moderator(w.parley).put(f"/admin/conversations/{w.conversation_id}/state", json={"state": "closed"})
        ),
        ["message_notification", "conversation_updated"],
        before=lambda w: w.report_by_bob(),
    ),
    "ExpelMember": Push(
        lambda w: w.over_rest(moderator(w.parley).delete(f"/admin/conversations/{w.group_id}/members/alice")),
        ["message_notification", "member_removed"],
        before=lambda w: w.report_by_bob_in_group(),
    ),
    "MuteMember": Push(lambda w: w.mute_alice(), "conversation_updated", before=lambda w: w.report_by_bob_in_group()),
    "UnmuteMember": Push(
        lambda w: w.over_rest(moderator(w.parley).delete(f"/admin/conversations/{w.group_id}/mutes/alice")),
        "conversation_updated",
        before=lambda w: w.mute_alice_in_group(),
    ),
    "CloseConnection": Push(
        lambda w: w.over_rest(w.alice.delete(f"/me/connections/{quote(w.phone.connection_id, safe='')}")),
        "user_status_change",
    ),
    "OnMarkDelivered": Push(lambda w: w.on_message("mark_delivered"), "message_delivered"),
    "OnMarkRead": Push(lambda w: w.on_message("mark_read"), "message_read"),
    "OnMarkConversationRead": Push(lambda w: w.in_conversation("mark_conversation_read"), "conversation_read"),
    "OnMarkUnread": Push(lambda w: w.mark_unread_by_bob(), "conversation_updated"),
    "OnCallSignal": Push(lambda w: w.in_conversation("call_signal", call_id="c1", signal="offer"), "call_signal"),
    "ClearStaleCalls": Push(
        lambda w: w.parley.run_schedule("ClearStaleCalls"),
        ["call_signal", "message_notification"],
        before=lambda w: w.in_conversation("call_signal", call_id="c1", signal="offer"),
    ),
    "ClearStaleAttachments": Push(
        lambda w: w.parley.run_schedule("ClearStaleAttachments"),
        "attachment_updated",
        before=World.let_upload_of_bob_be_due,
    ),
    "ClearStaleTyping": Push(
        lambda w: w.parley.run_schedule("ClearStaleTyping"),
        "user_stopped_typing",
        before=lambda w: w.in_conversation("typing_start"),
    ),
    "ClearStalePresence": Push(
        lambda w: w.parley.run_schedule("ClearStalePresence"), "user_status_change", stays=False, within_s=LEAST_S
    ),
    "SweepTickets": Push(
        lambda w: w.parley.run_schedule("SweepTickets"),
        ["message_notification", "ticket_updated"],
        before=lambda w: w.let_ticket_of_bob_end(),
    ),
    "SweepRows": Push(lambda w: sweep_alice(w.parley), "user_status_change", stays=False, within_s=LEAST_S),
}


def sweep_alice(parley: Parley) -> None:
    """Puts a job with alice into the queue of the sweeps, and lets it be done."""
    [jobs] = [queue for queue in parley.queues if queue.queue.logical_id == "Sweeps"]
    body = json.dumps({"kind": "presence", "keys": [["alice"]], "at_s": parley.clock() // 1000})
    parley.store.client("sqs").send_message(QueueUrl=jobs.queue.ref, MessageBody=body)
    assert jobs.poll() == 1


def world(parley: Parley) -> World:
    contexts = {"booking": ["b1"]}
    alice, bob = parley.user("alice", contexts=contexts), parley.user("bob", contexts=contexts)
    conversation_id = open_direct(alice, bob)
    say(bob, conversation_id, "a word before")
    group_id = make_group(alice, bob)
    return World(parley, alice, bob, alice.connect(), conversation_id, group_id)


@pytest.mark.parametrize("function", PUSHES)
def test_dead_device_is_forgotten_and_a_slow_one_hears_of_it_later(parley: Parley, function: str) -> None:
    push = PUSHES[function]
    now = world(parley)
    if push.event == "user_status_change":
        say(now.alice, now.conversation_id, "an answer")  # before that she is not shown to be there
    dead, slow = now.bob.connect(), now.bob.connect()
    push.before(now)
    parley.advance(LEASE_S - LEAST_S + 1)  # a ping renews the lease then, and one without it ends within `LEAST_S`
    for device in (dead, slow, now.phone) if push.stays else (dead, slow):
        device.request("ping")
    parley.lose_disconnects = {dead.connection_id}
    if push.within_s < 45:
        parley.advance(45 - push.within_s)
        push.before(now)
    dead.close()
    parley.advance(push.within_s)
    forget_events(slow)
    slow.is_full = True

    with parley.watch() as calls:
        push.act(now)
    slow.is_full = False
    parley.drain()

    assert {"PostToConnection", "SendMessageBatch"} & {call.operation for call in calls if call.function == function}
    # A message that was not read after a while comes as a notification, too.
    heard = [name for name in names(slow.events()) if name != "notification" or push.event == name]
    assert sorted(heard) == ([push.event] if isinstance(push.event, str) else sorted(push.event))
    connections = "".join(stored(parley)["Connections"])
    assert (dead.connection_id not in connections) == push.forgets
    assert slow.connection_id in connections


def test_every_function_that_tells_people_something_has_its_act() -> None:
    may_put_off = {
        name
        for name, properties in source.functions()
        for policy in properties.get("Policies", [])
        if not isinstance(policy, str)  # the name of a policy of AWS's own
        for statement in policy.get("Fn::If", [None, policy])[1]["Statement"]
        if statement.get("Action") == "sqs:SendMessage" and "PostRetries" in str(statement["Resource"])
    }

    assert may_put_off == set(PUSHES)
