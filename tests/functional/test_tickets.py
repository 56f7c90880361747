"""A ticket is a conversation: its requester and its agents do in it what people do in all others."""

import pytest

from tests.functional.attachments import say_aloud
from tests.functional.desk import DESCRIPTION, agent, answered_ticket, open_ticket
from tests.functional.erasures import erased, everything
from tests.functional.replies import refusal
from tests.functional.talk import open_direct, say
from tests.harness import Parley
from tests.harness.fixtures import forget_told


def test_customer_and_agent_talk_and_each_message_says_who_has_written(parley: Parley) -> None:
    alice, agnes = parley.user("alice"), agent(parley)
    ticket_id = open_ticket(alice)
    device, desk = alice.connect(), agnes.connect()
    device.request("join_conversation", {"conversation_id": ticket_id})

    sent = desk.request("send_message", {"conversation_id": ticket_id, "text": "Which booking?"})
    [said] = say(alice, ticket_id, "The one of May.")

    assert sent["data"]["from"] == "support"
    told = [frame["data"]["message"] for frame in device.events() if frame["event"] == "new_message"]
    assert [(message["text"], message["from"]) for message in told] == [
        ("Which booking?", "support"),
        ("The one of May.", "requester"),
    ]
    briefly = [frame["data"]["message"]["id"] for frame in desk.events() if frame["event"] == "message_notification"]
    assert briefly == [said]
    for person in (alice, agnes):
        page = person.get(f"/conversations/{ticket_id}/messages").json
        sides = [(message["text"], message["from"]) for message in page["messages"]]
        assert sides == [
            (DESCRIPTION, "requester"),
            ("Which booking?", "support"),
            ("The one of May.", "requester"),
        ]


