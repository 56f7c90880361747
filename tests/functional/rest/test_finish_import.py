"""POST /migration/conversations/{conversation_id}/finish: an imported conversation is like any other, and no news."""

import time
from typing import Any

import pytest

from parley.domain.api.times import rfc3339
from tests.functional.moving import begin, bring, direct, finish, group, host_of, imported_direct, message, people
from tests.functional.replies import invalid, malformed_bodies, refusal, stored
from tests.functional.talk import say
from tests.harness import Parley


def side(user_id: str, read_seq: int = 0, **fields: object) -> dict[str, Any]:
    return {"user_id": user_id, "read_seq": read_seq, **fields}


def test_members_find_it_in_their_lists_as_they_left_it(parley: Parley) -> None:
    people(parley, "alice", "bob")
    conversation_id = begin(parley, direct())
    bring(parley, conversation_id, message(1), message(2, "bob"), message(3))

    muted = {"pinned": True, "muted_until": "2199-01-01T00:00:00Z", "notifications": "mentions"}
    reply = finish(parley, conversation_id, 3, side("alice", 2), side("bob", 1, delivered_seq=3, settings=muted))

    assert reply.json == {"conversation_id": conversation_id, "state": "done", "last_seq": 3}
    [hers] = parley.user("alice").get("/conversations").json["conversations"]
    [his] = parley.user("bob").get("/conversations").json["conversations"]
    assert (hers["unread"], hers["last_message"]["text"], hers["last_activity_at"]) == (
        0,
        "message 3",
        "2024-03-01T08:03:00.000Z",
    )
    assert (his["unread"], his["read_seq"], his["delivered_seq"]) == (1, 2, 3)
    assert his["settings"] == {**muted, "muted_until": "2199-01-01T00:00:00.000Z"}
    assert [one["id"] for one in parley.user("bob").get("/conversations?state=pinned").json["conversations"]] == [
        conversation_id
    ]


def test_group_has_its_members_roles_and_unread_mentions(parley: Parley) -> None:
    people(parley, "alice", "bob", "carol")
    conversation_id = begin(parley, group("alice", "bob", "carol", description="On Mondays", posting="admins"))
    bring(parley, conversation_id, message(1), message(2, mentions=["bob"]))

    sides = [side("alice", 2), side("bob", 1, mention_seqs=[2]), side("carol", 0, archived=True, since_seq=1)]
    assert finish(parley, conversation_id, 2, *sides).status == 200

    bob, carol = parley.user("bob"), parley.user("carol")
    seen = bob.get(f"/conversations/{conversation_id}").json
    assert (seen["title"], seen["description"], seen["posting"]) == ("Chess", "On Mondays", "admins")
    assert (seen["unread"], seen["unread_mentions"], seen["mention_seqs"]) == (1, 1, [2])
    members = bob.get(f"/conversations/{conversation_id}/members").json["members"]
    assert {one["user_id"]: one["role"] for one in members} == {"alice": "owner", "bob": "member", "carol": "member"}
    assert carol.get("/conversations").json["conversations"] == []
    archived = carol.get("/conversations?state=archived").json["conversations"]
    assert [(one["id"], one["archived"]) for one in archived] == [(conversation_id, True)]


def test_the_import_says_from_where_on_a_member_sees_and_not_the_history_of_the_group(parley: Parley) -> None:
    people(parley, "alice", "bob", "carol")
    conversation_id = begin(parley, group("alice", "bob", "carol", history="joined"))
    bring(parley, conversation_id, message(1), message(2))

    sides = [side("alice", 2), side("bob", since_seq=1), side("carol", since_seq=1, visible_from_seq=2)]
    assert finish(parley, conversation_id, 2, *sides).status == 200

    for user_id, seqs in (("alice", [1, 2]), ("bob", [1, 2]), ("carol", [2])):
        found = parley.user(user_id).get(f"/conversations/{conversation_id}/messages").json["messages"]
        assert [int(each["id"].rpartition(".")[2]) for each in found] == seqs
    assert parley.user("carol").get(f"/messages/{conversation_id}.1").status == 404


