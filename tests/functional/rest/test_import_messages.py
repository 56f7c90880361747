"""POST /migration/conversations/{conversation_id}/messages: the messages of another system, each with its own time."""

import pytest

from tests.functional.moving import begin, bring, direct, finish, group, host_of, imported_direct, message, people
from tests.functional.replies import invalid, malformed_bodies, refusal, stored
from tests.harness import Frame, Parley

TEXT = "x" * 10_000


def test_messages_come_in_parts_and_keep_their_times(parley: Parley) -> None:
    people(parley, "alice", "bob")
    conversation_id = begin(parley, direct())

    first = bring(parley, conversation_id, message(1), message(2, "bob", reply_to_seq=1))
    second = bring(parley, conversation_id, message(3, edited_at="2024-05-01T00:00:00Z", metadata={"old": 7}))
    finish(parley, conversation_id, 3, *({"user_id": each, "read_seq": 3} for each in ("alice", "bob")))

    assert (first.json["last_seq"], second.json["last_seq"]) == (2, 3)
    found = parley.user("bob").get(f"/conversations/{conversation_id}/messages").json["messages"]
    assert [one["text"] for one in found] == ["message 1", "message 2", "message 3"]
    assert [one["created_at"] for one in found] == [f"2024-03-01T08:0{minute}:00.000Z" for minute in (1, 2, 3)]
    assert found[1]["reply_to"] == found[0]["id"] == f"{conversation_id}.1"
    assert (found[2]["edited_at"], found[2]["metadata"]) == ("2024-05-01T00:00:00.000Z", {"old": 7})


def test_everything_of_a_message_is_kept(parley: Parley) -> None:
    people(parley, "alice", "bob", "carol")
    conversation_id = begin(parley, group("alice", "bob"))
    note: Frame = {"kind": "system", "text": "", "system": {"event": "members_added", "user_ids": ["bob"]}}
    messages = [
        message(1, **note),
        message(2, "carol", mentions=["bob"], client_id="old-2", custom_type="quiz"),
        message(3, "bob", "bye", deleted_at="2024-05-01T00:00:00Z", reactions=[{"emoji": "👍", "user_ids": ["bob"]}]),
        message(
            4,
            pinned=True,
            reactions=[{"emoji": "❤", "user_ids": ["bob", "carol"]}, {"emoji": "👍", "user_ids": ["bob"]}],
        ),
        message(5, forwarded_from={"sender_id": "carol", "created_at": "2023-01-01T00:00:00Z"}),
    ]

    assert bring(parley, conversation_id, *messages).status == 200
    finish(parley, conversation_id, 5, *({"user_id": each, "read_seq": 0} for each in ("alice", "bob")))

    bob = parley.user("bob")
    found = bob.get(f"/conversations/{conversation_id}/messages").json["messages"]
    assert found[0]["system"] == {"event": "members_added", "user_ids": ["bob"]}
    assert found[0]["text"] == "Members were added."  # as the server writes it
    assert (found[1]["sender_id"], found[1]["mentions"], found[1]["client_id"]) == ("carol", ["bob"], "old-2")
    assert (found[2]["text"], found[2]["deleted_at"], found[2]["reactions"]) == ("", "2024-05-01T00:00:00.000Z", [])
    assert sorted((one["emoji"], one["count"], one["mine"]) for one in found[3]["reactions"]) == [
        ("❤️", 2, True),
        ("👍", 1, True),
    ]
    assert found[4]["forwarded_from"] == {"sender_id": "carol", "created_at": "2023-01-01T00:00:00.000Z"}
    assert [one["seq"] for one in bob.get(f"/conversations/{conversation_id}/pins").json["messages"]] == [4]
    reacted = bob.get(f"/messages/{conversation_id}.4/reactions").json
    assert {one["user_id"] for one in reacted["reactions"]} == {"bob"}  # the members


def test_reaction_that_was_brought_along_can_be_taken_off_and_put_again(parley: Parley) -> None:
    conversation_id = imported_direct(parley, message(1, reactions=[{"emoji": "👍", "user_ids": ["bob"]}]))
    bob = parley.user("bob")
    path = f"/messages/{conversation_id}.1/reactions/%F0%9F%91%8D"

    assert [one["count"] for one in bob.put(path).json["reactions"]] == [1]
    assert bob.delete(path).json["reactions"] == []
    assert [one["count"] for one in bob.put(path).json["reactions"]] == [1]


def test_repeat_of_stored_messages_changes_nothing(parley: Parley) -> None:
    people(parley, "alice", "bob")
    conversation_id = begin(parley, direct())
    bring(parley, conversation_id, message(1), message(2))
    before = stored(parley)

    again = bring(parley, conversation_id, message(1), message(2))
    assert (again.status, again.json["last_seq"], stored(parley)) == (200, 2, before)
    further = bring(parley, conversation_id, message(2), message(3))
    assert (further.status, further.json["last_seq"]) == (200, 3)


def test_repeat_with_other_content_is_refused(parley: Parley) -> None:
    people(parley, "alice", "bob")
    conversation_id = begin(parley, direct())
    bring(parley, conversation_id, message(1), message(2))
    before = stored(parley)

    reply = bring(parley, conversation_id, message(1), message(2, text="other"), message(3))

    assert refusal(reply) == ("import_differs", 422, [("/messages/1/seq", "contradiction")])
    assert stored(parley) == before


