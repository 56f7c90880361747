"""GET /policy/explain: whether and why the caller may open a conversation, as an attempt would be answered."""

from itertools import product
from urllib.parse import urlencode

import pytest

from tests.functional.erasures import erased, host
from tests.functional.replies import invalid, refusal, stored
from tests.functional.talk import open_direct
from tests.harness import Parley, Reply, User


def explain(person: User, user_id: str, context_type: str | None = None, context_id: str | None = None) -> Reply:
    asked = {"user_id": user_id, "context_type": context_type, "context_id": context_id}
    given = {name: value for name, value in asked.items() if value is not None}
    return person.get(f"/policy/explain?{urlencode(given)}")


def attempt(person: User, user_id: str, context_type: str | None, context_id: str | None) -> Reply:
    context = {"type": context_type or "general"} | ({} if context_id is None else {"id": context_id})
    return person.post("/conversations", json={"type": "direct", "user_id": user_id, "context": context})


def test_permission_names_the_rule(parley: Parley) -> None:
    alice = parley.user("alice", role="teacher", contexts={"class": ["7b"]})
    parley.user("bob", role="student", contexts={"class": ["7b"]})

    assert explain(alice, "bob", "class", "7b").json == {
        "allowed": True,
        "code": "allowed",
        "rule": "default.toml [class] may_open teacher → student",
        "detail": "You may open this conversation.",
        "conversation_id": None,
    }


def test_refusal_names_the_rule(parley: Parley) -> None:
    alice = parley.user("alice", role="teacher", contexts={"class": ["7b"]})
    parley.user("bob", role="student", contexts={"class": ["8a"]})

    assert explain(alice, "bob", "class", "7b").json == {
        "allowed": False,
        "code": "context_not_shared",
        "rule": "default.toml [class] must_share *",
        "detail": "The other person does not belong to this class.",
        "conversation_id": None,
    }


def test_conversation_that_is_open_is_named_whatever_the_policy_says_now(
    parley: Parley, monkeypatch: pytest.MonkeyPatch
) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    monkeypatch.setenv("POLICY", "school")

    answers = [explain(one, other).json for one, other in ((alice, "bob"), (bob, "alice"))]

    assert answers[0] == answers[1]
    assert (answers[0]["allowed"], answers[0]["code"]) == (True, "already_open")
    assert answers[0]["conversation_id"] == conversation_id
    assert explain(alice, "bob", "class", "7b").json["conversation_id"] is None


@pytest.mark.parametrize("blocker", ["alice", "bob"])
def test_block_is_a_reason_for_both_and_does_not_say_whose_it_is(parley: Parley, blocker: str) -> None:
    people = {"alice": parley.user("alice"), "bob": parley.user("bob")}
    other = {"alice": "bob", "bob": "alice"}
    people[blocker].put(f"/users/{other[blocker]}/block")

    for name, person in people.items():
        attempted = attempt(person, other[name], None, None).json

        assert explain(person, other[name]).json == {
            "allowed": False,
            "code": "blocked",
            "rule": attempted["rule"],
            "detail": attempted["detail"],
            "conversation_id": None,
        }


