"""POST /conversations: the one direct conversation of two people in a context, made or found."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from parley.adapters.people import policies
from tests.functional.replies import Meanwhile, Refusal, at_once, invalid, malformed_bodies, refusal, stored
from tests.functional.talk import bare, contents, names, open_direct
from tests.harness import Parley, Reply, User


def create(person: User, user_id: str, context: object = None) -> Reply:
    body = {"type": "direct", "user_id": user_id} | ({} if context is None else {"context": context})
    return person.post("/conversations", json=body)


def test_conversation_is_made_once_and_found_from_then_on(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")

    made = create(alice, "bob")
    parley.advance(60)
    found, found_by_bob = create(alice, "bob"), create(bob, "alice")

    assert (made.status, found.status, found_by_bob.status) == (201, 200, 200)
    assert made.json == found.json
    assert made.json == found_by_bob.json | {"members": made.json["members"]}


def test_conversation_about_something_is_called_by_the_title_it_was_opened_with(parley: Parley) -> None:
    held = {"pattern": ["p1", "p2"]}
    alice, bob = parley.user("alice", "customer", contexts=held), parley.user("bob", "creator", contexts=held)
    phone = bob.connect()

    made = create(alice, "bob", {"type": "pattern", "id": "p1", "title": "Cable jumper"})
    found = create(bob, "alice", {"type": "pattern", "id": "p1", "title": "Another name"})
    body = {"user_id": "bob", "text": "hi", "context": {"type": "pattern", "id": "p2", "title": "Two mittens"}}
    sent = alice.post("/messages", json=body)

    assert (made.status, found.status, sent.status) == (201, 200, 201)
    assert made.json["title"] == found.json["title"] == "Cable jumper"
    assert made.json["context"] == {"type": "pattern", "id": "p1"}
    created = contents(phone.events("conversation_created"))
    assert [one["conversation"]["title"] for one in created] == ["Cable jumper", "Two mittens"]
    listed = bob.get("/conversations?q=mittens").json["conversations"]
    assert [one["id"] for one in listed] == [sent.json["conversation_id"]]


@pytest.mark.parametrize(
    ("context", "expected"),
    [
        ({"type": "general", "title": "Us"}, ("/context/title", "not_allowed")),
        ({"type": "pattern", "id": "p1", "title": " "}, ("/context/title", "blank")),
        ({"type": "pattern", "id": "p1", "title": "x" * 201}, ("/context/title", "too_long")),
        ({"type": "pattern", "id": "p1", "title": 7}, ("/context/title", "wrong_type")),
    ],
    ids=["of nothing", "blank", "long", "number"],
)
def test_title_that_is_none_is_refused(parley: Parley, context: object, expected: tuple[str, str]) -> None:
    alice = parley.user("alice", contexts={"pattern": ["p1"]})
    parley.user("bob")
    before = stored(parley)

    assert refusal(create(alice, "bob", context)) == invalid(expected)
    assert stored(parley) == before


def test_conversation_is_shown_whole(parley: Parley) -> None:
    alice = parley.user("alice", name="Alice Ä.")
    parley.user("bob")

    shown = bare(create(alice, "bob").json)

    side = {"role": "member", "read_seq": 0, "delivered_seq": 0}
    assert shown.pop("id").startswith("d_")
    assert shown.pop("created_at") == shown.pop("last_activity_at")
    assert sorted(shown.pop("members"), key=lambda one: str(one["user_id"])) == [
        {"user_id": "alice", "name": "Alice Ä."} | side,
        {"user_id": "bob", "name": "Bob"} | side,
    ]
    assert shown == {
        "type": "direct",
        "title": None,
        "description": None,
        "context": None,
        "state": "open",
        "posting": "everyone",
        "slow_mode_s": 0,
        "history": "all",
        "custom_type": None,
        "metadata": None,
        "shared_seq": 0,
        "role": "member",
        "member_count": 2,
        "last_message": None,
        "last_seq": 0,
        "last_change_seq": 0,
        "unread": 0,
        "unread_mentions": 0,
        "mention_seqs": [],
        "read_seq": 0,
        "delivered_seq": 0,
        "unread_from_seq": None,
        "settings": {"pinned": False, "muted_until": None, "notifications": "all"},
        "own_seq": 0,
        "archived": False,
        "visible_from_seq": 1,
        "capabilities": [
            *(
                "send_message",
                "mark_read",
                "typing",
                "react",
                "edit_own",
                "delete_own",
                "pin_message",
                "leave",
                "export",
                "clear_history",
                "call",
            ),
        ],
    }


def test_every_device_of_both_is_told_once_and_nobody_else(parley: Parley) -> None:
    alice, bob, eve = parley.user("alice"), parley.user("bob"), parley.user("eve")
    own, phone, laptop, outsider = alice.connect(), bob.connect(), bob.connect(), eve.connect()

    made = create(alice, "bob").json
    create(bob, "alice")

    for socket in (own, phone, laptop):
        frames = socket.events()
        assert (names(frames), contents(frames)[0]["conversation_id"]) == (["conversation_created"], made["id"])
        assert contents(frames)[0]["conversation"] == bare(made)
    assert outsider.frames == []


def test_somebody_who_has_never_signed_in_can_be_written_to(parley: Parley) -> None:
    made = create(parley.user("alice"), "auth0|newcomer")

    assert made.status == 201
    assert {one["user_id"]: one["name"] for one in made.json["members"]}["auth0|newcomer"] is None


def test_general_is_no_context(parley: Parley) -> None:
    alice = parley.user("alice")

    assert create(alice, "bob", {"type": "general"}).json == create(alice, "bob").json
    assert create(alice, "bob", {"type": "general", "id": None}).status == 200


def test_each_context_has_a_conversation_of_its_own(parley: Parley) -> None:
    contexts = {"class": ["7b", "8a"], "booking": ["7b"]}
    alice = parley.user("alice", "teacher", contexts=contexts)
    parley.user("bob", "student", contexts=contexts)
    wanted = [None, {"type": "class", "id": "7b"}, {"type": "class", "id": "8a"}, {"type": "booking", "id": "7b"}]

    made = [create(alice, "bob", context) for context in wanted]

    assert [reply.status for reply in made] == [201] * 4
    assert [reply.json["context"] for reply in made] == wanted
    assert len({reply.json["id"] for reply in made}) == 4
    assert [alice.get(f"/conversations/{reply.json['id']}").json["context"] for reply in made] == wanted


MINE = {"class": ["7b"], "block": ["7b"], "pattern": ["7b"], "booking": ["7b"]}
ALLOWED = [
    ("class", "teacher", "student"),
    ("class", "student", "teacher"),
    ("block", "creator", "player"),
    ("block", "player", "creator"),
    ("pattern", "customer", "creator"),
    ("pattern", "creator", "customer"),
    ("booking", "customer", "user"),
]
REFUSED = [
    ("class", "teacher", "teacher"),
    ("class", "student", "student"),
    ("class", "player", "creator"),
    ("class", "user", "teacher"),
    ("block", "player", "player"),
    ("pattern", "customer", "customer"),
]


@pytest.mark.parametrize("context_type, mine, theirs", ALLOWED)
def test_roles_that_the_policy_pairs_may_open(parley: Parley, context_type: str, mine: str, theirs: str) -> None:
    alice = parley.user("alice", mine, contexts=MINE)
    parley.user("bob", theirs, contexts=MINE)

    assert create(alice, "bob", {"type": context_type, "id": "7b"}).status == 201


def test_roles_that_the_policy_does_not_pair_may_not(parley: Parley) -> None:
    people = {role: parley.user(f"a.{role}", role, contexts=MINE) for _, role, _ in REFUSED}
    screens = {}
    for _, _, role in REFUSED:
        screens[role] = parley.user(f"b.{role}", role, contexts=MINE).connect()
    before = stored(parley)

    for context_type, mine, theirs in REFUSED:
        reply = create(people[mine], f"b.{theirs}", {"type": context_type, "id": "7b"})

        assert refusal(reply) == ("role_not_allowed", 403, []), (context_type, mine, theirs)
        assert f"[{context_type}] may_open {mine}" in reply.json["rule"]
    assert stored(parley) == before
    assert [screen.frames for screen in screens.values()] == [[]] * len(screens)


@pytest.mark.parametrize(
    "mine, theirs",
    [({}, MINE), (MINE, {}), ({"class": ["8a"]}, MINE), (MINE, {"class": ["8a"]}), ({"block": ["7b"]}, MINE)],
    ids=["not mine", "not theirs", "mine is another", "theirs is another", "mine is of another type"],
)
def test_who_does_not_share_the_context_may_not(
    parley: Parley, mine: Mapping[str, list[str]], theirs: Mapping[str, list[str]]
) -> None:
    alice = parley.user("alice", "teacher", contexts=mine)
    screen = parley.user("bob", "student", contexts=theirs).connect()
    before = stored(parley)

    reply = create(alice, "bob", {"type": "class", "id": "7b"})

    assert refusal(reply) == ("context_not_shared", 403, [])
    assert reply.json["rule"] == "default.toml [class] must_share *"
    assert stored(parley) == before
    assert screen.frames == []


def test_stranger_may_not_be_drawn_into_a_context(parley: Parley) -> None:
    alice = parley.user("alice", "teacher", contexts=MINE)

    reply = create(alice, "nobody", {"type": "class", "id": "7b"})

    assert refusal(reply) == ("unknown_user", 404, [("/user_id", "not_allowed")])


def test_open_conversation_stays_open_when_the_rule_would_refuse_it(parley: Parley) -> None:
    alice = parley.user("alice", "teacher", contexts=MINE)
    parley.user("bob", "student", contexts=MINE)
    about = {"type": "class", "id": "7b"}
    made = create(alice, "bob", about)
    parley.advance(60)

    bob = parley.user("bob", "student")

    assert create(bob, "alice", about).json["id"] == made.json["id"]
    assert create(bob, "alice", {"type": "class", "id": "8a"}).status == 403
    assert bob.post(f"/conversations/{made.json['id']}/messages", json={"text": "hello"}).status == 201


SCHOOL = {
    "admin": {"admin", "teacher", "parent", "student"},
    "teacher": {"student", "parent", "admin"},
    "parent": {"teacher", "admin"},
    "student": {"teacher", "admin"},
}


def test_deployer_may_choose_the_schools_policy(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POLICY", "school")
    people = {role: parley.user(f"a.{role}", role) for role in SCHOOL}
    for role in SCHOOL:
        parley.user(f"b.{role}", role)

    may_open = {
        mine: {theirs for theirs in SCHOOL if create(people[mine], f"b.{theirs}").status == 201} for mine in SCHOOL
    }

    assert may_open == SCHOOL
    # Of a person whom the directory does not show, nobody learns that they are there.
    for nobody in ("stranger", "b.student"):
        assert refusal(create(people["student"], nobody)) == ("unknown_user", 404, [("/user_id", "not_allowed")])


LOUNGE = """roles = []
[general]
context_id = "forbidden"
may_open = { "*" = ["*"] }
must_share = []
unknown_users = true
[lounge]
context_id = "forbidden"
may_open = { "*" = ["*"] }
must_share = []
unknown_users = true
"""


def test_policy_of_ones_own_may_have_a_context_type_without_ids(
    parley: Parley, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "lounge.toml").write_text(LOUNGE)
    monkeypatch.setattr(policies, "FOLDER", tmp_path)
    monkeypatch.setenv("POLICY", "lounge")
    alice, bob = parley.user("alice"), parley.user("bob")

    made = create(alice, "bob", {"type": "lounge"})

    assert (made.status, made.json["context"]) == (201, {"type": "lounge", "id": None})
    assert made.json["id"] != open_direct(alice, bob)
    assert bob.get(f"/conversations/{made.json['id']}").json["context"] == made.json["context"]


def test_conversation_with_oneself_is_refused(parley: Parley) -> None:
    alice = parley.user("alice")
    before = stored(parley)

    assert refusal(create(alice, "alice")) == ("self_conversation", 400, [("/user_id", "not_allowed")])
    assert stored(parley) == before


WRONG: dict[str, tuple[Mapping[str, Any], Refusal]] = {
    "nothing": ({}, invalid(("/type", "required"))),
    "no user": ({"type": "direct"}, invalid(("/user_id", "required"))),
    "no type": ({"user_id": "bob"}, invalid(("/type", "required"))),
    "another type": ({"type": "ticket", "user_id": "bob"}, invalid(("/type", "not_allowed"))),
    "unknown field": ({"type": "direct", "user_id": "bob", "colour": "x"}, invalid(("/colour", "unknown_field"))),
    "number for a user": ({"type": "direct", "user_id": 7}, invalid(("/user_id", "wrong_type"))),
    "null for a user": ({"type": "direct", "user_id": None}, invalid(("/user_id", "required"))),
    "group's fields": (
        {"type": "direct", "user_id": "bob", "title": "x", "member_ids": ["eve"]},
        invalid(("/title", "contradiction"), ("/member_ids", "contradiction")),
    ),
    "direct's fields": ({"type": "group", "title": "x", "user_id": "bob"}, invalid(("/user_id", "contradiction"))),
    "group without a title": ({"type": "group"}, invalid(("/title", "required"))),
    "blank title": ({"type": "group", "title": " "}, invalid(("/title", "blank"))),
    "too many members": (
        {"type": "group", "title": "x", "member_ids": [f"u{n}" for n in range(91)]},
        invalid(("/member_ids", "too_many_items")),
    ),
    "bad member": ({"type": "group", "title": "x", "member_ids": ["a/b"]}, invalid(("/member_ids/0", "bad_format"))),
    "slow mode of an hour": (
        {"type": "group", "title": "x", "slow_mode_s": 3600},
        invalid(("/slow_mode_s", "too_large")),
    ),
    "empty user": ({"type": "direct", "user_id": ""}, invalid(("/user_id", "bad_format"))),
    "slash": ({"type": "direct", "user_id": "a/b"}, invalid(("/user_id", "bad_format"))),
    "separator": ({"type": "direct", "user_id": "a#b"}, invalid(("/user_id", "bad_format"))),
    "emoji": ({"type": "direct", "user_id": "👋"}, invalid(("/user_id", "bad_format"))),
    "line feed": ({"type": "direct", "user_id": "bob\n"}, invalid(("/user_id", "bad_format"))),
    "long user": ({"type": "direct", "user_id": "b" * 129}, invalid(("/user_id", "too_long"))),
    "text for a context": (
        {"type": "direct", "user_id": "bob", "context": "class"},
        invalid(("/context", "wrong_type")),
    ),
    "context without a type": (
        {"type": "direct", "user_id": "bob", "context": {"id": "7b"}},
        invalid(("/context/type", "required")),
    ),
    "context with more": (
        {"type": "direct", "user_id": "bob", "context": {"type": "class", "id": "7b", "x": 1}},
        invalid(("/context/x", "unknown_field")),
    ),
    "unknown context": (
        {"type": "direct", "user_id": "bob", "context": {"type": "planet", "id": "7b"}},
        ("unknown_context_type", 400, [("/context/type", "not_allowed")]),
    ),
    "context without an id": (
        {"type": "direct", "user_id": "bob", "context": {"type": "class"}},
        ("context_id_required", 400, [("/context/id", "required")]),
    ),
    "general with an id": (
        {"type": "direct", "user_id": "bob", "context": {"type": "general", "id": "7b"}},
        ("context_id_forbidden", 400, [("/context/id", "not_allowed")]),
    ),
    "bad context id": (
        {"type": "direct", "user_id": "bob", "context": {"type": "class", "id": "7 b"}},
        invalid(("/context/id", "bad_format")),
    ),
}


def test_wrong_fields_are_named_and_nothing_is_written(parley: Parley) -> None:
    alice, screen = parley.user("alice", "teacher", contexts=MINE), parley.user("bob").connect()
    before = stored(parley)

    refused = {name: refusal(alice.post("/conversations", json=body)) for name, (body, _) in WRONG.items()}

    assert refused == {name: expected for name, (_, expected) in WRONG.items()}
    assert stored(parley) == before
    assert screen.frames == []


def test_body_that_is_no_json_object_is_refused(parley: Parley) -> None:
    alice = parley.user("alice")
    before = stored(parley)

    assert malformed_bodies(lambda raw: alice.post("/conversations", raw=raw)) == {}
    assert stored(parley) == before


def test_two_who_open_it_at_the_same_moment_meet_in_one(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    bobs: list[Reply] = []
    race = Meanwhile("TransactWriteItems", lambda: bobs.append(create(bob, "alice")))
    parley.hooks.append(race)

    alices = create(alice, "bob")

    assert race.happened
    assert (bobs[0].status, alices.status) == (201, 200)
    assert bobs[0].json["id"] == alices.json["id"]
    assert len(stored(parley)["Conversations"]) == 1
    assert len(stored(parley)["Memberships"]) == 2


def test_many_who_open_it_at_once_meet_in_one(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")

    replies = at_once([lambda: create(alice, "bob"), lambda: create(bob, "alice")] * 4)

    assert sorted(reply.status for reply in replies) == [200] * 7 + [201]
    assert len({reply.json["id"] for reply in replies}) == 1


def test_what_two_people_have_is_theirs_alone(parley: Parley) -> None:
    alice, bob, eve = parley.user("alice"), parley.user("bob"), parley.user("eve")

    assert len({open_direct(alice, bob), open_direct(alice, eve), open_direct(bob, eve)}) == 3
