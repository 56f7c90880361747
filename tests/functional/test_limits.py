"""What one person may do in a time, on any way in: the last token is given once, and answers tell what is left."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from parley.domain.limits import Rate
from tests.functional.replies import stored
from tests.harness import Parley, Reply, User

BURST = 3


@pytest.fixture(autouse=True)
def few(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEND_BURST", str(BURST))


def open_with(person: User, other: str) -> Reply:
    return person.post("/conversations", json={"type": "direct", "user_id": other})


def test_opening_conversations_is_limited_and_says_what_is_left(parley: Parley) -> None:
    alice = parley.user("alice")

    replies = [open_with(alice, f"friend{number}") for number in range(BURST + 1)]

    assert [reply.status for reply in replies] == [201] * BURST + [429]
    assert {reply.headers["ratelimit-policy"] for reply in replies} == {'"send";q=3;w=2'}
    assert [reply.headers["ratelimit"] for reply in replies] == [
        '"send";r=2;t=1',
        '"send";r=1;t=1',
        '"send";r=0;t=1',
        '"send";r=0;t=1',
    ]
    refused = replies[-1]
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.headers["retry-after"] == "1"
    assert refused.json["title"] == "Too Many Requests"
    assert (refused.json["code"], refused.json["rule"]) == ("rate_limited", "send")
    assert refused.json["retry_after_ms"] == 500
    assert len(stored(parley)["Conversations"]) == BURST


def test_page_of_another_origin_may_read_the_headers(parley: Parley) -> None:
    exposed = open_with(parley.user("alice"), "bob").headers["access-control-expose-headers"]

    assert exposed.split(", ") == ["RateLimit", "RateLimit-Policy", "Retry-After"]


def test_who_waits_as_told_gets_on(parley: Parley) -> None:
    alice = parley.user("alice")
    replies = [open_with(alice, f"friend{number}") for number in range(BURST + 1)]

    parley.advance(replies[-1].json["retry_after_ms"] / 1000)

    assert open_with(alice, "one more").status == 400  # what is refused for another reason costs nothing
    assert open_with(alice, "one-more").status == 201
    assert open_with(alice, "yet-another").status == 429


def test_each_person_has_a_bucket_of_their_own(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    for number in range(BURST):
        open_with(alice, f"friend{number}")

    assert open_with(bob, "alice").headers["ratelimit"] == '"send";r=2;t=1'


def test_what_is_open_is_found_without_a_token(parley: Parley) -> None:
    alice = parley.user("alice")
    for number in range(BURST):
        open_with(alice, f"friend{number}")

    found = open_with(alice, "friend0")

    assert found.status == 200
    assert "ratelimit" not in found.headers


def test_opening_by_a_first_message_is_limited_too_and_a_retry_gets_through(parley: Parley) -> None:
    alice = parley.user("alice")
    drafts = [{"user_id": f"friend{number}", "text": "hello", "client_id": "c1"} for number in range(BURST + 1)]

    replies = [alice.post("/messages", json=draft) for draft in drafts]
    parley.advance(0.5)
    again = alice.post("/messages", json=drafts[-1])

    assert [reply.status for reply in replies] == [201] * BURST + [429]
    assert (again.status, again.json["replayed"]) == (201, False)


def test_hosts_own_programs_are_not_limited(parley: Parley) -> None:
    host = parley.user("the-host", role="service")

    assert {open_with(host, f"friend{number}").status for number in range(BURST + 2)} == {201}


def test_of_many_at_once_no_two_get_the_same_token(parley: Parley) -> None:
    from parley.adapters import rates

    rate = Rate(name="send", interval_ms=500, burst=10)
    now_ms = parley.clock()
    parley.hooks.clear()  # they look at functions' calls; here are none

    with ThreadPoolExecutor(max_workers=16) as callers:
        takings = list(callers.map(lambda _: rates.take("alice", rate, now_ms), range(60)))

    assert sum(taking.is_granted for taking in takings) == 10
    granted = {taking.tat_ms for taking in takings if taking.is_granted}
    assert granted == {now_ms + 500 * number for number in range(1, 11)}
    assert {taking.tat_ms for taking in takings if not taking.is_granted} == {now_ms + 5000}


def test_bucket_is_forgotten_once_it_is_full(parley: Parley) -> None:
    open_with(parley.user("alice"), "bob")

    [row] = parley.store.client("dynamodb").scan(TableName=parley.functions.environment["RATES_TABLE"])["Items"]

    assert row["user_id"] == {"S": "alice"}
    assert int(row["expires_at_s"]["N"]) * 1000 > int(row["tat_ms"]["N"])
    assert int(row["expires_at_s"]["N"]) * 1000 <= int(row["tat_ms"]["N"]) + 3000
