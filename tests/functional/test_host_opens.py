"""The host's own server opens conversations that it is not in, under every policy; nobody else can."""

from typing import Any

import pytest

from tests.functional.erasures import erased
from tests.functional.replies import at_once, invalid, refusal, stored
from tests.functional.suspending import suspended
from tests.functional.talk import contents, names, open_direct
from tests.harness import Parley, Reply, User

PATTERN = {"type": "pattern", "id": "shawl-12"}
HOST = "~parley.system-host"
BOOKED: dict[str, Any] = {"custom_type": "purchase", "metadata": {"order": 1041}}


def host_of(parley: Parley) -> User:
    return parley.user("backend", role="service")


def open_two(host: User, *user_ids: str, **more: object) -> Reply:
    return host.post("/conversations", json={"type": "direct", "user_ids": list(user_ids), **more})


def write(host: User, **body: object) -> Reply:
    return host.post("/messages", json={"text": "hello", **body})


def test_both_people_have_the_conversation_and_the_host_has_it_again(parley: Parley) -> None:
    anna, ben, host = parley.user("anna"), parley.user("ben"), host_of(parley)
    screens = [anna.connect(), ben.connect()]

    made = open_two(host, "anna", "ben", context=PATTERN | {"title": "Shawl"}, **BOOKED)
    again = open_two(host, "ben", "anna", context=PATTERN)

    assert (made.status, again.status, again.json) == (201, 200, made.json)
    shown = made.json
    assert (shown["context"], shown["title"], shown["custom_type"], shown["metadata"]) == (
        PATTERN,
        "Shawl",
        "purchase",
        {"order": 1041},
    )
    assert [one["user_id"] for one in shown["members"]] == ["anna", "ben"]
    assert (shown["unread"], shown["role"]) == (0, "member")
    for person, screen in zip((anna, ben), screens, strict=True):
        assert person.get(f"/conversations/{shown['id']}").json["context"] == PATTERN
        assert names(screen.events()) == ["conversation_created"]
    assert host.get("/conversations").json["conversations"] == []