def test_conversation_that_was_marked_as_unread_is_unread_until_it_is_read(parley: Parley) -> None:
    people(parley, "alice", "bob")
    conversation_id = begin(parley, direct())
    bring(parley, conversation_id, message(1), message(2, "bob"), message(3))
    sides = [side("alice", 0, unread_from_seq=2), side("bob", 3, unread_from_seq=1)]

    assert finish(parley, conversation_id, 3, *sides).status == 200

    alice, bob = parley.user("alice"), parley.user("bob")
    for person, unread, seq in ((alice, 2, 2), (bob, 3, 1)):
        [seen] = person.get("/conversations").json["conversations"]
        assert (seen["unread"], seen["unread_from_seq"], seen["read_seq"]) == (unread, seq, 3)
    stored_sides = host_of(parley).get(f"/migration/conversations/{conversation_id}/members").json["members"]
    assert [one["unread_from_seq"] for one in stored_sides] == [2, 1]
    say(alice, conversation_id, "more")
    [seen] = alice.get("/conversations").json["conversations"]
    assert (seen["unread"], seen["unread_from_seq"]) == (0, None)


def test_nobody_is_told_and_nothing_is_counted(parley: Parley) -> None:
    parley.clock.ms = time.time_ns() // 1_000_000
    alice, bob = parley.user("alice"), parley.user("bob")
    screens = [alice.connect(), bob.connect()]
    conversation_id = begin(parley, direct())
    bring(parley, conversation_id, {**message(1), "created_at": rfc3339(parley.clock.ms)})

    finish(parley, conversation_id, 1, side("alice"), side("bob"))
    parley.drain()

    assert [screen.events() for screen in screens] == [[], []]
    assert bob.get("/me/notifications").json["notifications"] == []
    assert [one["id"] for one in bob.get("/conversations").json["conversations"]] == [conversation_id]


def test_conversation_lives_on(parley: Parley) -> None:
    conversation_id = imported_direct(parley, message(1), message(2, "bob"), read_seq=2)
    alice, bob = parley.user("alice"), parley.user("bob")
    screen = bob.connect()

    [sent] = say(alice, conversation_id, "still there?")

    assert sent == f"{conversation_id}.3"
    assert [event["data"]["message"]["id"] for event in screen.events("message_notification")] == [sent]
    assert bob.patch(f"/messages/{sent}/read").status == 200
    assert alice.put(f"/messages/{conversation_id}.2/reactions/%F0%9F%91%8D").status == 200


def test_people_see_each_other_online_if_both_have_written(parley: Parley) -> None:
    imported_direct(parley, message(1), message(2, "bob"), read_seq=2)
    alice, bob = parley.user("alice"), parley.user("bob")
    bob.connect()

    assert alice.get("/users/presence?ids=bob").json["statuses"][0]["status"] == "online"


def test_repeat_says_that_it_is_done(parley: Parley) -> None:
    conversation_id = imported_direct(parley, message(1))
    say(parley.user("alice"), conversation_id, "new")
    before = stored(parley)

    reply = finish(parley, conversation_id, 1, side("alice"), side("bob"))

    assert (reply.json["state"], reply.json["last_seq"]) == ("done", 1)
    assert stored(parley) == before
    assert (
        refusal(finish(parley, conversation_id, 1, side("alice"), side("bob"), run="second"))[0] == "conversation_live"
    )


