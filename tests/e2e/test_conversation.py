"""Two people, several devices, real sockets: what a user of Parley lives through in a day."""

import asyncio
import json
import time
from datetime import datetime
from typing import Any

import httpx
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from tests.e2e.stack import PATIENCE_S, Person, Stack

NO_TICKETS = {"total": 0, "conversations": 0}


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_two_people_talk_one_with_a_ticket_and_one_with_a_token(stack: Stack) -> None:
    alice, bob = stack.person("alice"), stack.person("bob")
    conversation_id = alice.opens(bob)

    with alice.online(by_ticket=True) as from_alice, bob.online() as from_bob:
        assert from_bob.socket.subprotocol == "bearer"
        from_bob.ask("join_conversation", conversation_id=conversation_id)
        sent = from_alice.ask("send_message", conversation_id=conversation_id, text="Hello Bob", client_id="a-1")
        got = from_bob.event("new_message")
        answered = from_bob.ask("send_message", conversation_id=conversation_id, text="Hello Alice 👋")
        back = from_alice.event("message_notification")

    assert (sent["seq"], sent["replayed"], got["message"]["id"]) == (1, False, sent["id"])
    assert (answered["seq"], back["message"]["text"]) == (2, "Hello Alice 👋")
    assert [one["text"] for one in alice.get(f"/conversations/{conversation_id}/messages")["messages"]] == [
        "Hello Bob",
        "Hello Alice 👋",
    ]


def test_sixty_requests_at_once_are_all_answered(stack: Stack) -> None:
    """Each of them reads several things side by side: together more than the process has threads for at once."""
    alice = stack.person("alice")
    for number in range(5):
        alice.opens(stack.person(f"u{number}"))

    async def asked(method: str, path: str, **given: Any) -> list[int]:
        limits = httpx.Limits(max_connections=60)
        headers = {"Authorization": f"Bearer {alice.token}"}
        async with httpx.AsyncClient(headers=headers, limits=limits, timeout=PATIENCE_S) as client:
            requests = (client.request(method, stack.rest_url + path, **given) for _ in range(60))
            return [answer.status_code for answer in await asyncio.gather(*requests)]

    assert asyncio.run(asked("GET", "/me")) == [200] * 60
    assert asyncio.run(asked("POST", "/sync", json={"cursors": {}})) == [200] * 60


def test_a_repeated_send_is_written_once_over_whichever_api_it_comes(stack: Stack) -> None:
    alice, bob = stack.person("alice"), stack.person("bob")
    conversation_id = alice.opens(bob)

    with alice.online() as from_alice, bob.online() as from_bob:
        first = from_alice.ask("send_message", conversation_id=conversation_id, text="once", client_id="one")
        again = from_alice.ask("send_message", conversation_id=conversation_id, text="once", client_id="one")
        over_rest = alice.request(
            "POST", f"/conversations/{conversation_id}/messages", {"text": "once", "client_id": "one"}
        )
        other = from_alice.refused("send_message", conversation_id=conversation_id, text="twice", client_id="one")
        heard = from_bob.events()

    assert (first["replayed"], again["replayed"]) == (False, True)
    assert (over_rest.status, over_rest.json["replayed"], over_rest.json["id"]) == (200, True, first["id"])
    assert (other["code"], other["status"]) == ("client_id_reused", 422)
    assert set(heard) == {"message_notification"}
    assert alice.get(f"/conversations/{conversation_id}")["last_seq"] == 1


def test_every_device_hears_of_a_message_in_full_where_it_has_joined(stack: Stack) -> None:
    alice, bob = stack.person("alice"), stack.person("bob")
    conversation_id = alice.opens(bob)
    text = "long " * 100

    with alice.online() as phone, alice.online() as laptop, bob.online() as tablet, bob.online() as browser:
        tablet.ask("join_conversation", conversation_id=conversation_id)
        sent = phone.ask("send_message", conversation_id=conversation_id, text=text)
        heard = [
            tablet.event("new_message"),
            browser.event("message_notification"),
            laptop.event("message_notification"),
        ]
        assert "message_notification" not in phone.events()

    assert {one["message"]["id"] for one in heard} == {sent["id"]}
    assert [len(one["message"]["text"]) for one in heard] == [len(text), 100, 100]


