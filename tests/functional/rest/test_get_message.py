"""GET /messages/{message_id}: one message of the caller's conversations."""

from tests.functional.replies import WRONG_IDS, invalid, refusal
from tests.functional.talk import open_direct, say
from tests.harness import Parley


def test_both_members_read_the_same(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    sent = alice.post(f"/conversations/{conversation_id}/messages", json={"text": "Grüße 👋", "client_id": "c1"}).json
    del sent["replayed"]

    replies = [one.get(f"/messages/{sent['id']}") for one in (alice, bob)]

    assert [(reply.status, reply.json) for reply in replies] == [(200, sent)] * 2


def test_the_text_is_whole_though_lists_cut_it(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    [message_id] = say(alice, open_direct(alice, bob), "x" * 10_000)

    assert bob.get(f"/messages/{message_id}").json["text"] == "x" * 10_000


def test_outsider_is_told_it_does_not_exist(parley: Parley) -> None:
    alice, bob, eve = parley.user("alice"), parley.user("bob"), parley.user("eve")
    conversation_id = open_direct(alice, bob)
    [message_id] = say(alice, conversation_id, "secret")

    told = [
        refusal(eve.get(f"/messages/{message_id}")),
        refusal(eve.get(f"/messages/{conversation_id}.2")),
        refusal(eve.get("/messages/d_" + "a" * 26 + ".1")),
        refusal(alice.get(f"/messages/{conversation_id}.2")),
    ]

    assert told == [("message_not_found", 404, [])] * 4


def test_what_is_no_messages_id_is_refused(parley: Parley) -> None:
    alice = parley.user("alice")
    conversation = "d_" + "a" * 26
    wrong = WRONG_IDS | {
        "conversation": conversation,
        "seq 0": f"{conversation}.0",
        "negative": f"{conversation}.-1",
        "huge": f"{conversation}.{10**15}",
        "record of a send": f"{conversation}%23alice%23c1.0",
    }

    refused = {name: refusal(alice.get(f"/messages/{one}")) for name, one in wrong.items()}

    assert refused == dict.fromkeys(wrong, invalid(("{message_id}", "bad_format")))
