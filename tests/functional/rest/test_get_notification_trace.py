"""GET /messages/{message_id}/notification-trace: what each channel has decided about a message, and why."""

from typing import Any

import pytest

from tests.functional.erasures import host
from tests.functional.mailing import person
from tests.functional.moderation import moderator, report
from tests.functional.notifying import notice_the_rows, pushes, pushing, register
from tests.functional.replies import refusal
from tests.functional.talk import make_group, open_direct, say
from tests.harness import Parley, User


def trace(reader: User, message_id: str, query: str = "") -> dict[str, tuple[Any, Any]]:
    """Returns state and rule by channel."""
    reply = reader.get(f"/messages/{message_id}/notification-trace{query}")
    assert reply.status == 200, reply
    assert reply.json["message_id"] == message_id
    return {each["channel"]: (each["state"], each["rule"]) for each in reply.json["channels"]}


def test_a_person_learns_why_they_were_told_and_why_not(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    with pushing(parley, monkeypatch) as service:
        alice, bob = parley.user("alice"), parley.user("bob")
        register(parley, service, "bob")
        [message_id] = say(alice, open_direct(alice, bob), "hello")
        assert trace(bob, message_id)["push"] == ("waiting", None)
        parley.drain()

        assert len(pushes(service, "bob")) == 1
    channels = bob.get(f"/messages/{message_id}/notification-trace").json["channels"]
    by_channel = {each["channel"]: each for each in channels}
    assert (by_channel["push"]["state"], by_channel["push"]["rule"], by_channel["push"]["answer"]) == (
        "sent",
        "told",
        "sent 201",
    )
    assert by_channel["push"]["at"] is not None
    assert (by_channel["email"]["state"], by_channel["email"]["rule"]) == ("skipped", "no_email")
    assert trace(alice, message_id)["push"] == ("skipped", "own_message")


def test_whoever_read_in_time_learns_that(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    bob.connect()
    [message_id] = say(alice, conversation_id, "hello")
    notice_the_rows(parley)
    bob.patch(f"/conversations/{conversation_id}/read-all")
    parley.drain()

    assert trace(bob, message_id) == dict.fromkeys(("in_app", "push", "email"), ("skipped", "read"))


def test_an_e_mail_that_does_not_come_any_more_is_not_waited_for(parley: Parley) -> None:
    alice, bob, carol = parley.user("alice"), person(parley, "bob"), person(parley, "carol")
    read, deleted = open_direct(alice, bob), open_direct(alice, carol)
    [to_bob], [to_carol] = say(alice, read, "hello"), say(alice, deleted, "a mistake")
    notice_the_rows(parley)
    for body in parley.dequeue("NotificationJobs"):
        parley.functions.invoke("DecideNotifications", {"Records": [{"messageId": "m1", "body": body}]})
    assert trace(bob, to_bob)["email"] == trace(carol, to_carol)["email"] == ("waiting", "told")

    bob.patch(f"/conversations/{read}/read-all")
    alice.delete(f"/messages/{to_carol}")

    assert trace(bob, to_bob)["email"] == ("skipped", "read")
    assert trace(carol, to_carol)["email"] == ("skipped", "message_deleted")
    assert trace(bob, to_bob)["in_app"] == ("sent", "told")


def test_an_author_learns_what_became_of_the_reactions(parley: Parley) -> None:
    alice, bob, carol = parley.user("alice"), parley.user("bob"), parley.user("carol")
    group = make_group(alice, bob, carol)
    [first, *_] = [say(alice, group, f"message {number}")[0] for number in range(12)]
    for reader in (bob, carol):
        assert reader.put(f"/messages/{first}/reactions/%F0%9F%91%8D").status < 300
    parley.drain()

    reply = alice.get(f"/messages/{first}/notification-trace").json

    told = [(each["kind"], {one["channel"]: one["rule"] for one in each["channels"]}) for each in reply["notices"]]
    expected = ("reaction", {"in_app": "told", "push": "preference_off", "email": "preference_off"})
    assert told == [expected, expected]
    numbers = [each["number"] for each in reply["notices"]]
    assert numbers == sorted(numbers, reverse=True)
    assert bob.get(f"/messages/{first}/notification-trace").json["notices"] == []
    assert alice.get(f"/messages/{group}.{int(first.rpartition('.')[2]) + 10}/notification-trace").json["notices"] == []


def test_moderators_and_the_host_may_ask_for_anybody_and_it_is_in_the_audit_log(parley: Parley) -> None:
    alice, bob, eve, mona = parley.user("alice"), parley.user("bob"), parley.user("eve"), moderator(parley)
    [message_id] = say(alice, open_direct(alice, bob), "hello")
    parley.drain()
    path = f"/messages/{message_id}/notification-trace"

    assert refusal(mona.get(f"{path}?user_id=bob"))[:2] == ("message_not_found", 404)  # nobody has reported it
    assert report(bob, message_id).status == 201
    assert trace(mona, message_id, "?user_id=bob")["in_app"] == ("sent", "told")
    assert trace(host(parley), message_id, "?user_id=bob")["in_app"] == ("sent", "told")
    assert trace(host(parley), message_id, "?user_id=eve")["in_app"] == ("skipped", "not_member")
    log = mona.get("/admin/audit").json["entries"]
    entries = [entry for entry in log if entry["action"] == "read_notification_trace"]
    assert {(entry["actor_id"], entry["target"]) for entry in entries} >= {("mona", message_id)}
    assert refusal(alice.get(f"{path}?user_id=bob"))[:2] == ("moderators_only", 403)
    assert refusal(eve.get(path))[:2] == ("message_not_found", 404)
