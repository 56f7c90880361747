"""Data that a product attaches to a conversation: an order and its state, set when it opens, changed by admins."""

import json
from typing import Any

import pytest

from tests.functional.erasures import erased
from tests.functional.exports import exported, fetched, lines
from tests.functional.replies import invalid, refusal
from tests.functional.talk import contents, forget_events, joined, make_group, open_direct
from tests.functional.test_custom_data import BARE, data_of
from tests.harness import Parley

ORDER: dict[str, Any] = {"custom_type": "order", "metadata": {"id": 7, "state": "open", "items": [{"sku": "é"}]}}
LARGEST = {"a": "x" * 4_088}


def head_of(parley: Parley, conversation_id: str) -> dict[str, Any]:
    found: dict[str, Any] = parley.store.client("dynamodb").get_item(
        TableName=parley.template.resources["Conversations"].ref, Key={"conversation_id": {"S": conversation_id}}
    )["Item"]
    return found


def test_direct_conversation_begins_with_it_and_keeps_it(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    phone = bob.connect()

    opened = alice.post("/conversations", json={"type": "direct", "user_id": "bob", **ORDER})
    again = bob.post("/conversations", json={"type": "direct", "user_id": "alice", "custom_type": "other"})

    assert (opened.status, data_of(opened.json)) == (201, ORDER)
    assert (again.status, data_of(again.json)) == (200, ORDER)
    [told] = contents(phone.events("conversation_created"))
    assert data_of(told["conversation"]) == ORDER
    [listed] = bob.get("/conversations").json["conversations"]
    assert data_of(listed) == ORDER
    refused = alice.patch(f"/conversations/{opened.json['id']}", json={"metadata": {}})
    assert refusal(refused)[:2] == ("groups_only", 403)  # as a title


def test_group_changes_it_without_a_system_message(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    group = make_group(alice, bob, **ORDER)
    screen = joined(bob, group)
    forget_events(screen)

    changed = alice.patch(f"/conversations/{group}", json={"metadata": {"state": "paid"}}).json

    assert data_of(changed) == {"custom_type": "order", "metadata": {"state": "paid"}}
    assert (changed["last_seq"], changed["last_change_seq"], changed["shared_seq"]) == (1, 1, 1)
    [told] = screen.events()
    assert (told["event"], data_of(told["data"]["shared"])) == ("conversation_updated", data_of(changed))
    seen = bob.get(f"/conversations/{group}").json
    assert (data_of(seen), seen["unread"]) == (data_of(changed), 1)  # its making
    caught = bob.post("/sync", json={"cursors": {group: {"seq": 1, "change_seq": 0}}}).json["conversations"][group]
    assert [data_of(one["data"]["shared"]) for one in caught["changes"]] == [data_of(changed)]


def test_title_beside_it_is_told(parley: Parley) -> None:
    alice = parley.user("alice")
    group = make_group(alice, parley.user("bob"))

    changed = alice.patch(f"/conversations/{group}", json={"title": "Order 7", **ORDER}).json

    [_, note] = alice.get(f"/conversations/{group}/messages").json["messages"]
    assert (note["system"]["event"], data_of(changed), changed["last_seq"]) == ("title_changed", ORDER, 2)


def test_null_clears_and_the_same_again_is_no_change(parley: Parley) -> None:
    alice = parley.user("alice")
    group = make_group(alice, parley.user("bob"), **ORDER)

    same = alice.patch(f"/conversations/{group}", json=ORDER).json
    bare = alice.patch(f"/conversations/{group}", json=BARE).json

    assert (same["last_change_seq"], bare["last_change_seq"], data_of(bare)) == (0, 1, BARE)
    assert not {"custom_type", "metadata"} & head_of(parley, group).keys()


def test_only_those_who_may_change_the_title_change_it(parley: Parley) -> None:
    alice, bob, eve = (parley.user(one) for one in ("alice", "bob", "eve"))
    group = make_group(alice, bob, **ORDER)

    assert refusal(bob.patch(f"/conversations/{group}", json={"metadata": {}}))[:2] == ("admins_only", 403)
    assert eve.patch(f"/conversations/{group}", json={"metadata": {}}).status == 404
    assert data_of(alice.get(f"/conversations/{group}").json) == ORDER


WRONG: dict[str, tuple[dict[str, Any], tuple[str, str]]] = {
    "type": ({"custom_type": "ä"}, ("/custom_type", "bad_format")),
    "text": ({"metadata": "a"}, ("/metadata", "wrong_type")),
    "large": ({"metadata": {"a": "x" * 4_089}}, ("/metadata", "too_many_bytes")),
    "deep": ({"metadata": json.loads('{"a":' * 40 + "1" + "}" * 40)}, ("/metadata" + "/a" * 8, "too_deep")),
}


@pytest.mark.parametrize("fields, wrong", WRONG.values(), ids=WRONG)
def test_wrong_data_is_named(parley: Parley, fields: dict[str, Any], wrong: tuple[str, str]) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    group = make_group(alice, bob)

    for refused in (
        alice.post("/conversations", json={"type": "direct", "user_id": "bob", **fields}),
        alice.post("/conversations", json={"type": "group", "title": "Chess", **fields}),
        alice.patch(f"/conversations/{group}", json=fields),
    ):
        assert refusal(refused) == invalid(wrong)


def test_client_id_of_a_group_with_other_data_is_another_groups(parley: Parley) -> None:
    alice = parley.user("alice")
    body = {"type": "group", "title": "Chess", "client_id": "g1", **ORDER}

    first, again = (alice.post("/conversations", json=body) for _ in range(2))
    other = alice.post("/conversations", json=body | {"metadata": {}})

    assert (first.status, again.status, again.json["id"]) == (201, 200, first.json["id"])
    assert refusal(other)[0] == "client_id_reused"


def test_head_of_a_full_group_has_a_bound(parley: Parley) -> None:
    """Ids of 128 characters, the longest words, and the largest data: 30 KB without the data, and 4 KB."""
    alice = parley.user("a" * 128)
    people = [parley.user(f"{number:0128}") for number in range(90)]
    body = {"title": "t" * 200, "description": "d" * 1_000, "custom_type": "c" * 64, "metadata": LARGEST}

    group = make_group(alice, *people, **body)

    assert len(json.dumps(head_of(parley, group))) < 34 * 1024


def test_exports_have_it(parley: Parley) -> None:
    alice = parley.user("alice")
    direct = alice.post("/conversations", json={"type": "direct", "user_id": parley.user("bob").user_id, **ORDER}).json[
        "id"
    ]

    about, *_ = lines(fetched(parley, exported(parley, alice, direct)["url"]))
    page = fetched(parley, exported(parley, alice, direct, "html")["url"]).decode()

    assert data_of(about["conversation"]) == ORDER
    assert "&quot;state&quot;: &quot;open&quot;" in page


def test_name_that_is_also_somebodys_id_stays_when_they_are_erased(parley: Parley) -> None:
    order, bob, group = parley.user("order"), parley.user("bob"), parley.user("group")
    of_both = make_group(bob, order, group, **ORDER)
    direct = open_direct(order, bob)

    erased(parley, "order")
    erased(parley, "group")

    kept = bob.get(f"/conversations/{of_both}").json
    assert (data_of(kept), kept["type"], kept["member_count"]) == (ORDER, "group", 1)
    assert bob.get(f"/conversations/{direct}").json["type"] == "direct"


def test_damaged_data_hide_no_conversation(parley: Parley) -> None:
    alice = parley.user("alice")
    group = make_group(alice, parley.user("bob"), **ORDER)
    parley.store.client("dynamodb").update_item(
        TableName=parley.template.resources["Conversations"].ref,
        Key={"conversation_id": {"S": group}},
        UpdateExpression="SET metadata = :m",
        ExpressionAttributeValues={":m": {"S": "[1]"}},
    )

    [listed] = alice.get("/conversations").json["conversations"]

    assert (listed["id"], data_of(listed)) == (group, ORDER | {"metadata": None})
