"""GET /conversations: the caller's conversations, the most recently active first, page by page."""

from typing import Any
from urllib.parse import quote

import pytest

from bench.calls import recording
from parley.domain.conversations import listing
from parley.domain.conversations.listing import Position
from tests.functional.replies import Refusal, invalid, refusal
from tests.functional.talk import bare, make_group, open_direct, say
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
    assert listed(parley.user("alice")) == {"conversations": [], "next": None, "users": {}}


def test_each_is_shown_as_when_it_is_read_alone(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    say(bob, conversation_id, "one", "two")

    [shown] = listed(alice)["conversations"]

    assert shown == bare(alice.get(f"/conversations/{conversation_id}").json)
    assert (shown["unread"], shown["last_message"]["text"]) == (2, "two")
    assert {one["user_id"]: one["name"] for one in shown["members"]} == {"alice": "Alice", "bob": "Bob"}


def test_system_message_at_the_end_says_what_it_tells_of(parley: Parley) -> None:
    alice, *others = (parley.user(name) for name in ("alice", "bob", "carol", "dave", "erin"))
    group = make_group(alice)

    def last() -> dict[str, Any]:
        [shown] = listed(alice)["conversations"]
        assert shown == bare(alice.get(f"/conversations/{group}").json)
        found: dict[str, Any] = shown["last_message"]
        return found

    say(alice, group, "hello")
    assert last()["system"] is None
    alice.post(f"/conversations/{group}/members", json={"user_ids": ["bob"]})
    assert last()["system"] == {"event": "members_added", "user_ids": ["bob"]}
    alice.post(f"/conversations/{group}/members", json={"user_ids": ["bob", *(one.user_id for one in others)]})
    assert last()["system"] == {"event": "members_added", "user_ids": ["carol", "dave", "erin"]}
    added = ["frank", "grace", "heidi", "ivan"]
    for name in added:
        parley.user(name)
    alice.post(f"/conversations/{group}/members", json={"user_ids": added})
    assert last()["system"] == {"event": "members_added", "user_ids": added[:3], "user_count": 4}
    alice.patch(f"/conversations/{group}", json={"title": "x" * 150})
    assert last()["system"] == {"event": "title_changed", "title": "x" * 100}


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
    "?pinned_first=maybe": invalid(("?pinned_first", "wrong_type")),
    "?pinned_first=": invalid(("?pinned_first", "wrong_type")),
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


def test_group_is_found_by_the_name_of_a_member(parley: Parley) -> None:
    alice, bob, carol = (
        parley.user(one, name=name) for one, name in (("alice", "Al"), ("bob", "Bob Öz"), ("carol", "Cid"))
    )
    direct = open_direct(alice, bob)
    parley.advance(7)
    chess = make_group(alice, bob, carol)
    parley.advance(7)
    trip = make_group(alice, carol, title="Bob's farewell")

    assert ids_of(listed(alice, "?q=cid")) == [trip, chess]
    assert ids_of(listed(alice, "?q=oz")) == ids_of(listed(alice, "?q=b%20oz")) == [chess, direct]
    assert ids_of(listed(alice, "?q=bob")) == [trip, chess, direct]
    assert ids_of(listed(alice, "?q=cid%20bob")) == ids_of(listed(alice, "?q=zoe")) == []
    assert ids_of(listed(bob, "?q=bob")) == []
    carol.delete(f"/conversations/{chess}/members/carol")
    assert ids_of(listed(alice, "?q=cid")) == [trip]


@pytest.mark.parametrize("most", [1, 3, 200])
def test_search_by_name_finds_each_once_however_few_names_a_chunk_reads(
    parley: Parley, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr(listing, "MAX_NAMES", most)
    alice = parley.user("alice")
    people = [parley.user(f"p{number}", name=f"Person {number % 2}") for number in range(8)]
    made = []
    for number in range(7):
        made.append(make_group(alice, *people[number : number + 2]))
        parley.advance(7)
    made.append(make_group(alice))

    found: list[str] = []
    cursor = ""
    while cursor is not None:
        page = listed(alice, f"?q=person%200&limit=3{cursor}")
        found += ids_of(page)
        cursor = page["next"] and f"&cursor={page['next']}"

    assert found == made[6::-1]


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 5, 7, 100])
def test_pinned_ones_come_first_and_each_once(parley: Parley, limit: int) -> None:
    alice = parley.user("alice", expires_in_s=12 * HOUR_S)
    made = []
    for number in range(7):
        made.append(open_direct(alice, parley.user(f"p{number}")))
        parley.advance(HOUR_S if number == 3 else 7)
    for number in (1, 5, 3):
        alice.patch(f"/conversations/{made[number]}/settings", json={"pinned": True})
    say(alice, made[2], "hello")

    def paged(query: str) -> list[str]:
        page = listed(alice, f"?pinned_first=true&limit={limit}{query}")
        found = ids_of(page)
        while page["next"]:
            page = listed(alice, f"?pinned_first=true&limit={limit}{query}&cursor={quote(page['next'])}")
            found += ids_of(page)
        return found

    assert paged("") == [made[one] for one in (5, 3, 1, 2, 6, 4, 0)]
    assert paged("&state=pinned") == [made[one] for one in (5, 3, 1)]
    assert paged("&q=p5") == [made[5]]
    alice.patch(f"/conversations/{made[3]}/archive", json={"archived": True})
    alice.patch(f"/conversations/{made[0]}/archive", json={"archived": True})
    assert paged("") == [made[one] for one in (5, 1, 2, 6, 4)]
    assert paged("&q=p") == [made[one] for one in (5, 1, 2, 6, 4)]
    assert paged("&state=archived") == [made[3], made[0]]
    assert paged("&state=unread") == []


def test_pinned_first_takes_no_round_trip_more(parley: Parley) -> None:
    alice = parley.user("alice")
    made = [open_direct(alice, parley.user(f"p{number}")) for number in range(4)]
    for one in made[:2]:
        alice.patch(f"/conversations/{one}/settings", json={"pinned": True})
    parley.hooks.clear()  # the recorder looks at items under the functions' names, which their roles do not allow

    def spent(query: str) -> int:
        tries = []
        for _ in range(3):
            with recording() as recorded:
                listed(alice, query)
            tries.append(recorded.round_trips)
        return min(tries)

    assert spent("?pinned_first=true") <= spent("") == 3


def test_cursor_is_of_one_order_only(parley: Parley) -> None:
    alice = parley.user("alice")
    for number in range(3):
        open_direct(alice, parley.user(f"p{number}"))
    of_either = [(query, listed(alice, f"?limit=1{query}")["next"]) for query in ("", "&pinned_first=true")]

    for query, cursor in of_either:
        [other] = {"", "&pinned_first=true"} - {query}
        refused = alice.get(f"/conversations?limit=1{other}&cursor={cursor}")
        assert refusal(refused) == invalid(("?cursor", "bad_cursor"))


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