def test_who_was_away_catches_up_with_one_request(stack: Stack) -> None:
    alice, bob = stack.person("alice"), stack.person("bob")
    conversation_id = alice.opens(bob)
    with bob.online() as before:
        alice.post(f"/conversations/{conversation_id}/messages", text="you are here")
        seen = before.event("message_notification")["message"]["seq"]
    for number in range(3):
        alice.post(f"/conversations/{conversation_id}/messages", text=f"you are away {number}")
    carol = stack.person("carol")
    opened = carol.opens(bob)

    with bob.online(by_ticket=True) as after:
        caught = after.ask("sync", cursors={conversation_id: seen, "d_" + "a" * 26: 7})

    mine = caught["conversations"][conversation_id]
    assert (mine["verdict"], [one["seq"] for one in mine["messages"]]) == ("complete", [2, 3, 4])
    assert mine["next"]["seq"] == mine["last_seq"] == 4
    assert [one["id"] for one in caught["joined"]] == [opened]
    assert caught["left"] == ["d_" + "a" * 26]


def test_unread_is_counted_for_the_reader_and_cleared_by_reading(stack: Stack) -> None:
    alice, bob = stack.person("alice"), stack.person("bob")
    conversation_id = alice.opens(bob)
    messages = [alice.post(f"/conversations/{conversation_id}/messages", text=str(n)) for n in range(3)]
    assert bob.get("/unread-count") == {"total": 3, "conversations": 1, "capped": False, "tickets": NO_TICKETS}

    with alice.online() as watching, bob.online() as elsewhere:
        marked = bob.patch(f"/messages/{messages[1]['id']}/read")
        told = [one.event("message_read") for one in (watching, elsewhere)]

    assert (marked["unread"], marked["moved"]) == (1, True)
    assert [(one["user_id"], one["seq"]) for one in told] == [(bob.user_id, 2)] * 2
    assert bob.get("/unread")["conversations"][0]["unread"] == 1
    assert bob.patch(f"/conversations/{conversation_id}/read-all")["unread"] == 0
    assert bob.get("/unread-count")["total"] == 0
    assert alice.get("/unread-count")["total"] == 0


def test_receipts_say_when_each_message_came_and_was_read(stack: Stack) -> None:
    alice, bob = stack.person("alice"), stack.person("bob")
    conversation_id = alice.opens(bob)

    with alice.online() as from_alice, bob.online() as from_bob:
        sent = from_alice.ask("send_message", conversation_id=conversation_id, text="Did you get this?")
        nothing_yet = alice.get(f"/messages/{sent['id']}/receipts")
        from_bob.ask("mark_delivered", message_id=sent["id"])
        delivered = from_alice.event("message_delivered")
        from_bob.ask("mark_conversation_read", conversation_id=conversation_id)
        read = from_alice.event("conversation_read")

    unread = {"user_id": bob.user_id, "delivered_at": None, "read_at": None, "played_at": None}
    assert (nothing_yet["receipts"], nothing_yet["next"]) == ([unread], None)
    [receipt] = alice.get(f"/messages/{sent['id']}/receipts")["receipts"]
    assert receipt == {
        "user_id": bob.user_id,
        "delivered_at": delivered["delivered_at"],
        "read_at": read["read_at"],
        "played_at": None,
    }
    assert moment(sent["created_at"]) <= moment(receipt["delivered_at"]) <= moment(receipt["read_at"])


