"""A conversation about a context needs no user_id if one other person of the context can be meant."""

from typing import Any

import pytest

from tests.functional.erasures import erased
from tests.functional.replies import invalid, refusal, stored
from tests.functional.talk import frame_refusal
from tests.harness import Parley, Reply, User

PATTERN = {"type": "pattern", "id": "shawl-12"}


def host_of(parley: Parley) -> User:
    return parley.user("backend", role="service")


def hold(parley: Parley, *user_ids: str, place: str = "pattern/shawl-12") -> None:
    reply = host_of(parley).put(f"/contexts/{place}/people", json={"add": list(user_ids)})
    assert reply.status == 200, reply
    assert {one["status"] for one in reply.json["results"]} <= {200, 201}, reply


def shop(parley: Parley) -> tuple[User, User, User]:
    """Returns a creator and two customers of one pattern."""
    ben = parley.user("ben", "creator")
    anna, cleo = parley.user("anna", "customer"), parley.user("cleo", "customer")
    hold(parley, "ben", "anna", "cleo")
    return ben, anna, cleo


def open_about(person: User, context: dict[str, Any] | None = PATTERN, **more: object) -> Reply:
    return person.post("/conversations", json={"type": "direct", "context": context, **more})


def write_about(person: User, context: dict[str, Any] | None = PATTERN, **more: object) -> Reply:
    return person.post("/messages", json={"text": "hello", "context": context, **more})


def test_only_person_whom_the_policy_allows_is_found(parley: Parley) -> None:
    ben, anna, _ = shop(parley)

    opened, again = open_about(anna), open_about(anna)
    sent = write_about(anna, client_id="c1")
    phone = anna.connect()
    frame = phone.request("send_message", {"context": PATTERN, "text": "hello", "client_id": "c2"})
    named = anna.post("/conversations", json={"type": "direct", "user_id": "ben", "context": PATTERN})

    assert (opened.status, again.status, sent.status) == (201, 200, 201)
    conversation_id = named.json["id"]
    assert {opened.json["id"], again.json["id"], sent.json["conversation_id"]} == {conversation_id}
    assert frame["data"]["conversation_id"] == conversation_id
    assert ben.get(f"/conversations/{conversation_id}").json["unread"] == 2
    assert write_about(anna, client_id="c1").json["replayed"] is True


def test_several_people_are_named_for_the_caller_to_choose(parley: Parley) -> None:
    ben, _, _ = shop(parley)
    host_of(parley).put("/users/anna", json={"name": "Anna", "avatar_url": "https://example.com/a.png"})
    before = stored(parley)

    for reply in (open_about(ben), write_about(ben)):
        assert refusal(reply) == ("choose_one", 409, [("/user_id", "required")])
        assert reply.json["users"] == [
            {"id": "anna", "name": "Anna", "role": "customer", "avatar_url": "https://example.com/a.png"},
            {"id": "cleo", "name": "Cleo", "role": "customer", "avatar_url": None},
        ]
        assert reply.json["capped"] is False
        assert "context pattern" in reply.json["rule"]
    frame = ben.connect().request("send_message", {"context": PATTERN, "text": "hello"})
    assert frame_refusal(frame) == ("choose_one", 409, [("/data/user_id", "required")])
    assert [one["id"] for one in frame["error"]["users"]] == ["anna", "cleo"]
    after = stored(parley)
    assert [after[name] for name in ("Messages", "Conversations")] == [
        before[name] for name in ("Messages", "Conversations")
    ]


def test_person_who_has_blocked_the_caller_is_not_named(parley: Parley) -> None:
    ben, anna, cleo = shop(parley)
    assert cleo.put("/users/ben/block").status == 200

    assert {one["user_id"] for one in open_about(ben).json["members"]} == {"anna", "ben"}
    assert anna.put("/users/ben/block").status == 200
    assert refusal(open_about(ben)) == ("no_counterpart", 404, [("/user_id", "required")])


@pytest.mark.parametrize("role", ["customer", "creator"])
def test_context_without_another_person_says_so(parley: Parley, role: str) -> None:
    anna = parley.user("anna", role)
    hold(parley, "anna")
    before = stored(parley)

    for reply in (open_about(anna), write_about(anna)):
        assert refusal(reply) == ("no_counterpart", 404, [("/user_id", "required")])
    assert stored(parley) == before


def test_people_whom_the_policy_keeps_apart_are_neither_found_nor_named(parley: Parley) -> None:
    anna = parley.user("anna", "customer")
    for name in ("cleo", "dora"):
        parley.user(name, "customer")
    hold(parley, "anna", "cleo", "dora")

    assert refusal(open_about(anna)) == ("no_counterpart", 404, [("/user_id", "required")])


