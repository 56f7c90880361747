"""GET /admin/search: a moderator searches the messages of a person."""

import pytest

from tests.functional.moderation import moderator, open_to_moderators
from tests.functional.replies import invalid, refusal
from tests.functional.talk import in_s, make_group, open_direct, say
from tests.harness import Parley, User


def found(person: User, query: str) -> list[str]:
    """Returns the ids of the hits on all pages."""
    hits: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = person.get(f"/admin/search?{query}" + (f"&cursor={cursor}" if cursor else "")).json
        hits += [one["message"]["id"] for one in page["results"]]
        cursor = page["next"]
        person.parley.advance(1)
    return hits


def test_hits_are_what_the_person_wrote_in_reported_conversations(
    parley: Parley, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    direct, group = open_direct(alice, bob), open_to_moderators(parley, make_group(alice, bob))
    [elsewhere] = say(bob, direct, "You fool")
    [hit] = say(bob, group, "You fool")
    say(alice, group, "No fool")
    mona = moderator(parley)

    bound = found(mona, "q=fool&user_id=bob")
    monkeypatch.setenv("MODERATOR_READS", "any")

    assert (bound, sorted(found(mona, "q=fool&user_id=bob&limit=1"))) == ([hit], sorted([hit, elsewhere]))
    entry = mona.get("/admin/audit").json["entries"][0]
    assert (entry["action"], entry["target"], entry["details"]) == ("search_messages", "bob", {})


def test_hits_lie_between_two_times(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    group = open_to_moderators(parley, make_group(alice, bob))
    hits, times = [], []
    for _ in range(3):
        times.append(in_s(parley, 0))
        hits += say(bob, group, "You fool")
        parley.advance(60)
    mona = moderator(parley)

    assert found(mona, f"q=fool&user_id=bob&from={times[1]}&to={times[2]}") == [hits[1]]
    assert found(mona, f"q=fool&user_id=bob&from={times[1]}") == [hits[2], hits[1]]
    assert found(mona, f"q=fool&user_id=bob&from={times[0][:10]}") == hits[::-1]
    assert found(mona, f"q=fool&user_id=bob&to={times[0][:10]}") == []


def test_message_that_the_person_has_hidden_from_themselves_is_found(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    group = open_to_moderators(parley, make_group(alice, bob))
    [hit] = say(bob, group, "You fool")
    assert bob.delete(f"/messages/{hit}?scope=me").status == 200

    assert found(moderator(parley), "q=fool&user_id=bob") == [hit]


@pytest.mark.parametrize(
    ("query", "wrong"),
    [
        ("q=fool", ("?user_id", "required")),
        ("user_id=bob", ("?q", "required")),
        ("q=fool&user_id=bob&from=2026-02-30T00:00:00Z", ("?from", "bad_format")),
        ("q=fool&user_id=bob&to=now", ("?to", "bad_format")),
    ],
    ids=["no person", "no words", "no such day", "no time"],
)
def test_query_is_checked(parley: Parley, query: str, wrong: tuple[str, str]) -> None:
    assert refusal(moderator(parley).get(f"/admin/search?{query}")) == invalid(wrong)


def test_cursor_belongs_to_its_search(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    group = open_to_moderators(parley, make_group(alice, bob))
    say(bob, group, "You fool", "You fool")
    mona = moderator(parley)
    cursor = mona.get("/admin/search?q=fool&user_id=bob&limit=1").json["next"]

    refused = mona.get(f"/admin/search?q=fool&user_id=alice&cursor={cursor}")

    assert refusal(refused) == invalid(("?cursor", "bad_cursor"))