@pytest.mark.parametrize(
    "last_seq, sides, fields",
    [
        (1, [side("alice"), side("bob")], [("/last_seq", "not_allowed")]),
        (2, [side("alice")], [("/members", "contradiction")]),
        (2, [side("alice"), side("carol")], [("/members", "contradiction")]),
        (2, [side("alice"), side("alice")], [("/members/1/user_id", "repeated"), ("/members", "contradiction")]),
        (2, [side("alice", 3), side("bob")], [("/members/0/read_seq", "too_large")]),
        (2, [side("alice", delivered_seq=3), side("bob")], [("/members/0/delivered_seq", "too_large")]),
        (2, [side("alice", visible_from_seq=4), side("bob")], [("/members/0/visible_from_seq", "too_large")]),
        (2, [side("alice", unread_from_seq=3), side("bob")], [("/members/0/unread_from_seq", "too_large")]),
        (
            2,
            [side("alice", visible_from_seq=2, unread_from_seq=1), side("bob")],
            [("/members/0/unread_from_seq", "too_small")],
        ),
        (2, [side("alice", unread_from_seq=0), side("bob")], [("/members/0/unread_from_seq", "too_small")]),
        (2, [side("alice", since_seq=3), side("bob")], [("/members/0/since_seq", "too_large")]),
        (2, [side("alice", 2, mention_seqs=[2]), side("bob")], [("/members/0/mention_seqs/0", "not_allowed")]),
        (
            2,
            [side("alice", settings={"muted_until": "2024-02-30T00:00:00Z"}), side("bob")],
            [("/members/0/settings/muted_until", "bad_format")],
        ),
        (2, [side("alice", -1), side("bob")], [("/members/0/read_seq", "too_small")]),
        (2, [], [("/members", "too_few_items")]),
    ],
)
def test_wrong_end_is_named_and_nothing_is_stored(
    parley: Parley, last_seq: int, sides: list[dict[str, Any]], fields: list[tuple[str, str]]
) -> None:
    people(parley, "alice", "bob", "carol")
    conversation_id = begin(parley, direct())
    bring(parley, conversation_id, message(1), message(2))
    before = stored(parley)

    assert refusal(finish(parley, conversation_id, last_seq, *sides)) == invalid(*fields)
    assert stored(parley) == before


def test_block_made_meanwhile_stops_it(parley: Parley) -> None:
    people(parley, "alice", "bob")
    conversation_id = begin(parley, direct())
    parley.user("alice").put("/users/bob/block")

    assert refusal(finish(parley, conversation_id, 0, side("alice"), side("bob")))[1] == 403


def test_person_who_was_erased_meanwhile_stops_it(parley: Parley) -> None:
    people(parley, "alice", "bob", "carol")
    conversation_id = begin(parley, group("alice", "bob"))
    host_of(parley).delete("/users/bob")

    reply = finish(parley, conversation_id, 0, side("alice"), side("bob"))

    assert refusal(reply)[2] == [("/members/1/user_id", "not_allowed")]


def test_erasure_finds_the_words_of_former_members(parley: Parley) -> None:
    people(parley, "alice", "bob", "carol")
    conversation_id = begin(parley, group("alice", "bob"))
    bring(parley, conversation_id, message(1, "carol", "carol was here"))
    finish(parley, conversation_id, 1, side("alice"), side("bob"))

    host_of(parley).delete("/users/carol")
    parley.drain()

    [found] = parley.user("alice").get(f"/conversations/{conversation_id}/messages").json["messages"]
    assert found["sender_id"] != "carol"


def test_nobody_but_the_host_may(parley: Parley) -> None:
    people(parley, "alice", "bob")
    path = f"/migration/conversations/{begin(parley, direct())}/finish"
    body = {"run": "rehearsal-1", "last_seq": 0, "members": [side("alice"), side("bob")]}

    assert refusal(parley.user("mallory", role="moderator").post(path, json=body)) == ("service_only", 403, [])


def test_body_that_makes_no_sense_is_refused(parley: Parley) -> None:
    people(parley, "alice", "bob")
    path, host = f"/migration/conversations/{begin(parley, direct())}/finish", host_of(parley)

    assert malformed_bodies(lambda raw: host.post(path, raw=raw)) == {}
    missing = "/migration/conversations/d_" + "a" * 26 + "/finish"
    body = {"run": "rehearsal-1", "last_seq": 0, "members": [side("alice"), side("bob")]}
    assert refusal(host.post(missing, json=body)) == ("conversation_not_found", 404, [])
