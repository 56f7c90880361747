"""GET /conversations: the caller's conversations, the most recently active first, page by page."""

from typing import Any
from urllib.parse import quote

from bench.calls import recording
from parley.domain.conversations.listing import Position
from tests.functional.replies import Refusal, invalid, refusal
from tests.functional.talk import open_direct, say
from tests.harness import Parley, Reply, User

HOUR_S = 3600


def listed(person: User, query: str = "") -> dict[str, Any]:
    reply = person.get(f"/conversations{query}")
    assert reply.status == 200, reply
    page: dict[str, Any] = reply.json
    return page


def ids_of(page: dict[str, Any]) -> list[str]:
    return [one["id"] for one in page["conversations"]]


def all_pages(person: User, limit: int) -> list[list[str]]:
    page = listed(person, f"?limit={limit}")
    pages = [ids_of(page)]
    while page["next"]:
        page = listed(person, f"?limit={limit}&cursor={page['next']}")
        pages.append(ids_of(page))
    return pages


def test_newcomer_has_none(parley: Parley) -> None:
    assert listed(parley.user("alice")) == {"conversations": [], "next": None}


def test_each_is_shown_as_when_it_is_read_alone(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    say(bob, conversation_id, "one", "two")

    [shown] = listed(alice)["conversations"]

    assert shown == alice.get(f"/conversations/{conversation_id}").json
    assert (shown["unread"], shown["last_message"]["text"]) == (2, "two")
    assert {one["user_id"]: one["name"] for one in shown["members"]} == {"alice": "Alice", "bob": "Bob"}


def test_last_activity_comes_first(parley: Parley) -> None:
    alice = parley.user("alice", expires_in_s=12 * HOUR_S)
    people = [parley.user(name) for name in ("bob", "carol", "dave")]
    made = []
    for person in people:
        made.append(open_direct(alice, person))
        parley.advance(10)
    assert ids_of(listed(alice)) == made[::-1]

    say(alice, made[0], "within the hour or not")
    assert ids_of(listed(alice)) == [made[0], made[2], made[1]]

    parley.advance(2 * HOUR_S)
    say(alice, made[1], "hours later")
    assert ids_of(listed(alice)) == [made[1], made[0], made[2]]
    assert ids_of(listed(parley.user("carol"))) == [made[1]]


def test_pages_show_each_once_in_order(parley: Parley) -> None:
    alice = parley.user("alice", expires_in_s=12 * HOUR_S)
    made = []
    for number in range(9):
        made.append(open_direct(alice, parley.bearer("", f"user{number}")))
        parley.advance(HOUR_S if number in (2, 3, 7) else 7)
    say(alice, made[1], "up again")
    expected = [made[1], *(one for one in made[::-1] if one != made[1])]

    for limit in (1, 2, 4, 9, 100):
        pages = all_pages(alice, limit)

        assert [one for page in pages for one in page] == expected
        assert all(len(page) <= limit for page in pages)


def test_what_moves_up_while_paging_brings_nothing_back(parley: Parley) -> None:
    alice = parley.user("alice", expires_in_s=12 * HOUR_S)
    made = []
    for number in range(6):
        made.append(open_direct(alice, parley.bearer("", f"user{number}")))
        parley.advance(HOUR_S if number % 3 == 2 else 7)
    first = listed(alice, "?limit=4")

    say(alice, made[0], "up it goes")
    rest = listed(alice, f"?limit=4&cursor={first['next']}")

    assert ids_of(first) + ids_of(rest) == [made[5], made[4], made[3], made[2], made[1]]
    assert rest["next"] is None


def test_nobody_sees_others_conversations_not_even_by_their_cursor(parley: Parley) -> None:
    alice, bob, eve = parley.user("alice"), parley.user("bob"), parley.user("eve")
    open_direct(alice, bob)
    open_direct(alice, parley.user("carol"))
    hers = open_direct(eve, parley.user("dave"))
    alices_cursor = listed(alice, "?limit=1")["next"]

    assert ids_of(listed(eve)) == [hers]
    assert set(ids_of(listed(eve, f"?cursor={alices_cursor}"))) <= {hers}


WRONG: dict[str, Refusal] = {
    "?limit=0": invalid(("?limit", "too_small")),
    "?limit=-5": invalid(("?limit", "too_small")),
    "?limit=101": invalid(("?limit", "too_large")),
    f"?limit={10**30}": invalid(("?limit", "too_large")),
    "?limit=" + "9" * 5_000: invalid(("?limit", "too_large")),
    "?limit=ten": invalid(("?limit", "wrong_type")),
    "?limit=1.5": invalid(("?limit", "wrong_type")),
    "?limit=": invalid(("?limit", "wrong_type")),
    "?limit=1&limit=2": invalid(("?limit", "repeated")),
    "?limit=%31%30%32": invalid(("?limit", "too_large")),
    "?colour=red": invalid(("?colour", "unknown_field")),
    "?cursor=": invalid(("?cursor", "too_short")),
    "?cursor=hello": invalid(("?cursor", "bad_cursor")),
    "?cursor=%F0%9F%91%8B": invalid(("?cursor", "bad_cursor")),
    "?cursor=%FF": invalid(("?cursor", "bad_cursor")),
    "?cursor=e30": invalid(("?cursor", "bad_cursor")),  # {}
    "?cursor=W1stMSwiYSJdXQ": invalid(("?cursor", "bad_cursor")),  # [[-1,"a"]]
    "?cursor=W1sxLCIiXV0": invalid(("?cursor", "bad_cursor")),  # [[1,""]]
    "?cursor=" + "W" * 1_024: invalid(("?cursor", "bad_cursor")),
    "?cursor=" + "W" * 1_025: invalid(("?cursor", "too_long")),
    "?limit=0&cursor=": invalid(("?cursor", "too_short"), ("?limit", "too_small")),
}


def test_wrong_queries_are_named(parley: Parley) -> None:
    alice = parley.user("alice")

    refused = {query: refusal(alice.get(f"/conversations{query}")) for query in WRONG}

    assert refused == WRONG


def test_cursor_that_could_be_ours_but_leads_nowhere_shows_nothing(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    positions = {
        Position(chunk_after=(0, conversation_id)): 0,
        Position(until_hour=10**9): 1,
        Position(chunk_after=(10**9, conversation_id), shown_activity_ms=10**15, shown_id=conversation_id): 1,
    }

    replies: list[Reply] = [alice.get(f"/conversations?cursor={quote(one.encode())}") for one in positions]

    assert [len(reply.json["conversations"]) for reply in replies] == list(positions.values())


def test_pinned_ones_are_narrowed_down_and_paged_as_others_are(parley: Parley) -> None:
    alice = parley.user("alice", role="teacher", contexts={"class": ["7b"]})
    made = {}
    for name in ("bob", "carol", "dave"):
        pupil = parley.user(name, role="student", contexts={"class": ["7b"]})
        made[name] = open_direct(alice, pupil)
        parley.advance(7)
    about = {"type": "direct", "user_id": "bob", "context": {"type": "class", "id": "7b"}}
    made["class"] = alice.post("/conversations", json=about).json["id"]
    for name in ("bob", "carol", "class"):
        alice.patch(f"/conversations/{made[name]}/settings", json={"pinned": True})

    def found(query: str) -> list[str]:
        return ids_of(listed(alice, f"?state=pinned&{query}"))

    assert found("q=carol") == [made["carol"]]
    assert found("q=dave") == []
    assert found("context_type=class") == found("context_id=7b") == [made["class"]]
    first = listed(alice, "?state=pinned&limit=2")
    rest = listed(alice, f"?state=pinned&limit=2&cursor={first['next']}")
    assert (ids_of(first), ids_of(rest)) == ([made["class"], made["carol"]], [made["bob"]])
    assert rest["next"] is None
    assert refusal(alice.get("/conversations?state=pinned&cursor=hello")) == invalid(("?cursor", "bad_cursor"))


def test_only_what_decides_who_is_in_a_group_is_read_strongly_consistent(parley: Parley) -> None:
    alice, bob, carol = (parley.user(name) for name in ("alice", "bob", "carol"))
    open_direct(alice, bob)
    open_direct(alice, carol)
    group = alice.post("/conversations", json={"type": "group", "title": "Trip", "member_ids": ["bob"]}).json
    parley.hooks.clear()  # the recorder looks at items under the functions' names, which their roles do not allow

    for path in ("/conversations", "/unread", "/unread-count"):
        with recording() as recorded:
            assert alice.get(path).status == 200

        read = [
            (table.rpartition("-")[0] or table, key, asked["ConsistentRead"])
            for call in recorded.dynamodb
            if call.operation == "BatchGetItem"
            for table, asked in call.params["RequestItems"].items()
            for key in asked["Keys"]
        ]
        consistent = [key for _, key, is_consistent in read if is_consistent]
        assert consistent == [{"user_id": {"S": "alice"}, "conversation_id": {"S": group["id"]}}]
        assert len(read) > len(consistent)
