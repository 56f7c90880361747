"""The limits of one person, over both APIs: the last token is given once, and answers tell what is left."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest

from parley.domain.api.limits import Rate
from tests.functional.calling import code, ring, signal, state
from tests.functional.desk import agent, open_ticket
from tests.functional.macros import apply, macro
from tests.functional.replies import Meanwhile, at_once, refusal, stored
from tests.functional.talk import frame_refusal, joined, make_group, open_direct, say
from tests.harness import Call, Frame, Parley, Reply, Socket, User
from tests.harness.fixtures import forget_told

BURST = 3


@pytest.fixture(autouse=True)
def few(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEND_BURST", str(BURST))


def open_with(person: User, other: str) -> Reply:
    return person.post("/conversations", json={"type": "direct", "user_id": other})


def write(person: User, conversation_id: str, text: str = "hello", **fields: str) -> Reply:
    return person.post(f"/conversations/{conversation_id}/messages", json={"text": text, **fields})


def act(socket: Socket, conversation_id: str, text: str = "hello", **fields: str) -> Frame:
    return socket.request("send_message", {"conversation_id": conversation_id, "text": text, **fields})


def statuses(replies: Iterable[Reply]) -> list[int]:
    return [reply.status for reply in replies]


def left(reply: Reply) -> int:
    """Returns the `r` of the header RateLimit."""
    return int(reply.headers["ratelimit"].partition(";r=")[2].partition(";")[0])


def head_of(parley: Parley, conversation_id: str) -> dict[str, Any]:
    table, key = parley.functions.environment["CONVERSATIONS_TABLE"], {"conversation_id": {"S": conversation_id}}
    item: dict[str, Any] = parley.store.client("dynamodb").get_item(TableName=table, Key=key)["Item"]
    return item


def with_friends(parley: Parley, person: User, count: int) -> list[str]:
    """Returns conversations with so many others, which these have opened."""
    return [open_direct(parley.user(f"friend{number}"), person) for number in range(count)]


# --- macros ----------------------------------------------------------------------------------------------------------


def test_macros_take_the_tokens_of_messages_and_a_repeat_takes_none(parley: Parley) -> None:
    agnes, ticket_id = agent(parley), open_ticket(parley.user("alice"))
    macro_ids = [
        macro(parley, reply="Hi."),
        macro(parley, priority="high"),
        macro(parley, reply="x" * 1_000, status="resolved"),
    ]

    replies = [apply(agnes, ticket_id, each, client_id=f"a-{number}") for number, each in enumerate(macro_ids * 2)]

    assert statuses(replies).count(200) < len(replies)
    refused = statuses(replies).index(429)
    before = stored(parley)
    assert refusal(apply(agnes, ticket_id, macro_ids[0], client_id="b-1"))[0] == "rate_limited"
    assert apply(agnes, ticket_id, macro_ids[0], client_id="a-0").json["replayed"] is True
    assert stored(parley) == before
    assert left(replies[refused - 1]) == 0


# --- opening ---------------------------------------------------------------------------------------------------------


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

    assert exposed.split(", ") == ["RateLimit", "RateLimit-Policy", "Retry-After", "x-amzn-requestid"]


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


def test_who_opens_by_a_message_goes_on_there_without_another_token_of_their_own(parley: Parley) -> None:
    alice = parley.user("alice")
    write(alice, with_friends(parley, alice, 1)[0])
    opened = alice.post("/messages", json={"user_id": "bob", "text": "hello"}).json["conversation_id"]

    with parley.watch() as calls:
        write(alice, opened)

    assert "UpdateItem" not in [call.operation for call in calls]


def test_calling_is_limited_and_what_belongs_to_a_call_is_not(parley: Parley) -> None:
    alice = parley.user("alice")
    conversation_id = open_with(alice, "bob").json["id"]
    phone = alice.connect()

    for number in range(BURST - 1):
        ring(phone, conversation_id, f"call{number}")
        for _ in range(BURST):
            assert state(signal(phone, conversation_id, "candidate", f"call{number}")) == ("ringing", None)
        assert state(signal(phone, conversation_id, "hang_up", f"call{number}")) == ("ended", "missed")
    refused = signal(phone, conversation_id, "offer", "one-more")

    assert code(refused) == ("rate_limited", 429)
    assert code(signal(phone, conversation_id, "hang_up", "one-more")) == ("call_not_found", 404)


def test_blocking_and_taking_blocks_back_is_limited_and_what_is_so_already_is_not(parley: Parley) -> None:
    alice, mallory = parley.user("alice"), parley.user("mallory")
    conversation_id = open_direct(mallory, alice)
    screen = mallory.connect()
    path = "/users/mallory/block"

    replies = [alice.request(method, path) for method in ("PUT", "DELETE", "PUT", "DELETE")]
    told = screen.events("conversation_updated")
    again, nothing, another = alice.put(path), alice.delete("/users/bob/block"), alice.put("/users/bob/block")

    assert statuses(replies) == [200] * BURST + [429]
    assert [left(reply) for reply in replies] == [2, 1, 0, 0]
    assert (replies[-1].json["code"], replies[-1].json["rule"]) == ("rate_limited", "send")
    assert len(told) == BURST
    assert statuses([again, nothing, another]) == [200, 200, 429]
    assert [one["user_id"] for one in alice.get("/me/blocks").json["blocks"]] == ["mallory"]
    assert "send_message" not in alice.get(f"/conversations/{conversation_id}").json["capabilities"]
    parley.advance(1)
    assert alice.delete(path).status == 200


def test_reporting_is_limited_and_a_repeated_report_is_not(parley: Parley) -> None:
    alice, mallory = parley.user("alice"), parley.user("mallory")
    conversation_id = open_direct(mallory, alice)
    said = say(mallory, conversation_id, *(f"nasty {number}" for number in range(BURST)))
    parley.advance(60)
    said += say(mallory, conversation_id, "nasty again")

    replies = [alice.post(f"/messages/{one}/report", json={"reason": "spam"}) for one in said]
    again = alice.post(f"/messages/{said[0]}/report", json={"reason": "spam"})

    assert statuses(replies) == [201] * BURST + [429]
    assert (again.status, again.json) == (200, replies[0].json)
    assert len(stored(parley)["Reports"]) == BURST


def test_asking_what_one_may_do_takes_nothing(parley: Parley) -> None:
    alice = parley.user("alice")

    replies = [alice.get("/policy/explain?user_id=bob") for _ in range(BURST + 1)]

    assert statuses(replies) == [200] * (BURST + 1)
    assert stored(parley)["Rates"] == []


def test_hosts_own_programs_are_not_limited(parley: Parley) -> None:
    host = parley.user("the-host", role="service")

    assert {open_with(host, f"friend{number}").status for number in range(BURST + 2)} == {201}


def test_of_many_at_once_no_two_get_the_same_token(parley: Parley) -> None:
    from parley.adapters.dynamodb import rate_buckets

    rate = Rate(name="send", interval_ms=500, burst=10)
    now_ms = parley.clock()
    parley.hooks.clear()  # they look at functions' calls; here are none

    with ThreadPoolExecutor(max_workers=16) as callers:
        takings = list(callers.map(lambda _: rate_buckets.take("alice", rate, now_ms), range(60)))

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


# --- sending ---------------------------------------------------------------------------------------------------------


def test_sending_is_limited_over_rest_and_says_what_is_left(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(bob, alice)
    screen = joined(bob, conversation_id)

    replies = [write(alice, conversation_id) for _ in range(BURST + 1)]

    assert statuses(replies) == [201] * BURST + [429]
    assert [left(reply) for reply in replies] == [2, 1, 0, 0]
    assert refusal(replies[-1]) == ("rate_limited", 429, [])
    assert replies[-1].json["rule"] == "send"
    assert (replies[-1].json["retry_after_ms"], replies[-1].headers["retry-after"]) == (500, "1")
    assert len(screen.events("new_message")) == BURST
    assert bob.get(f"/conversations/{conversation_id}").json["last_seq"] == BURST


def test_sending_over_websocket_uses_up_the_same_bucket(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(bob, alice)
    phone = alice.connect()
    write(alice, conversation_id)

    acks = [act(phone, conversation_id) for _ in range(BURST - 1)]
    refused = act(phone, conversation_id)

    limit = {"policy": "send", "limit": BURST, "window_ms": 1500}
    assert [ack["rate_limits"] for ack in acks] == [
        [{**limit, "remaining": 1, "more_in_ms": 500}],
        [{**limit, "remaining": 0, "more_in_ms": 500}],
    ]
    assert frame_refusal(refused) == ("rate_limited", 429, [])
    assert refused["error"]["retry_after_ms"] == 500
    assert refused["rate_limits"] == [{**limit, "remaining": 0, "more_in_ms": 500}]


def test_action_that_is_not_limited_tells_nothing(parley: Parley) -> None:
    assert "rate_limits" not in parley.user("alice").connect().request("hello")


def test_bucket_fills_at_its_rate(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(bob, alice)
    for _ in range(BURST):
        write(alice, conversation_id)

    parley.advance(0.499)
    assert write(alice, conversation_id).status == 429
    parley.advance(0.001)
    assert statuses(write(alice, conversation_id) for _ in range(2)) == [201, 429]
    parley.advance(60)
    assert statuses(write(alice, conversation_id) for _ in range(BURST + 1)) == [201] * BURST + [429]


def test_others_of_a_conversation_have_buckets_of_their_own(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(bob, alice)
    for _ in range(BURST):
        write(alice, conversation_id)

    assert left(write(bob, conversation_id)) == BURST - 1


def test_replay_is_answered_however_empty_the_bucket(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(bob, alice)
    phone = alice.connect()
    first = write(alice, conversation_id, client_id="c1")
    for number in range(BURST - 1):
        write(alice, conversation_id, str(number))

    again = write(alice, conversation_id, client_id="c1")
    over_websocket = act(phone, conversation_id, client_id="c1")
    reused = write(alice, conversation_id, "another", client_id="c1")

    assert (again.status, again.json["id"], again.json["replayed"]) == (200, first.json["id"], True)
    assert left(again) == 0
    assert over_websocket["data"]["replayed"] is True
    assert reused.status == 422
    assert write(alice, conversation_id, client_id="c2").status == 429


def test_refused_send_takes_nothing_and_gets_through_later(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(bob, alice)
    for _ in range(BURST):
        write(alice, conversation_id)
    statuses(write(alice, conversation_id, client_id="c1") for _ in range(10))

    parley.advance(0.5)

    sent = write(alice, conversation_id, client_id="c1")
    assert (sent.status, sent.json["replayed"], sent.json["seq"]) == (201, False, BURST + 1)


def test_of_many_sends_at_once_as_many_get_through_as_there_are_tokens(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(bob, alice)

    replies = at_once(partial(write, alice, conversation_id, client_id=f"c{number}") for number in range(12))

    # One that others always were faster than is told so, and has written nothing either.
    assert sorted(set(statuses(replies))) in ([201, 429], [201, 429, 503])
    assert statuses(replies).count(201) == BURST
    assert bob.get(f"/conversations/{conversation_id}").json["last_seq"] == BURST


def test_last_token_is_given_once(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(bob, alice)
    for _ in range(BURST - 1):
        write(alice, conversation_id)
    meanwhile: list[Reply] = []
    parley.hooks.append(Meanwhile("TransactWriteItems", lambda: meanwhile.append(write(alice, conversation_id))))

    assert write(alice, conversation_id).status == 429
    assert statuses(meanwhile) == [201]


def test_hosts_own_programs_send_as_they_like(parley: Parley) -> None:
    host, bob = parley.user("the-host", role="service"), parley.user("bob")
    conversation_id = open_direct(host, bob)

    replies = [write(host, conversation_id) for _ in range(BURST + 2)]

    assert set(statuses(replies)) == {201}
    assert "ratelimit" not in replies[0].headers


def test_refusal_tells_outsiders_nothing_of_anybodys_bucket(parley: Parley) -> None:
    alice, bob, eve = parley.user("alice"), parley.user("bob"), parley.user("eve")
    conversation_id = open_direct(bob, alice)

    refused = write(eve, conversation_id)

    assert refused.status == 404
    assert "ratelimit" not in refused.headers


def test_conversation_that_is_older_than_its_buckets_gets_them(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(bob, alice)
    parley.store.client("dynamodb").update_item(
        TableName=parley.functions.environment["CONVERSATIONS_TABLE"],
        Key={"conversation_id": {"S": conversation_id}},
        UpdateExpression="REMOVE rates",
    )

    replies = [write(alice, conversation_id) for _ in range(BURST + 1)]

    assert statuses(replies) == [201] * BURST + [429]


def test_buckets_that_are_full_again_leave_the_head(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(bob, alice)
    write(alice, conversation_id)
    assert head_of(parley, conversation_id)["rates"]["M"].keys() == {"alice"}

    parley.advance(1)
    write(bob, conversation_id)

    assert head_of(parley, conversation_id)["rates"]["M"].keys() == {"bob"}


# --- in many conversations -------------------------------------------------------------------------------------------


def test_who_goes_from_one_conversation_to_another_is_held_by_their_own_bucket(parley: Parley) -> None:
    alice = parley.user("alice")
    conversation_ids = with_friends(parley, alice, BURST + 3)

    replies = [write(alice, one) for one in conversation_ids]

    # The first is free: this process had not seen alice write before.
    assert statuses(replies) == [201] * (BURST + 1) + [429] * 2
    assert refusal(replies[-1])[0] == "rate_limited"
    assert left(replies[-1]) == 0


def test_refused_elsewhere_one_is_refused_there_again_and_goes_on_where_one_was(parley: Parley) -> None:
    alice = parley.user("alice")
    conversation_ids = with_friends(parley, alice, BURST + 2)
    here, elsewhere = conversation_ids[-2:]
    for one in conversation_ids[:-1]:
        write(alice, one)

    assert statuses(write(alice, elsewhere) for _ in range(3)) == [429] * 3
    assert write(alice, here).status == 201
    parley.advance(0.5)
    assert write(alice, elsewhere).status == 201


def test_going_on_in_a_conversation_writes_nothing_more(parley: Parley) -> None:
    alice = parley.user("alice")
    here, there = with_friends(parley, alice, 2)
    write(alice, here)

    with parley.watch() as staying:
        write(alice, here)
    with parley.watch() as moving:
        write(alice, there)

    assert [call.operation for call in staying] == ["BatchGetItem", "TransactWriteItems", "BatchGetItem"]
    assert sorted(call.operation for call in moving) == [
        "BatchGetItem",
        "BatchGetItem",
        "TransactWriteItems",
        "UpdateItem",
    ]


def test_moving_on_takes_no_more_round_trips(parley: Parley) -> None:
    alice = parley.user("alice")
    here, there = with_friends(parley, alice, 2)
    write(alice, here)
    events: list[str] = []

    class Order:
        def before(self, call: Call) -> None:
            events.append(f"+{call.operation}")

        def after(self, call: Call) -> None:
            events.append(f"-{call.operation}")

    parley.hooks.append(Order())
    write(alice, there)

    assert events.index("+TransactWriteItems") > events.index("-UpdateItem")
    assert events[0] in ("+BatchGetItem", "+UpdateItem")


def test_replay_elsewhere_is_answered_however_empty_the_own_bucket(parley: Parley) -> None:
    alice = parley.user("alice")
    conversation_ids = with_friends(parley, alice, BURST + 1)
    for one in conversation_ids:
        write(alice, one, client_id="c1")

    again = write(alice, conversation_ids[0], client_id="c1")

    assert (again.status, again.json["replayed"]) == (200, True)
    assert write(alice, conversation_ids[0]).status == 429


def test_each_conversation_that_is_forwarded_to_takes_a_token(parley: Parley) -> None:
    alice = parley.user("alice")
    source, *targets = with_friends(parley, alice, BURST + 2)
    [message_id] = say(parley.user("friend0"), source, "hello")  # so nobody has seen alice write

    reply = alice.post(f"/messages/{message_id}/forward", json={"conversation_ids": targets})

    assert reply.status == 200
    assert len(reply.json["messages"]) == BURST
    [failed] = reply.json["failed"]
    assert (failed["conversation_id"] in targets, failed["code"], bool(failed["rule"])) == (True, "rate_limited", True)
    assert left(reply) == 0
    parley.clock.ms += failed["retry_after_ms"]
    body = {"conversation_ids": [failed["conversation_id"]]}
    assert alice.post(f"/messages/{message_id}/forward", json=body).json["failed"] == []


# --- changes ---------------------------------------------------------------------------------------------------------


def test_changes_of_messages_take_tokens_too(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(bob, alice)
    [message_id] = say(alice, conversation_id, "hello")
    path = f"/messages/{message_id}"

    replies = [
        alice.put(f"{path}/reactions/👍"),
        alice.patch(path, json={"text": "hello!"}),
        alice.put(f"{path}/pin"),
        alice.delete(path),
    ]

    assert statuses(replies) == [200, 200, 429, 429]
    assert [left(reply) for reply in replies] == [1, 0, 0, 0]


def test_what_is_so_already_takes_nothing(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(bob, alice)
    [message_id] = say(bob, conversation_id, "hello")

    replies = [alice.put(f"/messages/{message_id}/reactions/👍") for _ in range(BURST + 2)]

    assert set(statuses(replies)) == {200}
    assert left(write(alice, conversation_id)) == BURST - 2


def test_send_between_the_read_and_the_write_of_a_change_is_counted_beside_it(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(bob, alice)
    [message_id, _] = say(bob, conversation_id, "hello", "and")
    hook = Meanwhile("TransactWriteItems", lambda: write(alice, conversation_id))
    parley.hooks.append(hook)

    reacted = alice.put(f"/messages/{message_id}/reactions/👍")

    assert hook.happened and reacted.status == 200
    assert left(write(alice, conversation_id)) == BURST - 3


def test_two_peoples_tokens_do_not_get_into_each_others_way(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(bob, alice)
    [message_id, _] = say(bob, conversation_id, "hello", "and")
    parley.advance(60)
    parley.hooks.append(Meanwhile("TransactWriteItems", lambda: write(bob, conversation_id)))

    with parley.watch() as calls:
        alice.put(f"/messages/{message_id}/reactions/👍")

    assert head_of(parley, conversation_id)["rates"]["M"].keys() == {"alice", "bob"}
    assert calls


# --- slow mode -------------------------------------------------------------------------------------------------------


def slow_group(parley: Parley) -> tuple[User, User, str]:
    """Returns owner and member of a group in slow mode, and its id."""
    alice, bob = parley.user("alice"), parley.user("bob")
    return alice, bob, make_group(alice, bob, slow_mode_s=10)


def test_member_of_a_slow_group_writes_once_in_so_many_seconds(parley: Parley) -> None:
    _, bob, group = slow_group(parley)
    phone = bob.connect()

    first = write(bob, group)
    parley.advance(4)
    second, third = write(bob, group), act(phone, group)
    parley.advance(6)
    fourth = act(phone, group)

    assert first.headers["ratelimit-policy"] == '"send";q=3;w=2, "slow_mode";q=1;w=10'
    assert first.headers["ratelimit"] == '"send";r=2;t=1, "slow_mode";r=0;t=10'
    assert statuses([first, second]) == [201, 429]
    assert refusal(second) == ("slow_mode", 429, [])
    assert (second.json["rule"], second.json["retry_after_ms"]) == ("slow_mode", 6000)
    assert second.headers["retry-after"] == "6"
    assert frame_refusal(third)[0] == "slow_mode"
    slow = {one["policy"]: one for one in third["rate_limits"]}["slow_mode"]
    assert (slow["remaining"], slow["more_in_ms"]) == (0, 6000)
    assert fourth["type"] == "ack"


def test_owners_and_admins_do_not_wait(parley: Parley) -> None:
    alice, bob, group = slow_group(parley)
    alice.patch(f"/conversations/{group}/members/bob", json={"role": "admin"})

    assert statuses([write(alice, group), write(alice, group), write(bob, group), write(bob, group)]) == [201] * 4


def test_replay_in_slow_mode_does_not_wait(parley: Parley) -> None:
    _, bob, group = slow_group(parley)
    write(bob, group, client_id="c1")

    again = write(bob, group, client_id="c1")

    assert (again.status, again.json["replayed"]) == (200, True)


def test_slow_mode_that_is_changed_or_ended_counts_at_once(parley: Parley) -> None:
    alice, bob, group = slow_group(parley)
    write(bob, group)
    parley.advance(4)

    alice.patch(f"/conversations/{group}", json={"slow_mode_s": 3})
    sooner = write(bob, group)
    alice.patch(f"/conversations/{group}", json={"slow_mode_s": 0})
    at_once_now = write(bob, group)

    assert statuses([sooner, at_once_now]) == [201, 201]
    assert "slow_mode" not in at_once_now.headers["ratelimit"]


def test_changes_do_not_wait_for_slow_mode(parley: Parley) -> None:
    _, bob, group = slow_group(parley)
    sent = write(bob, group)

    assert bob.put(f"/messages/{sent.json['id']}/reactions/👍").status == 200


def test_of_many_sends_at_once_in_slow_mode_one_gets_through(parley: Parley) -> None:
    _, bob, group = slow_group(parley)

    replies = at_once(partial(write, bob, group, client_id=f"c{number}") for number in range(6))

    assert statuses(replies).count(201) == 1
    assert set(statuses(replies)) <= {201, 429, 503}


def test_turn_that_was_read_before_the_head_is_not_taken_twice(parley: Parley) -> None:
    """A batch reads its items one by one: a membership may be older than the head beside it."""
    from parley.adapters.conversations import conversations, journal
    from parley.adapters.dynamodb import conditions

    alice, bob, group = slow_group(parley)
    _, before = conversations.head_and_membership(group, "bob")
    write(bob, group)
    head, after = conversations.head_and_membership(group, "bob")
    assert head and before and after and before.sent_ms is None and after.sent_ms == parley.clock()

    from parley.actions import limits
    from parley.domain.api.identity import Identity
    from parley.domain.api.request import Request
    from parley.domain.api.requests import Draft
    from parley.domain.conversations.send_steps import send_message

    identity = Identity(user_id="bob", name="Bob", role="user", contexts={}, expires_at_s=parley.clock())
    asking = Request(caller=identity, now_ms=parley.clock(), request_id="r")
    step = limits.in_turn(asking, send_message(head, Draft(text="again"), asking), before)

    with pytest.raises(conditions.LostRace):
        journal.write(step, asking.now_s)


# --- groups ----------------------------------------------------------------------------------------------------------


def test_who_is_in_as_many_groups_as_may_be_makes_no_more(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GROUPS_PER_USER", "2")
    monkeypatch.setenv("SEND_BURST", "30")
    alice, bob = parley.user("alice"), parley.user("bob")
    body = {"type": "group", "title": "Chess", "client_id": "g1"}
    made = alice.post("/conversations", json=body)
    make_group(bob, alice)

    refused = alice.post("/conversations", json={**body, "client_id": "g2"})
    again = alice.post("/conversations", json=body)
    direct = open_with(alice, "bob")
    alice.delete(f"/conversations/{made.json['id']}/members/alice")
    parley.advance(60)
    later = alice.post("/conversations", json={**body, "client_id": "g3"})

    assert refusal(refused) == ("too_many_groups", 409, [])
    assert refused.json["rule"] == "groups"
    assert (again.status, again.json["id"]) == (200, made.json["id"])
    assert direct.status == 201
    assert later.status == 201


def test_making_groups_takes_tokens_and_a_retry_gets_its_group(parley: Parley) -> None:
    alice = parley.user("alice")
    bodies = [{"type": "group", "title": "Chess", "client_id": f"g{number}"} for number in range(BURST + 1)]

    replies = [alice.post("/conversations", json=body) for body in bodies]
    again = alice.post("/conversations", json=bodies[0])

    assert statuses(replies) == [201] * BURST + [429]
    assert (again.status, again.json["id"]) == (200, replies[0].json["id"])


# --- changes elsewhere, replays, long texts --------------------------------------------------------------------------


def empty_own_bucket(parley: Parley, user_id: str) -> None:
    """Leaves nothing in a person's own bucket for the next minutes."""
    parley.store.client("dynamodb").put_item(
        TableName=parley.functions.environment["RATES_TABLE"],
        Item={
            "user_id": {"S": user_id},
            "tat_ms": {"N": str(parley.clock() + 600_000)},
            "expires_at_s": {"N": str(parley.clock() // 1000 + 600)},
        },
    )


CHANGES = {
    "add_reaction": ("PUT", "/messages/{message_id}/reactions/%F0%9F%91%8D", None),
    "remove_reaction": ("DELETE", "/messages/{message_id}/reactions/%F0%9F%98%A2", None),
    "edit_message": ("PATCH", "/messages/{message_id}", {"text": "new"}),
    "delete_message": ("DELETE", "/messages/{message_id}", None),
    "delete_message_for_me": ("DELETE", "/messages/{message_id}?scope=me", None),
    "pin_message": ("PUT", "/messages/{message_id}/pin", None),
    "remove_preview": ("DELETE", "/messages/{pinned_id}/preview", None),
    "unpin_message": ("DELETE", "/messages/{pinned_id}/pin", None),
    "update_conversation": ("PATCH", "/conversations/{group}", {"title": "New"}),
    "add_members": ("POST", "/conversations/{group}/members", {"user_ids": ["carol"]}),
    "put_member": ("PUT", "/conversations/{group}/members/carol", {"role": "admin"}),
    "set_role": ("PATCH", "/conversations/{group}/members/bob", {"role": "admin"}),
    "remove_member": ("DELETE", "/conversations/{group}/members/bob", None),
    "dissolve_group": ("DELETE", "/conversations/{group}", None),
}


@pytest.mark.parametrize("what", CHANGES)
def test_change_in_another_conversation_takes_from_the_own_bucket(parley: Parley, what: str) -> None:
    method, path, body = CHANGES[what]
    alice, bob = parley.user("alice"), parley.user("bob")
    group = make_group(alice, bob)
    message_id, pinned_id = say(alice, group, "one", "https://example.com")
    parley.advance(10)
    assert alice.put(f"/messages/{message_id}/reactions/%F0%9F%98%A2").status == 200
    assert alice.put(f"/messages/{pinned_id}/pin").status == 200
    parley.advance(10)
    path = path.format(group=group, message_id=message_id, pinned_id=pinned_id)
    say(alice, open_direct(alice, parley.user("dora")), "elsewhere")
    screen = bob.connect()
    empty_own_bucket(parley, "alice")

    refused = alice.request(method, path, json=body)
    told = screen.events()
    parley.advance(600)
    later = alice.request(method, path, json=body)

    assert (refused.status, refused.json["code"], refused.json["rule"]) == (429, "rate_limited", "send")
    assert told == []
    assert later.status in (200, 201)


def test_reactions_by_turns_in_many_conversations_are_held_by_the_own_bucket(parley: Parley) -> None:
    alice = parley.user("alice")
    friends = [parley.user(f"friend{number}") for number in range(BURST + 3)]
    said = [say(one, open_direct(one, alice), "hello")[0] for one in friends]

    replies = [alice.put(f"/messages/{one}/reactions/%F0%9F%91%8D") for one in said]

    # The first is free: this process had not seen alice before.
    assert statuses(replies) == [200] * (BURST + 1) + [429] * 2


def test_replay_tells_the_others_again_only_while_its_message_is_young(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(bob, alice)
    screen = joined(bob, conversation_id)
    write(alice, conversation_id, client_id="c1")
    screen.events()

    told = []
    for _ in range(2):
        forget_told()  # the next process, which has told nobody
        assert write(alice, conversation_id, client_id="c1").json["replayed"] is True
        told.append(len(screen.events("new_message")))
        parley.advance(121)
        screen.request("ping")

    assert told == [1, 0]


def test_change_that_is_there_is_told_again_only_while_it_is_young(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(bob, alice)
    [message_id] = say(bob, conversation_id, "hello")
    screen = joined(bob, conversation_id)
    alice.put(f"/messages/{message_id}/pin")
    alice.patch(f"/messages/{message_id}/read")
    screen.events()

    told = []
    for _ in range(2):
        forget_told()
        alice.put(f"/messages/{message_id}/pin")
        alice.patch(f"/messages/{message_id}/read")
        told.append([one["event"] for one in screen.events()])
        parley.advance(121)
        screen.request("ping")

    assert told == [["message_updated", "message_read"], []]


def test_long_texts_take_a_token_for_each_started_4_kb(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(bob, alice)

    whole, more = write(alice, conversation_id, "x" * 4096), write(alice, conversation_id, "é" * 2049)
    refused = write(alice, conversation_id)
    parley.advance(1.5)
    most = write(alice, conversation_id, "\N{GRINNING FACE}" * 10_000)  # ten tokens, as many as there are
    parley.advance(1)
    too_soon = write(alice, conversation_id, "x" * 8193)

    assert [left(reply) for reply in (whole, more, most)] == [2, 0, 0]
    assert (refused.status, most.status, too_soon.status) == (429, 201, 429)
    assert too_soon.json["retry_after_ms"] == 500


def test_long_texts_by_turns_take_as_much_from_the_own_bucket(parley: Parley) -> None:
    alice = parley.user("alice")
    first, second, third = with_friends(parley, alice, 3)
    write(alice, first)

    replies = [write(alice, one, "x" * 4097) for one in (second, third)]

    assert statuses(replies) == [201, 429]


def test_long_edit_takes_as_many_tokens_as_a_long_message(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    [message_id] = say(alice, open_direct(bob, alice), "short")

    edited = alice.patch(f"/messages/{message_id}", json={"text": "x" * 4097})

    assert (edited.status, left(edited)) == (200, 0)


# --- live acts that are no news ------------------------------------------------------------------------------------


def test_typing_that_goes_on_is_told_every_three_seconds_only(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(bob, alice)
    phone, screen = alice.connect(), bob.connect()
    told = []
    for pause in (0, 0.5, 1.9, 0.2, 2.6):  # 2.6 s: an honest client's three, and the network
        parley.advance(pause)
        with parley.watch() as calls:
            assert phone.request("typing_start", {"conversation_id": conversation_id})["type"] == "ack"
        is_written = any(call.operation in ("PutItem", "UpdateItem") for call in calls)
        told.append((len(screen.events("user_typing")), is_written))

    assert told == [(1, True), (0, False), (0, False), (1, True), (1, True)]


def test_stop_tells_once_and_nothing_of_what_was_not_typed_or_has_run_out(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    place = {"conversation_id": open_direct(bob, alice)}
    phone, screen = alice.connect(), bob.connect()

    def stopped() -> int:
        assert phone.request("typing_stop", place)["type"] == "ack"
        return len(screen.events("user_stopped_typing"))

    before = stopped()
    phone.request("typing_start", place)
    once, again = stopped(), stopped()
    phone.request("typing_start", place)
    begun_again = len(screen.events("user_typing"))
    parley.advance(5)

    assert (before, once, again, begun_again, stopped()) == (0, 1, 0, 2, 0)


def test_join_of_what_is_joined_and_leave_of_what_is_not_tell_nobody(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    place = {"conversation_id": open_direct(bob, alice)}
    phone, screen = alice.connect(), bob.connect()
    told = []
    for action in ("leave_conversation", "join_conversation", "join_conversation", "leave_conversation"):
        assert phone.request(action, place)["type"] == "ack"
        told.append([one["event"] for one in screen.events()])
    phone.request("join_conversation", place)
    screen.events()
    parley.advance(121)
    for device in (phone, screen):
        device.request("ping")
    forget_told()
    phone.request("join_conversation", place)

    assert told == [[], ["user_joined_conversation"], [], ["user_left_conversation"]]
    assert screen.events() == []


def test_signals_and_bytes_of_a_call_are_capped(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(bob, alice)
    phone, screen = alice.connect(), bob.connect()
    ring(phone, conversation_id, "c1")
    screen.events()

    assert code(signal(phone, conversation_id, "candidate", "c1", payload="x" * 4097)) == ("invalid_request", 400)
    answers = [signal(phone, conversation_id, "candidate", "c1", payload="x" * 4096) for _ in range(50)]
    refused = signal(phone, conversation_id, "candidate", "c1")

    assert [state(one) for one in answers[:48]] == [("ringing", None)] * 48  # 200 KB hold so many
    assert code(answers[-1]) == ("too_many_signals", 409)
    assert state(refused) == ("ringing", None)  # one without a payload still has room
    assert len(screen.events("call_signal")) == 49
    for _ in range(51):
        assert state(signal(phone, conversation_id, "candidate", "c1")) == ("ringing", None)
    assert code(signal(phone, conversation_id, "candidate", "c1")) == ("too_many_signals", 409)
    assert state(signal(screen, conversation_id, "answer", "c1")) == ("active", None)
    assert state(signal(phone, conversation_id, "candidate", "c1")) == ("active", None)
    assert state(signal(phone, conversation_id, "hang_up", "c1")) == ("ended", "hung_up")


def test_turn_credentials_take_a_token_each(parley: Parley) -> None:
    alice = parley.user("alice")
    body = {"conversation_id": open_direct(parley.user("bob"), alice)}

    replies = [alice.post("/turn-credentials", json=body) for _ in range(BURST + 1)]

    assert statuses(replies) == [201] * BURST + [429]
