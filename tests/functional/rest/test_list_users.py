"""GET /users: those with whom one may open a conversation, by name; of nobody else a trace."""

from base64 import urlsafe_b64decode
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from bench.calls import recording
from parley.adapters.people import policies
from parley.domain.people.directory import MAX_EXAMINED
from tests.functional.erasures import erased
from tests.functional.replies import described, invalid, refusal
from tests.harness import Parley, User

CLASSES_ONLY = """
roles = ["teacher", "student"]
[class]
context_id = "required"
may_open = { teacher = ["student"], student = ["teacher"] }
must_share = ["*"]
unknown_users = false
"""


@pytest.fixture
def school(parley: Parley, monkeypatch: pytest.MonkeyPatch) -> Parley:
    monkeypatch.setenv("POLICY", "school")
    return parley


@pytest.fixture
def classes(parley: Parley, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Parley:
    """Returns a Parley in which people must share a class."""
    (tmp_path / "classes.toml").write_text(CLASSES_ONLY, encoding="utf-8")
    monkeypatch.setattr(policies, "FOLDER", tmp_path)
    monkeypatch.setenv("POLICY", "classes")
    return parley


def put(parley: Parley, *people: tuple[str, str], contexts: dict[str, list[str]] | None = None) -> None:
    """Makes profiles: of each a name, which is the id too, and a role."""
    host = parley.user("backend", role="service")
    for name, role in people:
        user_id = "".join(one for one in name if one.isascii() and one.isalnum())
        reply = host.put(f"/users/{user_id}", json={"name": name, "role": role, "contexts": contexts or {}})
        assert reply.status in (200, 201), reply


def walked(person: User, query: str = "", limit: int = 2) -> list[list[str]]:
    """Returns the names on each page, to the end."""
    pages: list[list[str]] = []
    cursor = ""
    while True:
        reply = person.get(f"/users?limit={limit}{query}{cursor}")
        assert reply.status == 200, reply
        pages.append([one["name"] for one in reply.json["users"]])
        if reply.json["next"] is None:
            return pages
        cursor = f"&cursor={reply.json['next']}"
        assert len(pages) < 100


def names(person: User, query: str = "", limit: int = 100) -> list[str]:
    return [name for page in walked(person, query, limit) for name in page]


def test_everybody_is_listed_by_name_but_oneself(parley: Parley) -> None:
    alice = parley.user("alice", contexts={"class": ["7b"]})
    put(parley, ("Zoë", "student"), ("anna", "teacher"), ("Ärger", "unheard"), contexts={"class": ["7b", "9c"]})

    reply = alice.get("/users")

    assert reply.json["next"] is None
    assert [one["name"] for one in reply.json["users"]] == ["anna", "Ärger", "Zoë"]
    assert described(reply.json["users"][0]) == {
        "id": "anna",
        "name": "anna",
        "role": "teacher",
        "contexts": {"class": ["7b"]},
    }


def test_pages_hold_everybody_once_in_order(parley: Parley) -> None:
    alice = parley.user("alice")
    expected = sorted(f"Person {number:02}" for number in range(17))
    put(parley, *((name, ("student", "teacher", "player")[len(name + name[-1]) % 3]) for name in reversed(expected)))

    for limit in (1, 3, 16, 17, 100):
        pages = walked(alice, limit=limit)

        assert [name for page in pages for name in page] == expected, limit
        assert max(len(page) for page in pages) <= limit


def test_one_role_is_listed(parley: Parley) -> None:
    alice = parley.user("alice", role="teacher")
    put(parley, ("Bea", "student"), ("Cid", "teacher"), ("Dan", "student"), ("Eve", "unheard"))

    assert walked(alice, "&role=student", limit=1) == [["Bea"], ["Dan"]]
    assert names(alice, "&role=unheard") == ["Eve"]
    assert names(alice, "&role=nobodys") == []


@pytest.mark.parametrize(
    ("q", "found"),
    [
        ("an", ["Ana", "Anna Lee", "Änne"]),
        ("AN", ["Ana", "Anna Lee", "Änne"]),
        ("än", ["Ana", "Anna Lee", "Änne"]),
        ("ａｎｎ", ["Anna Lee", "Änne"]),
        ("anna  l", ["Anna Lee"]),
        (" Anna", ["Anna Lee"]),
        ("anna leed", []),
        ("lee", ["Anna Lee"]),
        ("ee", []),
        ("noe", ["Lea-Noëlle O'Brien"]),
        ("o'b", ["Lea-Noëlle O'Brien"]),
        ("brien", ["Lea-Noëlle O'Brien"]),
        ("Le", ["Lea-Noëlle O'Brien", "Anna Lee"]),
        ("strasse", ["Straße"]),
        ("straß", ["Straße"]),
        ("x", []),
        ("x" * 200, []),
    ],
)
def test_names_are_found_by_the_beginning_of_each_word_whatever_case_accent_and_width(
    parley: Parley, q: str, found: list[str]
) -> None:
    alice = parley.user("zed")
    put(parley, ("Anna Lee", "user"), ("Änne", "user"), ("Ana", "user"), ("Bea", "user"), ("Straße", "user"))
    put(parley, ("Lea-Noëlle O'Brien", "user"))

    assert names(alice, f"&q={quote(q)}", limit=2) == found
    assert names(alice, f"&q={quote(q)}&role=user", limit=1) == found


SCHOOL = {
    "admin": ["admin", "parent", "stranger", "student", "teacher"],
    "teacher": ["admin", "parent", "student"],
    "parent": ["admin", "teacher"],
    "student": ["admin", "teacher"],
    "stranger": [],
}


@pytest.mark.parametrize("role", SCHOOL)
def test_school_lists_those_whom_the_role_reaches(school: Parley, role: str) -> None:
    put(school, *((f"The {one}", one) for one in SCHOOL))
    reader = school.user("reader", role=role)

    listed = names(reader, limit=1)

    assert listed == [f"The {one}" for one in SCHOOL[role]]
    for one in SCHOOL:
        assert names(reader, f"&role={one}") == ([f"The {one}"] if one in SCHOOL[role] else [])


@pytest.mark.parametrize("role", ["service", "moderator"])
def test_host_and_moderators_see_everybody(school: Parley, role: str) -> None:
    put(school, *((f"The {one}", one) for one in SCHOOL))
    reader = school.user("reader", role=role)

    assert names(reader, limit=2) == sorted(f"The {one}" for one in SCHOOL)
    assert names(reader, "&role=student") == ["The student"]


def test_only_who_shares_a_class_is_listed_and_others_leave_no_trace(classes: Parley) -> None:
    put(
        classes,
        *((f"Hidden {number:03}", "student") for number in range(MAX_EXAMINED + 20)),
        contexts={"class": ["9c"]},
    )
    put(classes, ("Zoe", "student"), ("Adam", "student"), ("Tina", "teacher"), contexts={"class": ["7b"]})
    teacher = classes.user("reader", role="teacher", contexts={"class": ["7b"]})

    pages = walked(teacher, limit=50)

    assert pages == [["Adam"], ["Zoe"]]
    cursor = teacher.get("/users").json["next"]
    assert b"hidden" not in urlsafe_b64decode(cursor + "==").lower()
    assert names(classes.user("idle", role="teacher")) == []
    assert names(teacher, "&q=hidden") == []


def test_page_ends_at_its_limit_also_where_more_were_looked_at(classes: Parley) -> None:
    put(classes, *((f"Pupil {number}", "student") for number in range(5)), contexts={"class": ["7b"]})
    teacher = classes.user("reader", role="teacher", contexts={"class": ["7b"]})

    assert walked(teacher, limit=2) == [["Pupil 0", "Pupil 1"], ["Pupil 2", "Pupil 3"], ["Pupil 4"]]


def test_person_is_listed_once_however_many_words_match(parley: Parley) -> None:
    alice = parley.user("zed")
    put(parley, ("Lena Lee", "user"), ("Leo", "user"), ("Max Le Lepic", "user"), ("Lee Lennox Leon", "user"))

    for limit in (1, 2, 3, 10):
        assert names(alice, "&q=le", limit) == ["Max Le Lepic", "Lee Lennox Leon", "Lena Lee", "Leo"]
    assert names(alice) == ["Lee Lennox Leon", "Lena Lee", "Leo", "Max Le Lepic"]


def test_first_eight_words_of_a_name_are_found(parley: Parley) -> None:
    alice = parley.user("zed")
    put(parley, ("one two three four five six seven eight nine", "user"))

    assert [len(names(alice, f"&q={word}")) for word in ("two", "eight", "nine")] == [1, 1, 0]


def rows_of(parley: Parley, user_id: str) -> list[str]:
    """Returns the ids of a person's rows."""
    from parley.adapters.dynamodb import tables

    return sorted(row.user_id for row in tables.User.scan() if row.user_id.partition("#")[0] == user_id)


def renamed_by(writer: str, parley: Parley, name: str, role: str) -> None:
    """Gives bob a name and a role in one of the ways in which a profile is written."""
    host = parley.user("backend", role="service")
    parley.advance(60)
    match writer:
        case "put_user":
            assert host.put("/users/bob", json={"name": name, "role": role}).status in (200, 201)
        case "put_users":
            reply = host.put("/users", json={"users": [{"id": "bob", "name": name, "role": role}]})
            assert reply.json["results"][0]["status"] in (200, 201)
        case "token":
            parley.user("bob", name=name, role=role)
        case "socket":
            parley.bearer(parley.token("bob", role, name=name), "bob").connect(subprotocol=True)
        case "update_me":
            parley.user("bob", role=role).patch("/me", json={"name": name})


@pytest.mark.parametrize("writer", ["put_user", "put_users", "token", "socket", "update_me"])
def test_new_name_or_role_moves_the_words(parley: Parley, writer: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SELF_EDITABLE_FIELDS", "name")
    alice = parley.user("alice", expires_in_s=3600)

    renamed_by(writer, parley, "Bob Maria Lee", "student")
    assert [names(alice, f"&role=student&q={word}") for word in ("mar", "lee")] == [["Bob Maria Lee"]] * 2
    renamed_by(writer, parley, "Bob Lea", "teacher")

    assert names(alice, "&q=mar") == names(alice, "&q=lee") == names(alice, "&role=student") == []
    assert names(alice, "&q=lea") == names(alice, "&role=teacher&q=lea") == ["Bob Lea"]
    assert rows_of(parley, "bob") == ["bob", "bob#0"]
    renamed_by(writer, parley, "Bob", "teacher")
    assert (names(alice, "&q=lea"), rows_of(parley, "bob")) == ([], ["bob"])


def test_erased_person_leaves_no_word(parley: Parley) -> None:
    put(parley, ("Bob Lee", "user"))
    assert rows_of(parley, "BobLee") == ["BobLee", "BobLee#0"]

    erased(parley, "BobLee")

    assert rows_of(parley, "BobLee") == []


def test_person_of_an_earlier_version_is_found_by_the_name_and_by_its_words_from_the_next_token(
    parley: Parley,
) -> None:
    from parley.adapters.dynamodb import tables

    alice = parley.user("alice", expires_in_s=3600)
    put(parley, ("Ann Anders", "user"))
    row = tables.User.get("AnnAnders")
    row.words = None
    row.save()
    tables.User(user_id="AnnAnders#0").delete()
    assert (names(alice, "&q=an"), names(alice, "&q=anders")) == (["Ann Anders"], [])

    parley.advance(60)
    parley.user("AnnAnders", name="Ann Anders")

    assert names(alice, "&q=an") == names(alice, "&q=anders") == ["Ann Anders"]


def test_new_name_and_role_move_somebody(parley: Parley) -> None:
    alice = parley.user("alice")
    parley.user("bob", name="Bob", role="student")
    parley.advance(60)
    parley.user("bob", name="Robert", role="teacher")

    assert names(alice) == ["Robert"]
    assert names(alice, "&role=student") == names(alice, "&q=bob") == []
    assert names(alice, "&role=teacher&q=rob") == ["Robert"]


def test_nobody_is_listed_between_whom_and_the_caller_there_is_a_block(parley: Parley) -> None:
    alice, bob = parley.user("alice"), parley.user("bob")
    put(parley, ("Carol", "user"))
    bob.put("/users/alice/block")

    assert names(alice) == names(bob) == ["Carol"]

    bob.delete("/users/alice/block")
    assert names(alice) == ["Bob", "Carol"]


def test_same_name_is_no_obstacle(parley: Parley) -> None:
    alice = parley.user("alice")
    for number in range(5):
        parley.user(f"bob{number}", name="Bob")

    found = [one["id"] for one in alice.get("/users?limit=3").json["users"]]
    assert found == ["bob0", "bob1", "bob2"]
    assert walked(alice, limit=2) == [["Bob", "Bob"], ["Bob", "Bob"], ["Bob"]]


def test_page_takes_two_round_trips_whatever_their_number(parley: Parley) -> None:
    alice = parley.user("alice")
    put(parley, *((f"Person {number:02}", "user") for number in range(30)))
    parley.hooks.clear()  # the recorder looks at items under the functions' names, which their roles do not allow

    replies: list[Any] = []
    with recording() as recorded:
        replies.append(alice.get("/users?limit=10"))

    assert len(replies[0].json["users"]) == 10
    assert recorded.round_trips <= 2


def test_cursor_of_another_search_is_no_way_around(parley: Parley) -> None:
    alice = parley.user("alice")
    put(parley, ("Ana", "user"), ("Bea", "user"), ("Zoe", "user"))
    behind_bea = alice.get("/users?limit=2").json["next"]

    assert alice.get(f"/users?q=a&cursor={behind_bea}").json == {"users": [], "next": None}
    assert [one["name"] for one in alice.get(f"/users?q=z&cursor={behind_bea}").json["users"]] == ["Zoe"]


@pytest.mark.parametrize(
    "query, fields",
    [
        ("limit=0", [("?limit", "too_small")]),
        ("limit=101", [("?limit", "too_large")]),
        ("limit=many", [("?limit", "wrong_type")]),
        ("cursor=", [("?cursor", "too_short")]),
        ("cursor=nonsense", [("?cursor", "bad_cursor")]),
        ("cursor=YW5uYQphbm5h", [("?cursor", "bad_cursor")]),
        ("cursor=%F0%9F%91%8B", [("?cursor", "bad_cursor")]),
        ("cursor=" + "x" * 1025, [("?cursor", "too_long")]),
        ("role=", [("?role", "bad_format")]),
        ("role=a%20role", [("?role", "bad_format")]),
        ("role=" + "x" * 65, [("?role", "too_long")]),
        ("role=user&role=admin", [("?role", "repeated")]),
        ("q=", [("?q", "blank")]),
        ("q=%20%E2%80%8B", [("?q", "blank")]),
        ("q=%CC%81", [("?q", "blank")]),
        ("q=" + "x" * 201, [("?q", "too_long")]),
        ("name=anna", [("?name", "unknown_field")]),
    ],
    ids=[
        "no limit", "large limit", "word as limit", "empty cursor", "word as cursor", "cursor by hand", "emoji cursor",
        "long cursor", "empty role", "role with a space", "long role", "two roles", "empty q", "invisible q",
        "accent alone", "long q", "unknown",
    ],
)  # fmt: skip
def test_bad_input_is_refused_by_field(parley: Parley, query: str, fields: list[tuple[str, str]]) -> None:
    assert refusal(parley.user("alice").get(f"/users?{query}")) == invalid(*fields)


def test_people_whom_an_earlier_version_wrote_stand_among_the_others(school: Parley) -> None:
    put(school, *((name, "student") for name in ("Ada", "Ben", "Cleo", "Dan", "Eli")))
    table = school.functions.environment["USERS_TABLE"]
    for user_id in ("Ben", "Dan"):  # its index had one part a role
        school.store.client("dynamodb").update_item(
            TableName=table,
            Key={"user_id": {"S": user_id}},
            UpdateExpression="SET #r = :r",
            ExpressionAttributeNames={"#r": "role"},
            ExpressionAttributeValues={":r": {"S": "student"}},
        )
    teacher = school.user("Tom", role="teacher")

    users = teacher.get("/users?role=student").json["users"]

    assert [(one["name"], one["role"]) for one in users] == [
        (name, "student") for name in ("Ada", "Ben", "Cleo", "Dan", "Eli")
    ]


def test_people_of_one_role_stand_in_several_parts_of_their_index(school: Parley) -> None:
    put(school, *((f"Student{number}", "student") for number in range(20)))

    items = school.store.client("dynamodb").scan(TableName=school.functions.environment["USERS_TABLE"])["Items"]

    assert {one["role"]["S"] for one in items if one["role"]["S"].startswith("student")} == {
        f"student#{part}" for part in range(4)
    }


def test_wrong_id_among_ids_is_named(parley: Parley) -> None:
    reply = parley.user("alice").get("/users?ids=ann,user%2F1")

    assert refusal(reply) == invalid(("?ids", "bad_format"))
    assert "`user/1`" in reply.json["detail"] and "~parley.id-" in reply.json["detail"]
