"""The cost of a person's requests is counted and limited, and so are acts that others see at once."""

import sys
from collections.abc import Callable, Iterator

import pytest

from local import functions
from tests.functional.attempts import everything
from tests.functional.calling import ring, signal
from tests.functional.replies import stored
from tests.functional.talk import fill, forget_events, frame_refusal, joined, make_group, meet, names, open_direct, say
from tests.harness import Call, Frame, Parley, Refused, Reply, Socket, User
from tests.harness.calls import aws_refusal

UNITS = 100  # of cost, at once
ACTS = 20  # that are live, at once


def forget() -> None:
    """Lets the next request meet a process that knows nothing."""
    sys.modules["parley.adapters.dynamodb.metering"].forget()


@pytest.fixture
def small_blocks(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets each request write what it owes at its end."""
    monkeypatch.setattr("parley.adapters.dynamodb.metering.BLOCKS", {"cost": 1, "live": 1})
    monkeypatch.setattr("parley.adapters.dynamodb.metering.MAX_OWED_BLOCKS", 1)


@pytest.fixture
def few_units(parley: Parley, small_blocks: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COST_UNIT_BURST", str(UNITS))
    monkeypatch.setenv("COST_UNITS_PER_MINUTE", "60")


@pytest.fixture
def few_acts(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIVE_BURST", str(ACTS))
    monkeypatch.setenv("LIVE_PER_MINUTE", "60")


def left(answer: Reply | Frame, policy: str = "cost") -> int:
    """Returns what an answer says is left of a policy."""
    if isinstance(answer, Reply):
        told = answer.headers["ratelimit"]
        return int(told.partition(f'"{policy}";r=')[2].partition(";")[0])
    return int({one["policy"]: one["remaining"] for one in answer["rate_limits"]}[policy])


def drain(person: User) -> list[Reply]:
    """Asks for a list until that is refused; returns the answers, the refusal last."""
    replies: list[Reply] = []
    while not replies or replies[-1].status == 200:
        replies.append(person.get("/conversations"))
        assert len(replies) <= UNITS + 1
    return replies


def wrote(calls: list[Call]) -> list[str]:
    """Returns the keys of the buckets that were written."""
    return [
        call.params["Key"]["user_id"]["S"]
        for call in calls
        if call.operation == "UpdateItem" and "Rates" in call.params["TableName"]
    ]


# --- what everything costs -------------------------------------------------------------------------------------------

# Sign-ins, which have no caller yet; and $disconnect, which nobody is kept from.
NOT_METERED = {"Authorize", "OnAuthorize", "OnDisconnect"}


def test_every_operation_that_reads_or_writes_is_paid_for(
    parley: Parley, small_blocks: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("parley.adapters.dynamodb.metering.UNTOLD", 1)
    monkeypatch.setenv("MODERATOR_READS", "any")  # or moderators keep no webhooks
    conversation_id = open_direct(parley.user("alice"), parley.user("bob"))
    say(parley.user("alice"), conversation_id, "a secret", "another")
    mona, ada = parley.user("mona", role="moderator"), parley.user("ada", role="support_admin")
    attempts = [each for each in everything(parley.template) if not each.is_of_host]
    free: set[str] = set()
    paid: set[str] = set()

    for attempt in attempts:
        of_desk = getattr(attempt.operation, "path", "").startswith("/support/")
        person = ada if of_desk else mona
        with parley.watch() as calls:
            phone = person.connect()
            attempt.ask(person, phone, conversation_id)
            phone.close()
        for function in {one.function for one in calls if one.service == "dynamodb"} - NOT_METERED:
            own = [one for one in calls if one.function == function]
            (paid if wrote(own) else free).add(function)

    assert free == {"SendMessageToUser"}  # the one that gets through and has paid with a token of the conversation
    assert len(paid) >= len(attempts) - 9  # seven are for the host's server alone; two need no store


def test_what_is_owed_is_written_in_blocks_beside_the_first_call(parley: Parley) -> None:
    alice = parley.user("alice")
    open_direct(alice, parley.user("bob"))
    writes: list[int] = []

    for _ in range(60):
        with parley.watch() as calls:
            assert alice.get("/unread-count").status == 200
        writes.append(len(wrote(calls)))

    spent = 1_000_000 - left(alice.get("/unread-count"))
    assert set(writes) == {0, 1}
    assert sum(writes) == spent // 30 - (spent % 30 == 0) or sum(writes) <= spent // 30
    assert sum(writes) >= 60 * 2 // 40


def test_search_costs_what_it_has_read(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    say(alice, conversation_id, "first")
    few = alice.get(f"/search?q=nothing&conversation_id={conversation_id}")
    before = left(few)
    fill(parley, conversation_id, ["x" * 400] * 1000)

    many = alice.get(f"/search?q=nothing&conversation_id={conversation_id}")

    assert 1_000_000 - before < 10
    assert 1000 * 400 / 4096 / 2 < before - left(many) < 1000 * 2000 / 4096


def test_prices_of_what_is_asked_often(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    others = [parley.bearer("", f"friend{number}") for number in range(49)]
    places = [open_direct(alice, bob), *(open_direct(alice, one) for one in others)]
    for place in places:
        say(alice, place, "first")
        fill(parley, place, ["x" * 200] * 50)
    phone = alice.connect()
    known = {place: {"seq": 50, "change_seq": 0} for place in places}
    requests: dict[str, Callable[[], Reply | Frame]] = {
        "a page of 50 messages": lambda: alice.get(f"/conversations/{places[0]}/messages?limit=50"),
        "a list of 50 conversations": lambda: alice.get("/conversations?limit=50"),
        "sync of 50 conversations without news": lambda: phone.request("sync", {"cursors": known}),
        "a conversation": lambda: alice.get(f"/conversations/{places[0]}"),
        "GET /me with 50 conversations": lambda: alice.get("/me"),
        "a change of settings": lambda: alice.patch(f"/conversations/{places[0]}/settings", json={"pinned": True}),
        "a search through 2,500 messages": lambda: alice.get("/search?q=nothing"),
    }

    prices = {name: left(ask()) - left(ask()) for name, ask in requests.items()}

    for name, price in prices.items():
        print(f"{name}: {price} cost units")
    assert 0 < min(prices.values()) and max(prices.values()) < 400


# --- an empty bucket -------------------------------------------------------------------------------------------------


def test_who_reads_too_much_is_refused_before_anything_more_is_read(parley: Parley, few_units: None) -> None:
    alice = parley.user("alice")
    for number in range(5):
        open_direct(alice, parley.bearer("", f"friend{number}"))

    *before, refused = drain(alice)

    assert [left(one) for one in before] == sorted({left(one) for one in before}, reverse=True)
    assert (refused.status, refused.json["code"], refused.json["rule"]) == (429, "rate_limited", "cost")
    assert refused.headers["ratelimit-policy"] == f'"cost";q={UNITS};w={UNITS}'
    assert refused.headers["ratelimit"].startswith('"cost";r=0;t=')
    assert int(refused.headers["retry-after"]) * 1000 >= refused.json["retry_after_ms"] > 0
    forget()
    with parley.watch() as calls:
        again = alice.get("/search?q=hello")
    assert again.status == 429
    assert len([one for one in calls if one.function == "SearchMessages"]) <= 2  # its first read, and who may read


def test_who_waits_as_told_gets_on_and_the_bucket_fills(parley: Parley, few_units: None) -> None:
    alice = parley.user("alice")
    refused = drain(alice)[-1]

    parley.advance(refused.json["retry_after_ms"] / 1000)

    assert alice.get("/conversations").status == 200
    parley.advance(2 * UNITS)
    full = alice.get("/conversations")
    assert left(full) > UNITS - 20


def test_nothing_is_written_for_who_is_refused(parley: Parley, few_units: None) -> None:
    alice = parley.user("alice")
    conversation_id = open_direct(alice, parley.user("bob"))
    drain(alice)
    forget()
    before = stored(parley)

    refused = alice.patch(f"/conversations/{conversation_id}/settings", json={"pinned": True})

    assert (refused.status, refused.json["rule"]) == (429, "cost")
    assert stored(parley) == before


def test_who_has_read_too_much_still_writes_hears_and_closes_their_devices(parley: Parley, few_units: None) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    phone, lost = alice.connect(), alice.connect()
    drain(alice)

    assert alice.post(f"/conversations/{conversation_id}/messages", json={"text": "hello"}).status == 201
    assert phone.request("ping")["type"] == "ack"
    assert phone.request("typing_start", {"conversation_id": conversation_id})["type"] == "ack"
    assert alice.get("/me/connections").status == 200
    assert alice.delete(f"/me/connections/{lost.connection_id}").status == 200
    say(bob, conversation_id, "are you there?")
    assert "message_notification" in names(phone.events())


def test_flood_of_what_asks_no_bucket_closes_no_door(parley: Parley, few_units: None) -> None:
    """A thief of a token can neither stop the owner's heartbeat nor keep them from closing the thief's device."""
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    phone, thief = alice.connect(), alice.connect()
    draft = {"text": "hello", "client_id": "c1"}
    path = f"/conversations/{conversation_id}/messages"
    assert alice.post(path, json=draft).status == 201
    drain(alice)

    pings = {phone.request("ping")["type"] for _ in range(70)}
    reads = {alice.get("/me/connections").status for _ in range(70)}
    closings = {alice.delete("/me/connections/bm8gc3VjaCBvbmU=").status for _ in range(70)}
    again = {alice.post(path, json=draft).status for _ in range(10)}

    assert (pings, reads, closings, again) == ({"ack"}, {200}, {200}, {200})
    assert alice.delete(f"/me/connections/{thief.connection_id}").status == 200
    assert alice.post(path, json={"text": "a new one"}).status == 201
    assert phone.request("typing_start", {"conversation_id": conversation_id})["type"] == "ack"
    assert alice.connect().request("ping")["type"] == "ack"  # with a ticket


def test_what_is_refused_for_an_empty_bucket_takes_nothing(parley: Parley, few_units: None) -> None:
    alice = parley.user("alice")
    first = drain(alice)[-1]

    refusals = [alice.get("/conversations") for _ in range(50)]

    assert {one.json["retry_after_ms"] for one in refusals} == {first.json["retry_after_ms"]}


def test_refusal_costs_the_same_whatever_is_there(parley: Parley) -> None:
    """Between two people an id can be computed, so what a refusal takes would tell a stranger how long a message is."""
    alice, bob, eve = parley.user("alice"), parley.user("bob"), parley.user("eve")
    conversation_id = open_direct(alice, bob)
    say(alice, conversation_id, "\N{GRINNING FACE}" * 10_000)

    taken = []
    for path in ("/messages/{}.1", "/messages/{}.2", "/messages/{}.1/receipts", "/messages/{}.2/receipts"):
        before, after = (left(eve.get(path.format(conversation_id))) for _ in range(2))
        taken.append(before - after)

    assert (taken[0], taken[2]) == (taken[1], taken[3])


@pytest.mark.parametrize("burst", [1, 2, 4, 8])
def test_small_bucket_fills_again_for_who_waits_as_told(
    parley: Parley, monkeypatch: pytest.MonkeyPatch, burst: int
) -> None:
    monkeypatch.setenv("LIVE_BURST", str(burst))
    monkeypatch.setenv("LIVE_PER_MINUTE", "60")
    monkeypatch.setenv("COST_UNIT_BURST", str(5 * burst))
    monkeypatch.setenv("COST_UNITS_PER_MINUTE", "60")
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = meet(alice, bob)
    phone, screen = alice.connect(), bob.connect()
    parley.advance(60)
    waits = []

    for number in range(40):
        action = ("join_conversation", "leave_conversation")[number % 2]
        reply = phone.request(action, {"conversation_id": conversation_id})
        if reply["type"] == "error":
            assert reply["error"]["retry_after_ms"] == reply["rate_limits"][0]["more_in_ms"]
            waits.append(reply["error"]["retry_after_ms"])
            parley.advance(waits[-1] / 1000)
            assert phone.request(action, {"conversation_id": conversation_id})["type"] == "ack"
    replies = [alice.get("/conversations") for _ in range(5 * burst + 1)]
    parley.advance(replies[-1].json["retry_after_ms"] / 1000)
    assert alice.get("/conversations").status == 200

    assert screen.events()
    assert waits and max(waits) <= 2 * 1000 * burst


def test_others_and_the_hosts_server_are_not_refused(parley: Parley, few_units: None) -> None:
    alice, bob, host = parley.user("alice"), parley.user("bob"), parley.user("host", role="service")
    drain(alice)

    assert left(bob.get("/conversations")) > UNITS - 10
    replies = [host.get("/users") for _ in range(UNITS)]
    assert {one.status for one in replies} == {200}
    assert "ratelimit" not in replies[0].headers


def test_over_websocket_the_same_bucket_counts(parley: Parley, few_units: None) -> None:
    alice = parley.user("alice")
    phone = alice.connect()
    before = phone.request("sync", {"cursors": {}})
    drain(alice)

    refused = phone.request("sync", {"cursors": {}})

    assert left(before) < UNITS
    assert frame_refusal(refused) == ("rate_limited", 429, [])
    assert (refused["error"]["rule"], left(refused)) == ("cost", 0)


def test_refused_sends_use_up_the_bucket_too(parley: Parley, few_units: None) -> None:
    alice = parley.user("alice")
    nobodys = "d_" + "a" * 26
    replies: list[Reply] = []
    while not replies or replies[-1].status != 429:
        replies.append(alice.post(f"/conversations/{nobodys}/messages", json={"text": "hello"}))
        assert len(replies) <= UNITS

    assert {one.status for one in replies} == {404, 429}
    assert replies[-1].json["rule"] == "cost"


def test_bucket_is_overdrawn_by_its_own_size_at_most(parley: Parley, few_units: None) -> None:
    """Many processes at once, none of which knows of the others, and each has begun before the bucket was empty."""
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    say(alice, conversation_id, "first")
    fill(parley, conversation_id, ["x" * 400] * 1000)
    rows = Rows(parley)
    parley.hooks.append(rows)  # whose reads of the bucket are all too old

    replies = [alice.get(f"/search?q=nothing&conversation_id={conversation_id}") for _ in range(10)]
    parley.hooks.remove(rows)

    refused = alice.get("/conversations")
    assert {one.status for one in replies} == {200}
    assert (refused.status, refused.json["retry_after_ms"] <= 2 * UNITS * 1000) == (429, True)


class Rows:
    """Takes the bucket's row out of what is read, as if no process had written it yet."""

    def __init__(self, parley: Parley) -> None:
        self._table = parley.functions.environment["RATES_TABLE"]

    def before(self, call: Call) -> None:
        forget()

    def after(self, call: Call) -> None:
        if call.operation == "BatchGetItem":
            call.response["Responses"].pop(self._table, None)


def test_busy_store_keeps_nobody_from_reading_and_forgets_nothing(parley: Parley, few_units: None) -> None:
    alice = parley.user("alice")
    busy = Bucket(parley, lambda call: aws_refusal(call, "ThrottlingException", "as the test wants it"))
    parley.hooks.append(busy)
    replies = [alice.get("/conversations") for _ in range(5)]
    parley.hooks.remove(busy)

    assert {one.status for one in replies} == {200}
    assert busy.count > 0
    spent = UNITS - left(alice.get("/conversations"))
    assert spent >= 6  # at least half a unit for each of the two lists' reads


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_death_while_it_is_written_what_a_change_has_cost(parley: Parley, few_units: None, after: bool) -> None:
    alice = parley.user("alice")
    conversation_id = open_direct(alice, parley.user("bob"))
    path = f"/conversations/{conversation_id}/settings"
    assert alice.patch(path, json={"pinned": True}).status == 200
    death = Bucket(parley, lambda call: functions.Killed(call.operation), after=after)

    parley.hooks.append(death)
    died = alice.patch(path, json={"pinned": False})
    parley.hooks.remove(death)
    forget()

    assert (death.count, died.status) == (1, 502)
    assert not alice.get(f"/conversations/{conversation_id}").json["settings"]["pinned"]
    assert alice.patch(path, json={"pinned": True}).status == 200


class Bucket:
    """Lets every write of a bucket fail, before it is made or after."""

    def __init__(self, parley: Parley, error: Callable[[Call], BaseException], *, after: bool = False) -> None:
        self._table = parley.functions.environment["RATES_TABLE"]
        self._error = error
        self._is_after = after
        self.count = 0

    def before(self, call: Call) -> None:
        if not self._is_after:
            self._fail(call)

    def after(self, call: Call) -> None:
        if self._is_after:
            self._fail(call)

    def _fail(self, call: Call) -> None:
        if call.operation == "UpdateItem" and call.params["TableName"] == self._table:
            self.count += 1
            raise self._error(call)


# --- what others see at once -----------------------------------------------------------------------------------------


@pytest.fixture
def seen(parley: Parley, few_acts: None) -> tuple[User, Socket, Socket, str]:
    """Returns alice, her phone, a screen of bob's that has their conversation open, and its id."""
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = meet(alice, bob)
    phone, screen = alice.connect(), joined(bob, conversation_id)
    forget_events(screen)
    return alice, phone, screen, conversation_id


def test_opening_and_closing_again_and_again_is_limited(seen: tuple[User, Socket, Socket, str]) -> None:
    _, phone, screen, conversation_id = seen

    replies: list[Frame] = []
    for _ in range(40):
        for action in ("join_conversation", "leave_conversation"):
            replies.append(phone.request(action, {"conversation_id": conversation_id}))

    refused = [one for one in replies if one["type"] == "error"]
    assert refused and all(frame_refusal(one) == ("rate_limited", 429, []) for one in refused)
    assert {one["error"]["rule"] for one in refused} == {"live"}
    assert len(screen.events()) <= ACTS + 2 * 5  # what two functions may owe
    assert left(replies[0], "live") == ACTS - 1


def test_beginning_and_ending_to_type_is_limited_and_what_is_no_news_is_not(
    parley: Parley, seen: tuple[User, Socket, Socket, str]
) -> None:
    _, phone, screen, conversation_id = seen
    about = {"conversation_id": conversation_id}

    repeated = [phone.request("typing_start", about) for _ in range(ACTS)]
    by_turns = [phone.request(f"typing_{what}", about) for what in ("stop", "start") * (2 * ACTS)]

    assert {one["type"] for one in repeated} == {"ack"}
    assert left(repeated[0], "live") - left(repeated[-1], "live") == ACTS // 4 == 5
    assert {one["type"] for one in by_turns} == {"ack", "error"}
    assert len(screen.events()) <= ACTS + 2 * 5
    parley.advance(60)
    assert phone.request("typing_start", about)["type"] == "ack"


def test_marks_and_candidates_take_from_the_same_bucket(
    parley: Parley, few_acts: None, seen: tuple[User, Socket, Socket, str]
) -> None:
    alice, phone, screen, conversation_id = seen
    bob = screen.user
    ring(phone, conversation_id)
    signal(screen, conversation_id, "answer")
    answers = [signal(phone, conversation_id, "candidate", payload=f"{number}") for number in range(ACTS + 10)]
    refused = [one for one in answers if one["type"] == "error"]

    assert {one["error"]["rule"] for one in refused} == {"live"}
    [message_id] = say(bob, conversation_id, "one more")
    assert phone.request("mark_read", {"message_id": message_id})["error"]["rule"] == "live"
    assert alice.patch(f"/messages/{message_id}/read").json["rule"] == "live"
    parley.advance(10)
    assert alice.patch(f"/messages/{message_id}/read").json["moved"]


def test_coming_and_going_again_and_again_is_limited(seen: tuple[User, Socket, Socket, str]) -> None:
    alice, phone, screen, _ = seen
    phone.close()
    forget_events(screen)

    refused = 0
    for _ in range(3 * ACTS):
        try:
            alice.connect(subprotocol=True).close()
        except Refused as error:
            assert error.status == 429
            refused += 1
    ticket = alice.post("/ws-tickets")  # which tells a browser why, as it cannot see the answer to a handshake
    assert (ticket.status, ticket.json["rule"]) == (429, "live")

    assert refused > 0
    assert len(screen.events("user_status_change")) <= 2 * (ACTS + 5)


class Empties:
    """A hook: just before `$connect` looks a second time whether the user was signed out, their bucket is empty."""

    def __init__(self, parley: Parley) -> None:
        self._parley = parley
        self._table = parley.functions.environment["ACCOUNT_STATES_TABLE"]
        self.happened = False

    def before(self, call: Call) -> None:
        asked = call.params.get("RequestItems", {}).get(self._table, {})
        if call.function == "OnConnect" and asked.get("ConsistentRead"):
            self.happened = True
            for account in sys.modules["parley.adapters.dynamodb.metering"]._accounts.values():
                account.tat_ms = self._parley.clock() + 10 * ACTS * 1000

    def after(self, call: Call) -> None:
        pass


def test_request_that_was_let_in_goes_on_though_the_bucket_empties_meanwhile(parley: Parley, few_acts: None) -> None:
    alice = parley.user("alice")
    empties = Empties(parley)

    parley.hooks.append(empties)
    phone = alice.connect(subprotocol=True)
    parley.hooks.remove(empties)

    assert empties.happened
    assert phone.request("ping")["type"] == "ack"


# --- by the defaults -------------------------------------------------------------------------------------------------


@pytest.fixture
def defaults(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    parameters = parley.template.parameters
    for name in ("LIVE_PER_MINUTE", "LIVE_BURST", "COST_UNITS_PER_MINUTE", "COST_UNIT_BURST"):
        monkeypatch.delenv(name, raising=False)
    assert (parameters["LiveBurst"], parameters["CostUnitBurst"]) == ("100", "10000")
    yield


def test_busy_honest_client_is_never_refused(parley: Parley, defaults: None) -> None:
    """Fifty conversations with fifty messages each, after a long absence: all of it opened within a minute."""
    alice, bob = parley.user("alice"), parley.user("bob")
    others = [parley.bearer("", f"friend{number}") for number in range(49)]
    places = [open_direct(alice, bob), *(open_direct(alice, one) for one in others)]
    group = make_group(alice, bob, *others[:48])
    for place in (*places, group):
        say(alice, place, "first")
        fill(parley, place, ["x" * 200] * 50)
    forget()
    phone = alice.connect()
    answers: list[Frame | Reply] = [phone.request("sync", {"cursors": dict.fromkeys(places, 0)})]
    answers += [alice.get("/me"), alice.get("/conversations?limit=50"), alice.get("/unread-count")]
    for place in places:
        about = {"conversation_id": place}
        answers += [
            phone.request("join_conversation", about),
            alice.get(f"/conversations/{place}/messages?limit=50"),
            phone.request("mark_conversation_read", about),
            phone.request("leave_conversation", about),
        ]
        parley.advance(1)
        phone.request("ping")
    for letters in range(1, 9):  # in the search field, a request for each letter
        answers.append(alice.get("/search?q=" + "a" * letters))
        answers.append(phone.request("typing_start", {"conversation_id": group}))
        parley.advance(0.3)

    statuses = [one.status if isinstance(one, Reply) else one["type"] for one in answers]
    assert set(statuses) == {200, "ack"}
    print("left after all that:", left(alice.get("/conversations?limit=1")))
