"""GET /migration/conversations/{conversation_id}/members: an export reads all of the members' sides."""

from tests.functional.moving import begin, bring, direct, finish, group, host_of, message, people
from tests.functional.replies import invalid, refusal
from tests.functional.talk import open_direct, say
from tests.harness import Parley

PATH = "/migration/conversations"


def test_sides_are_those_that_were_imported(parley: Parley) -> None:
    people(parley, "alice", "bob", "carol")
    conversation_id = begin(parley, group("alice", "bob", "carol"))
    bring(parley, conversation_id, message(1), message(2, mentions=["bob"]))
    muted = {"pinned": True, "muted_until": "2199-01-01T00:00:00.000Z", "notifications": "none"}
    settings = {"pinned": False, "muted_until": None, "notifications": "all"}
    sides = [
        {"user_id": "alice", "read_seq": 2, "delivered_seq": 2, "since_seq": 0, "archived": True, "mention_seqs": []},
        {"user_id": "bob", "read_seq": 1, "delivered_seq": 2, "since_seq": 1, "archived": False, "mention_seqs": [2]},
        {"user_id": "carol", "read_seq": 0, "delivered_seq": 0, "since_seq": 0, "archived": False, "mention_seqs": []},
    ]
    sides = [
        {
            **side,
            "visible_from_seq": 2 if side["user_id"] == "bob" else 1,
            "unread_from_seq": 1 if side["user_id"] == "alice" else None,
            "settings": muted if side["user_id"] == "bob" else settings,
        }
        for side in sides
    ]
    assert finish(parley, conversation_id, 2, *sides).status == 200

    first = host_of(parley).get(f"{PATH}/{conversation_id}/members?limit=2").json
    second = host_of(parley).get(f"{PATH}/{conversation_id}/members?limit=2&cursor={first['next']}").json

    found = [*first["members"], *second["members"]]
    assert [one.pop("role") for one in found] == ["owner", "member", "member"]
    assert (found, second["next"]) == (sides, None)
    shown = parley.user("bob").get(f"/conversations/{conversation_id}/messages").json["messages"]
    assert [one["seq"] for one in shown] == [2]


def test_direct_conversation_knows_what_its_senders_have_read(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    say(alice, conversation_id, "one", "two")

    found = host_of(parley).get(f"{PATH}/{conversation_id}/members").json["members"]

    assert [(one["user_id"], one["read_seq"]) for one in found] == [("alice", 2), ("bob", 0)]


def test_person_who_cleared_a_direct_conversation_sees_no_more_of_it_afterwards(parley: Parley) -> None:
    people(parley, "alice", "bob")
    conversation_id = begin(parley, direct())
    bring(parley, conversation_id, message(1), message(2, "bob"))
    sides = [{"user_id": "alice", "read_seq": 2, "visible_from_seq": 3}, {"user_id": "bob", "read_seq": 2}]
    assert finish(parley, conversation_id, 2, *sides).status == 200

    found = host_of(parley).get(f"{PATH}/{conversation_id}/members").json["members"]

    assert [(one["user_id"], one["visible_from_seq"]) for one in found] == [("alice", 3), ("bob", 1)]
    assert parley.user("alice").get(f"/conversations/{conversation_id}/messages").json["messages"] == []


def test_members_of_the_largest_groups_are_paged(parley: Parley) -> None:
    names = sorted(f"p{number:03}" for number in range(101))
    people(parley, *names[:100])
    people(parley, names[100])
    conversation_id = begin(parley, group(*names))
    finish(parley, conversation_id, 0, *({"user_id": each, "read_seq": 0} for each in names))

    first = host_of(parley).get(f"{PATH}/{conversation_id}/members?limit=100").json
    second = host_of(parley).get(f"{PATH}/{conversation_id}/members?limit=100&cursor={first['next']}").json

    assert [one["user_id"] for one in (*first["members"], *second["members"])] == names


def test_wrong_requests_are_refused(parley: Parley) -> None:
    host, missing = host_of(parley), "d_" + "a" * 26
    conversation_id = open_direct(parley.user("alice"), parley.user("bob"))

    assert refusal(host.get(f"{PATH}/{missing}/members"))[:2] == ("conversation_not_found", 404)
    assert refusal(host.get(f"{PATH}/nothing/members"))[1] == 400
    assert refusal(host.get(f"{PATH}/{conversation_id}/members?cursor=%20")) == invalid(("?cursor", "bad_cursor"))
    assert refusal(parley.user("alice").get(f"{PATH}/{conversation_id}/members")) == ("service_only", 403, [])