def test_typing_is_shown_and_runs_out_by_itself(stack: Stack) -> None:
    alice, bob = stack.person("alice"), stack.person("bob")
    conversation_id = alice.opens(bob)

    with alice.online() as from_alice, bob.online() as from_bob:
        from_alice.ask("typing_start", conversation_id=conversation_id)
        typing = from_bob.event("user_typing")
        while_typing = from_bob.ask("join_conversation", conversation_id=conversation_id)
        from_alice.ask("typing_stop", conversation_id=conversation_id)
        stopped = from_bob.event("user_stopped_typing")
        from_alice.ask("typing_start", conversation_id=conversation_id)
        time.sleep(5.1)
        run_out = from_bob.ask("join_conversation", conversation_id=conversation_id)

    assert [one["user_id"] for one in while_typing["typing"]] == [typing["user_id"]] == [stopped["user_id"]]
    assert run_out["typing"] == []


def test_presence_follows_the_first_device_and_the_last(stack: Stack) -> None:
    alice, bob = stack.person("alice"), stack.person("bob")
    chat = alice.opens(bob)
    for person in (alice, bob):
        person.post(f"/conversations/{chat}/messages", text="hello")

    with alice.online() as watching:
        assert watching.ask("request_user_status", user_ids=[bob.user_id])["statuses"][0]["status"] == "offline"
        with bob.online() as phone:
            came = watching.event("user_status_change")
            with bob.online():
                [status] = watching.ask("request_user_status", user_ids=[bob.user_id])["statuses"]
            phone.ask("ping")
            assert "user_status_change" not in watching.events()
        went = watching.event("user_status_change")

    assert (came["user_id"], came["status"], status["status"]) == (bob.user_id, "online", "online")
    assert moment(status["expires_at"]) > moment(came["expires_at"]) or status["expires_at"] == came["expires_at"]
    assert (went["status"], went["expires_at"], went["last_seen"] is None) == ("offline", None, False)


def test_the_greeting_names_the_timers_and_comes_back_to_its_sender_only(stack: Stack) -> None:
    alice = stack.person("alice")

    with alice.online() as device:
        hello = device.ask("hello")

    assert (hello["heartbeat_s"], hello["typing_expires_s"], hello["max_message_bytes"]) == (285, 5, 32768)
    assert moment(hello["server_time"]) < moment(hello["reconnect_by"]) <= moment(hello["token_expires_at"])


def test_what_is_too_long_for_a_frame_goes_over_rest(stack: Stack) -> None:
    alice, bob = stack.person("alice"), stack.person("bob")
    conversation_id = alice.opens(bob)
    text = "🐘" * 10_000  # 40,000 bytes

    with bob.online() as from_bob, alice.online() as from_alice:
        from_bob.ask("join_conversation", conversation_id=conversation_id)
        alice.post(f"/conversations/{conversation_id}/messages", text=text)
        assert from_bob.event("new_message")["message"]["text"] == text
        from_alice.socket.send("x" * 33_000)
        assert from_alice.closed() == 1009
        from_bob.socket.send(b"binary")
        assert from_bob.closed() == 1003


def test_a_ticket_lets_in_once(stack: Stack) -> None:
    ticket = stack.person("alice").ticket()
    address = f"{stack.websocket_url}?ticket={ticket}"

    with connect(address, proxy=None):
        with pytest.raises(InvalidStatus) as refused, connect(address, proxy=None):
            pytest.fail("the ticket let somebody in twice")

    assert refused.value.response.status_code == 401