@pytest.mark.parametrize("policy", ["default", "school"])
def test_no_policy_keeps_the_host_from_it(parley: Parley, policy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POLICY", policy)
    one, other = parley.user("sam", "student"), parley.user("tom", "student")
    context = {"type": "class", "id": "7b"}
    assert one.post("/conversations", json={"type": "direct", "user_id": "tom", "context": context}).status in (
        403,
        404,
    )

    opened = open_two(host_of(parley), "sam", "tom", context=context)

    assert opened.status == 201
    assert other.post(f"/conversations/{opened.json['id']}/messages", json={"text": "hello"}).status == 201


def test_purchase_opens_messaging_in_one_request(parley: Parley) -> None:
    anna, ben, host = parley.user("anna"), parley.user("ben"), host_of(parley)
    screen = ben.connect()
    body: dict[str, Any] = {
        "sender_id": HOST,
        "user_ids": ["anna", "ben"],
        "context": PATTERN | {"title": "Shawl"},
        "conversation": BOOKED,
        "text": "Anna has bought Shawl.",
        "client_id": "order-1041",
    }

    sent = host.post("/messages", json=body)
    again = host.post("/messages", json=body)

    assert (sent.status, again.status) == (201, 200)
    assert again.json == sent.json | {"replayed": True}
    assert (sent.json["sender_id"], sent.json["via"], sent.json["seq"]) == (HOST, "host", 1)
    told = screen.events()
    assert names(told) == ["conversation_created", "message_notification"]
    assert contents(told)[0]["conversation"]["metadata"] == BOOKED["metadata"]
    for person in (anna, ben):
        shown = person.get(f"/conversations/{sent.json['conversation_id']}").json
        assert (shown["unread"], shown["title"], shown["custom_type"]) == (1, "Shawl", "purchase")
        assert len(shown["members"]) == 2


@pytest.mark.parametrize("people", [{"user_id": "ben"}, {"user_ids": ["anna", "ben"]}, {"user_ids": ["ben", "anna"]}])
def test_first_message_is_a_persons(parley: Parley, people: dict[str, object]) -> None:
    anna, ben, host = parley.user("anna"), parley.user("ben"), host_of(parley)

    sent = write(host, sender_id="anna", context=PATTERN, **people)

    assert (sent.status, sent.json["sender_id"], sent.json["via"]) == (201, "anna", "host")
    place = f"/conversations/{sent.json['conversation_id']}"
    assert (anna.get(place).json["unread"], ben.get(place).json["unread"]) == (1, 1)


def test_people_give_the_conversation_its_data_too(parley: Parley) -> None:
    anna = parley.user("anna")
    parley.user("ben")
    body = {"user_id": "ben", "text": "hello", "conversation": BOOKED}

    sent = anna.post("/messages", json=body)
    phone = anna.connect()
    frame = phone.request("send_message", {"user_id": "cleo", "text": "hello", "conversation": BOOKED})

    for conversation_id in (sent.json["conversation_id"], frame["data"]["conversation_id"]):
        shown = anna.get(f"/conversations/{conversation_id}").json
        assert {name: shown[name] for name in BOOKED} == BOOKED
    again = anna.post("/messages", json={"user_id": "ben", "text": "x", "conversation": {"custom_type": "other"}})
    assert anna.get(f"/conversations/{again.json['conversation_id']}").json["custom_type"] == "purchase"


def test_many_openings_at_once_make_one_conversation(parley: Parley) -> None:
    parley.user("anna")
    parley.user("ben")
    host = host_of(parley)

    made = at_once([lambda: open_two(host, "anna", "ben", context=PATTERN)] * 4)

    assert {one.json["id"] for one in made} == {made[0].json["id"]}
    assert sorted(one.status for one in made) == [200, 200, 200, 201]


UNKNOWN = ("unknown_user", 404)
OF_TWO: dict[str, tuple[dict[str, Any], Any]] = {
    "one person": ({"user_ids": ["anna"]}, invalid(("/user_ids", "too_few_items"))),
    "three people": ({"user_ids": ["anna", "ben", "cleo"]}, invalid(("/user_ids", "too_many_items"))),
    "twice the same": ({"user_ids": ["anna", "anna"]}, ("self_conversation", 400, [("/user_ids/1", "not_allowed")])),
    "two forms": ({"user_ids": ["anna", "ben"], "user_id": "ben"}, invalid(("/user_ids", "contradiction"))),
    "the program": ({"user_ids": ["anna", "backend"]}, invalid(("/user_ids/1", "not_allowed"))),
    "a stranger": ({"user_ids": ["nobody", "ben"], "context": PATTERN}, (*UNKNOWN, [("/user_ids/0", "not_allowed")])),
    "erased": ({"user_ids": ["anna", "gone"]}, (*UNKNOWN, [("/user_ids/1", "not_allowed")])),
    "odd type": (
        {"user_ids": ["anna", "ben"], "context": {"type": "order", "id": "1"}},
        ("unknown_context_type", 400, [("/context/type", "not_allowed")]),
    ),
    "no context id": (
        {"user_ids": ["anna", "ben"], "context": {"type": "pattern"}},
        ("context_id_required", 400, [("/context/id", "required")]),
    ),
    "blocked": ({"user_ids": ["anna", "dora"]}, ("blocked", 403, [])),
}


@pytest.mark.parametrize("case", OF_TWO)
def test_opening_that_cannot_be_is_refused_and_writes_nothing(parley: Parley, case: str) -> None:
    host = host_of(parley)
    for name in ("anna", "ben", "gone", "dora"):
        parley.user(name)
    erased(parley, "gone")
    assert parley.user("dora").put("/users/anna/block").status == 200
    body, expected = OF_TWO[case]
    before = stored(parley)

    opened = host.post("/conversations", json={"type": "direct", **body})
    sent = write(host, sender_id=HOST, **body)

    assert (refusal(opened), refusal(sent)) == (expected, expected)
    assert stored(parley) == before


OF_SENDER: dict[str, tuple[dict[str, Any], Any]] = {
    "no sender": ({"user_ids": ["anna", "ben"]}, invalid(("/sender_id", "required"))),
    "no people": ({"sender_id": "anna"}, invalid(("/user_id", "required"))),
    "the program itself": ({"sender_id": "anna", "user_id": "backend"}, invalid(("/user_id", "not_allowed"))),
    "system sender to one": ({"sender_id": HOST, "user_id": "ben"}, invalid(("/user_ids", "required"))),
    "not one of the two": (
        {"sender_id": "cleo", "user_ids": ["anna", "ben"]},
        ("sender_not_member", 403, [("/sender_id", "not_allowed")]),
    ),
    "to themselves": (
        {"sender_id": "anna", "user_id": "anna"},
        ("self_conversation", 400, [("/user_id", "not_allowed")]),
    ),
    "suspended": (
        {"sender_id": "eric", "user_id": "ben"},
        ("sender_suspended", 403, [("/sender_id", "not_allowed")]),
    ),
}


@pytest.mark.parametrize("case", OF_SENDER)
def test_first_message_without_a_good_sender_opens_nothing(parley: Parley, case: str) -> None:
    host = host_of(parley)
    for name in ("anna", "ben", "cleo", "eric"):
        parley.user(name)
    suspended(parley, "eric")
    body, expected = OF_SENDER[case]
    before = stored(parley)

    assert refusal(write(host, **body)) == expected
    assert stored(parley) == before


def test_only_the_host_opens_for_others(parley: Parley) -> None:
    anna, mia = parley.user("anna"), parley.user("mia", role="moderator")
    parley.user("ben")
    before = stored(parley)
    group = {"type": "group", "title": "Chess", "member_ids": ["anna", "ben"], "owner_ids": ["anna"]}
    two = {"type": "direct", "user_ids": ["anna", "ben"]}

    for person in (anna, mia):
        for path, body in (
            ("/conversations", two),
            ("/conversations", group),
            ("/messages", {"user_ids": ["anna", "ben"], "text": "hello"}),
            ("/messages", {"user_id": "ben", "text": "hello", "sender_id": "anna"}),
        ):
            assert refusal(person.post(path, json=body)) == ("service_only", 403, [])
    assert stored(parley) == before


def make_group(host: User, **more: object) -> Reply:
    body = {"type": "group", "title": "Class 7b", "member_ids": ["anna", "ben"], "owner_ids": ["anna"]}
    return host.post("/conversations", json=body | more)


def test_host_makes_a_group_that_it_is_not_in(parley: Parley) -> None:
    anna, ben, host = parley.user("anna"), parley.user("ben"), host_of(parley)
    screen = ben.connect()

    made = make_group(host, client_id="7b")
    again = make_group(host, client_id="7b")

    assert (made.status, again.status, again.json) == (201, 200, made.json)
    place = f"/conversations/{made.json['id']}"
    assert (anna.get(place).json["role"], ben.get(place).json["role"]) == ("owner", "member")
    assert ben.get(place).json["member_count"] == made.json["member_count"] == 2
    assert [one["user_id"] for one in ben.get(f"{place}/members").json["members"]] == ["anna", "ben"]
    [first] = ben.get(f"{place}/messages").json["messages"]
    assert (first["sender_id"], first["via"], first["system"]["event"]) == (HOST, "host", "group_created")
    assert first["system"]["user_ids"] == ["anna", "ben"]
    assert names(screen.events()) == ["conversation_created"]
    assert anna.get(place).json["unread"] == 1
    other = make_group(host, client_id="7b", owner_ids=["ben"])
    assert refusal(other) == ("client_id_reused", 422, [("/client_id", "client_id_reused")])


def test_group_of_the_host_needs_no_owner(parley: Parley) -> None:
    anna = parley.user("anna")
    parley.user("ben")

    made = make_group(host_of(parley), owner_ids=[])

    assert made.status == 201
    assert anna.get(f"/conversations/{made.json['id']}").json["role"] == "member"


def test_group_without_owner_ids_is_the_programs_own(parley: Parley) -> None:
    host = host_of(parley)
    parley.user("anna")
    parley.user("ben")

    made = make_group(host, owner_ids=None)

    assert (made.status, made.json["role"], made.json["member_count"]) == (201, "owner", 3)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"member_ids": [], "owner_ids": []}, invalid(("/member_ids", "required"))),
        ({"owner_ids": ["backend"]}, invalid(("/owner_ids", "not_allowed"))),
        ({"member_ids": ["anna", "backend"]}, invalid(("/member_ids", "not_allowed"))),
        ({"member_ids": ["anna", "gone"]}, ("unknown_user", 404, [("/member_ids/1", "not_allowed")])),
        ({"owner_ids": ["gone"]}, ("unknown_user", 404, [("/owner_ids/0", "not_allowed")])),
        ({"owner_ids": [f"u{number}" for number in range(51)]}, invalid(("/owner_ids", "too_many_items"))),
        (
            {"member_ids": [f"u{number}" for number in range(90)], "owner_ids": ["anna"]},
            invalid(("/member_ids", "too_many_items")),
        ),
    ],
    ids=["nobody", "the program owns it", "the program", "erased", "erased owner", "owners", "members"],
)
def test_group_that_cannot_be_is_refused(parley: Parley, fields: dict[str, Any], expected: Any) -> None:
    host = host_of(parley)
    for name in ("anna", "ben", "gone"):
        parley.user(name)
    erased(parley, "gone")
    before = stored(parley)

    assert refusal(make_group(host, **fields)) == expected
    assert stored(parley) == before


def test_stranger_comes_into_a_group_only_where_the_policy_takes_strangers(
    parley: Parley, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = host_of(parley)
    parley.user("anna")
    assert make_group(host, member_ids=["anna", "nobody"]).status == 201
    monkeypatch.setenv("POLICY", "school")

    refused = make_group(host, member_ids=["anna", "nobody"])

    assert refusal(refused) == ("unknown_user", 404, [("/member_ids/1", "not_allowed")])


def test_people_who_were_brought_together_may_not_open_what_the_policy_forbids(parley: Parley) -> None:
    anna, ben, host = parley.user("anna"), parley.user("ben"), host_of(parley)
    open_two(host, "anna", "ben", context=PATTERN)

    other = {"type": "pattern", "id": "hat-3"}
    for one, peer in ((anna, "ben"), (ben, "anna")):
        assert one.post("/conversations", json={"type": "direct", "user_id": peer, "context": other}).status >= 403
    assert open_direct(anna, ben) != ""
