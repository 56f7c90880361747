"""PATCH /messages/{message_id}: an author corrects a message; everybody has the new text, moderators the old ones."""

import pytest

from tests.functional.replies import Meanwhile, Refusal, at_once, invalid, refusal
from tests.functional.talk import bare, contents, forget_events, joined, make_group, open_direct, say
from tests.harness import Parley, User


def test_everybody_has_the_new_text(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    direct = open_direct(alice, bob)
    [message_id] = say(alice, direct, "helo")
    screen, phone = joined(bob, direct), alice.connect()
    forget_events(screen, phone)

    edited = alice.patch(f"/messages/{message_id}", json={"text": "hello"})

    assert (edited.status, edited.json["text"], edited.json["change_seq"]) == (200, "hello", 1)
    assert edited.json["edited_at"] is not None
    for device in (screen, phone):
        [told] = contents(device.events("message_updated"))
        assert (told["message"], told["change_seq"], told["user_id"]) == (bare(edited.json), 1, "alice")
    assert bob.get(f"/messages/{message_id}").json == edited.json
    shown = bob.get(f"/conversations/{direct}").json
    assert (shown["last_message"]["text"], shown["last_change_seq"], shown["unread"]) == ("hello", 1, 1)


def test_devices_that_have_not_joined_get_the_whole_text_too(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    [message_id] = say(alice, open_direct(alice, bob), "short")
    screen = bob.connect()

    alice.patch(f"/messages/{message_id}", json={"text": "x" * 500})

    assert contents(screen.events("message_updated"))[0]["message"]["text"] == "x" * 500


def test_device_that_was_away_learns_of_it_by_sync(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    direct = open_direct(alice, bob)
    first, second = say(alice, direct, "one", "two")
    alice.patch(f"/messages/{first}", json={"text": "uno"})
    alice.patch(f"/messages/{first}", json={"text": "eins"})

    caught = bob.post("/sync", json={"cursors": {direct: {"seq": 1, "change_seq": 0}}}).json["conversations"][direct]

    assert [one["text"] for one in caught["messages"]] == ["two"]
    assert [(one["event"], one["data"]["message"]["text"]) for one in caught["changes"]] == [
        ("message_updated", "eins")
    ] * 2
    assert (caught["verdict"], caught["next"]) == ("complete", {"seq": 2, "change_seq": 2})


def test_same_text_again_is_no_edit(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    direct = open_direct(alice, bob)
    [message_id] = say(alice, direct, "hello")
    screen = bob.connect()

    same = alice.patch(f"/messages/{message_id}", json={"text": "hello"}).json

    assert (same["edited_at"], same["change_seq"]) == (None, 0)
    assert screen.events() == []


def test_only_the_author_edits(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    group = make_group(bob, alice)
    [message_id] = say(alice, group, "hello")

    assert refusal(bob.patch(f"/messages/{message_id}", json={"text": "mine"}))[:2] == ("not_your_message", 403)
    note = f"{group}.1"
    assert refusal(bob.patch(f"/messages/{note}", json={"text": "mine"}))[:2] == ("system_message", 403)
    assert alice.get(f"/messages/{message_id}").json["text"] == "hello"


def test_window_ends(parley: Parley) -> None:
    alice, bob = parley.user("alice", expires_in_s=100_000), parley.user("bob")
    [message_id] = say(alice, open_direct(alice, bob), "hello")
    parley.advance(86_400)
    assert alice.patch(f"/messages/{message_id}", json={"text": "just in time"}).status == 200
    parley.advance(1)

    refused = alice.patch(f"/messages/{message_id}", json={"text": "too late"})

    assert refusal(refused)[:2] == ("edit_window_over", 403)
    assert "86400" in refused.json["rule"]


def test_edit_that_was_done_in_time_may_be_asked_for_again(parley: Parley) -> None:
    alice, bob = parley.user("alice", expires_in_s=100_000), parley.user("bob")
    [message_id] = say(alice, open_direct(alice, bob), "helo")
    first = alice.patch(f"/messages/{message_id}", json={"text": "hello"})
    parley.advance(86_401)

    again = alice.patch(f"/messages/{message_id}", json={"text": "hello"})

    assert (again.status, again.json) == (200, first.json)


def test_window_of_no_seconds_has_no_end(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDIT_WINDOW_S", "0")
    alice, bob = parley.user("alice"), parley.user("bob")
    [message_id] = say(alice, open_direct(alice, bob), "hello")
    parley.advance(365 * 86_400)
    alice = parley.user("alice")  # with a new token

    assert alice.patch(f"/messages/{message_id}", json={"text": "a year later"}).status == 200


def test_a_message_is_edited_a_hundred_times(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    [message_id] = say(alice, open_direct(alice, bob), "hello")
    for number in range(100):
        parley.advance(1)
        assert alice.patch(f"/messages/{message_id}", json={"text": f"version {number}"}).status == 200

    refused = alice.patch(f"/messages/{message_id}", json={"text": "one too many"})

    assert (refusal(refused)[:2], refused.json["rule"]) == (("too_many_edits", 409), "edits")
    assert alice.patch(f"/messages/{message_id}", json={"text": "version 99"}).status == 200
    assert bob.get(f"/messages/{message_id}").json["text"] == "version 99"


def test_nobody_puts_words_into_the_mouth_of_whom_they_forward(parley: Parley) -> None:
    alice, bob, eve = (parley.user(one) for one in ("alice", "bob", "eve"))
    [message_id] = say(bob, open_direct(bob, eve), "hello")
    direct = open_direct(eve, alice)
    forwarded = eve.post(f"/messages/{message_id}/forward", json={"conversation_ids": [direct]}).json["messages"][0]
    assert forwarded["forwarded_from"]["sender_id"] == "bob"

    refused = eve.patch(f"/messages/{forwarded['id']}", json={"text": "I owe eve a hundred"})

    assert refusal(refused)[:2] == ("forwarded_message", 403)
    assert alice.get(f"/messages/{forwarded['id']}").json["text"] == "hello"
    assert eve.delete(f"/messages/{forwarded['id']}").status == 200


def mentions_of(person: User, conversation_id: str) -> list[int]:
    shown = person.get(f"/conversations/{conversation_id}").json
    assert shown["unread_mentions"] == len(shown["mention_seqs"])
    return list(shown["mention_seqs"])


@pytest.mark.parametrize("is_large", [False, True], ids=["small", "large"])
def test_unread_mentions_follow_whom_the_text_names(parley: Parley, is_large: bool) -> None:
    alice, bob, carol, dave = (parley.user(one) for one in ("alice", "bob", "carol", "dave"))
    group = make_group(alice, bob, carol, dave)
    if is_large:
        alice.post(f"/conversations/{group}/members", json={"user_ids": [f"u{number}" for number in range(90)]})
        alice.post(f"/conversations/{group}/members", json={"user_ids": [f"v{number}" for number in range(10)]})
    body = {"text": "@bob look", "mentions": ["bob", "dave", "alice"]}
    sent = alice.post(f"/conversations/{group}/messages", json=body).json
    carol.patch(f"/messages/{sent['id']}/read")
    alice.delete(f"/conversations/{group}/members/dave")

    def names(*mentions: str) -> dict[str, list[int]]:
        edited = alice.patch(f"/messages/{sent['id']}", json={"text": f"{mentions} look", "mentions": mentions})
        assert edited.status == 200, edited
        return {one.user_id: mentions_of(one, group) for one in (alice, bob, carol)}

    seq = sent["seq"]
    assert names("carol") == {"alice": [], "bob": [], "carol": []}  # carol has read it already
    assert names("bob", "carol", "alice") == {"alice": [], "bob": [seq], "carol": []}
    assert names() == {"alice": [], "bob": [], "carol": []}
    assert names("*") == {"alice": [], "bob": [seq], "carol": []}
    assert names("*", "bob") == {"alice": [], "bob": [seq], "carol": []}
    assert names("bob") == {"alice": [], "bob": [seq], "carol": []}
    assert refusal(dave.get(f"/conversations/{group}"))[1] == 404  # no row was left of a person who had left


def test_edit_that_calls_everyone_loses_no_other_call(parley: Parley) -> None:
    alice, bob, carol = (parley.user(one) for one in ("alice", "bob", "carol"))
    group = make_group(alice, bob, carol)
    first, last = say(alice, group, "one", "two")
    all_of_you = {"text": "all!", "mentions": ["*"]}
    parley.hooks.append(
        Meanwhile("TransactWriteItems", lambda: carol.post(f"/conversations/{group}/messages", json=all_of_you))
    )

    assert alice.patch(f"/messages/{first}", json=all_of_you).status == 200

    assert mentions_of(bob, group) == [2, 4]


def test_whom_a_message_named_it_may_name_on_when_they_have_left(parley: Parley) -> None:
    alice, bob, carol = (parley.user(one) for one in ("alice", "bob", "carol"))
    group = make_group(alice, bob, carol)
    sent = bob.post(f"/conversations/{group}/messages", json={"text": "@carol helo", "mentions": ["carol"]}).json
    alice.delete(f"/conversations/{group}/members/carol")

    edited = bob.patch(f"/messages/{sent['id']}", json={"text": "@carol hello", "mentions": ["carol"]})

    assert (edited.status, edited.json["mentions"]) == (200, ["carol"])
    assert bob.patch(f"/messages/{sent['id']}", json={"text": "hello"}).status == 200
    refused = bob.patch(f"/messages/{sent['id']}", json={"text": "@carol hello", "mentions": ["carol"]})
    assert refusal(refused) == invalid(("/mentions/0", "not_allowed"))


def test_deleted_message_stays_deleted_whichever_comes_first(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    direct = open_direct(alice, bob)
    [message_id] = say(alice, direct, "hello")
    parley.hooks.append(Meanwhile("TransactWriteItems", lambda: alice.delete(f"/messages/{message_id}")))

    refused = alice.patch(f"/messages/{message_id}", json={"text": "too late"})

    assert refusal(refused)[:2] == ("message_deleted", 409)
    assert bob.get(f"/messages/{message_id}").json["text"] == ""
    assert bob.get(f"/conversations/{direct}").json["last_change_seq"] == 1


def test_edits_at_once_all_count_and_the_last_one_stays(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    direct = open_direct(alice, bob)
    [message_id] = say(alice, direct, "hello")
    texts = [f"version {number}" for number in range(4)]

    replies = at_once([lambda t=text: alice.patch(f"/messages/{message_id}", json={"text": t}) for text in texts])  # type: ignore[misc]

    assert {reply.status for reply in replies} == {200}
    last = max(replies, key=lambda reply: reply.json["change_seq"]).json
    assert bob.get(f"/messages/{message_id}").json == last
    assert sorted(reply.json["change_seq"] for reply in replies) == [1, 2, 3, 4]


def test_message_in_between_keeps_its_place_in_the_list(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    direct = open_direct(alice, bob)
    [message_id] = say(alice, direct, "hello")
    parley.hooks.append(Meanwhile("TransactWriteItems", lambda: say(bob, direct, "newer")))

    assert alice.patch(f"/messages/{message_id}", json={"text": "edited"}).status == 200

    assert bob.get(f"/conversations/{direct}").json["last_message"]["text"] == "newer"


WRONG: dict[str, tuple[dict[str, object], Refusal]] = {
    "nothing": ({}, invalid(("/text", "required"))),
    "blank": ({"text": " "}, invalid(("/text", "blank"))),
    "long": ({"text": "x" * 10_001}, invalid(("/text", "too_long"))),
    "strangers": ({"text": "hi", "mentions": ["eve"]}, invalid(("/mentions/0", "not_allowed"))),
    "unknown": ({"text": "hi", "client_id": "c1"}, invalid(("/client_id", "unknown_field"))),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_fields_are_named(parley: Parley, name: str) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    [message_id] = say(alice, open_direct(alice, bob), "hello")
    body, expected = WRONG[name]

    assert refusal(alice.patch(f"/messages/{message_id}", json=body)) == expected