@pytest.mark.parametrize(
    ("context", "expected"),
    [
        (None, invalid(("/user_id", "required"))),
        ({"type": "pattern"}, invalid(("/user_id", "required"))),
        ({"type": "general"}, invalid(("/user_id", "required"))),
        ({"type": "order", "id": "1"}, ("unknown_context_type", 400, [("/context/type", "not_allowed")])),
        ({"type": "general", "id": "1"}, ("context_id_forbidden", 400, [("/context/id", "not_allowed")])),
        ({"type": "pattern", "id": "hat-3"}, ("context_not_shared", 403, [])),
        ({"type": "class", "id": "7b"}, ("role_not_allowed", 403, [])),
    ],
    ids=["nothing", "no id", "general", "unknown", "an id too many", "not the caller's", "not for the role"],
)
def test_refusals_of_the_policy_stay_what_they_are(parley: Parley, context: Any, expected: Any) -> None:
    _, anna, _ = shop(parley)
    parley.user("zoe", "creator")
    hold(parley, "zoe", place="pattern/hat-3")
    hold(parley, "zoe", place="class/7b")
    before = stored(parley)

    for reply in (open_about(anna, context), write_about(anna, context)):
        assert refusal(reply) == expected
    assert stored(parley) == before


def test_large_context_is_not_searched_to_its_end(parley: Parley) -> None:
    people = [f"p{number:03d}" for number in range(102)]
    host = host_of(parley)
    for first in (0, 100):
        part = people[first : first + 100]
        listed = [{"id": one, "role": "customer"} for one in part]
        assert host.put("/users", json={"users": listed}).status == 200
        hold(parley, *part)
    ben = parley.user("ben", "creator")
    hold(parley, "ben")

    reply = open_about(ben)

    assert refusal(reply)[:2] == ("choose_one", 409)
    assert [one["id"] for one in reply.json["users"]] == people[:20]
    assert reply.json["capped"] is True
    anna = parley.bearer(parley.token("p101", "customer"), "p101")
    hidden = open_about(anna)  # the creator is the first of them by id, and others could be meant
    assert (refusal(hidden)[0], hidden.json["capped"]) == ("choose_one", True)
    assert [one["id"] for one in hidden.json["users"]] == ["ben"]


def test_host_finds_the_counterpart_of_the_person_for_whom_it_writes(parley: Parley) -> None:
    shop(parley)
    host = host_of(parley)

    sent = write_about(host, sender_id="anna")
    several = write_about(host, sender_id="ben")

    assert (sent.status, sent.json["sender_id"]) == (201, "anna")
    assert [
        one["user_id"]
        for one in parley.user("ben", "creator").get(f"/conversations/{sent.json['conversation_id']}").json["members"]
    ] == ["anna", "ben"]
    assert [one["id"] for one in several.json["users"]] == ["anna", "cleo"]
    assert refusal(open_about(host))[:2] == ("role_not_allowed", 403)


def test_erased_person_is_no_counterpart(parley: Parley) -> None:
    ben, _, _ = shop(parley)
    erased(parley, "cleo")

    assert {one["user_id"] for one in open_about(ben).json["members"]} == {"anna", "ben"}


@pytest.mark.parametrize("writer", ["person", "device", "host"])
def test_retry_gets_the_first_answer_if_the_context_has_another_person_by_then(parley: Parley, writer: str) -> None:
    _, anna, _ = shop(parley)
    parley.user("bob", "creator")
    screen, host = anna.connect(), host_of(parley)

    def write(**more: object) -> dict[str, Any]:
        if writer == "device":
            frame: dict[str, Any] = screen.request("send_message", {"context": PATTERN, "text": "hello", **more})
            answer: dict[str, Any] = frame["data"]
            return answer
        person = anna if writer == "person" else host
        by = more if writer == "person" else {"sender_id": "anna", **more}
        sent: dict[str, Any] = person.post("/messages", json={"text": "hello", "context": PATTERN, **by}).json
        return sent

    first = write(client_id="c1")
    hold(parley, "bob")
    with_two = write(client_id="c1")
    assert host.put("/contexts/pattern/shawl-12/people", json={"remove": ["ben"]}).status == 200
    before = stored(parley)

    again = write(client_id="c1")

    assert again == with_two == {**first, "replayed": True}
    after = stored(parley)
    assert [after[name] for name in ("Messages", "Conversations")] == [
        before[name] for name in ("Messages", "Conversations")
    ]
    other = write(client_id="c2")
    assert (other["replayed"], other["conversation_id"] == first["conversation_id"]) == (False, False)
    parley.advance(24 * 3600 + 1)
    late = write(client_id="c1") if writer == "host" else None
    assert late is None or late["conversation_id"] == other["conversation_id"]


def test_same_client_id_about_another_context_is_another_message(parley: Parley) -> None:
    _, anna, _ = shop(parley)
    hold(parley, "ben", "anna", place="pattern/hat-3")

    sent = [write_about(anna, {"type": "pattern", "id": name}, client_id="c1") for name in ("shawl-12", "hat-3")]
    other = write_about(anna, client_id="c1", custom_type="another")

    assert [(one.status, one.json["replayed"]) for one in sent] == [(201, False), (201, False)]
    assert refusal(other)[:2] == ("client_id_reused", 422)