def test_block_says_nothing_where_the_policy_refuses_already(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POLICY", "school")
    student, classmate = (parley.user(one, role="student") for one in ("sue", "sam"))
    classmate.put("/users/sue/block")

    assert explain(student, "sam").json["code"] == "unknown_user"


def test_conversation_that_is_open_stays_so_where_somebody_blocks(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    conversation_id = open_direct(alice, bob)
    bob.put("/users/alice/block")

    answer = explain(alice, "bob").json

    assert (answer["code"], answer["conversation_id"]) == ("already_open", conversation_id)


def test_erased_person_is_nobody_and_the_conversation_with_them_has_ended(parley: Parley) -> None:
    alice, carol = parley.user("alice"), parley.user("carol")
    open_direct(alice, parley.user("bob"))
    erased(parley, "bob")

    for person, code in ((alice, "conversation_erased"), (carol, "unknown_user")):
        attempted = attempt(person, "bob", None, None)

        assert attempted.json["code"] == code
        assert explain(person, "bob").json == {
            "allowed": False,
            "code": code,
            "rule": attempted.json["rule"],
            "detail": attempted.json["detail"],
            "conversation_id": None,
        }


def test_erased_person_may_be_written_to_once_they_have_a_profile_anew(parley: Parley) -> None:
    alice = parley.user("alice")
    parley.user("bob")
    erased(parley, "bob")
    host(parley).put("/users/bob", json={"name": "Bob", "role": "student"})

    assert explain(alice, "bob").json["code"] == "allowed"


def test_policy_that_keeps_two_apart_does_not_say_that_one_was_erased(
    parley: Parley, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POLICY", "school")
    sue = parley.user("sue", role="student")
    parley.user("sam", role="student")
    never_seen = explain(sue, "tom").json
    erased(parley, "sam")

    assert explain(sue, "sam").json == never_seen


PEOPLE = {"bob": ("student", ["7b"]), "carol": ("student", ["8a"]), "root": ("admin", []), "paul": ("parent", ["7b"])}
TOPICS = [
    (None, None),
    ("general", "7b"),
    ("class", "7b"),
    ("class", "8a"),
    ("class", None),
    ("booking", "x"),
    ("no", "x"),
]


@pytest.mark.parametrize("policy", ["default", "school"])
def test_it_says_what_an_attempt_is_answered_and_nothing_more(
    parley: Parley, monkeypatch: pytest.MonkeyPatch, policy: str
) -> None:
    monkeypatch.setenv("POLICY", policy)
    for user_id, (role, classes) in PEOPLE.items():
        parley.user(user_id, role=role, contexts={"class": classes})
    callers = [
        parley.user("alice", role="teacher", contexts={"class": ["7b"]}),
        parley.user("dave", role="student", contexts={"class": ["8a"]}),
        parley.user("eve", role="visitor"),
    ]

    for caller, user_id, topic in product(callers, [*PEOPLE, "nobody", "self"], TOPICS):
        other = caller.user_id if user_id == "self" else user_id
        answer = explain(caller, other, *topic).json
        attempted = attempt(caller, other, *topic)
        case = (caller.user_id, other, topic)

        assert answer["allowed"] == (attempted.status == 201), case
        if not answer["allowed"]:
            assert answer["code"] == attempted.json["code"], case
            assert answer["rule"] == attempted.json.get("rule", ""), case


def test_it_writes_nothing(parley: Parley) -> None:
    alice = parley.user("alice")
    before = stored(parley)

    assert explain(alice, "bob").json["allowed"]
    assert stored(parley) == before


@pytest.mark.parametrize(
    "query, fields",
    [
        ("", [("?user_id", "required")]),
        ("?user_id=", [("?user_id", "bad_format")]),
        ("?user_id=a%2Fb", [("?user_id", "bad_format")]),
        ("?user_id=" + "x" * 129, [("?user_id", "too_long")]),
        ("?user_id=bob&user_id=carol", [("?user_id", "repeated")]),
        ("?user_id=bob&context_type=Class", [("?context_type", "bad_format")]),
        ("?user_id=bob&context_type=", [("?context_type", "bad_format")]),
        ("?user_id=bob&context_type=class&context_id=%00", [("?context_id", "bad_format")]),
        ("?user_id=bob&context_id=", [("?context_id", "bad_format")]),
        ("?user_id=bob&context=class", [("?context", "unknown_field")]),
    ],
    ids=[
        "nothing", "empty", "slash", "long", "twice", "capital", "empty type", "zero", "empty id", "unknown",
    ],
)  # fmt: skip
def test_bad_input_is_refused_by_field(parley: Parley, query: str, fields: list[tuple[str, str]]) -> None:
    assert refusal(parley.user("alice").get(f"/policy/explain{query}")) == invalid(*fields)