@pytest.mark.parametrize(
    "wrong, fields",
    [
        ([message(3)], [("/messages/0/seq", "too_large")]),
        ([message(2), message(4)], [("/messages/1/seq", "not_allowed")]),
        ([message(2, created_at="2024-03-01T08:00:00Z")], [("/messages/0/created_at", "too_small")]),
        ([message(2), message(3, created_at="2024-03-01T08:01:30Z")], [("/messages/1/created_at", "too_small")]),
        ([message(2, created_at="2199-01-01T00:00:00Z")], [("/messages/0/created_at", "too_large")]),
        ([message(2, created_at="2024-02-30T00:00:00Z")], [("/messages/0/created_at", "bad_format")]),
        ([message(2, edited_at="2024-03-01T08:00:00Z")], [("/messages/0/edited_at", "too_small")]),
        ([message(2, deleted_at="2024-03-01T08:00:00Z")], [("/messages/0/deleted_at", "too_small")]),
        ([message(2, text=TEXT + "x")], [("/messages/0/text", "too_long")]),
        ([message(2, text="")], [("/messages/0/text", "required")]),
        ([message(2, reply_to_seq=2)], [("/messages/0/reply_to_seq", "not_allowed")]),
        ([message(2, "carol")], [("/messages/0/sender_id", "not_allowed")]),
        ([message(2, kind="system")], [("/messages/0/system", "required"), ("/messages/0/text", "contradiction")]),
        ([message(2, system={"event": "closed"})], [("/messages/0/system", "contradiction")]),
        (
            [message(2, reactions=[{"emoji": "no", "user_ids": ["bob"]}])],
            [("/messages/0/reactions/0/emoji", "bad_format")],
        ),
        (
            [message(2, reactions=[{"emoji": "👍", "user_ids": ["bob", "bob"]}])],
            [("/messages/0/reactions/0/user_ids/1", "repeated")],
        ),
        ([message(2, metadata={"a": "x" * 4096})], [("/messages/0/metadata", "too_many_bytes")]),
        ([message(2, forwarded_from={"sender_id": "bob", "created_at": "2024-02-30T00:00:00Z"})],
         [("/messages/0/forwarded_from/created_at", "bad_format")]),
        ([message(2, "~parley.system-nobody")], [("/messages/0/sender_id", "not_allowed")]),
        ([message(seq) for seq in range(2, 253)], [("/messages", "too_many_items")]),
        ([message(seq, pinned=True) for seq in range(2, 53)], [("/messages", "too_many_items")]),
    ],
)  # fmt: skip
def test_wrong_message_is_named_and_nothing_is_stored(
    parley: Parley, wrong: list[Frame], fields: list[tuple[str, str]]
) -> None:
    people(parley, "alice", "bob", "carol")
    conversation_id = begin(parley, direct())
    assert bring(parley, conversation_id, message(1)).status == 200
    before = stored(parley)

    assert refusal(bring(parley, conversation_id, *wrong)) == invalid(*fields)
    assert stored(parley) == before


@pytest.mark.parametrize(
    "wrong, pointer",
    [
        (message(1, "zoe"), "/messages/0/sender_id"),
        (message(1, mentions=["zoe"]), "/messages/0/mentions/0"),
        (message(1, reactions=[{"emoji": "👍", "user_ids": ["bob", "zoe"]}]), "/messages/0/reactions/0/user_ids/1"),
    ],
)
def test_people_whom_nobody_knows_are_named(parley: Parley, wrong: Frame, pointer: str) -> None:
    people(parley, "alice", "bob")
    conversation_id = begin(parley, group("alice", "bob"))

    assert refusal(bring(parley, conversation_id, wrong)) == ("unknown_user", 404, [(pointer, "not_allowed")])


def test_longest_messages_and_the_largest_part_are_stored(parley: Parley) -> None:
    people(parley, "alice", "bob")
    conversation_id = begin(parley, direct())

    reply = bring(parley, conversation_id, *(message(seq, text=TEXT) for seq in range(1, 251)))

    assert (reply.status, reply.json["last_seq"]) == (200, 250)


def test_request_that_names_too_many_people_is_refused(parley: Parley) -> None:
    people(parley, "alice", "bob")
    conversation_id = begin(parley, group("alice", "bob"))
    crowd = [[f"p{part}-{number}" for number in range(100)] for part in range(10)]
    reacted = [message(seq, reactions=[{"emoji": "👍", "user_ids": names}]) for seq, names in enumerate(crowd, 1)]

    assert refusal(bring(parley, conversation_id, *reacted)) == invalid(("/messages", "too_many_items"))


def test_import_that_is_over_or_of_another_run_takes_no_messages(parley: Parley) -> None:
    conversation_id = imported_direct(parley, message(1))

    assert refusal(bring(parley, conversation_id, message(2))) == ("conversation_live", 409, [])
    assert refusal(bring(parley, conversation_id, message(2), run="second")) == ("conversation_live", 409, [])
    missing = "d_" + "a" * 26
    assert refusal(bring(parley, missing, message(1))) == ("conversation_not_found", 404, [])
    assert refusal(bring(parley, "nothing", message(1)))[1] == 400


def test_other_run_is_refused_while_one_imports(parley: Parley) -> None:
    people(parley, "alice", "bob")
    conversation_id = begin(parley, direct())

    reply = bring(parley, conversation_id, message(1), run="second")

    assert refusal(reply) == ("conversation_importing", 409, [])


def test_nobody_but_the_host_may(parley: Parley) -> None:
    people(parley, "alice", "bob")
    conversation_id = begin(parley, direct())
    mallory = parley.user("mallory", role="moderator")

    body = {"run": "rehearsal-1", "messages": [message(1)]}
    reply = mallory.post(f"/migration/conversations/{conversation_id}/messages", json=body)

    assert refusal(reply) == ("service_only", 403, [])


def test_body_that_makes_no_sense_is_refused(parley: Parley) -> None:
    people(parley, "alice", "bob")
    path, host = f"/migration/conversations/{begin(parley, direct())}/messages", host_of(parley)

    assert malformed_bodies(lambda raw: host.post(path, raw=raw)) == {}
