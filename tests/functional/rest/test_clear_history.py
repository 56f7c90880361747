"""DELETE /conversations/{conversation_id}/history: clear the caller's own history; others keep theirs."""

from tests.functional.desk import open_ticket
from tests.functional.replies import Meanwhile, refusal
from tests.functional.talk import bare, contents, forget_events, make_group, open_direct, say
from tests.harness import Parley, User


def texts(reader: User, conversation_id: str) -> list[str]:
    reply = reader.get(f"/conversations/{conversation_id}/messages")
    assert reply.status == 200, reply
    return [one["text"] for one in reply.json["messages"]]


def test_caller_sees_only_what_comes_afterwards_and_the_other_all(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    direct = open_direct(alice, bob)
    say(bob, direct, "one", "two")
    before = alice.get(f"/conversations/{direct}").json

    cleared = alice.delete(f"/conversations/{direct}/history")

    assert cleared.status == 200, cleared
    changed = {"visible_from_seq": 3, "own_seq": before["own_seq"] + 1, "last_message": None, "unread": 0}
    assert bare(cleared.json) == bare(before) | changed
    assert texts(alice, direct) == []
    say(bob, direct, "three")
    assert texts(alice, direct) == ["three"]
    assert texts(bob, direct) == ["one", "two", "three"]
    now = alice.get(f"/conversations/{direct}").json
    assert (now["unread"], now["last_message"]["text"], now["read_seq"]) == (1, "three", 0)
    assert alice.get(f"/conversations/{direct}/messages?page=1").json["total"] == 1


def test_both_clear_at_once_and_each_has_their_own(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    direct = open_direct(alice, bob)
    say(bob, direct, "one", "two", "three")

    parley.hooks.append(Meanwhile("TransactWriteItems", lambda: bob.delete(f"/conversations/{direct}/history?seq=1")))
    cleared = alice.delete(f"/conversations/{direct}/history?seq=2")

    assert cleared.json["visible_from_seq"] == 3
    assert (texts(alice, direct), texts(bob, direct)) == (["three"], ["two", "three"])


def test_message_that_comes_meanwhile_is_not_cleared(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    group = make_group(bob, alice)
    say(bob, group, "old")

    parley.hooks.append(Meanwhile("TransactWriteItems", lambda: say(bob, group, "new")))
    assert alice.delete(f"/conversations/{group}/history").status == 200

    assert texts(alice, group) == ["new"]


def test_retry_with_a_seq_clears_nothing_more_and_tells_the_devices_again(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    group = make_group(bob, alice)
    say(bob, group, "old")
    alice.delete(f"/conversations/{group}/history?seq=2")
    say(bob, group, "new")
    screen = alice.connect()
    forget_events(screen)

    again = alice.delete(f"/conversations/{group}/history?seq=2")

    assert (again.json["visible_from_seq"], again.json["own_seq"]) == (3, 1)
    assert texts(alice, group) == ["new"]
    [told] = contents(screen.events("conversation_updated"))
    assert told["own"]["visible_from_seq"] == 3 and told["own"]["own_seq"] == 1
    earlier = alice.delete(f"/conversations/{group}/history?seq=1")
    assert earlier.json["visible_from_seq"] == 3  # nothing comes back


def test_bad_seqs_are_named(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    direct = open_direct(alice, bob)
    say(bob, direct, "one")

    for seq in ("0", "2", "one", "-1", str(10**15 + 1)):
        reply = alice.delete(f"/conversations/{direct}/history?seq={seq}")
        assert (reply.status, [field["pointer"] for field in reply.json["errors"]]) == (400, ["?seq"]), seq
    last = alice.delete(f"/conversations/{direct}/history?seq=2").json["errors"][0]
    assert (last["code"], last["limit"]) == ("too_large", 1)
    assert texts(alice, direct) == ["one"]


def test_empty_conversation_has_nothing_to_clear(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    direct = open_direct(alice, bob)

    cleared = alice.delete(f"/conversations/{direct}/history").json

    assert (cleared["visible_from_seq"], cleared["own_seq"]) == (1, 0)


def test_ticket_keeps_its_history(parley: Parley) -> None:
    carol = parley.user("carol", role="customer")
    ticket_id = open_ticket(carol)

    refused = carol.delete(f"/conversations/{ticket_id}/history")

    assert refusal(refused) == ("history_stays", 403, [])
    assert "clear_history" not in carol.get(f"/conversations/{ticket_id}").json["capabilities"]
