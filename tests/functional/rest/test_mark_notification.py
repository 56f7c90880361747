"""POST /me/notifications/{notification_id}/seen: one entry is seen, on all devices."""

from tests.functional.replies import refusal
from tests.functional.talk import open_direct, say
from tests.harness import Parley

PATH = "/me/notifications"


def test_an_entry_is_seen_until_something_new_comes(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    say(alice, conversation_id, "one")
    parley.drain()
    phone = bob.connect()
    [entry] = bob.get(PATH).json["notifications"]

    reply = bob.post(f"{PATH}/{entry['id']}/seen")

    assert reply.status == 200, reply
    assert reply.json == entry | {"seen": True} and bob.get(PATH).json["unseen"] == 0
    assert [frame["data"]["notification"] for frame in phone.events("notification")] == [reply.json]
    say(alice, conversation_id, "two")
    parley.drain()
    assert bob.get(PATH).json["unseen"] == 1
    assert bob.post(f"{PATH}/{entry['id']}/seen").json["count"] == 2


def test_an_entry_that_is_not_there_and_one_of_another_person_are_not_found(parley: Parley) -> None:
    alice, bob, eve = (parley.user(name) for name in ("alice", "bob", "eve"))
    say(alice, open_direct(alice, bob), "one")
    parley.drain()
    [entry] = bob.get(PATH).json["notifications"]

    assert refusal(eve.post(f"{PATH}/{entry['id']}/seen"))[:2] == ("notification_not_found", 404)
    assert refusal(bob.post(f"{PATH}/c.d_aaaaaaaaaaaaaaaaaaaaaaaaaa/seen"))[:2] == ("notification_not_found", 404)
    code, status, fields = refusal(bob.post(f"{PATH}/t.{entry['id'][2:]}.1/seen"))
    assert (code, status, fields) == ("invalid_request", 400, [("{notification_id}", "bad_format")])
