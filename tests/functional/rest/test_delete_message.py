"""DELETE /messages/{message_id}: a message goes, for everyone or for oneself, and its place stays."""

import pytest

from tests.functional.replies import refusal
from tests.functional.streams.test_start_fan_out import large_group
from tests.functional.talk import bare, contents, forget_events, joined, make_group, open_direct, say
from tests.harness import Parley


def test_everybody_sees_that_it_was_there_and_nothing_of_it(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    direct = open_direct(alice, bob)
    first, second = say(alice, direct, "a secret", "kept")
    alice.put(f"/messages/{first}/pin")
    bob.put(f"/messages/{first}/reactions/%F0%9F%91%8D")
    screen = joined(bob, direct)
    forget_events(screen)

    deleted = alice.delete(f"/messages/{first}")

    assert (deleted.status, deleted.json["text"], deleted.json["reactions"]) == (200, "", [])
    assert deleted.json["deleted_at"] is not None and deleted.json["pinned"] is False
    [told] = contents(screen.events("message_deleted"))
    assert (told["message"], told["scope"]) == (bare(deleted.json), "everyone")
    page = bob.get(f"/conversations/{direct}/messages").json["messages"]
    assert [(one["seq"], one["text"]) for one in page] == [(1, ""), (2, "kept")]
    assert bob.get(f"/conversations/{direct}/pins").json["messages"] == []


def test_last_message_is_gone_from_the_list_too(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    direct = open_direct(alice, bob)
    [message_id] = say(alice, direct, "a secret")

    alice.delete(f"/messages/{message_id}")

    last = bob.get("/conversations").json["conversations"][0]["last_message"]
    assert (last["text"], last["deleted_at"] is not None) == ("", True)


def test_for_me_it_goes_from_my_view_on_all_my_devices_only(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    direct = open_direct(alice, bob)
    [message_id] = say(alice, direct, "not for me")
    mine, theirs = bob.connect(), alice.connect()
    forget_events(mine, theirs)

    hidden = bob.delete(f"/messages/{message_id}?scope=me")

    assert (hidden.status, hidden.json["text"]) == (200, "")
    [told] = contents(mine.events("message_deleted"))
    assert (told["scope"], told["message"]) == ("me", bare(hidden.json))
    assert theirs.events() == []
    assert bob.get(f"/messages/{message_id}").json == hidden.json
    assert bob.get(f"/conversations/{direct}/messages").json["messages"] == [bare(hidden.json)]
    assert bob.get(f"/conversations/{direct}").json["last_message"] is None
    assert alice.get(f"/messages/{message_id}").json["text"] == "not for me"
    assert alice.get(f"/conversations/{direct}").json["last_message"]["text"] == "not for me"


def test_for_me_in_a_large_group_only_my_own_devices_hear_of_it(parley: Parley) -> None:
    alice, bob, carol = (parley.user(one) for one in ("alice", "bob", "carol"))
    group = large_group(alice, ["bob", "carol", *(f"u{number:03}" for number in range(118))])
    [message_id] = say(alice, group, "not for me")
    parley.drain()
    mine, theirs = bob.connect(), [alice.connect(), joined(carol, group)]
    forget_events(mine, *theirs)

    hidden = bob.delete(f"/messages/{message_id}?scope=me")
    parley.drain()

    assert hidden.status == 200
    [told] = contents(mine.events())
    assert (told["scope"], told["message"]["text"]) == ("me", "")
    assert [screen.events() for screen in theirs] == [[], []]
    assert carol.get(f"/messages/{message_id}").json["text"] == "not for me"


def test_sync_tells_of_ones_own_deletions_and_not_of_others(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    direct = open_direct(alice, bob)
    [message_id] = say(alice, direct, "not for me")
    bob.delete(f"/messages/{message_id}?scope=me")

    mine, theirs = (
        one.post("/sync", json={"cursors": {direct: 1}}).json["conversations"][direct] for one in (bob, alice)
    )

    assert [(one["event"], one["data"]["scope"], one["data"]["message"]["text"]) for one in mine["changes"]] == [
        ("message_deleted", "me", "")
    ]
    assert theirs["changes"] == []
    assert mine["next"] == theirs["next"] == {"seq": 1, "change_seq": 1}


@pytest.mark.parametrize("is_large", [False, True], ids=["small", "large"])
@pytest.mark.parametrize("mentions", [["bob"], ["*"]], ids=["by name", "everyone"])
def test_deleted_message_names_nobody_any_more(parley: Parley, mentions: list[str], is_large: bool) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    group = (
        large_group(alice, ["bob", *(f"u{number:03}" for number in range(100))]) if is_large else make_group(alice, bob)
    )
    sent = [
        alice.post(f"/conversations/{group}/messages", json={"text": "look", "mentions": mentions}).json
        for _ in range(2)
    ]
    assert bob.get(f"/conversations/{group}").json["mention_seqs"] == [one["seq"] for one in sent]

    assert alice.delete(f"/messages/{sent[0]['id']}").status == 200

    shown = bob.get(f"/conversations/{group}").json
    assert (shown["unread_mentions"], shown["mention_seqs"]) == (1, [sent[1]["seq"]])


def test_only_the_author_deletes_for_everyone_and_in_a_group_its_admins(parley: Parley) -> None:
    alice, bob, carol = (parley.user(one) for one in ("alice", "bob", "carol"))
    direct, group = open_direct(alice, bob), make_group(carol, alice, bob)
    [in_direct], [in_group] = say(alice, direct, "hello"), say(alice, group, "hello")

    assert refusal(bob.delete(f"/messages/{in_direct}"))[1] == 403
    assert refusal(bob.delete(f"/messages/{in_group}"))[:2] == ("admins_only", 403)
    assert carol.delete(f"/messages/{in_group}").status == 200
    assert refusal(carol.delete(f"/messages/{group}.1"))[:2] == ("system_message", 403)


def test_wrong_scope_is_named(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    [message_id] = say(alice, open_direct(alice, bob), "hello")

    refused = alice.delete(f"/messages/{message_id}?scope=all")
    assert refusal(refused) == ("invalid_request", 400, [("?scope", "not_allowed")])
