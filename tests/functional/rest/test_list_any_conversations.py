"""GET /admin/conversations: a moderator lists the conversations of a person."""

import pytest

from tests.functional.erasures import host
from tests.functional.moderation import moderator, open_to_moderators
from tests.functional.replies import invalid, refusal
from tests.functional.talk import make_group, open_direct, say
from tests.harness import Parley, User


def ids(person: User, query: str) -> list[str]:
    """Returns the ids on all pages."""
    found: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = person.get(f"/admin/conversations?{query}" + (f"&cursor={cursor}" if cursor else "")).json
        found += [one["id"] for one in page["conversations"]]
        cursor = page["next"]
        person.parley.advance(1)
    return found


def test_moderator_finds_reported_conversations_alone(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    direct, group = open_direct(alice, bob), make_group(alice, bob)
    say(alice, group, "hello")
    open_to_moderators(parley, group)
    assert bob.patch(f"/conversations/{group}/archive", json={"archived": True}).status == 200
    mona = moderator(parley)

    bound = ids(mona, "user_id=bob")
    monkeypatch.setenv("MODERATOR_READS", "any")

    assert (bound, sorted(ids(mona, "user_id=bob&limit=1"))) == ([group], sorted([direct, group]))


def test_entry_of_the_list_holds_no_message(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    open_to_moderators(parley, make_group(alice, bob))
    mona = moderator(parley)

    [listed] = mona.get("/admin/conversations?user_id=bob").json["conversations"]

    assert (listed["user_ids"], listed["reported"], listed["last_seq"]) == (["alice", "bob"], True, 1)
    assert "last_message" not in listed
    entry = mona.get("/admin/audit").json["entries"][0]
    assert (entry["action"], entry["target"]) == ("list_conversations", "bob")


def test_host_finds_the_conversations_of_a_context(parley: Parley) -> None:
    alice, bob = (parley.user(one, contexts={"booking": ["b1"]}) for one in ("alice", "bob"))
    general = open_direct(alice, bob)
    body = {"type": "direct", "user_id": "bob", "context": {"type": "booking", "id": "b1"}}
    reply = alice.post("/conversations", json=body)
    assert reply.status == 201, reply
    booked = reply.json["id"]
    server = host(parley)

    assert ids(server, "user_id=bob&context_type=booking&context_id=b1") == [booked]
    assert ids(server, "user_id=bob&context_type=booking&context_id=b2") == []
    assert sorted(ids(server, "user_id=bob")) == sorted([general, booked])


@pytest.mark.parametrize(
    ("query", "wrong"),
    [
        ("", ("?user_id", "required")),
        ("user_id=bob&context_id=b1", ("?context_id", "contradiction")),
        ("user_id=bob&cursor=x", ("?cursor", "bad_cursor")),
    ],
    ids=["no person", "id without a type", "cursor"],
)
def test_query_is_checked(parley: Parley, query: str, wrong: tuple[str, str]) -> None:
    assert refusal(moderator(parley).get(f"/admin/conversations?{query}")) == invalid(wrong)
