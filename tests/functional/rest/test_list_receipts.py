"""GET /messages/{message_id}/receipts: who has received and read a message, and when exactly."""

from tests.functional.replies import WRONG_IDS, invalid, refusal
from tests.functional.streams.test_start_fan_out import large_group
from tests.functional.talk import in_s, make_group, named, open_direct, say
from tests.harness import Parley, User

Times = tuple[str | None, str | None]


def receipts(person: User, message_id: str) -> dict[str, Times]:
    reply = person.get(f"/messages/{message_id}/receipts")
    assert reply.status == 200, reply
    return {one["user_id"]: (one["delivered_at"], one["read_at"]) for one in reply.json["receipts"]}


def test_unseen_message_has_a_receipt_without_times(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    [message_id] = say(alice, open_direct(alice, bob), "hello")

    reply = alice.get(f"/messages/{message_id}/receipts")

    unseen = {"user_id": "bob", "delivered_at": None, "read_at": None, "played_at": None}
    assert reply.json == {"receipts": [unseen], "next": None, "users": named(parley, "bob")}


def test_each_move_keeps_its_time(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    sent = say(alice, open_direct(alice, bob), "one", "two", "three")
    phone = bob.connect()
    parley.advance(5)
    delivered = in_s(parley, 0)
    phone.request("mark_delivered", {"message_id": sent[1]})
    parley.advance(5)
    read = in_s(parley, 0)
    bob.patch(f"/messages/{sent[0]}/read")
    parley.advance(5)
    read_all = in_s(parley, 0)
    phone.request("mark_read", {"message_id": sent[2]})
    parley.advance(5)

    found = [receipts(alice, message_id) for message_id in sent]

    assert found == [{"bob": (delivered, read)}, {"bob": (delivered, read_all)}, {"bob": (read_all, read_all)}]


def test_reading_again_changes_no_time(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    [message_id] = say(alice, conversation_id, "hello")
    bob.patch(f"/messages/{message_id}/read")
    at = in_s(parley, 0)
    parley.advance(60)

    bob.patch(f"/messages/{message_id}/read")
    bob.patch(f"/conversations/{conversation_id}/read-all")
    say(alice, conversation_id, "another")
    bob.patch(f"/conversations/{conversation_id}/read-all")

    assert receipts(alice, message_id) == {"bob": (at, at)}


def test_delivered_after_it_was_read_it_was_delivered_when_it_was_read(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    [message_id] = say(alice, open_direct(alice, bob), "hello")
    phone = bob.connect()
    bob.patch(f"/messages/{message_id}/read")
    at = in_s(parley, 0)
    parley.advance(60)

    phone.request("mark_delivered", {"message_id": message_id})

    assert receipts(alice, message_id) == {"bob": (at, at)}


def test_who_writes_has_read_by_then(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    sent = say(alice, conversation_id, "one", "two")
    bob.patch(f"/messages/{sent[0]}/read")
    read = in_s(parley, 0)
    parley.advance(5)
    say(bob, conversation_id, "three")
    answered = in_s(parley, 0)
    parley.advance(5)
    sent += say(alice, conversation_id, "four")
    bob.patch(f"/conversations/{conversation_id}/read-all")
    read_all = in_s(parley, 0)
    say(bob, conversation_id, "five")

    found = [receipts(alice, message_id) for message_id in sent]

    assert found == [{"bob": (read, read)}, {"bob": (answered, answered)}, {"bob": (read_all, read_all)}]


def test_who_answered_late_had_read_by_then_at_the_latest(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    first, *_, last = say(alice, conversation_id, *["hello"] * 52)
    parley.advance(5)
    say(bob, conversation_id, "an answer")
    at = in_s(parley, 0)

    assert receipts(alice, first) == receipts(alice, last) == {"bob": (at, at)}


def test_everybody_but_the_sender_has_a_receipt_and_both_members_see_it(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    [from_alice] = say(alice, conversation_id, "one")
    [from_bob] = say(bob, conversation_id, "two")

    assert set(receipts(alice, from_alice)) == set(receipts(bob, from_alice)) == {"bob"}
    assert set(receipts(alice, from_bob)) == {"alice"}


def test_receipts_of_a_large_group_come_page_by_page(parley: Parley) -> None:
    alice, bob, carol = (parley.user(one) for one in ("alice", "u007", "u100"))
    people = [f"u{number:03}" for number in range(120)]
    group = large_group(alice, people)
    [message_id] = say(alice, group, "to all of you")
    bob.patch(f"/messages/{message_id}/read")
    read = in_s(parley, 0)
    parley.advance(5)
    say(carol, group, "thanks")
    answered = in_s(parley, 0)

    found: dict[str, Times] = {}
    pages, cursor = 0, ""
    while cursor is not None:
        page = alice.get(f"/messages/{message_id}/receipts?limit=50{cursor and f'&cursor={cursor}'}").json
        found |= {one["user_id"]: (one["delivered_at"], one["read_at"]) for one in page["receipts"]}
        pages, cursor = pages + 1, page["next"]

    assert pages == 3
    assert list(found) == people
    assert found.pop("u007") == (read, read)
    assert found.pop("u100") == (answered, answered)
    assert set(found.values()) == {(None, None)}


def test_a_page_asks_for_the_times_of_those_only_whose_markers_came_so_far(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("u007")
    group = large_group(alice, [f"u{number:03}" for number in range(120)])
    [message_id] = say(alice, group, "to all of you")
    bob.patch(f"/messages/{message_id}/read")

    with parley.watch() as calls:
        receipts(alice, message_id)

    # The message with its group and, beside it, alice's blocks; the members, their markers and profiles in two batches,
    # and one query for the one who has read.
    operations = [call.operation for call in calls]
    members = operations.index("Query", operations.index("Query") + 1)
    assert set(operations[:members]) == {"BatchGetItem", "Query"}
    assert operations[members:] == ["Query", "BatchGetItem", "BatchGetItem", "Query"]


def test_group_that_its_head_lists_comes_at_once(parley: Parley) -> None:
    alice = parley.user("alice")
    group = make_group(alice, *(parley.bearer("", f"u{number:03}") for number in range(80)))
    [message_id] = say(alice, group, "hello")

    assert len(receipts(alice, message_id)) == 80


def test_cursor_that_is_none_is_refused(parley: Parley) -> None:
    alice = parley.user("alice")
    [message_id] = say(alice, make_group(alice), "hello")

    refused = alice.get(f"/messages/{message_id}/receipts?cursor=a%2Fb")

    assert refusal(refused) == invalid(("?cursor", "bad_cursor"))


def test_outsider_is_told_the_message_does_not_exist(parley: Parley) -> None:
    alice, bob, eve = parley.user("alice"), parley.user("bob"), parley.user("eve")
    conversation_id = open_direct(alice, bob)
    [message_id] = say(alice, conversation_id, "secret")

    told = [
        refusal(eve.get(f"/messages/{message_id}/receipts")),
        refusal(eve.get("/messages/d_" + "a" * 26 + ".1/receipts")),
        refusal(alice.get(f"/messages/{conversation_id}.2/receipts")),
    ]

    assert told == [("message_not_found", 404, [])] * 3


def test_what_is_no_messages_id_is_refused(parley: Parley) -> None:
    alice = parley.user("alice")

    refused = {name: refusal(alice.get(f"/messages/{wrong}/receipts")) for name, wrong in WRONG_IDS.items()}

    assert refused == dict.fromkeys(WRONG_IDS, invalid(("{message_id}", "bad_format")))
