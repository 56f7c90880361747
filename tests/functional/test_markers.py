"""Markers and receipts agree, and the answer to a mark says what stands, whatever else has moved it meanwhile."""

from collections.abc import Callable

import pytest

from tests.functional.replies import Meanwhile
from tests.functional.talk import make_group, open_direct, say
from tests.harness import Frame, Parley, Socket, User


def read(person: User, phone: Socket, message_id: str) -> Frame:
    return dict(phone.request("mark_read", {"message_id": message_id})["data"])


def read_over_rest(person: User, phone: Socket, message_id: str) -> Frame:
    return dict(person.patch(f"/messages/{message_id}/read").json)


def delivered(person: User, phone: Socket, message_id: str) -> Frame:
    return dict(phone.request("mark_delivered", {"message_id": message_id})["data"])


def all_read(person: User, phone: Socket, message_id: str) -> Frame:
    conversation_id = message_id.rpartition(".")[0]
    return dict(phone.request("mark_conversation_read", {"conversation_id": conversation_id})["data"])


def all_read_over_rest(person: User, phone: Socket, message_id: str) -> Frame:
    return dict(person.patch(f"/conversations/{message_id.rpartition('.')[0]}/read-all").json)


Mark = Callable[[User, Socket, str], Frame]
WAYS: list[Mark] = [read, read_over_rest, delivered, all_read, all_read_over_rest]


@pytest.mark.parametrize("other", WAYS)
@pytest.mark.parametrize("mark", WAYS)
@pytest.mark.parametrize("is_further", [True, False], ids=["overtaken", "behind"])
def test_mark_that_another_device_got_in_front_of_says_what_stands(
    parley: Parley, mark: Mark, other: Mark, is_further: bool
) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    ids = say(alice, conversation_id, "one", "two", "three", "four")
    phone, tablet = bob.connect(), bob.connect()
    mine, theirs = (ids[1], ids[2]) if is_further else (ids[2], ids[1])
    race = Meanwhile("TransactWriteItems", lambda: other(bob, tablet, theirs))
    parley.hooks.append(race)

    answer = mark(bob, phone, mine)

    assert race.happened
    shown = bob.get(f"/conversations/{conversation_id}").json
    assert {name: answer[name] for name in ("read_seq", "delivered_seq", "unread")} == {
        name: shown[name] for name in ("read_seq", "delivered_seq", "unread")
    }


def test_mark_that_ones_own_message_to_a_group_got_in_front_of_says_what_stands(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    group = make_group(alice, bob)
    [first, _] = say(alice, group, "one", "two")
    race = Meanwhile("TransactWriteItems", lambda: say(bob, group, "three"))
    parley.hooks.append(race)

    answer = read(bob, bob.connect(), first)

    assert race.happened
    assert (answer["moved"], answer["read_seq"], answer["unread"]) == (False, 4, 0)


def receipts(person: User, message_id: str) -> dict[str, tuple[bool, bool]]:
    """Returns by person whether a receipt has times of delivery and of reading."""
    found = person.get(f"/messages/{message_id}/receipts").json["receipts"]
    return {one["user_id"]: (one["delivered_at"] is not None, one["read_at"] is not None) for one in found}


def markers(person: User, group: str) -> dict[str, tuple[int, int]]:
    found = person.get(f"/conversations/{group}/members").json["members"]
    return {one["user_id"]: (one["delivered_seq"], one["read_seq"]) for one in found}


def agree(reader: User, group: str, ids: list[str]) -> list[set[str]]:
    """Returns who has a receipt of each message, where all of these say what the markers say."""
    there = markers(reader, group)
    people = []
    for message_id in ids:
        seq, found = int(message_id.rpartition(".")[2]), receipts(reader, message_id)
        assert found == {one: (there[one][0] >= seq, there[one][1] >= seq) for one in found}, message_id
        people.append(set(found))
    return people


@pytest.mark.parametrize("by_send", [False, True], ids=["by a mark", "by a message"])
def test_newcomer_has_no_receipt_of_what_was_said_before_they_came(parley: Parley, by_send: bool) -> None:
    alice, bob, carol = (parley.user(one) for one in ("alice", "bob", "carol"))
    group = make_group(alice, bob)
    before = say(alice, group, "one", "two")
    assert alice.post(f"/conversations/{group}/members", json={"user_ids": ["carol"]}).status == 200
    parley.advance(5)
    after = say(alice, group, "three")

    assert agree(alice, group, [*before, *after]) == [{"bob"}, {"bob"}, {"bob", "carol"}]
    assert receipts(alice, after[0])["carol"] == (False, False)
    if by_send:
        say(carol, group, "hello")
    else:
        carol.patch(f"/conversations/{group}/read-all")

    assert agree(alice, group, [*before, *after]) == [{"bob"}, {"bob"}, {"bob", "carol"}]
    assert receipts(alice, after[0])["carol"] == (True, True)


def test_who_comes_back_has_no_receipt_of_what_was_said_while_they_were_out(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    group = make_group(alice, bob)
    [first] = say(alice, group, "one")
    bob.patch(f"/messages/{first}/read")
    alice.delete(f"/conversations/{group}/members/bob")
    [meanwhile] = say(alice, group, "two")
    alice.post(f"/conversations/{group}/members", json={"user_ids": ["bob"]})
    [last] = say(alice, group, "three")
    bob.patch(f"/messages/{last}/read")

    assert [set(receipts(alice, one)) for one in (first, meanwhile, last)] == [set(), set(), {"bob"}]


def test_memberships_of_an_earlier_version_go_by_the_time_at_which_they_began(parley: Parley) -> None:
    alice, bob, carol = (parley.user(one) for one in ("alice", "bob", "carol"))
    group = make_group(alice, bob)
    [before] = say(alice, group, "one")
    parley.advance(5)
    alice.post(f"/conversations/{group}/members", json={"user_ids": ["carol"]})
    parley.advance(5)
    [after] = say(alice, group, "two")
    carol.patch(f"/messages/{after}/read")
    parley.store.client("dynamodb").update_item(
        TableName=parley.template.resources["Memberships"].ref,
        Key={"user_id": {"S": "carol"}, "conversation_id": {"S": group}},
        UpdateExpression="REMOVE since_seq",
    )

    assert agree(alice, group, [before, after]) == [{"bob"}, {"bob", "carol"}]
