"""GET /conversations/{conversation_id}: one conversation, as the member who asks sees it."""

from tests.functional.replies import WRONG_IDS, invalid, refusal
from tests.functional.talk import open_direct, say
from tests.harness import Parley


def test_each_member_sees_their_own_side(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    say(alice, conversation_id, "one", "two")
    say(bob, conversation_id, "three")

    hers, his = (one.get(f"/conversations/{conversation_id}").json for one in (alice, bob))

    assert (hers["last_seq"], hers["read_seq"], hers["delivered_seq"], hers["unread"]) == (3, 2, 2, 1)
    assert (his["last_seq"], his["read_seq"], his["delivered_seq"], his["unread"]) == (3, 3, 3, 0)
    assert hers["members"] == his["members"]
    assert {one["user_id"]: one["read_seq"] for one in hers["members"]} == {"alice": 2, "bob": 3}
    assert hers["last_message"] == his["last_message"]


def test_names_are_those_of_the_newest_sign_in(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)

    parley.advance(60)
    parley.user("bob", name="Robert")

    members = alice.get(f"/conversations/{conversation_id}").json["members"]
    assert {one["user_id"]: one["name"] for one in members} == {"alice": "Alice", "bob": "Robert"}


def test_outsider_is_told_it_does_not_exist(parley: Parley) -> None:
    alice, bob, eve = parley.user("alice"), parley.user("bob"), parley.user("eve")
    conversation_id = open_direct(alice, bob)

    outside, nowhere = eve.get(f"/conversations/{conversation_id}"), eve.get("/conversations/d_" + "a" * 26)

    assert refusal(outside) == refusal(nowhere) == ("conversation_not_found", 404, [])
    own = ("instance", "request_id")
    assert {k: v for k, v in outside.json.items() if k not in own} == {
        k: v for k, v in nowhere.json.items() if k not in own
    }


def test_what_is_no_conversations_id_is_refused(parley: Parley) -> None:
    alice = parley.user("alice")

    refused = {name: refusal(alice.get(f"/conversations/{wrong}")) for name, wrong in WRONG_IDS.items()}

    assert refused == dict.fromkeys(WRONG_IDS, invalid(("{conversation_id}", "bad_format")))


def test_it_takes_no_query(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")

    reply = alice.get(f"/conversations/{open_direct(alice, bob)}?full=true")

    assert refusal(reply) == invalid(("?full", "unknown_field"))
