"""GET /conversations/{conversation_id}/members: who is in a conversation, page by page."""

from tests.functional.replies import refusal
from tests.functional.talk import make_group, open_direct
from tests.harness import Parley


def test_members_come_by_id_page_by_page(parley: Parley) -> None:
    alice = parley.user("alice")
    others = [parley.user(f"u{number}") for number in range(5)]
    group = make_group(alice, *others)

    first = others[0].get(f"/conversations/{group}/members?limit=4").json
    rest = others[0].get(f"/conversations/{group}/members?limit=4&cursor={first['next']}").json

    assert [one["user_id"] for one in first["members"]] == ["alice", "u0", "u1", "u2"]
    assert [one["user_id"] for one in rest["members"]] == ["u3", "u4"]
    assert rest["next"] is None
    assert first["members"][0]["role"] == "owner"


def test_a_large_groups_members_come_the_same_way(parley: Parley) -> None:
    alice = parley.user("alice")
    group = make_group(alice)
    people = [f"u{number:03}" for number in range(120)]
    for first in (0, 60):
        alice.post(f"/conversations/{group}/members", json={"user_ids": people[first : first + 60]})

    found, cursor = [], ""
    while cursor is not None:
        page = alice.get(f"/conversations/{group}/members?limit=50{cursor and f'&cursor={cursor}'}").json
        found += [one["user_id"] for one in page["members"]]
        cursor = page["next"]

    assert found == ["alice", *people]


def test_both_of_a_direct_conversation_are_members(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")

    page = alice.get(f"/conversations/{open_direct(alice, bob)}/members").json

    assert [(one["user_id"], one["role"]) for one in page["members"]] == [("alice", "member"), ("bob", "member")]


def test_cursor_that_is_none_is_refused(parley: Parley) -> None:
    alice = parley.user("alice")

    refused = alice.get(f"/conversations/{make_group(alice)}/members?cursor=a%2Fb")

    assert refusal(refused) == ("invalid_request", 400, [("?cursor", "bad_cursor")])