def test_nobody_comes_in_without_a_token(stack: Stack) -> None:
    without = httpx.get(stack.rest_url + "/conversations")
    with_nonsense = Person(stack, "nobody", "no.token.atall").request("GET", "/conversations")

    assert (without.status_code, without.json()["code"]) == (401, "unauthenticated")
    assert (with_nonsense.status, with_nonsense.json["code"]) == (401, "unauthenticated")
    assert without.headers["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize("offered", [None, ["bearer", "no.token.atall"], ["chat"]], ids=["none", "nonsense", "other"])
def test_no_socket_opens_without_a_token(stack: Stack, offered: list[str] | None) -> None:
    subprotocols = [Subprotocol(one) for one in offered] if offered else None

    with pytest.raises(InvalidStatus) as refused, connect(stack.websocket_url, subprotocols=subprotocols, proxy=None):
        pytest.fail("somebody came in without a good token")

    assert refused.value.response.status_code == 401


def test_a_token_that_runs_out_refuses_further_actions(stack: Stack) -> None:
    alice = stack.known("alice-for-a-moment", expires_in_s=3)
    ends = time.monotonic() + 3

    with alice.online() as device:
        device.ask("ping")
        time.sleep(max(0, ends - time.monotonic()) + 1)
        problem = device.refused("ping")

    assert (problem["code"], problem["status"]) == ("token_expired", 401)


def test_outsiders_are_told_that_the_conversation_does_not_exist(stack: Stack) -> None:
    alice, bob, eve = stack.person("alice"), stack.person("bob"), stack.person("eve")
    conversation_id = alice.opens(bob)
    sent = alice.post(f"/conversations/{conversation_id}/messages", text="between us")

    with eve.online() as from_eve:
        answers = [
            eve.request("GET", f"/conversations/{conversation_id}").json,
            eve.request("POST", f"/conversations/{conversation_id}/messages", {"text": "me too"}).json,
            from_eve.refused("join_conversation", conversation_id=conversation_id),
            from_eve.refused("send_message", conversation_id=conversation_id, text="me too"),
        ]
        unknown = eve.request("GET", f"/messages/{sent['id']}").json
        heard = from_eve.events()

    assert {(one["status"], one["code"]) for one in answers} == {(404, "conversation_not_found")}
    assert (unknown["status"], unknown["code"]) == (404, "message_not_found")
    assert heard == []


def test_the_policy_decides_who_may_open_about_what(stack: Stack) -> None:
    teacher = stack.person("teacher", role="teacher", contexts={"class": ["7b"]})
    student = stack.person("student", role="student", contexts={"class": ["7b"]})
    stranger = stack.person("student", role="student", contexts={"class": ["8a"]})
    about = {"type": "class", "id": "7b"}

    opened = teacher.request("POST", "/conversations", {"type": "direct", "user_id": student.user_id, "context": about})
    again = student.request("POST", "/conversations", {"type": "direct", "user_id": teacher.user_id, "context": about})
    refused = stranger.request(
        "POST", "/conversations", {"type": "direct", "user_id": teacher.user_id, "context": about}
    )

    assert (opened.status, again.status, again.json["id"]) == (201, 200, opened.json["id"])
    assert (refused.status, refused.json["code"]) == (403, "context_not_shared")
    assert "class" in refused.json["rule"]


def test_an_export_is_fetched_by_its_address_alone_and_by_no_other(stack: Stack) -> None:
    alice, bob = stack.person("alice"), stack.person("bob")
    conversation_id = alice.opens(bob)
    alice.request("POST", f"/conversations/{conversation_id}/messages", {"text": "Take me with you 👋"})

    asked = alice.request("POST", f"/conversations/{conversation_id}/export", {"format": "jsonl"})
    deadline = time.monotonic() + PATIENCE_S
    while (export := alice.get(f"/exports/{asked.json['id']}"))["state"] != "done":
        assert time.monotonic() < deadline, export
        time.sleep(0.05)
    file = httpx.get(export["url"])
    forged = httpx.get(export["url"].replace("X-Amz-Signature=", "X-Amz-Signature=0"))

    assert asked.status == 202
    assert (file.status_code, len(file.content)) == (200, export["size_bytes"])
    assert [json.loads(line)["text"] for line in file.text.splitlines()[1:]] == ["Take me with you 👋"]
    assert forged.status_code == 403