def test_messages_elsewhere_have_no_side(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    opened = alice.post("/messages", json={"user_id": bob.user_id, "text": "Hello."}).json

    assert "from" not in opened


def test_first_message_of_an_agent_brings_them_in(parley: Parley) -> None:
    alice, agnes = parley.user("alice"), agent(parley)
    ticket_id = open_ticket(alice)
    device, other = alice.connect(), agnes.connect()
    assert agnes.get("/conversations?type=ticket").json["conversations"] == []

    say(agnes, ticket_id, "Let me look.", "One moment.")

    [listed] = agnes.get("/conversations?type=ticket").json["conversations"]
    assert (listed["id"], listed["unread"], listed["member_count"]) == (ticket_id, 0, 2)
    assert [frame["event"] for frame in device.events()] == [
        "message_notification",
        "member_added",
        "message_notification",
    ]
    assert [frame["event"] for frame in other.events()] == [
        "conversation_created",
        "message_notification",
        "member_added",
        "message_notification",
    ]
    members = alice.get(f"/conversations/{ticket_id}/members").json["members"]
    assert {member["user_id"] for member in members} == {"alice", "agnes"}


def test_repeat_of_the_message_that_brought_an_agent_in_tells_of_it_again(parley: Parley) -> None:
    alice, agnes = parley.user("alice"), agent(parley)
    ticket_id = open_ticket(alice)
    device, desk = alice.connect(), agnes.connect()
    sent = {"conversation_id": ticket_id, "text": "Let me look.", "client_id": "m1"}

    told = []
    for _ in range(2):
        desk.request("send_message", sent)
        told.append({frame["event"] for frame in device.events()})
        forget_told()

    assert told == [{"message_notification", "member_added"}] * 2


def test_agent_who_is_not_in_it_reads_and_marks_nothing(parley: Parley) -> None:
    alice, agnes = parley.user("alice"), agent(parley)
    ticket_id = open_ticket(alice)

    seen = agnes.get(f"/conversations/{ticket_id}")
    assert (seen.status, seen.json["unread"], seen.json["type"]) == (200, 0, "ticket")
    assert refusal(agnes.patch(f"/conversations/{ticket_id}/archive", json={})) == ("not_in_ticket", 403, [])
    assert refusal(agnes.patch(f"/messages/{ticket_id}.1/read")) == ("not_in_ticket", 403, [])
    assert agnes.get("/conversations").json["conversations"] == []


def test_marks_typing_and_receipts_pass_between_the_two(parley: Parley) -> None:
    alice, agnes = parley.user("alice"), agent(parley)
    ticket_id = answered_ticket(alice, agnes)
    device, desk = alice.connect(), agnes.connect()
    for socket in (device, desk):
        socket.request("join_conversation", {"conversation_id": ticket_id})
    desk.events()

    device.request("mark_read", {"message_id": f"{ticket_id}.2"})
    device.request("typing_start", {"conversation_id": ticket_id})
    device.request("mark_delivered", {"message_id": f"{ticket_id}.2"})
    device.request("typing_stop", {"conversation_id": ticket_id})

    assert [frame["event"] for frame in desk.events()] == ["message_read", "user_typing", "user_stopped_typing"]
    assert alice.get("/unread-count").json["tickets"] == {"total": 0, "conversations": 0}
    [mine] = [
        receipt
        for receipt in agnes.get(f"/messages/{ticket_id}.2/receipts").json["receipts"]
        if receipt["user_id"] == "alice"
    ]
    assert mine["read_at"] is not None


def test_unread_messages_of_tickets_are_counted_apart(parley: Parley) -> None:
    alice, agnes, bob = parley.user("alice"), agent(parley), parley.user("bob")
    ticket_id = answered_ticket(alice, agnes)
    bob.post("/messages", json={"user_id": "alice", "text": "Hello."})

    count, listed = (alice.get(path).json for path in ("/unread-count", "/unread"))

    assert count == {"total": 1, "conversations": 1, "capped": False, "tickets": {"total": 1, "conversations": 1}}
    assert [one["conversation_id"] for one in listed["tickets"]] == [ticket_id]
    assert (len(listed["conversations"]), listed["total"]) == (1, 1)


def test_sync_and_search_bring_what_was_missed(parley: Parley) -> None:
    alice, agnes = parley.user("alice"), agent(parley)
    ticket_id = open_ticket(alice)
    at = {"seq": 1, "change_seq": 0}
    say(agnes, ticket_id, "We found the booking.")

    caught = alice.post("/sync", json={"cursors": {ticket_id: at}}).json

    assert [message["from"] for message in caught["conversations"][ticket_id]["messages"]] == ["support"]
    for person in (alice, agnes):
        hits = person.get("/search?q=found").json["results"]
        assert [hit["message"]["conversation_id"] for hit in hits] == [ticket_id]


def test_others_find_no_conversation(parley: Parley) -> None:
    ticket_id = open_ticket(parley.user("alice"))
    bob = parley.user("bob")

    for reply in (
        bob.get(f"/conversations/{ticket_id}"),
        bob.get(f"/conversations/{ticket_id}/messages"),
        bob.post(f"/conversations/{ticket_id}/messages", json={"text": "Hello."}),
    ):
        assert refusal(reply) == ("conversation_not_found", 404, [])
    assert refusal(bob.get(f"/messages/{ticket_id}.1")) == ("message_not_found", 404, [])


def test_former_agent_is_refused_as_an_outsider_and_told_nothing(parley: Parley) -> None:
    alice, agnes, host = parley.user("alice"), agent(parley), parley.user("backend", role="service")
    ticket_id = answered_ticket(alice, agnes)
    desk = agnes.connect()
    assert host.put("/users/agnes", json={"name": "Agnes", "role": "user"}).status == 200
    desk.events()

    [said] = say(alice, ticket_id, "Are you still there?")
    alice.put(f"/messages/{said}/reactions/%F0%9F%91%8D")
    alice.connect().request("typing_start", {"conversation_id": ticket_id})

    assert desk.events() == []
    assert agnes.get("/conversations").json["conversations"] == []
    assert agnes.get("/unread-count").json["tickets"] == {"total": 0, "conversations": 0}
    assert agnes.get("/search?q=booking").json["results"] == []
    assert agnes.post("/sync", json={"cursors": {ticket_id: {"seq": 1, "change_seq": 0}}}).json["left"] == [ticket_id]
    for reply in (
        agnes.get(f"/conversations/{ticket_id}"),
        agnes.get(f"/conversations/{ticket_id}/messages"),
        agnes.post(f"/conversations/{ticket_id}/messages", json={"text": "Hello."}),
    ):
        assert refusal(reply) == ("conversation_not_found", 404, [])
    assert refusal(agnes.get(f"/support/tickets/{ticket_id}")) == ("ticket_not_found", 404, [])


@pytest.mark.parametrize(
    ("method", "path", "body", "code"),
    [
        ("PATCH", "/conversations/{id}", {"title": "Another"}, "tickets_elsewhere"),
        ("PATCH", "/conversations/{id}", {"state": "closed"}, "tickets_elsewhere"),
        ("POST", "/conversations/{id}/members", {"user_ids": ["bob"]}, "groups_only"),
        ("DELETE", "/conversations/{id}/members/alice", None, "groups_only"),
    ],
    ids=["rename", "close", "add", "leave"],
)
def test_routes_of_conversations_change_no_ticket(
    parley: Parley, method: str, path: str, body: object, code: str
) -> None:
    alice = parley.user("alice")
    parley.user("bob")
    ticket_id = open_ticket(alice, context={"type": "booking", "id": "b-1"})

    for person in (alice, agent(parley)):
        assert person.request(method, path.format(id=ticket_id), json=body).json["code"] == code


def test_host_writes_into_a_ticket_as_its_customer_and_as_the_system(parley: Parley) -> None:
    ticket_id = open_ticket(parley.user("alice"))
    host = parley.user("backend", role="service")

    sides = [
        host.post(f"/conversations/{ticket_id}/messages", json={"text": "Noted.", "sender_id": sender_id}).json["from"]
        for sender_id in ("alice", "~parley.system-host")
    ]

    assert sides == ["requester", "system"]


@pytest.mark.parametrize("user_id", ["alice", "agnes"], ids=["requester", "agent"])
def test_erased_person_leaves_a_pseudonym_in_the_ticket(parley: Parley, user_id: str) -> None:
    alice, agnes = parley.user("alice"), agent(parley)
    ticket_id = answered_ticket(alice, agnes, "We look.")
    parley.drain()

    erased(parley, user_id)

    other = agnes if user_id == "alice" else alice
    ticket = other.get(f"/support/tickets/{ticket_id}").json
    assert (ticket["requester_id"] == "alice") is (user_id == "agnes")
    members = other.get(f"/conversations/{ticket_id}/members").json["members"]
    assert {member["user_id"] for member in members} > {other.user_id} and len(members) == 2
    sides = [message["from"] for message in other.get(f"/conversations/{ticket_id}/messages").json["messages"]]
    assert sides == ["requester", "support"]
    assert f'"{user_id}"' not in everything(parley)


def test_played_voice_message_is_told_to_the_other_side(parley: Parley) -> None:
    alice, agnes = parley.user("alice"), agent(parley)
    ticket_id = answered_ticket(alice, agnes)
    message_id = say_aloud(parley, alice, ticket_id)["id"]
    device = alice.connect()

    assert agnes.put(f"/messages/{message_id}/played").status == 200

    assert [frame["event"] for frame in device.events()] == ["message_played"]


@pytest.mark.parametrize(("role", "told"), [("agent", ["message_notification"]), ("user", [])])
def test_late_post_reaches_an_agent_as_long_as_they_are_one(parley: Parley, role: str, told: list[str]) -> None:
    alice, agnes, host = parley.user("alice"), agent(parley), parley.user("backend", role="service")
    ticket_id = answered_ticket(alice, agnes)
    desk = agnes.connect()
    desk.is_full = True
    say(alice, ticket_id, "Are you still there?")
    assert host.put("/users/agnes", json={"name": "Agnes", "role": role}).status in (200, 201)
    desk.is_full = False

    parley.drain()

    assert [frame["event"] for frame in desk.events() if frame["event"] == "message_notification"] == told


def test_each_act_in_a_ticket_reaches_the_other_side(parley: Parley) -> None:
    alice, agnes, bob = parley.user("alice"), agent(parley), parley.user("bob")
    ticket_id = answered_ticket(alice, agnes)
    device, desk = alice.connect(), agnes.connect()
    own, theirs, there = f"{ticket_id}.1", f"{ticket_id}.2", {"conversation_id": ticket_id}
    desk.request("join_conversation", there)
    device.events()

    for action, data in (
        ("join_conversation", there),
        ("typing_start", there),
        ("mark_delivered", {"message_id": theirs}),
        ("leave_conversation", there),
    ):
        device.request(action, data)
    parley.advance(10)
    parley.run_schedule("ClearStaleTyping")
    parley.drain()
    alice.patch(f"/messages/{theirs}/read")
    say(agnes, ticket_id, "Found.", "Done.", "Bye.")
    assert alice.patch(f"/conversations/{ticket_id}/read-all").status == 200
    desk.request("mark_read", {"message_id": f"{ticket_id}.5"})
    say(agnes, ticket_id, "Bye again.")
    device.request("mark_conversation_read", there)
    thumb = f"/messages/{own}/reactions/%F0%9F%91%8D"
    for method, path, body in (
        ("PATCH", f"/messages/{own}", {"text": "It is there."}),
        ("PUT", thumb, None),
        ("DELETE", thumb, None),
        ("PUT", f"/messages/{own}/pin", None),
        ("DELETE", f"/messages/{own}/pin", None),
        ("DELETE", f"/messages/{own}", None),
    ):
        assert alice.request(method, path, json=body).status == 200
    [hello] = say(alice, open_direct(alice, bob), "A question.")
    assert alice.post(f"/messages/{hello}/forward", json={"conversation_ids": [ticket_id]}).status == 200

    assert [frame["event"] for frame in desk.events()] == [
        "user_joined_conversation",
        "user_typing",
        "message_delivered",
        "user_left_conversation",
        "user_stopped_typing",
        "message_read",
        *["new_message"] * 3,
        "conversation_read",
        "new_message",
        "conversation_read",
        "message_updated",
        "reaction_added",
        "reaction_removed",
        "message_updated",
        "message_updated",
        "message_deleted",
        "new_message",
    ]
